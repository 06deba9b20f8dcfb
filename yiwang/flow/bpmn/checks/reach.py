"""Every node can be reached from a start of its process or sub-process, and an end of it can be reached from every node."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yiwang.flow.bpmn.draft import Container, Draft, Neighbours
from yiwang.flow.model import Activity, BoundaryEvent, Node, SubProcess


def check_reach(draft: Draft, around: Neighbours, container: Container) -> None:
    """The nodes directly in a container."""
    forward = _reach([start.id for start in container.starts], around.next)
    backward = _reach([end.id for end in container.ends], around.previous)
    handlers = {draft.handler(event) for event in draft.boundaries if event.trigger.kind == "compensation"}
    for node in container.nodes:
        if _stands_apart(node, handlers):
            continue
        if node.id not in forward:
            draft.fault("not_reachable", node, "从开始走不到这里", "it cannot be reached from the start")
        elif node.id not in backward:
            draft.fault("no_end", node, "从这里走不到任何结束", "no end can be reached from it")


def _stands_apart(node: Node, handlers: set[str]) -> bool:
    """What no sequence flow leads to: event sub-processes, compensation."""
    match node:
        case BoundaryEvent():
            return node.trigger.kind == "compensation"
        case SubProcess() if node.event:
            return True
        case Activity():
            return node.for_compensation and node.id in handlers
        case _:
            return False


def _reach(origins: Iterable[str], neighbours: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    seen = set(origins)
    pending = list(seen)
    while pending:
        for following in neighbours[pending.pop()]:
            if following not in seen:
                seen.add(following)
                pending.append(following)
    return frozenset(seen)
