"""Stations of the pack environment-monitoring on a database of their own, computed as the worker does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from tests.packs.conftest import ROOT
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.settings import Settings
from yiwang.packs.check.signals import metrics_of, profiles_of
from yiwang.packs.computing import functions_of
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Pack
from yiwang.packs.loader import load_pack
from yiwang.sensing.computing.following import Computing, Functions
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.devices.store import registry
from yiwang.sensing.model import Rows, Written, empty_rows, micros
from yiwang.sensing.readings import Keeper
from yiwang.sensing.service import Sensing, open_sensing

SHANGHAI = ZoneInfo("Asia/Shanghai")


@cache
def environment_pack() -> Pack:
    findings = Findings()
    pack = load_pack(ROOT / "packs" / "environment-monitoring", findings)
    assert pack is not None
    assert not findings.items
    return pack


@cache
def functions() -> Functions:
    return functions_of(environment_pack())


@dataclass
class Stations:
    """``clock`` stands still until moved."""

    sensing: Sensing
    clock: ManualClock
    database: Database
    keeper: Keeper
    computing: Computing

    async def add(self, codes: Sequence[str], profile: str, attributes: Mapping[str, str] | None = None) -> list[int]:
        """Stations of a profile; their ids."""
        now = self.clock.now()
        declared = profiles_of([environment_pack()])[profile]
        async with self.database.transaction() as connection:
            drafts = [
                registry.Draft(
                    code, profile, declared.protocol, f"{place:08d}{code}", code, code, "120111", None, 117.0, 39.0,
                    dict(attributes or {}), None,
                )
                for place, code in enumerate(codes)
            ]  # fmt: skip
            ids = [device.id for device in await registry.insert(connection, drafts, now)]
        await self.sensing.directory.refresh()
        return ids

    def rows(self, device: int, values: Mapping[str, float], begin: datetime, step: timedelta, count: int) -> Rows:
        """So many equal values of each metric, one each step."""
        parts = []
        for name, value in values.items():
            part = empty_rows(count)
            part["device"], part["metric"], part["value"] = device, self.sensing.directory.metrics[name].id, value
            part["at"] = micros(begin) + np.arange(count) * micros(begin + step) - np.arange(count) * micros(begin)
            parts.append(part)
        return np.concatenate(parts)

    async def put(self, *rows: Rows) -> Written:
        return await self.sensing.writer.put(np.concatenate(rows))

    async def follow(self) -> int:
        """Let roll-ups and computed metrics come after what arrived; how many buckets were computed."""
        while await self.keeper.follow():
            pass
        done = 0
        while found := await self.computing.advance():
            done += max(found, 0)
        return done

    async def values(self, width: int = 2) -> dict[tuple[int, str, datetime], float]:
        """Computed values by device, metric and begin."""
        names = {
            metric.id: code for code, metric in self.sensing.directory.metrics.items() if metric.declaration.computed
        }
        async with self.database.connection() as connection:
            rows = await connection.fetch(
                "select device_id, metric_id, at, sum, count from rollup where width = $1 and grain = $1", width
            )
        assert all(row["count"] == 1 for row in rows if row["metric_id"] in names)
        return {
            (row["device_id"], names[row["metric_id"]], row["at"]): row["sum"]
            for row in rows
            if row["metric_id"] in names
        }


@asynccontextmanager
async def stations(database: Database, home: Path, at: datetime) -> AsyncIterator[Stations]:
    """Empty tables of devices and readings, with what the pack declares."""
    async with database.connection() as connection:
        await connection.execute(
            "delete from reading; truncate latest, arrival, arrival_mark, rollup, reading_archive, device, device_state cascade"
        )
    clock = ManualClock(at)
    context = Context(database, clock, load_calendar(calendar_files("CN")), Settings(home=home))
    pack = environment_pack()
    async with database.transaction() as connection:
        profiles = [(pack.id, key, profile) for key, profile in profiles_of([pack]).items()]
        await publish_signals(connection, metrics_of([pack]), profiles, at)
    async with open_sensing(context) as sensing:
        keeper = Keeper(sensing.readings)
        computing = Computing(context, sensing.directory, functions())
        await keeper.follow()
        await computing.advance()  # both are known, as in a city that has long run
        try:
            yield Stations(sensing, clock, database, keeper, computing)
        finally:
            await keeper.close()
