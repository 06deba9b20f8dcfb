"""The fast way past the rules: of a batch of readings only those that can matter go to the judging of single values.

Compiled once for the rules and devices of the city: for each rule which devices it watches, for each metric which rules. A
batch costs a few numpy passes for each rule whose metric is in it. A row is handed on when it is beyond a limit, when its
device has a living state under the rule, or when the rule must see every value (rate of change). No I/O.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from yiwang.sensing.model import INVALID, Flags, Quality, Rows
from yiwang.sensing.rules.model import Band, Combination, Deviation, Fault, RateOfChange, Rule, Threshold

Places: TypeAlias = npt.NDArray[np.intp]
_LATE = int(Quality.LATE)


@dataclass(frozen=True, slots=True)
class Watched:
    """A device as rules choose it."""

    id: int
    profile: str
    area: str


@dataclass(slots=True)
class Screened:
    """A rule with the devices it watches (by id) and those with a living state under it; ``low`` and ``high`` are the limits
    of an adaptive rule by device for the hour ``hour`` (NaN: still learning)."""

    rule: Rule
    watched: Flags
    living: Flags
    low: npt.NDArray[np.float64] | None = None
    high: npt.NDArray[np.float64] | None = None
    hour: npt.NDArray[np.int64] | None = None


@dataclass(slots=True)
class Screen:
    """All rules that follow readings. ``newest``: by metric, the newest time taken in of each device (microseconds)."""

    rules: list[Screened]
    newest: dict[int, npt.NDArray[np.int64]] = field(default_factory=dict)
    size: int = 0

    def candidates(self, rows: Rows) -> Iterator[tuple[Screened, Places]]:
        """For each rule the places of the rows that it must look at, by device and time.

        Rows that came late are history and left out; so are rows older than the newest one of their device and metric.
        """
        usable = (rows["quality"] & _LATE) == 0
        usable &= rows["device"] < self.size
        valid = usable & ((rows["quality"] & int(INVALID)) == 0)
        by_metric = {metric: self._places(rows, usable, metric) for metric in np.unique(rows["metric"]).tolist()}
        for screened in self.rules:
            faults = isinstance(screened.rule.condition, Fault)
            wanted = metrics_of(screened.rule) or list(by_metric)
            parts = [by_metric[metric] for metric in wanted if metric in by_metric]
            if not parts:
                continue
            places = np.concatenate(parts) if len(parts) > 1 else parts[0]
            places = places if faults else places[valid[places]]
            found = places[self._matters(screened, rows[places])]
            if len(found):
                yield screened, found[np.lexsort((rows["at"][found], rows["device"][found]))]

    def _places(self, rows: Rows, usable: Flags, metric: int) -> Places:
        places = np.flatnonzero((rows["metric"] == metric) & usable)
        fresh: Places = places[rows["at"][places] >= self._newest(metric)[rows["device"][places]]]
        return fresh

    def _matters(self, screened: Screened, rows: Rows) -> Flags:
        """The rows of devices with a living state, or with a row beyond a limit: what follows such a row matters, too."""
        mine: Flags = screened.watched[rows["device"]] & (rows["grain"] == int(screened.rule.grain))
        if isinstance(screened.rule.condition, RateOfChange):
            return mine
        touched = screened.living.copy()
        touched[rows["device"][mine & _beyond_limits(screened, rows)]] = True
        chosen: Flags = mine & touched[rows["device"]]
        return chosen

    def took(self, rows: Rows) -> None:
        """Remember how far these rows went; after the transaction that made something of them."""
        real = rows[(rows["quality"] & _LATE == 0) & (rows["device"] < self.size) & (rows["grain"] == 0)]
        for metric in np.unique(real["metric"]).tolist():
            mine = real[real["metric"] == metric]
            np.maximum.at(self._newest(metric), mine["device"], mine["at"])

    def _newest(self, metric: int) -> npt.NDArray[np.int64]:
        if metric not in self.newest:
            self.newest[metric] = np.zeros(self.size, dtype=np.int64)
        return self.newest[metric]


def build(rules: Sequence[Rule], devices: Iterable[Watched], living: Mapping[str, Iterable[int]]) -> Screen:
    """A screen for these rules and devices; ``living`` names, by rule, the devices whose state is living."""
    known = list(devices)
    size = max((device.id for device in known), default=0) + 1
    screened: list[Screened] = []
    for rule in rules:
        if metrics_of(rule) is None:
            continue
        watched = np.zeros(size, dtype=np.bool_)
        watched[[device.id for device in known if watches(rule, device)]] = True
        alive = np.zeros(size, dtype=np.bool_)
        alive[[device for device in living.get(rule.code, ()) if device < size]] = True
        screened.append(Screened(rule, watched, alive))
    return Screen(screened, size=size)


def metrics_of(rule: Rule) -> list[int] | None:
    """The metrics whose readings the rule follows; empty: all; None: it does not follow readings."""
    match rule.condition:
        case Threshold(metric=metric) | RateOfChange(metric=metric) | Deviation(metric=metric):
            return [metric]
        case Combination(leaves=leaves):
            return sorted({leaf.metric for leaf in leaves})
        case Fault(metric=metric):
            return [metric] if metric else []
        case _:
            return None


def watches(rule: Rule, device: Watched) -> bool:
    """Whether the rule is about this device."""
    return device.profile in rule.profiles and (not rule.areas or device.area.startswith(rule.areas))


def _beyond_limits(screened: Screened, rows: Rows) -> Flags:
    """The rows that are beyond a limit of the rule by themselves."""
    value, device = rows["value"], rows["device"]
    match screened.rule.condition:
        case Threshold(band=band):
            return _beyond(value, band)
        case Combination(leaves=leaves):
            beyond: Flags = np.zeros(len(rows), dtype=np.bool_)
            for leaf in leaves:
                beyond |= (rows["metric"] == leaf.metric) & _beyond(value, leaf.band)
            return beyond
        case Fault(flags=flags):
            faulty: Flags = (rows["quality"] & flags) != 0
            return faulty
        case Deviation() if screened.low is not None and screened.high is not None:
            outside: Flags = (value > screened.high[device]) | (value < screened.low[device])
            return outside
        case _:
            return np.ones(len(rows), dtype=np.bool_)


def _beyond(value: npt.NDArray[np.float64], band: Band) -> Flags:
    found: Flags = (value > band.above) | (value < band.below)
    return found
