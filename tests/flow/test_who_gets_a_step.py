"""Who gets a step: person, post in an organisation, post for an area, and the declared answer when there is nobody."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from tests.flow.offices import (
    AREA,
    CENTRE,
    DRAINS,
    OTHER_GRID,
    TOWN,
    VARIABLES,
    WATER,
    Drawing,
    Office,
    actor,
    person_id,
    steps,
)
from yiwang.flow.assignment import Place, Queue
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.errors import NobodyForStep, TaskNotClaimed, TaskNotYours, TaskTaken
from yiwang.flow.model import Start
from yiwang.flow.service import FlowService
from yiwang.identity.absences import Absences
from yiwang.identity.directory import Directory
from yiwang.identity.model import AbsenceRow
from yiwang.kernel.access import SYSTEM, Grant
from yiwang.kernel.database import Json
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id

HOME = Place(AREA, "西青-001")


def queue(flow: FlowService, who: str, place: Place = HOME, **variables: Json) -> Queue | None:
    drawing = Drawing().start().task("a", who=f"<yiwang:who {who}/>").end().line("start", "a", "end")
    graph = read_bpmn(drawing.xml).graph
    assert graph is not None
    return flow.assignment.queue(graph.task("a"), {**VARIABLES, **variables}, place)


RULES: list[tuple[str, dict[str, Json], Queue]] = [
    ('post="acceptor"', {}, Queue(10, CENTRE, None)),
    ('post="acceptor" organisation="=centre"', {}, Queue(10, CENTRE, None)),
    ('post="department-desk" organisation="water"', {}, Queue(20, WATER, None)),
    ('post="grid-worker" area="=grid"', {}, Queue(30, TOWN, None)),
    ('post="grid-worker" area="=grid"', {"grid": OTHER_GRID}, Queue(31, TOWN, None)),
    ('post="grid-worker" area="=area"', {}, Queue(30, TOWN, None)),
    ('post="grid-worker" area="=area"', {"area": "120111001777"}, Queue(32, TOWN, None)),
    ('post="grid-worker" organisation="town"', {}, Queue(30, TOWN, None)),
    (
        'post="handler" person="=handler"',
        {"handler": str(person_id("排水工"))},
        Queue(None, DRAINS, person_id("排水工")),
    ),
    (
        'post="handler" person="=handler" organisation="=section"',
        {"handler": None, "section": DRAINS},
        Queue(21, DRAINS, None),
    ),
    ('post="handler" person="=handler"', {"handler": str(person_id("离职者"))}, Queue(21, DRAINS, None)),
    ('post="handler" person="=handler"', {"handler": "不是账号"}, Queue(21, DRAINS, None)),
    # Nobody there: the administrator, unless the rule says otherwise.
    ('post="vacant"', {}, Queue(12, CENTRE, None)),
    ('post="handler" organisation="=section"', {"section": None}, Queue(12, CENTRE, None)),
    ('post="handler" organisation="=section"', {"section": WATER}, Queue(12, CENTRE, None)),
    ('post="department-desk" organisation="fire"', {}, Queue(12, CENTRE, None)),
    ('post="grid-worker" area="=grid"', {"grid": ""}, Queue(12, CENTRE, None)),
    ('post="grid-worker" area="=area"', {"area": "110101"}, Queue(12, CENTRE, None)),
]


@pytest.mark.parametrize(("who", "variables", "expected"), RULES)
def test_the_rule_finds_the_queue(flow: FlowService, who: str, variables: dict[str, Json], expected: Queue) -> None:
    assert queue(flow, who, **variables) == expected


def test_where_the_grid_has_no_post_the_area_around_it_answers(flow: FlowService) -> None:
    assert queue(flow, 'post="grid-worker" area="=grid"', Place(AREA, "西青-999"), grid="西青-999") == Queue(
        32, TOWN, None
    )


def test_without_administrator_a_case_waits_at_the_vacant_post(flow: FlowService) -> None:
    flow.assignment.fallback_post = "no-such-post"
    assert queue(flow, 'post="vacant"') == Queue(40, WATER, None)
    assert queue(flow, 'post="grid-worker" area="=area"', Place("120111999", ""), area="120111999") == Queue(
        33, TOWN, None
    )
    with pytest.raises(NobodyForStep):
        queue(flow, 'post="no-such-post"')


def test_nobody_may_mean_stop_or_pass_over(flow: FlowService) -> None:
    assert queue(flow, 'post="vacant" empty="skip"') is None
    with pytest.raises(NobodyForStep) as refused:
        queue(flow, 'post="handler" organisation="=section" empty="stop"', section=None)
    assert "handler" in refused.value.message("zh")
    assert "=section" in refused.value.message("en")


async def test_a_step_that_nobody_can_take_is_passed_over_by_its_first_outcome(office: Office) -> None:
    drawing = (
        Drawing("skipping")
        .start()
        .task("check", "pass fail", who='<yiwang:who post="vacant" empty="skip"/>')
        .exclusive("x", default="x-b")
        .task("a")
        .task("b")
        .end()
        .line("start", "check", "x")
        .flow("x", "a", 'outcome == "pass"')
        .flow("x", "b")
        .line("a", "end")
        .line("b", "end")
    )
    started = await office.start(await office.publish(drawing))
    assert [task.node for task in started.new_tasks] == ["a"]
    assert await office.path(started.instance_id) == [("check", "skipped")]


async def test_签收后别人不能办_退回岗位后又可以(office: Office) -> None:
    drawing = steps([], "claiming").without("start-end").task("a", post="dispatcher").line("start", "a", "end")
    task = (await office.start(await office.publish(drawing))).new_tasks[0]
    first, second = actor("派遣员"), actor("派遣员二")
    async with office.database.transaction() as connection:
        with pytest.raises(TaskNotYours):
            await office.flow.claim(connection, task.id, actor("受理员"))
        with pytest.raises(TaskNotClaimed):
            await office.flow.release(connection, task.id, first)
        claimed = await office.flow.claim(connection, task.id, first)
        assert (claimed.post_id, claimed.assignee_id, claimed.home_post_id) == (None, first.account_id, 11)
        with pytest.raises(TaskTaken):
            await office.flow.claim(connection, task.id, second)
    with pytest.raises(TaskNotYours):
        await office.finish(task.id, second)
    async with office.database.transaction() as connection:
        released = await office.flow.release(connection, task.id, first)
        assert (released.post_id, released.assignee_id, released.home_post_id) == (11, None, None)
    ended = await office.finish(task.id, second)
    assert ended.finished is not None
    assert ended.finished.post_id == 11


async def test_转办给人或岗位(office: Office) -> None:
    task = (await office.start(await office.publish(steps(["a"], "handing-on")))).new_tasks[0]
    acceptor, worker = actor("受理员"), actor("排水工")
    async with office.database.transaction() as connection:
        with pytest.raises(TaskNotYours):
            await office.flow.assign(connection, task.id, worker, person_id=worker.account_id)
        with pytest.raises(NotFound):
            await office.flow.assign(connection, task.id, acceptor, person_id=person_id("离职者"))
        with pytest.raises(NotFound):
            await office.flow.assign(connection, task.id, acceptor, post_id=999)
        moved = await office.flow.assign(connection, task.id, acceptor, person_id=worker.account_id)
        assert (moved.assignee_id, moved.organisation_id, moved.home_post_id) == (worker.account_id, CENTRE, 10)
        with pytest.raises(TaskNotYours):
            await office.flow.assign(connection, task.id, acceptor, post_id=20)
        leader = actor("受理员", Grant("task", frozenset({"assign"})))
        moved = await office.flow.assign(connection, task.id, leader, post_id=20)
        assert (moved.post_id, moved.organisation_id, moved.home_post_id) == (20, WATER, None)
    assert (await office.finish(task.id, actor("水务窗口"))).ended


async def test_a_task_is_in_exactly_one_queue(office: Office) -> None:
    task = (await office.start(await office.publish(steps(["a"], "one-queue")))).new_tasks[0]
    async with office.database.connection() as connection:
        with pytest.raises(Exception, match="flow_task_queue"):
            await connection.execute("update flow_task set assignee_id = $2 where id = $1", task.id, UUID(int=1))


async def test_equal_starts_get_equal_queues_and_other_places_other_ones(office: Office) -> None:
    drawing = Drawing("by-grid").start().end()
    drawing.task("a", who='<yiwang:who post="grid-worker" area="=grid"/>').line("start", "a", "end")
    definition = await office.publish(drawing)
    starts = []
    for grid in ("西青-001", OTHER_GRID, "西青-001", "西青-999"):
        variables: dict[str, Json] = {**VARIABLES, "grid": grid}
        starts.append(Start(new_id(), definition, "matter", new_id(), AREA, grid, variables))
    async with office.database.transaction() as connection:
        answers = await office.flow.start_many(connection, starts, office.now, actor=SYSTEM)
    assert [answer.new_tasks[0].post_id for answer in answers] == [30, 31, 30, 32]


def away(flow: FlowService, absent: str, deputy: str, hours: int) -> None:
    """``absent`` is away from now on, as the directory would know it."""
    directory = flow.assignment.directory
    assert isinstance(directory, Directory)
    now = flow.context.clock.now()
    end = now + timedelta(hours=hours)
    row = AbsenceRow(new_id(), person_id(absent), person_id(deputy), now, end, frozenset(), "", now)
    directory._snapshot = replace(directory.snapshot, absences=Absences([row])).turned(now)


async def test_再办同一件事的步骤_交给上次办理的人(office: Office) -> None:
    drawing = Drawing("same-person").start().task("a").task("b", who='<yiwang:who step="a" post="dispatcher"/>').end()
    started = await office.start(await office.publish(drawing.line("start", "a", "b", "end")))
    advanced = await office.finish(started.new_tasks[0].id, actor("受理员"))
    assert [(task.node, task.post_id, task.assignee_id) for task in advanced.new_tasks] == [
        ("b", None, person_id("受理员"))
    ]


async def test_请假人的任务由代理人办_记明代谁_期满后新任务又归本人(office: Office) -> None:
    drawing = Drawing("with-deputy").start().task("a", who='<yiwang:who person="=handler"/>').end()
    definition = await office.publish(drawing.line("start", "a", "end"))
    absent, deputy = person_id("排水工"), person_id("排水班长")
    away(office.flow, "排水工", "排水班长", 2)
    task = (await office.start(definition, handler=str(absent))).new_tasks[0]
    assert (task.assignee_id, task.organisation_id) == (deputy, DRAINS)
    assert task.origin is not None
    assert task.origin["for"] == str(absent)
    with pytest.raises(TaskNotYours):
        await office.finish(task.id, actor("受理员"))
    assert (await office.finish(task.id, actor("排水班长"))).ended
    office.set_clock(office.now + timedelta(hours=2))
    later = (await office.start(definition, handler=str(absent))).new_tasks[0]
    assert (later.assignee_id, later.origin) == (absent, None)
