"""What the routes of devices take and answer. Times have a zone; places are degrees, lon before lat, CGCS2000."""

from __future__ import annotations

from base64 import b64encode
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

import yiwang.sensing.devices.errors  # noqa: F401  # registers the codes that descriptions name
from yiwang.kernel.text import CleanLine, CleanText
from yiwang.sensing.devices.addresses import Protocol
from yiwang.sensing.devices.commands import shown_parameters
from yiwang.sensing.devices.declarations import Verb
from yiwang.sensing.devices.model import Command, CommandState, Knock, Metric, Note, NoteKind, Profile
from yiwang.sensing.devices.registry import DeviceForm, DeviceRegistry, Registered

DeviceId = Annotated[int, Path(ge=1, le=2**31 - 1, description="设备序号 id of the device")]
Limit = Annotated[int, Query(ge=1, le=500, description="每页条数")]
Before = Annotated[str | None, Query(max_length=400, description="上一页的 next")]
Code = Annotated[CleanLine, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,59}$", max_length=60)]
Name = Annotated[CleanLine, Field(min_length=1, max_length=200)]
AttributeName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,59}$")]
Lon = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
Lat = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
_SAMPLE = 512


class Body(BaseModel):
    """What a request brings; a member that is not known is refused, not overlooked."""

    model_config = ConfigDict(extra="forbid")


class NamesView(BaseModel):
    zh: str
    en: str


class NamesBody(Body):
    """``en`` may be left out: then it is as ``zh``."""

    zh: Name
    en: Annotated[CleanLine, Field(max_length=200)] = ""


class DeviceFields(Body):
    """What stands in the register. ``secret`` is set where it is given, and never shown."""

    code: Code = Field(description="The city's own code.")
    profile: str = Field(min_length=1, max_length=60, description="Kind of device.")
    names: NamesBody
    organisation: str | None = Field(None, max_length=60, description="Code of the organisation whose it is.")
    at: tuple[Lon, Lat] | None = Field(None, description="[lon, lat]")
    attributes: dict[AttributeName, Annotated[CleanLine, Field(max_length=500)]] = Field(
        default_factory=dict, max_length=40
    )
    secret: str | None = Field(None, min_length=4, max_length=128, description="Password or key; kept sealed.")

    def form(self, address: str) -> DeviceForm:
        """The same for the register."""
        return DeviceForm(
            self.code, self.profile, address, self.names.zh, self.names.en, self.organisation, self.at,
            self.attributes, self.secret,
        )  # fmt: skip


class DeviceBody(DeviceFields):
    """A device to enter."""

    address: str = Field(min_length=1, max_length=64, description="How it is called on the wire.")


class DeviceEdit(DeviceBody):
    """A device as it shall be; ``revision`` is the one that the editor saw."""

    revision: int = Field(ge=1, le=2**31 - 1)


class AdoptBody(DeviceFields):
    """The device that a knock becomes."""

    protocol: Protocol
    address: str = Field(min_length=1, max_length=64)


class DismissBody(Body):
    protocol: str = Field(min_length=1, max_length=20)
    address: str = Field(min_length=1, max_length=64)


class RetireBody(Body):
    reason: Annotated[CleanText, Field(min_length=1, max_length=500)]


class NoteBody(Body):
    kind: NoteKind
    text: Annotated[CleanText, Field(min_length=1, max_length=2000)]


class CommandBody(Body):
    """``expires``: city time until which it may be sent; default in an hour."""

    verb: Verb
    parameters: dict[Annotated[str, Field(max_length=60)], JsonValue] = Field(default_factory=dict, max_length=50)
    expires: datetime | None = None


class StateView(BaseModel):
    """How a device stands; nothing is known of one that never spoke."""

    online: bool
    changed_at: datetime | None
    last_seen: datetime | None
    remote: str
    gateway: str
    frames: int
    bad_frames: int
    last_fault: str


class DeviceView(BaseModel):
    """A device. ``secret``: whether it has one; it is shown to nobody."""

    id: int
    uid: UUID
    code: str
    profile: str
    profile_names: NamesView
    protocol: Protocol
    address: str
    names: NamesView
    area: str
    organisation: str | None
    organisation_names: NamesView | None
    at: tuple[float, float] | None
    attributes: dict[str, str]
    secret: bool
    revision: int
    created_at: datetime
    updated_at: datetime
    retired_at: datetime | None
    state: StateView


class DevicePage(BaseModel):
    """``next``: give it as ``after`` for the devices that follow."""

    items: list[DeviceView]
    next: int | None


class CountView(BaseModel):
    profile: str
    names: NamesView
    devices: int
    online: int


class CountPage(BaseModel):
    items: list[CountView]


class MetricView(BaseModel):
    id: int
    code: str
    names: NamesView
    unit: str
    decimals: int
    bounds: tuple[float, float] | None
    states: dict[int, NamesView]


class MeasureView(BaseModel):
    """``unit``: on the wire."""

    metric: str
    code: str
    unit: str


class ProfileView(BaseModel):
    """Seconds: ``interval`` between readings, ``offline_after`` silence."""

    id: str
    pack: str
    protocol: Protocol
    names: NamesView
    interval: float
    offline_after: float
    measures: list[MeasureView]
    commands: list[str]
    attributes: dict[str, NamesView]
    icon: str | None
    purpose: NamesView | None


class SignalsView(BaseModel):
    """Everything that devices of this city may be and measure."""

    metrics: list[MetricView]
    profiles: list[ProfileView]


