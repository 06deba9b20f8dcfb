"""What a run of scenarios tells: per scenario whether it held, and where and why not."""

from __future__ import annotations

from dataclasses import dataclass

from yiwang.kernel.database import JsonObject
from yiwang.packs.findings import Place, print_table
from yiwang.packs.model.scenario import ScenarioStep


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that did not hold."""

    key: str
    expected: str
    seen: str


@dataclass(frozen=True, slots=True)
class StepFailure:
    """The step at which a scenario stopped. ``reason`` is set when the act itself failed."""

    place: Place
    step: int
    actor: str
    verb: str
    reason: str = ""
    differences: tuple[Difference, ...] = ()

    def lines(self) -> list[str]:
        head = f"{self.place.file}:{self.place.line}: 第 {self.step} 步 {self.actor} {self.verb}"
        if self.reason:
            return [f"{head}: {self.reason}"]
        return [head, *(f"    {item.key}: 应为 {item.expected},实为 {item.seen}" for item in self.differences)]


def step_line(number: int, step: ScenarioStep, *, held: bool) -> str:
    """One step in a line: ``✓ 2 +10m acceptor step accept give · what the scenario says about it``."""
    words = [f"+{step.after}" if step.after else None, step.as_, step.do, step.name, step.node, step.result, step.path]
    if step.refused is not None:
        words.append(f"拒绝 {step.refused}")
    said = f" · {step.say.zh}" if step.say is not None else ""
    return f"  {'✓' if held else '✗'} {number} {' '.join(word for word in words if word)}{said}"


@dataclass(frozen=True, slots=True)
class ScenarioResult:
    """One scenario. ``clauses`` are those that its steps proved, empty when it failed."""

    pack: str
    id: str
    title_zh: str
    title_en: str
    place: Place
    steps: int
    seconds: float
    clauses: tuple[str, ...]
    failure: StepFailure | None = None

    @property
    def passed(self) -> bool:
        return self.failure is None


@dataclass(frozen=True, slots=True)
class ScenarioReport:
    """A whole run."""

    results: tuple[ScenarioResult, ...]

    @property
    def passed(self) -> bool:
        return all(item.passed for item in self.results)

    def text(self) -> str:
        """A table, then what failed with file, line, step, expected and seen."""
        rows = [
            (
                "通过" if item.passed else "失败",
                item.pack,
                item.id,
                item.title_zh,
                str(item.steps),
                str(len(item.clauses)),
                f"{item.seconds:.1f}s",
            )
            for item in self.results
        ]
        lines = [print_table(rows, ("结果", "应用包", "场景", "标题", "步", "条款", "用时"))]
        for item in self.results:
            if item.failure is not None:
                lines += ["", f"{item.pack}/{item.id} {item.title_zh}", *item.failure.lines()]
        good = sum(item.passed for item in self.results)
        lines += ["", f"{len(self.results)} 个场景,{good} 个通过,{len(self.results) - good} 个失败。"]
        return "\n".join(lines)

    def json(self) -> JsonObject:
        return {
            "passed": self.passed,
            "scenarios": [
                {
                    "pack": item.pack,
                    "id": item.id,
                    "title": {"zh": item.title_zh, "en": item.title_en},
                    "file": item.place.file,
                    "line": item.place.line,
                    "steps": item.steps,
                    "seconds": round(item.seconds, 2),
                    "clauses": list(item.clauses),
                    "passed": item.passed,
                    "failure": None if item.failure is None else _failure(item.failure),
                }
                for item in self.results
            ],
        }


def _failure(failure: StepFailure) -> JsonObject:
    return {
        "file": failure.place.file,
        "line": failure.place.line,
        "step": failure.step,
        "actor": failure.actor,
        "verb": failure.verb,
        "reason": failure.reason,
        "differences": [
            {"key": item.key, "expected": item.expected, "seen": item.seen} for item in failure.differences
        ],
    }
