"""Boundary timers: they fire when due, exactly once, whoever else is at work; one that cannot fire hurts no other."""

from __future__ import annotations

import asyncio
from datetime import datetime
from uuid import UUID

import pytest

from tests.flow.offices import Drawing, Office, actor, at, context, directory, steps
from yiwang.flow.errors import TaskAlreadyDone
from yiwang.flow.model import Advance
from yiwang.flow.service import FlowService
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Connection, Database


def escalating(key: str, after: str = "PT2H") -> Drawing:
    """甲办 has two hours, then the case goes to 乙办."""
    return (
        Drawing(key)
        .start()
        .task("a")
        .timer("overtime", "a", after)
        .task("b", post="dispatcher")
        .end()
        .line("start", "a", "end")
        .line("overtime", "b", "end")
    )


def reminding(key: str) -> Drawing:
    """甲办 goes on; a reminder task is opened beside it."""
    return (
        Drawing(key)
        .start()
        .task("a", "ok again")
        .exclusive("x", default="x-end")
        .timer("remind", "a", "PT2H", interrupting=False)
        .task("reminder", post="dispatcher")
        .end("reminded")
        .end()
        .line("start", "a", "x", "end")
        .flow("x", "a", 'outcome == "again"')
        .line("remind", "reminder", "reminded")
    )


