"""CEL of a definition: conditions that are true or false, values that can be kept, and every way in which asking can fail."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.flow.conditions import ConditionInvalid, compile_condition, holds, value_of
from yiwang.flow.errors import ConditionFailed
from yiwang.kernel.database import Json

json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(json)
def test_a_variable_comes_back_as_it_is(value: Json) -> None:
    assert value_of(compile_condition("x"), {"x": value}) == value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2", 3),
        ("amount * 2.5", 7.5),
        ("[amount, null, true]", [3, None, True]),
        ('{"department": name, "limits": [1, 2]}', {"department": "水务局", "limits": [1, 2]}),
        ('amount > 2 ? "大额" : "小额"', "大额"),
        ("places.map(p, p.area)", ["120111001"]),
        ('places[0]["area"] + "x"', "120111001x"),
    ],
)
def test_a_value_is_any_json(text: str, expected: Json) -> None:
    variables: dict[str, Json] = {"amount": 3, "name": "水务局", "places": [{"area": "120111001"}]}
    if "2.5" in text:
        variables["amount"] = 3.0
    assert value_of(compile_condition(text), variables) == expected


@pytest.mark.parametrize(
    "text",
    [
        "missing",
        'timestamp("2026-01-01T00:00:00Z")',
        'duration("1h")',
        'b"x"',
        "{1: 2}",
        '[{"a": {2: 3}}]',
        'double("nan")',
        "1 / zero",
        "1 % zero",
        "9223372036854775807 + one",
        "numbers[5]",
        "thing.none",
        "thing.name.deeper",
        'int("x")',
        '"a".matches("(")',
        "nobody(1)",
        "one + text",
    ],
)
def test_what_cannot_be_answered_is_a_refusal_with_its_reason(text: str) -> None:
    variables: dict[str, Json] = {"zero": 0, "one": 1, "numbers": [1], "thing": {"name": "x"}, "text": "x"}
    condition = compile_condition(text)
    for ask in (lambda: value_of(condition, variables, "node"), lambda: holds(condition, variables, "", "node")):
        with pytest.raises(ConditionFailed) as failed:
            ask()
        assert failed.value.data["flow"] == "node"
        assert failed.value.data["reason_zh"]


def test_what_is_too_deep_to_keep_is_refused() -> None:
    deep: Json = 1
    for _ in range(40):
        deep = [deep]
    with pytest.raises(ConditionFailed):
        value_of(compile_condition("x"), {"x": deep})


def test_only_true_and_false_answer_a_condition() -> None:
    assert holds(compile_condition('outcome == "ok" && x'), {"x": True}, "ok")
    assert not holds(compile_condition('outcome == "ok" && x'), {"x": True}, "")
    for text in ("1", '"true"', "null", "[]"):
        with pytest.raises(ConditionFailed):
            holds(compile_condition(text), {}, "")


@pytest.mark.parametrize(
    "text", ["", "(", "a b", "x" * 1001, "[" * 400 + "]" * 400, "[1].map(a, [1].map(b, [1].map(c, c)))"]
)
def test_what_is_no_expression_is_told_before_it_is_used(text: str) -> None:
    with pytest.raises(ConditionInvalid) as invalid:
        compile_condition(text)
    assert invalid.value.zh
    assert invalid.value.en


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_is_told_to_be_none(text: str) -> None:
    try:
        condition = compile_condition(text)
    except ConditionInvalid:
        return
    try:
        value_of(condition, {"x": 1})
    except ConditionFailed:
        return
