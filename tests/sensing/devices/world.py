"""A small city of devices for tests of the senses: metrics, one profile of each protocol, devices as asked for."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import Clock, ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.settings import Settings
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.model import Device
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.devices.store import registry
from yiwang.sensing.service import Sensing, open_sensing

NOON = datetime(2026, 6, 18, 4, 0, tzinfo=UTC)


def _words(zh: str, en: str) -> dict[str, str]:
    return {"zh": zh, "en": en}


METRICS: Mapping[str, dict[str, object]] = {
    "pm25": {"names": _words("细颗粒物", "PM2.5"), "unit": "µg/m³", "bounds": [0, 1000], "codes": {"hj212": "a34004"}},
    "temperature": {"names": _words("气温", "Temperature"), "unit": "°C", "bounds": [-40, 60]},
    "noise": {"names": _words("噪声", "Noise"), "unit": "dB(A)", "bounds": [20, 140], "codes": {"hj212": "LA"}},
    "level": {"names": _words("水位", "Water level"), "unit": "m", "bounds": [-1, 10]},
    "speed": {"names": _words("速度", "Speed"), "unit": "km/h", "bounds": [0, 220]},
}
PROFILES: Mapping[str, dict[str, object]] = {
    "air-station": {
        "names": _words("空气站", "Air station"),
        "protocol": "hj212",
        "interval": "60s",
        "offline_after": "10min",
        "measures": {"pm25": {"unit": "mg/m³"}, "noise": {}, "temperature": {"code": "a01001"}},
        "commands": ["sync-time", "set-interval", "set-password", "fetch-history"],
    },
    "tanker": {
        "names": _words("危货车", "Tanker"),
        "protocol": "jt808",
        "interval": "30s",
        "offline_after": "5min",
        "measures": {"speed": {}},
        "commands": ["send-text", "query-parameters", "set-parameters"],
        "purpose": _words("危险货物运输监管", "Supervision of dangerous goods"),
    },
    "water-gauge": {
        "names": _words("积水监测", "Water gauge"),
        "protocol": "mqtt",
        "interval": "60s",
        "offline_after": "10min",
        "measures": {"level": {"code": "depth", "unit": "cm"}},
        "topics": {"readings": "devices/{address}/telemetry", "status": "devices/{address}/status",
                   "commands": "devices/{address}/commands", "answers": "devices/{address}/answers"},
        "commands": ["restart", "control"],
    },
    "web-gauge": {
        "names": _words("联网水位计", "Web gauge"),
        "protocol": "http",
        "interval": "60s",
        "offline_after": "10min",
        "measures": {"level": {}},
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class World:
    """The senses over a database of one's own, with what they are made of."""

    sensing: Sensing
    context: Context
    database: Database

    async def add(
        self,
        code: str,
        address: str,
        profile: str = "air-station",
        *,
        secret: str | None = None,
        area: str = "120111",
        organisation_id: int | None = None,
        at: tuple[float, float] | None = (117.01, 39.13),
    ) -> Device:
        """A device in service, known to the directory when this returns."""
        async with self.database.transaction() as connection:
            [device] = await registry.insert(
                connection,
                [
                    registry.Draft(
                        code, profile, str(PROFILES[profile]["protocol"]), address, f"设备{code}", f"Device {code}", area,
                        organisation_id, *(at or (None, None)), {},
                        None if secret is None else self.sensing.secrets.seal(secret),
                    )
                ],
                self.context.clock.now(),
            )  # fmt: skip
        await self.sensing.directory.refresh()
        return device


def sensing_context(database: Database, home: Path, clock: Clock | None = None) -> Context:
    """A context whose keys and files lie in ``home``; the clock stands at noon of 2026-06-18 unless given."""
    settings = Settings(home=home, database_url=database.url)
    return Context(database, clock or ManualClock(NOON), load_calendar(calendar_files()), settings)


@asynccontextmanager
async def sensing_world(database: Database, home: Path, clock: Clock | None = None) -> AsyncIterator[World]:
    """The senses running over ``database`` with :data:`METRICS` and :data:`PROFILES` published."""
    context = sensing_context(database, home, clock)
    async with database.transaction() as connection:
        await publish_signals(
            connection,
            {key: MetricDeclaration.model_validate(value) for key, value in METRICS.items()},
            [
                ("environment-monitoring", key, ProfileDeclaration.model_validate(value))
                for key, value in PROFILES.items()
            ],
            context.clock.now(),
        )
    async with open_sensing(context) as sensing:
        yield World(sensing, context, database)
