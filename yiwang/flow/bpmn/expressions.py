"""CEL in elements and settings: compiled, and tried at once where everything that it names is known already."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.flow.bpmn.elements import Element
from yiwang.flow.bpmn.extensions import Extensions
from yiwang.flow.conditions import ConditionInvalid, compile_condition, holds, language, value_of
from yiwang.flow.errors import ConditionFailed
from yiwang.flow.model import Assignment, Condition
from yiwang.kernel.database import Json


def read_condition(extensions: Extensions, element: Element, text: str, *, on_flow: bool = False) -> Condition | None:
    """Compile an expression; None (and a fault) when it cannot be used. Only conditions on flows see ``outcome``."""
    if element.get("language", language) != language:
        extensions.fault(
            "condition_invalid", element, f"条件语言只支持 {language}", f"the language of conditions is {language}"
        )
        return None
    try:
        condition = compile_condition(text)
    except ConditionInvalid as error:
        extensions.fault("condition_invalid", element, f"条件{error.zh}", f"the condition is {error.en}")
        return None
    if condition.uses_outcome and not on_flow:
        extensions.fault(
            "condition_invalid",
            element,
            "这里没有办理结果 outcome,它只用于连线上的条件",
            "there is no outcome here; it is for conditions on sequence flows",
        )
        return None
    return condition


def read_question(
    extensions: Extensions, element: Element, text: str, example: Mapping[str, Json] | None = None
) -> Condition | None:
    """A condition that must be true or false; ``example`` holds a value for each name that it sees beside the variables."""
    condition = read_condition(extensions, element, text)
    if condition is not None and _is_decided(condition, example or {}):
        try:
            holds(condition, example or {}, "")
        except ConditionFailed as error:
            _undecided(extensions, element, error)
            return None
    return condition


def read_expression(extensions: Extensions, element: Element, text: str) -> Condition | None:
    """An expression that gives any JSON value."""
    condition = read_condition(extensions, element, text)
    if condition is not None and _is_decided(condition, {}):
        try:
            value_of(condition, {})
        except ConditionFailed as error:
            _undecided(extensions, element, error)
            return None
    return condition


def read_assignments(extensions: Extensions, name: str) -> tuple[Assignment, ...]:
    """``yiwang:set``, ``yiwang:in`` or ``yiwang:out``: in order, each variable once."""
    found: dict[str, Assignment] = {}
    for element in extensions.all(name):
        variable = extensions.variable(element, "variable", extensions.words(element, "variable", required=True))
        text = element.get("value").strip()
        if not text:
            extensions.fault("attribute_missing", element, f"yiwang:{name} 缺少 value", f"yiwang:{name} needs value")
            continue
        expression = read_expression(extensions, element, text)
        if variable in found:
            extensions.invalid(element, f"变量 {variable[:60]} 重复赋值", f"the variable {variable[:60]} is set twice")
        if expression is not None:
            found[variable] = Assignment(variable, expression)
    return tuple(found.values())


def _is_decided(condition: Condition, example: Mapping[str, Json]) -> bool:
    return all(name in example for name in condition.variables)


def _undecided(extensions: Extensions, element: Element, error: ConditionFailed) -> None:
    extensions.fault(
        "condition_invalid",
        element,
        f"条件无法判断:{error.data['reason_zh']}",
        f"the condition cannot be decided: {error.data['reason_en']}",
    )
