"""Ten gauges, three of them open to everybody, with a day of readings each, behind the SensorThings service."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
import numpy as np
import pytest
from sensing.devices.world import METRICS, NOON, World, sensing_world
from support.sensing_app import READER, SENDER, SensingDoors, sensing_doors

from yiwang.kernel.access import ANONYMOUS, Actor
from yiwang.kernel.database import Database
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.model import Device
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.devices.store import registry
from yiwang.sensing.model import READING, micros

ROOT = "/api/sensorthings/v1.1"

PROFILES = {
    "gauge": {
        "names": {"zh": "水位计", "en": "Gauge"},
        "protocol": "http",
        "interval": "60s",
        "offline_after": "10min",
        "measures": {"level": {"unit": "cm"}, "temperature": {}},
    },
    "open-gauge": {
        "names": {"zh": "公开水位计", "en": "Open gauge"},
        "protocol": "http",
        "interval": "60s",
        "offline_after": "10min",
        "measures": {"level": {}},
        "public": True,
    },
}


@dataclass(frozen=True, slots=True)
class Town:
    """Gauges 1…7 are the staff's (area 120111…), 8…10 open to everybody (area 120112). Values: level = number + hour/100."""

    world: World
    doors: SensingDoors
    devices: list[Device]

    async def get(self, path: str, actor: Actor = READER, **options: str) -> httpx.Response:
        async with self.doors.client(actor) as client:
            params = {f"${name}": value for name, value in options.items()}
            return await client.get(ROOT + path, params=params)

    async def values(self, path: str, actor: Actor = READER, **options: str) -> list[dict[str, Any]]:
        answer = await self.get(path, actor, **options)
        assert answer.status_code == 200, answer.text
        found: list[dict[str, Any]] = answer.json()["value"]
        return found

    async def refused(self, path: str, status: int = 400, **options: str) -> dict[str, Any]:
        answer = await self.get(path, READER, **options)
        assert answer.status_code == status, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        body: dict[str, Any] = answer.json()
        assert body["message"]
        return body

    def stream(self, number: int, metric: str = "level") -> int:
        """The id of the Datastream of a metric of gauge ``number``."""
        found = self.world.sensing.directory.metric(metric)
        assert found is not None
        return self.devices[number - 1].id * 32768 + found.id


@pytest.fixture(scope="module")
async def town(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with sensing_world(database, tmp_path_factory.mktemp("home")) as world:
        async with database.transaction() as connection:
            await publish_signals(
                connection,
                {key: MetricDeclaration.model_validate(value) for key, value in METRICS.items()},
                [
                    ("facility-monitoring", key, ProfileDeclaration.model_validate(value))
                    for key, value in PROFILES.items()
                ],
                NOON,
            )
        await world.sensing.directory.refresh()
        devices = [await _gauge(world, number) for number in range(1, 11)]
        await world.sensing.directory.refresh()
        await _readings(world, devices)
        async with sensing_doors(world.sensing) as doors:
            yield Town(world, doors, devices)


async def _gauge(world: World, number: int) -> Device:
    public = number > 7
    async with world.database.transaction() as connection:
        [device] = await registry.insert(
            connection,
            [
                registry.Draft(
                    f"gauge-{number:02}",
                    "open-gauge" if public else "gauge",
                    "http",
                    f"g{number:02}",
                    f"{number}号水位计",
                    f"Gauge {number}",
                    "120112001" if public else "120111001",
                    None,
                    117.0 + number / 100,
                    39.0,
                    {"street": f"street {number % 3}"},
                    world.sensing.secrets.digest(f"key-{number}"),
                )
            ],
            NOON,
        )
    return device


async def _readings(world: World, devices: list[Device]) -> None:
    level, temperature = world.sensing.directory.metric("level"), world.sensing.directory.metric("temperature")
    assert level is not None
    assert temperature is not None
    rows = [
        (device.id, metric.id, 0, 0, micros(NOON - timedelta(hours=hour)), value, 0)
        for number, device in enumerate(devices, start=1)
        for hour in range(24)
        for metric, value in ((level, number + hour / 100), (temperature, 20.0 + hour))
        if metric is level or number <= 7
    ]
    written = await world.sensing.writer.put(np.array(rows, dtype=READING))
    assert written.stored == len(rows)


__all__ = ["ANONYMOUS", "READER", "ROOT", "SENDER", "Town", "town"]
