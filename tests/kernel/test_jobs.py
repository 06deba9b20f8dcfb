"""Durable jobs: made with the change or not at all, run again after a crash, held when they keep failing."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta

import asyncpg
import pytest
from pydantic import BaseModel

from yiwang.kernel import job_worker, jobs
from yiwang.kernel.database import Connection, Database


class Note(BaseModel):
    text: str


NOTE = jobs.Kind("test.note", Note, retries=2, first_pause=timedelta(0), longest_pause=timedelta(0))


@pytest.fixture
async def queue(database: Database) -> AsyncIterator[Database]:
    async with database.connection() as connection:
        await connection.execute("truncate pgqueuer, pgqueuer_log, job_start")
        await connection.execute(
            "create table if not exists job_trace (line text, at timestamptz default clock_timestamp())"
        )
        await connection.execute("truncate job_trace")
    yield database
    async with database.connection() as connection:
        await connection.execute("drop table if exists job_trace; truncate pgqueuer, pgqueuer_log, job_start")


@asynccontextmanager
async def working(worker: job_worker.JobWorker) -> AsyncIterator[None]:
    stop = asyncio.Event()
    task = asyncio.create_task(worker.run(stop))
    try:
        yield
    finally:
        stop.set()
        await asyncio.wait_for(task, 60)


async def until(condition: Callable[[], Awaitable[bool]], *, seconds: float = 60) -> None:
    for _ in range(int(seconds / 0.05)):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise TimeoutError(f"not so within {seconds} s")


async def test_the_tables_are_those_that_the_installed_library_expects(queue: Database) -> None:
    connection = await asyncpg.connect(queue.url)
    plan = await job_worker.structure_plan(connection)
    await connection.close()
    assert not plan.statements, plan.statements


async def enqueue_and_fail(connection: Connection) -> None:
    async with connection.transaction():
        assert await jobs.enqueue(connection, NOTE, Note(text="never")) is not None
        await connection.execute("select 1 / 0")


async def test_事务回滚_任务随之消失(queue: Database) -> None:
    async with queue.connection() as connection:
        with pytest.raises(asyncpg.DivisionByZeroError):
            await enqueue_and_fail(connection)
        assert await connection.fetchval("select count(*) from pgqueuer") == 0
        async with connection.transaction():
            await jobs.enqueue(connection, NOTE, Note(text="made"))
        assert (await jobs.backlog(connection)).waiting == 1


async def test_提交的任务很快运行_载荷有类型(queue: Database) -> None:
    got: list[Note] = []

    async def handler(note: Note) -> None:
        got.append(note)

    worker = job_worker.JobWorker(queue.url)
    worker.handle(NOTE, handler)
    async with working(worker):
        async with queue.transaction() as connection:
            await jobs.enqueue(connection, NOTE, Note(text="路灯 😀"))

        async def arrived() -> bool:
            return bool(got)

        await until(arrived)
    assert got == [Note(text="路灯 😀")]
    async with queue.connection() as connection:
        assert await jobs.backlog(connection) == jobs.Backlog(0, 0, 0, 0.0)


async def test_same_key_is_queued_once_while_it_waits(queue: Database) -> None:
    async with queue.transaction() as connection:
        first = await jobs.enqueue(connection, NOTE, Note(text="a"), key="k")
        again = await jobs.enqueue(connection, NOTE, Note(text="b"), key="k")
        other = await jobs.enqueue(connection, NOTE, Note(text="c"), key="l")
    assert first is not None
    assert again is None
    assert other is not None


async def test_延后的任务_到时才运行(queue: Database) -> None:
    async with queue.transaction() as connection:
        await jobs.enqueue(connection, NOTE, Note(text="later"), after=timedelta(seconds=1.2))
    got: list[float] = []
    loop = asyncio.get_running_loop()
    started = loop.time()

    async def handler(_note: Note) -> None:
        got.append(loop.time() - started)

    worker = job_worker.JobWorker(queue.url)
    worker.handle(NOTE, handler)

    async def arrived() -> bool:
        return bool(got)

    async with working(worker):
        await until(arrived)
    assert 1.0 < got[0] < 5


async def test_屡次失败_停放待人工重试_重试后成功(queue: Database) -> None:
    broken = True
    runs = 0

    async def handler(_note: Note) -> None:
        nonlocal runs
        runs += 1
        if broken:
            raise LookupError("the sensor is gone")

    async with queue.transaction() as connection:
        number = await jobs.enqueue(connection, NOTE, Note(text="x"))
    worker = job_worker.JobWorker(queue.url)
    worker.handle(NOTE, handler)
    async with working(worker):

        async def held() -> bool:
            async with queue.connection() as connection:
                return bool(await jobs.dead_jobs(connection))

        await until(held)
        assert runs == 3
        async with queue.connection() as connection:
            (dead,) = await jobs.dead_jobs(connection)
            assert (dead.id, dead.kind, dead.attempts) == (number, "test.note", 3)
            assert "the sensor is gone" in dead.error
            assert dead.payload == '{"text":"x"}'
            broken = False
            assert await jobs.retry(connection, [dead.id]) == 1

        async def gone() -> bool:
            async with queue.connection() as connection:
                return await jobs.backlog(connection) == jobs.Backlog(0, 0, 0, 0.0)

        await until(gone)
    assert runs == 4


_WORKER = """
import asyncio, sys
from datetime import timedelta
import asyncpg
from pydantic import BaseModel
from yiwang.kernel import job_worker, jobs

