"""What is laid out: items with a size, links between them, and the slots of the ranks that they are put into."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field

from yiwang.flow.look.errors import DrawingTooLarge
from yiwang.flow.look.geometry import Box, Point

most_slots = 20_000
"""Items and the places where long links pass a rank; more is not a drawing that anybody reads."""


@dataclass(frozen=True, slots=True)
class Item:
    """``above`` and ``below``: room kept free for labels and boundary events. ``corners``: a gateway, whose lines may
    leave and arrive at its upper and lower corner. ``lane``: the number of its band, from above."""

    id: str
    width: float
    height: float
    lane: int = 0
    above: float = 0.0
    below: float = 0.0
    corners: bool = False


@dataclass(frozen=True, slots=True)
class Link:
    """``drop``: it leaves downwards from a boundary event, ``drop.x`` from the item's left edge, and turns to the right
    ``drop.y`` below the item's lower edge. ``label``: the width of its words."""

    id: str
    source: str
    target: str
    drop: Point | None = None
    label: float = 0.0


@dataclass(slots=True)
class Layout:
    """The result, with its upper left corner at the origin. ``labels``: where the words of a link begin, on their line.

    ``bands``: upper and lower edge of each lane.
    """

    boxes: dict[str, Box] = field(default_factory=dict)
    routes: dict[str, tuple[Point, ...]] = field(default_factory=dict)
    labels: dict[str, Point] = field(default_factory=dict)
    bands: tuple[tuple[float, float], ...] = ()
    width: float = 0.0
    height: float = 0.0


@dataclass(slots=True, eq=False)
class Slot:
    """A place in a rank: an item's, or a long link's on its way. ``y`` is its middle."""

    rank: int
    lane: int
    item: Item | None = None
    y: float = 0.0
    place: int = 0
    before: list[Tie] = field(default_factory=list)
    after: list[Tie] = field(default_factory=list)

    @property
    def above(self) -> float:
        """From its middle to the upper edge of what it needs."""
        return self.item.height / 2 + self.item.above if self.item else 4.0

    @property
    def below(self) -> float:
        return self.item.height / 2 + self.item.below if self.item else 4.0

    @property
    def top(self) -> float:
        return self.y - self.above

    @property
    def bottom(self) -> float:
        return self.y + self.below


@dataclass(slots=True, eq=False)
class Tie:
    """Part of a link between slots of neighbouring ranks; the heavier, the straighter. ``offset``: from the middle of
    ``source`` down to where it leaves."""

    source: Slot
    target: Slot
    weight: float
    offset: float = 0.0


@dataclass(slots=True)
class Ranked:
    """Items and links in ranks. ``chains``: the slots of each forward link; ``returns``: the links that go back."""

    ranks: list[list[Slot]]
    slots: dict[str, Slot]
    chains: dict[str, list[Slot]]
    returns: list[Link]
    links: dict[str, Link]


def ranked(items: list[Item], links: list[Link]) -> Ranked:
    """Put every item into a rank and lead long links through the ranks between.

    Raises:
        DrawingTooLarge.
    """
    returning = _returning(items, links)
    forward = [link for link in links if link.id not in returning]
    numbers = _ranks(items, forward)
    slots = {item.id: Slot(numbers[item.id], item.lane, item) for item in items}
    steps = sum(max(0, numbers[link.target] - numbers[link.source] - 1) for link in forward)
    if len(items) + steps > most_slots:
        raise DrawingTooLarge(count=len(items) + steps, most=most_slots)
    ranks: list[list[Slot]] = [[] for _ in range(max(numbers.values(), default=-1) + 1)]
    for item in _walked(items, forward):
        ranks[numbers[item.id]].append(slots[item.id])
    found = Ranked(
        ranks, slots, {}, [link for link in links if link.id in returning], {link.id: link for link in links}
    )
    preferred = _main_ways(items, forward, {link.source for link in found.returns})
    for link in forward:
        found.chains[link.id] = _chain(found, link, main=link.id in preferred)
    return found


