"""The words of a document: a text file with blanks to fill in (``{{case.number}}``), no program.

A line is a paragraph. ``## `` begins a heading, ``> `` a line without indent (主送机关), ``- `` an item, ``| a | b |`` a row of
a table. ``{{#evidence}}`` and ``{{/evidence}}``, alone on their lines, repeat what stands between for each thing of that list
(:mod:`yiwang.documents.lists`). ``{{name}}`` must have a value when the document is issued; ``{{name|words}}`` prints the
words where there is none. What is filled in is text and stays text: it cannot become a heading, a row or anything that is
executed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias

from yiwang.documents.lists import LISTS
from yiwang.kernel.database import Json, JsonObject

Kind = Literal["heading", "plain", "item", "row", "text"]

_BLANK = re.compile(r"\{\{\s*([a-z][a-z0-9_.-]*)\s*(?:\|([^{}]*))?\}\}")
_CELL = re.compile(r"\|(?![^{}]*\}\})")
"""What parts two cells: a bar, but not the one inside of a blank."""
_MARKS: tuple[tuple[str, Kind], ...] = (("## ", "heading"), ("> ", "plain"), ("- ", "item"))
_REPEAT = re.compile(r"\{\{([#/])([a-z]+)\}\}")
_DAY = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
longest_template = 50_000
Filling: TypeAlias = Callable[[str], str]

NAMES: Mapping[str, tuple[str, str]] = {
    "case.number": ("案件编号", "number of the case"),
    "case.type": ("案件类型", "type of the case"),
    "case.class": ("分类名称", "name of its class"),
    "case.text": ("案情", "what was reported"),
    "case.address": ("地址", "address"),
    "case.status": ("状态", "status"),
    "case.reported_on": ("上报日期", "day of the report"),
    "case.closed_on": ("结案日期", "day of closing"),
    "case.limit": ("处置时限", "limit in words"),
    "department.name": ("处置部门", "department that handles it"),
    "office.name": ("出具机关", "issuing office"),
    "document.number": ("文号", "number of the document"),
    "document.date": ("出具日期", "day of issue"),
    "step.note": ("本步意见", "note given with the step"),
    "step.by": ("经办人", "who issues"),
}
"""What may be filled in beside ``field.NAME``, the fields of the case, and ``flow.NAME``, what its flow has worked out."""


@dataclass(frozen=True, slots=True)
class Blank:
    """One place to fill in; ``otherwise`` is None where a value is needed."""

    name: str
    otherwise: str | None
    line: int


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a template, at a line of it."""

    line: int
    zh: str
    en: str


def blanks_of(text: str) -> list[Blank]:
    """Every place to fill in, in order; without those of lists, whose names :func:`faults_of` judges."""
    return [
        Blank(found.group(1), found.group(2), line)
        for line, words in enumerate(text.split("\n"), 1)
        for found in _BLANK.finditer(words)
        if not found.group(1).startswith("each.")
    ]


def faults_of(text: str) -> list[Fault]:
    """What keeps a template from being used, apart from the names it uses."""
    if len(text) > longest_template:
        return [
            Fault(1, f"模板超过 {longest_template} 字", f"the template has more than {longest_template} characters")
        ]
    found = []
    if not text.strip():
        found.append(Fault(1, "模板是空的", "the template is empty"))
    found += _list_faults(text)
    for line, words in enumerate(text.split("\n"), 1):
        if _REPEAT.fullmatch(words.strip()):
            continue
        rest = _BLANK.sub("", words)
        if "{{" in rest or "}}" in rest:
            found.append(
                Fault(line, "填空处应写成 {{名称}} 或 {{名称|没有时的文字}}", "write {{name}} or {{name|words}}")
            )
        if words.startswith("|") and not (words.rstrip().endswith("|") and len(words.rstrip()) > 1):
            found.append(Fault(line, "表格行应以 | 开头和结尾", "a row of a table begins and ends with |"))
    return found


