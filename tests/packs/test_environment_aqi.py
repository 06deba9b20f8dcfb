"""空气质量指数: HJ 633 of both editions, against the official values of 465 stations, and by the road of a real reading."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType

import pytest

from tests.packs.environment_world import SHANGHAI, Stations, environment_pack, stations
from yiwang.kernel.database import Database
from yiwang.sensing.computing.sandbox import load

OLD, NEW = date(2018, 2, 20), date(2026, 3, 1)
COLUMNS = {"so2": "so2", "no2": "no2", "co": "co", "o3": "o3_1h", "pm10": "pm10", "pm25": "pm2_5"}
OFFICIAL = {"pm25": "细颗粒物(PM2.5)", "pm10": "颗粒物(PM10)", "so2": "二氧化硫", "no2": "二氧化氮", "co": "一氧化碳"}


@pytest.fixture(scope="module")
def aqi() -> ModuleType:
    """The pack's file, run as the worker runs it."""
    file = next(file for file in environment_pack().compute if file.name == "aqi")
    return load("aqi", file.text)


@pytest.fixture(scope="session")
def official(shared_dir: Path) -> list[dict[str, str]]:
    """The stations of 2018-02-20 07:00. Each has an official index; where a concentration is null (82 of them, mostly PM10
    under calibration) the index is that of the others; without an index above 50 there is no primary pollutant (164)."""
    path = shared_dir / "data" / "environment" / "aqi_stations_20180220T07.csv"
    if not path.is_file():
        pytest.skip(f"no official values at {path}")
    with path.open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def measured(row: Mapping[str, str]) -> dict[str, Decimal]:
    return {name: Decimal(row[column]) for name, column in COLUMNS.items() if row[column]}


def test_aqi_equals_the_official_value(aqi: ModuleType, official: list[dict[str, str]]) -> None:
    assert len(official) == 465
    assert sum(len(measured(row)) < 6 for row in official) == 82
    wrong = []
    for row in official:
        indices = aqi.index({**measured(row), "so2_24h": Decimal(row["so2_24h"] or 0)}, aqi.HOURLY, OLD)
        worst = max(indices.values())
        found = (str(worst), aqi.level(worst)[2], ",".join(OFFICIAL.get(name, name) for name in aqi.primary(indices)))
        if found != (row["official_aqi"], row["official_quality"], row["official_primary"]):
            wrong.append((row["stationcode"], found))
    assert wrong == []


@pytest.mark.parametrize(
    ("table", "value", "old", "new"),
    [
        ("pm25_24h", "75", 100, 114), ("pm25_24h", "115", 150, 150), ("pm25_24h", "60", 82, 100), ("pm25_24h", "59", 80, 98),
        ("pm10_24h", "150", 100, 112), ("pm10_24h", "120", 85, 100), ("pm10_24h", "118", 84, 99),
        ("o3_8h", "801", None, 300), ("so2_1h", "801", None, 200), ("pm25_24h", "501", 500, 500), ("pm25_24h", "0", 0, 0),
        ("co_24h", "2.1", 53, 53), ("o3_1h", "200", 100, 100), ("no2_1h", "3840", 500, 500),
    ],
)  # fmt: skip
def test_两版标准按观测日期取用(aqi: ModuleType, table: str, value: str, old: int | None, new: int | None) -> None:
    assert aqi.iaqi(table, Decimal(value), date(2026, 2, 28)) == old
    assert aqi.iaqi(table, Decimal(value), NEW) == new


def test_浓度先修约再计算_分指数向上取整(aqi: ModuleType) -> None:
    assert aqi.rounded("pm25", Decimal("35.5")) == 36  # 四舍六入五成双
    assert aqi.rounded("pm25", Decimal("34.5")) == 34
    assert aqi.rounded("co", Decimal("2.05")) == Decimal("2.0")
    assert aqi.iaqi("pm25_24h", Decimal(36), OLD) == 52  # 51.25
    assert aqi.iaqi("pm25_24h", Decimal(35), OLD) == 50


