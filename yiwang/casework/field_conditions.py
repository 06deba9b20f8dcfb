"""When a declared field is asked for: ``show_if`` and ``require_if`` hang it on the values of other fields of the case.

Both are read alike in the browser (``web/src/shared/forms/conditions.ts``) while somebody types, and here when the report
arrives; :func:`condition_faults` lets only those keywords of JSON Schema through that both know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import jsonschema_rs

from yiwang.casework.declarations import CaseField, Conditions
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.errors import FieldError

KEYWORDS = frozenset(
    {
        "type", "const", "enum", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "minLength", "maxLength", "pattern", "not",
    }
)  # fmt: skip
"""What a condition may say of the value of another field."""


class FieldConditions:
    """The conditions of a case type, compiled."""

    def __init__(self, fields: Mapping[str, CaseField]) -> None:
        self._fields = {
            key: (item, _compiled(item.show_if), _compiled(item.require_if))
            for key, item in fields.items()
            if item.show_if or item.require_if
        }

    def errors(self, given: JsonObject) -> Iterator[FieldError]:
        """Fields that are given though not asked for, and that are missing though needed, by JSON pointer."""
        for key, (item, show, require) in self._fields.items():
            shown = show is None or show.is_valid(given)
            if key in given and not shown:
                yield FieldError(
                    where=f"/fields/{key}",
                    code="input.field",
                    zh=f"按其他几项所填,不需要填“{item.names.zh}”,请去掉",
                    en=f"“{item.names.en}” is not asked for beside the other fields as they are: leave it out",
                )
            elif shown and key not in given and (item.required or (require is not None and require.is_valid(given))):
                yield FieldError(
                    where=f"/fields/{key}",
                    code="input.missing",
                    zh=f"按其他几项所填,还需要填“{item.names.zh}”",
                    en=f"“{item.names.en}” is needed beside the other fields as they are",
                )


def _compiled(conditions: Conditions) -> jsonschema_rs.Draft202012Validator | None:
    """Valid for fields that are all given with a value as described; None where nothing is asked."""
    if not conditions:
        return None
    return jsonschema_rs.Draft202012Validator({"properties": conditions, "required": list(conditions)})


def condition_faults(fields: Mapping[str, CaseField]) -> Iterator[tuple[str, str, str, str, str]]:
    """What is wrong with the conditions: field, ``show_if`` or ``require_if``, the other field, the reason in zh and en."""
    for key, item in fields.items():
        for kind, conditions in (("show_if", item.show_if), ("require_if", item.require_if)):
            for other, schema in conditions.items():
                for zh, en in _faults(fields, key, other, schema):
                    yield key, kind, other, zh, en


def _faults(
    fields: Mapping[str, CaseField], key: str, other: str, schema: Mapping[str, Json]
) -> Iterator[tuple[str, str]]:
    if other not in fields:
        yield f"没有字段 {other}", f"there is no field {other}"
        return
    if _leads_back(fields, other, key):
        yield f"字段 {other} 又取决于 {key} 自己", f"field {other} hangs on {key} in turn"
    unknown = sorted(_keywords(schema) - KEYWORDS)
    if unknown:
        yield f"条件不能用 {'、'.join(unknown)}", f"a condition cannot use {', '.join(unknown)}"
        return
    try:
        jsonschema_rs.Draft202012Validator(dict(schema))
    except (jsonschema_rs.ValidationError, ValueError) as error:
        reason = getattr(error, "message", "") or str(error).splitlines()[0]
        yield reason, reason


def _leads_back(fields: Mapping[str, CaseField], start: str, target: str) -> bool:
    """Whether one gets from ``start`` over conditions to ``target``."""
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        one = waiting.pop()
        if one == target:
            return True
        if one in seen or one not in fields:
            continue
        seen.add(one)
        waiting += [*fields[one].show_if, *fields[one].require_if]
    return False


def _keywords(schema: Mapping[str, Json]) -> set[str]:
    inner = schema.get("not")
    return set(schema) | (_keywords(inner) if isinstance(inner, dict) else set())
