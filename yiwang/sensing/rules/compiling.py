"""From the declared rule to the rule that judges: metrics by their small ids, durations in microseconds, limits as bands."""

from __future__ import annotations

import math
from collections.abc import Mapping

from yiwang.kernel.calendar import WorkingCalendar
from yiwang.sensing.model import Grain, Quality
from yiwang.sensing.rules.declarations import Bounds, RuleDeclaration, Step, When, seconds
from yiwang.sensing.rules.errors import MetricOfRuleUnknown
from yiwang.sensing.rules.model import (
    SECOND,
    Absence,
    Band,
    Combination,
    Condition,
    Deviation,
    Fault,
    Offline,
    RateOfChange,
    Rule,
    Severity,
    SeverityStep,
    Threshold,
    VehicleFact,
)
from yiwang.sensing.rules.schedules import awake

_GRAINS = {"real": Grain.REAL, "minute": Grain.MINUTE, "hour": Grain.HOUR, "day": Grain.DAY}
_FLAGS = {
    "stopped": Quality.DEVICE_STOPPED,
    "maintenance": Quality.MAINTENANCE,
    "fault": Quality.DEVICE_FAULT,
    "calibrating": Quality.CALIBRATING,
    "over-range": Quality.OVER_RANGE,
    "communication": Quality.COMMUNICATION,
    "bounds": Quality.OUT_OF_BOUNDS,
    "stuck": Quality.STUCK,
    "spike": Quality.SPIKE,
}
_LEAST_GAP = 600 * SECOND


def compile_rule(
    code: str, version: int, declaration: RuleDeclaration, metrics: Mapping[str, int], calendar: WorkingCalendar
) -> Rule:
    """The rule, ready to judge.

    Raises:
        MetricOfRuleUnknown: it names a metric that the city does not have.
    """
    for _, metric in declaration.when.metrics():
        if metric not in metrics:
            raise MetricOfRuleUnknown(rule=code, metric=metric)
    when = declaration.when
    hold = _micros(when.holds)
    return Rule(
        code=code,
        version=version,
        declaration=declaration,
        profiles=frozenset(declaration.of_profiles()),
        areas=tuple(declaration.areas),
        condition=_condition(when, metrics),
        grain=_GRAINS[when.grain],
        hold=hold,
        clear_hold=_micros(when.clear_for),
        gap=max(hold, _LEAST_GAP) if hold else 0,
        severity=severity_named(declaration.severity),
        steps=tuple(SeverityStep(_step(step), severity_named(step.severity)) for step in declaration.steps),
        awake=awake(declaration.schedule, calendar),
    )


def severity_named(name: str) -> Severity:
    """warning, minor, major, critical."""
    return Severity[name.upper()]


def band(bounds: Bounds) -> Band:
    """The limits; where no value of return is declared, it is the limit itself."""
    above = math.inf if bounds.above is None else bounds.above
    below = -math.inf if bounds.below is None else bounds.below
    return Band(
        above=above,
        below=below,
        clear_below=above if bounds.clear_below is None else bounds.clear_below,
        clear_above=below if bounds.clear_above is None else bounds.clear_above,
    )


def _condition(when: When, metrics: Mapping[str, int]) -> Condition:
    metric = metrics[when.metric] if when.metric is not None else 0
    if when.rate is not None:
        return RateOfChange(metric, band(when.rate), _micros(when.rate.per), _micros(when.rate.over))
    leaves = when.all if when.all is not None else when.any
    if leaves is not None:
        thresholds = tuple(Threshold(metrics[leaf.metric], band(leaf)) for leaf in leaves)
        return Combination(thresholds, when.all is not None, _micros(when.within))
    if when.baseline is not None:
        most = when.baseline.deviations
        above = most if when.baseline.side != "below" else math.inf
        below = -most if when.baseline.side != "above" else -math.inf
        return Deviation(
            metric, Band(above, below, above / 2, below / 2), when.baseline.floor, _micros(when.baseline.learn)
        )
    if when.fault is not None:
        flags = 0
        for name in when.fault:
            flags |= int(_FLAGS[name])
        return Fault(metric, flags)
    if when.absent is not None:
        return Absence(metric, _micros(when.absent))
    if when.offline is not None:
        return Offline(_micros(when.offline), when.loaded)
    return _of_vehicle(when) or Threshold(metric, band(when))


def _of_vehicle(when: When) -> VehicleFact | None:
    if when.fence is not None:
        fence = when.fence
        return VehicleFact("fence", _over(0.5), fence.code, fence.kind, fence.where == "in", fence.keep, when.loaded)
    if when.speed is not None:
        if when.speed.over_limit is not None:
            return VehicleFact("vehicle.over_limit", _over(when.speed.over_limit), loaded=when.loaded)
        return VehicleFact("vehicle.speed", _over(when.speed.above or 0.0), loaded=when.loaded)
    if when.stay is not None:
        return VehicleFact("vehicle.stay_seconds", _over(seconds(when.stay)), loaded=when.loaded)
    if when.driving is not None:
        return VehicleFact("vehicle.driving_seconds", _over(seconds(when.driving)), loaded=when.loaded)
    if when.terminal is not None:
        return VehicleFact(f"vehicle.alarm.{when.terminal}", _over(0.5), loaded=when.loaded)
    return None


def _over(limit: float) -> Band:
    return Band(above=limit, clear_below=limit)


def _step(step: Step) -> Band:
    return Band(
        above=math.inf if step.above is None else step.above, below=-math.inf if step.below is None else step.below
    )


def _micros(duration: str) -> int:
    return seconds(duration) * SECOND
