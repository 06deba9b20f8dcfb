"""Reading a plan out of a parsed BPMN file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from yiwang.flow.bpmn.elements import BPMN, Element
from yiwang.flow.look.plan import DATA, EVENTS, GATEWAYS, SUBS, TASKS, Lane, Plan, PlanLine, PlanNode, Pool
from yiwang.flow.model import Names

longest_name = 200
_OUTCOME = re.compile(r"""\boutcome\s*==\s*["']([^"']+)["']""")


def read_plan(root: Element) -> Plan:
    """The plan of a parsed file; what is not BPMN, or has no id, is passed over."""
    plan = Plan()
    reader = _Reader(plan, _categories(root))
    for process in root.bpmn("process"):
        if process.id and process.id not in plan.processes:
            plan.processes[process.id] = names_of(process)
            reader.container(process, process.id)
            reader.lanes(process, process.id, process.id)
    for collaboration in root.bpmn("collaboration"):
        reader.collaboration(collaboration)
    main = _main_process(root, plan)
    if main is not None:
        plan.key, plan.names = main, plan.processes[main]
    reader.settle()
    return plan


def names_of(element: Element) -> Names:
    """Name and English name of an element; the other language stands in where one is missing."""
    zh = _short(element.get("name"))
    en = next((_short(extension.get("en")) for extension in element.extensions if _named(extension)), "")
    return Names(zh or en, en or zh)


def _named(extension: Element) -> bool:
    """Whether the ``en`` of one of our elements names its holder; outcomes and others have names of their own."""
    return bool(extension.get("en")) and not extension.get("zh")


def _short(text: str) -> str:
    joined = " ".join(text.split())
    return joined if len(joined) <= longest_name else joined[: longest_name - 1] + "…"


def _main_process(root: Element, plan: Plan) -> str | None:
    executable = [process.id for process in root.bpmn("process") if process.get("isExecutable") == "true"]
    return next((name for name in (*executable, *plan.processes) if name in plan.processes), None)


def _categories(root: Element) -> dict[str, str]:
    """The words of category values, which name groups."""
    return {
        value.id: _short(value.get("value"))
        for category in root.bpmn("category")
        for value in category.bpmn("categoryValue")
        if value.id
    }


def _texts(element: Element, name: str) -> list[str]:
    return [child.text for child in element.bpmn(name) if child.text]


class _Reader:
    """Fills the plan; references are settled at the end, when all ids are known."""

    def __init__(self, plan: Plan, categories: dict[str, str]) -> None:
        self.plan = plan
        self.categories = categories
        self.defaults: set[str] = set()
        self.collections: set[str] = set()
        self.objects: dict[str, str] = {}
        self.outcomes: dict[str, dict[str, Names]] = {}
        self.conditions: dict[str, str] = {}

    def container(self, holder: Element, parent: str) -> None:
        pending = [(holder, parent)]
        while pending:
            element, above = pending.pop()
            for child in element.children:
                if child.namespace == BPMN and child.id and self.element(child, above) and child.name in SUBS:
                    pending.append((child, child.id))

    def element(self, element: Element, parent: str) -> bool:
        """Take one element; answers whether it is a node that was not there before."""
        if element.id in self.plan.nodes or element.id in self.plan.lines:
            return False
        if element.name == "sequenceFlow":
            self.sequence_flow(element)
        elif element.name == "association":
            self.association(element)
        else:
            node = self.node(element, parent)
            if node is not None:
                self.plan.nodes[node.id] = node
                if element.get("default"):
                    self.defaults.add(element.get("default"))
                self.outcomes[node.id] = {
                    outcome.id: Names(_short(outcome.get("zh")), _short(outcome.get("en")))
                    for outcome in element.extensions
                    if outcome.name == "outcome"
                }
                self.data_lines(element)
                return True
        return False

    def node(self, element: Element, parent: str) -> PlanNode | None:
        name, names = element.name, names_of(element)
        if name in TASKS or name in SUBS:
            return PlanNode(
                element.id,
                "sub" if name in SUBS else "task",
                name,
                names,
                parent,
                markers=_markers(element),
                event_sub=element.get("triggeredByEvent") == "true",
                instantiates=element.get("instantiate") == "true",
                line=element.line,
            )
        if name in EVENTS:
            flag = element.get("cancelActivity" if name == "boundaryEvent" else "isInterrupting", "true")
            return PlanNode(
                element.id,
                "event",
                name,
                names,
                parent,
                attached=element.get("attachedToRef"),
                trigger=_trigger(element),
                throws=name in ("endEvent", "intermediateThrowEvent"),
                interrupting=flag != "false",
                link=next((_short(link.get("name")) for link in element.bpmn("linkEventDefinition")), ""),
                line=element.line,
            )
        if name in GATEWAYS:
            instantiates = element.get("instantiate") == "true"
            markers = ("parallel",) if element.get("eventGatewayType") == "Parallel" else ()
            return PlanNode(
                element.id,
                "gateway",
                name,
                names,
                parent,
                markers=markers,
                instantiates=instantiates,
                line=element.line,
            )
        return self.artifact(element, parent, names)

    def artifact(self, element: Element, parent: str, names: Names) -> PlanNode | None:
        name = element.name
        if name in DATA:
            if element.get("isCollection") == "true":
                self.collections.add(element.id)
            if element.get("dataObjectRef"):
                self.objects[element.id] = element.get("dataObjectRef")
            return PlanNode(element.id, "data", name, names, parent)
        if name == "textAnnotation":
            text = _short(" ".join(_texts(element, "text")))
            return PlanNode(element.id, "note", name, Names(text, text), parent)
        if name == "group":
            text = self.categories.get(element.get("categoryValueRef").rpartition(":")[2], "")
            return PlanNode(element.id, "group", name, Names(text, text), parent)
        return None

    def sequence_flow(self, element: Element) -> None:
        self.conditions[element.id] = " ".join(_texts(element, "conditionExpression"))
        self.plan.lines[element.id] = PlanLine(
            element.id,
            "sequence",
            names_of(element),
            element.get("sourceRef"),
            element.get("targetRef"),
            conditional=bool(element.bpmn("conditionExpression")),
        )

    def association(self, element: Element) -> None:
        arrow: Literal["none", "one", "both"] = "none"
        if element.get("associationDirection") in ("One", "Both"):
            arrow = "one" if element.get("associationDirection") == "One" else "both"
        self.plan.lines[element.id] = PlanLine(
            element.id,
            "association",
            names_of(element),
            element.get("sourceRef"),
            element.get("targetRef"),
            arrow=arrow,
        )

    def data_lines(self, element: Element) -> None:
        """Data associations stand inside the activity or event that reads or writes the data."""
        for name, inward in (("dataInputAssociation", True), ("dataOutputAssociation", False)):
            for child in element.bpmn(name):
                other = next(iter(_texts(child, "sourceRef" if inward else "targetRef")), "")
                if child.id and other:
                    source, target = (other, element.id) if inward else (element.id, other)
                    self.plan.lines.setdefault(child.id, PlanLine(child.id, "data", Names("", ""), source, target))

    def lanes(self, holder: Element, parent: str, process: str) -> None:
        for lane_set in (*holder.bpmn("laneSet"), *holder.bpmn("childLaneSet")):
            for lane in lane_set.bpmn("lane"):
                if lane.id and lane.id not in self.plan.lanes:
                    nodes = tuple(_texts(lane, "flowNodeRef"))
                    self.plan.lanes[lane.id] = Lane(lane.id, names_of(lane), parent, process, nodes)
                    self.lanes(lane, lane.id, process)

    def collaboration(self, collaboration: Element) -> None:
        for element in collaboration.children:
            if element.namespace != BPMN or not element.id:
                continue
            if element.name == "participant":
                process = self.known(element.get("processRef"))
                shown = process if process in self.plan.processes else ""
                many = bool(element.bpmn("participantMultiplicity"))
                self.plan.pools[element.id] = Pool(element.id, names_of(element), shown, many)
            elif element.name == "messageFlow":
                self.plan.lines[element.id] = PlanLine(
                    element.id, "message", names_of(element), element.get("sourceRef"), element.get("targetRef")
                )
            else:
                self.element(element, collaboration.id)

    def settle(self) -> None:
        """Follow references that carry a prefix, mark default flows and collections."""
        plan = self.plan
        defaults = {self.known(name) for name in self.defaults}
        for line in list(plan.lines.values()):
            source, target = self.known(line.source), self.known(line.target)
            plan.lines[line.id] = replace(line, source=source, target=target, is_default=line.id in defaults)
        for lane in list(plan.lanes.values()):
            plan.lanes[lane.id] = replace(lane, nodes=tuple(self.known(name) for name in lane.nodes))
        for node in list(plan.nodes.values()):
            if node.attached:
                plan.nodes[node.id] = replace(node, attached=self.known(node.attached))
            elif node.kind == "data" and {node.id, self.known(self.objects.get(node.id, ""))} & self.collections:
                plan.nodes[node.id] = replace(node, markers=("collection",))
        self.translate()

    def translate(self) -> None:
        """Lines are named in Chinese alone; where one stands for an outcome of a step, that has its English name."""
        lines = self.plan.sequence()
        named = {line.id: found.group(1) for line in lines if (found := _OUTCOME.search(self.conditions[line.id]))}
        for line in lines:
            asked = self.outcomes_before(line.source, lines)
            beside = {named[other.id] for other in lines if other.source == line.source and other.id in named}
            others = [name for name in asked if name not in beside]
            outcome = named.get(line.id) or (others[0] if line.is_default and len(others) == 1 else "")
            english = asked[outcome].en if outcome in asked else ""
            if english and line.names.zh and line.names.en == line.names.zh:
                self.plan.lines[line.id] = replace(line, names=Names(line.names.zh, english))

    def outcomes_before(self, node: str, lines: list[PlanLine]) -> dict[str, Names]:
        """The outcomes of the step itself, or of the steps right before a gateway."""
        if self.outcomes.get(node):
            return self.outcomes[node]
        found: dict[str, Names] = {}
        for line in lines:
            if line.target == node:
                found |= self.outcomes.get(line.source, {})
        return found

    def known(self, reference: str) -> str:
        """The id that a reference means: ids are names, references may be qualified ones."""
        plan = self.plan
        for found in (reference, reference.rpartition(":")[2]):
            if found in plan.nodes or found in plan.pools or found in plan.processes or found in plan.lines:
                return found
        return reference


def _trigger(element: Element) -> str:
    kinds = [_definition(child) for child in _definitions(element)]
    kinds += ["reference" for _ in element.bpmn("eventDefinitionRef")]
    if len(kinds) > 1:
        return "parallelMultiple" if element.get("parallelMultiple") == "true" else "multiple"
    return kinds[0] if kinds else ""


def _definitions(element: Element) -> Iterator[Element]:
    return (child for child in element.children if child.namespace == BPMN and child.name.endswith("EventDefinition"))


def _definition(element: Element) -> str:
    return element.name.removesuffix("EventDefinition")


def _markers(element: Element) -> tuple[str, ...]:
    found = []
    if element.bpmn("standardLoopCharacteristics"):
        found.append("loop")
    for multi in element.bpmn("multiInstanceLoopCharacteristics"):
        found.append("sequential" if multi.get("isSequential") == "true" else "parallel")
    if element.get("isForCompensation") == "true":
        found.append("compensation")
    if element.name == "adHocSubProcess":
        found.append("adhoc")
    return tuple(found[:3])
