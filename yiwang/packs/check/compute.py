"""Computed metrics of packs: whether their files do arithmetic only, and what profiles name of them exists and fits."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.packs.check.references import needed, unknown
from yiwang.packs.check.signals import metrics_of
from yiwang.packs.findings import Findings, Place, suggestion
from yiwang.packs.loaded import Pack
from yiwang.packs.source import Source, Trail
from yiwang.sensing.computing.sandbox import faults_of, functions_in
from yiwang.sensing.devices.declarations import ComputedDeclaration, MetricDeclaration, ProfileDeclaration

_LENGTHS = ("minute", "hour", "day")


def check_compute(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """The compute files of one pack and the computations of its profiles."""
    functions: set[str] = set()
    for file in pack.compute:
        functions |= {f"{file.name}.{name}" for name in functions_in(file.text)}
        for fault in faults_of(file.text):
            findings.add(Place(file.file, fault.line, fault.column), "compute.code", zh=fault.zh, en=fault.en)
    known = metrics_of([pack, *(packs[name] for name in needed(pack, packs))])
    used: set[str] = set()
    for signals in pack.signals:
        for key, profile in signals.value.profiles.items():
            used |= {one.function.partition(".")[0] for one in profile.computed.values()}
            _check_profile(signals.source, ("profiles", key), key, profile, functions, known, findings)
    for file in pack.compute:
        if file.name not in used:
            findings.add(Place(file.file), "compute.unused", name=file.path.name)


def _check_profile(
    source: Source,
    trail: Trail,
    key: str,
    profile: ProfileDeclaration,
    functions: set[str],
    known: Mapping[str, MetricDeclaration],
    findings: Findings,
) -> None:
    for name in profile.measures:
        if name in known and known[name].computed:
            findings.add(source.key_place((*trail, "measures", name)), "compute.measured", metric=name, profile=key)
    given: dict[str, str] = {}
    for name, computed in profile.computed.items():
        here: Trail = (*trail, "computed", name)
        if computed.function not in functions:
            zh, en = suggestion(computed.function, functions)
            place = source.place((*here, "function"))
            findings.add(place, "compute.function", function=computed.function, hint_zh=zh, hint_en=en)
        for index, metric in enumerate(computed.inputs):
            if metric not in profile.measures:
                zh, en = suggestion(metric, profile.measures)
                words = {"profile": key, "metric": metric, "id": name}
                findings.add(source.place((*here, "inputs", index)), "compute.input", **words, hint_zh=zh, hint_en=en)
        _check_widths(source, here, name, computed, findings)
        for answer, metric in computed.gives.items():
            place = source.place((*here, "gives", answer))
            if metric not in known:
                unknown(findings, place, ("指标", "metric"), metric, known)
            elif not known[metric].computed:
                findings.add(place, "compute.not_computed", metric=metric, id=name)
            elif metric in given:
                words = {"profile": key, "first": given[metric], "second": name, "metric": metric}
                findings.add(place, "compute.twice", **words)
            given.setdefault(metric, name)


def _check_widths(source: Source, here: Trail, name: str, computed: ComputedDeclaration, findings: Findings) -> None:
    of = computed.of or computed.over
    if _LENGTHS.index(of) > _LENGTHS.index(computed.over):
        findings.add(source.place((*here, "of")), "compute.of", id=name, over=computed.over, of=of)
