"""Random acts on random processes: no token is lost or doubled, no case is open without a task or over with one."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flow.offices import Drawing, Office, at
from tests.flow.worlds import Board, check_tokens, drawings, graphs
from yiwang.flow.errors import StepNotReachable
from yiwang.flow.model import Definition, Graph, InstanceStory
from yiwang.flow.walk import Cancelled, Completed, Jumped, SentBack, TimerFired
from yiwang.kernel.access import SYSTEM

ACTS = ["complete"] * 6 + ["timer", "timer", "send_back", "send_back", "jump", "cancel"]


@settings(max_examples=250)
@given(graphs(), st.data())
def test_tokens_are_conserved_whatever_is_done(graph: Graph, data: st.DataObject) -> None:
    board = Board.started(graph)
    check_tokens(graph, list(board.tasks.values()), list(board.tokens.values()), ended=board.ended)
    for _ in range(40):
        if board.ended:
            board.do(Jumped(data.draw(st.sampled_from([task.id for task in graph.tasks if not task.scope] or ["end"]))))
        else:
            act_once(board, data)
        check_tokens(graph, list(board.tasks.values()), list(board.tokens.values()), ended=board.ended)


def act_once(board: Board, data: st.DataObject) -> None:
    task = data.draw(st.sampled_from(sorted(board.tasks)))
    node = board.graph.task(board.tasks[task])
    before = (dict(board.tasks), dict(board.tokens))
    try:
        match data.draw(st.sampled_from(ACTS)):
            case "complete":
                board.do(Completed(task, data.draw(st.sampled_from(list(node.outcomes)))))
            case "timer":
                if node.timers:
                    board.do(TimerFired(task, node.timers[0].id))
            case "send_back":
                if board.walked:
                    board.do(SentBack(task, data.draw(st.sampled_from(sorted(board.walked)))))
            case "jump":
                board.do(Jumped(data.draw(st.sampled_from(sorted(board.graph.nodes)))))
            case _:
                board.do(Cancelled())
                assert board.ended
    except StepNotReachable:
        assert (board.tasks, board.tokens) == before


@settings(max_examples=150)
@given(graphs(), st.randoms(use_true_random=False))
def test_a_case_that_only_goes_on_comes_to_its_end(graph: Graph, dice: object) -> None:
    """Finishing the open tasks in any order, each by its first outcome, ends the case: no join waits for ever."""
    board = Board.started(graph)
    for _ in range(5000):
        if board.ended:
            break
        task = dice.choice(sorted(board.tasks))  # type: ignore[attr-defined]
        board.do(Completed(task, board.graph.task(board.tasks[task]).first_outcome))
    assert board.ended
    assert not board.tokens


@settings(max_examples=60)
@given(graphs())
def test_the_same_act_gives_the_same_answer(graph: Graph) -> None:
    first, second = Board.started(graph), Board.started(graph)
    assert sorted(first.tasks.values()) == sorted(second.tasks.values())


@settings(max_examples=25)
@given(drawings("stored-world"), st.data())
def test_rows_follow_the_walk(_office_of_rows: Office, drawing: Drawing, data: st.DataObject) -> None:
    """The same through the service and the database: what stands in the tables obeys the same laws."""
    loop = asyncio.get_event_loop()
    loop.run_until_complete(walk_in_rows(_office_of_rows, drawing, data))


async def walk_in_rows(office: Office, drawing: Drawing, data: st.DataObject) -> None:
    office.set_clock(at(8))
    definition = await office.publish(drawing)
    case = (await office.start(definition)).instance_id
    story = await office.story(case)
    check_story(definition, story)
    for _ in range(15):
        office.set_clock(office.now + timedelta(minutes=data.draw(st.integers(0, 200))))
        await act_on_rows(office, definition, story, data)
        story = await office.story(case)
        check_story(definition, story)


def check_story(definition: Definition, story: InstanceStory) -> None:
    over = story.instance.state in ("completed", "cancelled")
    nodes, flows = [task.node for task in story.tasks], [token.sequence_flow for token in story.tokens]
    check_tokens(definition.graph, nodes, flows, ended=over)
    assert len({step.id for step in story.steps} | {task.id for task in story.tasks}) == len(story.steps) + len(
        story.tasks
    )
    waiting = {(timer.task_id, timer.node) for timer in story.timers}
    open_timers = {(task.id, timer.id) for task in story.tasks for timer in definition.graph.task(task.node).timers}
    assert waiting <= open_timers, "a timer without its task"
    interrupting = {(task, timer) for task, timer in open_timers if timer.startswith("w")}
    assert interrupting <= waiting, "a task without its timer"
    for task in story.tasks:
        assert (task.paused_at is not None) == (story.instance.state == "suspended")
    for timer in story.timers:
        assert (timer.wake_at is None) == (story.instance.state == "suspended")


async def act_on_rows(office: Office, definition: Definition, story: InstanceStory, data: st.DataObject) -> None:
    flow, case, now = office.flow, story.instance.id, office.now
    steps = [task.id for task in definition.graph.tasks if not task.scope]
    async with office.database.transaction() as connection:
        if story.instance.state in ("completed", "cancelled"):
            if steps:
                await flow.reopen(connection, case, SYSTEM, data.draw(st.sampled_from(steps)), "", now)
            return
        if story.instance.state == "suspended":
            await flow.resume(connection, case, now)
            return
        task = data.draw(st.sampled_from(story.tasks))
        node = definition.graph.task(task.node)
        try:
            match data.draw(st.sampled_from([*ACTS, "suspend", "fire"])):
                case "complete":
                    outcome = data.draw(st.sampled_from(list(node.outcomes)))
                    await flow.complete(connection, task.id, SYSTEM, outcome, {}, now)
                case "send_back" if story.steps:
                    target = data.draw(st.sampled_from(sorted({step.node for step in story.steps})))
                    await flow.send_back(connection, task.id, SYSTEM, target, "", now)
                case "jump":
                    target = data.draw(st.sampled_from([task.id for task in definition.graph.tasks]))
                    await flow.jump(connection, case, SYSTEM, target, "", now)
                case "cancel":
                    await flow.cancel(connection, case, SYSTEM, "", now)
                case "suspend":
                    await flow.suspend(connection, case, now)
        except StepNotReachable:
            return
    await fire(office, case)


async def fire(office: Office, case: UUID) -> None:
    """Timers fire in transactions of their own."""
    while await office.flow.fire_due(office.now):
        pass
