"""``yiwang simulate``: the simulated day; and with a protocol, simulated devices that speak it over real sockets."""

from __future__ import annotations

import asyncio
import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from yiwang.cli import cities
from yiwang.cli.environment import run_async, settings
from yiwang.cli.gateways import sensing_process
from yiwang.cli.output import say, show_problem
from yiwang.cli.supervisor import end_if_supervisor_ends, supervised_variable, supervising_process
from yiwang.kernel.errors import FieldError, InvalidInput, Problem

if TYPE_CHECKING:
    from yiwang.sensing.service import Sensing
    from yiwang.sensing.simulators.options import SimulatedDevice, SimulateOptions

app = typer.Typer(invoke_without_command=True)

Count = Annotated[int | None, typer.Option("--devices", help="How many of the city's devices; default: all.", min=1)]
Only = Annotated[list[str] | None, typer.Option("--device", help="Only this device, by its code; may be given again.")]
Every = Annotated[
    str | None, typer.Option(help="Real time between readings of a device, e.g. 5s; default: as its profile says.")
]
For = Annotated[str | None, typer.Option("--for", help="End after this real time, e.g. 10min; default: never.")]
Exceed = Annotated[
    list[str] | None, typer.Option(help="DEVICE:METRIC:VALUE sent instead of the curve; may be given again.")
]
Errors = Annotated[float, typer.Option(help="Share of frames that are spoilt on purpose.", min=0, max=1)]
Option = Annotated[
    list[str] | None, typer.Option("--option", help="NAME=VALUE that only this protocol knows; may be given again.")
]
Host = Annotated[str, typer.Option(help="Where the gateway listens.")]
Port = Annotated[
    int | None, typer.Option(help="TCP port of the gateway; default: as in the settings.", min=1, max=65535)
]
Broker = Annotated[str, typer.Option(help="mqtt://host:port of the broker; default: as in the settings.")]
Url = Annotated[str, typer.Option(help="Base URL of the running city.")]
_broker_patience_seconds = 60
_PLACES = {"s": 1.0, "min": 60.0, "h": 3600.0}


@app.callback(invoke_without_command=True)
def simulate(
    context: typer.Context,
    url: Annotated[str, typer.Option(help="Base URL of the running city, on this machine.")] = "",
    speed: Annotated[
        float | None, typer.Option(help="City seconds per real second; default: leave the clock.", min=0)
    ] = None,
    rate: Annotated[float | None, typer.Option(help="Reports per city hour on the day's average.", min=0.1)] = None,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same day.")] = None,
    leave: Annotated[
        list[str] | None,
        typer.Option(help="A login or kind of post that you take over yourself; may be given again."),
    ] = None,
    city: cities.City = None,
    packs: cities.Packs = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing.")] = False,
) -> None:
    """Let a simulated day pass in a running demo city: residents, grid workers, desks and handlers, through the API.

    With hj212, jt808, mqtt or http: let the city's devices of that protocol speak.

    在运行中的演示城市里模拟一天(居民、网格员、座席、处置人员都通过公开接口操作);按 Ctrl-C 停止。
    写上协议名则模拟该协议的设备。
    """
    if context.invoked_subcommand is None:
        cities.simulate(url, speed, rate, seed, leave, city, packs, quiet)


@dataclass(frozen=True, slots=True)
class _Wish:
    """What was asked of the simulated devices."""

    protocol: str
    count: int | None
    only: Sequence[str]
    every: str | None
    duration: str | None
    exceed: Sequence[str]
    errors: float
    more: Sequence[str]
    host: str = "127.0.0.1"
    port: int | None = None
    broker: str = ""
    url: str = ""
    mishaps: bool = False


@app.command()
def hj212(
    count: Count = None,
    device: Only = None,
    every: Every = None,
    until: For = None,
    exceed: Exceed = None,
    errors: Errors = 0,
    option: Option = None,
    host: Host = "127.0.0.1",
    port: Port = None,
) -> None:
    """Monitoring stations that speak HJ 212 to the gateway.

    模拟 HJ 212 数采仪。
    """
    _play(_Wish("hj212", count, device or (), every, until, exceed or (), errors, option or (), host, port))


@app.command()
def jt808(
    count: Count = None,
    device: Only = None,
    every: Every = None,
    until: For = None,
    exceed: Exceed = None,
    errors: Errors = 0,
    option: Option = None,
    host: Host = "127.0.0.1",
    port: Port = None,
) -> None:
    """Vehicle terminals that speak JT/T 808 to the gateway.

    模拟 JT/T 808 车载终端。
    """
    _play(_Wish("jt808", count, device or (), every, until, exceed or (), errors, option or (), host, port))


@app.command()
def mqtt(
    count: Count = None,
    device: Only = None,
    every: Every = None,
    until: For = None,
    exceed: Exceed = None,
    errors: Errors = 0,
    option: Option = None,
    broker: Broker = "",
) -> None:
    """Sensors that publish to the MQTT broker.

    模拟 MQTT 传感器。
    """
    _play(_Wish("mqtt", count, device or (), every, until, exceed or (), errors, option or (), broker=broker))


@app.command()
def http(
    count: Count = None,
    device: Only = None,
    every: Every = None,
    until: For = None,
    exceed: Exceed = None,
    errors: Errors = 0,
    option: Option = None,
    url: Url = "",
) -> None:
    """Sensors that send batches over HTTP.

    模拟 HTTP 传感器。
    """
    _play(_Wish("http", count, device or (), every, until, exceed or (), errors, option or (), url=url))


