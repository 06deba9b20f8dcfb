"""Hit policies (命中策略), by the tables with which the standard itself explains them (DMN 1.3, chapters 8 and 11)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flow.tables import answer, column, table
from yiwang.flow.decisions.cells import parse_test
from yiwang.flow.decisions.errors import (
    AnswersDiffer,
    CellFailed,
    DecisionRefused,
    InputMissing,
    InputWrong,
    SeveralHits,
    UnmatchedTable,
)
from yiwang.flow.decisions.evaluate import Compiled, evaluate
from yiwang.flow.decisions.model import Table
from yiwang.flow.decisions.unary import fits
from yiwang.kernel.database import Json

RISK = table(
    "U",
    [column("age", "number"), column("history", "string", '"good","bad"')],
    [answer("rating", "string", '"Low","Medium","High"')],
    '> 60 | "good" | "Medium"',
    '> 60 | "bad" | "High"',
    '[25..60] | - | "Medium"',
    '< 25 | "good" | "Low"',
    '< 25 | "bad" | "Medium"',
)
RISK_BY_PRIORITY = table(
    "P",
    [column("age", "number"), column("history", "string", '"good","bad"')],
    [answer("rating", "string", '"High","Medium","Low"')],
    '>= 25 | "good" | "Medium"',
    '> 60 | "bad" | "High"',
    '- | "bad" | "Medium"',
    '< 25 | "good" | "Low"',
)
COMPLIANCE = table(
    "A",
    [column("bureau", "string"), column("card", "number"), column("loan", "number")],
    [answer("compliance", "string")],
    '"A" | < 10000 | < 50000 | "Compliant"',
    'not("A") | - | - | "Not compliant"',
    '- | >= 10000 | - | "Not compliant"',
    '- | - | >= 50000 | "Not compliant"',
)
DISCOUNT = table(
    "F",
    [column("order", "string"), column("place", "string"), column("customer", "string")],
    [answer("discount", "number")],
    '"Web" | "US" | "Wholesaler" | 10',
    '"Phone" | - | - | 0',
    '- | "Non-US" | - | 0',
    '- | - | "Retailer" | 5',
)
AID = table(
    "R",
    [column("gpa", "number"), column("activities", "integer"), column("honors", "string", '"Yes","No"')],
    [answer("aid", "string")],
    '> 3.5 | >= 4 | - | "20% scholarship"',
    '> 3.0 | - | "Yes" | "30% loan"',
    '> 3.0 | >= 2 | "No" | "20% work on campus"',
    '<= 3.0 | - | - | "5% work on campus"',
)
SCORE = table(
    "C+",
    [column("age", "integer", "[18..120]"), column("marital", "string"), column("employment", "string")],
    [answer("score", "number")],
    "[18..21] | - | - | 32",
    "[22..25] | - | - | 35",
    "[26..35] | - | - | 40",
    "[36..49] | - | - | 43",
    ">= 50 | - | - | 48",
    '- | "S" | - | 25',
    '- | "M" | - | 45',
    '- | - | "UNEMPLOYED" | 15',
    '- | - | "STUDENT" | 18',
    '- | - | "EMPLOYED" | 45',
    '- | - | "SELF-EMPLOYED" | 36',
)
ELIGIBILITY = table(
    "P",
    [column("risk", "string"), column("affordable", "boolean"), column("age", "number")],
    [answer("eligibility", "string", '"INELIGIBLE","ELIGIBLE"')],
    '"DECLINE" | - | - | "INELIGIBLE"',
    '- | false | - | "INELIGIBLE"',
    '- | - | < 18 | "INELIGIBLE"',
    '- | - | - | "ELIGIBLE"',
)
ROUTING = table(
    "O",
    [
        column("affordable", "boolean"),
        column("bankrupt", "boolean"),
        column("risk", "string"),
        column("score", "number"),
    ],
    [answer("routing", "string", '"DECLINE","REFER","ACCEPT"')],
    '- | - | - | - | "ACCEPT"',
    '- | - | "HIGH" | - | "REFER"',
    '- | - | - | < 580 | "REFER"',
    '- | true | - | - | "DECLINE"',
    'false | - | - | - | "DECLINE"',
)
SALARY = [("> 1 | 100"), ("> 2 | 200"), ("> 3 | 300"), ("> 5 | 500")]


def rows(name: str, *values: Json) -> list[dict[str, Json]]:
    return [{name: value} for value in values]


@pytest.mark.parametrize(
    ("asked", "given", "outputs", "rules"),
    [
        (RISK, {"age": 61, "history": "good"}, {"rating": "Medium"}, "r1"),
        (RISK, {"age": 61, "history": "bad"}, {"rating": "High"}, "r2"),
        (RISK, {"age": 60, "history": "bad"}, {"rating": "Medium"}, "r3"),
        (RISK, {"age": 25, "history": "good"}, {"rating": "Medium"}, "r3"),
        (RISK, {"age": 24.9, "history": "good"}, {"rating": "Low"}, "r4"),
        (RISK_BY_PRIORITY, {"age": 70, "history": "bad"}, {"rating": "High"}, "r2"),
        (RISK_BY_PRIORITY, {"age": 20, "history": "bad"}, {"rating": "Medium"}, "r3"),
        (COMPLIANCE, {"bureau": "A", "card": 1, "loan": 1}, {"compliance": "Compliant"}, "r1"),
        (COMPLIANCE, {"bureau": "B", "card": 10000, "loan": 60000}, {"compliance": "Not compliant"}, "r2"),
        (DISCOUNT, {"order": "Web", "place": "US", "customer": "Wholesaler"}, {"discount": 10}, "r1"),
        (DISCOUNT, {"order": "Phone", "place": "Non-US", "customer": "Retailer"}, {"discount": 0}, "r2"),
        (DISCOUNT, {"order": "Web", "place": "US", "customer": "Retailer"}, {"discount": 5}, "r4"),
        (AID, {"gpa": 3.6, "activities": 4, "honors": "Yes"}, rows("aid", "20% scholarship", "30% loan"), "r1 r2"),
        (AID, {"gpa": 3.6, "activities": 4, "honors": "No"},
         rows("aid", "20% scholarship", "20% work on campus"), "r1 r3"),
        (AID, {"gpa": 3.0, "activities": 9, "honors": "Yes"}, rows("aid", "5% work on campus"), "r4"),
        (SCORE, {"age": 35, "marital": "M", "employment": "EMPLOYED"}, {"score": 130}, "r3 r7 r10"),
        (SCORE, {"age": 18, "marital": "S", "employment": "UNEMPLOYED"}, {"score": 72}, "r1 r6 r8"),
        (ELIGIBILITY, {"risk": "LOW", "affordable": True, "age": 30}, {"eligibility": "ELIGIBLE"}, "r4"),
        (ELIGIBILITY, {"risk": "DECLINE", "affordable": False, "age": 30}, {"eligibility": "INELIGIBLE"}, "r1"),
        (ELIGIBILITY, {"risk": "LOW", "affordable": True, "age": 17}, {"eligibility": "INELIGIBLE"}, "r3"),
        (ROUTING, {"affordable": False, "bankrupt": False, "risk": "HIGH", "score": 600},
         rows("routing", "DECLINE", "REFER", "ACCEPT"), "r5 r2 r1"),
        (ROUTING, {"affordable": True, "bankrupt": False, "risk": "LOW", "score": 700}, rows("routing", "ACCEPT"), "r1"),
        (table("C", ["years"], ["pay"], *SALARY), {"years": 3}, rows("pay", 100, 200), "r1 r2"),
        (table("C", ["years"], ["pay"], *SALARY), {"years": 1}, [], ""),
        (table("C+", ["years"], ["pay"], *SALARY), {"years": 6}, {"pay": 1100}, "r1 r2 r3 r4"),
        (table("C<", ["years"], ["pay"], *SALARY), {"years": 6}, {"pay": 100}, "r1 r2 r3 r4"),
        (table("C>", ["years"], ["pay"], *SALARY), {"years": 4}, {"pay": 300}, "r1 r2 r3"),
        (table("C#", ["years"], ["pay"], *SALARY), {"years": 4}, {"pay": 3}, "r1 r2 r3"),
        (table("C#", ["years"], ["pay"], *SALARY), {"years": 0}, {"pay": 0}, ""),
        (table("C+", ["years"], ["pay"], "- | 0.1", "- | 0.2"), {"years": 0}, {"pay": 0.3}, "r1 r2"),
    ],
)  # fmt: skip
def test_标准的例子(asked: Table, given: dict[str, Json], outputs: object, rules: str) -> None:
    decision = evaluate(asked, given)
    assert decision.outputs == outputs
    assert decision.rules == tuple(rules.split())


def test_the_answer_says_why() -> None:
    decision = evaluate(RISK, {"age": 61, "history": "bad"})
    assert decision.reason.zh == '规则 r2(age > 60,history "bad")'
    assert decision.reason.en == 'rule r2 (age > 60, history "bad")'


def test_several_outputs_rank_one_after_the_other() -> None:
    asked = table(
        "P", ["x"], [answer("what", allowed='"stop","go"'), answer("how", allowed='"now","later"'), "note"],
        '- | "go" | "now" | 1', '- | "stop" | "later" | 2', '- | "stop" | "now" | 3', '- | "stop" | "now" | 4',
    )  # fmt: skip
    assert evaluate(asked, {"x": 1}).outputs == {"what": "stop", "how": "now", "note": 3}


def test_唯一策略_两条都适用就报错() -> None:
    asked = table("U", ["x"], ["y"], ">= 1 | 1", "<= 1 | 2")
    assert evaluate(asked, {"x": 0}).outputs == {"y": 2}
    with pytest.raises(SeveralHits) as refused:
        evaluate(asked, {"x": 1})
    assert "r1, r2" in refused.value.message("zh")
    assert "x=1" in refused.value.message("en")


def test_任一策略_输出不同就报错() -> None:
    asked = table("A", ["x"], ["y", "z"], ">= 1 | 1 | [1]", "<= 1 | 1.0 | [2]", "2 | true | [1]")
    assert evaluate(asked, {"x": 0}).rules == ("r2",)
    for x in (1, 2):
        with pytest.raises(AnswersDiffer):
            evaluate(asked, {"x": x})


def test_没有规则适用() -> None:
    asked = table("U", [column("x", "number")], ["y", "z"], "> 1 | 1 | 2")
    with pytest.raises(UnmatchedTable) as refused:
        evaluate(asked, {"x": 1})
    assert refused.value.message("zh") == "决策表“t”没有规则适用于 x=1;请补一条规则,或给输出列写默认值。"
    for hit in ("C+", "C<", "C>", "A", "P", "F"):
        with pytest.raises(UnmatchedTable):
            evaluate(table(hit, ["x"], [answer("y", allowed="1")], "> 1 | 1"), {"x": 1})
    for hit in ("C", "R", "O"):
        assert evaluate(table(hit, ["x"], [answer("y", allowed="1")], "> 1 | 1"), {"x": 1}).outputs == []


def test_默认值() -> None:
    outputs = [answer("y", default='"none"'), answer("z"), answer("w", default="x + 1")]
    assert evaluate(table("U", ["x"], outputs, "> 1 | 1 | 2 | 3"), {"x": 1}).outputs == {"y": "none", "z": None, "w": 2}
    listed = evaluate(table("R", ["x"], outputs, "> 1 | 1 | 2 | 3"), {"x": 1})
    assert (listed.outputs, listed.rules) == ([{"y": "none", "z": None, "w": 2}], ())
    assert evaluate(table("C+", ["x"], [answer("y", default="7")], "> 1 | 1"), {"x": 1}).outputs == {"y": 7}


def test_缺变量与错类型() -> None:
    asked = table("F", [column("age", "integer", "[0..150]"), column("day", "date"), column("how_long", "deadline")], ["y"],
                  "- | - | - | 1")  # fmt: skip
    good: dict[str, Json] = {"age": 3, "day": "2026-06-18", "how_long": "3工作日"}
    assert evaluate(asked, good).outputs == {"y": 1}
    assert evaluate(asked, {**good, "age": 3.0}).outputs == {"y": 1}
    assert evaluate(asked, dict.fromkeys(good)).outputs == {"y": 1}, "null is a value of every kind"
    with pytest.raises(InputMissing) as missing:
        evaluate(asked, {"age": 3})
    assert missing.value.data["name"] == "day"
    wrong: list[tuple[str, Json]] = [
        ("age", "3"), ("age", 3.5), ("age", True), ("age", [3]), ("age", 151), ("age", -1),
        ("day", "18.6.2026"), ("day", "2026-02-30"), ("how_long", "bald"), ("how_long", 3),
    ]  # fmt: skip
    for name, value in wrong:
        with pytest.raises(InputWrong) as refused:
            evaluate(asked, {**good, name: value})
        assert name in refused.value.message("zh")


def test_表达式出错时说明哪一格() -> None:
    asked = table("F", ["x"], ["y"], "value.startsWith(other) | 1", "- | 1 / x")
    assert evaluate(asked, {"x": "ab", "other": "a"}).outputs == {"y": 1}
    with pytest.raises(InputMissing):
        evaluate(asked, {"x": "ab"})
    with pytest.raises(CellFailed) as failed:
        evaluate(asked, {"x": 1, "other": "a"})
    assert "规则 r1 的“x”" in failed.value.message("zh")
    for text in ("value + 1", "[1]", "null", "timestamp('2020-01-01T00:00:00Z')"):
        with pytest.raises((CellFailed, UnmatchedTable)):
            evaluate(table("F", ["x"], ["y"], f"{text} | 1"), {"x": 1})
    for text in ("1 / x", "x[0]", "x.y", "9223372036854775807 + 1", "b'a'", "duration('1h')", "1.0 / 0.0", "{1: 2}"):
        with pytest.raises(CellFailed):
            evaluate(table("F", ["x"], ["y"], f"- | {text}"), {"x": 0})
    for cell in ("x +", "“紧急”", "value.sparkle()"):
        with pytest.raises(DecisionRefused):
            evaluate(table("F", ["x"], ["y"], f"{cell} | 1"), {"x": 0})


def test_worked_out_answers_must_be_allowed_too() -> None:
    asked = table("F", ["x"], [answer("y", "integer", "[1..5]")], "- | x")
    assert evaluate(asked, {"x": 5}).outputs == {"y": 5}
    for x in (6, "5", 1.5):
        with pytest.raises(CellFailed):
            evaluate(asked, {"x": x})


def test_an_input_may_be_an_expression() -> None:
    asked = table("F", [column("length", "integer", expression="size(text)")], ["y"], '> 3 | "long"', '- | "short"')
    assert evaluate(asked, {"text": "abcd"}).outputs == {"y": "long"}
    assert evaluate(asked, {"text": "abc"}).outputs == {"y": "short"}
    with pytest.raises(InputMissing):
        evaluate(asked, {})
    with pytest.raises(CellFailed):
        evaluate(asked, {"text": 4})


def test_答案作为流程变量() -> None:
    several = evaluate(AID, {"gpa": 3.6, "activities": 4, "honors": "Yes"})
    assert several.variables() == {"aid": ["20% scholarship", "30% loan"]}
    assert evaluate(RISK, {"age": 61, "history": "bad"}).variables() == {"rating": "High"}


def test_true_is_not_one() -> None:
    asked = table("C", ["x"], ["y"], "1 | 1", "true | 2", "not(1) | 3", '"1" | 4', "null | 5", "[0..2] | 6")
    assert [row["y"] for row in evaluate(asked, {"x": True}).outputs] == [2, 3]  # type: ignore[index]
    assert [row["y"] for row in evaluate(asked, {"x": 1}).outputs] == [1, 6]  # type: ignore[index]
    assert [row["y"] for row in evaluate(asked, {"x": 1.0}).outputs] == [1, 6]  # type: ignore[index]
    assert [row["y"] for row in evaluate(asked, {"x": "1"}).outputs] == [3, 4]  # type: ignore[index]
    assert [row["y"] for row in evaluate(asked, {"x": None}).outputs] == [3, 5]  # type: ignore[index]
    assert [row["y"] for row in evaluate(asked, {"x": [1]}).outputs] == [3]  # type: ignore[index]


def test_not_one_and_not_true_are_two_tests() -> None:
    asked = Compiled(table("C", ["x"], ["y"], "not(1) | 1", "not(true) | 2", "not(1.0) | 3"))
    assert [row["y"] for row in asked.decide({"x": True}).outputs] == [1, 3]  # type: ignore[index]
    assert [row["y"] for row in asked.decide({"x": 1}).outputs] == [2]  # type: ignore[index]


@given(st.lists(st.sampled_from([0, 1, 1.5, 2, 2.5, 3, True, False, None, "a", "ab", "b", [1], {"a": 1}]), min_size=1))
def test_what_a_column_remembers_changes_no_answer(values: list[Json]) -> None:
    """Asked one after the other, a table answers as one that is asked for the first time."""
    rows = [
        "[1..2) | 1",
        "> 2 | 2",
        "not(1) | 3",
        "not(true) | 4",
        'value.startsWith("a") | 5',
        "1, > 2.5 | 6",
        "<= 1 | 7",
    ]
    asked, again = Compiled(table("R", ["x"], ["y"], *rows)), table("R", ["x"], ["y"], *rows)
    for value in values:
        assert asked.hits({"x": value}) == Compiled(again).hits({"x": value})
        assert asked.hits({"x": value}) == [
            at for at, row in enumerate(rows) if fits(parse_test(row.rpartition(" | ")[0]), value)
        ]


def test_a_table_is_asked_many_times_at_little_cost() -> None:
    asked = Compiled(table("F", ["code"], ["y"], *(f'"{number:04}" | {number}' for number in range(2000)), "- | -1"))
    assert asked.decide({"code": "1999"}).outputs == {"y": 1999}
    assert asked.decide({"code": "none"}).rules == ("r2001",)
