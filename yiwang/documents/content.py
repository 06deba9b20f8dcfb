"""What a document says, taken from its case when it is issued."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from zoneinfo import ZoneInfo

from yiwang.casework.catalogue import CaseType
from yiwang.casework.model import CaseFile
from yiwang.documents.declarations import DocumentDeclaration
from yiwang.documents.template import NAMES, fill, written
from yiwang.kernel.database import Json, JsonObject

_LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_code_letters = 12


@dataclass(frozen=True, slots=True)
class Written:
    """What stands on paper, and what would have to stand there but is not known."""

    content: JsonObject
    missing: list[str]


def new_code() -> str:
    """A code of 60 random bits that nobody guesses, in groups of four for reading aloud."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(_code_letters))
    return "-".join(letters[start : start + 4] for start in range(0, _code_letters, 4))


def same_code(text: str) -> str:
    """A code as somebody typed it, in the form in which it is kept."""
    letters = "".join(letter for letter in text.upper() if letter.isalnum())
    return "-".join(letters[start : start + 4] for start in range(0, len(letters), 4))


def values_of(
    case: CaseFile,
    case_type: CaseType,
    department: str,
    note: str,
    by: str,
    zone: ZoneInfo,
    flow: Mapping[str, Json] = MappingProxyType({}),
) -> dict[str, str]:
    """What can be filled in, by name; the office, number and date are known only when it is issued."""
    known = case_type.classes.get(case.class_code or "")
    values = {
        "case.number": case.number,
        "case.type": case_type.declaration.names.zh,
        "case.class": known.names.zh if known is not None else "",
        "case.text": case.text,
        "case.address": case.address,
        "case.status": case.status,
        "case.reported_on": chinese_day(case.reported_at.astimezone(zone).date()),
        "case.closed_on": _day(case.closed_at, zone),
        "case.limit": case.limit_text or "",
        "department.name": department,
        "step.note": note,
        "step.by": by,
    }
    values |= {f"flow.{name}": written(value) for name, value in flow.items()}
    return values | {f"field.{name}": written(value) for name, value in case.fields.items()}


def write(
    declaration: DocumentDeclaration,
    template: str,
    values: Mapping[str, str],
    *,
    number: str,
    code: str,
    office: str,
    day: date,
    instead: str = "",
    lists: Mapping[str, Sequence[Mapping[str, str]]] = MappingProxyType({}),
) -> Written:
    """The content of a document; ``instead`` is the number that it stands in place of."""
    known = {**values, "office.name": office, "document.number": number, "document.date": chinese_day(day)}
    blocks, missing = fill(template, known, lists)
    seal: dict[str, Json] = {} if declaration.seal is None else {"seal": {"foot": declaration.seal.foot}}
    content: JsonObject = {
        "title": declaration.names.zh,
        "number": number,
        "code": code,
        "office": office,
        "date": chinese_day(day),
        "blocks": blocks,
        "note": f"本文书代替 {instead}。" if instead else "",
        "step_note": values.get("step.note", ""),
        **seal,
    }
    return Written(content, missing)


def words_of(name: str, case_type: CaseType) -> tuple[str, str]:
    """A name of a template as a person reads it."""
    if name in NAMES:
        return NAMES[name]
    key = name.removeprefix("field.")
    declared = case_type.declaration.fields.get(key)
    if declared is not None:
        return declared.names.zh, declared.names.en
    for task in case_type.definition.graph.tasks:
        for field in task.fields:
            if field.id == key:
                return field.names.zh, field.names.en
    return name, name


def chinese_day(day: date) -> str:
    """2026年7月1日."""
    return f"{day.year}年{day.month}月{day.day}日"


def _day(at: datetime | None, zone: ZoneInfo) -> str:
    return "" if at is None else chinese_day(at.astimezone(zone).date())
