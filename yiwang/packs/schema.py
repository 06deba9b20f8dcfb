"""Fitting a file's values to a declared model, with the fault's own line and a sentence that says what to write instead."""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from yiwang.packs.findings import Findings, suggestion
from yiwang.packs.source import Source, Step, Trail, value_at

Model = TypeVar("Model", bound=BaseModel)

_KINDS = {
    "string_type": ("文字(数字形式的代码请加引号)", "a text (put a code made of digits in quotes)"),
    "int_type": ("整数", "a whole number"),
    "int_parsing": ("整数", "a whole number"),
    "int_from_float": ("整数", "a whole number"),
    "float_type": ("数字", "a number"),
    "float_parsing": ("数字", "a number"),
    "bool_type": ("true 或 false", "true or false"),
    "bool_parsing": ("true 或 false", "true or false"),
    "list_type": ("列表(每项前加短横线)", "a list (a dash before each item)"),
    "tuple_type": ("列表(每项前加短横线)", "a list (a dash before each item)"),
    "dict_type": ("键值对", "a mapping of keys to values"),
    "model_type": ("键值对", "a mapping of keys to values"),
    "model_attributes_type": ("键值对", "a mapping of keys to values"),
    "datetime_type": ("时刻,如 2026-06-18T08:30+08:00", "a moment such as 2026-06-18T08:30+08:00"),
    "datetime_parsing": ("时刻,如 2026-06-18T08:30+08:00", "a moment such as 2026-06-18T08:30+08:00"),
    "datetime_from_date_parsing": ("时刻,如 2026-06-18T08:30+08:00", "a moment such as 2026-06-18T08:30+08:00"),
    "timezone_aware": (
        "带时区的时刻,如 2026-06-18T08:30+08:00",
        "a moment with its zone, such as 2026-06-18T08:30+08:00",
    ),
    "date_type": ("日期,如 2026-06-18", "a day such as 2026-06-18"),
    "date_parsing": ("日期,如 2026-06-18", "a day such as 2026-06-18"),
    "date_from_datetime_parsing": ("日期,如 2026-06-18", "a day such as 2026-06-18"),
}
_BOUNDS = {
    "greater_than": ("应大于 {gt}", "must be above {gt}"),
    "greater_than_equal": ("应不小于 {ge}", "must be at least {ge}"),
    "less_than": ("应小于 {lt}", "must be below {lt}"),
    "less_than_equal": ("应不大于 {le}", "must be at most {le}"),
    "string_too_short": ("至少要有 {min_length} 个字", "needs at least {min_length} characters"),
    "string_too_long": ("最多 {max_length} 个字", "may have at most {max_length} characters"),
    "too_short": ("至少要有 {min_length} 项", "needs at least {min_length} items"),
    "too_long": ("最多 {max_length} 项", "may have at most {max_length} items"),
}


def fit(source: Source, model: type[Model], findings: Findings) -> Model | None:
    """The file as ``model``; None after adding every fault to ``findings``."""
    try:
        return model.model_validate(source.value)
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            _tell(source, model, fault, findings)
        return None


def _tell(source: Source, model: type[BaseModel], fault: ErrorDetails, findings: Findings) -> None:
    kind = fault["type"]
    trail = _real_trail(source, fault["loc"], missing=kind == "missing")
    context = fault.get("ctx", {})
    if kind == "extra_forbidden":
        zh, en = _cut_text(source, trail) or suggestion(str(trail[-1]), _keys_at(model, trail[:-1]))
        findings.add(source.key_place(trail), "schema.unknown_key", key=trail[-1], hint_zh=zh, hint_en=en)
    elif kind == "missing" and trail[-1] in ("zh", "en"):
        _tell_untranslated(source, trail, findings)
    elif kind == "missing":
        findings.add(source.place(trail[:-1]), "schema.missing_key", key=trail[-1])
    elif kind in _KINDS:
        zh, en = _KINDS[kind]
        findings.add(source.place(trail), "schema.kind", key=_named(trail), zh=zh, en=en, seen=_seen(fault["input"]))
    elif kind in _BOUNDS:
        zh, en = _BOUNDS[kind]
        context = {name: f"{bound:g}" if isinstance(bound, float) else bound for name, bound in context.items()}
        words = {"zh": zh.format(**context), "en": en.format(**context)}
        if trail and trail[-1] in ("zh", "en") and kind == "string_too_short":
            _tell_untranslated(source, trail, findings)
        else:
            findings.add(source.place(trail), "schema.bound", key=_named(trail), **words)
    elif kind in ("literal_error", "enum"):
        allowed = _literals_at(model, trail) or [part.strip(" '") for part in str(context["expected"]).split(",")]
        zh, en = suggestion(str(fault["input"]), allowed)
        place = source.place(trail)
        findings.add(place, "schema.not_allowed", key=_named(trail), seen=_seen(fault["input"]), hint_zh=zh, hint_en=en)
    elif kind == "string_pattern_mismatch":
        pattern, seen = str(context["pattern"]), _seen(fault["input"])
        findings.add(source.place(trail), "schema.pattern", key=_named(trail), pattern=pattern, seen=seen)
    else:
        reason = str(context["error"]) if "error" in context else fault["msg"]
        zh, _, en = reason.partition(" | ")
        findings.add(source.place(trail), "schema.value", key=_named(trail), zh=zh, en=en or zh)


