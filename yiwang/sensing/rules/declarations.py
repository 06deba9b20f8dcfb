"""The ``rules:`` of ``packs/*/signals/*.yaml``: when a device's values are an alarm, how grave it is, what it opens.

A rule says exactly one kind of ``when``. Durations are written ``90s``, ``10min``, ``2h``, ``7d``; limits stand in the unit
of the metric. Unknown keys are refused. The same records are what a city edits and publishes over the API.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

Duration = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,5}(s|min|h|d)$")]
Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
Metric = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_.-]*$", max_length=60)]
Limit = Annotated[float, Field(ge=-1e12, le=1e12, allow_inf_nan=False)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
SeverityName = Literal["warning", "minor", "major", "critical"]
FaultName = Literal[
    "stopped", "maintenance", "fault", "calibrating", "over-range", "communication", "bounds", "stuck", "spike"
]

_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}
_DURATION = re.compile(r"([0-9]+)(s|min|h|d)")
PLACEHOLDERS = frozenset({"device", "value", "unit", "limit", "rule", "metric", "at", "severity", "count"})
"""What may stand in braces in the text of a case."""


def seconds(duration: str) -> int:
    """The seconds of a duration as it is written."""
    match = _DURATION.fullmatch(duration)
    if match is None:
        raise ValueError(f"not a duration: {duration}")
    return int(match[1]) * _SECONDS[match[2]]


class Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Words(Declared):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=500)
    en: str = Field(min_length=1, max_length=500)


class Bounds(Declared):
    """Over the limit above ``above`` or below ``below`` (both: outside the band); normal again at the ``clear`` limits."""

    above: Limit | None = None
    below: Limit | None = None
    clear_below: Limit | None = Field(
        None, description="With `above`: normal again at this value or less (hysteresis)."
    )
    clear_above: Limit | None = Field(None, description="With `below`: normal again at this value or more.")

    @property
    def bounded(self) -> bool:
        return self.above is not None or self.below is not None

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.clear_below is not None and (self.above is None or self.clear_below > self.above):
            raise ValueError("clear_below 应不高于 above | clear_below must not lie above `above`")
        if self.clear_above is not None and (self.below is None or self.clear_above < self.below):
            raise ValueError("clear_above 应不低于 below | clear_above must not lie below `below`")
        if self.above is not None and self.below is not None and self.below > self.above:
            raise ValueError("below 应不高于 above | `below` must not lie above `above`")
        return self


class Leaf(Bounds):
    """One metric of a combination and its bounds."""

    metric: Metric

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if not self.bounded:
            raise ValueError("请写 above 或 below | give `above` or `below`")
        return self


class Rate(Bounds):
    """How fast a value changes: by more than ``above`` (rises) or ``below`` (a negative number: falls) within ``per``."""

    per: Duration = "1h"
    over: Duration = Field("30min", description="The change is measured over this span.")

    @model_validator(mode="after")
    def _limited(self) -> Self:
        if not self.bounded:
            raise ValueError("请写 above 或 below | give `above` or `below`")
        return self


class Baseline(Declared):
    """Out of the ordinary for this hour of this weekday, as learned from the device's own past (median and MAD)."""

    deviations: float = Field(6, ge=2, le=50)
    side: Literal["above", "below", "both"] = "both"
    learn: Duration = Field("7d", description="No alarm before so much has been seen.")
    floor: float = Field(0, ge=0, le=1e12, description="Least deviation, in the unit of the metric.")


class Fence(Declared):
    """A geofence by its code (``school-*``: all whose codes begin so), or every one of a kind that binds the vehicle."""

    code: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    kind: Annotated[str, StringConstraints(min_length=1, max_length=30)] | None = None
    keep: Literal["inside", "outside"] | None = Field(
        None, description="Only fences that vehicles must stay inside of, or outside of (forbidden), in their hours."
    )
    where: Literal["in", "out"] = Field("out", alias="is")

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.code is not None and self.kind is not None:
            raise ValueError("code 与 kind 只写一个 | give either code or kind")
        return self


class Speed(Declared):
    """Above ``above`` km/h, or more than ``over_limit`` km/h above the limit of the fence that it is in."""

    above: float | None = Field(None, ge=0, le=300)
    over_limit: float | None = Field(None, ge=0, le=200)

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.above is None) == (self.over_limit is None):
            raise ValueError("above 与 over_limit 只写一个 | give exactly one of above and over_limit")
        return self


_KINDS = (
    "rate",
    "absent",
    "all",
    "any",
    "baseline",
    "fence",
    "speed",
    "stay",
    "driving",
    "terminal",
    "fault",
    "offline",
)
OF_VEHICLES = frozenset({"fence", "speed", "stay", "driving", "terminal", "offline"})
"""Kinds of condition that may ask whether the vehicle is loaded."""


