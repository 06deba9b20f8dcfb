"""Events: who waits for a message, a signal or work; what was thrown and is yet to be delivered; how definitions begin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.flow.model.rows import InstanceRow, Thrown, ThrownKind, WaitKind, WaitRow
from yiwang.flow.store.columns import INSTANCE, WAIT, instance_of, listed, wait_of
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.identifiers import new_id

_CLAIM = (
    f"select {listed(WAIT, 'w')}, {listed(INSTANCE, 'i')} from flow_wait w join flow_instance i on i.id = w.instance_id"
    " where w.id = $1 and i.state = 'active' for update of i, w"
)


@dataclass(frozen=True, slots=True)
class EventRow:
    """A message or signal on its way; ``data`` are the variables that it carries."""

    id: UUID
    kind: ThrownKind
    name: str
    key: str
    data: JsonObject
    thrown_at: datetime
    thrown_by: UUID | None


@dataclass(frozen=True, slots=True)
class WaitOf:
    """A wait with the subject of its instance."""

    id: UUID
    instance_id: UUID
    subject_kind: str
    subject_id: UUID


@dataclass(frozen=True, slots=True)
class WorkRow:
    """Work for a worker: the wait's id, the step, its instance and what the instance knows."""

    id: UUID
    instance_id: UUID
    subject_kind: str
    subject_id: UUID
    definition_id: UUID
    node: str
    topic: str
    area: str
    variables: JsonObject
    failures: int
    locked_until: datetime | None


@dataclass(frozen=True, slots=True)
class StartRow:
    """A start of a published definition by message, signal or timer."""

    definition_id: UUID
    node: str
    kind: str
    name: str
    wake_at: datetime | None
    clock: JsonObject
    left_count: int


async def throw(
    connection: Connection, thrown: Sequence[Thrown], by: UUID | None, data: Mapping[str, Json], at: datetime
) -> None:
    """Keep what a flow has thrown until it is delivered; ``data`` are the variables of the instance."""
    await connection.executemany(
        "insert into flow_event (id, kind, name, key, data, thrown_at, thrown_by, wake_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $6)",
        [(new_id(), item.kind, item.name, item.key, item.data(data), at, by) for item in thrown],
    )


def signal(name: str) -> Thrown:
    return Thrown("signal", name, "")


async def due_events(connection: Connection, at: datetime, limit: int) -> list[EventRow]:
    """Events to deliver, the oldest first."""
    rows = await connection.fetch(
        "select id, kind, name, key, data, thrown_at, thrown_by from flow_event where wake_at <= $1"
        " order by wake_at, id limit $2",
        at,
        limit,
    )
    return [EventRow(*row) for row in rows]


async def claim_event(connection: Connection, event_id: UUID) -> bool:
    """Lock an event for delivery; False when another process delivers it, or has."""
    return (
        await connection.fetchval("select true from flow_event where id = $1 for update skip locked", event_id)
        is not None
    )


async def drop_event(connection: Connection, event_id: UUID) -> None:
    await connection.execute("delete from flow_event where id = $1", event_id)


async def postpone_event(connection: Connection, event_id: UUID, at: datetime, error: str) -> None:
    """Try again later: after 1, 2, 4 … minutes, at most an hour."""
    await connection.execute(
        "update flow_event set wake_at = $2::timestamptz + least(interval '1 minute' * power(2, failures), interval '1 hour'),"
        " failures = least(failures + 1, 100), error = $3 where id = $1",
        event_id,
        at,
        error,
    )


async def waits_for(
    connection: Connection,
    kind: WaitKind,
    name: str,
    key: str,
    *,
    before: datetime | None = None,
    unlike: UUID | None = None,
    limit: int = 1000,
) -> list[WaitOf]:
    """Who waits for a message or signal. A message needs the same key; a wait for a signal has none.

    ``before``: only those that waited already then; ``unlike``: without those that this signal has reached before.
    """
    rows = await connection.fetch(
        "select w.id, w.instance_id, i.subject_kind, i.subject_id from flow_wait w"
        " join flow_instance i on i.id = w.instance_id"
        " where w.kind = $1 and w.name = $2 and ($1 = 'signal' or w.key = $3)"
        " and ($4::timestamptz is null or w.created_at <= $4) and ($6::text is null or w.worker is distinct from $6)"
        " order by w.id limit $5",
        kind,
        name,
        key,
        before,
        limit,
        None if unlike is None else str(unlike),
    )
    return [WaitOf(*row) for row in rows]


