"""How elements that are not executed are named: with the id that people see, the line and the reason."""

from __future__ import annotations

from yiwang.flow.bpmn.elements import BPMN, Element
from yiwang.flow.bpmn.findings import Findings
from yiwang.flow.bpmn.vocabulary import PARTS, PARTS_DRAWN, REFUSED_USES, Words, refusal

_ORDINARY = {"startQuantity": "1", "completionQuantity": "1"}


def refuse(findings: Findings, element: Element, owner: str, words: Words) -> None:
    """``owner``: the id to name; an event definition or a loop marker mostly has none."""
    findings.add(
        "element_unsupported",
        owner,
        element.line,
        f"不能执行 {element.name}:{words.zh}",
        f"{element.name} is not executed: {words.en}",
    )


def check_parts(findings: Findings, element: Element, owner: str) -> None:
    """Refuse children and attributes of an element that are neither read nor drawing."""
    known = PARTS.get(element.name, frozenset())
    for part in element.children:
        if part.namespace == BPMN and part.name not in PARTS_DRAWN and part.name not in known:
            refuse(findings, part, owner, refusal(part.name))
    for name, ordinary in _ORDINARY.items():
        if element.get(name, ordinary) != ordinary:
            refuse(findings, element, owner, REFUSED_USES["quantity"])
