"""The flow engine: steps in memory, durable steps of eight writers, state of a running case, publishing, a million timers."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from bench import spiff
from bench.drawings import approval, long_process, reminding
from bench.results import Measurement, Run, Target, in_turns
from bench.stage import Stage
from yiwang.flow.assignment import Place
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.changes import advance
from yiwang.flow.model import Definition, Graph, InstanceRow, Start, TaskRow
from yiwang.flow.service import FlowService
from yiwang.flow.service.world import World
from yiwang.flow.standing import Act, Standing
from yiwang.flow.timing import Timing
from yiwang.flow.walk import Completed, Started, walk
from yiwang.http.services import open_services
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection, connect
from yiwang.kernel.identifiers import new_id

WRITERS = 8
STEPS = 6
TIMERS = 1_000_000
SECONDS = 5.0


async def measure(stage: Stage) -> list[Measurement]:
    """All of it in the archive's database, through the service that the web workers use."""
    settings = stage.cluster.settings(stage.city)
    async with open_services(settings, stage.url, connections=WRITERS) as services:
        flow, now = services.flow, services.context.clock.now()
        async with services.context.database.transaction() as connection:
            definition = await flow.publish(connection, "bench-approval", approval("bench-approval"), SYSTEM, now)
        found = [await _in_memory(stage, flow, definition)]
        found += await _durable(stage, flow, definition)
        found.append(await _publishing(stage))
        found += await _timers(stage, flow)
    return found


# In memory


async def _in_memory(stage: Stage, flow: FlowService, definition: Definition) -> Measurement:
    graph = definition.graph

    async def ours() -> float:
        return await asyncio.to_thread(_walk_for, flow, definition, stage.seconds(SECONDS))

    async def theirs() -> float:
        return await asyncio.to_thread(spiff.steps_a_second, approval("bench-approval"), stage.seconds(SECONDS))

    raw = theirs if spiff.available() else None
    runs = await in_turns(stage.rounds, ours, raw, stage.say, "flow, steps/s in memory")
    words = "SpiffWorkflow: deserialise, one step, serialise" if raw else "SpiffWorkflow is not installed"
    return Measurement(
        "flow.walk",
        f"one step of {len(graph.tasks)} in memory, one core",
        "steps/s",
        "more",
        runs,
        words,
        Target(5_000),
    )


def _walk_for(flow: FlowService, definition: Definition, seconds: float) -> float:
    """Steps a second: walk, rows to write, answer; everything but the database."""
    at = datetime(2026, 6, 15, 1, tzinfo=UTC)
    begun_with = _instance(definition, at)
    world = World(flow.assignment, Place(begun_with.area, begun_with.grid), at)
    steps, began = 0, time.perf_counter()
    while (spent := time.perf_counter() - began) < seconds:
        standing = Standing(definition, begun_with)
        delta = walk(definition.graph, standing.position, Started(), begun_with.variables, world)
        timing = Timing(flow.context.calendar, at)
        changes, _ = advance(standing, delta, begun_with.variables, Act("start", SYSTEM, at), timing, is_new=True)
        while changes.tasks:
            task: TaskRow = changes.tasks[0]
            instance = changes.instance or standing.instance
            standing = Standing(definition, instance, {task.id: task})
            outcome = definition.graph.task(task.node).first_outcome
            delta = walk(definition.graph, standing.position, Completed(task.id, outcome), instance.variables, world)
            act = Act("complete", SYSTEM, at, outcome=outcome)
            changes, _ = advance(standing, delta, instance.variables, act, Timing(flow.context.calendar, at))
            changes.instance = changes.instance or instance
            steps += 1
    return steps / spent


def _instance(definition: Definition, at: datetime) -> InstanceRow:
    instance = new_id()
    return InstanceRow(instance, definition.id, "bench", instance, "", "", "active", {"amount": 5}, {}, at, None, None)


# Durable


