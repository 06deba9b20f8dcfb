"""All SQL that changes alarms, in bulk: a round of a follower costs a handful of statements however many alarms it makes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject, Record
from yiwang.sensing.alarms.model import Alarm

COLUMNS = ", ".join(f"a.{item.name}" for item in fields(Alarm))
_IS_OPEN = "state in ('raised', 'acknowledged')"


def alarm_of(row: Record) -> Alarm:
    """The alarm of a row that holds :data:`COLUMNS` first."""
    return Alarm(*tuple(row)[: len(fields(Alarm))])


@dataclass(frozen=True, slots=True)
class NewAlarm:
    """What is known of an alarm when it is raised."""

    id: UUID
    rule: str
    rule_version: int
    names: JsonObject
    kind: str
    source: str
    device_id: int | None
    area: str
    organisation_id: int | None
    lon: float | None
    lat: float | None
    severity: int
    began_at: datetime
    raised_at: datetime
    metric_id: int | None
    value: float | None
    limit_value: float | None
    fold_key: str | None


async def raise_alarms(connection: Connection, new: Sequence[NewAlarm]) -> list[Alarm]:
    """Insert alarms; those whose source has an open one of the same rule already are left out. Put aside where it is shelved."""
    rows = await connection.fetch(
        "with n as (select * from unnest($1::uuid[], $2::text[], $3::int[], $4::jsonb[], $5::text[], $6::text[], $7::int[],"
        " $8::text[], $9::int[], $10::float8[], $11::float8[], $12::smallint[], $13::timestamptz[], $14::timestamptz[],"
        " $15::smallint[], $16::float8[], $17::float8[], $18::text[]) as n (id, rule, rule_version, names, kind, source,"
        " device_id, area, organisation_id, lon, lat, severity, began_at, raised_at, metric_id, value, limit_value, fold_key))"
        ", a as (insert into alarm (id, rule, rule_version, names, kind, source, device_id, area, organisation_id, lon, lat,"
        " severity, state, began_at, raised_at, updated_at, metric_id, value, peak, limit_value, fold_key, shelved_until)"
        " select n.id, n.rule, n.rule_version, n.names, n.kind, n.source, n.device_id, n.area, n.organisation_id, n.lon, n.lat,"
        " n.severity, 'raised', n.began_at, n.raised_at, n.raised_at, n.metric_id, n.value, n.value, n.limit_value, n.fold_key,"
        " s.until from n left join alarm_shelf s on s.rule = n.rule and s.source = n.source and s.until > n.raised_at"
        f" on conflict (rule, source) where {_IS_OPEN} do nothing returning *) select {COLUMNS} from a",
        *_columns(new),
    )
    return [alarm_of(row) for row in rows]


def _columns(new: Sequence[NewAlarm]) -> list[list[object]]:
    return [[getattr(item, field.name) for item in new] for field in fields(NewAlarm)]


@dataclass(frozen=True, slots=True)
class Movement:
    """How an open alarm moved: over the limit still, or back to normal."""

    rule: str
    source: str
    severity: int
    value: float | None
    peak: float | None
    limit_value: float | None


async def escalate(connection: Connection, moved: Sequence[Movement], at: datetime) -> list[Alarm]:
    """Raise the severity of open alarms; severity never falls while an alarm is open."""
    rows = await connection.fetch(
        "with m as (select * from unnest($1::text[], $2::text[], $3::smallint[], $4::float8[], $5::float8[])"
        " as m (rule, source, severity, value, limit_value)), a as (update alarm a set"
        " severity = greatest(a.severity, m.severity), value = m.value, limit_value = coalesce(m.limit_value, a.limit_value),"
        " updated_at = $6, over = true, revision = a.revision + 1 from m"
        f" where a.rule = m.rule and a.source = m.source and a.{_IS_OPEN} returning a.*) select {COLUMNS} from a",
        [item.rule for item in moved],
        [item.source for item in moved],
        [item.severity for item in moved],
        [item.value for item in moved],
        [item.limit_value for item in moved],
        at,
    )
    return [alarm_of(row) for row in rows]


async def follow_values(connection: Connection, moved: Sequence[Movement], at: datetime) -> None:
    """The newest value and the peak of alarms that go on; nobody is told."""
    await connection.execute(
        "update alarm a set value = m.value, peak = coalesce(m.peak, a.peak), updated_at = $5"
        " from unnest($1::text[], $2::text[], $3::float8[], $4::float8[]) as m (rule, source, value, peak)"
        f" where a.rule = m.rule and a.source = m.source and a.{_IS_OPEN}",
        [item.rule for item in moved],
        [item.source for item in moved],
        [item.value for item in moved],
        [item.peak for item in moved],
        at,
    )


async def clear(connection: Connection, keys: Sequence[tuple[str, str, float | None]], at: datetime) -> list[Alarm]:
    """Open alarms of (rule, source) that are normal again, with the value that said so."""
    rows = await connection.fetch(
        "with a as (update alarm a set state = 'cleared', cleared_at = $4, updated_at = $4, over = false,"
        " value = coalesce(m.value, a.value), revision = a.revision + 1"
        " from unnest($1::text[], $2::text[], $3::float8[]) as m (rule, source, value)"
        f" where a.rule = m.rule and a.source = m.source and a.{_IS_OPEN} returning a.*) select {COLUMNS} from a",
        [key[0] for key in keys],
        [key[1] for key in keys],
        [key[2] for key in keys],
        at,
    )
    return [alarm_of(row) for row in rows]


async def no_longer_over(connection: Connection, keys: Sequence[tuple[str, str, float | None]]) -> None:
    """Alarms that a person closed while they were over the limit, and that are normal now."""
    await connection.execute(
        "update alarm a set over = false from unnest($1::text[], $2::text[]) as m (rule, source)"
        " where a.rule = m.rule and a.source = m.source and a.over and a.state = 'closed'",
        [key[0] for key in keys],
        [key[1] for key in keys],
    )


# -- storms ------------------------------------------------------------------------------------------------------------


async def open_parent(connection: Connection, rule: str, source: str) -> Alarm | None:
    row = await connection.fetchrow(
        f"select {COLUMNS} from alarm a where a.rule = $1 and a.source = $2 and a.{_IS_OPEN} for update", rule, source
    )
    return alarm_of(row) if row else None


async def foldable(connection: Connection, rule: str, key: str, since: datetime) -> list[Alarm]:
    """The open, unfolded, unshelved alarms of a rule with this key that were raised since."""
    rows = await connection.fetch(
        f"select {COLUMNS} from alarm a where a.rule = $1 and a.fold_key = $2 and a.raised_at >= $3 and a.{_IS_OPEN}"
        " and a.folded_into is null and a.device_id is not null and a.shelved_until is null order by a.raised_at limit 10000",
        rule,
        key,
        since,
    )
    return [alarm_of(row) for row in rows]


async def fold(
    connection: Connection, parent: Alarm, children: Sequence[UUID], severity: int, at: datetime
) -> list[Alarm]:
    """Put alarms under their parent, whose severity is that of the gravest; cases that they were still to open are not opened."""
    rows = await connection.fetch(
        "with a as (update alarm a set folded_into = $1, updated_at = $3, revision = revision + 1"
        f" where a.id = any($2::uuid[]) and a.folded_into is null returning a.*) select {COLUMNS} from a",
        parent.id,
        list(children),
        at,
    )
    await connection.execute("delete from alarm_opening where alarm_id = any($1::uuid[]) and done_at is null", children)
    await connection.execute(
        "update alarm set children = children + $2, severity = greatest(severity, $3), updated_at = $4,"
        " revision = revision + 1 where id = $1",
        parent.id, len(rows), severity, at,
    )  # fmt: skip
    return [alarm_of(row) for row in rows]


async def parents_without_open_children(connection: Connection, parents: Sequence[UUID]) -> list[tuple[str, str]]:
    """(rule, source) of the open parents among these, all of whose children are over."""
    rows = await connection.fetch(
        f"select p.rule, p.source from alarm p where p.id = any($1::uuid[]) and p.{_IS_OPEN} and not exists"
        f" (select from alarm c where c.folded_into = p.id and c.{_IS_OPEN})",
        list(parents),
    )
    return [(row["rule"], row["source"]) for row in rows]


# -- what it opens -----------------------------------------------------------------------------------------------------


async def will_open(connection: Connection, alarms: Sequence[UUID], due_at: datetime) -> None:
    """These alarms are to open a case at ``due_at``, each once."""
    await connection.execute(
        "insert into alarm_opening (alarm_id, due_at) select unnest($1::uuid[]), $2 on conflict do nothing",
        list(alarms),
        due_at,
    )


async def will_not_open(connection: Connection, alarms: Sequence[UUID]) -> None:
    """An alarm that is over before its case was due opens none."""
    await connection.execute(
        "delete from alarm_opening where alarm_id = any($1::uuid[]) and done_at is null", list(alarms)
    )


async def tell_case(
    connection: Connection, alarms: Sequence[UUID], verb: str, at: datetime, due_at: datetime, data: JsonObject
) -> None:
    """Something that the alarms' cases have to be told at ``due_at``."""
    await connection.execute(
        "insert into alarm_news (alarm_id, verb, at, due_at, data) select unnest($1::uuid[]), $2, $3, $4, $5",
        list(alarms), verb, at, due_at, data,
    )  # fmt: skip


