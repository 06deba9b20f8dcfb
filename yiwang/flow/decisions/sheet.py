"""A table as a sheet (CSV, RFC 4180), so that it can be edited where people edit tables; writing and reading gives it back.

The first column says what a row is. Above the rules stand, in this order::

    decision    | key      | Chinese name | English name
    hit policy  | F
    column      | input    | input | output | annotation zh | annotation en
    id          | age      | kind  | days
    label zh    | …  one row each: label en, expression, type, allowed, default
    rules
    r1          | >= 60    | "x"   | 5      | 因为…          | because …

Sheets are written as UTF-8 with a byte order mark, which spreadsheet programs need for Chinese; read as UTF-8 or GB 18030. A
cell that a spreadsheet would take for a formula is written behind an apostrophe.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence

from yiwang.flow.decisions.errors import DecisionUnreadable
from yiwang.flow.decisions.model import (
    KINDS,
    HitPolicy,
    Input,
    Kind,
    Output,
    Rule,
    Table,
    longest_cell,
    most_inputs,
    most_outputs,
    most_rules,
)
from yiwang.flow.model import Names

most_bytes = 4 * 2**20
_HEAD_ROWS = ("column", "id", "label zh", "label en", "expression", "type", "allowed", "default")
_KINDS: dict[str, Kind] = {kind: kind for kind in KINDS}
_RISKY = re.compile(r"[=+@\t\r]|-(?!$|[0-9]+(\.[0-9]+)?$)|'[=+@\t\r'-]", re.DOTALL)
_SHOUTED = ("TRUE", "FALSE")
"""How spreadsheet programs write the truth values that they read."""
_POLICIES = {policy.value: policy for policy in HitPolicy} | {
    name: HitPolicy(letter)
    for name, letter in (
        ("UNIQUE", "U"), ("ANY", "A"), ("PRIORITY", "P"), ("FIRST", "F"), ("COLLECT", "C"), ("RULE ORDER", "R"),
        ("OUTPUT ORDER", "O"),
    )
}  # fmt: skip


def write_sheet(table: Table) -> bytes:
    """The table as CSV in UTF-8 with byte order mark."""
    inputs, outputs = table.inputs, table.outputs
    rows: list[Sequence[str]] = [
        ("decision", table.key, table.names.zh, table.names.en),
        ("hit policy", table.hit.value),
        ("column", *("input" for _ in inputs), *("output" for _ in outputs), "annotation zh", "annotation en"),
        ("id", *(column.id for column in inputs), *(column.name for column in outputs)),
        ("label zh", *(column.label.zh for column in inputs), *(column.label.zh for column in outputs)),
        ("label en", *(column.label.en for column in inputs), *(column.label.en for column in outputs)),
        ("expression", *(column.expression for column in inputs)),
        ("type", *(column.kind for column in inputs), *(column.kind for column in outputs)),
        ("allowed", *(column.allowed for column in inputs), *(column.allowed for column in outputs)),
        ("default", *("" for _ in inputs), *(column.default for column in outputs)),
        ("rules",),
        *((rule.id, *rule.inputs, *rule.outputs, rule.annotation.zh, rule.annotation.en) for rule in table.rules),
    ]
    text = io.StringIO(newline="")
    width = 1 + len(inputs) + len(outputs) + 2
    writer = csv.writer(text, lineterminator="\r\n")
    for row in rows:
        cells = [_guarded(cell) for cell in row]
        writer.writerow([*cells, *[""] * (width - len(cells))])
    return text.getvalue().encode("utf-8-sig")


def read_sheet(data: bytes) -> Table:
    """The table of a sheet.

    Raises:
        DecisionUnreadable: too large, not of this form, or a row has too many cells; with the line.
    """
    return _Sheet(_text(data)).read()


def _guarded(cell: str) -> str:
    return "'" + cell if _RISKY.match(cell) or cell in _SHOUTED else cell


def _bare(cell: str) -> str:
    if cell in _SHOUTED:
        return cell.lower()
    rest = cell[1:]
    return rest if cell.startswith("'") and (_RISKY.match(rest) or rest in _SHOUTED) else cell


def _text(data: bytes) -> str:
    if len(data) > most_bytes:
        size = f"{most_bytes // 2**20} MiB"
        raise DecisionUnreadable(reason_zh=f"文件超过 {size}", reason_en=f"it is larger than {size}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        try:
            text = data.decode("gb18030")  # how spreadsheet programs save CSV on Chinese systems
        except UnicodeDecodeError as error:
            raise DecisionUnreadable(
                reason_zh="编码不是 UTF-8 或 GB 18030", reason_en="it is encoded neither in UTF-8 nor in GB 18030"
            ) from error
    if "\0" in text:
        raise DecisionUnreadable(reason_zh="含有空字符", reason_en="it holds NUL characters")
    return text


class _Sheet:
    def __init__(self, text: str) -> None:
        self.reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        self.rows = self._rows()

    def read(self) -> Table:
        key, zh, en = [*self._named("decision"), "", "", ""][:3]
        word = [*self._named("hit policy"), ""][0].strip()
        policy = _POLICIES.get(word.upper())
        if policy is None:
            raise self._broken(
                f"没有命中策略“{word[:40]}”,可用:{'、'.join(policy.value for policy in HitPolicy)}",
                f"there is no hit policy “{word[:40]}”; known: {', '.join(policy.value for policy in HitPolicy)}",
            )
        head = {name: self._named(name) for name in _HEAD_ROWS}
        inputs, outputs, notes = self._columns(head["column"])
        columns = [self._column(head, at) for at in range(len(inputs) + len(outputs))]
        made_inputs = tuple(
            Input(name, label, expression or name, kind, allowed)
            for name, label, expression, kind, allowed, _ in columns[: len(inputs)]
        )
        made_outputs = tuple(
            Output(name, label, kind, allowed, default)
            for name, label, _, kind, allowed, default in columns[len(inputs) :]
        )
        self._named("rules")
        rules = tuple(self._rules(len(inputs), len(outputs), notes))
        return Table(key, Names(zh, en or zh), policy, made_inputs, made_outputs, rules)

    def _rows(self) -> Iterator[list[str]]:
        while True:
            try:
                row = next(self.reader)
            except StopIteration:
                return
            except csv.Error as error:
                raise self._broken(f"不是有效的 CSV({error})", f"it is no valid CSV ({error})") from error
            cells = [_bare(cell) for cell in row]
            while cells and not cells[-1].strip():
                cells.pop()
            if cells:
                yield cells

    def _named(self, name: str) -> list[str]:
        row = next(self.rows, None)
        if row is None or row[0].strip().lower() != name:
            seen = row[0][:40] if row else ""
            raise self._broken(
                f"这一行应以“{name}”开头,现在是“{seen}”", f"this row must begin with “{name}”, not “{seen}”"
            )
        return row[1:]

    def _columns(self, kinds: list[str]) -> tuple[list[str], list[str], list[str]]:
        words = [word.strip().lower() for word in kinds]
        inputs = [word for word in words if word == "input"]
        outputs = [word for word in words if word == "output"]
        notes = [word for word in words if word.startswith("annotation")]
        if words != [*inputs, *outputs, *notes] or len(notes) > 2:
            raise self._broken(
                "列的种类依次是 input、output、annotation zh、annotation en",
                "the kinds of columns are, in this order, input, output, annotation zh, annotation en",
            )
        if len(inputs) > most_inputs or len(outputs) > most_outputs:
            raise self._broken(
                f"最多 {most_inputs} 个输入列、{most_outputs} 个输出列",
                f"at most {most_inputs} input and {most_outputs} output columns",
            )
        return inputs, outputs, notes

    def _column(self, head: dict[str, list[str]], at: int) -> tuple[str, Names, str, Kind, str, str]:
        cells = {name: (row[at] if at < len(row) else "") for name, row in head.items()}
        word = cells["type"].strip() or "any"
        kind = _KINDS.get(word)
        if kind is None:
            known = ", ".join(KINDS)
            raise self._broken(f"没有类型“{word[:40]}”,可用:{known}", f"there is no type “{word[:40]}”; known: {known}")
        name = cells["id"].strip()
        label = Names(cells["label zh"] or name, cells["label en"] or cells["label zh"] or name)
        return name, label, cells["expression"], kind, cells["allowed"], cells["default"]

    def _rules(self, inputs: int, outputs: int, notes: list[str]) -> Iterator[Rule]:
        width = inputs + outputs
        for count, row in enumerate(self.rows, start=1):
            if count > most_rules:
                raise self._broken(
                    f"规则超过 {most_rules} 条,请拆成几张表", f"more than {most_rules} rules; split the table"
                )
            if len(row) - 1 > width + len(notes):
                raise self._broken("这一行的单元格比列多", "this row has more cells than there are columns")
            if any(len(cell) > longest_cell for cell in row):
                raise self._broken(
                    f"有单元格超过 {longest_cell} 个字符", f"a cell is longer than {longest_cell} characters"
                )
            cells = row[1:] + [""] * (width + 2 - len(row) + 1)
            zh, en = cells[width], cells[width + 1]
            yield Rule(
                row[0].strip() or f"r{count}",
                tuple(cell or "-" for cell in cells[:inputs]),
                tuple(cells[inputs:width]),
                Names(zh, en if len(notes) == 2 else zh),
            )

    def _broken(self, zh: str, en: str) -> DecisionUnreadable:
        line = self.reader.line_num
        return DecisionUnreadable(reason_zh=f"第 {line} 行:{zh}", reason_en=f"line {line}: {en}")
