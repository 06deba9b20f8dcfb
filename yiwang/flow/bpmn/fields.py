"""``yiwang:field``: the fields that a step asks for, with the conditions under which they are asked.

A condition names other fields of the step: ``kind = fallen|leaning; people > 0`` — each of them must be given and fit. Beside
``=`` (one of) there are ``!=``, ``>``, ``>=``, ``<`` and ``<=``; a yes-or-no field is compared with ``yes`` or ``no``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import get_args

from yiwang.flow.bpmn.elements import Element
from yiwang.flow.bpmn.extensions import RESERVED, Extensions, listed
from yiwang.flow.model import Names, Outcome
from yiwang.flow.model.fields import Conditions, FieldKind, FormField
from yiwang.kernel.database import Json, JsonObject

most_fields = 100
_ID = re.compile(r"[a-z][a-z0-9]{0,39}")
_CONDITION = re.compile(r"([a-z][a-z0-9]{0,39})\s*(!=|>=|<=|=|>|<)\s*(.+)")
_NUMBER = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,6})?")
_KINDS: tuple[FieldKind, ...] = get_args(FieldKind)
_COMPARED = {">": "exclusiveMinimum", ">=": "minimum", "<": "exclusiveMaximum", "<=": "maximum"}


def read_fields(extensions: Extensions, outcomes: Mapping[str, Outcome]) -> tuple[FormField, ...]:
    """The fields in the order in which they are asked."""
    elements = extensions.all("field")
    if len(elements) > most_fields:
        extensions.invalid(
            elements[-1], f"一个步骤最多 {most_fields} 个字段", f"a step has at most {most_fields} fields"
        )
    kinds: dict[str, FieldKind] = {}
    for element in elements:
        name = element.get("id").strip()
        if not _ID.fullmatch(name) or name in RESERVED:
            extensions.invalid(
                element,
                f"字段代码“{name[:40]}”应是小写字母和数字,以字母开头",
                f"the field's code “{name[:40]}” must be lower-case letters and digits, a letter first",
            )
        elif name in kinds:
            extensions.invalid(element, f"字段 {name} 重复", f"the field {name} is repeated")
        kinds[name] = _kind(extensions, element)
    found = [_field(extensions, element, kinds, outcomes) for element in elements]
    _refuse_circles(extensions, elements, found)
    return tuple(found)


def _kind(extensions: Extensions, element: Element) -> FieldKind:
    chosen = extensions.choice(element, "kind", tuple(_KINDS), element.get("kind", "text"))
    return next(kind for kind in _KINDS if kind == chosen)


def _field(
    extensions: Extensions, element: Element, kinds: Mapping[str, FieldKind], outcomes: Mapping[str, Outcome]
) -> FormField:
    kind = _kind(extensions, element)
    options = tuple(dict.fromkeys(part.strip() for part in element.get("options").split("|") if part.strip()))
    if kind == "choice" and not options:
        extensions.invalid(element, "选择字段要写选项,用 | 隔开", "a choice needs its options, separated by |")
    english = tuple(part.strip() for part in element.get("options_en").split("|") if part.strip())
    if english and len(english) != len(options):
        extensions.invalid(
            element,
            f"英文选项有 {len(english)} 个,应与 {len(options)} 个选项一一对应",
            f"{len(english)} options in English for {len(options)} options: write one for each",
        )
    on = frozenset(listed(element.get("on")))
    for name in sorted(on - outcomes.keys()):
        extensions.invalid(element, f"没有办理结果 {name}", f"there is no outcome {name}")
    low, high = _number(extensions, element, "min"), _number(extensions, element, "max")
    if low is not None and high is not None and low > high:
        extensions.invalid(element, "最小值大于最大值", "min is greater than max")
    name = element.get("id").strip()
    return FormField(
        name,
        Names(extensions.words(element, "zh", required=True), extensions.words(element, "en", required=True)),
        kind,
        required=extensions.choice(element, "required", ("false", "true"), element.get("required", "false")) == "true",
        options=options,
        options_en=english,
        minimum=low,
        maximum=high,
        on=on,
        show_if=_conditions(extensions, element, "show_if", name, kinds),
        require_if=_conditions(extensions, element, "require_if", name, kinds),
    )


def _number(extensions: Extensions, element: Element, name: str) -> float | None:
    text = element.get(name).strip()
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        extensions.invalid(element, f"{name} 应是数字", f"{name} must be a number")
        return None
    return float(text)


def _conditions(
    extensions: Extensions, element: Element, attribute: str, own: str, kinds: Mapping[str, FieldKind]
) -> Conditions:
    found: dict[str, JsonObject] = {}
    for part in filter(None, (one.strip() for one in element.get(attribute).split(";"))):
        match = _CONDITION.fullmatch(part)
        if match is None or match[1] not in kinds or match[1] == own:
            extensions.invalid(
                element,
                f"{attribute} 的“{part[:60]}”应写成 别的字段 = 值,例如 kind = 倒伏|倾斜",
                f"“{part[:60]}” in {attribute} must be another field with its value, such as kind = fallen|leaning",
            )
            continue
        schema = _schema(kinds[match[1]], match[2], match[3].strip())
        if schema is None:
            extensions.invalid(
                element,
                f"{attribute} 的“{part[:60]}”与字段 {match[1]} 的类型不符",
                f"“{part[:60]}” in {attribute} does not go with the kind of the field {match[1]}",
            )
            continue
        found[match[1]] = {**found.get(match[1], {}), **schema}
    return MappingProxyType(found)


def _schema(kind: FieldKind, operator: str, text: str) -> JsonObject | None:
    values = [_value(kind, part.strip()) for part in text.split("|")]
    known: list[Json] = [value for value in values if value is not None]
    if not known or len(known) < len(values):
        return None
    if operator in _COMPARED:
        return {_COMPARED[operator]: known[0]} if kind in ("number", "integer") and len(known) == 1 else None
    return {"enum": known} if operator == "=" else {"not": {"enum": known}}


def _value(kind: FieldKind, text: str) -> Json:
    """The value that a text of a condition stands for; None where it is none of that kind."""
    match kind:
        case "yesno":
            return {"yes": True, "no": False}.get(text)
        case "number":
            return float(text) if _NUMBER.fullmatch(text) else None
        case "integer":
            return int(text) if _NUMBER.fullmatch(text) and "." not in text else None
        case _:
            return text or None


def _refuse_circles(extensions: Extensions, elements: Sequence[Element], fields: Sequence[FormField]) -> None:
    """A field that hangs on itself would never be asked."""
    hangs = {one.id: {*one.show_if, *one.require_if} for one in fields}
    for element, one in zip(elements, fields, strict=True):
        seen: set[str] = set()
        waiting = list(hangs[one.id])
        while waiting:
            other = waiting.pop()
            if other not in seen:
                seen.add(other)
                waiting += hangs.get(other, ())
        if one.id in seen:
            extensions.invalid(
                element, f"字段 {one.id} 的条件又取决于它自己", f"the conditions of the field {one.id} hang on itself"
            )
