"""MQTT gateway: readings in, commands out, strangers and spoilt messages counted, on a real broker."""

from __future__ import annotations

import asyncio

import orjson
from sensing.devices.world import NOON, World
from sensing.mqtt.conftest import gateway, readings, until
from support.mosquitto import Mosquitto, Station

from yiwang.kernel.access import Actor, Grant

AT = int(NOON.timestamp())
COMMANDER = Actor(kind="token", name="duty", grants=(Grant("device", frozenset({"command"})),))


async def test_a_published_reading_is_stored_in_the_unit_of_its_metric(world: World, broker: Mosquitto) -> None:
    device = await world.add("gauge-1", "g-1", "water-gauge")
    async with gateway(world, broker):
        station = Station(broker.url, "station-1")
        await station.connection.connect()
        await station.publish("devices/g-1/telemetry", b'{"depth": 42}')
        await until(lambda: _have(world, device.id, [(AT, 0.42)]))
        await station.connection.disconnect()
    async with world.database.connection() as connection:
        state = await connection.fetchrow("select online, frames from device_state where device_id = $1", device.id)
    assert state is not None
    assert (state["online"], state["frames"]) == (True, 1)


async def test_what_is_published_while_the_gateway_is_away_waits_at_the_broker(world: World, broker: Mosquitto) -> None:
    device = await world.add("gauge-2", "g-2", "water-gauge")
    async with gateway(world, broker):
        pass  # it has a session at the broker now
    station = Station(broker.url, "station-2")
    await station.connection.connect()
    for number in range(50):
        await station.publish("devices/g-2/telemetry", _at(number))
    assert await readings(world, device.id) == []
    async with gateway(world, broker):
        await until(lambda: _count(world, device.id, 50))
    await station.connection.disconnect()


async def test_strangers_and_spoilt_messages_are_counted_and_disturb_nobody(world: World, broker: Mosquitto) -> None:
    device = await world.add("gauge-3", "g-3", "water-gauge")
    spoilt = [
        b"",
        b"{",
        b"\xff\xfe",
        b"null",
        b"[]",
        b'{"depth": NaN}',
        b'{"depth": "deep"}',
        b'{"depth": 1e999}',
        b'{"depth": {}}',
        b"[" * 50_000,
        b'{"depth": ' + b"9" * 5000 + b"}",
        b'{"x":"' + b"y" * 300_000 + b'"}',
        b'{"level": 5}',
    ]
    async with gateway(world, broker):
        station = Station(broker.url, "station-3")
        await station.connection.connect()
        for payload in spoilt:
            await station.publish("devices/g-3/telemetry", payload)
        await station.publish("devices/nobody/telemetry", b'{"depth": 1}')
        await station.publish("devices/g-3/telemetry", b'{"depth": 7}')
        await until(lambda: _have(world, device.id, [(AT, 0.07)]))
        await station.connection.disconnect()
    async with world.database.connection() as connection:
        knocks = {(row["address"], row["reason"]) for row in await connection.fetch("select * from knock")}
        bad = await connection.fetchval("select bad_frames from device_state where device_id = $1", device.id)
    assert ("nobody", "unknown") in knocks
    assert {("g-3", "json"), ("g-3", "encoding"), ("g-3", "value"), ("g-3", "empty")} <= knocks
    assert bad >= len(spoilt) - 1  # one that is larger than the broker lets through to us never comes


async def test_the_last_will_takes_a_device_offline(world: World, broker: Mosquitto) -> None:
    device = await world.add("gauge-4", "g-4", "water-gauge")
    async with gateway(world, broker):
        station = Station(broker.url, "station-4")
        await station.connection.connect(will=("devices/g-4/status", b"offline"))
        await station.publish("devices/g-4/status", b"online")
        await until(lambda: _online(world, device.id, True))
        client = station.connection._client
        assert client is not None
        client.socket().close()  # the line breaks; the broker tells the will
        await until(lambda: _online(world, device.id, False))


async def test_a_command_goes_out_once_and_its_answer_is_noted(world: World, broker: Mosquitto) -> None:
    device = await world.add("gauge-5", "g-5", "water-gauge")
    async with gateway(world, broker), gateway(world, broker, "?client=second"):
        station = Station(broker.url, "station-5")
        await station.connection.connect()
        await station.connection.subscribe(["devices/g-5/commands"])
        async with world.database.transaction() as connection:
            command = await world.sensing.commands.give(connection, COMMANDER, device.id, "restart", {"seconds": 5})
        message = await asyncio.wait_for(station.heard.get(), 60)
        told = orjson.loads(message.payload)
        assert (told["id"], told["verb"], told["parameters"]) == (str(command.id), "restart", {"seconds": 5})
        other = await world.add("gauge-6", "g-6", "water-gauge")
        # Another device cannot answer in its place.
        await station.publish(f"devices/{other.address}/answers", orjson.dumps({"id": told["id"], "ok": False}))
        await station.publish("devices/g-5/answers", b"what?")
        await station.publish("devices/g-5/answers", orjson.dumps({"id": told["id"], "ok": True, "answer": {"up": 1}}))
        await until(lambda: _confirmed(world, command.id))
        await asyncio.sleep(0.5)
        assert station.heard.empty()
        await station.connection.disconnect()


async def test_two_gateways_share_the_work_and_store_everything_once(world: World, broker: Mosquitto) -> None:
    device = await world.add("gauge-7", "g-7", "water-gauge")
    async with gateway(world, broker, "?client=one&group=pair"), gateway(world, broker, "?client=two&group=pair"):
        station = Station(broker.url, "station-7")
        await station.connection.connect()
        await asyncio.gather(*(station.publish("devices/g-7/telemetry", _at(number)) for number in range(400)))
        await until(lambda: _count(world, device.id, 400))
        await station.connection.disconnect()


async def test_the_broker_may_go_and_come_back(world: World, broker: Mosquitto) -> None:
    device = await world.add("gauge-8", "g-8", "water-gauge")
    async with gateway(world, broker):
        await broker.stop()
        await broker.start()
        station = Station(broker.url, "station-8")
        await station.connection.connect()
        await station.publish("devices/g-8/telemetry", _at(1))
        await until(lambda: _count(world, device.id, 1))
        await station.connection.disconnect()


def _at(number: int) -> bytes:
    return orjson.dumps({"depth": number, "time": AT - number})


async def _have(world: World, device: int, expected: list[tuple[float, float]]) -> bool:
    return await readings(world, device) == expected


async def _count(world: World, device: int, count: int) -> bool:
    return len(await readings(world, device)) == count


async def _online(world: World, device: int, expected: bool) -> bool:
    async with world.database.connection() as connection:
        found = await connection.fetchval("select online from device_state where device_id = $1", device)
    return found is expected


async def _confirmed(world: World, command: object) -> bool:
    async with world.database.connection() as connection:
        row = await connection.fetchrow("select state, answer from device_command where id = $1", command)
    return row is not None and row["state"] == "confirmed" and row["answer"] == {"up": 1}
