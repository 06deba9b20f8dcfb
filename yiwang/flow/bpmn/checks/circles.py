"""No path runs in a circle without waiting for a person, a time, a message or a worker.

The search is over pairs (node, outcome with which a token comes), because an outcome that leads into the circle may be
one that only a person can give: a step that a rule finishes (自动同意) never takes its 退回 way by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from yiwang.flow.bpmn.checks.questions import hands_on
from yiwang.flow.bpmn.draft import Draft, Neighbours
from yiwang.flow.conditions import holds
from yiwang.flow.errors import ConditionFailed
from yiwang.flow.model import (
    Activity,
    BoundaryEvent,
    CatchEvent,
    EndEvent,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    Multi,
    Node,
    ReceiveTask,
    SequenceFlow,
    ServiceTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    UserTask,
)

most_states = 20_000
"""Pairs that are looked at one by one; in a larger drawing every outcome counts as possible everywhere."""
ANY = "*"


class State(NamedTuple):
    node: str
    outcome: str


def check_circles(draft: Draft, around: Neighbours) -> None:
    """One fault for each circle, at its first node by id."""
    for names in _circles(Moves(draft, around)):
        draft.fault(
            "circle",
            draft.nodes[names[0]],
            f"不经过等待就会循环:{'、'.join(names)[:400]}"
            "(可能被跳过或自动办理的步骤、条件事件、调用活动、可能为空的多实例都不算等待)",
            f"it runs in a circle without waiting: {', '.join(names)[:400]} (steps that may be passed over or finished "
            "by a rule, conditions, calls and rounds that may be empty do not wait for certain)",
        )


def may_pass(task: UserTask) -> frozenset[str]:
    """The outcomes by which a step may end as it begins, without anybody."""
    found = {auto.outcome for auto in task.autos}
    if task.who.empty == "skip" or (task.multi is not None and _may_be_empty(task.multi)):
        found.add(task.first_outcome)
    if found and task.multi is not None:
        found.add(task.first_outcome)
    return frozenset(found)


def _may_be_empty(multi: Multi) -> bool:
    """A list that holds nobody falls to the rule of the step, so only elements and times count."""
    return multi.items is not None or (multi.times is not None and multi.times.variable is not None)


class Moves:
    """Where a token goes on without waiting."""

    def __init__(self, draft: Draft, around: Neighbours, *, by_outcome: bool = True) -> None:
        self.draft, self.around, self.by_outcome = draft, around, by_outcome
        self._entries: dict[str, list[str]] = {}
        self._catchers: dict[str, list[BoundaryEvent | StartEvent]] = {}
        for node in draft.nodes.values():
            if isinstance(node, BoundaryEvent):
                self._catchers.setdefault(node.attached, []).append(node)
            elif isinstance(node, StartEvent):
                self._enter(node)

    def _enter(self, start: StartEvent) -> None:
        """Where a start begins at once: in its sub-process; around its event sub-process, if by what is thrown or holds."""
        self._entries.setdefault(start.container, []).append(start.id)
        holder = self.draft.nodes.get(start.container)
        if isinstance(holder, SubProcess) and holder.event:
            self._catchers.setdefault(holder.container, []).append(start)
            if start.trigger is not None and start.trigger.kind == "condition":
                self._entries.setdefault(holder.container, []).append(start.id)

    def origins(self) -> Iterator[State]:
        """Every way in which a token can come to a node."""
        for node in self.draft.nodes.values():
            outcomes = list(node.outcomes) if isinstance(node, UserTask) else [""]
            for flow in self.around.outgoing[node.id]:
                yield from self._to(flow, outcomes)
            if isinstance(node, StartEvent | BoundaryEvent | CatchEvent):
                yield State(node.id, "")

    def onward(self, state: State) -> Iterator[State]:
        """The states that follow at once."""
        node = self.draft.nodes[state.node]
        match node:
            case ExclusiveGateway() | InclusiveGateway():
                outcome = state.outcome if hands_on(node, self.around) else ""
                for flow in self.around.outgoing[node.id]:
                    if self._may_go(node, flow, outcome):
                        yield from self._to(flow, [outcome])
            case EventGateway():
                for flow in self.around.outgoing[node.id]:
                    target = self.draft.nodes[flow.target]
                    if isinstance(target, CatchEvent) and target.trigger.kind == "condition":
                        yield State(target.id, "")
            case CatchEvent():
                if node.trigger.kind in ("link", "condition"):
                    yield from self._through(node, "")
            case ThrowEvent():
                if node.trigger is not None and node.trigger.kind == "escalation":
                    yield from self._thrown(node, "escalation", node.trigger.name)
                if node.id in self.around.leaps:
                    yield State(self.around.leaps[node.id], "")
                yield from self._through(node, state.outcome if hands_on(node, self.around) else "")
            case EndEvent():
                yield from self._end(node)
            case Activity():
                yield from self._activity(node)
            case _:
                yield from self._through(node, state.outcome if hands_on(node, self.around) else "")

    def _to(self, flow: SequenceFlow, outcomes: list[str]) -> Iterator[State]:
        for outcome in outcomes if self.by_outcome else [ANY]:
            yield State(flow.target, outcome)

    def _through(self, node: Node, *outcomes: str) -> Iterator[State]:
        for flow in self.around.outgoing[node.id]:
            yield from self._to(flow, list(outcomes))

    def _may_go(self, gateway: ExclusiveGateway | InclusiveGateway, flow: SequenceFlow, outcome: str) -> bool:
        """False where the conditions exclude the flow for this outcome, whatever the variables are."""
        if not self.by_outcome:
            return True
        if flow.id != self.draft.defaults.get(gateway.id) or flow.condition is not None:
            return _answer(flow, outcome) is not False
        others = self.around.outgoing[gateway.id]
        return not any(other.condition is not None and _answer(other, outcome) is True for other in others)

    def _activity(self, node: Activity) -> Iterator[State]:
        for event in self.around.edge.get(node.id, ()):
            if event.trigger.kind == "condition":
                yield State(event.id, "")
        empty = node.multi is not None and _may_be_empty(node.multi)
        match node:
            case UserTask():
                yield from self._through(node, *may_pass(node))
                return
            case SubProcess():
                yield from (State(start, "") for start in self._entries.get(node.id, ()))
            case ServiceTask() if node.topic:
                pass
            case ReceiveTask():
                pass
            case _:
                # What a called flow does is not known here: it may end, or fail, at once.
                empty = True
                for event in self.around.edge.get(node.id, ()):
                    if event.trigger.kind in ("error", "escalation"):
                        yield State(event.id, "")
        if empty:
            yield from self._through(node, "")

    def _end(self, node: EndEvent) -> Iterator[State]:
        trigger = node.trigger
        if trigger is not None and trigger.kind in ("error", "escalation"):
            yield from self._thrown(node, trigger.kind, trigger.name)
        holder = self.draft.nodes.get(node.container)
        if isinstance(holder, SubProcess) and (trigger is None or trigger.kind != "error"):
            yield from self._through(holder, "")

    def _thrown(self, node: Node, kind: str, name: str) -> Iterator[State]:
        """The events around a node that may catch what it throws."""
        place: str | None = node.container
        while place is not None:
            for event in self._catchers.get(place, ()):
                if event.trigger is not None and event.trigger.kind == kind and event.trigger.name in ("", name):
                    yield State(event.id, "")
            place = self.draft.nodes[place].container if place else None


def _answer(flow: SequenceFlow, outcome: str) -> bool | None:
    """What a flow's condition says for an outcome; None where that depends on variables."""
    condition = flow.condition
    if condition is None or condition.variables:
        return None
    try:
        return holds(condition, {}, outcome)
    except ConditionFailed:
        return None


