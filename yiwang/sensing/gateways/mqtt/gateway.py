"""The MQTT gateway: from the broker into the table, and commands the other way.

Messages are gathered while the last batch is being committed; each is acknowledged (PUBACK) when the commit of its readings
has returned, never before. While the database is away nothing is acknowledged: the broker holds back further messages once
:data:`~yiwang.sensing.gateways.mqtt.connection.most_unacknowledged` are out, and keeps the rest. A message that cannot be
read, or is nobody's, is counted, acknowledged and done with: sent again it would be no better.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import numpy as np
import orjson

from yiwang.kernel import logs
from yiwang.kernel.database import AWAY, JsonObject
from yiwang.sensing.devices.model import Command, Device
from yiwang.sensing.errors import SensingUnavailable
from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.listening import CommandFeed, GatewaySettings
from yiwang.sensing.gateways.mqtt.broker import ensure_broker, parse_broker, stop_broker
from yiwang.sensing.gateways.mqtt.connection import BrokerConnection, BrokerGone, Message, most_unacknowledged
from yiwang.sensing.gateways.mqtt.payloads import decode, largest_payload, read_status
from yiwang.sensing.gateways.mqtt.routing import Routes
from yiwang.sensing.model import READING, Fault, micros
from yiwang.sensing.service import Sensing

log = logs.get("mqtt")

PROTOCOL = "mqtt"
_again_seconds = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
_most_messages = 2000
_database_gone = (*AWAY, SensingUnavailable)
_FAULT_WORDS = {Fault.FUTURE: "clock", Fault.TOO_OLD: "clock", Fault.NOT_A_NUMBER: "value"}


@dataclass(slots=True)
class _Batch:
    """Messages of one commit: rows, whose they are, what was wrong with each device's."""

    messages: list[Message]
    rows: list[tuple[int, int, int, int, int, float, int]] = field(default_factory=list)
    frames: dict[int, int] = field(default_factory=dict)
    faults: dict[int, list[str]] = field(default_factory=dict)

    def fault(self, device: int, word: str) -> None:
        self.faults.setdefault(device, []).append(word)


