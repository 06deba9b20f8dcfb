"""Random changes of random flows: an instance goes over and can be finished, or it stays as it is, with a reason."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from random import Random
from uuid import UUID

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.flow.offices import CALENDAR, Office, actor, at
from tests.flow.version_worlds import (
    PEOPLE,
    Author,
    begun,
    check_rows,
    continued,
    definition,
    draw,
    finish,
    same_hands,
    whole,
)
from yiwang.flow.errors import StepNotReachable
from yiwang.flow.model import Definition, InstanceStory
from yiwang.flow.rehearsal import Rows
from yiwang.flow.versions import store
from yiwang.flow.versions.bridge import Bridge
from yiwang.flow.versions.mapping import VersionMap
from yiwang.flow.versions.migrating import Migrations
from yiwang.flow.versions.moving import Moved, move
from yiwang.flow.versions.whole import Whole, World
from yiwang.kernel.access import SYSTEM

RUNS = settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
verdicts: Counter[str] = Counter()


@RUNS
@given(st.integers(0, 2**63))
def test_every_instance_moves_and_can_be_finished_or_stays_with_a_reason(seed: int) -> None:
    dice = Random(seed)
    author = Author(dice)
    world = author.world()
    old = definition(world, 1)
    changed, steps = author.edited(world)
    new = definition(changed, 2)
    stage = begun(old, dice, dice.randint(0, 12))
    rows = stage.instances["it"]
    if rows.instance.ended_at is not None:
        return
    check_rows(rows)
    before = whole(rows)
    known = {name: other for name, other in steps.items() if name in old.graph.nodes and other in new.graph.nodes}
    bridge = Bridge(old.graph, new.graph, VersionMap(steps=known))
    around = World(stage.now, CALENDAR, stage.world(rows))
    found: Moved = move(before, bridge, new, around)
    verdicts["moved" if found.after is not None else found.obstacles[0].code] += 1
    assert (found.after is None) is bool(found.obstacles)
    if found.after is None:
        assert all(item.words.zh and "{" not in item.words.zh + item.words.en for item in found.obstacles)
        return
    keep_what_is_open(before, found.after)
    going = continued(new, found.after, rows, stage.now)
    check_rows(going.instances["it"])
    assert finish(going, dice), going.instances["it"]


def keep_what_is_open(before: Whole, after: Whole) -> None:
    """Tasks keep id, hands and deadline; nobody loses a claimed one."""
    tasks = {task.id: task for task in after.tasks}
    assert tasks.keys() == {task.id for task in before.tasks}
    assert all(same_hands(task, tasks[task.id]) for task in before.tasks)
    assert {scope.id for scope in before.scopes} == {scope.id for scope in after.scopes}
    assert {(token.id, token.kind) for token in before.tokens} == {(token.id, token.kind) for token in after.tokens}


@RUNS
@given(st.integers(0, 2**63))
def test_to_the_same_drawing_everything_goes_over_unchanged(seed: int) -> None:
    dice = Random(seed)
    world = Author(dice).world()
    old, new = definition(world, 1), definition(world, 2)
    stage = begun(old, dice, dice.randint(0, 25))
    rows = stage.instances["it"]
    if rows.instance.ended_at is not None:
        return
    before = whole(rows)
    bridge = Bridge(old.graph, new.graph, VersionMap())
    found = move(before, bridge, new, World(stage.now, CALENDAR, stage.world(rows)))
    assert found.after is not None, found.obstacles
    assert found.after.instance.definition_id == new.id
    assert (found.after.tasks, found.after.tokens, found.after.scopes) == (before.tasks, before.tokens, before.scopes)
    assert (found.after.timers, found.after.waits) == (before.timers, before.waits)
    assert not found.notes


def test_both_verdicts_were_met() -> None:
    if sum(verdicts.values()) > 100:
        assert verdicts["moved"] > 30
        assert len(verdicts) > 3


def rows_of(story: InstanceStory) -> Rows:
    rows = Rows(story.definition, story.instance, steps=list(story.steps))
    rows.tasks = {row.id: row for row in story.tasks}
    rows.tokens = {row.id: row for row in story.tokens}
    rows.scopes = {row.id: row for row in story.scopes}
    rows.timers = {row.id: row for row in story.timers}
    rows.waits = {row.id: row for row in story.waits}
    return rows


async def test_the_same_in_the_database(office: Office) -> None:
    """Several instances of each world: those that go over stand as the law says and come to their end."""
    moved = refused = 0
    for seed in range(12):
        dice = Random(seed)
        office.set_clock(at(8))
        author = Author(dice)
        world = author.world()
        changed, steps = author.edited(world)
        old = await office.publish(draw(world, f"world-{seed}"))
        cases = [await started(office, old, dice) for _ in range(4)]
        before = {case: await office.story(case) for case in cases}
        new = await office.publish(draw(changed, f"world-{seed}"))
        if new.id == old.id:
            continue
        known = {name: other for name, other in steps.items() if name in old.graph.nodes and other in new.graph.nodes}
        migrations = Migrations(office.flow)
        async with office.database.transaction() as connection:
            row = await migrations.ask(
                connection, old.key, 1, 2, {"steps": dict(known)}, actor("管理员"), dry_run=False, queued=False
            )
        await migrations.run(row.id)
        going = []
        for case in cases:
            after = await office.story(case)
            if after.definition.id == new.id:
                check_rows(rows_of(after))
                assert {task.id for task in after.tasks} == {task.id for task in before[case].tasks}
                going.append(case)
            else:
                assert rows_of(after) == rows_of(before[case])
                refused += after.instance.ended_at is None
        async with office.database.connection() as connection:
            assert (await store.counts(connection, [row.id]))[row.id].get("moved", 0) == len(going)
        moved += len(going)
        for case in going:
            assert await come_to_its_end(office, case, dice)
    assert moved > 10
    assert refused > 3


async def started(office: Office, old: Definition, dice: Random) -> UUID:
    """An instance on which something was done; some of its tasks are claimed."""
    case = (await office.start(old, people=list(PEOPLE), **{f"v{n}": dice.randint(0, 1) for n in range(3)})).instance_id
    for _ in range(dice.randint(0, 5)):
        tasks = await office.tasks(case)
        if not tasks:
            break
        task = dice.choice(tasks)
        outcome = dice.choice(list(old.graph.task(task.node).outcomes))
        with suppress(StepNotReachable):
            await office.finish(task.id, SYSTEM, outcome)
    for task in await office.tasks(case):
        if task.post_id == 10:
            async with office.database.transaction() as connection:
                await office.flow.claim(connection, task.id, actor("受理员"))
    return case


async def come_to_its_end(office: Office, case: UUID, dice: Random) -> bool:
    for _ in range(400):
        story = await office.story(case)
        if story.instance.ended_at is not None:
            return True
        check_rows(rows_of(story))
        if story.tasks:
            task = dice.choice(story.tasks)
            await office.finish(task.id, SYSTEM, story.definition.graph.task(task.node).first_outcome)
        elif wakes := [timer.wake_at for timer in story.timers if timer.wake_at is not None]:
            office.set_clock(max(office.now, min(wakes)))
            while await office.flow.fire_due(office.now):
                pass
        else:
            wait = next(wait for wait in story.waits if wait.kind == "message")
            async with office.database.transaction() as connection:
                await connection.execute("update flow_wait set key = id::text where id = $1", wait.id)
                await office.flow.receive(connection, wait.name, str(wait.id), {}, SYSTEM, office.now)
    return False
