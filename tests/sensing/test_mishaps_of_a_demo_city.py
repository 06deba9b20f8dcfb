"""Mishaps of simulated devices: they begin, end, and are the same each time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from yiwang.sensing.simulators import curves
from yiwang.sensing.simulators.mishaps import MISHAPS, mishap

MIDNIGHT = datetime(2026, 7, 14, tzinfo=UTC) - timedelta(hours=8)
MINUTES = [MIDNIGHT + timedelta(minutes=minute) for minute in range(0, 14 * 24 * 60, 4)]


@pytest.mark.parametrize(("profile", "metric"), MISHAPS)
def test_有开始_有结束_每次一样(profile: str, metric: str) -> None:
    devices = [f"D-{number:02}" for number in range(1, 9)]
    days = {device: [mishap(profile, metric, device, at) for at in MINUTES] for device in devices}
    assert days == {device: [mishap(profile, metric, device, at) for at in MINUTES] for device in devices}
    happened = [value for day in days.values() for value in day if value is not None]
    assert set(happened) == {MISHAPS[profile, metric].value}
    assert len(happened) < 0.1 * len(devices) * len(MINUTES)
    assert all(day[0] is None for day in days.values())  # nothing at midnight


def test_平时_灯杆不漏电_积水不报警() -> None:
    for at in MINUTES:
        assert curves.value("leakage_current", at, "LAMP-01") < 0.01
        assert curves.value("water_level", at, "FLOOD-01") < 0.05
        assert curves.value("cover_open", at, "COVER-01") == 0
    assert mishap("lamp-pole", "voltage", "LAMP-01", MIDNIGHT) is None
