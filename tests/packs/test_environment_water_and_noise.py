"""水质类别 (GB 3838)、声环境 (GB 3096)、排污许可: the standards' own numbers, and the road from reading to computed value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from tests.packs.environment_world import SHANGHAI, Stations, environment_pack, stations
from yiwang.kernel.database import Database
from yiwang.sensing.computing.sandbox import load

NINE = datetime(2026, 7, 14, 9, tzinfo=SHANGHAI)
DAY = datetime(2026, 7, 14, tzinfo=SHANGHAI)


def compute(name: str) -> ModuleType:
    return load(name, next(file.text for file in environment_pack().compute if file.name == name))


@pytest.mark.parametrize(
    ("factor", "value", "wanted"),
    [
        ("total_phosphorus", "0.15", 3), ("ammonia", "1.2", 4), ("dissolved_oxygen", "4", 4), ("cod", "25", 4),
        ("ammonia", "0.15", 1), ("ammonia", "0.16", 2), ("ammonia", "2.0", 5), ("ammonia", "2.01", 6),
        ("dissolved_oxygen", "7.5", 1), ("dissolved_oxygen", "1.9", 6), ("permanganate", "15", 5), ("permanganate", "15.1", 6),
        ("ph", "6", 1), ("ph", "9", 1), ("ph", "5.99", 6), ("ph", "9.01", 6), ("mercury", "0.0005", 4),
        ("total_nitrogen", "9", None), ("water_temperature", "35", None), ("faecal_coliform", "90000", None),
    ],
)  # fmt: skip
def test_单因子评价_等于限值为达到_水温总氮粪大肠菌群不参评(factor: str, value: str, wanted: int | None) -> None:
    assert compute("surface_water").class_of(factor, Decimal(value)) == wanted


def test_断面类别取最差因子_湖库总磷另有限值_溶解氧饱和率九成为一类() -> None:
    water = compute("surface_water")
    values = {
        "total_phosphorus": Decimal("0.15"),
        "ammonia": Decimal("1.2"),
        "dissolved_oxygen": Decimal(4),
        "cod": Decimal(25),
    }
    assert max(water.classes(values).values()) == 4
    assert water.class_of("total_phosphorus", Decimal("0.15"), lake=True) == 5
    assert (
        water.classes({"dissolved_oxygen": Decimal("7.2"), "water_temperature": Decimal(30)})["dissolved_oxygen"] == 1
    )
    assert [water.goal_of(text) for text in ("Ⅳ类", "III", "5类", "", "好")] == [4, 3, 5, None, None]


@pytest.mark.parametrize(
    ("zone", "hour", "limit"),
    [("0", 12, 50), ("1", 5, 45), ("2", 6, 60), ("3", 21, 65), ("4a", 22, 55), ("4a", 12, 70), ("4b", 23, 60)],
)
def test_功能区昼夜限值(zone: str, hour: int, limit: int) -> None:
    assert compute("noise").limit_at(zone, NINE.replace(hour=hour)) == limit


def test_等效声级是能量平均_夜间加十分贝() -> None:
    noise = compute("noise")
    assert noise.level([Decimal(60), Decimal(60)]) == 60
    assert noise.level([Decimal(60), Decimal(70)]) == Decimal("67.4")
    assert noise.day_night(Decimal(60), Decimal(50)) == 60
    assert noise.day_night(Decimal(55), Decimal(55)) == 61
    assert [noise.zone_of(text) for text in ("2类", "4a类", "4A", "", "九类")] == ["2", "4a", "4a", None, None]


def test_排放与许可限值之比() -> None:
    outfall = compute("outfall")
    assert outfall.ratio_of("cod", Decimal(120), "50") == Decimal("2.4")
    assert outfall.ratio_of("cod", Decimal(50), "") == 1
    assert outfall.ratio_of("ph", Decimal("9.3"), "6-9") == Decimal("1.2")
    assert outfall.ratio_of("ph", Decimal("7.5"), "") == 0
    assert outfall.ratio_of("ammonia", Decimal(4), "not a number") == Decimal("0.8")


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[Stations]:
    async with stations(database, tmp_path, NINE + timedelta(hours=1)) as found:
        yield found


async def test_水站小时评价_劣于目标几级_由哪个因子决定(world: Stations) -> None:
    [station] = await world.add(["W-1"], "surface-water-station", {"goal": "Ⅳ类", "river": "南运河"})
    values = {"ph": 7.2, "dissolved_oxygen": 2.4, "water_temperature": 24.0, "ammonia": 3.1, "total_nitrogen": 30.0}
    await world.put(world.rows(station, values, NINE, timedelta(minutes=10), 6))
    await world.follow()
    found = await world.values()
    assert found[station, "water_class", NINE] == 6
    assert found[station, "water_gap", NINE] == 2
    assert found[station, "water_worst", NINE] == 4


async def test_噪声小时超过功能区限值_日昼夜等效声级(world: Stations) -> None:
    [station] = await world.add(["N-1"], "noise-station", {"zone": "1类"})
    world.clock.at = DAY + timedelta(days=1, minutes=5)
    rows = world.rows(station, {"noise": 0.0}, DAY, timedelta(minutes=1), 1440)
    hours = np.arange(1440) // 60
    rows["value"] = np.where((hours >= 6) & (hours < 22), 55.0, 47.0)
    await world.put(rows)
    await world.follow()
    by_hour, by_day = await world.values(), await world.values(width=3)
    assert by_hour[station, "noise_excess", DAY] == pytest.approx(2)
    assert by_hour[station, "noise_excess", NINE] == pytest.approx(0)
    assert by_day[station, "noise_day", DAY] == pytest.approx(55)
    assert by_day[station, "noise_night", DAY] == pytest.approx(47)
    assert by_day[station, "noise_peak_excess", DAY] == pytest.approx(47 - 60)
    assert by_day[station, "noise_met_day", DAY] == 0
    assert by_day[station, "transmission_rate", DAY] == 100


async def test_无效数据不参与评价_有效率随之下降(world: Stations) -> None:
    from yiwang.sensing.model import Quality

    [station] = await world.add(["O-1"], "outfall-monitor", {"permit_cod": "50"})
    good = world.rows(station, {"cod": 40.0, "discharge": 10.0}, NINE, timedelta(minutes=10), 5)
    bad = world.rows(station, {"cod": 900.0}, NINE + timedelta(minutes=50), timedelta(minutes=10), 1)
    bad["quality"] = int(Quality.CALIBRATING)
    await world.put(good, bad)
    await world.follow()
    found = await world.values()
    assert found[station, "permit_ratio", NINE] == pytest.approx(0.8)
    assert found[station, "permit_met", NINE] == 1
    assert found[station, "cod_load", NINE] == pytest.approx(1.44)
    assert (await world.values(width=3))[station, "validity_rate", DAY] == pytest.approx(100 * 10 / 11, abs=0.01)


async def test_一台设备的函数出错不影响其他(world: Stations) -> None:
    from yiwang.sensing.computing.following import Computing

    def broken(window: object) -> dict[str, int | None]:
        raise ZeroDivisionError

    [station] = await world.add(["O-1"], "outfall-monitor")
    mixed = {**world.computing._functions, ("environment-monitoring", "outfall.hourly"): broken}
    world.computing = Computing(world.sensing.context, world.sensing.directory, mixed)
    await world.put(world.rows(station, {"cod": 40.0}, NINE, timedelta(minutes=10), 6))
    await world.follow()
    assert (station, "permit_ratio", NINE) not in await world.values()
    assert (await world.values(width=3))[station, "validity_rate", DAY] == 100
