"""Sealing anew after a rotation of the key (密钥轮换): the content of records stays, only its encryption changes.

Facts are taken in the order of their ids, some hundreds a transaction; what is under the newest key already is passed over,
so that it may be stopped at any time and begun again. Imports go on meanwhile: they seal under the newest key from their
next batch on, and what came in between is found by the next round.
"""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.registry import store
from yiwang.registry.sealing import MARK
from yiwang.registry.service import RegistryService

_at_once = 500


async def reseal(service: RegistryService, *, progress: Callable[[int], None] | None = None) -> int:
    """Bring all sealed values under the newest key; returns of how many facts. Journalled when there were any.

    Raises:
        KeyMissing, KeyFileUnreadable.
    """
    sealer, database = service.sealer, service.context.database
    newest = sealer.newest()
    done, after = 0, UUID(int=0)
    while True:
        async with database.transaction() as connection:
            found = await store.sealed_otherwise(connection, MARK, newest, after, limit=_at_once)
            anew = [(id, new) for id, old in found if (new := sealer.resealed(old)) is not None]
            await store.replace_sealed(connection, anew)
        if not found:
            break
        after = found[-1][0]
        done += len(anew)
        if progress is not None:
            progress(done)
    if done:
        async with database.transaction() as connection:
            now = service.context.clock.now()
            entry = journal.entry(SYSTEM, now, "thing.resealed", "thing", None, data={"facts": done, "key": newest})
            await journal.append(connection, entry)
    return done
