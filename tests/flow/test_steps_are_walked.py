"""A case walks through its flow: outcomes, gateways, parallel branches, ends, and what each act answers."""

from __future__ import annotations

import asyncio
from pathlib import Path

import asyncpg
import pytest

from tests.flow.offices import CENTRE, DRAINS, WATER, Drawing, Office, actor, at, person_id, steps
from yiwang.flow.errors import (
    ConditionFailed,
    InstanceEnded,
    OutcomeUnknown,
    TaskAlreadyDone,
    TaskNotYours,
    VariablesInvalid,
)
from yiwang.flow.model import Start
from yiwang.flow.service import FlowService
from yiwang.kernel.access import SYSTEM, Grant
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id

PACKS = Path(__file__).resolve().parents[2] / "packs"


def branching() -> Drawing:
    return (
        Drawing("branching")
        .start()
        .task("accept", "file refuse again")
        .exclusive("accepted", default="accepted-accept")
        .task("dispatch", post="dispatcher")
        .end()
        .end("refused", step='stage="not_accepted" status="不予受理"')
        .line("start", "accept", "accepted")
        .flow("accepted", "dispatch", 'outcome == "file"')
        .flow("accepted", "refused", 'outcome == "refuse"')
        .flow("accepted", "accept")
        .flow("dispatch", "end")
    )


def forked(key: str = "forked") -> Drawing:
    return (
        Drawing(key)
        .start()
        .task("first")
        .parallel("fork")
        .task("a")
        .task("b")
        .parallel("join")
        .task("last")
        .end()
        .line("start", "first", "fork", "a", "join", "last", "end")
        .line("fork", "b", "join")
    )


async def test_一步一步走到结束(office: Office) -> None:
    started = await office.start(await office.publish(steps(["a", "b"], "two-steps")))
    assert started.state == "active"
    first = started.new_tasks[0]
    assert (first.post_id, first.assignee_id, first.due_at) == (10, None, None)
    second = await office.finish(first.id, actor("受理员"))
    assert second.finished is not None
    assert (second.finished.id, second.finished.actor_name, second.finished.how) == (first.id, "受理员", "done")
    assert (second.status, second.stage, second.ended) == ("待b", "b", False)
    last = await office.complete(started.instance_id, "b")
    assert (last.ended, last.end, last.state, last.status, last.stage) == (True, "end", "completed", "已办结", "done")
    story = await office.story(started.instance_id)
    assert story.instance.ended_at == office.now
    assert story.tasks == ()
    assert [step.node for step in story.steps] == ["a", "b"]


async def test_the_outcome_chooses_the_way(office: Office) -> None:
    definition = await office.publish(branching())
    case = (await office.start(definition)).instance_id
    again = await office.complete(case, "accept", "again")
    assert [task.node for task in again.new_tasks] == ["accept"]
    refused = await office.complete(case, "accept", "refuse")
    assert (refused.ended, refused.end, refused.status, refused.stage) == (True, "refused", "不予受理", "not_accepted")
    other = (await office.start(definition)).instance_id
    assert (await office.complete(other, "accept", "file")).status == "待dispatch"


async def test_variables_given_with_an_outcome_are_kept_and_decide(office: Office) -> None:
    drawing = (
        Drawing("by-variable")
        .start()
        .exclusive("needs", default="needs-b")
        .task("a")
        .task("b")
        .exclusive("more", default="more-end")
        .end()
        .flow("start", "needs")
        .flow("needs", "a", "verify")
        .flow("needs", "b")
        .line("a", "b", "more", "end")
        .flow("more", "a", "size(places) > 1 && places.exists(x, x == area)")
    )
    definition = await office.publish(drawing)
    assert (await office.start(definition, verify=True)).new_tasks[0].node == "a"
    case = (await office.start(definition)).instance_id
    assert (await office.complete(case, "b", places=["x", "120111001001"])).new_tasks[0].node == "a"
    await office.complete(case, "a")
    ended = await office.complete(case, "b", places=[])
    assert ended.ended
    assert ended.variables["places"] == []


