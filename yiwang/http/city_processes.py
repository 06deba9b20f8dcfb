"""The processes that run cities founded here: where each lies, started, found again, ended.

A city's process is known by its number and, because numbers are given anew, by the home in its environment.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson

from yiwang.kernel.cluster.provisioning import with_database
from yiwang.kernel.settings import Settings

_LOG_TAIL = 4000
_patience_seconds = 30.0


@dataclass(frozen=True, slots=True)
class CityPlace:
    """Where a new city lies."""

    id: str
    base: Path

    @property
    def folder(self) -> Path:
        return self.base / self.id

    @property
    def home(self) -> Path:
        return self.base / "home"

    @property
    def state(self) -> Path:
        return self.base / "run.json"

    @property
    def log(self) -> Path:
        return self.base / "run.log"


def run_state(place: CityPlace) -> Mapping[str, int | float]:
    try:
        found: dict[str, int | float] = orjson.loads(place.state.read_bytes())
    except FileNotFoundError:
        return {}
    return found


def process_of(place: CityPlace) -> int | None:
    """The process that runs the city; None where none does. Another one that got its number later is not taken for it."""
    pid = int(run_state(place).get("pid", 0))
    if not pid:
        return None
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # where this very process started it, so that an ended one does not linger
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    except OSError:
        return None
    ours = b"yiwang.cli" in command and f"YIWANG_HOME={place.home}".encode() in environment
    return pid if ours else None


def variables(place: CityPlace, settings: Settings, url: str | None) -> dict[str, str]:
    """What the new city's processes need to know beyond the machine's environment."""
    found = {
        "YIWANG_HOME": str(place.home),
        "YIWANG_CITY": str(place.folder),
        "YIWANG_PACKS": str(settings.packs.absolute()),
        "YIWANG_HOST": settings.host,
    }
    if settings.database_url:
        found["YIWANG_DATABASE_URL"] = with_database(
            url or settings.database_url, f"yiwang_{place.id.replace('-', '_')}"
        )
    return found


def start(place: CityPlace, settings: Settings, url: str | None) -> None:
    port = int(run_state(place).get("port", 0)) or settings.port + 10
    while not _free(settings.host, port):
        port += 1
    kept = {name: value for name, value in os.environ.items() if not name.startswith("YIWANG_")}
    for name in ("YIWANG_PG_BIN", "YIWANG_LOG_LEVEL"):
        if name in os.environ:
            kept[name] = os.environ[name]
    environment = {**kept, **variables(place, settings, url), "YIWANG_WORKERS": "1"}
    with place.log.open("wb") as log:
        process = subprocess.Popen(  # noqa: S603  # our own command
            [sys.executable, "-m", "yiwang.cli", "run", "--port", str(port)],
            env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    place.state.write_bytes(orjson.dumps({"pid": process.pid, "port": port, "at": time.time()}))


def _free(host: str, port: int) -> bool:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def tail(path: Path) -> str:
    try:
        content = path.read_bytes()[-_LOG_TAIL:]
    except FileNotFoundError:
        return ""
    return re.sub(r"\x1b\[[0-9;]*m", "", content.decode("utf-8", "replace"))


async def answers(host: str, port: int) -> bool:
    import httpx  # 5 MB, for processes that call nobody

    address = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104  # compared
    try:
        async with httpx.AsyncClient(trust_env=False, timeout=2) as client:
            return (await client.get(f"http://{address}:{port}/readyz")).status_code == 200
    except httpx.HTTPError:
        return False


def end(place: CityPlace) -> bool:
    """End the city's processes and wait until they have; whether there were any."""
    process = process_of(place)
    if process is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, signal.SIGTERM)
    ends = time.monotonic() + _patience_seconds
    while process_of(place) is not None and time.monotonic() < ends:
        time.sleep(0.2)
    return True
