"""Entries (名单登记) that a demo city begins with, recorded by accounts of the demo as they would record them: what needs a
second person waits for one. Each is given once; what people made of it afterwards stays.
"""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.identity.service import IdentityService
from yiwang.kernel.database import Connection
from yiwang.packs.model.city import DemoEntry
from yiwang.registry.model import Draft
from yiwang.registry.service import RegistryService


async def give_entries(
    registry: RegistryService, identity: IdentityService, connection: Connection, wanted: Sequence[DemoEntry]
) -> int:
    """Record them in the caller's transaction; how many. What stands or stood there by its natural key is left out, and what
    a closed account should record.

    Raises:
        AttributesInvalid, Forbidden: its writer may not record such things.
    """
    logins = await connection.fetch("select login, id from account where login = any($1)", [one.by for one in wanted])
    accounts = {row["login"]: row["id"] for row in logins}
    given = 0
    for one in wanted:
        actor = await identity.actor_behind(accounts[one.by]) if one.by in accounts else None
        if actor is None:
            continue
        kind = registry.types.type(one.type)
        draft = Draft(dict(one.attributes), reason=one.reason)
        keys = list(registry.judge.ready(kind, draft).keys.items())
        if await registry.owners(connection, kind.id, keys):
            continue
        await registry.recording.record(connection, actor, kind.id, draft)
        given += 1
    return given
