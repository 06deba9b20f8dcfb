"""``python -m bench``: measure this machine's installation and print a table; see docs/reference/benchmarks.md."""

from __future__ import annotations

import argparse
import fcntl
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import orjson
from rich.console import Console

from bench import load
from bench.installation import WORKERS, City, Cluster
from bench.raw import Replayers
from bench.results import LATEST, Measurement, keep, show
from bench.stage import home, open_stage
from bench.suites import SUITE, Benchmark

SMALL, FULL = 100_000, 10_000_000
_COPIED_UP_TO = 2_000_000


def main() -> int:
    options = _options()
    chosen = _chosen(options.only)
    progress = Console(stderr=True, highlight=False, soft_wrap=True)
    began = time.monotonic()

    def say(text: str) -> None:
        progress.print(f"[dim]{time.monotonic() - began:6.1f} s[/]  {text}", markup=True)

    scales = options.cases or ([SMALL] if options.scale != "full" else [SMALL, FULL])
    with _alone():
        measured = load.run(_measure(chosen, scales, say, quick=options.quick))
    if not options.quick:
        keep(measured)
    if options.json:
        sys.stdout.write(
            orjson.dumps([item.as_json() for item in measured], option=orjson.OPT_INDENT_2).decode() + "\n"
        )
    else:
        show(measured, Console(highlight=False, width=None if sys.stdout.isatty() else 200))
        sys.stdout.write(f"{time.monotonic() - began:.0f} s" + ("\n" if options.quick else f"; kept in {LATEST}\n"))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure an installation on this machine.")
    names = ", ".join(item.name for item in SUITE)
    parser.add_argument("--only", default="", help=f"measure only these, with commas: {names} (or ONLY=…)")
    parser.add_argument(
        "--scale", default="small", choices=["small", "plain", "full"], help="full adds 10⁷ closed cases"
    )
    parser.add_argument("--cases", type=int, action="append", help="another size of the archive; may be repeated")
    parser.add_argument(
        "--quick", action="store_true", help="short loads, one round: to see that it works; keeps nothing"
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    words = []
    for word in sys.argv[1:]:  # ONLY=create is what people type after make
        name, equals, value = word.partition("=")
        words += [f"--{name.lower()}", value] if equals and name in ("ONLY", "SCALE") else [word]
    return parser.parse_args(words)


@contextmanager
def _alone() -> Iterator[None]:
    """One measurement at a time in a home: two would disturb each other's figures and databases."""
    home().mkdir(parents=True, exist_ok=True)
    with (home() / "bench.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(
                f"Another measurement is running in {home()}; wait for it, or set YIWANG_BENCH_HOME."
            ) from None
        yield


def _chosen(only: str) -> list[Benchmark]:
    wanted = {word.strip().split(".")[0] for word in only.split(",") if word.strip()}
    known = {item.name for item in SUITE}
    if wanted - known:
        raise SystemExit(
            f"there is no benchmark {', '.join(sorted(wanted - known))}; there are: {', '.join(sorted(known))}"
        )
    return [item for item in SUITE if not wanted or item.name in wanted]


async def _measure(chosen: list[Benchmark], scales: list[int], say: object, *, quick: bool) -> list[Measurement]:
    assert callable(say)
    buffers = os.environ.get("YIWANG_BENCH_BUFFERS")
    cluster = Cluster(
        home(),
        own_url=os.environ.get("YIWANG_DATABASE_URL"),
        server_settings={"shared_buffers": buffers} if buffers else None,
    )
    city = City.shipped() if City.shipped().folder.is_dir() else City.small()
    say(f"city {city.folder.name}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}")
    await cluster.start()
    replayers = Replayers(WORKERS)
    measured: list[Measurement] = []
    try:
        for cases in scales:
            in_place = cases > _COPIED_UP_TO
            async with open_stage(cluster, city, cases, replayers, say, quick=quick, in_place=in_place) as stage:
                stage.rounds = 1 if quick else 3
                say(f"measuring among {stage.cases:,} cases, {stage.web.workers} web workers")
                for item in chosen:
                    say(f"[bold]{item.name}[/]: {item.words}")
                    measured += _with_growth(await item.run(stage), measured)
    finally:
        replayers.close()
        await cluster.stop()
    return measured


def _with_growth(found: list[Measurement], before: list[Measurement]) -> list[Measurement]:
    """Each figure divided by the same figure at the smallest scale."""
    first: dict[str, Measurement] = {}
    for item in before:
        first.setdefault(item.name, item)
    return [
        replace(item, grown=item.value / first[item.name].value)
        if item.name in first and first[item.name].value
        else item
        for item in found
    ]


if __name__ == "__main__":
    raise SystemExit(main())
