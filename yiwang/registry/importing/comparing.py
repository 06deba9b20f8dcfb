"""What a dry run shows: how many rows are new, changed or the same, and samples of what would change, before and after."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.registry import store
from yiwang.registry.bulk import Plan
from yiwang.registry.importing.judging import JudgedRows
from yiwang.registry.reading import Reading, masked
from yiwang.registry.types import CompiledType

most_samples = 20


@dataclass(slots=True)
class Changes:
    """``fields``: attribute → of how many changed rows looked at it would change; ``samples``: row, thing, and attribute →
    [before, after], personal values masked."""

    looked_at: int = 0
    fields: Counter[str] = field(default_factory=Counter)
    samples: list[JsonObject] = field(default_factory=list)

    async def add(
        self, connection: Connection, kind: CompiledType, reading: Reading, rows: JudgedRows, plan: Plan, at: datetime
    ) -> None:
        """Compare the changed rows of a batch with what is known."""
        before = await _known(connection, kind, reading, [thing for _, thing in plan.changed], at)
        for place, thing in plan.changed:
            old, new = before.get(thing, {}), rows.plain[place]
            names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
            self.looked_at += 1
            self.fields.update(names or ["geometry"])
            if len(self.samples) < most_samples:
                differences: JsonObject = {
                    name: [_shown(kind, name, old.get(name)), _shown(kind, name, new.get(name))] for name in names
                }
                self.samples.append({"row": rows.packed.numbers[place], "thing": str(thing), "attributes": differences})

    def as_json(self) -> JsonObject:
        fields: JsonObject = dict(self.fields.most_common())
        return {"looked_at": self.looked_at, "fields": fields, "samples": [*self.samples]}


async def _known(
    connection: Connection, kind: CompiledType, reading: Reading, things: list[UUID], at: datetime
) -> dict[UUID, JsonObject]:
    facts = await store.facts_at(connection, things, at)
    return {fact.thing_id: reading.plain(kind, fact) for fact in facts}


def _shown(kind: CompiledType, name: str, value: Json) -> Json:
    how = kind.declaration.personal.get(name)
    if value is None or how is None:
        return "***" if value is not None and name in kind.sealed else value
    return masked(value, how)
