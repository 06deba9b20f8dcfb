"""Printed documents: their case type, office, number and template, and the steps of flows that issue them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.documents.declarations import DocumentDeclaration
from yiwang.documents.numbers import fault_of
from yiwang.documents.template import NAMES, blanks_of, faults_of
from yiwang.flow.model import DecisionTask, Graph, ServiceTask
from yiwang.packs.check.references import needed, unknown
from yiwang.packs.findings import Findings, Place
from yiwang.packs.loaded import Loaded, Pack, TemplateFile


def documents_of(pack: Pack) -> Iterator[tuple[DocumentDeclaration, str]]:
    """The documents of a pack that passes the check, each with its template."""
    texts = {item.name: item.text for item in pack.templates}
    for item in pack.documents:
        yield item.value, texts[item.value.template]


def check_documents(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """The documents of one pack, and those that its flows issue."""
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    cases = {item.value.id: item.value for other in reach for item in other.cases}
    templates = {item.name: item for item in pack.templates}
    for item in pack.documents:
        declared = item.value
        fault = fault_of(declared.number)
        if fault is not None:
            findings.add(item.source.place(("number",)), "document.number", zh=fault[0], en=fault[1])
        case = cases.get(declared.case)
        if case is None:
            unknown(findings, item.source.place(("case",)), ("案件类型", "case type"), declared.case, sorted(cases))
        template = templates.get(declared.template)
        if template is None:
            place = item.source.place(("template",))
            unknown(findings, place, ("模板文件", "template file"), declared.template, sorted(templates))
        elif case is not None:
            _check_template(item, template, case, reach, findings)
    used = {item.value.template for item in pack.documents}
    for name in sorted(templates.keys() - used):
        findings.add(Place(templates[name].file), "document.template_unused", name=name)
    _check_flows(pack, reach, findings)


def _check_template(
    item: Loaded[DocumentDeclaration],
    template: TemplateFile,
    case: CaseTypeDeclaration,
    reach: Sequence[Pack],
    findings: Findings,
) -> None:
    for fault in faults_of(template.text):
        findings.add(Place(template.file, fault.line), "document.template", zh=fault.zh, en=fault.en)
    flow = next((flow for pack in reach for flow in pack.flows if flow.key == case.flow), None)
    asked = {field.id for task in flow.graph.tasks for field in task.fields} if flow and flow.graph else set()
    known = NAMES.keys() | {f"field.{name}" for name in asked | case.fields.keys()}
    known |= {f"flow.{name}" for name in _worked_out(flow.graph if flow else None)}
    for blank in blanks_of(template.text):
        if blank.name not in known:
            place = Place(template.file, blank.line)
            unknown(findings, place, ("可填写的名称", "name to fill in"), blank.name, sorted(known))
            continue
        declared = case.fields.get(blank.name.removeprefix("field."))
        if declared is not None and declared.personal and not item.value.personal:
            findings.add(Place(template.file, blank.line), "document.personal", name=blank.name, id=item.value.id)


def _worked_out(graph: Graph | None) -> set[str]:
    """The variables that a flow sets by itself: by scripts, and by decision tables under the names of ``into``."""
    found: set[str] = set()
    for node in graph.nodes.values() if graph is not None else ():
        if isinstance(node, ServiceTask):
            found |= {item.variable for item in node.sets}
        elif isinstance(node, DecisionTask):
            found |= set(node.into.values())
    return found


def _check_flows(pack: Pack, reach: Sequence[Pack], findings: Findings) -> None:
    """What a step issues is declared for the cases that live by the flow."""
    for flow in pack.flows:
        if flow.graph is None:
            continue
        lives = {case.value.id for other in reach for case in other.cases if case.value.flow == flow.key}
        known = sorted(item.value.id for other in reach for item in other.documents if item.value.case in lives)
        for task in flow.graph.tasks:
            for wanted in task.documents:
                if wanted.key not in known:
                    unknown(findings, flow.place(task.id), ("文书", "document"), wanted.key, known)


def check_shared_documents(packs: Sequence[Pack], findings: Findings) -> None:
    """No two packs declare the same document, because a city may run both."""
    first: dict[str, str] = {}
    for pack in packs:
        for item in pack.documents:
            if item.value.id in first:
                findings.twice(item.source.place(("id",)), "document", item.value.id, first[item.value.id])
            first.setdefault(item.value.id, item.file)
