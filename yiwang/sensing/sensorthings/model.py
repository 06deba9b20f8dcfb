"""The entity sets of SensorThings 1.1 (OGC 18-088) as this city has them, each with its rows in SQL.

| SensorThings | here | @iot.id |
|---|---|---|
| Thing, Location, HistoricalLocation, FeatureOfInterest | a device (设备) and where it stands | number of the device |
| Sensor | a profile (设备型号) | its id, a text |
| ObservedProperty | a metric (监测指标) | its number |
| Datastream | a metric of a device | device × 32768 + metric |
| Observation | a reading measured now (grain 0) | ``<datastream>-<microseconds>`` |

Every set is a sub-select whose columns ``device``, ``profile``, ``metric``, ``at`` are the keys that it has; two sets that are
linked are joined on the keys that they share. The actor's scope stands inside the sub-select, so that no way in misses it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeAlias

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.sensing.model import moment
from yiwang.sensing.sensorthings.odata import Kind

KeyValues: TypeAlias = Mapping[str, "int | str | datetime"]
"""Values of keys: ``device`` int, ``metric`` int, ``profile`` str, ``at`` aware UTC."""

METRICS: Final = 32768
KEY_TYPES: Final = {"device": "int", "metric": "smallint", "profile": "text", "at": "timestamptz"}
_OBSERVATION_ID = re.compile(r"([0-9]{1,15})-(-?[0-9]{1,17})", re.ASCII)
_largest_time = 10**17


@dataclass(frozen=True, slots=True)
class Property:
    """``sql`` over the alias ``{t}``; ``hidden``: may be asked about but is not written out; ``asked``: may stand in a filter."""

    name: str
    sql: str
    kind: Kind
    hidden: bool = False
    asked: bool = True


@dataclass(frozen=True, slots=True)
class Navigation:
    """A link to one entity, or to many."""

    name: str
    target: str
    many: bool


@dataclass(frozen=True, slots=True)
class EntityType:
    """``keys``: the columns that identify a row, first; ``linked``: further key columns that links may use."""

    name: str
    plural: str
    keys: tuple[str, ...]
    linked: tuple[str, ...]
    source: str
    properties: Mapping[str, Property]
    navigations: Mapping[str, Navigation]
    order: tuple[str, ...] = field(default=())

    @property
    def all_keys(self) -> tuple[str, ...]:
        return self.keys + self.linked

    def key_of(self, given: int | str) -> KeyValues | None:
        """The key values that an id means; None where no entity of this set can have it."""
        if self.name == "Sensor":
            return {"profile": given} if isinstance(given, str) else None
        if self.name == "Observation":
            return _observation_key(given)
        if not isinstance(given, int) or given < 0:
            return None
        if self.name == "Datastream":
            device, metric = divmod(given, METRICS)
            return {"device": device, "metric": metric} if device < 2**31 else None
        return {self.keys[0]: given} if given < (METRICS if self.keys[0] == "metric" else 2**31) else None


def _observation_key(given: int | str) -> KeyValues | None:
    found = _OBSERVATION_ID.fullmatch(given) if isinstance(given, str) else None
    if found is None:
        return None
    device, metric = divmod(int(found[1]), METRICS)
    at = int(found[2])
    if device >= 2**31 or not -_largest_time < at < _largest_time:
        return None
    return {"device": device, "metric": metric, "at": moment(at)}


def shared_keys(one: EntityType, other: EntityType) -> tuple[str, ...]:
    """The keys on which two linked sets are joined; a device has one profile, so where the device is shared that is enough."""
    shared = [key for key in one.all_keys if key in other.all_keys]
    return tuple(key for key in shared if key != "profile" or "device" not in shared)


_PUBLIC = "coalesce((p.declaration ->> 'public')::boolean, false)"


@dataclass(slots=True)
class Visible:
    """What one actor may see, as SQL; parameters are bound once into ``args``."""

    actor: Actor
    args: Sql
    _scope: str | None = None

    def source(self, kind: EntityType) -> str:
        """The rows of a set as a sub-select, in brackets."""
        if self._scope is None and "{scope}" in kind.source:  # a parameter that nothing uses would be an error
            self._scope = scope_condition(
                self.actor, "reading", "read", self.args, area="d.area", organisation="d.organisation_id"
            )
        staff = "true" if self.actor.may("reading", "read") else "false"
        text = kind.source.replace("{scope}", f"(d.retired_at is null and ({self._scope} or {_PUBLIC}))")
        return "(" + text.replace("{catalogue}", staff).replace("{public}", _PUBLIC) + ")"


_ON_PROFILE = "device d join device_profile p on p.id = d.profile"
_NAME = "coalesce({t}.names ->> 'zh', {t}.names ->> 'en', {t}.code)"
_GEOJSON = "application/geo+json"
_COUNTED_SOURCE = "select d.id as device, d.profile, d.code, d.names, d.position, d.created_at, d.attributes, d.area"


def _properties(*found: Property) -> Mapping[str, Property]:
    return {item.name: item for item in found}


def _navigations(**found: tuple[str, bool]) -> Mapping[str, Navigation]:
    return {name: Navigation(name, target, many) for name, (target, many) in found.items()}


def _number_id(column: str) -> Property:
    return Property("id", "{t}." + column + "::bigint", Kind.NUMBER)


THING: Final = EntityType(
    "Thing", "Things", ("device",), ("profile",),
    f"{_COUNTED_SOURCE}, p.protocol, p.declaration -> 'names' as kind from {_ON_PROFILE} where {{scope}}",
    _properties(
        _number_id("device"),
        Property("name", _NAME, Kind.TEXT),
        Property("description", "coalesce({t}.kind ->> 'zh', {t}.profile)", Kind.TEXT),
        Property(
            "properties",
            "jsonb_build_object('code', {t}.code, 'profile', {t}.profile, 'protocol', {t}.protocol, 'area', {t}.area,"
            " 'names', {t}.names, 'attributes', {t}.attributes)",
            Kind.JSON,
        ),
    ),
    _navigations(
        Locations=("Location", True), HistoricalLocations=("HistoricalLocation", True), Datastreams=("Datastream", True)
    ),
)  # fmt: skip

LOCATION: Final = EntityType(
    "Location", "Locations", ("device",), (),
    f"{_COUNTED_SOURCE} from {_ON_PROFILE} where d.position is not null and {{scope}}",
    _properties(
        _number_id("device"),
        Property("name", _NAME, Kind.TEXT),
        Property("description", _NAME, Kind.TEXT),
        Property("encodingType", f"'{_GEOJSON}'::text", Kind.TEXT),
        Property("location", "{t}.position", Kind.PLACE),
        Property("properties", "jsonb_build_object('area', {t}.area)", Kind.JSON),
    ),
    _navigations(Things=("Thing", True), HistoricalLocations=("HistoricalLocation", True)),
)  # fmt: skip

HISTORICAL_LOCATION: Final = EntityType(
    "HistoricalLocation", "HistoricalLocations", ("device",), (),
    f"{_COUNTED_SOURCE} from {_ON_PROFILE} where d.position is not null and {{scope}}",
    _properties(_number_id("device"), Property("time", "{t}.created_at", Kind.TIME)),
    _navigations(Thing=("Thing", False), Locations=("Location", True)),
)  # fmt: skip

FEATURE: Final = EntityType(
    "FeatureOfInterest", "FeaturesOfInterest", ("device",), (),
    f"{_COUNTED_SOURCE} from {_ON_PROFILE} where d.position is not null and {{scope}}",
    _properties(
        _number_id("device"),
        Property("name", _NAME, Kind.TEXT),
        Property("description", _NAME, Kind.TEXT),
        Property("encodingType", f"'{_GEOJSON}'::text", Kind.TEXT),
        Property("feature", "{t}.position", Kind.PLACE),
        Property("properties", "jsonb_build_object('area', {t}.area)", Kind.JSON),
    ),
    _navigations(Observations=("Observation", True)),
)  # fmt: skip

SENSOR: Final = EntityType(
    "Sensor", "Sensors", ("profile",), (),
    "select p.id as profile, p.pack, p.protocol, p.declaration from device_profile p"
    " where ({catalogue} or {public})",
    _properties(
        Property("id", "{t}.profile", Kind.TEXT),
        Property("name", "coalesce({t}.declaration #>> '{names,zh}', {t}.profile)", Kind.TEXT),
        Property("description", "coalesce({t}.declaration #>> '{names,en}', {t}.profile)", Kind.TEXT),
        Property("encodingType", "'text/plain'::text", Kind.TEXT),
        Property("metadata", "({t}.protocol || ' ' || {t}.profile)", Kind.TEXT),
        Property(
            "properties",
            "jsonb_build_object('pack', {t}.pack, 'protocol', {t}.protocol, 'interval', {t}.declaration -> 'interval',"
            " 'names', {t}.declaration -> 'names')",
            Kind.JSON,
        ),
    ),
    _navigations(Datastreams=("Datastream", True)),
)  # fmt: skip

OBSERVED_PROPERTY: Final = EntityType(
    "ObservedProperty", "ObservedProperties", ("metric",), (),
    "select m.id as metric, m.code, m.declaration from metric m where ({catalogue} or exists (select 1 from"
    " device_profile p where {public} and p.declaration -> 'measures' ? m.code))",
    _properties(
        _number_id("metric"),
        Property("name", "coalesce({t}.declaration #>> '{names,zh}', {t}.code)", Kind.TEXT),
        Property("definition", "('urn:yiwang:metric:' || {t}.code)", Kind.TEXT),
        Property("description", "coalesce({t}.declaration #>> '{names,en}', {t}.code)", Kind.TEXT),
        Property(
            "properties",
            "jsonb_build_object('code', {t}.code, 'unit', {t}.declaration -> 'unit', 'codes', {t}.declaration -> 'codes')",
            Kind.JSON,
        ),
    ),
    _navigations(Datastreams=("Datastream", True)),
)  # fmt: skip

DATASTREAM: Final = EntityType(
    "Datastream", "Datastreams", ("device", "metric"), ("profile",),
    "select d.id as device, d.profile, m.id as metric, d.code, d.names, d.position, m.code as metric_code,"
    " m.declaration, p.declaration -> 'interval' as interval"
    f" from {_ON_PROFILE} cross join lateral jsonb_object_keys(p.declaration -> 'measures') k(code)"
    " join metric m on m.code = k.code where {scope}",
    _properties(
        Property("id", f"({{t}}.device::bigint * {METRICS} + {{t}}.metric)", Kind.NUMBER),
        Property("name", f"({_NAME} || ' ' || coalesce({{t}}.declaration #>> '{{names,zh}}', {{t}}.metric_code))", Kind.TEXT),
        Property("description", "coalesce({t}.declaration #>> '{names,en}', {t}.metric_code)", Kind.TEXT),
        Property(
            "observationType",
            "'http://www.opengis.net/def/observationType/OGC-OM/2.0/OM_Measurement'::text",
            Kind.TEXT,
        ),
        Property(
            "unitOfMeasurement",
            "jsonb_build_object('name', coalesce({t}.declaration ->> 'unit', ''), 'symbol',"
            " coalesce({t}.declaration ->> 'unit', ''), 'definition', coalesce({t}.declaration ->> 'unit', ''))",
            Kind.JSON,
        ),
        Property("observedArea", "{t}.position", Kind.PLACE),
        Property(
            "phenomenonTime",
            "(select jsonb_build_array((select min(u.at) from rollup u where u.device_id = {t}.device and u.metric_id ="
            " {t}.metric and u.width = 3), l.at) from latest l where l.device_id = {t}.device and l.metric_id ="
            " {t}.metric)",
            Kind.JSON,
            asked=False,
        ),
        Property(
            "properties",
            "jsonb_build_object('metric', {t}.metric_code, 'interval', {t}.interval, 'decimals',"
            " {t}.declaration -> 'decimals', 'bounds', {t}.declaration -> 'bounds')",
            Kind.JSON,
        ),
    ),
    _navigations(
        Thing=("Thing", False), Sensor=("Sensor", False), ObservedProperty=("ObservedProperty", False),
        Observations=("Observation", True),
    ),
)  # fmt: skip

OBSERVATION: Final = EntityType(
    "Observation", "Observations", ("device", "metric", "at"), (),
    "select r.device_id as device, r.metric_id as metric, r.at, r.value, r.quality from reading r join device d on"
    " d.id = r.device_id join device_profile p on p.id = d.profile where r.grain = 0 and {scope}",
    _properties(
        Property(
            "id",
            f"(({{t}}.device::bigint * {METRICS} + {{t}}.metric) || '-' ||"
            " (extract(epoch from {t}.at) * 1000000)::bigint)",
            Kind.TEXT,
            asked=False,
        ),
        Property("phenomenonTime", "{t}.at", Kind.TIME),
        Property("resultTime", "{t}.at", Kind.TIME),
        Property("result", "{t}.value", Kind.NUMBER),
        Property("resultQuality", "jsonb_build_object('code', {t}.quality)", Kind.JSON),
    ),
    _navigations(Datastream=("Datastream", False), FeatureOfInterest=("FeatureOfInterest", False)),
)  # fmt: skip

TYPES: Final[Mapping[str, EntityType]] = {
    kind.name: kind
    for kind in (
        THING, LOCATION, HISTORICAL_LOCATION, DATASTREAM, SENSOR, OBSERVED_PROPERTY, OBSERVATION, FEATURE,
    )
}  # fmt: skip
SETS: Final[Mapping[str, EntityType]] = {kind.plural: kind for kind in TYPES.values()}
