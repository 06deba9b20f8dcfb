"""Heat and bottlenecks: what the figures of the steps say, as colours on the drawing and as a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from yiwang.flow.look.drawing import Drawing
from yiwang.flow.look.overlay import Heat, HeatMap
from yiwang.flow.look.plan import Plan
from yiwang.flow.look.words import duration, word
from yiwang.flow.model import Names
from yiwang.flow.store.heat import Spread, StepFigures

Clock = Literal["elapsed", "used"]
"""By the clock on the wall, or as the step's limit counts: working time, without pauses."""

Figure = Literal["mean", "median", "p90", "total"]

levels = 5
_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_ROUND = [
    *(_MINUTE * n for n in (1, 2, 5, 10, 15, 20, 30, 45)),
    *(_HOUR * n for n in (1, 1.5, 2, 3, 4, 6, 8, 12, 16)),
    *(_DAY * n for n in (1, 1.5, 2, 3, 4, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 365)),
]
_CLOCKS = {"elapsed": Names("按钟表时间", "by the clock"), "used": Names("按时限口径", "as limits count")}
_FIGURES = {
    "mean": Names("平均等待", "Mean wait"),
    "median": Names("等待中位数", "Median wait"),
    "p90": Names("九成不超过", "90 % wait at most"),
    "total": Names("等待总时长", "Total wait"),
}


@dataclass(frozen=True, slots=True)
class StepReport:
    """A step with its names; ``drawn`` is False for one that this version of the flow does not have."""

    names: Names
    figures: StepFigures
    drawn: bool


def bottlenecks(plan: Plan, figures: Sequence[StepFigures]) -> list[StepReport]:
    """The steps by all waiting at them, the longest first: where an hour saved per visit would save most."""
    reports = []
    for found in figures:
        node = plan.nodes.get(found.node)
        names = node.names if node is not None and node.names.zh else Names(found.node, found.node)
        reports.append(StepReport(names, found, node is not None))
    return sorted(reports, key=lambda report: (-report.figures.waiting, report.figures.node))


def heat_map(
    drawing: Drawing, figures: Sequence[StepFigures], language: str, clock: Clock = "elapsed", figure: Figure = "mean"
) -> HeatMap:
    """The figures as colours: five levels, each twice as long as the one before, ending at the longest wait.

    What lies within a collapsed sub-process shows there by its hottest step.
    """
    values = {found.node: value for found in figures if (value := value_of(found, clock, figure)) is not None}
    limits = limits_up_to(max(values.values(), default=0.0))
    steps: dict[str, Heat] = {}
    best: dict[str, float] = {}
    for found in figures:
        shape = drawing.shown.get(found.node)
        if shape is None:
            continue
        value = values.get(found.node)
        if shape in best and (value or 0.0) <= best[shape]:
            continue
        best[shape] = value or 0.0
        level = 0 if value is None else next(n for n, limit in enumerate(limits, 1) if value <= limit)
        short = "" if value is None else duration(value, language)
        steps[shape] = Heat(level, short, told(found, language))
    title = f"{word(_FIGURES[figure], language)}({word(_CLOCKS[clock], language)})"
    if language != "zh":
        title = f"{word(_FIGURES[figure], language)} ({word(_CLOCKS[clock], language)})"
    return HeatMap(steps, tuple(duration(limit, language) for limit in limits) if values else (), title)


def value_of(found: StepFigures, clock: Clock, figure: Figure) -> float | None:
    """The figure that is drawn, in seconds; None for a step that nobody has left in the period."""
    spread: Spread = found.elapsed if clock == "elapsed" else found.used
    if not found.visits:
        return None
    by_name: Mapping[Figure, float | None] = {
        "mean": spread.mean,
        "median": spread.median,
        "p90": spread.p90,
        "total": spread.total,
    }
    return by_name[figure]


def limits_up_to(longest: float) -> list[float]:
    """The upper limits of the levels in seconds: round durations, the last not below ``longest``."""
    last = next((place for place, value in enumerate(_ROUND) if value >= longest), None)
    if last is None:
        top = float(longest)
        return [top / 16, top / 8, top / 4, top / 2, top]
    found = [float(_ROUND[last])]
    while len(found) < levels:
        wanted = found[0] / 2
        lower = [value for value in _ROUND if value <= wanted]
        found.insert(0, float(lower[-1]) if lower else wanted)
    return found


def told(found: StepFigures, language: str) -> str:
    """All figures of a step in a sentence."""
    zh = language == "zh"

    def seconds(value: float | None) -> str:
        return "–" if value is None else duration(value, language)

    def share(value: float | None) -> str:
        return "–" if value is None else f"{value:.0%}"

    elapsed, used = found.elapsed, found.used
    if zh:
        return (
            f"办理 {found.visits} 次;等待平均 {seconds(elapsed.mean)},中位 {seconds(elapsed.median)},"
            f"九成不超过 {seconds(elapsed.p90)};按时限口径平均 {seconds(used.mean)};超时 {share(found.overdue_share)},"
            f"退回 {share(found.return_share)},返工 {share(found.repeat_share)};现有待办 {found.open}"
        )
    return (
        f"{found.visits} visits; wait: mean {seconds(elapsed.mean)}, median {seconds(elapsed.median)}, 90 % within"
        f" {seconds(elapsed.p90)}; as limits count: mean {seconds(used.mean)}; overdue {share(found.overdue_share)},"
        f" sent back {share(found.return_share)}, repeated {share(found.repeat_share)}; open now {found.open}"
    )
