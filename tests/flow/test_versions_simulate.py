"""A version is tried on the cases of a real period: how many, how long, where they would wait, beside what really happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

import pytest

from tests.flow.offices import Drawing, Office, actor, at
from yiwang.flow.errors import FlowRefused
from yiwang.flow.model import Definition
from yiwang.flow.versions.cases import Step
from yiwang.flow.versions.chances import Assumptions
from yiwang.flow.versions.errors import NoCases
from yiwang.flow.versions.report import SimulationReport, StepReport
from yiwang.flow.versions.simulating import Scenario, Simulations, simulate
from yiwang.kernel.errors import NotFound

DESIGNER = actor("管理员")


def office_flow(key: str, *, checked: bool = False, limit: str = "4工作时") -> Drawing:
    """受理 → 办理(可退回) → [复核] → 办结或不予办理."""
    drawing = Drawing(key).start().task("accept", "ok refuse", step='deadline="2工作时"')
    drawing.task("handle", "ok back", step=f'deadline="{limit}"').exclusive("x", "x-go").exclusive("y", "y-go")
    drawing.end("closed").end("refused").line("start", "accept", "x").flow("x", "handle", name="x-go")
    drawing.flow("x", "refused", 'outcome == "refuse"').line("handle", "y")
    drawing.flow("y", "accept", 'outcome == "back"')
    if checked:
        drawing.task("review", step='deadline="2工作时"').flow("y", "review", name="y-go").line("review", "closed")
    else:
        drawing.flow("y", "closed", name="y-go")
    return drawing


async def live(office: Office, definition: Definition, count: int, seed: int = 1) -> None:
    """Cases that people work on at their own pace, in working hours and beyond; the last ones are open still."""
    dice = Random(seed)
    begun = at(8)
    for number in range(count):
        begun += timedelta(minutes=dice.randint(5, 90))
        office.set_clock(begun)
        case = (await office.start(definition)).instance_id
        moment = begun
        while tasks := await office.tasks(case):
            moment += timedelta(minutes=dice.randint(10, 900))
            office.set_clock(moment)
            step = definition.graph.task(tasks[0].node)
            outcome = dice.choice([step.first_outcome] * 4 + list(step.outcomes))
            if tasks[0].node == "handle" and dice.random() < 0.15:
                await office.send_back(case, "handle", "accept", actor("受理员"))
            else:
                await office.finish(tasks[0].id, actor("受理员"), outcome)
            if number >= count - 3:
                break
    office.set_clock(at(8, day=15, month=7))


def scenario(key: str, **more: object) -> Scenario:
    return replace(Scenario(key, at(0, day=1), at(0, day=15, month=7)), **more)  # type: ignore[arg-type]


def step(report: SimulationReport, node: str) -> StepReport:
    return next(item for item in report.steps if item.step.node == node)


async def test_同一版本试算等于真实(office: Office) -> None:
    definition = await office.publish(office_flow("same-again"))
    await live(office, definition, 40)
    report = await Simulations(office.flow).run(scenario("same-again"), DESIGNER)
    assert (report.found, report.simulated.cases) == (40, 40)
    assert 37 <= report.real.ended < 40
    assert report.simulated.ended == 40
    assert report.stuck == ()
    assert report.simulated_ended.elapsed == report.real.elapsed
    assert report.simulated_ended.ends == report.real.ends
    assert sum(report.real.ends.values()) == report.real.ended
    assert set(report.real.ends) == {"closed", "refused"}
    prepared = await Simulations(office.flow).prepare(scenario("same-again"), DESIGNER)
    over = tuple(case for case in prepared.cases if case.ended_at is not None)
    exact = simulate(replace(prepared, cases=over))
    assert exact.simulated == exact.real
    for item in exact.steps:
        assert item.simulated == item.real
        assert set(item.grounds) == {"real"}
    assert step(exact, "accept").simulated.overdue > 0  # type: ignore[union-attr]


async def test_草稿加一步复核_历时变长_用时按期限估计(office: Office) -> None:
    definition = await office.publish(office_flow("longer"))
    await live(office, definition, 25)
    async with office.database.transaction() as connection:
        await office.flow.save_draft(
            connection, "longer", office_flow("longer", checked=True).xml, DESIGNER, office.now
        )
    simulations = Simulations(office.flow)
    report = await simulations.run(scenario("longer"), DESIGNER)
    assert report.version == 2
    review = step(report, "review")
    assert review.real is None
    assert review.simulated is not None
    assert set(review.grounds) == {"limit"}
    assert 0.5 * 3600 * 0.9 <= (review.simulated.worked.mean or 0) <= 1.5 * 3600
    assert (report.simulated.worked.mean or 0) > (report.real.worked.mean or 0)
    assert any("review" in item.zh and "按期限" in item.zh for item in report.assumptions)
    given = await simulations.run(scenario("longer", assumed=Assumptions(durations={"review": "8工作时"})), DESIGNER)
    assert set(step(given, "review").grounds) == {"given"}
    assert given.simulated.worked.mean > report.simulated.worked.mean  # type: ignore[operator]
    assert (step(given, "review").simulated or review.simulated).overdue > review.simulated.overdue


async def test_同样的种子得到同样的结果(office: Office) -> None:
    definition = await office.publish(office_flow("seeded"))
    await live(office, definition, 20)
    simulations = Simulations(office.flow)
    xml = office_flow("seeded", checked=True).xml
    one, two = [await simulations.run(scenario("seeded", seed=7), DESIGNER, xml) for _ in range(2)]
    other = await simulations.run(scenario("seeded", seed=8), DESIGNER, xml)
    assert one.json() == two.json()
    assert one.json() != other.json()
    fewer = await simulations.run(scenario("seeded", cases=5), DESIGNER)
    assert (fewer.found, fewer.simulated.cases) == (20, 5)


async def test_期限改短_超时变多(office: Office) -> None:
    definition = await office.publish(office_flow("stricter"))
    await live(office, definition, 25)
    report = await Simulations(office.flow).run(
        scenario("stricter"), DESIGNER, office_flow("stricter", limit="30工作分钟").xml
    )
    handle = step(report, "handle")
    assert handle.simulated is not None
    assert handle.real is not None
    assert handle.simulated.overdue > handle.real.overdue
    assert handle.simulated.elapsed.median == pytest.approx(handle.real.elapsed.median, rel=0.2)


async def test_结果的比例可以给定_环节换了名也认得(office: Office) -> None:
    definition = await office.publish(office_flow("given"))
    await live(office, definition, 15)
    drawing = office_flow("given")
    drawing.parts = [part.replace('"handle"', '"handle2"').replace("handle-y", "handle2-y") for part in drawing.parts]
    simulations = Simulations(office.flow)
    mapped = scenario("given", steps={"handle": "handle2"}, assumed=Assumptions(outcomes={"accept": {"refuse": 1}}))
    report = await simulations.run(mapped, DESIGNER, drawing.xml)
    assert report.simulated.ends == {"refused": 15}
    report = await simulations.run(scenario("given", steps={"handle": "handle2"}), DESIGNER, drawing.xml)
    found = step(report, "handle2")
    assert found.real is not None
    assert set(found.grounds) == {"real"}


async def test_走不下去的在哪里_为什么(office: Office) -> None:
    definition = await office.publish(office_flow("stuck"))
    await live(office, definition, 6)
    drawing = Drawing("stuck").start().task("accept", "ok refuse").exclusive("x", "x-end").end()
    drawing.line("start", "accept", "x").flow("x", "end", name="x-end").task("z").flow("x", "z", "nowhere > 3").line(
        "z", "end"
    )
    report = await Simulations(office.flow).run(scenario("stuck"), DESIGNER, drawing.xml)
    assert report.simulated.ended == 0
    assert [(item.node, item.count) for item in report.stuck] == [("accept", 6)]
    assert "nowhere" in report.stuck[0].why.zh
    assert step(report, "accept").simulated.standing == 6  # type: ignore[union-attr]


async def test_等待的消息按假设到来(office: Office) -> None:
    definition = await office.publish(office_flow("paper"))
    await live(office, definition, 5)
    drawing = Drawing("paper", outside='<bpmn:message id="m" name="paper"/>').start()
    drawing.node("receiveTask", "r", 'messageRef="m"').task("accept").end().line("start", "r", "accept", "end")
    simulations = Simulations(office.flow)
    soon = await simulations.run(scenario("paper"), DESIGNER, drawing.xml)
    later = await simulations.run(scenario("paper", assumed=Assumptions(waits={"r": "3自然日"})), DESIGNER, drawing.xml)
    none = await simulations.run(scenario("paper", assumed=Assumptions(waits={"r": "never"})), DESIGNER, drawing.xml)
    assert (soon.simulated.ended, later.simulated.ended, none.simulated.ended) == (5, 5, 0)
    assert later.simulated.elapsed.mean - soon.simulated.elapsed.mean >= 2.5 * 86400  # type: ignore[operator]
    assert [(item.node, item.count) for item in none.stuck] == [("r", 5)]


async def test_没有案件或草稿有错时说明原因(office: Office) -> None:
    await office.publish(office_flow("empty"))
    simulations = Simulations(office.flow)
    with pytest.raises(NoCases):
        await simulations.run(scenario("empty"), DESIGNER)
    with pytest.raises(NotFound):
        await simulations.run(scenario("unknown"), DESIGNER)
    with pytest.raises(FlowRefused):
        await simulations.run(scenario("empty"), DESIGNER, office_flow("empty").without("x-handle", "x-go").xml)


async def test_表格两种语言(office: Office) -> None:
    definition = await office.publish(office_flow("told"))
    await live(office, definition, 6)
    report = await Simulations(office.flow).run(scenario("told"), DESIGNER)
    for language in ("zh", "en"):
        whole, steps = report.whole_table(language), report.step_table(language)
        assert all(len(row) == 4 for row in whole)
        assert [row[0] for row in steps] == ["accept", "handle"]
        assert all(" / " in cell for cell in steps[0][1:7])
    assert Step("told", "accept") == report.steps[0].step
    assert isinstance(report.since, datetime)
