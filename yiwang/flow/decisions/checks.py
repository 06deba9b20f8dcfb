"""Whether a table makes sense: every fault with its rule, its column and words that say what to do.

Cells that cannot be read, names that nothing gives, values of another kind or beyond the allowed ones, policies that do not
fit their outputs; and from :mod:`coverage` overlaps, gaps, duplicates and rules that are never reached. Those are only looked
for once every cell is in order, so that one mistake is told once.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from yiwang.flow.decisions.cells import Answer, Constant, literal_text
from yiwang.flow.decisions.coverage import Coverage
from yiwang.flow.decisions.expressions import Expression, ExpressionFailed, own_value, run
from yiwang.flow.decisions.model import (
    Finding,
    HitPolicy,
    Kind,
    Table,
    longest_words,
    most_cells,
    most_inputs,
    most_outputs,
    most_rules,
)
from yiwang.flow.decisions.parsing import ReadOutput, ReadTable, Trail, kind_words, of_kind, place_words, read_table
from yiwang.flow.decisions.regions import settled
from yiwang.flow.decisions.unary import (
    ANYTHING,
    Contains,
    Equals,
    Prefix,
    Range,
    Test,
    asks,
    fits,
    literals_in,
    tests_in,
)
from yiwang.kernel.database import Json

most_findings = 200

KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
OUTPUT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
RULE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}")

_SAMPLES: dict[Kind, Json] = {
    "string": "", "number": 0, "integer": 0, "boolean": False, "date": "2026-01-01", "deadline": "1工作日",
}  # fmt: skip


def find_faults(table: Table, *, also: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Everything that is wrong with a table, errors and warnings, at most 200 of them, in the order of its parts.

    ``also``: variables that cells may name although no column needs them.
    """
    shape = list(_shape(table))
    read = read_table(table)
    cells = [*read.findings, *_Cells(read, frozenset(also)).findings(), *_policy(read)]
    found = [*shape, *cells]
    if not any(finding.level == "error" for finding in found):
        found += Coverage(read).findings()
    return tuple(sorted(found, key=_place)[:most_findings])


def _place(finding: Finding) -> tuple[int, int, int]:
    parts = ("inputs", "outputs", "rules")
    part = parts.index(str(finding.trail[0])) if finding.trail and finding.trail[0] in parts else -1
    at = finding.trail[1] if len(finding.trail) > 1 else most_cells
    return (part, at if isinstance(at, int) else most_cells, 0 if finding.level == "error" else 1)


def _shape(table: Table) -> Iterator[Finding]:
    if not table.outputs:
        yield Finding("no_output", ("outputs",), "没有输出列,至少要有一列", "there is no output column; add one")
    if not table.rules:
        yield Finding("no_rule", ("rules",), "没有规则,至少要有一条", "there is no rule; add one")
    for what, count, most, zh, en in (
        ("inputs", len(table.inputs), most_inputs, "输入列", "input columns"),
        ("outputs", len(table.outputs), most_outputs, "输出列", "output columns"),
        ("rules", len(table.rules), most_rules, "规则", "rules"),
        ("rules", len(table.rules) * (len(table.inputs) + len(table.outputs)), most_cells, "单元格", "cells"),
    ):
        if count > most:
            yield Finding("too_many", (what,), f"{zh}有 {count} 个,最多 {most} 个", f"{count} {en}, at most {most}")
    if not KEY.fullmatch(table.key):
        yield _bad_id(("id",), table.key)
    yield from _ids("inputs", [column.id for column in table.inputs], COLUMN)
    yield from _ids("outputs", [column.name for column in table.outputs], OUTPUT)
    yield from _ids("rules", [rule.id for rule in table.rules], RULE)
    words = [table.names, *(column.label for column in table.inputs), *(column.label for column in table.outputs)]
    words += [rule.annotation for rule in table.rules]
    if any(len(text) > longest_words or "\0" in text for names in words for text in (names.zh, names.en)):
        zh, en = f"有文字超过 {longest_words} 个字或含空字符", f"a text is longer than {longest_words} or holds NUL"
        yield Finding("words", (), zh, en)


