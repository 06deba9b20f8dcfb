"""CEL in a definition: conditions and values, compiled once, checked when it is published, cheap to ask.

An expression sees the instance's variables. A condition on a sequence flow also sees ``outcome``: the id of the outcome
by which the step just before was finished; "" at the start, after an event that was waited for, behind an activity
without people, and after a join, where there is no single one.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import NamedTuple

from typing_extensions import TypeIs

from yiwang.flow.errors import ConditionFailed
from yiwang.flow.model import Condition
from yiwang.kernel.database import Json
from yiwang.kernel.expressions import cel

language = "https://cel.dev"
longest = 1000
most_loops = 2
deepest = 32
"""Lists and objects within one another in the value of an expression."""

_TOKEN = re.compile(
    r"""(?P<text>[rR]?(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<mark>==|!=|[^\s])""",
    re.VERBOSE,
)
_LOOPS = frozenset({"all", "exists", "exists_one", "existsOne", "map", "filter"})


class ConditionInvalid(ValueError):
    """A condition that cannot be used; ``zh`` and ``en`` say why."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(en)
        self.zh, self.en = zh, en


class _Token(NamedTuple):
    kind: str
    text: str


def compile_condition(text: str) -> Condition:
    """Compile a CEL expression.

    Raises:
        ConditionInvalid: too long, no CEL, or more than two loops (a bound on what one question may cost).
    """
    if len(text) > longest:
        raise ConditionInvalid(f"超过 {longest} 个字符", f"longer than {longest} characters")
    try:
        program = cel.compile(text)
    except ValueError as error:
        reason = " ".join(str(error).split())[:200]
        raise ConditionInvalid(f"不是有效的 CEL 表达式({reason})", f"not a CEL expression ({reason})") from error
    tokens = _tokens(text)
    loops = sum(before.text == "." and token.text in _LOOPS for before, token in pairwise(tokens))
    if loops > most_loops:
        raise ConditionInvalid(f"循环(all、exists、map、filter)最多 {most_loops} 个", f"more than {most_loops} loops")
    names = program.variables()
    bound = _loop_names(tokens)
    variables = tuple(name for name in names if name != "outcome" and name not in bound)
    return Condition(text, program, variables, "outcome" in names)


def holds(condition: Condition, variables: Mapping[str, Json], outcome: str, where: str = "") -> bool:
    """Whether the condition is true; only the variables that it names are handed over, which is most of its cost.

    Raises:
        ConditionFailed: a variable is not set, kinds do not fit, or the answer is neither true nor false.
    """
    answer = _answer(condition, variables, outcome, where)
    if not isinstance(answer, bool):
        raise _failed(condition, where, "结果不是真假值", "it gives neither true nor false")
    return answer


def value_of(condition: Condition, variables: Mapping[str, Json], where: str = "") -> Json:
    """The value of an expression, as JSON.

    Raises:
        ConditionFailed: as :func:`holds`; or the value cannot be kept (a time, bytes, a number that is none).
    """
    answer = _answer(condition, variables, "", where)
    if not _is_json(answer):
        raise _failed(
            condition,
            where,
            "结果不是可保存的值(应为文字、数、真假值、空值、列表或对象)",
            "it gives no value that can be kept (text, number, true or false, null, list or object)",
        )
    return answer


def _is_json(value: object, depth: int = 0) -> TypeIs[Json]:
    match value:
        case None | bool() | str() | int():
            return True
        case float():
            return math.isfinite(value)
        case list() if depth < deepest:
            return all(_is_json(item, depth + 1) for item in value)
        case dict() if depth < deepest:
            return all(isinstance(key, str) and _is_json(item, depth + 1) for key, item in value.items())
        case _:
            return False


def _answer(condition: Condition, variables: Mapping[str, Json], outcome: str, where: str) -> object:
    seen: dict[str, Json] = {"outcome": outcome} if condition.uses_outcome else {}
    for name in condition.variables:
        if name not in variables:
            raise _failed(condition, where, f"变量 {name} 没有值", f"the variable {name} is not set")
        seen[name] = variables[name]
    try:
        answer: object = condition.program.execute(seen)
    except (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        reason = " ".join(str(error).split())[:200]
        raise _failed(condition, where, reason, reason) from error
    return answer


def _failed(condition: Condition, where: str, zh: str, en: str) -> ConditionFailed:
    return ConditionFailed(flow=where, text=condition.text, reason_zh=zh, reason_en=en)


def outcomes_named(text: str) -> frozenset[str]:
    """The outcome ids with which a condition compares ``outcome``: by ``==``, ``!=`` or ``in [...]``."""
    tokens = _tokens(text)
    named: set[str] = set()
    for place, token in enumerate(tokens):
        if token != _Token("word", "outcome"):
            continue
        before, after = tokens[max(0, place - 2) : place], tokens[place + 1 : place + 3]
        if len(after) == 2 and after[0].text in ("==", "!=") and after[1].kind == "text":
            named.add(_unquoted(after[1].text))
        if len(before) == 2 and before[1].text in ("==", "!=") and before[0].kind == "text":
            named.add(_unquoted(before[0].text))
        if len(after) == 2 and after[0].text == "in" and after[1].text == "[":
            named.update(_list_from(tokens[place + 3 :]))
    return frozenset(named)


def _list_from(tokens: Iterable[_Token]) -> Iterable[str]:
    for token in tokens:
        if token.text == "]":
            return
        if token.kind == "text":
            yield _unquoted(token.text)


def _tokens(text: str) -> list[_Token]:
    return [_Token(match.lastgroup or "", match.group()) for match in _TOKEN.finditer(text)]


def _unquoted(text: str) -> str:
    return text.lstrip("rR")[1:-1]


def _loop_names(tokens: list[_Token]) -> frozenset[str]:
    """The names that loops bind: ``x`` of ``list.all(x, …)``; they are not variables of the instance."""
    return frozenset(
        name.text
        for dot, loop, bracket, name in zip(tokens, tokens[1:], tokens[2:], tokens[3:], strict=False)
        if dot.text == "." and loop.text in _LOOPS and bracket.text == "(" and name.kind == "word"
    )
