"""What really happened: instances of a definition in a period, with their visits to steps, as the measure of a simulation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.flow.clocks import cached_deadline
from yiwang.flow.model import Graph, How, InstanceState, UserTask
from yiwang.flow.store.heat import within_area
from yiwang.flow.versions.matching import Pairs
from yiwang.kernel.access import Sql
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Connection, Json, Record
from yiwang.kernel.deadlines import DeadlineOutOfRange, DeadlineUnreadable

most_steps_a_case = 500
_DONE: frozenset[How] = frozenset({"done", "sent_back"})


@dataclass(frozen=True, slots=True)
class Step:
    """A step of a definition: the definition's key and the node."""

    key: str
    node: str


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay at a step, which may still last (``done_at`` None). Seconds: ``elapsed`` by the clock, ``worked`` of working
    time, ``rest`` by the clock after the last of it, ``paused`` (挂账) as the step's limit counts.

    ``to``: the step to which it was sent back.
    """

    step: Step
    how: How | None
    outcome: str | None
    created_at: datetime
    done_at: datetime | None
    overdue: bool
    actor_id: UUID | None
    elapsed: float
    worked: float
    rest: float
    paused: float
    to: str | None

    @property
    def is_measure(self) -> bool:
        """Whether it tells how long the step takes: somebody finished it, or sent it back."""
        return self.how in _DONE

    @property
    def is_cut(self) -> bool:
        """Whether it would have lasted longer: it was ended from outside, or lasts still."""
        return self.how is None or self.how in ("timer", "event", "withdrawn", "jumped", "cancelled", "recalled")

    def end_from(self, start: datetime, calendar: WorkingCalendar, *, in_office: bool) -> datetime:
        """When it would be done if it began then; ``in_office``: it goes on in working time."""
        if in_office and self.worked > 0:
            return calendar.add_working(start, self.worked) + _seconds(self.rest)
        return start + _seconds(self.elapsed)


@dataclass(frozen=True, slots=True)
class RealCase:
    """An instance as it went. ``variables`` are those known of it now, without who did what."""

    id: UUID
    definition_id: UUID
    area: str
    grid: str
    state: InstanceState
    variables: Mapping[str, Json]
    started_at: datetime
    ended_at: datetime | None
    visits: tuple[Visit, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which cases: of a definition, begun in the period, within an area; at most ``most``, drawn by ``seed``."""

    key: str
    since: datetime
    until: datetime
    area: str
    most: int
    seed: int


@dataclass(frozen=True, slots=True)
class Source:
    """A definition that cases ran on, and what its elements are in the one that is simulated."""

    key: str
    graph: Graph
    pairs: Pairs


async def definitions_of_cases(connection: Connection, wanted: Wanted) -> tuple[int, list[UUID]]:
    """How many cases began in the period, and every definition that they and the steps they called ran on."""
    args = Sql()
    cases = _cases(args, wanted)
    count: int = await connection.fetchval(f"select count(*) from ({cases}) i", *args.values)
    rows = await connection.fetch(
        f"with i as materialized ({cases}) select definition_id from i"
        " union select s.definition_id from flow_step s join i on i.id = s.instance_id where s.definition_id is not null"
        " union select t.definition_id from flow_task t join i on i.id = t.instance_id where t.definition_id is not null",
        *args.values,
    )
    return count, [row[0] for row in rows]


