"""Letters from a file (CSV), as cities export them: columns named in Chinese or English, dates written in several ways.

Promises: a row that cannot be read is named with its reason and never loses the others; times without a zone are the
city's (UTC+8).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from yiwang.judgement.hot_issues.errors import LetterColumnsUnknown, LettersUnreadable
from yiwang.judgement.hot_issues.model import Letter
from yiwang.kernel.text import clean, clean_line, half_width

zone = timezone(timedelta(hours=8), "UTC+8")
COLUMNS: Mapping[str, tuple[str, ...]] = {
    "id": ("留言编号", "编号", "工单编号", "案件编号", "id", "number"),
    "writer": ("留言用户", "用户", "反映人", "诉求人", "user", "writer"),
    "title": ("留言主题", "主题", "标题", "title", "subject"),
    "at": ("留言时间", "时间", "反映时间", "上报时间", "受理时间", "time", "at", "date", "reported_at"),
    "text": ("留言详情", "详情", "内容", "诉求内容", "问题描述", "text", "content", "description"),
    "against": ("反对数", "against", "dislikes"),
    "support": ("点赞数", "支持数", "support", "likes"),
}
"""What a column may be called; the first name that the file has is taken."""

_required = ("title", "at")
_longest_text = 100_000
_most_bytes = 200 * 1024 * 1024
_DATE = re.compile(
    r"^\s*(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]+(\d{1,2})[:：时](\d{1,2})(?:[:：分](\d{1,2}))?(?:\.\d+)?[分秒]?)?\s*$"
)


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that was left out: its line in the file and why."""

    line: int
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class LetterFile:
    """What a file held."""

    letters: tuple[Letter, ...]
    refused: tuple[Refused, ...]


def read_text(path: Path) -> str:
    """A text file in UTF-8 (with or without mark) or GB 18030.

    Raises:
        LettersUnreadable: too large, or in neither encoding.
    """
    if path.stat().st_size > _most_bytes:
        raise LettersUnreadable(file=path.name, reason=f"> {_most_bytes // 1024 // 1024} MB")
    data = path.read_bytes()
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise LettersUnreadable(file=path.name, reason="UTF-8, GB 18030")


def read_letters(path: Path) -> LetterFile:
    """The letters of a CSV file in its order.

    Raises:
        LettersUnreadable: not a text of letters. LetterColumnsUnknown: no column for the title or the time.
    """
    csv.field_size_limit(_most_bytes)
    try:
        rows = list(csv.reader(io.StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise LettersUnreadable(file=path.name, reason=str(error)) from error
    if not rows:
        raise LettersUnreadable(file=path.name, reason="0 rows")
    places = columns([cell.strip().lower() for cell in rows[0]], COLUMNS)
    missing = [name for name in _required if name not in places]
    if missing:
        raise LetterColumnsUnknown(
            file=path.name, missing=", ".join(f"{n} ({'/'.join(COLUMNS[n][:3])})" for n in missing)
        )
    letters: list[Letter] = []
    refused: list[Refused] = []
    for number, row in enumerate(rows[1:], start=2):
        if any(cell.strip() for cell in row):
            found = _letter(row, places, number)
            letters.append(found) if isinstance(found, Letter) else refused.append(found)
    return LetterFile(tuple(letters), tuple(refused))


def columns(head: Sequence[str], known: Mapping[str, tuple[str, ...]]) -> dict[str, int]:
    """Where each known column stands in a head line given in small letters."""
    return {name: head.index(found) for name, titles in known.items() if (found := _first(head, titles))}


def _first(head: Sequence[str], titles: tuple[str, ...]) -> str | None:
    return next((title for title in titles if title in head), None)


def _letter(row: Sequence[str], places: Mapping[str, int], number: int) -> Letter | Refused:
    def cell(name: str) -> str:
        at = places.get(name)
        return row[at] if at is not None and at < len(row) else ""

    title = clean_line(cell("title"))
    at = read_time(cell("at"))
    if not title and not cell("text").strip():
        return Refused(number, "主题和内容都是空的", "neither title nor text")
    if at is None:
        return Refused(number, f"时间无法识别:{cell('at')[:30]}", f"unreadable time: {cell('at')[:30]}")
    text = clean(cell("text")[:_longest_text])
    return Letter(
        id=clean_line(cell("id")) or str(number),
        at=at,
        title=title or clean_line(text)[:40],
        text=text,
        writer=clean_line(cell("writer")),
        support=_count(cell("support")),
        against=_count(cell("against")),
    )


def _count(value: str) -> int:
    digits = half_width(value).strip()
    return int(digits) if digits.isdecimal() and len(digits) < 10 else 0


def read_time(value: str) -> datetime | None:
    """2019/1/4 11:17:46, 2019-01-04, 2019年1月4日 8时5分 …: aware; None when it is no time."""
    found = _DATE.match(half_width(value))
    if not found:
        try:
            parsed = datetime.fromisoformat(value.strip())
        except ValueError:
            return None
        return parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
    year, month, day, hour, minute, second = (int(part) if part else 0 for part in found.groups())
    try:
        return datetime(year, month, day, hour, minute, second, tzinfo=zone)
    except ValueError:
        return None