def _list_faults(text: str) -> Iterator[Fault]:
    """Lists that are unknown, not closed, within one another; names that their things do not have."""
    within, since = "", 0
    for line, words in enumerate(text.split("\n"), 1):
        mark = _REPEAT.fullmatch(words.strip())
        if mark is not None:
            begins, name = mark.group(1) == "#", mark.group(2)
            if name not in LISTS:
                names = "、".join(LISTS)
                yield Fault(line, f"没有清单“{name}”,只有 {names}", f"there is no list “{name}”; there are {names}")
            elif begins == bool(within) or (not begins and name != within):
                yield Fault(
                    line, "清单要先开始、后结束,不能套在另一个里面", "a list begins, then ends, and holds no other"
                )
            within, since = (name, line) if begins else ("", 0)
            continue
        known = LISTS.get(within, {})
        for found in _BLANK.finditer(words):
            if found.group(1).startswith("each.") and found.group(1) not in known:
                names = "、".join(known) or "—"
                yield Fault(
                    line, f"这里没有 {found.group(1)},可用:{names}", f"no {found.group(1)} here; there are: {names}"
                )
    if within:
        yield Fault(since, f"清单 {within} 没有结束,加一行 {{{{/{within}}}}}", f"close the list with {{{{/{within}}}}}")


def lists_of(text: str) -> frozenset[str]:
    """The lists that a template repeats lines for."""
    return frozenset(name for mark, name in _REPEAT.findall(text) if mark == "#")


def fill(
    text: str, values: Mapping[str, str], lists: Mapping[str, Sequence[Mapping[str, str]]] = MappingProxyType({})
) -> tuple[list[Json], list[str]]:
    """(blocks, names of what is missing). A block has ``kind`` and ``text``, a row ``cells``."""
    missing: dict[str, None] = {}
    blocks: list[Json] = []
    for line, each in _repeated(text, lists):
        blocks.append(_block(line, _filling({**values, **each}, missing)))
    return blocks, list(missing)


def _repeated(text: str, lists: Mapping[str, Sequence[Mapping[str, str]]]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Every line that is printed, with what is known of the thing that it is repeated for."""
    held: list[str] | None = None
    for line in (words.strip() for words in text.split("\n")):
        mark = _REPEAT.fullmatch(line)
        if mark is not None:
            for each in lists.get(mark.group(2), ()) if mark.group(1) == "/" else ():
                yield from ((words, each) for words in held or ())
            held = [] if mark.group(1) == "#" else None
        elif line and held is not None:
            held.append(line)
        elif line:
            yield line, {}


def _filling(values: Mapping[str, str], missing: dict[str, None]) -> Filling:
    """Fills one line's blanks. Of a thing in a list nothing must be known: not every photo has a place."""

    def filled(words: str) -> str:
        def put(match: re.Match[str]) -> str:
            value, otherwise = values.get(match.group(1), ""), match.group(2)
            if match.group(1).startswith("each."):
                otherwise = otherwise or ""
            if not value and otherwise is None:
                missing[match.group(1)] = None
            return value or (otherwise or "").strip()

        return _BLANK.sub(put, words)

    return filled


def _block(line: str, filled: Filling) -> JsonObject:
    if line.startswith("|"):
        cells: list[Json] = [filled(cell.strip()) for cell in _CELL.split(line.rstrip()[1:-1])]
        return {"kind": "row", "cells": cells}
    for mark, kind in _MARKS:
        if line.startswith(mark):
            return {"kind": kind, "text": filled(line[len(mark) :].strip())}
    return {"kind": "text", "text": filled(line)}


def written(value: Json) -> str:
    """A field's value as it is printed: 是/否, 2026年7月1日, text as it is; "" for what is not there."""
    match value:
        case None:
            return ""
        case bool():
            return "是" if value else "否"
        case str():
            day = _DAY.fullmatch(value)
            return f"{day.group(1)}年{int(day.group(2))}月{int(day.group(3))}日" if day else value
        case int() | float():
            return f"{value:g}" if isinstance(value, float) and abs(value) < 1e6 else str(value)
        case list():
            return "、".join(written(item) for item in value)
        case _:
            return ""
