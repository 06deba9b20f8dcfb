"""Deadlines: of a step and of the handling clock; 挂账 stops them, 延期 lengthens them, 返工 restarts or continues them."""

from __future__ import annotations

from uuid import UUID

import pytest

from tests.flow.offices import Drawing, Office, actor, at, steps
from yiwang.flow.errors import ClockUnknown, InstanceNotSuspended, LimitUnknown, NoDeadline
from yiwang.flow.model import Advance
from yiwang.kernel.deadlines import DeadlineKindsDiffer, DeadlineUnreadable


def timed(key: str, step: str) -> Drawing:
    return steps([], key).without("start-end").task("a", step=step).line("start", "a", "end")


def handling(key: str, again: str = "restart") -> Drawing:
    """接收 starts the clock (退回 stops it), 处置 shares it, 反馈 stops it on confirm; 核查 may send the case back."""
    return (
        Drawing(key)
        .start()
        .task(
            "receive",
            "assign back",
            step='clock="handling"',
            extra=f'<yiwang:clock start="handling" deadline="=limit" warn="0.5" again="{again}"/>'
            '<yiwang:clock stop="handling" on="back"/>',
        )
        .exclusive("received", default="received-dispatch")
        .task("dispatch")
        .task("handle", step='clock="handling"')
        .task("confirm", "confirm redo", step='clock="handling"', extra='<yiwang:clock stop="handling" on="confirm"/>')
        .exclusive("confirmed", default="confirmed-handle")
        .task("check", "pass not_pass")
        .exclusive("checked", default="checked-end")
        .end()
        .line("start", "receive", "received")
        .flow("received", "handle", 'outcome == "assign"')
        .line("received", "dispatch", "receive")
        .line("handle", "confirm", "confirmed", "handle")
        .flow("confirmed", "check", 'outcome == "confirm"')
        .line("check", "checked", "end")
        .flow("checked", "receive", 'outcome == "not_pass"')
    )


async def suspend(office: Office, case: UUID) -> Advance:
    async with office.database.transaction() as connection:
        return await office.flow.suspend(connection, case, office.now)


async def resume(office: Office, case: UUID) -> Advance:
    async with office.database.transaction() as connection:
        return await office.flow.resume(connection, case, office.now)


async def test_a_step_has_its_deadline_and_early_warning(office: Office) -> None:
    started = await office.start(await office.publish(timed("limit", 'deadline="4工作时" warn="0.75"')))
    task = started.new_tasks[0]
    # Monday 09:00: three hours until noon, one after 14:00.
    assert (task.due_at, task.warn_at) == (at(15), at(12))
    office.set_clock(at(14, 30))
    step = (await office.finish(task.id, actor("受理员"))).finished
    assert step is not None
    assert (step.used_seconds, step.overdue, step.due_at) == (3.5 * 3600, False, at(15))


async def test_the_limit_may_come_from_a_variable(office: Office) -> None:
    definition = await office.publish(timed("limit-variable", 'deadline="=limit"'))
    task = (await office.start(definition, limit="2紧急工作时", warn=0.5)).new_tasks[0]
    assert (task.due_at, task.warn_at) == (at(11), at(10))
    for wrong in (None, 3, "soon"):
        with pytest.raises(LimitUnknown):
            await office.start(definition, limit=wrong)


async def test_a_late_step_says_so(office: Office) -> None:
    task = (await office.start(await office.publish(timed("late", 'deadline="1工作时"')))).new_tasks[0]
    office.set_clock(at(16))
    step = (await office.finish(task.id, actor("受理员"))).finished
    assert step is not None
    assert (step.overdue, step.used_seconds) == (True, 5 * 3600)


async def test_挂账期间不计时_也不算超期(office: Office) -> None:
    case = (await office.start(await office.publish(timed("held", 'deadline="4工作时" warn="0.75"')))).instance_id
    office.set_clock(at(10))
    answer = await suspend(office, case)
    assert (answer.state, answer.status) == ("suspended", "待a")
    task = await office.task(case, "a")
    assert (task.due_at, task.warn_at, task.paused_at) == (None, None, at(10))
    async with office.database.connection() as connection:
        overdue = "select count(*) from flow_task where instance_id = $1 and due_at < $2"
        assert await connection.fetchval(overdue, case, at(9, day=30)) == 0
    office.set_clock(at(9, day=17))
    assert (await resume(office, case)).state == "active"
    task = await office.task(case, "a")
    # One hour was used; of the three left two warn.
    assert (task.due_at, task.warn_at, task.paused_at) == (at(12, day=17), at(11, day=17), None)
    office.set_clock(at(11, day=17))
    step = (await office.finish(task.id, actor("受理员"))).finished
    assert step is not None
    assert (step.used_seconds, step.overdue) == (3 * 3600, False)
    with pytest.raises(Exception, match="ended"):
        await resume(office, case)


async def test_恢复没有挂账的案件被拒绝(office: Office) -> None:
    case = (await office.start(await office.publish(steps(["a"], "not-held")))).instance_id
    with pytest.raises(InstanceNotSuspended):
        await resume(office, case)


async def test_a_step_without_deadline_counts_time_without_pauses(office: Office) -> None:
    case = (await office.start(await office.publish(steps(["a"], "idle")))).instance_id
    office.set_clock(at(10))
    await suspend(office, case)
    office.set_clock(at(15))
    await resume(office, case)
    office.set_clock(at(16))
    step = (await office.complete(case, "a")).finished
    assert step is not None
    assert (step.used_seconds, step.overdue, step.due_at) == (2 * 3600, False, None)


