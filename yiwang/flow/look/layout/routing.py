"""Lines at right angles: upright parts run in the gaps between ranks, each on a track of its own; returns run below all.

So no line passes through an item, and lines that cross do so at right angles.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass

from yiwang.flow.look.geometry import Box, Point, straightened
from yiwang.flow.look.layout.graph import Layout, Link, Ranked, Slot

_track = 11.0
_stub = 16.0
_arrow = 22.0
_words = 10.0
_return_track = 20.0


@dataclass(slots=True)
class _Turn:
    """A link that changes its height in a gap. Those with one ``group`` share a track: they leave or end together."""

    link: str
    start: float
    end: float
    group: tuple[str, int]
    track: int = 0


@dataclass(slots=True)
class _Return:
    """A link that goes back, under ``lane``. ``down``, ``up``: straight out of or into the lower edge of its item."""

    link: Link
    source: Slot
    target: Slot
    lane: int
    down: bool
    up: bool
    track: int = 0


class Router:
    """Routes the links of a graph whose slots have their heights."""

    def __init__(self, graph: Ranked, bands: tuple[tuple[float, float], ...]) -> None:
        self.graph = graph
        self.bands = list(bands)
        self.floors = [bottom for _, bottom in bands]
        """By lane: below this run the links that go back within it or from it upwards."""
        self.turns: list[list[_Turn]] = [[] for _ in range(len(graph.ranks) + 1)]
        """By gap; gap 0 lies before the first rank."""
        self.words = [0.0] * (len(graph.ranks) + 1)
        self.cornered_out: set[tuple[str, int]] = set()
        self.cornered_in: set[tuple[str, int]] = set()
        self.below: set[str] = set()
        """Items whose lower edge a line uses."""
        self.columns: list[tuple[float, float]] = []
        self.tracks_left: list[float] = []

    def layout(self) -> Layout:
        """Everything in its place."""
        self._corners()
        returns = self._returns()
        self._make_room(returns)
        self._turns(returns)
        for turns in self.turns:
            _assign(turns)
        self._columns()
        found = Layout(bands=tuple(self.bands))
        for name, slot in self.graph.slots.items():
            found.boxes[name] = self._box(slot)
        for name, chain in self.graph.chains.items():
            found.routes[name], found.labels[name] = self._forward(self.graph.links[name], chain)
        for item in returns:
            found.routes[item.link.id], found.labels[item.link.id] = self._backward(item)
        last_left, last_width = self.columns[-1] if self.columns else (0.0, 0.0)
        found.width = last_left + last_width + self._gap(len(self.graph.ranks))
        found.height = self.bands[-1][1]
        return found

    # What goes where

    def _corners(self) -> None:
        """Hops that leave a forking gateway, or arrive at a joining one, by its upper or lower corner."""
        for name, chain in self.graph.chains.items():
            first, second = chain[0], chain[1]
            if self._forks(first) and self._free(first, second.y):
                self.cornered_out.add((name, 0))
                self._note_below(first, second.y)
            last, before = chain[-1], chain[-2]
            hop = len(chain) - 2
            if self._joins(last) and (name, hop) not in self.cornered_out and self._free(last, before.y):
                self.cornered_in.add((name, hop))
                self._note_below(last, before.y)

    def _note_below(self, slot: Slot, height: float) -> None:
        if slot.item is not None and height > slot.y:
            self.below.add(slot.item.id)

    @staticmethod
    def _forks(slot: Slot) -> bool:
        return slot.item is not None and slot.item.corners and len(slot.after) > 1

    @staticmethod
    def _joins(slot: Slot) -> bool:
        return slot.item is not None and slot.item.corners and len(slot.before) > 1 and len(slot.after) <= 1

    def _free(self, slot: Slot, height: float) -> bool:
        """Whether an upright line from the item's edge to that height meets nothing of its rank."""
        if slot.item is None or abs(height - slot.y) <= slot.item.height / 2 + 4:
            return False
        low, high = min(height, slot.y), max(height, slot.y)
        return not any(
            other is not slot and other.top - 4 < high and other.bottom + 4 > low
            for other in self.graph.ranks[slot.rank]
            if other.item is not None or abs(other.y - height) < 6
        )

    def _returns(self) -> list[_Return]:
        found = []
        for link in self.graph.returns:
            source, target = self.graph.slots[link.source], self.graph.slots[link.target]
            lane = max(source.lane, target.lane)
            down = link.drop is None and link.source not in self.below and self._clear_below(source, lane)
            if down:
                self.below.add(link.source)
            found.append(_Return(link, source, target, lane, down, up=False))
        leaving = {item.link.source for item in found if item.down}
        for item in found:
            name = item.link.target
            small = item.target.item is not None and item.target.item.width < 60
            item.up = self._clear_below(item.target, item.lane) and not (
                name in self.below and (small or name not in leaving)
            )
        return found

    def _clear_below(self, slot: Slot, lane: int) -> bool:
        """Whether nothing of its rank stands under an item down to the floor of that lane, and nothing hangs from it."""
        if slot.item is None or any(tie.offset for tie in slot.after):
            return False
        if slot.item.below > 0 and not slot.item.corners:
            return False
        return not any(
            other.item is not None and other.lane <= lane and other.y > slot.y for other in self.graph.ranks[slot.rank]
        )

    def _make_room(self, returns: list[_Return]) -> None:
        """Give each return a track under its lane, short ones above long ones, and move the lanes below out of the way."""
        pushed = 0.0
        for lane, (top, bottom) in enumerate(self.bands):
            own = [item for item in returns if item.lane == lane]
            tracks = _stack(own)
            self.floors[lane] = bottom + pushed
            depth = 18.0 + tracks * _return_track if own else 0.0
            self.bands[lane] = (top + pushed, bottom + pushed + depth)
            for rank in self.graph.ranks if pushed else ():
                for slot in rank:
                    slot.y += pushed if slot.lane == lane else 0.0
            pushed += depth

    def _turns(self, returns: list[_Return]) -> None:
        for name, chain in self.graph.chains.items():
            link = self.graph.links[name]
            self.words[chain[0].rank + 1] = max(self.words[chain[0].rank + 1], link.label)
            for hop, (before, after) in enumerate(itertools.pairwise(chain)):
                if (name, hop) in self.cornered_out or (name, hop) in self.cornered_in:
                    continue
                start = self._leaving(link, before)
                if abs(start - after.y) > 0.5:
                    self._turn(before.rank + 1, name, before, after, start, after.y)
        for item in returns:
            name, start = item.link.id, self._leaving(item.link, item.source)
            if not item.down:
                self.turns[item.source.rank + 1].append(
                    _Turn(name, start, self.floors[item.lane] + 1, (f"{item.link.source}>", round(start)))
                )
            if not item.up:
                self.turns[item.target.rank].append(
                    _Turn(name, self.floors[item.lane] + 1, item.target.y, (f">>{item.link.target}", 0))
                )

    def _turn(self, gap: int, name: str, before: Slot, after: Slot, start: float, end: float) -> None:
        if before.item is not None and len(before.after) > 1:
            group = (before.item.id, round(start))
        elif after.item is not None and len(after.before) > 1:
            group = (f">{after.item.id}", 0)
        else:
            group = (name, 0)
        self.turns[gap].append(_Turn(name, start, end, group))

    @staticmethod
    def _leaving(link: Link, slot: Slot) -> float:
        """The height at which a link enters the gap."""
        if link.drop is None or slot.item is None:
            return slot.y
        return slot.y + slot.item.height / 2 + link.drop.y

    # Where it is on paper

    def _gap(self, gap: int) -> float:
        tracks = 1 + max((turn.track for turn in self.turns[gap]), default=-1)
        if gap in (0, len(self.graph.ranks)):
            return tracks * _track + (_stub if tracks else 0.0)
        words = self.words[gap] + _words if self.words[gap] else 0.0
        return max(_stub + tracks * _track + max(_arrow, words), 44.0)

    def _columns(self) -> None:
        left = self._gap(0)
        self.tracks_left = [_stub / 2]
        for number, rank in enumerate(self.graph.ranks):
            width = max((slot.item.width for slot in rank if slot.item), default=20.0)
            self.columns.append((left, width))
            self.tracks_left.append(left + width + _stub)
            left += width + self._gap(number + 1)

    def _box(self, slot: Slot) -> Box:
        left, width = self.columns[slot.rank]
        item = slot.item
        if item is None:
            return Box(left, slot.y, width, 0)
        return Box(left + (width - item.width) / 2, slot.y - item.height / 2, item.width, item.height)

    def _track(self, gap: int, link: str) -> float:
        turn = next(turn for turn in self.turns[gap] if turn.link == link)
        return self.tracks_left[gap] + turn.track * _track

    def _start(self, link: Link, slot: Slot, box: Box) -> list[Point]:
        if link.drop is None:
            return [Point(box.right, slot.y)]
        x = box.x + link.drop.x
        return [Point(x, box.bottom + 18), Point(x, box.bottom + link.drop.y)]

    def _forward(self, link: Link, chain: list[Slot]) -> tuple[tuple[Point, ...], Point]:
        name, first, last = link.id, self._box(chain[0]), self._box(chain[-1])
        points = self._start(link, chain[0], first)
        for hop, (before, after) in enumerate(itertools.pairwise(chain)):
            if (name, hop) in self.cornered_out:
                x = first.centre.x
                points = [Point(x, first.bottom if after.y > before.y else first.y), Point(x, after.y)]
            elif (name, hop) in self.cornered_in:
                x = last.centre.x
                points += [Point(x, before.y), Point(x, last.bottom if before.y > after.y else last.y)]
                break
            elif abs(points[-1].y - after.y) > 0.5:
                x = self._track(before.rank + 1, name)
                points += [Point(x, points[-1].y), Point(x, after.y)]
        else:
            points.append(Point(last.x, chain[-1].y))
        gap = chain[0].rank + 1
        tracks = 1 + max((turn.track for turn in self.turns[gap]), default=-1)
        words = Point(self.tracks_left[gap] + max(tracks - 1, 0) * _track + 5 - (0 if tracks else _stub / 2), 0.0)
        return straightened(points), Point(words.x, _height_at(points, words.x, chain[1].y))

    def _out_x(self, item: _Return) -> float:
        if not item.down:
            return self._track(item.source.rank + 1, item.link.id)
        box = self._box(item.source)
        return box.centre.x + (box.width / 4 if box.width > 60 else 0)

    def _in_x(self, item: _Return) -> float:
        if not item.up:
            return self._track(item.target.rank, item.link.id)
        box = self._box(item.target)
        return box.centre.x - (box.width / 4 if box.width > 60 else 0)

    def _backward(self, item: _Return) -> tuple[tuple[Point, ...], Point]:
        source, target = self._box(item.source), self._box(item.target)
        y = self.floors[item.lane] + 18 + item.track * _return_track
        out_x, in_x = self._out_x(item), self._in_x(item)
        if item.down:
            points = [Point(out_x, source.bottom)]
        else:
            points = self._start(item.link, item.source, source)
            points.append(Point(out_x, points[-1].y))
        points += [Point(out_x, y), Point(in_x, y)]
        if item.up:
            points.append(Point(in_x, target.bottom))
        else:
            points += [Point(in_x, item.target.y), Point(target.x, item.target.y)]
        return straightened(points), Point(out_x - item.link.label - 6, y)


