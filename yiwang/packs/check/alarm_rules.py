"""Alarm rules of packs: whether what they name exists, is measured, can be reached, and whether their cases can be opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yiwang.packs.check.references import needed
from yiwang.packs.check.signals import metrics_of, profiles_of
from yiwang.packs.findings import Findings, suggestion
from yiwang.packs.loaded import Pack
from yiwang.packs.source import Source, Trail
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration, write_duration
from yiwang.sensing.rules.checking import check_against
from yiwang.sensing.rules.declarations import PLACEHOLDERS, Bounds, Opens, RuleDeclaration, seconds

_OF_VEHICLES = frozenset({"fence", "speed", "stay", "driving", "terminal"})


def check_alarm_rules(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """The rules of one pack, which may name metrics, profiles and case types of packs that it needs."""
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    metrics, profiles = metrics_of(reach), profiles_of(reach)
    for file in pack.signals:
        for code, rule in file.value.rules.items():
            trail: Trail = ("rules", code)
            _check_names(file.source, trail, rule, metrics, profiles, findings)
            _check_limits(file.source, trail, rule, metrics, findings)
            _check_kind(file.source, trail, rule, profiles, findings)
            _check_class_by(file.source, trail, rule, profiles, findings)
            if rule.opens is not None:
                _check_case(file.source, (*trail, "opens"), rule.opens, reach, findings)


def _check_names(
    source: Source,
    trail: Trail,
    rule: RuleDeclaration,
    metrics: Mapping[str, MetricDeclaration],
    profiles: Mapping[str, ProfileDeclaration],
    findings: Findings,
) -> None:
    for below, metric in rule.when.metrics():
        if metric not in metrics:
            zh, en = suggestion(metric, metrics)
            place = source.place((*trail, "when", *below))
            findings.add(place, "alarm_rule.metric", metric=metric, hint_zh=zh, hint_en=en)
    measured = {key: profile.values() for key, profile in profiles.items()}
    for fault in check_against(rule, measured):
        place = source.place((*trail, *fault.trail))
        if fault.code == "alarm_rule.profile":
            zh, en = suggestion(fault.data["profile"], profiles)
            findings.add(place, fault.code, **fault.data, hint_zh=zh, hint_en=en)
        elif fault.code == "alarm_rule.placeholder":
            findings.add(place, fault.code, **fault.data, known=", ".join(sorted(PLACEHOLDERS)))
        elif fault.data["metric"] in metrics:  # one that does not exist has been told
            findings.add(place, fault.code, **fault.data)


def _check_limits(
    source: Source,
    trail: Trail,
    rule: RuleDeclaration,
    metrics: Mapping[str, MetricDeclaration],
    findings: Findings,
) -> None:
    """A limit beyond what the metric can be is mostly a limit in another unit."""
    placed: list[tuple[Trail, str, Bounds]] = []
    if rule.when.metric is not None and rule.when.bounded:
        placed.append((("when",), rule.when.metric, rule.when))
    for name, leaves in (("all", rule.when.all), ("any", rule.when.any)):
        placed += [(("when", name, at), leaf.metric, leaf) for at, leaf in enumerate(leaves or [])]
    for below, metric, bounds in placed:
        declared = metrics.get(metric)
        if declared is None or declared.bounds is None:
            continue
        low, high = declared.bounds
        for key, limit, reached in (
            ("above", bounds.above, bounds.above is None or low <= bounds.above < high),
            ("below", bounds.below, bounds.below is None or low < bounds.below <= high),
        ):
            if limit is not None and not reached:
                words = {"limit": f"{limit:g}", "metric": metric, "low": f"{low:g}", "high": f"{high:g}"}
                findings.add(source.place((*trail, *below, key)), "alarm_rule.bounds", **words, unit=declared.unit)


def _check_kind(
    source: Source, trail: Trail, rule: RuleDeclaration, profiles: Mapping[str, ProfileDeclaration], findings: Findings
) -> None:
    kind = rule.when.kind
    for name in rule.of_profiles():
        profile = profiles.get(name)
        if profile is None:
            continue
        if kind in _OF_VEHICLES and profile.protocol != "jt808":
            place = source.place((*trail, "when", kind))
            findings.add(place, "alarm_rule.vehicle", kind=kind, profile=name, protocol=profile.protocol)
        if rule.when.absent is not None and seconds(rule.when.absent) <= profile.interval.total_seconds():
            words = {"absent": rule.when.absent, "profile": name, "interval": write_duration(profile.interval)}
            findings.add(source.place((*trail, "when", "absent")), "alarm_rule.silence", **words)


def _check_class_by(
    source: Source, trail: Trail, rule: RuleDeclaration, profiles: Mapping[str, ProfileDeclaration], findings: Findings
) -> None:
    """The class goes by a fact that the register keeps of every profile that the rule watches."""
    if rule.opens is None or rule.opens.by is None:
        return
    name = rule.opens.by.attribute
    for code in rule.of_profiles():
        profile = profiles.get(code)
        if profile is not None and name not in profile.attributes:
            zh, en = suggestion(name, profile.attributes)
            place = source.place((*trail, "opens", "by", "attribute"))
            findings.add(place, "device.attribute", profile=code, name=name, hint_zh=zh, hint_en=en)


def _check_case(source: Source, trail: Trail, opens: Opens, reach: Sequence[Pack], findings: Findings) -> None:
    types = {item.value.id: item.value for pack in reach for item in pack.cases}
    declared = types.get(opens.case)
    if declared is None:
        zh, en = suggestion(opens.case, types)
        findings.add(source.place((*trail, "case")), "alarm_rule.case", case=opens.case, hint_zh=zh, hint_en=en)
        return
    if opens.channel not in declared.channels:
        zh, en = suggestion(opens.channel, declared.channels)
        words = {"case": opens.case, "channel": opens.channel}
        where = (*trail, "channel") if (*trail, "channel") in source.places else trail
        findings.add(source.place(where), "alarm_rule.channel", **words, hint_zh=zh, hint_en=en)
    trees = [tree.value for pack in reach for tree in pack.classes if tree.value.id == declared.classes]
    codes = [item.code for tree in trees for item in tree.classes]
    named: list[tuple[Trail, str]] = [((*trail, "class"), opens.class_code)]
    if opens.by is not None:
        named += [((*trail, "by", "classes", value), code) for value, code in opens.by.classes.items()]
    for where, code in named:
        if codes and code not in codes:
            zh, en = suggestion(code, codes)
            words = {"case": opens.case, "class_code": code}
            findings.add(source.place(where), "alarm_rule.class", **words, hint_zh=zh, hint_en=en)
