"""Rules for tests: declared as packs declare them, compiled for three metrics."""

from __future__ import annotations

from datetime import UTC, datetime

from yiwang.kernel.calendar import WorkingCalendar, calendar_files, load_calendar
from yiwang.sensing.model import micros
from yiwang.sensing.rules.compiling import compile_rule
from yiwang.sensing.rules.declarations import RuleDeclaration
from yiwang.sensing.rules.evaluation import evaluate
from yiwang.sensing.rules.judging import Usual, nothing_usual
from yiwang.sensing.rules.model import NORMAL, Event, Observation, Rule, State

METRICS = {"pm25": 1, "level": 2, "rain": 3, "noise": 4}
EIGHT = datetime(2026, 6, 18, 0, 0, tzinfo=UTC)  # Thursday, 08:00 in the city
MINUTE = 60_000_000


CALENDAR: WorkingCalendar = load_calendar(calendar_files("CN"))


def rule(when: dict[str, object], **more: object) -> Rule:
    """A rule of the profile ``station``."""
    body = {"names": {"zh": "测试规则", "en": "Test rule"}, "profile": "station", "when": when, **more}
    return compile_rule("test-rule", 1, RuleDeclaration.model_validate(body), METRICS, CALENDAR)


def at(minute: float) -> int:
    """So many minutes after eight, in microseconds."""
    return micros(EIGHT) + round(minute * MINUTE)


def play(
    given: Rule,
    values: list[tuple[float, float]],
    *,
    metric: int = 1,
    state: State = NORMAL,
    usual: Usual = nothing_usual,
) -> tuple[State, list[Event]]:
    """Values of (minute, value), in this order."""
    return evaluate(given, state, [Observation(metric, at(minute), value) for minute, value in values], usual)


def told(events: list[Event]) -> list[str]:
    """The names of the events."""
    return [type(event).__name__ for event in events]
