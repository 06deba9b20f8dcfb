"""Which element of one version stands for which of the other: by its id, else by its name, its place or its neighbours.

Only an id is certain. What was paired otherwise is told as such (:attr:`Pairs.alike`), so that a person may confirm it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field

from yiwang.flow.model import (
    Activity,
    BoundaryEvent,
    CatchEvent,
    EndEvent,
    Graph,
    Node,
    SequenceFlow,
    StartEvent,
    ThrowEvent,
    Trigger,
    UserTask,
)


@dataclass(frozen=True, slots=True)
class Pairs:
    """Old id → new id, of nodes and of sequence flows. ``alike``: old nodes whose id is another one now."""

    nodes: Mapping[str, str] = field(default_factory=dict)
    flows: Mapping[str, str] = field(default_factory=dict)
    alike: frozenset[str] = frozenset()

    @property
    def back(self) -> Mapping[str, str]:
        """New node id → old node id."""
        return {new: old for old, new in self.nodes.items()}


def trigger_of(node: Node) -> Trigger | None:
    """What triggers an event, or what it throws; None for everything else."""
    match node:
        case BoundaryEvent() | CatchEvent():
            return node.trigger
        case StartEvent() | EndEvent() | ThrowEvent():
            return node.trigger
        case _:
            return None


def flows_of(graph: Graph) -> dict[str, SequenceFlow]:
    """All sequence flows by id."""
    return {flow.id: flow for node in graph.nodes.values() for flow in node.outgoing}


def is_named(node: Node) -> bool:
    """Whether the drawing gives the node a name of its own."""
    return node.names.zh not in ("", node.id)


def pair(old: Graph, new: Graph) -> Pairs:
    """Pair the elements of two versions; each stands for at most one of the other."""
    found = {name: name for name in old.nodes if name in new.nodes}
    same = set(found)
    for sign in (_by_name, _by_stage, _by_place, _by_neighbours, _by_place):
        _join(found, old, new, sign)
    return Pairs(found, _flows(old, new, found), frozenset(found.keys() - same))


_Sign = Callable[[Node, Graph, Callable[[str], str]], Hashable | None]
"""By what a node can be recognised; the function gives ids of neighbours in the words of the new version, "" if unknown."""


def _join(found: dict[str, str], old: Graph, new: Graph, sign: _Sign) -> None:
    """Pair what is recognised by the same sign, where that is unmistakable on both sides."""
    taken = set(found.values())
    before: dict[Hashable, list[str]] = {}
    after: dict[Hashable, list[str]] = {}
    for name, node in old.nodes.items():
        key = sign(node, old, lambda name: found.get(name, "")) if name not in found else None
        if key is not None:
            before.setdefault(key, []).append(name)
    for name, node in new.nodes.items():
        key = sign(node, new, lambda name: name if name in taken else "") if name not in taken else None
        if key is not None:
            after.setdefault(key, []).append(name)
    for key, names in before.items():
        others = after.get(key, [])
        if len(names) == len(others) == 1:
            found[names[0]] = others[0]


def _by_name(node: Node, graph: Graph, known: Callable[[str], str]) -> Hashable | None:
    return (type(node), node.names.zh) if is_named(node) else None


def _by_stage(node: Node, graph: Graph, known: Callable[[str], str]) -> Hashable | None:
    return node.stage if isinstance(node, UserTask) else None


def _by_place(node: Node, graph: Graph, known: Callable[[str], str]) -> Hashable | None:
    """Events by what they are attached to or stand in, and by what triggers them."""
    trigger = trigger_of(node)
    kind = trigger.kind if trigger is not None else ""
    match node:
        case BoundaryEvent():
            return ("edge", known(node.attached), kind) if known(node.attached) else None
        case StartEvent() | EndEvent():
            inside = known(node.container) if node.container else "process"
            return (type(node), inside, kind) if inside else None
        case _:
            return None


def _by_neighbours(node: Node, graph: Graph, known: Callable[[str], str]) -> Hashable | None:
    """Gateways and events without a name by what leads to them and where they lead."""
    if is_named(node) or isinstance(node, Activity):
        return None
    flows = flows_of(graph)
    before = frozenset(known(flows[name].source) for name in node.incoming)
    after = frozenset(known(flow.target) for flow in node.outgoing)
    return (type(node), before, after) if (before | after) - {""} else None


def _flows(old: Graph, new: Graph, nodes: Mapping[str, str]) -> dict[str, str]:
    before, after = flows_of(old), flows_of(new)
    found = {name: name for name in before if name in after}
    taken = set(found.values())
    between: dict[tuple[str, str], list[str]] = {}
    for name, flow in after.items():
        if name not in taken:
            between.setdefault((flow.source, flow.target), []).append(name)
    for name, flow in before.items():
        if name in found:
            continue
        others = between.get((nodes.get(flow.source, ""), nodes.get(flow.target, "")), [])
        if others:
            found[name] = others.pop(0)
    return found
