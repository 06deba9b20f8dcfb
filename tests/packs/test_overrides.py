"""What a city words differently: changed before the shape is checked, told at the city's own line."""

from __future__ import annotations

from pathlib import Path

import pytest

from yiwang.packs.check import run_check
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import City
from yiwang.packs.loader import load_city, load_pack


def hill() -> City:
    findings = Findings()
    city = load_city(Path("cities/hill"), Path("packs"), findings)
    assert city is not None, findings.items
    return city


def override(change: str, target: str = "classes/lamp-kinds") -> None:
    Path("cities/hill/overrides/stricter.yaml").write_text(
        f"pack: lamps\ntarget: {target}\nwhy: {{zh: 本区不同, en: Different here}}\nchange:\n  - {change}\n",
        encoding="utf-8",
    )


def test_本区时限替换应用包时限(sound: Path) -> None:
    first, second, _ = hill().packs[0].classes[0].value.classes
    assert (first.standards[0].limit, second.standards[0].limit) == ("1工作日", "4紧急工作时")
    pack = load_pack(Path("packs/lamps"), Findings())
    assert pack is not None
    assert pack.classes[0].value.classes[0].standards[0].limit == "2工作日"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ('{at: "classes[2].names.zh", to: 灯杆歪斜}', "灯杆歪斜"),
        ('{at: "classes[0102].names", to: {zh: 灯杆歪斜, en: Pole leans}}', "灯杆歪斜"),
    ],
)
def test_items_are_found_by_code_or_by_number(change: str, code: str, sound: Path) -> None:
    override(change)
    assert hill().packs[0].classes[0].value.classes[1].names.zh == code


def test_null_takes_a_key_away(sound: Path) -> None:
    override("{at: default_class, to: null}", "cases/lamp-case")
    assert hill().packs[0].cases[0].value.default_class is None


def test_a_new_key_may_be_set(sound: Path) -> None:
    override("{at: return_visit, to: true}", "cases/lamp-case")
    assert hill().packs[0].cases[0].value.return_visit is True


@pytest.mark.parametrize("path", ["classes[", "classes]0101[", "classes..names", "[0101]", "classes.0101.names.zh"])
def test_a_path_that_leads_nowhere_is_told_and_changes_nothing(path: str, sound: Path) -> None:
    override(f'{{at: "{path}", to: x}}')
    findings = Findings()
    city = load_city(Path("cities/hill"), Path("packs"), findings)
    assert city is not None
    assert [item.code for item in findings.items] == ["city.override"]
    assert findings.items[0].file == "cities/hill/overrides/stricter.yaml"


def test_a_wrong_kind_is_told_at_the_citys_line(sound: Path) -> None:
    override('{at: "classes[0101].words", to: 灯灭}')
    (finding,) = run_check(Path("packs")).findings
    assert (finding.file, finding.line, finding.code) == ("cities/hill/overrides/stricter.yaml", 5, "schema.kind")


def test_a_citys_own_flow_stands_in_place_of_the_packs(sound: Path) -> None:
    folder = Path("cities/hill/overrides/lamps/flows")
    folder.mkdir(parents=True)
    text = Path("packs/lamps/flows/lamp-life.bpmn").read_text(encoding="utf-8")
    (folder / "lamp-life.bpmn").write_text(text.replace("1工作时", "2工作时"), encoding="utf-8")
    assert run_check(Path("packs")).good
    flow = hill().packs[0].flows[0]
    assert flow.file == "cities/hill/overrides/lamps/flows/lamp-life.bpmn"
    assert flow.graph is not None
    limit = flow.graph.task("accept").deadline
    assert limit is not None
    assert limit.limit is not None
    assert limit.limit.text == "2工作时"
