"""How long steps wait: figures of a definition by step, in one statement over finished steps and open tasks.

A visit is a task of the flow's own (an added 加签 or 委派 task lies within the visit of its step and is not counted again).
Visits that were passed over or cut off from outside say nothing of how long the step takes and are counted apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, Record

PASSED_OVER = ("skipped", "moved")
"""Nobody had it: passed over, or carried on in another version."""
CUT_OFF = ("withdrawn", "cancelled", "jumped", "recalled")
"""It ended because something else did."""
RETURNED = ("sent_back",)
_GENERAL = ("instance", "flow")
"""Kinds of grant that are about instances whatever their subject."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Seconds: the sum over all visits, mean, median and 90th percentile; None without a visit."""

    total: float
    mean: float | None
    median: float | None
    p90: float | None


@dataclass(frozen=True, slots=True)
class StepFigures:
    """Of one step. ``visits`` ended in the period by the step's own doing; ``cases`` are the instances they belong to.

    ``elapsed`` is by the clock, ``used`` as the step's limit counts (working seconds where it counts working time, without
    pauses). ``skipped`` and ``cut_off`` are not among the visits. ``open`` wait now, ``open_seconds`` together so far.
    """

    node: str
    visits: int
    cases: int
    returned: int
    overdue: int
    skipped: int
    cut_off: int
    elapsed: Spread
    used: Spread
    open: int
    open_overdue: int
    open_seconds: float

    @property
    def overdue_share(self) -> float | None:
        return self.overdue / self.visits if self.visits else None

    @property
    def return_share(self) -> float | None:
        """Of the visits that were sent back (退回)."""
        return self.returned / self.visits if self.visits else None

    @property
    def repeat_share(self) -> float | None:
        """Of the visits that were not the first of their case within the period: rework."""
        return 1 - self.cases / self.visits if self.visits else None

    @property
    def waiting(self) -> float:
        """All waiting here, in seconds by the clock: what ended in the period, and what waits now so far."""
        return self.elapsed.total + self.open_seconds


@dataclass(frozen=True, slots=True)
class Selection:
    """Which steps are looked at: of a definition (one version or all), ended in the period, within an area code."""

    key: str
    version: int | None
    since: datetime
    until: datetime
    area: str = ""


_SPREAD = """
    coalesce(sum({0}), 0) as {0}_total, avg({0}) as {0}_mean,
    percentile_cont(array[0.5, 0.9]) within group (order by {0}) as {0}_shares"""


def readable(actor: Actor, args: Sql, row: str) -> str:
    """SQL that is true for the rows (columns subject_kind, area, organisation_id) whose figures the actor may see.

    Whoever may read subjects of a kind in an area sees the figures of the steps there; a grant limited to organisations
    reaches the steps that these organisations have done. Who keeps flows running (``flow: read``) sees all figures.
    """
    area, organisation = f"{row}.area", f"{row}.organisation_id"
    # Asked first with parameters of its own: a bound one that no condition uses would make the statement fail.
    whole = (scope_condition(actor, kind, "read", Sql(), area=area, organisation=organisation) for kind in _GENERAL)
    if "true" in whole:
        return "true"
    parts = [scope_condition(actor, kind, "read", args, area=area, organisation=organisation) for kind in _GENERAL]
    for kind in sorted({grant.kind for grant in actor.grants if grant.covers(grant.kind, "read")} - {"*", *_GENERAL}):
        within = scope_condition(actor, kind, "read", args, area=area, organisation=organisation)
        parts.append(f"({row}.subject_kind = {args.bind(kind)} and {within})")
    return "(" + " or ".join(parts) + ")"


def within_area(args: Sql, area: str, row: str) -> str:
    """SQL for an area code and everything below it; "" is everywhere."""
    if not area:
        return "true"
    return f"({row}.area >= {args.bind(area)} and {row}.area < {args.bind(area + chr(0x10FFFF))})"


async def step_figures(connection: Connection, actor: Actor, wanted: Selection, now: datetime) -> list[StepFigures]:
    """The figures by step, in one statement; steps that nobody entered in the period are not among them."""
    args = Sql()
    key, version = args.bind(wanted.key), args.bind(wanted.version)
    since, until, moment = args.bind(wanted.since), args.bind(wanted.until), args.bind(now)
    passed, cut, returned = args.bind(list(PASSED_OVER)), args.bind(list(CUT_OFF)), args.bind(list(RETURNED))
    rows = await connection.fetch(
        f"""
        with wanted as materialized (
            select id from flow_definition where key = {key} and ({version}::int is null or version = {version})
        ), ended as (
            select s.node, s.instance_id, s.how, s.overdue, s.used_seconds as used,
                extract(epoch from s.done_at - s.created_at)::float8 as elapsed
            from flow_step s join flow_instance i on i.id = s.instance_id
            where coalesce(s.definition_id, i.definition_id) in (select id from wanted)
                and s.done_at >= {since} and s.done_at < {until} and s.kind = 'step'
                and {within_area(args, wanted.area, "s")} and {readable(actor, args, "s")}
        ), figures as (
            select node, count(*) as visits, count(distinct instance_id) as cases,
                count(*) filter (where how = any({returned})) as returned, count(*) filter (where overdue) as overdue,
                {_SPREAD.format("elapsed")}, {_SPREAD.format("used")}
            from ended where how <> all({passed}) and how <> all({cut}) group by node
        ), apart as (
            select node, count(*) filter (where how = any({passed})) as skipped,
                count(*) filter (where how = any({cut})) as cut_off
            from ended where how = any({passed}) or how = any({cut}) group by node
        ), standing as (
            select t.node, count(*) as open, count(*) filter (where t.due_at <= {moment}) as open_overdue,
                sum(greatest(0, extract(epoch from {moment} - t.created_at)))::float8 as open_seconds
            from flow_task t join flow_instance i on i.id = t.instance_id
            where coalesce(t.definition_id, i.definition_id) in (select id from wanted)
                and i.state in ('active', 'suspended') and t.kind = 'step'
                and {within_area(args, wanted.area, "t")} and {readable(actor, args, "t")}
            group by t.node
        )
        select node, coalesce(visits, 0) as visits, coalesce(cases, 0) as cases, coalesce(returned, 0) as returned,
            coalesce(overdue, 0) as overdue, coalesce(skipped, 0) as skipped, coalesce(cut_off, 0) as cut_off,
            coalesce(elapsed_total, 0) as elapsed_total, elapsed_mean, elapsed_shares,
            coalesce(used_total, 0) as used_total, used_mean, used_shares,
            coalesce(open, 0) as open, coalesce(open_overdue, 0) as open_overdue, coalesce(open_seconds, 0) as open_seconds
        from figures full join apart using (node) full join standing using (node) order by node
        """,
        *args.values,
    )
    return [_figures(row) for row in rows]


def _figures(row: Record) -> StepFigures:
    return StepFigures(
        row["node"],
        row["visits"],
        row["cases"],
        row["returned"],
        row["overdue"],
        row["skipped"],
        row["cut_off"],
        _spread(row, "elapsed"),
        _spread(row, "used"),
        row["open"],
        row["open_overdue"],
        row["open_seconds"],
    )


def _spread(row: Record, name: str) -> Spread:
    median, p90 = row[f"{name}_shares"] or (None, None)
    return Spread(row[f"{name}_total"], row[f"{name}_mean"], median, p90)
