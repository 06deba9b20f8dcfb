"""A scenario that does not hold is told with file, line, step, what was expected and what was seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.packs.conftest import SOUND, OpenTrial
from yiwang.packs.levels import list_packs
from yiwang.packs.model.scenario import parse_span
from yiwang.packs.scenarios.live import at_url, on_server
from yiwang.packs.scenarios.runner import ScenarioNotReady, run_scenarios

SCENARIO = Path("packs/lamps/scenarios/dark-street.yaml")


@pytest.fixture
def open_hill(trials, sound: Path) -> OpenTrial:
    """Opens the sound city; its template is made of the untouched files, whatever a test does to its copies."""
    del sound
    return lambda folder, at: trials(SOUND / "packs")(SOUND / "cities" / folder.name, at)


def rewrite(old: str, new: str) -> None:
    text = SCENARIO.read_text(encoding="utf-8")
    assert old in text
    SCENARIO.write_text(text.replace(old, new), encoding="utf-8")


async def test_a_sound_scenario_passes_and_proves_its_clauses(open_hill: OpenTrial) -> None:
    report = await run_scenarios(Path("packs"), open_hill)
    assert report.passed, report.text()
    (result,) = report.results
    assert result.clauses == ("urban-component-register/1",)
    assert "1 个场景,1 个通过,0 个失败。" in report.text()
    levels = {level.id: level for level in list_packs(Path("packs"), report=report)}
    assert (levels["lamps"].reached, levels["wishes"].reached) == ("working", "declared")


async def test_a_wrong_expectation_is_shown_beside_what_was_seen(open_hill: OpenTrial) -> None:
    rewrite("expect: {status: 维修中}", "expect: {status: 待受理, overdue: false}")
    report = await run_scenarios(Path("packs"), open_hill)
    assert not report.passed
    assert report.text().splitlines()[-5:-2] == [
        "lamps/dark-street 路灯不亮",
        "packs/lamps/scenarios/dark-street.yaml:6: 第 2 步 acceptor accept",
        "    status: 应为 待受理,实为 维修中",
    ]
    failure = report.json()["scenarios"][0]["failure"]  # type: ignore[index,call-overload]
    assert (failure["line"], failure["step"], failure["actor"]) == (6, 2, "acceptor")
    assert list_packs(Path("packs"), report=report)[0].reached == "declared"


async def test_each_step_is_told_up_to_the_one_that_does_not_hold(open_hill: OpenTrial) -> None:
    rewrite("expect: {status: 维修中}", "expect: {status: 待受理}, say: {zh: 尚未立案, en: Not yet filed}")
    told: list[str] = []
    await run_scenarios(Path("packs"), open_hill, tell=told.append)
    assert told[0] == "lamps/dark-street 路灯不亮"
    assert told[1].startswith("  ✓ 1 ")
    assert told[2:] == ["  ✗ 2 +10m acceptor accept file · 尚未立案"]


async def test_a_refusal_that_does_not_come_is_a_failure(open_hill: OpenTrial) -> None:
    rewrite(
        "result: file, after: 10m, expect: {status: 维修中}", "result: file, after: 10m, refused: flow.task_not_yours"
    )
    report = await run_scenarios(Path("packs"), open_hill)
    assert "应以 flow.task_not_yours 拒绝,却成功了" in report.text()


async def test_a_refusal_with_another_code_is_a_failure(open_hill: OpenTrial) -> None:
    rewrite(
        "- {as: acceptor, do: accept, result: file, after: 10m",
        "- {as: handler1, do: accept, refused: case.*, after: 10m",
    )
    report = await run_scenarios(Path("packs"), open_hill)
    assert "应以 case.* 拒绝,实为 403 flow.task_not_yours" in report.text()


async def test_an_act_where_there_is_no_task_names_the_task_that_is_there(open_hill: OpenTrial) -> None:
    rewrite("{as: acceptor, do: accept, result: file", "{as: handler1, do: finish, result: finish")
    report = await run_scenarios(Path("packs"), open_hill)
    assert "没有在 handle 的任务,现在是 accept" in report.text()


async def test_a_chosen_scenario_runs_alone(open_hill: OpenTrial) -> None:
    assert (await run_scenarios(Path("packs"), open_hill, only=["lamps/none"])).results == ()
    assert (
        await run_scenarios(Path("packs"), open_hill, files=[Path("packs/lamps/scenarios/other.yaml")])
    ).results == ()
    assert len((await run_scenarios(Path("packs"), open_hill, files=[SCENARIO])).results) == 1


async def test_scenarios_of_packs_with_errors_do_not_run(open_hill: OpenTrial) -> None:
    rewrite("do: accept", "do: acept")
    with pytest.raises(ScenarioNotReady) as raised:
        await run_scenarios(Path("packs"), open_hill)
    assert "dark-street.yaml:6:26" in raised.value.text


async def test_a_running_server_is_turned_to_the_scenarios_beginning(open_hill: OpenTrial) -> None:
    early, late = datetime.fromisoformat("2026-06-17T08:00+08:00"), datetime.fromisoformat("2026-06-19T08:00+08:00")
    async with open_hill(Path("cities/hill"), early) as trial:
        report = await run_scenarios(Path("packs"), on_server(trial))
        assert report.passed, report.text()
    async with open_hill(Path("cities/hill"), late) as trial:
        with pytest.raises(ScenarioNotReady, match="2026-06-18"):
            await run_scenarios(Path("packs"), on_server(trial))


@pytest.mark.parametrize(("text", "span"), [("20m", 20), ("2h", 120), ("1d", 1440), ("1d4h30m", 1710), ("90s", 1.5)])
def test_spans_are_read(text: str, span: float) -> None:
    assert parse_span(text) == timedelta(minutes=span)


@pytest.mark.parametrize("text", ["", "20", "m", "-5m", "20 m", "0m", "500d", "1w"])
def test_other_spans_are_refused_in_both_languages(text: str) -> None:
    with pytest.raises(ValueError, match=r"请写|不超过") as raised:
        parse_span(text)
    assert " | " in str(raised.value)


def test_the_sound_scenario_begins_on_a_thursday() -> None:
    assert datetime.fromisoformat("2026-06-18T08:30+08:00").isoweekday() == 4


async def test_没有演示日的城市_场景照样从自己的时刻开始(trials, sound: Path) -> None:
    path = Path("cities/hill/city.yaml")
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("  day:")), encoding="utf-8")
    open_city = trials(sound / "packs")
    report = await run_scenarios(Path("packs"), lambda folder, at: open_city(sound / "cities" / folder.name, at))
    assert report.passed, report.text()


def counted_lamps() -> None:
    """The sound pack with an indicator, a board, who may read scores, and steps that look at both."""
    lamps = Path("packs/lamps")
    roles = (lamps / "roles.yaml").read_text(encoding="utf-8")
    grant = "      - {kind: case, verbs: [read, report, void]}\n"
    assert grant in roles
    score = "      - {kind: score, verbs: [read]}\n"
    (lamps / "roles.yaml").write_text(roles.replace(grant, grant + score), encoding="utf-8")
    (lamps / "indicators").mkdir()
    (lamps / "indicators" / "lamps.yaml").write_text(
        "id: lamp-indicators\nnames: {zh: 路灯指标, en: Lamps}\nindicators:\n"
        "  - {id: lamp-reported, names: {zh: 上报数, en: Reported}, numerator: reported, unit: number, objects: [area]}\n"
        "  - {id: lamp-closed, names: {zh: 结案率, en: Closed}, numerator: closed, denominator: reported, objects: [area]}\n",
        encoding="utf-8",
    )
    (lamps / "boards").mkdir()
    (lamps / "boards" / "lamp-score.yaml").write_text(
        "id: lamp-score\nnames: {zh: 路灯考核, en: Lamp score}\nobject: area\n"
        "measures: [{indicator: lamp-closed, weight: 80}]\n"
        "grades: [{id: A, names: {zh: 优, en: Best}, at_least: 70}]\n",
        encoding="utf-8",
    )
    with SCENARIO.open("a", encoding="utf-8") as file:
        file.write(
            "    - {as: acceptor, do: count, indicator: lamp-reported, kind: area, expect: {values: {'120199001': 1}}}\n"
            "    - {as: handler1, do: count, indicator: lamp-reported, kind: area, expect: {values: {}}}\n"
            "    - {as: acceptor, do: score, board: lamp-score, expect: {rows: {东街: {score: 80, grade: A, rank: 1,"
            " values: {lamp-closed: 1/1}}}}}\n"
        )


async def test_考核和指标_等计数跟上再看_数不对照实说(trials, sound: Path) -> None:
    counted_lamps()
    open_city = trials(sound / "packs")

    async def told() -> str:
        report = await run_scenarios(Path("packs"), lambda at, day: open_city(sound / "cities" / at.name, day))
        return "" if report.passed else report.text()

    assert await told() == ""
    rewrite("{'120199001': 1}", "{'120199001': 2}")
    assert "    values 120199001: 应为 2,实为 1" in await told()
    rewrite("{'120199001': 2}", "{'120199002': 1}")
    assert "    values 120199002: 应为 有一行,实为 没有;有的是 东街" in await told()
    rewrite("values: {'120199002': 1}", "status: 已结案")
    assert "    status: 应为 –,实为 count 看不到" in await told()


async def test_a_server_that_does_not_answer_is_told() -> None:
    with pytest.raises(ScenarioNotReady, match="No answer"):
        async with at_url("http://127.0.0.1:9")(Path("cities/hill"), datetime.fromisoformat("2026-06-18T08:00+08:00")):
            pass
