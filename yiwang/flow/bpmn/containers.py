"""Reads a process and its sub-processes, one within another, into a draft."""

from __future__ import annotations

import re
from collections.abc import Mapping

from yiwang.flow.bpmn.activities import read_activity
from yiwang.flow.bpmn.declared import Declared
from yiwang.flow.bpmn.draft import Association, Draft
from yiwang.flow.bpmn.elements import BPMN, Element
from yiwang.flow.bpmn.events import Spot, read_event
from yiwang.flow.bpmn.expressions import read_condition
from yiwang.flow.bpmn.extensions import Extensions
from yiwang.flow.bpmn.findings import Findings
from yiwang.flow.bpmn.gateways import read_gateway
from yiwang.flow.bpmn.people import read_lanes
from yiwang.flow.bpmn.refusing import check_parts, refuse
from yiwang.flow.bpmn.vocabulary import ACTIVITIES, DRAWING, EVENT_ELEMENTS, GATEWAYS, refusal
from yiwang.flow.model import Activity, BoundaryEvent, Condition, Names, SequenceFlow, SubProcess, Who

most_parts = 5_000
"""Nodes and sequence flows of one process, its sub-processes included."""
longest_name = 200

_ID = re.compile(r"\w[\w.\-·]{0,99}")
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_DEFAULTS = frozenset({"exclusiveGateway", "inclusiveGateway"})


def read_process(element: Element, declared: Declared, findings: Findings) -> Draft:
    """The draft of a process; every fault is added to ``findings``."""
    draft = Draft(element.id, element.line, findings)
    reader = _Reader(draft, declared)
    reader.settings(element)
    reader.container(element, Spot(), None)
    reader.connect()
    return draft


