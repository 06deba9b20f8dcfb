"""The public notices (公告) with which a demo city begins: written and published by accounts of the demo, once.

A city in which a notice was ever written is given none.
"""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.casework.notices import Draft, Notices
from yiwang.identity.service import IdentityService
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.packs.model.city import DemoNotice


async def give_notices(
    context: Context, identity: IdentityService, connection: Connection, division: str, wanted: Sequence[DemoNotice]
) -> int:
    """Publish them at the city's present time, for the whole city; how many. ``connection`` only reads.

    A notice whose writer's account is closed is left out.

    Raises:
        Forbidden: its writer may not publish notices.
    """
    if await connection.fetchval("select exists (select from notice)"):
        return 0
    logins = await connection.fetch("select login, id from account where login = any($1)", [one.by for one in wanted])
    accounts = {row["login"]: row["id"] for row in logins}
    notices, given = Notices(context), 0
    for one in wanted:
        actor = await identity.actor_behind(accounts[one.by]) if one.by in accounts else None
        if actor is None:
            continue
        draft = Draft(one.title.zh, one.title.en, one.text.zh, one.text.en, one.kind, division, one.until)
        written = await notices.write(actor, draft)
        await notices.publish(actor, written.id)
        given += 1
    return given
