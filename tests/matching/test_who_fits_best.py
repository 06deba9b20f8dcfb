"""Who fits a need: hard conditions leave out, terms score, capacities hold, a whole batch is given out at its best."""

from __future__ import annotations

from datetime import UTC
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from yiwang.kernel.database import JsonObject
from yiwang.matching.assigning import assign
from yiwang.matching.declarations import MatchDeclaration
from yiwang.matching.model import Need, Offer
from yiwang.matching.scoring import METRES_OF_DEGREE, Pool, fits, time_word, times_of, words_of

WORDS = {"zh": "项", "en": "Term"}
SHANGHAI = ZoneInfo("Asia/Shanghai")


def rule(**other: object) -> MatchDeclaration:
    values: dict[str, object] = {
        "id": "rule", "names": WORDS, "needs": {"case": "need", "node": "match", "matched": "matched"},
        "offers": {"type": "volunteer"}, "radius": 3000, "answer_within": "4工作时",
        "terms": [
            {"id": "skill", "names": WORDS, "kind": "overlap", "need": "skill", "offer": "skills", "weight": 50},
            {"id": "near", "names": WORDS, "kind": "distance", "weight": 50},
        ],
    }  # fmt: skip
    return MatchDeclaration.model_validate({**values, **other})


def offer(number: int, east: float = 0, north: float = 0, capacity: int = 1, used: int = 0, **values: object) -> Offer:
    given_values: JsonObject = {"skills": ["陪伴"], **values}  # type: ignore[dict-item]  # tests word it freely
    return Offer(
        UUID(int=number),
        given_values,
        "",
        None,
        117 + east / METRES_OF_DEGREE,
        north / METRES_OF_DEGREE,
        capacity,
        used,
    )


def need(number: int = 900, east: float = 0, north: float = 0, **values: object) -> Need:
    given_values: JsonObject = {"skill": "陪伴", **values}  # type: ignore[dict-item]  # tests word it freely
    return Need(UUID(int=number), given_values, 117 + east / METRES_OF_DEGREE, north / METRES_OF_DEGREE)


def numbers(pool: Pool, wanted: Need, limit: int = 10) -> list[int]:
    return [each.offer.id.int for each in pool.best(wanted, limit)]


def test_近的在前_半径之外的不问() -> None:
    pool = Pool(rule(), [offer(1, 2000), offer(2, 100), offer(3, 3100), offer(4, 0, 1000)], UTC)
    assert numbers(pool, need()) == [2, 4, 1]
    best = pool.best(need(), 1)[0]
    assert best.metres == pytest.approx(100, abs=1)
    assert best.score == pytest.approx(50 + 50 * (1 - 100 / 3000), abs=0.1)


def test_跨格子也找得到_正好在半径上的算在内() -> None:
    pool = Pool(rule(), [offer(1, -2999), offer(2, 2999), offer(3, 0, -2999), offer(4, 2200, 2200)], UTC)
    assert sorted(numbers(pool, need())) == [1, 2, 3]


def test_没有地点的需求和供给都不参与有半径的匹配() -> None:
    nowhere = Offer(UUID(int=1), {"skills": ["陪伴"]}, "", None, None, None, 1)
    assert numbers(Pool(rule(), [nowhere, offer(2)], UTC), need()) == [2]
    assert numbers(Pool(rule(), [offer(2)], UTC), Need(UUID(int=9), {"skill": "陪伴"})) == []


def test_专长按占比计分_must_是硬性条件() -> None:
    offers = [offer(1, 100, skills=["陪伴"]), offer(2, 500, skills=["陪伴", "就医"])]
    wanted = need(skill="陪伴、就医")
    assert [round(each.terms["skill"], 2) for each in Pool(rule(), offers, UTC).best(wanted, 5)] == [1.0, 0.5]
    terms = [term.model_dump() | ({"must": 1} if term.id == "skill" else {}) for term in rule().terms]
    assert numbers(Pool(rule(terms=terms), offers, UTC), wanted) == [2]


@pytest.mark.parametrize(
    ("value", "part", "word"),
    [
        ("2026-06-20", "上午", "sat-morning"), ("2026-06-20", "evening", "sat-evening"), ("2026-06-20", None, None),
        ("2026-06-20T14:30:00+08:00", None, "sat-afternoon"), ("2026-06-20T20:30:00Z", None, "sun-morning"),
        ("2026-06-20T19:00", None, "sat-evening"), ("some day", "上午", None), (None, None, None), (7, "上午", None),
    ],
)  # fmt: skip
def test_需要的时间是一周中的哪一段(value: str | None, part: str | None, word: str | None) -> None:
    assert time_word(value, part, SHANGHAI) == word


def test_可服务时间_中文与代码相同() -> None:
    assert times_of(["周六上午", "sat-evening"]) == ("sat-morning", "sat-evening")
    assert times_of("周日下午、周一晚上") == ("sun-afternoon", "mon-evening")
    assert words_of(["a", 3, "a"]) == ("a",)


