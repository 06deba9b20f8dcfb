"""Grants that end before their time: revoked, or with their resource. From the commit on nothing is handed out or pushed."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yiwang.exchange.delivery.views import drop_view
from yiwang.exchange.sharing import store
from yiwang.exchange.sharing.model import KIND, ShareGrant
from yiwang.exchange.subscriptions import store as subscriptions
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import Connection, JsonObject


async def end_grant(connection: Connection, grant: ShareGrant, actor: Actor, why: str, at: datetime) -> None:
    """Revoke one grant, which the caller has locked; a database view goes with it, its subscription stands still."""
    await store.revoke(connection, grant.id, actor.label, why, at)
    await subscriptions.set_state(
        connection, grant.id, "paused", f"授权已撤销 the grant was revoked: {why}", real_now()
    )
    if grant.view_name:
        await drop_view(connection, grant.view_name)
        await store.set_view(connection, grant.id, "")
    data: JsonObject = {"note": why, "consumer": grant.consumer_name, "organisation": grant.consumer_id}
    await journal.append(
        connection, journal.entry(actor, at, "share.revoked", KIND, grant.id, area=grant.area, data=data)
    )


async def end_grants_of(connection: Connection, resource_id: UUID, actor: Actor, why: str, at: datetime) -> int:
    """Revoke all grants of a resource; how many."""
    found = await store.grants_of(connection, resource_id)
    for grant in found:
        await end_grant(connection, grant, actor, why, at)
    return len(found)
