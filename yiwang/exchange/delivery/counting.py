"""Counting what consumers take: requests that arrive together are admitted and metered in one transaction.

All requests of a grant count on one row of the day; one by one each would wait for the others' flush to disk. Promises: a nonce
is taken once; the quota is never passed, however many ask at once; what was revoked before does not count; whoever is told
that a request counts, it is durable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from yiwang.exchange.sharing import counts as taken
from yiwang.exchange.sharing.model import ShareGrant
from yiwang.kernel.database import Database
from yiwang.kernel.grouping import Groups, Waiting, oldest

Verdict = Literal["counted", "revoked", "repeated", "spent"]
_GROUP_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Taking:
    """One request: its grant with key and quota, its nonce, what it takes. ``at`` is machine time, ``day`` the city's."""

    grant: ShareGrant
    nonce: str
    day: date
    at: datetime
    rows: int
    size: int

    @property
    def key(self) -> tuple[str, str]:
        return (self.grant.key_id or "", self.nonce)


@dataclass(slots=True)
class _Waiting(Waiting[Verdict]):
    taking: Taking


class Counting:
    """One per process."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._groups: Groups[_Waiting] = Groups("share-counting", oldest(_GROUP_LIMIT), self._write)

    async def count(self, taking: Taking) -> Verdict:
        """Admit a request and count it; returns when that is durable. All but ``counted`` count as refused."""
        waiting = _Waiting(taking)
        self._groups.add(waiting)
        return await waiting.answer

    async def _write(self, group: list[_Waiting]) -> None:
        verdicts = await self._verdicts([item.taking for item in group])
        for item, verdict in zip(group, verdicts, strict=True):
            item.resolve(verdict)

    async def _verdicts(self, group: Sequence[Taking]) -> list[Verdict]:
        async with self._database.transaction() as connection:
            unused = await taken.take_nonces(connection, [(*taking.key, taking.at) for taking in group])
            counts = await taken.lock_counts(connection, {(taking.grant.id, taking.day) for taking in group})
            over = await taken.revoked(connection, {taking.grant.id for taking in group})
            verdicts: list[Verdict] = []
            for taking in group:
                count = counts[taking.grant.id, taking.day]
                if taking.grant.id in over:
                    verdicts.append("revoked")
                elif taking.key not in unused:
                    verdicts.append("repeated")
                elif count.requests >= taking.grant.wanted.quota:
                    verdicts.append("spent")
                else:
                    verdicts.append("counted")
                unused.discard(taking.key)  # the same nonce twice in one group
                count.add(verdicts[-1] == "counted", taking.rows, taking.size)
            await taken.write_counts(connection, counts)
        return verdicts
