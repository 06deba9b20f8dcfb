"""A short way to write decision tables in tests."""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.flow.decisions.model import HitPolicy, Input, Kind, Output, Rule, Table
from yiwang.flow.model import Names


def both(text: str) -> Names:
    return Names(text, text)


def column(name: str, kind: Kind = "any", allowed: str = "", expression: str | None = None) -> Input:
    return Input(name, both(name), name if expression is None else expression, kind, allowed)


def answer(name: str, kind: Kind = "any", allowed: str = "", default: str = "") -> Output:
    return Output(name, both(name), kind, allowed, default)


def table(
    hit: str, inputs: Sequence[Input | str], outputs: Sequence[Output | str], *rows: str, key: str = "t"
) -> Table:
    """Each row holds its cells between bars: ``>= 3 | "a" | 5``; rules are called r1, r2 …"""
    columns = tuple(item if isinstance(item, Input) else column(item) for item in inputs)
    answers = tuple(item if isinstance(item, Output) else answer(item) for item in outputs)
    rules = []
    for number, row in enumerate(rows, start=1):
        cells = [cell.strip() for cell in row.split(" | ")]
        assert len(cells) == len(columns) + len(answers), row
        rules.append(Rule(f"r{number}", tuple(cells[: len(columns)]), tuple(cells[len(columns) :])))
    return Table(key, both(key), HitPolicy(hit), columns, answers, tuple(rules))