def _stack(returns: list[_Return]) -> int:
    """Number the tracks of returns so that none lies on another; how many there are."""
    taken: list[list[tuple[int, int]]] = []
    for item in sorted(returns, key=lambda item: item.source.rank - item.target.rank):
        low, high = item.target.rank, item.source.rank + 1
        free = (number for number, spans in enumerate(taken) if all(high < a or b < low for a, b in spans))
        item.track = next(free, len(taken))
        if item.track == len(taken):
            taken.append([])
        taken[item.track].append((low, high))
    return len(taken)


def _assign(turns: list[_Turn]) -> None:
    """Give each group of turns the leftmost track that is free and keeps crossings few.

    Of two that go down, the upper one turns further right; of two that go up, the lower one.
    """
    groups: dict[tuple[str, int], list[_Turn]] = {}
    for turn in turns:
        groups.setdefault(turn.group, []).append(turn)
    down = [found for found in groups.values() if found[0].end >= found[0].start]
    up = [found for found in groups.values() if found[0].end < found[0].start]
    ordered = sorted(down, key=lambda found: -found[0].start) + sorted(up, key=lambda found: found[0].start)
    placed: list[tuple[float, float, int]] = []
    for group in ordered:
        low, high = _span(group)
        track = max((number + 1 for start, end, number in placed if start < high + 4 and low < end + 4), default=0)
        placed.append((low, high, track))
        for turn in group:
            turn.track = track


def _span(turns: Iterable[_Turn]) -> tuple[float, float]:
    heights = [height for turn in turns for height in (turn.start, turn.end)]
    return min(heights), max(heights)


def _height_at(points: list[Point], x: float, otherwise: float) -> float:
    """The height of the line's level part at ``x``."""
    for before, after in itertools.pairwise(points):
        if before.y == after.y and min(before.x, after.x) <= x <= max(before.x, after.x):
            return before.y
    return otherwise