class When(Bounds):
    """When it is an alarm: one kind, and how long it must hold."""

    metric: Metric | None = None
    holds: Duration = Field("0s", alias="for", description="How long it must hold, by the times of the readings.")
    clear_for: Duration = Field("0s", description="How long it must be normal before the alarm clears.")
    grain: Literal["real", "minute", "hour", "day"] = "real"
    rate: Rate | None = None
    absent: Duration | None = Field(None, description="No value for so long; of `metric`, or of any.")
    all: list[Leaf] | None = Field(None, min_length=2, max_length=8)
    any: list[Leaf] | None = Field(None, min_length=2, max_length=8)
    within: Duration = Field("10min", description="The values of a combination lie no further apart than this.")
    baseline: Baseline | None = None
    fence: Fence | None = None
    speed: Speed | None = None
    stay: Duration | None = Field(None, description="The vehicle stands longer than this.")
    driving: Duration | None = Field(None, description="Driven longer than this without a rest.")
    terminal: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = Field(
        None, description="The terminal itself reports this alarm, e.g. emergency."
    )
    fault: list[FaultName] | None = Field(
        None, min_length=1, max_length=20, description="The device flags its own values so."
    )
    offline: Duration | None = Field(None, description="The device has been offline for so long.")
    loaded: bool = Field(
        False, description="Vehicles: only while the terminal last said that it carries a load (half or full)."
    )

    @property
    def kind(self) -> str:
        """``threshold`` or the name of the one other kind."""
        return next((name for name in _KINDS if getattr(self, name) is not None), "threshold")

    def metrics(self) -> list[tuple[tuple[str | int, ...], str]]:
        """Every metric named, with where it stands below ``when``."""
        found: list[tuple[tuple[str | int, ...], str]] = [(("metric",), self.metric)] if self.metric else []
        for name, leaves in (("all", self.all), ("any", self.any)):
            found += [((name, at, "metric"), leaf.metric) for at, leaf in enumerate(leaves or [])]
        return found

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        named = [name for name in _KINDS if getattr(self, name) is not None]
        if self.bounded:
            named.insert(0, "above/below")
        if len(named) != 1:
            listed = ", ".join(named) or "—"
            raise ValueError(
                f"when 只写一种条件,现在有:{listed} | `when` has exactly one kind of condition, here: {listed}"
            )
        needs_metric = self.kind in ("threshold", "rate", "baseline")
        if needs_metric and self.metric is None:
            raise ValueError("请写 metric | give the metric")
        if self.metric is not None and not needs_metric and self.kind not in ("absent", "fault"):
            raise ValueError(f"{self.kind} 不写 metric | {self.kind} takes no metric")
        if self.loaded and self.kind not in OF_VEHICLES:
            raise ValueError(f"loaded 只用于车辆条件 | `loaded` is for conditions about vehicles, not {self.kind}")
        return self


class Schedule(Declared):
    """When the rule is awake, by the city's clock and calendar; ``until`` before ``from`` runs over midnight."""

    start: TimeOfDay = Field("00:00", alias="from")
    until: TimeOfDay = "24:00"
    days: Literal["all", "work", "off"] = "all"


class Step(Declared):
    """From this value on the alarm is graver."""

    above: Limit | None = None
    below: Limit | None = None
    severity: SeverityName

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("above 与 below 只写一个 | give exactly one of above and below")
        return self


class Fold(Declared):
    """Many alarms of one cause become one: at least ``least`` sources ``within`` a time that agree in ``by``."""

    by: Annotated[str, StringConstraints(pattern=r"^(area|organisation|attribute:[A-Za-z0-9_-]{1,60})$")] = "area"
    within: Duration = "10min"
    least: int = Field(5, ge=2, le=10_000)


ClassCode = Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{2,12}$")]


class ClassBy(Declared):
    """The class of the case by a fact that the register keeps of the device: whose manhole it is, say."""

    attribute: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
    classes: dict[Annotated[str, StringConstraints(min_length=1, max_length=100)], ClassCode] = Field(
        min_length=1, max_length=50, description="Class by the attribute's value; any other value: `class`."
    )


class Opens(Declared):
    """The case that the alarm opens, and what becomes of it when the alarm clears."""

    case: Key
    class_code: ClassCode = Field(alias="class")
    by: ClassBy | None = Field(None, description="Another class by a fact about the device; else `class`.")
    text: Words
    channel: Key = "sensor"
    clear: Literal["note", "close"] = "note"
    after: Duration = Field("0s", description="The case waits so long; an alarm that clears before opens none.")
    again: Duration = Field("2h", description="Still over the limit so long after its case was closed: a new case.")
    from_severity: SeverityName = Field("warning", description="Only alarms at least so grave open a case.")


class RuleDeclaration(Declared):
    """``rules:`` one alarm rule 报警规则."""

    names: Words
    profile: Key | None = None
    profiles: list[Key] = Field(default_factory=list, max_length=50)
    when: When
    schedule: Schedule | None = None
    areas: list[Annotated[str, StringConstraints(pattern=r"^[0-9A-Z]{1,20}$")]] = Field(
        default_factory=list, max_length=200
    )
    severity: SeverityName = "minor"
    steps: list[Step] = Field(default_factory=list, max_length=6)
    fold: Fold | None = None
    opens: Opens | None = None

    def of_profiles(self) -> list[str]:
        """The ids of the profiles whose devices the rule watches."""
        return ([self.profile] if self.profile else []) + self.profiles

    @model_validator(mode="after")
    def _has_profile(self) -> Self:
        if not self.of_profiles():
            raise ValueError("请写 profile 或 profiles | give profile or profiles")
        rising = [step.above for step in self.steps if step.above is not None]
        if self.when.above is not None and any(value < self.when.above for value in rising):
            raise ValueError(
                "steps 的 above 应不低于 when 的 above | a step's `above` must not lie below the limit of `when`"
            )
        falling = [step.below for step in self.steps if step.below is not None]
        if self.when.below is not None and any(value > self.when.below for value in falling):
            raise ValueError(
                "steps 的 below 应不高于 when 的 below | a step's `below` must not lie above the limit of `when`"
            )
        return self
