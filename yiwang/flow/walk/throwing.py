"""Events: what is awaited, what is thrown and who catches it: errors and escalations go outwards, messages abroad."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence

from yiwang.flow.model.graph import Graph
from yiwang.flow.model.nodes import (
    Activity,
    BoundaryEvent,
    CatchEvent,
    EndEvent,
    EventGateway,
    Node,
    ReceiveTask,
    SequenceFlow,
    StartEvent,
    SubProcess,
    ThrowEvent,
)
from yiwang.flow.model.rows import Thrown, ThrownKind, TokenKind, WaitKind
from yiwang.flow.model.settings import Trigger, TriggerKind
from yiwang.flow.walk.events import NewToken, NewWait, Position, Ref, ScopeState, Surroundings, timer_of
from yiwang.flow.walk.state import Item, State
from yiwang.kernel.database import Json

WAITED: Mapping[str, WaitKind] = {"message": "message", "signal": "signal", "condition": "condition"}
THROWN: Mapping[str, ThrownKind] = {"message": "message", "signal": "signal"}


class Events(State):
    """Tokens on their way are queued in ``_ways``: node, flow, the outcome of the step before, scope."""

    __slots__ = ("_ways",)

    def __init__(
        self, graph: Graph, position: Position, variables: Mapping[str, Json], surroundings: Surroundings
    ) -> None:
        super().__init__(graph, position, variables, surroundings)
        self._ways: deque[tuple[Node, SequenceFlow | None, str, Ref | None]] = deque()

    def go(self, flow: SequenceFlow, outcome: str, scope: Ref | None) -> None:
        """Send a token along a flow."""
        self._ways.append((self.node(scope, flow.target), flow, outcome, scope))

    def go_to(self, node: Node, scope: Ref | None) -> None:
        """Put a token before a node."""
        self._ways.append((node, None, "", scope))

    def _wait(self, node: str, flow: str, kind: TokenKind, scope: Ref | None) -> int:
        ref = self.new_ref()
        self.items[ref] = Item(kind, node, flow, scope)
        self.delta.waiting[ref] = NewToken(node, flow, kind, scope)
        return ref

    # Waiting

    def await_trigger(self, holder: Ref | None, node: Node, trigger: Trigger, scope: Ref | None) -> None:
        """Let ``holder`` wait for the event ``node``; errors, escalations and compensations are thrown to it, not awaited."""
        variables = self.variables(scope)
        if trigger.kind == "timer":
            self.delta.timers.append(timer_of(trigger, holder, node.id, node.names.zh, variables))
        elif trigger.kind in WAITED:
            kind, key = WAITED[trigger.kind], self._key(trigger, variables)
            self.delta.waits.append(NewWait(holder, node.id, kind, trigger.name, key))

    def _key(self, trigger: Trigger, variables: Mapping[str, Json]) -> str:
        given = trigger.key.of(variables) if trigger.key is not None else ""
        return given if isinstance(given, str) else "" if given is None else str(given)

    def _wait_for_first(self, gateway: EventGateway, scope: Ref | None) -> None:
        token = self._wait(gateway.id, "", "gateway", scope)
        for flow in gateway.outgoing:
            event = self.node(scope, flow.target)
            if isinstance(event, CatchEvent | ReceiveTask):
                self.await_trigger(token, event, event.trigger, scope)

    def _catch(self, node: CatchEvent, outcome: str, scope: Ref | None) -> None:
        if node.trigger.kind == "link":
            self.go(node.outgoing[0], outcome, scope)
            return
        token = self._wait(node.id, "", "event", scope)
        self.await_trigger(token, node, node.trigger, scope)

    # Throwing

    def _throw_on_the_way(self, node: ThrowEvent, outcome: str, scope: Ref | None) -> None:
        trigger = node.trigger
        if node.target:
            self.go_to(self.node(scope, node.target), scope)
            return
        if trigger is not None and trigger.kind == "compensation":
            self._compensate(node, trigger.name, scope)
            return
        if trigger is not None:
            self.throw(trigger, scope)
        if scope is None or scope in self.scopes:  # an interrupting catcher may have closed it
            self.go(node.outgoing[0], outcome, scope)

    def throw(self, trigger: Trigger, scope: Ref | None) -> None:
        """Throw a message, signal or escalation from a scope."""
        if trigger.kind == "escalation":
            self.escalate(trigger.name, scope)
        elif trigger.kind in THROWN:
            key = self._key(trigger, self.variables(scope))
            own, called = self.own_variables(scope)
            self.delta.thrown.append(Thrown(THROWN[trigger.kind], trigger.name, key, own, called))

    def _end(self, node: EndEvent, scope: Ref | None) -> None:
        trigger = node.trigger
        if scope is None:
            self.delta.end = node
            known = any(item.kind == "done" and item.node == node.id for item in self.items.values())
            if node.worded and not known:  # what the instance shows in the end, whatever still runs beside
                self._wait(node.id, "", "done", None)
        if trigger is None:
            return
        if trigger.kind == "terminate":
            self._drop_ways(scope)
            self.clear(scope)
        elif trigger.kind == "error":
            self.fail(trigger.name, scope)
        elif trigger.kind == "compensation":
            self._compensate(node, trigger.name, scope)
        else:
            self.throw(trigger, scope)

    def _drop_ways(self, scope: Ref | None) -> None:
        """Forget the ways still to go within a scope."""
        there = {None, *self.scopes}
        self._ways = deque(way for way in self._ways if way[3] in there and not self.inside(way[3], scope))

    def fail(self, code: str, scope: Ref | None) -> None:
        """An error: caught by an event sub-process of the scope, else on the edge of its activity, else further out.

        Uncaught it ends the instance, as a terminate end event would, and is named in the answer.
        """
        caught = self._catch_thrown("error", code, scope)
        if not caught:
            self._drop_ways(None)
            self.clear(None)
            self.delta.error = code

    def escalate(self, code: str, scope: Ref | None) -> None:
        """An escalation: as an error, but one that nobody catches is no harm, and the catcher may let the scope go on."""
        self._catch_thrown("escalation", code, scope)

    def _catch_thrown(self, kind: TriggerKind, code: str, scope: Ref | None) -> bool:
        """Let the nearest catcher have what was thrown in a scope; an event sub-process does not catch what it throws."""
        passed_over = False
        while True:
            if not passed_over and self._caught_inside(kind, code, scope):
                return True
            if scope is None:
                return False
            state = self.scopes[scope]
            passed_over = state.kind == "event"
            if state.kind in ("event", "undo"):
                scope = state.parent
                continue
            activity, outer, outermost = self._edge_of(scope)
            event = _catcher(activity.boundary, kind, code)
            if event is not None:
                if event.interrupting:
                    self._drop_ways(outermost)
                    self.close_scope(outermost)
                self.go(event.outgoing[0], "", outer)
                return True
            scope = outer

    def _edge_of(self, scope: Ref) -> tuple[Activity, Ref | None, Ref]:
        """The activity around a scope, the scope in which that stands, and the outermost scope of it (its round)."""
        state = self.scopes[scope]
        activity = self.activity_of(scope)
        parent = state.parent
        if parent is not None and self.scopes[parent].kind == "multi" and self.scopes[parent].node == state.node:
            return activity, self.scopes[parent].parent, parent
        return activity, parent, scope

    def _caught_inside(self, kind: TriggerKind, code: str, scope: Ref | None) -> bool:
        """Whether an event sub-process of the scope catches it."""
        graph = self.graph_of(scope)
        state = self.scopes[scope] if scope is not None else None
        if state is not None and state.kind not in ("sub", "call", "event"):
            return False
        for name in self.event_processes(graph, state):
            process = graph.nodes[name]
            if not isinstance(process, SubProcess):
                continue
            start = graph.nodes[process.start]
            trigger = start.trigger if isinstance(start, StartEvent) else None
            if isinstance(start, StartEvent) and trigger is not None and _catches(trigger, kind, code):
                self.open_event_process(process, start, scope)
                return True
        return False

    def event_processes(self, graph: Graph, state: ScopeState | None) -> Sequence[str]:
        """The event sub-processes of a scope: of the process, or of its sub-process."""
        if state is None or state.kind == "call":
            return graph.events
        node = graph.nodes[state.node]
        return node.events if isinstance(node, SubProcess) else ()

    def open_event_process(self, process: SubProcess, start: StartEvent, scope: Ref | None) -> None:
        """Run an event sub-process; an interrupting one first withdraws what else is in the scope."""
        if start.interrupting:
            self._drop_ways(scope)
            self.clear(scope)
            self._release_starts(scope)
        opened = self.open_scope(ScopeState(process.id, "event", scope))
        self._await_event_processes(opened)
        self.go(start.outgoing[0], "", opened)

    def _release_starts(self, scope: Ref | None) -> None:
        """Once one has interrupted its scope no event sub-process of it begins any more."""
        graph = self.graph_of(scope)
        processes = self.event_processes(graph, self.scopes[scope] if scope is not None else None)
        starts = {process.start for process in map(graph.nodes.get, processes) if isinstance(process, SubProcess)}
        delta = self.delta
        delta.timers = [timer for timer in delta.timers if timer.holder != scope or timer.node not in starts]
        delta.waits = [wait for wait in delta.waits if wait.holder != scope or wait.node not in starts]
        if not isinstance(scope, int):
            delta.released += [(scope, name) for name in sorted(starts)]

    def _await_event_processes(self, scope: Ref) -> None:
        graph = self.graph_of(scope)
        self.await_starts(graph, self.event_processes(graph, self.scopes[scope]), scope)

    def await_starts(self, graph: Graph, processes: Sequence[str], scope: Ref | None) -> None:
        """Let a scope wait for the starts of its event sub-processes."""
        for name in processes:
            process = graph.nodes[name]
            start = graph.nodes[process.start] if isinstance(process, SubProcess) else None
            if isinstance(start, StartEvent) and start.trigger is not None:
                self.await_trigger(scope, start, start.trigger, scope)

    def _compensate(self, node: ThrowEvent | EndEvent, activity: str, scope: Ref | None) -> None:
        """Undo finished activities; where rounds and endings are known."""
        raise NotImplementedError


def _catches(trigger: Trigger, kind: str, code: str) -> bool:
    return trigger.kind == kind and trigger.name in ("", code)


def _catcher(events: Sequence[BoundaryEvent], kind: str, code: str) -> BoundaryEvent | None:
    """The event that catches a code: one that names it before one that catches any."""
    fitting = [event for event in events if _catches(event.trigger, kind, code)]
    return max(fitting, key=lambda event: event.trigger.name == code, default=None)
