"""From net emissions to rows: what each case entered for each object and day, and the sums of the days. Pure, over arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np

from yiwang.insight.indicators.counts import WORDS
from yiwang.insight.scoring.lives import ROW_SHIFT, Net, objects_first
from yiwang.insight.scoring.slices import SliceSet
from yiwang.insight.scoring.wire import Numbers, Rows

_AMOUNTS: Final = np.zeros(64, dtype=bool)
_AMOUNTS[[int(count) for count, words in WORDS.items() if words.amount]] = True

SUM: Final = np.dtype([("object", "i4"), ("day", "i4"), ("slice", "i2"), ("count", "i2"), ("n", "i8")])
FACT: Final = np.dtype([("row", "i4"), ("object", "i4"), ("day", "i4"), ("bits", "i8")])
MANY: Final = np.dtype([("row", "i4"), ("object", "i4"), ("day", "i4"), ("count", "i2"), ("n", "i4")])


_Added: TypeAlias = tuple[Numbers, Numbers]
"""Numbers that hold object, day and count, each once and in order, and how often it was entered."""


def sums_of(net: Net, sets: Numbers, members: Mapping[int, SliceSet]) -> Rows:
    """The net emissions summed over cases, by slice. ``sets``: the number of each life's set of slices; ``members``: which
    slices these sets hold.

    Each set is summed once; a slice is then the sum of the sets that hold it.
    """
    if not len(net.n):
        return np.empty(0, dtype=SUM)
    present, mine = np.unique(sets, return_inverse=True)
    parts = _by_set(net, mine, len(present))
    holding: dict[int, list[int]] = {}
    for at, number in enumerate(present.tolist()):
        for slice_ in members[number]:
            holding.setdefault(slice_, []).append(at)
    made: dict[tuple[int, ...], Rows] = {}
    pieces = [np.empty(0, dtype=SUM)]
    slices = sorted(holding)
    for slice_ in slices:
        which = tuple(holding[slice_])
        if which not in made:
            made[which] = _rows([parts[at] for at in which])
        pieces.append(made[which])
    found = np.concatenate(pieces)
    found["slice"] = np.repeat(np.array(slices, dtype="i2"), [len(piece) for piece in pieces[1:]])
    return found


def _by_set(net: Net, mine: Numbers, sets: int) -> list[_Added]:
    """The sums of each set; ``mine``: the set of each life, counted from 0."""
    keys = net.without_row
    if sets == 1:
        return [_added(keys, net.n)]
    keys, n = _added((mine[net.row] << ROW_SHIFT) | keys, net.n)
    bounds = np.searchsorted(keys, np.arange(1, sets, dtype="i8") << ROW_SHIFT)
    keys &= (1 << ROW_SHIFT) - 1
    return list(zip(np.split(keys, bounds), np.split(n, bounds), strict=True))


def _added(keys: Numbers, n: Numbers) -> _Added:
    order = np.argsort(keys)
    keys = keys[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    return keys[starts], np.add.reduceat(n[order], starts)


def _rows(parts: Sequence[_Added]) -> Rows:
    """The sum of these as rows; the slice is left open."""
    keys, n = parts[0]
    if len(parts) > 1:
        keys, n = np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])
        if len(keys):
            keys, n = _added(keys, n)
    left = n != 0
    summed = Net.of(keys[left], n[left])
    found = np.empty(len(summed.n), dtype=SUM)
    found["object"], found["day"], found["count"], found["n"] = summed.object, summed.day, summed.entry, summed.n
    return found


@dataclass(frozen=True, slots=True)
class Entered:
    """Rows of what cases entered: ``facts`` (row, object, day, bits) and ``many`` (those entered not exactly once)."""

    facts: Rows
    many: Rows


def entered(net: Net) -> Entered:
    """What cases whose whole history is summed in ``net`` have entered. Amounts are in the sums of the days only."""
    net = without_amounts(net)
    if not len(net.n):
        return Entered(np.empty(0, dtype=FACT), np.empty(0, dtype=MANY))
    same = (net.row[1:] == net.row[:-1]) & (net.object[1:] == net.object[:-1]) & (net.day[1:] == net.day[:-1])
    starts = np.flatnonzero(np.r_[True, ~same])
    bits = np.bitwise_or.reduceat(np.int64(1) << net.entry, starts)
    row, thing, day = net.row[starts], net.object[starts], net.day[starts]
    # In the order of the table's index, which is sooner made of such runs than of rows that lie anyhow.
    order = np.argsort(objects_first(row, thing, day))
    facts = np.empty(len(starts), dtype=FACT)
    facts["row"], facts["object"], facts["day"], facts["bits"] = row[order], thing[order], day[order], bits[order]
    often = net.where(net.n != 1)
    many = np.empty(len(often.n), dtype=MANY)
    many["row"], many["object"], many["day"], many["count"], many["n"] = often
    return Entered(facts, many)


def without_amounts(net: Net) -> Net:
    """Only what counts cases."""
    return net.where(~_AMOUNTS[net.entry])
