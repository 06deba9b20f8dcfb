"""The settings that stand in ``bpmn:extensionElements`` in our namespace (``http://yiwang.dev/bpmn/1``).

=============  ========================================================================================================
on             element and attributes (``?`` optional; ``=name`` takes the flow variable ``name``)
=============  ========================================================================================================
process        ``process`` status_done? status_cancelled? en?
userTask       ``step`` stage status deadline? clock? warn? en?
               ``who`` post? organisation? area? person? empty? (at least post or person)
               ``outcome`` id zh en needs? (one or more; the first is the ordinary way onward)
               ``clock`` start deadline warn? again? (restart, continue) — or: stop on? (outcome ids)
endEvent       ``step`` stage? status? en?
boundaryEvent  ``deadline`` with the deadline as text (instead of ``timeDuration``)
=============  ========================================================================================================

Unknown elements and attributes of our namespace are faults; other namespaces are left alone.
"""

from __future__ import annotations

import re
from decimal import Decimal
from types import MappingProxyType

from yiwang.flow.bpmn.elements import Element
from yiwang.flow.bpmn.findings import Findings
from yiwang.flow.clocks import cached_deadline
from yiwang.flow.model.graph import ClockStart, ClockStop, Empty, Names, Outcome, StepDeadline, Value, Who
from yiwang.kernel.deadlines import Deadline, DeadlineOutOfRange, DeadlineUnreadable, Unit

KNOWN: dict[str, dict[str, frozenset[str]]] = {
    "process": {"process": frozenset({"status_done", "status_cancelled", "en"})},
    "userTask": {
        "step": frozenset({"stage", "status", "deadline", "clock", "warn", "en"}),
        "who": frozenset({"post", "organisation", "area", "person", "empty"}),
        "outcome": frozenset({"id", "zh", "en", "needs"}),
        "clock": frozenset({"start", "stop", "deadline", "warn", "again", "on"}),
    },
    "endEvent": {"step": frozenset({"stage", "status", "en"})},
    "boundaryEvent": {"deadline": frozenset()},
    "timerEventDefinition": {"deadline": frozenset()},
}

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,59}")
_DURATION = re.compile(r"P(?:([0-9]{1,4})W)?(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?)?")
_SHARE = re.compile(r"0?\.[0-9]{1,4}")
longest_words = 100


