"""From a file to a checked graph: which process of it is ours, and the one way to get a graph out of it.

What is executed, drawn or refused is listed in ``vocabulary``; docs/reference/bpmn-elements.md is made from that.
"""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.flow.bpmn.checks import check
from yiwang.flow.bpmn.compiling import compile_graph
from yiwang.flow.bpmn.containers import read_process
from yiwang.flow.bpmn.declared import read_declared
from yiwang.flow.bpmn.draft import Draft
from yiwang.flow.bpmn.elements import BPMN, Element, parse_xml, text_of
from yiwang.flow.bpmn.findings import Finding, Findings
from yiwang.flow.bpmn.refusing import refuse
from yiwang.flow.bpmn.vocabulary import ACTIVITIES, EVENT_ELEMENTS, REFUSED, REFUSED_OUTSIDE, REFUSED_USES
from yiwang.flow.model import Graph, Names

_BREAKS_THE_DRAWING = frozenset(
    {
        "element_unsupported",
        "reference_unknown",
        "id_invalid",
        "id_repeated",
        "process_too_large",
        "boundary_misplaced",
        "flow_crosses",
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """``graph`` is None when there are findings. ``key`` and ``names`` are the process's as far as they could be read."""

    key: str
    names: Names
    graph: Graph | None
    findings: tuple[Finding, ...]


def read_bpmn(xml: str | bytes) -> Reading:
    """Read, check and compile a flow file.

    Of several processes the one with ``isExecutable="true"`` is taken, or the only one that has something in it.

    Raises:
        FlowUnreadable: no well-formed XML within the bounds (2 MiB, 50,000 elements), so nothing can be pointed at.
    """
    root = parse_xml(text_of(xml))
    findings = Findings()
    draft = _draft(root, findings)
    if draft is None:
        return Reading("", Names("", ""), None, findings.sorted())
    # Where elements are missing or refused, what hangs on them would only be reported as cut off.
    scopes = None if any(item.code in _BREAKS_THE_DRAWING for item in findings.items) else check(draft)
    graph = None if findings.items or scopes is None else compile_graph(draft, scopes)
    return Reading(draft.key, draft.names, graph, findings.sorted())


def _draft(root: Element, findings: Findings) -> Draft | None:
    if (root.namespace, root.name) != (BPMN, "definitions"):
        findings.add(
            "not_bpmn",
            root.id,
            root.line,
            "根元素应是 BPMN 2.0 的 bpmn:definitions",
            "the root must be bpmn:definitions of BPMN 2.0",
        )
        return None
    beside = [*root.children, *(part for pool in root.bpmn("collaboration") for part in pool.children)]
    for element in beside:
        if element.namespace == BPMN and element.name in REFUSED_OUTSIDE:
            refuse(findings, element, element.id, REFUSED_OUTSIDE[element.name])
    chosen = _choose(root, findings)
    declared = read_declared(root)
    # Where none can be told from the others, what is wrong with each of them is told.
    drafts = [read_process(process, declared, findings) for process in chosen]
    return drafts[0] if drafts else None


def _choose(root: Element, findings: Findings) -> list[Element]:
    """The process that is executed; others that claim to be, or that cannot be told from it, are a fault."""
    processes = root.bpmn("process")
    if not processes:
        findings.add("process_missing", root.id, root.line, "文件里没有 bpmn:process", "the file has no bpmn:process")
        return []
    executable = [process for process in processes if process.flag("isExecutable")]
    filled = [process for process in processes if _has_nodes(process)]
    candidates = executable or filled or processes
    for extra in candidates[1:]:
        if executable:
            refuse(findings, extra, extra.id, REFUSED_USES["second_process"])
        else:
            findings.add(
                "process_ambiguous",
                extra.id,
                extra.line,
                f"文件里有几个流程({'、'.join(process.id for process in candidates)[:300]}),"
                "请在要执行的那一个上设 isExecutable=true",
                f"the file has several processes ({', '.join(process.id for process in candidates)[:300]}); "
                "set isExecutable=true on the one to be executed",
            )
    return candidates[:1] if executable else candidates


def _has_nodes(process: Element) -> bool:
    return any(
        child.namespace == BPMN and (child.name in ACTIVITIES or child.name in EVENT_ELEMENTS or child.name in REFUSED)
        for child in process.children
    )
