"""The nouns of devices as typed records. Times are aware UTC in city time; coordinates are degrees, lon before lat, CGCS2000."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Literal, TypeAlias
from uuid import UUID

from yiwang.kernel.database import JsonObject
from yiwang.sensing.devices.addresses import Protocol
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration

CommandState: TypeAlias = Literal["queued", "sent", "confirmed", "refused", "expired"]
NoteKind: TypeAlias = Literal["calibration", "firmware", "maintenance", "fault", "note"]
NOTE_KINDS: Final[tuple[NoteKind, ...]] = ("calibration", "firmware", "maintenance", "fault", "note")


@dataclass(frozen=True, slots=True)
class Metric:
    """What is measured (指标量). ``id`` is what readings carry; ``low`` and ``high`` are what is physically possible."""

    id: int
    code: str
    declaration: MetricDeclaration
    low: float = float("-inf")
    high: float = float("inf")

    @property
    def unit(self) -> str:
        return self.declaration.unit


@dataclass(frozen=True, slots=True)
class Measure:
    """How a profile sends a metric: kept value = value on the wire × ``factor`` + ``offset``, in the metric's unit."""

    code: str
    metric: Metric
    factor: float
    offset: float

    @property
    def metric_id(self) -> int:
        return self.metric.id

    def kept(self, value: float) -> float:
        """The value on the wire in the metric's unit."""
        return value * self.factor + self.offset


@dataclass(frozen=True, slots=True)
class Profile:
    """A kind of device (设备型号), ready for a gateway: ``measures`` by the code on the wire, ``by_metric`` by metric id."""

    id: str
    pack: str
    protocol: Protocol
    declaration: ProfileDeclaration
    measures: Mapping[str, Measure]
    by_metric: Mapping[int, Measure]

    @property
    def interval(self) -> timedelta:
        return self.declaration.interval

    @property
    def offline_after(self) -> timedelta:
        return self.declaration.offline_after

    def name(self, language: str = "zh") -> str:
        names = self.declaration.names
        return names.zh if language.startswith("zh") else names.en


@dataclass(frozen=True, slots=True)
class Device:
    """A device of the city. ``uid`` is the subject of its journal entries; ``secret`` is sealed (see ``secrets``)."""

    id: int
    uid: UUID
    code: str
    profile: str
    protocol: Protocol
    address: str
    name_zh: str
    name_en: str
    area: str = ""
    organisation_id: int | None = None
    lon: float | None = None
    lat: float | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)
    revision: int = 1
    created_at: datetime | None = None
    updated_at: datetime | None = None
    retired_at: datetime | None = None

    @property
    def retired(self) -> bool:
        return self.retired_at is not None

    def name(self, language: str = "zh") -> str:
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class DeviceState:
    """How a device stands now. ``changed_at``: since when it is online or offline; all empty before it first spoke."""

    online: bool = False
    changed_at: datetime | None = None
    last_seen: datetime | None = None
    remote: str = ""
    gateway: str = ""
    frames: int = 0
    bad_frames: int = 0
    last_fault: str = ""


NEVER_SEEN: Final = DeviceState()


@dataclass(frozen=True, slots=True)
class Knock:
    """Who is knocking (敲门者): an address that spoke and belongs to no device, or spoke badly; ``sample`` is its last frame."""

    protocol: str
    address: str
    reason: str
    remote: str
    first_at: datetime
    last_at: datetime
    times: int
    sample: bytes
    dismissed_at: datetime | None


@dataclass(frozen=True, slots=True)
class Command:
    """What a device was told (指令), by whom, and what it answered."""

    id: UUID
    device_id: int
    verb: str
    parameters: JsonObject
    state: CommandState
    given_label: str
    given_at: datetime
    expires_at: datetime
    sent_at: datetime | None = None
    answered_at: datetime | None = None
    answer: JsonObject | None = None


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody wrote down about a device: a calibration, a firmware, a repair."""

    id: UUID
    kind: NoteKind
    text: str
    at: datetime
    by_label: str
