"""Declared fields that hang on others: asked for, and needed, only beside certain values; the server judges as the form does."""

from __future__ import annotations

import pytest

from yiwang.casework.declarations import CaseField, Words
from yiwang.casework.field_conditions import FieldConditions, condition_faults
from yiwang.kernel.database import JsonObject


def field(
    schema: dict[str, object], *, required: bool = False, **conditions: dict[str, dict[str, object]]
) -> CaseField:
    return CaseField(names=Words(zh="项", en="Item"), schema=schema, required=required, **conditions)


TREE = {
    "danger": field({"type": "string", "enum": ["无", "有"]}),
    "reach": field({"type": "string"}, required=True, show_if={"danger": {"const": "有"}}),
    "people": field({"type": "integer"}),
    "names": field({"type": "string"}, require_if={"people": {"minimum": 1}, "danger": {"enum": ["有"]}}),
}


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        ({}, []),
        ({"danger": "无"}, []),
        ({"danger": "有"}, [("/fields/reach", "input.missing")]),
        ({"danger": "有", "reach": "道路"}, []),
        ({"danger": "无", "reach": "道路"}, [("/fields/reach", "input.field")]),
        ({"reach": "道路"}, [("/fields/reach", "input.field")]),
        ({"people": 2}, []),  # one of two conditions is not enough
        ({"people": 0, "danger": "有", "reach": "河道"}, []),
        ({"people": 2, "danger": "有", "reach": "河道"}, [("/fields/names", "input.missing")]),
        ({"people": 2, "danger": "有", "reach": "河道", "names": "张三、李四"}, []),
    ],
)
def test_一项取决于另一项_没问的不收_要的不能缺(given: JsonObject, refused: list[tuple[str, str]]) -> None:
    assert [(error.where, error.code) for error in FieldConditions(TREE).errors(given)] == refused


def test_条件写错_说出哪一项和原因() -> None:
    fields = {
        "one": field({"type": "string"}, show_if={"two": {"const": "是"}}),
        "two": field({"type": "string"}, show_if={"one": {"const": "是"}}),
        "three": field(
            {"type": "string"}, show_if={"none": {"const": 1}}, require_if={"one": {"not": {"format": "date"}}}
        ),
        "four": field({"type": "string"}, require_if={"one": {"minLength": -1}}),
        "five": field({"type": "string"}, require_if={"three": {"not": {"pattern": "^x"}}}),
    }
    assert [(key, kind, other) for key, kind, other, _, _ in condition_faults(fields)] == [
        ("one", "show_if", "two"),
        ("two", "show_if", "one"),
        ("three", "show_if", "none"),
        ("three", "require_if", "one"),
        ("four", "require_if", "one"),
    ]
