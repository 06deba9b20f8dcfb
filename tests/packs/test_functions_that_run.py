"""Which functions of packs a city runs: those of its own packs, where the check finds no error in them."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.packs.conftest import ROOT, SOUND
from yiwang.packs.computing import load_functions


def test_a_city_runs_the_functions_of_its_own_packs() -> None:
    found = load_functions(ROOT / "packs", ROOT / "cities" / "xiqing")
    assert {pack for pack, _ in found} == {"environment-monitoring"}
    assert found.keys() == load_functions(ROOT / "packs").keys()
    assert load_functions(ROOT / "packs", SOUND / "cities" / "hill") == {}, "it has none of these packs"


def test_a_pack_with_an_error_is_not_computed(tmp_path: Path) -> None:
    packs = tmp_path / "packs"
    for name in ("environment-monitoring", "urban-management"):
        shutil.copytree(ROOT / "packs" / name, packs / name)
    before = load_functions(packs)
    file = next((packs / "environment-monitoring" / "signals").glob("*.yaml"))
    file.write_text("not: [closed\n", "utf-8")
    assert load_functions(packs) == {}
    assert before
