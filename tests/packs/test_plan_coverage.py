"""规划条目:只有通过的场景步骤才算覆盖;文件或程序变了,结果就过时;缺什么说得出。"""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import python_calamine
from packs.conftest import OpenTrial

from yiwang.packs.proving.keeping import kept_results
from yiwang.packs.proving.reading import read_proving
from yiwang.packs.proving.rows import PlanClause, PlanTable
from yiwang.packs.proving.running import run_and_keep
from yiwang.packs.proving.workbook import plan_workbook

CLAUSE = "urban-component-register/1"
SCENARIO = Path("packs/lamps/scenarios/dark-street.yaml")
AT = datetime(2026, 6, 18, tzinfo=UTC)


def table(home: Path) -> PlanTable:
    return read_proving(Path("cities/hill"), Path("packs").resolve()).table(home)


def clause(found: PlanTable) -> PlanClause:
    return next(item for row in found.rows for item in row.clauses if item.id == CLAUSE)


def test_没有运行过的条款不算覆盖(sound: Path) -> None:
    found = table(sound / "home")
    assert (clause(found).state, clause(found).by) == ("not_run", ("lamps/dark-street",))
    assert found.covered == 0
    row = next(row for row in found.answered if row.id == "urban-component-register")
    assert row.level == "declared"
    assert {item.state for item in row.missing} == {"not_run", "unanswered"}
    assert next(row for row in found.rows if row.id == "city-analytics").level == "none"


def test_声明而无场景步骤的条款说得出(sound: Path) -> None:
    SCENARIO.write_text(SCENARIO.read_text("utf-8").replace(f", answers: [{CLAUSE}]", ""), encoding="utf-8")
    assert clause(table(sound / "home")).state == "no_step"


async def test_通过才算覆盖_改动后过时_失败说在哪里(sound: Path, trials: Callable[[Path], OpenTrial]) -> None:
    home, packs = sound / "home", Path("packs").resolve()

    async def run() -> list[str]:
        proving = read_proving(Path("cities/hill"), packs)
        told: list[str] = []
        await run_and_keep(
            proving.packs, proving.every, proving.cities, home, trials(packs), AT,
            lambda result, number, of: told.append(f"{number}/{of} {result.id} {result.passed}"),
        )  # fmt: skip
        return told

    assert await run() == ["1/1 dark-street True"]
    assert clause(table(home)).state == "covered"
    assert table(home).covered == 1
    run_of_lamps = next(item for item in table(home).runs if item.pack == "lamps")
    assert (run_of_lamps.passed, run_of_lamps.failed, run_of_lamps.stale, run_of_lamps.at) == (1, 0, False, AT)
    sheets = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(plan_workbook(table(home))))
    rows = sheets.get_sheet_by_index(1).to_python()
    assert next(row for row in rows if row[0] == CLAUSE)[2] == "已覆盖"

    readme = Path("packs/lamps/README.md")
    readme.write_text(readme.read_text("utf-8") + "\nMore words.\n", encoding="utf-8")
    assert clause(table(home)).state == "stale"
    assert table(home).covered == 0

    SCENARIO.write_text(SCENARIO.read_text("utf-8").replace("status: 维修中", "status: 已修复"), encoding="utf-8")
    assert await run() == ["1/1 dark-street False"]
    assert clause(table(home)).state == "failed"
    assert "dark-street.yaml:6" in kept_results(home)["lamps"].scenarios[0].why


def test_损坏的结果文件当作没有运行过(sound: Path) -> None:
    (sound / "home/proofs").mkdir(parents=True)
    (sound / "home/proofs/lamps.json").write_text("{", encoding="utf-8")
    assert clause(table(sound / "home")).state == "not_run"


def test_条款的说明取自应用包的说明页(sound: Path) -> None:
    Path("packs/lamps/README.md").write_text(
        f"# Lamps\n\n| clause | where |\n|---|---|\n| {CLAUSE} every lamp has a number | types |\n", encoding="utf-8"
    )
    assert clause(table(sound / "home")).words == "every lamp has a number"
