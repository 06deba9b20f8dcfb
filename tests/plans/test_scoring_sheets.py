"""Scoring sheets: points, veto, what does not apply, evidence."""

from __future__ import annotations

from uuid import uuid4

import pytest
from pydantic import ValidationError

from yiwang.casework.model import PhotoClaim
from yiwang.plans.declarations import SheetDeclaration
from yiwang.plans.sheets import Answer, faults_of, judge

WORDS = {"zh": "项", "en": "Item"}
PHOTO = (PhotoClaim(uuid4(), "claim"),)


def sheet(**other: object) -> SheetDeclaration:
    values: dict[str, object] = {
        "id": "check",
        "names": WORDS,
        "case": "inspection",
        "node": "inspect",
        "fields": {"total": "score", "verdict": "grade"},
        "items": [
            {"id": "exits", "names": WORDS, "points": 40, "veto": True},
            {"id": "papers", "names": WORDS, "points": 30, "photo": "lost"},
            {"id": "kitchen", "names": WORDS, "points": 30, "optional": True},
        ],
        "verdicts": [
            {"id": "fail", "names": WORDS, "at_least": 0},
            {"id": "good", "names": WORDS, "at_least": 80},
            {"id": "fair", "names": WORDS, "at_least": 60},
        ],
        "veto": "fail",
    }
    return SheetDeclaration.model_validate({**values, **other})


def test_总分按适用项折算() -> None:
    result = judge(sheet(), {"exits": Answer(40), "papers": Answer(16), "kitchen": Answer(None)})
    assert (result.total, result.full, result.verdict) == (80.0, 70, "good")


def test_按分值相加() -> None:
    result = judge(sheet(total="sum"), {"exits": Answer(20), "papers": Answer(30), "kitchen": Answer(15)})
    assert (result.total, result.percent, result.verdict) == (65.0, 65.0, "fair")


def test_一票否决_总分为零() -> None:
    result = judge(sheet(), {"exits": Answer(0), "papers": Answer(30), "kitchen": Answer(30)})
    assert (result.total, result.verdict, result.vetoed) == (0.0, "fail", ("exits",))


def test_每一处错误都说明在哪一项() -> None:
    answers = {"exits": Answer(41), "papers": Answer(10), "roof": Answer(1)}
    assert [fault.where for fault in faults_of(sheet(), answers)] == [
        "/answers/roof", "/answers/exits", "/answers/papers",
    ]  # fmt: skip
    assert [fault.where for fault in faults_of(sheet(), {"papers": Answer(30)})] == ["/answers/exits"]
    assert faults_of(sheet(), {"exits": Answer(40), "papers": Answer(10, "缺一份", PHOTO)}) == []


@pytest.mark.parametrize("wrong", [{"veto": None}, {"veto": "unknown"}])
def test_有否决项就要写明否决后的评定(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        sheet(**wrong)
