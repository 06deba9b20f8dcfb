"""The nouns of alarms. Times are aware UTC in city time; coordinates degrees, lon before lat, CGCS2000; values in the
metric's unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias
from uuid import UUID

from yiwang.kernel.database import JsonObject
from yiwang.sensing.devices.model import Device
from yiwang.sensing.rules.model import Event, Rule, Severity

AlarmState: TypeAlias = Literal["raised", "acknowledged", "cleared", "closed"]
OPEN: Final[tuple[AlarmState, ...]] = ("raised", "acknowledged")
STATE_NAMES: Final[dict[AlarmState, tuple[str, str]]] = {
    "raised": ("报警中", "raised"),
    "acknowledged": ("已确认", "acknowledged"),
    "cleared": ("已恢复", "cleared"),
    "closed": ("已关闭", "closed"),
}
SEVERITY_NAMES: Final[dict[Severity, tuple[str, str]]] = {
    Severity.WARNING: ("提示", "warning"),
    Severity.MINOR: ("一般", "minor"),
    Severity.MAJOR: ("较重", "major"),
    Severity.CRITICAL: ("严重", "critical"),
}


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that a rule says of a device."""

    rule: Rule
    device: Device
    event: Event
    metric: int | None

    @property
    def source(self) -> str:
        return source_of(self.device.id)


def source_of(device_id: int) -> str:
    """The source of an alarm that a single device raises."""
    return f"device:{device_id}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm 报警. ``began_at``: since when it was over the limit; ``over``: whether it still is; ``children``: alarms folded
    into it; a folded one stands in the list of its parent only."""

    id: UUID
    rule: str
    rule_version: int
    names: JsonObject
    kind: str
    source: str
    device_id: int | None
    area: str
    organisation_id: int | None
    lon: float | None
    lat: float | None
    severity: int
    state: AlarmState
    began_at: datetime
    raised_at: datetime
    updated_at: datetime
    acknowledged_at: datetime | None
    acknowledged_label: str
    cleared_at: datetime | None
    closed_at: datetime | None
    closed_label: str
    over: bool
    metric_id: int | None
    value: float | None
    peak: float | None
    limit_value: float | None
    evidence: JsonObject
    fold_key: str | None
    folded_into: UUID | None
    children: int
    case_id: UUID | None
    case_number: str | None
    shelved_until: datetime | None
    revision: int

    @property
    def open(self) -> bool:
        return self.state in OPEN
