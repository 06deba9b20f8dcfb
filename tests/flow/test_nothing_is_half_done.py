"""A crash between act and commit leaves the case as it was; afterwards it goes on exactly once."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import asyncpg
import pytest

from tests.flow.offices import Drawing, Office, at, event
from yiwang.flow.model import Advance
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, connect
from yiwang.kernel.errors import Unavailable


def crossing(key: str) -> Drawing:
    return (
        Drawing(key)
        .start()
        .parallel("fork")
        .task("a")
        .task("b")
        .timer("t", "b", "PT1H")
        .exclusive("m")
        .parallel("join")
        .task("last")
        .end()
        .line("start", "fork", "a", "join", "last", "end")
        .line("fork", "b", "m", "join")
        .line("t", "m")
    )


async def kill(office: Office, backend: int) -> None:
    async with office.database.connection() as connection:
        await connection.execute("select pg_terminate_backend($1)", backend)


async def rows(office: Office, case: UUID) -> tuple[list[str], list[str], list[str], int]:
    story = await office.story(case)
    return (
        sorted(task.node for task in story.tasks),
        [token.sequence_flow for token in story.tokens],
        [timer.node for timer in story.timers],
        len(story.steps),
    )


async def test_a_join_interrupted_by_a_crash_continues_once(office: Office) -> None:
    case = (await office.start(await office.publish(crossing("crash-join")))).instance_id
    await office.complete(case, "a")
    before = await rows(office, case)
    task = await office.task(case, "b")
    connection = await connect(office.database.url)
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError, ConnectionError):
        async with connection.transaction():
            answer = await office.flow.complete(connection, task.id, SYSTEM, "ok", {}, office.now)
            assert [task.node for task in answer.new_tasks] == ["last"]
            await kill(office, await connection.fetchval("select pg_backend_pid()"))
            await connection.execute("select 1")
    assert await rows(office, case) == before == (["b"], ["a-join"], ["t"], 1)
    await office.complete(case, "b")
    assert await rows(office, case) == (["last"], [], [], 2)


async def test_a_timer_interrupted_by_a_crash_fires_once(office: Office) -> None:
    crash = True

    async def advanced(connection: Connection, advance: Advance, who: Actor, moment: object) -> None:
        if crash:
            await kill(office, await connection.fetchval("select pg_backend_pid()"))

    office.flow.on_advance("matter", advanced)
    case = (await office.start(await office.publish(crossing("crash-timer")))).instance_id
    await office.complete(case, "a")
    before = await rows(office, case)
    with pytest.raises((Unavailable, asyncpg.InterfaceError)):
        await office.flow.fire_due(at(10))
    assert await rows(office, case) == before
    crash = False
    assert await office.flow.fire_due(at(10)) == 1
    assert await rows(office, case) == (["last"], [], [], 2)


def telling(key: str) -> Drawing:
    outside = f'<bpmn:message id="m" name="crash-paid"/><bpmn:signal id="s" name="{key}-flood"/>'
    drawing = Drawing(key, outside=outside).start().node("sendTask", "tell", 'messageRef="m"')
    drawing.node("intermediateCatchEvent", "hear", inner=event("signal", 'signalRef="s"')).task("last").end()
    return drawing.line("start", "tell", "hear", "last", "end")


def hearing(key: str) -> Drawing:
    drawing = Drawing(key, outside='<bpmn:message id="m" name="crash-paid"/>').start()
    drawing.node("receiveTask", "wait", 'messageRef="m"').task("last").end()
    return drawing.line("start", "wait", "last", "end")


async def test_a_message_interrupted_by_a_crash_arrives_once(office: Office) -> None:
    crash = True

    async def advanced(connection: Connection, advance: Advance, who: Actor, moment: object) -> None:
        if crash:
            await kill(office, await connection.fetchval("select pg_backend_pid()"))

    office.flow.on_advance("matter", advanced)
    receiver = (await office.start(await office.publish(hearing("crash-hearing")))).instance_id
    await office.start(await office.publish(telling("crash-telling")))
    with pytest.raises((Unavailable, asyncpg.InterfaceError)):
        await office.flow.deliver_due(office.now)
    assert await office.nodes(receiver) == []
    crash = False
    assert await office.flow.deliver_due(office.now) == 1
    assert await office.flow.deliver_due(office.now) == 0
    assert await office.nodes(receiver) == ["last"]


async def test_a_signal_interrupted_between_two_receivers_reaches_both_once(office: Office) -> None:
    left = 1

    async def advanced(connection: Connection, advance: Advance, who: Actor, moment: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            await kill(office, await connection.fetchval("select pg_backend_pid()"))

    definition = await office.publish(telling("crash-signal"))
    cases = [(await office.start(definition)).instance_id for _ in range(2)]
    async with office.database.transaction() as connection:
        await connection.execute("delete from flow_event")
        await office.flow.broadcast(connection, "crash-signal-flood", {}, office.now)
    office.flow.on_advance("matter", advanced)
    with pytest.raises((Unavailable, asyncpg.InterfaceError)):
        await office.flow.deliver_due(office.now)
    assert sorted(await office.nodes(cases[0]) + await office.nodes(cases[1])) == ["last"]
    left = 100
    await office.flow.deliver_due(office.now)
    assert [await office.nodes(case) for case in cases] == [["last"], ["last"]]
    assert left == 99


async def test_what_the_caller_rolls_back_has_not_happened(office: Office) -> None:
    case = (await office.start(await office.publish(crossing("rolled-back")))).instance_id
    before = await rows(office, case)
    async with office.database.connection() as connection:
        transaction = connection.transaction()
        await transaction.start()
        await office.flow.jump(connection, case, SYSTEM, "last", "", office.now)
        await office.flow.cancel(connection, case, SYSTEM, "", office.now)
        await transaction.rollback()
    assert await rows(office, case) == before
