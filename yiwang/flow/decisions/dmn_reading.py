"""A DMN file as a table: everything that is not executed is refused with its element and the reason."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter, ValidationError

from yiwang.flow.decisions.declared import DecisionExample, examples_of
from yiwang.flow.decisions.dmn_words import (
    CEL,
    MODELS,
    OURS,
    POLICIES,
    TYPES,
    as_edition_13,
    is_feel,
    is_feel_cell,
    own,
)  # fmt: skip
from yiwang.flow.decisions.errors import DecisionRefused, DecisionUnreadable
from yiwang.flow.decisions.feel import FeelUnsupported, expression_as_cel, identifier, unary_as_cel
from yiwang.flow.decisions.model import (
    KINDS,
    NO_WORDS,
    Document,
    Example,
    HitPolicy,
    Input,
    Kept,
    Kind,
    Output,
    Rule,
    Table,
    most_cells,
    most_inputs,
    most_outputs,
    most_rules,
)  # fmt: skip
from yiwang.flow.decisions.xml_tree import Element, fragment, parse_xml, text_of
from yiwang.flow.model import Names
from yiwang.kernel.errors import FieldError

most_findings = 200

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_OUTPUT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,59}")
_REFUSED_PARTS = {
    "businessKnowledgeModel": ("业务知识模型", "a business knowledge model"),
    "decisionService": ("决策服务", "a decision service"),
    "import": ("引用别的文件", "an import"),
}
_OTHER_LOGIC = {
    "literalExpression", "invocation", "context", "relation", "functionDefinition", "list", "conditional", "for", "every",
    "some", "filter",
}  # fmt: skip
_EXAMPLES: TypeAdapter[list[DecisionExample]] = TypeAdapter(list[DecisionExample])


def read_dmn(data: bytes | str) -> Document:
    """The table of a DMN file with its examples and all that is kept of the file.

    Raises:
        DecisionUnreadable: no well-formed XML within the bounds, or no DMN.
        DecisionRefused: something is not executed; every entry names line and element (``:line#element``).
    """
    parsed = parse_xml(text_of(data))
    root = parsed.root
    if root.local != "definitions" or root.namespace not in MODELS:
        known = ", ".join(sorted(MODELS.values()))
        raise DecisionUnreadable(
            reason_zh=f"根元素不是 DMN({known})的 definitions", reason_en=f"its root is not definitions of DMN {known}"
        )
    for element in root.walk():
        element.name = as_edition_13(element.name)
    return _Reader(root, parsed.prefixes).read()


@dataclass(frozen=True, slots=True)
class _Type:
    """An item definition: what it is made of, and its allowed values."""

    kind: Kind
    allowed: str


class _Reader:
    def __init__(self, root: Element, prefixes: Mapping[str, str]) -> None:
        self.root, self.prefixes = root, prefixes
        self.errors: list[FieldError] = []
        self.kept: list[Kept] = []
        self.examples: tuple[Example, ...] = ()
        self.language = root.attributes.get("expressionLanguage", "")
        self.types: dict[str, _Type] = {}
        self.names: dict[str, str] = {}

    def read(self) -> Document:
        self.types = dict(self._types())
        decisions = self.root.named("decision")
        for name, (zh, en) in _REFUSED_PARTS.items():
            for part in self.root.named(name):
                self._refuse(part, f"不支持{zh}", f"{en} is not executed")
        for extra in decisions[1:]:
            self._refuse(extra, "一个文件只能有一个决策,请拆开", "a file may hold one decision only; split it")
        if not decisions:
            raise DecisionUnreadable(reason_zh="文件里没有决策", reason_en="it holds no decision")
        ours = self.root.attributes.get("namespace") == OURS
        self._keep_attributes("definitions", self.root, ("id", "name", "namespace") if ours else ())
        for child in self.root.children:
            made = child.attributes.get(own("made")) == "true"
            if child not in decisions and child.local not in _REFUSED_PARTS and not made:
                self._keep("definitions", child)
        table = self._decision(decisions[0])
        if self.errors or table is None:
            raise DecisionRefused(key=decisions[0].id, count=len(self.errors), errors=self.errors[:most_findings])
        return Document(table, self.examples, tuple(self.kept))

    def _types(self) -> Iterable[tuple[str, _Type]]:
        for item in self.root.named("itemDefinition"):
            base = item.first("typeRef")
            allowed = item.first("allowedValues")
            kind: Kind = "any"
            if base is not None and item.attributes.get("isCollection") != "true":
                kind = TYPES.get(base.text.strip().rpartition(":")[2], "any")
            text = _text(allowed) if allowed is not None else ""
            yield item.attributes.get("name", ""), _Type(kind, text if is_feel_cell(text) else "")

    def _decision(self, decision: Element) -> Table | None:
        table: Element | None = None
        self._keep_attributes("decision", decision, ("id", "name", own("en")))
        for child in decision.children:
            if child.local == "decisionTable":
                table = child
            elif child.local in _OTHER_LOGIC:
                self._refuse(
                    decision,
                    f"决策的逻辑是 {child.local},只支持决策表",
                    f"its logic is {child.local}; only tables are executed",
                )
            elif child.local == "knowledgeRequirement" or child.first("requiredDecision") is not None:
                self._refuse(
                    child, "不支持依赖别的决策或知识模型", "depending on other decisions or models is not executed"
                )
            elif child.local == "extensionElements":
                self._extensions("decision", child)
            elif not any(part.attributes.get(own("made")) == "true" for part in child.walk()):
                self._keep("decision", child)
        if table is None:
            if not self.errors:
                self._refuse(decision, "没有决策表", "it has no decision table")
            return None
        name = decision.attributes.get("name", "")
        names = Names(name or decision.id, decision.attributes.get(own("en"), name or decision.id))
        return self._table(decision, table, names)

    def _table(self, decision: Element, table: Element, names: Names) -> Table | None:
        self._keep_attributes("table", table, ("hitPolicy", "aggregation"))
        rules, inputs, outputs = table.named("rule"), table.named("input"), table.named("output")
        for child in table.children:
            if child.local == "extensionElements":
                self._extensions("table", child)
            elif child.local not in ("input", "output", "rule", "annotation"):
                self._keep("table", child)
        words = (table.attributes.get("hitPolicy", "UNIQUE"), table.attributes.get("aggregation", ""))
        policy = POLICIES.get(words)
        if policy is None:
            said = " ".join(words).strip()
            self._refuse(table, f"没有命中策略 {said}", f"there is no hit policy {said}")
        if len(rules) > most_rules or len(inputs) > most_inputs or len(outputs) > most_outputs:
            self._refuse(
                table, f"最多 {most_rules} 条规则、{most_inputs} 个输入列、{most_outputs} 个输出列",
                f"at most {most_rules} rules, {most_inputs} inputs and {most_outputs} outputs",
            )  # fmt: skip
            return None
        if len(rules) * (len(inputs) + len(outputs)) > most_cells:
            self._refuse(table, f"单元格超过 {most_cells} 个", f"more than {most_cells} cells")
            return None
        read_inputs = [self._input(element, at) for at, element in enumerate(inputs)]
        read_outputs = [
            self._output(element, at, decision, alone=len(outputs) == 1) for at, element in enumerate(outputs)
        ]
        notes = table.named("annotation")
        read_rules = [self._rule(element, at, read_inputs, read_outputs, notes) for at, element in enumerate(rules)]
        if self.errors:
            return None
        key = decision.id if _ID.fullmatch(decision.id) else "decision"
        return Table(key, names, policy or HitPolicy.UNIQUE, tuple(read_inputs), tuple(read_outputs), tuple(read_rules))

    def _input(self, element: Element, at: int) -> Input:
        name = element.id if _ID.fullmatch(element.id) else f"input_{at + 1}"
        name = element.attributes.get(own("id"), name)
        holder = f"input/{name}"
        self._keep_attributes(holder, element, ("id", "label", own("en"), own("id"), own("type")))
        shown = element.first("inputExpression")
        written = _text(shown) if shown is not None else ""
        values = element.first("inputValues")
        for child in element.children:
            if child.local == "extensionElements":
                self._extensions(holder, child)
            elif child.local not in ("inputExpression", "inputValues"):
                self._keep(holder, child)
        reference = shown.attributes.get("typeRef", "") if shown is not None else ""
        kind, allowed = self._kind(element, reference)
        expression = self._shown(shown if shown is not None else element, written, name)
        if values is not None and _text(values).strip():
            allowed = self._condition(values, _text(values))
        label = element.attributes.get("label") or written.strip() or name
        return Input(name, Names(label, element.attributes.get(own("en"), label)), expression, kind, allowed)

    def _shown(self, element: Element, written: str, name: str) -> str:
        """The input expression; a FEEL name that is no identifier gets one, by which callers give the variable."""
        text = written.strip()
        if not text:
            self._refuse(element, "输入列没有表达式", "the input has no expression")
            return name
        language = self._language(element)
        if language == CEL or identifier.fullmatch(text):
            return written if language == CEL else text
        if re.fullmatch(r"[^\W\d][\w '/.-]*", text) and not re.fullmatch(
            r"[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)+", text
        ):
            made = _as_identifier(text, set(self.names.values())) or (name if identifier.fullmatch(name) else "")
            if made:
                self.names[text] = made
                return made
        try:
            return expression_as_cel(text, self.names)
        except FeelUnsupported as unsupported:
            self._refuse(element, unsupported.zh, unsupported.en)
            return name

    def _output(self, element: Element, at: int, decision: Element, *, alone: bool) -> Output:
        written = element.attributes.get("name", "")
        if not written and alone:
            variable = decision.first("variable")
            written = variable.attributes.get("name", "") if variable is not None else ""
            written = written or decision.attributes.get("name", "")
        name = written if _OUTPUT.fullmatch(written) else _as_identifier(written, set()) or f"output_{at + 1}"
        holder = f"output/{name}"
        self._keep_attributes(holder, element, ("id", "name", "label", "typeRef", own("en"), own("type")))
        values, default = element.first("outputValues"), element.first("defaultOutputEntry")
        for child in element.children:
            if child.local == "extensionElements":
                self._extensions(holder, child)
            elif child.local not in ("outputValues", "defaultOutputEntry"):
                self._keep(holder, child)
        kind, allowed = self._kind(element, element.attributes.get("typeRef", ""))
        if values is not None and _text(values).strip():
            allowed = self._condition(values, _text(values))
        label = element.attributes.get("label") or written or name
        answer = "" if default is None else self._answer(default, _text(default))
        return Output(name, Names(label, element.attributes.get(own("en"), label)), kind, allowed, answer)

    def _kind(self, element: Element, reference: str) -> tuple[Kind, str]:
        word = reference.rpartition(":")[2]
        found = self.types.get(reference) or self.types.get(word) or _Type(TYPES.get(word, "any"), "")
        ours = element.attributes.get(own("type"), "")
        return next((kind for kind in KINDS if kind == ours), found.kind), found.allowed

    def _rule(
        self, element: Element, at: int, inputs: list[Input], outputs: list[Output], notes: list[Element]
    ) -> Rule:
        name = element.id if _ID.fullmatch(element.id) else f"r{at + 1}"
        name = element.attributes.get(own("id"), name)
        holder = f"rule/{name}"
        self._keep_attributes(holder, element, ("id", own("id")))
        tests, answers = element.named("inputEntry"), element.named("outputEntry")
        for child in element.children:
            if child.local == "extensionElements":
                self._extensions(holder, child)
            elif child.local not in ("inputEntry", "outputEntry", "annotationEntry", "description"):
                self._keep(holder, child)
        if len(tests) != len(inputs) or len(answers) != len(outputs):
            self._refuse(element, "规则的单元格数与列数不同", "the rule has not one cell per column")
            return Rule(name, (), ())
        return Rule(
            name,
            tuple(self._condition(entry, _text(entry)) for entry in tests),
            tuple(self._answer(entry, _text(entry)) for entry in answers),
            _annotation(element, notes),
        )

    def _condition(self, element: Element, text: str) -> str:
        if not text.strip():
            return "-"
        language = self._language(element)
        try:
            if language == CEL or is_feel_cell(text):
                return text
            return unary_as_cel(text, self.names)
        except FeelUnsupported as unsupported:
            self._refuse(element, unsupported.zh, unsupported.en)
            return "-"

    def _answer(self, element: Element, text: str) -> str:
        if not text.strip():
            return ""
        language = self._language(element)
        try:
            if language == CEL or (is_feel_cell(text) and text.strip() != "-") or _is_json(text):
                return text
            return expression_as_cel(text, self.names)
        except FeelUnsupported as unsupported:
            self._refuse(element, unsupported.zh, unsupported.en)
            return ""

    def _language(self, element: Element) -> str:
        language = element.attributes.get("expressionLanguage") or self.language
        if language != CEL and not is_feel(language):
            shown = language[:80]
            self._refuse(element, f"不支持表达式语言 {shown}", f"the expression language {shown} is not executed")
        return language

    def _extensions(self, holder: str, element: Element) -> None:
        for child in element.children:
            if child.name == own("examples"):
                self._read_examples(child)
            else:
                self._keep(f"{holder}/extension", child)

    def _read_examples(self, element: Element) -> None:
        try:
            self.examples = examples_of(_EXAMPLES.validate_json(element.text or "[]"))
        except ValidationError as error:
            what = error.errors()[0]["msg"]
            self._refuse(element, f"样例有误:{what}", f"the examples are wrong: {what}")

    def _keep(self, holder: str, element: Element) -> None:
        element.tail = ""
        self.kept.append(Kept(holder, element.name, fragment(element, self.prefixes)))

    def _keep_attributes(self, holder: str, element: Element, known: tuple[str, ...]) -> None:
        skipped = {*known, own("made")}
        if holder == "definitions":
            skipped.add("expressionLanguage")
        for name, value in element.attributes.items():
            if name not in skipped:
                self.kept.append(Kept(holder, f"@{name}", value))
                self._keep_prefix(name)

    def _keep_prefix(self, name: str) -> None:
        """By which prefix an attribute was written."""
        uri = name[1:].partition("}")[0] if name.startswith("{") else ""
        prefix = self.prefixes.get(uri)
        if prefix is not None and not any(part.holder == "prefix" and part.name == uri for part in self.kept):
            self.kept.append(Kept("prefix", uri, prefix))

    def _refuse(self, element: Element, zh: str, en: str) -> None:
        where = f":{element.line}#{element.id}"
        self.errors.append(FieldError(where=where, code="decision.dmn", zh=zh, en=en))


def _text(element: Element) -> str:
    """The text of an entry: of its ``text`` child, or its own."""
    child = element.first("text")
    return element.text if child is None else child.text


def _annotation(rule: Element, notes: list[Element]) -> Names:
    entries = [_text(entry) for entry in rule.named("annotationEntry")]
    languages = [note.attributes.get(own("language"), "") for note in notes]
    if languages == ["zh", "en"] and len(entries) == 2:
        return Names(entries[0], entries[1])
    description = rule.first("description")
    said = [entry.strip() for entry in entries if entry.strip()] or (
        [description.text.strip()] if description is not None else []
    )
    text = "; ".join(said)
    return Names(text, text) if text else NO_WORDS


def _as_identifier(name: str, taken: set[str]) -> str:
    """The name with everything else as underscores; empty where nothing would be left of it."""
    made = re.sub(r"[^A-Za-z0-9_]+", "_", name).strip("_")[:50]
    if not re.search(r"[A-Za-z]", made):
        return ""
    made = made if re.match(r"[A-Za-z_]", made) else f"_{made}"
    number, free = 2, made
    while free in taken:
        free, number = f"{made}_{number}", number + 1
    return free


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("[", "{"):
        return False
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
