"""Points of pairs: each compared attribute adds for agreement and takes away for difference; what is missing says nothing.

Exact comparisons come first, on whole columns at once; what cannot reach the queue any more is left out before values are
looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from yiwang.registry.declarations import Comparison, ResolutionDeclaration
from yiwang.registry.resolution.blocking import Blocks, Integers
from yiwang.registry.resolution.gathering import Records
from yiwang.registry.resolution.model import Level, Reason
from yiwang.registry.resolution.similarity import SOFT

_at_once = 200_000


@dataclass(frozen=True, slots=True)
class Scored:
    """A pair, by its places in the records, that a person looks at or that is the same."""

    first: int
    second: int
    score: float
    level: Level
    reasons: tuple[Reason, ...]


def scored(
    records: Records, declared: ResolutionDeclaration, blocks: Blocks, progress: Callable[[int], None]
) -> Iterator[Scored]:
    """The pairs at or above the threshold of review."""
    for start in range(0, len(blocks.first), _at_once):
        stop = start + _at_once
        yield from _part(records, declared, blocks.first[start:stop], blocks.second[start:stop])
        progress(min(stop, len(blocks.first)))


def _part(records: Records, declared: ResolutionDeclaration, first: Integers, second: Integers) -> Iterator[Scored]:
    certain = np.zeros(len(first), dtype=bool)
    for line in records.exact:
        certain |= (line[first] == line[second]) & (line[first] != 0)
    order = sorted(declared.compare, key=lambda name: declared.compare[name].how != "exact")
    points = np.zeros(len(first))
    ahead = sum(each.agree for each in declared.compare.values())
    likeness: dict[str, NDArray[np.float64]] = {}
    for name in order:
        comparison = declared.compare[name]
        alike = _likeness(records, name, comparison, first, second)
        told = ~np.isnan(alike)
        points[told] += comparison.differ + alike[told] * (comparison.agree - comparison.differ)
        likeness[name] = alike
        ahead -= comparison.agree
        possible = certain | (points + ahead >= declared.review)
        if not possible.all():
            first, second, certain, points = first[possible], second[possible], certain[possible], points[possible]
            likeness = {known: values[possible] for known, values in likeness.items()}
    for place in range(len(first)):
        yield _told(declared, place, first, second, points, certain, likeness)


def _likeness(
    records: Records, name: str, comparison: Comparison, first: Integers, second: Integers
) -> NDArray[np.float64]:
    """0…1 per pair; not a number where one of them says nothing."""
    codes = records.codes[name]
    one, other = codes[first], codes[second]
    alike = np.where((one == 0) | (other == 0), np.nan, (one == other).astype(np.float64))
    soft = SOFT.get(comparison.how)
    if soft is not None:
        texts = records.texts[name]
        for place in np.flatnonzero(alike == 0):
            alike[place] = soft(texts[first[place]], texts[second[place]])
    return alike


def _told(
    declared: ResolutionDeclaration,
    place: int,
    first: Integers,
    second: Integers,
    points: NDArray[np.float64],
    certain: NDArray[np.bool_],
    likeness: dict[str, NDArray[np.float64]],
) -> Scored:
    reasons = []
    for name, comparison in declared.compare.items():
        alike = float(likeness[name][place])
        if not np.isnan(alike):
            gained = comparison.differ + alike * (comparison.agree - comparison.differ)
            reasons.append(Reason(name, comparison.how, round(alike, 3), round(gained, 2)))
    same = points[place] >= (declared.review if certain[place] else declared.same)
    return Scored(
        int(first[place]),
        int(second[place]),
        round(float(points[place]), 2),
        "same" if same else "review",
        tuple(reasons),
    )
