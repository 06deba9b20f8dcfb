"""How things end: instances of an activity, rounds of several people, sub-processes and calls, and what undoes them."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from uuid import UUID

from yiwang.flow.assignment import Queue
from yiwang.flow.conditions import holds, value_of
from yiwang.flow.errors import ConditionFailed, RoundTooLarge
from yiwang.flow.model.graph import Graph
from yiwang.flow.model.nodes import (
    Activity,
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    EndEvent,
    Node,
    ReceiveTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    UserTask,
)
from yiwang.flow.model.settings import Multi, most_instances
from yiwang.flow.walk.events import PassedTask, Position, Ref, ScopeState, Surroundings
from yiwang.flow.walk.moving import Moves
from yiwang.flow.walk.queues import queue_json, queue_of
from yiwang.flow.walk.rounds import everyone, result_of_round
from yiwang.kernel.database import Json, JsonObject


class Endings(Moves):
    """Completes what :class:`Moves` leaves open."""

    __slots__ = ("_met", "_rounds")

    def __init__(
        self, graph: Graph, position: Position, variables: Mapping[str, Json], surroundings: Surroundings
    ) -> None:
        super().__init__(graph, position, variables, surroundings)
        self._rounds: deque[Ref] = deque()
        self._met: set[UUID] = set()

    def finish_activity(self, node: Activity, scope: Ref | None, outcome: str) -> None:
        """An instance of an activity in ``scope`` is done: the round counts it, or the token goes on."""
        state = self.scopes[scope] if scope is not None else None
        if scope is not None and state is not None and state.node == node.id:
            if state.kind == "sub":  # around one element of a round
                self.close_scope(scope)
                self.finish_activity(node, state.parent, outcome)
                return
            if state.kind == "multi":
                self._count(node, scope, outcome)
                return
        self._leave(node, scope, outcome)

    def _leave(self, node: Activity, scope: Ref | None, outcome: str) -> None:
        if node.compensation:
            self._wait(node.id, "", "done", scope)
        if not node.for_compensation:
            self.go(node.outgoing[0], outcome, scope)

    # Rounds

    def _open_round(self, node: Activity, scope: Ref | None) -> None:
        elements = self._elements(node, scope)
        if len(elements) > most_instances:
            raise RoundTooLarge(name=node.names.zh, count=len(elements), most=most_instances)
        if not elements:
            if isinstance(node, UserTask):
                definition_id = self.definition_of(scope)
                self.delta.passed.append(PassedTask(node, node.first_outcome, "skipped", scope, definition_id))
                self._leave(node, scope, node.first_outcome)
            else:
                self._leave(node, scope, "")
            return
        self.open_round(node, scope, elements)

    def open_round(
        self,
        node: Activity,
        scope: Ref | None,
        elements: Sequence[JsonObject],
        *,
        done: int = 0,
        tally: Mapping[str, int] | None = None,
    ) -> None:
        """Begin a round with these elements; ``done`` and ``tally`` count those that have answered before."""
        sequential = node.multi is not None and node.multi.sequential
        state = ScopeState(node.id, "multi", scope, total=done + len(elements), done=done, tally=dict(tally or {}))
        ref = self.open_scope(state)
        self.await_edge(ref, node, scope)
        if sequential:
            state.rest = list(elements)
            self._rounds.append(ref)
            return
        for element in elements:
            if ref in self.scopes:  # an answer that came at once may have decided it
                self.begin_element(node, ref, element)

    def begin_element(self, node: Activity, scope: Ref, element: JsonObject) -> None:
        """One instance of a round."""
        multi = node.multi
        name = multi.item if multi is not None else "item"
        queue = element.get("queue")
        if queue is None:
            self._begin(node, scope, {name: element.get("item")})
        else:
            found = queue_of(queue)
            person = str(found.assignee_id) if found.assignee_id else None
            self._begin(node, scope, {name: element.get("item", person)}, found)

    def _elements(self, node: Activity, scope: Ref | None) -> list[JsonObject]:
        multi, variables = node.multi, self.variables(scope)
        if multi is None:
            return []
        if multi.people is not None and isinstance(node, UserTask):
            queues = list(self.surroundings.assign.people(node, variables))
            if not queues:
                fallback = self.surroundings.assign.queue(node, variables)
                queues = [] if fallback is None else [fallback]
            return [{"queue": queue_json(queue)} for queue in queues]
        if multi.items is not None:
            items = multi.items.of(variables)
            return [{"item": item} for item in items] if isinstance(items, list) else []
        return [{"item": number} for number in range(self._times(node, multi, variables))]

    def _times(self, node: Activity, multi: Multi, variables: Mapping[str, Json]) -> int:
        given = multi.times.of(variables) if multi.times is not None else 0
        if isinstance(given, str) and given.isdigit():
            given = int(given)
        if isinstance(given, float) and given.is_integer():
            given = int(given)
        if not isinstance(given, int) or isinstance(given, bool) or given < 0:
            text = multi.times.variable or "" if multi.times is not None else ""
            zh, en = f"{text} 不是次数", f"{text} is no number of times"
            raise ConditionFailed(flow=node.id, text=text, reason_zh=zh, reason_en=en)
        if given > most_instances:
            raise RoundTooLarge(name=node.names.zh, count=given, most=most_instances)
        return given

    def _next_element(self, scope: Ref) -> None:
        """Begin the next of a sequential round."""
        if scope not in self.scopes:
            return
        state = self.scopes[scope]
        if not state.rest:
            return
        element = state.rest.pop(0)
        self.touch(scope)
        if isinstance(element, dict):
            self.begin_element(self.activity_of(scope), scope, element)

    def _count(self, node: Activity, scope: Ref, outcome: str) -> None:
        state = self.scopes[scope]
        state.done += 1
        state.tally[outcome] = state.tally.get(outcome, 0) + 1
        self.touch(scope)
        self.judge_round(node, scope)

    def judge_round(self, node: Activity, scope: Ref) -> None:
        """End a round whose result is certain; else let a sequential one go on."""
        state = self.scopes[scope]
        result = self._result(node, scope, state)
        if result is not None:
            self.close_scope(scope)
            self._leave(node, state.parent, result)
        elif state.rest and not self.content(scope):
            self._rounds.append(scope)

    def _result(self, node: Activity, scope: Ref, state: ScopeState) -> str | None:
        multi = node.multi
        final = state.done >= state.total
        if not final and multi is not None and multi.until is not None:
            counts: JsonObject = {"total": state.total, "done": state.done, "open": state.total - state.done}
            outcomes = node.outcomes if isinstance(node, UserTask) else {}
            counts["tally"] = {**dict.fromkeys(outcomes, 0), **state.tally}
            final = holds(multi.until, {**self.variables(scope), **counts}, "", node.id)
        if not isinstance(node, UserTask):
            return "" if final else None
        sign = multi.sign if multi is not None and multi.sign is not None else everyone
        need = sign.need.of(self.variables(scope))
        return result_of_round(sign, tuple(node.outcomes), state.total, state.tally, need, final=final)

    # Compensation

    def _compensate(self, node: ThrowEvent | EndEvent, activity: str, scope: Ref | None) -> None:
        """Undo finished activities, the last first; the throwing event waits for that."""
        place = scope
        while place is not None and self.scopes[place].kind == "event":
            place = self.scopes[place].parent
        found = [
            ref
            for ref, item in self.items.items()
            if item.kind == "done"
            and item.scope == place
            and activity in ("", item.node)
            and isinstance(self.node(place, item.node), Activity)
        ]
        rest: list[Json] = [{"activity": self.remove(ref).node} for ref in reversed(found)]
        opened = self.open_scope(ScopeState(node.id, "undo", scope, rest=rest))
        self._next_undo(opened)

    def _next_undo(self, scope: Ref) -> None:
        state = self.scopes[scope]
        while state.rest:
            element = state.rest.pop(0)
            self.touch(scope)
            name = element.get("activity") if isinstance(element, dict) else None
            node = self.node(scope, name) if isinstance(name, str) else None
            handler = self.node(scope, node.compensation) if isinstance(node, Activity) and node.compensation else None
            if isinstance(handler, Activity):
                self.enter_activity(handler, scope)
                return
        thrower = self.node(state.parent, state.node)
        self.close_scope(scope)
        if isinstance(thrower, ThrowEvent):
            self.go(thrower.outgoing[0], "", state.parent)

    # At rest

    def _meet_condition(self) -> bool:
        """Trigger the first conditional event whose condition holds; also lets sequential rounds go on."""
        if self._rounds:
            self._next_element(self._rounds.popleft())
            return True
        for wait_id, (holder, name) in self.position.conditions.items():
            if wait_id not in self._met and self._is_there(holder) and self._holds(holder, name):
                self._met.add(wait_id)
                self.delta.fired.append(wait_id)
                self.trigger(holder, name)
                return True
        for wait in self.delta.waits:
            if wait.kind == "condition" and self._holds(wait.holder, wait.node):
                self.delta.waits.remove(wait)
                self.trigger(wait.holder, wait.node)
                return True
        return False

    def _is_there(self, holder: Ref | None) -> bool:
        return holder is None or holder in self.items or holder in self.scopes

    def _holds(self, holder: Ref | None, name: str) -> bool:
        event, scope = self.event_at(holder, name)
        condition = None if isinstance(event, EndEvent) else getattr(event, "trigger", None)
        if condition is None or condition.condition is None:
            return False
        variables = self.variables(scope)
        known = all(variable in variables for variable in condition.condition.variables)
        return known and holds(condition.condition, variables, "", name)

    def event_at(self, holder: Ref | None, name: str) -> tuple[Node, Ref | None]:
        """The event that reaches a holder, and the scope in which its token goes on."""
        if holder is None:
            return self.graph.nodes[name], None
        if holder in self.items:
            item = self.items[holder]
            return self.node(item.scope, name), item.scope
        state = self.scopes[holder]
        outer = self.graph_of(state.parent).nodes.get(name)
        if isinstance(outer, BoundaryEvent) and outer.attached == state.node:
            return outer, state.parent
        return self.node(holder, name), holder

    def trigger(self, holder: Ref | None, name: str, variables: Mapping[str, Json] | None = None) -> None:
        """Let an event happen to whatever waits for it."""
        event, scope = self.event_at(holder, name)
        self.assign_variables(scope, variables or {})
        match event:
            case BoundaryEvent() if holder is not None:
                self._cross_edge(event, holder, scope)
            case StartEvent():
                process = self.node(scope, event.container)
                if isinstance(process, SubProcess):
                    self.open_event_process(process, event, scope)
            case CatchEvent() if holder is not None:
                self.remove(holder)
                self.go(event.outgoing[0], "", scope)
            case ReceiveTask() if holder is not None:
                self.remove(holder)
                self.finish_activity(event, scope, "")
            case _:
                raise KeyError(name)

    def _cross_edge(self, event: BoundaryEvent, holder: Ref, scope: Ref | None) -> None:
        if event.interrupting:
            if holder in self.scopes:
                self._drop_ways(holder)
                self.close_scope(holder)
            elif self.items[holder].kind == "task" and isinstance(holder, UUID) and self.delta.left is None:
                self.leave_task(holder, None)
            else:
                self.remove(holder)
        elif self._side_branch_is_open(event, scope):
            return  # a side branch that is still open from the last time is not opened a second time
        self.go(event.outgoing[0], "", scope)

    def _side_branch_is_open(self, event: BoundaryEvent, scope: Ref | None) -> bool:
        depth = len(event.scope)
        for item in self.items.values():
            found = self.at_level(item, scope) if item.kind != "done" else None
            if found is not None and len(found[1]) >= depth and found[1][:depth] == event.scope and depth:
                return True
        return False

    def leave_task(self, task_id: UUID, outcome: str | None) -> UserTask:
        """The act itself ends this task."""
        task = self.user_task(task_id)
        self.remove(task_id, dropped=False)
        self.delta.left = task_id
        self.delta.left_node = task
        self.delta.stops += [stop.name for stop in task.clock_stops if not stop.on or outcome in stop.on]
        return task

    def _end_scope(self) -> bool:
        """Close the first scope in which nothing is left, and go on behind it."""
        if not self.scopes:
            return False
        busy = {ref for item in self.items.values() if item.kind != "done" for ref in self.around(item.scope)}
        busy |= {state.parent for state in self.scopes.values() if state.parent is not None}
        for ref, state in self.scopes.items():
            if ref not in busy and not (state.kind == "multi" and state.rest):
                self._ended(ref, state)
                return True
        return False

    def _ended(self, scope: Ref, state: ScopeState) -> None:
        match state.kind:
            case "undo":
                self._next_undo(scope)
            case "event":
                self.close_scope(scope)
            case "multi":
                node = self.activity_of(scope)
                self.close_scope(scope)
                self._leave(node, state.parent, node.first_outcome if isinstance(node, UserTask) else "")
            case _:
                self._end_activity_scope(scope, state)

    def _end_activity_scope(self, scope: Ref, state: ScopeState) -> None:
        node = self.activity_of(scope)
        outputs: dict[str, Json] = {}
        undoable: list[str] = []
        if isinstance(node, CallActivity):
            seen = self.variables(scope)
            outputs = {item.variable: value_of(item.expression, seen, node.id) for item in node.outputs}
        else:
            undoable = [item.node for item in self.items.values() if item.kind == "done" and item.scope == scope]
        self.close_scope(scope)
        self.assign_variables(state.parent, outputs)
        for name in undoable:
            self._wait(name, "", "done", state.parent)
        self.finish_activity(node, state.parent, "")


def person_element(queue: Queue) -> JsonObject:
    """The element of a round for one person."""
    return {"queue": queue_json(queue)}
