"""Limits, clocks and timers of running instances that go over to another version."""

from __future__ import annotations

from datetime import timedelta

from tests.flow.migrating import codes, migrate
from tests.flow.offices import Drawing, Office, at, event, steps, sub_process


def limited(key: str, limit: str, *extra: str) -> Drawing:
    return (
        Drawing(key).start().task("a", step=f'deadline="{limit}"', extra="".join(extra)).end().line("start", "a", "end")
    )


async def test_期限默认不变_restart_按新期限重新开始(office: Office) -> None:
    office.set_clock(at(9))
    old = await office.publish(limited("limits", "4工作时"))
    case = (await office.start(old)).instance_id
    due = (await office.task(case, "a")).due_at
    new = await office.publish(limited("limits", "1工作时"))
    office.set_clock(at(10))
    assert (await migrate(office, old, new)).moved == 1
    assert (await office.task(case, "a")).due_at == due
    third = await office.publish(limited("limits", "2工作时"))
    assert (await migrate(office, new, third, {"restart": ["a"]})).moved == 1
    task = await office.task(case, "a")
    assert (task.due_at, task.created_at) == (at(12), at(9))
    office.set_clock(at(11))
    await office.complete(case, "a")
    step = (await office.story(case)).steps[-1]
    assert (step.used_seconds, step.overdue) == (3600.0, False)


async def test_新加的边界定时从任务开始时算_已到期的随即触发(office: Office) -> None:
    office.set_clock(at(9))
    old = await office.publish(steps(["a"], "timed"))
    case = (await office.start(old)).instance_id
    drawing = steps(["a"], "timed").timer("w", "a", "PT3H").task("late").line("w", "late", "end")
    new = await office.publish(drawing)
    office.set_clock(at(10))
    assert (await migrate(office, old, new)).moved == 1
    assert [(timer.node, timer.wake_at) for timer in (await office.story(case)).timers] == [("w", at(12))]
    office.set_clock(at(13))
    assert await office.flow.fire_due(office.now) == 1
    assert await office.nodes(case) == ["late"]


async def test_取消的定时要写明_drop_改名的跟着走_reset_重设(office: Office) -> None:
    office.set_clock(at(9))
    old = await office.publish(steps(["a"], "events").timer("w", "a", "PT3H").task("late").line("w", "late", "end"))
    case = (await office.start(old)).instance_id
    bare = await office.publish(steps(["a"], "events"))
    renamed = await office.publish(
        steps(["a"], "events").timer("w2", "a", "PT5H").task("late").line("w2", "late", "end")
    )
    refused = await migrate(office, old, bare)
    assert await codes(office, refused) == ["event_gone"]
    assert (await migrate(office, old, renamed, {"steps": {"w": "w2"}})).moved == 1
    assert [(timer.node, timer.wake_at) for timer in (await office.story(case)).timers] == [("w2", at(12))]
    again = await office.publish(steps(["a"], "events").timer("w2", "a", "PT6H").task("late").line("w2", "late", "end"))
    assert (await migrate(office, renamed, again, {"events": {"w2": "reset"}})).moved == 1
    assert [(timer.node, timer.wake_at) for timer in (await office.story(case)).timers] == [("w2", at(15))]
    assert (await migrate(office, again, bare, {"events": {"w2": "drop"}})).moved == 1
    assert (await office.story(case)).timers == ()


async def test_超时规则随新版本_已触发的不再触发(office: Office) -> None:
    office.set_clock(at(8))
    remind, escalate = (f'<yiwang:overtime after="{limit}工作时" do="remind"/>' for limit in (1, 3))
    old = await office.publish(limited("overtime", "8工作时", remind))
    case = (await office.start(old)).instance_id
    office.set_clock(at(9, 30))
    assert await office.flow.fire_due(office.now) == 1
    new = await office.publish(limited("overtime", "8工作时", remind, escalate))
    assert (await migrate(office, old, new)).moved == 1
    assert [(timer.node, timer.wake_at) for timer in (await office.story(case)).timers] == [("a/2", at(11))]


async def test_挂账中的也能迁移_恢复后定时接着走(office: Office) -> None:
    office.set_clock(at(8))
    old = await office.publish(limited("held", "4工作时"))
    case = (await office.start(old)).instance_id
    office.set_clock(at(9))
    async with office.database.transaction() as connection:
        await office.flow.suspend(connection, case, office.now)
    new = await office.publish(
        limited("held", "4工作时").timer("w", "a", text="3工作时").task("late").line("w", "late", "end")
    )
    office.set_clock(at(10))
    assert (await migrate(office, old, new)).moved == 1
    story = await office.story(case)
    assert [timer.wake_at for timer in story.timers] == [None]
    assert story.instance.state == "suspended"
    office.set_clock(at(14))
    async with office.database.transaction() as connection:
        await office.flow.resume(connection, case, office.now)
    assert [timer.wake_at for timer in (await office.story(case)).timers] == [at(16)]


async def test_事件子流程新增后_从流程开始时算(office: Office) -> None:
    office.set_clock(at(8))
    old = await office.publish(steps(["a"], "watched"))
    case = (await office.start(old)).instance_id
    trigger = event("timer", "<bpmn:timeDuration>PT6H</bpmn:timeDuration>")
    watch = Drawing().node("startEvent", "ws", 'isInterrupting="false"', trigger).task("look").end("we")
    drawing = steps(["a"], "watched")
    drawing.parts.append(sub_process("watch", watch.line("ws", "look", "we"), 'triggeredByEvent="true"'))
    new = await office.publish(drawing)
    office.set_clock(at(9))
    assert (await migrate(office, old, new)).moved == 1
    office.set_clock(at(8) + timedelta(hours=6))
    await office.flow.fire_due(office.now)
    assert await office.nodes(case) == ["a", "look"]
