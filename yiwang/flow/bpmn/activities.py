"""Reads activities: who does them and how they may end, or what they do without people."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from yiwang.flow.bpmn.declared import Declared
from yiwang.flow.bpmn.elements import Element
from yiwang.flow.bpmn.events import read_message
from yiwang.flow.bpmn.expressions import read_assignments
from yiwang.flow.bpmn.extensions import Extensions, listed
from yiwang.flow.bpmn.fields import read_fields
from yiwang.flow.bpmn.people import NOBODY, read_who
from yiwang.flow.bpmn.refusing import check_parts, refuse
from yiwang.flow.bpmn.rounds import read_multi
from yiwang.flow.bpmn.steps import (
    read_autos,
    read_clocks,
    read_deadline,
    read_documents,
    read_outcomes,
    read_overtimes,
)
from yiwang.flow.bpmn.vocabulary import REFUSED_USES
from yiwang.flow.model import (
    Activity,
    CallActivity,
    DecisionTask,
    Names,
    ReceiveTask,
    SendTask,
    ServiceTask,
    SubProcess,
    UserTask,
    Who,
)

most_tries = 10
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}")


def read_activity(
    element: Element, extensions: Extensions, names: Names, container: str, declared: Declared, lane: Who | None
) -> Activity:
    """The node of any activity. ``lane``: the rule of the lane in which it lies, for user tasks without their own."""
    if element.name != "subProcess":  # its children are read as those of a container
        check_parts(extensions.findings, element, element.id)
    reader = _Reader(element, extensions, names, container, declared)
    node: Activity
    match element.name:
        case "userTask" | "manualTask":
            node = reader.user_task(lane)
        case "serviceTask" | "scriptTask":
            node = reader.service_task()
        case "sendTask":
            node = reader.send_task()
        case "receiveTask":
            node = reader.receive_task()
        case "businessRuleTask":
            node = reader.decision_task()
        case "callActivity":
            node = reader.call_activity()
        case _:
            node = reader.sub_process()
    outcomes = node.outcomes if isinstance(node, UserTask) else None
    return replace(
        node,
        multi=read_multi(element, extensions, extensions.findings, outcomes),
        for_compensation=element.flag("isForCompensation"),
    )


@dataclass(frozen=True, slots=True)
class _Reader:
    """One activity; what all kinds have in common is added by :func:`read_activity`."""

    element: Element
    extensions: Extensions
    names: Names
    container: str
    declared: Declared

    @property
    def id(self) -> str:
        return self.element.id

    @property
    def line(self) -> int:
        return self.element.line

    def user_task(self, lane: Who | None) -> UserTask:
        extensions = self.extensions
        step = extensions.one("step")
        if step is None:
            extensions.fault(
                "step_missing", self.element, "没有 yiwang:step(阶段和状态)", "it has no yiwang:step (stage and status)"
            )
            step = Element("", "step", {"stage": "unknown", "status": "unknown"}, self.line)
        outcomes = read_outcomes(extensions)
        starts, stops = read_clocks(extensions, outcomes)
        return UserTask(
            id=self.id,
            names=Names(self.names.zh, step.get("en").strip() or self.names.en),
            line=self.line,
            container=self.container,
            stage=extensions.word(step, "stage", extensions.words(step, "stage", required=True)),
            status=extensions.words(step, "status", required=True),
            deadline=read_deadline(extensions, step),
            warn=extensions.share(step),
            who=self._who(lane),
            outcomes=outcomes,
            clock_starts=starts,
            clock_stops=stops,
            autos=read_autos(extensions, outcomes),
            overtimes=read_overtimes(extensions),
            pauses=tuple(extensions.word(step, "pauses", name) for name in listed(step.get("pauses"))),
            back=extensions.chosen(step, "back", ("again", "straight")),
            form=extensions.word(step, "form", step.get("form").strip()),
            fields=read_fields(extensions, outcomes),
            documents=read_documents(extensions, outcomes),
        )

    def _who(self, lane: Who | None) -> Who:
        element = self.extensions.one("who")
        if element is not None:
            return read_who(self.extensions, element)
        if lane is not None:
            return lane
        if self._people_are_given():
            return Who()
        self.extensions.fault(
            "who_missing",
            self.element,
            "没有办理人规则,请加 yiwang:who(或写在它的泳道上)",
            "it does not say who may take it; add yiwang:who (to it or to its lane)",
        )
        return NOBODY

    def _people_are_given(self) -> bool:
        """A round over a list of accounts says by that who takes part."""
        return any(
            setting.name == "multi" and setting.get("people").startswith("=")
            for holder in self.element.bpmn("multiInstanceLoopCharacteristics")
            for setting in holder.extensions
        )

    def service_task(self) -> ServiceTask:
        extensions = self.extensions
        sets = read_assignments(extensions, "set")
        work = extensions.one("work") if self.element.name == "serviceTask" else None
        if not extensions.all("set") and work is None:
            also = (",或 yiwang:work(外部办理)", ", or yiwang:work (a worker)")
            zh, en = also if self.element.name == "serviceTask" else ("", "")
            extensions.fault(
                "work_missing",
                self.element,
                f"没有写明做什么:请加 yiwang:set(赋值){zh}",
                f"it does not say what it does; add yiwang:set (variables){en}",
            )
        topic = extensions.word(work, "topic", extensions.words(work, "topic", required=True)) if work else ""
        return ServiceTask(
            id=self.id,
            names=self.names,
            line=self.line,
            container=self.container,
            sets=sets,
            topic=topic,
            tries=self._tries(work) if work else 3,
        )

    def _tries(self, work: Element) -> int:
        text = work.get("tries", "3").strip()
        if not re.fullmatch(r"[1-9][0-9]?", text) or int(text) > most_tries:
            self.extensions.invalid(
                work,
                f"tries“{text[:20]}”应是 1 到 {most_tries}",
                f"tries “{text[:20]}” must be from 1 to {most_tries}",
            )
            return 1
        return int(text)

    def send_task(self) -> SendTask:
        return SendTask(
            id=self.id,
            names=self.names,
            line=self.line,
            container=self.container,
            trigger=read_message(self.extensions, self.element, self.declared),
        )

    def receive_task(self) -> ReceiveTask:
        if self.element.flag("instantiate"):
            refuse(self.extensions.findings, self.element, self.id, REFUSED_USES["instantiate"])
        return ReceiveTask(
            id=self.id,
            names=self.names,
            line=self.line,
            container=self.container,
            trigger=read_message(self.extensions, self.element, self.declared),
        )

    def decision_task(self) -> DecisionTask:
        extensions = self.extensions
        setting = extensions.one("decision")
        if setting is None:
            extensions.fault(
                "decision_missing",
                self.element,
                "没有写明查哪张决策表:请加 yiwang:decision key",
                "it does not say which table to ask; add yiwang:decision key",
            )
        key = extensions.words(setting, "key", required=True) if setting is not None else ""
        if key and not _KEY.fullmatch(key):
            extensions.invalid(
                self.element, f"决策表标识“{key[:60]}”无法使用", f"“{key[:60]}” cannot be the key of a decision table"
            )
        return DecisionTask(
            id=self.id,
            names=self.names,
            line=self.line,
            container=self.container,
            decision=key,
            into=self._into(setting) if setting is not None else MappingProxyType({}),
        )

    def _into(self, setting: Element) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for part in listed(setting.get("into")):
            output, colon, variable = (word.strip() for word in part.partition(":"))
            if not colon or not output or output in found:
                self.extensions.invalid(
                    setting,
                    f"into 的“{part[:60]}”应写成 输出:变量,每个输出一次",
                    f"“{part[:60]}” in into must be output:variable, each output once",
                )
                continue
            found[output] = self.extensions.variable(setting, "into", variable)
        return MappingProxyType(found)

    def call_activity(self) -> CallActivity:
        called = self.element.get("calledElement").strip().rpartition(":")[2]
        if not _KEY.fullmatch(called):
            self.extensions.fault(
                "called_missing",
                self.element,
                "没有写明调用哪个流程:calledElement 应是流程标识",
                "it does not say which flow it calls; calledElement must be a process id",
            )
        return CallActivity(
            id=self.id,
            names=self.names,
            line=self.line,
            container=self.container,
            called=called,
            inputs=read_assignments(self.extensions, "in"),
            outputs=read_assignments(self.extensions, "out"),
        )

    def sub_process(self) -> SubProcess:
        event = self.element.flag("triggeredByEvent")
        rounds = self.element.bpmn("multiInstanceLoopCharacteristics")
        if event and (rounds or self.element.flag("isForCompensation")):
            refuse(self.extensions.findings, self.element, self.id, REFUSED_USES["event_process"])
        return SubProcess(
            id=self.id,
            names=self.names,
            line=self.line,
            container=self.container,
            start="",
            event=event,
        )
