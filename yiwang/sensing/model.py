"""The nouns that all rooms of the senses share: grain, quality, a reading, and readings packed as a numpy array.

Times are UTC; packed, they are whole microseconds since 1970. Values are in the unit that the metric declares.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

Rows: TypeAlias = np.ndarray[tuple[int], np.dtype[np.void]]
"""A one-dimensional array of dtype :data:`READING`."""
Flags: TypeAlias = npt.NDArray[np.bool_]
Longs: TypeAlias = npt.NDArray[np.int64]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Grain(enum.IntEnum):
    """What a value stands for: a measurement of now (实时), or a mean that the device itself reports (分钟、小时、日均值)."""

    REAL = 0
    MINUTE = 1
    HOUR = 2
    DAY = 3


class Quality(enum.IntFlag):
    """Marks of a reading; 0 is good. The first seven are the data flags (数据标记) of HJ 212: F M S D C T B."""

    GOOD = 0
    DEVICE_STOPPED = 1
    MAINTENANCE = 2
    MANUAL = 4
    DEVICE_FAULT = 8
    CALIBRATING = 16
    OVER_RANGE = 32
    COMMUNICATION = 64
    OUT_OF_BOUNDS = 128
    STUCK = 256
    SPIKE = 512
    AFTER_GAP = 1024
    LATE = 2048
    UNKNOWN_FLAG = 4096


INVALID = (
    Quality.DEVICE_STOPPED
    | Quality.MAINTENANCE
    | Quality.DEVICE_FAULT
    | Quality.CALIBRATING
    | Quality.COMMUNICATION
    | Quality.OUT_OF_BOUNDS
)
"""A reading with any of these is kept, but is not counted as valid in roll-ups nor seen by rules."""

READING = np.dtype(
    [
        ("device", "<i4"),
        ("metric", "<i2"),
        ("grain", "i1"),
        ("pad", "i1"),
        ("at", "<i8"),
        ("value", "<f8"),
        ("quality", "<i2"),
    ]
)
"""A packed reading, 26 bytes: ``at`` in microseconds UTC since 1970, ``quality`` as :class:`Quality`, ``pad`` 0."""

COMPUTED = 1
"""``pad`` of a value that was computed from roll-ups: rules see it among the arrivals, roll-ups have it already."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One measured value 监测值. ``device`` and ``metric`` are the small ids of this city; ``at`` is UTC."""

    device: int
    metric: int
    grain: Grain
    at: datetime
    value: float
    quality: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """What became of the rows of one ``put``: newly ``stored``, ``known`` before (sent again), ``refused`` (see
    :class:`Fault`). ``faults`` has one entry for each row in the order given."""

    stored: int
    known: int
    refused: int = 0
    faults: npt.NDArray[np.int8] | None = None


class Fault(enum.IntEnum):
    """Why a row cannot be stored. A gateway asks :func:`faults_of` before it answers the device."""

    NONE = 0
    NOT_A_NUMBER = 1
    FUTURE = 2
    TOO_OLD = 3
    UNKNOWN_GRAIN = 4
    NO_DEVICE = 5
    ARCHIVE_AWAY = 6
    """The file of that day cannot be read, so whether the row is known cannot be told: not stored, may be sent again."""


AHEAD = timedelta(minutes=5)
"""How far a device's clock may be ahead of the city's."""
BACK = timedelta(days=3653)
"""How old a reading may be: ten years."""
LATE_AFTER = timedelta(hours=1)
"""Behind the clock by more than this, a reading is flagged :attr:`Quality.LATE`."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a value of one device and metric is checked against.

    ``low`` and ``high``: bounds of the plausible (None: none). ``stuck``: flagged from so many equal values in a row on
    (0: never). ``spike``: flagged when so many rolling deviations away from the rolling mean (0: never). ``interval``:
    seconds expected between real-time values; one that comes after more than ``gap`` seconds is flagged AFTER_GAP (0: never).
    """

    low: float | None = None
    high: float | None = None
    stuck: int = 0
    spike: float = 0.0
    gap: float = 0.0


class Catalogue(Protocol):
    """Who knows the limits: the device directory. ``version`` moves whenever an answer may have changed."""

    @property
    def version(self) -> int: ...

    def limits(self, device: int, metric: int) -> Limits | None:
        """The limits of this metric of this device; None where nothing is declared."""
        ...


@dataclass(frozen=True, slots=True)
class NoLimits:
    """A catalogue that declares nothing; for loads of history that are checked elsewhere."""

    version: int = 0

    def limits(self, device: int, metric: int) -> Limits | None:
        return None


def micros(at: datetime) -> int:
    """Microseconds UTC since 1970 of an aware time."""
    return (at - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    """The aware UTC time of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=at)


def empty_rows(count: int = 0) -> Rows:
    """``count`` rows of zeros to be filled in by column: ``rows["value"] = …``."""
    return np.zeros(count, dtype=READING)


def rows_of(readings: Iterable[Reading] | Sequence[Reading]) -> Rows:
    """Readings packed, in the order given."""
    return np.array(
        [
            (item.device, item.metric, int(item.grain), 0, micros(item.at), item.value, int(item.quality))
            for item in readings
        ],
        dtype=READING,
    )


def readings_of(rows: Rows) -> list[Reading]:
    """Packed rows as records, in their order."""
    return [
        Reading(device, metric, Grain(grain), moment(at), value, quality)
        for device, metric, grain, _, at, value, quality in rows.tolist()
    ]


def valid_rows(rows: Rows) -> Flags:
    """Which rows count in roll-ups and are seen by rules."""
    found: Flags = (rows["quality"] & int(INVALID)) == 0
    return found


def faults_of(rows: Rows, now: datetime) -> npt.NDArray[np.int8]:
    """For each row its :class:`Fault` (0: none) at city time ``now``."""
    found = np.zeros(len(rows), dtype=np.int8)
    found[(rows["device"] <= 0) | (rows["metric"] <= 0)] = Fault.NO_DEVICE
    found[(rows["grain"] < Grain.REAL) | (rows["grain"] > Grain.DAY)] = Fault.UNKNOWN_GRAIN
    found[rows["at"] < micros(now - BACK)] = Fault.TOO_OLD
    found[rows["at"] > micros(now + AHEAD)] = Fault.FUTURE
    found[~np.isfinite(rows["value"])] = Fault.NOT_A_NUMBER
    return found
