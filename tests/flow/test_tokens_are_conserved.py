"""Random acts on random processes: no token is lost or doubled, no case is open without a task or over with one."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.flow.offices import Office, at
from tests.flow.worlds import Board, check_tokens, random_drawing, random_graph
from yiwang.flow.errors import StepNotReachable
from yiwang.flow.model import Definition, InstanceStory
from yiwang.flow.walk import Cancelled, Completed, Jumped, SentBack, Triggered
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection

ACTS = ["complete"] * 6 + ["timer"] * 2 + ["send_back"] * 2 + ["jump", "cancel"]
SEEDS = st.integers(0, 2**63)
# A world comes from one seed, so there is nothing to shrink and nothing to explain.
RUNS = settings(max_examples=400, phases=[Phase.explicit, Phase.reuse, Phase.generate])


@RUNS
@given(SEEDS)
def test_tokens_are_conserved_whatever_is_done(seed: int) -> None:
    dice = Random(seed)
    graph = random_graph(dice)
    board = Board.started(graph)
    check_board(board)
    for _ in range(40):
        if board.ended:
            board.do(Jumped(dice.choice([task.id for task in graph.tasks if not task.scope] or ["end"])))
        else:
            act_once(board, dice)
        check_board(board)


def check_board(board: Board) -> None:
    check_tokens(
        board.graph, list(board.tasks.values()), [token.flow for token in board.tokens.values()], ended=board.ended
    )


def act_once(board: Board, dice: Random) -> None:
    task = dice.choice(sorted(board.tasks))
    node = board.graph.task(board.tasks[task])
    before = (dict(board.tasks), dict(board.tokens))
    try:
        match dice.choice(ACTS):
            case "complete":
                board.do(Completed(task, dice.choice(list(node.outcomes))))
            case "timer":
                if node.boundary:
                    board.do(Triggered(task, node.boundary[0].id))
            case "send_back":
                if board.walked:
                    board.do(SentBack(task, dice.choice(sorted(board.walked))))
            case "jump":
                board.do(Jumped(dice.choice(sorted(board.graph.nodes))))
            case _:
                board.do(Cancelled())
                assert board.ended
    except StepNotReachable:
        assert (board.tasks, board.tokens) == before


@RUNS
@given(SEEDS)
def test_a_case_that_only_goes_on_comes_to_its_end(seed: int) -> None:
    """Finishing open tasks in any order, each by its first outcome, ends the case: no join waits for ever."""
    dice = Random(seed)
    board = Board.started(random_graph(dice))
    for _ in range(5000):
        if board.ended:
            break
        task = dice.choice(sorted(board.tasks))
        board.do(Completed(task, board.graph.task(board.tasks[task]).first_outcome))
    assert board.ended
    assert not board.tokens


def check_story(definition: Definition, story: InstanceStory) -> None:
    graph = definition.graph
    over = story.instance.state in ("completed", "cancelled")
    held = story.instance.state == "suspended"
    check_tokens(graph, [task.node for task in story.tasks], [t.sequence_flow for t in story.tokens], ended=over)
    assert len({row.id for row in (*story.steps, *story.tasks)}) == len(story.steps) + len(story.tasks)
    waiting = {(timer.holder_id, timer.node) for timer in story.timers}
    drawn = {(task.id, timer.id) for task in story.tasks for timer in graph.task(task.node).boundary}
    assert waiting <= drawn, "a timer without its task"
    assert {pair for pair in drawn if pair[1].startswith("w")} <= waiting, "a task without its timer"
    assert all((task.paused_at is not None) == held for task in story.tasks)
    assert all((timer.wake_at is None) == held for timer in story.timers)


async def test_rows_obey_the_same_laws_as_the_walk(office: Office) -> None:
    """The same through the service and the database, with suspensions and timers that fire by the clock."""
    for seed in range(30):
        dice = Random(seed)
        office.set_clock(at(8))
        definition = await office.publish(random_drawing(dice, f"world-{seed}"))
        case = (await office.start(definition)).instance_id
        story = await office.story(case)
        check_story(definition, story)
        for _ in range(15):
            office.set_clock(office.now + timedelta(minutes=dice.randint(0, 200)))
            async with office.database.transaction() as connection:
                with suppress(StepNotReachable):
                    await act_on_rows(office, connection, definition, story, dice)
            while await office.flow.fire_due(office.now):
                pass
            story = await office.story(case)
            check_story(definition, story)


async def act_on_rows(
    office: Office, connection: Connection, definition: Definition, story: InstanceStory, dice: Random
) -> None:
    flow, case, now = office.flow, story.instance.id, office.now
    nodes = [task.id for task in definition.graph.tasks]
    if story.instance.state in ("completed", "cancelled"):
        await flow.reopen(connection, case, SYSTEM, dice.choice(nodes), "", now)
    elif story.instance.state == "suspended":
        await flow.resume(connection, case, now)
    else:
        task = dice.choice(story.tasks)
        outcomes = list(definition.graph.task(task.node).outcomes)
        match dice.choice([*ACTS, "suspend"]):
            case "complete" | "timer":
                await flow.complete(connection, task.id, SYSTEM, dice.choice(outcomes), {}, now)
            case "send_back":
                target = dice.choice(sorted({step.node for step in story.steps}) or nodes)
                await flow.send_back(connection, task.id, SYSTEM, target, "", now)
            case "jump":
                await flow.jump(connection, case, SYSTEM, dice.choice(nodes), "", now)
            case "suspend":
                await flow.suspend(connection, case, now)
            case _:
                await flow.cancel(connection, case, SYSTEM, "", now)
