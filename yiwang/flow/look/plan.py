"""What a BPMN file says is there to be drawn: nodes, lines, pools, lanes, artifacts, without any place on paper.

It reads every element of BPMN 2.0's processes and collaborations, whether the engine executes it or not, and depends on
nothing but the file. Names stand in both languages: ``name`` is the Chinese one, ``en`` of one of our extension elements
the English one where there is one.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from yiwang.flow.model import Names

NodeKind = Literal["task", "sub", "event", "gateway", "data", "note", "group"]
LineKind = Literal["sequence", "message", "association", "data"]

TASKS = frozenset(
    [
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "scriptTask",
        "sendTask",
        "receiveTask",
        "businessRuleTask",
        "callActivity",
    ]
)
SUBS = frozenset(["subProcess", "adHocSubProcess", "transaction"])
EVENTS = frozenset(["startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"])
GATEWAYS = frozenset(["exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway"])
DATA = frozenset(["dataObjectReference", "dataObject", "dataStoreReference", "dataInput", "dataOutput"])
FLOW_KINDS: frozenset[NodeKind] = frozenset({"task", "sub", "event", "gateway"})
"""The kinds through which a process walks."""


@dataclass(frozen=True, slots=True)
class PlanNode:
    """Anything with a shape of its own. ``element`` is its BPMN name; ``parent`` the sub-process or process that holds it.

    ``trigger``: what an event waits for or throws ("" for none); ``throws``; ``interrupting`` of a boundary event or the
    start of an event sub-process; ``attached``: the activity of a boundary event. ``markers``: loop, parallel,
    sequential, compensation, adhoc, collection. ``event_sub``: an event sub-process. ``lane``: the innermost lane.
    """

    id: str
    kind: NodeKind
    element: str
    names: Names
    parent: str
    attached: str = ""
    trigger: str = ""
    throws: bool = False
    interrupting: bool = True
    markers: tuple[str, ...] = ()
    event_sub: bool = False
    instantiates: bool = False
    link: str = ""
    line: int = 0


@dataclass(frozen=True, slots=True)
class PlanLine:
    """Anything drawn as a line from ``source`` to ``target``. ``arrow``: none, one or both ends of an association."""

    id: str
    kind: LineKind
    names: Names
    source: str
    target: str
    conditional: bool = False
    is_default: bool = False
    arrow: Literal["none", "one", "both"] = "one"


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane (泳道); ``parent``: the lane around it, or its process. ``nodes``: the ids that it lists."""

    id: str
    names: Names
    parent: str
    process: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pool:
    """A participant (泳池); ``process`` is "" for one that shows nothing of its inside."""

    id: str
    names: Names
    process: str
    many: bool


@dataclass(slots=True)
class Plan:
    """Everything of a file by id, in the order of the file. ``key`` and ``names`` are those of the first process."""

    key: str = ""
    names: Names = field(default_factory=lambda: Names("", ""))
    processes: dict[str, Names] = field(default_factory=dict)
    nodes: dict[str, PlanNode] = field(default_factory=dict)
    lines: dict[str, PlanLine] = field(default_factory=dict)
    lanes: dict[str, Lane] = field(default_factory=dict)
    pools: dict[str, Pool] = field(default_factory=dict)

    def children(self, parent: str) -> list[PlanNode]:
        """What stands directly in a process or sub-process."""
        return [node for node in self.nodes.values() if node.parent == parent]

    def lane_of(self) -> dict[str, str]:
        """The innermost lane of each node that has one; what is inside a sub-process follows it."""
        found: dict[str, str] = {}
        for lane in self.lanes.values():  # inner lanes come after outer ones and so prevail
            found.update(dict.fromkeys(lane.nodes, lane.id))
        for node in self.nodes.values():
            if node.attached in found:
                found[node.id] = found[node.attached]
        return found

    def sequence(self) -> list[PlanLine]:
        """The sequence flows whose ends exist."""
        return [
            line
            for line in self.lines.values()
            if line.kind == "sequence" and line.source in self.nodes and line.target in self.nodes
        ]
