"""What attributes follow from cases: newest value, count, sum. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from uuid import UUID

from yiwang.flow.conditions import compile_condition, holds
from yiwang.flow.errors import ConditionFailed
from yiwang.flow.model import Condition
from yiwang.kernel.database import Json, JsonObject
from yiwang.registry.declarations import DossierPart, GatheredDeclaration

VARIABLES = frozenset({"fields", "state", "status", "class_code"})
"""What a count sees of each case."""


@dataclass(frozen=True, slots=True)
class FiledCase:
    """A case in a thing's file."""

    id: UUID
    number: str
    type: str
    state: str
    status: str
    class_code: str | None
    reported_at: datetime
    closed_at: datetime | None
    fields: JsonObject


@lru_cache(maxsize=512)
def _compiled(text: str) -> Condition:
    return compile_condition(text)


def gathered(part: DossierPart, cases: Sequence[FiledCase], since: datetime) -> JsonObject:
    """The attributes that a part gives; of ``cases`` (newest first) those reported since then are looked at. None: no value."""
    counted = [case for case in cases if case.reported_at >= since]
    return {name: _value(each, counted) for name, each in part.gives.items()}


def _value(how: GatheredDeclaration, cases: Sequence[FiledCase]) -> Json:
    if how.latest is not None:
        return next((case.fields[how.latest] for case in cases if case.fields.get(how.latest) is not None), None)
    if how.count is not None:
        condition = _compiled(how.count)
        return sum(_holds(condition, case) for case in cases)
    values = [case.fields.get(how.total or "") for case in cases]
    return round(sum(float(value) for value in values if isinstance(value, int | float)), 6)


def _holds(condition: Condition, case: FiledCase) -> bool:
    """A case that lacks what is asked about does not count."""
    facts: Mapping[str, Json] = {
        "fields": case.fields, "state": case.state, "status": case.status, "class_code": case.class_code or "",
    }  # fmt: skip
    try:
        return holds(condition, facts, "", "dossier")
    except ConditionFailed:
        return False


def shown_fields(part: DossierPart) -> frozenset[str]:
    """Fields of a case that the file shows: those from which it gathers."""
    return frozenset(name for each in part.gives.values() if (name := each.latest or each.total))


def changed(before: JsonObject, gathered_now: Mapping[str, Json]) -> JsonObject | None:
    """The attributes with what was gathered; None when nothing changes. What has no value any more is left out."""
    after: dict[str, Json] = {**before, **gathered_now}
    kept: JsonObject = {name: value for name, value in after.items() if value is not None}
    return kept if any(_differ(before.get(name), value) for name, value in gathered_now.items()) else None


def _differ(before: Json, now: Json) -> bool:
    return before != now  # 0 and 0.0 are equal, as they are for people
