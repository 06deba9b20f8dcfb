"""Examples from files: any CSV with a text and a class, raw or word-segmented; its columns are guessed or named.

UTF-8 (with or without mark) or GB 18030. A title column goes before the text; a time column gives the month and the hour
(local, as written). Columns about the person (留言用户, name, phone) are never read.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from yiwang.judgement.classification.errors import ExamplesUnreadable
from yiwang.judgement.classification.model import Circumstances, Example

largest = 500_000_000
_TEXT = (
    "text",
    "content",
    "detail",
    "details",
    "description",
    "留言详情",
    "内容",
    "正文",
    "诉求内容",
    "问题描述",
    "描述",
    "反映内容",
)
_TITLE = ("title", "subject", "留言主题", "标题", "主题", "诉求标题")
_LABEL = ("label", "class", "class_code", "category", "一级分类", "一级标签", "分类", "标签", "类别", "问题分类")
_TIME = ("time", "reported_at", "留言时间", "时间", "上报时间")
_KEY = ("id", "number", "留言编号", "编号", "工单编号")
_MOMENT = re.compile(r"\d{4}\D(\d{1,2})\D\d{1,2}(?:\D+(\d{1,2}):\d{2})?")

csv.field_size_limit(16_000_000)


@dataclass(frozen=True, slots=True)
class Columns:
    """Which column is what; "" where there is none."""

    text: str
    label: str
    title: str = ""
    time: str = ""
    key: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The examples of a file, and the lines that gave none (no text or no class)."""

    examples: tuple[Example, ...]
    columns: Columns
    incomplete: tuple[int, ...]


def read_examples(path: Path, *, text: str | None = None, label: str | None = None, title: str | None = None) -> Table:
    """The examples of a CSV file; columns that are not named are guessed from the header.

    Raises:
        ExamplesUnreadable: no such file, no CSV, a column is missing, or no line is complete.
    """
    rows = _rows(path)
    try:
        header = next(rows, [])
        names = [name.strip() for name in header]
        columns = _columns(names, text, label, title)
        at = {name: place for place, name in enumerate(names)}
        examples, incomplete = [], []
        for line, row in enumerate(rows, start=2):
            if not any(cell.strip() for cell in row):
                continue
            found = _example([cell.strip() for cell in row], at, columns, line)
            if found is None:
                incomplete.append(line)
            else:
                examples.append(found)
    except csv.Error as error:
        raise ExamplesUnreadable(why=f"{path}: {error}") from error
    if not examples:
        raise ExamplesUnreadable(why=f"{path}: 没有一行同时有文本和分类 no line has both a text and a class")
    return Table(tuple(examples), columns, tuple(incomplete))


def _rows(path: Path) -> Iterator[list[str]]:
    try:
        if path.stat().st_size > largest:
            raise ExamplesUnreadable(why=f"{path}: {path.stat().st_size:,} > {largest:,} bytes")
        content = path.read_bytes()
    except OSError as error:
        raise ExamplesUnreadable(why=f"{path}: {error.strerror or error}") from error
    try:
        decoded = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            decoded = content.decode("gb18030")
        except UnicodeDecodeError as error:
            raise ExamplesUnreadable(why=f"{path}: 编码不是 UTF-8 或 GB 18030 neither UTF-8 nor GB 18030") from error
    return csv.reader(io.StringIO(decoded.replace("\x00", ""), newline=""))


def _columns(names: Sequence[str], text: str | None, label: str | None, title: str | None) -> Columns:
    there = ", ".join(names[:20]) or "—"
    for wanted in (text, label, title):
        if wanted and wanted not in names:
            raise ExamplesUnreadable(why=f"没有“{wanted}”列 no column “{wanted}” ({there})")
    found_text, found_label = text or _guess(names, _TEXT), label or _guess(names, _LABEL)
    if not found_text or not found_label:
        option = "--text-column" if not found_text else "--label-column"
        raise ExamplesUnreadable(why=f"请用 {option} 指明列名 name the column with {option} ({there})")
    found_title = title if title is not None else _guess(names, _TITLE)
    return Columns(found_text, found_label, found_title, _guess(names, _TIME), _guess(names, _KEY))


def _guess(names: Sequence[str], known: Sequence[str]) -> str:
    folded = {name.casefold(): name for name in names}
    return next((folded[word] for word in known if word in folded), "")


def _example(row: list[str], at: dict[str, int], columns: Columns, line: int) -> Example | None:
    def cell(name: str) -> str:
        place = at.get(name, len(row)) if name else len(row)
        return row[place] if place < len(row) else ""

    text, label, title = cell(columns.text), cell(columns.label), cell(columns.title)
    if not label or not (text or title):
        return None
    return Example(
        f"{title}\n{text}" if title else text, label, _circumstances(cell(columns.time)), cell(columns.key) or str(line)
    )


def _circumstances(time: str) -> Circumstances:
    found = _MOMENT.match(time)
    if not found or not 1 <= int(found[1]) <= 12:
        return Circumstances()
    hour = int(found[2]) if found[2] else None
    return Circumstances(month=int(found[1]), hour=hour if hour is None or hour < 24 else None)
