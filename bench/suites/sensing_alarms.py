"""From a reading over its limit to the case on the event stream, while the city measures 5,000 values a second.

Writer, rules and opening of cases work in this process as they do in the worker; the event stream is read over HTTP. The raw
limit is the plain NOTIFY of a committed row, from the insert to the listener, on the same server under the same load.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
import numpy as np
import orjson

from bench.people import SUPERVISOR
from bench.results import Measurement, Run, Target
from bench.stage import Stage
from yiwang.casework.alarms import AlarmCases
from yiwang.http.services import Services, open_services
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import connect
from yiwang.sensing.alarms.evidence import Evidence
from yiwang.sensing.devices.declarations import MetricDeclaration, ProfileDeclaration
from yiwang.sensing.devices.publishing import publish_signals
from yiwang.sensing.model import Rows, empty_rows, micros
from yiwang.sensing.rules.declarations import RuleDeclaration
from yiwang.sensing.rules.following import RuleFollowing
from yiwang.sensing.rules.publishing import install

RATE = 5_000
DEVICES = 5_000
LATENCY = Target(1_000)
_PAUSE = 0.15  # as the worker waits between rounds
_NAMES = {"zh": "测速", "en": "Bench"}
_RULE = {
    "names": {"zh": "超限", "en": "Above"},
    "profile": "bench-gauge",
    "when": {"metric": "bench_depth", "above": 0.5},
    "severity": "major",
    "opens": {"case": "urban-case", "class": "99999", "text": {"zh": "{device}积水 {value}", "en": "{device}"}},
}


@dataclass(slots=True)
class Watched:
    """When each place was over its limit, and how long it took until its case was on the stream (seconds)."""

    sent: dict[tuple[float, float], float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)


async def measure(stage: Stage) -> list[Measurement]:
    """``alarms.case``: 95 % of the cases; ``alarms.case_half``: half of them; ``alarms.judge``: readings judged a second."""
    slow, half, judged = [], [], []
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=8) as services:
        await _found(stage, services)
        for number in range(stage.rounds):
            watched, raw = await _load(stage, services, round_=number)
            quick, late = (float(value) * 1000 for value in np.quantile(watched.took, [0.5, 0.95]))
            half.append(Run(quick, raw[0]))
            slow.append(Run(late, raw[1]))
            judged.append(Run(await _judge(services), None))
            stage.say(
                f"alarms {number + 1}/{stage.rounds}: {len(watched.took)} cases at {RATE:,} readings/s: half {quick:.0f} ms,"
                f" 95 % {late:.0f} ms; {judged[-1].value:,.0f} readings judged/s"
            )
    stage.note_memory()
    words, raw_words = (
        f"reading to case on the event stream at {RATE:,} readings/s",
        "NOTIFY of a committed row, same load",
    )
    return [
        Measurement("alarms.case", f"95 % within, {words}", "ms", "less", tuple(slow), raw_words, LATENCY, stage.cases),
        Measurement("alarms.case_half", f"half within, {words}", "ms", "less", tuple(half), raw_words, None, stage.cases),
        Measurement("alarms.judge", "readings in their limits past the rules, one core", "readings/s", "more", tuple(judged)),
    ]  # fmt: skip


async def _found(stage: Stage, services: Services) -> None:
    """A metric, a profile, devices at places of the city, one rule."""
    now = services.context.clock.now()
    metric = MetricDeclaration.model_validate({"names": _NAMES, "unit": "m", "decimals": 2})
    profile = ProfileDeclaration.model_validate(
        {"names": _NAMES, "protocol": "http", "interval": "1s", "offline_after": "1h", "measures": {"bench_depth": {}}}
    )
    places = [stage.places[number % len(stage.places)] for number in range(DEVICES)]
    async with services.context.database.transaction() as connection:
        await publish_signals(connection, {"bench_depth": metric}, [("bench", "bench-gauge", profile)], now)
        await connection.execute(
            "insert into device (code, profile, protocol, address, names, position, created_at, updated_at, version)"
            " select 'BENCH-' || n, 'bench-gauge', 'http', 'bench' || n, $4::jsonb, st_setsrid(st_makepoint(lon, lat), 4326),"
            " $3, $3, (select version from device_version)"
            " from unnest($1::float8[], $2::float8[]) with ordinality as p (lon, lat, n)"
            " where not exists (select from device where code = 'BENCH-' || n)",
            [place[0] for place in places], [place[1] for place in places], now, _NAMES,
        )  # fmt: skip
        await connection.execute("update device_version set version = version + 1")
        await connection.execute("update device set version = (select version from device_version)")
        await install(connection, [("bench", {"bench-above": RuleDeclaration.model_validate(_RULE)})], SYSTEM, now)
    await services.sensing.directory.refresh()


async def _load(stage: Stage, services: Services, round_: int) -> tuple[Watched, tuple[float, float]]:
    """Readings at the rate; now and then one over the limit."""
    watched = Watched()
    devices = [one for one in services.sensing.directory.devices() if one.profile == "bench-gauge"]
    metric = services.sensing.directory.metrics["bench_depth"].id
    rows = empty_rows(len(devices))
    rows["device"], rows["metric"] = [one.id for one in devices], metric
    count = 20 if stage.quick else 60
    chosen = devices[round_ * count : (round_ + 1) * count]
    async with contextlib.AsyncExitStack() as stack:
        ready = asyncio.Event()
        await stack.enter_async_context(_running(_listen(stage, watched, ready)))
        await stack.enter_async_context(_running(_work(services)))
        await stack.enter_async_context(_running(_write(services, rows)))
        await asyncio.wait_for(ready.wait(), 30)
        await asyncio.sleep(2)
        for device in chosen:
            over = empty_rows(1)
            over["device"], over["metric"], over["value"] = device.id, metric, 0.9
            over["at"] = micros(services.context.clock.now() + timedelta(seconds=1))
            watched.sent[_place(device.lon, device.lat)] = time.perf_counter()
            await services.sensing.writer.put(over)
            await asyncio.sleep(0.25)
        raw = await _plain_notices(stage)
        for _ in range(100):
            if len(watched.took) >= count:
                break
            await asyncio.sleep(0.1)
    if len(watched.took) < count * 0.9:
        raise RuntimeError(f"only {len(watched.took)} of {count} cases came over the stream")
    return watched, raw


def _place(lon: float | None, lat: float | None) -> tuple[float, float]:
    return round(lon or 0, 6), round(lat or 0, 6)


async def _write(services: Services, rows: Rows) -> None:
    """All devices in turn, fifty parts a second."""
    part = RATE // 50
    turn = 0
    while True:
        began = time.perf_counter()
        mine = np.take(rows, range(turn * part, (turn + 1) * part), mode="wrap")
        mine["at"] = micros(services.context.clock.now())
        mine["value"] = 0.1
        await services.sensing.writer.put(mine)
        turn += 1
        await asyncio.sleep(max(0.0, 0.02 - (time.perf_counter() - began)))


async def _work(services: Services) -> None:
    """What the worker does."""
    casework, sensing = services.casework, services.sensing
    evidence = Evidence(sensing.directory, sensing.readings.lake)
    cases = AlarmCases(casework.parts, casework.drafting, casework.opening, casework.operations, evidence)
    following = RuleFollowing(services.context, sensing.directory, sensing.book)

    async def repeat(step: Callable[[], object]) -> None:
        while True:
            done = step()
            more = await done if asyncio.iscoroutine(done) else done
            if not more:
                await asyncio.sleep(_PAUSE)

    async with asyncio.TaskGroup() as group:
        group.create_task(repeat(following.advance))
        group.create_task(repeat(cases.open_due))


async def _listen(stage: Stage, watched: Watched, ready: asyncio.Event) -> None:
    """Read the event stream as a browser does."""
    headers = {"authorization": f"Bearer {SUPERVISOR.token}"}
    url = f"http://{stage.address.host}:{stage.address.port}/api/v1/live?verb=case."
    async with httpx.AsyncClient(timeout=None) as client, client.stream("GET", url, headers=headers) as answer:
        answer.raise_for_status()
        async for line in answer.aiter_lines():
            ready.set()
            if not line.startswith("data: "):
                continue
            event = orjson.loads(line[6:])
            began = watched.sent.pop(_place(event.get("lon"), event.get("lat")), None)
            if event.get("verb") == "case.opened" and began is not None:
                watched.took.append(time.perf_counter() - began)


async def _plain_notices(stage: Stage) -> tuple[float, float]:
    """Milliseconds (half, 95 %) from inserting a row to the listener's hearing of it."""
    listener, writer = await connect(stage.url), await connect(stage.url)
    heard = asyncio.Event()
    took = []
    try:
        await listener.add_listener("bench_notice", lambda *_: heard.set())
        await writer.execute("create table if not exists bench_notice (at timestamptz)")
        for _ in range(40):
            heard.clear()
            began = time.perf_counter()
            async with writer.transaction():
                await writer.execute("insert into bench_notice values (now())")
                await writer.execute("notify bench_notice")
            await heard.wait()
            took.append((time.perf_counter() - began) * 1000)
            await asyncio.sleep(0.02)
        await writer.execute("drop table bench_notice")
    finally:
        await listener.close()
        await writer.close()
    half, late = np.quantile(took, [0.5, 0.95])
    return float(half), float(late)


async def _judge(services: Services) -> float:
    """Readings a second through the whole follower: a backlog of batches, all within their limits."""
    sensing = services.sensing
    following = RuleFollowing(services.context, sensing.directory, sensing.book)
    while await following.advance():
        continue
    devices = [one.id for one in sensing.directory.devices() if one.profile == "bench-gauge"]
    rows = empty_rows(len(devices))
    rows["device"], rows["metric"], rows["value"] = devices, sensing.directory.metrics["bench_depth"].id, 0.1
    base = micros(services.context.clock.now())
    for number in range(20):
        rows["at"] = base + number * 1_000_000
        await sensing.writer.put(rows)
    began, count = time.perf_counter(), 0
    while done := await following.advance():
        count += done
    return count / (time.perf_counter() - began)


@contextlib.asynccontextmanager
async def _running(work: object) -> AsyncIterator[None]:
    """``work`` runs beside the block; its fault is told."""
    assert asyncio.iscoroutine(work)
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
