"""Commands (指令) to devices: given by a person with the grant ``device:command``, sent by the gateway that holds
the device.

A command is queued → sent → confirmed or refused, or expires. It goes out at most once: only the gateway whose
:meth:`Commands.sent` returned it may send. An answer that comes after the expiry still counts. Each step is told in
the journal with its parameters, save those that are secrets.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id
from yiwang.sensing.devices import confidential
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.devices.errors import DeviceRetired, TooManyCommands, VerbNotOffered
from yiwang.sensing.devices.journalling import entry_about
from yiwang.sensing.devices.model import Command, Device
from yiwang.sensing.devices.secrets import DeviceSecrets
from yiwang.sensing.devices.store import commands as store
from yiwang.sensing.devices.store import registry

MOST_WAITING = 50
"""Commands that may wait for one device."""
LONGEST_WAIT = timedelta(days=7)


class Commands:
    """One per process; every verb works in the caller's transaction."""

    def __init__(self, context: Context, directory: DeviceDirectory, secrets: DeviceSecrets) -> None:
        self._context = context
        self._directory = directory
        self._secrets = secrets

    async def give(
        self,
        connection: Connection,
        actor: Actor,
        device_id: int,
        verb: str,
        parameters: JsonObject,
        expires: datetime | None = None,
    ) -> Command:
        """Queue ``verb`` for a device until ``expires`` (city time; default in an hour, at most in seven days).

        Confidential parameters are kept sealed; :meth:`plain` opens them for the gateway.

        Raises:
            Forbidden: no grant ``device:command``. NotFound: none within its reach. DeviceRetired.
            VerbNotOffered: the profile does not list the verb. TooManyCommands: too many wait already.
        """
        actor.require("device", "command")
        device = await registry.reachable(connection, actor, "command", device_id)
        if device is None:
            raise NotFound(what="设备")
        if device.retired:
            raise DeviceRetired(device=device.code, act_zh="下发指令", act_en="commanded")
        self._offered(device, verb)
        at = self._context.clock.now()
        if (count := await store.count_open(connection, device_id, at)) >= MOST_WAITING:
            raise TooManyCommands(device=device.code, count=count)
        until = min(expires or at + timedelta(hours=1), at + LONGEST_WAIT)
        kept = confidential.sealed(verb, parameters, self._secrets.seal)
        command = await store.insert(connection, new_id(), device_id, verb, kept, actor, at, until)
        await journal.append(connection, entry_about(actor, at, "device.commanded", device, _told(command)))
        return command

    def plain(self, command: Command) -> JsonObject:
        """The parameters as the device is to be told, secrets opened.

        Raises:
            KeyMissing: the key file lacks the key.
        """
        return confidential.opened(command.verb, command.parameters, self._secrets.open)

    async def pending(self, connection: Connection, device_id: int) -> list[Command]:
        """What waits to be sent to a device, oldest first; for its gateway on a notice and whenever it connects."""
        return await store.waiting(connection, device_id, self._context.clock.now())

    async def pending_devices(self, connection: Connection, device_ids: Sequence[int]) -> list[int]:
        """Which of the devices that a gateway holds have something waiting; to be asked when the feed says None."""
        return await store.waiting_devices(connection, device_ids, self._context.clock.now())

    async def sent(self, connection: Connection, command_id: UUID, holder: str | None = None) -> Command | None:
        """Take a command for sending; None: somebody else has, or it has expired, and it must not go out. A gateway that holds
        connections says who it is (``holder``): where another holds the device by now, that one sends it."""
        return await store.sent(connection, command_id, self._context.clock.now(), holder)

    async def answered(self, connection: Connection, command_id: UUID, ok: bool, answer: JsonObject) -> Command | None:
        """Note what the device answered, passwords struck out; None where an answer is known already.

        A confirmed ``set-password`` becomes the device's secret in the same transaction.
        """
        at = self._context.clock.now()
        command = await store.answered(connection, command_id, at, ok, confidential.shown("", answer))
        device = None if command is None else self._directory.device(command.device_id)
        if command is None or device is None:
            return command
        if ok and command.verb == "set-password" and isinstance(secret := command.parameters.get("password"), str):
            await registry.write_secret(connection, device.id, secret, at)
        verb = "device.command_confirmed" if ok else "device.command_refused"
        await journal.append(connection, entry_about(SYSTEM, at, verb, device, _told(command)))
        return command

    async def expire(self, connection: Connection) -> int:
        """Mark as expired what was not answered in time; for the worker."""
        at = self._context.clock.now()
        expired = await store.expire(connection, at)
        entries = [
            entry_about(SYSTEM, at, "device.command_expired", device, _told(command))
            for command in expired
            if (device := self._directory.device(command.device_id)) is not None
        ]
        await journal.append_many(connection, entries)
        return len(expired)

    def _offered(self, device: Device, verb: str) -> None:
        profile = self._directory.profile(device.profile)
        offered = profile.declaration.commands if profile else []
        if verb not in offered:
            raise VerbNotOffered(profile=device.profile, verb=verb[:60], known=", ".join(offered) or "—")


def shown_parameters(command: Command) -> JsonObject:
    """The parameters as anybody may read them."""
    return confidential.shown(command.verb, command.parameters)


def _told(command: Command) -> JsonObject:
    return {"command": str(command.id), "told": command.verb, "parameters": shown_parameters(command)}
