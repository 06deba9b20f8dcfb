"""CEL in decision tables: compiled once, within the bounds of a flow's conditions, run with only the variables it names."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from yiwang.flow.conditions import ConditionInvalid, compile_condition
from yiwang.kernel.database import Json
from yiwang.kernel.expressions import cel

own_value = "value"
"""The name by which a cell calls the value of its own column."""

FUNCTIONS = frozenset({
    "size", "contains", "startsWith", "endsWith", "matches", "int", "uint", "double", "string", "bool", "bytes", "type",
    "duration", "timestamp", "has", "dyn", "getFullYear", "getMonth", "getDayOfMonth", "getDate", "getDayOfWeek",
    "getDayOfYear", "getHours", "getMinutes", "getSeconds", "getMilliseconds", "all", "exists", "exists_one", "existsOne",
    "map", "filter",
})  # fmt: skip
"""Functions and macros of the expression library."""

_deepest_answer = 20


class ExpressionFailed(Exception):
    """An expression that could not be worked out for these variables; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str, missing: str | None = None) -> None:
        super().__init__(en)
        self.zh, self.en, self.missing = zh, en, missing


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression with the names that it reads."""

    text: str
    program: cel.Program
    names: tuple[str, ...]


def compile_expression(text: str) -> Expression:
    """Compile CEL.

    Raises:
        ConditionInvalid: no CEL, beyond the bounds, or a function that does not exist.
    """
    condition = compile_condition(text)
    names = (*condition.variables, "outcome") if condition.uses_outcome else condition.variables
    strange = [name for name in condition.program.functions() if name.isidentifier() and name not in FUNCTIONS]
    if strange:
        near = get_close_matches(strange[0], FUNCTIONS, n=1)
        zh, en = (f",是否想写 {near[0]}?", f"; did you mean {near[0]}?") if near else ("", "")
        raise ConditionInvalid(f"没有函数 {strange[0]}{zh}", f"there is no function {strange[0]}{en}")
    return Expression(text, condition.program, names)


def run(expression: Expression, variables: Mapping[str, Json]) -> object:
    """What it gives for these variables.

    Raises:
        ExpressionFailed: a variable is missing, or the kinds do not fit.
    """
    seen: dict[str, Json] = {}
    for name in expression.names:
        if name not in variables:
            raise ExpressionFailed(f"变量 {name} 没有值", f"the variable {name} is not set", missing=name)
        seen[name] = variables[name]
    try:
        answer: object = expression.program.execute(seen)
    except (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        reason = " ".join(str(error).split())[:200]
        raise ExpressionFailed(reason, reason) from error
    return answer


def as_json(answer: object, depth: int = 0) -> Json:
    """The answer of an expression as a JSON value.

    Raises:
        ExpressionFailed: it is something else, such as a moment or a duration.
    """
    if answer is None or isinstance(answer, str | bool | int):
        return answer
    if isinstance(answer, float) and math.isfinite(answer):
        return answer
    if depth < _deepest_answer:
        if isinstance(answer, list | tuple):
            return [as_json(item, depth + 1) for item in answer]
        if isinstance(answer, dict) and all(isinstance(key, str) for key in answer):
            return {key: as_json(item, depth + 1) for key, item in answer.items()}
    kind = type(answer).__name__
    raise ExpressionFailed(f"结果({kind})不是 JSON 值", f"its answer ({kind}) is no JSON value")