class KeyView(BaseModel):
    """``key`` is told this once."""

    device: DeviceView
    key: str


class NoteView(BaseModel):
    id: UUID
    kind: NoteKind
    text: str
    at: datetime
    by: str


class NotePage(BaseModel):
    items: list[NoteView]
    next: str | None


class CommandView(BaseModel):
    """Parameters that are secrets are shown as dots."""

    id: UUID
    device: int
    verb: str
    parameters: dict[str, JsonValue]
    state: CommandState
    given_by: str
    given_at: datetime
    expires_at: datetime
    sent_at: datetime | None
    answered_at: datetime | None
    answer: dict[str, JsonValue] | None


class CommandPage(BaseModel):
    items: list[CommandView]
    next: str | None


class KnockView(BaseModel):
    """``sample``: the last frame, as text where it is printable and in base64 always."""

    protocol: str
    address: str
    reason: str
    remote: str
    first_at: datetime
    last_at: datetime
    times: int
    sample: str
    sample_base64: str
    dismissed_at: datetime | None
    profiles: list[str] = Field(description="Profiles of this protocol, for adopting.")


class KnockPage(BaseModel):
    items: list[KnockView]
    next: str | None


class GatewayView(BaseModel):
    """What a gateway process last told of itself."""

    key: str
    protocol: str
    started_at: datetime
    seen_at: datetime
    figures: dict[str, JsonValue]


class GatewayPage(BaseModel):
    items: list[GatewayView]


class EventView(BaseModel):
    """What happened to a device, from the journal."""

    seq: int
    at: datetime
    verb: str
    by: str
    kind: Literal["person", "token", "system", "anonymous"]
    data: dict[str, JsonValue]


class EventPage(BaseModel):
    items: list[EventView]
    next: int | None


def registry_of(request: Request) -> DeviceRegistry:
    found: DeviceRegistry = request.app.state.devices
    return found


def names(words: object) -> NamesView:
    """The two languages of a declared text."""
    return NamesView(zh=str(getattr(words, "zh", "")), en=str(getattr(words, "en", "")))


def device_view(registry: DeviceRegistry, one: Registered) -> DeviceView:
    device, state = one.device, one.state
    profile = registry.directory.profile(device.profile)
    office = registry.office_names(device)
    return DeviceView(
        id=device.id, uid=device.uid, code=device.code, profile=device.profile,
        profile_names=names(profile.declaration.names) if profile else NamesView(zh=device.profile, en=device.profile),
        protocol=device.protocol, address=device.address, names=NamesView(zh=device.name_zh, en=device.name_en),
        area=device.area, organisation=registry.office_code(device),
        organisation_names=None if office is None else NamesView(zh=office[0], en=office[1]),
        at=None if device.lon is None or device.lat is None else (device.lon, device.lat),
        attributes=dict(device.attributes), secret=device.secret is not None, revision=device.revision,
        created_at=_known(device.created_at), updated_at=_known(device.updated_at), retired_at=device.retired_at,
        state=StateView(
            online=state.online, changed_at=state.changed_at, last_seen=state.last_seen, remote=state.remote,
            gateway=state.gateway, frames=state.frames, bad_frames=state.bad_frames, last_fault=state.last_fault,
        ),
    )  # fmt: skip


def metric_view(one: Metric) -> MetricView:
    declared = one.declaration
    return MetricView(
        id=one.id, code=one.code, names=names(declared.names), unit=one.unit, decimals=declared.decimals,
        bounds=declared.bounds, states={key: names(word) for key, word in declared.states.items()},
    )  # fmt: skip


def profile_view(one: Profile) -> ProfileView:
    declared = one.declaration
    measures = [
        MeasureView(metric=m.metric.code, code=m.code, unit=declared.measures[m.metric.code].unit or m.metric.unit)
        for m in one.measures.values()
    ]
    return ProfileView(
        id=one.id, pack=one.pack, protocol=one.protocol, names=names(declared.names),
        interval=one.interval.total_seconds(), offline_after=one.offline_after.total_seconds(), measures=measures,
        commands=list(declared.commands), attributes={key: names(word) for key, word in declared.attributes.items()},
        icon=declared.icon, purpose=None if declared.purpose is None else names(declared.purpose),
    )  # fmt: skip


def note_view(one: Note) -> NoteView:
    return NoteView(id=one.id, kind=one.kind, text=one.text, at=one.at, by=one.by_label)


def command_view(one: Command) -> CommandView:
    return CommandView(
        id=one.id, device=one.device_id, verb=one.verb, parameters=shown_parameters(one), state=one.state,
        given_by=one.given_label, given_at=one.given_at, expires_at=one.expires_at, sent_at=one.sent_at,
        answered_at=one.answered_at, answer=one.answer,
    )  # fmt: skip


def knock_view(one: Knock, profiles: list[str]) -> KnockView:
    text = one.sample[:_SAMPLE].decode("utf-8", "replace")
    return KnockView(
        protocol=one.protocol, address=one.address, reason=one.reason, remote=one.remote, first_at=one.first_at,
        last_at=one.last_at, times=one.times, dismissed_at=one.dismissed_at, profiles=profiles,
        sample="".join(sign if sign.isprintable() else "�" for sign in text),
        sample_base64=b64encode(one.sample[:_SAMPLE]).decode(),
    )  # fmt: skip


def _known(at: datetime | None) -> datetime:
    if at is None:
        raise LookupError("a device of the register has its times")
    return at
