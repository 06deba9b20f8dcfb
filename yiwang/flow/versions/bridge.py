"""What each element of one version is in the other, worked out once for a whole migration. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from yiwang.flow.model import Graph, InclusiveGateway, Names, Node, Overtime, ParallelGateway, SubProcess, UserTask
from yiwang.flow.model.settings import Branch
from yiwang.flow.versions.mapping import VersionMap
from yiwang.flow.versions.matching import flows_of
from yiwang.flow.versions.obstacles import Remark, obstacle
from yiwang.flow.versions.telling import called, kind_of


class Blocks:
    """The forks of a graph with the branches that its parallel joins wait for."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.flows = flows_of(graph)
        self.waited: dict[str, frozenset[Branch]] = {}
        """Fork → the branches without which its parallel join never goes on."""
        self.joins: dict[str, str] = {}
        for node in graph.nodes.values():
            if isinstance(node, ParallelGateway | InclusiveGateway) and len(node.incoming) > 1:
                branches = [scope[-1] for name in node.incoming if (scope := graph.flow_scopes[name])]
                for branch in branches:
                    self.joins[branch.block] = node.id
                    if isinstance(node, ParallelGateway):
                        self.waited[branch.block] = self.waited.get(branch.block, frozenset()) | {branch}


class Bridge:
    """``nodes``: old id → new id of the same kind. What the mapping does not name keeps its id, if its kind is the same."""

    def __init__(self, old: Graph, new: Graph, mapping: VersionMap) -> None:
        self.old, self.new, self.mapping = old, new, mapping
        self.nodes: dict[str, str] = {}
        for name, node in old.nodes.items():
            other = new.nodes.get(mapping.steps.get(name, name))
            if other is not None and _alike(node, other):
                self.nodes[name] = other.id

    @cached_property
    def old_blocks(self) -> Blocks:
        return Blocks(self.old)

    @cached_property
    def new_blocks(self) -> Blocks:
        return Blocks(self.new)

    @cached_property
    def steps(self) -> Mapping[str, str]:
        """User tasks only: for what was walked before."""
        return {old: new for old, new in self.nodes.items() if isinstance(self.new.nodes[new], UserTask)}

    @cached_property
    def new_variables(self) -> frozenset[str]:
        """Variables that the new version reads and the old one did not."""
        return self.new.variables - self.old.variables - {"by", "agreed", "starter", "assignee", "outcome"}

    @cached_property
    def new_remembered(self) -> frozenset[str]:
        """Steps of the new version whose last handler it asks for, as the old one did not."""
        known = {self.nodes.get(name) for name in self.old.remembered}
        return frozenset(name for name in self.new.remembered if name not in known)

    def node(self, name: str) -> Node | None:
        """What an old element is in the new version."""
        found = self.nodes.get(name)
        return self.new.nodes[found] if found is not None else None

    def name(self, element: str) -> Names:
        """An old element in words."""
        node = self.old.nodes.get(element)
        return called(node) if node is not None else Names(element, element)

    def missing(self, name: str) -> Remark:
        """Why an old element has no counterpart."""
        other = self.new.nodes.get(self.mapping.steps.get(name, name))
        if other is None:
            return obstacle("step_gone", name, self.name(name))
        return obstacle("kind_differs", name, self.name(name), kind_of(other))

    def flow(self, name: str, join: Node) -> str | None:
        """The connection of the new version over which a branch that came over an old one has come to the join."""
        if name in join.incoming:
            return name
        old = self.old_blocks.flows.get(name)
        source = self.nodes.get(old.source) if old is not None else None
        found = [flow for flow in join.incoming if self.new_blocks.flows[flow].source == source]
        return found[0] if len(found) == 1 else None

    def overtime(self, old: Overtime, rules: Iterable[Overtime]) -> str | None:
        """The rule of the new step that takes the place of an old one: of the same number, or else of the same time."""
        fitting = [rule for rule in rules if rule.do == old.do]
        number = old.id.rpartition("/")[2]
        for rule in fitting:
            if rule.id.rpartition("/")[2] == number:
                return rule.id
        return next((rule.id for rule in fitting if rule.after == old.after), None)


def _alike(old: Node, new: Node) -> bool:
    if type(old) is not type(new):
        return False
    return not (isinstance(old, SubProcess) and isinstance(new, SubProcess)) or old.event is new.event
