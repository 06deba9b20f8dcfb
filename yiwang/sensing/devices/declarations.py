"""The format of ``packs/*/signals/*.yaml`` and ``cities/*/devices.yaml``: metrics (指标量), profiles (设备型号), devices.

A metric is what is measured, once for the whole city and in one unit; a profile is a kind of device: how it speaks and what it
measures, by the codes and units that it uses on the wire. Unknown keys are refused.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Final, Literal, TypeAlias, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainSerializer,
    StringConstraints,
    field_validator,
)

from yiwang.sensing.devices.addresses import Protocol
from yiwang.sensing.rules.declarations import RuleDeclaration

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
MetricKey = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
DeviceCode = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=60)]
Verb: TypeAlias = Literal[
    "sync-time", "set-interval", "set-password", "fetch-history", "query-parameters", "set-parameters", "control",
    "send-text", "restart", "locate", "track", "query-attributes", "set-fence", "drop-fence", "confirm-alarm", "photograph",
]  # fmt: skip
"""What a device can be told, in common words; the gateway of its protocol knows how that is said."""
VERBS: Final[tuple[str, ...]] = get_args(Verb)

_DURATION = re.compile(r"^([1-9][0-9]{0,5})(s|min|h|d)$")
_SECONDS = {"s": 1, "min": 60, "h": 3600, "d": 86400}


def parse_duration(value: object) -> object:
    """``60s``, ``10min``, ``2h``, ``1d`` as a timedelta; a timedelta stays what it is.

    Raises:
        ValueError: anything else.
    """
    if isinstance(value, timedelta):
        return value
    found = _DURATION.match(value) if isinstance(value, str) else None
    if found is None:
        raise ValueError("时长应写作 30s、10min、2h 或 1d | write a duration as 30s, 10min, 2h or 1d")
    return timedelta(seconds=int(found[1]) * _SECONDS[found[2]])


def write_duration(value: timedelta) -> str:
    """The same as it is declared: the largest unit that divides it."""
    seconds = int(value.total_seconds())
    unit = next(unit for unit in ("d", "h", "min", "s") if seconds % _SECONDS[unit] == 0)
    return f"{seconds // _SECONDS[unit]}{unit}"


Duration = Annotated[timedelta, BeforeValidator(parse_duration), PlainSerializer(write_duration, return_type=str)]
"""Written ``30s``, ``10min``, ``2h``, ``1d``."""


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=200)
    en: str = Field(min_length=1, max_length=200)


class MetricDeclaration(Declaration):
    """What is measured. Two packs that name the same metric agree in its unit."""

    names: Words = Field(description="What people call it.")
    unit: str = Field(
        max_length=20, description="Unit in which values are kept and shown: `µg/m³`, `°C`, `1`, `state`."
    )
    bounds: tuple[float, float] | None = Field(
        None, description="Smallest and largest value that is physically possible; outside it a value is flagged."
    )
    decimals: int = Field(2, ge=0, le=6, description="Digits after the point that are shown.")
    codes: dict[Protocol, str] = Field(
        default_factory=dict,
        description="Its code in a protocol's own table: `{hj212: a34004}`; profiles may say another.",
    )
    states: dict[int, Words] = Field(
        default_factory=dict, max_length=20, description="For unit `state`: what each number means."
    )
    computed: bool = Field(
        False, description="No device sends it: profiles compute it from what they measure (`computed`)."
    )


class MeasureDeclaration(Declaration):
    """How a profile's devices send a metric."""

    code: str | None = Field(
        None, min_length=1, max_length=120,
        description="Code or field on the wire; default: the metric's code in this protocol, else the metric's own key.",
    )  # fmt: skip
    unit: str | None = Field(
        None, max_length=20, description="Unit on the wire; default: the metric's. It is converted."
    )


class Stuck(Declaration):
    """A sensor that no longer moves."""

    same: int = Field(ge=3, le=10_000, description="After so many equal values in a row they are flagged.")


class Spike(Declaration):
    """A value far from those before it."""

    times: float = Field(
        ge=2, le=1000, description="Multiple of the running deviation beyond which a value is flagged."
    )


class Topics(Declaration):
    """MQTT topics of a profile; ``{address}`` stands for the device's address. MQTT wildcards are not written here."""

    readings: str = Field(max_length=200, description="Where the device publishes: `devices/{address}/telemetry`.")
    status: str | None = Field(
        None, max_length=200, description="Where `online`/`offline` (also as last will) is published."
    )
    commands: str | None = Field(None, max_length=200, description="Where commands to the device are published.")
    answers: str | None = Field(None, max_length=200, description="Where the device answers commands.")

    @field_validator("readings", "status", "commands", "answers")
    @classmethod
    def _names_a_device(cls, value: str | None) -> str | None:
        if value is None:
            return None
        if value.split("/").count("{address}") != 1:
            raise ValueError("须恰有一级为 {address} | exactly one level must be {address}")
        if any(mark in value for mark in "+#") or value.startswith("$"):
            raise ValueError("不能含通配符 + #,也不能以 $ 开头 | no wildcards (+ #), and not beginning with $")
        return value


