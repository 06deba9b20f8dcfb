"""What every verb of a rehearsal stands on: the rows, the walk, time, and deliveries between instances."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from yiwang.flow.assignment import Assignment, Place, Queue
from yiwang.flow.changes import Changes, advance
from yiwang.flow.clocks import read_clocks
from yiwang.flow.decisions.model import Table
from yiwang.flow.errors import (
    InstanceEnded,
    InstanceSuspended,
)
from yiwang.flow.model import (
    Advance,
    Cause,
    Definition,
    Directory,
    InstanceRow,
    StepRow,
    WaitRow,
)
from yiwang.flow.rehearsal.late import fire
from yiwang.flow.rehearsal.mail import Mail, Parcel
from yiwang.flow.rehearsal.rows import Rows
from yiwang.flow.rehearsal.starts import TimedStarts
from yiwang.flow.rehearsal.tracing import Trodden, traced
from yiwang.flow.rehearsal.waiting import Waiting, all_waiting
from yiwang.flow.service.base import check_size, check_variables, unmoved
from yiwang.flow.service.world import World
from yiwang.flow.standing import Act, Standing
from yiwang.flow.timing import Timing
from yiwang.flow.walk import Event, Started, Triggered
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id

subject_kind = "rehearsal"


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened: when, in which instance, by whom, at which node, and what the engine answered.

    ``node`` is the step, event or work that it happened to, "" for a start; ``trodden`` what was walked because of it.
    """

    at: datetime
    instance: str
    by: Actor
    cause: Cause
    node: str
    outcome: str | None
    answer: Advance
    trodden: tuple[Trodden, ...]


