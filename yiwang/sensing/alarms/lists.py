"""Lists, counts and single alarms as a reader may see them: the scope is a condition of the query, everywhere the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection
from yiwang.sensing.alarms.model import OPEN, Alarm, AlarmState
from yiwang.sensing.alarms.store import COLUMNS, alarm_of

_MOST_COUNTED = 10_000


@dataclass(frozen=True, slots=True)
class Which:
    """Which alarms: every given member narrows. ``shelved``: None both, else only those (not) on the shelf."""

    states: tuple[AlarmState, ...] = ()
    least: int = 0
    rule: str | None = None
    device: int | None = None
    area: str = ""
    parent: UUID | None = None
    case: UUID | None = None
    shelved: bool | None = None
    bbox: tuple[float, float, float, float] | None = None
    since: datetime | None = None
    until: datetime | None = None

    def where(self, actor: Actor, args: Sql, verb: str = "read") -> str:
        """The condition on ``alarm a``; folded alarms stand in the list of their parent only."""
        parts = [scope_condition(actor, "alarm", verb, args, area="a.area", organisation="a.organisation_id")]
        if self.states:
            # written out where it is the open ones, so that the partial index serves
            parts.append(
                "a.state in ('raised', 'acknowledged')"
                if set(self.states) == set(OPEN)
                else f"a.state = any({args.bind(list(self.states))}::text[])"
            )
        if self.least:
            parts.append(f"a.severity >= {args.bind(self.least)}")
        if self.rule is not None:
            parts.append(f"a.rule = {args.bind(self.rule)}")
        if self.device is not None:
            parts.append(f"a.device_id = {args.bind(self.device)}")
        if self.area:
            low = args.bind(self.area)
            parts.append(f"a.area >= {low} and a.area < {args.bind(self.area + chr(0x10FFFF))}")
        if self.case is not None:
            parts.append(f"a.case_id = {args.bind(self.case)}")
        if self.parent is not None:
            parts.append(f"a.folded_into = {args.bind(self.parent)}")
        elif self.device is None and self.case is None:
            parts.append("a.folded_into is null")
        if self.shelved is not None:
            parts.append("a.shelved_until is not null" if self.shelved else "a.shelved_until is null")
        if self.bbox is not None:
            west, south, east, north = (args.bind(value) for value in self.bbox)
            parts.append(f"a.lon between {west} and {east} and a.lat between {south} and {north}")
        if self.since is not None:
            parts.append(f"a.raised_at >= {args.bind(self.since)}")
        if self.until is not None:
            parts.append(f"a.raised_at < {args.bind(self.until)}")
        return " and ".join(parts)


async def listed(
    connection: Connection, actor: Actor, which: Which, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[Alarm]:
    """Newest first; ``before`` is (raised_at, id) of the last one of the page before."""
    args = Sql()
    where = which.where(actor, args)
    if before is not None:
        where += f" and (a.raised_at, a.id) < ({args.bind(before[0])}, {args.bind(before[1])})"
    rows = await connection.fetch(
        f"select {COLUMNS} from alarm a where {where} order by a.raised_at desc, a.id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [alarm_of(row) for row in rows]


async def gravest(connection: Connection, actor: Actor, which: Which, *, limit: int) -> list[Alarm]:
    """The gravest first, of those the newest; for the board."""
    args = Sql()
    where = which.where(actor, args)
    rows = await connection.fetch(
        f"select {COLUMNS} from alarm a where {where} order by a.severity desc, a.raised_at desc, a.id desc"
        f" limit {args.bind(limit)}",
        *args.values,
    )
    return [alarm_of(row) for row in rows]


async def one(connection: Connection, actor: Actor, alarm_id: UUID, verb: str = "read") -> Alarm | None:
    args = Sql()
    where = scope_condition(actor, "alarm", verb, args, area="a.area", organisation="a.organisation_id")
    row = await connection.fetchrow(
        f"select {COLUMNS} from alarm a where a.id = {args.bind(alarm_id)} and {where}", *args.values
    )
    return alarm_of(row) if row else None


async def reachable(connection: Connection, actor: Actor, ids: Sequence[UUID], verb: str) -> set[UUID]:
    """Those of the alarms on which the actor may do ``verb``."""
    args = Sql()
    where = scope_condition(actor, "alarm", verb, args, area="a.area", organisation="a.organisation_id")
    rows = await connection.fetch(
        f"select a.id from alarm a where a.id = any({args.bind(list(ids))}::uuid[]) and {where}", *args.values
    )
    return {row["id"] for row in rows}


@dataclass(frozen=True, slots=True)
class Count:
    """Open alarms of one severity, state and rule."""

    severity: int
    state: AlarmState
    rule: str
    shelved: bool
    count: int


async def counts(connection: Connection, actor: Actor, area: str) -> list[Count]:
    """How many alarms are open, at most ten thousand looked at."""
    args = Sql()
    where = Which(states=OPEN, area=area).where(actor, args)
    rows = await connection.fetch(
        "select severity, state, rule, shelved, count(*)::int as count from (select a.severity, a.state, a.rule,"
        f" a.shelved_until is not null as shelved from alarm a where {where} limit {_MOST_COUNTED}) c"
        " group by 1, 2, 3, 4 order by 1 desc, 3",
        *args.values,
    )
    return [Count(**dict(row)) for row in rows]
