"""Simulated MQTT sensors: one connection each to the real broker, with last will, status, readings, and answers to commands.

Payloads are written the way the device's profile says that they are read.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

import orjson

from yiwang.kernel import logs
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.settings import load_settings
from yiwang.sensing.devices.declarations import Payload, Topics
from yiwang.sensing.gateways.mqtt.broker import Broker, parse_broker, running_broker
from yiwang.sensing.gateways.mqtt.connection import BrokerConnection, BrokerGone, Message
from yiwang.sensing.simulators import curves
from yiwang.sensing.simulators.options import SimulatedDevice, SimulateOptions

log = logs.get("simulator")

_CHINA = ZoneInfo("Asia/Shanghai")
_again_seconds = 3.0
_largest_command = 65_536


async def simulate(devices: Sequence[SimulatedDevice], options: SimulateOptions, stop: asyncio.Event) -> None:
    """Play the devices until ``stop``, or for ``options.duration``."""
    broker = await _broker(options, stop)
    if broker is None:
        return
    tasks = [asyncio.create_task(_Sensor(device, options, broker).live()) for device in devices]
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({waiting}, timeout=options.duration)
    for task in (*tasks, waiting):
        task.cancel()
    await asyncio.gather(*tasks, waiting, return_exceptions=True)


async def _broker(options: SimulateOptions, stop: asyncio.Event) -> Broker | None:
    """The broker that was named, or the private one as soon as the gateway has started it."""
    if options.broker:
        return parse_broker(options.broker)
    home = load_settings().home
    while not stop.is_set():
        url = running_broker(home)
        if url is not None:
            return parse_broker(url)
        await asyncio.sleep(0.5)
    return None


class _Sensor:
    """One device and its connection."""

    def __init__(self, device: SimulatedDevice, options: SimulateOptions, broker: Broker) -> None:
        self._device = device
        self._options = options
        self._random = random.Random(f"{options.seed}:{device.device.code}")  # noqa: S311  # a play, no secret
        declared = device.profile.declaration
        self._topics = declared.topics or Topics(readings="devices/{address}/telemetry")
        self._payload = declared.payload or Payload()
        user = (device.address, device.secret) if device.secret else (broker.user, broker.password)
        named = replace(broker, client=f"sim-{device.address}"[:60], user=user[0], password=user[1])
        self._commands: asyncio.Queue[Message] = asyncio.Queue(100)
        self._connection = BrokerConnection(named, self._heard, largest=_largest_command, clean=True)

    async def live(self) -> None:
        """Connect, speak, connect again."""
        await asyncio.sleep(self._random.uniform(0, min(5.0, self._options.pause(self._device.profile))))
        try:
            while True:
                try:
                    await self._speak()
                except BrokerGone as gone:
                    log.warning("a simulated sensor lost the broker", device=self._device.address, reason=str(gone))
                await asyncio.sleep(_again_seconds)
        finally:
            await self._connection.disconnect()

    async def _speak(self) -> None:
        status = self._topic(self._topics.status)
        await self._connection.connect(will=(status, b"offline") if status else None)
        if status:
            await self._connection.publish(status, b"online", retain=True)
        commands = self._topic(self._topics.commands)
        if commands:
            await self._connection.subscribe([commands])
        answering = asyncio.create_task(self._answer())
        try:
            while self._connection.connected:
                await self._connection.publish(self._topic(self._topics.readings), self._telemetry())
                pause = self._options.pause(self._device.profile)
                await asyncio.sleep(pause * self._random.uniform(0.95, 1.05))
        finally:
            answering.cancel()
            await asyncio.gather(answering, return_exceptions=True)

    async def _answer(self) -> None:
        answers = self._topic(self._topics.answers)
        while True:
            message = await self._commands.get()
            try:
                command = orjson.loads(message.payload)["id"]
            except (orjson.JSONDecodeError, KeyError, TypeError):
                continue
            await asyncio.sleep(self._random.uniform(0.1, 0.6))
            if answers:
                await self._connection.publish(answers, orjson.dumps({"id": command, "ok": True, "answer": {}}))

    def _heard(self, message: Message) -> None:
        self._connection.acknowledge([message])
        if not self._commands.full():
            self._commands.put_nowait(message)

    def _topic(self, template: str | None) -> str:
        return "" if template is None else template.replace("{address}", self._device.address)

    def _telemetry(self) -> bytes:
        if self._random.random() < self._options.errors:
            return self._random.choice((b"", b"{", b"\xff\xfe", b'{"depth": "?"}', b"[]"))
        now = self._options.clock.now()
        return written(self._payload, now, values_of(self._device, self._options, now))


@dataclass(frozen=True, slots=True)
class SimulatedValue:
    """A value as the device sends it: the metric, its code and its number on the wire."""

    metric: str
    code: str
    value: float


def values_of(device: SimulatedDevice, options: SimulateOptions, now: datetime) -> list[SimulatedValue]:
    """What the device measures at ``now``, in the units that it sends."""
    found = []
    for code, measure in device.profile.measures.items():
        metric, bounds = measure.metric.code, measure.metric.declaration.bounds
        exceeding = options.exceeding(device.device, metric)
        kept = curves.value(metric, now, device.device.code, bounds=bounds) if exceeding is None else exceeding
        found.append(SimulatedValue(metric, code, round((kept - measure.offset) / measure.factor, 6)))
    return found


def written(payload: Payload, now: datetime, values: Sequence[SimulatedValue]) -> bytes:
    """A payload that reads as ``payload`` declares; values behind an expression or in a list are left to real devices."""
    if payload.format == "sparkplug":
        metrics: list[Json] = [{"name": one.code, "value": one.value, "dataType": "Double"} for one in values]
        return orjson.dumps({"timestamp": round(now.timestamp() * 1000), "metrics": metrics})
    places = {payload.values.get(one.metric, one.code): one.value for one in values}
    if payload.format == "csv":
        columns: dict[int, str] = {int(place): str(value) for place, value in places.items() if place.isdigit()}
        if payload.at is not None and payload.at.isdigit():
            columns[int(payload.at)] = str(_time(payload, now))
        return ",".join(columns.get(number, "") for number in range(1, max(columns, default=0) + 1)).encode()
    body: JsonObject = {}
    for place, value in places.items():
        _put(body, place, value)
    if payload.at is not None:
        _put(body, payload.at, _time(payload, now))
    if payload.list_ is not None:
        inside: JsonObject = {}
        _put(inside, payload.list_, [body])
        return orjson.dumps(inside)
    return orjson.dumps(body)


def _put(body: JsonObject, path: str, value: Json) -> None:
    if path.startswith("="):
        return
    *steps, last = path.strip("/").split("/")
    for step in steps:
        inner = body.setdefault(step, {})
        if not isinstance(inner, dict):
            return
        body = inner
    body[last] = value


def _time(payload: Payload, now: datetime) -> Json:
    match payload.time:
        case "seconds":
            return int(now.timestamp())
        case "milliseconds":
            return round(now.timestamp() * 1000)
        case "local":
            return now.astimezone(_CHINA).strftime("%Y-%m-%d %H:%M:%S")
        case _:
            return now.isoformat(timespec="milliseconds")
