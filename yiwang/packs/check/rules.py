"""Decision tables: what their own checks say, told at file and line; and whether their examples come out as they should."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yiwang.casework.declarations import DispatchExample, DispatchTable
from yiwang.flow.decisions.checks import find_faults
from yiwang.flow.decisions.declared import DecisionTable, Misplaced, document_of
from yiwang.flow.decisions.dispatch_form import dispatch_table
from yiwang.flow.decisions.examples import run_examples
from yiwang.flow.decisions.model import NO_WORDS, Example, Finding, Table
from yiwang.kernel.database import JsonObject
from yiwang.packs.check.references import classes_of, needed
from yiwang.packs.check.values import DISPATCH_VARIABLES
from yiwang.packs.findings import Findings, suggestion
from yiwang.packs.loaded import Loaded, Pack

_CODES = {
    **dict.fromkeys(
        ("cell", "expression", "variable", "kind", "not_boolean", "value", "allowed", "never"), "rule.cell"
    ),
    **dict.fromkeys(("overlap", "duplicate", "unreached"), "rule.overlap"),
    "example": "rule.example",
}
"""Which sentence tells which finding of a table; all others are about the table as a whole."""


def check_rules(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """All tables of a pack. The cells of dispatch tables, and the classes that they name, are judged elsewhere."""
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    for table in pack.rules:
        _check_dispatch(table, sorted(classes_of(table.value.id, reach)), findings)
    asked = {key for one in packs.values() for flow in one.flows if flow.graph for key in flow.graph.decisions}
    unread = any(flow.graph is None for one in packs.values() for flow in one.flows)
    for decision in pack.decisions:
        if decision.value.id not in asked and not unread:
            findings.add(decision.source.place(("id",)), "rule.not_asked", id=decision.value.id)
        check_decision(decision, findings)


def _check_dispatch(loaded: Loaded[DispatchTable], classes: Sequence[str], findings: Findings) -> None:
    declared, source = loaded.value, loaded.source
    table = dispatch_table(declared.id, declared.names, declared.rows, classes)
    found = find_faults(table, also=DISPATCH_VARIABLES)
    for finding in found:
        if finding.code == "unreached" and finding.rule is not None:
            place = source.place(("rows", finding.rule - 1))
            findings.add(place, "reference.row_never_reached", row=finding.rule, earlier=max(finding.others))
    if not any(finding.level == "error" and finding.code != "unreached" for finding in found):
        asked = dispatch_table(declared.id, declared.names, declared.rows)  # as a city asks it: also without a class
        _tell(loaded, _tried(asked, declared.examples), findings)


def _tried(table: Table, examples: Sequence[DispatchExample]) -> tuple[Finding, ...]:
    written = []
    for example in examples:
        facts: JsonObject = {"area": "", "text": "", "channel": "", "urgency": "normal", "class": ""}
        facts.update({str(name): value for name, value in example.given.items()})
        expect: JsonObject | None = None if example.expect is None else example.expect.model_dump(exclude_unset=True)
        written.append(Example(NO_WORDS, {**facts, "class_code": facts["class"]}, expect))
    return run_examples(table, written)


def check_decision(loaded: Loaded[DecisionTable], findings: Findings) -> None:
    """One table: its cells, whether its rules fit together, and its examples."""
    try:
        shown = document_of(loaded.value)
    except Misplaced as misplaced:
        zh, en = suggestion(misplaced.name, misplaced.known)
        place = loaded.source.key_place(misplaced.trail)
        findings.add(place, "rule.column", name=misplaced.name, hint_zh=zh, hint_en=en)
        return
    found = find_faults(shown.table)
    _tell(loaded, found, findings)
    if not any(finding.level == "error" for finding in found):
        _tell(loaded, run_examples(shown.table, shown.examples), findings)


def _tell(loaded: Loaded[DispatchTable] | Loaded[DecisionTable], found: Sequence[Finding], findings: Findings) -> None:
    for finding in found:
        code = "rule.perhaps" if finding.level == "warning" else _CODES.get(finding.code, "rule.table")
        zh, en = finding.zh.rstrip("。?"), finding.en.rstrip(".?")
        findings.add(loaded.source.place(finding.trail), code, zh=zh, en=en)
