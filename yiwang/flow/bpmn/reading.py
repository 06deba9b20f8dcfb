"""From elements to a checked graph: what may stand in a flow file, and the one way to get a graph out of it.

Executed: one start event, end events (also terminating), user tasks, exclusive and parallel gateways, timers on user
tasks, sequence flows. Drawing only, without effect: documentation, annotations, associations, groups, lanes, one pool.
Anything else is refused with its id, line and reason.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from yiwang.flow.bpmn.checks import check
from yiwang.flow.bpmn.compiling import compile_graph
from yiwang.flow.bpmn.draft import Draft
from yiwang.flow.bpmn.elements import BPMN, Element, parse_xml, text_of
from yiwang.flow.bpmn.extensions import Extensions, duration_deadline
from yiwang.flow.bpmn.findings import Finding, Findings
from yiwang.flow.conditions import ConditionInvalid, compile_condition, language
from yiwang.flow.model.graph import (
    BoundaryTimer,
    Condition,
    EndEvent,
    ExclusiveGateway,
    Graph,
    Names,
    ParallelGateway,
    SequenceFlow,
    StartEvent,
    UserTask,
    Value,
    Who,
)

most_parts = 5_000
"""Nodes and sequence flows of one process; the checks cost at most their square."""

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")
_DRAWING = frozenset({"documentation", "extensionElements", "textAnnotation", "association", "group", "laneSet"})
_EVERYWHERE = frozenset({"documentation", "extensionElements", "incoming", "outgoing"})
_PARTS: dict[str, frozenset[str]] = {
    "startEvent": frozenset(),
    "endEvent": frozenset({"terminateEventDefinition"}),
    "userTask": frozenset(),
    "exclusiveGateway": frozenset(),
    "parallelGateway": frozenset(),
    "boundaryEvent": frozenset({"timerEventDefinition"}),
    "sequenceFlow": frozenset({"conditionExpression"}),
}
_NOBODY = Who("", None, None, None, "stop")
_BREAKS_THE_DRAWING = frozenset(
    {"element_unsupported", "reference_unknown", "id_invalid", "id_repeated", "process_too_large"}
)
_ORDINARY = {"isForCompensation": "false", "startQuantity": "1", "completionQuantity": "1"}


@dataclass(frozen=True, slots=True)
class Reading:
    """``graph`` is None when there are findings. ``key`` and ``names`` are the process's as far as they could be read."""

    key: str
    names: Names
    graph: Graph | None
    findings: tuple[Finding, ...]


