"""The nouns of decision tables (决策表): a table as written, the examples beside it, and what it answers.

A :class:`Table` is text in a shape: cells are kept as they were written, so that every form of a table (YAML, JSON, CSV, DMN)
gives back exactly what was put in. What the text means is for :mod:`cells` and :mod:`evaluate`, whether it makes sense for
:mod:`checks`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal, TypeAlias

from yiwang.flow.model import Names
from yiwang.kernel.database import Json, JsonObject

most_rules = 5_000
most_inputs = 30
most_outputs = 20
most_cells = 100_000
longest_cell = 20_000
longest_words = 500
most_examples = 500

NO_WORDS = Names("", "")

Scalar: TypeAlias = str | int | float | bool | None
"""A value that a cell can name."""

Kind = Literal["string", "number", "integer", "boolean", "date", "deadline", "any"]
"""What a column holds. ``date``: text as ISO 8601, 2026-06-18. ``deadline``: text in the deadline grammar, 3工作日."""

KINDS: dict[Kind, Names] = {
    "string": Names("文字", "text"),
    "number": Names("数", "a number"),
    "integer": Names("整数", "a whole number"),
    "boolean": Names("真假值(true 或 false)", "true or false"),
    "date": Names("日期(如 2026-06-18)", "a date such as 2026-06-18"),
    "deadline": Names("期限(如 3工作日、4工作时)", "a deadline such as 3工作日"),
    "any": Names("任意值", "any value"),
}


class HitPolicy(StrEnum):
    """Which of the rules that fit give the answer (命中策略, DMN 1.3 § 8.2.10). The value is the letter of the standard."""

    UNIQUE = "U"
    ANY = "A"
    PRIORITY = "P"
    FIRST = "F"
    COLLECT = "C"
    SUM = "C+"
    MIN = "C<"
    MAX = "C>"
    COUNT = "C#"
    RULE_ORDER = "R"
    OUTPUT_ORDER = "O"

    @property
    def single(self) -> bool:
        """Whether one rule gives the answer."""
        return self in (HitPolicy.UNIQUE, HitPolicy.ANY, HitPolicy.PRIORITY, HitPolicy.FIRST)

    @property
    def counts(self) -> bool:
        """Whether the answer is one number made of all rules that fit."""
        return self in (HitPolicy.SUM, HitPolicy.MIN, HitPolicy.MAX, HitPolicy.COUNT)

    @property
    def ordered_by_output(self) -> bool:
        """Whether the order of the outputs' allowed values decides."""
        return self in (HitPolicy.PRIORITY, HitPolicy.OUTPUT_ORDER)

    @property
    def names(self) -> Names:
        return _POLICY_NAMES[self]


_POLICY_NAMES = {
    HitPolicy.UNIQUE: Names("唯一", "unique"),
    HitPolicy.ANY: Names("任一", "any"),
    HitPolicy.PRIORITY: Names("优先", "priority"),
    HitPolicy.FIRST: Names("首条", "first"),
    HitPolicy.COLLECT: Names("收集", "collect"),
    HitPolicy.SUM: Names("求和", "sum"),
    HitPolicy.MIN: Names("取最小", "least"),
    HitPolicy.MAX: Names("取最大", "greatest"),
    HitPolicy.COUNT: Names("计数", "count"),
    HitPolicy.RULE_ORDER: Names("按规则顺序", "rule order"),
    HitPolicy.OUTPUT_ORDER: Names("按输出顺序", "output order"),
}


@dataclass(frozen=True, slots=True)
class Input:
    """A column of conditions. ``expression``: CEL over the variables; ``allowed``: a cell that every value fits, or ""."""

    id: str
    label: Names
    expression: str
    kind: Kind = "any"
    allowed: str = ""


@dataclass(frozen=True, slots=True)
class Output:
    """A column of answers. ``allowed``: its possible values, the most important first, or "".

    ``default``: an output cell that answers when no rule fits, or "" for none.
    """

    name: str
    label: Names
    kind: Kind = "any"
    allowed: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A row: one cell per input and per output of the table, in their order; ``annotation`` says why."""

    id: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    annotation: Names = NO_WORDS


@dataclass(frozen=True, slots=True)
class Table:
    """A decision table. Raises ValueError for rules that have not one cell per column; readers refuse that with words."""

    key: str
    names: Names
    hit: HitPolicy
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    _hash: int = field(init=False, repr=False, compare=False)
    """Worked out once, since a table is the key under which its compiled form is kept."""

    def __hash__(self) -> int:
        return self._hash

    def __post_init__(self) -> None:
        shape = (self.key, self.names, self.hit, self.inputs, self.outputs, self.rules)
        object.__setattr__(self, "_hash", hash(shape))
        for rule in self.rules:
            if len(rule.inputs) != len(self.inputs) or len(rule.outputs) != len(self.outputs):
                raise ValueError(f"rule {rule.id} has not one cell per column")


@dataclass(frozen=True, slots=True)
class Example:
    """A case whose answer is known (样例). ``expect`` names outputs, or lists what each rule that fits must give.

    Outputs that it leaves out may be anything. None: no rule may fit. ``rules``: exactly these must give the answer.
    """

    names: Names
    given: JsonObject
    expect: JsonObject | list[Json] | None
    rules: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class Kept:
    """A part of a DMN file that has no meaning here and is written out again: XML of an element, or an attribute's value.

    ``holder``: ``definitions``, ``decision``, ``table``, ``input/<id>``, ``output/<name>``, ``rule/<id>``.
    ``name``: ``{namespace}name``, for attributes with ``@`` before it. The holder ``prefix`` says how a namespace is written.
    """

    holder: str
    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Document:
    """A table with what stands beside it."""

    table: Table
    examples: tuple[Example, ...] = ()
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """An answer: ``outputs`` by name for a single or aggregated one, else one such mapping per rule that gave it.

    ``rules``: ids of the rules that gave it, in the order of the answer; empty for a default. ``reason``: them in words.
    """

    table: str
    outputs: JsonObject | list[JsonObject]
    rules: tuple[str, ...]
    reason: Names

    def variables(self) -> JsonObject:
        """The outputs as flow variables: of several rules each output is the list of what they gave."""
        if isinstance(self.outputs, dict):
            return self.outputs
        names = dict.fromkeys(name for row in self.outputs for name in row)
        return {name: [row.get(name) for row in self.outputs] for name in names}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with a table and what to do. A warning does not keep it from being published.

    ``trail``: where it stands in the table's declared form, e.g. ``("rules", 2, "when", "age")``. ``rule``: from 1.
    """

    code: str
    trail: tuple[str | int, ...]
    zh: str
    en: str
    level: Literal["error", "warning"] = "error"
    rule: int | None = None
    others: tuple[int, ...] = field(default=())
    """The other rules concerned, from 1."""
