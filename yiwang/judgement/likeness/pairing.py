"""The repetitions in a list of reports: every pair that is the same matter, without comparing every pair.

Candidates are those of a common number, of one class at one place, of one address, of one text, and those that share a
rare word; within ``hours`` of each other. A block is read in the order of time and each report meets at most
:data:`NEIGHBOURS` others of it, so the work grows with the list, whatever is in it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from yiwang.judgement.likeness.evidence import SAME_MATTER, Likeness, Telling, compare
from yiwang.judgement.likeness.rarity import Rarity

NEIGHBOURS = 60
"""Others of one block with which a report is compared: those that stand next to it in time."""

RARE_WORDS = 8
_COMMON = 200
"""Reports that may share a word before it is too frequent to look for."""

_CELL = 0.002
"""Degrees: some 200 m, so that what lies within 100 m stands in the same cell or in one beside it."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two reports of the list, by their places in it (``earlier`` < ``later`` in time), and what speaks for it."""

    earlier: int
    later: int
    likeness: Likeness


def repetitions(
    reports: Sequence[Telling], *, hours: float = 24.0, least: float = SAME_MATTER, rarity: Rarity | None = None
) -> list[Pair]:
    """Pairs of the same matter with probability ``least`` or more, at most ``hours`` apart; the surest first.

    Each report that repeats others is paired with the earliest of each group once. Of two reports that have times, none
    are paired that lie further apart than ``hours``; a common number at the source pairs them at any distance.
    """
    weights = rarity or Rarity.of((report.said, report.terms) for report in reports)
    reports = without_stopgaps(reports)
    order = sorted(range(len(reports)), key=lambda place: (_moment(reports[place]), place))
    rank = {place: number for number, place in enumerate(order)}
    window = timedelta(hours=hours)
    found: dict[tuple[int, int], Likeness] = {}
    met: set[tuple[int, int]] = set()
    for block in _blocks(reports, order, weights):
        for number, place in enumerate(block):
            for other in block[number + 1 : number + 1 + NEIGHBOURS]:
                pair = (place, other) if rank[place] < rank[other] else (other, place)
                if pair in met:
                    continue
                met.add(pair)
                one, two = reports[pair[0]], reports[pair[1]]
                numbered = bool(one.number) and one.number == two.number
                if not numbered and one.at is not None and two.at is not None and two.at - one.at > window:
                    continue
                likeness = compare(one, two, weights)
                if likeness.probability >= least:
                    found[pair] = likeness
    return [
        Pair(earlier, later, likeness)
        for (earlier, later), likeness in sorted(
            _nearest_heads(found, rank).items(), key=lambda item: (-item[1].bits, rank[item[0][1]])
        )
    ]


def groups(pairs: Iterable[Pair]) -> list[list[int]]:
    """The reports that are one matter, each group in the order of the list; pairs chain."""
    head: dict[int, int] = {}

    def root(place: int) -> int:
        while head.setdefault(place, place) != place:
            head[place] = head[head[place]]
            place = head[place]
        return place

    for pair in pairs:
        one, two = root(pair.earlier), root(pair.later)
        head[max(one, two)] = min(one, two)
    members: dict[int, list[int]] = defaultdict(list)
    for place in sorted(head):
        members[root(place)].append(place)
    return [members[place] for place in sorted(members)]


def _nearest_heads(found: dict[tuple[int, int], Likeness], rank: dict[int, int]) -> dict[tuple[int, int], Likeness]:
    """For each later report the pair with its earliest counterpart: of n equal reports n-1 pairs, not n(n-1)/2."""
    heads: dict[int, int] = {}
    for earlier, later in found:
        if later not in heads or rank[earlier] < rank[heads[later]]:
            heads[later] = earlier
    return {(earlier, later): found[earlier, later] for later, earlier in heads.items()}


def _blocks(reports: Sequence[Telling], order: Sequence[int], rarity: Rarity) -> Iterator[list[int]]:
    """Lists of reports that might be the same, each in the order of time."""
    by_key: dict[tuple[object, ...], list[int]] = defaultdict(list)
    counts: dict[str, int] = defaultdict(int)
    for report in reports:
        for term in report.terms:
            counts[term] += 1
    for place in order:
        for key in _keys(reports[place], counts, rarity):
            by_key[key].append(place)
    for key, block in by_key.items():
        if key[0] == "cell":
            _, name, row, column = key
            near = [
                member
                for down in (-1, 0, 1)
                for right in (-1, 0, 1)
                if isinstance(row, int) and isinstance(column, int)
                for member in by_key.get(("cell", name, row + down, column + right), ())
            ]
            yield sorted(near, key=lambda place: (_moment(reports[place]), place))
        elif len(block) > 1:
            yield block


def _keys(report: Telling, counts: dict[str, int], rarity: Rarity) -> Iterator[tuple[object, ...]]:
    if report.number:
        yield ("number", report.number)
    if report.said:
        yield ("text", report.said)
    if report.address:
        yield ("address", report.class_code, report.address)
    if report.lon is not None and report.lat is not None:
        wide = max(0.05, math.cos(math.radians(report.lat)))
        yield ("cell", report.class_code, math.floor(report.lat / _CELL), math.floor(report.lon * wide / _CELL))
    telling = (term for term in report.terms if 1 < counts[term] <= _COMMON)
    for term in rarity.rarest(sorted(telling), RARE_WORDS):
        yield ("word", term)


def without_stopgaps(reports: Sequence[Telling]) -> list[Telling]:
    """The reports without coordinates that only fill a gap: points at which three or more different addresses stand."""
    addresses: dict[tuple[float, float], set[str]] = defaultdict(set)
    for report in reports:
        if report.lon is not None and report.lat is not None and report.address:
            addresses[report.lon, report.lat].add(report.address)
    stopgaps = {point for point, known in addresses.items() if len(known) >= 3}
    return [
        Telling(
            report.terms,
            report.said,
            report.address,
            None,
            None,
            report.class_code,
            report.at,
            report.caller,
            report.number,
        )
        if report.lon is not None and report.lat is not None and (report.lon, report.lat) in stopgaps
        else report
        for report in reports
    ]


def _moment(report: Telling) -> float:
    return report.at.timestamp() if report.at is not None else 0.0
