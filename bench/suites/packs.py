"""The check of all packs, and sixty packs in one city: what they cost a request and the start of the web, beside the city alone.

``packs.check`` is ``yiwang check`` of the repository from a fresh process; beside it a process that only parses the same files:
YAML by the C library, drawings by the standard library. ``packs.check_sixty`` is the same with copies until there are sixty.
"""

from __future__ import annotations

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from bench import load
from bench.installation import REPOSITORY, City, Web, child_environment, cpu_seconds, family
from bench.pack_copies import many_packs
from bench.people import ACCEPTOR
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.http.services import open_services
from yiwang.packs.install import install_city

COUNT = 60
CONNECTIONS = 8
REQUEST = Target(5)
START = Target(10)
CHECK = Target(20)


_TIMED = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], capture_output=True, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)
sys.stdout.write(done.stdout + done.stderr if done.returncode else "")
sys.exit(done.returncode)
"""
_PARSE = """
import pathlib, sys, xml.etree.ElementTree, yaml
for place in sys.argv[1:]:
    for path in pathlib.Path(place).rglob("*"):
        if path.suffix == ".yaml":
            yaml.load(path.read_bytes(), yaml.CSafeLoader)
        elif path.suffix == ".bpmn":
            xml.etree.ElementTree.parse(path)
