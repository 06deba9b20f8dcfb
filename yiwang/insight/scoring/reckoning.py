"""From counts to rates, points, scores, grades and ranks. Pure.

A rate whose denominator is nothing is None: it earns nothing and loses nothing, the weights of the other measures are
scaled up to the board's full points; with less than the board's ``least_weight`` of them there is no score and no rank.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from yiwang.insight.indicators.declared import Amount, Board, Grade, Indicator, Measure, counts_of

Counts = Mapping[str, int]
"""Counts of one object by their word; what is not there is 0."""


@dataclass(frozen=True, slots=True)
class Value:
    """An indicator's value: both counts stand beside the rate."""

    indicator: str
    numerator: int
    denominator: int | None
    rate: float | None


@dataclass(frozen=True, slots=True)
class Earned:
    """A measure of a board: its value, and the points that it earned of its weight. None: it did not count."""

    value: Value
    weight: float
    points: float | None


@dataclass(frozen=True, slots=True)
class Score:
    """All measures of one object. ``most``: the board's full points. ``rank`` counts from 1, equals share one."""

    earned: tuple[Earned, ...]
    most: float
    total: float | None
    grade: Grade | None
    rank: int | None = None


def amount_of(amount: Amount | None, counts: Counts) -> int:
    """A sum of counts."""
    return sum(sign * counts.get(key, 0) for key, sign in counts_of(amount))


def value_of(indicator: Indicator, counts: Counts) -> Value:
    """The indicator's value for these counts; the rate of one without denominator is None."""
    numerator = amount_of(indicator.numerator, counts)
    if indicator.denominator is None:
        return Value(indicator.id, numerator, None, None)
    denominator = amount_of(indicator.denominator, counts)
    return Value(indicator.id, numerator, denominator, numerator / denominator if denominator > 0 else None)


def weight_of(measure: Measure, indicator: Indicator) -> float:
    return indicator.weight if measure.weight is None else measure.weight


def share_of(measure: Measure, indicator: Indicator, rate: float) -> float:
    """Which part of its weight a rate earns, from 0 to 1."""
    good = rate if indicator.direction == "higher" else 1 - rate
    full = measure.full_at
    if full is not None:
        best = full if indicator.direction == "higher" else 1 - full
        good = good / best if best > 0 else 1.0
    return min(1.0, max(0.0, good))


def score_of(board: Board, indicators: Mapping[str, Indicator], values: Mapping[str, Value]) -> Score:
    """The score of one object; ``values`` by indicator. Not ranked yet."""
    earned: list[Earned] = []
    for measure in board.measures:
        indicator, value = indicators[measure.indicator], values[measure.indicator]
        weight = weight_of(measure, indicator)
        points = None if value.rate is None else weight * share_of(measure, indicator, value.rate)
        earned.append(Earned(value, weight, points))
    most = sum(one.weight for one in earned)
    total = total_of([(one.weight, one.points) for one in earned], board.least_weight)
    return Score(tuple(earned), most, total, grade_of(board, total))


def total_of(parts: Sequence[tuple[float, float | None]], least_weight: float) -> float | None:
    """The sum of (weight, points), scaled to all weights; None with less than ``least_weight`` percent of them."""
    most = sum(weight for weight, _ in parts)
    counted = sum(weight for weight, points in parts if points is not None)
    if counted <= 0 or counted * 100 < least_weight * most:
        return None
    return sum(points for _, points in parts if points is not None) / counted * most


def grade_of(board: Board, total: float | None) -> Grade | None:
    if total is None:
        return None
    return next((grade for grade in board.grades if round(total, 6) >= grade.at_least), None)


def ranked(scores: Sequence[Score]) -> list[Score]:
    """The same scores with their ranks, in the order given; those without a score have none."""
    totals = sorted((round(one.total, 6) for one in scores if one.total is not None), reverse=True)
    first = {total: place for place, total in reversed(list(enumerate(totals, start=1)))}
    return [replace(one, rank=None if one.total is None else first[round(one.total, 6)]) for one in scores]
