"""Parallel branches as nested blocks: which branches a token is in at every node, and where branches do not close.

A parallel gateway that forks opens a block with one branch per way out; a parallel gateway that joins closes it when
exactly those branches arrive. A non-interrupting timer opens a side branch that runs to an end of its own. Because
blocks nest, a join can neither wait for ever nor fire twice, and sending back out of a fork knows which branches fall.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from yiwang.flow.bpmn.draft import Draft, Links
from yiwang.flow.model.graph import (
    BoundaryTimer,
    Branch,
    EndEvent,
    Node,
    ParallelGateway,
    Scope,
    SequenceFlow,
    UserTask,
)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The branches of a token at each node and on each sequence flow."""

    nodes: dict[str, Scope] = field(default_factory=dict)
    flows: dict[str, Scope] = field(default_factory=dict)


def lay_scopes(draft: Draft, links: Links, start: str) -> Scopes:
    """Follow every way from the start; faults are added to the draft."""
    return _Layer(draft, links).lay(start)


class _Layer:
    def __init__(self, draft: Draft, links: Links) -> None:
        self.draft = draft
        self.links = links
        self.scopes = Scopes()
        self.arrivals: dict[str, list[Branch]] = {}
        self.faults: list[tuple[str, Node | SequenceFlow, str, str]] = []
        self.timers: dict[str, list[BoundaryTimer]] = {}
        for timer in draft.timers:
            self.timers.setdefault(timer.task, []).append(timer)

    def lay(self, start: str) -> Scopes:
        pending: list[tuple[str, Scope]] = [(start, ())]
        while pending:
            node_id, scope = pending.pop()
            if not self._settle(node_id, scope):
                continue
            node = self.draft.nodes[node_id]
            outgoing = self.links.outgoing[node_id]
            forks = isinstance(node, ParallelGateway) and len(outgoing) > 1
            for flow in outgoing:
                self.scopes.flows[flow.id] = (*scope, Branch(node_id, flow.id)) if forks else scope
                arrival = self._arrive(flow)
                if arrival is not None:
                    pending.append((flow.target, arrival))
            if isinstance(node, UserTask):
                pending += [(timer.id, self._beside(timer, scope)) for timer in self.timers.get(node_id, [])]
        self._check_joins()
        # Where branches are mixed, everything behind is only a consequence of it.
        mixed = [fault for fault in self.faults if fault[0] == "branches_mixed"]
        for fault in mixed or self.faults:
            self.draft.fault(*fault)
        return self.scopes

    def _fault(self, code: str, item: Node | SequenceFlow, zh: str, en: str) -> None:
        self.faults.append((code, item, zh, en))

    def _settle(self, node_id: str, scope: Scope) -> bool:
        """Whether the node is met for the first time; meeting it again in other branches is a fault."""
        node = self.draft.nodes[node_id]
        known = self.scopes.nodes.get(node_id)
        if known is None:
            self.scopes.nodes[node_id] = scope
            return True
        if known != scope and not isinstance(node, EndEvent):
            self._fault(
                "branches_mixed",
                node,
                "从并行分支内和分支外(或不同分支)都能到达;分支要先用并行网关汇合",
                "it is reached from inside and outside of a parallel branch, or from two; join the branches first",
            )
        return False

    def _beside(self, timer: BoundaryTimer, scope: Scope) -> Scope:
        ways = self.links.outgoing[timer.id]
        return scope if timer.interrupting or not ways else (*scope, Branch(timer.id, ways[0].id))

    def _arrive(self, flow: SequenceFlow) -> Scope | None:
        """The scope with which the flow's target is entered; None where that is a fault."""
        scope = self.scopes.flows[flow.id]
        target = self.draft.nodes[flow.target]
        if isinstance(target, EndEvent):
            if scope and not target.terminate and self._is_fork(scope[-1]):
                self._fault(
                    "branch_not_joined",
                    flow,
                    f"并行网关 {scope[-1].block} 的分支没有汇合就到了结束;请先汇合,或用终止结束事件",
                    f"a branch of {scope[-1].block} ends without a join; join it first or use a terminate end event",
                )
            return scope
        if not isinstance(target, ParallelGateway) or len(self.links.incoming[target.id]) < 2:
            return scope
        if not scope or not self._is_fork(scope[-1]):
            ways = len(self.links.incoming[target.id])
            self._fault(
                "join_without_fork",
                target,
                f"并行网关在此等 {ways} 条连线,但 {flow.id} 不是并行分支,会一直等下去;合并请用排他网关",
                f"it waits for {ways} flows, but {flow.id} is no parallel branch, so it would wait for ever; "
                "merge with an exclusive gateway",
            )
            return None
        self.arrivals.setdefault(target.id, []).append(scope[-1])
        return scope[:-1]

    def _is_fork(self, branch: Branch) -> bool:
        return isinstance(self.draft.nodes[branch.block], ParallelGateway)

    def _check_joins(self) -> None:
        for join_id, branches in self.arrivals.items():
            join = self.draft.nodes[join_id]
            forks = sorted({branch.block for branch in branches})
            wanted = {flow.id for flow in self.links.outgoing[forks[0]]}
            if len(forks) > 1 or len(branches) != len(wanted) or {branch.flow for branch in branches} != wanted:
                self._fault(
                    "branches_not_matched",
                    join,
                    f"汇合要收齐 {'、'.join(forks)} 的全部 {len(wanted)} 条分支,每条一次;现在到达 {len(branches)} 条",
                    f"a join takes the {len(wanted)} branches of {', '.join(forks)}, each once; {len(branches)} arrive",
                )
        joined = {branch.block for branches in self.arrivals.values() for branch in branches}
        for node_id in self.scopes.nodes:
            node = self.draft.nodes[node_id]
            forks_here = isinstance(node, ParallelGateway) and len(self.links.outgoing[node_id]) > 1
            if forks_here and node_id not in joined:
                self._fault(
                    "fork_not_joined", node, "分出的并行分支没有汇合", "the branches that it opens are never joined"
                )
