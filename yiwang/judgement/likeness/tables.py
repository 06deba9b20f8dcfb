"""Reading a list of reports from a CSV file whose columns may be called anything: named by the caller, or guessed.

UTF-8 with or without byte order mark, and GB18030. Times in the forms that offices write; without a zone they are
taken as UTC, which no difference of two times notices. Cells are cut at 100,000 characters.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from yiwang.judgement.likeness.errors import ColumnUnknown, TableUnreadable

ROLES = ("number", "at", "text", "title", "class", "address", "area", "lon", "lat")
"""What a column can be. A caller's column is never guessed: ``caller`` must be named."""

_NAMES: dict[str, tuple[str, ...]] = {
    role: tuple(names.split())
    for role, names in {
        "number": "number id case_enquiry_id unique_key servicerequestnum service_request_id srrecordid case_id"
        " source_number ticket 编号 案件编号 工单编号 工单号 留言编号 诉求编号",
        "at": "reported_at created_at createddate created_date open_dt opened_at requested_datetime datetime timestamp"
        " time date day 日期 上报时间 留言时间 受理时间 来电时间 创建时间 时间",
        "text": "text description details detail content body comments 留言详情 诉求内容 问题描述 描述 内容 descriptor",
        "title": "title case_title subject_line summary 主题 留言主题 标题 诉求标题 名称",
        "class": "class class_code srtype type category complaint_type service_name request_type reason kind"
        " 分类 类别 案件类别 一级标签 诉求类型 问题类型",
        "address": "address incident_address street_address location location_street_name place 地址 事发地址 位置",
        "area": "area area_code district neighborhood ward borough 区域 街道 区县 所属街道",
        "lon": "lon lng longitude long x 经度",
        "lat": "lat latitude y 纬度",
    }.items()
}
"""What offices call each column, the likeliest first; compared without blanks, underscores and case."""

_TIMES = (
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y-%m-%d %H:%M", "%Y%m%d%H%M%S", "%Y%m%d",
    "%Y年%m月%d日 %H:%M:%S", "%Y年%m月%d日 %H:%M", "%Y年%m月%d日", "%d.%m.%Y %H:%M", "%d.%m.%Y",
)  # fmt: skip
_CELL = 100_000
_EMPTY = frozenset({"", "null", "none", "na", "n/a", "nan", "-", "无"})


@dataclass(frozen=True, slots=True)
class Row:
    """One report of the file. ``line`` is the row as a spreadsheet counts it: the header is row 1."""

    line: int
    values: Mapping[str, str]
    cells: tuple[str, ...]

    def text(self, role: str) -> str:
        return self.values.get(role, "")

    @property
    def at(self) -> datetime | None:
        return read_time(self.values.get("at", ""))

    def number(self, role: str) -> float | None:
        """A coordinate or another figure; None where there is none."""
        try:
            found = float(self.values.get(role, ""))
        except ValueError:
            return None
        return found if math.isfinite(found) else None


@dataclass(frozen=True, slots=True)
class Table:
    """A file, which of its columns are what, and its rows."""

    path: Path
    header: tuple[str, ...]
    columns: Mapping[str, str]
    rows: tuple[Row, ...]


def read_table(path: Path, named: Mapping[str, str] | None = None, *, roles: Sequence[str] = ROLES) -> Table:
    """Read a file; ``named`` says which column is what (role → column), the others are guessed by their names.

    Raises:
        TableUnreadable: no such file, no CSV, empty, not text. ColumnUnknown: a named column is not there.
    """
    lines = _lines(path)
    header = tuple(cell.strip().lstrip("\ufeff") for cell in next(lines, []))
    if not any(header):
        raise TableUnreadable(file=path.name, why_zh="文件是空的", why_en="it is empty")
    columns = _columns(path, header, named or {}, roles)
    places = {role: header.index(column) for role, column in columns.items()}
    rows = tuple(
        Row(line, {role: _cell(cells, place) for role, place in places.items()}, tuple(cells))
        for line, cells in enumerate(lines, start=2)
        if any(cell.strip() for cell in cells)
    )
    return Table(path, header, columns, rows)


def read_time(text: str) -> datetime | None:
    """A time in one of the forms that offices write, aware; None where it is none."""
    return _time(text.strip())


@lru_cache(maxsize=200_000)
def _time(text: str) -> datetime | None:
    if not re.search(r"\d", text) or len(text) > 40:
        return None
    for read in _readers():
        try:
            found = read(text)
        except ValueError:
            continue
        if 1900 <= found.year < 2200:
            return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None


@lru_cache(maxsize=1)
def _readers() -> tuple[Callable[[str], datetime], ...]:
    return (datetime.fromisoformat, *(_strptime(form) for form in _TIMES))


def _strptime(form: str) -> Callable[[str], datetime]:
    def parse(text: str) -> datetime:
        return datetime.strptime(text, form)  # noqa: DTZ007  # the caller sets the zone

    return parse


def _columns(path: Path, header: Sequence[str], named: Mapping[str, str], roles: Sequence[str]) -> dict[str, str]:
    for column in named.values():
        if column not in header:
            raise ColumnUnknown(file=path.name, column=column[:60], known=", ".join(header)[:400])
    found = {role: column for role, column in named.items() if column}
    plain = {_plain(column): column for column in reversed(header)}
    for role in roles:
        if role in found:
            continue
        guess = next((plain[_plain(name)] for name in _NAMES.get(role, ()) if _plain(name) in plain), None)
        if guess is not None and guess not in found.values():
            found[role] = guess
    return found


def _plain(name: str) -> str:
    return re.sub(r"[\s_\-.]+", "", name).casefold()


def _cell(cells: Sequence[str], place: int) -> str:
    value = cells[place].strip()[:_CELL] if place < len(cells) else ""
    return "" if value.casefold() in _EMPTY else value


def _lines(path: Path) -> Iterator[list[str]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise TableUnreadable(file=path.name, why_zh="文件打不开", why_en=str(error)) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise TableUnreadable(
                file=path.name, why_zh="不是 UTF-8 或 GB18030 文本", why_en="it is neither UTF-8 nor GB18030 text"
            ) from error
    if "\x00" in text:
        raise TableUnreadable(file=path.name, why_zh="不是文本文件", why_en="it is no text file")
    csv.field_size_limit(2**31 - 1)
    try:
        yield from csv.reader(text.splitlines(keepends=True))
    except csv.Error as error:
        raise TableUnreadable(file=path.name, why_zh=f"不是 CSV({error})", why_en=f"it is no CSV ({error})") from error
