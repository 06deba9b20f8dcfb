"""A scenario's sensor on the city's MQTT broker: it publishes with QoS 1 what its profile says that it sends."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from yiwang.packs.model.scenario import ScenarioStep
from yiwang.packs.scenarios.people import NobodyCan
from yiwang.sensing.devices.declarations import Payload, Topics
from yiwang.sensing.gateways.mqtt.broker import Broker
from yiwang.sensing.gateways.mqtt.connection import BrokerConnection, BrokerGone, Message
from yiwang.sensing.simulators.mqtt import SimulatedValue, written

if TYPE_CHECKING:
    from yiwang.packs.scenarios.devices import Played, SensingDoor


async def mqtt(door: SensingDoor) -> MqttLine:
    """The line of one sensor; it connects with its first message, by its own name."""
    host, port = await door.gateway("mqtt")
    return MqttLine(host, port)


class MqttLine:
    """One connection to the broker, with a last will where the profile has a topic of status."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._connection: BrokerConnection | None = None

    async def say(self, played: Played, values: Mapping[str, float], at: datetime, step: ScenarioStep) -> None:
        """Publish the values; the broker has them when this returns, the gateway soon after.

        Raises:
            NobodyCan: the broker is gone, or does not let the sensor in.
        """
        try:
            await self._publish(played, values, at)
        except BrokerGone as gone:
            raise NobodyCan(f"MQTT 代理没有收下:{gone} · the broker did not take it") from gone

    async def _publish(self, played: Played, values: Mapping[str, float], at: datetime) -> None:
        declared, address = played.profile.declaration, played.declared.address
        topics = declared.topics or Topics(readings="devices/{address}/telemetry")
        if self._connection is None or not self._connection.connected:
            status = topics.status.replace("{address}", address) if topics.status else None
            user = address if played.declared.secret else None
            broker = Broker(
                self._host, self._port, user=user, password=played.declared.secret, client=f"scenario-{address}"[:60]
            )
            self._connection = BrokerConnection(broker, self._hear, largest=65_536, clean=True)
            await self._connection.connect(will=(status, b"offline") if status else None)
            if status:
                await self._connection.publish(status, b"online", retain=True)
        sent = []
        for name, value in values.items():
            measure = played.measure(name)
            sent.append(SimulatedValue(name, measure.code, round((value - measure.offset) / measure.factor, 6)))
        message = written(declared.payload or Payload(), at, sent)
        await self._connection.publish(topics.readings.replace("{address}", address), message)

    async def close(self) -> None:
        if self._connection is not None:
            await self._connection.disconnect()

    def _hear(self, message: Message) -> None:
        if self._connection is not None:
            self._connection.acknowledge([message])
