"""Reports owed, cards, percent and scores of parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from yiwang.kernel.calendar import WorkingCalendar, calendar_files, load_calendar
from yiwang.plans import judging
from yiwang.plans.declarations import BreakdownDeclaration, Progress
from yiwang.plans.model import Part
from yiwang.plans.parts_store import Counted

BEGAN = datetime(2026, 6, 18, 1, 0, tzinfo=UTC)
WORDS = {"zh": "牌", "en": "Card"}
DECLARED = BreakdownDeclaration.model_validate(
    {
        "id": "tasks",
        "names": WORDS,
        "parent": {"type": "matter", "node": "divide", "outcome": "divided", "wait": "oversee", "settled": "settled"},
        "child": {"type": "task", "channel": "breakdown", "class": "DC11"},
        "cards": [
            {"id": "yellow", "names": WORDS, "colour": "yellow", "when": "missed >= 1 || overdue_days > 0.0"},
            {"id": "red", "names": WORDS, "colour": "red", "when": "missed >= 2 || overdue_days > 5.0"},
        ],
        "score": '100.0 - 10.0 * double(late) - 5.0 * double(cards["red"])',
    }
)


@pytest.fixture(scope="module")
def calendar() -> WorkingCalendar:
    return load_calendar(calendar_files())


def part(**other: object) -> Part:
    made = Part(
        child_id=uuid4(), number="RW1", parent_id=uuid4(), nth=1, title="任务", organisation_id=1, area="", weight=1,
        percent=0, card="", missed=0, created_at=BEGAN, ended_at=None, state="open", status="承办中",
        due_at=BEGAN + timedelta(days=10), handled_at=None, closed_at=None, filed_at=BEGAN, urged=0,
    )  # fmt: skip
    return replace(made, **other)  # type: ignore[arg-type]  # tests word it freely


def test_逐月应报_未到期不算缺报(calendar: WorkingCalendar) -> None:
    now = datetime(2026, 8, 3, 1, 0, tzinfo=UTC)
    owed = judging.reports_owed(Progress(), calendar, part(), now)
    assert [period.key for period, _ in owed] == ["2026-06", "2026-07", "2026-08"]
    assert owed[0][1] == datetime(2026, 6, 30, 10, 0, tzinfo=UTC)
    assert judging.missed(owed, {}, now) == 2
    assert judging.missed(owed, {"2026-06": 1}, now) == 1


def test_办结后不再欠报(calendar: WorkingCalendar) -> None:
    ended = datetime(2026, 7, 10, 1, 0, tzinfo=UTC)
    owed = judging.reports_owed(Progress(), calendar, part(ended_at=ended), ended + timedelta(days=90))
    assert [period.key for period, _ in owed] == ["2026-06", "2026-07"]
    assert judging.missed(owed, {}, ended) == 1


@pytest.mark.parametrize(
    ("days", "missed", "card"),
    [(9, 0, None), (9, 1, "yellow"), (11, 0, "yellow"), (11, 2, "red"), (15.5, 0, "red")],
)
def test_黄牌红牌按规则_取最重的一张(days: float, missed: int, card: str | None) -> None:
    found = judging.card_of(DECLARED, part(), missed, BEGAN + timedelta(days=days))
    assert (found.id if found else None) == card


def test_报告办毕后不再继续超期() -> None:
    handled = part(handled_at=BEGAN + timedelta(days=9))
    assert judging.card_of(DECLARED, handled, 0, BEGAN + timedelta(days=40)) is None


def test_完成率按权重汇总_作废的不算() -> None:
    parts = [part(weight=3, percent=40), part(weight=1), part(weight=9, percent=100, state="void")]
    assert judging.whole_percent(parts) == 30.0
    assert judging.whole_percent(parts[2:]) == 100.0


def test_考核得分按声明的公式_不低于零() -> None:
    assert judging.score_of(DECLARED, Counted(1, 3, 2, 1, 1, 0, 80.0), {"red": 2}) == 80.0
    assert judging.score_of(DECLARED, Counted(1, 30, 2, 1, 20, 0, 80.0), {}) == 0.0