# -- people ------------------------------------------------------------------------------------------------------------


async def lock(connection: Connection, ids: Sequence[UUID]) -> list[Alarm]:
    """The alarms, locked in the order of their ids."""
    rows = await connection.fetch(
        f"select {COLUMNS} from alarm a where a.id = any($1::uuid[]) order by a.id for update", list(ids)
    )
    return [alarm_of(row) for row in rows]


async def acknowledge(connection: Connection, ids: Sequence[UUID], actor: Actor, at: datetime) -> None:
    await connection.execute(
        "update alarm set state = 'acknowledged', acknowledged_at = $2, acknowledged_by = $3, acknowledged_label = $4,"
        " updated_at = $2, revision = revision + 1 where id = any($1::uuid[])",
        list(ids), at, actor.account_id, actor.label,
    )  # fmt: skip


async def close(connection: Connection, ids: Sequence[UUID], actor: Actor, at: datetime) -> None:
    await connection.execute(
        "update alarm set state = 'closed', closed_at = $2, closed_label = $3, updated_at = $2, revision = revision + 1"
        " where id = any($1::uuid[])",
        list(ids), at, actor.label,
    )  # fmt: skip


async def shelve(
    connection: Connection, alarms: Sequence[Alarm], until: datetime, reason: str, actor: Actor, at: datetime
) -> None:
    """Put the sources of these alarms aside: what they raise until then waits on the shelf."""
    await connection.execute(
        "insert into alarm_shelf (rule, source, until, reason, by_id, by_label, at)"
        " select r, s, $3, $4, $5, $6, $7 from unnest($1::text[], $2::text[]) as u (r, s)"
        " on conflict (rule, source) do update set until = excluded.until, reason = excluded.reason,"
        " by_id = excluded.by_id, by_label = excluded.by_label, at = excluded.at",
        [alarm.rule for alarm in alarms], [alarm.source for alarm in alarms],
        until, reason, actor.account_id, actor.label, at,
    )  # fmt: skip
    await connection.execute(
        "update alarm set shelved_until = $2, updated_at = $3, revision = revision + 1 where id = any($1::uuid[])",
        [alarm.id for alarm in alarms], until, at,
    )  # fmt: skip


async def unshelve(connection: Connection, alarms: Sequence[Alarm], at: datetime) -> None:
    await connection.execute(
        "delete from alarm_shelf s using unnest($1::text[], $2::text[]) as u (rule, source)"
        " where s.rule = u.rule and s.source = u.source",
        [alarm.rule for alarm in alarms],
        [alarm.source for alarm in alarms],
    )
    await connection.execute(
        "update alarm set shelved_until = null, updated_at = $2, revision = revision + 1 where id = any($1::uuid[])",
        [alarm.id for alarm in alarms],
        at,
    )


async def off_the_shelf(connection: Connection, at: datetime, limit: int) -> list[Alarm]:
    """Open alarms whose time on the shelf has passed, locked; shelves without an alarm end by themselves."""
    await connection.execute("delete from alarm_shelf where until <= $1", at)
    rows = await connection.fetch(
        f"select {COLUMNS} from alarm a where a.shelved_until <= $1 and a.{_IS_OPEN}"
        " order by a.id limit $2 for update skip locked",
        at,
        limit,
    )
    return [alarm_of(row) for row in rows]
