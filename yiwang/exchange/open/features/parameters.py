"""Parameters of an address, judged: what is unknown or wrong is refused with 400, as the standard asks. No I/O."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from yiwang.exchange.open.errors import QueryInvalid
from yiwang.exchange.open.features.crs import CRS84, LATITUDE_FIRST, turned_box
from yiwang.exchange.open.model import Box, Dataset, RowsAsked

MOST = 1000
USUAL = 100
_longest_value = 200
_longest_query = 8000
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_ITEMS = ("f", "limit", "bbox", "bbox-crs", "crs", "datetime", "after")


@dataclass(frozen=True, slots=True)
class ItemsAsked:
    """Which features, in which coordinate reference."""

    rows: RowsAsked
    crs: str


def wrong(name: str, zh: str, en: str) -> QueryInvalid:
    """A refusal that names the parameter."""
    return QueryInvalid(name=name[:60], reason_zh=zh, reason_en=en)


def taken(given: Sequence[tuple[str, str]], known: Iterable[str]) -> dict[str, str]:
    """The parameters by name.

    Raises:
        QueryInvalid: one that is not known, given twice, too long, or with control characters; another format than JSON.
    """
    names = (*known, "lang")
    found: dict[str, str] = {}
    if sum(len(name) + len(value) for name, value in given) > _longest_query:
        raise wrong("?", f"超过 {_longest_query} 个字符", f"longer than {_longest_query} characters")
    for name, value in given:
        if name not in names:
            options = ", ".join(sorted(names)[:40])
            raise wrong(name, f"没有这个参数;可用的有 {options}", f"there is no such parameter; known are {options}")
        if name in found:
            raise wrong(name, "只能给一次", "it can be given only once")
        if any(ord(character) < 32 for character in value):
            raise wrong(name, "含有控制字符", "it holds control characters")
        found[name] = value
    found.pop("lang", None)
    if found.get("f", "json") not in ("json", "geojson"):
        raise wrong("f", "只提供 json", "only json is offered")
    return found


def items_asked(given: Sequence[tuple[str, str]], dataset: Dataset) -> ItemsAsked:
    """What an address asks of the items of a collection: columns that can be filtered by are parameters, too.

    Raises:
        QueryInvalid.
    """
    filters = [column.name for column in dataset.columns if column.filter]
    found = taken(given, [*_ITEMS, *filters])
    box_crs = crs_of("bbox-crs", found)
    since, until = _times(found["datetime"]) if "datetime" in found else (None, None)
    return ItemsAsked(
        RowsAsked(
            filters={name: (_value(name, found[name]),) for name in filters if name in found and name not in _ITEMS},
            bbox=_box(found["bbox"], box_crs) if "bbox" in found else None,
            since=since,
            until=until,
            after=_id(found["after"]) if "after" in found else None,
            limit=_limit(found.get("limit")),
        ),
        crs_of("crs", found),
    )


def crs_of(name: str, found: dict[str, str]) -> str:
    """The coordinate reference of a parameter; without it CRS84.

    Raises:
        QueryInvalid: one that is not offered.
    """
    crs = found.get(name, CRS84)
    if crs not in LATITUDE_FIRST:
        options = ", ".join(LATITUDE_FIRST)
        raise wrong(name, f"没有这个坐标参照;可用的有 {options}", f"it is not offered; known are {options}")
    return crs


def _value(name: str, text: str) -> str:
    if len(text) > _longest_value:
        raise wrong(name, f"超过 {_longest_value} 个字符", f"longer than {_longest_value} characters")
    return text


def _limit(text: str | None) -> int:
    if text is None:
        return USUAL
    if not (text.isascii() and text.isdigit()) or len(text) > 9 or int(text) < 1:
        raise wrong("limit", "应为正整数", "it must be a positive whole number")
    return min(int(text), MOST)


def _id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise wrong(
            "after", "请使用上一页给出的下一页链接", "take the link to the next page as it was given"
        ) from error


def _box(text: str, crs: str) -> Box:
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:  # heights are not asked for
        numbers = [*numbers[0:2], *numbers[3:5]]
    if len(numbers) != 4 or not all(map(math.isfinite, numbers)):
        raise wrong("bbox", "应为逗号分开的 4 个或 6 个数", "it must be 4 or 6 numbers with commas between them")
    west, south, east, north = turned_box((numbers[0], numbers[1], numbers[2], numbers[3]), crs)
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -90 <= south <= north <= 90):
        raise wrong("bbox", "经纬度超出范围,或南北颠倒", "degrees are out of range, or south lies above north")
    return west, south, east, north


def _times(text: str) -> tuple[datetime | None, datetime | None]:
    """An instant, or an interval with one or two ends."""
    parts = text.split("/")
    if len(parts) == 1:
        since, until = _span(parts[0])
        return since, until
    if len(parts) != 2 or all(part in ("", "..") for part in parts):
        raise wrong(
            "datetime", "应为一个时刻,或 起/止(开口写 ..)", "it must be a moment, or from/to with .. for an open end"
        )
    since_ = None if parts[0] in ("", "..") else _span(parts[0])[0]
    until_ = None if parts[1] in ("", "..") else _span(parts[1])[1]
    if since_ is not None and until_ is not None and since_ > until_:
        raise wrong("datetime", "起始晚于终止", "it begins after its end")
    return since_, until_


def _span(text: str) -> tuple[datetime, datetime]:
    """The moments that a text names: one moment, or from the first to the last of a day (UTC)."""
    day = _DAY.fullmatch(text) is not None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise wrong(
            "datetime", "应为 RFC 3339 时间,如 2026-06-18T08:00:00Z", "write RFC 3339, 2026-06-18T08:00:00Z"
        ) from error
    if day:
        moment = moment.replace(tzinfo=UTC)
    if moment.tzinfo is None or not 1000 <= moment.year <= 9000:
        raise wrong("datetime", "应带时区,年份为 1000 至 9000", "give the zone, and a year between 1000 and 9000")
    return moment, moment + (timedelta(days=1, microseconds=-1) if day else timedelta())