@pytest.fixture(autouse=True)
async def _no_timers_of_other_tests(database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute("delete from flow_timer")


async def test_超时转给另一岗位(office: Office) -> None:
    case = (await office.start(await office.publish(escalating("escalating")))).instance_id
    task = await office.task(case, "a")
    assert await office.flow.next_timer() == at(11)
    assert await office.flow.fire_due(at(10, 59)) == 0
    assert await office.flow.fire_due(at(11)) == 1
    assert await office.flow.fire_due(at(11)) == 0
    assert await office.nodes(case) == ["b"]
    assert await office.path(case) == [("a", "timer")]
    with pytest.raises(TaskAlreadyDone, match="系统"):
        await office.finish(task.id, actor("受理员"))
    async with office.database.connection() as connection:
        entries = await journal.story(connection, case)
    assert [(row.entry.verb, row.entry.data["timer"]) for row in entries] == [("timer.fired", "overtime")]


async def test_finishing_in_time_takes_the_timer_away(office: Office) -> None:
    case = (await office.start(await office.publish(escalating("in-time")))).instance_id
    await office.complete(case, "a")
    assert await office.flow.fire_due(at(12)) == 0
    assert await office.flow.next_timer() is None


async def test_a_reminder_opens_beside_and_leaves_the_task(office: Office) -> None:
    case = (await office.start(await office.publish(reminding("reminding")))).instance_id
    assert await office.flow.fire_due(at(11)) == 1
    assert await office.nodes(case) == ["a", "reminder"]
    first = await office.complete(case, "a")
    assert (first.ended, first.status) == (False, "待reminder")
    assert (await office.complete(case, "reminder")).ended


async def test_a_reminder_still_open_is_not_opened_twice(office: Office) -> None:
    case = (await office.start(await office.publish(reminding("reminding-again")))).instance_id
    await office.flow.fire_due(at(11))
    office.set_clock(at(11))
    await office.complete(case, "a", "again")
    assert await office.flow.fire_due(at(13)) == 1
    assert sorted(await office.nodes(case)) == ["a", "reminder"]


async def test_从提醒任务不能退回主线(office: Office) -> None:
    case = (await office.start(await office.publish(reminding("reminding-back")))).instance_id
    await office.complete(case, "a", "again")
    await office.flow.fire_due(at(11))
    with pytest.raises(Exception, match="timer"):
        await office.send_back(case, "reminder", "a")


async def test_a_timer_in_working_time_and_from_a_variable(office: Office) -> None:
    drawing = steps(["a"], "working-timer").timer("t", "a", text="=patience").flow("t", "end")
    await office.start(await office.publish(drawing), patience="4工作时")
    assert await office.flow.next_timer() == at(15)


async def test_挂账时定时器不响_恢复后接着走(office: Office) -> None:
    case = (await office.start(await office.publish(escalating("timer-held")))).instance_id
    office.set_clock(at(10))
    async with office.database.transaction() as connection:
        await office.flow.suspend(connection, case, office.now)
    assert await office.flow.fire_due(at(18)) == 0
    office.set_clock(at(18))
    async with office.database.transaction() as connection:
        await office.flow.resume(connection, case, office.now)
    assert await office.flow.next_timer() == at(19)
    assert await office.flow.fire_due(at(19)) == 1


async def test_many_workers_fire_each_timer_once(office: Office, database: Database) -> None:
    definition = await office.publish(escalating("fired-once"))
    cases = [(await office.start(definition)).instance_id for _ in range(40)]
    workers = [office.flow]
    for _ in range(3):
        shared = context(database)
        assert isinstance(shared.clock, ManualClock)
        workers.append(FlowService(shared, directory(shared.clock, database)))
    fired = 0
    while await office.flow.next_timer() is not None:
        fired += sum(await asyncio.gather(*(worker.fire_due(at(12)) for worker in workers)))
    assert fired == len(cases)
    for case in cases:
        assert await office.nodes(case) == ["b"]
        assert await office.path(case) == [("a", "timer")]


async def test_a_timer_and_a_person_at_the_same_moment(office: Office) -> None:
    """One of them wins; the case has one open task or is over, never both, and nobody waits for ever."""
    definition = await office.publish(escalating("timer-race"))
    for _ in range(40):
        case = (await office.start(definition)).instance_id
        task = await office.task(case, "a")
        results = await asyncio.gather(
            office.finish(task.id, actor("受理员")), office.flow.fire_due(at(12)), return_exceptions=True
        )
        story = await office.story(case)
        if isinstance(results[0], Advance):
            assert (results[1], story.instance.state, story.tasks) == (0, "completed", ())
        else:
            assert isinstance(results[0], TaskAlreadyDone)
            assert [found.node for found in story.tasks] == ["b"]
        assert len(story.steps) == 1
    assert await office.flow.fire_due(at(12)) == 0


async def test_the_owner_of_the_subject_moves_with_the_timer_or_not_at_all(office: Office) -> None:
    seen: list[tuple[UUID, str | None, str, datetime]] = []
    refuse = True

    async def advanced(connection: Connection, advance: Advance, who: Actor, moment: datetime) -> None:
        if refuse:
            raise TaskAlreadyDone(who="somebody", when="now")
        seen.append((advance.subject_id, advance.timer, who.kind, moment))

    async def lock(connection: Connection, subject: UUID) -> bool:
        return locked

    locked = False
    office.flow.on_advance("matter", advanced, lock)
    case = (await office.start(await office.publish(escalating("owned")))).instance_id
    assert await office.flow.fire_due(at(11)) == 0
    assert await office.nodes(case) == ["a"]
    locked = True
    assert await office.flow.fire_due(at(11)) == 0
    assert await office.nodes(case) == ["a"]
    assert await office.flow.next_timer() == at(11, 1)
    refuse = False
    assert await office.flow.fire_due(at(11, 1)) == 1
    assert seen == [(case, "overtime", "system", at(11, 1))]


async def test_a_timer_that_cannot_fire_waits_and_holds_up_no_other(office: Office) -> None:
    broken = (
        Drawing("broken")
        .start()
        .task("a")
        .timer("t", "a", "PT1H")
        .exclusive("x", default="x-end")
        .end()
        .line("start", "a", "end")
        .line("t", "x", "end")
        .flow("x", "a", "missing > 1")
    )
    stuck = (await office.start(await office.publish(broken))).instance_id
    fine = (await office.start(await office.publish(escalating("fine")))).instance_id
    assert await office.flow.fire_due(at(11)) == 1
    assert await office.nodes(fine) == ["b"]
    async with office.database.connection() as connection:
        row = await connection.fetchrow("select failures, error, wake_at from flow_timer where instance_id = $1", stuck)
    assert row is not None
    assert (row["failures"], row["wake_at"]) == (1, at(11, 1))
    assert "missing" in row["error"]
    assert await office.flow.fire_due(at(11, 1)) == 0
    assert await office.flow.next_timer() == at(11, 3)
    async with office.database.transaction() as connection:
        await office.flow.change_variables(connection, stuck, {"missing": 0})
    assert await office.flow.fire_due(at(11, 3)) == 1
    assert await office.nodes(stuck) == []


async def test_the_limit_of_a_round_is_kept(office: Office) -> None:
    definition = await office.publish(escalating("round"))
    for _ in range(5):
        await office.start(definition)
    assert await office.flow.fire_due(at(12), limit=3) == 3
    assert await office.flow.fire_due(at(12), limit=3) == 2