class MqttGateway:
    """One gateway process's work. :meth:`run` until it is cancelled or ``stop`` is set."""

    def __init__(self, services: Sensing, door: Door, connection_url: str) -> None:
        self._services = services
        self._door = door
        self._inbox: deque[Message] = deque()
        self._come = asyncio.Event()
        self._routes = Routes(services.directory, services.context.calendar.hours.timezone)
        broker = parse_broker(connection_url)
        self._remote = broker.host
        self._group = broker.group
        self._connection = BrokerConnection(broker, self._received, largest=largest_payload)

    async def run(self, stop: asyncio.Event, feed: CommandFeed) -> None:
        """Stay connected, take messages and send commands until ``stop``; what was taken in is committed and acknowledged."""
        tasks = [
            asyncio.create_task(self._stay_connected(), name="mqtt connection"),
            asyncio.create_task(self._send_commands(feed), name="mqtt commands"),
        ]
        taking = asyncio.create_task(self._take(stop), name="mqtt intake")
        stopping = asyncio.create_task(stop.wait())
        everything: list[asyncio.Task[Any]] = [*tasks, taking, stopping]
        try:
            await asyncio.wait(everything, return_when=asyncio.FIRST_COMPLETED)
            for task in tasks:
                if task.done():
                    task.result()
            self._come.set()
            await taking
        finally:
            for one in everything:
                one.cancel()
            await asyncio.gather(*everything, return_exceptions=True)
            await self._connection.disconnect()

    # -- staying connected --------------------------------------------------------------------------------------------

    async def _stay_connected(self) -> None:
        failures = 0
        while True:
            try:
                await self._connection.connect()
                failures = 0
                await self._follow_topics()
            except BrokerGone as gone:
                log.warning("the broker is not there", broker=self._remote, reason=str(gone))
            await asyncio.sleep(_again_seconds[min(failures, len(_again_seconds) - 1)])
            failures += 1

    async def _follow_topics(self) -> None:
        """Subscribe to what the profiles name, also to what is published later, until the connection ends."""
        subscribed: frozenset[str] = frozenset()
        closed = asyncio.create_task(self._connection.closed())
        try:
            while not closed.done():
                wanted = self._routes.filters(self._group)
                await self._connection.subscribe(sorted(wanted - subscribed))
                self._connection.unsubscribe(sorted(subscribed - wanted))
                if wanted != subscribed:
                    log.info("subscribed", topics=sorted(wanted))
                subscribed = wanted
                await asyncio.wait({closed}, timeout=2)
            log.warning("the connection to the broker ended", reason=closed.result())
        finally:
            closed.cancel()
            await asyncio.gather(closed, return_exceptions=True)

    # -- messages -----------------------------------------------------------------------------------------------------

    def _received(self, message: Message) -> None:
        # More than this only comes from brokers that know no receive maximum; they send again what is not acknowledged.
        if len(self._inbox) < 2 * most_unacknowledged:
            self._inbox.append(message)
            self._come.set()

    async def _take(self, stop: asyncio.Event) -> None:
        while self._inbox or not stop.is_set():
            if not self._inbox:
                self._come.clear()
                await self._come.wait()
                continue
            count = min(len(self._inbox), _most_messages)
            batch = _Batch([self._inbox.popleft() for _ in range(count)])
            answers = [found for message in batch.messages if (found := self._sort(message, batch)) is not None]
            if await self._until_stored(batch, answers, stop):
                self._connection.acknowledge(batch.messages)

    def _sort(self, message: Message, batch: _Batch) -> tuple[Device, bytes] | None:
        """Put a message where it belongs; an answer to a command is returned."""
        route = self._routes.route(message.topic)
        if route is None:
            self._door.bad(PROTOCOL, self._remote, "topic", message.payload, message.topic[-60:])
            return None
        device = self._door.find(PROTOCOL, route.address, self._remote, message.payload)
        if device is None:
            return None
        if not self._routes.belongs(device, route):
            self._door.bad(PROTOCOL, self._remote, "topic", message.payload, route.address)
            return None
        match route.purpose:
            case "status":
                self._status(device, message)
                return None
            case "answers":
                batch.frames[device.id] = batch.frames.get(device.id, 0) + 1
                return device, message.payload
            case _:
                self._readings(device, message, batch)
                return None

    def _readings(self, device: Device, message: Message, batch: _Batch) -> None:
        decoded = decode(self._routes.mapping(device), message.payload)
        now = micros(self._services.context.clock.now())
        batch.frames[device.id] = batch.frames.get(device.id, 0) + 1
        for value in decoded.values:
            at = now if value.at is None else value.at
            batch.rows.append((device.id, value.metric, 0, 0, at, value.value, 0))
        for word in decoded.faults:
            batch.fault(device.id, word)
        if decoded.faults and not decoded.values:
            self._door.bad(PROTOCOL, self._remote, decoded.faults[0], message.payload, device.address)

    def _status(self, device: Device, message: Message) -> None:
        online = read_status(message.payload)
        if online is None:
            self._door.seen(device.id, self._remote, 1, 1, "status")
        elif online and not message.retained:
            self._door.seen(device.id, self._remote)
        elif not online:
            self._door.gone(device.id)

    async def _until_stored(self, batch: _Batch, answers: Sequence[tuple[Device, bytes]], stop: asyncio.Event) -> bool:
        """Store a batch, however long the database is away; False when we stop before it was."""
        rows = np.array(batch.rows, dtype=READING)
        attempt = 0
        while True:
            try:
                written = await self._services.writer.put(rows)
                await self._note_answers(answers)
            except _database_gone as error:
                if stop.is_set():
                    return False
                log.warning("messages wait for the database", messages=len(batch.messages), error=type(error).__name__)
                await asyncio.sleep(_again_seconds[min(attempt, len(_again_seconds) - 1)])
                attempt += 1
                continue
            if written.faults is not None:
                for place in np.flatnonzero(written.faults).tolist():
                    batch.fault(
                        int(rows["device"][place]), _FAULT_WORDS.get(Fault(int(written.faults[place])), "value")
                    )
            for device, frames in batch.frames.items():
                faults = batch.faults.get(device, [])
                self._door.seen(device, self._remote, frames, min(len(faults), frames), faults[-1] if faults else "")
            return True

    # -- commands -----------------------------------------------------------------------------------------------------

    async def _send_commands(self, feed: CommandFeed) -> None:
        async for device_id in feed:
            try:
                if not self._connection.connected:
                    await asyncio.sleep(1)
                await self._send_waiting(device_id)
            except _database_gone as error:
                log.warning("commands wait", error=type(error).__name__)

    async def _send_waiting(self, device_id: int | None) -> None:
        services = self._services
        wanted = [device for device in services.directory.devices(PROTOCOL) if device_id in (None, device.id)]
        ids = [device.id for device in wanted if self._routes.command_topic(device) is not None]
        async with services.context.database.connection() as connection:
            waiting = await services.commands.pending_devices(connection, ids) if ids else []
            found = [command for one in waiting for command in await services.commands.pending(connection, one)]
        for command in found:
            device = services.directory.device(command.device_id)
            topic = None if device is None else self._routes.command_topic(device)
            if topic is None or not self._connection.connected:
                continue
            async with services.context.database.transaction() as connection:
                taken = await services.commands.sent(connection, command.id)
            if taken is not None:
                await self._connection.publish(topic, self._told(taken))

    def _told(self, command: Command) -> bytes:
        body: JsonObject = {
            "id": str(command.id),
            "verb": command.verb,
            "parameters": self._services.commands.plain(command),
            "expires": command.expires_at.isoformat(),
        }
        return orjson.dumps(body)

    async def _note_answers(self, answers: Sequence[tuple[Device, bytes]]) -> None:
        for device, payload in answers:
            found = _answer(payload)
            if found is None:
                self._door.bad(PROTOCOL, self._remote, "answer", payload, device.address)
                continue
            async with self._services.context.database.connection() as connection:
                transaction = connection.transaction()
                await transaction.start()
                command = await self._services.commands.answered(connection, found[0], found[1], found[2])
                if command is not None and command.device_id != device.id:
                    await transaction.rollback()  # a device answers for itself only
                    self._door.bad(PROTOCOL, self._remote, "answer", payload, device.address)
                else:
                    await transaction.commit()


def _answer(payload: bytes) -> tuple[UUID, bool, JsonObject] | None:
    """``{"id": …, "ok": true, "answer": {…}}``; None where it is not that."""
    try:
        body = orjson.loads(payload)
        ok, answer = body["ok"], body.get("answer", {})
        if not isinstance(ok, bool) or not isinstance(answer, dict) or len(payload) > largest_payload:
            return None
        return UUID(body["id"]), ok, answer
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return None


async def serve(services: Sensing, settings: GatewaySettings, stop: asyncio.Event) -> None:
    """Be the MQTT gateway until ``stop``. Without a broker in the settings the private one is started, or found running.

    Raises:
        BrokerMissing, BrokerFailed, AccountMissing: there is no private broker to be had. BrokerUrlInvalid.
    """
    home = services.context.settings.home
    url = settings.broker or await ensure_broker(home, settings.ends_with)
    async with (
        Door(services.context, services.directory, settings) as door,
        CommandFeed(services.context.database.url) as feed,
    ):
        await MqttGateway(services, door, url).run(stop, feed)
    if not settings.broker and stop.is_set():  # ended in good order; after a crash it runs on and keeps what comes
        await stop_broker(home)
