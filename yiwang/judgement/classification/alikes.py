"""Alikes: texts that say nearly the same, so that one of them never judges a model that learned from another.

Two texts are alike when at least half of their stretches of five characters are common (Jaccard), found by MinHash
(Broder 1997): 48 hash functions in pairs, each candidate then compared in full.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from yiwang.judgement.classification.wording import Wording, wording

stretch = 5
share = 0.5
_functions = 48
_together = 2
_crowd = 200

_random = np.random.default_rng(20261121)
_FACTORS = _random.integers(1, 2**63, _functions, dtype=np.uint64) | np.uint64(1)
_SUMMANDS = _random.integers(0, 2**63, _functions, dtype=np.uint64)
_BASE = np.uint64(0x100000001B3)
_SHIFT = np.uint64(32)

Groups = NDArray[np.int64]


def group_alikes(wordings: Sequence[Wording]) -> Groups:
    """The group of each text: the place of the first text that it is alike to, directly or through others."""
    stretches = [_stretches("".join(item.words)) for item in wordings]
    sketches = np.array([_sketch(item) for item in stretches])
    leader = list(range(len(wordings)))
    for band in range(0, _functions, _together):
        for members in _same(sketches[:, band : band + _together]):
            for one, other in pairwise(members):
                _unite_if_alike(leader, stretches, one, other)
            for other in members[2:_crowd]:
                _unite_if_alike(leader, stretches, members[0], other)
    return np.array([_leader(leader, place) for place in range(len(leader))], dtype=np.int64)


def _same(columns: NDArray[np.uint64]) -> list[list[int]]:
    """Places of equal rows, for rows that are not alone."""
    found: dict[bytes, list[int]] = defaultdict(list)
    for place, row in enumerate(np.ascontiguousarray(columns)):
        found[row.tobytes()].append(place)
    return [members for members in found.values() if len(members) > 1]


def _stretches(text: str) -> NDArray[np.uint64]:
    """The distinct hashes of the text's stretches, ascending; a short text is one stretch."""
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(np.uint64)
    count = max(len(codes) - stretch + 1, 1)
    value = np.zeros(count, dtype=np.uint64)
    for offset in range(min(stretch, len(codes))):
        value = value * _BASE + codes[offset : offset + count]
    value = (value ^ (value >> _SHIFT)) * _FACTORS[0]
    return np.unique(value)


def _sketch(stretches: NDArray[np.uint64]) -> NDArray[np.uint64]:
    least: NDArray[np.uint64] = ((stretches[:, None] * _FACTORS + _SUMMANDS) >> _SHIFT).min(axis=0)
    return least


def _unite_if_alike(leader: list[int], stretches: list[NDArray[np.uint64]], one: int, other: int) -> None:
    first, second = _leader(leader, one), _leader(leader, other)
    if first == second:
        return
    common = len(np.intersect1d(stretches[one], stretches[other], assume_unique=True))
    if common >= share * (len(stretches[one]) + len(stretches[other]) - common):
        leader[max(first, second)] = min(first, second)


def _leader(leader: list[int], place: int) -> int:
    while leader[place] != place:
        leader[place] = leader[leader[place]]
        place = leader[place]
    return place


held_out_share = 15
"""Percent of wordings that are never learned from in a city, so that every model is judged by the same cases."""


def held_out(text: str) -> bool:
    """Whether a text belongs to the held-out share; texts that are alike mostly fall on the same side."""
    return int(_sketch(_stretches("".join(wording(text).words)))[0]) % 100 < held_out_share


def spread(groups: Groups, labels: NDArray[np.int64], parts: int) -> NDArray[np.int64]:
    """A part for each text, ``0 … parts-1``: every group in one part, every label in equal shares.

    The larger groups are dealt first, each into the part that has least of its label; ties go round.
    """
    members: dict[int, list[int]] = defaultdict(list)
    for place, group in enumerate(groups.tolist()):
        members[group].append(place)
    order = np.random.default_rng(7).permutation(len(groups))
    held = np.zeros((parts, int(labels.max()) + 1))
    answer = np.zeros(len(groups), dtype=np.int64)
    for group in sorted(members, key=lambda key: (-len(members[key]), int(order[key]))):
        places = members[group]
        label = int(labels[places[0]])
        part = int(np.lexsort((held.sum(axis=1), held[:, label]))[0])
        held[part, label] += len(places)
        answer[places] = part
    return answer
