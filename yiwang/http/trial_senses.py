"""The senses of a trial city: gateways on ports of their own, and the worker's rounds that follow readings.

They begin with the first gateway that is asked for, so that a trial without devices costs nothing.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Protocol, cast

from yiwang.casework.alarms import AlarmCases
from yiwang.http.services import Services
from yiwang.packs.computing import load_functions
from yiwang.sensing.alarms.evidence import Evidence
from yiwang.sensing.computing.following import Computing
from yiwang.sensing.gateways.listening import GatewaySettings
from yiwang.sensing.gateways.mqtt import gateway as mqtt
from yiwang.sensing.gateways.mqtt.broker import ensure_broker, parse_broker, stop_broker
from yiwang.sensing.gateways.starting import GATEWAYS
from yiwang.sensing.readings import Keeper
from yiwang.sensing.rules.following import RuleFollowing
from yiwang.sensing.rules.vehicles import VehicleRules
from yiwang.sensing.rules.watching import Watching
from yiwang.sensing.service import Sensing
from yiwang.sensing.vehicles.following import VehicleFollowing

_host = "127.0.0.1"
_pause_seconds = 0.1
_subscribing_seconds = 0.5


class _Serve(Protocol):
    async def __call__(
        self, services: Sensing, settings: GatewaySettings, stop: asyncio.Event, *, listening: asyncio.Future[int]
    ) -> None: ...


class TrialSenses:
    """Gateways and followers of one trial; :meth:`close` ends them."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._stop = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._ports: dict[str, int] = {}
        self._keeper: Keeper | None = None
        self._broker_host, self._own_broker = "", False

    async def gateway(self, protocol: str) -> tuple[str, int]:
        """Where the gateway of a protocol listens; devices of ``http`` come to the web server, port 0 stands for it.

        Raises:
            GatewayPortTaken, TimeoutError: it does not come up.
        """
        await self._follow()
        await self._services.sensing.directory.refresh()
        if protocol not in GATEWAYS:
            return _host, 0
        if protocol == "mqtt":
            return await self._broker()
        if protocol not in self._ports:
            listening: asyncio.Future[int] = asyncio.get_running_loop().create_future()
            serve = cast(_Serve, import_module(GATEWAYS[protocol]).serve)
            settings = GatewaySettings(protocol, _host, 0)
            serving = asyncio.create_task(serve(self._services.sensing, settings, self._stop, listening=listening))
            self._tasks.append(serving)
            both: set[asyncio.Future[object]] = {
                cast(asyncio.Future[object], serving),
                cast(asyncio.Future[object], listening),
            }
            await asyncio.wait(both, timeout=10, return_when=asyncio.FIRST_COMPLETED)
            if serving.done():
                await serving
            self._ports[protocol] = await asyncio.wait_for(listening, 0.1)
        return _host, self._ports[protocol]

    async def _broker(self) -> tuple[str, int]:
        """The broker that the gateway listens at: the one of the settings, else a private one that ends with this trial.

        Raises:
            BrokerMissing, BrokerFailed: there is none to be had.
        """
        settings = self._services.context.settings
        if "mqtt" not in self._ports:
            own = not settings.gateway_mqtt_broker
            url = settings.gateway_mqtt_broker or await ensure_broker(settings.home, os.getpid())
            self._own_broker = own
            broker = parse_broker(url)
            self._broker_host, self._ports["mqtt"] = broker.host, broker.port
            serving = mqtt.serve(self._services.sensing, GatewaySettings("mqtt", broker=url), self._stop)
            self._tasks.append(asyncio.create_task(serving))
            await asyncio.sleep(_subscribing_seconds)
        return self._broker_host, self._ports["mqtt"]

    async def _follow(self) -> None:
        """Begin to follow readings, once; every follower is known to the outbox when this returns."""
        if self._keeper is not None:
            return
        services, sensing, casework = self._services, self._services.sensing, self._services.casework
        settings = services.context.settings
        functions = await asyncio.to_thread(load_functions, settings.packs, settings.city)
        self._keeper = Keeper(sensing.readings)
        computing = Computing(services.context, sensing.directory, functions)
        following = RuleFollowing(services.context, sensing.directory, sensing.book)
        vehicle_rules = VehicleRules(services.context, sensing.directory, sensing.book)
        vehicles = VehicleFollowing(services.context, [vehicle_rules])
        watching = Watching(services.context, sensing.directory, sensing.book)
        evidence = Evidence(sensing.directory, sensing.readings.lake)
        cases = AlarmCases(casework.parts, casework.drafting, casework.opening, casework.operations, evidence)
        rounds: list[Callable[[], Awaitable[object]]] = [
            self._keeper.follow, computing.advance, following.advance, vehicles.advance, watching.sweep,
            cases.open_due, cases.follow_closed, cases.tell_due,
        ]  # fmt: skip
        for one in rounds[:4]:
            await one()
        self._tasks.append(asyncio.create_task(self._rounds(rounds)))

    async def _rounds(self, rounds: list[Callable[[], Awaitable[object]]]) -> None:
        while not self._stop.is_set():
            for one in rounds:
                await one()
            await asyncio.sleep(_pause_seconds)

    async def close(self) -> None:
        """End the gateways and what follows readings."""
        self._stop.set()
        for task in self._tasks[::-1]:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._keeper is not None:
            await self._keeper.close()
        if self._own_broker:
            await stop_broker(self._services.context.settings.home)
