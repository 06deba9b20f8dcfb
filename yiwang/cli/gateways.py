"""``yiwang gateway``: one gateway of the senses in its own process; and which gateways a city needs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from yiwang.cli.environment import database_url, one_connection, run_async, settings
from yiwang.cli.output import say
from yiwang.cli.supervisor import end_if_supervisor_ends, supervising_process
from yiwang.kernel import logs
from yiwang.kernel.database import AWAY

if TYPE_CHECKING:
    from yiwang.kernel.clock import CityClock
    from yiwang.kernel.database import Database
    from yiwang.sensing.service import Sensing

log = logs.get("gateway")

Gateway = Literal["hj212", "jt808", "mqtt"]
_clock_seconds = 1.0
_look_seconds = 5.0


def register(app: typer.Typer) -> None:
    """Add this command."""
    app.command()(gateway)


def gateway(
    name: Annotated[Gateway, typer.Argument(help="hj212, jt808 or mqtt.")],
    host: Annotated[
        str | None, typer.Option(help="Address to listen on (YIWANG_GATEWAY_…_HOST); 0.0.0.0 opens it to the network.")
    ] = None,
    port: Annotated[int | None, typer.Option(help="TCP port (YIWANG_GATEWAY_…_PORT).", min=1, max=65535)] = None,
) -> None:
    """Let devices of one protocol in: listen, decode, store, acknowledge. Ctrl-C or SIGTERM ends it.

    运行一个设备接入网关;已确认的数据不会丢,可随时重启。
    """
    end_if_supervisor_ends()
    run_async(_serve(name, host, port))


def protocols_of(devices: Iterable[tuple[str, int]]) -> list[Gateway]:
    """The gateways that a city with so many devices per protocol needs."""
    having = {protocol for protocol, count in devices if count}
    names: tuple[Gateway, ...] = ("hj212", "jt808", "mqtt")
    return [name for name in names if name in having]


async def devices_by_protocol(url: str) -> dict[str, int]:
    """How many devices in service the city has, per protocol."""
    async with one_connection(url) as connection:
        rows = await connection.fetch("select protocol, count(*) as n from device where retired_at is null group by 1")
    return {row["protocol"]: row["n"] for row in rows}


async def newly_needed(url: str, known: Iterable[str], seconds: float = _look_seconds) -> AsyncIterator[Gateway]:
    """The gateways that a running city comes to need, each once, as soon as its first device is registered."""
    having = set(known)
    while True:
        await asyncio.sleep(seconds)
        try:
            found = protocols_of((await devices_by_protocol(url)).items())
        except AWAY as error:
            log.warning("looking for new devices waits for the database", error=type(error).__name__)
            continue
        for name in found:
            if name not in having:
                having.add(name)
                yield name


@asynccontextmanager
async def sensing_process(connections: int = 4) -> AsyncIterator[tuple[Sensing, asyncio.Event]]:
    """The senses in a process of their own, with a city clock kept fresh, and an event that SIGINT and SIGTERM set."""
    from yiwang.http.city import read_city
    from yiwang.http.clock import raw
    from yiwang.kernel.clock import CityClock
    from yiwang.kernel.context import Context
    from yiwang.kernel.database import Database
    from yiwang.sensing.service import open_sensing

    url, found = await database_url(), settings()
    async with one_connection(url):
        pass
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    database = await Database.open(url, connections=connections)
    try:
        clock = CityClock()
        async with database.connection() as connection:
            await clock.refresh(raw(connection))
        keeper = asyncio.create_task(_keep_clock(database, clock))
        try:
            async with open_sensing(Context(database, clock, read_city(found.city).calendar, found)) as sensing:
                yield sensing, stop
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
    finally:
        await database.close()


async def _serve(name: Gateway, host: str | None, port: int | None) -> None:
    from yiwang.sensing.gateways.starting import gateway_settings, serving

    async with sensing_process() as (sensing, stop):
        chosen = gateway_settings(settings(), name, host=host, port=port)
        chosen = replace(chosen, ends_with=supervising_process())
        where = chosen.broker or (f"{chosen.host}:{chosen.port}" if chosen.port else "")
        say(f"{name} 网关已就绪 {where}".rstrip(), f"the gateway {name} is ready {where}".rstrip())
        await serving(name)(sensing, chosen, stop)


async def _keep_clock(database: Database, clock: CityClock) -> None:
    from yiwang.http.clock import raw

    while True:
        await asyncio.sleep(_clock_seconds)
        try:
            async with database.connection() as connection:
                await clock.refresh(raw(connection))
        except AWAY as error:
            log.warning("the city clock waits for the database", error=type(error).__name__)
