"""What a file declares beside its processes and refers to by id: messages, signals, errors, escalations, events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from yiwang.flow.bpmn.elements import BPMN, Element
from yiwang.flow.bpmn.vocabulary import DEFINITIONS

_NAMED_BY: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "message": ("name",),
        "signal": ("name",),
        "error": ("errorCode", "name"),
        "escalation": ("escalationCode", "name"),
    }
)
"""Kind → the attributes that name it, the best first; its id where it has none of them."""


@dataclass(frozen=True, slots=True)
class Declared:
    """``names``: kind → id → name. ``definitions``: event definitions that several events share, by id."""

    names: Mapping[str, Mapping[str, str]]
    definitions: Mapping[str, Element]

    def name(self, kind: str, reference: str) -> str | None:
        """The name behind a reference, which may carry a namespace prefix; None when nothing of that kind has the id."""
        known = self.names[kind]
        return known.get(reference) or known.get(reference.rpartition(":")[2])


def read_declared(root: Element) -> Declared:
    """Everything that stands directly in ``bpmn:definitions``."""
    names: dict[str, dict[str, str]] = {kind: {} for kind in _NAMED_BY}
    definitions: dict[str, Element] = {}
    for child in root.children:
        if child.namespace != BPMN or not child.id:
            continue
        if child.name in _NAMED_BY:
            given = (child.get(attribute).strip()[:100] for attribute in _NAMED_BY[child.name])
            names[child.name][child.id] = next(filter(None, given), child.id)
        elif child.name in DEFINITIONS:
            definitions[child.id] = child
    return Declared(names, definitions)
