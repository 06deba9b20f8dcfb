"""The order within ranks: few crossings, by sweeps over the middles of each slot's neighbours; lanes stay apart."""

from __future__ import annotations

from bisect import bisect_right, insort

from yiwang.flow.look.layout.graph import Slot

sweeps = 12


def arrange_ranks(ranks: list[list[Slot]]) -> None:
    """Sort every rank; the best order seen stays."""
    _number(ranks)
    best, kept = _crossings(ranks), [list(rank) for rank in ranks]
    for sweep in range(sweeps):
        down = sweep % 2 == 0
        for rank in ranks if down else reversed(ranks):
            middles = {id(slot): _middle(slot, down=down) for slot in rank}
            rank.sort(key=lambda slot: (slot.lane, middles[id(slot)]))
            for place, slot in enumerate(rank):
                slot.place = place
        _swap_neighbours(ranks)
        found = _crossings(ranks)
        if found < best:
            best, kept = found, [list(rank) for rank in ranks]
        if not best:
            break
    for rank, order in zip(ranks, kept, strict=True):
        rank[:] = order
    _number(ranks)


def _number(ranks: list[list[Slot]]) -> None:
    for rank in ranks:
        rank.sort(key=lambda slot: slot.lane)
        for place, slot in enumerate(rank):
            slot.place = place


def _places(slot: Slot, *, down: bool) -> list[float]:
    """Places of the neighbours on that side; what leaves from below stands a little lower."""
    if down:
        return [tie.source.place + (0.3 if tie.offset else 0.0) for tie in slot.before]
    return [float(tie.target.place) for tie in slot.after]


def _middle(slot: Slot, *, down: bool) -> float:
    found = _places(slot, down=down)
    return sum(found) / len(found) if found else float(slot.place)


def _crossings(ranks: list[list[Slot]]) -> int:
    """How many pairs of ties cross between neighbouring ranks."""
    count = 0
    for rank in ranks:
        seen: list[int] = []
        for slot in rank:
            targets = [tie.target.place for tie in slot.after]
            for place in targets:
                count += len(seen) - bisect_right(seen, place)
            for place in targets:
                insort(seen, place)
    return count


def _swap_neighbours(ranks: list[list[Slot]]) -> None:
    """Exchange neighbours of a rank wherever that saves crossings."""
    for rank in ranks:
        for place in range(len(rank) - 1):
            upper, lower = rank[place], rank[place + 1]
            if upper.lane == lower.lane and _between(lower, upper) < _between(upper, lower):
                rank[place], rank[place + 1] = lower, upper
                lower.place, upper.place = place, place + 1


def _between(upper: Slot, lower: Slot) -> int:
    """Crossings of the ties of two slots if the first stands above the second."""
    return sum(
        first > second
        for down in (True, False)
        for first in _places(upper, down=down)
        for second in _places(lower, down=down)
    )
