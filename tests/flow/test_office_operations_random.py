"""Random legal sequences of office operations on random definitions keep every law; ``python -m bench.flow_sequences`` does
ten thousand. And the page of operations is what the code says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from random import Random
from uuid import UUID

import pytest

from bench.flow_sequences import Broken, run_sequences
from bench.flow_sequences.drawing import Builder
from bench.flow_sequences.laws import Snapshot, check, read
from tests.flow.offices import actor, person_id
from tests.flow.signing_office import SigningOffice, round_of
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.legality import OPERATIONS, REASONS, RULES, cells, reason_at
from yiwang.flow.legality.page import operations_page
from yiwang.flow.service import FlowService
from yiwang.kernel.database import Database
from yiwang.kernel.identifiers import new_id

RUNS = 150


async def test_任意顺序的合法操作_令牌不丢不重_任务都有人办(database: Database) -> None:
    tally = await run_sequences(database, 0, RUNS)
    assert not tally.faults, "\n".join(tally.faults)
    assert tally.runs == RUNS
    assert tally.rounds > RUNS / 4
    seldom = {"answer_supervision", "release"}
    never = [
        name for name in OPERATIONS if not tally.done[name] and not name.startswith("overtime") and name not in seldom
    ]
    assert set(never) <= {"answer_extension"}, "answered within ask_extension"


def test_random_definitions_are_sound() -> None:
    for seed in range(40):
        reading = read_bpmn(Builder(Random(seed), "random", ("called",)).xml())
        assert reading.graph is not None, reading.findings


async def snapshot(flow: FlowService) -> Snapshot:
    """A round within an instance, one of whom has added somebody."""
    office = SigningOffice(flow)
    case = await office.begin(round_of(f"laws-{new_id().hex[:6]}"), "派遣员", "派遣员二", "审核员")
    await office.step(case, "accept", who=actor("受理员"))
    await office.do(case, "派遣员", "agree")
    await office.before(await office.of(case, "派遣员二"), "派遣员二", "水务窗口")
    async with flow.context.database.connection() as connection:
        return await read(flow, connection, case)


async def test_the_laws_find_what_they_look_for(flow: FlowService) -> None:
    good = await snapshot(flow)
    check(good)
    held = next(task for task in good.tasks if task.held)
    added = next(task for task in good.tasks if task.of_task)
    other = next(task for task in good.tasks if not task.held and not task.of_task)
    scope = good.scopes[0]
    queue = {"post_id": None, "assignee_id": None}
    broken = {
        "held without what it waits for": replace(good, tasks=(held, other)),
        "with nobody": replace(good, tasks=(held, added, replace(other, **queue))),  # type: ignore[arg-type]
        "with two": replace(good, tasks=(held, added, replace(other, post_id=10))),
        "added to what is gone": replace(good, tasks=(added, other)),
        "lost somebody": replace(good, tasks=(held, added)),
        "answers that nobody gave": replace(good, scopes=(replace(scope, tally={"agree": 2}),)),
        "inside a scope that is gone": replace(good, scopes=()),
        "two tokens": replace(good, scopes=(scope, replace(scope, id=UUID(int=5), kind="sub"))),
        "forgot whose": replace(good, tasks=(replace(held, origin=None), added, other)),
        "over, and": replace(good, instance=replace(good.instance, ended_at=held.created_at)),
        "on hold": replace(good, instance=replace(good.instance, suspended_at=held.created_at)),
        "nothing to do": replace(good, tasks=(), scopes=()),
        "finished twice": replace(good, steps=(*good.steps, *good.steps)),
    }
    for words, wrong in broken.items():
        with pytest.raises(Broken, match=words):
            check(wrong)
    assert person_id("派遣员") != other.assignee_id


def test_the_page_of_operations_is_what_the_code_says() -> None:
    page = Path(__file__).resolve().parents[2] / "docs/reference/office-operations.md"
    assert page.read_text(encoding="utf-8") == operations_page(), "run `yiwang docs`"


def test_every_cell_has_words() -> None:
    used = set()
    for operation, kind, state in cells():
        reason = reason_at(operation, kind, state)
        used.add(None if reason is None else reason.code)
        if reason is not None:
            assert REASONS[reason.code] is reason
    assert None in used
    for rule in RULES.values():
        assert {*rule.states.values(), *rule.kinds.values(), *rule.exceptions.values()} - {""} <= REASONS.keys()
        assert bool(rule.remark_zh) == bool(rule.remark_en)
