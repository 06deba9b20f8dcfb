"""How a token moves: entering every kind of node, forking, joining, opening and closing scopes, until all of it waits.

Promises: tokens are neither lost nor doubled, the same arguments give the same answer, and a walk that would never come
to rest is refused instead of running on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yiwang.flow.assignment import Queue
from yiwang.flow.conditions import holds, value_of
from yiwang.flow.errors import WalkTooLong
from yiwang.flow.model.graph import Graph
from yiwang.flow.model.nodes import (
    Activity,
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    DecisionTask,
    EndEvent,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    Node,
    ParallelGateway,
    ReceiveTask,
    SendTask,
    SequenceFlow,
    ServiceTask,
    SubProcess,
    ThrowEvent,
    UserTask,
)
from yiwang.flow.model.settings import Assignment
from yiwang.flow.walk.events import (
    NewTask,
    NewWait,
    PassedTask,
    Position,
    Ref,
    ScopeState,
    Surroundings,
    overtime_timer,
)
from yiwang.flow.walk.state import Item
from yiwang.flow.walk.throwing import Events
from yiwang.kernel.database import Json, JsonObject

most_visits = 20_000
"""Nodes that one act may pass; more means a circle that no check could foresee."""


class Moves(Events):
    """Ways still to go are queued; :meth:`settle` goes them all.

    ``by_hand``: steps that somebody is to look at again (退回, 撤回), so no rule finishes them in this act.
    """

    __slots__ = ("_visits", "by_hand")

    def __init__(
        self, graph: Graph, position: Position, variables: Mapping[str, Json], surroundings: Surroundings
    ) -> None:
        super().__init__(graph, position, variables, surroundings)
        self._visits = 0
        self.by_hand: set[str] = set()

    def settle(self) -> None:
        """Move until everything waits, then decide what can only be decided at rest: joins, conditions, ended scopes."""
        while True:
            while self._ways:
                self._visits += 1
                if self._visits > most_visits:
                    raise WalkTooLong(flow=self.graph.key, most=most_visits)
                self._visit(*self._ways.popleft())
            if not (self._join_inclusive() or self._meet_condition() or self._end_scope()):
                return

    def _visit(self, node: Node, flow: SequenceFlow | None, outcome: str, scope: Ref | None) -> None:
        match node:
            case Activity():
                self.enter_activity(node, scope)
            case ExclusiveGateway():
                self.go(self._choose(node, outcome, scope), outcome, scope)
            case ParallelGateway():
                if len(node.incoming) > 1:
                    if flow is None or not self._join(node, flow, scope):
                        return
                    outcome = ""
                for way in node.outgoing:
                    self.go(way, outcome, scope)
            case InclusiveGateway():
                if len(node.incoming) > 1 and flow is not None:
                    self._wait(node.id, flow.id, "join", scope)
                else:
                    self._fork_inclusive(node, outcome, scope)
            case EventGateway():
                self._wait_for_first(node, scope)
            case CatchEvent():
                self._catch(node, outcome, scope)
            case ThrowEvent():
                self._throw_on_the_way(node, outcome, scope)
            case EndEvent():
                self._end(node, scope)
            case _:
                raise KeyError(node.id)

    # Gateways

    def _choose(self, gateway: ExclusiveGateway, outcome: str, scope: Ref | None) -> SequenceFlow:
        variables = self.variables(scope)
        for flow in gateway.outgoing:
            if flow.condition is not None and holds(flow.condition, variables, outcome, flow.id):
                return flow
        if gateway.default is None:
            raise KeyError(gateway.id)
        return gateway.default

    def _fork_inclusive(self, gateway: InclusiveGateway, outcome: str, scope: Ref | None) -> None:
        variables = self.variables(scope)
        chosen = [
            flow
            for flow in gateway.outgoing
            if flow is not gateway.default
            and (flow.condition is None or holds(flow.condition, variables, outcome, flow.id))
        ]
        if not chosen:
            if gateway.default is None:
                raise KeyError(gateway.id)
            chosen = [gateway.default]
        for flow in chosen:
            self.go(flow, outcome, scope)

    def _join(self, node: ParallelGateway, flow: SequenceFlow, scope: Ref | None) -> bool:
        """Whether the last branch has arrived; then the tokens that waited are consumed."""
        waiting = {
            item.flow: ref
            for ref, item in self.items.items()
            if item.kind == "join" and item.node == node.id and item.scope == scope
        }
        if set(node.incoming) - {flow.id} - waiting.keys():
            self._wait(node.id, flow.id, "join", scope)
            return False
        for name, ref in waiting.items():
            if name in node.incoming:
                self.remove(ref)
        return True

    def _join_inclusive(self) -> bool:
        """Let inclusive joins go on for which nothing more can come; whether one did."""
        joins: dict[tuple[str, Ref | None], list[Ref]] = {}
        for ref, item in self.items.items():
            if item.kind == "join":
                joins.setdefault((item.node, item.scope), []).append(ref)
        for (name, scope), arrived in joins.items():
            node = self.node(scope, name)
            if isinstance(node, InclusiveGateway) and not self._more_to_come(node, scope):
                for ref in arrived:
                    self.remove(ref)
                self._fork_inclusive(node, "", scope)
                return True
        return False

    def _more_to_come(self, join: InclusiveGateway, scope: Ref | None) -> bool:
        """Whether another token of the join's block is still on its way to it."""
        graph = self.graph_of(scope)
        depth = len(join.scope)
        branches = {graph.flow_scopes[flow][depth] for flow in join.incoming}
        places = [
            found[1]
            for item in self.items.values()
            if item.kind != "done"
            and item.of_task is None
            and not (item.kind == "join" and item.node == join.id and item.scope == scope)
            and (found := self.at_level(item, scope)) is not None
        ]
        # A scope that is empty has yet to end, and its token then goes on.
        places += [graph.nodes[state.node].scope for state in self.scopes.values() if state.parent == scope]
        return any(
            len(place) > depth
            and place[depth] in branches
            and not any(isinstance(graph.nodes[branch.block], BoundaryEvent) for branch in place[depth + 1 :])
            for place in places
        )

    # Activities

    def enter_activity(self, node: Activity, scope: Ref | None) -> None:
        """A token has come to an activity: once, or once for each of its people or elements."""
        if node.multi is None:
            self._begin(node, scope, {})
        else:
            self._open_round(node, scope)

    def _begin(self, node: Activity, scope: Ref | None, local: Mapping[str, Json], queue: Queue | None = None) -> None:
        """One instance of an activity; ``local`` holds the element of a round."""
        holds_edge = node.multi is None
        match node:
            case UserTask():
                self._begin_task(node, scope, local, queue)
            case SubProcess():
                opened = self.open_scope(ScopeState(node.id, "sub", scope, variables=dict(local)))
                if holds_edge:
                    self.await_edge(opened, node, scope)
                self._await_event_processes(opened)
                self.go(self.node(opened, node.start).outgoing[0], "", opened)
            case CallActivity():
                self._call(node, scope, local, holds_edge)
            case _:
                self._begin_simple(node, self._wrapped(node, scope, local), holds_edge)

    def _wrapped(self, node: Activity, scope: Ref | None, local: Mapping[str, Json]) -> Ref | None:
        """A scope of its own for one element of a round."""
        return self.open_scope(ScopeState(node.id, "sub", scope, variables=dict(local))) if local else scope

    def _begin_simple(self, node: Activity, scope: Ref | None, holds_edge: bool) -> None:
        match node:
            case ServiceTask():
                self.assign_variables(scope, self._evaluated(node.sets, scope, node.id))
                if not node.topic:
                    self.finish_activity(node, scope, "")
                    return
                token = self._wait(node.id, "", "work", scope)
                self.delta.waits.append(NewWait(token, node.id, "work", node.topic, ""))
            case ReceiveTask():
                token = self._wait(node.id, "", "receive", scope)
                self.await_trigger(token, node, node.trigger, scope)
            case SendTask():
                self.throw(node.trigger, scope)
                self.finish_activity(node, scope, "")
                return
            case DecisionTask():
                outputs = self.surroundings.decide(node.decision, self.variables(scope))
                self.assign_variables(scope, {node.into.get(name, name): value for name, value in outputs.items()})
                self.finish_activity(node, scope, "")
                return
            case _:
                raise KeyError(node.id)
        if holds_edge:
            self.await_edge(token, node, scope)

    def _evaluated(self, sets: Sequence[Assignment], scope: Ref | None, where: str) -> dict[str, Json]:
        found: dict[str, Json] = {}
        for item in sets:
            found[item.variable] = value_of(item.expression, {**self.variables(scope), **found}, where)
        return found

    def _call(self, node: CallActivity, scope: Ref | None, local: Mapping[str, Json], holds_edge: bool) -> None:
        called = self.surroundings.called(node.called)
        seen = {**self.variables(scope), **local}
        given = {item.variable: value_of(item.expression, seen, node.id) for item in node.inputs}
        state = ScopeState(node.id, "call", scope, called.id, variables=given if node.inputs else dict(seen))
        opened = self.open_scope(state)
        if holds_edge:
            self.await_edge(opened, node, scope)
        self._await_event_processes(opened)
        self.go(called.graph.start.outgoing[0], "", opened)

    def await_edge(self, holder: Ref, node: Activity, scope: Ref | None) -> None:
        for event in node.boundary:
            self.await_trigger(holder, event, event.trigger, scope)

    def _begin_task(
        self,
        node: UserTask,
        scope: Ref | None,
        local: Mapping[str, Json],
        queue: Queue | None = None,
        back: JsonObject | None = None,
    ) -> None:
        variables = {**self.variables(scope), **local} if local else self.variables(scope)
        queue = queue or self.surroundings.assign.queue(node, variables)
        definition_id = self.definition_of(scope)
        if queue is None:
            self.delta.passed.append(PassedTask(node, node.first_outcome, "skipped", scope, definition_id))
            self.finish_activity(node, scope, node.first_outcome)
            return
        auto = None if node.id in self.by_hand else self._auto_outcome(node, queue, variables)
        if auto is not None:
            self.delta.passed.append(PassedTask(node, auto, "auto", scope, definition_id, queue))
            self.finish_activity(node, scope, auto)
            return
        ref = self.new_ref()
        self.items[ref] = Item("task", node.id, "", scope, back=back)
        element = dict(local) if node.multi is not None and node.multi.people is None and local else None
        self.delta.entered[ref] = NewTask(node, queue, scope, definition_id, variables, back, element)
        if node.multi is None:
            self.await_edge(ref, node, scope)
        for overtime in node.overtimes:
            self.delta.timers.append(overtime_timer(overtime, ref, node.names.zh, variables))

    def begin_task(self, node: UserTask, scope: Ref | None, queue: Queue | None, back: JsonObject | None) -> None:
        """A step for a known person (退回 to whoever did it, 撤回), or by its rule."""
        self._begin_task(node, scope, {}, queue, back)

    def _auto_outcome(self, node: UserTask, queue: Queue, variables: Mapping[str, Json]) -> str | None:
        """The outcome by which a rule finishes the step as it begins (自动同意)."""
        assignee = "" if queue.assignee_id is None else str(queue.assignee_id)
        for auto in node.autos:
            if auto.same == "starter" and assignee and assignee == variables.get("starter"):
                return auto.outcome
            agreed = variables.get("agreed")
            if auto.same == "earlier" and assignee and isinstance(agreed, list) and assignee in agreed:
                return auto.outcome
            if auto.when is not None and holds(auto.when, {**variables, "assignee": assignee}, "", node.id):
                return auto.outcome
        return None

    # Overridden where rounds and endings are known

    # Where rounds and endings are known

    def finish_activity(self, node: Activity, scope: Ref | None, outcome: str) -> None:
        """An instance of an activity in ``scope`` is done."""
        raise NotImplementedError

    def _open_round(self, node: Activity, scope: Ref | None) -> None:
        raise NotImplementedError

    def _meet_condition(self) -> bool:
        raise NotImplementedError

    def _end_scope(self) -> bool:
        raise NotImplementedError
