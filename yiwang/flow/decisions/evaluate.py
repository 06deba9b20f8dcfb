"""Asking a table: which rules fit, and what the hit policy makes of them. Pure; a few µs for a table of usual size.

Each column keeps, for every value that its cells name, the set of rules that it allows (bits of an int), so that the rules
that fit are found by intersecting sets; cells that only CEL can decide are asked for the few rules that are left.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache

from yiwang.flow.decisions.cells import Answer, Constant, literal_text
from yiwang.flow.decisions.columns import Column
from yiwang.flow.decisions.errors import (
    AnswersDiffer,
    CellFailed,
    DecisionRefused,
    InputMissing,
    InputWrong,
    SeveralHits,
    UnmatchedTable,
)
from yiwang.flow.decisions.expressions import Expression, ExpressionFailed, as_json, own_value, run
from yiwang.flow.decisions.model import Decision, Finding, HitPolicy, Table
from yiwang.flow.decisions.parsing import ReadInput, ReadOutput, kind_words, of_kind, place_words, read_table
from yiwang.flow.decisions.unary import (
    ANYTHING,
    Anything,
    Asked,
    Not,
    OneOf,
    Test,
    asks,
    fits,
    same,
)
from yiwang.flow.model import Names
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.errors import FieldError


def evaluate(table: Table | Compiled, inputs: Mapping[str, Json]) -> Decision:
    """Ask a table. ``inputs``: the variables by name. Hold a :class:`Compiled` where the same table is asked often.

    Raises:
        DecisionRefused: a cell cannot be read. InputMissing, InputWrong: a variable is missing or of another kind.
        UnmatchedTable: no rule fits and there is no default. SeveralHits, AnswersDiffer: the hit policy is broken.
        CellFailed: an expression cannot be worked out for these variables.
    """
    return (table if isinstance(table, Compiled) else _compiled(table)).decide(inputs)


@lru_cache(maxsize=128)
def _compiled(table: Table) -> Compiled:
    return Compiled(table)


def refused(key: str, findings: list[Finding]) -> DecisionRefused:
    """The refusal with every finding as an entry; where it stands is a JSON pointer into the declared form."""
    errors = [
        FieldError(
            where="".join(f"/{part}" for part in finding.trail),
            code=f"decision.{finding.code}",
            zh=finding.zh,
            en=finding.en,
        )
        for finding in findings
    ]
    return DecisionRefused(key=key, count=len(errors), errors=errors)


class Compiled:
    """A table ready to be asked. Never changes, so that many may ask it at once.

    Raises:
        DecisionRefused: a cell cannot be read.
    """

    def __init__(self, table: Table) -> None:
        read = read_table(table)
        if read.findings:
            raise refused(table.key, list(read.findings))
        self.table = table
        self._read = read
        self._columns = [Column(column, read, at) for at, column in enumerate(read.inputs)]
        self._every = (1 << len(read.rules)) - 1
        self._costly: list[list[tuple[int, Test]]] = [
            [(at, test) for at, test in enumerate(rule.tests) if asks(test)] for rule in read.rules
        ]

    def hits(self, inputs: Mapping[str, Json], *, first: bool = False) -> list[int]:
        """The indexes of all rules that fit, in their order, or with ``first`` only the first. Raises: as evaluate."""
        candidates = self._every
        values: list[Json] = []
        for column in self._columns:
            value = inputs[column.subject] if column.subject in inputs else self._shown(column.read, inputs)
            if value.__class__ is not column.usual or (column.most is not None and value not in column.most):
                self._check(column.read, value)
            values.append(value)
            if candidates and not column.idle:
                candidates &= column.rules(value, candidates)
        found: list[int] = []
        while candidates:
            lowest = candidates & -candidates
            candidates ^= lowest
            at = lowest.bit_length() - 1
            costly = self._costly[at]
            if costly and not all(self._holds(test, at, column, values[column], inputs) for column, test in costly):
                continue
            found.append(at)
            if first:
                break
        return found

    def decide(self, inputs: Mapping[str, Json]) -> Decision:
        """The answer for these variables. Raises: as evaluate."""
        hit = self.table.hit
        hits = self.hits(inputs, first=hit is HitPolicy.FIRST)
        if not hits:
            return self._unmatched(inputs)
        if hit is HitPolicy.UNIQUE and len(hits) > 1:
            raise SeveralHits(key=self.table.key, rules=self._ids(hits), given=self._given(inputs))
        answers = [self.answers(at, inputs) for at in hits]
        if hit.ordered_by_output:
            order = sorted(range(len(hits)), key=lambda at: self._rank(answers[at]))
            hits, answers = [hits[at] for at in order], [answers[at] for at in order]
        if hit is HitPolicy.ANY and any(not alike(answers[0], answer) for answer in answers[1:]):
            raise AnswersDiffer(key=self.table.key, rules=self._ids(hits), given=self._given(inputs))
        if hit in (HitPolicy.PRIORITY, HitPolicy.ANY):
            hits, answers = hits[:1], answers[:1]
        outputs = answers[0] if hit.single else self._aggregate(answers, hits) if hit.counts else answers
        rules = tuple(self.table.rules[at].id for at in hits)
        return Decision(self.table.key, outputs, rules, self._reason(hits))

    def answers(self, rule: int, inputs: Mapping[str, Json]) -> JsonObject:
        """The outputs of one rule, by name. Raises: CellFailed."""
        return {
            column.column.name: self._answer(answer, column, ("rules", rule, "then", column.column.name), inputs)
            for answer, column in zip(self._read.rules[rule].answers, self._read.outputs, strict=True)
        }

    def _shown(self, column: ReadInput, inputs: Mapping[str, Json]) -> Json:
        """The value of a column that is not simply a variable that is there."""
        if column.expression is None:
            raise InputMissing(key=self.table.key, name=column.subject)
        try:
            return as_json(run(column.expression, inputs))
        except ExpressionFailed as failed:
            if failed.missing is not None:
                raise InputMissing(key=self.table.key, name=failed.missing) from failed
            where, text = column.column.label.zh, column.expression.text
            raise CellFailed(
                key=self.table.key, where=where, text=text, reason_zh=failed.zh, reason_en=failed.en
            ) from failed

    def _check(self, column: ReadInput, value: Json) -> None:
        if value is None:
            return
        if not of_kind(column.column.kind, value):
            raise self._wrong(column, value, *kind_words(column.column.kind))
        if not fits(column.allowed, value):
            allowed = column.column.allowed
            raise self._wrong(column, value, f"其中之一:{allowed}", f"one of {allowed}")

    def _wrong(self, column: ReadInput, value: Json, zh: str, en: str) -> InputWrong:
        return InputWrong(
            key=self.table.key, name=column.column.label.zh, value=_said(value), wanted_zh=zh, wanted_en=en
        )

    def _holds(self, test: Test, rule: int, column: int, value: Json, inputs: Mapping[str, Json]) -> bool:
        match test:
            case OneOf(tests):
                return any(self._holds(one, rule, column, value, inputs) for one in tests)
            case Not(inner):
                return not self._holds(inner, rule, column, value, inputs)
            case Asked(expression):
                trail = ("rules", rule, "when", self.table.inputs[column].id)
                answer = self._run(expression, trail, inputs, value)
                if not isinstance(answer, bool):
                    raise self._failed(expression, trail, "结果不是真假值", "it gives neither true nor false")
                return answer
            case _:
                return fits(test, value)

    def _run(
        self, expression: Expression, trail: tuple[str | int, ...], inputs: Mapping[str, Json], value: Json = None
    ) -> object:
        try:
            if own_value in expression.names and trail[-2] == "when":
                return run(expression, {**inputs, own_value: value})
            return run(expression, inputs)
        except ExpressionFailed as failed:
            if failed.missing is not None:
                raise InputMissing(key=self.table.key, name=failed.missing) from failed
            raise self._failed(expression, trail, failed.zh, failed.en) from failed

    def _failed(self, expression: Expression, trail: tuple[str | int, ...], zh: str, en: str) -> CellFailed:
        where, _ = place_words(self.table, trail)
        return CellFailed(key=self.table.key, where=where, text=expression.text, reason_zh=zh, reason_en=en)

    def _answer(
        self, answer: Answer, column: ReadOutput, trail: tuple[str | int, ...], inputs: Mapping[str, Json]
    ) -> Json:
        if isinstance(answer, Constant):
            return answer.value
        try:
            value = as_json(self._run(answer, trail, inputs))
        except ExpressionFailed as failed:
            raise self._failed(answer, trail, failed.zh, failed.en) from failed
        if value is not None and not of_kind(column.column.kind, value):
            zh, en = kind_words(column.column.kind)
            raise self._failed(answer, trail, f"结果 {_said(value)} 应为{zh}", f"it gives {_said(value)}, not {en}")
        if value is not None and column.allowed is not ANYTHING and not fits(column.allowed, value):
            allowed = column.column.allowed
            raise self._failed(
                answer,
                trail,
                f"结果 {_said(value)} 不在取值 {allowed} 中",
                f"it gives {_said(value)}, not one of {allowed}",
            )
        return value

    def _unmatched(self, inputs: Mapping[str, Json]) -> Decision:
        hit = self.table.hit
        if any(column.default is not None for column in self._read.outputs):
            row: JsonObject = {
                column.column.name: self._answer(
                    column.default or Constant(None), column, ("outputs", at, "default"), inputs
                )
                for at, column in enumerate(self._read.outputs)
            }
            reason = Names("没有规则适用,取默认值", "no rule fits, so the default holds")
            return Decision(self.table.key, row if hit.single or hit.counts else [row], (), reason)
        nothing = Names("没有规则适用", "no rule fits")
        if hit is HitPolicy.COUNT:
            return Decision(self.table.key, {self.table.outputs[0].name: 0}, (), nothing)
        if hit.single or hit.counts:
            raise UnmatchedTable(key=self.table.key, given=self._given(inputs))
        return Decision(self.table.key, [], (), nothing)

    def _aggregate(self, answers: list[JsonObject], hits: list[int]) -> JsonObject:
        name = self.table.outputs[0].name
        if self.table.hit is HitPolicy.COUNT:
            return {name: len(answers)}
        numbers: list[int | float] = []
        for at, row in zip(hits, answers, strict=True):
            value = row[name]
            if not isinstance(value, int | float) or isinstance(value, bool):
                where, _ = place_words(self.table, ("rules", at, "then", name))
                text = self.table.rules[at].outputs[0]
                raise CellFailed(
                    key=self.table.key,
                    where=where,
                    text=text,
                    reason_zh="汇总的须是数",
                    reason_en="it must be a number",
                )
            numbers.append(value)
        if self.table.hit is HitPolicy.SUM:
            return {name: _sum(numbers)}
        return {name: min(numbers) if self.table.hit is HitPolicy.MIN else max(numbers)}

    def _rank(self, answer: JsonObject) -> tuple[int, ...]:
        """Smaller is more important: the places of the outputs in their allowed values, output after output."""
        ranks = []
        for column in self._read.outputs:
            if column.values is not None:
                value = answer[column.column.name]
                places = (at for at, one in enumerate(column.values) if same(value, one))
                ranks.append(next(places, len(column.values)))
        return tuple(ranks)

    def _ids(self, hits: list[int]) -> str:
        return ", ".join(self.table.rules[at].id for at in hits[:20])

    def _given(self, inputs: Mapping[str, Json]) -> str:
        names = sorted(self._read.names)
        return ", ".join(f"{name}={_said(inputs.get(name))}" for name in names[:12])

    def _reason(self, hits: list[int]) -> Names:
        """The rules that gave the answer, what of them fitted, and their annotation."""
        zh, en = [], []
        for at in hits[:10]:
            rule = self.table.rules[at]
            cells = [
                (column.label, text)
                for column, text, test in zip(self.table.inputs, rule.inputs, self._read.rules[at].tests, strict=True)
                if not isinstance(test, Anything)
            ]
            because = ",".join(f"{label.zh} {text}" for label, text in cells) or "任何情况"
            why = ", ".join(f"{label.en} {text}" for label, text in cells) or "in any case"
            zh.append(f"规则 {rule.id}({because})" + (f":{rule.annotation.zh}" if rule.annotation.zh else ""))
            en.append(f"rule {rule.id} ({why})" + (f": {rule.annotation.en}" if rule.annotation.en else ""))
        more = len(hits) - 10
        if more > 0:
            zh.append(f"另有 {more} 条")
            en.append(f"{more} more")
        return Names(";".join(zh), "; ".join(en))


def _sum(numbers: list[int | float]) -> int | float:
    """The sum as one works it out on paper: 0.1 and 0.2 are 0.3."""
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    return float(sum(Decimal(str(number)) for number in numbers))


def alike(one: Json, other: Json) -> bool:
    """Whether two answers are equal, all the way down."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(alike(*pair) for pair in zip(one, other, strict=True))
    return same(one, other)


def _said(value: Json) -> str:
    text = literal_text(value)
    return text if len(text) <= 60 else text[:59] + "…"
