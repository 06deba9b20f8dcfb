"""Timers and waits of an instance that goes over: kept, set anew, dropped, and those that the new version adds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeAlias
from uuid import UUID

from yiwang.flow.errors import LimitUnknown
from yiwang.flow.model import (
    Activity,
    CatchEvent,
    EventGateway,
    Graph,
    Names,
    Node,
    Overtime,
    ReceiveTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    TimerRow,
    Trigger,
    UserTask,
    WaitKind,
    WaitRow,
)
from yiwang.flow.timing import Timing
from yiwang.flow.versions.bridge import Bridge
from yiwang.flow.versions.mapping import Policy
from yiwang.flow.versions.obstacles import Remark, note, obstacle
from yiwang.flow.versions.telling import TRIGGERS
from yiwang.flow.versions.whole import Whole, World
from yiwang.flow.walk.events import NewTimer, overtime_timer, timer_of
from yiwang.kernel.database import Json
from yiwang.kernel.identifiers import new_id

Awaited: TypeAlias = Trigger | Overtime | str
"""What can be waited for: an event's trigger, an overtime rule, or (a text) the topic of work."""

_WAITED: Mapping[str, WaitKind] = {"message": "message", "signal": "signal", "condition": "condition"}


@dataclass(frozen=True, slots=True)
class Holder:
    """Something that waits. ``begun``: when; ``old`` and ``new``: what either version lets it wait for, by event.

    ``needs``: it must wait for something (an event, not a task).
    """

    id: UUID
    node: str
    begun: datetime
    variables: Mapping[str, Json]
    old: Mapping[str, Awaited]
    new: Mapping[str, Awaited]
    needs: bool = False


class Awaiting:
    """Collects the timers and waits of one instance; ``obstacles`` and ``notes`` grow with it."""

    def __init__(self, whole: Whole, bridge: Bridge, world: World) -> None:
        self.whole, self.bridge, self.world = whole, bridge, world
        self.timers = {timer.id: timer for timer in whole.timers}
        self.waits = {wait.id: wait for wait in whole.waits}
        self.obstacles: list[Remark] = []
        self.notes: list[Remark] = []
        self._of: dict[UUID, list[TimerRow | WaitRow]] = {}
        for timer in whole.timers:
            self._of.setdefault(timer.holder_id, []).append(timer)
        for wait in whole.waits:
            self._of.setdefault(wait.holder_id, []).append(wait)

    def hold(self, holder: Holder) -> None:
        """Bring what one holder waits for over."""
        kept: set[str] = set()
        anew: list[str] = []
        for row in self._of.get(holder.id, ()):
            if row.node not in holder.old:
                continue  # of a called definition, which stays as it is
            target = self._target(holder, row.node)
            policy = self.bridge.mapping.policy(row.node, target or row.node)
            kept.update([target] if target is not None else ())
            if policy == "drop" or not self._stays(holder, row, target, policy):
                self._drop(row)
            elif target is not None and self._renewed(row, holder, target, policy):
                anew.append(target)
        covered = {self._target(holder, name) for name in holder.old}
        fresh = [name for name in holder.new if name not in covered or name in anew]
        fresh += [name for name in holder.new if name not in kept and name not in fresh and self._again(holder, name)]
        for name in fresh:
            if self.bridge.mapping.policy(name) != "drop":
                self._set(holder, name, self._row(holder, name))
        left = {timer.holder_id for timer in self.timers.values()} | {wait.holder_id for wait in self.waits.values()}
        if holder.needs and holder.id not in left:
            self.obstacles.append(obstacle("nothing_awaited", holder.node, self.bridge.name(holder.node)))

    def _again(self, holder: Holder, name: str) -> bool:
        """Whether an event that has happened already is to be awaited once more."""
        return self.bridge.mapping.policy(name) == "reset"

    def _target(self, holder: Holder, name: str) -> str | None:
        """The event of the new version that an old one is; None when the new holder does not wait for it."""
        awaited = holder.old[name]
        if isinstance(awaited, Overtime):
            rules = [rule for rule in holder.new.values() if isinstance(rule, Overtime)]
            return self.bridge.overtime(awaited, rules)
        if isinstance(awaited, str):
            return next((other for other, found in holder.new.items() if isinstance(found, str)), None)
        found = self.bridge.nodes.get(name)
        return found if found in holder.new else None

    def _stays(self, holder: Holder, row: TimerRow | WaitRow, target: str | None, policy: Policy | None) -> bool:
        """Whether there still is something to wait for; an obstacle where that is not declared."""
        awaited = holder.old[row.node]
        if target is None:
            if isinstance(awaited, Overtime):
                self.notes.append(note("overtime_dropped", holder.node, other=row.node))
            else:
                self.obstacles.append(obstacle("event_gone", row.node, self.bridge.name(row.node)))
            return False
        before, after = _kind(awaited), _kind(holder.new[target])
        if before != after and policy != "reset":
            told = TRIGGERS.get(after, Names(after, after))
            self.obstacles.append(obstacle("event_differs", row.node, self.bridge.name(row.node), told))
            return False
        return True

    def _drop(self, row: TimerRow | WaitRow) -> None:
        self.timers.pop(row.id, None)
        self.waits.pop(row.id, None)
        if self.bridge.mapping.policy(row.node) == "drop":
            self.notes.append(note("event_dropped", row.node, self.bridge.name(row.node)))

    def _renewed(self, row: TimerRow | WaitRow, holder: Holder, target: str, policy: Policy | None) -> bool:
        """Give the row its new name; True when it is to be made anew as something else."""
        awaited = holder.new[target]
        if isinstance(row, TimerRow) != _is_timed(awaited):
            self._drop(row)
            return True
        if isinstance(row, TimerRow):
            self.timers[row.id] = row = replace(row, node=target)
            if policy == "reset":
                self._set(holder, target, row)
            return False
        same = holder.old[row.node] == awaited and policy != "reset"
        fresh = row if same else self._wait(holder, target, awaited)
        if fresh is not None:
            self.waits[row.id] = replace(row, node=target, kind=fresh.kind, name=fresh.name, key=fresh.key)
        return False

    def _row(self, holder: Holder, name: str) -> TimerRow | None:
        """The timer of that event that is there already."""
        rows = (row for row in self.timers.values() if row.holder_id == holder.id and row.node == name)
        return next(rows, None)

    def _set(self, holder: Holder, name: str, row: TimerRow | None) -> None:
        """Let the holder wait for an event from when it began."""
        awaited = holder.new[name]
        if not _is_timed(awaited):
            wait = self._wait(holder, name, awaited)
            if wait is not None:
                self.waits[wait.id] = wait
            return
        try:
            timer = self._timer(holder, name, awaited)
        except LimitUnknown as problem:
            self.obstacles.append(obstacle("limit_unknown", holder.node, self._told(name), _words(problem)))
            return
        if timer is None:
            return
        if row is not None:
            timer = replace(timer, id=row.id)
        if timer.wake_at is not None and timer.wake_at <= self.world.at:
            self.notes.append(note("fires_at_once", name, self._told(name)))
        suspended = self.whole.instance.suspended_at
        if suspended is not None:
            timer = Timing(self.world.calendar, max(suspended, holder.begun)).timer_paused(timer)
        self.timers[timer.id] = timer

    def _told(self, name: str) -> Names:
        node = self.bridge.new.nodes.get(name)
        return node.names if node is not None else Names(name, name)

    def _timer(self, holder: Holder, name: str, awaited: Awaited) -> TimerRow | None:
        new: NewTimer
        if isinstance(awaited, Overtime):
            new = overtime_timer(awaited, holder.id, holder.node, holder.variables)
        elif isinstance(awaited, Trigger):
            new = timer_of(awaited, holder.id, name, self._told(name).zh, holder.variables)
        else:
            return None
        timing = Timing(self.world.calendar, holder.begun)
        return timing.of_timer(new, new_id(), self.whole.instance.id, holder.id)

    def _wait(self, holder: Holder, name: str, awaited: Awaited) -> WaitRow | None:
        """The wait for a message, a signal, a condition or work."""
        kind: WaitKind
        if isinstance(awaited, str):
            kind, called, key = "work", awaited, ""
        elif isinstance(awaited, Trigger) and awaited.kind in _WAITED:
            kind, called = _WAITED[awaited.kind], awaited.name
            key = _text(awaited.key.of(holder.variables)) if awaited.key is not None else ""
        else:
            return None
        instance = self.whole.instance
        return WaitRow(new_id(), instance.id, holder.id, name, kind, called, key, instance.area, self.world.at)


