"""The report of a simulation: JSON for programs, tables for people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from yiwang.flow.look.words import duration
from yiwang.flow.model import Names
from yiwang.flow.versions.cases import Step
from yiwang.flow.versions.chances import Ground
from yiwang.flow.versions.figures import Side, StepSide
from yiwang.kernel.database import Json, JsonObject

GROUNDS: Mapping[Ground, Names] = {
    "real": Names("真实", "real"),
    "given": Names("给定", "given"),
    "limit": Names("按期限", "by its limit"),
    "usual": Names("按本流程一般用时", "as steps of this flow"),
}


STATES: Mapping[str, Names] = {
    "completed": Names("办结(去向不明)", "an end not known"),
    "cancelled": Names("作废", "cancelled"),
}
"""How cases ended where no end event is known."""


@dataclass(frozen=True, slots=True)
class StepReport:
    """A step, simulated and real; either may be missing. ``grounds``: from where its times come → how often."""

    step: Step
    names: Names
    simulated: StepSide | None
    real: StepSide | None
    grounds: Mapping[Ground, int]

    def json(self) -> JsonObject:
        grounds: JsonObject = {}
        for name, count in self.grounds.items():
            grounds[name] = count
        return {
            "key": self.step.key,
            "node": self.step.node,
            "zh": self.names.zh,
            "en": self.names.en,
            "simulated": self.simulated.json() if self.simulated is not None else None,
            "real": self.real.json() if self.real is not None else None,
            "grounds": grounds,
        }


@dataclass(frozen=True, slots=True)
class Stuck:
    """Where cases did not go on, why, and how many."""

    node: str
    why: Names
    count: int

    def json(self) -> JsonObject:
        return {"node": self.node, "zh": self.why.zh, "en": self.why.en, "count": self.count}


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """``found``: cases that began in the period, of which ``simulated.cases`` were played. ``simulated_ended``: those of them
    that have really ended, so that they can be held against ``real``."""

    key: str
    version: int | None
    since: datetime
    until: datetime
    area: str
    seed: int
    found: int
    simulated: Side
    simulated_ended: Side
    real: Side
    steps: tuple[StepReport, ...]
    stuck: tuple[Stuck, ...]
    assumptions: tuple[Names, ...]
    end_names: Mapping[str, Names]

    def json(self) -> JsonObject:
        assumptions: list[Json] = [{"zh": item.zh, "en": item.en} for item in self.assumptions]
        ends: JsonObject = {name: {"zh": words.zh, "en": words.en} for name, words in self.end_names.items()}
        return {
            "key": self.key,
            "version": self.version,
            "from": self.since.isoformat(),
            "to": self.until.isoformat(),
            "area": self.area,
            "seed": self.seed,
            "found": self.found,
            "simulated": self.simulated.json(),
            "simulated_ended": self.simulated_ended.json(),
            "real": self.real.json(),
            "steps": [step.json() for step in self.steps],
            "stuck": [item.json() for item in self.stuck],
            "assumptions": assumptions,
            "end_names": ends,
        }

    def whole_table(self, language: str) -> list[list[str]]:
        """Rows of all cases: figure, simulated, simulated of those that have really ended, real."""
        zh = language == "zh"
        sides = (self.simulated, self.simulated_ended, self.real)
        rows = [
            ["件数" if zh else "cases", *(str(side.cases) for side in sides)],
            ["办结" if zh else "over", *(str(side.ended) for side in sides)],
            ["有超时的" if zh else "with a late step", *(str(side.overdue) for side in sides)],
        ]
        for name, chinese in (("mean", "平均"), ("median", "中位"), ("p90", "九成不超过")):
            told = [_told(getattr(side.elapsed, name), language) for side in sides]
            rows.append([f"历时{chinese}" if zh else f"time, {name}", *told])
            told = [_told(getattr(side.worked, name), language) for side in sides]
            rows.append([f"工作时间{chinese}" if zh else f"working time, {name}", *told])
        for end in dict.fromkeys(name for side in sides for name in side.ends):
            words = self.end_names.get(end, Names(end, end))
            label = f"办到“{words.zh}”" if zh else f"ended at {words.en}"
            rows.append([label, *(str(side.ends.get(end, 0)) for side in sides)])
        return rows

    def step_table(self, language: str) -> list[list[str]]:
        """Rows of the steps: name, visits, mean, 90 %, late, standing at the end; each simulated / real; ground of times."""
        return [
            [
                step.names.zh if language == "zh" else step.names.en,
                _pair(step, lambda side: str(side.visits)),
                _pair(step, lambda side: _told(side.elapsed.mean, language)),
                _pair(step, lambda side: _told(side.elapsed.p90, language)),
                _pair(step, lambda side: _told(side.worked.mean, language)),
                _pair(step, lambda side: str(side.overdue)),
                _pair(step, lambda side: str(side.standing)),
                "、".join(GROUNDS[name].zh if language == "zh" else GROUNDS[name].en for name in step.grounds),
            ]
            for step in self.steps
        ]


WHOLE_COLUMNS = (
    Names("", ""),
    Names("试算", "simulated"),
    Names("试算(真实已办结的)", "simulated (of those really over)"),
    Names("真实", "real"),
)
STEP_COLUMNS = (
    Names("环节", "step"),
    Names("次数", "visits"),
    Names("平均历时", "mean time"),
    Names("九成不超过", "90 % within"),
    Names("平均工作时间", "mean working time"),
    Names("超时", "late"),
    Names("期末在办", "standing"),
    Names("依据", "grounds"),
)


def _pair(step: StepReport, figure: Callable[[StepSide], str]) -> str:
    one = figure(step.simulated) if step.simulated is not None else "–"
    other = figure(step.real) if step.real is not None else "–"
    return f"{one} / {other}"


def _told(seconds: float | None, language: str) -> str:
    return "–" if seconds is None else duration(seconds, language)
