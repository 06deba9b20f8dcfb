"""The packs and cities of this repository: free of errors, at the level they claim, every scenario passing through the API."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.packs.conftest import ROOT
from yiwang.packs.check import CheckResult, run_check
from yiwang.packs.findings import Findings
from yiwang.packs.levels import levels_text, list_packs
from yiwang.packs.loader import load_pack, pack_folders
from yiwang.packs.plan import clauses_of, plan_rows
from yiwang.packs.scenarios.runner import run_scenarios

PACKS = ROOT / "packs"


@pytest.fixture(scope="module")
def result() -> CheckResult:
    return run_check(PACKS, ROOT / "cities", tests=ROOT / "tests")


def test_应用包和城市没有错误(result: CheckResult) -> None:
    assert [item.line_of_text() for item in result.findings if item.level == "error"] == []
    assert {pack.id for pack in result.packs} >= {"urban-management", "hotline-12345", "grid-management"}
    assert {city.id for city in result.cities} >= {"xiqing", "small"}


def test_自带的应用包没有误报的提醒_每个状态都有英文(result: CheckResult) -> None:
    assert [item.line_of_text() for item in result.findings] == []


def test_every_pack_has_reached_the_level_that_it_claims() -> None:
    order = ["declared", "working", "proved"]
    levels = list_packs(PACKS, cities=ROOT / "cities")
    for level in levels:
        assert level.reached is not None, level.id
        assert order.index(level.reached) >= order.index(level.says), level.id
    assert "urban-management" in levels_text(levels)


def test_plan_catalogue_equals_the_plans(shared_dir: Path) -> None:
    rows = yaml.safe_load((shared_dir / "plan" / "systems.yaml").read_text(encoding="utf-8"))
    assert {row["id"]: len(row["requires"]) for row in rows} == {row.id: row.clauses for row in plan_rows().values()}
    assert all(row.name_zh and row.name_en for row in plan_rows().values())


def test_a_claim_names_a_whole_row_or_one_clause() -> None:
    count = plan_rows()["grid-platform"].clauses
    assert clauses_of("grid-platform") == [f"grid-platform/{number}" for number in range(1, count + 1)]
    assert clauses_of("grid-platform/3") == ["grid-platform/3"]
    assert clauses_of("grid-platform/99") == clauses_of("no-such-row") == []


def scenarios_by_pack() -> dict[str, list[str]]:
    packs = [load_pack(folder, Findings()) for folder in pack_folders(PACKS)]
    return {
        pack.id: [scenario.id for file in pack.scenarios for scenario in file.value.scenarios]
        for pack in packs
        if pack is not None
    }


@pytest.mark.parametrize("pack", sorted(path.name for path in pack_folders(PACKS) if (path / "scenarios").is_dir()))
async def test_每个场景都能通过公开接口走完(pack: str, trials) -> None:
    wanted = [f"{pack}/{scenario}" for scenario in scenarios_by_pack()[pack]]
    report = await run_scenarios(PACKS, trials(PACKS), only=wanted, cities=ROOT / "cities", tests=ROOT / "tests")
    assert report.passed, report.text()
    assert len(report.results) == len(wanted) > 0
