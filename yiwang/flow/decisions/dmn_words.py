"""The words of DMN files that reading and writing share."""

from __future__ import annotations

import re

from yiwang.flow.decisions.cells import CellInvalid, is_unary
from yiwang.flow.decisions.model import HitPolicy, Kind

MODEL = "https://www.omg.org/spec/DMN/20191111/MODEL/"
DMNDI = "https://www.omg.org/spec/DMN/20191111/DMNDI/"
YIWANG = "http://yiwang.dev/dmn/1"
CEL = "https://cel.dev"
OURS = "http://yiwang.dev/decisions"
"""The ``namespace`` of definitions that were first written here."""

MODELS = {
    MODEL: "1.3",
    "http://www.omg.org/spec/DMN/20180521/MODEL/": "1.2",
    "https://www.omg.org/spec/DMN/20211108/MODEL/": "1.4",
    "https://www.omg.org/spec/DMN/20230324/MODEL/": "1.5",
}
"""Editions whose tables are read; what is kept of them is written as 1.3."""
DIAGRAMS = (
    "http://www.omg.org/spec/DMN/20180521/DMNDI/",
    "https://www.omg.org/spec/DMN/20191111/DMNDI/",
    "https://www.omg.org/spec/DMN/20230324/DMNDI/",
)

POLICIES: dict[tuple[str, str], HitPolicy] = {
    ("UNIQUE", ""): HitPolicy.UNIQUE,
    ("ANY", ""): HitPolicy.ANY,
    ("PRIORITY", ""): HitPolicy.PRIORITY,
    ("FIRST", ""): HitPolicy.FIRST,
    ("COLLECT", ""): HitPolicy.COLLECT,
    ("COLLECT", "SUM"): HitPolicy.SUM,
    ("COLLECT", "MIN"): HitPolicy.MIN,
    ("COLLECT", "MAX"): HitPolicy.MAX,
    ("COLLECT", "COUNT"): HitPolicy.COUNT,
    ("RULE ORDER", ""): HitPolicy.RULE_ORDER,
    ("OUTPUT ORDER", ""): HitPolicy.OUTPUT_ORDER,
}
POLICY_WORDS = {policy: words for words, policy in POLICIES.items()}

TYPES: dict[str, Kind] = {
    "string": "string", "number": "number", "boolean": "boolean", "date": "date", "integer": "integer", "long": "integer",
    "int": "integer", "double": "number", "decimal": "number",
}  # fmt: skip
TYPE_WORDS: dict[Kind, str | None] = {
    "string": "string", "number": "number", "integer": "number", "boolean": "boolean", "date": "date", "deadline": "string",
    "any": None,
}  # fmt: skip

_FEEL = re.compile(r"(?i)(^|[/:])feel/?$|/FEEL(/|$)|^http://www\.omg\.org/spec/FEEL/[0-9]+$")


def is_feel(language: str) -> bool:
    """Whether an expression language is FEEL of whatever edition."""
    return not language or bool(_FEEL.search(language))


def is_feel_cell(text: str) -> bool:
    """Whether a cell is FEEL as it stands."""
    try:
        return is_unary(text)
    except CellInvalid:
        return False


def own(name: str) -> str:
    """A name of our namespace."""
    return f"{{{YIWANG}}}{name}"


def as_edition_13(name: str) -> str:
    """A name as edition 1.3 has it."""
    uri, _, local = name[1:].partition("}") if name.startswith("{") else ("", "", name)
    if uri in MODELS:
        return f"{{{MODEL}}}{local}"
    return f"{{{DMNDI}}}{local}" if uri in DIAGRAMS else name