class Extensions:
    """Reads the settings of one element; faults go to ``findings`` with the element's id."""

    def __init__(self, holder: Element, findings: Findings) -> None:
        self.holder = holder
        self.findings = findings
        known = KNOWN.get(holder.name, {})
        self.elements = []
        for element in holder.extensions:
            if element.name not in known:
                self.fault(
                    "extension_unknown",
                    element,
                    f"{holder.name} 上不能有 yiwang:{element.name}",
                    f"yiwang:{element.name} is not known on {holder.name}",
                )
                continue
            for attribute in sorted(element.attributes.keys() - known[element.name]):
                self.fault(
                    "extension_unknown",
                    element,
                    f"yiwang:{element.name} 没有属性 {attribute}",
                    f"yiwang:{element.name} has no attribute {attribute}",
                )
            self.elements.append(element)

    def fault(self, code: str, element: Element, zh: str, en: str) -> None:
        self.findings.add(code, self.holder.id, element.line, zh, en)

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
            self.fault(
                "attribute_invalid",
                element,
                f"{name} 超过 {longest_words} 个字",
                f"{name} is longer than {longest_words} characters",
            )
        return text

    def word(self, element: Element, name: str, text: str) -> str:
        """A code word: lower-case letters, digits, - and _."""
        if text and not _WORD.fullmatch(text):
            self.fault(
                "attribute_invalid",
                element,
                f"{name}“{text[:60]}”应由小写字母、数字、-、_ 组成,以字母开头",
                f"{name} “{text[:60]}” must be lower-case letters, digits, - and _, beginning with a letter",
            )
        return text

    def value(self, element: Element, name: str) -> Value | None:
        """A literal or ``=variable``; None when the attribute is not there."""
        return self._value(element, name, element.get(name).strip())

    def _value(self, element: Element, name: str, text: str) -> Value | None:
        if not text:
            return None
        if not text.startswith("="):
            return Value(text=text)
        if not _NAME.fullmatch(text[1:]):
            self.fault(
                "attribute_invalid",
                element,
                f"{name} 的“{text[:60]}”不是变量名,应写成 =名称(小写字母、数字、_)",
                f"“{text[:60]}” in {name} is no variable; write =name in lower-case letters, digits and _",
            )
        return Value(variable=text[1:])

    def limit(self, element: Element, name: str, text: str) -> Value | None:
        """A deadline text or ``=variable``."""
        value = self._value(element, name, text.strip())
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
            self.fault(
                "attribute_invalid",
                element,
                f"warn“{value.text[:20]}”应是 0 与 1 之间的小数(如 0.8)或 =变量",
                f"warn “{value.text[:20]}” must be a share between 0 and 1, such as 0.8, or =variable",
            )
        return value

    def who(self) -> Who | None:
        """Who may take the step; None (and a fault) when the settings do not say."""
        element = self.one("who")
        if element is None:
            self.fault(
                "who_missing",
                self.holder,
                "没有办理人规则,请加 yiwang:who",
                "it does not say who may take it; add yiwang:who",
            )
            return None
        post = self.word(element, "post", element.get("post").strip())
        person = self.value(element, "person")
        if person is not None and person.variable is None:
            self.fault(
                "attribute_invalid",
                element,
                "person 应取自变量(=名称),流程图里不能写死某个人",
                "person must come from a variable (=name); a drawing must not name a person",
            )
        if not post and person is None:
            self.fault("who_missing", element, "yiwang:who 至少要有 post 或 person", "yiwang:who needs post or person")
        return Who(post, self.value(element, "organisation"), self.value(element, "area"), person, self._empty(element))

    def _empty(self, element: Element) -> Empty:
        match element.get("empty", "administrator"):
            case "administrator":
                return "administrator"
            case "skip":
                return "skip"
            case "stop":
                return "stop"
            case other:
                self.fault(
                    "attribute_invalid",
                    element,
                    f"empty“{other[:20]}”应是 administrator、skip 或 stop",
                    f"empty “{other[:20]}” must be administrator, skip or stop",
                )
                return "administrator"

    def outcomes(self) -> MappingProxyType[str, Outcome]:
        """The ways to finish the step, in order; at least one."""
        found: dict[str, Outcome] = {}
        for element in self.all("outcome"):
            key = self.word(element, "id", self.words(element, "id", required=True))
            if key in found:
                self.fault("outcome_repeated", element, f"办理结果 {key} 重复", f"the outcome {key} is repeated")
            names = Names(self.words(element, "zh", required=True), self.words(element, "en", required=True))
            needs = tuple(self.word(element, "needs", need) for need in _list(element.get("needs")))
            found[key] = Outcome(key, names, needs)
        if not found:
            self.fault(
                "outcome_missing",
                self.holder,
                "没有办理结果,请至少加一个 yiwang:outcome",
                "it has no outcome; add at least one yiwang:outcome",
            )
        return MappingProxyType(found)

    def deadline(self, step: Element) -> StepDeadline | None:
        """The step's own limit, or the named clock that it shares."""
        clock = self.word(step, "clock", step.get("clock").strip())
        limit = self.limit(step, "deadline", step.get("deadline"))
        if clock and limit is not None:
            self.fault("attribute_invalid", step, "deadline 和 clock 只能写一个", "give either deadline or clock")
        if clock:
            return StepDeadline(None, clock)
        return StepDeadline(limit, None) if limit is not None else None

    def clocks(self, outcomes: frozenset[str]) -> tuple[tuple[ClockStart, ...], tuple[ClockStop, ...]]:
        """The named clocks that the step starts and stops."""
        starts: list[ClockStart] = []
        stops: list[ClockStop] = []
        for element in self.all("clock"):
            start, stop = (self.word(element, name, element.get(name).strip()) for name in ("start", "stop"))
            if bool(start) == bool(stop):
                self.fault("attribute_invalid", element, "yiwang:clock 写 start 或 stop", "give either start or stop")
            elif start:
                limit = self.limit(element, "deadline", self.words(element, "deadline", required=True))
                starts.append(ClockStart(start, limit or Value(), self.share(element), self._again(element)))
            else:
                on = frozenset(_list(element.get("on")))
                for name in sorted(on - outcomes):
                    self.fault("outcome_unknown", element, f"没有办理结果 {name[:60]}", f"no outcome {name[:60]}")
                stops.append(ClockStop(stop, on))
        return tuple(starts), tuple(stops)

    def _again(self, element: Element) -> Value:
        again = self.value(element, "again") or Value(text="restart")
        if again.variable is None and again.text not in ("restart", "continue"):
            self.fault(
                "attribute_invalid",
                element,
                "again 应是 restart、continue 或 =变量",
                "again must be restart, continue or =variable",
            )
        return again


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def duration_deadline(text: str) -> Deadline | None:
    """An ISO 8601 duration as a deadline of time on end (PT36H → 36 h); None when it is not one, or is 0.

    Years and months have no fixed length, and seconds are finer than an office clock: these are not read either.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None or text.strip().endswith("T"):
        return None
    weeks, days, hours, minutes = (int(part or 0) for part in match.groups())
    total = ((weeks * 7 + days) * 24 + hours) * 60 + minutes
    unit, size = next(
        (unit, size)
        for unit, size in ((Unit.CLOCK_DAY, 1440), (Unit.CLOCK_HOUR, 60), (Unit.CLOCK_MINUTE, 1))
        if total % size == 0
    )
    try:
        return Deadline(unit, Decimal(total // size))
    except DeadlineOutOfRange:
        return None
