"""The walk: from where an instance stands and what happens to it, to what changes. Pure: no input, no output, no clock.

Promises: tokens are neither lost nor doubled (each branch holds one until its join or end), the same arguments give the
same answer, and an instance is over exactly when no open task, no waiting token and no scope is left.
"""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.flow.errors import StepNotReachable
from yiwang.flow.model.graph import Graph
from yiwang.flow.model.nodes import (
    Activity,
    BoundaryEvent,
    EndEvent,
    InclusiveGateway,
    Node,
    ParallelGateway,
    StartEvent,
    UserTask,
)
from yiwang.flow.model.settings import Scope
from yiwang.flow.walk.ending import Endings, person_element
from yiwang.flow.walk.events import (
    Cancelled,
    Completed,
    Delta,
    Event,
    Joined,
    Jumped,
    Position,
    Recalled,
    Ref,
    SentBack,
    Started,
    Surroundings,
    Triggered,
    Worked,
)
from yiwang.flow.walk.queues import queue_of
from yiwang.kernel.database import Json, JsonObject


def walk(
    graph: Graph, position: Position, event: Event, variables: Mapping[str, Json], surroundings: Surroundings
) -> Delta:
    """Let ``event`` happen to an instance at ``position``.

    Raises:
        ConditionFailed: a condition or an expression on the way cannot be decided.
        StepNotReachable: the node of a SentBack or Jumped cannot be taken from here; the message says why.
        NobodyForStep, RoundTooLarge, WalkTooLong, and what decision tables raise: the walk cannot go on.
        KeyError: a task, token or event is not part of the position or graph.
    """
    return Walk(graph, position, variables, surroundings).run(event)


