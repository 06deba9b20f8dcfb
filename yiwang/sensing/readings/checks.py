"""What the writer notices about values: out of bounds, stuck, spikes, gaps, lateness. Flags only; nothing is thrown away.

For each device and metric that was seen lately the last value is remembered, how often it repeated, and a rolling mean and
deviation. Memory is bounded: beyond ``most`` the half that was silent longest is forgotten, and begins again from the table
``latest``, as everything does after a restart. Rows that are older than what was seen last are only checked against
their bounds and for lateness.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from yiwang.sensing.model import LATE_AFTER, Catalogue, Flags, Grain, Limits, Longs, Quality, Rows, micros, valid_rows

_STATE = np.dtype(
    [
        ("key", "<i8"), ("version", "<i8"), ("low", "<f8"), ("high", "<f8"), ("stuck", "<i4"), ("spike", "<f8"),
        ("gap", "<f8"), ("at", "<i8"), ("value", "<f8"), ("same", "<i4"), ("seen", "<i4"), ("mean", "<f8"), ("variance", "<f8"),
    ]
)  # fmt: skip
_NONE = Limits()
_LENGTH = np.array([0, 60, 3600, 86_400], dtype=np.int64) * 1_000_000
_ROLL = 50
"""Values over which mean and deviation roll (exponentially)."""
_LEAST_SEEN = 10
_LEAST_DEVIATION = 0.01
"""Of the mean: a calm signal may move by this much times the limit without being called a spike."""


def keys_of(rows: Rows) -> Longs:
    """Device and metric as one number."""
    return (rows["device"].astype(np.int64) << 16) | rows["metric"].astype(np.int64)


@dataclass(frozen=True, slots=True)
class Looked:
    """The rows' qualities with what was noticed, and what is to be remembered once they are stored.

    ``fresh``: real-time rows later than anything seen of their device and metric, so very likely new.
    """

    quality: npt.NDArray[np.int16]
    fresh: Flags
    places: npt.NDArray[np.intp]
    states: npt.NDArray[np.void]


class Checks:
    """The memory of one writer. Call :meth:`unknown` and :meth:`learn`, then :meth:`look`; :meth:`keep` after the commit."""

    def __init__(self, catalogue: Catalogue, *, most: int = 500_000) -> None:
        self.catalogue = catalogue
        self._most = most
        self._states: npt.NDArray[np.void] = np.zeros(0, dtype=_STATE)

    @property
    def size(self) -> int:
        """How many devices and metrics are remembered."""
        return len(self._states)

    def unknown(self, rows: Rows) -> Longs:
        """The keys of these rows of which nothing is remembered; forgets the longest silent ones where there are too many."""
        if len(self._states) > self._most:
            oldest = np.argsort(self._states["at"], kind="stable")
            self._states = self._states[np.sort(oldest[len(oldest) // 2 :])]
        wanted = np.unique(keys_of(rows))
        found: Longs = wanted[~np.isin(wanted, self._states["key"], assume_unique=True)]
        return found

    def learn(self, keys: Longs, at: Longs, values: npt.NDArray[np.float64]) -> None:
        """Begin with these last values (``at`` in microseconds, 0: none was ever stored)."""
        fresh = np.zeros(len(keys), dtype=_STATE)
        fresh["key"], fresh["at"], fresh["value"], fresh["version"] = keys, at, values, -1
        fresh["same"] = at > 0
        joined = np.concatenate([self._states, fresh])
        self._states = joined[np.argsort(joined["key"], kind="stable")]

    def look(self, rows: Rows, now: datetime) -> Looked:
        """Check unique rows in key order (device, metric, grain, time), all of whose keys are known."""
        keys, back = np.unique(keys_of(rows), return_inverse=True)
        places = np.searchsorted(self._states["key"], keys)
        states = self._states[places]
        self._renew_limits(states)
        quality = rows["quality"].astype(np.int16)
        value, at = rows["value"], rows["at"]
        out = (value < states["low"][back]) | (value > states["high"][back])
        quality[out] |= int(Quality.OUT_OF_BOUNDS)
        late = at + _LENGTH[rows["grain"]] < micros(now - LATE_AFTER)
        quality[late] |= int(Quality.LATE)
        fresh = (rows["grain"] == Grain.REAL) & (at > states["at"][back])
        onward = np.flatnonzero(fresh & valid_rows(rows))
        if len(onward):
            quality[onward] |= _noticed(back[onward], at[onward], value[onward], states)
        return Looked(quality, fresh, places, states)

    def keep(self, looked: Looked) -> None:
        """Remember what :meth:`look` saw."""
        self._states[looked.places] = looked.states

    def _renew_limits(self, states: npt.NDArray[np.void]) -> None:
        version = self.catalogue.version
        for place in np.flatnonzero(states["version"] != version).tolist():
            key = int(states["key"][place])
            found = self.catalogue.limits(key >> 16, key & 0xFFFF) or _NONE
            state = states[place]
            state["low"] = -math.inf if found.low is None else found.low
            state["high"] = math.inf if found.high is None else found.high
            state["stuck"], state["spike"], state["gap"] = found.stuck, found.spike, found.gap
            state["version"] = version


def _noticed(
    back: npt.NDArray[np.intp], at: Longs, value: npt.NDArray[np.float64], states: npt.NDArray[np.void]
) -> npt.NDArray[np.int16]:
    """Flags of new real-time values in key order; ``back`` names the state of each. The states move on."""
    flags = np.zeros(len(at), dtype=np.int16)
    first = np.ones(len(at), dtype=np.bool_)
    first[1:] = back[1:] != back[:-1]
    last = np.roll(first, -1)
    before_at, before_value = np.roll(at, 1), np.roll(value, 1)
    before_at[first], before_value[first] = states["at"][back[first]], states["value"][back[first]]
    gap = states["gap"][back]
    flags[(gap > 0) & (before_at > 0) & (at - before_at > gap * 1e6)] |= int(Quality.AFTER_GAP)
    same = _run_lengths(first, (value == before_value) & (before_at > 0), states["same"][back])
    stuck = states["stuck"][back]
    flags[(stuck > 0) & (same >= stuck)] |= int(Quality.STUCK)
    spike = states["spike"][back] > 0
    if spike.any():
        _spikes(np.flatnonzero(spike), back, value, states, flags)
    ends = back[last]
    states["at"][ends], states["value"][ends], states["same"][ends] = at[last], value[last], same[last]
    return flags


def _run_lengths(first: Flags, equal: Flags, before: npt.NDArray[np.int32]) -> Longs:
    """How many equal values in a row end at each place; a run that goes on from the state counts what came ``before``."""
    place = np.arange(len(first), dtype=np.int64)
    start = np.maximum.accumulate(np.where(first | ~equal, place, 0))
    length = place - start + 1
    goes_on = first[start] & equal[start]
    return length + np.where(goes_on, before[start], 0)


def _spikes(
    places: npt.NDArray[np.intp],
    back: npt.NDArray[np.intp],
    value: npt.NDArray[np.float64],
    states: npt.NDArray[np.void],
    flags: npt.NDArray[np.int16],
) -> None:
    """One value after the other, since each moves the mean that the next is compared with. A spike moves it only as far
    as the limit, so that a new level is taken for normal after a while."""
    root: Callable[[float], float] = math.sqrt
    held: dict[int, tuple[float, float, int, float]] = {}
    for place, owner, now in zip(places.tolist(), back[places].tolist(), value[places].tolist(), strict=True):
        state = held.get(owner)
        if state is None:
            row = states[owner]
            state = (float(row["mean"]), float(row["variance"]), int(row["seen"]), float(row["spike"]))
        mean, variance, seen, times = state
        used = now
        if seen >= _LEAST_SEEN:
            width = times * max(root(variance), abs(mean) * _LEAST_DEVIATION)
            if abs(now - mean) > width:
                flags[place] |= int(Quality.SPIKE)
                used = mean + math.copysign(width, now - mean)
        share = 1 / min(seen + 1, _ROLL)
        step = used - mean
        held[owner] = (mean + share * step, (1 - share) * (variance + share * step * step), seen + 1, times)
    for owner, (mean, variance, seen, _) in held.items():
        states["mean"][owner], states["variance"][owner], states["seen"][owner] = mean, variance, seen
