"""A declared profile made ready for a gateway: wire code → metric, factor, offset."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.model import Measure, Metric, Profile
from yiwang.sensing.devices.units import conversion
from yiwang.sensing.model import Limits


def wire_code(profile: ProfileDeclaration, key: str, metric: MetricDeclaration) -> str:
    """The code by which devices of ``profile`` send the metric ``key``: declared, the protocol's own, or the key itself."""
    return profile.measures[key].code or metric.codes.get(profile.protocol) or key


def compiled(key: str, pack: str, declaration: ProfileDeclaration, metrics: Mapping[str, Metric]) -> Profile:
    """The profile with its measures. What :func:`yiwang.packs.check.signals` refuses, namely metrics that do not exist and units
    that do not convert, never was published; a metric that has gone since is passed over."""
    measures: dict[str, Measure] = {}
    for name, measure in declaration.measures.items():
        metric = metrics.get(name)
        if metric is None:
            continue
        linear = conversion(measure.unit or metric.unit, metric.unit)
        if linear is None:
            continue
        code = wire_code(declaration, name, metric.declaration)
        measures[code] = Measure(code, metric, *linear)
    by_metric = {measure.metric.id: measure for measure in measures.values()}
    return Profile(key, pack, declaration.protocol, declaration, measures, by_metric)


def limits_of(profile: Profile, metric_id: int) -> Limits | None:
    """What values of a metric of such devices are checked against; None where the profile does not measure it."""
    measure = profile.by_metric.get(metric_id)
    if measure is None:
        return None
    declared, bounds = profile.declaration, measure.metric.declaration.bounds
    return Limits(
        low=bounds[0] if bounds else None,
        high=bounds[1] if bounds else None,
        stuck=declared.stuck.same if declared.stuck else 0,
        spike=declared.spike.times if declared.spike else 0.0,
        gap=declared.offline_after.total_seconds(),
    )
