"""Reads events: what triggers them, whether that may stand where they do, and what they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from yiwang.flow.bpmn.declared import Declared
from yiwang.flow.bpmn.elements import Element
from yiwang.flow.bpmn.expressions import read_question
from yiwang.flow.bpmn.extensions import Extensions
from yiwang.flow.bpmn.refusing import check_parts, refuse
from yiwang.flow.bpmn.times import read_timer
from yiwang.flow.bpmn.vocabulary import DEFINITIONS, EVENTS, POSITIONS, REFUSED_USES, Position, Words
from yiwang.flow.model import (
    BoundaryEvent,
    CatchEvent,
    EndEvent,
    Names,
    Node,
    StartEvent,
    ThrowEvent,
    Trigger,
    TriggerKind,
)

_REFERENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "messageEventDefinition": ("message", "messageRef"),
        "signalEventDefinition": ("signal", "signalRef"),
        "errorEventDefinition": ("error", "errorRef"),
        "escalationEventDefinition": ("escalation", "escalationRef"),
    }
)
_NOT_TOLD = Trigger("condition")
"""Stands for a trigger that could not be read."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where an event stands: in the process ("") or a sub-process. ``of_event``: that is an event sub-process."""

    container: str = ""
    of_event: bool = False


def read_event(element: Element, extensions: Extensions, names: Names, spot: Spot, declared: Declared) -> Node:
    """The node of any event; what cannot be executed is a fault."""
    check_parts(extensions.findings, element, element.id)
    position = _position(element, spot)
    trigger = _Triggers(element, extensions, declared, position).read()
    line, container = element.line, spot.container
    match element.name:
        case "startEvent":
            interrupting = element.flag("isInterrupting", default=True)
            if position == "sub_start" and not interrupting:
                _check_error(extensions, element, trigger)
            return StartEvent(
                id=element.id, names=names, line=line, container=container, trigger=trigger, interrupting=interrupting
            )
        case "intermediateCatchEvent":
            return CatchEvent(id=element.id, names=names, line=line, container=container, trigger=trigger or _NOT_TOLD)
        case "intermediateThrowEvent":
            return ThrowEvent(id=element.id, names=names, line=line, container=container, trigger=trigger)
        case "boundaryEvent":
            interrupting = element.flag("cancelActivity", default=True)
            if not interrupting:
                _check_error(extensions, element, trigger)
            return BoundaryEvent(
                id=element.id,
                names=names,
                line=line,
                container=container,
                attached=element.get("attachedToRef"),
                interrupting=interrupting,
                trigger=trigger or _NOT_TOLD,
            )
        case _:
            return _end(element, extensions, names, container, trigger)


def _end(element: Element, extensions: Extensions, names: Names, container: str, trigger: Trigger | None) -> EndEvent:
    step = extensions.one("step")
    return EndEvent(
        id=element.id,
        names=Names(names.zh, (step.get("en").strip() if step else "") or names.en),
        line=element.line,
        container=container,
        trigger=trigger,
        stage=extensions.word(step, "stage", extensions.words(step, "stage")) if step else "",
        status=extensions.words(step, "status") if step else "",
    )


def _position(element: Element, spot: Spot) -> Position:
    match element.name:
        case "startEvent":
            return "sub_start" if spot.of_event else "start" if not spot.container else "inner_start"
        case "intermediateCatchEvent":
            return "catch"
        case "intermediateThrowEvent":
            return "throw"
        case "boundaryEvent":
            return "boundary"
        case _:
            return "end"


def _check_error(extensions: Extensions, element: Element, trigger: Trigger | None) -> None:
    if trigger is not None and trigger.kind == "error":
        refuse(extensions.findings, element, element.id, REFUSED_USES["uninterrupting_error"])


def read_message(
    extensions: Extensions, element: Element, declared: Declared, own: Extensions | None = None
) -> Trigger:
    """The message of a task or event: its name behind ``messageRef``, and by what it is correlated."""
    name = _Referred(extensions, element, declared).name("message", "messageRef", element, required=True)
    settings = extensions.one("message") or (own.one("message") if own is not None else None)
    return Trigger("message", name=name, key=extensions.value(settings, "key") if settings is not None else None)


class _Referred:
    """Follows references to what the file declares."""

    def __init__(self, extensions: Extensions, holder: Element, declared: Declared) -> None:
        self.extensions, self.holder, self.declared = extensions, holder, declared

    def name(self, kind: str, attribute: str, element: Element, *, required: bool) -> str:
        """The name behind a reference; "" where there is none, which is a fault if it is ``required``."""
        reference = element.get(attribute).strip()
        if not reference:
            if required:
                self.extensions.fault(
                    "reference_missing",
                    element,
                    f"没有写明{_KINDS[kind].zh}:请在建模工具里选定({attribute})",
                    f"it does not say which {_KINDS[kind].en}; choose one in the modeler ({attribute})",
                )
            return ""
        name = self.declared.name(kind, reference)
        if name is None:
            self.extensions.fault(
                "reference_unknown",
                element,
                f"{attribute}“{reference[:60]}”在文件里没有定义",
                f"{attribute} “{reference[:60]}” is not defined in the file",
            )
        return name or ""


