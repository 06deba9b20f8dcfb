"""How a round of several people is decided: 会签, 或签, 比例签, 票签. Pure arithmetic on what was given so far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from yiwang.flow.model.settings import Sign
from yiwang.kernel.database import Json

everyone = Sign("all", early=False)
"""How a multi-instance step without a rule of its own is decided."""


def result_of_round(
    sign: Sign, outcomes: Sequence[str], total: int, tally: Mapping[str, int], need: Json, *, final: bool = False
) -> str | None:
    """The outcome of a round of ``total`` people who have given ``tally`` (outcome → count); None: it goes on.

    ``outcomes``: the step's, the agreeing one first. ``final``: the round ends now whatever is open (completion
    condition), so the answer is never None. ``need``: the share (``"60%"``, 0.6) or number that must agree.
    """
    agree = outcomes[0]
    done = sum(tally.values())
    over = final or done >= total
    match sign.rule:
        case "first":
            certain = next((name for name in reversed(outcomes) if tally.get(name)), None)
        case "vote":
            certain = _leader(outcomes, tally, 0 if over else total - done)
        case "all":
            certain = _counted(outcomes, tally, total, total)
        case _:
            certain = _counted(outcomes, tally, total, needed(need, total))
    if certain is not None and (over or sign.early or sign.rule == "first"):
        return certain
    if not over:
        return None
    return certain or cautious(outcomes, tally) or agree


def needed(need: Json, total: int) -> int:
    """How many of ``total`` must agree: a number, a share below 1, or ``60%``; at least one, at most all."""
    count: float = total
    if isinstance(need, str):
        text = need.strip()
        try:
            count = float(text[:-1]) / 100 * total if text.endswith("%") else float(text)
        except ValueError:
            count = total
    elif isinstance(need, int | float) and not isinstance(need, bool):
        count = need * total if 0 < need < 1 else need
    return max(1, min(total, math.ceil(count - 1e-9)))


def _counted(outcomes: Sequence[str], tally: Mapping[str, int], total: int, wanted: int) -> str | None:
    agreed, done = tally.get(outcomes[0], 0), sum(tally.values())
    if agreed >= wanted:
        return outcomes[0]
    return cautious(outcomes, tally) if agreed + (total - done) < wanted else None


def cautious(outcomes: Sequence[str], tally: Mapping[str, int]) -> str | None:
    """Of the outcomes given that do not agree, the one declared last; None when nobody disagreed."""
    return next((name for name in reversed(outcomes[1:]) if tally.get(name)), None)


def _leader(outcomes: Sequence[str], tally: Mapping[str, int], open_: int) -> str | None:
    """The outcome with the most votes if ``open_`` further votes cannot change it; of equal ones the one declared last."""
    ranked = sorted(outcomes, key=lambda name: (tally.get(name, 0), outcomes.index(name)))
    best = ranked[-1]
    second = tally.get(ranked[-2], 0) if len(ranked) > 1 else 0
    if not tally.get(best) or (open_ and tally[best] <= second + open_):
        return None
    return best