async def _durable(stage: Stage, flow: FlowService, definition: Definition) -> list[Measurement]:
    async def ours() -> float:
        tasks = await _started(flow, definition, 400 if stage.quick else 1500)
        return await _all_writers(
            stage, lambda connection, number: _finish_all(flow, connection, tasks[number::WRITERS])
        )

    async def plain() -> float:
        connection = await connect(stage.url)
        await connection.execute("create unlogged table if not exists bench_row (id int primary key, n int)")
        await connection.execute("alter table bench_row set logged")
        await connection.execute(
            "insert into bench_row select i, 0 from generate_series(0, 999) i on conflict do nothing"
        )
        await connection.close()
        return await _all_writers(stage, _update_rows)

    runs = await in_turns(stage.rounds, ours, plain, stage.say, "flow, durable steps/s of 8 writers")
    size = await stage.query(
        "select avg(pg_column_size(i.*) + (select sum(pg_column_size(t.*)) from flow_task t where t.instance_id = i.id))"
        " from flow_instance i where i.definition_id = $1 and i.state = 'active'",
        definition.id,
    )
    bytes_each = float(size[0][0] or 0)
    stage.say(f"flow: {bytes_each:.0f} bytes of state in a running instance")
    return [
        Measurement(
            "flow.durable",
            "finish a step, each with its commit, 8 writers",
            "steps/s",
            "more",
            runs,
            "update of one row by its key with its commit, 8 writers",
            Target(1_500),
        ),
        Measurement(
            "flow.state",
            "instance and open tasks of a running case",
            "bytes",
            "less",
            (Run(bytes_each, float(spiff.state_bytes(approval("bench-approval"))) if spiff.available() else None),),
            "SpiffWorkflow's serialised state",
            Target(1_024),
        ),
    ]


async def _started(flow: FlowService, definition: Definition, count: int) -> list[UUID]:
    starts = []
    for _ in range(count):
        instance = new_id()
        starts.append(Start(instance, definition, "bench", instance, "", "", {"amount": 5}))
    async with flow.context.database.transaction() as connection:
        answers = await flow.start_many(connection, starts, flow.context.clock.now())
    return [answer.new_tasks[0].id for answer in answers]


async def _finish_all(flow: FlowService, connection: Connection, tasks: list[UUID]) -> int:
    """Finish three steps of each instance; returns how many were finished."""
    done = 0
    for first in tasks:
        task = first
        for _ in range(3):
            async with flow.context.database.transaction() as own:
                answer = await flow.complete(own, task, SYSTEM, "agree", {}, flow.context.clock.now())
            done += 1
            task = answer.new_tasks[0].id
    return done


async def _update_rows(connection: Connection, number: int) -> int:
    for turn in range(500):
        async with connection.transaction():
            await connection.execute("update bench_row set n = n + 1 where id = $1", number * 100 + turn % 100)
    return 500


Writing = Callable[[Connection, int], Awaitable[int]]


async def _all_writers(stage: Stage, write: Writing) -> float:
    connections = [await connect(stage.url) for _ in range(WRITERS)]
    try:
        began = time.perf_counter()
        done = await asyncio.gather(*(write(connection, number) for number, connection in enumerate(connections)))
        return sum(done) / (time.perf_counter() - began)
    finally:
        for connection in connections:
            await connection.close()


# Publishing


async def _publishing(stage: Stage) -> Measurement:
    text = long_process("bench-long", 500)

    async def ours() -> float:
        began = time.perf_counter()
        graph: Graph | None = read_bpmn(text).graph
        assert graph is not None
        return (time.perf_counter() - began) * 1000

    async def parse() -> float:
        from defusedxml.ElementTree import fromstring

        began = time.perf_counter()
        fromstring(text)
        return (time.perf_counter() - began) * 1000

    runs = await in_turns(stage.rounds, ours, parse, stage.say, "flow, publish 500 elements, ms")
    return Measurement(
        "flow.publish", "read, check, compile 500 elements", "ms", "less", runs, "parse the XML only", Target(1_000)
    )


# Timers