@app.command("devices")
def devices_(
    every: Every = None,
    until: For = None,
    exceed: Exceed = None,
    errors: Errors = 0,
    url: Url = "",
) -> None:
    """All devices of the city, each over its own protocol, in one process; what a demo city does by itself. Now and then
    something goes wrong with one of them for a while.

    模拟本市全部设备(各走各的协议)。
    """
    wishes = [
        _Wish(protocol, None, (), every, until, exceed or (), errors, (), url=url, mishaps=True)
        for protocol in ("hj212", "jt808", "mqtt", "http")
    ]
    _play(*wishes)


def _play(*wishes: _Wish) -> None:
    end_if_supervisor_ends()
    run_async(_simulate(wishes))


async def _simulate(wishes: Sequence[_Wish]) -> None:
    async with sensing_process(connections=2) as (sensing, stop):
        if len(wishes) == 1:
            await _simulate_one(wishes[0], sensing, stop)
            return
        async with asyncio.TaskGroup() as group:
            for wish in wishes:
                group.create_task(_simulate_if_possible(wish, sensing, stop))


async def _simulate_if_possible(wish: _Wish, sensing: Sensing, stop: asyncio.Event) -> None:
    """Devices of one protocol that cannot be played do not keep the others from it."""
    try:
        await _simulate_one(wish, sensing, stop)
    except Problem as problem:
        show_problem(problem)


async def _simulate_one(wish: _Wish, sensing: Sensing, stop: asyncio.Event) -> None:
    module = importlib.import_module(f"yiwang.sensing.simulators.{'web' if wish.protocol == 'http' else wish.protocol}")
    devices = simulated_devices(sensing, wish.protocol, wish.only, wish.count)
    if not devices:
        say(f"本市没有 {wish.protocol} 设备", f"the city has no devices that speak {wish.protocol}")
        return
    say(f"{len(devices)} 台模拟设备开始上报", f"{len(devices)} simulated devices begin to speak")
    broker = await _broker(wish) if wish.protocol == "mqtt" else ""
    await module.simulate(devices, _options(wish, sensing, broker), stop)


async def _broker(wish: _Wish) -> str:
    """The broker asked for, that of the settings, or the private one, which the gateway of a city that starts brings up."""
    from yiwang.sensing.gateways.mqtt.broker import ensure_broker, running_broker

    found = settings()
    named = wish.broker or found.gateway_mqtt_broker
    if named:
        return named
    for _ in range(_broker_patience_seconds if supervised_variable in os.environ else 0):
        if running := running_broker(found.home):
            return running
        await asyncio.sleep(1)
    return await ensure_broker(found.home, supervising_process())


def simulated_devices(sensing: Sensing, protocol: str, only: Sequence[str], count: int | None) -> list[SimulatedDevice]:
    """The city's devices of a protocol as they are to be played. An HTTP device's key cannot be read back: it is taken from
    devices.yaml of the demo city."""
    from yiwang.sensing.simulators.options import SimulatedDevice

    written = _written_secrets() if protocol == "http" else {}
    found = []
    for device in sensing.directory.devices(protocol):
        if only and device.code not in only:
            continue
        secret = sensing.secrets.open(device.secret) if device.secret else None
        profile = sensing.directory.profile_of(device)
        found.append(SimulatedDevice(device, profile, secret or written.get(device.code)))
    return found[:count]


def _written_secrets() -> Mapping[str, str]:
    """Device code → secret, as the demo city's devices.yaml writes it."""
    from yiwang.packs.findings import Findings
    from yiwang.packs.loader import load_city

    city = load_city(settings().city, settings().packs, Findings())
    listed = city.devices.value.devices if city is not None and city.devices is not None else []
    return {one.code: one.secret for one in listed if one.secret is not None}


def _options(wish: _Wish, sensing: Sensing, broker: str) -> SimulateOptions:
    from yiwang.kernel.clock import CityClock
    from yiwang.sensing.simulators.options import SimulateOptions

    found, clock = settings(), sensing.context.clock
    ports = {"hj212": found.gateway_hj212_port, "jt808": found.gateway_jt808_port}
    speed = clock.state.speed if isinstance(clock, CityClock) and clock.state.simulated else 1.0
    return SimulateOptions(
        clock,
        host=wish.host,
        port=wish.port or ports.get(wish.protocol, 0),
        broker=broker,
        url=wish.url or f"http://{found.host}:{found.port}",
        every=None if wish.every is None else _seconds("--every", wish.every),
        duration=None if wish.duration is None else _seconds("--for", wish.duration),
        errors=wish.errors,
        speed=speed,
        exceed=dict(_exceeding(text) for text in wish.exceed),
        mishaps=wish.mishaps,
        more=dict(_option(text) for text in wish.more),
    )


def _seconds(where: str, text: str) -> float:
    unit = next((unit for unit in ("min", "h", "s") if text.endswith(unit)), "")
    number = text.removesuffix(unit)
    if not unit or not number.replace(".", "", 1).isdigit() or float(number) <= 0:
        raise _wrong(where, "应为时长,如 5s、10min、2h", "must be a duration such as 5s, 10min, 2h")
    return float(number) * _PLACES[unit]


def _exceeding(text: str) -> tuple[tuple[str, str], float]:
    device, _, rest = text.partition(":")
    metric, _, value = rest.partition(":")
    try:
        return (device, metric), float(value)
    except ValueError as error:
        raise _wrong("--exceed", "应为 设备:指标:数值", "must be DEVICE:METRIC:VALUE") from error


def _option(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise _wrong("--option", "应为 名称=值", "must be NAME=VALUE")
    return name, value


def _wrong(where: str, zh: str, en: str) -> InvalidInput:
    return InvalidInput(errors=[FieldError(where=where, code="input.option", zh=zh, en=en)], count=1)
