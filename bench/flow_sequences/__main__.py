"""``python -m bench.flow_sequences --runs 10000``: exit code 1 when a law was broken."""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from pathlib import Path

from bench.flow_sequences import Tally, run_sequences
from yiwang.kernel import migrations
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.database import Database

_FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "256MB"}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.flow_sequences", description="Random office operations.")
    parser.add_argument("--runs", type=int, default=10_000, help="how many sequences")
    parser.add_argument("--first", type=int, default=0, help="number of the first; a number is a run")
    options = parser.parse_args()
    began = time.monotonic()

    told: list[str] = []

    def say(tally: Tally) -> None:
        for fault in tally.faults[len(told) :]:
            told.append(fault)
            sys.stderr.write(f"\rBROKEN {fault}\n")
        if tally.runs % 100 == 0:
            sys.stderr.write(f"\r{tally.runs} runs, {time.monotonic() - began:.0f} s ")

    tally = asyncio.run(_runs(options.first, options.runs, say))
    sys.stderr.write("\n")
    _show(tally, time.monotonic() - began)
    return 1 if tally.faults else 0


async def _runs(first: int, runs: int, say: object) -> Tally:
    assert callable(say)
    with tempfile.TemporaryDirectory(prefix="yiwang-sequences-") as folder:
        server = EmbeddedServer(Path(folder), settings=_FAST, say=lambda zh, en: None)
        await asyncio.to_thread(server.start)
        try:
            url = await server.create_database("sequences", template="template0")
            await asyncio.to_thread(migrations.upgrade, url)
            database = await Database.open(url, connections=2)
            try:
                return await run_sequences(database, first, runs, say=say)
            finally:
                await database.close()
        finally:
            await asyncio.to_thread(server.destroy)


def _show(tally: Tally, seconds: float) -> None:
    done, refused = sum(tally.done.values()), sum(tally.refused.values())
    sys.stdout.write(
        f"{tally.runs} runs in {seconds:.0f} s: {done} operations done, {refused} refused,"
        f" {tally.rounds} rounds opened, {tally.ended} instances over\n"
    )
    for name in sorted(tally.done | tally.refused):
        sys.stdout.write(f"  {name:<24} {tally.done[name]:>7} done {tally.refused[name]:>7} refused\n")
    sys.stdout.write(f"{len(tally.faults)} broken\n")


if __name__ == "__main__":
    raise SystemExit(main())
