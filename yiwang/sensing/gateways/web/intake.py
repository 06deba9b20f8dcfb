"""Rows that were sent over HTTP → readings in the table, with a report on every row.

Promises: a bad row harms no other; the report is made after the commit; a batch sent again is known and stored once. The
HTTP batch and the create side of SensorThings both come through here.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import numpy as np

from yiwang.kernel.database import Json
from yiwang.sensing.devices.model import Device, Measure
from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.listening import GatewaySettings
from yiwang.sensing.gateways.web.callers import PROTOCOL, Caller
from yiwang.sensing.model import READING, Fault, micros, moment
from yiwang.sensing.service import Sensing

_largest_quality: Final = 8191
_largest_milliseconds: Final = 10**14


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a row is refused: a stable code and what to do."""

    code: str
    zh: str
    en: str


REASONS: Final = {
    item.code: item
    for item in (
        Reason("row.shape", "应为对象,含 metric 与 value", "must be an object with metric and value"),
        Reason(
            "row.unknown_member",
            "有不认识的成员;可用 device、metric、at、value、quality",
            "has an unknown member; known are device, metric, at, value, quality",
        ),
        Reason("row.device_missing", "请写明 device(设备编号)", "must name the device by its code"),
        Reason(
            "row.unknown_device",
            "没有这台设备,或不在您的权限内",
            "names a device that is not there or is not yours to send for",
        ),
        Reason(
            "row.unknown_metric", "该设备型号不测这一项", "names a metric that this kind of device does not measure"
        ),
        Reason("row.not_a_number", "value 应为有限的数", "must have a finite number as value"),
        Reason(
            "row.bad_time",
            "at 应为带时区的 ISO 8601 时间或 1970 年以来的毫秒数",
            "must have as time ISO 8601 with zone, or milliseconds since 1970",
        ),
        Reason(
            "row.future",
            "时间超前于城市时钟 5 分钟以上,请校准设备时钟",
            "is more than 5 min ahead of the city's clock; set the device's clock",
        ),
        Reason(
            "row.too_old",
            "时间早于十年,或该日数据已永久清除",
            "is older than ten years, or its day was dropped for good",
        ),
        Reason("row.bad_quality", "quality 应为 0–8191 的整数", "must have a whole number of 0–8191 as quality"),
    )
}
_FAULTS: Final = {
    Fault.NOT_A_NUMBER: "row.not_a_number", Fault.FUTURE: "row.future", Fault.TOO_OLD: "row.too_old",
    Fault.UNKNOWN_GRAIN: "row.shape", Fault.NO_DEVICE: "row.unknown_device",
}  # fmt: skip
_MEMBERS: Final = frozenset({"device", "metric", "at", "value", "quality"})


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a batch. ``refused``: number of the row (from 0) → why; all others are committed, ``known`` of them
    had been before. ``rows``: for each accepted row number (device, metric, microseconds)."""

    stored: int
    known: int
    refused: dict[int, Reason]
    accepted: dict[int, tuple[int, int, int]]


@dataclass(slots=True)
class _Packed:
    rows: list[tuple[int, int, int, int, int, float, int]] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    refused: dict[int, str] = field(default_factory=dict)
    frames: dict[int, list[int]] = field(default_factory=dict)


class _RowRefused(ValueError):
    """``args[0]`` is the code of the reason."""


class WebIntake:
    """One per web process; obtain with :func:`open_intake`."""

    def __init__(self, services: Sensing, door: Door) -> None:
        self.services = services
        self.door = door
        self._measures: dict[str, dict[str, Measure]] = {}
        self._version = -1

    async def take(self, caller: Caller, rows: Sequence[Json]) -> Report:
        """Store what can be stored of ``rows``; returns after the commit.

        Raises:
            SensingUnavailable: the database is away; nothing is acknowledged and all may be sent again.
        """
        packed = self._packed(caller, rows)
        written = await self.services.writer.put(np.array(packed.rows, dtype=READING))
        refused = dict(packed.refused)
        if written.faults is not None:
            for place in np.flatnonzero(written.faults).tolist():
                refused[packed.numbers[place]] = _FAULTS[Fault(int(written.faults[place]))]
        accepted = {
            number: (row[0], row[1], row[4])
            for number, row in zip(packed.numbers, packed.rows, strict=True)
            if number not in refused
        }
        for device, (good, bad) in packed.frames.items():
            self.door.seen(device, caller.remote, good + bad, bad, "row" if bad else "")
        return Report(
            written.stored, written.known, {n: REASONS[code] for n, code in sorted(refused.items())}, accepted
        )

    def measure(self, device: Device, name: str) -> Measure | None:
        """What ``name`` means for this device: the code on the wire, or the city's code of the metric."""
        directory = self.services.directory
        if self._version != directory.version:
            self._measures.clear()
            self._version = directory.version
        found = self._measures.get(device.profile)
        if found is None:
            measures = directory.profile_of(device).measures
            found = {item.metric.code: item for item in measures.values()} | dict(measures)
            self._measures[device.profile] = found
        return found.get(name)

    def _packed(self, caller: Caller, rows: Sequence[Json]) -> _Packed:
        found = _Packed()
        now = micros(self.services.context.clock.now())
        if caller.device is not None:
            found.frames[caller.device.id] = [0, 0]
        for number, row in enumerate(rows):
            device: Device | None = None
            try:
                device = self._device(caller, row)
                found.rows.append(self._row(device, row, now))
            except _RowRefused as refused:
                found.refused[number] = str(refused)
                if device is not None:
                    found.frames.setdefault(device.id, [0, 0])[1] += 1
            else:
                found.numbers.append(number)
                found.frames.setdefault(device.id, [0, 0])[0] += 1
        return found

    def _device(self, caller: Caller, row: Json) -> Device:
        if not isinstance(row, dict):
            raise _RowRefused("row.shape")
        name = row.get("device")
        if name is None:
            if caller.device is None:
                raise _RowRefused("row.device_missing")
            return caller.device
        device = self.services.directory.by_code(name) if isinstance(name, str) else None
        if device is None or device.retired or not caller.reaches(device):
            raise _RowRefused("row.unknown_device")
        return device

    def _row(self, device: Device, row: Json, now: int) -> tuple[int, int, int, int, int, float, int]:
        if not isinstance(row, dict) or not _MEMBERS.issuperset(row):
            raise _RowRefused("row.unknown_member")
        name, value, quality = row.get("metric"), row.get("value"), row.get("quality", 0)
        measure = self.measure(device, name) if isinstance(name, str) else None
        if measure is None:
            raise _RowRefused("row.unknown_metric")
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise _RowRefused("row.not_a_number")
        try:
            kept = measure.kept(float(value))
        except OverflowError as error:
            raise _RowRefused("row.not_a_number") from error
        if not math.isfinite(kept):
            raise _RowRefused("row.not_a_number")
        if isinstance(quality, bool) or not isinstance(quality, int) or not 0 <= quality <= _largest_quality:
            raise _RowRefused("row.bad_quality")
        return device.id, measure.metric_id, 0, 0, _microseconds(row.get("at"), now), kept, quality


def _microseconds(given: Json, now: int) -> int:
    """The time of a row in microseconds since 1970; without one it is now."""
    if given is None:
        return now
    if isinstance(given, int) and not isinstance(given, bool) and 0 <= given < _largest_milliseconds:
        return given * 1000
    if isinstance(given, str) and len(given) <= 40:
        with contextlib.suppress(ValueError, OverflowError):
            at = datetime.fromisoformat(given)
            if at.tzinfo is not None:
                return micros(at)
    raise _RowRefused("row.bad_time")


def accepted_at(report: Report, number: int) -> tuple[int, int, datetime]:
    """Device, metric and time of an accepted row."""
    device, metric, at = report.accepted[number]
    return device, metric, moment(at)


@contextlib.asynccontextmanager
async def open_intake(services: Sensing) -> AsyncIterator[WebIntake]:
    """The intake of this web process, its door writing down who was seen."""
    async with Door(services.context, services.directory, GatewaySettings(PROTOCOL)) as door:
        yield WebIntake(services, door)