def read_bpmn(xml: str | bytes) -> Reading:
    """Read, check and compile a flow file.

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
    processes = root.bpmn("process")
    pools = [part for pool in root.bpmn("collaboration") for part in pool.bpmn("participant")]
    messages = [part for pool in root.bpmn("collaboration") for part in pool.bpmn("messageFlow")]
    for extra in (*processes[1:], *pools[1:], *messages):
        findings.add(
            "element_unsupported",
            extra.id,
            extra.line,
            "一个文件只能有一个流程,不能有多个泳池和消息流",
            "a file holds one process; several pools and message flows are not executed",
        )
    if not processes:
        findings.add("process_missing", root.id, root.line, "文件里没有 bpmn:process", "the file has no bpmn:process")
        return None
    return _Process(processes[0], findings).read()


class _Process:
    """Reads the children of ``bpmn:process`` into a draft."""

    def __init__(self, element: Element, findings: Findings) -> None:
        self.element = element
        self.findings = findings
        self.draft = Draft(element.id, element.line, findings)
        self._seen: dict[str, int] = {}

    def read(self) -> Draft:
        self._identify(self.element)
        self._settings()
        flows: list[Element] = []
        for child in self.element.children:
            if child.namespace != BPMN or child.name in _DRAWING:
                continue
            if child.name not in _PARTS:
                self._unsupported(child, child.id)
            elif self._identify(child):
                self._refuse_parts(child)
                if child.name == "sequenceFlow":
                    flows.append(child)
                else:
                    self._node(child)
        for flow in flows:
            self._flow(flow)
        if len(self.draft.nodes) + len(flows) > most_parts:
            self.findings.add(
                "process_too_large",
                self.element.id,
                self.element.line,
                f"节点和连线共 {len(self.draft.nodes) + len(flows)} 个,上限 {most_parts}",
                f"{len(self.draft.nodes) + len(flows)} nodes and sequence flows; at most {most_parts}",
            )
        self._attach_timers()
        return self.draft

    def _settings(self) -> None:
        extensions = Extensions(self.element, self.findings)
        settings = extensions.one("process")
        draft, name = self.draft, self.element.get("name").strip() or self.element.id
        draft.names = Names(name, (settings.get("en").strip() if settings else "") or name)
        draft.status_done = (extensions.words(settings, "status_done") if settings else "") or "已办结"
        draft.status_cancelled = (extensions.words(settings, "status_cancelled") if settings else "") or "已作废"

    def _identify(self, element: Element) -> bool:
        """Whether the element has an id of its own that can be used."""
        name = element.id
        if not _ID.fullmatch(name):
            self.findings.add(
                "id_invalid",
                name[:100],
                element.line,
                f"{element.name} 要有 id:字母开头,字母、数字、_ . -,最多 100 个字符",
                f"{element.name} needs an id: a letter first, then letters, digits, _ . - (at most 100)",
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

    def _unsupported(self, element: Element, owner: str) -> None:
        self.findings.add(
            "element_unsupported",
            owner,
            element.line,
            f"不能执行 {element.name};可用:开始、结束(终止)、用户任务、排他网关、并行网关、用户任务上的定时器",
            f"{element.name} is not executed; use start, end (terminate), user task, exclusive and parallel gateways, "
            "and timers on user tasks",
        )

    def _refuse_parts(self, element: Element) -> None:
        for part in element.children:
            if part.namespace == BPMN and part.name not in _EVERYWHERE | _PARTS[element.name]:
                self._unsupported(part, element.id)
        for name, ordinary in _ORDINARY.items():
            if element.get(name, ordinary) != ordinary:
                self.findings.add(
                    "element_unsupported",
                    element.id,
                    element.line,
                    f"不能执行 {name}={element.get(name)[:20]}",
                    f"{name}={element.get(name)[:20]} is not executed",
                )

    def _node(self, element: Element) -> None:
        extensions = Extensions(element, self.findings)
        name = element.get("name").strip()[:200] or element.id
        names, line = Names(name, name), element.line
        nodes = self.draft.nodes
        match element.name:
            case "startEvent":
                nodes[element.id] = StartEvent(id=element.id, names=names, line=line)
            case "endEvent":
                nodes[element.id] = self._end(element, extensions, names)
            case "userTask":
                nodes[element.id] = self._task(element, extensions, names)
            case "exclusiveGateway":
                nodes[element.id] = ExclusiveGateway(id=element.id, names=names, line=line)
                if element.get("default"):
                    self.draft.defaults[element.id] = element.get("default")
            case "parallelGateway":
                nodes[element.id] = ParallelGateway(id=element.id, names=names, line=line)
            case _:
                nodes[element.id] = self._timer(element, extensions, names)

    def _end(self, element: Element, extensions: Extensions, names: Names) -> EndEvent:
        step = extensions.one("step")
        return EndEvent(
            id=element.id,
            names=Names(names.zh, (step.get("en") if step else "") or names.en),
            line=element.line,
            terminate=bool(element.bpmn("terminateEventDefinition")),
            stage=extensions.word(step, "stage", extensions.words(step, "stage")) if step else "",
            status=extensions.words(step, "status") if step else "",
        )

    def _task(self, element: Element, extensions: Extensions, names: Names) -> UserTask:
        step = extensions.one("step")
        if step is None:
            extensions.fault(
                "step_missing", element, "没有 yiwang:step(阶段和状态)", "it has no yiwang:step (stage and status)"
            )
            step = Element("", "step", {"stage": element.id.lower(), "status": names.zh}, element.line)
        outcomes = extensions.outcomes()
        starts, stops = extensions.clocks(frozenset(outcomes))
        who = extensions.who()
        stage = extensions.word(step, "stage", extensions.words(step, "stage", required=True))
        return UserTask(
            id=element.id,
            names=Names(names.zh, step.get("en").strip() or names.en),
            line=element.line,
            stage=stage,
            status=extensions.words(step, "status", required=True),
            deadline=extensions.deadline(step),
            warn=extensions.share(step),
            who=who or _NOBODY,
            outcomes=outcomes,
            clock_starts=starts,
            clock_stops=stops,
        )

    def _timer(self, element: Element, extensions: Extensions, names: Names) -> BoundaryTimer:
        return BoundaryTimer(
            id=element.id,
            names=names,
            line=element.line,
            task=element.get("attachedToRef"),
            interrupting=element.get("cancelActivity", "true") != "false",
            after=self._after(element, extensions),
        )

    def _after(self, element: Element, extensions: Extensions) -> Value:
        definitions = element.bpmn("timerEventDefinition")
        texts = extensions.all("deadline")
        for definition in definitions:
            texts += Extensions(definition, self.findings).all("deadline")
        durations = [part for definition in definitions for part in definition.bpmn("timeDuration")]
        for definition in definitions:
            for part in definition.children:
                if part.namespace == BPMN and part.name not in _EVERYWHERE | {"timeDuration"}:
                    self._unsupported(part, element.id)
        if len(definitions) != 1 or len(texts) + len(durations) != 1:
            extensions.fault(
                "timer_invalid",
                element,
                "定时器要有且只有一个时长:timeDuration(如 PT36H)或 yiwang:deadline(如 2工作日)",
                "a timer needs one duration: timeDuration (PT36H) or yiwang:deadline (2工作日)",
            )
            return Value()
        if texts:
            return extensions.limit(texts[0], "deadline", texts[0].text) or Value()
        deadline = duration_deadline(durations[0].text)
        if deadline is None:
            extensions.fault(
                "timer_invalid",
                durations[0],
                f"时长“{durations[0].text[:40]}”无法使用,写成 P1D、PT36H、PT90M(周、日、时、分)",
                f"the duration “{durations[0].text[:40]}” cannot be used; write P1D, PT36H, PT90M (weeks to minutes)",
            )
            return Value()
        return Value(text=str(deadline))

    def _attach_timers(self) -> None:
        for timer in list(self.draft.timers):
            if not isinstance(self.draft.nodes.get(timer.task), UserTask):
                self.draft.fault(
                    "reference_unknown",
                    timer,
                    f"attachedToRef“{timer.task[:60]}”不是用户任务",
                    f"attachedToRef “{timer.task[:60]}” is no user task",
                )

    def _flow(self, element: Element) -> None:
        ends = [element.get(name) for name in ("sourceRef", "targetRef")]
        unknown = [name for name in ends if name not in self.draft.nodes]
        for name in unknown:
            self.findings.add(
                "reference_unknown",
                element.id,
                element.line,
                f"连线的一端“{name[:60]}”不存在",
                f"one end of the sequence flow, “{name[:60]}”, does not exist",
            )
        condition = self._condition(element)
        if not unknown:
            self.draft.flows[element.id] = SequenceFlow(element.id, ends[0], ends[1], element.line, condition)

    def _condition(self, element: Element) -> Condition | None:
        found = element.bpmn("conditionExpression")
        if not found:
            return None
        if found[0].get("language", language) != language:
            self.findings.add(
                "condition_invalid",
                element.id,
                found[0].line,
                f"条件语言只支持 {language}",
                f"the language of conditions is {language}",
            )
            return None
        try:
            return compile_condition(found[0].text)
        except ConditionInvalid as error:
            self.findings.add(
                "condition_invalid", element.id, found[0].line, f"条件{error.zh}", f"the condition is {error.en}"
            )
            return None
