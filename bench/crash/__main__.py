"""``python -m bench.crash --rounds 50``: exit code 1 when anything acknowledged was lost or doubled."""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import orjson
from rich.console import Console
from rich.table import Table

from bench import load
from bench.crash import CrashCity, RoundReport, run_rounds


def main() -> int:
    options = _options()
    console = Console(stderr=options.json, highlight=False, width=None if sys.stdout.isatty() else 160)
    console.print(f"seed {options.seed}, {options.rounds} rounds")

    def say(item: RoundReport) -> None:
        mark = "[red]LOST[/]" if item.losses else "[green]whole[/]"
        console.print(
            f"{item.number:3}  {item.victim:<18} killed after {item.killed_after:.1f} s, silent for"
            f" {item.silent_seconds:.1f} s; {item.created} cases, {item.stepped} steps acknowledged  {mark}"
        )
        for loss in item.losses:
            console.print(f"     [red]{loss}[/]", markup=True)

    told = load.run(_rounds(options, say))
    lost = [item for item in told if item.losses]
    if options.json:
        sys.stdout.write(orjson.dumps([asdict(item) for item in told], option=orjson.OPT_INDENT_2).decode() + "\n")
    else:
        console.print(_table(told))
        cases, steps = sum(item.created for item in told), sum(item.stepped for item in told)
        words = f"{len(lost)} rounds with losses" if lost else "nothing lost, nothing doubled, the chain verifies"
        console.print(f"{len(told)} rounds, {cases:,} cases and {steps:,} steps acknowledged: {words}")
    return 1 if lost else 0


async def _rounds(options: argparse.Namespace, say: object) -> list[RoundReport]:
    assert callable(say)
    with tempfile.TemporaryDirectory(prefix="yiwang-crash-") as folder:
        Path(folder).chmod(0o755)  # the account that runs the database must reach it
        city = CrashCity(Path(folder))
        try:
            await city.build()
            await city.start()
            return await run_rounds(city, options.rounds, seed=options.seed, say=say)
        finally:
            await city.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.crash", description="Kill processes under load; look for losses."
    )
    parser.add_argument("--rounds", type=int, default=int(os.environ.get("YIWANG_CRASH_ROUNDS", "50")))
    parser.add_argument(
        "--seed", type=int, default=random.SystemRandom().randrange(10**6), help="repeats the same choices"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    return parser.parse_args()


def _table(told: list[RoundReport]) -> Table:
    table = Table(header_style="bold", pad_edge=False)
    table.add_column("round", justify="right")
    table.add_column("killed")
    for title in ("after s", "cases", "steps", "unanswered", "told later", "silent s", "links", "round s"):
        table.add_column(title, justify="right")
    table.add_column("losses")
    for item in told:
        table.add_row(
            str(item.number), item.victim, f"{item.killed_after:.1f}", str(item.created), str(item.stepped),
            str(item.unanswered), str(item.told_later), f"{item.silent_seconds:.1f}", str(item.links),
            f"{item.seconds:.1f}", "; ".join(item.losses) or "none",
        )  # fmt: skip
    return table


if __name__ == "__main__":
    raise SystemExit(main())
