"""Sealing and verifying: batches of final entries become links of a SHA-256 chain (FIPS 180-4), computed by the database.

A link's digest covers the previous digest, the batch's limits and every byte of its entries in order. Changing, removing
or inserting an entry anywhere, or a link, breaks every later link. The newest digest can be kept elsewhere as an anchor.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from yiwang.kernel.database import Connection
from yiwang.kernel.journal.store import FINAL

_SEALER_LOCK = 0x59_4A  # one sealer at a time; writers never take it

_BATCH_DIGEST = """
select count(*) as entries, coalesce(min(seq), 0) as first_seq, coalesce(max(seq), 0) as last_seq,
  sha256($3::bytea || int8send($1) || int8send($2) || coalesce(string_agg(sha256(convert_to(jsonb_build_array(
    tx, seq, (extract(epoch from at) * 1000000)::bigint, verb, subject_kind, subject_id, actor_kind, actor_id,
    actor_name, area, data)::text, 'UTF8')), ''::bytea order by tx, seq), ''::bytea)) as digest
from journal where tx >= $1 and tx < $2
"""


@dataclass(frozen=True, slots=True)
class SealReport:
    """What a verification saw. ``broken`` is the number of the first link that does not hold, or None."""

    links: int
    entries: int
    unsealed: int
    head: str
    broken: int | None
    reason: str = ""


async def seal(connection: Connection, at: datetime, *, at_most: int = 50_000) -> int:
    """Seal final entries that no link covers yet, at most about ``at_most`` of them; returns how many.

    Takes an advisory lock among sealers only. An empty stretch makes no link.
    """
    async with connection.transaction():
        if not await connection.fetchval("select pg_try_advisory_xact_lock($1)", _SEALER_LOCK):
            return 0
        last = await connection.fetchrow("select number, tx_to, digest from journal_seal order by number desc limit 1")
        number, start, previous = (last["number"], last["tx_to"], last["digest"]) if last else (0, 0, b"")
        end = await connection.fetchval(
            f"""select case when count(*) = $2 then max(tx) + 1 else (select {FINAL}) end from
                (select tx from journal where tx >= $1 and tx < {FINAL} order by tx, seq limit $2) batch""",
            start,
            at_most,
        )
        end = min(end, await connection.fetchval(f"select {FINAL}"))
        batch = await connection.fetchrow(_BATCH_DIGEST, start, end, previous)
        if batch is None or batch["entries"] == 0:
            return 0
        await connection.execute(
            "insert into journal_seal (number, tx_from, tx_to, entries, first_seq, last_seq, previous, digest, sealed_at)"
            " values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
            number + 1,
            start,
            end,
            batch["entries"],
            batch["first_seq"],
            batch["last_seq"],
            previous,
            batch["digest"],
            at,
        )
        return int(batch["entries"])


async def verify(connection: Connection, progress: Callable[[int, int], None] | None = None) -> SealReport:
    """Recompute every link from the entries themselves. ``progress(done, links)`` is called after each."""
    links = await connection.fetch("select * from journal_seal order by number")
    previous, expected_from, entries, reason = b"", 0, 0, ""
    for index, link in enumerate(links, start=1):
        batch = await connection.fetchrow(_BATCH_DIGEST, link["tx_from"], link["tx_to"], link["previous"])
        if link["number"] != index:
            reason = f"link {index} is missing"
        elif link["previous"] != previous or link["tx_from"] != expected_from:
            reason = "the link does not continue the one before it"
        elif batch is None or batch["entries"] != link["entries"]:
            reason = f"{link['entries']} entries were sealed, {batch['entries'] if batch else 0} are there"
        elif batch["digest"] != link["digest"]:
            reason = "an entry of this batch was changed"
        if reason:
            return SealReport(len(links), entries, 0, previous.hex(), index, reason)
        previous, expected_from, entries = link["digest"], link["tx_to"], entries + link["entries"]
        if progress:
            progress(index, len(links))
    unsealed = await connection.fetchval("select count(*) from journal where tx >= $1", expected_from)
    return SealReport(len(links), entries, unsealed, previous.hex(), None)
