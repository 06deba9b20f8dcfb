"""What a bulk load asks for and does: thousands of things in a handful of statements."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import asyncpg

from yiwang.kernel.database import Connection
from yiwang.kernel.identifiers import new_id
from yiwang.registry.store.facts import close_facts


@dataclass(frozen=True, slots=True)
class Belief:
    """What is believed of a thing for some time, as far as a bulk load must know it."""

    id: UUID
    thing_id: UUID
    digest: bytes
    valid_from: datetime | None
    valid_until: datetime | None
    recorded_from: datetime
    area: str
    organisation_id: int | None

    def covers(self, since: datetime) -> bool:
        """Whether it is believed of all time from ``since`` on."""
        return self.valid_until is None and (self.valid_from is None or self.valid_from <= since)


async def owners_of_keys(
    connection: Connection, type_id: str, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], UUID]:
    """Which thing each (name, key) names, for those that are known."""
    if not keys:
        return {}
    rows = await connection.fetch(
        # Key by key through the index: statistics of a table without such keys yet would have it read whole.
        "select w.name, w.key, k.thing_id from unnest($2::text[], $3::text[]) as w (name, key) cross join lateral"
        " (select thing_id from thing_key k where k.type = $1 and k.name = w.name and k.key = w.key offset 0) k",
        type_id,
        [name for name, _ in keys],
        [key for _, key in keys],
    )
    return {(row["name"], row["key"]): row["thing_id"] for row in rows}


async def lock_beliefs(connection: Connection, things: Sequence[UUID], since: datetime) -> dict[UUID, list[Belief]]:
    """Lock things (in one order, so that two loads wait rather than deadlock); what is believed of them from ``since`` on.

    Raises asyncpg.UniqueViolationError when one was merged while it was waited for: its keys name another thing now.
    """
    if not things:
        return {}
    held = await connection.fetch(
        "select merged_into from thing where id = any($1) order by id for update", list(things)
    )
    if any(row["merged_into"] is not None for row in held):
        raise asyncpg.UniqueViolationError("merged meanwhile")
    rows = await connection.fetch(
        "select id, thing_id, digest, valid, recorded, area, organisation_id from thing_fact"
        " where thing_id = any($1) and upper_inf(recorded) and valid && tstzrange($2, null) order by thing_id, lower(valid)",
        list(things),
        since,
    )
    found: dict[UUID, list[Belief]] = {}
    for row in rows:
        belief = Belief(
            row["id"],
            row["thing_id"],
            row["digest"],
            row["valid"].lower,
            row["valid"].upper,
            row["recorded"].lower,
            row["area"],
            row["organisation_id"],
        )
        found.setdefault(belief.thing_id, []).append(belief)
    return found


async def restate_many(connection: Connection, beliefs: Sequence[Belief], since: datetime, at: datetime) -> None:
    """Close beliefs and believe on what lies before ``since``."""
    if not beliefs:
        return
    await close_facts(connection, [belief.id for belief in beliefs], at)
    before = [belief.id for belief in beliefs if belief.valid_from is None or belief.valid_from < since]
    await connection.execute(
        "insert into thing_fact (id, thing_id, type, type_version, valid, recorded, area, organisation_id, title,"
        " attributes, digest, geometry, terms, source_id, source_row, recorded_by, recorded_label, reason)"
        " select w.new, thing_id, type, type_version, tstzrange(lower(valid), $3), tstzrange($4, null), area,"
        " organisation_id, title, attributes, digest, geometry, terms, source_id, source_row, recorded_by, recorded_label,"
        " reason from unnest($1::uuid[], $2::uuid[]) as w (old, new) join thing_fact f on f.id = w.old",
        before,
        [new_id() for _ in before],
        since,
        at,
    )
