"""Retention and erasure (留存与删除): records of persons that ended longer ago than their type keeps them are erased.

Erased are attributes, title, search terms, geometry, natural keys and relations of every fact of the thing; that it was, from
when to when, and that it was erased stays. Each erasure is journalled, without any of what was erased.
"""

from __future__ import annotations

from datetime import timedelta

from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.registry import store
from yiwang.registry.service import RegistryService

_at_once = 200
_year = timedelta(days=365.25)


async def erase_expired(service: RegistryService) -> int:
    """Erase what is due, at most some hundred things of each type; returns how many (more may be due)."""
    now, erased = service.context.clock.now(), 0
    for kind in service.types.all():
        years = kind.declaration.keep_years
        if years is None:
            continue
        async with service.context.database.transaction() as connection:
            things = await store.ended_before(connection, kind.id, now - years * _year, limit=_at_once)
            if not things:
                continue
            await store.erase(connection, things, f"erased after {years} years")
            entries = [
                journal.entry(SYSTEM, now, "thing.erased", "thing", thing, data={"type": kind.id, "years": years})
                for thing in things
            ]
            await journal.append_many(connection, entries)
        erased += len(things)
    return erased