async def _timers(stage: Stage, flow: FlowService) -> list[Measurement]:
    """A million timers that are not due, and a few hundred that come due one after the other."""
    count = TIMERS // 10 if stage.quick else TIMERS
    connection = await connect(stage.url)
    await connection.execute("set statement_timeout = 0")
    now = flow.context.clock.now()
    async with flow.context.database.transaction() as own:
        definition = await flow.publish(own, "bench-reminding", reminding("bench-reminding"), SYSTEM, now)
        instance = new_id()
        start = Start(instance, definition, "bench", instance, "", "", {})
        (holder,) = await flow.start_many(own, [start], now)
    await connection.execute(
        "insert into flow_timer (id, instance_id, holder_id, node, wake_at, clock)"
        " select gen_random_uuid(), $1, gen_random_uuid(), 'late', $2::timestamptz + n * interval '1 second', '{}'"
        " from generate_series(1, $3::int) n",
        holder.instance_id,
        now + timedelta(days=1),
        count,
    )
    await connection.execute("analyze flow_timer")
    try:
        idle = await _idle_share(flow, stage.seconds(10))
        stage.say(f"flow: {count:,} timers waiting take {idle:.2f} % of a core")
        late = await _lateness(stage, flow, definition)
        stage.say(f"flow: timers fire within {late:.2f} s")
    finally:
        await connection.execute("delete from flow_timer where instance_id = $1", holder.instance_id)
        await connection.close()
    return [
        Measurement(
            "flow.timers", f"{count:,} timers waiting", "% of a core", "less", (Run(idle, None),), "", Target(1.0)
        ),
        Measurement("flow.lateness", "due to fired, the latest", "s", "less", (Run(late, None),), "", Target(1.0)),
    ]


async def _idle_share(flow: FlowService, seconds: float) -> float:
    """Percent of a core that the worker's look for due work takes, here and in the database's process."""
    begun = time.perf_counter()
    before, there = resource.getrusage(resource.RUSAGE_SELF), await _database_seconds(flow)
    while time.perf_counter() - begun < seconds:
        await flow.act_due(flow.context.clock.now(), 200)
        await asyncio.sleep(0.5)
    after = resource.getrusage(resource.RUSAGE_SELF)
    here = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return 100 * (here + await _database_seconds(flow) - there) / (time.perf_counter() - begun)


async def _database_seconds(flow: FlowService) -> float:
    """Processor seconds of the database's processes, where they run on this machine."""
    async with flow.context.database.connection() as connection:
        pids = await connection.fetch("select pid from pg_stat_activity where backend_type = 'client backend'")
    total = 0.0
    for row in pids:
        total += await asyncio.to_thread(_seconds_of, row[0])
    return total


def _seconds_of(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def _lateness(stage: Stage, flow: FlowService, definition: Definition) -> float:
    """The longest time between due and fired of timers that come due over some seconds."""
    count, seconds = 200, stage.seconds(10)
    now = flow.context.clock.now()
    starts = []
    for _ in range(count):
        instance = new_id()
        starts.append(Start(instance, definition, "bench", instance, "", "", {}))
    async with flow.context.database.transaction() as connection:
        answers = await flow.start_many(connection, starts, now)
        ids = [answer.instance_id for answer in answers]
        due = {
            answer.instance_id: now + timedelta(seconds=seconds * place / count) for place, answer in enumerate(answers)
        }
        await connection.execute(
            "update flow_timer m set wake_at = r.at from unnest($1::uuid[], $2::timestamptz[]) r (id, at)"
            " where m.instance_id = r.id",
            ids,
            list(due.values()),
        )
    fired = 0
    while fired < count:
        fired += await flow.act_due(flow.context.clock.now(), 200)
        await asyncio.sleep(0.5)
    rows = await stage.query(
        "select instance_id, min(created_at) from flow_task where instance_id = any($1) and node = 'remind' group by 1",
        ids,
    )
    return float(max((row[1] - due[row[0]]).total_seconds() for row in rows))