class Payload(Declaration):
    """How a message of an MQTT or HTTP device is read. Paths are JSON pointers without the first slash: `data/temp`."""

    format: Literal["json", "csv", "sparkplug"] = Field(
        "json", description="json, csv (columns by number from 1), sparkplug."
    )
    at: str | None = Field(None, max_length=120, description="Path of the time; without it the time of arrival counts.")
    time: Literal["iso", "seconds", "milliseconds", "local"] = Field(
        "iso", description="How the time is written; local: without zone, in the city's zone."
    )
    list_: str | None = Field(
        None, alias="list", max_length=120, description="Path of a list whose items are read one by one."
    )
    values: dict[MetricKey, str] = Field(
        default_factory=dict, description="Path of each metric's value; default: its code on the wire."
    )


class ComputedDeclaration(Declaration):
    """Metrics that are computed (计算指标) from the roll-ups of a device, each time that these change."""

    names: Words = Field(description="What is computed.")
    function: str = Field(
        pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$",
        description="File and function in the pack's `compute/`: `aqi.hourly` is `hourly` in `compute/aqi.py`.",
    )
    over: Literal["hour", "day"] = Field("hour", description="One value for each hour, or each day of the city's zone.")
    of: Literal["minute", "hour", "day"] | None = Field(
        None, description="Which roll-ups the function is given; default: one of the whole bucket."
    )
    grain: Literal["real", "minute", "hour", "day"] = Field(
        "real", description="Roll-ups of what was measured, or of means that the device itself reports."
    )
    inputs: list[MetricKey] = Field(min_length=1, max_length=30, description="Metrics of the profile that it needs.")
    gives: dict[MetricKey, MetricKey] = Field(
        min_length=1, max_length=30, description="Metric for each value of the function's answer that is kept."
    )


class ProfileDeclaration(Declaration):
    """A kind of device (设备型号)."""

    names: Words = Field(description="What people call it.")
    protocol: Protocol = Field(description="How it speaks: hj212, jt808, mqtt or http.")
    interval: Duration = Field(description="Expected time between readings: `60s`.")
    offline_after: Duration = Field(description="Silence after which it counts as offline: `10min`.")
    measures: dict[MetricKey, MeasureDeclaration] = Field(default_factory=dict, description="What it measures.")
    computed: dict[Key, ComputedDeclaration] = Field(
        default_factory=dict, max_length=20, description="What is computed from what it measures."
    )
    stuck: Stuck | None = Field(None, description="Flag values of a sensor that no longer moves.")
    spike: Spike | None = Field(None, description="Flag values far from those before.")
    topics: Topics | None = Field(None, description="MQTT: topics.")
    payload: Payload | None = Field(None, description="MQTT, HTTP: how messages are read.")
    commands: list[Verb] = Field(default_factory=list, description="What such a device can be told.")
    public: bool = Field(
        False, description="Everybody may read these devices and their readings, through SensorThings."
    )
    icon: Key | None = Field(None, description="Symbol on the map.")
    purpose: Words | None = Field(
        None, description="Vehicles (jt808): why they are tracked; without a stated purpose nothing is tracked."
    )
    attributes: dict[MetricKey, Words] = Field(
        default_factory=dict,
        max_length=40,
        description="Facts that the register keeps of each such device: `substation`.",
    )
    options: dict[MetricKey, JsonValue] = Field(
        default_factory=dict, max_length=40, description="Settings that only the gateway of this protocol knows."
    )

    def values(self) -> set[str]:
        """The metrics that its devices measure or that are computed for them: what rules may name."""
        return {*self.measures, *(metric for one in self.computed.values() for metric in one.gives.values())}


class SignalsFile(Declaration):
    """``signals/*.yaml``: metrics and profiles of one subject, and the rules that raise alarms."""

    metrics: dict[MetricKey, MetricDeclaration] = Field(default_factory=dict, description="What is measured.")
    profiles: dict[Key, ProfileDeclaration] = Field(default_factory=dict, description="Kinds of device.")
    rules: dict[Key, RuleDeclaration] = Field(default_factory=dict, description="Rules that raise alarms.")


class DeviceDeclaration(Declaration):
    """A device of a city as ``devices.yaml`` writes it."""

    code: DeviceCode = Field(description="The city's own code of the device.")
    profile: Key = Field(description="Which kind of device it is.")
    address: str = Field(min_length=1, max_length=64, description="How it is called on the wire, in quotes.")
    names: Words = Field(description="What people call it.")
    at: tuple[Annotated[float, Field(ge=-180, le=180)], Annotated[float, Field(ge=-90, le=90)]] | None = Field(
        None, description="[lon, lat], degrees, CGCS2000."
    )
    organisation: str | None = Field(None, max_length=60, description="Code of the organisation whose it is.")
    attributes: dict[MetricKey, str] = Field(default_factory=dict, description="Facts about it.")
    secret: str | None = Field(None, min_length=4, max_length=128, description="Its password; in demo cities only.")


class DevicesFile(Declaration):
    """``devices.yaml``: devices that a demo city has from the start."""

    devices: list[DeviceDeclaration] = Field(min_length=1, max_length=5000, description="The devices.")