async def test_a_condition_that_cannot_be_decided_changes_nothing(office: Office) -> None:
    drawing = (
        Drawing("undecided")
        .start()
        .task("a")
        .exclusive("x", default="x-end")
        .end()
        .line("start", "a", "x", "end")
        .flow("x", "a", "amount > 10")
    )
    case = (await office.start(await office.publish(drawing))).instance_id
    with pytest.raises(ConditionFailed, match="amount"):
        await office.complete(case, "a")
    with pytest.raises(ConditionFailed):
        await office.complete(case, "a", amount="many")
    assert await office.nodes(case) == ["a"]
    assert (await office.complete(case, "a", amount=11)).new_tasks[0].node == "a"


async def test_parallel_branches_wait_for_one_another(office: Office) -> None:
    definition = await office.publish(forked())
    case = (await office.start(definition)).instance_id
    forked_ = await office.complete(case, "first")
    assert [task.node for task in forked_.new_tasks] == ["a", "b"]
    waiting = await office.complete(case, "b")
    assert (waiting.new_tasks, waiting.ended, waiting.status) == ((), False, "待a")
    assert [token.sequence_flow for token in (await office.story(case)).tokens] == ["b-join"]
    joined = await office.complete(case, "a")
    assert [task.node for task in joined.new_tasks] == ["last"]
    assert (await office.story(case)).tokens == ()
    assert (await office.complete(case, "last")).ended


async def test_a_terminate_end_withdraws_the_other_branches(office: Office) -> None:
    drawing = (
        Drawing("terminating")
        .start()
        .parallel("fork")
        .task("a", "ok stop")
        .exclusive("x", default="x-join")
        .task("b")
        .parallel("join")
        .end()
        .end("stopped", terminate=True, step='status="已终止"')
        .line("start", "fork", "a", "x", "join", "end")
        .line("fork", "b", "join")
        .flow("x", "stopped", 'outcome == "stop"')
    )
    case = (await office.start(await office.publish(drawing))).instance_id
    ended = await office.complete(case, "a", "stop")
    assert (ended.ended, ended.end, ended.status) == (True, "stopped", "已终止")
    assert [(step.node, step.how) for step in ended.dropped] == [("b", "withdrawn")]
    story = await office.story(case)
    assert (story.tasks, story.tokens, story.instance.state) == ((), (), "completed")


async def test_two_people_finish_the_same_task_one_wins_the_other_is_told(office: Office) -> None:
    """Many rounds on two connections at once: never both, never neither."""
    definition = await office.publish(steps(["a", "b"], "race"))
    people = [actor("派遣员", Grant("task", frozenset({"complete_any"}))), actor("受理员")]
    for _ in range(60):
        started = await office.start(definition)
        task = started.new_tasks[0]
        results = await asyncio.gather(*(office.finish(task.id, person) for person in people), return_exceptions=True)
        lost = [result for result in results if isinstance(result, TaskAlreadyDone)]
        won = [result for result in results if not isinstance(result, BaseException)]
        assert (len(won), len(lost)) == (1, 1), results
        assert won[0].finished is not None
        assert lost[0].data["who"] == won[0].finished.actor_name
        assert lost[0].data["when"] == "2026-06-15T09:00:00+08:00"
        assert won[0].finished.actor_name in lost[0].message("zh")
        assert await office.nodes(started.instance_id) == ["b"]
        assert len((await office.story(started.instance_id)).steps) == 1


async def test_branches_finished_at_the_same_moment_join_exactly_once(office: Office) -> None:
    definition = await office.publish(forked("joined-at-once"))
    for _ in range(60):
        case = (await office.start(definition)).instance_id
        await office.complete(case, "first")
        answers = await asyncio.gather(office.complete(case, "a"), office.complete(case, "b"))
        assert sorted(len(answer.new_tasks) for answer in answers) == [0, 1]
        story = await office.story(case)
        assert [task.node for task in story.tasks] == ["last"]
        assert story.tokens == ()


