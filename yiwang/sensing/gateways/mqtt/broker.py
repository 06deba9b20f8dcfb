"""Which broker: the address in a URL, and the private mosquitto that a city without a broker of its own gets.

The private broker listens on loopback only, keeps its sessions and queued messages in ``<home>/mqtt/data``, and is found again
by whoever asks next; of processes that ask together one starts it. It outlives a gateway that crashes, so that messages wait,
and ends with one that is told to end, or with the process that watches over the city, however that ends. Where the city is run
by root, it gives up root's rights. It asks nobody for a password: it is for the demo and for trying out. A real city names its
own broker (``YIWANG_GATEWAY_MQTT_BROKER``).
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import shutil
import signal
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from yiwang.kernel import logs
from yiwang.kernel.cluster.system import Account, is_root, reachable, try_lock, unprivileged_account
from yiwang.kernel.errors import Problem

log = logs.get("mqtt")

usual_port, usual_tls_port = 1883, 8883
_ports = range(1883, 1903)
_start_seconds = 10.0
_lock_seconds = 60.0
_again_seconds = 0.05
_bind_seconds = 0.1
# Becomes mosquitto, keeping its process number, and leaves a watcher that ends it when the process $1 is gone.
_ENDING_WITH = (
    'watched=$1; shift; (while kill -0 "$watched" 2>/dev/null; do kill -0 $$ 2>/dev/null || exit 0; sleep 1; done; kill $$) & '
    'exec "$@"'
)
_unpacked = "mqtt-root"
_path = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")


class BrokerMissing(Problem):
    code = "gateway.mqtt_broker_missing"
    status = 503
    zh = "没有可用的 MQTT 代理。请运行 scripts/broker.sh 安装 mosquitto,或以 YIWANG_GATEWAY_MQTT_BROKER 指明您的代理。"
    en = "There is no MQTT broker; run scripts/broker.sh to get mosquitto, or name your own in YIWANG_GATEWAY_MQTT_BROKER."


class BrokerUrlInvalid(Problem):
    code = "gateway.mqtt_broker_invalid"
    status = 500
    zh = "MQTT 代理地址“{url}”不能用:{reason}。应形如 mqtt://用户:密码@主机:1883 或 mqtts://主机:8883。"
    en = "The broker address “{url}” cannot be used: {reason}; write mqtt://user:password@host:1883 or mqtts://host:8883."


class BrokerFailed(Problem):
    code = "gateway.mqtt_broker_failed"
    status = 503
    zh = "内置 MQTT 代理未能启动,原因见 {log}。"
    en = "The private MQTT broker did not start; {log} says why."


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker to connect to. ``client`` is the name of our session there: it must stay the same over restarts, and differ
    between gateways. ``group`` names the shared subscription of gateways that share the work; without it
    each hears everything."""

    host: str
    port: int
    tls: bool = False
    user: str | None = None
    password: str | None = None
    client: str = "yiwang-gateway"
    group: str = ""


