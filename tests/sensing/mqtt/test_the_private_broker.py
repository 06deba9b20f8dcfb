"""自带的 MQTT 代理:同时要的只起一个;不以 root 身份运行;随城市结束,哪怕城市是被强行结束的。"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import pytest

from yiwang.sensing.gateways.mqtt.broker import ensure_broker, find_mosquitto, running_broker, stop_broker

ASKING = (
    "import asyncio, sys; from pathlib import Path; from yiwang.sensing.gateways.mqtt.broker import ensure_broker; "
    "print(asyncio.run(ensure_broker(Path(sys.argv[1]))))"
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    found = tmp_path / "home"
    found.mkdir()
    if find_mosquitto(found) is None:
        pytest.skip("no mosquitto here; scripts/broker.sh gets it")
    return found


def number_of(home: Path) -> int:
    return int((home / "mqtt" / "port").read_text().split()[1])


def brokers_of(home: Path) -> int:
    """Living processes with the configuration of this home, watchers not counted."""
    config, found = os.fsencode(home / "mqtt" / "mosquitto.conf"), 0
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            found += config in (process / "cmdline").read_bytes() and "mosquitto" in (process / "comm").read_text()
    return found


async def gone(number: int, seconds: float = 60) -> bool:
    """Whether the process ended in time; one that waits to be reaped has."""
    for _ in range(int(seconds * 20)):
        try:
            if ") Z " in Path(f"/proc/{number}/stat").read_text():
                return True
        except OSError:
            return True
        await asyncio.sleep(0.05)
    return False


async def test_几个进程同时要_只起一个(home: Path) -> None:
    asking = [
        await asyncio.create_subprocess_exec(sys.executable, "-c", ASKING, home, stdout=asyncio.subprocess.PIPE)
        for _ in range(4)
    ]
    told = {(await one.communicate())[0].decode().splitlines()[-1] for one in asking}
    try:
        assert len(told) == 1
        assert told == {running_broker(home)}
        assert brokers_of(home) == 1
    finally:
        await stop_broker(home)
    assert running_broker(home) is None


async def test_root_启动的代理_以普通账号运行(home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root has rights to give up")
    await ensure_broker(home)
    try:
        status = Path(f"/proc/{number_of(home)}/status").read_text()
        users = next(line.split()[1:] for line in status.splitlines() if line.startswith("Uid:"))
        assert "0" not in users
    finally:
        await stop_broker(home)


async def test_监督进程被强杀_代理随之结束(home: Path) -> None:
    supervisor = await asyncio.create_subprocess_exec(sys.executable, "-c", "import time; time.sleep(60)")
    try:
        await ensure_broker(home, supervisor.pid)
        broker = number_of(home)
        await asyncio.sleep(1.2)
        assert running_broker(home) is not None
        supervisor.kill()
        await supervisor.wait()
        assert await gone(broker)
        assert running_broker(home) is None
    finally:
        if supervisor.returncode is None:
            supervisor.kill()
            await supervisor.wait()
        await stop_broker(home)


async def test_结束后再起_还是同一个文件夹(home: Path) -> None:
    await ensure_broker(home)
    await stop_broker(home)
    again = await ensure_broker(home)
    try:
        assert again == running_broker(home)
    finally:
        await stop_broker(home)