async def real_cases(
    connection: Connection,
    wanted: Wanted,
    sources: Mapping[UUID, Source],
    calendar: WorkingCalendar,
    now: datetime,
) -> list[RealCase]:
    """The cases with their visits, in the order of their start. Of more than ``most`` an even sample."""
    args = Sql()
    cases = _cases(args, wanted)
    most, seed = args.bind(wanted.most), args.bind(wanted.seed)
    rows = await connection.fetch(
        f"select * from ({cases} order by hashtextextended(i.id::text, {seed}), i.id limit {most}) i"
        " order by started_at, id",
        *args.values,
    )
    ids = [row["id"] for row in rows]
    found: dict[UUID, list[Record]] = {name: [] for name in ids}
    for step in await connection.fetch(
        "select s.instance_id, coalesce(s.definition_id, i.definition_id) as definition_id, s.node, s.how, s.outcome,"
        " s.created_at, s.done_at, s.due_at is not null as limited, s.used_seconds, s.overdue, s.actor_id"
        " from flow_step s join flow_instance i on i.id = s.instance_id"
        " where s.instance_id = any($1) and s.kind = 'step' union all"
        " select t.instance_id, coalesce(t.definition_id, i.definition_id), t.node, null, null, t.created_at, null,"
        " t.due_at is not null, 0, t.due_at is not null and t.due_at < $2, null"
        " from flow_task t join flow_instance i on i.id = t.instance_id"
        " where t.instance_id = any($1) and t.kind = 'step' order by created_at",
        ids,
        now,
    ):
        found[step["instance_id"]].append(step)
    return [_case(row, found[row["id"]][:most_steps_a_case], sources, calendar, now) for row in rows]


def _cases(args: Sql, wanted: Wanted) -> str:
    key, since, until = args.bind(wanted.key), args.bind(wanted.since), args.bind(wanted.until)
    return (
        "select i.id, i.definition_id, i.area, i.grid, i.state, i.variables, i.started_at, i.ended_at from flow_instance i"
        f" where i.definition_id in (select id from flow_definition where key = {key} and state <> 'draft')"
        f" and i.started_at >= {since} and i.started_at < {until} and {within_area(args, wanted.area, 'i')}"
    )


def _case(
    row: Record, steps: Iterable[Record], sources: Mapping[UUID, Source], calendar: WorkingCalendar, now: datetime
) -> RealCase:
    variables = {name: value for name, value in row["variables"].items() if name not in ("by", "agreed")}
    visits = [_visit(step, variables, sources, calendar, now) for step in steps]
    begun: dict[datetime, list[Visit]] = {}
    for visit in visits:
        begun.setdefault(visit.created_at, []).append(visit)
    for place, visit in enumerate(visits):
        if visit.how == "sent_back" and visit.done_at is not None:
            after = [other for other in begun.get(visit.done_at, ()) if other is not visit]
            visits[place] = replace(visit, to=after[0].step.node if after else None)
    return RealCase(
        row["id"],
        row["definition_id"],
        row["area"],
        row["grid"],
        row["state"],
        variables,
        row["started_at"],
        row["ended_at"],
        tuple(visits),
    )


def _visit(
    row: Record,
    variables: Mapping[str, Json],
    sources: Mapping[UUID, Source],
    calendar: WorkingCalendar,
    now: datetime,
) -> Visit:
    """The visit in the words of the definition that is simulated; a step that it does not have keeps its own."""
    source = sources[row["definition_id"]]
    start, end = row["created_at"], row["done_at"] or now
    elapsed = max(0.0, (end - start).total_seconds())
    worked = max(0.0, calendar.working_seconds(start, end))
    rest = (end - calendar.add_working(start, worked)).total_seconds() if worked else 0.0
    node = source.graph.nodes.get(row["node"])
    counted = worked if isinstance(node, UserTask) and counts_working(node, variables) else elapsed
    paused = counted - row["used_seconds"] if row["done_at"] is not None and row["limited"] else 0.0
    return Visit(
        step=Step(source.key, source.pairs.nodes.get(row["node"], row["node"])),
        how=row["how"],
        outcome=row["outcome"],
        created_at=start,
        done_at=row["done_at"],
        overdue=row["overdue"],
        actor_id=row["actor_id"],
        elapsed=elapsed,
        worked=worked,
        rest=max(0.0, rest),
        paused=paused if paused > 1 else 0.0,
        to=None,
    )


def counts_working(task: UserTask, variables: Mapping[str, Json]) -> bool:
    """Whether the step's own limit counts working time only."""
    if task.deadline is None or task.deadline.limit is None:
        return False
    text = task.deadline.limit.of(variables)
    try:
        return isinstance(text, str) and cached_deadline(text).unit.counts_working_time
    except (DeadlineUnreadable, DeadlineOutOfRange):
        return False


def _seconds(value: float) -> timedelta:
    return timedelta(seconds=value)
