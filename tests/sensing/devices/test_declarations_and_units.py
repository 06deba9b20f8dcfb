"""指标、型号的声明:单位换算、时长写法、地址写法、发布。"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sensing.devices.world import METRICS, World, sensing_world
from yiwang.kernel.database import Database
from yiwang.sensing.devices.addresses import PROTOCOLS, canonical, fitting, normal
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration, parse_duration, write_duration
from yiwang.sensing.devices.errors import AddressImpossible, UnitFixed
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.devices.units import conversion, known_units, normal_unit
from yiwang.sensing.model import Limits


@pytest.fixture(scope="module")
async def world(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with sensing_world(database, Path(tmp_path_factory.mktemp("home"))) as found:
        yield found


@pytest.mark.parametrize(
    ("wire", "metric", "value", "kept"),
    [
        ("mg/m³", "µg/m³", 0.035, 35.0), ("ug/m3", "µg/m³", 35, 35), ("μg/m³", "mg/m³", 800, 0.8), ("℃", "°C", 20, 20),
        ("K", "°C", 293.15, 20.0), ("°F", "°C", 212, 100.0), ("°C", "°F", 100, 212.0), ("kPa", "MPa", 310, 0.31),
        ("hPa", "kPa", 1013, 101.3), ("m/s", "km/h", 10, 36.0), ("mm", "m", 60, 0.06), ("m³/h", "L/s", 36, 10.0),
        ("dB", "dB(A)", 55, 55), ("mA", "A", 2100, 2.1),
    ],
)  # fmt: skip
def test_换算按声明(wire: str, metric: str, value: float, kept: float) -> None:
    linear = conversion(wire, metric)
    assert linear is not None
    assert value * linear[0] + linear[1] == pytest.approx(kept)


@pytest.mark.parametrize(("wire", "metric"), [("ppm", "mg/m³"), ("mg/L", "mg/m³"), ("kPa", "°C"), ("furlong", "m")])
def test_没有声明的换算不做(wire: str, metric: str) -> None:
    assert conversion(wire, metric) is None


@given(st.sampled_from(known_units()), st.sampled_from(known_units()), st.floats(-1e6, 1e6))
def test_换算可逆(first: str, second: str, value: float) -> None:
    there, back = conversion(first, second), conversion(second, first)
    assert (there is None) == (back is None)
    if there is not None and back is not None:
        assert (value * there[0] + there[1]) * back[0] + back[1] == pytest.approx(value, rel=1e-6, abs=1e-6)


def test_单位写法归一() -> None:
    assert {normal_unit(unit) for unit in ("µg/m³", "μg/m³", "ug/m3", " ug/m3 ")} == {"µg/m³"}
    assert all(normal_unit(unit) == unit for unit in known_units())


@given(st.integers(1, 999_999))
def test_时长写出再读回(seconds: int) -> None:
    assert parse_duration(write_duration(timedelta(seconds=seconds))) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "10", "0s", "-1s", "1.5h", "10 min", "5m", 60, None])
def test_时长写错说明写法(text: object) -> None:
    with pytest.raises(ValueError, match="30s"):
        parse_duration(text)


@given(st.sampled_from(PROTOCOLS), st.text(max_size=80))
def test_地址_要么有统一写法_要么被拒绝(protocol: str, text: str) -> None:
    try:
        found = normal(protocol, text)  # type: ignore[arg-type]
    except AddressImpossible:
        return
    assert fitting(protocol, found)  # type: ignore[arg-type]
    assert canonical(protocol, found) == found


def test_手机号前导零不算() -> None:
    assert canonical("jt808", "00013902200001") == canonical("jt808", "13902200001") == "13902200001"
    assert canonical("jt808", "0000") == "0"


async def test_型号在网关里按线上代码取(world: World) -> None:
    profile = world.sensing.directory.profile("air-station")
    assert profile is not None
    measure = profile.measures["a34004"]
    assert measure.kept(0.035) == pytest.approx(35)
    assert profile.interval == timedelta(seconds=60)
    device = await world.add("AIR-1", "E0000001")
    directory = world.sensing.directory
    assert directory.limits(device.id, measure.metric_id) == Limits(low=0, high=1000, gap=600)
    other = directory.metric("level")
    assert other is not None
    assert directory.limits(device.id, other.id) is None


async def test_再次发布同样内容_什么也不变(world: World) -> None:
    metrics = {key: MetricDeclaration.model_validate(value) for key, value in METRICS.items()}
    profile = world.sensing.directory.profile("tanker")
    assert profile is not None
    async with world.database.transaction() as connection:
        again = await publish_signals(connection, metrics, [(profile.pack, "tanker", profile.declaration)], _now(world))
    assert not again.changed
    changed = ProfileDeclaration.model_validate({**profile.declaration.model_dump(by_alias=True), "interval": "15s"})
    async with world.database.transaction() as connection:
        done = await publish_signals(connection, metrics, [(profile.pack, "tanker", changed)], _now(world))
    assert (done.metrics, done.profiles) == (0, 1)
    await world.sensing.directory.refresh()
    found = world.sensing.directory.profile("tanker")
    assert found is not None
    assert found.interval == timedelta(seconds=15)


async def test_有读数的指标不能改单位(world: World) -> None:
    noise = world.sensing.directory.metric("noise")
    assert noise is not None
    async with world.database.transaction() as connection:
        await connection.execute(
            "insert into latest (device_id, metric_id, at, value, quality) values (1, $1, $2, 55, 0)",
            noise.id,
            _now(world),
        )
    changed = MetricDeclaration.model_validate({**METRICS["noise"], "unit": "Pa"})
    with pytest.raises(UnitFixed):
        async with world.database.transaction() as connection:
            await publish_signals(connection, {"noise": changed}, [], _now(world))


async def test_目录只读变化的设备_改地址后旧地址不再认(world: World) -> None:
    directory = world.sensing.directory
    device = await world.add("AIR-2", "E0000002")
    seen: list[frozenset[int]] = []
    directory.on_change(seen.append)
    async with world.database.transaction() as connection:
        await connection.execute("update device_version set version = version + 1")
        await connection.execute(
            "update device set address = 'E0000099', version = (select version from device_version) where id = $1",
            device.id,
        )
    await directory.refresh()
    assert seen == [frozenset({device.id})]
    assert directory.find("hj212", "E0000002") is None
    found = directory.find("hj212", "e0000099")
    assert found is not None
    assert found.id == device.id


def _now(world: World) -> datetime:
    return world.context.clock.now()