async def mark_signal(connection: Connection, wait_id: UUID, signal_id: UUID) -> None:
    """A signal has reached this wait, also where the wait stays (a boundary event that does not interrupt)."""
    await connection.execute("update flow_wait set worker = $2 where id = $1", wait_id, str(signal_id))


async def claim_wait(connection: Connection, wait_id: UUID) -> tuple[WaitRow, InstanceRow] | None:
    """The wait with its instance, both locked; None when it is gone or the instance is suspended or over."""
    row = await connection.fetchrow(_CLAIM, wait_id)
    return None if row is None else (wait_of(row), instance_of(row, len(WAIT)))


async def take_work(
    connection: Connection, topics: Sequence[str], worker: str, at: datetime, lease: timedelta, limit: int
) -> list[WorkRow]:
    """Lease waiting work of these topics to a worker, the oldest first; what another has leased is passed over."""
    rows = await connection.fetch(
        "with taken as (select w.id from flow_wait w join flow_instance i on i.id = w.instance_id and i.state = 'active'"
        " where w.kind = 'work' and w.name = any($1) and (w.locked_until is null or w.locked_until <= $3)"
        " order by w.id limit $5 for update of w skip locked)"
        " update flow_wait w set worker = $2, locked_until = $3::timestamptz + $4 from taken, flow_instance i"
        " where w.id = taken.id and i.id = w.instance_id"
        " returning w.id, w.instance_id, i.subject_kind, i.subject_id, i.definition_id, w.node, w.name, w.area,"
        " i.variables, w.failures, w.locked_until",
        list(topics),
        worker,
        at,
        lease,
        limit,
    )
    return sorted((WorkRow(*row) for row in rows), key=lambda work: work.id)


async def leased_to(connection: Connection, wait_id: UUID) -> tuple[str | None, datetime | None, int] | None:
    """Who has leased the work until when, and how often it failed; None when it is gone."""
    row = await connection.fetchrow(
        "select worker, locked_until, failures from flow_wait where id = $1 and kind = 'work'", wait_id
    )
    return None if row is None else (row[0], row[1], row[2])


async def wait_instance(connection: Connection, wait_id: UUID) -> UUID | None:
    """The instance that a wait belongs to."""
    found: UUID | None = await connection.fetchval("select instance_id from flow_wait where id = $1", wait_id)
    return found


async def fail_work(connection: Connection, wait_id: UUID, again_at: datetime, error: str) -> None:
    """Give work back after a failure, to be tried again from ``again_at``."""
    await connection.execute(
        "update flow_wait set worker = null, locked_until = $2, failures = failures + 1, error = $3 where id = $1",
        wait_id,
        again_at,
        error,
    )


async def replace_starts(connection: Connection, key: str, starts: Sequence[StartRow]) -> None:
    """The starts of the newest version of a definition take the place of the older ones'."""
    await connection.execute(
        "delete from flow_start s using flow_definition d where d.id = s.definition_id and d.key = $1", key
    )
    await connection.executemany(
        "insert into flow_start (definition_id, node, kind, name, wake_at, clock, left_count)"
        " values ($1, $2, $3, $4, $5, $6, $7)",
        [(s.definition_id, s.node, s.kind, s.name, s.wake_at, s.clock, s.left_count) for s in starts],
    )


async def starts_for(connection: Connection, kind: str, name: str) -> list[StartRow]:
    """The definitions that a message or signal begins."""
    rows = await connection.fetch(
        "select definition_id, node, kind, name, wake_at, clock, left_count from flow_start"
        " where kind = $1 and name = $2 order by definition_id, node",
        kind,
        name,
    )
    return [StartRow(*row) for row in rows]


async def due_start(connection: Connection, at: datetime) -> StartRow | None:
    """A start by timer that is due, locked; None when nothing is."""
    row = await connection.fetchrow(
        "select definition_id, node, kind, name, wake_at, clock, left_count from flow_start"
        " where wake_at <= $1 order by wake_at limit 1 for update skip locked",
        at,
    )
    return None if row is None else StartRow(*row)


async def set_start(
    connection: Connection, definition_id: UUID, node: str, wake_at: datetime | None, clock: JsonObject, left: int
) -> None:
    """When a start by timer is due next; None: never again."""
    await connection.execute(
        "update flow_start set wake_at = $3, clock = $4, left_count = $5 where definition_id = $1 and node = $2",
        definition_id,
        node,
        wake_at,
        clock,
        left,
    )
