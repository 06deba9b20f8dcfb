"""A table with all its cells read, for evaluating and checking alike; every cell that cannot be read is a finding."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

from yiwang.flow.conditions import ConditionInvalid
from yiwang.flow.decisions.cells import Answer, CellInvalid, Constant, is_date, parse_answer, parse_test
from yiwang.flow.decisions.expressions import Expression, compile_expression
from yiwang.flow.decisions.model import KINDS, Finding, Input, Kind, Output, Scalar, Table
from yiwang.flow.decisions.unary import ANYTHING, Equals, Test
from yiwang.kernel.database import Json
from yiwang.kernel.deadlines import parse_deadline
from yiwang.kernel.errors import Problem

Trail = tuple[str | int, ...]
Read = TypeVar("Read")

_PLAIN = re.compile(r"(?!(?:true|false|null|in)\Z)[A-Za-z_][A-Za-z0-9_]*")
_NOTHING = Constant(None)


@dataclass(frozen=True, slots=True)
class ReadInput:
    """``subject``: the variable that the column shows, when it shows just one; ``expression``: what else it shows."""

    column: Input
    subject: str | None
    expression: Expression | None
    allowed: Test

    @property
    def names(self) -> tuple[str, ...]:
        """The variables that it needs."""
        return (self.subject,) if self.subject is not None else self.expression.names if self.expression else ()


@dataclass(frozen=True, slots=True)
class ReadOutput:
    """``values``: the allowed values in their order, when they are listed."""

    column: Output
    allowed: Test
    default: Answer | None

    @property
    def values(self) -> tuple[Scalar, ...] | None:
        return self.allowed.values if isinstance(self.allowed, Equals) else None


@dataclass(frozen=True, slots=True)
class ReadRule:
    tests: tuple[Test, ...]
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class ReadTable:
    """What could be read; a cell that could not stands as ``-`` or null, and among ``findings``."""

    table: Table
    inputs: tuple[ReadInput, ...]
    outputs: tuple[ReadOutput, ...]
    rules: tuple[ReadRule, ...]
    findings: tuple[Finding, ...]

    @property
    def names(self) -> frozenset[str]:
        """The variables that its columns need."""
        return frozenset(name for column in self.inputs for name in column.names)


def read_table(table: Table) -> ReadTable:
    """Read every cell of a table, each spelling once."""
    return _Reader(table).read()


class _Reader:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.findings: list[Finding] = []
        self._tests: dict[tuple[str, str | None], Test] = {}
        self._answers: dict[str, Answer] = {}

    def read(self) -> ReadTable:
        table = self.table
        inputs = tuple(self._input(at, column) for at, column in enumerate(table.inputs))
        outputs = tuple(self._output(at, column) for at, column in enumerate(table.outputs))
        rules = []
        for at, rule in enumerate(table.rules):
            tests = tuple(
                self._test(text, column.subject, ("rules", at, "when", column.column.id), at + 1)
                for text, column in zip(rule.inputs, inputs, strict=True)
            )
            answers = tuple(
                self._answer(text, ("rules", at, "then", column.column.name), at + 1)
                for text, column in zip(rule.outputs, outputs, strict=True)
            )
            rules.append(ReadRule(tests, answers))
        return ReadTable(table, inputs, outputs, tuple(rules), tuple(self.findings))

    def _input(self, at: int, column: Input) -> ReadInput:
        subject, expression = None, None
        if _PLAIN.fullmatch(column.expression):
            subject = column.expression
        else:
            try:
                expression = compile_expression(column.expression)
            except ConditionInvalid as invalid:
                self._tell("expression", ("inputs", at, "expression"), None, invalid.zh, invalid.en)
        allowed = self._test(column.allowed, subject, ("inputs", at, "allowed"), None)
        return ReadInput(column, subject, expression, allowed)

    def _output(self, at: int, column: Output) -> ReadOutput:
        allowed = self._test(column.allowed, None, ("outputs", at, "allowed"), None)
        default = self._answer(column.default, ("outputs", at, "default"), None) if column.default.strip() else None
        return ReadOutput(column, allowed, default)

    def _test(self, text: str, subject: str | None, trail: Trail, rule: int | None) -> Test:
        found = self._tests.get((text, subject))
        if found is None:
            try:
                found = self._tests[text, subject] = parse_test(text, subject)
            except CellInvalid as invalid:
                self._tell("cell", trail, rule, invalid.zh, invalid.en)
                return ANYTHING
        return found

    def _answer(self, text: str, trail: Trail, rule: int | None) -> Answer:
        found = self._answers.get(text)
        if found is None:
            try:
                found = self._answers[text] = parse_answer(text)
            except CellInvalid as invalid:
                self._tell("cell", trail, rule, invalid.zh, invalid.en)
                return _NOTHING
        return found

    def _tell(self, code: str, trail: Trail, rule: int | None, zh: str, en: str) -> None:
        where_zh, where_en = place_words(self.table, trail)
        self.findings.append(Finding(code, trail, f"{where_zh}:{zh}", f"{where_en}: {en}", rule=rule))


def place_words(table: Table, trail: Trail) -> tuple[str, str]:
    """Where a trail stands, in Chinese and English: 规则 r3 的“年龄”."""
    column = trail[-1]
    match trail:
        case ("rules", int(at), "when" | "then" as side, *_):
            rule = table.rules[at].id
            columns = {item.id: item.label for item in table.inputs} if side == "when" else {}
            columns |= {item.name: item.label for item in table.outputs} if side == "then" else {}
            label = columns.get(str(column))
            zh, en = (label.zh, label.en) if label is not None else (str(column), str(column))
            return f"规则 {rule} 的“{zh}”", f"“{en}” of rule {rule}"
        case ("rules", int(at)):
            return f"规则 {table.rules[at].id}", f"rule {table.rules[at].id}"
        case ("inputs", int(at), *rest):
            label = table.inputs[at].label
            what = _PARTS.get(str(rest[0]) if rest else "", ("", ""))
            return f"输入列“{label.zh}”{what[0]}", f"the {what[1]}input “{label.en}”"
        case ("outputs", int(at), *rest):
            label = table.outputs[at].label
            what = _PARTS.get(str(rest[0]) if rest else "", ("", ""))
            return f"输出列“{label.zh}”{what[0]}", f"the {what[1]}output “{label.en}”"
        case _:
            return "决策表", "the table"


_PARTS = {
    "allowed": ("的取值", "allowed values of the "),
    "default": ("的默认值", "default of the "),
    "expression": ("的表达式", "expression of the "),
    "type": ("的类型", "type of the "),
}


def of_kind(kind: Kind, value: Json) -> bool:
    """Whether a value that is not null is of the kind."""
    match kind:
        case "string":
            return isinstance(value, str)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "integer":
            return not isinstance(value, bool) and (
                isinstance(value, int) or (isinstance(value, float) and value.is_integer())
            )
        case "boolean":
            return isinstance(value, bool)
        case "date":
            return isinstance(value, str) and is_date(value)
        case "deadline":
            return isinstance(value, str) and _is_deadline(value)
        case "any":
            return True


def _is_deadline(text: str) -> bool:
    try:
        parse_deadline(text)
    except Problem:
        return False
    return True


def kind_words(kind: Kind) -> tuple[str, str]:
    """The kind in Chinese and English."""
    return KINDS[kind].zh, KINDS[kind].en