def _returning(items: list[Item], links: list[Link]) -> set[str]:
    """The links that lead back to where a walk from the starts has come from, in the order of the file."""
    outgoing: dict[str, list[Link]] = {item.id: [] for item in items}
    entered: set[str] = set()
    for link in links:
        outgoing[link.source].append(link)
        if link.source != link.target:
            entered.add(link.target)
    found: set[str] = set()
    done: set[str] = set()
    roots = [item.id for item in items if item.id not in entered]
    for root in (*roots, *outgoing):
        if root in done:
            continue
        path, open_ = [(root, iter(outgoing[root]))], {root}
        while path:
            name, rest = path[-1]
            onward = next(rest, None)
            if onward is None:
                path.pop()
                open_.discard(name)
                done.add(name)
            elif onward.target in open_:
                found.add(onward.id)
            elif onward.target not in done:
                open_.add(onward.target)
                path.append((onward.target, iter(outgoing[onward.target])))
    return found


def _ranks(items: list[Item], links: list[Link]) -> dict[str, int]:
    """The longest way from a start; a start that is alone with a late target stands right before it."""
    outgoing: dict[str, list[tuple[str, int]]] = {item.id: [] for item in items}
    waiting = dict.fromkeys(outgoing, 0)
    for link in links:
        # A second link between the same two needs a rank between them, where it can keep beside the first.
        again = any(target == link.target for target, _ in outgoing[link.source])
        outgoing[link.source].append((link.target, 2 if again else 1))
        waiting[link.target] += 1
    numbers = dict.fromkeys(outgoing, 0)
    ready = [name for name, count in waiting.items() if not count]
    sources = list(ready)
    for name in ready:
        for target, span in outgoing[name]:
            numbers[target] = max(numbers[target], numbers[name] + span)
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    for name in sources[1:]:
        if outgoing[name]:
            numbers[name] = min(numbers[target] - span for target, span in outgoing[name])
    return numbers


def _walked(items: list[Item], links: list[Link]) -> list[Item]:
    """Items as a walk meets them that follows each way to its end: a first order with few crossings."""
    by_id = {item.id: item for item in items}
    outgoing: dict[str, list[str]] = {item.id: [] for item in items}
    entered: set[str] = set()
    for link in links:
        outgoing[link.source].append(link.target)
        entered.add(link.target)
    found: dict[str, Item] = {}
    for root in [*(name for name in by_id if name not in entered), *by_id]:
        pending = [root]
        while pending:
            name = pending.pop()
            if name not in found:
                found[name] = by_id[name]
                pending += reversed(outgoing[name])
    return list(found.values())


def _main_ways(items: list[Item], links: list[Link], turning: set[str]) -> set[str]:
    """Of each item the link that begins the longest way onward, where its target, too, is reached by it at its longest.

    Ways that only turn back (the items ``turning``) count for nothing.
    """
    outgoing: dict[str, list[Link]] = {item.id: [] for item in items}
    incoming: dict[str, list[Link]] = {item.id: [] for item in items}
    for link in links:
        outgoing[link.source].append(link)
        incoming[link.target].append(link)
    order = sorted(outgoing, key=_ranks(items, links).__getitem__)
    onward: dict[str, int] = {}
    for name in reversed(order):
        end = -len(items) if name in turning else 0
        onward[name] = max((onward[link.target] + 1 for link in outgoing[name]), default=end)
    behind: dict[str, int] = {}
    for name in order:
        behind[name] = max((behind[link.source] + 1 for link in incoming[name]), default=0)
    best_out = {max(found, key=lambda link: onward[link.target]).id for found in outgoing.values() if found}
    best_in = {
        max(found, key=lambda link: (behind[link.source], onward[link.source])).id
        for found in incoming.values()
        if found
    }
    return best_out & best_in


def _chain(found: Ranked, link: Link, *, main: bool) -> list[Slot]:
    source, target = found.slots[link.source], found.slots[link.target]
    chain = [source]
    for rank in range(source.rank + 1, target.rank):
        # A long link keeps to the lane of its end that is further from the others' way.
        slot = Slot(rank, source.lane if rank - source.rank <= (target.rank - source.rank) / 2 else target.lane)
        found.ranks[rank].append(slot)
        chain.append(slot)
    chain.append(target)
    for before, after in itertools.pairwise(chain):
        inner = before.item is None and after.item is None
        weight = 16.0 if main else 8.0 if inner else 2.0
        offset = 0.0
        if link.drop is not None and before.item is not None:
            offset, weight = before.item.height / 2 + link.drop.y, 1.0
        tie = Tie(before, after, weight, offset)
        before.after.append(tie)
        after.before.append(tie)
    return chain
