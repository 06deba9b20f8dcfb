"""The nouns of judging: a compiled rule, what is remembered of a device, what is said of a reading, what follows.

Times are whole microseconds UTC since 1970, durations whole microseconds; values in the unit of the metric.
"""

from __future__ import annotations

import enum
import math
from dataclasses import dataclass, field
from typing import TypeAlias

from yiwang.sensing.model import Grain
from yiwang.sensing.rules.declarations import RuleDeclaration
from yiwang.sensing.rules.schedules import Awake

SECOND = 1_000_000


class Severity(enum.IntEnum):
    """How grave 级别: 提示 一般 较重 严重."""

    WARNING = 1
    MINOR = 2
    MAJOR = 3
    CRITICAL = 4


class Phase(enum.IntEnum):
    NORMAL = 0
    PENDING = 1
    ACTIVE = 2
    CLEARING = 3


class Verdict(enum.IntEnum):
    """What one observation says: over the limit, between the limit and the value at which it is normal again, or normal."""

    CLEAR = -1
    BETWEEN = 0
    OVER = 1


@dataclass(frozen=True, slots=True)
class Band:
    """Over above ``above`` or below ``below``; clear at ``clear_below`` or less and ``clear_above`` or more."""

    above: float = math.inf
    below: float = -math.inf
    clear_below: float = math.inf
    clear_above: float = -math.inf

    def verdict(self, value: float) -> Verdict:
        if value > self.above or value < self.below:
            return Verdict.OVER
        return Verdict.CLEAR if self.clear_above <= value <= self.clear_below else Verdict.BETWEEN

    def crossed(self, value: float) -> float | None:
        """The limit that a value is beyond, or the one nearer to it where it is beyond none; None without any."""
        if value < self.below or not math.isfinite(self.above):
            return self.below if math.isfinite(self.below) else None
        return self.above

    def furthest(self, one: float, other: float) -> float:
        """Of two values the one that lies further out."""
        if math.isnan(one) or math.isnan(other):
            return other if math.isnan(one) else one
        return max(one, other, key=lambda value: max(value - self.above, self.below - value))


@dataclass(frozen=True, slots=True)
class Threshold:
    metric: int
    band: Band


@dataclass(frozen=True, slots=True)
class RateOfChange:
    """Change per ``per``, measured against the oldest value within ``over``; no judgement on less than half of it."""

    metric: int
    band: Band
    per: int
    over: int


@dataclass(frozen=True, slots=True)
class Combination:
    """All or any of several thresholds on metrics of one device, their values no further apart than ``within``."""

    leaves: tuple[Threshold, ...]
    every: bool
    within: int


@dataclass(frozen=True, slots=True)
class Deviation:
    """Deviations from what is usual for the hour and weekday; ``floor`` in the unit of the metric; ``learn`` microseconds."""

    metric: int
    band: Band
    floor: float
    learn: int


@dataclass(frozen=True, slots=True)
class Fault:
    """Quality flags of a device; ``metric`` 0: of any of its metrics."""

    metric: int
    flags: int


@dataclass(frozen=True, slots=True)
class Absence:
    """No value of ``metric`` (0: any) for ``silent``. Judged by the sweep, not by readings."""

    metric: int
    silent: int


@dataclass(frozen=True, slots=True)
class Offline:
    """The gateway has known the device as offline for ``silent``. Judged by the sweep; ``loaded``: only loaded vehicles."""

    silent: int
    loaded: bool = False


@dataclass(frozen=True, slots=True)
class VehicleFact:
    """A number of a vehicle's facts by its name, or (``fence``) whether it is out of or in a fence: 1 or 0."""

    name: str
    band: Band
    fence_code: str | None = None
    fence_kind: str | None = None
    inside: bool = False
    fence_keep: str | None = None
    loaded: bool = False


Condition: TypeAlias = Threshold | RateOfChange | Combination | Deviation | Fault | Absence | Offline | VehicleFact


@dataclass(frozen=True, slots=True)
class SeverityStep:
    band: Band
    severity: Severity


@dataclass(frozen=True, slots=True)
class Rule:
    """A published rule, compiled: metrics by id, durations in microseconds. ``gap``: a longer silence while a condition is
    pending begins it anew, for nobody saw it hold."""

    code: str
    version: int
    declaration: RuleDeclaration = field(repr=False)
    profiles: frozenset[str]
    areas: tuple[str, ...]
    condition: Condition
    grain: Grain
    hold: int
    clear_hold: int
    gap: int
    severity: Severity
    steps: tuple[SeverityStep, ...]
    awake: Awake | None


Memory: TypeAlias = tuple[tuple[int, float, float], ...]
"""What a condition remembers. Rate: (at, value, 0) oldest first. Combination: (at, value, verdict) of each leaf, ``at`` 0
before the first. Fault of any metric: (at, metric, flags) of those that are faulty now."""


@dataclass(frozen=True, slots=True)
class State:
    """What is remembered of one device under one rule. ``since``: since when it is over (pending, active) or normal
    (clearing); ``began``: since when it was over before it was raised; ``limit`` that was crossed (NaN: none)."""

    phase: Phase = Phase.NORMAL
    at: int = 0
    since: int = 0
    began: int = 0
    severity: int = 0
    value: float = math.nan
    peak: float = math.nan
    memory: Memory = ()

    @property
    def living(self) -> bool:
        """Whether the next value matters even when it is within all limits."""
        return self.phase is not Phase.NORMAL or bool(self.memory)


NORMAL = State()


@dataclass(frozen=True, slots=True)
class Observation:
    """A reading of the device, as a rule sees it."""

    metric: int
    at: int
    value: float
    quality: int = 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a condition says of an observation: ``value`` as it is shown, ``measure`` as the limits and steps are."""

    verdict: Verdict
    value: float
    measure: float
    limit: float | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """``began``: since when it had been over."""

    at: int
    began: int
    severity: Severity
    value: float
    limit: float | None


@dataclass(frozen=True, slots=True)
class Escalated:
    at: int
    severity: Severity
    before: Severity
    value: float
    limit: float | None


@dataclass(frozen=True, slots=True)
class Cleared:
    """``because``: value, schedule (the rule went to sleep), rule (it was retired or changed), returned (values came again)."""

    at: int
    value: float
    because: str = "value"


Event: TypeAlias = Raised | Escalated | Cleared
