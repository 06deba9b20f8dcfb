"""What a run of walk files tells: each story step by step, where it failed and why, and what of the flow nobody walked."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from yiwang.kernel.database import JsonObject
from yiwang.packs.findings import Place


@dataclass(frozen=True, slots=True)
class Difference:
    """One expectation that did not hold."""

    key: str
    expected: str
    seen: str


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that happened, in words: when, in which instance, who or what, and what waits afterwards."""

    at: str
    instance: str
    zh: str
    en: str
    waits_zh: str
    waits_en: str


@dataclass(frozen=True, slots=True)
class Failure:
    """The step at which a story stopped. ``reason`` (zh, en) is set when the act itself failed or was not refused."""

    place: Place
    step: int
    verb: str
    reason: tuple[str, str] = ("", "")
    differences: tuple[Difference, ...] = ()

    def words(self) -> tuple[str, str]:
        """Why, in Chinese and in English, without a stop."""
        zh = "; ".join(f"{item.key} 应为 {item.expected},实为 {item.seen}" for item in self.differences)
        en = "; ".join(f"{item.key} should be {item.expected}, is {item.seen}" for item in self.differences)
        return (self.reason[0] or zh).rstrip("。"), (self.reason[1] or en).rstrip(".")

    def lines(self, language: str) -> Iterator[str]:
        chinese = language.startswith("zh")
        step = f"第 {self.step} 步 {self.verb}" if chinese else f"step {self.step} {self.verb}"
        head = f"{self.place.file}:{self.place.line}: {step}"
        reason = self.reason[0 if chinese else 1]
        yield f"{head}: {reason}" if reason else head
        for item in self.differences:
            if chinese:
                yield f"    {item.key}: 应为 {item.expected},实为 {item.seen}"
            else:
                yield f"    {item.key}: expected {item.expected}, is {item.seen}"


@dataclass(frozen=True, slots=True)
class WalkResult:
    """One story."""

    id: str
    title: tuple[str, str]
    place: Place
    lines: tuple[Line, ...]
    failure: Failure | None = None

    @property
    def passed(self) -> bool:
        return self.failure is None


@dataclass(frozen=True, slots=True)
class Left:
    """A sequence flow or activity of the flow that no story walked."""

    element: str
    place: Place


@dataclass(frozen=True, slots=True)
class FileReport:
    """One walk file. ``walked`` of ``total`` sequence flows were taken; ``left`` is what was not."""

    file: str
    key: str
    names: tuple[str, str]
    results: tuple[WalkResult, ...]
    walked: int
    total: int
    left: tuple[Left, ...]

    @property
    def passed(self) -> bool:
        return all(item.passed for item in self.results) and not self.left

    def text(self, language: str, *, steps: bool) -> Iterator[str]:
        chinese = language.startswith("zh")
        yield f"{self.file}  {self.names[0 if chinese else 1]}"
        for item in self.results:
            yield f"  {'✓' if item.passed else '✗'} {item.id}  {item.title[0 if chinese else 1]}"
            if steps:
                for line in item.lines:
                    yield from _shown(line, chinese=chinese)
            if item.failure is not None:
                yield from (f"    {line}" for line in item.failure.lines(language))
        count = f"连线 {self.walked}/{self.total}" if chinese else f"sequence flows {self.walked}/{self.total}"
        yield f"  {count}"
        for left in self.left:
            words = "没有演练走到" if chinese else "no walk takes it"
            yield f"    {left.place.file}:{left.place.line}: {left.element} {words}"


def _shown(line: Line, *, chinese: bool) -> Iterator[str]:
    waits = line.waits_zh if chinese else line.waits_en
    yield f"      {line.at}  {line.zh if chinese else line.en}"
    yield f"      {' ' * len(line.at)}    → {waits}"


@dataclass(frozen=True, slots=True)
class WalkReport:
    """A whole run."""

    files: tuple[FileReport, ...]

    @property
    def passed(self) -> bool:
        return all(item.passed for item in self.files)

    def text(self, language: str = "zh", *, steps: bool = True) -> str:
        """Every file, then the counts."""
        lines = [line for item in self.files for line in item.text(language, steps=steps)]
        walks = sum(len(item.results) for item in self.files)
        good = sum(result.passed for item in self.files for result in item.results)
        if language.startswith("zh"):
            lines.append(f"{len(self.files)} 个流程,{walks} 个演练,{good} 个通过,{walks - good} 个失败。")
        else:
            lines.append(f"{len(self.files)} flows, {walks} walks, {good} passed, {walks - good} failed.")
        return "\n".join(lines)

    def json(self) -> JsonObject:
        return {"passed": self.passed, "files": [_file(item) for item in self.files]}


def _file(report: FileReport) -> JsonObject:
    return {
        "file": report.file,
        "flow": report.key,
        "names": {"zh": report.names[0], "en": report.names[1]},
        "passed": report.passed,
        "sequence_flows": {"walked": report.walked, "total": report.total},
        "left": [{"element": item.element, "file": item.place.file, "line": item.place.line} for item in report.left],
        "walks": [_walk(item) for item in report.results],
    }


def _walk(result: WalkResult) -> JsonObject:
    return {
        "id": result.id,
        "title": {"zh": result.title[0], "en": result.title[1]},
        "file": result.place.file,
        "line": result.place.line,
        "passed": result.passed,
        "steps": [
            {
                "at": line.at,
                "instance": line.instance,
                "zh": line.zh,
                "en": line.en,
                "waits": {"zh": line.waits_zh, "en": line.waits_en},
            }
            for line in result.lines
        ],
        "failure": None if result.failure is None else _failure(result.failure),
    }


def _failure(failure: Failure) -> JsonObject:
    return {
        "file": failure.place.file,
        "line": failure.place.line,
        "step": failure.step,
        "verb": failure.verb,
        "zh": failure.reason[0],
        "en": failure.reason[1],
        "differences": [
            {"key": item.key, "expected": item.expected, "seen": item.seen} for item in failure.differences
        ],
    }