def edge_of(node: Node) -> dict[str, Awaited]:
    """What the events on the edge of an activity wait for; errors and escalations are thrown, not awaited."""
    if not isinstance(node, Activity):
        return {}
    return {event.id: event.trigger for event in node.boundary if _is_awaited(event.trigger)}


def overtimes_of(node: Node) -> dict[str, Awaited]:
    return {rule.id: rule for rule in node.overtimes} if isinstance(node, UserTask) else {}


def starts_of(graph: Graph, processes: Iterable[str]) -> dict[str, Awaited]:
    """What the starts of event sub-processes wait for."""
    found: dict[str, Awaited] = {}
    for name in processes:
        process = graph.nodes[name]
        start = graph.nodes[process.start] if isinstance(process, SubProcess) else None
        if isinstance(start, StartEvent) and start.trigger is not None and _is_awaited(start.trigger):
            found[start.id] = start.trigger
    return found


def own_event(graph: Graph, node: Node) -> dict[str, Awaited]:
    """What a token at the node itself waits for."""
    match node:
        case CatchEvent() | ReceiveTask() if _is_awaited(node.trigger):
            return {node.id: node.trigger}
        case ServiceTask() if node.topic:
            return {node.id: node.topic}
        case EventGateway():
            behind = (graph.nodes[flow.target] for flow in node.outgoing)
            return {event.id: event.trigger for event in behind if isinstance(event, CatchEvent | ReceiveTask)}
        case _:
            return {}


def _is_awaited(trigger: Trigger) -> bool:
    return trigger.kind == "timer" or trigger.kind in _WAITED


def _is_timed(awaited: Awaited) -> bool:
    return isinstance(awaited, Overtime) or (isinstance(awaited, Trigger) and awaited.kind == "timer")


def _kind(awaited: Awaited) -> str:
    if isinstance(awaited, str):
        return "work"
    return awaited.kind if isinstance(awaited, Trigger) else "timer"


def _text(value: Json) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


def _words(problem: LimitUnknown) -> Names:
    return Names(problem.message("zh"), problem.message("en"))
