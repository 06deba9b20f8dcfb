"""The create side: Observations, one at a time (9.1 of OGC 18-088) or as data arrays (14.2). Everything else is in the
register of devices, and is refused with that advice.

The way of an observation is that of every reading over HTTP: same callers, same intake, 201 after the commit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yiwang.kernel.database import Json, JsonObject
from yiwang.sensing.gateways.web.callers import Caller
from yiwang.sensing.gateways.web.intake import Report, WebIntake
from yiwang.sensing.sensorthings.errors import EntityMissing, ObservationInvalid
from yiwang.sensing.sensorthings.model import DATASTREAM, METRICS

most_rows = 10_000
_MEMBERS = frozenset(
    {
        "phenomenonTime", "result", "resultTime", "resultQuality", "validTime", "parameters", "Datastream",
        "FeatureOfInterest", "@iot.id",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sent:
    """An observation as the intake takes it, and to which Datastream it goes."""

    datastream: int
    row: JsonObject


async def create_one(intake: WebIntake, caller: Caller, body: Json, datastream: int | None) -> str:
    """Store one observation; its id. ``datastream`` is the one in the address, if any.

    Raises:
        ObservationInvalid: says what is wrong. EntityMissing: no such Datastream. SensingUnavailable.
    """
    if not isinstance(body, dict):
        raise ObservationInvalid("a JSON object was expected", "应为 JSON 对象")
    unknown = sorted(set(body) - _MEMBERS)
    if unknown:
        raise ObservationInvalid(
            f"{unknown[0][:40]} is no property of an Observation", f"Observation 没有属性 {unknown[0][:40]}"
        )
    if datastream is None:
        datastream = _linked(body.get("Datastream"))
    sent = _sent(intake, caller, datastream, body)
    report = await intake.take(caller, [sent.row])
    if report.refused:
        reason = report.refused[0]
        raise ObservationInvalid(f"it {reason.en}", reason.zh)
    return _id(report, 0)


async def create_arrays(intake: WebIntake, caller: Caller, body: Json) -> list[str]:
    """Store the observations of a data array body: for each, in order, its id, or ``error``.

    Raises:
        ObservationInvalid: not in that form, or more than 10,000. SensingUnavailable.
    """
    if not isinstance(body, list) or not body:
        raise ObservationInvalid("a list of data arrays was expected", "应为 dataArray 的列表")
    sent: list[Sent | None] = []
    for group in body:
        if not isinstance(group, dict):
            raise ObservationInvalid("a data array is an object", "dataArray 应为对象")
        sent += _group(intake, caller, group)
        if len(sent) > most_rows:
            raise ObservationInvalid(f"more than {most_rows} observations", f"超过 {most_rows} 条")
    places = [place for place, one in enumerate(sent) if one is not None]
    report = await intake.take(caller, [one.row for one in sent if one is not None])
    found = ["error"] * len(sent)
    for number, place in enumerate(places):
        if number in report.accepted:
            found[place] = _id(report, number)
    return found


def _group(intake: WebIntake, caller: Caller, group: Mapping[str, Json]) -> list[Sent | None]:
    components, lines = group.get("components"), group.get("dataArray")
    if not isinstance(components, list) or not isinstance(lines, list) or "result" not in components:
        raise ObservationInvalid(
            "components (with result) and dataArray are needed", "须有含 result 的 components 与 dataArray"
        )
    if len(components) > len(_MEMBERS):
        raise ObservationInvalid("too many components", "components 过多")
    names = [_component(name) for name in components]
    datastream = _linked(group.get("Datastream"))
    found: list[Sent | None] = []
    for line in lines:
        try:
            values = line if isinstance(line, list) else []
            found.append(_sent(intake, caller, datastream, dict(zip(names, values, strict=True))))
        except (ObservationInvalid, EntityMissing, ValueError):  # the last: not a value for each component
            found.append(None)
    return found


def _component(name: Json) -> str:
    if not isinstance(name, str):
        raise ObservationInvalid("components are names", "components 应为名称")
    return "FeatureOfInterest" if name == "FeatureOfInterest/id" else name


def _linked(link: Json) -> int:
    """The id in ``{"@iot.id": …}``."""
    given = link.get("@iot.id") if isinstance(link, dict) else None
    if isinstance(given, bool) or not isinstance(given, int):
        raise ObservationInvalid('a Datastream is needed: {"@iot.id": number}', '须给出 Datastream:{"@iot.id": 编号}')
    return given


def _sent(intake: WebIntake, caller: Caller, datastream: int, body: Mapping[str, Json]) -> Sent:
    """The row of one observation.

    Raises:
        EntityMissing: no such Datastream, or not the caller's. ObservationInvalid: its feature is not the device's place.
    """
    key = DATASTREAM.key_of(datastream)
    device = None if key is None else intake.services.directory.device(datastream // METRICS)
    if device is None or device.retired or not caller.reaches(device):
        raise EntityMissing(what=f"Datastreams({datastream})")
    metric = intake.services.directory.profile_of(device).by_metric.get(datastream % METRICS)
    if metric is None:
        raise EntityMissing(what=f"Datastreams({datastream})")
    feature = body.get("FeatureOfInterest")
    place = feature.get("@iot.id") if isinstance(feature, dict) else feature
    if feature is not None and place != device.id:
        raise ObservationInvalid(
            f"the FeatureOfInterest of this Datastream is {device.id}, the place of its device; leave it out",
            f"此数据流的 FeatureOfInterest 就是设备位置({device.id}),请勿另给",
        )
    at = body.get("phenomenonTime")
    if isinstance(at, str) and "/" in at:
        raise ObservationInvalid("phenomenonTime is one moment here, not a span", "phenomenonTime 应为时刻而非时段")
    if at is not None and not isinstance(at, str):
        raise ObservationInvalid(
            "phenomenonTime is ISO 8601 text with zone", "phenomenonTime 应为带时区的 ISO 8601 时间"
        )
    row: JsonObject = {"device": device.code, "metric": metric.code, "value": body.get("result")}
    if at is not None:
        row["at"] = at
    return Sent(datastream, row)


def _id(report: Report, number: int) -> str:
    device, metric, at = report.accepted[number]
    return f"{device * METRICS + metric}-{at}"


def links(base: str, ids: Sequence[str]) -> list[str]:
    """Addresses of what was created; ``error`` stays."""
    return [found if found == "error" else f"{base}/Observations('{found}')" for found in ids]
