"""When a timer fires: after a duration or a limit in working time, at a date, or again and again."""

from __future__ import annotations

import re
from datetime import datetime
from decimal import Decimal

from yiwang.flow.bpmn.elements import Element
from yiwang.flow.bpmn.extensions import Extensions
from yiwang.flow.bpmn.refusing import check_parts
from yiwang.flow.model import Trigger, Value
from yiwang.kernel.deadlines import Deadline, DeadlineOutOfRange, DeadlineUnreadable, Unit, parse_deadline

_DURATION = re.compile(r"P(?:([0-9]{1,4})W)?(?:([0-9]{1,4})D)?(?:T(?:([0-9]{1,5})H)?(?:([0-9]{1,6})M)?)?")
_CYCLE = re.compile(r"R([1-9][0-9]{0,3}|0|)/(.{1,60})")
_FIRST_YEAR, _LAST_YEAR = 1970, 2999
_KINDS = ("timeDuration", "timeDate", "timeCycle")


def read_timer(
    extensions: Extensions, event: Element, definition: Element, *, repeats: bool, variables: bool
) -> Trigger:
    """The trigger of a timer event.

    ``repeats``: whether it may fire more than once where it stands. ``variables``: whether there are any when it begins
    to wait; a start event of the process has none.
    """
    own = Extensions(definition, extensions.findings, event.id)
    check_parts(extensions.findings, definition, event.id)
    texts = extensions.all("deadline") + own.all("deadline")
    times = [part for kind in _KINDS for part in definition.bpmn(kind)]
    if len(texts) + len(times) != 1:
        _invalid(
            extensions,
            event,
            "定时器要有且只有一个时间:timeDuration(如 PT36H)、timeDate、timeCycle 或 yiwang:deadline(如 2工作日)",
            "a timer needs one of timeDuration (PT36H), timeDate, timeCycle or yiwang:deadline (2工作日)",
        )
        return Trigger("timer", after=Value())
    trigger = _limit(extensions, texts[0]) if texts else _time(extensions, times[0])
    if trigger.every is not None and not repeats:
        _invalid(
            extensions,
            event,
            "timeCycle 只用于流程的开始事件和不中断的边界事件、事件子流程,其他请用 timeDuration",
            "timeCycle is for starts of the process and for events that do not interrupt; use timeDuration here",
        )
    given = (trigger.after, trigger.at)
    if not variables and any(value is not None and value.variable is not None for value in given):
        _invalid(
            extensions,
            event,
            "流程开始前没有变量,定时器的时间要写明",
            "before the process starts there are no variables; write the time itself",
        )
    return trigger


def _invalid(extensions: Extensions, element: Element, zh: str, en: str) -> None:
    extensions.fault("timer_invalid", element, zh, en)


def _limit(extensions: Extensions, element: Element) -> Trigger:
    if not element.text:
        _invalid(extensions, element, "yiwang:deadline 里没有期限", "yiwang:deadline holds no limit")
    return Trigger("timer", after=extensions.limit(element, "deadline", element.text) or Value())


def _time(extensions: Extensions, element: Element) -> Trigger:
    text = element.text
    if element.name == "timeCycle":
        return _cycle(extensions, element, text)
    if text.startswith("="):
        value = extensions.value_of(element, element.name, text)
        return Trigger("timer", after=value) if element.name == "timeDuration" else Trigger("timer", at=value)
    if element.name == "timeDate":
        if not is_moment(text):
            _invalid(
                extensions,
                element,
                f"日期“{text[:40]}”无法使用,写成带时区的 2026-10-01T08:00:00+08:00 或 =变量",
                f"the date “{text[:40]}” cannot be used; write 2026-10-01T08:00:00+08:00 (with zone) or =variable",
            )
        return Trigger("timer", at=Value(text=text))
    deadline = duration_deadline(text)
    if deadline is None:
        _invalid(
            extensions,
            element,
            f"时长“{text[:40]}”无法使用,写成 P1D、PT36H、PT90M(周、日、时、分)",
            f"the duration “{text[:40]}” cannot be used; write P1D, PT36H, PT90M (weeks to minutes)",
        )
    return Trigger("timer", after=Value(text=str(deadline) if deadline else ""))


def _cycle(extensions: Extensions, element: Element, text: str) -> Trigger:
    match = _CYCLE.fullmatch(text)
    deadline = _interval(match.group(2)) if match is not None else None
    if match is None or deadline is None or match.group(1) == "0":
        _invalid(
            extensions,
            element,
            f"周期“{text[:40]}”无法使用,写成 R3/PT10M(三次)、R/PT1H(不限次)或 R/1工作日",
            f"the cycle “{text[:40]}” cannot be used; write R3/PT10M (three times), R/PT1H (without end) or R/1工作日",
        )
        return Trigger("timer", every=Value())
    return Trigger("timer", every=Value(text=str(deadline)), times=int(match.group(1) or 0))


def _interval(text: str) -> Deadline | None:
    if text.startswith("P"):
        return duration_deadline(text)
    try:
        return parse_deadline(text)
    except (DeadlineUnreadable, DeadlineOutOfRange):
        return None


def is_moment(text: str) -> bool:
    """Whether the text is a date with time and zone in ISO 8601."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and _FIRST_YEAR <= moment.year <= _LAST_YEAR


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