def _circles(moves: Moves) -> list[list[str]]:
    """The circles among the states, each as sorted node ids."""
    onward = _explore(moves)
    if onward is None:
        onward = _explore(Moves(moves.draft, moves.around, by_outcome=False)) or {}
    found = {tuple(sorted({state.node for state in circle})) for circle in strongly_connected(onward)}
    return [list(names) for names in sorted(found)]


def _explore(moves: Moves) -> dict[State, list[State]] | None:
    """The states and what follows each; None when there are too many."""
    onward: dict[State, list[State]] = {}
    pending = list(dict.fromkeys(moves.origins()))
    while pending:
        state = pending.pop()
        if state in onward:
            continue
        onward[state] = list(moves.onward(state))
        if len(onward) > most_states and moves.by_outcome:
            return None
        pending += [following for following in onward[state] if following not in onward]
    return onward


def strongly_connected(onward: dict[State, list[State]]) -> Iterator[list[State]]:
    """Tarjan's algorithm without recursion; only components that hold a circle."""
    index: dict[State, int] = {}
    low: dict[State, int] = {}
    path: list[State] = []
    on_path: set[State] = set()
    for origin, first in onward.items():
        if origin in index:
            continue
        work = [(origin, iter(first))]
        index[origin] = low[origin] = len(index)
        path.append(origin)
        on_path.add(origin)
        while work:
            state, ways = work[-1]
            for following in ways:
                if following not in index:
                    index[following] = low[following] = len(index)
                    path.append(following)
                    on_path.add(following)
                    work.append((following, iter(onward[following])))
                    break
                if following in on_path:
                    low[state] = min(low[state], index[following])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[state])
                if low[state] == index[state]:
                    circle = _taken_off(path, on_path, state)
                    if len(circle) > 1 or state in onward[state]:
                        yield circle


def _taken_off(path: list[State], on_path: set[State], last: State) -> list[State]:
    found: list[State] = []
    while not found or found[-1] != last:
        found.append(path.pop())
        on_path.discard(found[-1])
    return found
