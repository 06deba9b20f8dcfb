"""What speaks for an alarm: the curve half an hour before and behind, the limit, devices nearby; and the words of a report."""

from __future__ import annotations

from datetime import datetime

from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.sensing.alarms.model import SEVERITY_NAMES, Alarm
from yiwang.sensing.alarms.service import curves
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.readings.lake import Lake
from yiwang.sensing.rules.model import Severity

_NEAR = 5
_METRES = 2000.0


class Evidence:
    """Gathers evidence; one per process."""

    def __init__(self, directory: DeviceDirectory, lake: Lake) -> None:
        self._directory = directory
        self._lake = lake

    async def of(self, connection: Connection, alarm: Alarm, now: datetime) -> JsonObject:
        """The evidence of an alarm as JSON: times ISO 8601 UTC, values in the metric's unit, distances in metres."""
        drawn: list[Json] = [
            {
                "metric": curve.metric,
                "unit": curve.unit,
                "points": [[at.isoformat(), value] for at, value in curve.points],
            }
            for curve in await curves(connection, self._lake, self._directory, alarm, now)
        ]
        device = self._directory.device(alarm.device_id) if alarm.device_id is not None else None
        return {
            "alarm": str(alarm.id),
            "rule": alarm.rule,
            "names": alarm.names,
            "severity": SEVERITY_NAMES[Severity(alarm.severity)][1],
            "device": None if device is None else {"code": device.code, "zh": device.name_zh, "en": device.name_en},
            "began_at": alarm.began_at.isoformat(),
            "raised_at": alarm.raised_at.isoformat(),
            "value": alarm.value,
            "peak": alarm.peak,
            "limit": alarm.limit_value,
            "sources": alarm.children,
            "curves": drawn,
            "near": await self._near(connection, alarm),
        }

    async def _near(self, connection: Connection, alarm: Alarm) -> list[Json]:
        """Other devices within two kilometres, nearest first: what else may tell about it."""
        if alarm.lon is None or alarm.lat is None:
            return []
        rows = await connection.fetch(
            "select d.code, d.names, d.profile, st_distance(d.position::geography, p.at::geography) as metres"
            " from device d, (select st_setsrid(st_makepoint($1, $2), 4326) as at) p"
            " where d.retired_at is null and d.id is distinct from $3"
            " and d.position && st_expand(p.at, 0.03) order by d.position <-> p.at limit $4",
            alarm.lon, alarm.lat, alarm.device_id, _NEAR,
        )  # fmt: skip
        return [
            {"code": row["code"], "names": row["names"], "profile": row["profile"], "metres": round(row["metres"])}
            for row in rows
            if row["metres"] <= _METRES
        ]

    def words(self, alarm: Alarm) -> dict[str, str]:
        """Words for the text of a case: device, value, unit, limit, metric."""
        device = self._directory.device(alarm.device_id) if alarm.device_id is not None else None
        metric = self._directory.metric_by_id(alarm.metric_id) if alarm.metric_id is not None else None
        decimals = metric.declaration.decimals if metric is not None else 1
        return {
            "device": device.name_zh if device is not None else str(alarm.names.get("zh", "")),
            "metric": metric.declaration.names.zh if metric is not None else "",
            "unit": metric.unit if metric is not None and metric.unit not in ("1", "state") else "",
            "value": _shown(alarm.value, decimals),
            "limit": _shown(alarm.limit_value, decimals),
        }


def _shown(value: float | None, decimals: int) -> str:
    return "" if value is None else f"{value:.{decimals}f}"