def _ids(what: str, ids: list[str], pattern: re.Pattern[str]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for at, name in enumerate(ids):
        if not pattern.fullmatch(name):
            yield _bad_id((what, at), name)
        if name in first:
            zh, en = (
                f"标识 {name} 与第 {first[name] + 1} 个重复",
                f"the id {name} is that of number {first[name] + 1} too",
            )
            yield Finding("id_twice", (what, at), zh, en, rule=at + 1 if what == "rules" else None)
        first.setdefault(name, at)


def _bad_id(trail: Trail, name: str) -> Finding:
    zh = f"标识“{name[:60]}”只能用字母、数字和下划线等,且以字母开头"
    return Finding("id", trail, zh, f"the id “{name[:60]}” may only hold letters, digits, underscores and the like")


class _Cells:
    """What is wrong with single cells that could be read."""

    def __init__(self, read: ReadTable, also: frozenset[str]) -> None:
        self.read = read
        self.table = read.table
        self.unread = {finding.trail for finding in read.findings}
        self.names = read.names | also
        self.kinds: dict[str, Kind] = {
            column.subject: column.column.kind for column in read.inputs if column.subject is not None
        }

    def findings(self) -> Iterator[Finding]:
        for at, column in enumerate(self.read.inputs):
            yield from self._allowed(("inputs", at, "allowed"), column.allowed, column.column.kind)
        for at, output in enumerate(self.read.outputs):
            yield from self._allowed(("outputs", at, "allowed"), output.allowed, output.column.kind)
            if output.default is not None:
                yield from self._answer(("outputs", at, "default"), output.default, output, None)
        for at, rule in enumerate(self.read.rules):
            for test, column in zip(rule.tests, self.read.inputs, strict=True):
                trail: Trail = ("rules", at, "when", column.column.id)
                if trail not in self.unread:
                    yield from self._test(trail, test, column.column.kind, column.allowed, at + 1)
            for answer, output in zip(rule.answers, self.read.outputs, strict=True):
                yield from self._answer(("rules", at, "then", output.column.name), answer, output, at + 1)

    def _tell(self, code: str, trail: Trail, zh: str, en: str, rule: int | None = None) -> Finding:
        where_zh, where_en = place_words(self.table, trail)
        return Finding(code, trail, f"{where_zh}:{zh}", f"{where_en}: {en}", rule=rule)

    def _allowed(self, trail: Trail, test: Test, kind: Kind) -> Iterator[Finding]:
        if not settled(test):
            yield self._tell(
                "allowed", trail, "取值要写成值的列表或区间", "allowed values are a list of values or an interval"
            )
        else:
            yield from self._kinds(trail, test, kind, None)

    def _test(self, trail: Trail, test: Test, kind: Kind, allowed: Test, rule: int) -> Iterator[Finding]:
        yield from self._kinds(trail, test, kind, rule)
        for expression in asks(test):
            yield from self._expression(trail, expression, rule, kind)
        if allowed is ANYTHING or not settled(allowed):
            return
        for inner in tests_in(test):
            if isinstance(inner, Equals):
                for value in inner.values:
                    if value is not None and _is_kind(kind, value) and not fits(allowed, value):
                        yield self._not_allowed("value", trail, value, allowed, rule)

    def _not_allowed(self, code: str, trail: Trail, value: Json, allowed: Test, rule: int | None) -> Finding:
        known = [str(one) for one in literals_in(allowed)]
        near = get_close_matches(str(value), known, n=1)
        listed = ", ".join(known[:12]) + (" …" if len(known) > 12 else "")
        hint_zh, hint_en = (f"是否想写 {near[0]}?", f"did you mean {near[0]}?") if near else (f"可用:{listed}", listed)
        shown = literal_text(value)
        return self._tell(
            code,
            trail,
            f"{shown} 不在取值范围内。{hint_zh}",
            f"{shown} is not among the allowed values; {hint_en}",
            rule,
        )

    def _kinds(self, trail: Trail, test: Test, kind: Kind, rule: int | None) -> Iterator[Finding]:
        wanted_zh, wanted_en = kind_words(kind)
        for inner in tests_in(test):
            if isinstance(inner, Range) and kind in ("boolean", "deadline"):
                yield self._tell("kind", trail, "这一列的值不能比大小", "values of this column have no order", rule)
                return
            if isinstance(inner, Prefix | Contains) and kind in ("number", "integer", "boolean"):
                yield self._tell("kind", trail, "这一列不是文字", "this column holds no text", rule)
                return
            if not isinstance(inner, Equals | Range):
                continue
            for value in literals_in(inner):
                if value is None or _is_kind(kind, value, bound=isinstance(inner, Range)):
                    continue
                shown = literal_text(value)
                yield self._tell("kind", trail, f"{shown} 不是{wanted_zh}", f"{shown} is not {wanted_en}", rule)
                return

    def _expression(
        self, trail: Trail, expression: Expression, rule: int | None, kind: Kind | None
    ) -> Iterator[Finding]:
        known = self.names | ({own_value} if kind is not None else set())
        strange = [name for name in expression.names if name not in known]
        for name in strange:
            near = get_close_matches(name, known, n=1)
            hint_zh, hint_en = (f"是否想写 {near[0]}?", f"did you mean {near[0]}?") if near else ("", "")
            if expression.text.strip() == name and not near:
                hint_zh, hint_en = f'如果是文字,请加引号:"{name}"', f'a text stands in quotes: "{name}"'
            yield self._tell(
                "variable",
                trail,
                f"没有变量 {name}。{hint_zh}",
                f"there is no variable {name}; {hint_en}".rstrip("; "),
                rule,
            )
        if not strange:
            yield from self._try(trail, expression, rule, kind)

    def _try(self, trail: Trail, expression: Expression, rule: int | None, kind: Kind | None) -> Iterator[Finding]:
        """Run it once with a sample of each kind, where all kinds are known."""
        kinds = dict(self.kinds)
        if kind is not None:
            kinds[own_value] = kind
        if any(kinds.get(name, "any") == "any" for name in expression.names):
            return
        try:
            answer = run(expression, {name: _SAMPLES[kinds[name]] for name in expression.names})
        except ExpressionFailed as failed:
            if isinstance(failed.__cause__, TypeError):
                yield self._tell("kind", trail, f"类型不合:{failed.zh}", f"the kinds do not fit: {failed.en}", rule)
            return
        if kind is not None and not isinstance(answer, bool):
            yield self._tell("not_boolean", trail, "结果不是真假值", "it gives neither true nor false", rule)

    def _answer(self, trail: Trail, answer: Answer, output: ReadOutput, rule: int | None) -> Iterator[Finding]:
        if isinstance(answer, Expression):
            yield from self._expression(trail, answer, rule, None)
        elif answer.value is not None:
            kind = output.column.kind
            if not of_kind(kind, answer.value):
                zh, en = kind_words(kind)
                shown = literal_text(answer.value)
                yield self._tell("kind", trail, f"{shown} 不是{zh}", f"{shown} is not {en}", rule)
            elif settled(output.allowed) and not fits(output.allowed, answer.value):
                yield self._not_allowed("value", trail, answer.value, output.allowed, rule)


def _is_kind(kind: Kind, value: Json, *, bound: bool = False) -> bool:
    """Whether a value may stand in a column; the end of an interval over whole numbers need not be whole."""
    return of_kind("number" if bound and kind == "integer" else kind, value)


def _policy(read: ReadTable) -> Iterator[Finding]:
    table = read.table
    hit = table.hit
    if hit.ordered_by_output and table.outputs and not any(output.values for output in read.outputs):
        yield Finding(
            "no_order", ("outputs", 0, "allowed"),
            f"命中策略“{hit.names.zh}”按输出取值的先后决定,请在输出列的取值里从重到轻列出",
            f"the policy “{hit.names.en}” goes by the order of the outputs' values; list them, the most important first",
        )  # fmt: skip
    if not hit.counts:
        return
    if len(table.outputs) > 1:
        yield Finding(
            "one_output", ("outputs", 1), f"命中策略“{hit.names.zh}”只能有一列输出",
            f"the policy “{hit.names.en}” allows one output column only",
        )  # fmt: skip
    if hit is HitPolicy.COUNT or not table.outputs:
        return
    if table.outputs[0].kind not in ("number", "integer", "any"):
        yield Finding(
            "not_number", ("outputs", 0, "type"), f"命中策略“{hit.names.zh}”的输出须是数",
            f"the policy “{hit.names.en}” needs numbers as output",
        )  # fmt: skip
    for at, rule in enumerate(read.rules):
        answer = rule.answers[0]
        if isinstance(answer, Constant) and not of_kind("number", answer.value):
            zh, en = place_words(table, ("rules", at, "then", table.outputs[0].name))
            trail: Trail = ("rules", at, "then", table.outputs[0].name)
            if table.outputs[0].kind == "any" or answer.value is None:
                yield Finding("not_number", trail, f"{zh}:汇总的须是数", f"{en}: it must be a number", rule=at + 1)