def parse_broker(url: str) -> Broker:
    """``mqtt[s]://[user:password@]host[:port][?client=NAME&group=NAME]``.

    Raises:
        BrokerUrlInvalid: anything else.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise BrokerUrlInvalid(url=_without_password(url), reason=str(error)) from error
    if parts.scheme not in ("mqtt", "mqtts") or not parts.hostname:
        raise BrokerUrlInvalid(url=_without_password(url), reason="mqtt://host")
    query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    tls = parts.scheme == "mqtts"
    return Broker(
        parts.hostname,
        port or (usual_tls_port if tls else usual_port),
        tls,
        unquote(parts.username) if parts.username else None,
        unquote(parts.password) if parts.password else None,
        query.get("client", "yiwang-gateway"),
        query.get("group", ""),
    )


def _without_password(url: str) -> str:
    head, at, tail = url.rpartition("@")
    return f"{head.split('://')[0]}://…@{tail}"[:200] if at else url[:200]


# -- the private one ----------------------------------------------------------------------------------------------------


def find_mosquitto(home: Path) -> Path | None:
    """The program: of the system, or unpacked by scripts/broker.sh into ``<home>/mqtt-root``, or into that of the
    installation (YIWANG_HOME), whose scenarios have homes of their own."""
    found = shutil.which("mosquitto", path=os.pathsep.join((os.environ.get("PATH", ""), *_path)))
    if found:
        return Path(found)
    homes = (home, Path(os.environ.get("YIWANG_HOME") or ".yiwang"))
    unpacked = (folder.absolute() / _unpacked / "usr" / "sbin" / "mosquitto" for folder in homes)
    return next((program for program in unpacked if program.is_file()), None)


def environment_of(program: Path) -> dict[str, str]:
    """The environment in which the program finds its libraries."""
    root = program.parents[2]
    if root.name != _unpacked:
        return dict(os.environ)
    libraries = [str(path) for top in ("usr/lib", "lib") for path in (root / top).glob("*-linux-gnu*")]
    return {**os.environ, "LD_LIBRARY_PATH": ":".join(libraries)}


def configuration(folder: Path, port: int, user: str | None) -> str:
    """mosquitto.conf of the private broker. The queues are long: what is lost at the end of a queue is lost silently."""
    lines = [
        f"listener {port} 127.0.0.1",
        "allow_anonymous true",
        "persistence true",
        f"persistence_location {folder}/",
        "autosave_interval 5",
        "max_queued_messages 1000000",
        "max_inflight_messages 0",
        "message_size_limit 1048576",
        "persistent_client_expiration 14d",
        "log_dest stderr",
        "log_type error",
        "log_type warning",
        *([f"user {user}"] if user else []),
    ]
    return "\n".join(lines) + "\n"


async def ensure_broker(home: Path, ends_with: int | None = None) -> str:
    """The URL of the private broker of this home; it is started where it does not run yet.

    ``ends_with`` is the number of a process with which a broker that is started here ends.

    Raises:
        BrokerMissing: there is no mosquitto here. BrokerFailed: it does not start. AccountMissing: we are root, and there is
        no account without root's rights.
    """
    folder = home.resolve() / "mqtt"
    folder.mkdir(parents=True, exist_ok=True)
    async with _alone(folder):
        running = running_broker(home)
        if running is not None:
            return running
        program = find_mosquitto(home)
        if program is None:
            raise BrokerMissing()
        account = unprivileged_account() if is_root() else None
        data = _data_folder(folder, account)
        for port in _ports:
            if _answers(port):
                continue
            config = folder / "mosquitto.conf"
            config.write_text(configuration(data, port, account.name if account else None))
            process = await _start(program, config, folder / "mosquitto.log", ends_with)
            if await _listens(process, port):
                (folder / "port").write_text(f"{port} {process.pid}\n")
                log.info("the private broker runs", port=port)
                return f"mqtt://127.0.0.1:{port}"
        raise BrokerFailed(log=str(folder / "mosquitto.log"))


@contextlib.asynccontextmanager
async def _alone(folder: Path) -> AsyncIterator[None]:
    """One process at a time, until the block ends; a process that is killed lets go by that.

    Raises:
        BrokerFailed: another one has not come to an end in a minute.
    """
    for _ in range(int(_lock_seconds / _again_seconds)):
        if (descriptor := try_lock(folder / "lock")) is not None:
            break
        await asyncio.sleep(_again_seconds)
    else:
        raise BrokerFailed(log=str(folder / "mosquitto.log"))
    try:
        yield
    finally:
        os.close(descriptor)


def _data_folder(folder: Path, account: Account | None) -> Path:
    """Where the broker keeps its queues: a folder of its account, elsewhere if it cannot get to ours (below /root)."""
    data = folder / "data"
    data.mkdir(exist_ok=True)
    if account is None:
        return data
    if not reachable(data, account):
        data = Path("/var/lib/yiwang") / f"mqtt-{hashlib.sha256(os.fsencode(folder)).hexdigest()[:12]}"
        data.mkdir(parents=True, exist_ok=True)
    for path in (data, *data.iterdir()):
        os.chown(path, account.uid, account.gid, follow_symlinks=False)
    data.chmod(0o700)
    return data


async def _start(program: Path, config: Path, errors: Path, ends_with: int | None) -> asyncio.subprocess.Process:
    environment = environment_of(program)
    watched = [] if ends_with is None else ["/bin/sh", "-c", _ENDING_WITH, "broker", str(ends_with)]
    with errors.open("wb") as sink:
        return await asyncio.create_subprocess_exec(
            *watched, program, "-c", config, env=environment, stdout=sink, stderr=sink, start_new_session=True
        )  # fmt: skip


async def _listens(process: asyncio.subprocess.Process, port: int) -> bool:
    """Whether it came to listen; not if it ended, as when another program has just taken the port."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_start_seconds):
            while process.returncode is None:
                if _answers(port):
                    await asyncio.sleep(_bind_seconds)  # what answered may be the other program
                    return process.returncode is None
                await asyncio.sleep(0.05)
    if process.returncode is None:
        process.terminate()
        await process.wait()
    return False


def running_broker(home: Path) -> str | None:
    """The URL of the private broker, if it runs."""
    found = _noted(home)
    if found is None or not _is_mosquitto(found[1]) or not _answers(found[0]):
        return None
    return f"mqtt://127.0.0.1:{found[0]}"


async def stop_broker(home: Path) -> None:
    """End the private broker, if it runs; it writes down its sessions and queues."""
    found = _noted(home)
    if found is None or not _is_mosquitto(found[1]):
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(found[1], signal.SIGTERM)
    for _ in range(100):
        if not _is_mosquitto(found[1]):
            break
        await asyncio.sleep(0.05)
    (home / "mqtt" / "port").unlink(missing_ok=True)


def _noted(home: Path) -> tuple[int, int] | None:
    try:
        port, pid = (home / "mqtt" / "port").read_text().split()
        return int(port), int(pid)
    except (OSError, ValueError):
        return None


def _is_mosquitto(pid: int) -> bool:
    """Whether this process is (still) a living mosquitto: numbers of processes are given anew."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, PermissionError):
            return False
        return not Path("/proc/self").exists()
    return "(mosquitto)" in stat and ") Z " not in stat


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
