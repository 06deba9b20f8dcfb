"""设备密码:加密存放、密钥文件只有本人可读、换密钥不丢旧密码。"""

from __future__ import annotations

import stat
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.sensing.devices.world import World, sensing_world
from yiwang.kernel.database import Database
from yiwang.sensing.devices.errors import KeyFileUnreadable, KeyMissing
from yiwang.sensing.devices.keys import rotate_keys
from yiwang.sensing.devices.secrets import DeviceSecrets


@pytest.fixture(scope="module")
async def world(database: Database, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    async with sensing_world(database, Path(tmp_path_factory.mktemp("home"))) as found:
        yield found


@pytest.fixture(scope="module")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> DeviceSecrets:
    return DeviceSecrets(tmp_path_factory.mktemp("keys") / "device-keys")


@given(plain=st.text(max_size=200))
def test_加密后能还原_每次密文不同(secrets: DeviceSecrets, plain: str) -> None:
    first, second = secrets.seal(plain), secrets.seal(plain)
    assert secrets.open(first) == secrets.open(second) == plain
    assert first != second
    assert secrets.matches(first, plain)
    assert not secrets.matches(first, plain + "x")


def test_密钥文件只有本人可读(tmp_path: Path) -> None:
    secrets = DeviceSecrets(tmp_path / "home" / "device-keys")
    secrets.seal("x")
    assert stat.S_IMODE(secrets.path.stat().st_mode) == 0o600
    assert sorted(path.name for path in secrets.path.parent.iterdir()) == ["device-keys"]


def test_同时首次启动_只有一个密钥(tmp_path: Path) -> None:
    path = tmp_path / "device-keys"
    with ThreadPoolExecutor(8) as pool:
        sealed = list(pool.map(lambda number: DeviceSecrets(path).seal(str(number)), range(8)))
    assert [DeviceSecrets(path).open(text) for text in sealed] == [str(number) for number in range(8)]
    assert len(path.read_text().splitlines()) == 1


def test_换密钥后_旧密文仍可读_别的进程也跟上(tmp_path: Path) -> None:
    mine, other = DeviceSecrets(tmp_path / "k"), DeviceSecrets(tmp_path / "k")
    old = mine.seal("alt")
    assert other.open(old) == "alt"
    mine.rotate()
    new = mine.seal("neu")
    assert other.open(new) == "neu", "an unknown key makes it read the file again"
    assert mine.open(old) == "alt"
    assert (mine.sealed_by_newest(old), mine.sealed_by_newest(new)) == (False, True)


def test_密文被改或密钥丢失_明说(tmp_path: Path) -> None:
    secrets = DeviceSecrets(tmp_path / "k")
    sealed = secrets.seal("geheim")
    with pytest.raises(KeyFileUnreadable):
        secrets.open(sealed[:-2] + ("AA" if sealed[-2:] != "AA" else "BB"))
    lost = DeviceSecrets(tmp_path / "elsewhere")
    with pytest.raises(KeyMissing):
        lost.open(sealed)
    (tmp_path / "broken").write_text("abc nothex\n")
    with pytest.raises(KeyFileUnreadable):
        DeviceSecrets(tmp_path / "broken").seal("x")


def test_没有密码的设备_什么也不匹配(tmp_path: Path) -> None:
    secrets = DeviceSecrets(tmp_path / "k")
    assert not secrets.matches(None, "")
    key = secrets.new_api_key()
    assert secrets.matches(secrets.kept("http", key), key)
    assert secrets.open(secrets.kept("http", key)) is None, "nobody can read an API key back"


async def test_换密钥_所有设备密码重新加密(world: World) -> None:
    for number in range(3):
        await world.add(f"KEY-{number}", f"C00000{number}0", secret=f"pass-{number}")
    await world.add("KEY-9", "C0000090")
    _, count = await rotate_keys(world.context, world.sensing.secrets)
    assert count == 3
    await world.sensing.directory.refresh()
    for number in range(3):
        device = world.sensing.directory.by_code(f"KEY-{number}")
        assert device is not None
        assert device.secret is not None
        assert world.sensing.secrets.sealed_by_newest(device.secret)
        assert world.sensing.secrets.open(device.secret) == f"pass-{number}"
