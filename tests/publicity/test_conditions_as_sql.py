"""异常规则的条件:CEL 的一部分译成 SQL,值只作参数,不认识的写法说得清."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yiwang.flow.conditions import ConditionInvalid
from yiwang.kernel.access import Sql
from yiwang.publicity.conditions import Side, condition_sql
from yiwang.registry.declarations import ThingType

WORDS = {"zh": "字段", "en": "Attribute"}
PAYMENT = ThingType.model_validate(
    {
        "id": "payment", "names": WORDS, "version": 2, "area": "none",
        "attributes": {
            "payee": {"names": WORDS, "schema": {"type": "string"}},
            "kind": {"names": WORDS, "schema": {"enum": ["income", "expense"]}},
            "amount": {"names": WORDS, "schema": {"type": "number"}},
            "examined": {"names": WORDS, "schema": {"type": "boolean"}},
            "number": {"names": WORDS, "schema": {"type": "string", "format": "citizen-number"}, "sealed": True},
        },
        "presentation": {"title": ["payee"]},
        "older": [{"version": 1, "renamed": {"sum": "amount"}}],
    }
)  # fmt: skip
SIDES = {"it": Side(PAYMENT, "i.attributes"), "other": Side(PAYMENT, "o.attributes")}


def sql(text: str) -> tuple[str, list[object]]:
    args = Sql()
    return condition_sql(text, SIDES, args), args.values


def test_值只作参数_旧名称也认() -> None:
    statement, values = sql('it.kind == "expense" && it.amount > other.amount * 1.5')
    assert statement == (
        "(((i.attributes->>'kind') = $1::text) and (coalesce(i.attributes->>'amount', i.attributes->>'sum')::numeric"
        " > (coalesce(o.attributes->>'amount', o.attributes->>'sum')::numeric * $2::numeric)))"
    )
    assert [str(value) for value in values] == ["expense", "1.5"]


def test_真假值_列表_函数() -> None:
    assert sql('!it.examined || it.kind in ["income"]')[0] == (
        "((not (i.attributes->>'examined')::boolean) or ((i.attributes->>'kind') in ($1::text)))"
    )
    assert sql('it.payee.startsWith("王")')[0] == "starts_with((i.attributes->>'payee'), $1::text)"
    assert (
        sql("has(it.number) && size(it.payee) > 1")[0]
        == ("((i.attributes->'number'->>'$same' is not null) and (length((i.attributes->>'payee')) > $1::numeric))")
        or "is not null" in sql("has(it.number)")[0]
    )


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("it.amount", "neither true nor false"),
        ('it.amount > "1"', "does not compare"),
        ("it.amont > 1", "no attribute amont"),
        ("that.amount > 1", "there is no that"),
        ('it.number == "1"', "sealed"),
        ("it.amount > 1 ? true : false", "do not know"),
        ("it.amount >", "not a CEL expression"),
        ('it.payee.matches("a")', "do not know"),
        ("it.examined + 1 > 2", "a number is needed"),
    ],
)
def test_写不对的说明原因(text: str, why: str) -> None:
    with pytest.raises(ConditionInvalid) as told:
        sql(text)
    assert why in told.value.en


@given(st.text(min_size=1, max_size=60))
def test_任意文字_要么拒绝_要么全是参数(text: str) -> None:
    quoted = '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r") + '"'
    try:
        statement, values = sql(f"it.payee == {quoted}")
    except ConditionInvalid:
        return
    assert statement == "((i.attributes->>'payee') = $1::text)"
    assert len(values) == 1


@given(st.text(max_size=80))
def test_乱写的条件只会被拒绝(text: str) -> None:
    with contextlib.suppress(ConditionInvalid):
        condition_sql(text, SIDES, Sql())
