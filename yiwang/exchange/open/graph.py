"""Resource descriptions (RDF) as nested nodes, written as Turtle (W3C 2014) and JSON-LD 1.1. No I/O.

A node without an address is a blank one and stands inside of what points to it; names are ``prefix:name`` of
:data:`PREFIXES`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import orjson

PREFIXES = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "geosparql": "http://www.opengis.net/ont/geosparql#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_NOT_IN_ADDRESSES = re.compile(r'[\x00-\x20<>"{}|^`\\]')


@dataclass(frozen=True, slots=True)
class Text:
    """A literal: in a language, or of a type (``xsd:dateTime``), or neither."""

    value: str
    language: str = ""
    type: str = ""


@dataclass(slots=True)
class Node:
    """Something with properties. ``address`` "" makes it a blank node."""

    address: str
    type: str
    properties: list[tuple[str, Value]] = field(default_factory=list)

    def add(self, name: str, *values: Value) -> Node:
        """One more property, once for each value; returns the node."""
        self.properties += [(name, value) for value in values]
        return self


@dataclass(frozen=True, slots=True)
class Ref:
    """Points to something that is described elsewhere."""

    address: str


Value: TypeAlias = "Text | Node | Ref"


def _address(text: str) -> str:
    return _NOT_IN_ADDRESSES.sub(lambda found: f"%{ord(found[0]):02X}", text)


def _described(nodes: Sequence[Node]) -> list[Node]:
    """All nodes with an address, each once: those that stand inside of others as well."""
    found: dict[str, Node] = {}
    waiting = list(nodes)
    while waiting:
        node = waiting.pop(0)
        if node.address:
            if node.address in found:
                continue
            found[node.address] = node
        waiting += [value for _, value in node.properties if isinstance(value, Node)]
    return list(found.values())


def turtle(nodes: Sequence[Node]) -> bytes:
    """The nodes as Turtle."""
    lines = [f"@prefix {name}: <{space}> ." for name, space in PREFIXES.items()]
    for node in _described(nodes):
        lines += ["", f"<{_address(node.address)}> " + _turtle_body(node, "  ") + " ."]
    return ("\n".join(lines) + "\n").encode()


def _turtle_body(node: Node, indent: str) -> str:
    parts = [f"a {node.type}"] + [f"{name} {_turtle_value(value, indent)}" for name, value in node.properties]
    return f" ;\n{indent}".join(parts)


def _turtle_value(value: Value, indent: str) -> str:
    if isinstance(value, Ref):
        return f"<{_address(value.address)}>"
    if isinstance(value, Node):
        if value.address:
            return f"<{_address(value.address)}>"
        return f"[ {_turtle_body(value, indent + '  ')} ]"
    text = orjson.dumps(value.value).decode()  # JSON's escapes are among Turtle's
    return text + (f"@{value.language}" if value.language else f"^^{value.type}" if value.type else "")


def json_ld(nodes: Sequence[Node]) -> bytes:
    """The nodes as JSON-LD, flat but for blank nodes."""
    return orjson.dumps({"@context": PREFIXES, "@graph": [_json_node(node) for node in _described(nodes)]})


def _json_node(node: Node) -> dict[str, object]:
    found: dict[str, object] = {"@id": _address(node.address)} if node.address else {}
    found["@type"] = node.type
    for name, value in node.properties:
        held = found.setdefault(name, [])
        if isinstance(held, list):
            held.append(_json_value(value))
    return found


def _json_value(value: Value) -> dict[str, object]:
    if isinstance(value, Ref):
        return {"@id": _address(value.address)}
    if isinstance(value, Node):
        return {"@id": _address(value.address)} if value.address else _json_node(value)
    kind = {"@language": value.language} if value.language else {"@type": value.type} if value.type else {}
    return {"@value": value.value, **kind}
