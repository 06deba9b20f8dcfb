"""From net emissions to rows: what each case entered for each object and day, and the sums of the days. Pure, over arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from yiwang.insight.indicators.counts import WORDS
from yiwang.insight.scoring.lives import Net
from yiwang.insight.scoring.wire import Numbers, Rows

_AMOUNTS: Final = np.zeros(64, dtype=bool)
_AMOUNTS[[int(count) for count, words in WORDS.items() if words.amount]] = True

SUM: Final = np.dtype([("object", "i4"), ("day", "i4"), ("slice", "i2"), ("count", "i2"), ("n", "i8")])
FACT: Final = np.dtype([("row", "i4"), ("object", "i4"), ("day", "i4"), ("bits", "i8")])
MANY: Final = np.dtype([("row", "i4"), ("object", "i4"), ("day", "i4"), ("count", "i2"), ("n", "i4")])


def sums_of(net: Net, slices: Numbers) -> Rows:
    """The net emissions summed over cases, by slice; ``slices`` are the slices of each life."""
    if not len(net.n):
        return np.empty(0, dtype=SUM)
    mine = slices[net.row]
    present, every = int(np.bitwise_or.reduce(mine)), int(np.bitwise_and.reduce(mine))
    pieces = [np.empty(0, dtype=SUM)]
    for bit in range(62):
        if every >> bit & 1:
            pieces.append(_summed(net, bit))
        elif present >> bit & 1:
            pieces.append(_summed(net.where((mine >> bit) & 1 != 0), bit))
    return np.concatenate(pieces)


def _summed(net: Net, bit: int) -> Rows:
    keys = net.without_row
    order = np.argsort(keys)
    keys = keys[order]
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    sums = np.add.reduceat(net.n[order], starts)
    left = sums != 0
    found = np.empty(int(left.sum()), dtype=SUM)
    summed = Net.of(keys[starts][left], sums[left])
    found["object"], found["day"], found["count"], found["n"] = summed.object, summed.day, summed.entry, summed.n
    found["slice"] = bit
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
    facts = np.empty(len(starts), dtype=FACT)
    facts["row"], facts["object"], facts["day"] = net.row[starts], net.object[starts], net.day[starts]
    facts["bits"] = np.bitwise_or.reduceat(np.int64(1) << net.entry, starts)
    often = net.where(net.n != 1)
    many = np.empty(len(often.n), dtype=MANY)
    many["row"], many["object"], many["day"], many["count"], many["n"] = often
    return Entered(facts, many)


def without_amounts(net: Net) -> Net:
    """Only what counts cases."""
    return net.where(~_AMOUNTS[net.entry])
