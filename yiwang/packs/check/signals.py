"""Metrics, profiles and devices: whether units are known and convert, codes differ, what is named exists,
addresses have the shape of their protocol and lie in the city.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import shapely

from yiwang.packs.areas import read_boundary
from yiwang.packs.check.flows import Offices
from yiwang.packs.check.references import needed, unknown
from yiwang.packs.findings import Findings, suggestion
from yiwang.packs.loaded import City, Loaded, Pack
from yiwang.packs.source import Source, Trail
from yiwang.sensing.devices.addresses import canonical, fitting, shape
from yiwang.sensing.devices.compiling import wire_code
from yiwang.sensing.devices.declarations import (
    DeviceDeclaration,
    MetricDeclaration,
    ProfileDeclaration,
    SignalsFile,
    write_duration,
)
from yiwang.sensing.devices.units import conversion, known_units, normal_unit
from yiwang.sensing.gateways.mqtt.payloads import check_payload

_OF_PROTOCOLS: Mapping[str, frozenset[str]] = {
    "topics": frozenset({"mqtt"}),
    "payload": frozenset({"mqtt", "http"}),
    "purpose": frozenset({"jt808"}),
}
"""Keys of a profile that only some protocols know."""


def check_signals(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """The metrics and profiles of one pack, which may measure the metrics of packs that it needs."""
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    known = metrics_of(reach)
    for file in pack.signals:
        for key, metric in file.value.metrics.items():
            _check_metric(file.source, ("metrics", key), key, metric, findings)
        for key, profile in file.value.profiles.items():
            _check_profile(file.source, ("profiles", key), key, profile, known, findings)


def metrics_of(packs: Sequence[Pack]) -> dict[str, MetricDeclaration]:
    """Every metric that these packs declare, by key."""
    return {key: metric for pack in packs for file in pack.signals for key, metric in file.value.metrics.items()}


def profiles_of(packs: Sequence[Pack]) -> dict[str, ProfileDeclaration]:
    """Every profile that these packs declare, by key."""
    return {key: profile for pack in packs for file in pack.signals for key, profile in file.value.profiles.items()}


def check_shared_signals(packs: Sequence[Pack], findings: Findings) -> None:
    """Across all packs: a metric has one unit and one wording, a profile and a rule stand in one place only."""
    metrics: dict[str, tuple[str, MetricDeclaration]] = {}
    once: dict[tuple[str, str], str] = {}
    for pack in packs:
        for file in pack.signals:
            for key, metric in file.value.metrics.items():
                where, other = metrics.setdefault(key, (file.file, metric))
                place = file.source.key_place(("metrics", key))
                if normal_unit(other.unit) != normal_unit(metric.unit):
                    findings.add(
                        place, "signal.unit_differs", metric=key, where=where, other=other.unit, unit=metric.unit
                    )
                elif other != metric:
                    findings.add(place, "signal.metric_differs", metric=key, where=where)
            for what, trail in _named_once(file):
                before = once.setdefault((what, str(trail[1])), file.file)
                if before != file.file:
                    findings.twice(file.source.key_place(trail), what, str(trail[1]), before)


def check_devices(city: City, findings: Findings) -> None:
    """The devices of a city against its packs, offices and boundary."""
    if city.devices is None:
        return
    source, listed = city.devices.source, city.devices.value.devices
    profiles = profiles_of(city.packs)
    offices = (
        Offices(city.organisations.value.organisations, city.file.value.division).all if city.organisations else None
    )
    boundary = _boundary(city)
    codes: dict[str, int] = {}
    addresses: dict[tuple[str, str], str] = {}
    for index, device in enumerate(listed):
        trail: Trail = ("devices", index)
        if device.code in codes:
            where = f"{source.file}:{source.place(('devices', codes[device.code])).line}"
            findings.twice(source.place((*trail, "code")), "device", device.code, where)
        codes.setdefault(device.code, index)
        profile = profiles.get(device.profile)
        if profile is None:
            unknown(findings, source.place((*trail, "profile")), ("设备型号", "profile"), device.profile, profiles)
        else:
            _check_address(source, trail, device, profile, addresses, findings)
            for name in device.attributes:
                if name not in profile.attributes:
                    zh, en = suggestion(name, profile.attributes)
                    place = source.key_place((*trail, "attributes", name))
                    findings.add(place, "device.attribute", profile=device.profile, name=name, hint_zh=zh, hint_en=en)
        if device.organisation is not None and offices is not None and device.organisation not in offices:
            unknown(
                findings, source.place((*trail, "organisation")), ("机构", "organisation"), device.organisation, offices
            )
        if (
            device.at is not None
            and boundary is not None
            and not shapely.intersects(boundary, shapely.Point(device.at))
        ):
            lon, lat = device.at
            findings.add(source.place((*trail, "at")), "device.place", id=device.code, lon=f"{lon:g}", lat=f"{lat:g}")


def _named_once(file: Loaded[SignalsFile]) -> Iterator[tuple[str, Trail]]:
    for key in file.value.profiles:
        yield "profile", ("profiles", key)
    for key in file.value.rules:
        yield "alarm rule", ("rules", key)


def _check_metric(source: Source, trail: Trail, key: str, metric: MetricDeclaration, findings: Findings) -> None:
    _check_unit(source, (*trail, "unit"), metric.unit, findings)
    if metric.bounds is not None and metric.bounds[0] >= metric.bounds[1]:
        low, high = metric.bounds
        place = source.place((*trail, "bounds"))
        findings.add(place, "signal.bounds", metric=key, low=f"{low:g}", high=f"{high:g}")
    if metric.states and normal_unit(metric.unit) != "state":
        findings.add(source.place((*trail, "states")), "signal.states", metric=key)


def _check_unit(source: Source, trail: Trail, unit: str, findings: Findings) -> bool:
    if normal_unit(unit) in known_units():
        return True
    zh, en = suggestion(unit, known_units())
    findings.add(source.place(trail), "signal.unit_unknown", unit=unit, hint_zh=zh, hint_en=en)
    return False


def _check_profile(
    source: Source,
    trail: Trail,
    key: str,
    profile: ProfileDeclaration,
    known: Mapping[str, MetricDeclaration],
    findings: Findings,
) -> None:
    if profile.offline_after < 2 * profile.interval:
        findings.add(
            source.place((*trail, "offline_after")), "signal.interval",
            offline=write_duration(profile.offline_after), interval=write_duration(profile.interval),
        )  # fmt: skip
    for name, protocols in _OF_PROTOCOLS.items():
        if getattr(profile, name) is not None and profile.protocol not in protocols:
            words = {
                "key": name,
                "profile": key,
                "protocol": profile.protocol,
                "protocols": ", ".join(sorted(protocols)),
            }
            findings.add(source.key_place((*trail, name)), "signal.not_of_protocol", **words)
    if profile.protocol == "mqtt" and profile.topics is None:
        findings.add(source.key_place(trail), "signal.topics_missing", profile=key)
    if profile.protocol == "jt808" and profile.purpose is None:
        findings.add(source.key_place(trail), "signal.purpose_missing", profile=key)
    if not profile.measures:
        findings.add(source.key_place(trail), "signal.measures_nothing", profile=key)
    _check_measures(source, trail, key, profile, known, findings)
    _check_payload(source, (*trail, "payload"), key, profile, findings)


def _check_payload(source: Source, trail: Trail, key: str, profile: ProfileDeclaration, findings: Findings) -> None:
    if profile.payload is None:
        return
    strangers = [name for name in profile.payload.values if name not in profile.measures]
    for name in strangers:
        unknown(findings, source.key_place((*trail, "values", name)), ("指标", "metric"), name, profile.measures)
    wrong = None if strangers else check_payload(profile)
    if wrong is not None:
        findings.add(source.key_place(trail), "signal.payload", profile=key, zh=wrong.zh, en=wrong.en)


def _check_measures(
    source: Source,
    trail: Trail,
    key: str,
    profile: ProfileDeclaration,
    known: Mapping[str, MetricDeclaration],
    findings: Findings,
) -> None:
    codes: dict[str, str] = {}
    for name, measure in profile.measures.items():
        here: Trail = (*trail, "measures", name)
        metric = known.get(name)
        if metric is None:
            unknown(findings, source.key_place(here), ("指标", "metric"), name, known)
            continue
        code = wire_code(profile, name, metric)
        if code in codes:
            words = {"profile": key, "first": codes[code], "second": name, "code": code}
            findings.add(source.key_place(here), "signal.code_twice", **words)
        codes.setdefault(code, name)
        if (
            measure.unit is not None
            and _check_unit(source, (*here, "unit"), measure.unit, findings)
            and normal_unit(metric.unit) in known_units()
            and conversion(measure.unit, metric.unit) is None
        ):
            place = source.place((*here, "unit"))
            findings.add(place, "signal.unit_not_convertible", metric=name, wanted=metric.unit, given=measure.unit)


def _check_address(
    source: Source,
    trail: Trail,
    device: DeviceDeclaration,
    profile: ProfileDeclaration,
    addresses: dict[tuple[str, str], str],
    findings: Findings,
) -> None:
    place = source.place((*trail, "address"))
    if not fitting(profile.protocol, device.address):
        zh, en = shape(profile.protocol)
        words = {"address": device.address, "protocol": profile.protocol, "shape_zh": zh, "shape_en": en}
        findings.add(place, "device.address", **words)
        return
    address = canonical(profile.protocol, device.address)
    other = addresses.setdefault((profile.protocol, address), device.code)
    if other != device.code:
        findings.add(place, "device.address_twice", id=device.code, other=other, address=address)


def _boundary(city: City) -> shapely.Geometry | None:
    """The city's boundary in degrees CGCS2000; None where it cannot be read, which is told at the areas."""
    return read_boundary(city, Findings())
