"""Changing the key that seals device secrets: a new key, then every secret sealed anew, some at a time."""

from __future__ import annotations

from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.context import Context
from yiwang.sensing.devices.journalling import KIND
from yiwang.sensing.devices.secrets import DeviceSecrets
from yiwang.sensing.devices.store import registry as store

_at_once = 500


async def rotate_keys(context: Context, secrets: DeviceSecrets) -> tuple[str, int]:
    """The new key's number and how many secrets it seals. Killed in the middle, the next call goes on with another new key; the
    old keys stay in the file, so that nothing becomes unreadable.

    Raises:
        KeyFileUnreadable: the key file cannot be read or written. KeyMissing: a secret is sealed under a lost key.
    """
    key = secrets.rotate()
    count, after = 0, 0
    while True:
        async with context.database.transaction() as connection:
            found = await store.secrets_after(connection, after, _at_once)
            sealed = [
                (device_id, secrets.seal(secrets.open(kept) or ""))
                for device_id, kept in found
                if not secrets.sealed_by_newest(kept)
            ]
            if sealed:
                await store.reseal(connection, sealed)
            count += len(sealed)
            if len(found) < _at_once:
                told = journal.entry(
                    SYSTEM,
                    context.clock.now(),
                    "device.keys_rotated",
                    KIND,
                    None,
                    data={"key": key.id, "sealed": count},
                )
                await journal.append(connection, told)
                return key.id, count
            after = found[-1][0]
