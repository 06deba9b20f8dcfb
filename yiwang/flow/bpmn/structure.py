"""Branches as nested blocks: which branches a token is in at every node, and where branches do not close.

A parallel or inclusive gateway that forks opens a block with one branch per way out; a gateway that joins closes it
when branches of that one block arrive. A branch may end at an end event of its own instead, unless a parallel join
could then wait for it for ever. A non-interrupting event opens a side branch that runs to an end of its own. Because
blocks nest, a join can neither wait for ever nor fire twice, and sending back out of a fork knows which branches fall.
Branches are counted within a container: those of a sub-process begin anew.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from yiwang.flow.bpmn.draft import Container, Draft, Neighbours
from yiwang.flow.model import (
    BoundaryEvent,
    Branch,
    EndEvent,
    InclusiveGateway,
    Node,
    ParallelGateway,
    Scope,
    SequenceFlow,
)


@dataclass(frozen=True, slots=True)
class Scopes:
    """The branches of a token at each node and on each sequence flow, within its container."""

    nodes: dict[str, Scope] = field(default_factory=dict)
    flows: dict[str, Scope] = field(default_factory=dict)


def lay_scopes(draft: Draft, around: Neighbours, held: tuple[Container, ...]) -> Scopes:
    """Follow every way from every start; faults are added to the draft."""
    layer = _Layer(draft, around)
    for container in held:
        for start in container.starts:
            layer.follow(start.id, ())
    layer.finish()
    return layer.scopes


class _Layer:
    """``arrivals``: join → the branches that arrive, one for each flow; ``ends``: branch → flows by which it ends early."""

    def __init__(self, draft: Draft, around: Neighbours) -> None:
        self.draft = draft
        self.around = around
        self.scopes = Scopes()
        self.arrivals: dict[str, list[Branch]] = {}
        self.ends: dict[Branch, list[SequenceFlow]] = {}
        self.faults: list[tuple[str, Node | SequenceFlow, str, str]] = []

    def follow(self, start: str, scope: Scope) -> None:
        """Every way from a node."""
        pending: list[tuple[str, Scope]] = [(start, scope)]
        while pending:
            node_id, scope = pending.pop()
            if not self._settle(node_id, scope):
                continue
            node = self.draft.nodes[node_id]
            forks = self.around.forks(node)
            for flow in self.around.outgoing[node_id]:
                self.scopes.flows[flow.id] = (*scope, Branch(node_id, flow.id)) if forks else scope
                arrival = self._arrive(flow)
                if arrival is not None:
                    pending.append((flow.target, arrival))
            if node_id in self.around.leaps:
                pending.append((self.around.leaps[node_id], scope))
            for event in self.around.edge.get(node_id, ()):
                pending.append((event.id, self._beside(event, scope)))

    def finish(self) -> None:
        """What can be judged once all ways are known."""
        joins = self._check_joins()
        self._check_ends(joins)
        for event in self.draft.boundaries:
            handler = self.draft.handler(event) if event.trigger.kind == "compensation" else ""
            if handler and event.id in self.scopes.nodes:
                self.scopes.nodes.setdefault(handler, self.scopes.nodes[event.id])
        for process in self.draft.sub_processes:
            if process.event:
                self.scopes.nodes.setdefault(process.id, ())
        # Where branches are mixed, everything behind is only a consequence of it.
        mixed = [fault for fault in self.faults if fault[0] == "branches_mixed"]
        for fault in mixed or self.faults:
            self.draft.fault(*fault)

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
                "从并行分支内和分支外(或不同分支)都能到达;分支要先用网关汇合",
                "it is reached from inside and outside of a parallel branch, or from two; join the branches first",
            )
        return False

    def _beside(self, event: BoundaryEvent, scope: Scope) -> Scope:
        ways = self.around.outgoing[event.id]
        return scope if event.interrupting or not ways else (*scope, Branch(event.id, ways[0].id))

    def _arrive(self, flow: SequenceFlow) -> Scope | None:
        """The scope with which the flow's target is entered; None where that is a fault."""
        scope = self.scopes.flows[flow.id]
        target = self.draft.nodes[flow.target]
        if isinstance(target, EndEvent):
            ends_all = target.trigger is not None and target.trigger.kind in ("terminate", "error")
            if scope and not ends_all and self._fork(scope[-1]) is not None:
                self.ends.setdefault(scope[-1], []).append(flow)
            return scope
        if not self.around.joins(target):
            return scope
        fork = self._fork(scope[-1]) if scope else None
        if fork is None:
            ways = len(self.around.incoming[target.id])
            self._fault(
                "join_without_fork",
                target,
                f"网关在此等 {ways} 条连线,但 {flow.id} 不是并行或包容分支,会一直等下去;合并请用排他网关",
                f"it waits for {ways} flows, but {flow.id} is no branch of a fork, so it would wait for ever; "
                "merge with an exclusive gateway",
            )
            return None
        if isinstance(target, ParallelGateway) and isinstance(fork, InclusiveGateway):
            self._fault(
                "join_of_another_kind",
                target,
                f"包容网关 {fork.id} 的分支不一定都走,要用包容网关汇合",
                f"not every branch of the inclusive gateway {fork.id} is taken; join them with an inclusive gateway",
            )
        self.arrivals.setdefault(target.id, []).append(scope[-1])
        return scope[:-1]

    def _fork(self, branch: Branch) -> Node | None:
        """The gateway that opened the branch; None for the side branch of an event."""
        node = self.draft.nodes[branch.block]
        return node if isinstance(node, ParallelGateway | InclusiveGateway) else None

    def _check_joins(self) -> dict[str, Node]:
        """The join of each fork that has one; its branches are of that fork, and at a parallel join each comes once."""
        joins: dict[str, Node] = {}
        for join_id, branches in sorted(self.arrivals.items(), key=lambda item: self.draft.nodes[item[0]].line):
            join = self.draft.nodes[join_id]
            forks = sorted({branch.block for branch in branches})
            twice = isinstance(join, ParallelGateway) and len(set(branches)) < len(branches)
            if len(forks) > 1 or twice:
                self._fault(
                    "branches_not_matched",
                    join,
                    f"汇合只收一个网关的分支,每条一次;现在到达 {'、'.join(forks)} 的 {len(branches)} 条",
                    f"a join takes branches of one gateway, each once; {len(branches)} of {', '.join(forks)} arrive",
                )
            for fork in forks:
                if fork in joins:
                    self._fault(
                        "branches_not_matched",
                        join,
                        f"{fork} 的分支已在 {joins[fork].id} 汇合,一个网关的分支只能在一处汇合",
                        f"branches of {fork} are joined at {joins[fork].id} already; a gateway has one join",
                    )
                joins.setdefault(fork, join)
        return joins

    def _check_ends(self, joins: dict[str, Node]) -> None:
        """A branch for which a parallel join waits must not be able to end before it."""
        forks = [node for name in self.scopes.nodes if self.around.forks(node := self.draft.nodes[name])]
        ending: dict[Branch, Node | SequenceFlow] = {branch: flows[0] for branch, flows in self.ends.items()}
        # Innermost first: whether a block can end without going on behind its join tells that of its branch.
        for fork in sorted(forks, key=lambda node: -len(self.scopes.nodes[node.id])):
            scope = self.scopes.nodes[fork.id]
            waited_for = bool(scope) and scope[-1] not in ending and self._fork(scope[-1]) is not None
            if waited_for and self._may_end(fork, joins.get(fork.id), ending):
                ending[scope[-1]] = fork
        for join_id, branches in self.arrivals.items():
            if isinstance(self.draft.nodes[join_id], ParallelGateway):
                for branch in dict.fromkeys(branches):
                    self._check_branch(join_id, branch, ending)

    def _may_end(self, fork: Node, join: Node | None, ending: dict[Branch, Node | SequenceFlow]) -> bool:
        """Whether all that a fork sends out can end without going on behind its join."""
        if join is None:
            return True
        if isinstance(join, ParallelGateway):
            return False
        joined = set(self.arrivals[join.id])
        branches = [Branch(fork.id, flow.id) for flow in self.around.outgoing[fork.id]]
        ends = [branch in ending or branch not in joined for branch in branches]
        return any(ends) if isinstance(fork, InclusiveGateway) else all(ends)

    def _check_branch(self, join: str, branch: Branch, ending: dict[Branch, Node | SequenceFlow]) -> None:
        culprit = ending.get(branch)
        if isinstance(culprit, SequenceFlow):
            for flow in self.ends[branch]:
                self._fault(
                    "branch_not_joined",
                    flow,
                    f"{branch.block} 的这条分支可能在此结束,{join} 就会一直等它;请先汇合,或用终止结束事件、包容网关汇合",
                    f"this branch of {branch.block} may end here, so {join} would wait for it for ever; join it first, "
                    "or use a terminate end event or an inclusive join",
                )
        elif culprit is not None:
            self._fault(
                "fork_not_joined",
                culprit,
                f"它分出的分支可能各自结束,{join} 就会一直等下去;请先汇合",
                f"all branches that it opens may end, so {join} would wait for ever; join them first",
            )