async def test_延期一个步骤(office: Office) -> None:
    task = (await office.start(await office.publish(timed("longer", 'deadline="2工作时" warn="0.5"')))).new_tasks[0]
    async with office.database.transaction() as connection:
        await office.flow.extend_task(connection, task.id, "2工作时", office.now)
        with pytest.raises(DeadlineUnreadable):
            await office.flow.extend_task(connection, task.id, "再宽限几天", office.now)
        with pytest.raises(DeadlineKindsDiffer):
            await office.flow.extend_task(connection, task.id, "2小时", office.now)
    found = await office.task(task.instance_id, "a")
    assert (found.due_at, found.warn_at) == (at(15), at(11))
    office.set_clock(at(14, 30))
    step = (await office.finish(task.id, actor("受理员"))).finished
    assert step is not None
    assert (step.overdue, step.due_at) == (False, at(15))


async def test_没有期限的步骤不能延期(office: Office) -> None:
    task = (await office.start(await office.publish(steps(["a"], "no-limit")))).new_tasks[0]
    async with office.database.transaction() as connection:
        with pytest.raises(NoDeadline):
            await office.flow.extend_task(connection, task.id, "2工作时", office.now)
        with pytest.raises(ClockUnknown):
            await office.flow.extend_clock(connection, task.instance_id, "handling", "2工作时", office.now)


async def test_处置时限从接收算到反馈(office: Office) -> None:
    started = await office.start(await office.publish(handling("clocked")), limit="1工作日")
    case = started.instance_id
    clock = started.clocks["handling"]
    assert (clock.due_at, clock.warn_at) == (at(9, day=16), at(15))
    assert started.new_tasks[0].due_at == clock.due_at
    office.set_clock(at(11))
    handed = await office.complete(case, "receive", "assign")
    assert (handed.new_tasks[0].due_at, handed.new_tasks[0].warn_at) == (at(9, day=16), at(15))
    office.set_clock(at(10, day=16))
    late = await office.complete(case, "handle")
    assert late.finished is not None
    assert late.finished.overdue
    redone = await office.complete(case, "confirm", "redo")
    assert redone.clocks["handling"].stopped_at is None
    await office.complete(case, "handle")
    done = await office.complete(case, "confirm", "confirm")
    clock = done.clocks["handling"]
    assert (clock.stopped_at, clock.overdue, clock.used_seconds) == (at(10, day=16), True, 9 * 3600)
    assert done.new_tasks[0].due_at is None


@pytest.mark.parametrize(
    ("again", "due", "used"), [("restart", at(9, day=17), 0.0), ("continue", at(16, day=16), 3 * 3600.0)]
)
async def test_返工重新计时或接着计时(office: Office, again: str, due: object, used: float) -> None:
    definition = await office.publish(handling(f"rework-{again}", "=rework"))
    case = (await office.start(definition, limit="1工作日", rework=again)).instance_id
    office.set_clock(at(12))
    await office.complete(case, "receive", "assign")
    await office.complete(case, "handle")
    await office.complete(case, "confirm", "confirm")
    office.set_clock(at(9, day=16))
    rework = await office.complete(case, "check", "not_pass")
    clock = rework.clocks["handling"]
    assert (clock.due_at, clock.running.used_seconds, clock.stopped_at) == (due, used, None)
    assert rework.new_tasks[0].due_at == due


async def test_退回派遣停止计时_再派遣用新时限(office: Office) -> None:
    case = (await office.start(await office.publish(handling("redispatched")), limit="1工作日")).instance_id
    office.set_clock(at(10))
    back = await office.complete(case, "receive", "back")
    assert back.clocks["handling"].stopped_at == at(10)
    again = await office.complete(case, "dispatch", limit="2工作时")
    assert again.clocks["handling"].due_at == at(12)


async def test_延期处置时限_共用它的任务一起延(office: Office) -> None:
    case = (await office.start(await office.publish(handling("clock-longer")), limit="4工作时")).instance_id
    async with office.database.transaction() as connection:
        answer = await office.flow.extend_clock(connection, case, "handling", "4工作时", office.now)
        task = (await office.flow.open_tasks(connection, case))[0]
        assert answer.clocks["handling"].due_at == task.due_at == at(9, day=16)
        # The same through the task that shares it.
        await office.flow.extend_task(connection, task.id, "1工作时", office.now)
    assert (await office.task(case, "receive")).due_at == at(10, day=16)


async def test_挂账时处置时限也停住(office: Office) -> None:
    case = (await office.start(await office.publish(handling("clock-held")), limit="4工作时")).instance_id
    office.set_clock(at(10))
    held = await suspend(office, case)
    clock = held.clocks["handling"]
    assert (clock.due_at, clock.warn_at, clock.paused_at) == (None, None, at(10))
    assert (await office.task(case, "receive")).due_at is None
    async with office.database.transaction() as connection:
        await office.flow.extend_clock(connection, case, "handling", "1工作时", office.now)
    office.set_clock(at(9, day=17))
    going = await resume(office, case)
    # Three of four hours were left, and one was granted.
    assert going.clocks["handling"].due_at == at(15, day=17)
    assert (await office.task(case, "receive")).due_at == at(15, day=17)


async def test_ending_stops_every_clock(office: Office) -> None:
    case = (await office.start(await office.publish(handling("clock-ended")), limit="4工作时")).instance_id
    office.set_clock(at(10))
    async with office.database.transaction() as connection:
        answer = await office.flow.cancel(connection, case, actor("受理员"), "", office.now)
    assert answer.clocks["handling"].stopped_at == at(10)
    assert answer.dropped[0].due_at == at(15)
