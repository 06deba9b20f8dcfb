"""Running instances that go over to another version: what they keep, what refuses them, and how a migration is carried out."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

import pytest

from tests.flow.offices import Drawing, Office, actor, at, event, steps, sub_process
from yiwang.flow.look.drawing import read_drawing
from yiwang.flow.look.paths import walked
from yiwang.flow.model import Definition, TaskRow
from yiwang.flow.store.eventlog import log_page
from yiwang.flow.store.heat import Selection, step_figures
from yiwang.flow.versions import store
from yiwang.flow.versions.errors import MappingInvalid, NothingToMigrate
from yiwang.flow.versions.migrating import Migrations, Progressed
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Json

MANAGER = actor("管理员")


async def migrate(
    office: Office,
    old: Definition,
    new: Definition,
    mapping: Mapping[str, Json] | None = None,
    *,
    dry_run: bool = False,
) -> Progressed:
    migrations = Migrations(office.flow)
    async with office.database.transaction() as connection:
        row = await migrations.ask(
            connection, old.key, old.version, new.version, mapping or {}, MANAGER, dry_run=dry_run, queued=False
        )
    return await migrations.run(row.id)


async def codes(office: Office, found: Progressed) -> list[str]:
    async with office.database.connection() as connection:
        return [row["code"] for row in await store.reasons(connection, found.row.id)]


async def versions(office: Office, *instances: UUID) -> list[int]:
    return [(await office.story(instance)).definition.version for instance in instances]


async def test_待办原样迁移_编号队列签收期限都不变(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "kept-hands"))
    case = (await office.start(old)).instance_id
    async with office.database.transaction() as connection:
        await office.flow.claim(connection, (await office.task(case, "a")).id, actor("受理员"))
    before = await office.task(case, "a")
    new = await office.publish(
        Drawing("kept-hands")
        .start()
        .task("a", "ok", post="dispatcher", step='deadline="1工作时"')
        .task("c")
        .end()
        .line("start", "a", "c", "end")
    )
    found = await migrate(office, old, new)
    assert (found.row.state, found.row.total, found.moved, found.refused) == ("done", 1, 1, 0)
    after = await office.task(case, "a")
    assert after == before
    assert await versions(office, case) == [2]
    assert (await office.finish(after.id, actor("受理员"))).new_tasks[0].node == "c"


async def test_映射到另一步骤_状态随新版本_可以办结(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "renamed"))
    case = (await office.start(old)).instance_id
    await office.complete(case, "a", who=actor("受理员"))
    task = await office.task(case, "b")
    new = await office.publish(steps(["a2", "b2"], "renamed"))
    refused = await migrate(office, old, new)
    assert (refused.moved, refused.refused) == (0, 1)
    assert await codes(office, refused) == ["step_gone"]
    assert await office.task(case, "b") == task
    found = await migrate(office, old, new, {"steps": {"a": "a2", "b": "b2"}})
    assert found.moved == 1
    moved = await office.task(case, "b2")
    assert (moved.id, moved.status, moved.stage) == (task.id, "待b2", "b2")
    story = await office.story(case)
    assert [(step.node, step.definition_id) for step in story.steps] == [("a2", None)]
    assert (await office.send_back(case, "b2", "a2")).new_tasks[0].assignee_id is None
    await office.complete(case, "a2")
    assert (await office.complete(case, "b2")).ended


async def test_走过而新版本没有的步骤不能再退回_热力图仍算旧版本(office: Office) -> None:
    old = await office.publish(steps(["a", "b", "c"], "history"))
    case = (await office.start(old)).instance_id
    await office.complete(case, "a")
    await office.complete(case, "b")
    new = await office.publish(steps(["b", "c"], "history"))
    assert (await migrate(office, old, new)).moved == 1
    async with office.database.connection() as connection:
        returnable = await office.flow.returnable(connection, (await office.task(case, "c")).id, office.now)
        rows = await connection.fetch("select node, definition_id, became from flow_step where instance_id = $1", case)
    assert [item.node for item in returnable] == ["b"]
    assert {tuple(row) for row in rows} == {("a", old.id, None), ("b", old.id, "b")}
    await office.complete(case, "c")
    async with office.database.connection() as connection:
        rows = await connection.fetch("select node, definition_id from flow_step where instance_id = $1", case)
    assert ("c", None) in {tuple(row) for row in rows}


async def test_撤回旧版本的步骤_该步骤已不存在时被拒绝(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "recalled"))
    cases = [(await office.start(old)).instance_id for _ in range(2)]
    for case in cases:
        await office.complete(case, "a", who=actor("受理员"))
    new = await office.publish(steps(["b"], "recalled"))
    assert (await migrate(office, old, new)).moved == 2
    step = (await office.story(cases[0])).steps[0]
    async with office.database.transaction() as connection:
        with pytest.raises(Exception, match="is over"):
            await office.flow.recall(connection, step.id, actor("受理员"), office.now)


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


async def test_分支等待汇合_新增分支时拒绝_改名时照常汇合(office: Office) -> None:
    def forked(*branches: str, join: str = "j") -> Drawing:
        drawing = Drawing("forked").start().parallel("f").parallel(join).task("z").end().line("start", "f")
        for name in branches:
            drawing.task(name).line("f", name, join)
        return drawing.line(join, "z", "end")

    old = await office.publish(forked("a", "b"))
    case = (await office.start(old)).instance_id
    await office.complete(case, "a")
    wider = await office.publish(forked("a", "b", "c"))
    refused = await migrate(office, old, wider)
    assert await codes(office, refused) == ["join_would_wait"]
    other = await office.publish(forked("a", "b2", join="j2"))
    assert await codes(office, await migrate(office, old, other)) == ["join_gone", "step_gone"]
    assert (await migrate(office, old, other, {"steps": {"j": "j2", "b": "b2"}})).moved == 1
    assert [token.node for token in (await office.story(case)).tokens] == ["j2"]
    assert [task.node for task in (await office.complete(case, "b2")).new_tasks] == ["z"]


async def test_子流程层次不同的拒绝(office: Office) -> None:
    inner = Drawing().start("s1").task("a").end("e1").line("s1", "a", "e1")
    old = await office.publish(steps(["a"], "nested"))
    drawing = Drawing("nested").start().end()
    drawing.parts.append(sub_process("sub", inner))
    new = await office.publish(drawing.line("start", "sub", "end"))
    await office.start(old)
    assert await codes(office, await migrate(office, old, new)) == ["container_differs"]
    await office.start(new)
    assert await codes(office, await migrate(office, new, old)) == ["step_gone"]


PAPER = '<bpmn:message id="m" name="paper"/><bpmn:message id="n" name="letter"/>'


async def test_等待的消息换了名_按新版本的名称等(office: Office) -> None:
    def waiting(message: str) -> Drawing:
        drawing = Drawing("waits", outside=PAPER).start().node("receiveTask", "r", f'messageRef="{message}"')
        return drawing.task("z").end().line("start", "r", "z", "end")

    old = await office.publish(waiting("m"))
    case = (await office.start(old)).instance_id
    new = await office.publish(waiting("n"))
    assert (await migrate(office, old, new)).moved == 1
    async with office.database.transaction() as connection:
        with pytest.raises(Exception, match="waits for the message"):
            await office.flow.receive(connection, "paper", "", {}, SYSTEM, office.now)
        received = await office.flow.receive(connection, "letter", "", {}, SYSTEM, office.now)
    assert received.instance_id == case


async def test_被调用的流程留在原来的版本(office: Office) -> None:
    def calling(key: str) -> Drawing:
        return Drawing("caller").start().node("callActivity", "call", f'calledElement="{key}"').task("z").end()

    await office.publish(steps(["inner"], "callee"))
    await office.publish(steps(["inner"], "callee-two"))
    old = await office.publish(calling("callee").line("start", "call", "z", "end"))
    case = (await office.start(old)).instance_id
    await office.publish(steps(["inner2"], "callee"))
    elsewhere = await office.publish(calling("callee-two").line("start", "call", "z", "end"))
    assert await codes(office, await migrate(office, old, elsewhere)) == ["call_differs"]
    new = await office.publish(calling("callee").task("y").line("start", "call", "z", "y", "end"))
    assert (await migrate(office, old, new)).moved == 1
    assert [task.node for task in (await office.complete(case, "inner")).new_tasks] == ["z"]


async def test_reassign_按新规则重新派给_本岗已签收的不动(office: Office) -> None:
    def by(post: str) -> Drawing:
        return Drawing("reassigned").start().task("a", post=post).end().line("start", "a", "end")

    old = await office.publish(by("dispatcher"))
    waiting, claimed = [(await office.start(old)).instance_id for _ in range(2)]
    async with office.database.transaction() as connection:
        await office.flow.claim(connection, (await office.task(claimed, "a")).id, actor("派遣员"))
    new = await office.publish(by("reviewer"))
    assert (await migrate(office, old, new, {"reassign": ["a"]})).moved == 2
    posts = [(await office.task(case, "a")).post_id for case in (waiting, claimed)]
    assert posts == [41, 41]
    async with office.database.transaction() as connection:
        await office.flow.claim(connection, (await office.task(claimed, "a")).id, actor("审核员"))
    third = await office.publish(by("reviewer").without("a").task("a", post="reviewer", step='warn="0.5"'))
    assert (await migrate(office, new, third, {"reassign": ["*"]})).moved == 2
    task: TaskRow = await office.task(claimed, "a")
    assert (task.home_post_id, task.post_id) == (41, None)


async def test_新版本要问的经办人_从办理记录补上(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "remembers"))
    case = (await office.start(old)).instance_id
    await office.complete(case, "a", who=actor("受理员"))
    who = '<yiwang:who step="a" empty="stop"/>'
    new = await office.publish(
        Drawing("remembers").start().task("a").task("b").task("c", who=who).end().line("start", "a", "b", "c", "end")
    )
    assert (await migrate(office, old, new)).moved == 1
    task = (await office.complete(case, "b")).new_tasks[0]
    assert task.assignee_id == actor("受理员").account_id


async def test_会签进行中_规则变了继续签_变成单人的拒绝(office: Office) -> None:
    def signed(multi: bool, outcomes: str = "agree no") -> Drawing:
        drawing = Drawing("signed").start().task("s", outcomes).end().line("start", "s", "end")
        if multi:
            drawing.parts = [
                part.replace(
                    "</bpmn:userTask>",
                    "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
                    '<yiwang:multi people="=people"/></bpmn:extensionElements>'
                    "</bpmn:multiInstanceLoopCharacteristics></bpmn:userTask>",
                )
                for part in drawing.parts
            ]
        return drawing

    people: list[Json] = [str(actor(name).account_id) for name in ("派遣员", "审核员")]
    old = await office.publish(signed(True))
    case = (await office.start(old, people=people)).instance_id
    await office.complete(case, "s", "agree")
    single = await office.publish(signed(False))
    assert await codes(office, await migrate(office, old, single)) == ["round_differs"]
    other = await office.publish(signed(True, "yes no"))
    assert await codes(office, await migrate(office, old, other)) == ["answers_unknown"]
    same = await office.publish(signed(True, "agree no maybe"))
    assert (await migrate(office, old, same)).moved == 1
    assert (await office.complete(case, "s", "agree")).ended


async def test_加签中的任务一起迁移(office: Office) -> None:
    old = await office.publish(steps(["a"], "added"))
    case = (await office.start(old)).instance_id
    async with office.database.transaction() as connection:
        task = await office.task(case, "a")
        people = [person for person in (actor("派遣员").account_id,) if person]
        await office.flow.add_before(connection, task.id, actor("受理员"), people, office.now)
    new = await office.publish(steps(["a2"], "added"))
    assert (await migrate(office, old, new, {"steps": {"a": "a2"}})).moved == 1
    tasks = {task.kind: task for task in await office.tasks(case)}
    assert {task.node for task in tasks.values()} == {"a2"}
    assert tasks["step"].held
    await office.finish(tasks["before"].id, actor("派遣员"), "agree")
    assert (await office.complete(case, "a2")).ended


async def test_试运行什么都不改_草稿也能试(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "tried"))
    cases = [(await office.start(old)).instance_id for _ in range(3)]
    await office.complete(cases[0], "a")
    async with office.database.transaction() as connection:
        drafted = await office.flow.save_draft(connection, "tried", steps(["a"], "tried").xml, MANAGER, office.now)
    migrations = Migrations(office.flow)
    async with office.database.transaction() as connection:
        with pytest.raises(NothingToMigrate):
            await migrations.ask(connection, "tried", 1, 2, {}, MANAGER, dry_run=False)
        row = await migrations.ask(connection, "tried", 1, 2, {}, MANAGER, dry_run=True, queued=False)
    found = await migrations.run(row.id)
    assert (drafted.definition.version, found.moved, found.refused) == (2, 2, 1)
    async with office.database.transaction() as connection:
        new = await office.flow.publish_draft(connection, "tried", MANAGER, office.now)
    again = await migrate(office, old, new, dry_run=True)
    assert (again.moved, again.refused) == (2, 1)
    assert await versions(office, *cases) == [1, 1, 1]
    async with office.database.connection() as connection:
        verbs = [row.entry.verb for row in await journal.story(connection, cases[1])]
        refused = await store.cases(connection, again.row.id, "refused", limit=10)
    assert "flow.migrated" not in verbs
    assert [(row.instance_id, row.at_nodes) for row in refused] == [(cases[0], ["b"])]
    assert refused[0].obstacles[0] == {
        "code": "step_gone",
        "element": "b",
        "zh": "停在步骤(b),新版本没有它;请在映射里写明对应的元素",
        "en": "it stands at step (b), which the new version does not have; map it",
    }


async def test_每一件都记入日志_写明原版本(office: Office) -> None:
    old = await office.publish(steps(["a"], "told"))
    case = (await office.start(old)).instance_id
    new = await office.publish(steps(["a", "b"], "told"))
    assert (await migrate(office, old, new)).moved == 1
    async with office.database.connection() as connection:
        rows = await journal.story(connection, case)
    entry = next(row.entry for row in rows if row.entry.verb == "flow.migrated")
    assert (entry.data["from"], entry.data["to"], entry.data["former"]) == (1, 2, str(old.id))
    assert entry.actor_name == "管理员"


async def test_映射里的错误逐条指出(office: Office) -> None:
    old = await office.publish(steps(["a"], "faulty-map"))
    new = await office.publish(steps(["a", "b"], "faulty-map"))
    with pytest.raises(MappingInvalid) as refused:
        await migrate(
            office, old, new, {"steps": {"x": "a", "a": "end"}, "events": {"none": "drop"}, "restart": ["zz"]}
        )
    assert sorted(error.where for error in refused.value.errors) == [
        "/events/none",
        "/restart",
        "/steps/a",
        "/steps/x",
    ]
    with pytest.raises(MappingInvalid):
        await migrate(office, old, new, {"step": {}, "events": {"a": "maybe"}, "restart": "a"})
    with pytest.raises(NothingToMigrate):
        await migrate(office, old, old)


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


class Stopped(Exception):
    """The process ends."""


async def test_中途崩溃后接着做_没有一件迁移两次(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "crashed"))
    cases = [(await office.start(old)).instance_id for _ in range(8)]
    for case in cases[:2]:
        await office.complete(case, "a")
    new = await office.publish(steps(["a", "c"], "crashed"))
    migrations = Migrations(office.flow)
    async with office.database.transaction() as connection:
        row = await migrations.ask(connection, "crashed", 1, 2, {}, MANAGER, dry_run=False, queued=False)

    def stop(done: int, total: int) -> None:
        if done == 4:
            raise Stopped

    with pytest.raises(Stopped):
        await migrations.run(row.id, stop)
    async with office.database.connection() as connection:
        found = await migrations.progress(connection, await migrations.migration(connection, row.id))
    assert (found.row.state, found.row.total, found.done) == ("running", 8, 4)
    await office.complete(cases[7], "a")  # somebody works on meanwhile
    found = await migrations.run(row.id)
    assert (found.row.state, found.moved, found.refused, found.done) == ("done", 5, 3, 8)
    assert await migrations.run(row.id) == found
    assert sorted(await versions(office, *cases)) == [1, 1, 1, 2, 2, 2, 2, 2]
    async with office.database.connection() as connection:
        told = [entry.entry.verb for case in cases for entry in await journal.story(connection, case)]
    assert told.count("flow.migrated") == 5
    assert new.version == 2


async def test_迁移时大家照常办理_两个进程同时迁移也各只一次(office: Office) -> None:
    old = await office.publish(steps(["a", "b"], "busy"))
    cases = [(await office.start(old)).instance_id for _ in range(12)]
    await office.publish(steps(["a", "b", "c"], "busy"))
    migrations = Migrations(office.flow)
    async with office.database.transaction() as connection:
        row = await migrations.ask(connection, "busy", 1, 2, {}, MANAGER, dry_run=False, queued=False)
    answers = await asyncio.gather(
        migrations.run(row.id), migrations.run(row.id), *(office.complete(case, "a") for case in cases)
    )
    assert isinstance(answers[0], Progressed)
    assert answers[0].moved == 12
    assert set(await versions(office, *cases)) == {2}
    assert [await office.nodes(case) for case in cases] == [["b"]] * 12


async def test_热力图按当时的版本_路径画在新图上(office: Office) -> None:
    office.set_clock(at(8))
    old = await office.publish(steps(["a", "b"], "drawn"))
    case = (await office.start(old)).instance_id
    office.set_clock(at(10))
    await office.complete(case, "a")
    new = await office.publish(steps(["a2", "b2"], "drawn"))
    assert (await migrate(office, old, new, {"steps": {"a": "a2", "b": "b2"}})).moved == 1
    office.set_clock(at(11))
    await office.complete(case, "b2")
    async with office.database.connection() as connection:
        figures = {
            version: [
                (found.node, found.visits, found.elapsed.mean)
                for found in await step_figures(
                    connection, SYSTEM, Selection("drawn", version, at(0), at(23)), office.now
                )
            ]
            for version in (1, 2, None)
        }
        story = await office.flow.story(connection, case)
        pages = [
            await log_page(connection, SYSTEM, found.id, at(0), at(23), area="", after=None, limit=9)
            for found in (old, new)
        ]
    assert figures[1] == [("a", 1, 7200.0)]
    assert figures[2] == [("b2", 1, 3600.0)]
    assert len(figures[None]) == 2
    assert [len(page.cases) for page in pages] == [0, 1]
    assert [(step.definition_id, step.node) for step in pages[1].cases[0].steps] == [(old.id, "a"), (new.id, "b2")]
    drawing = read_drawing(steps(["a2", "b2"], "drawn").xml)
    path = walked(
        drawing.plan, story.instance.started_at, story.instance.ended_at, story.steps, story.tasks, story.tokens
    )
    assert path.finished >= {"a2", "b2"}
    assert {line for line, (_, certain) in path.lines.items() if certain} >= {"start-a2", "a2-b2", "b2-end"}


async def test_事件网关_少一个事件要写明_只剩的还在等(office: Office) -> None:
    office.set_clock(at(8))

    def waiting(gateway: str, *, message: bool = True) -> Drawing:
        drawing = (
            Drawing("either", outside=PAPER).start().node("eventBasedGateway", gateway).task("z").task("late").end()
        )
        timer = event("timer", "<bpmn:timeDuration>PT4H</bpmn:timeDuration>")
        drawing.node("intermediateCatchEvent", "t", inner=timer).line("start", gateway, "t", "late", "end")
        drawing.node("intermediateCatchEvent", "c", inner=event("message", 'messageRef="m"')).line("z", "end")
        if message:
            return drawing.line(gateway, "c", "z")
        other = event("signal", 'signalRef="s"')
        drawing.outside += '<bpmn:signal id="s" name="flood"/>'
        drawing.parts = [part for part in drawing.parts if 'id="c"' not in part]
        return drawing.node("intermediateCatchEvent", "s1", inner=other).line(gateway, "s1", "z")

    old = await office.publish(waiting("g"))
    case = (await office.start(old)).instance_id
    new = await office.publish(waiting("g2", message=False))
    assert await codes(office, await migrate(office, old, new, {"steps": {"g": "g2"}})) == ["event_gone"]
    assert (await migrate(office, old, new, {"steps": {"g": "g2"}, "events": {"c": "drop"}})).moved == 1
    story = await office.story(case)
    assert [(timer.node, timer.wake_at) for timer in story.timers] == [("t", at(12))]
    assert [(wait.node, wait.kind, wait.name) for wait in story.waits] == [("s1", "signal", "flood")]
    assert [(token.node, token.kind) for token in story.tokens] == [("g2", "gateway")]
    async with office.database.transaction() as connection:
        await office.flow.broadcast(connection, "flood", {}, office.now)
    await office.flow.deliver_due(office.now)
    assert await office.nodes(case) == ["z"]


async def test_能补偿的活动换了名也还能补偿_没有了补偿的写明(office: Office) -> None:
    def undone(paid: str, *, undo: bool = True) -> Drawing:
        drawing = Drawing("paying").start().task(paid).task("b", "ok back").exclusive("x", "x-end").end()
        drawing.line("start", paid, "b", "x").flow("x", "end", name="x-end")
        drawing.node("intermediateThrowEvent", "c", inner=event("compensate")).flow("x", "c", 'outcome == "back"')
        drawing.end("undone").line("c", "undone")
        if undo:
            drawing.node("boundaryEvent", "e", f'attachedToRef="{paid}"', event("compensate"))
            drawing.task("refund").node("association", "as", 'sourceRef="e" targetRef="refund"')
            drawing.parts = [
                part.replace('id="refund"', 'id="refund" isForCompensation="true"') for part in drawing.parts
            ]
        return drawing

    old = await office.publish(undone("pay"))
    cases = [(await office.start(old)).instance_id for _ in range(2)]
    for case in cases:
        await office.complete(case, "pay")
    new = await office.publish(undone("paid"))
    assert (await migrate(office, old, new, {"steps": {"pay": "paid"}})).moved == 2
    await office.complete(cases[0], "b", "back")
    assert await office.nodes(cases[0]) == ["refund"]
    bare = await office.publish(undone("paid", undo=False))
    found = await migrate(office, new, bare)
    assert (found.moved, await codes(office, found)) == (1, ["step_gone"])
    async with office.database.connection() as connection:
        moved = await store.cases(connection, found.row.id, "moved", limit=5)
    assert [note["code"] for note in moved[0].notes if isinstance(note, dict)] == ["undo_dropped"]
    assert (await office.complete(cases[1], "b", "back")).end == "undone"


async def test_会签收尾前撤下的分支_没有汇合的分支可以接着走(office: Office) -> None:
    """A branch that ends by itself goes on though the main line is at another place."""

    def loose(beside: str) -> Drawing:
        drawing = Drawing("loose").start().parallel("f").task("a").task(beside).task("b").end().end("e2")
        return drawing.line("start", "f", "a", "b", "end").line("f", beside, "e2")

    old = await office.publish(loose("side"))
    case = (await office.start(old)).instance_id
    await office.complete(case, "a")
    new = await office.publish(loose("beside"))
    assert (await migrate(office, old, new, {"steps": {"side": "beside"}})).moved == 1
    assert sorted(await office.nodes(case)) == ["b", "beside"]
    await office.complete(case, "b")
    assert (await office.complete(case, "beside")).ended
