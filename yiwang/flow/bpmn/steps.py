"""The settings of a user task beside who takes it: outcomes, clocks, what happens when it is late, rules that finish it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

from yiwang.flow.bpmn.elements import YIWANG, Element
from yiwang.flow.bpmn.expressions import read_question
from yiwang.flow.bpmn.extensions import Extensions, listed
from yiwang.flow.bpmn.people import NOBODY, read_who
from yiwang.flow.model import (
    Auto,
    ClockStart,
    ClockStop,
    Names,
    Outcome,
    Overtime,
    Sign,
    SignRule,
    StepDeadline,
    StepDocument,
    Value,
    Who,
    most_instances,
)

most_overtimes = 20
_PERCENT = re.compile(r"(?:100|[1-9]?[0-9])(?:\.[0-9]{1,2})?%")


def read_outcomes(extensions: Extensions) -> Mapping[str, Outcome]:
    """The ways to finish the step, in order; at least one."""
    found: dict[str, Outcome] = {}
    for element in extensions.all("outcome"):
        key = extensions.word(element, "id", extensions.words(element, "id", required=True))
        if key in found:
            extensions.fault("outcome_repeated", element, f"办理结果 {key} 重复", f"the outcome {key} is repeated")
        names = Names(extensions.words(element, "zh", required=True), extensions.words(element, "en", required=True))
        needs = tuple(extensions.word(element, "needs", need) for need in listed(element.get("needs")))
        found[key] = Outcome(key, names, needs)
    if not found:
        extensions.fault(
            "outcome_missing",
            extensions.holder,
            "没有办理结果,请至少加一个 yiwang:outcome",
            "it has no outcome; add at least one yiwang:outcome",
        )
    return MappingProxyType(found)


def read_deadline(extensions: Extensions, step: Element) -> StepDeadline | None:
    """The step's own limit, or the named clock that it shares."""
    clock = extensions.word(step, "clock", step.get("clock").strip())
    limit = extensions.limit(step, "deadline", step.get("deadline"))
    if clock and limit is not None:
        extensions.invalid(step, "deadline 和 clock 只能写一个", "give either deadline or clock")
    if clock:
        return StepDeadline(None, clock)
    return StepDeadline(limit, None) if limit is not None else None


def read_clocks(
    extensions: Extensions, outcomes: Mapping[str, Outcome]
) -> tuple[tuple[ClockStart, ...], tuple[ClockStop, ...]]:
    """The named clocks that the step starts and stops."""
    starts: list[ClockStart] = []
    stops: list[ClockStop] = []
    for element in extensions.all("clock"):
        start, stop = (extensions.word(element, name, element.get(name).strip()) for name in ("start", "stop"))
        if bool(start) == bool(stop):
            extensions.invalid(element, "yiwang:clock 写 start 或 stop", "give either start or stop")
        elif start:
            limit = extensions.limit(element, "deadline", extensions.words(element, "deadline", required=True))
            again = extensions.chosen(element, "again", ("restart", "continue"))
            starts.append(ClockStart(start, limit or Value(), extensions.share(element), again))
        else:
            on = frozenset(listed(element.get("on")))
            for name in sorted(on - outcomes.keys()):
                _no_outcome(extensions, element, name)
            stops.append(ClockStop(stop, on))
    return tuple(starts), tuple(stops)


def read_documents(extensions: Extensions, outcomes: Mapping[str, Outcome]) -> tuple[StepDocument, ...]:
    """The documents that are issued with the step, each kind once."""
    found: dict[str, StepDocument] = {}
    for element in extensions.all("document"):
        key = extensions.words(element, "key", required=True).strip()
        on = frozenset(listed(element.get("on")))
        for name in sorted(on - outcomes.keys()):
            _no_outcome(extensions, element, name)
        if key in found:
            extensions.invalid(element, f"文书 {key[:60]} 重复", f"the document {key[:60]} is repeated")
        found[key] = StepDocument(key, on)
    return tuple(found.values())


def _no_outcome(extensions: Extensions, element: Element, name: str) -> None:
    extensions.fault("outcome_unknown", element, f"没有办理结果 {name[:60]}", f"no outcome {name[:60]}")


def read_overtimes(extensions: Extensions) -> tuple[Overtime, ...]:
    """What happens when the step is late, in order; each has a timer of its own."""
    found = [
        _overtime(extensions, element, f"{extensions.owner}/{number}")
        for number, element in enumerate(extensions.all("overtime"), 1)
    ]
    if len(found) > most_overtimes:
        extensions.invalid(
            extensions.holder,
            f"yiwang:overtime 最多 {most_overtimes} 个",
            f"at most {most_overtimes} of yiwang:overtime",
        )
    return tuple(found)


