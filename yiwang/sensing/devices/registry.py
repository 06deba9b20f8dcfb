"""The register of devices (设备台账): entering, changing, retiring them, adopting who knocks, noting what was done to
them.

Promises: each verb is one transaction with its journal entry; whoever edits says which revision they saw and is told
when somebody was faster; a secret is told to nobody after it was set; a device keeps its id and history for ever,
only its address becomes free when it is retired. Who may do what: grants on kind ``device`` within area and
organisation, for where it stands and where it would stand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import cast
from uuid import UUID

import asyncpg

from yiwang.geo.locator import Locator
from yiwang.identity.directory import Directory
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import Forbidden, NotFound
from yiwang.kernel.identifiers import new_id
from yiwang.sensing.devices.addresses import canonical, normal
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.errors import (
    AddressTaken,
    AttributeUnknown,
    CodeTaken,
    DeviceChanged,
    DeviceRetired,
    OrganisationUnknown,
    PlaceOutside,
    ProfileFixed,
    ProfileUnknown,
)
from yiwang.sensing.devices.journalling import KIND, entry_about
from yiwang.sensing.devices.model import Device, DeviceState, Knock, Note, NoteKind, Profile
from yiwang.sensing.devices.secrets import DeviceSecrets
from yiwang.sensing.devices.store import knocks as knock_store
from yiwang.sensing.devices.store import registry as store

Filter = store.Filter
_MOST_COUNTED = 200_000


@dataclass(frozen=True, slots=True)
class DeviceForm:
    """What somebody wants to stand in the register. ``organisation`` is a code; ``at`` lon, lat in degrees CGCS2000.

    ``secret`` is set when given and stays when None.
    """

    code: str
    profile: str
    address: str
    name_zh: str
    name_en: str = ""
    organisation: str | None = None
    at: tuple[float, float] | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Registered:
    """A device with how it stands."""

    device: Device
    state: DeviceState


class DeviceRegistry:
    """One per process that serves people."""

    def __init__(
        self,
        context: Context,
        directory: DeviceDirectory,
        secrets: DeviceSecrets,
        offices: Directory,
        locator: Locator,
    ) -> None:
        self.context = context
        self.directory = directory
        self._secrets = secrets
        self._offices = offices
        self._locator = locator

    # -- reading --------------------------------------------------------------------------------------------------

    async def page(self, actor: Actor, wanted: Filter, *, after: int = 0, limit: int = 100) -> list[Registered]:
        """Devices that the actor may read, by id, beyond ``after``."""
        actor.require(KIND, "read")
        async with self.context.database.connection() as connection:
            rows = await store.page(connection, actor, wanted, after=after, limit=limit)
        return [Registered(device, state) for device, state in rows]

    async def counts(self, actor: Actor, wanted: Filter) -> dict[str, tuple[int, int]]:
        """Per profile how many devices the actor may read, and how many of them are online."""
        actor.require(KIND, "read")
        async with self.context.database.connection() as connection:
            return await store.counts(connection, actor, wanted, _MOST_COUNTED)

    async def get(self, actor: Actor, device_id: int) -> Registered:
        """One device, retired ones too.

        Raises:
            NotFound: none that the actor may read.
        """
        actor.require(KIND, "read")
        async with self.context.database.connection() as connection:
            device = await self.readable(connection, actor, device_id)
            return Registered(device, await store.state(connection, device_id))

    async def readable(self, connection: Connection, actor: Actor, device_id: int) -> Device:
        """The device if the actor may read it.

        Raises:
            NotFound: none that the actor may read.
        """
        device = await store.reachable(connection, actor, "read", device_id)
        if device is None:
            raise NotFound(what="设备")
        return device

    def office_code(self, device: Device) -> str | None:
        """The code of the organisation whose it is."""
        found = None if device.organisation_id is None else self._offices.organisation(device.organisation_id)
        return None if found is None else found.code

    def office_names(self, device: Device) -> tuple[str, str] | None:
        """The names (zh, en) of the organisation whose it is."""
        found = None if device.organisation_id is None else self._offices.organisation(device.organisation_id)
        return None if found is None else (found.name_zh, found.name_en)

    def office_id(self, code: str) -> int:
        """The organisation with this code.

        Raises:
            OrganisationUnknown: there is none.
        """
        found = self._offices.organisation_by_code(code)
        if found is None:
            raise OrganisationUnknown(organisation=code[:60])
        return found.id

    # -- entering and changing ------------------------------------------------------------------------------------

    async def register(self, connection: Connection, actor: Actor, form: DeviceForm) -> Device:
        """Enter a device.

        Raises:
            Forbidden: no grant ``device:register`` for where it stands. CodeTaken. AddressTaken. ProfileUnknown.
            AddressImpossible. OrganisationUnknown. PlaceOutside. AttributeUnknown.
        """
        actor.require(KIND, "register")
        draft = self._draft(form, None)
        self._reach(actor, "register", draft.area, draft.organisation_id)
        return await self._insert(connection, actor, draft, "device.registered", {})

    async def edit(self, connection: Connection, actor: Actor, device_id: int, seen: int, form: DeviceForm) -> Device:
        """Change a device whose revision ``seen`` the editor saw. What is told in the journal: every field, before and after.

        Raises:
            NotFound: none that the actor may edit. DeviceChanged: somebody was faster. ProfileFixed: another protocol.
            DeviceRetired. Forbidden: not for where it would stand; besides what :meth:`register` raises.
        """
        before = await self._mine(connection, actor, "edit", device_id)
        if before.retired:
            raise DeviceRetired(device=before.code, act_zh="修改", act_en="edited")
        if before.revision != seen:
            raise DeviceChanged(device=before.code, seen=seen, now=before.revision)
        draft = self._draft(form, before)
        if draft.protocol != before.protocol:
            raise ProfileFixed(device=before.code, old=before.profile, new=draft.profile)
        self._reach(actor, "edit", draft.area, draft.organisation_id)
        changes = self._changes(before, draft)
        if not changes and draft.secret == before.secret:
            return before
        at = self.context.clock.now()
        try:
            async with connection.transaction():
                [after] = await store.update(connection, [(device_id, draft)], at)
        except asyncpg.UniqueViolationError as error:
            raise await self._clash(connection, draft, error) from error
        if changes:
            await journal.append(connection, entry_about(actor, at, "device.edited", after, {"changes": changes}))
        if draft.secret != before.secret:
            await journal.append(connection, entry_about(actor, at, "device.secret_set", after))
        return after

    async def retire(self, connection: Connection, actor: Actor, device_id: int, reason: str) -> Device:
        """Take a device out of service; its address is free for another.

        Raises:
            NotFound: none that the actor may retire. DeviceRetired: it is already.
        """
        before = await self._mine(connection, actor, "retire", device_id)
        if before.retired:
            raise DeviceRetired(device=before.code, act_zh="停用", act_en="retired")
        at = self.context.clock.now()
        after = await store.retire(connection, device_id, at)
        await journal.append(connection, entry_about(actor, at, "device.retired", after, {"reason": reason}))
        return after

    async def issue_key(self, connection: Connection, actor: Actor, device_id: int) -> tuple[Device, str]:
        """Give a device a fresh random secret and tell it, once.

        Raises:
            NotFound: none that the actor may edit. DeviceRetired.
        """
        device = await self._mine(connection, actor, "edit", device_id)
        if device.retired:
            raise DeviceRetired(device=device.code, act_zh="发放密钥", act_en="given a key")
        at, plain = self.context.clock.now(), self._secrets.new_secret(device.protocol)
        await store.write_secret(connection, device_id, self._secrets.kept(device.protocol, plain), at)
        await journal.append(connection, entry_about(actor, at, "device.secret_set", device))
        return device, plain

    # -- notes ----------------------------------------------------------------------------------------------------

    async def note(self, connection: Connection, actor: Actor, device_id: int, kind: NoteKind, text: str) -> Note:
        """Write down a calibration, a firmware, a repair …

        Raises:
            NotFound: none that the actor may edit.
        """
        device = await self._mine(connection, actor, "edit", device_id)
        at, note_id = self.context.clock.now(), new_id()
        await store.add_note(connection, note_id, device_id, kind, text, at, actor)
        told: JsonObject = {"note": str(note_id), "about": kind, "text": text}
        await journal.append(connection, entry_about(actor, at, "device.noted", device, told))
        return Note(note_id, kind, text, at, actor.label)

    async def notes(
        self, actor: Actor, device_id: int, *, before: tuple[datetime, UUID] | None = None, limit: int = 50
    ) -> list[Note]:
        """The notes about a device, the newest first.

        Raises:
            NotFound: none that the actor may read.
        """
        actor.require(KIND, "read")
        async with self.context.database.connection() as connection:
            await self.readable(connection, actor, device_id)
            return await store.notes(connection, device_id, before=before, limit=limit)

    # -- who is knocking ------------------------------------------------------------------------------------------

    async def knocks(
        self, actor: Actor, *, protocol: str | None, dismissed: bool, before: knock_store.Cursor | None, limit: int
    ) -> list[Knock]:
        """Who is knocking (敲门者), heard last first. A stranger stands nowhere: ``device:adopt`` for the whole city."""
        self._whole_city(actor)
        async with self.context.database.connection() as connection:
            return await knock_store.page(
                connection, protocol=protocol, dismissed=dismissed, before=before, limit=limit
            )

    async def adopt(
        self, connection: Connection, actor: Actor, protocol: str, address: str, form: DeviceForm
    ) -> Device:
        """Make a device of whoever knocks under this address; its knocks are gone.

        Raises:
            NotFound: nobody knocks so; besides what :meth:`register` raises. Needs ``device:adopt``.
        """
        self._whole_city(actor)
        knocked = await knock_store.take(connection, protocol, canonical(protocol, address))
        if not knocked:
            raise NotFound(what="敲门记录")
        profile = self._profile(form.profile)
        if profile.protocol != protocol:
            known = ", ".join(key for key, one in sorted(self.directory.profiles.items()) if one.protocol == protocol)
            raise ProfileUnknown(profile=form.profile, known=known or "—")
        draft = self._draft(replace(form, address=address), None)
        self._reach(actor, "adopt", draft.area, draft.organisation_id)
        data: JsonObject = {"times": sum(one.times for one in knocked), "remote": knocked[-1].remote}
        return await self._insert(connection, actor, draft, "device.adopted", data)

    async def dismiss(self, connection: Connection, actor: Actor, protocol: str, address: str) -> None:
        """Put a knock aside: it is shown no more unless asked for, and goes on being counted.

        Raises:
            NotFound: nobody knocks so. Needs ``device:adopt``.
        """
        self._whole_city(actor)
        at = self.context.clock.now()
        if not await knock_store.dismiss(connection, protocol, address, at):
            raise NotFound(what="敲门记录")
        data: JsonObject = {"protocol": protocol, "address": address}
        await journal.append(connection, journal.entry(actor, at, "device.knock_dismissed", KIND, None, data=data))

    # -- parts ----------------------------------------------------------------------------------------------------

    def _draft(self, form: DeviceForm, before: Device | None) -> store.Draft:
        profile = self._profile(form.profile)
        for name in form.attributes:
            if name not in profile.declaration.attributes:
                known = ", ".join(profile.declaration.attributes)
                raise AttributeUnknown(profile=form.profile, name=name, known=known or "—")
        organisation_id = self._office(form.organisation)
        secret = before.secret if before is not None else None
        if form.secret is not None:
            secret = self._secrets.kept(profile.protocol, form.secret)
        return store.Draft(
            code=form.code,
            profile=profile.id,
            protocol=profile.protocol,
            address=normal(profile.protocol, form.address),
            name_zh=form.name_zh,
            name_en=form.name_en or form.name_zh,
            area=self._area(form.at),
            organisation_id=organisation_id,
            lon=form.at[0] if form.at else None,
            lat=form.at[1] if form.at else None,
            attributes={key: value for key, value in form.attributes.items() if value},
            secret=secret,
        )

    def _profile(self, key: str) -> Profile:
        profile = self.directory.profile(key)
        if profile is None:
            raise ProfileUnknown(profile=key[:60], known=", ".join(sorted(self.directory.profiles)) or "—")
        return profile

    def _office(self, code: str | None) -> int | None:
        return self.office_id(code) if code else None

    def _area(self, at: tuple[float, float] | None) -> str:
        if at is None:
            return ""
        location = self._locator.locate(*at)
        if location is None:
            raise PlaceOutside(lon=at[0], lat=at[1])
        return location.area_code

    def _reach(self, actor: Actor, verb: str, area: str, organisation: int | None) -> None:
        if not actor.reaches(KIND, verb, area=area, organisation=organisation):
            raise Forbidden(verb=f"{KIND}:{verb}")

    def _whole_city(self, actor: Actor) -> None:
        actor.require(KIND, "adopt")
        self._reach(actor, "adopt", "", None)

    async def _mine(self, connection: Connection, actor: Actor, verb: str, device_id: int) -> Device:
        actor.require(KIND, verb)
        device = await store.reachable(connection, actor, verb, device_id, lock=True)
        if device is None:
            raise NotFound(what="设备")
        return device

    async def _insert(
        self, connection: Connection, actor: Actor, draft: store.Draft, verb: str, more: JsonObject
    ) -> Device:
        at = self.context.clock.now()
        try:
            async with connection.transaction():
                [device] = await store.insert(connection, [draft], at)
        except asyncpg.UniqueViolationError as error:
            raise await self._clash(connection, draft, error) from error
        told: JsonObject = {"protocol": device.protocol, "address": device.address, **more}
        await journal.append(connection, entry_about(actor, at, verb, device, told))
        return device

    async def _clash(
        self, connection: Connection, draft: store.Draft, error: asyncpg.UniqueViolationError
    ) -> CodeTaken | AddressTaken:
        if error.constraint_name == "device_address":
            holders = await store.taken(connection, draft.protocol, [draft.address])
            other = holders.get(draft.address, (0, "—"))[1]
            return AddressTaken(address=draft.address, protocol=draft.protocol, other=other)
        return CodeTaken(device=draft.code)

    def _changes(self, before: Device, draft: store.Draft) -> JsonObject:
        old: dict[str, object] = {
            "code": before.code, "profile": before.profile, "address": before.address, "names": [before.name_zh, before.name_en],
            "area": before.area, "organisation": before.organisation_id, "at": [before.lon, before.lat],
            "attributes": dict(before.attributes),
        }  # fmt: skip
        new: dict[str, object] = {
            "code": draft.code, "profile": draft.profile, "address": draft.address, "names": [draft.name_zh, draft.name_en],
            "area": draft.area, "organisation": draft.organisation_id, "at": [draft.lon, draft.lat],
            "attributes": draft.attributes,
        }  # fmt: skip
        changed: JsonObject = {}
        for key, value in old.items():
            if new[key] != value:
                changed[key] = _pair(value, new[key])
        return changed


def _pair(old: object, new: object) -> Json:
    return [cast(Json, old), cast(Json, new)]
