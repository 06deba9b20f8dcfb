"""A table as a DMN 1.3 file: readable by other tools where its cells are FEEL, and read back exactly here."""

from __future__ import annotations

import re
from collections.abc import Iterable

import orjson

from yiwang.flow.decisions.cells import CellInvalid, Constant, parse_answer
from yiwang.flow.decisions.declared import declared_of
from yiwang.flow.decisions.dmn_words import CEL, MODEL, OURS, POLICY_WORDS, TYPE_WORDS, YIWANG, is_feel_cell, own
from yiwang.flow.decisions.model import Document, Input, Output, Rule
from yiwang.flow.decisions.parsing import read_table
from yiwang.flow.decisions.xml_tree import Element, document, parse_xml

_PREFIXES = {
    YIWANG: "yiwang",
    "https://www.omg.org/spec/DMN/20191111/DMNDI/": "dmndi",
    "http://www.omg.org/spec/DMN/20180521/DC/": "dc",
    "http://www.omg.org/spec/DMN/20180521/DI/": "di",
}
_ORDER = {
    name: at
    for at, names in enumerate(
        (
            ("description",), ("extensionElements",), ("import", "question"), ("itemDefinition", "allowedAnswers"),
            ("variable",), ("informationRequirement",), ("knowledgeRequirement",), ("authorityRequirement",),
            ("supportedObjective",), ("impactedPerformanceIndicator",), ("decisionMaker",), ("decisionOwner",),
            ("usingProcess",), ("usingTask",), ("decision", "inputData", "knowledgeSource", "decisionTable"),
            ("textAnnotation", "association", "group", "artifact"), ("elementCollection",),
            ("performanceIndicator", "organizationUnit"), ("DMNDI",),
        )
    )
    for name in names
}  # fmt: skip
"""The order in which the schema wants the children of ``definitions`` and ``decision``."""

_NCNAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")


def write_dmn(shown: Document) -> str:
    """The file as text."""
    return _Writer(shown).write()


