"""The settings that stand in ``bpmn:extensionElements`` in our namespace (``http://yiwang.dev/bpmn/1``): which may stand
where, and readers of their attributes. What they mean is read by ``people``, ``steps``, ``rounds`` and ``events``.

=====================  ================================================================================================
on                     element and attributes (``?`` optional; ``=name`` takes the flow variable ``name``)
=====================  ================================================================================================
process                ``process`` status_done? status_cancelled? en?
lane                   ``who``, the default of the user tasks in it
userTask, manualTask   ``step`` stage status deadline? clock? warn? en? back? form? pauses?
                       ``who`` post? role? organisation? area? person? step? manager? expression? empty? apart?
                       ``outcome`` id zh en needs? (one or more; the first is the ordinary way onward)
                       ``field`` id zh en kind? required? options? options_en? min? max? on? show_if? require_if?
                       ``clock`` start deadline warn? again? (restart, continue) — or: stop on? (outcome ids)
                       ``overtime`` after do every? (with ``who`` inside when do is escalate)
                       ``auto`` same? when? outcome?
                       ``sign`` rule need? early?
                       ``document`` key on? (outcome ids)
multiInstance…         ``multi`` people? items? item?
serviceTask            ``set`` variable value, ``work`` topic tries?
scriptTask             ``set`` variable value
businessRuleTask       ``decision`` key into?
callActivity           ``in``, ``out`` variable value
sendTask, receiveTask  ``message`` key?
events                 ``message`` key?, ``deadline`` with the deadline as text (instead of ``timeDuration``)
endEvent               ``step`` stage? status? en?
=====================  ================================================================================================

Unknown elements and attributes of our namespace are faults; other namespaces are left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from yiwang.flow.bpmn.elements import YIWANG, Element
from yiwang.flow.bpmn.findings import Findings
from yiwang.flow.clocks import cached_deadline
from yiwang.flow.model import Value
from yiwang.kernel.deadlines import DeadlineOutOfRange, DeadlineUnreadable

_WHO = frozenset({"post", "role", "organisation", "area", "person", "step", "manager", "expression", "empty", "apart"})
_USER_TASK = {
    "step": frozenset({"stage", "status", "deadline", "clock", "warn", "en", "back", "form", "pauses"}),
    "who": _WHO,
    "outcome": frozenset({"id", "zh", "en", "needs"}),
    "field": frozenset(
        {"id", "zh", "en", "kind", "required", "options", "options_en", "min", "max", "on", "show_if", "require_if"}
    ),
    "clock": frozenset({"start", "stop", "deadline", "warn", "again", "on"}),
    "overtime": frozenset({"after", "do", "every"}),
    "auto": frozenset({"same", "when", "outcome"}),
    "document": frozenset({"key", "on"}),
    "sign": frozenset({"rule", "need", "early"}),
}
_SET = frozenset({"variable", "value"})
_MESSAGE = {"message": frozenset({"key"})}
_EVENT = {**_MESSAGE, "deadline": frozenset[str]()}

KNOWN: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "process": {"process": frozenset({"status_done", "status_cancelled", "en"})},
        "lane": {"who": _WHO},
        "userTask": _USER_TASK,
        "manualTask": _USER_TASK,
        "multiInstanceLoopCharacteristics": {"multi": frozenset({"people", "items", "item"})},
        "serviceTask": {"set": _SET, "work": frozenset({"topic", "tries"})},
        "scriptTask": {"set": _SET},
        "businessRuleTask": {"decision": frozenset({"key", "into"})},
        "callActivity": {"in": _SET, "out": _SET},
        "sendTask": _MESSAGE,
        "receiveTask": _MESSAGE,
        "startEvent": _EVENT,
        "intermediateCatchEvent": _EVENT,
        "intermediateThrowEvent": _MESSAGE,
        "boundaryEvent": _EVENT,
        "endEvent": {**_MESSAGE, "step": frozenset({"stage", "status", "en"})},
        "messageEventDefinition": _MESSAGE,
        "timerEventDefinition": {"deadline": frozenset()},
    }
)
"""BPMN element → our elements that may stand on it → their attributes."""

_INSIDE: Mapping[str, Mapping[str, frozenset[str]]] = MappingProxyType({"overtime": {"who": _WHO}})

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_SHARE = re.compile(r"0?\.[0-9]{1,4}")
RESERVED = frozenset({"outcome", "starter", "by", "agreed"})
"""Names that the engine gives values itself; nothing else sets them."""
longest_words = 100


class Extensions:
    """Reads the settings of one element; faults go to ``findings`` with the id of ``owner``, by default the element's."""

    def __init__(self, holder: Element, findings: Findings, owner: str = "") -> None:
        self.holder = holder
        self.owner = owner or holder.id
        self.findings = findings
        known = KNOWN.get(holder.name, {})
        self.elements = [element for element in holder.extensions if self._is_known(holder.name, element, known)]
        for name in sorted(holder.own):
            self.fault(
                "extension_unknown",
                holder,
                f"{holder.name} 上不能有属性 yiwang:{name},设置写在 extensionElements 里",
                f"{holder.name} has no attribute yiwang:{name}; settings stand in extensionElements",
            )
        for child in holder.children:
            if child.namespace == YIWANG and holder.namespace != YIWANG:
                self.fault(
                    "extension_unknown",
                    child,
                    f"yiwang:{child.name} 应写在 extensionElements 里",
                    f"yiwang:{child.name} belongs into extensionElements",
                )

    def _is_known(self, place: str, element: Element, known: Mapping[str, frozenset[str]]) -> bool:
        if element.name not in known:
            self.fault(
                "extension_unknown",
                element,
                f"{place} 上不能有 yiwang:{element.name}",
                f"yiwang:{element.name} is not known on {place}",
            )
            return False
        for attribute in sorted((element.attributes.keys() | element.own) - known[element.name]):
            self.fault(
                "extension_unknown",
                element,
                f"yiwang:{element.name} 没有属性 {attribute}",
                f"yiwang:{element.name} has no attribute {attribute}",
            )
        inside = _INSIDE.get(element.name, {})
        for child in element.children:
            if child.namespace == YIWANG:
                self._is_known(f"yiwang:{element.name}", child, inside)
        return True

    def fault(self, code: str, element: Element, zh: str, en: str) -> None:
        self.findings.add(code, self.owner, element.line, zh, en)

    def invalid(self, element: Element, zh: str, en: str) -> None:
        """An attribute with a value that cannot be used."""
        self.fault("attribute_invalid", element, zh, en)

    def one(self, name: str) -> Element | None:
        """The only element of that name; a second one is a fault."""
        found = self.all(name)
        for extra in found[1:]:
            self.fault("extension_repeated", extra, f"yiwang:{name} 只能有一个", f"yiwang:{name} may stand only once")
        return found[0] if found else None

    def all(self, name: str) -> list[Element]:
        return [element for element in self.elements if element.name == name]

    def words(self, element: Element, name: str, *, required: bool = False) -> str:
        """A short text attribute."""
        text = element.get(name).strip()
        if required and not text:
            self.fault(
                "attribute_missing",
                element,
                f"yiwang:{element.name} 缺少 {name}",
                f"yiwang:{element.name} needs {name}",
            )
        if len(text) > longest_words:
            self.invalid(
                element,
                f"{name} 超过 {longest_words} 个字",
                f"{name} is longer than {longest_words} characters",
            )
        return text

    def word(self, element: Element, name: str, text: str) -> str:
        """A code word: lower-case letters, digits, - and _."""
        if text and not _WORD.fullmatch(text):
            self.invalid(
                element,
                f"{name}“{text[:60]}”应由小写字母、数字、-、_ 组成,以字母开头",
                f"{name} “{text[:60]}” must be lower-case letters, digits, - and _, beginning with a letter",
            )
        return text

    def variable(self, element: Element, name: str, text: str) -> str:
        """The name of a variable that is set."""
        if not _NAME.fullmatch(text):
            self.invalid(
                element,
                f"{name}“{text[:60]}”不是变量名(小写字母、数字、_,以字母开头)",
                f"{name} “{text[:60]}” names no variable (lower-case letters, digits and _, a letter first)",
            )
        elif text in RESERVED:
            self.invalid(
                element,
                f"变量 {text} 由系统赋值,请换一个名称",
                f"the variable {text} is set by the engine; choose another name",
            )
        return text

    def choice(self, element: Element, name: str, allowed: tuple[str, ...], text: str) -> str:
        """One of a few words; the first of them where it is another (and a fault)."""
        if text in allowed:
            return text
        self.invalid(
            element,
            f"{name}“{text[:20]}”应是 {'、'.join(allowed)} 之一",
            f"{name} “{text[:20]}” must be one of {', '.join(allowed)}",
        )
        return allowed[0]

    def value(self, element: Element, name: str) -> Value | None:
        """A literal or ``=variable``; None when the attribute is not there."""
        return self.value_of(element, name, element.get(name).strip())

    def value_of(self, element: Element, name: str, text: str) -> Value | None:
        """A literal or ``=variable``; None for no text."""
        if not text:
            return None
        if not text.startswith("="):
            if len(text) > longest_words:
                self.invalid(
                    element, f"{name} 超过 {longest_words} 个字", f"{name} is longer than {longest_words} characters"
                )
            return Value(text=text)
        if not _NAME.fullmatch(text[1:]):
            self.invalid(
                element,
                f"{name} 的“{text[:60]}”不是变量名,应写成 =名称(小写字母、数字、_)",
                f"“{text[:60]}” in {name} is no variable; write =name in lower-case letters, digits and _",
            )
        return Value(variable=text[1:])

    def chosen(self, element: Element, name: str, allowed: tuple[str, ...]) -> Value:
        """One of a few words or ``=variable``; the first of them where it does not say."""
        value = self.value(element, name) or Value(text=allowed[0])
        if value.variable is None and value.text not in allowed:
            self.invalid(
                element,
                f"{name} 应是 {'、'.join(allowed)} 或 =变量",
                f"{name} must be {', '.join(allowed)} or =variable",
            )
        return value

    def limit(self, element: Element, name: str, text: str) -> Value | None:
        """A deadline text or ``=variable``."""
        value = self.value_of(element, name, text.strip())
        if value is not None and value.variable is None:
            try:
                cached_deadline(value.text)
            except (DeadlineUnreadable, DeadlineOutOfRange) as error:
                self.fault("deadline_unreadable", element, error.message("zh"), error.message("en"))
        return value

    def share(self, element: Element) -> Value:
        """The attribute ``warn``: a share between 0 and 1; the variable ``warn`` where it does not say."""
        value = self.value(element, "warn") or Value(variable="warn")
        if value.variable is None and not (_SHARE.fullmatch(value.text) and float(value.text) > 0):
            self.invalid(
                element,
                f"warn“{value.text[:20]}”应是 0 与 1 之间的小数(如 0.8)或 =变量",
                f"warn “{value.text[:20]}” must be a share between 0 and 1, such as 0.8, or =variable",
            )
        return value


def listed(text: str) -> list[str]:
    """The parts of a comma-separated attribute."""
    return [part.strip() for part in text.split(",") if part.strip()]