_KINDS: Mapping[str, Words] = MappingProxyType(
    {
        "message": Words("消息", "message"),
        "signal": Words("信号", "signal"),
        "error": Words("错误", "error"),
        "escalation": Words("升级", "escalation"),
    }
)


class _Triggers:
    """Reads the event definition of one event."""

    def __init__(self, element: Element, extensions: Extensions, declared: Declared, position: Position) -> None:
        self.element, self.extensions, self.declared, self.position = element, extensions, declared, position

    def read(self) -> Trigger | None:
        """The trigger; None for a plain event, and (with a fault) for one that cannot be executed."""
        found = [child for name in DEFINITIONS for child in self.element.bpmn(name)] + self._shared()
        if len(found) > 1 or self.element.flag("parallelMultiple"):
            refuse(self.extensions.findings, self.element, self.element.id, REFUSED_USES["multiple"])
            return None
        kind = DEFINITIONS[found[0].name] if found else None
        if kind not in EVENTS[self.position]:
            self._misplaced(found[0] if found else None)
            return None
        self._check_extras(kind)
        return self._trigger(kind, found[0]) if kind is not None and found else None

    def _shared(self) -> list[Element]:
        """Event definitions that stand beside the process."""
        found: list[Element] = []
        for reference in self.element.bpmn("eventDefinitionRef"):
            definition = self.declared.definitions.get(reference.text.rpartition(":")[2])
            if definition is not None:
                found.append(definition)
            else:
                self.extensions.fault(
                    "reference_unknown",
                    reference,
                    f"eventDefinitionRef“{reference.text[:60]}”在文件里没有定义",
                    f"eventDefinitionRef “{reference.text[:60]}” is not defined in the file",
                )
        return found

    def _misplaced(self, definition: Element | None) -> None:
        if self.element.bpmn("cancelEventDefinition"):
            return  # said already, with the reason
        place = POSITIONS[self.position]
        if definition is None:
            self.extensions.fault(
                "element_unsupported",
                self.element,
                f"{place.zh}要写明由什么触发",
                f"{place.en} must say what triggers it",
            )
            return
        refuse(
            self.extensions.findings,
            definition,
            self.element.id,
            Words(f"不能用于{place.zh}", f"it may not stand on {place.en}"),
        )

    def _check_extras(self, kind: TriggerKind | None) -> None:
        """Our settings belong to one kind of trigger each."""
        for name, wanted in (("deadline", "timer"), ("message", "message")):
            for setting in self.extensions.all(name):
                if kind != wanted:
                    self.extensions.fault(
                        "extension_unknown",
                        setting,
                        f"yiwang:{name} 不能用在这种事件上",
                        f"yiwang:{name} is not for this kind of event",
                    )

    def _trigger(self, kind: TriggerKind, definition: Element) -> Trigger:
        check_parts(self.extensions.findings, definition, self.element.id)
        own = Extensions(definition, self.extensions.findings, self.element.id)
        match kind:
            case "timer":
                return self._timer(definition)
            case "message":
                return self._message(definition, own)
            case "signal" | "error" | "escalation":
                required = kind == "signal" or self.position in ("throw", "end")
                referred = _Referred(self.extensions, self.element, self.declared)
                return Trigger(kind, name=referred.name(*_REFERENCES[definition.name], definition, required=required))
            case "condition":
                return self._condition(definition)
            case "compensation":
                if not definition.flag("waitForCompletion", default=True):
                    refuse(self.extensions.findings, definition, self.element.id, REFUSED_USES["no_waiting"])
                return Trigger("compensation", name=definition.get("activityRef").strip().rpartition(":")[2])
            case "link":
                return self._link(definition)
            case _:
                return Trigger("terminate")

    def _timer(self, definition: Element) -> Trigger:
        before = self.position == "start"
        repeats = before or not self.element.flag(
            "cancelActivity" if self.position == "boundary" else "isInterrupting", default=True
        )
        return read_timer(
            self.extensions,
            self.element,
            definition,
            repeats=repeats and self.position != "catch",
            variables=not before,
        )

    def _message(self, definition: Element, own: Extensions) -> Trigger:
        trigger = read_message(self.extensions, definition, self.declared, own)
        if self.position == "start" and trigger.key is not None and trigger.key.variable is not None:
            self.extensions.invalid(
                definition,
                "流程开始前没有变量,yiwang:message 的 key 要写明",
                "before the process starts there are no variables; write the key itself",
            )
        return trigger

    def _condition(self, definition: Element) -> Trigger:
        found = definition.bpmn("condition")
        if not found or not found[0].text:
            self.extensions.fault(
                "condition_missing",
                definition,
                "条件事件没有条件(bpmn:condition,CEL)",
                "the conditional event has no condition (bpmn:condition, CEL)",
            )
            return _NOT_TOLD
        return Trigger("condition", condition=read_question(self.extensions, found[0], found[0].text))

    def _link(self, definition: Element) -> Trigger:
        name = definition.get("name").strip()[:100]
        if not name:
            self.extensions.fault(
                "reference_missing",
                definition,
                "链接事件没有名称:抛出和捕获的链接同名",
                "the link has no name; a link that is thrown has the name of the one that catches it",
            )
        return Trigger("link", name=name)