def test_时间不符的不问_没说时间的谁都可以() -> None:
    terms = [
        {
            "id": "time",
            "names": WORDS,
            "kind": "times",
            "need": "day",
            "part": "part",
            "offer": "times",
            "weight": 1,
            "must": 1,
        }
    ]
    pool = Pool(rule(terms=terms), [offer(1, times=["周六上午"]), offer(2, times=["周三上午"])], SHANGHAI)
    assert numbers(pool, need(day="2026-06-20", part="上午")) == [1]
    assert numbers(pool, need()) == [1, 2]


def test_满额的和问过的不再问() -> None:
    pool = Pool(rule(), [offer(1, 10, used=1), offer(2, 20), offer(3, 30, capacity=2, used=1)], UTC)
    assert numbers(pool, need()) == [2, 3]
    asked = Need(UUID(int=9), {"skill": "陪伴"}, 117, 0, asked=frozenset({UUID(int=2)}))
    assert numbers(pool, asked) == [3]
    assert fits(pool, asked, UUID(int=2)) is None
    assert fits(pool, asked, UUID(int=3)) is not None


def test_硬性条件用CEL写_缺值视为不满足() -> None:
    offers = [offer(1, 10), offer(2, 20, strong=True), offer(3, 30, strong=False)]
    strict = Pool(rule(when="!need.lifting || offer.strong"), offers, UTC)
    assert numbers(strict, need(lifting=True)) == [2]
    assert numbers(strict, need(lifting=False)) == [1, 2, 3]
    assert numbers(strict, need()) == [2]  # whatever is needed, who can lift will do: CEL knows it without the value


def test_任务少的在前_以往满意的在前_新人居中() -> None:
    terms = [{"id": "load", "names": WORDS, "kind": "load", "weight": 1}]
    pool = Pool(rule(terms=terms), [offer(1, capacity=4, used=3), offer(2, capacity=4, used=1)], UTC)
    assert numbers(pool, need()) == [2, 1]
    terms = [{"id": "marks", "names": WORDS, "kind": "satisfaction", "weight": 1}]
    good = Offer(UUID(int=1), {}, "", None, 117, 0, 1, 0, 25, 5)
    bad = Offer(UUID(int=3), {}, "", None, 117, 0, 1, 0, 10, 5)
    assert numbers(Pool(rule(terms=terms), [bad, offer(2), good], UTC), need()) == [1, 2, 3]


def test_一批一起匹配_不因先来而让后来的落空() -> None:
    # The first need is nearest to the only offer that the second can have: alone it would take it.
    offers = [offer(1, 0), offer(2, -2500)]
    needs = [need(901, -10), need(902, 2900)]
    given_ = assign(Pool(rule(), offers, UTC), needs)
    assert {place: each.offer.id.int for place, each in given_.items()} == {0: 2, 1: 1}


def test_名单被别人占满_再看其余的() -> None:
    offers = [offer(number, number) for number in range(1, 31)]
    needs = [need(900 + number) for number in range(30)]
    given_ = assign(Pool(rule(), offers, UTC), needs, shortlist=5)
    assert len(given_) == 20  # four rounds of five
    assert len(assign(Pool(rule(), offers, UTC), needs, shortlist=30)) == 30


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(-3000, 3000), st.integers(1, 3)), min_size=1, max_size=7),
    st.lists(st.integers(-3000, 3000), min_size=1, max_size=7),
)
def test_没有哪个供给超过容量_没有哪个需求超出半径(places: list[tuple[int, int]], wanted: list[int]) -> None:
    offers = [offer(number, east, capacity=capacity) for number, (east, capacity) in enumerate(places)]
    given_ = assign(Pool(rule(), offers, UTC), [need(900 + at, east) for at, east in enumerate(wanted)])
    for place, (_, capacity) in enumerate(places):
        assert sum(each.place == place for each in given_.values()) <= capacity
    for at, each in given_.items():
        assert abs(places[each.place][0] - wanted[at]) <= 3001
    possible = [at for at, east in enumerate(wanted) if any(abs(east - place) <= 2999 for place, _ in places)]
    room = sum(capacity for _, capacity in places)
    assert len(given_) <= min(len(wanted), room)
    assert given_ or not possible


@pytest.mark.parametrize(
    "wrong",
    [
        {"needs": {"case": "a", "node": "n", "matched": "m", "type": "b"}},
        {"needs": {"case": "a"}},
        {"needs": {"type": "b", "node": "n"}},
        {"radius": None},
        {"terms": []},
        {"terms": [{"id": "a", "names": WORDS, "kind": "load", "weight": 0}]},
        {"terms": [{"id": "a", "names": WORDS, "kind": "overlap", "weight": 1}]},
        {"terms": [{"id": "a", "names": WORDS, "kind": "load", "weight": 1, "need": "x", "offer": "y"}]},
    ],
)
def test_写错的规则被拒绝(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        rule(**wrong)
