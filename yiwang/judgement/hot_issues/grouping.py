"""Letters to issues: which letters are of one matter.

Two letters are alike by their words, when the matter itself agrees and not the place only, and when the places they name
do not contradict. Groups grow by average likeness (UPGMA, Sokal and Michener 1958): a letter joins when it is like the
group on the whole, so that no chain of small steps joins two matters. Deterministic.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from yiwang.judgement.hot_issues.words import Subject

Neighbours = list[dict[int, float]]
"""For each letter: the letters that are somewhat like it, with the likeness."""

threshold = 0.17
"""Average likeness at which a group still takes a letter or another group; chosen on 4,326 letters of one city."""

_one_centre = 0.45
_faint = 0.06
_same_matter = 0.15
_one_matter = 1.3
_other_place = 0.25


def likeness(one: Subject, other: Subject) -> float:
    """How much two letters are of one matter, 0…1."""
    return _agreement(_cosine(one.words, other.words), _cosine(one.matter, other.matter), one, other)


def _cosine(one: Mapping[str, float], other: Mapping[str, float]) -> float:
    if len(one) > len(other):
        one, other = other, one
    return sum(weight * other[word] for word, weight in one.items() if word in other)


def _agreement(words: float, matter: float, one: Subject, other: Subject) -> float:
    value = words
    if one.contradicts(other):
        value *= _other_place
    elif one.places & other.places:
        value *= min(_one_matter, matter / _same_matter)
    return value


def neighbours(subjects: Sequence[Subject]) -> Neighbours:
    """All pairs that are more than faintly alike; time grows with how often words repeat, not with all pairs."""
    words = _Columns([subject.words for subject in subjects])
    matters = _Columns([subject.matter for subject in subjects])
    found: Neighbours = [{} for _ in subjects]
    for index, subject in enumerate(subjects):
        alike = words.cosines(subject.words)
        candidates = np.flatnonzero(alike >= _faint)
        candidates = candidates[candidates > index]
        if not len(candidates):
            continue
        matter = matters.cosines(subject.matter)
        for other in map(int, candidates):
            value = _agreement(float(alike[other]), float(matter[other]), subject, subjects[other])
            if value >= _faint:
                found[index][other] = found[other][index] = value
    return found


class _Columns:
    """Word → (letters, weights), for all cosines of one letter at once."""

    def __init__(self, rows: Sequence[Mapping[str, float]]) -> None:
        letters: defaultdict[str, list[int]] = defaultdict(list)
        weights: defaultdict[str, list[float]] = defaultdict(list)
        for index, row in enumerate(rows):
            for word, weight in row.items():
                letters[word].append(index)
                weights[word].append(weight)
        self._count = len(rows)
        self._columns = {
            word: (np.array(found), np.array(weights[word])) for word, found in letters.items() if len(found) > 1
        }

    def cosines(self, row: Mapping[str, float]) -> NDArray[np.float64]:
        parts = [(self._columns[word], weight) for word, weight in row.items() if word in self._columns]
        if not parts:
            return np.zeros(self._count)
        letters = np.concatenate([column[0] for column, _ in parts])
        weights = np.concatenate([column[1] * weight for column, weight in parts])
        return np.bincount(letters, weights, minlength=self._count).astype(np.float64, copy=False)


def issues(subjects: Sequence[Subject]) -> list[list[int]]:
    """Letters grouped into matters, each of two letters or more."""
    return consolidate(groups(neighbours(subjects)), subjects)


def consolidate(found: list[list[int]], subjects: Sequence[Subject]) -> list[list[int]]:
    """Join groups that speak of one matter in other words: their mean words are alike, though single letters are not.

    Of two groups the larger decides; the joined group is compared again, until nothing changes.
    """
    centres = [centre(members, subjects) for members in found]
    near = neighbours(centres)
    return [
        sorted(member for index in joined for member in found[index]) for joined in _join(near, _one_centre, len(found))
    ]


def _join(near: Neighbours, least: float, count: int) -> list[list[int]]:
    joined = groups(near, least)
    alone = set(range(count)) - {index for members in joined for index in members}
    return sorted([*joined, *([index] for index in alone)])


def centre(members: Sequence[int], subjects: Sequence[Subject]) -> Subject:
    """The mean of some letters, as if it were one: places are those that half of them tell."""
    half = len(members) / 2
    told = Counter(place for member in members for place in subjects[member].places)
    named = Counter(
        (kind, place) for member in members for kind, found in subjects[member].named.items() for place in found
    )
    kinds = {kind for (kind, _), count in named.items() if count >= half}
    return Subject(
        _mean([subjects[member].words for member in members]),
        _mean([subjects[member].matter for member in members]),
        frozenset(place for place, count in told.items() if count >= half),
        {
            kind: frozenset(place for (of, place), count in named.items() if of == kind and count >= half)
            for kind in kinds
        },
    )


def _mean(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    total: dict[str, float] = {}
    for row in rows:
        for word, weight in row.items():
            total[word] = total.get(word, 0.0) + weight
    length = math.sqrt(sum(weight * weight for weight in total.values())) or 1.0
    return {word: weight / length for word, weight in total.items()}


def groups(near: Neighbours, least: float = threshold) -> list[list[int]]:
    """Disjoint groups of two or more letters, the members in ascending order, by average likeness of at least ``least``."""
    rows: dict[int, dict[int, float]] = {index: dict(row) for index, row in enumerate(near)}
    members: dict[int, list[int]] = {index: [index] for index in rows}
    waiting = [
        (-value, one, other)
        for one, row in rows.items()
        for other, value in row.items()
        if one < other and value >= least
    ]
    heapq.heapify(waiting)
    following = len(near)
    while waiting:
        _, one, other = heapq.heappop(waiting)
        if one not in rows or other not in rows:
            continue
        first, second = rows.pop(one), rows.pop(other)
        sizes = len(members[one]), len(members[other])
        joined: dict[int, float] = {}
        for third in sorted((first.keys() | second.keys()) - {one, other}):
            value = (sizes[0] * first.get(third, 0.0) + sizes[1] * second.get(third, 0.0)) / sum(sizes)
            joined[third] = value
            row = rows[third]
            row.pop(one, None)
            row.pop(other, None)
            row[following] = value
            if value >= least:
                heapq.heappush(waiting, (-value, third, following))
        rows[following] = joined
        members[following] = sorted(members.pop(one) + members.pop(other))
        following += 1
    return [found for found in members.values() if len(found) > 1]
