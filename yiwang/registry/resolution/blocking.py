"""Which records are compared at all: those that agree in one line of ``block`` or ``exact``. No pair comes twice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Blocks:
    """Places of the first and the second of each pair, the first smaller. ``passed_over``: groups too large to be compared,
    by number of the line: (how many, the largest)."""

    first: Integers
    second: Integers
    passed_over: dict[int, tuple[int, int]]


def pairs_of(lines: Sequence[Integers], *, most: int) -> Blocks:
    """All pairs that agree in a line; 0 in a line agrees with nothing. Groups of more than ``most`` are passed over."""
    found: list[Integers] = []
    passed_over: dict[int, tuple[int, int]] = {}
    width = max((len(line) for line in lines), default=0)
    for number, line in enumerate(lines):
        order = np.argsort(line, kind="stable")
        codes = line[order]
        order, codes = order[codes != 0], codes[codes != 0]
        if not len(codes):
            continue
        starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
        sizes = np.diff(np.append(starts, len(codes)))
        if (large := sizes[sizes > most]).size:
            passed_over[number] = (int(large.size), int(large.max()))
        wanted = np.repeat((sizes > 1) & (sizes <= most), sizes)
        order, codes = order[wanted], codes[wanted]
        for distance in range(1, min(most, len(codes))):
            near = np.flatnonzero(codes[distance:] == codes[:-distance])
            if not near.size:
                break
            one, other = order[near], order[near + distance]
            found.append(np.minimum(one, other) * width + np.maximum(one, other))
    together = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
    return Blocks(together // max(width, 1), together % max(width, 1), passed_over)