class _Reader:
    def __init__(self, draft: Draft, declared: Declared) -> None:
        self.draft = draft
        self.findings = draft.findings
        self.declared = declared
        self._seen: dict[str, int] = {}
        self._flows: list[Element] = []
        self._refused: set[str] = set()

    def settings(self, process: Element) -> None:
        """The key, names and words of the process."""
        if self._identify(process) and not _KEY.fullmatch(process.id):
            self.findings.add(
                "id_invalid",
                process.id,
                process.line,
                "流程的 id 只用英文字母、数字、_ . -,以字母开头",
                "the id of a process is of letters, digits, _ . - (a letter first)",
            )
        extensions = Extensions(process, self.findings)
        settings = extensions.one("process")
        draft, name = self.draft, _name(process)
        draft.names = Names(name, (settings.get("en").strip() if settings else "") or name)
        draft.status_done = (extensions.words(settings, "status_done") if settings else "") or "已办结"
        draft.status_cancelled = (extensions.words(settings, "status_cancelled") if settings else "") or "已作废"

    def container(self, holder: Element, spot: Spot, outer: Who | None) -> None:
        """What stands in a process or sub-process. ``outer``: the rule of the lane in which a sub-process lies."""
        lanes = read_lanes(holder, self.findings, outer)
        for child in holder.children:
            if child.namespace != BPMN:
                continue
            if child.name == "association":
                self.draft.associations.append(Association(child.get("sourceRef"), child.get("targetRef")))
            elif child.name == "sequenceFlow":
                if self._identify(child):
                    self._flows.append(child)
            elif child.name in DRAWING or _belongs_to_activity(holder, child):
                continue
            elif child.name not in ACTIVITIES and child.name not in EVENT_ELEMENTS and child.name not in GATEWAYS:
                owner = holder.id if child.name.endswith("Characteristics") else child.id or holder.id
                refuse(self.findings, child, owner, refusal(child.name))
                self._refused.add(child.id)
            elif self._identify(child):
                self._node(child, spot, lanes, outer)

    def _node(self, element: Element, spot: Spot, lanes: Mapping[str, Who], outer: Who | None) -> None:
        extensions = Extensions(element, self.findings)
        name = _name(element)
        names, nodes = Names(name, name), self.draft.nodes
        if element.name in EVENT_ELEMENTS:
            nodes[element.id] = read_event(element, extensions, names, spot, self.declared)
        elif element.name in GATEWAYS:
            nodes[element.id] = read_gateway(element, extensions, names, spot.container)
            if element.name in _DEFAULTS and element.get("default"):
                self.draft.defaults[element.id] = element.get("default")
        else:
            lane = lanes.get(element.id, outer)
            node = read_activity(element, extensions, names, spot.container, self.declared, lane)
            nodes[element.id] = node
            if isinstance(node, SubProcess):
                self.container(element, Spot(node.id, node.event), lane)

    def _identify(self, element: Element) -> bool:
        """Whether the element has an id of its own that can be used."""
        name = element.id
        if not _ID.fullmatch(name):
            self.findings.add(
                "id_invalid",
                name[:100],
                element.line,
                f"{element.name} 要有 id:字母、汉字、数字、_ . -,最多 100 个字符",
                f"{element.name} needs an id of letters, digits, _ . - (at most 100)",
            )
            return False
        if name in self._seen:
            self.findings.add(
                "id_repeated",
                name,
                element.line,
                f"id 与第 {self._seen[name]} 行重复",
                f"the id is taken already on line {self._seen[name]}",
            )
            return False
        self._seen[name] = element.line
        return True

    def connect(self) -> None:
        """Once all nodes are known: sequence flows, and what boundary events are attached to."""
        for flow in self._flows:
            self._flow(flow)
        parts = len(self.draft.nodes) + len(self._flows)
        if parts > most_parts:
            self.findings.add(
                "process_too_large",
                self.draft.key,
                self.draft.line,
                f"节点和连线共 {parts} 个,上限 {most_parts}",
                f"{parts} nodes and sequence flows; at most {most_parts}",
            )
        for event in list(self.draft.boundaries):
            self._check_attached(event)

    def _check_attached(self, event: BoundaryEvent) -> None:
        activity = self.draft.nodes.get(event.attached)
        if event.attached in self._refused:
            return  # said already
        if not isinstance(activity, Activity):
            self.draft.fault(
                "reference_unknown",
                event,
                f"attachedToRef“{event.attached[:60]}”不是活动(任务、子流程)",
                f"attachedToRef “{event.attached[:60]}” is no activity (task or sub-process)",
            )
        elif (
            activity.container != event.container
            or activity.for_compensation
            or (isinstance(activity, SubProcess) and activity.event)
        ):
            self.draft.fault(
                "boundary_misplaced",
                event,
                f"边界事件不能放在 {activity.id} 上(要在同一层,且不是事件子流程、补偿活动)",
                f"it cannot stand on {activity.id} (which must be beside it, no event sub-process and no compensation)",
            )

    def _flow(self, element: Element) -> None:
        extensions = Extensions(element, self.findings)
        check_parts(self.findings, element, element.id)
        ends = [element.get(name) for name in ("sourceRef", "targetRef")]
        unknown = [name for name in ends if name not in self.draft.nodes]
        for name in [name for name in unknown if name not in self._refused]:
            self.findings.add(
                "reference_unknown",
                element.id,
                element.line,
                f"连线的一端“{name[:60]}”不存在",
                f"one end of the sequence flow, “{name[:60]}”, does not exist",
            )
        condition = self._condition(extensions, element)
        if unknown:
            return
        source, target = (self.draft.nodes[name] for name in ends)
        if source.container != target.container:
            self.findings.add(
                "flow_crosses",
                element.id,
                element.line,
                "连线不能穿过子流程的边框,请连到子流程本身",
                "a sequence flow cannot cross the edge of a sub-process; connect the sub-process itself",
            )
        self.draft.flows[element.id] = SequenceFlow(element.id, source.id, target.id, element.line, condition)

    def _condition(self, extensions: Extensions, element: Element) -> Condition | None:
        found = element.bpmn("conditionExpression")
        return read_condition(extensions, found[0], found[0].text, on_flow=True) if found else None


def _name(element: Element) -> str:
    """What the drawing shows, on one line; modelers break long names."""
    return " ".join(element.get("name").split())[:longest_name] or element.id


def _belongs_to_activity(holder: Element, child: Element) -> bool:
    """Parts of a sub-process as an activity, which are read with it."""
    return holder.name == "subProcess" and child.name in (
        "incoming",
        "outgoing",
        "multiInstanceLoopCharacteristics",
        "dataInputAssociation",
        "dataOutputAssociation",
    )