def test_二氧化硫小时值超过800_2012版改用24小时值(aqi: ModuleType) -> None:
    assert aqi.index({"so2": Decimal(900)}, aqi.HOURLY, OLD) == {}
    assert aqi.index({"so2": Decimal(900), "so2_24h": Decimal(475)}, aqi.HOURLY, OLD) == {"so2": 150}
    assert aqi.index({"so2": Decimal(900)}, aqi.HOURLY, NEW) == {"so2": 200}


def test_首要污染物并列时全部列出_50以下没有(aqi: ModuleType) -> None:
    assert aqi.primary({"pm25": 80, "o3": 80, "no2": 20}) == ("o3", "pm25")
    assert aqi.primary({"pm25": 50, "o3": 40}) == ()


@pytest.mark.parametrize(
    ("value", "number", "category"),
    [(0, 1, "优"), (50, 1, "优"), (51, 2, "良"), (100, 2, "良"), (101, 3, "轻度污染"), (151, 4, "中度污染"),
     (201, 5, "重度污染"), (300, 5, "重度污染"), (301, 6, "严重污染"), (500, 6, "严重污染")],
)  # fmt: skip
def test_级别与类别(aqi: ModuleType, value: int, number: int, category: str) -> None:
    found = aqi.level(value)
    assert (found[0], found[2]) == (number, category)


@pytest.fixture
async def world(database: Database, tmp_path: Path) -> AsyncIterator[Stations]:
    async with stations(database, tmp_path, datetime(2018, 2, 20, 8, tzinfo=SHANGHAI)) as found:
        yield found


SEVEN = datetime(2018, 2, 20, 7, tzinfo=SHANGHAI)
FIVE_MINUTES = timedelta(minutes=5)


async def test_every_station_of_that_hour_by_the_road_of_readings(
    world: Stations, official: list[dict[str, str]]
) -> None:
    """What the stations send is stored, rolled up and computed by the worker's followers: the same official values."""
    ids = await world.add([row["stationcode"] for row in official], "air-station")
    parts = []
    for device, row in zip(ids, official, strict=True):
        values = {name: float(value) for name, value in measured(row).items()}
        parts.append(world.rows(device, values, SEVEN, FIVE_MINUTES, 12))
    assert (await world.put(*parts)).stored == sum(len(part) for part in parts)
    assert await world.follow() >= 465
    found = await world.values()
    for device, row in zip(ids, official, strict=True):
        assert found[device, "aqi", SEVEN] == float(row["official_aqi"]), row["stationcode"]


async def test_不足四十五分钟的小时没有指数_迟到数据补足后即有_改变即更正(world: Stations) -> None:
    [device] = await world.add(["A-1"], "air-station")
    values = {"pm25": 36.0, "so2": 5.0}
    await world.put(world.rows(device, values, SEVEN, FIVE_MINUTES, 8))
    await world.follow()
    assert (device, "aqi", SEVEN) not in await world.values()
    world.clock.at = datetime(2018, 2, 21, 9, tzinfo=SHANGHAI)
    await world.put(world.rows(device, values, SEVEN + 8 * FIVE_MINUTES, FIVE_MINUTES, 1))
    await world.follow()
    assert (await world.values())[device, "aqi", SEVEN] == 52
    await world.put(world.rows(device, {"pm25": 500.0}, SEVEN + 9 * FIVE_MINUTES, FIVE_MINUTES, 3))
    await world.follow()
    found = await world.values()
    assert found[device, "aqi", SEVEN] == 202  # (9·36 + 3·500) / 12 = 152
    assert found[device, "aqi_level", SEVEN] == 5
    assert found[device, "aqi_primary", SEVEN] == 32


async def test_每次变化只算一次_重复发送不再计算(world: Stations) -> None:
    [device] = await world.add(["A-1"], "air-station")
    rows = world.rows(device, {"pm25": 80.0}, SEVEN, FIVE_MINUTES, 12)
    await world.put(rows)
    assert await world.follow() > 0
    before = await world.values()
    await world.put(rows)
    assert await world.follow() == 0
    assert await world.values() == before


