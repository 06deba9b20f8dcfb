"""Judging parts of a case: which reports are owed, which card is shown, how far the whole is, what an office scores. No I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from yiwang.flow.conditions import compile_condition, holds, value_of
from yiwang.flow.errors import ConditionFailed
from yiwang.flow.model import Condition
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import JsonObject
from yiwang.plans.declarations import BreakdownDeclaration, Card, Progress
from yiwang.plans.model import Part
from yiwang.plans.parts_store import Counted
from yiwang.plans.periods import Period, moment_in, periods_between

CARD_VARIABLES = frozenset({"percent", "missed", "overdue_days", "used", "urged"})
"""What the rule of a card sees."""
SCORE_VARIABLES = frozenset({"tasks", "done", "in_time", "late", "missed", "percent", "cards"})
"""What the rule of an office's score sees."""


@lru_cache(maxsize=512)
def _compiled(text: str) -> Condition:
    return compile_condition(text)


def reports_owed(
    progress: Progress, calendar: WorkingCalendar, part: Part, until: datetime
) -> list[tuple[Period, datetime]]:
    """The periods for which a part owes a report, with the moment each is due: from its beginning to its end or ``until``."""
    zone = calendar.hours.timezone
    end = min(part.ended_at or until, until)
    first, last = part.created_at.astimezone(zone).date(), end.astimezone(zone).date()
    found = [
        (period, moment_in(period, progress.due, calendar)) for period in periods_between(first, last, progress.every)
    ]
    return [(period, due) for period, due in found if due > part.created_at]


def missed(owed: Sequence[tuple[Period, datetime]], given: Mapping[str, object], until: datetime) -> int:
    """How many reports were due and not given."""
    return sum(due <= until and period.key not in given for period, due in owed)


def card_of(declared: BreakdownDeclaration, part: Part, missed_now: int, now: datetime) -> Card | None:
    """The card that a running part is shown.

    Raises:
        ConditionFailed: a rule cannot be asked; the check of packs tries each, so this is a fault of the program.
    """
    facts = card_facts(part, missed_now, now)
    shown = [card for card in declared.cards if holds(_compiled(card.when), facts, "", declared.id)]
    return shown[-1] if shown else None


def card_facts(part: Part, missed_now: int, now: datetime) -> JsonObject:
    """What the rules see. ``overdue_days``: days after the deadline; ``used``: share of the limit that has passed."""
    at = part.handled_at or now
    overdue = used = 0.0
    if part.due_at is not None:
        overdue = max((at - part.due_at) / timedelta(days=1), 0.0)
        whole = part.due_at - part.filed_at
        used = (at - part.filed_at) / whole if whole > timedelta(0) else 1.0
    return {
        "percent": part.percent,
        "missed": missed_now,
        "overdue_days": overdue,
        "used": used,
        "urged": part.urged,
    }


def whole_percent(parts: Sequence[Part]) -> float:
    """The percent of all parts by weight; what is void does not count. Nothing left: 100."""
    counted = [part for part in parts if part.state != "void"]
    weight = sum(part.weight for part in counted)
    return round(sum(part.weight * part.percent for part in counted) / weight, 1) if weight else 100.0


def score_of(declared: BreakdownDeclaration, counted: Counted, cards: Mapping[str, int]) -> float | None:
    """The score of an office, 0 to 100; None without a rule, or where the rule gives no number (nothing to divide by)."""
    if declared.score is None:
        return None
    facts: JsonObject = {
        "tasks": counted.tasks,
        "done": counted.done,
        "in_time": counted.in_time,
        "late": counted.late,
        "missed": counted.missed,
        "percent": counted.percent,
        "cards": {card.id: cards.get(card.id, 0) for card in declared.cards},
    }
    try:
        value = value_of(_compiled(declared.score), facts, declared.id)
    except ConditionFailed:
        return None
    return round(min(max(float(value), 0.0), 100.0), 1) if isinstance(value, int | float) else None
