"""Recording thousands of judged drafts at once: the same outcome as :mod:`recording` one by one, in a handful of statements.

One transaction a batch: natural keys are looked up together, what is known of those things is locked and compared, beliefs
that change are closed and re-stated, and the new ones arrive by binary COPY. The journal gets one entry a batch; each fact
itself tells file, row, who and when.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import Clock
from yiwang.kernel.copying import (
    copy_rows,
    packed,
    packed_bigint,
    packed_int,
    packed_text,
    packed_time,
    packed_uuid,
    packed_word,
    row_head,
)
from yiwang.kernel.database import Connection
from yiwang.registry import store
from yiwang.registry.errors import OneByOne
from yiwang.registry.model import Outcome, Ready, kinds_of
from yiwang.registry.packing import BODY_COLUMNS, PackedRows, pack
from yiwang.registry.types import CompiledType

_moment = timedelta(microseconds=1)
_lower_closed_upper_open_infinite = b"\x12"
_uuid_length = b"\0\0\0\x10"

# What is the same for all rows of a batch stands together, so that it is packed once.
_FACT_COLUMNS = (
    "id", "thing_id", "organisation_id", "type", "type_version", "valid", "recorded", "source_id", "recorded_by",
    "recorded_label", *BODY_COLUMNS,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class BulkRow:
    """A judged draft with the row of the source that it stands in."""

    row: int
    ready: Ready


@dataclass(frozen=True, slots=True)
class Batch:
    """What is said of all rows at once: true from ``valid_from`` on, from source ``source_id`` (called ``name``);
    ``organisation_id`` is whose new things are."""

    valid_from: datetime
    source_id: int
    name: str
    organisation_id: int | None


@dataclass(slots=True)
class BulkResult:
    """What became of the rows: counts by outcome, and which rows were refused for what."""

    counts: Counter[str] = field(default_factory=Counter)
    refused: list[tuple[int, Outcome]] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """What a batch would do. ``writing``: (place in the rows, thing, organisation) of each row to be written, ``new`` the
    places of new things, ``changed`` (place, thing); ``restated``: beliefs to be closed, ``at`` the moment of recording."""

    result: BulkResult
    writing: list[tuple[int, bytes, int | None]]
    new: list[int]
    changed: list[tuple[int, UUID]]
    restated: list[store.Belief]
    known_keys: dict[tuple[str, str], UUID]
    at: datetime


async def record_many(
    connection: Connection,
    actor: Actor,
    kind: CompiledType,
    rows: Sequence[BulkRow],
    *,
    clock: Clock,
    valid_from: datetime,
    source_id: int,
    source_name: str,
    organisation_id: int | None,
) -> BulkResult:
    """Record rows as true from ``valid_from`` on, in the caller's transaction.

    A row whose keys name two things, or a thing named by an earlier row of the batch, or one beyond the actor's reach, is
    refused and the others are taken. Raises asyncpg.UniqueViolationError when another transaction was faster with a key: the
    caller does the batch again.
    """
    batch = Batch(valid_from, source_id, source_name, organisation_id)
    return await record_packed(connection, actor, kind, pack([(each.row, each.ready) for each in rows]), batch, clock)


async def record_packed(
    connection: Connection, actor: Actor, kind: CompiledType, rows: PackedRows, batch: Batch, clock: Clock
) -> BulkResult:
    """The same with rows that were packed where they were judged."""
    now = clock.now()
    plan = await planned(connection, actor, kind, rows, batch, now)
    await store.restate_many(connection, plan.restated, batch.valid_from, plan.at)
    await _write(connection, actor, kind, rows, plan, batch, now)
    await journal.append(
        connection,
        journal.entry(
            actor, now, "thing.imported", "thing", None,
            data={"type": kind.id, "source": batch.source_id, "name": batch.name, **plan.result.counts},
        ),
    )  # fmt: skip
    return plan.result


async def planned(
    connection: Connection, actor: Actor, kind: CompiledType, rows: PackedRows, batch: Batch, now: datetime
) -> Plan:
    """What recording the rows would do; the things concerned are locked until the transaction ends."""
    if kind.declaration.authority is not None:
        raise OneByOne(type=kind.declaration.names.zh)
    result = BulkResult()
    owners = await store.owners_of_keys(connection, kind.id, [key for keys in rows.keys for key in keys])
    reach = _Reach(actor, kind)
    chosen = _choose(rows, owners, reach, batch.organisation_id, result)
    since = batch.valid_from
    known = await store.lock_beliefs(connection, sorted({thing for _, thing in chosen if thing is not None}), since)
    plan = Plan(result, [], [], [], [], owners, now)
    for place, thing in chosen:
        if thing is None:
            plan.new.append(place)
            plan.writing.append((place, rows.things[place], batch.organisation_id))
            continue
        beliefs = known.get(thing, [])
        if any(not reach.covers(belief.area, belief.organisation_id) for belief in beliefs):
            result.refused.append((rows.numbers[place], "out_of_reach"))
            continue
        only = beliefs[0] if len(beliefs) == 1 else None
        if only is not None and only.digest == rows.digests[place] and only.covers(since):
            result.counts["same"] += 1
            continue
        plan.restated += beliefs
        plan.at = max([plan.at, *(belief.recorded_from + _moment for belief in beliefs)])
        plan.writing.append((place, thing.bytes, beliefs[0].organisation_id if beliefs else batch.organisation_id))
        plan.changed.append((place, thing))
    result.counts.update(new=len(plan.new), changed=len(plan.changed), refused=len(result.refused))
    return plan


def _choose(
    rows: PackedRows,
    owners: dict[tuple[str, str], UUID],
    reach: _Reach,
    organisation_id: int | None,
    result: BulkResult,
) -> list[tuple[int, UUID | None]]:
    """Which thing each row means (None: a new one); rows that cannot be taken are refused."""
    seen_keys: set[tuple[str, str]] = set()
    seen_things: set[UUID] = set()
    chosen: list[tuple[int, UUID | None]] = []
    for place, (keys, area) in enumerate(zip(rows.keys, rows.areas, strict=True)):
        things = {owners[key] for key in keys if key in owners} if owners else set()
        thing = next(iter(things), None)
        if not reach.covers(area, organisation_id):
            result.refused.append((rows.numbers[place], "out_of_reach"))
        elif len(things) > 1:
            result.refused.append((rows.numbers[place], "key_taken"))
        elif thing in seen_things or not seen_keys.isdisjoint(keys):
            result.refused.append((rows.numbers[place], "twice"))
        else:
            seen_keys.update(keys)
            if thing is not None:
                seen_things.add(thing)
            chosen.append((place, thing))
    return chosen


class _Reach:
    """Whether the actor may import into an area and organisation; asked once for each pair."""

    def __init__(self, actor: Actor, kind: CompiledType) -> None:
        self._actor, self._kinds = actor, kinds_of(kind.id)
        self._known: dict[tuple[str, int | None], bool] = {}

    def covers(self, area: str, organisation_id: int | None) -> bool:
        found = self._known.get((area, organisation_id))
        if found is None:
            found = any(
                self._actor.reaches(name, "import", area=area, organisation=organisation_id) for name in self._kinds
            )
            self._known[(area, organisation_id)] = found
        return found


async def _write(
    connection: Connection,
    actor: Actor,
    kind: CompiledType,
    rows: PackedRows,
    plan: Plan,
    batch: Batch,
    now: datetime,
) -> None:
    word = packed_word(kind.id)
    head, created = row_head(3) + _uuid_length, word + packed_time(now)
    await copy_rows(
        connection, "thing", ("id", "type", "created_at"), [head + rows.things[place] + created for place in plan.new]
    )
    head, known = row_head(4) + word, plan.known_keys
    keys = [
        head + packed_word(name) + packed_text(key) + _uuid_length + thing
        for place, thing, _ in plan.writing
        for name, key in rows.keys[place]
        if (name, key) not in known
    ]
    await copy_rows(connection, "thing_key", ("type", "name", "key", "thing_id"), keys)
    head = row_head(len(_FACT_COLUMNS)) + _uuid_length
    fixed = b"".join(
        (
            word,
            packed_int(kind.declaration.version),
            _since(batch.valid_from),
            _since(plan.at),
            packed_bigint(batch.source_id),
            packed_uuid(actor.account_id),
            packed_word(actor.label),
        )
    )
    ends = {organisation: packed_int(organisation) + fixed for _, _, organisation in plan.writing}
    facts, bodies = rows.facts, rows.bodies
    await copy_rows(
        connection,
        "thing_fact",
        _FACT_COLUMNS,
        [
            b"".join((head, facts[place], _uuid_length, thing, ends[organisation], bodies[place]))
            for place, thing, organisation in plan.writing
        ],
    )


def _since(moment: datetime) -> bytes:
    """``tstzrange`` from a moment on."""
    return packed(_lower_closed_upper_open_infinite + packed_time(moment))