async def test_a_finished_task_tells_by_whom_even_long_after(office: Office) -> None:
    started = await office.start(await office.publish(steps(["a", "b"], "told")))
    await office.finish(started.new_tasks[0].id, actor("受理员"))
    office.set_clock(at(17))
    with pytest.raises(TaskAlreadyDone) as refused:
        await office.finish(started.new_tasks[0].id, actor("受理员"))
    assert refused.value.data["when"] == "2026-06-15T09:00:00+08:00"
    with pytest.raises(NotFound):
        await office.finish(new_id(), SYSTEM)


async def test_who_may_finish_a_task(office: Office) -> None:
    started = await office.start(await office.publish(steps(["a", "b"], "whose")))
    task = started.new_tasks[0]
    with pytest.raises(TaskNotYours):
        await office.finish(task.id, actor("派遣员"))
    elsewhere = Grant("task", frozenset({"complete_any"}), area="120112")
    with pytest.raises(TaskNotYours):
        await office.finish(task.id, actor("派遣员", elsewhere))
    await office.finish(task.id, actor("派遣员", Grant("task", frozenset({"complete_any"}), area="120111")))
    with pytest.raises(OutcomeUnknown, match="ok"):
        await office.complete(started.instance_id, "b", "approve", actor("受理员"))
    assert (await office.complete(started.instance_id, "b", "ok", actor("受理员"))).ended


@pytest.mark.parametrize("variables", [{"outcome": "x"}, {"Limit": 1}, {"a-b": 1}, {"text": "字" * 3000}])
async def test_variables_are_bounded(office: Office, variables: dict[str, str]) -> None:
    task = (await office.start(await office.publish(steps(["a", "b"], "bounded")))).new_tasks[0]
    async with office.database.transaction() as connection:
        with pytest.raises(VariablesInvalid):
            await office.flow.complete(connection, task.id, SYSTEM, "ok", variables, office.now)


async def test_an_ended_instance_takes_nothing_more(office: Office) -> None:
    case = (await office.start(await office.publish(steps(["a"], "over")))).instance_id
    await office.complete(case, "a")
    async with office.database.transaction() as connection:
        with pytest.raises(InstanceEnded):
            await office.flow.urge(connection, case)
        with pytest.raises(InstanceEnded):
            await office.flow.change_variables(connection, case, {"x": 1})


async def test_a_case_whose_every_step_is_passed_over_ends_at_once(office: Office) -> None:
    drawing = steps([], "nothing-to-do").without("start-end")
    drawing.task("a", who='<yiwang:who post="vacant" empty="skip"/>').line("start", "a", "end")
    started = await office.start(await office.publish(drawing))
    assert (started.ended, started.end, started.state, started.new_tasks) == (True, "end", "completed", ())
    story = await office.story(started.instance_id)
    assert (story.instance.state, story.instance.ended_at) == ("completed", office.now)


async def test_a_start_that_fails_starts_nothing(office: Office) -> None:
    drawing = steps([], "stopped").without("start-end")
    drawing.task("a", who='<yiwang:who post="vacant" empty="stop"/>').line("start", "a", "end")
    definition = await office.publish(drawing)
    before = await _count(office)
    with pytest.raises(Exception, match="vacant"):
        await office.start(definition)
    assert await _count(office) == before


async def _count(office: Office) -> int:
    async with office.database.connection() as connection:
        count: int = await connection.fetchval("select count(*) from flow_instance")
        return count


