"""Whether tokens that stood soundly in one version stand soundly in the other: no join that waits for ever, nothing twice.

A place is the branches (:data:`~yiwang.flow.model.Scope`) of something that waits within one container. Two ways to be
sound are known, and either is enough: the branches are the same ones under other names, or the places are such as an
instance of the new version could have by itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.flow.model import BoundaryEvent, Graph, Names, Scope
from yiwang.flow.versions.bridge import Blocks, Bridge
from yiwang.flow.versions.obstacles import Remark, note, obstacle
from yiwang.flow.versions.telling import called


def judge_places(bridge: Bridge, old: Sequence[Scope], new: Sequence[Scope]) -> tuple[list[Remark], list[Remark]]:
    """Obstacles and notes of the places of one container, given in the same order for both versions."""
    waiting = _waited_in_vain(bridge.new_blocks, new)
    if waiting is not None:
        return [waiting], []
    if _same_branches(bridge, old, new):
        return [], []
    if not _is_sound(bridge.new_blocks, new):
        return [obstacle("branches_differ")], []
    return [], _entered(bridge, old, new)


def _waited_in_vain(blocks: Blocks, places: Sequence[Scope]) -> Remark | None:
    """A parallel join that waits for a branch in which nothing is, while another of its branches is open."""
    graph = blocks.graph
    there = {place[: depth + 1] for place in places for depth in range(len(place)) if not _beside(graph, place[depth:])}
    # What an event has opened beside the main path does not come to the join, so it neither opens the block nor fills it.
    for prefix in there:
        branch = prefix[-1]
        waited = blocks.waited.get(branch.block, frozenset())
        if branch not in waited:
            continue
        for other in sorted(waited):
            if (*prefix[:-1], other) not in there:
                join = called(graph.nodes[blocks.joins[branch.block]])
                first = called(graph.nodes[blocks.flows[other.flow].target])
                return obstacle("join_would_wait", "", join, first)
    return None


def _beside(graph: Graph, place: Scope) -> bool:
    """Whether a place lies in the side branch of an event."""
    return any(isinstance(graph.nodes[branch.block], BoundaryEvent) for branch in place)


def _same_branches(bridge: Bridge, old: Sequence[Scope], new: Sequence[Scope]) -> bool:
    """Whether the branches are the same but for their names."""
    forth: dict[Scope, Scope] = {}
    back: dict[Scope, Scope] = {}
    for before, after in zip(old, new, strict=True):
        if len(before) != len(after):
            return False
        for depth in range(len(before)):
            one, other = before[: depth + 1], after[: depth + 1]
            if forth.setdefault(one, other) != other or back.setdefault(other, one) != one:
                return False
            if type(bridge.old.nodes[one[-1].block]) is not type(bridge.new.nodes[other[-1].block]):
                return False
    # The branches of one fork must not have become those of two, nor those of two those of one.
    forks: dict[tuple[Scope, str], str] = {}
    origins: dict[tuple[Scope, str], str] = {}
    for one, other in forth.items():
        was, is_now = one[-1].block, other[-1].block
        if forks.setdefault((one[:-1], was), is_now) != is_now or origins.setdefault((other[:-1], is_now), was) != was:
            return False
    return True


def _is_sound(blocks: Blocks, places: Sequence[Scope]) -> bool:
    """Whether an instance of the graph could stand like this, each branch holding one token."""
    graph = blocks.graph
    main = [place for place in places if not _beside(graph, place)]
    sides: dict[Scope, list[Scope]] = {}
    for place in places:
        for depth, branch in enumerate(place):
            if isinstance(graph.nodes[branch.block], BoundaryEvent):
                sides.setdefault(place[: depth + 1], []).append(place[depth + 1 :])
                break
    return _is_one_path(main) and all(_is_sound(blocks, inner) for inner in sides.values())


def _is_one_path(places: Sequence[Scope]) -> bool:
    """One token here, or the branches of one fork, each of them with one path in turn."""
    here = [place for place in places if not place]
    deeper = [place for place in places if place]
    if len(here) + len({place[0].block for place in deeper}) > 1:
        return False
    inner: dict[str, list[Scope]] = {}
    for place in deeper:
        inner.setdefault(place[0].flow, []).append(place[1:])
    return all(_is_one_path(rest) for rest in inner.values())


def _entered(bridge: Bridge, old: Sequence[Scope], new: Sequence[Scope]) -> list[Remark]:
    """Blocks of the new version that an instance enters from the side, by one branch only."""
    found: dict[str, Names] = {}
    for before, after in zip(old, new, strict=True):
        known = {bridge.nodes.get(branch.block) for branch in before}
        for branch in after:
            node = bridge.new.nodes[branch.block]
            if branch.block not in known and not isinstance(node, BoundaryEvent):
                found[branch.block] = called(node)
    return [note("enters_block", block, name) for block, name in found.items()]
