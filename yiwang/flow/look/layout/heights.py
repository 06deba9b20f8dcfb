"""How high each slot stands: lines as straight as the order allows, nothing on top of another.

Each rank is solved exactly: the heights with the least sum of weighted distances to the neighbours' heights, slots in
their order and with the room they need (isotonic regression by pooling adjacent violators, with weighted medians, so that
most lines are quite straight and the others bend once).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from yiwang.flow.look.layout.graph import Slot

passes = 6
_gap = 26.0
_passing_gap = 10.0


def raise_slots(ranks: list[list[Slot]], lanes: int, *, beside: float) -> tuple[tuple[float, float], ...]:
    """Give every slot its height, lane by lane below one another; the edges of the lanes, the first at 0.

    ``beside``: the room between what stands in a lane and its edges.
    """
    bands: list[tuple[float, float]] = []
    edge = 0.0
    for lane in range(lanes):
        own = [[slot for slot in rank if slot.lane == lane] for rank in ranks]
        _settle([rank for rank in own if rank])
        slots = [slot for rank in own for slot in rank]
        highest = min((slot.top for slot in slots), default=0.0)
        for slot in slots:
            slot.y += edge + beside - highest
        lowest = max((slot.bottom for slot in slots), default=edge + 60.0) + beside
        bands.append((edge, lowest))
        edge = lowest
    return tuple(bands)


def _settle(ranks: list[list[Slot]]) -> None:
    for rank in ranks:
        for before, slot in zip([None, *rank], rank, strict=False):
            slot.y = 0.0 if before is None else before.y + _apart(before, slot)
    for number in range(passes):
        for rank in ranks:
            _solve(rank, _upstream if number < passes - 1 else _both)
        for rank in reversed(ranks):
            _solve(rank, _downstream if number < passes - 1 else _both)


def _apart(upper: Slot, lower: Slot) -> float:
    passing = upper.item is None or lower.item is None
    return upper.below + lower.above + (_passing_gap if passing else _gap)


def _upstream(slot: Slot) -> list[tuple[float, float]]:
    """Heights wished for, with weights, by the ties on the left; those from other lanes have no say."""
    return [(tie.source.y + tie.offset, tie.weight) for tie in slot.before if tie.source.lane == slot.lane]


def _downstream(slot: Slot) -> list[tuple[float, float]]:
    """As above for the right; what hangs from a boundary event follows its activity and does not pull at it."""
    return [(tie.target.y, tie.weight) for tie in slot.after if tie.target.lane == slot.lane and not tie.offset]


def _both(slot: Slot) -> list[tuple[float, float]]:
    return [*_upstream(slot), *_downstream(slot)]


@dataclass(slots=True)
class _Block:
    """Slots that touch; ``wishes`` are heights of its first slot."""

    wishes: list[tuple[float, float]]
    members: list[tuple[Slot, float]]
    value: float


def _solve(rank: list[Slot], wishes_of: Callable[[Slot], list[tuple[float, float]]]) -> None:
    blocks: list[_Block] = []
    offset, before = 0.0, None
    for slot in rank:
        offset += 0.0 if before is None else _apart(before, slot)
        before = slot
        wishes = [(y - offset, weight) for y, weight in wishes_of(slot)] or [(slot.y - offset, 0.01)]
        block = _Block(wishes, [(slot, offset)], _median(wishes))
        while blocks and blocks[-1].value > block.value:
            upper = blocks.pop()
            together = upper.wishes + block.wishes
            block = _Block(together, upper.members + block.members, _median(together))
        blocks.append(block)
    for block in blocks:
        for slot, below in block.members:
            slot.y = block.value + below


def _median(wishes: list[tuple[float, float]]) -> float:
    """The lowest value with at least half of the weight at or below it."""
    ordered = sorted(wishes)
    half, reached = sum(weight for _, weight in ordered) / 2, 0.0
    for value, weight in ordered:
        reached += weight
        if reached >= half:
            return value
    return ordered[-1][0]
