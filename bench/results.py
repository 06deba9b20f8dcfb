"""What a measurement is, how it is shown and kept: figure, raw limit, ratio, target, every single run."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson
from rich.console import Console
from rich.table import Table

LATEST = Path(__file__).resolve().parent / "latest.json"

Better = Literal["more", "less"]
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Target:
    """What the figure ought to reach, and the words for it. ``least`` is what it must reach, where that differs."""

    value: float
    least: float | None = None


@dataclass(frozen=True, slots=True)
class Run:
    """One turn: the figure and, right after it, the raw limit."""

    value: float
    limit: float | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """A figure with its raw limit. ``value`` and ``limit`` are medians of ``runs``; ``cases`` is the size of the archive.

    ``limit_words`` says what the raw limit is; ``grown`` is the figure divided by the same at the smaller scale.
    """

    name: str
    words: str
    unit: str
    better: Better
    runs: tuple[Run, ...]
    limit_words: str = ""
    target: Target | None = None
    cases: int = 0
    grown: float | None = None

    @property
    def value(self) -> float:
        return statistics.median(run.value for run in self.runs)

    @property
    def limit(self) -> float | None:
        limits = [run.limit for run in self.runs if run.limit is not None]
        return statistics.median(limits) if limits else None

    @property
    def ratio(self) -> float | None:
        """value ÷ limit: the share of the raw rate that is reached, or how many times the raw time is taken."""
        return self.value / self.limit if self.limit else None

    @property
    def verdict(self) -> str:
        """met, least met, missed; "" without a target."""
        if self.target is None:
            return ""
        if _reaches(self.value, self.target.value, self.better):
            return "met"
        least = self.target.least
        return "least met" if least is not None and _reaches(self.value, least, self.better) else "missed"

    def as_json(self) -> dict[str, object]:
        """The form of bench/latest.json."""
        return {
            "name": self.name,
            "value": _rounded(self.value),
            "unit": self.unit,
            "limit": _rounded(self.limit),
            "ratio": _rounded(self.ratio),
            "runs": [{"value": _rounded(run.value), "limit": _rounded(run.limit)} for run in self.runs],
            "words": self.words,
            "limit_words": self.limit_words,
            "better": self.better,
            "target": self.target.value if self.target else None,
            "least": self.target.least if self.target else None,
            "verdict": self.verdict or None,
            "cases": self.cases or None,
            "growth": _rounded(self.grown),
        }


def _reaches(value: float, wanted: float, better: Better) -> bool:
    return value >= wanted if better == "more" else value <= wanted


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.5g}")


Turn = Callable[[], Awaitable[float]]


async def in_turns(rounds: int, real: Turn, raw: Turn | None, say: Say, what: str) -> tuple[Run, ...]:
    """A B A B …: the real figure and its raw limit by turns; the order is swapped every round."""
    runs: list[Run] = []
    for number in range(rounds):
        limit: float | None = None
        if raw is not None and number % 2:
            limit = await raw()
        value = await real()
        if raw is not None and limit is None:
            limit = await raw()
        runs.append(Run(value, limit))
        beside = f", raw {figure(limit)}" if limit is not None else ""
        say(f"{what} {number + 1}/{rounds}: {figure(value)}{beside}")
    return tuple(runs)


def figure(value: float | None) -> str:
    """A number for the eye: three significant digits or whole."""
    if value is None:
        return "–"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def show(measurements: Sequence[Measurement], console: Console) -> None:
    """The table."""
    table = Table(header_style="bold", pad_edge=False, title_justify="left")
    table.add_column("figure")
    table.add_column("cases", justify="right")
    table.add_column("value", justify="right")
    table.add_column("unit")
    table.add_column("raw limit", justify="right")
    table.add_column("ratio", justify="right")
    table.add_column("target", justify="right")
    table.add_column("")
    table.add_column("lowest … highest run", justify="right")
    grown = any(item.grown is not None for item in measurements)
    if grown:
        table.add_column("growth", justify="right")
    colours = {"met": "green", "least met": "yellow", "missed": "red", "": "dim"}
    for item in measurements:
        values = [run.value for run in item.runs]
        sign = "≥" if item.better == "more" else "≤"
        cells = [
            f"{item.name}  [dim]{item.words}[/]",
            f"{item.cases:,}" if item.cases else "",
            figure(item.value),
            item.unit,
            figure(item.limit) if item.limit is not None else "",
            figure(item.ratio) if item.ratio is not None else "",
            f"{sign} {figure(item.target.value)}" if item.target else "",
            f"[{colours[item.verdict]}]{item.verdict}[/]",
            f"{figure(min(values))} … {figure(max(values))}" if len(values) > 1 else "",
        ]
        if grown:
            cells.append(f"× {figure(item.grown)}" if item.grown is not None else "")
        table.add_row(*cells)
    console.print(table)
    notes = {item.name: item.limit_words for item in measurements if item.limit_words}
    for name, words in notes.items():
        console.print(f"  [dim]raw limit of {name}: {words}[/]")


def keep(measurements: Sequence[Measurement], path: Path = LATEST) -> None:
    """Write the list to ``path``; what other benchmarks measured earlier stays when only some were run."""
    told = [item.as_json() for item in measurements]
    fresh = {(item["name"], item["cases"]) for item in told}
    earlier: list[dict[str, object]] = orjson.loads(path.read_bytes()) if path.exists() else []
    kept = [item for item in earlier if (item.get("name"), item.get("cases")) not in fresh]
    path.write_bytes(orjson.dumps(kept + told, option=orjson.OPT_INDENT_2) + b"\n")
