"""Random changes of random flows: an instance goes over and can be finished, or it stays as it is, with a reason."""

from __future__ import annotations

from collections import Counter
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.flow.offices import CALENDAR
from tests.flow.version_worlds import (
    Author,
    begun,
    check_rows,
    continued,
    definition,
    finish,
    rehearsal,
    same_hands,
    whole,
)
from yiwang.flow.versions.bridge import Bridge
from yiwang.flow.versions.mapping import VersionMap
from yiwang.flow.versions.moving import Moved, move
from yiwang.flow.versions.whole import Whole, World

RUNS = settings(max_examples=300, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
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
    assert rehearsal is not None
    if sum(verdicts.values()) > 100:
        assert verdicts["moved"] > 30
        assert len(verdicts) > 3
