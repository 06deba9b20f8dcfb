"""What the gateway knows of a device that speaks: who it is, its password and key, its measures, its connection,
its request."""

from __future__ import annotations

import asyncio
import hmac
from collections import deque
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from yiwang.kernel.errors import Problem
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.model import Device, Profile
from yiwang.sensing.devices.secrets import DeviceSecrets
from yiwang.sensing.gateways.hj212.cipher import DataAreaCipher
from yiwang.sensing.gateways.hj212.exchange import Exchange
from yiwang.sensing.gateways.hj212.frames import Result
from yiwang.sensing.gateways.hj212.measures import WireTable
from yiwang.sensing.gateways.hj212.requests import Request

if TYPE_CHECKING:
    from yiwang.sensing.gateways.hj212.connection import Connection

MOST_UNKNOWN = 200
MOST_OWN_REQUESTS = 4


class DeviceMisconfigured(Problem):
    code = "sensing.hj212_device"
    status = 422
    zh = "设备 {device} 的登记有误({what}):SM4 密钥须为 32 位十六进制,写在密码与一个空格之后;allow_from 须为逗号分隔的网段。"
    en = (
        "The device {device} is registered wrongly ({what}): an SM4 key has 32 hexadecimal digits and stands behind the "
        "password and a blank; allow_from holds networks with commas between them."
    )


class Session:
    """A device and its connection. ``spoken_…`` is what its last frame said, used where nothing is declared;
    ``frames`` and ``bad`` wait to be told to the door."""

    __slots__ = (
        "bad", "cipher", "connection", "device", "edition", "exchange", "fault", "frames", "idle_seconds", "modbus", "networks",
        "new_password", "own_requests", "password", "spoken_password", "spoken_system", "system", "table", "task",
        "unknown", "wake",
    )  # fmt: skip

    def __init__(self, device: Device, connection: Connection) -> None:
        self.device = device
        self.connection = connection
        self.table: WireTable
        self.password: bytes | None = None
        self.new_password: bytes | None = None
        self.cipher: DataAreaCipher | None = None
        self.networks: tuple[IPv4Network | IPv6Network, ...] = ()
        self.modbus = False
        self.system = ""
        self.spoken_system = ""
        self.spoken_password = b""
        self.edition = 1
        self.idle_seconds = 0.0
        self.frames = self.bad = 0
        self.fault = ""
        self.unknown: set[str] = set()
        self.exchange: Exchange | None = None
        self.own_requests: deque[Request] = deque(maxlen=MOST_OWN_REQUESTS)
        self.wake = asyncio.Event()
        self.task: asyncio.Task[None] | None = None

    def admits(self, password: str, system: str, remote: str) -> Result:
        """Whether a frame of this device may be taken: READY, or the code by which it is refused.

        ``password`` as the header was read, a character for each byte. A device without a declared password, system or
        network is not asked for it.
        """
        if self.networks and not _within(remote, self.networks):
            return Result.REFUSED
        if self.password is not None:
            given = password.encode("latin-1", "replace")
            if not hmac.compare_digest(given, self.password) and not (
                self.new_password is not None and hmac.compare_digest(given, self.new_password)
            ):
                return Result.WRONG_PASSWORD
        if self.system and system not in (self.system, "91"):
            return Result.WRONG_SYSTEM
        return Result.READY


class SessionMaker:
    """Fills sessions from the directory: secrets are opened once, tables of measures made once for each profile."""

    def __init__(self, directory: DeviceDirectory, secrets: DeviceSecrets) -> None:
        self._directory = directory
        self._secrets = secrets
        self._tables: dict[str, tuple[Profile, WireTable]] = {}

    def fill(self, session: Session, device: Device) -> None:
        """Take over what the register says of the device now.

        Raises:
            KeyMissing: the key file lacks the key of its secret. KeyFileUnreadable. DeviceMisconfigured.
        """
        profile = self._directory.profile_of(device)
        options = profile.declaration.options
        session.device = device
        session.table = self._table(profile)
        session.idle_seconds = 3 * profile.interval.total_seconds()
        session.modbus = "modbus" in (options.get("checksum"), device.attributes.get("checksum"))
        session.system = str(options.get("system", ""))
        session.networks = networks_of(device)
        session.password, session.cipher, session.new_password = None, None, None
        if device.secret is not None:
            secret = self._secrets.open(device.secret) or ""
            password, _, key = secret.partition(" ")
            session.password = password.encode()
            session.cipher = _cipher(key.strip(), device)

    def _table(self, profile: Profile) -> WireTable:
        known = self._tables.get(profile.id)
        if known is None or known[0] is not profile:
            known = self._tables[profile.id] = (profile, WireTable(profile.measures))
        return known[1]


def _cipher(key: str, device: Device) -> DataAreaCipher | None:
    if not key:
        return None
    try:
        return DataAreaCipher(bytes.fromhex(key))
    except ValueError as error:
        raise DeviceMisconfigured(device=device.code, what="secret") from error


def networks_of(device: Device) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks of the attribute ``allow_from``, written ``10.1.0.0/16, 192.168.3.7``; none allow everybody.

    Raises:
        DeviceMisconfigured: one of them is no network: better nobody than everybody.
    """
    parts = [part.strip() for part in device.attributes.get("allow_from", "").replace(";", ",").split(",")]
    try:
        return tuple(ip_network(part, strict=False) for part in parts if part)
    except ValueError as error:
        raise DeviceMisconfigured(device=device.code, what="allow_from") from error


def _within(remote: str, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    try:
        address = ip_address(remote.partition("%")[0])
    except ValueError:
        return False
    return any(address.version == network.version and address in network for network in networks)
