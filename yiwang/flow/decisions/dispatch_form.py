"""The short form of a dispatch table (派遣规则): rows of classes, areas and a condition → department, limit and reason.

As a decision table it has the hit policy FIRST and the columns below; it answers who does it and how long it may take.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from yiwang.flow.conditions import ConditionInvalid
from yiwang.flow.decisions.cells import literal_text
from yiwang.flow.decisions.expressions import compile_expression
from yiwang.flow.decisions.model import HitPolicy, Input, Output, Rule, Table
from yiwang.flow.model import Names


class _TwoLanguages(Protocol):
    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...


class DispatchLine(Protocol):
    """A row of the short form: which classes, areas and texts go to which department, within which limit, and why."""

    @property
    def classes(self) -> Sequence[str]: ...
    @property
    def areas(self) -> Sequence[str]: ...
    @property
    def when(self) -> str | None: ...
    @property
    def department(self) -> str: ...
    @property
    def limit(self) -> str | None: ...
    @property
    def reason(self) -> _TwoLanguages: ...


DISPATCH_INPUTS = (
    Input("class", Names("类别", "class"), "class_code", "string"),
    Input("area", Names("区域", "area"), "area", "string"),
    Input("text", Names("描述", "text"), "text", "string"),
    Input("channel", Names("渠道", "channel"), "channel", "string"),
    Input("urgency", Names("紧急程度", "urgency"), "urgency", "string", '"normal","urgent"'),
)
DISPATCH_OUTPUTS = (
    Output("department", Names("部门", "department"), "string"),
    Output("limit", Names("时限", "limit"), "deadline"),
)


def dispatch_table(
    key: str, names: _TwoLanguages, rows: Sequence[DispatchLine], classes: Sequence[str] | None = None
) -> Table:
    """The short form as a decision table: hit policy FIRST, rules ``row1``, ``row2`` …

    ``classes``: all class codes that there are, where that is known; the checks then see which rows take all of them.
    """
    inputs = DISPATCH_INPUTS
    if classes:
        inputs = (_with_allowed(inputs[0], classes), *inputs[1:])
    rules = tuple(
        Rule(
            f"row{number}",
            _dispatch_cells(row),
            (literal_text(row.department), "" if row.limit is None else literal_text(row.limit)),
            Names(row.reason.zh, row.reason.en),
        )
        for number, row in enumerate(rows, start=1)
    )
    return Table(key, Names(names.zh, names.en), HitPolicy.FIRST, inputs, DISPATCH_OUTPUTS, rules)


def _with_allowed(column: Input, values: Sequence[str]) -> Input:
    return Input(column.id, column.label, column.expression, column.kind, ",".join(map(literal_text, values)))


def _dispatch_cells(row: DispatchLine) -> tuple[str, ...]:
    cells = {"class": _class_cell(row.classes), "area": " || ".join(_starts(area) for area in row.areas) or "-"}
    if row.when is not None:
        # A condition over one fact stands in that fact's column; any other where the text is.
        alone = [name for name in ("channel", "urgency", "text") if _only_names(row.when, name)]
        cells[alone[0] if alone else "text"] = row.when
    return tuple(cells.get(column.id, "-") for column in DISPATCH_INPUTS)


def _class_cell(classes: Sequence[str]) -> str:
    exact = [literal_text(code) for code in classes if not code.endswith("*")]
    starts = [_starts(code[:-1]) for code in classes if code.endswith("*")]
    if not starts:
        return ",".join(exact) or "-"
    return " || ".join([*([f"value in [{', '.join(exact)}]"] if exact else []), *starts])


def _starts(prefix: str) -> str:
    return f"value.startsWith({literal_text(prefix)})"


def _only_names(text: str, name: str) -> bool:
    try:
        return compile_expression(text).names == (name,)
    except ConditionInvalid:
        return False  # the cell will be told as what it is