async def test_ten_thousand_instances_start_in_one_statement(office: Office, flow: FlowService) -> None:
    """Statements do not grow with their number; the time is shown, and must stay far below a minute."""
    definition = await office.publish(branching())
    starts = [
        Start(new_id(), definition, "matter", new_id(), "120111001001", f"西青-{n % 300:03}", {"centre": CENTRE})
        for n in range(10_000)
    ]
    executed: list[str] = []
    async with office.database.transaction() as connection:

        def log(record: asyncpg.connection.LoggedQuery) -> None:
            executed.append(record.query)

        with connection.query_logger(log):
            answers = await flow.start_many(connection, starts, at(9))
    assert len(executed) == 1
    assert [answer.instance_id for answer in answers] == [start.instance_id for start in starts]
    assert {answer.status for answer in answers} == {"待accept"}
    assert await office.nodes(starts[-1].instance_id) == ["accept"]


async def test_finishing_takes_two_statements(office: Office) -> None:
    started = await office.start(await office.publish(branching()))
    executed: list[str] = []
    async with office.database.transaction() as connection:
        with connection.query_logger(lambda record: executed.append(record.query)):
            await office.flow.complete(connection, started.new_tasks[0].id, SYSTEM, "file", {"x": 1}, at(10))
    assert len(executed) == 2
    assert "for update" in executed[0]


async def test_the_shipped_urban_case_walks_to_its_end(office: Office) -> None:
    xml = (PACKS / "urban-management/flows/urban-case.bpmn").read_text(encoding="utf-8")
    async with office.database.transaction() as connection:
        definition = await office.flow.publish(connection, "urban-case", xml, SYSTEM, office.now)
    started = await office.start(definition, verify=True, visit=True)
    case = started.instance_id
    assert started.new_tasks[0].post_id == 30  # the grid worker of the place
    await office.complete(case, "verify", "exist", actor("网格员甲"))
    await office.complete(case, "accept", "file", actor("受理员"))
    sent = await office.complete(
        case, "dispatch", "dispatch", actor("派遣员"), department=WATER, section=None, handler=None, limit="4工作时"
    )
    assert sent.clocks["handling"].due_at == at(15)  # 09:00 + 4 working hours, 12:00–14:00 is no working time
    assert sent.new_tasks[0].due_at == at(15)
    office.set_clock(at(10))
    handed = await office.complete(case, "receive", "assign", actor("水务窗口"), section=DRAINS)
    assert (handed.new_tasks[0].post_id, handed.new_tasks[0].due_at) == (21, at(15))
    await office.complete(case, "handle", "finish", actor("排水班长"))
    office.set_clock(at(14, 30))
    confirmed = await office.complete(case, "confirm", "confirm", actor("水务窗口"))
    clock = confirmed.clocks["handling"]
    assert (clock.stopped_at, clock.used_seconds, clock.overdue) == (at(14, 30), 3.5 * 3600, False)
    await office.complete(case, "check", "pass", actor("网格员甲"))
    await office.complete(case, "close", "close", actor("受理员"))
    if not (await office.story(case)).instance.ended_at:
        await office.complete(case, "visit", next(iter(definition.graph.task("visit").outcomes)), actor("受理员"))
    assert (await office.story(case)).instance.state == "completed"


async def test_state_of_a_running_case_stays_below_a_kilobyte(office: Office) -> None:
    xml = (PACKS / "urban-management/flows/urban-case.bpmn").read_text(encoding="utf-8")
    async with office.database.transaction() as connection:
        definition = await office.flow.publish(connection, "urban-case", xml, SYSTEM, office.now)
    case = (await office.start(definition)).instance_id
    await office.complete(case, "accept", "file")
    handler = str(person_id("排水工"))
    await office.complete(
        case, "dispatch", "dispatch", department=WATER, section=DRAINS, handler=handler, limit="4工作时"
    )
    await office.complete(case, "receive", "assign")
    async with office.database.connection() as connection:
        size = await connection.fetchval(
            "select pg_column_size(i.*) + (select sum(pg_column_size(t.*)) from flow_task t where instance_id = i.id)"
            " from flow_instance i where id = $1",
            case,
        )
    assert size <= 1024