class _Writer:
    def __init__(self, shown: Document) -> None:
        self.shown, self.table = shown, shown.table
        self.prefixes = dict(_PREFIXES)
        self.prefixes |= {part.name: part.text for part in shown.kept if part.holder == "prefix"}
        self.used: set[str] = set()

    def write(self) -> str:
        table = self.table
        root = Element(f"{{{MODEL}}}definitions")
        self._attributes("definitions", root)
        root.attributes.setdefault("id", self._free(f"definitions_{table.key}"))
        root.attributes.setdefault("name", table.names.zh)
        root.attributes.setdefault("namespace", OURS)
        self.used.add(root.attributes["id"])
        self._parts("definitions", root)
        decision = root.add("decision", id=self._claim(table.key), name=table.names.zh)
        decision.attributes[own("en")] = table.names.en
        self._attributes("decision", decision)
        self._parts("decision", decision)
        if self.shown.examples:
            examples = [one.model_dump(mode="json", exclude_none=True) for one in declared_of(self.shown).examples]
            for row, example in zip(examples, self.shown.examples, strict=True):
                row["expect"] = example.expect
            text = orjson.dumps(examples).decode()
            self._holder(decision).children.append(Element(own("examples"), text=text))
        self._asked(root, decision)
        self._table(decision)
        for element in (root, decision):
            element.children.sort(key=lambda child: _ORDER.get(child.local, len(_ORDER)))
        return document(root, self.prefixes, MODEL)

    def _asked(self, root: Element, decision: Element) -> None:
        """Input data for the variables, which other tools need; not for a file that came with its own."""
        if any(part.holder == "definitions" and part.name == f"{{{MODEL}}}inputData" for part in self.shown.kept):
            return
        for name in sorted(read_table(self.table).names):
            data = root.add("inputData", id=self._claim(f"data_{name}"), name=name)
            data.attributes[own("made")] = "true"
            data.add("variable", name=name)
            requirement = decision.add("informationRequirement")
            requirement.attributes[own("made")] = "true"
            requirement.add("requiredInput", href=f"#{data.id}")

    def _table(self, decision: Element) -> None:
        policy, aggregation = POLICY_WORDS[self.table.hit]
        element = decision.add("decisionTable", hitPolicy=policy, aggregation=aggregation or None)
        self._attributes("table", element)
        self._parts("table", element)
        for column in self.table.inputs:
            self._input(element, column)
        for output in self.table.outputs:
            self._output(element, output)
        for language, name in (("zh", "理由"), ("en", "Reason")):
            element.add("annotation", name=name).attributes[own("language")] = language
        for rule in self.table.rules:
            self._rule(element, rule)

    def _input(self, table: Element, column: Input) -> None:
        element = table.add("input", id=self._claim(column.id), label=column.label.zh)
        element.attributes[own("en")] = column.label.en
        if element.id != column.id:
            element.attributes[own("id")] = column.id
        element.attributes[own("type")] = column.kind
        holder = f"input/{column.id}"
        self._attributes(holder, element)
        self._parts(holder, element)
        plain = _NCNAME.fullmatch(column.expression) and "." not in column.expression and "-" not in column.expression
        language = None if plain else CEL
        shown = element.add("inputExpression", typeRef=TYPE_WORDS[column.kind], expressionLanguage=language)
        shown.add("text", column.expression)
        if column.allowed:
            self._entry(element, "inputValues", column.allowed, feel=is_feel_cell(column.allowed))

    def _output(self, table: Element, column: Output) -> None:
        element = table.add("output", name=column.name, label=column.label.zh, typeRef=TYPE_WORDS[column.kind])
        element.attributes[own("en")] = column.label.en
        element.attributes[own("type")] = column.kind
        holder = f"output/{column.name}"
        self._attributes(holder, element)
        self._parts(holder, element)
        if column.allowed:
            self._entry(element, "outputValues", column.allowed, feel=is_feel_cell(column.allowed))
        if column.default:
            self._entry(element, "defaultOutputEntry", column.default, feel=_is_literal(column.default))

    def _rule(self, table: Element, rule: Rule) -> None:
        element = table.add("rule", id=self._claim(rule.id))
        if element.id != rule.id:
            element.attributes[own("id")] = rule.id
        holder = f"rule/{rule.id}"
        self._attributes(holder, element)
        self._parts(holder, element)
        for text in rule.inputs:
            self._entry(element, "inputEntry", text, feel=is_feel_cell(text))
        for text in rule.outputs:
            self._entry(element, "outputEntry", text, feel=_is_literal(text))
        for text in (rule.annotation.zh, rule.annotation.en):
            element.add("annotationEntry").add("text", text)

    def _entry(self, parent: Element, name: str, text: str, *, feel: bool) -> None:
        parent.add(name, expressionLanguage=None if feel else CEL).add("text", text)

    def _attributes(self, holder: str, element: Element) -> None:
        for part in self.shown.kept:
            if part.holder == holder and part.name.startswith("@"):
                element.attributes.setdefault(part.name[1:], part.text)

    def _parts(self, holder: str, element: Element) -> None:
        for part in self._kept(holder):
            element.children.append(part)
        extensions = list(self._kept(f"{holder}/extension"))
        if extensions:
            self._holder(element).children += extensions

    def _kept(self, holder: str) -> Iterable[Element]:
        for part in self.shown.kept:
            if part.holder == holder and not part.name.startswith("@"):
                parsed = parse_xml(part.text)
                for uri, prefix in parsed.prefixes.items():
                    self.prefixes.setdefault(uri, prefix)
                yield parsed.root

    def _holder(self, element: Element) -> Element:
        """The element's extensionElements; made where there is none."""
        found = element.first("extensionElements")
        if found is None:
            found = Element(f"{{{MODEL}}}extensionElements")
            element.children.insert(0, found)
        return found

    def _claim(self, wanted: str) -> str:
        """An id that nothing in this file has; the wanted one where that is free."""
        free = self._free(wanted if _NCNAME.fullmatch(wanted) else f"_{re.sub(r'[^A-Za-z0-9_.-]', '_', wanted)}")
        self.used.add(free)
        return free

    def _free(self, wanted: str) -> str:
        number, free = 2, wanted
        while free in self.used:
            free, number = f"{wanted}_{number}", number + 1
        return free


def _is_literal(text: str) -> bool:
    try:
        return isinstance(parse_answer(text), Constant)
    except CellInvalid:
        return False
