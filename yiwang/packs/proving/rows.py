"""The rows of the plan catalogue with what is covered of them: pure, from packs and kept results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

from yiwang.kernel.database import JsonObject
from yiwang.packs.check.plan import clauses_claimed, test_exists
from yiwang.packs.loaded import Pack
from yiwang.packs.plan import plan_rows
from yiwang.packs.proving.clauses import clause_words
from yiwang.packs.proving.keeping import Kept, program_digest, proof_digest

ClauseState = Literal["covered", "stale", "failed", "not_run", "no_step", "unanswered"]
RowLevel = Literal["none", "declared", "working", "proved"]

STATES: dict[ClauseState, tuple[str, str]] = {
    "covered": ("已覆盖", "covered"),
    "stale": ("曾通过,此后应用包、城市或程序有改动", "passed, but pack, city or program have changed since"),
    "failed": ("场景未通过", "its scenario failed"),
    "not_run": ("有场景步骤,尚未运行", "a scenario step answers it, which has not been run"),
    "no_step": ("应用包声明回答,但没有场景步骤", "a pack claims it without a scenario step"),
    "unanswered": ("没有应用包回答", "no pack answers it"),
}
"""What each state means, in both languages."""
LEVELS: dict[RowLevel, tuple[str, str]] = {
    "none": ("未开始", "none"),
    "declared": ("已声明", "declared"),
    "working": ("可运行", "working"),
    "proved": ("已验证", "proved"),
}
_BEST: tuple[ClauseState, ...] = ("covered", "stale", "failed", "not_run", "no_step", "unanswered")


@dataclass(frozen=True, slots=True)
class PlanClause:
    """A clause: ``words`` are "" where no pack's page words it; ``by``: pack/scenario of the steps that answer it."""

    id: str
    state: ClauseState
    words: str
    by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RowState:
    """A row of the catalogue. ``level``: none: no pack answers; declared: not all is covered; working: all is; proved: and
    every pack that answers was checked against the outside."""

    id: str
    zh: str
    en: str
    level: RowLevel
    packs: tuple[str, ...]
    clauses: tuple[PlanClause, ...]

    @property
    def covered(self) -> int:
        return sum(item.state == "covered" for item in self.clauses)

    @property
    def missing(self) -> tuple[PlanClause, ...]:
        """Everything that is not covered."""
        return tuple(item for item in self.clauses if item.state != "covered")

    def json(self) -> JsonObject:
        return {
            "id": self.id,
            "names": {"zh": self.zh, "en": self.en},
            "level": self.level,
            "packs": list(self.packs),
            "clauses": len(self.clauses),
            "covered": self.covered,
            "items": [
                {"id": item.id, "state": item.state, "words": item.words, "by": list(item.by)} for item in self.clauses
            ],
        }


@dataclass(frozen=True, slots=True)
class PackRun:
    """The kept run of a pack; ``stale``: it was reached with other files, or another program."""

    pack: str
    version: str
    program: str
    at: datetime | None
    passed: int
    failed: int
    stale: bool

    def json(self) -> JsonObject:
        return {
            "pack": self.pack,
            "version": self.version,
            "program": self.program,
            "at": None if self.at is None else self.at.isoformat(),
            "passed": self.passed,
            "failed": self.failed,
            "stale": self.stale,
        }


@dataclass(frozen=True, slots=True)
class PlanTable:
    """The whole catalogue as a city covers it, in the catalogue's order."""

    city: str
    rows: tuple[RowState, ...]
    runs: tuple[PackRun, ...]
    names: Mapping[str, tuple[str, str]]
    """Of the packs, in Chinese and English."""

    @property
    def clauses(self) -> int:
        return sum(len(row.clauses) for row in self.rows)

    @property
    def covered(self) -> int:
        return sum(row.covered for row in self.rows)

    @property
    def answered(self) -> tuple[RowState, ...]:
        """The rows of which a pack answers at least one clause."""
        return tuple(row for row in self.rows if row.packs)

    def json(self) -> JsonObject:
        return {
            "city": self.city,
            "rows": len(self.rows),
            "answered": len(self.answered),
            "clauses": self.clauses,
            "covered": self.covered,
            "packs": {pack: {"zh": zh, "en": en} for pack, (zh, en) in self.names.items()},
            "runs": [run.json() for run in self.runs],
            "items": [row.json() for row in self.rows],
        }


