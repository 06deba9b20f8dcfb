"""Counting by number and by area, exactly, as article 278 of the Civil Code asks."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from pydantic import ValidationError

from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import InvalidInput
from yiwang.voting.box import fresh_code, last_four, same_code
from yiwang.voting.casting import require_choices
from yiwang.voting.counting import in_words, result_of
from yiwang.voting.declarations import VoteDeclaration
from yiwang.voting.model import Ballot, CastHow, Option, Question, Vote

AT = datetime(2026, 7, 1, tzinfo=UTC)
WORDS = {"zh": "项", "en": "Item"}


def declared(**other: object) -> VoteDeclaration:
    two_thirds = {"number": "2/3", "area": "2/3"}
    values: dict[str, object] = {
        "id": "owners", "names": WORDS,
        "case": {
            "type": "meeting", "node": "prepare", "outcome": "call", "wait": "vote", "ended": "counted",
            "withdrawn": "withdrawn", "fields": {"result": "result", "carried": "carried"},
        },
        "electorate": {
            "type": "room", "weight": "area_m2", "within": ["of-building", "in-compound"],
            "owners": {"type": "person", "relation": "owns", "name": "name", "number": "identity_number"},
        },
        "rules": {
            "ordinary": {"names": WORDS, "take_part": two_thirds, "agree": {"number": ">1/2", "area": ">1/2"}},
            "special": {"names": WORDS, "take_part": two_thirds, "agree": {"number": "3/4", "area": "3/4"}},
        },
        "matters": {"use": {"names": WORDS, "rule": "ordinary"}, "raise": {"names": WORDS, "rule": "special"}},
    }  # fmt: skip
    return VoteDeclaration.model_validate({**values, **other})


def a_vote(*questions: Question, voices: int = 12, weight: int = 120_000) -> Vote:
    return Vote(
        id=uuid4(), declared=declared(), case_id=uuid4(), case_number="YZ1", scope_id=uuid4(), scope_title="和平里",
        area="120199001001", organisation_id=None, title="表决", secret=True, questions=questions, voices=voices, houses=12,
        weight=weight, called_at=AT, called_by="", opens_at=AT, closes_at=AT, state="called", ended_at=None, reason="",
        result=None,
    )  # fmt: skip


def ballots(count: int, choice: str | None, *, weight: int = 10_000, how: CastHow = "code") -> list[Ballot]:
    return [Ballot({"1": (choice,) if choice else ()}, weight, how, None) for _ in range(count)]


def first(result: JsonObject) -> JsonObject:
    questions = result["questions"]
    assert isinstance(questions, list)
    assert isinstance(questions[0], dict)
    return questions[0]


def test_三分之二含本数_过半数不含本数() -> None:
    vote = a_vote(Question("use", "用维修资金"))
    exactly = result_of(vote, ballots(5, "for") + ballots(3, "against"))
    assert (first(exactly)["valid"], first(exactly)["carried"]) == (True, True)
    half = result_of(vote, ballots(4, "for") + ballots(4, "against"))
    assert (first(half)["valid"], first(half)["carried"]) == (True, False)
    few = result_of(vote, ballots(7, "for"))
    assert (first(few)["valid"], first(few)["carried"]) == (False, False)


def test_特别事项须四分之三以上_弃权算参加() -> None:
    vote = a_vote(Question("raise", "筹集维修资金"))
    assert result_of(vote, ballots(6, "for") + ballots(2, None))["carried"] is True
    assert result_of(vote, ballots(5, "for") + ballots(3, None))["carried"] is False


def test_户数够而面积不够_不成立() -> None:
    vote = a_vote(Question("use", "用维修资金"), weight=1_000_000)
    result = result_of(vote, ballots(9, "for"))
    assert first(result)["valid"] is False
    assert result["took_part"] == {"number": 9, "area": 900.0, "number_percent": 75.0, "area_percent": 9.0}


def test_户数同意过半而面积未过半_不通过() -> None:
    vote = a_vote(Question("use", "用维修资金"), weight=200_000)
    result = result_of(vote, ballots(6, "for") + ballots(4, "against", weight=30_000))
    assert (first(result)["valid"], result["carried"]) == (True, False)


def test_选举_票多者当选_末位并列都不当选() -> None:
    options = (Option("a", "甲"), Option("b", "乙"), Option("c", "丙"))
    vote = a_vote(Question("use", "选业主委员会", options, seats=2))
    chosen = [("a", "b")] * 5 + [("a", "c")] * 3
    result = result_of(vote, [Ballot({"1": each}, 10_000, "paper", None) for each in chosen])
    elected = {each["id"] for each in first(result)["options"] if each["carried"]}  # type: ignore[union-attr,index,call-overload]
    assert elected == {"a", "b"}
    level = [("a", "b")] * 6 + [("b", "c")] * 1 + [("a", "c")] * 1 + [("a", "b")] * 1
    one_seat = replace(vote, questions=(Question("use", "选主任", options, seats=1),))
    tied = result_of(one_seat, [Ballot({"1": each}, 10_000, "code", None) for each in level])
    assert tied["carried"] is False


def test_无人参加_不出错也不通过() -> None:
    result = result_of(a_vote(Question("use", "用维修资金")), [])
    assert (result["carried"], first(result)["valid"]) == (False, False)


def test_纪要文字说明户数_面积_比例和结果() -> None:
    vote = a_vote(Question("use", "用维修资金"))
    text = in_words(vote, result_of(vote, ballots(6, "for") + ballots(3, "against")))
    assert "应参加表决12户" in text
    assert "参加表决9户(75.0%)" in text
    assert text.endswith("通过。")
    assert "表决不成立" in in_words(vote, result_of(vote, ballots(2, "for")))


@pytest.mark.parametrize(
    "choices", [{}, {"1": ("maybe",)}, {"1": ("for", "against")}, {"1": ("for",), "2": ("for",)}, {"1": ("for", "for")}]
)
def test_每题都要明确作答_只能选列出的选项(choices: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(InvalidInput):
        require_choices([Question("use", "用维修资金")], choices)


def test_不选即弃权须写明() -> None:
    require_choices([Question("use", "用维修资金")], {"1": ()})


def test_永远达不到的比例不予声明() -> None:
    rule = {"names": WORDS, "take_part": {"number": "3/2", "area": "2/3"}, "agree": {"number": ">1/2", "area": ">1/2"}}
    with pytest.raises(ValidationError):
        declared(rules={"ordinary": rule, "special": rule})


def test_表决码怎么写都认得() -> None:
    code = fresh_code()
    assert same_code(code.lower().replace("-", " ")) == code
    assert last_four("12019919840312351x") == "351X"
