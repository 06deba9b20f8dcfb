"""What a computation of a pack is given: the roll-ups of its inputs over one bucket, and the facts of the device.

Computations (计算指标) are pure functions ``def name(window: Window) -> Mapping[str, Decimal | int | None]``: the same window
gives the same answer, today and when late data make it be asked again. None says that there is no value.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Sample:
    """One roll-up of one input: valid values from ``at`` (the city's zone) on for ``length``; ``count`` of all that came,
    ``expected`` of those that should have. ``mean``, ``low``, ``high`` are in the metric's unit, of at least one valid value."""

    at: datetime
    length: timedelta
    mean: Decimal
    low: Decimal
    high: Decimal
    count: int
    valid: int
    expected: Decimal

    @property
    def share(self) -> Decimal:
        """Valid values of those expected."""
        return Decimal(self.valid) / self.expected


@dataclass(frozen=True, slots=True)
class Window:
    """A bucket ``begin`` ≤ t < ``end`` (aware, in the city's zone) of a device. ``facts``: what the register says of it.

    ``came`` and ``valid``: by input, how many values came in the bucket and how many of them were valid; ``expected`` values
    should come of each input in a whole bucket.
    """

    begin: datetime
    end: datetime
    interval: timedelta
    facts: Mapping[str, str]
    inputs: Mapping[str, tuple[Sample, ...]]
    came: Mapping[str, int] = field(default_factory=dict)
    valid: Mapping[str, int] = field(default_factory=dict)

    @property
    def expected(self) -> Decimal:
        """Values that should come of each input between begin and end."""
        return Decimal((self.end - self.begin) // timedelta(microseconds=1)) / (
            self.interval // timedelta(microseconds=1)
        )

    def samples(self, name: str, least: Decimal = Decimal()) -> tuple[Sample, ...]:
        """The samples of an input in time order, those with at least this share of valid values."""
        return tuple(sample for sample in self.inputs[name] if sample.share >= least)

    def mean(self, name: str, least: Decimal = Decimal()) -> Decimal | None:
        """The mean of an input over the whole bucket; None with less than this share of the values that should have come."""
        samples = self.inputs[name]
        valid = sum(sample.valid for sample in samples)
        if not valid or Decimal(valid) / self.expected < least:
            return None
        return sum((sample.mean * sample.valid for sample in samples), Decimal()) / valid

    def fact(self, name: str) -> str:
        """A fact of the device; empty where the register has none."""
        return self.facts.get(name, "").strip()