class Walk(Endings):
    """One act on one instance; a rehearsal listens in by overriding what it wants to hear of."""

    __slots__ = ()

    def run(self, event: Event) -> Delta:
        match event:
            case Completed():
                self._complete(event)
            case Started(name):
                self._start(name)
            case Triggered(holder, name, values, wait):
                if wait is not None:
                    self._met.add(wait)
                self.trigger(holder, name, values)
            case Worked():
                self._worked(event)
            case SentBack():
                self._send_back(event)
            case Recalled():
                self._recall(event)
            case Joined():
                self._join_round(event)
            case Jumped(name):
                target = self._target_of_jump(name)
                self.clear(None)
                self.go_to(target, None)
            case Cancelled():
                self.clear(None)
        self.settle()
        self.delta.ended = not self.scopes and not self.content(None)
        if self.delta.ended:
            self._recall_end()
            self.clear(None)
        return self.delta

    def _recall_end(self) -> None:
        """What ran beside has ended as well: the instance shows the end with words of its own that it reached before."""
        if self.delta.end is None or not self.delta.end.worded:
            kept = [self.graph.nodes[item.node] for item in self.items.values() if item.kind == "done"]
            ends = [node for node in kept if isinstance(node, EndEvent)]
            self.delta.end = ends[-1] if ends else self.delta.end

    def _start(self, name: str) -> None:
        graph = self.graph
        start = graph.nodes[name] if name else graph.start
        if not isinstance(start, StartEvent):
            raise KeyError(name)
        self.await_starts(graph, graph.events, None)
        self.go(start.outgoing[0], "", None)

    def _complete(self, event: Completed) -> None:
        item = self.items[event.task_id]
        scope, back = item.scope, item.back
        self.assign_variables(scope, event.variables)
        task = self.leave_task(event.task_id, event.outcome)
        self._remember(task, scope, event.by, event.outcome)
        if back is not None and event.outcome == task.first_outcome:
            self._straight_back(scope, back)
        else:
            self.finish_activity(task, scope, event.outcome)

    def _remember(self, task: UserTask, scope: Ref | None, by: str | None, outcome: str) -> None:
        """Keep who did a step, and who has agreed, where another step asks for it."""
        if by is not None and self.graph_of(scope).asks_agreed:
            known = self.variables(scope).get("agreed")
            agreed = known if isinstance(known, list) else []
            if outcome != task.first_outcome:
                self._forget_agreed(scope)
            elif by not in agreed:
                self.assign_variables(scope, {"agreed": [*agreed, by]})
        if by is not None and task.id in self.graph_of(scope).remembered:
            known = self.variables(scope).get("by")
            self.assign_variables(scope, {"by": {**(known if isinstance(known, dict) else {}), task.id: by}})

    def _forget_agreed(self, scope: Ref | None) -> None:
        """Who agreed before something was objected to, or sent back, has not agreed to what becomes of it."""
        if self.variables(scope).get("agreed"):
            self.assign_variables(scope, {"agreed": []})

    def _straight_back(self, scope: Ref | None, back: JsonObject) -> None:
        node = self.node(scope, str(back["node"]))
        if not isinstance(node, UserTask):
            raise KeyError(node.id)
        people = back.get("people")
        if isinstance(people, list):
            done, tally = back.get("done"), back.get("tally")
            self.open_round(
                node,
                scope,
                [element if isinstance(element, dict) else {"queue": element} for element in people],
                done=done if isinstance(done, int) else 0,
                tally={name: count for name, count in tally.items() if isinstance(count, int)}
                if isinstance(tally, dict)
                else {},
            )
        else:
            self.begin_task(node, scope, queue_of(back["queue"]), None)

    def _worked(self, event: Worked) -> None:
        item = self.items[event.token_id]
        node = self.node(item.scope, item.node)
        if item.kind != "work" or not isinstance(node, Activity):
            raise KeyError(item.node)
        if event.error is None:
            self.assign_variables(item.scope, event.variables)
            self.remove(event.token_id)
            self.finish_activity(node, item.scope, "")
            return
        self.remove(event.token_id)
        for edge in node.boundary:
            if edge.trigger.kind == "error" and edge.trigger.name in ("", event.error):
                self.go(edge.outgoing[0], "", item.scope)
                return
        self.fail(event.error, item.scope)

    def _join_round(self, event: Joined) -> None:
        state = self.scopes[event.scope_id]
        node = self.activity_of(event.scope_id)
        if event.out is not None:
            self.remove(event.out)
            state.total -= 1
        state.total += len(event.queues)
        self.touch(event.scope_id)
        for queue in event.queues:
            if node.multi is not None and node.multi.sequential:
                state.rest.append(person_element(queue))
            else:
                self.begin_element(node, event.scope_id, person_element(queue))
        if event.scope_id in self.scopes and event.out is not None:
            self.judge_round(node, event.scope_id)

    # 撤回

    def _recall(self, event: Recalled) -> None:
        for ref in event.gone:
            if ref in self.scopes:
                self.close_scope(ref)
            elif ref in self.items:
                self.remove(ref)
        if event.scope is not None and event.outcome is not None:
            state = self.scopes[event.scope]
            state.done -= 1
            state.tally[event.outcome] -= 1
            state.rest[:0] = [person_element(queue) for queue in event.rest]
            self.touch(event.scope)
        node = self.node(event.scope, event.node)
        if not isinstance(node, UserTask):
            raise KeyError(event.node)
        self.by_hand.add(node.id)
        self.begin_task(node, event.scope, event.queue, None)

    # 退回

    def _send_back(self, event: SentBack) -> None:
        item = self.items[event.task_id]
        origin = self.user_task(event.task_id)
        graph = self.graph_of(item.scope)
        target = graph.nodes.get(event.node)
        if not isinstance(target, UserTask):
            raise StepNotReachable(
                node=event.node, reason_zh="流程里没有这个办理步骤", reason_en="the flow has no such step"
            )
        self.leave_task(event.task_id, None)
        self._forget_agreed(item.scope)
        self.by_hand.add(target.id)
        level, node, exited = self._level_of(origin, item.scope, target)
        plain = not exited and self._withdraw_branches(graph, level, node, target) == ()
        if exited:
            self._withdraw_branches(graph, level, node, target)
        if target.multi is not None:
            self.enter_activity(target, level)
        else:
            self.begin_task(target, level, event.queue, event.straight if plain else None)

    def _level_of(self, origin: UserTask, scope: Ref | None, target: UserTask) -> tuple[Ref | None, Node, bool]:
        """Leave the round, and the sub-processes around the origin that do not hold the target."""
        node: Node = origin
        if scope is not None and self.scopes[scope].kind == "multi" and self.scopes[scope].node == origin.id:
            scope = self.close_scope(scope).parent
        exited = False
        while node.container != target.container:
            if scope is None or self.scopes[scope].kind in ("call", "undo"):
                raise StepNotReachable(
                    node=target.names.zh,
                    reason_zh="它在另一个子流程里,请退回到子流程之前的步骤",
                    reason_en="it lies in another sub-process; choose a step before that",
                )
            node, outer, outermost = self._edge_of(scope)
            self.close_scope(outermost)
            scope, exited = outer, True
        return scope, node, exited

    def _withdraw_branches(self, graph: Graph, level: Ref | None, node: Node, target: UserTask) -> Scope:
        """Withdraw the branches beside the way back; answers the branches that the way back leaves."""
        inner, outer = node.scope, target.scope
        if inner[: len(outer)] != outer:
            raise StepNotReachable(
                node=target.names.zh,
                reason_zh="它在另一个并行分支里,不能退回到那里",
                reason_en="it lies in another parallel branch",
            )
        left = inner[len(outer) :]
        if any(isinstance(graph.nodes[branch.block], BoundaryEvent) for branch in left):
            raise StepNotReachable(
                node=target.names.zh,
                reason_zh="本任务由定时器或其他事件另外产生,主线上的任务仍在办理,不能由它退回",
                reason_en="a timer or another event opened this task beside the main path; send back the main path's own task",
            )
        blocks = {left[0].block} if left else set()
        for ref in list(self.items):
            item = self.items.get(ref)
            found = self.at_level(item, level) if item is not None and item.of_task is None else None
            if item is None or found is None or found[1][: len(outer)] != outer or len(found[1]) == len(outer):
                continue
            block = found[1][len(outer)].block
            if block in blocks or self._is_fork_after(graph, target, block):
                self._withdraw_at(ref, level)
        return left

    def _withdraw_at(self, ref: Ref, level: Ref | None) -> None:
        scope = self.items[ref].scope
        if scope == level:
            self.remove(ref)
            return
        for outer in self.around(scope):
            if self.scopes[outer].parent == level:
                self.close_scope(outer)
                return

    def _is_fork_after(self, graph: Graph, target: UserTask, block: str) -> bool:
        """Whether a fork lies behind the step, so that walking on from there would open its branches again."""
        if not isinstance(graph.nodes[block], ParallelGateway | InclusiveGateway):
            return False
        seen, pending = {target.id}, [target.id]
        while pending:
            for flow in graph.nodes[pending.pop()].outgoing:
                if flow.target == block:
                    return True
                if flow.target not in seen:
                    seen.add(flow.target)
                    pending.append(flow.target)
        return False

    def _target_of_jump(self, name: str) -> Node:
        target = self.graph.nodes.get(name)
        if (
            not isinstance(target, UserTask | EndEvent)
            or target.container
            or (isinstance(target, UserTask) and target.for_compensation)
        ):
            raise StepNotReachable(
                node=name[:100],
                reason_zh="流程主线上没有这个办理步骤或结束",
                reason_en="the main line of the flow has no such step or end",
            )
        if isinstance(target, UserTask) and target.scope:
            raise StepNotReachable(
                node=target.names.zh,
                reason_zh="它在并行分支里,单独到那里会等不齐其他分支;请选分支之前的步骤",
                reason_en="it lies in a parallel branch without its others; choose a step before the fork",
            )
        return target
