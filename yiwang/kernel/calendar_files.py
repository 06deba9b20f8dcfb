"""Reading of working-calendar files (节假日安排, 调休): YAML becomes typed day marks, or an error with file and line.

The shape (see ``data/calendars/CN.yaml``)::

    calendar: CN
    name: {zh: …, en: …}                 # optional
    years:                               # whole yearly notices; a later file's year replaces an earlier one's
      2026:
        notice: 国办发明电〔2025〕7号       # optional
        holidays: [{name: 元旦, days: 2026-01-01..2026-01-03}]
        working_days: [2026-01-04]
    changes:                             # single days, over every notice; for a city's own file
      holidays: [{name: 市庆, days: 2026-05-20}]
      working_days: []

Nothing is guessed: an unknown key, a day named twice, a day outside its year are refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import yaml

from yiwang.kernel.errors import Problem

largest_file = 1_000_000
longest_range = timedelta(days=60)


class CalendarFileInvalid(Problem):
    code = "calendar.file_invalid"
    status = 422
    zh = "工作日历文件 {file} 第 {line} 行:{reason_zh}"
    en = "Working calendar {file}, line {line}: {reason_en}"


@dataclass(frozen=True, slots=True)
class DayMark:
    """What a file says of one day: worked or not, and why (the festival's name, or 调休)."""

    working: bool
    name: str


@dataclass(frozen=True, slots=True)
class CalendarFile:
    """One file: ``years`` are whole notices by their year, ``changes`` are single days over them."""

    path: Path
    calendar: str
    years: dict[int, dict[date, DayMark]]
    changes: dict[date, DayMark]


def read_calendar_file(path: Path) -> CalendarFile:
    """Read one file.

    Raises:
        CalendarFileInvalid: the file is missing, not YAML, or not of the shape above; names the line and what to do.
    """
    return _File(path).read()


class _File:
    """Walks the YAML nodes rather than plain values, because nodes know their lines."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> CalendarFile:
        top = self._mapping(self._compose(), {"calendar", "name", "years", "changes"}, "the file", "文件")
        if "calendar" not in top:
            raise self._wrong(
                1,
                "缺少 calendar。请写上日历代号,例如 calendar: CN",
                "calendar is missing; write the calendar's code, for example calendar: CN",
            )
        years = {year: self._block(node, year) for year, node in self._years(top.get("years"))}
        changes = self._block(top["changes"], None) if "changes" in top else {}
        return CalendarFile(self.path, self._text(top["calendar"]), years, changes)

    def _wrong(self, line: int, zh: str, en: str) -> CalendarFileInvalid:
        return CalendarFileInvalid(file=str(self.path), line=line, reason_zh=zh + "。", reason_en=en + ".")

    def _at(self, node: yaml.Node, zh: str, en: str) -> CalendarFileInvalid:
        return self._wrong(node.start_mark.line + 1, zh, en)

    def _compose(self) -> yaml.Node:
        try:
            if self.path.stat().st_size > largest_file:
                raise self._wrong(
                    1,
                    f"文件超过 {largest_file} 字节,请确认路径",
                    f"the file exceeds {largest_file} bytes; check the path",
                )
            text = self.path.read_text(encoding="utf-8-sig")
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except OSError as error:
            raise self._wrong(
                1,
                f"无法打开({error.strerror})。请检查路径和权限",
                f"cannot be opened ({error.strerror}); check path and permissions",
            ) from error
        except UnicodeDecodeError as error:
            raise self._wrong(1, "不是 UTF-8 编码。请另存为 UTF-8", "is not UTF-8; save it as UTF-8") from error
        except yaml.YAMLError as error:
            mark = error.problem_mark if isinstance(error, yaml.MarkedYAMLError) else None
            cause = error.problem if isinstance(error, yaml.MarkedYAMLError) else str(error)
            line = mark.line + 1 if mark else 1
            raise self._wrong(
                line,
                f"不是有效的 YAML({cause})。请检查缩进和标点",
                f"is not valid YAML ({cause}); check indentation and punctuation",
            ) from error
        except RecursionError as error:
            raise self._wrong(1, "嵌套层次过深。请检查括号", "is nested too deeply; check the brackets") from error
        if node is None:
            raise self._wrong(
                1,
                "文件是空的。请写上 calendar 和 years",
                "the file is empty; write calendar and years",
            )
        return node

    def _mapping(self, node: yaml.Node, known: set[str], what_en: str, what_zh: str) -> dict[str, yaml.Node]:
        allowed = ", ".join(sorted(known))
        if not isinstance(node, yaml.MappingNode):
            raise self._at(
                node,
                f"{what_zh}应是键值对,可用的键:{allowed}",
                f"{what_en} must be a mapping with the keys {allowed}",
            )
        found: dict[str, yaml.Node] = {}
        for key, value in self._pairs(node):
            if key.value not in known:
                raise self._at(
                    key,
                    f"不认识的键 {key.value},可用的键:{allowed}",
                    f"unknown key {key.value}; the keys here are {allowed}",
                )
            found[key.value] = value
        return found

    def _pairs(self, node: yaml.MappingNode) -> Iterator[tuple[yaml.ScalarNode, yaml.Node]]:
        seen: set[str] = set()
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise self._at(key, "键应是文字或年份", "a key must be a word or a year")
            if key.value in seen:
                raise self._at(
                    key,
                    f"{key.value} 写了两次。请合并",
                    f"{key.value} stands here twice; merge the two",
                )
            seen.add(key.value)
            yield key, value

    def _years(self, node: yaml.Node | None) -> Iterator[tuple[int, yaml.Node]]:
        if node is None:
            return
        if not isinstance(node, yaml.MappingNode):
            raise self._at(
                node,
                "years 应按年份列出,例如 2026:",
                "years must list the years, for example 2026:",
            )
        for key, value in self._pairs(node):
            if not re.fullmatch(r"(?:19|20)[0-9]{2}", key.value):
                raise self._at(
                    key,
                    f"{key.value} 不是年份。请写四位数字",
                    f"{key.value} is not a year; write four digits",
                )
            yield int(key.value), value

    def _block(self, node: yaml.Node, year: int | None) -> dict[date, DayMark]:
        """One year's notice, or the changes (``year`` None: any day)."""
        parts = self._mapping(node, {"notice", "holidays", "working_days"}, "this block", "此处")
        marks: dict[date, DayMark] = {}
        for item in self._sequence(parts.get("holidays")):
            entry = self._mapping(item, {"name", "days"}, "a holiday", "假日")
            if entry.keys() != {"name", "days"}:
                raise self._at(item, "假日要写 name 和 days", "a holiday needs name and days")
            self._mark(entry["days"], DayMark(False, self._text(entry["name"])), year, marks)
        for item in self._sequence(parts.get("working_days")):
            self._mark(item, DayMark(True, "调休"), year, marks)
        return marks

    def _mark(self, node: yaml.Node, mark: DayMark, year: int | None, marks: dict[date, DayMark]) -> None:
        for day in self._days(node):
            if year is not None and day.year != year and not (day.year == year - 1 and day.month == 12):
                raise self._at(
                    node,
                    f"{day} 不属于 {year} 年的安排。请移到 {day.year} 年",
                    f"{day} does not belong to the notice of {year}; move it to {day.year}",
                )
            if day in marks:
                raise self._at(
                    node,
                    f"{day} 已列为{marks[day].name}。请删去一处",
                    f"{day} is already listed as {marks[day].name}; keep one of the two",
                )
            marks[day] = mark

    def _days(self, node: yaml.Node) -> Iterator[date]:
        text = self._text(node)
        first_text, dots, last_text = text.partition("..")
        try:
            first = date.fromisoformat(first_text.strip())
            last = date.fromisoformat(last_text.strip()) if dots else first
        except ValueError as error:
            raise self._at(
                node,
                f"日期“{text[:40]}”无法识别。请写 2026-01-01 或 2026-01-01..2026-01-03",
                f"the day “{text[:40]}” cannot be read; write 2026-01-01 or 2026-01-01..2026-01-03",
            ) from error
        if not timedelta(0) <= last - first <= longest_range:
            raise self._at(
                node,
                f"{text} 的起止颠倒或超过 {longest_range.days} 天。请核对",
                f"{text} ends before it starts or spans more than {longest_range.days} days; check it",
            )
        return (first + timedelta(days=offset) for offset in range((last - first).days + 1))

    def _sequence(self, node: yaml.Node | None) -> list[yaml.Node]:
        if node is None:
            return []
        if not isinstance(node, yaml.SequenceNode):
            raise self._at(node, "这里应是列表,每项前加短横线", "a list is expected here, each item after a dash")
        return list(node.value)

    def _text(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode) or not str(node.value).strip():
            raise self._at(node, "这里应是文字", "a text is expected here")
        return str(node.value).strip()
