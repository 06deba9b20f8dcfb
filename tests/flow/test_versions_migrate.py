"""Running instances that go over to another version: steps keep their people, history stays as it was walked."""

from __future__ import annotations

import pytest

from tests.flow.migrating import codes, migrate, versions
from tests.flow.offices import Drawing, Office, actor, at, steps
from yiwang.flow.look.drawing import read_drawing
from yiwang.flow.look.paths import walked
from yiwang.flow.model import TaskRow
from yiwang.flow.store.eventlog import log_page
from yiwang.flow.store.heat import Selection, step_figures
from yiwang.kernel.access import SYSTEM


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