class Stage:
    """Definitions, the newest of each key; ``directory`` answers who is there, ``tables`` decide.

    Time stands still until :meth:`pass_until`. Every verb answers with what happened, timers and deliveries included, and
    raises what the service's verb of that name raises; then nothing has changed.
    """

    def __init__(
        self,
        definitions: Sequence[Definition],
        directory: Directory,
        calendar: WorkingCalendar,
        at: datetime,
        *,
        tables: Iterable[Table] = (),
        fallback_post: str = "system-admin",
    ) -> None:
        self.now = at.astimezone(UTC)
        self.calendar = calendar
        self.assignment = Assignment(directory, fallback_post)
        self.definitions = {definition.key: definition for definition in definitions}
        self._known = {definition.id: definition for definition in definitions}
        self._tables = {table.key: table for table in tables}
        self._mail = Mail()
        self.instances: dict[str, Rows] = {}
        self.moments: list[Moment] = []
        self._starts: TimedStarts | None = None

    @property
    def timing(self) -> Timing:
        return Timing(self.calendar, self.now)

    @property
    def undelivered(self) -> tuple[Parcel, ...]:
        """Messages that nobody expects yet."""
        return tuple(self._mail.parcels)

    def await_timed_starts(self) -> None:
        """From now on definitions whose start is a timer begin by themselves, as once they are published."""
        self._starts = TimedStarts(self.definitions.values(), self.timing)

    # What waits

    def waiting(self, instance: str) -> tuple[Waiting, ...]:
        """Everything that waits, tasks first, each kind in the order in which it came."""
        return tuple(all_waiting(instance, self._rows(instance), self._known, self.assignment.directory, self.now))

    def start(
        self,
        key: str,
        variables: Mapping[str, Json] | None = None,
        by: Actor = SYSTEM,
        *,
        area: str = "",
        grid: str = "",
        node: str = "",
        name: str = "",
    ) -> list[Moment]:
        """Begin an instance of the definition ``key``, called ``name`` here (the key, and a number where that is taken)."""
        before = len(self.moments)
        definition = self.definitions.get(key)
        if definition is None:
            raise NotFound(what=f"流程 {key}")
        given: JsonObject = dict(variables or {})
        check_variables(given, given)
        if by.account_id is not None and definition.graph.asks_starter:
            given = {**given, "starter": str(by.account_id)}
        chosen = name or self._free_name(key)
        row = InstanceRow(
            new_id(), definition.id, subject_kind, new_id(), area, grid, "active", given, {}, self.now, None, None
        )
        self._go(chosen, Rows(definition, row), Started(node), Act("start", by, self.now), is_new=True)
        self._deliver()
        return self.moments[before:]

    def _free_name(self, key: str) -> str:
        taken = sum(1 for name in self.instances if name == key or name.startswith(f"{key}-"))
        return key if not taken else f"{key}-{taken + 1}"

    # Time

    def pass_until(self, moment: datetime) -> list[Moment]:
        """Let time pass; timers fire when they are due, one after another."""
        before, moment = len(self.moments), moment.astimezone(UTC)
        while True:
            due = [
                (timer.wake_at, name, timer)
                for name, rows in self.instances.items()
                for timer in rows.timers.values()
                if timer.wake_at is not None and timer.wake_at <= moment
            ]
            wakes = min((wake for wake, _, _ in due), default=None)
            begins = self._starts.next if self._starts is not None else None
            if begins is not None and begins <= moment and (wakes is None or begins < wakes):
                self._begin_timed(begins)
                continue
            if wakes is None:
                break
            self.now = max(self.now, wakes)
            _, name, timer = min(due, key=lambda item: item[0])
            changes, answer, trodden = fire(self, self._rows(name), timer)
            self._written(name, changes, answer, SYSTEM, timer.node, None, trodden)
            self._deliver()
        self.now = max(self.now, moment)
        return self.moments[before:]

    def _begin_timed(self, at: datetime) -> None:
        self.now = max(self.now, at)
        if self._starts is not None:
            for key, node in self._starts.take(self.timing):
                self.start(key, node=node)

    # Deliveries

    def waits(self, kind: str, name: str, key: str | None) -> list[tuple[str, WaitRow]]:
        """Who waits for a message or signal, the longest first, with the instance."""
        return [
            (instance, wait)
            for instance, rows in self.instances.items()
            if rows.instance.state == "active"
            for wait in rows.waits.values()
            if wait.kind == kind and wait.name == name and key in (None, wait.key)
        ]

    def begins_with(self, kind: str, name: str) -> list[tuple[str, str]]:
        """The definitions that a message or signal begins: key and start event."""
        return [
            (definition.key, start.id)
            for definition in self.definitions.values()
            for start in definition.graph.starts
            if start.trigger is not None and (start.trigger.kind, start.trigger.name) == (kind, name)
        ]

    def reach(self, instance: str, wait: WaitRow, variables: Mapping[str, Json]) -> None:
        """Let what was waited for happen."""
        rows = self._active(instance)
        holder = None if wait.holder_id == rows.instance.id else wait.holder_id
        act = Act("event", SYSTEM, self.now, left="event", timer=wait.node)
        self._go(instance, rows, Triggered(holder, wait.node, variables, wait.id), act, node=wait.node)

    def _deliver(self) -> None:
        while self._mail.deliver(self):
            pass

    # The walk

    def plan(
        self, rows: Rows, event: Event, act: Act, variables: Mapping[str, Json] | None = None, *, is_new: bool = False
    ) -> tuple[Changes, Advance, list[Trodden]]:
        """What an event changes; nothing is changed yet."""
        standing = rows.standing(self._known)
        merged = {**rows.instance.variables, **variables} if variables else rows.instance.variables
        delta, trodden = traced(rows.definition.graph, standing.position, event, merged, self.world(rows))
        changes, answer = advance(standing, delta, merged, act, self.timing, is_new=is_new)
        if variables:
            check_variables(variables, answer.variables)
        else:
            check_size(answer.variables)
        return changes, answer, trodden

    def world(self, rows: Rows) -> World:
        """What the walk of an instance may ask."""
        world = World(self.assignment, Place(rows.instance.area, rows.instance.grid), self.now)
        world.add(*self.definitions.values())
        world.tables.update(self._tables)
        return world

    def _go(
        self,
        name: str,
        rows: Rows,
        event: Event,
        act: Act,
        variables: Mapping[str, Json] | None = None,
        *,
        node: str = "",
        is_new: bool = False,
    ) -> None:
        changes, answer, trodden = self.plan(rows, event, act, variables, is_new=is_new)
        if is_new:
            self.instances[name] = rows
        self._written(name, changes, answer, act.actor, node, act.outcome, trodden)

    def _written(
        self,
        name: str,
        changes: Changes,
        answer: Advance,
        by: Actor,
        node: str,
        outcome: str | None,
        trodden: Sequence[Trodden],
    ) -> None:
        self._rows(name).apply(changes)
        moment = Moment(self.now, name, by, answer.cause, node, outcome, answer, tuple(trodden))
        self.moments.append(moment)
        for item in answer.thrown:
            self._mail.post(item, answer.variables, self.now)

    def _unmoved(self, name: str, rows: Rows, changes: Changes, act: Act) -> list[Moment]:
        standing: Standing = rows.standing(self._known)
        instance = changes.instance or rows.instance
        answer = unmoved(standing, act, instance, read_clocks(instance.clocks, self.calendar))
        self._written(name, changes, answer, act.actor, "", None, ())
        return self.moments[-1:]

    def queue_of(self, step: StepRow) -> Queue | None:
        """The person to whom a step came directly and who did it, if still in service; None lets the step's rule decide."""
        if step.post_id is not None or step.actor_id is None or step.how != "done":
            return None
        return self.assignment.for_person(step.actor_id)

    # What is there

    def _rows(self, name: str) -> Rows:
        rows = self.instances.get(name)
        if rows is None:
            raise NotFound(what=f"流程 {name}")
        return rows

    def _open(self, name: str) -> Rows:
        rows = self._rows(name)
        if rows.instance.ended_at is not None:
            raise InstanceEnded(when=self._local(rows.instance.ended_at))
        return rows

    def _active(self, name: str) -> Rows:
        rows = self._open(name)
        if rows.instance.suspended_at is not None:
            raise InstanceSuspended(since=self._local(rows.instance.suspended_at))
        return rows

    def _local(self, at: datetime) -> str:
        return at.astimezone(self.calendar.hours.timezone).isoformat(timespec="seconds")
