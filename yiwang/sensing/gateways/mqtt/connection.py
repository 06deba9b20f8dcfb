"""One connection to a broker inside the event loop: messages in, acknowledgements when told, messages out.

The session lasts at the broker (a week), so what is published while the gateway is away waits there. A message counts as
received only when it is acknowledged on the connection over which it came: after a new connection the broker sends again
whatever was not. MQTT 5 is spoken, 3.1.1 to brokers that know no better.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from paho.mqtt import client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from yiwang.kernel import logs
from yiwang.sensing.gateways.mqtt.broker import Broker

log = logs.get("mqtt")

session_seconds = 7 * 86400
most_unacknowledged = 5000
_keepalive = 30
_unsupported_version = 132
_packets_at_once = 500
_T = TypeVar("_T")


class BrokerGone(OSError):
    """The connection could not be made, or has ended; ``args[0]`` says why."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message as it came. ``mid`` 0: quality of service 0, which nobody acknowledges. ``era`` names its connection."""

    topic: str
    payload: bytes
    mid: int
    era: int
    retained: bool = False


class BrokerConnection:
    """Connects again and again; :meth:`connect`, then :meth:`closed` until it has ended.

    ``receive`` is called for every message and must not wait.
    """

    def __init__(
        self, broker: Broker, receive: Callable[[Message], None], *, largest: int, clean: bool = False
    ) -> None:
        self.broker = broker
        self._receive = receive
        self._largest = largest
        self._clean = clean
        self._version = MQTTProtocolVersion.MQTTv5
        self._client: paho.Client | None = None
        self._era = 0
        self._answered: asyncio.Future[int] | None = None
        self._subscribed: dict[int, asyncio.Future[list[int]]] = {}
        self._published: dict[int, asyncio.Future[None]] = {}
        self._ended: asyncio.Future[str] | None = None
        self._misc: asyncio.Task[None] | None = None
        self._socket: int | None = None

    @property
    def era(self) -> int:
        """Number of the connection; grows with each."""
        return self._era

    @property
    def connected(self) -> bool:
        return self._client is not None and self._ended is not None and not self._ended.done()

    async def connect(self, *, will: tuple[str, bytes] | None = None) -> bool:
        """Connect; True where the broker still had our session.

        Raises:
            BrokerGone: it does not answer, or refuses us.
        """
        await self.disconnect()
        self._era += 1
        loop = asyncio.get_running_loop()
        self._answered, self._ended = loop.create_future(), loop.create_future()
        client = self._client = self._made(will)
        try:
            await asyncio.to_thread(client.reconnect)
        except (OSError, ValueError) as error:
            self._client = None
            raise BrokerGone(f"{type(error).__name__}: {error}") from error
        found = client.socket()
        if found is None:
            raise BrokerGone("no socket")
        self._socket = found.fileno()
        loop.add_reader(self._socket, self._readable)
        if client.want_write():
            loop.add_writer(self._socket, self._writable)
        self._misc = loop.create_task(self._keep_alive())
        try:
            async with asyncio.timeout(15):
                code = await self._answered
        except TimeoutError as error:
            await self.disconnect()
            raise BrokerGone("no answer to CONNECT") from error
        if code == _unsupported_version and self._version == MQTTProtocolVersion.MQTTv5:
            self._version = MQTTProtocolVersion.MQTTv311
            return await self.connect(will=will)
        if code >= 128 or (self._version == MQTTProtocolVersion.MQTTv311 and code > 1):
            await self.disconnect()
            raise BrokerGone(f"refused with code {code}")
        return code == 1

    async def subscribe(self, filters: Iterable[str]) -> None:
        """Subscribe with quality of service 1.

        Raises:
            BrokerGone: the broker refuses one of them, or is gone.
        """
        client, wanted = self._client, list(filters)
        if client is None or not wanted:
            return
        options: list[Any] = [
            (one, SubscribeOptions(qos=1)) if self._version == MQTTProtocolVersion.MQTTv5 else (one, 1)
            for one in wanted
        ]
        done: asyncio.Future[list[int]] = asyncio.get_running_loop().create_future()
        result, mid = client.subscribe(options)
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS or mid is None:
            raise BrokerGone(f"subscribe: {result}")
        self._subscribed[mid] = done
        codes = await self._or_gone(done)
        refused = [one for one, code in zip(wanted, codes, strict=False) if code >= 128]
        if refused:
            raise BrokerGone(f"subscription refused: {', '.join(refused)}")

    def unsubscribe(self, filters: Iterable[str]) -> None:
        """No longer be sent these; nobody waits for the answer."""
        wanted = list(filters)
        if self._client is not None and wanted:
            self._client.unsubscribe(wanted)

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish with quality of service 1; returns when the broker has it.

        Raises:
            BrokerGone: the connection ended before that.
        """
        client = self._client
        if client is None:
            raise BrokerGone("not connected")
        info = client.publish(topic, payload, qos=1, retain=retain)
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise BrokerGone(f"publish: {info.rc}")
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._published[info.mid] = done
        try:
            await self._or_gone(done)
        finally:
            self._published.pop(info.mid, None)

    def acknowledge(self, messages: Iterable[Message]) -> None:
        """Tell the broker that these are ours now. Those of an earlier connection are passed over: their numbers may mean
        other messages by now, and the broker sends them again."""
        client = self._client
        if client is None or not self.connected:
            return
        for message in messages:
            if message.mid and message.era == self._era:
                client.ack(message.mid, 1)

    async def closed(self) -> str:
        """Wait until the connection has ended; why."""
        return await self._ended if self._ended is not None else "not connected"

    async def disconnect(self) -> None:
        """End the connection in good order, if there is one; the session stays at the broker."""
        client, self._client = self._client, None
        if client is not None:
            client.disconnect()
            self._release("disconnected")
        if self._misc is not None:
            self._misc.cancel()
            await asyncio.gather(self._misc, return_exceptions=True)
            self._misc = None

    # -- inside -------------------------------------------------------------------------------------------------------

    def _made(self, will: tuple[str, bytes] | None) -> paho.Client:
        newest = self._version == MQTTProtocolVersion.MQTTv5
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=self.broker.client,
            clean_session=None if newest else self._clean,
            protocol=self._version,
            manual_ack=True,
        )
        if self.broker.user:
            client.username_pw_set(self.broker.user, self.broker.password)
        if self.broker.tls:
            client.tls_set_context(ssl.create_default_context())
        if will is not None:
            client.will_set(will[0], will[1], qos=1, retain=True)
        client.max_inflight_messages_set(1000)
        client.on_connect = self._on_connect
        client.on_message = self._on_message
        client.on_subscribe = self._on_subscribe
        client.on_publish = self._on_publish
        client.on_socket_close = self._on_socket_close
        client.on_socket_register_write = self._on_want_write
        if newest:
            client.connect_async(
                self.broker.host, self.broker.port, _keepalive,
                clean_start=self._clean, properties=self._session_properties(),
            )  # fmt: skip
        else:
            client.connect_async(self.broker.host, self.broker.port, _keepalive)
        return client

    def _session_properties(self) -> Properties:
        found = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho has not typed it
        found.SessionExpiryInterval = 0 if self._clean else session_seconds
        found.ReceiveMaximum = most_unacknowledged
        found.MaximumPacketSize = self._largest + 1024
        return found

    async def _or_gone(self, done: asyncio.Future[_T]) -> _T:
        ended = self._ended
        if ended is None:
            raise BrokerGone("not connected")
        both: list[asyncio.Future[Any]] = [done, ended]
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        if done.done():
            return done.result()
        raise BrokerGone(ended.result())

    def _readable(self) -> None:
        client = self._client
        if client is not None:
            result = client.loop_read(_packets_at_once)
            if result != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._release(paho.error_string(result))

    def _writable(self) -> None:
        client = self._client
        if client is None or self._socket is None:
            return
        result = client.loop_write()
        if result != MQTTErrorCode.MQTT_ERR_SUCCESS:
            self._release(paho.error_string(result))
        elif not client.want_write():
            asyncio.get_running_loop().remove_writer(self._socket)

    async def _keep_alive(self) -> None:
        while self._client is not None:
            await asyncio.sleep(1)
            client = self._client
            if client is not None and client.loop_misc() != MQTTErrorCode.MQTT_ERR_SUCCESS:
                self._release("keep-alive")

    def _release(self, reason: str) -> None:
        """The socket is no longer ours to watch; whoever waits learns of it."""
        loop = asyncio.get_running_loop()
        if self._socket is not None:
            loop.remove_reader(self._socket)
            loop.remove_writer(self._socket)
            self._socket = None
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(255)
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(reason)

    def _on_connect(
        self, _client: paho.Client, _data: object, flags: paho.ConnectFlags, code: ReasonCode, _properties: object
    ) -> None:
        if self._answered is not None and not self._answered.done():
            value = code.value
            self._answered.set_result(1 if value == 0 and flags.session_present else value)

    def _on_message(self, _client: paho.Client, _data: object, message: paho.MQTTMessage) -> None:
        self._receive(Message(message.topic, bytes(message.payload), message.mid, self._era, message.retain))

    def _on_subscribe(
        self, _client: paho.Client, _data: object, mid: int, codes: list[ReasonCode], _properties: object
    ) -> None:
        done = self._subscribed.pop(mid, None)
        if done is not None and not done.done():
            done.set_result([code.value for code in codes])

    def _on_publish(self, _client: paho.Client, _data: object, mid: int, _code: object, _properties: object) -> None:
        done = self._published.pop(mid, None)
        if done is not None and not done.done():
            done.set_result(None)

    def _on_socket_close(self, client: paho.Client, _data: object, _socket: object) -> None:
        if client is self._client:  # an earlier one also tells us when it is thrown away
            self._release("closed by the broker")

    def _on_want_write(self, _client: paho.Client, _data: object, _socket: object) -> None:
        if self._socket is not None:
            asyncio.get_running_loop().add_writer(self._socket, self._writable)