def _tell_untranslated(source: Source, trail: Trail, findings: Findings) -> None:
    language = {"zh": ("中文", "Chinese"), "en": ("英文", "English")}[str(trail[-1])]
    place = source.place(trail[:-1])
    key = _named(trail[:-1])
    findings.add(place, "text.untranslated", key=key, language=trail[-1], name_zh=language[0], name_en=language[1])


def _cut_text(source: Source, trail: Trail) -> tuple[str, str] | None:
    """Where a comma has cut a text in two: the text as it was meant, in quotes."""
    holder = value_at(source.value, trail[:-1])
    if trail not in source.cut or not isinstance(holder, dict):
        return None
    keys = list(holder)
    last = first = keys.index(str(trail[-1]))
    while first > 0 and (*trail[:-1], keys[first]) in source.cut:  # a text with several commas
        first -= 1
    if first == last:
        return None
    meant = f'{keys[first]}: "{",".join([str(holder[keys[first]]), *keys[first + 1 : last + 1]])}"'
    return f"逗号把文字断开了,请加引号:{meant}。", f"a comma has cut the text in two; quote it: {meant}."


def _real_trail(source: Source, loc: Sequence[Step], *, missing: bool) -> Trail:
    """pydantic's location without the names of union branches and validators that it mixes in."""
    trail: list[Step] = []
    for index, step in enumerate(loc):
        last = index == len(loc) - 1
        if (*trail, step) in source.places or (last and missing):
            trail.append(step)
        elif step == "[key]":
            break
    return tuple(trail) or tuple(loc[-1:])


def _named(trail: Trail) -> str:
    names: list[str] = []
    for step in trail[-3:]:
        names.append(f"[{step + 1}]" if isinstance(step, int) else f".{step}" if names else str(step))
    return "".join(names) or "—"


def _seen(value: object) -> str:
    text = "空" if value is None else str(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _keys_at(model: type[BaseModel], trail: Trail) -> list[str]:
    keys: list[str] = []
    for kind in _types_at(model, trail):
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            keys += [field.alias or name for name, field in kind.model_fields.items()]
    return keys


def _literals_at(model: type[BaseModel], trail: Trail) -> list[str]:
    from typing import Literal

    return [str(word) for kind in _types_at(model, trail) if get_origin(kind) is Literal for word in get_args(kind)]


def _types_at(model: type[BaseModel], trail: Trail) -> list[Any]:
    kinds: list[Any] = [model]
    for step in trail:
        kinds = [inner for kind in kinds for inner in _inside(kind, step)]
    return [inner for kind in kinds for inner in _branches(kind)]


def _inside(kind: Any, step: Step) -> Iterator[Any]:
    for branch in _branches(kind):
        origin, arguments = get_origin(branch), get_args(branch)
        if isinstance(branch, type) and issubclass(branch, BaseModel):
            for name, field in branch.model_fields.items():
                if step == (field.alias or name):
                    yield field.annotation
        elif origin is dict and len(arguments) == 2:
            yield arguments[1]
        elif origin in (list, set, frozenset) and isinstance(step, int):
            yield arguments[0]
        elif origin is tuple and isinstance(step, int):
            yield arguments[0] if arguments[-1] is Ellipsis else arguments[min(step, len(arguments) - 1)]


def _branches(kind: Any) -> Iterator[Any]:
    """The members of a union and the bare type of an annotation."""
    origin = get_origin(kind)
    if origin is Annotated:
        yield from _branches(get_args(kind)[0])
    elif origin in (Union, types.UnionType):
        for member in get_args(kind):
            yield from _branches(member)
    else:
        yield cast(Any, kind)