def _overtime(extensions: Extensions, element: Element, name: str) -> Overtime:
    after = extensions.limit(element, "after", extensions.words(element, "after", required=True)) or Value()
    every = extensions.limit(element, "every", element.get("every"))
    do = _overtime_act(extensions, element)
    if every is not None and do != "remind":
        extensions.invalid(element, "every 只用于 do=remind", "every goes only with do=remind")
    rules = [child for child in element.children if child.namespace == YIWANG and child.name == "who"]
    who: Who | None = None
    if do == "escalate":
        who = read_who(extensions, rules[0]) if rules else NOBODY
        if not rules:
            extensions.fault(
                "who_missing",
                element,
                "do=escalate 要在里面写 yiwang:who(上报给谁)",
                "do=escalate needs a yiwang:who inside (to whom)",
            )
    if len(rules) > 1 or (rules and do != "escalate"):
        extensions.invalid(
            element, "只有 do=escalate 里面写一个 yiwang:who", "one yiwang:who stands inside, only with do=escalate"
        )
    return Overtime(name, after, do, every, who)


def _overtime_act(extensions: Extensions, element: Element) -> Literal["remind", "escalate", "pass", "return"]:
    words = ("remind", "escalate", "pass", "return")
    match extensions.choice(element, "do", words, extensions.words(element, "do", required=True) or "remind"):
        case "escalate":
            return "escalate"
        case "pass":
            return "pass"
        case "return":
            return "return"
        case _:
            return "remind"


def read_autos(extensions: Extensions, outcomes: Mapping[str, Outcome]) -> tuple[Auto, ...]:
    """The rules that finish the step as it begins (自动同意), asked in order."""
    first = next(iter(outcomes), "")
    found: list[Auto] = []
    for element in extensions.all("auto"):
        same, text = element.get("same").strip(), element.get("when").strip()
        outcome = element.get("outcome").strip() or first
        if bool(same) == bool(text):
            extensions.invalid(element, "yiwang:auto 写 same 或 when", "give either same or when")
            continue
        if outcome not in outcomes:
            _no_outcome(extensions, element, outcome)
        if same:
            word = extensions.choice(element, "same", ("starter", "earlier"), same)
            found.append(Auto("earlier" if word == "earlier" else "starter", None, outcome))
        else:
            when = read_question(extensions, element, text, {"assignee": ""})
            if when is not None:
                found.append(Auto("", when, outcome))
    return tuple(found)


def read_sign(extensions: Extensions) -> Sign:
    """How a step that several people do is decided; 会签 by everybody where it does not say."""
    element = extensions.one("sign")
    if element is None:
        return Sign("all", early=False)
    rule = _rule(extensions, element)
    need = extensions.value(element, "need")
    if (need is not None) != (rule in ("share", "count")):
        extensions.invalid(
            element,
            "need 用于且只用于 rule=share(如 60%)和 rule=count(如 3)",
            "need goes with rule=share (60%) and rule=count (3), and only with these",
        )
    elif need is not None and need.variable is None:
        _check_need(extensions, element, rule, need.text)
    early = extensions.choice(element, "early", ("true", "false"), element.get("early", "true").strip())
    return Sign(rule, need or Value(), early == "true")


def _rule(extensions: Extensions, element: Element) -> SignRule:
    words = ("all", "first", "share", "count", "vote")
    match extensions.choice(element, "rule", words, extensions.words(element, "rule", required=True) or "all"):
        case "first":
            return "first"
        case "share":
            return "share"
        case "count":
            return "count"
        case "vote":
            return "vote"
        case _:
            return "all"


def _check_need(extensions: Extensions, element: Element, rule: SignRule, text: str) -> None:
    is_share = _PERCENT.fullmatch(text) is not None and float(text[:-1]) > 0
    if not (is_share if rule == "share" else is_count(text)):
        extensions.invalid(
            element,
            f"need“{text[:20]}”应是 1% 到 100%(share)或 1 到 {most_instances}(count)",
            f"need “{text[:20]}” must be 1% to 100% (share) or 1 to {most_instances} (count)",
        )


def is_count(text: str) -> bool:
    """Whether the text is a number of instances."""
    return re.fullmatch(r"[1-9][0-9]{0,2}", text) is not None and int(text) <= most_instances
