"""Running the system: ``run`` (everything, one command), ``serve`` (the web alone), ``worker`` (the background
alone)."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from yiwang.cli.environment import database_url, one_connection, run_async, services, settings
from yiwang.cli.gateways import Gateway, devices_by_protocol, newly_needed, protocols_of
from yiwang.cli.output import UNUSABLE, console, escape, print_table, say
from yiwang.cli.supervisor import Child, Supervisor, end_if_supervisor_ends, supervised_variable
from yiwang.http import database_url_variable
from yiwang.http.city import CityInfo, kinds_of_post, read_city
from yiwang.kernel import journal, metrics
from yiwang.kernel.clock import begin_simulation, read_clock, real_now
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.database import connect
from yiwang.kernel.errors import Problem
from yiwang.kernel.settings import Settings

_demo_reports_per_minute = 100_000
_ready_patience_seconds = 60
_port_patience_seconds = 20.0
_asleep_seconds = 60.0


class PortTaken(Problem):
    code = "installation.port_taken"
    status = 503
    zh = "{host}:{port} 已被其他程序占用。请另选端口:YIWANG_PORT={other} make run,或 yiwang run --port {other};或先停掉那个程序。"
    en = (
        "Another program listens on {host}:{port}. Choose another port: YIWANG_PORT={other} make run, or yiwang run --port "
        "{other}; or stop that program."
    )


@dataclass(frozen=True, slots=True)
class Running:
    """What ``run`` has brought up and its children need."""

    settings: Settings
    city: CityInfo
    url: str

    @property
    def address(self) -> str:
        host = "127.0.0.1" if self.settings.host in ("0.0.0.0", "::") else self.settings.host  # noqa: S104  # compared
        return f"http://{host}:{self.settings.port}"

    def environment(self) -> dict[str, str]:
        """Variables of the children: the settings as ``run`` understood them."""
        variables = {**os.environ, database_url_variable: self.url, supervised_variable: "yes"}
        variables["YIWANG_DEMO"] = "true" if self.settings.demo else "false"
        variables["YIWANG_HOST"], variables["YIWANG_PORT"] = self.settings.host, str(self.settings.port)
        variables["YIWANG_WORKERS"] = str(self.settings.workers)
        variables.setdefault(
            "MALLOC_ARENA_MAX", "2"
        )  # glibc keeps eight heaps a processor, each with its own leftovers
        if sys.stderr.isatty():
            # A person watches: only what needs attention, in words.
            variables.setdefault("YIWANG_LOG_LEVEL", "warning")
            variables.setdefault("YIWANG_LOG_FORMAT", "console")
        if self.settings.demo:
            # The simulated residents all come from this machine.
            variables.setdefault("YIWANG_PUBLIC_REPORTS_PER_MINUTE", str(_demo_reports_per_minute))
        return variables


def register(app: typer.Typer) -> None:
    """Add these commands."""
    app.command()(run)
    app.command()(serve)
    app.command()(worker)


def run(
    port: Annotated[int | None, typer.Option(help="TCP port (YIWANG_PORT).", min=1, max=65535)] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (YIWANG_HOST).")] = None,
    workers: Annotated[int | None, typer.Option(help="Web processes (YIWANG_WORKERS).", min=1, max=64)] = None,
    demo: Annotated[
        bool | None,
        typer.Option("--demo/--no-demo", help="Demo accounts and a simulated day; default: if the city has one."),
    ] = None,
) -> None:
    """Bring everything up and open the city: database, migrations, city, web, background, simulated day. Ctrl-C ends
    it.

    启动整个系统:数据库、结构升级、城市发布、网页、后台和模拟的一天;按 Ctrl-C 全部停止。
    """
    wanted, city = _wanted(port, host, workers, demo)
    _refuse_taken_port(wanted)
    say("准备数据库", "bringing up the database")
    running = Running(wanted, city, run_async(database_url(wanted)))
    _finish(running, "migrate")
    run_async(_wake(running))
    _finish(running, "up")
    metrics.share_between_processes(wanted.home)
    supervisor = Supervisor(_children(running, run_async(devices_by_protocol(running.url))))
    run_async(_supervise(running, supervisor))
    if not wanted.database_url and run_async(EmbeddedServer(wanted.home).stop_if_unused()):
        say("数据库已停止", "the database is stopped")
    if supervisor.hopeless is not None:
        raise typer.Exit(UNUSABLE)


def serve(
    port: Annotated[int | None, typer.Option(help="TCP port (YIWANG_PORT).", min=1, max=65535)] = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on (YIWANG_HOST).")] = None,
    workers: Annotated[int | None, typer.Option(help="Web processes (YIWANG_WORKERS).", min=1, max=64)] = None,
) -> None:
    """Serve the web alone: pages and API, in several processes. The background needs a `yiwang worker` beside it.

    只启动网页与接口(多进程);后台工作另用 yiwang worker。
    """
    end_if_supervisor_ends()
    wanted = _overridden(settings(), port=port, host=host, workers=workers)
    _refuse_taken_port(wanted)
    if database_url_variable not in os.environ:
        os.environ[database_url_variable] = run_async(_migrated_url())
        metrics.share_between_processes(wanted.home)
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.server import Server

    Server(
        "yiwang.http.app:serve",
        address=wanted.host,
        port=wanted.port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=wanted.workers,
        loop=Loops.uvloop,
        http=HTTPModes.auto,
        websockets=False,
        backlog=2048,
        respawn_failed_workers=True,
        workers_kill_timeout=10,
        log_access=False,
        log_dictconfig=_GRANIAN_LOGS,
    ).serve()


def worker() -> None:
    """Work in the background alone: timers, sealing the journal, jobs. Several may run. Ctrl-C or SIGTERM ends it.

    只运行后台:流程计时、日志封存、任务队列;可以同时运行多个。
    """
    end_if_supervisor_ends()
    run_async(_work())


_GRANIAN_LOGS = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {
        name: {"handlers": [], "level": "WARNING", "propagate": True} for name in ("_granian", "granian.access")
    },
}


def _wanted(port: int | None, host: str | None, workers: int | None, demo: bool | None) -> tuple[Settings, CityInfo]:
    """The settings with what the command line overrides; the demo is on where the city has one and nobody said no."""
    found = settings()
    city = read_city(found.city)
    if demo is None:
        demo = found.demo if "demo" in found.model_fields_set else city.file.demo is not None
    return _overridden(found, port=port, host=host, workers=workers, demo=demo), city


def _overridden(found: Settings, **changes: object) -> Settings:
    return found.model_copy(update={name: value for name, value in changes.items() if value is not None})


def _refuse_taken_port(wanted: Settings) -> None:
    """Under a supervisor the port may still be held for a moment by what remains of the process before."""
    patience = _port_patience_seconds if supervised_variable in os.environ else 0.0
    while not _port_free(wanted):
        if patience <= 0:
            raise PortTaken(host=wanted.host, port=wanted.port, other=_another(wanted.port))
        time.sleep(0.25)
        patience -= 0.25


def _another(port: int) -> int:
    return port + 90 if port + 90 <= 65_535 else port - 90


def _port_free(wanted: Settings) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in wanted.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((wanted.host, wanted.port))
        except OSError:
            return False
    return True


async def _migrated_url() -> str:
    url = await database_url()
    async with one_connection(url):
        return url


def _finish(running: Running, command: str) -> None:
    """Run one of our own commands to its end, in a process of its own, so that this one stays small."""
    done = subprocess.run([sys.executable, "-m", "yiwang.cli", command], env=running.environment(), check=False)  # noqa: S603
    if done.returncode:
        raise typer.Exit(done.returncode)


async def _wake(running: Running) -> None:
    """What has to be right before anybody writes: the journal's era, and a demo city's clock."""
    connection = await connect(running.url)
    try:
        if await journal.open_era(connection):
            say("数据库是恢复来的,日志开始新的纪元", "the database was restored; the journal begins a new era")
        state = await read_clock(connection)
        last = await connection.fetchval("select at from journal order by tx desc, seq desc limit 1")
        if running.settings.demo and state.simulated and last is not None:
            slept = (state.at(real_now()) - last).total_seconds() / max(state.speed, 1.0)
            if slept > _asleep_seconds:
                # Nothing has happened since: city time did not pass while the demo city was shut.
                await begin_simulation(connection, at=last, speed=state.speed)
                say("城市时间从上次停下处继续", "city time goes on from where it stopped")
    finally:
        await connection.close()


def _children(running: Running, devices: Mapping[str, int]) -> list[Child]:
    environment = running.environment()
    children = [Child("web", ["serve"], environment), Child("worker", ["worker"], environment)]
    children += [_gateway(name, environment) for name in protocols_of(devices.items())]
    sensing = running.city.file.demo.sensing if running.settings.demo and running.city.file.demo else None
    if sensing is not None and sensing.simulate and devices:
        children.append(Child("devices", ["simulate", "devices"], environment, optional=True))
    if running.settings.demo and running.city.file.demo and running.city.file.demo.day:
        children.append(Child("day", ["simulate", "--quiet", "--url", running.address], environment))
    return children


def _gateway(name: Gateway, environment: Mapping[str, str]) -> Child:
    return Child(f"gateway-{name}", ["gateway", name], environment, optional=True)


async def _supervise(running: Running, supervisor: Supervisor) -> None:
    beside = [
        asyncio.create_task(_greet(running, supervisor)),
        asyncio.create_task(_follow_devices(running, supervisor)),
    ]
    try:
        await supervisor.run()
    finally:
        for task in beside:
            task.cancel()
        await asyncio.gather(*beside, return_exceptions=True)


async def _follow_devices(running: Running, supervisor: Supervisor) -> None:
    """Start the gateway of a protocol whose first device is registered while the city runs."""
    known = {child.arguments[1] for child in supervisor.children if child.arguments[0] == "gateway"}
    async for name in newly_needed(running.url, known):
        supervisor.add(_gateway(name, running.environment()))


async def _greet(running: Running, supervisor: Supervisor) -> None:
    """Say where the city is as soon as it answers."""
    import httpx  # weighs nothing in the gateways, which load this module too

    async with httpx.AsyncClient(trust_env=False, timeout=5) as client:
        for _ in range(_ready_patience_seconds * 4):
            try:
                if (await client.get(f"{running.address}/readyz")).status_code == 200:
                    break
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.25)
        else:
            return
    if running.settings.demo and running.city.demo_accounts:
        _show_accounts(running.city)
    console.print(
        f"\n[bold green]{escape(running.city.name('zh'))} · {escape(running.city.name('en'))}[/]  [bold]{running.address}[/]"
    )
    say("按 Ctrl-C 停止", "Ctrl-C stops everything")


def _show_accounts(city: CityInfo) -> None:
    """One demo account of each kind of work, and where the others are."""
    shown = city.one_of_each_kind
    print_table(
        ["登录名 login", "姓名 name", "岗位 posts"],
        [(item.login, item.name, ", ".join([*kinds_of_post(item), *item.roles])) for item in shown],
        title=f"演示密码 demo password: {city.demo_password}",
    )
    more = len(city.demo_accounts) - len(shown)
    if more:
        say(
            f"每种岗位一个;另有 {more} 个账号,在登录页选用",
            f"one of each kind of work; {more} more on the sign-in page",
        )


async def _work() -> None:
    from yiwang.cli import background

    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with services(connections=6) as opened:
        await background.work(opened, stop)