"""


@dataclass(frozen=True, slots=True)
class _Place:
    """A city with its database and its web."""

    city: City
    url: str
    web: Web


async def measure(stage: Stage) -> list[Measurement]:
    """``packs.check``, ``packs.check_sixty``, ``packs.start``, ``packs.create``, ``packs.tasks``."""
    here = City(stage.city.folder, stage.city.packs)
    checks = [await asyncio.to_thread(_check, here, stage.cluster.home) for _ in range(1 if stage.quick else 3)]
    stage.say(f"check: {min(run.value for run in checks):.1f} s, parsing alone {checks[0].limit:.1f} s")
    with tempfile.TemporaryDirectory(prefix="yiwang-packs-") as folder:
        many = await asyncio.to_thread(_sixty, stage.city, Path(folder))
        sixty = [await asyncio.to_thread(_check, many, stage.cluster.home)]
        stage.say(f"check of {COUNT} packs: {sixty[0].value:.1f} s, parsing alone {sixty[0].limit:.1f} s")
        async with _opened(stage, stage.city, "bench_few") as few, _opened(stage, many, "bench_many") as lots:
            starts = [await _started(few, lots) for _ in range(stage.rounds)]
            stage.say(f"start with {COUNT} packs: {statistics.median(run.value for run in starts):+.1f} s")
            for place in (few, lots):
                await place.web.start()
            try:
                creates, tasks = await _compared(stage, few, lots)
            finally:
                for place in (few, lots):
                    await place.web.stop()
    return [
        Measurement(
            "packs.check", "yiwang check of all packs and cities, processor time", "s", "less", tuple(checks),
            "parsing the same files", CHECK,
        ),
        Measurement(
            "packs.check_sixty", f"the same of {COUNT} packs", "s", "less", tuple(sixty), "parsing the same files",
        ),
        Measurement(
            "packs.start", f"the web with {COUNT} packs is ready so much later", "s", "less", tuple(starts),
            "seconds until it is ready with the city's own packs", START,
        ),
        Measurement(
            "packs.create", f"processor time of opening a case, more with {COUNT} packs", "%", "less", tuple(creates),
            "ms with the city's own packs", REQUEST,
        ),
        Measurement(
            "packs.tasks", f"processor time of my tasks, more with {COUNT} packs", "%", "less", tuple(tasks),
            "ms with the city's own packs", REQUEST,
        ),
    ]  # fmt: skip


def _sixty(city: City, folder: Path) -> City:
    """The city with copies of its packs, in a folder of its own."""
    declared = yaml.safe_load((city.folder / "city.yaml").read_text("utf-8"))
    others = sorted((REPOSITORY / "tests" / "cities").glob("*/city.yaml"))
    beside = {name for path in others for name in yaml.safe_load(path.read_text("utf-8"))["packs"]}
    names = many_packs(city.packs, folder / "packs", declared["packs"], COUNT, sorted(beside))
    shutil.copytree(REPOSITORY / "tests" / "cities", folder / "tests" / "cities")
    target = folder / "cities" / city.folder.name
    shutil.copytree(city.folder, target)
    declared["packs"] = names
    # JSON is YAML: codes and times keep their quotes.
    (target / "city.yaml").write_text(json.dumps(declared, ensure_ascii=False, default=str), encoding="utf-8")
    return City(target, folder / "packs")


def _check(city: City, home: Path) -> Run:
    """Seconds of processor of a check of all packs and cities from a fresh process, which must find no error."""
    places = [city.packs, city.packs.parent / "cities", city.packs.parent / "tests" / "cities"]
    checked = _processor([sys.executable, "-m", "yiwang.cli", "check", "--packs", str(city.packs)], city, home)
    return Run(checked, _processor([sys.executable, "-c", _PARSE, *map(str, places)], city, home))


def _processor(command: list[str], city: City, home: Path) -> float:
    """Seconds of processor of a command.

    Raises:
        RuntimeError: it failed.
    """
    environment = {**child_environment(home), "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", _TIMED, *command],
        cwd=city.packs.parent, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the packs do not pass:\n{done.stdout[:3000]}{done.stderr[-500:]}")
    return float(done.stdout.split()[0])


@asynccontextmanager
async def _opened(stage: Stage, city: City, database: str) -> AsyncIterator[_Place]:
    """A fresh copy of the measured city, with the packs of ``city`` published in it."""
    base = await stage.cluster.city(stage.city)
    url = await stage.cluster.copy(base, database)
    try:
        if city is not stage.city:
            began = time.monotonic()
            async with open_services(stage.cluster.settings(city), url, connections=4) as services:
                await install_city(services.context, services, city.folder, packs=city.packs)
            stage.say(f"{COUNT} packs published in {time.monotonic() - began:.0f} s")
        yield _Place(city, url, Web(url, stage.cluster, city))
    finally:
        await stage.cluster.drop(database)


async def _started(few: _Place, lots: _Place) -> Run:
    """How much later the web with many packs is ready, in seconds; beside it, how long the other takes."""
    seconds = []
    for place in (few, lots):
        began = time.monotonic()
        await place.web.start()
        seconds.append(time.monotonic() - began)
        await place.web.stop()
    return Run(seconds[1] - seconds[0], seconds[0])


async def _compared(stage: Stage, few: _Place, lots: _Place) -> tuple[list[Run], list[Run]]:
    """Per cent of processor time that a request takes more; both webs stand, one works at a time, by short turns, so that
    what the machine does besides hits both."""
    page = load.request("GET", "/api/v1/tasks?limit=50", token=ACCEPTOR.token)
    count, turns = (100, 2) if stage.quick else (300, 8)
    creates: list[Run] = []
    tasks: list[Run] = []
    for place in (few, lots):  # warm
        await _cost(stage, place, list(stage.reports().requests(100 if stage.quick else 600)))
        await _cost(stage, place, [page] * 100)
    for number in range(stage.rounds):
        made = {few.url: 0.0, lots.url: 0.0}
        read = {few.url: 0.0, lots.url: 0.0}
        for turn in range(turns):
            for place in (few, lots) if turn % 2 == 0 else (lots, few):
                made[place.url] += await _cost(stage, place, list(stage.reports().requests(count))) / turns
                read[place.url] += await _cost(stage, place, [page] * count * 4) / turns
        for found, runs in ((made, creates), (read, tasks)):
            runs.append(Run((found[lots.url] / found[few.url] - 1) * 100, found[few.url]))
        stage.say(
            f"packs {number + 1}/{stage.rounds}: create {creates[-1].value:+.1f} %, tasks {tasks[-1].value:+.1f} %"
        )
    before = [sum(map(cpu_seconds, place.web.worker_pids())) for place in (few, lots)]
    await asyncio.sleep(10)
    idle = [
        sum(map(cpu_seconds, place.web.worker_pids())) - was for place, was in zip((few, lots), before, strict=True)
    ]
    stage.say(f"packs: the web at rest takes {idle[0] * 100:.0f} and {idle[1] * 100:.0f} ms of processor a second")
    return creates, tasks


async def _cost(stage: Stage, place: _Place, requests: list[bytes]) -> float:
    """Milliseconds of processor a request, of the place's web workers and the database."""
    before = _spent(stage, place)
    done = (await load.saturate(place.web.address, iter(requests), connections=CONNECTIONS)).check("packs")
    return (_spent(stage, place) - before) * 1000 / done.good


def _spent(stage: Stage, place: _Place) -> float:
    pids = place.web.worker_pids()
    if stage.cluster.own_url is None:
        postmaster = stage.cluster.server.status().pid
        pids += family(postmaster) if postmaster else []
    return sum(map(_on_processor, pids))


def _on_processor(pid: int) -> float:
    """Seconds that the threads of a process have run; to the nanosecond, where ``stat`` counts hundredths of a second."""
    found = 0
    for path in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            found += int(path.read_text().split()[0])
        except OSError:  # the thread has ended meanwhile
            continue
    return found / 1e9