def plan_table(
    city: str,
    packs: Sequence[Pack],
    every: Mapping[str, Pack],
    cities: Mapping[str, Path],
    kept: Mapping[str, Kept],
    root: Path,
) -> PlanTable:
    """The catalogue as the ``packs`` of a city cover it.

    ``every``: all packs by id, for what they need; ``cities``: folders in which scenarios act; ``root``: where the tests of
    ``proof.yaml`` lie.
    """
    fresh = {
        pack.id: kept[pack.id].digest == proof_digest(pack, every, cities)
        and kept[pack.id].program_digest == program_digest()
        for pack in packs
        if pack.id in kept
    }
    words = clause_words([*packs, *every.values()])
    claims = {pack.id: clauses_claimed(pack) for pack in packs}
    found: dict[str, list[tuple[ClauseState, tuple[str, ...]]]] = {}
    for pack in packs:
        for clause in claims[pack.id]:
            found.setdefault(clause, []).append(_state(pack, clause, kept.get(pack.id), fresh.get(pack.id, False)))
    rows = []
    for row in plan_rows().values():
        clauses = tuple(_clause(f"{row.id}/{number}", found, words) for number in range(1, row.clauses + 1))
        mine = tuple(pack for pack in packs if any(item.id in claims[pack.id] for item in clauses))
        ids = tuple(pack.id for pack in mine)
        rows.append(RowState(row.id, row.name_zh, row.name_en, _level(clauses, mine, root), ids, clauses))
    runs = tuple(_run(pack, kept.get(pack.id), fresh.get(pack.id, False)) for pack in packs if pack.scenarios)
    names = {pack.id: (pack.file.value.names.zh, pack.file.value.names.en) for pack in packs}
    return PlanTable(city, tuple(rows), runs, names)


def _state(pack: Pack, clause: str, kept: Kept | None, fresh: bool) -> tuple[ClauseState, tuple[str, ...]]:
    """How one pack stands to one of its clauses, and by which of its scenarios."""
    mine = [
        scenario.id
        for file in pack.scenarios
        for scenario in file.value.scenarios
        if any(clause in step.answers for step in scenario.steps)
    ]
    by = tuple(f"{pack.id}/{name}" for name in mine)
    if not mine:
        return "no_step", by
    results = {item.id: item for item in kept.scenarios} if kept else {}
    if any(name in results and clause in results[name].clauses for name in mine):
        return ("covered" if fresh else "stale"), by
    return ("failed" if any(name in results for name in mine) else "not_run"), by


def _clause(
    id: str, found: Mapping[str, Iterable[tuple[ClauseState, tuple[str, ...]]]], words: Mapping[str, str]
) -> PlanClause:
    """The best that any pack has to say of a clause."""
    told = sorted(found.get(id, ()), key=lambda item: _BEST.index(item[0]))
    state: ClauseState = told[0][0] if told else "unanswered"
    return PlanClause(id, state, words.get(id, ""), tuple(name for _, names in told for name in names))


def _level(clauses: Sequence[PlanClause], packs: Sequence[Pack], root: Path) -> RowLevel:
    if not packs:
        return "none"
    if any(item.state != "covered" for item in clauses):
        return "declared"
    proofs = [[proof.test for proof in pack.proof.value.proofs] if pack.proof else [] for pack in packs]
    good = all(tests and all(test_exists(test, root) for test in tests) for tests in proofs)
    return "proved" if good else "working"


def _run(pack: Pack, kept: Kept | None, fresh: bool) -> PackRun:
    if kept is None:
        return PackRun(pack.id, pack.file.value.version, "", None, 0, 0, stale=False)
    passed = sum(item.passed for item in kept.scenarios)
    return PackRun(pack.id, kept.version, kept.program, kept.at, passed, len(kept.scenarios) - passed, stale=not fresh)
