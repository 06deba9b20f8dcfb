"""Sealing the journal into its chain, and verifying the chain: entries a second."""

from __future__ import annotations

import time

from bench.results import Measurement, Run
from bench.stage import Stage
from yiwang.kernel import journal
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import Connection, connect

_PLAIN = "select count(sha256(convert_to(j::text, 'UTF8'))) from (select * from journal order by tx desc limit $1) j"
PLAIN_ENTRIES = 200_000


async def measure(stage: Stage) -> list[Measurement]:
    """``journal.seal`` over everything not sealed yet, ``journal.verify`` over the whole chain."""
    connection = await connect(stage.url)
    try:
        await connection.execute("set statement_timeout = 0")
        plain = await _plain(connection)
        sealing: list[Run] = []
        total = 0
        while True:
            began = time.perf_counter()
            entries = await journal.seal(connection, real_now())
            if not entries:
                break
            total += entries
            if entries > 1000 or not sealing:
                sealing.append(Run(entries / (time.perf_counter() - began), plain))
        rate = sealing[-1].value if sealing else 0.0
        stage.say(f"journal: {total:,} entries sealed, {rate:,.0f}/s, plain hashing {plain:,.0f}/s")
        verifying: list[Run] = []
        for _ in range(1 if stage.cases > 1_000_000 else stage.rounds):
            began = time.perf_counter()
            report = await journal.verify(connection)
            if report.broken is not None:
                raise RuntimeError(f"the chain of the archive is broken at link {report.broken}: {report.reason}")
            verifying.append(Run(report.entries / (time.perf_counter() - began), await _plain(connection)))
        stage.say(f"journal: {report.links:,} links verified, {verifying[-1].value:,.0f} entries/s")
    finally:
        await connection.close()
    words = "each row as text, hashed once"
    found = [
        Measurement(
            "journal.verify", "the whole chain", "entries/s", "more", tuple(verifying), words, cases=stage.cases
        )
    ]
    if sealing:
        found.insert(
            0, Measurement("journal.seal", "one link", "entries/s", "more", tuple(sealing), words, cases=stage.cases)
        )
    return found


async def _plain(connection: Connection) -> float:
    began = time.perf_counter()
    count = await connection.fetchval(_PLAIN, PLAIN_ENTRIES)
    return float(count / (time.perf_counter() - began))
