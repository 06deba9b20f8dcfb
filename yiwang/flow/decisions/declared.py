"""Tables as they are declared: YAML of packs (``rules/*.yaml``), JSON of the API and of the store. One form, both ways.

A condition cell is text as in :mod:`cells`, or a plain value: ``3``, ``true``, or a list of values of which one must be. A cell
left out fits anything. An answer is a plain value, or ``{cell: "…"}`` for text as in a cell, such as a CEL expression.

The short form of a dispatch table (``rows`` of classes, areas, when → department, limit): :mod:`dispatch_form`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, StringConstraints

from yiwang.flow.decisions.cells import CellInvalid, Constant, literal_text, parse_answer
from yiwang.flow.decisions.model import (
    NO_WORDS,
    Document,
    Example,
    HitPolicy,
    Input,
    Kept,
    Kind,
    Output,
    Rule,
    Table,
    longest_cell,
    longest_words,
    most_examples,
    most_inputs,
    most_outputs,
    most_rules,
)
from yiwang.flow.model import Names

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_.-]{0,99}$")]
OutputName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,59}$")]
RuleId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.:-]{0,99}$")]
CellText = Annotated[str, StringConstraints(max_length=longest_cell)]
Word = Annotated[str, StringConstraints(max_length=longest_words)]
Plain: TypeAlias = bool | int | float | CellText | None
Test: TypeAlias = Plain | Annotated[list[Plain], Field(max_length=200)]

_deepest = 20


def _shallow(value: JsonValue) -> JsonValue:
    waiting: list[tuple[JsonValue, int]] = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if depth > _deepest:
            raise ValueError(f"嵌套超过 {_deepest} 层 | nested deeper than {_deepest}")
        if isinstance(one, dict):
            waiting += [(inner, depth + 1) for inner in one.values()]
        elif isinstance(one, list):
            waiting += [(inner, depth + 1) for inner in one]
    return value


AnyJson = Annotated[JsonValue, AfterValidator(_shallow)]

Hit = Literal[
    "U", "A", "P", "F", "C", "C+", "C<", "C>", "C#", "R", "O",
    "UNIQUE", "ANY", "PRIORITY", "FIRST", "COLLECT", "RULE ORDER", "OUTPUT ORDER",
]  # fmt: skip
_LETTERS: dict[HitPolicy, Hit] = {
    HitPolicy.UNIQUE: "U", HitPolicy.ANY: "A", HitPolicy.PRIORITY: "P", HitPolicy.FIRST: "F", HitPolicy.COLLECT: "C",
    HitPolicy.SUM: "C+", HitPolicy.MIN: "C<", HitPolicy.MAX: "C>", HitPolicy.COUNT: "C#", HitPolicy.RULE_ORDER: "R",
    HitPolicy.OUTPUT_ORDER: "O",
}  # fmt: skip
_FULL_NAMES = {
    "UNIQUE": "U", "ANY": "A", "PRIORITY": "P", "FIRST": "F", "COLLECT": "C", "RULE ORDER": "R", "OUTPUT ORDER": "O",
}  # fmt: skip


class _Declared(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(_Declared):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=longest_words)
    en: str = Field(min_length=1, max_length=longest_words)


class Reason(_Declared):
    """Why a rule says so, in both languages; each may be empty in a table that came from elsewhere."""

    zh: Word = Field("", description="Chinese (simplified).")
    en: Word = Field("", description="English.")


class DecisionInput(_Declared):
    """A column of conditions."""

    id: Key = Field(description="By this name rules refer to the column.")
    label: Words | None = Field(None, description="What people call the column; its id when left out.")
    expression: CellText | None = Field(None, description="CEL over the variables; the variable named like the id.")
    type: Kind = Field("any", description="What its values are.")
    allowed: Test = Field(None, description="Values that may occur: a list, or a cell such as `[0..100]`.")


class DecisionOutput(_Declared):
    """A column of answers."""

    name: OutputName = Field(description="The name of the answer; flows get it as a variable.")
    label: Words | None = Field(None, description="What people call the column; its name when left out.")
    type: Kind = Field("any", description="What its values are.")
    allowed: Test = Field(
        None, description="Values that may be answered, the most important first where the policy goes by them."
    )
    default: AnyJson = Field(None, description="The answer when no rule fits.")


class DecisionRule(_Declared):
    """A row: when all its cells fit, this is the answer."""

    id: RuleId | None = Field(None, description="Its name in answers and findings; r1, r2 … when left out.")
    when: dict[Key, Test] = Field(
        default_factory=dict, max_length=most_inputs, description="Cells by input; one left out fits anything."
    )
    then: dict[OutputName, AnyJson] = Field(
        default_factory=dict, max_length=most_outputs, description="Answers by output; `{cell: …}` for an expression."
    )
    reason: Reason | None = Field(None, description="Why, as it is shown to people.")


class DecisionExample(_Declared):
    """A case whose answer is known; a table that answers otherwise is not published."""

    names: Reason | None = Field(None, description="What the example shows.")
    given: dict[str, AnyJson] = Field(max_length=100, description="The variables.")
    expect: dict[str, AnyJson] | Annotated[list[AnyJson], Field(max_length=most_rules)] | None = Field(
        description="The outputs that matter, a list of them for policies with several, or null: no rule fits."
    )
    rules: list[RuleId] | None = Field(None, max_length=most_rules, description="Exactly the rules that must answer.")


class KeptPart(_Declared):
    """A part of a DMN file that is kept for writing it again."""

    holder: str = Field(max_length=200, description="The part of the table to which it belongs.")
    name: str = Field(max_length=500, description="`{namespace}name`, with `@` before it for an attribute.")
    text: str = Field(max_length=1_000_000, description="XML, or the attribute's value.")


class DecisionTable(_Declared):
    """``rules/*.yaml`` with ``rules``: a decision table (决策表, DMN 1.3) with its examples."""

    id: Key = Field(description="The key by which flows ask it.")
    names: Words
    hit: Hit = Field(
        "U",
        description="Hit policy: U unique, A any, P priority, F first, R rule order, O output order, C collect, "
        "C+ sum, C< least, C> greatest, C# count; or the standard's full name.",
    )
    inputs: list[DecisionInput] = Field(max_length=most_inputs, description="The columns of conditions.")
    outputs: list[DecisionOutput] = Field(max_length=most_outputs, description="The columns of answers.")
    rules: list[DecisionRule] = Field(max_length=most_rules, description="The rows.")
    examples: list[DecisionExample] = Field(
        default_factory=list, max_length=most_examples, description="Cases whose answers are known."
    )
    kept: list[KeptPart] = Field(
        default_factory=list,
        max_length=10_000,
        description="Parts of a DMN file without meaning here, kept for export.",
    )


class Misplaced(ValueError):
    """A rule names a column that the table has not. ``trail`` leads to it."""

    def __init__(self, trail: tuple[str | int, ...], name: str, known: Sequence[str]) -> None:
        super().__init__(name)
        self.trail, self.name, self.known = trail, name, list(known)


def document_of(declared: DecisionTable) -> Document:
    """The table with what stands beside it.

    Raises:
        Misplaced: a rule names a column that there is not.
    """
    inputs = tuple(_input(column) for column in declared.inputs)
    outputs = tuple(_output(column) for column in declared.outputs)
    columns, names = [column.id for column in inputs], [column.name for column in outputs]
    rules = []
    for at, rule in enumerate(declared.rules):
        for side, given, known in (("when", list(rule.when), columns), ("then", list(rule.then), names)):
            strange = next((name for name in given if name not in known), None)
            if strange is not None:
                raise Misplaced(("rules", at, side, strange), strange, known)
        rules.append(
            Rule(
                rule.id or f"r{at + 1}",
                tuple(_cell(rule.when[name]) if name in rule.when else "-" for name in columns),
                tuple(answer_text(rule.then[name]) if name in rule.then else "" for name in names),
                _names(rule.reason),
            )
        )
    hit = HitPolicy(_FULL_NAMES.get(declared.hit, declared.hit))
    table = Table(declared.id, _names(declared.names), hit, inputs, outputs, tuple(rules))
    return Document(
        table, examples_of(declared.examples), tuple(Kept(part.holder, part.name, part.text) for part in declared.kept)
    )


def examples_of(declared: Sequence[DecisionExample]) -> tuple[Example, ...]:
    """The examples as declared."""
    return tuple(
        Example(_names(one.names), one.given, one.expect, None if one.rules is None else tuple(one.rules))
        for one in declared
    )


def declared_of(document: Document) -> DecisionTable:
    """The same as it would be declared; :func:`document_of` gives it back exactly."""
    table = document.table
    return DecisionTable(
        id=table.key,
        names=Words(zh=table.names.zh or table.key, en=table.names.en or table.names.zh or table.key),
        hit=_LETTERS[table.hit],
        inputs=[
            DecisionInput(
                id=column.id,
                label=_words(column.label, column.id),
                expression=column.expression,
                type=column.kind,
                allowed=column.allowed or None,
            )
            for column in table.inputs
        ],
        outputs=[
            DecisionOutput(
                name=column.name,
                label=_words(column.label, column.name),
                type=column.kind,
                allowed=column.allowed or None,
                default=_declared_default(column.default),
            )
            for column in table.outputs
        ],
        rules=[_declared_rule(rule, table) for rule in table.rules],
        examples=[
            DecisionExample(
                names=_reason(one.names),
                given=one.given,
                expect=one.expect,
                rules=None if one.rules is None else list(one.rules),
            )
            for one in document.examples
        ],
        kept=[KeptPart(holder=part.holder, name=part.name, text=part.text) for part in document.kept],
    )


def _declared_rule(rule: Rule, table: Table) -> DecisionRule:
    when = {column.id: text for column, text in zip(table.inputs, rule.inputs, strict=True) if text != "-"}
    then = {
        column.name: answer_value(text) for column, text in zip(table.outputs, rule.outputs, strict=True) if text != ""
    }
    return DecisionRule(id=rule.id, when=when, then=then, reason=_reason(rule.annotation))


def _declared_default(text: str) -> JsonValue:
    value = answer_value(text) if text else None
    return {"cell": text} if value is None and text else value


def cell_text(test: Test) -> str:
    """A declared condition as the text of a cell."""
    if test is None:
        return "null"
    if isinstance(test, str):
        return test
    if isinstance(test, list):
        return ",".join(literal_text(value) for value in test)
    return literal_text(test)


def _cell(test: Test) -> str:
    text = cell_text(test)
    return text if text.strip() else "-"


def answer_text(value: JsonValue) -> str:
    """A declared answer as the text of a cell."""
    if isinstance(value, dict) and value.keys() == {"cell"} and isinstance(value["cell"], str):
        return value["cell"]
    return literal_text(value)


def answer_value(text: str) -> JsonValue:
    """The text of an answer cell as it is declared: the plain value where that gives the same text back."""
    try:
        answer = parse_answer(text)
    except CellInvalid:
        return {"cell": text}
    if isinstance(answer, Constant) and answer_text(answer.value) == text:
        return answer.value
    return {"cell": text}


def _input(column: DecisionInput) -> Input:
    expression = column.id if column.expression is None else column.expression
    allowed = "" if column.allowed is None else cell_text(column.allowed)
    return Input(column.id, _names(column.label, column.id), expression, column.type, allowed)


def _output(column: DecisionOutput) -> Output:
    allowed = "" if column.allowed is None else cell_text(column.allowed)
    default = "" if column.default is None else answer_text(column.default)
    return Output(column.name, _names(column.label, column.name), column.type, allowed, default)


def _names(words: Words | Reason | None, otherwise: str = "") -> Names:
    if words is None:
        return Names(otherwise, otherwise) if otherwise else NO_WORDS
    return Names(words.zh, words.en)


def _words(names: Names, otherwise: str) -> Words | None:
    """None where the words are just the id."""
    if names == Names(otherwise, otherwise):
        return None
    return Words(zh=names.zh or names.en or otherwise, en=names.en or names.zh or otherwise)


def _reason(names: Names) -> Reason | None:
    return None if names == NO_WORDS else Reason(zh=names.zh, en=names.en)
