"""How far each pack really is: declared (passes check), working (scenarios prove every clause), proved (from outside too)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from yiwang.kernel.database import JsonObject
from yiwang.packs.check import run_check
from yiwang.packs.check.plan import clauses_claimed, clauses_proved, order, test_exists
from yiwang.packs.findings import print_table, shown
from yiwang.packs.loaded import Pack
from yiwang.packs.model.pack import LevelWord
from yiwang.packs.plan import plan_rows
from yiwang.packs.scenarios.report import ScenarioReport

_WORDS = {"declared": "已声明", "working": "可运行", "proved": "已验证", None: "有错误"}


@dataclass(frozen=True, slots=True)
class AnsweredRow:
    """A row of the plan catalogue with the clauses of it that the pack answers, and those that it has proved."""

    id: str
    name_zh: str
    name_en: str
    of: int
    claimed: tuple[str, ...]
    proved: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PackLevel:
    """``says`` is the level in pack.yaml, ``reached`` what the check (and the scenarios, where they ran) bear out."""

    id: str
    name_zh: str
    name_en: str
    version: str
    says: LevelWord
    reached: LevelWord | None
    errors: int
    scenarios: int
    rows: tuple[AnsweredRow, ...]

    def json(self) -> JsonObject:
        return {
            "id": self.id,
            "names": {"zh": self.name_zh, "en": self.name_en},
            "version": self.version,
            "says": self.says,
            "reached": self.reached,
            "errors": self.errors,
            "scenarios": self.scenarios,
            "rows": [
                {
                    "id": row.id,
                    "names": {"zh": row.name_zh, "en": row.name_en},
                    "clauses": row.of,
                    "claimed": list(row.claimed),
                    "proved": list(row.proved),
                }
                for row in self.rows
            ],
        }


def list_packs(packs: Path, *, cities: Path | None = None, report: ScenarioReport | None = None) -> list[PackLevel]:
    """Every pack in the folder. With the ``report`` of a run only clauses of scenarios that passed count as proved."""
    result = run_check(packs, cities)
    levels: list[PackLevel] = []
    for pack in result.packs:
        folder = shown(pack.folder)
        errors = sum(
            item.level == "error" and (item.file == folder or item.file.startswith(f"{folder}/"))
            for item in result.findings
        )
        levels.append(_level(pack, errors, packs.parent, report))
    return levels


def levels_text(levels: list[PackLevel]) -> str:
    """A table, one line a pack, its plan rows below it."""
    rows: list[tuple[str, ...]] = []
    for level in levels:
        claimed = sum(len(row.claimed) for row in level.rows)
        proved = sum(len(row.proved) for row in level.rows)
        reached = f"{level.reached or 'broken'} {_WORDS[level.reached]}"
        rows.append((level.id, level.name_zh, level.version, level.says, reached, f"{proved}/{claimed}"))
        rows += [
            (f"  {row.id}", row.name_zh, "", "", "", f"{len(row.proved)}/{len(row.claimed)} (共 {row.of})")
            for row in level.rows
        ]
    return print_table(rows, ("应用包", "名称", "版本", "自称", "实际", "条款"))


def _level(pack: Pack, errors: int, root: Path, report: ScenarioReport | None) -> PackLevel:
    claimed, proved = clauses_claimed(pack), clauses_proved(pack)
    if report is not None:
        proved &= {clause for item in report.results if item.pack == pack.id for clause in item.clauses}
    file = pack.file.value
    return PackLevel(
        file.id,
        file.names.zh,
        file.names.en,
        file.version,
        file.level,
        None if errors else _reached(pack, claimed, proved, root, report),
        errors,
        sum(len(scenarios.value.scenarios) for scenarios in pack.scenarios),
        tuple(_rows(claimed, proved)),
    )


def _reached(pack: Pack, claimed: set[str], proved: set[str], root: Path, report: ScenarioReport | None) -> LevelWord:
    failed = report is not None and any(item.pack == pack.id and not item.passed for item in report.results)
    if failed or not claimed or claimed - proved:
        return "declared"
    tests = [proof.test for proof in pack.proof.value.proofs] if pack.proof else []
    return "proved" if tests and all(test_exists(test, root) for test in tests) else "working"


def _rows(claimed: set[str], proved: set[str]) -> list[AnsweredRow]:
    found: list[AnsweredRow] = []
    for row_id in sorted({clause.partition("/")[0] for clause in claimed}):
        row = plan_rows()[row_id]
        mine = tuple(sorted((clause for clause in claimed if clause.startswith(f"{row_id}/")), key=order))
        good = tuple(clause for clause in mine if clause in proved)
        found.append(AnsweredRow(row_id, row.name_zh, row.name_en, row.clauses, mine, good))
    return found
