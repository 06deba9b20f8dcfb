"""Cells to values: what a person typed into a table, as the type's JSON Schema wants it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from difflib import get_close_matches

import orjson

from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.text import half_width
from yiwang.registry.declarations import AttributeDeclaration

Convert = Callable[[str], Json]
"""Cell to value. What cannot be read is given back as text: judging says what is expected."""

_NOTHING = frozenset({"", "-", "—", "——", "/", "无", "null", "NULL", "None", "#N/A", "N/A"})
_TRUE = frozenset({"true", "1", "是", "有", "y", "yes", "√", "对"})
_FALSE = frozenset({"false", "0", "否", "无", "没有", "n", "no", "×", "错"})
_date = re.compile(r"^(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?(?:[T\s]+00:00(?::00(?:\.0+)?)?)?$")
_plain_date = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_number = re.compile(r"^[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_excel_epoch = date(1899, 12, 30)


def is_nothing(text: str) -> bool:
    """Whether people write this for “not known”."""
    return text in _NOTHING


def converter(attribute: AttributeDeclaration, words: Mapping[str, Json] | None = None) -> Convert:
    """How cells of an attribute are read; ``words``: values of this file's own words."""
    schema = attribute.json_schema
    kind = _kind(schema)
    own = dict(words or {})
    enum = schema.get("enum")
    if isinstance(enum, list):
        own = {**_by_words(attribute, enum), **own}
    base = {
        "integer": _integer, "number": _real, "boolean": _truth, "array": _list_of(attribute), "object": _object,
    }.get(kind, _text)  # fmt: skip
    if kind == "string" and schema.get("format") == "date":
        base = _day
    elif kind == "string" and schema.get("format") == "date-time":
        base = _moment
    if not own:
        return base

    def by_word(text: str) -> Json:
        found = own.get(text, own.get(half_width(text).casefold()))
        return base(text) if found is None else found

    return by_word


def nearest(attribute: AttributeDeclaration, text: str) -> str | None:
    """The word among the options that the text was meant to be, as far as that can be told."""
    enum = attribute.json_schema.get("enum")
    if not isinstance(enum, list):
        return None
    words = [attribute.words[str(each)].zh if str(each) in attribute.words else str(each) for each in enum]
    inside = [word for word in words if word and (word in text or text in word)]
    if len(inside) == 1:
        return inside[0]
    found = get_close_matches(text, words, n=1, cutoff=0.5)
    return found[0] if found else None


def _kind(schema: JsonObject) -> str:
    declared = schema.get("type", "string")
    if isinstance(declared, list):
        declared = next((each for each in declared if each != "null"), "string")
    return str(declared)


def _by_words(attribute: AttributeDeclaration, enum: list[Json]) -> dict[str, Json]:
    found: dict[str, Json] = {}
    for value in enum:
        for spelling in (str(value), *_names(attribute, str(value))):
            found.setdefault(spelling, value)
            found.setdefault(half_width(spelling).casefold(), value)
    return found


def _names(attribute: AttributeDeclaration, value: str) -> tuple[str, ...]:
    words = attribute.words.get(value)
    return (words.zh, words.en) if words else ()


def _text(text: str) -> Json:
    return text


def _integer(text: str) -> Json:
    found = _real(text)
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _real(text: str) -> Json:
    """A number; thousands may be parted by commas, a unit may follow (“12.5 米”)."""
    tidy = text if text.isascii() else half_width(text).replace("，", ",").replace("－", "-").replace("．", ".")
    match = _number.match(tidy)
    if match is None or re.search(r"\d", tidy[match.end() :]):
        return text
    found = float(match[0].replace(",", ""))
    return int(found) if found.is_integer() and "." not in match[0] and "e" not in match[0].casefold() else found


def _truth(text: str) -> Json:
    folded = half_width(text).casefold()
    return True if folded in _TRUE else False if folded in _FALSE else text


def _day(text: str) -> Json:
    """ISO 8601; also 2026年6月18日, 2026/6/18, 20260618, and the day numbers of Excel."""
    match = _date.match(text) or _plain_date.match(text)
    try:
        if match is not None:
            return date(int(match[1]), int(match[2]), int(match[3])).isoformat()
        if text.isdigit() and 10_000 <= int(text) <= 80_000:
            return (_excel_epoch + timedelta(days=int(text))).isoformat()
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError:
        return text


def _moment(text: str) -> Json:
    """ISO 8601; without zone it is China Standard Time, as in every office's table."""
    try:
        found = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        return text
    return found.isoformat() if found.tzinfo is not None else found.isoformat() + "+08:00"


def _object(text: str) -> Json:
    try:
        found: Json = orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
    return found


def _list_of(attribute: AttributeDeclaration) -> Convert:
    items = attribute.json_schema.get("items")
    inner = AttributeDeclaration.model_validate(
        {"names": attribute.names, "schema": items if isinstance(items, dict) else {"type": "string"}}
    )

    def read(text: str) -> Json:
        if text.startswith("["):
            return _object(text)
        each = converter(inner.model_copy(update={"words": attribute.words}))
        return [each(part.strip()) for part in re.split(r"[、,,;;|]", text) if part.strip()]

    return read
