"""Relating thousands of things at once, by COPY-like statements; what stands there already is passed over.

One transaction a call. The caller has made sure that the relations are declared and the ends of the right types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Connection
from yiwang.kernel.identifiers import new_id
from yiwang.registry import store


@dataclass(frozen=True, slots=True)
class NewRelation:
    """A relation to be: its kind, from which thing to which."""

    kind: str
    from_id: UUID
    to_id: UUID


async def relate_many(
    connection: Connection,
    actor: Actor,
    relations: Sequence[NewRelation],
    *,
    clock: Clock,
    valid_from: datetime,
    source_id: int | None,
) -> int:
    """Record relations as true from ``valid_from`` on, in the caller's transaction; returns how many were new.

    The journal gets one entry; each relation tells its source.
    """
    now = clock.now()
    made = await store.insert_relations(
        connection,
        [(new_id(), each.kind, each.from_id, each.to_id) for each in relations],
        since=valid_from, at=now, source_id=source_id, actor=actor,
    )  # fmt: skip
    if made:
        entry = journal.entry(
            actor, now, "thing.related_many", "thing", None, data={"count": made, "source": source_id}
        )
        await journal.append(connection, entry)
    return made
