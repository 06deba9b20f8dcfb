"""事件取自日志: what a journal entry says reaches the counting as the number that stands for it."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

import pytest
from insight.conftest import CHINA, Counting

from yiwang.insight.scoring.events import OTHER_STAGE, OUTCOME, STAGE, VERB, read_events, statement
from yiwang.insight.scoring.slices import Slicing
from yiwang.kernel.database import JsonObject
from yiwang.kernel.journal import Entry


@pytest.mark.parametrize(
    ("following", "number"),
    [({"stage": "verify"}, STAGE["verify"]), ({"stage": "send_check"}, STAGE["send_check"]),
     ({"stage": "dance"}, OTHER_STAGE), (None, 0)],
)  # fmt: skip
async def test_下一环节的编号(counting: Counting, following: JsonObject | None, number: int) -> None:
    case, at = uuid4(), datetime(2026, 3, 2, 9, tzinfo=CHINA)
    data: JsonObject = {"stage": "check", "outcome": "pass", "due": "2026-03-02T18:00:00+08:00", "next": following}
    await counting.write([Entry(at, "case.step", "case", case, "person", uuid4(), "甲", "120111001001", data)])
    async with counting.database.connection() as connection:
        events = await read_events(
            connection, counting.following.zone, statement("j.subject_id = $1", Slicing([])), case
        )
    assert {name: events[name].tolist() for name in ("verb", "stage", "outcome", "next_stage")} == {
        "verb": [VERB["step"]], "stage": [STAGE["check"]], "outcome": [OUTCOME["pass"]], "next_stage": [number],
    }  # fmt: skip
    assert events["due_at"].tolist() == [
        (at.replace(hour=18) - datetime(2000, 1, 1, 8, tzinfo=CHINA)).total_seconds() * 1e6
    ]