async def test_失败的一轮不丢也不重(world: Stations, monkeypatch: pytest.MonkeyPatch) -> None:
    from yiwang.sensing.computing import store

    [device] = await world.add(["A-1"], "air-station")
    await world.put(world.rows(device, {"pm25": 80.0}, SEVEN, FIVE_MINUTES, 12))
    keep: Callable[..., object] = store.keep

    async def broken(*_: object) -> set[tuple[int, int, datetime]]:
        raise OSError("connection lost")

    monkeypatch.setattr(store, "keep", broken)
    with pytest.raises(OSError, match="connection lost"):
        await world.follow()
    monkeypatch.setattr(store, "keep", keep)
    assert await world.follow() > 0
    assert (await world.values())[device, "aqi", SEVEN] == 107


async def test_日报_臭氧取最大八小时_优良天(world: Stations) -> None:
    [device] = await world.add(["A-1"], "air-station")
    world.clock.at = datetime(2018, 2, 21, 0, 30, tzinfo=SHANGHAI)
    midnight = datetime(2018, 2, 20, tzinfo=SHANGHAI)
    parts = [world.rows(device, {"pm25": 60.0, "o3": 30.0}, midnight, FIVE_MINUTES, 144)]
    parts.append(world.rows(device, {"pm25": 60.0, "o3": 190.0}, midnight + timedelta(hours=12), FIVE_MINUTES, 144))
    await world.put(*parts)
    await world.follow()
    found = await world.values(width=3)
    assert found[device, "aqi_day", midnight] == 128  # 100 + 50 · 30 / 55 = 127.3: ozone of eight hours, 190
    assert found[device, "aqi_primary_day", midnight] == 16
    assert found[device, "good_air_day", midnight] == 0
    assert found[device, "transmission_rate", midnight] == pytest.approx(
        100 / 3, abs=0.01
    )  # two of six pollutants came
    assert found[device, "validity_rate", midnight] == 100


async def test_曲线_最新值_重算汇总后计算值仍在(world: Stations) -> None:
    from yiwang.kernel.database import connect
    from yiwang.sensing.model import Grain
    from yiwang.sensing.readings.recompute import recompute
    from yiwang.sensing.readings.series import series

    [device] = await world.add(["A-1"], "air-station")
    await world.put(world.rows(device, {"pm25": 80.0}, SEVEN, FIVE_MINUTES, 12))
    await world.follow()
    metric = world.sensing.directory.metrics["aqi"].id
    async with world.database.connection() as connection:
        curve = await series(
            connection, world.sensing.readings.lake, SHANGHAI, device, metric,
            SEVEN - timedelta(hours=5), SEVEN + timedelta(hours=5), grain=Grain.HOUR,
        )  # fmt: skip
        latest = await connection.fetchrow("select at, value from latest where metric_id = $1", metric)
    assert [(one.at, one.mean) for one in curve.records()] == [(SEVEN, 107)]
    assert latest is not None
    assert (latest["at"], latest["value"]) == (SEVEN + timedelta(minutes=55), 107)
    before = await world.values()
    own = await connect(world.database.url)
    await recompute(own, world.sensing.readings.lake, SHANGHAI, SEVEN, SEVEN + timedelta(hours=1))
    await own.close()
    assert await world.values() == before
    assert await world.computing.again(SEVEN, SEVEN + timedelta(hours=1)) == 0
    async with world.database.connection() as connection:
        await connection.execute("delete from rollup where metric_id = $1", metric)
    assert await world.computing.again(SEVEN, SEVEN + timedelta(hours=1)) == 1
    assert await world.values() == before


async def test_规则看得到计算指标(world: Stations) -> None:
    from yiwang.sensing.readings.arrivals import follow

    [device] = await world.add(["A-1"], "air-station")
    async with world.database.transaction() as connection:
        await follow(connection, "rules")
    await world.put(world.rows(device, {"pm25": 300.0}, SEVEN, FIVE_MINUTES, 12))
    await world.follow()
    metric = world.sensing.directory.metrics["aqi"].id
    async with world.database.transaction() as connection:
        seen = [row for arrival in await follow(connection, "rules") for row in arrival.rows.tolist()]
    mine = [row for row in seen if row[1] == metric]
    assert [(row[0], row[2], row[5]) for row in mine] == [(device, 2, 350.0)]
    assert datetime.fromtimestamp(mine[0][4] / 1e6, UTC) == SEVEN + timedelta(minutes=55)
    await world.follow()
    assert (await world.values())[device, "aqi", SEVEN] == 350
