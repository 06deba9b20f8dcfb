"""The devices that a demo city has from the start: registered once; what people changed afterwards stays as they left it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from yiwang.geo.locator import Locator
from yiwang.identity.directory import Directory
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection
from yiwang.sensing.devices.addresses import normal
from yiwang.sensing.devices.declarations import DeviceDeclaration, ProfileDeclaration
from yiwang.sensing.devices.journalling import entry_about
from yiwang.sensing.devices.secrets import DeviceSecrets
from yiwang.sensing.devices.store import registry


@dataclass(frozen=True, slots=True)
class DevicesInstalled:
    """How many devices the city lists, and how many were not in the register yet."""

    listed: int
    new: int


async def install_devices(
    connection: Connection,
    listed: Sequence[DeviceDeclaration],
    profiles: Mapping[str, ProfileDeclaration],
    offices: Directory,
    locator: Locator,
    secrets: DeviceSecrets,
    at: datetime,
) -> DevicesInstalled:
    """Register what is listed and not there yet, by code; an address that another device has by now is passed over.

    Raises:
        KeyFileUnreadable: secrets cannot be sealed.
    """
    known = await registry.by_codes(connection, [one.code for one in listed])
    fresh = [one for one in listed if one.code not in known]
    taken: set[tuple[str, str]] = set()
    for protocol in {profiles[one.profile].protocol for one in fresh}:
        mine = [normal(protocol, one.address) for one in fresh if profiles[one.profile].protocol == protocol]
        taken |= {(protocol, address) for address in await registry.taken(connection, protocol, mine)}
    drafts = []
    for one in fresh:
        protocol = profiles[one.profile].protocol
        address = normal(protocol, one.address)
        if (protocol, address) in taken:
            continue
        office = offices.organisation_by_code(one.organisation) if one.organisation else None
        location = locator.locate(*one.at) if one.at else None
        drafts.append(
            registry.Draft(
                code=one.code,
                profile=one.profile,
                protocol=protocol,
                address=address,
                name_zh=one.names.zh,
                name_en=one.names.en,
                area=location.area_code if location else "",
                organisation_id=office.id if office else None,
                lon=one.at[0] if one.at else None,
                lat=one.at[1] if one.at else None,
                attributes=dict(one.attributes),
                secret=None if one.secret is None else secrets.kept(protocol, one.secret),
            )
        )
    devices = await registry.insert(connection, drafts, at)
    await journal.append_many(connection, [entry_about(SYSTEM, at, "device.registered", device) for device in devices])
    return DevicesInstalled(len(listed), len(devices))