class Note(BaseModel):
    text: str

async def main():
    url, behaviour = sys.argv[1:]
    async def handler(note):
        connection = await asyncpg.connect(url)
        await connection.execute("insert into job_trace values ($1)", behaviour)
        await connection.close()
        if behaviour == "hang":
            await asyncio.sleep(3600)
        if behaviour == "die":
            import os, signal
            os.kill(os.getpid(), signal.SIGKILL)
    worker = job_worker.JobWorker(url, stale=timedelta(seconds=1))
    worker.handle(jobs.Kind("test.note", Note), handler)
    await worker.run(asyncio.Event())

asyncio.run(main())
"""


def start_worker(url: str, behaviour: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", _WORKER, url, behaviour], env=os.environ)


async def lines(database: Database) -> list[str]:
    async with database.connection() as connection:
        return [row["line"] for row in await connection.fetch("select line from job_trace order by at")]


@pytest.mark.crash
async def test_kill_9_工作进程_任务由另一个接着做(queue: Database) -> None:
    async with queue.transaction() as connection:
        await jobs.enqueue(connection, NOTE, Note(text="x"))
    first = start_worker(queue.url, "hang")
    try:

        async def begun() -> bool:
            return await lines(queue) == ["hang"]

        await until(begun)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    second = start_worker(queue.url, "finish")
    try:

        async def finished() -> bool:
            async with queue.connection() as connection:
                left: int = await connection.fetchval("select count(*) from pgqueuer")
            return left == 0 and await lines(queue) == ["hang", "finish"]

        await until(finished)
    finally:
        second.send_signal(signal.SIGKILL)
        second.wait()


@pytest.mark.crash
async def test_a_job_that_kills_its_worker_each_time_is_held(queue: Database) -> None:
    async with queue.transaction() as connection:
        await jobs.enqueue(connection, NOTE, Note(text="x"))
    for _ in range(3):
        await asyncio.to_thread(start_worker(queue.url, "die").wait, 120)
    last = start_worker(queue.url, "die")
    try:

        async def held() -> bool:
            async with queue.connection() as connection:
                return (await jobs.backlog(connection)).dead == 1

        await until(held)
        # KeepsCrashing is tried as a failure without running the handler again.
        assert await lines(queue) == ["die", "die", "die"]
    finally:
        last.send_signal(signal.SIGKILL)
        last.wait()
