"""How long steps wait: the figures by hand, the periods, who sees what, and the colours that come of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from statistics import mean, median
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.flow.offices import AREA, Office, actor, at, steps
from yiwang.flow.look.drawing import Drawing, read_drawing
from yiwang.flow.look.heat import bottlenecks, heat_map, levels, limits_up_to, told
from yiwang.flow.look.svg import render_svg
from yiwang.flow.store.heat import Selection, Spread, StepFigures, step_figures
from yiwang.kernel.access import SYSTEM, Actor, Grant
from yiwang.kernel.database import Connection, Database
from yiwang.kernel.identifiers import new_id

SINCE, UNTIL = at(0, day=1), at(23, day=30)
EVERYTHING = Grant("matter", frozenset({"read"}))


@pytest.fixture
async def connection(database: Database) -> AsyncIterator[Connection]:
    async with database.connection() as found:
        yield found


def chosen(
    key: str, since: datetime = SINCE, until: datetime = UNTIL, *, version: int | None = None, area: str = ""
) -> Selection:
    return Selection(key, version, since, until, area)


async def figures(
    office: Office, wanted: Selection, who: Actor = SYSTEM, now: datetime | None = None
) -> dict[str, StepFigures]:
    async with office.database.connection() as connection:
        return {found.node: found for found in await step_figures(connection, who, wanted, now or office.now)}


async def test_等待时间_与手算一致(office: Office) -> None:
    office.set_clock(at(9))
    definition = await office.publish(steps(["a", "b"], "by-hand"))
    waits = [5, 10, 20, 40, 80, 160]
    for minutes in waits:
        office.set_clock(at(9))
        case = (await office.start(definition)).instance_id
        office.set_clock(at(9) + timedelta(minutes=minutes))
        await office.complete(case, "a")
    office.set_clock(at(13))
    found = await figures(office, chosen("by-hand"))
    a, b = found["a"], found["b"]
    seconds = [minutes * 60 for minutes in waits]
    assert (a.visits, a.cases, a.open) == (6, 6, 0)
    assert a.elapsed.mean == pytest.approx(mean(seconds))
    assert a.elapsed.median == pytest.approx(median(seconds))
    assert a.elapsed.p90 == pytest.approx(120 * 60)  # between 80 and 160 minutes, half way
    assert a.elapsed.total == a.waiting == pytest.approx(sum(seconds))
    assert (b.visits, b.open, b.elapsed.mean) == (0, 6, None)
    assert b.open_seconds == pytest.approx(sum(4 * 3600 - found for found in seconds))
    assert (b.overdue_share, b.return_share, b.repeat_share) == (None, None, None)


async def test_按时限口径只算工作时间(office: Office) -> None:
    sheet = steps(["a"], "working")
    sheet.parts = [part.replace('status="待a" ', 'status="待a" deadline="2工作时"') for part in sheet.parts]
    definition = await office.publish(sheet)
    office.set_clock(at(11))
    case = (await office.start(definition)).instance_id
    office.set_clock(at(15))  # 12:00–14:00 is not worked
    await office.complete(case, "a")
    office.set_clock(at(11))
    case = (await office.start(definition)).instance_id
    office.set_clock(at(16))
    await office.complete(case, "a")
    a = (await figures(office, chosen("working")))["a"]
    assert a.elapsed.mean == pytest.approx(4.5 * 3600)
    assert a.used.mean == pytest.approx(2.5 * 3600)
    assert (a.overdue, a.overdue_share) == (1, 0.5)


async def test_退回_返工_跳过_撤出分开计数(office: Office) -> None:
    sheet = steps(["a", "c"], "shares").task("k", who='<yiwang:who post="vacant" empty="skip"/>')
    definition = await office.publish(sheet.without("a-c").line("a", "k", "c"))
    office.set_clock(at(9))
    case = (await office.start(definition)).instance_id
    other = (await office.start(definition)).instance_id
    for minute, (node, back) in enumerate([("a", ""), ("c", "a"), ("a", ""), ("c", "")], 1):
        office.set_clock(at(9, minute))
        if back:
            await office.send_back(case, node, back)
        else:
            await office.complete(case, node)
    async with office.database.transaction() as connection:
        await office.flow.cancel(connection, other, SYSTEM, "重复", office.now)
    found = await figures(office, chosen("shares"))
    a, c, k = found["a"], found["c"], found["k"]
    assert (a.visits, a.cases, a.repeat_share, a.cut_off) == (2, 1, 0.5, 1)
    assert (c.visits, c.returned, c.return_share) == (2, 1, 0.5)
    assert (k.visits, k.skipped) == (0, 2)
    assert found.keys() == {"a", "c", "k"}


async def test_only_what_ended_in_the_period_counts(office: Office) -> None:
    definition = await office.publish(steps(["a"], "period"))
    for day in (15, 16, 17):
        office.set_clock(at(9, day=day))
        case = (await office.start(definition)).instance_id
        office.set_clock(at(10, day=day))
        await office.complete(case, "a")
    assert (await figures(office, chosen("period", at(10, day=16), at(10, day=17))))["a"].visits == 1
    assert (await figures(office, chosen("period", at(10, day=16), at(10, 1, day=17))))["a"].visits == 2
    assert await figures(office, chosen("period", at(10, day=20))) == {}


async def test_versions_together_or_one_alone(office: Office) -> None:
    for names in (["a"], ["a", "b"]):
        definition = await office.publish(steps(names, "versions"))
        office.set_clock(at(9))
        case = (await office.start(definition)).instance_id
        office.set_clock(at(10))
        await office.complete(case, "a")
    assert (await figures(office, chosen("versions")))["a"].visits == 2
    assert (await figures(office, chosen("versions", version=1)))["a"].visits == 1
    assert "b" not in await figures(office, chosen("versions", version=1))
    assert await figures(office, chosen("versions", version=3)) == {}


async def test_谁能看到哪些数字(office: Office) -> None:
    definition = await office.publish(steps(["a"], "scoped"))
    office.set_clock(at(9))
    for _ in range(2):
        case = (await office.start(definition)).instance_id
        await office.complete(case, "a")
    await office.start(definition)

    async def seen(*grants: Grant, area: str = "") -> tuple[int, int]:
        found = await figures(office, chosen("scoped", area=area), actor("受理员", *grants))
        return (found["a"].visits, found["a"].open) if "a" in found else (0, 0)

    assert await seen(EVERYTHING) == (2, 1)
    assert await seen(Grant("matter", frozenset({"read"}), AREA[:6])) == (2, 1)
    assert await seen(Grant("matter", frozenset({"read"}), "110101")) == (0, 0)
    assert await seen(Grant("other", frozenset({"read"}))) == (0, 0)
    assert await seen(Grant("matter", frozenset({"urge"}))) == (0, 0)
    assert await seen(Grant("flow", frozenset({"read"}))) == (2, 1)
    assert await seen(Grant("*", frozenset({"*"}))) == (2, 1)
    # The steps were done at a post of the centre (organisation 1).
    assert await seen(Grant("matter", frozenset({"read"}), organisations=frozenset({1}))) == (2, 1)
    assert await seen(Grant("matter", frozenset({"read"}), organisations=frozenset({2}))) == (0, 0)
    assert await seen(EVERYTHING, area=AREA[:9]) == (2, 1)
    assert await seen(EVERYTHING, area="120112") == (0, 0)
    assert await seen() == (0, 0)


async def test_added_tasks_are_part_of_the_visit_of_their_step(office: Office, connection: Connection) -> None:
    definition = await office.publish(steps(["a"], "added"))
    office.set_clock(at(9))
    case = (await office.start(definition)).instance_id
    await office.complete(case, "a")
    row = dict(await connection.fetchrow("select * from flow_step where instance_id = $1", case) or {})
    row |= {"id": new_id(), "kind": "before"}
    columns, places = ", ".join(row), ", ".join(f"${place}" for place in range(1, len(row) + 1))
    await connection.execute(f"insert into flow_step ({columns}) values ({places})", *row.values())
    assert (await figures(office, chosen("added")))["a"].visits == 1


async def test_steps_of_a_called_definition_belong_to_it(office: Office, connection: Connection) -> None:
    outer, inner = await office.publish(steps(["a"], "outer")), await office.publish(steps(["x"], "inner"))
    office.set_clock(at(9))
    case = (await office.start(outer)).instance_id
    await office.complete(case, "a")
    await connection.execute(
        "update flow_step set definition_id = $2, node = 'x' where instance_id = $1", case, inner.id
    )
    assert await figures(office, chosen("outer")) == {}
    assert (await figures(office, chosen("inner")))["x"].visits == 1


async def test_the_period_is_found_by_its_index(connection: Connection) -> None:
    """Explained on a table that is large enough to be worth an index."""
    async with connection.transaction():
        await connection.execute(
            "insert into flow_step (id, instance_id, node, how, subject_kind, subject_id, area, stage, actor_name, note,"
            " created_at, done_at, used_seconds, overdue) select gen_random_uuid(), $1, 'a', 'done', 'matter',"
            " gen_random_uuid(), '120111', 'a', '', '', timestamptz '2020-01-01' + g * interval '1 minute',"
            " timestamptz '2020-01-01' + g * interval '1 minute', 0, false from generate_series(1, 60000) g",
            uuid4(),
        )
        await connection.execute("analyze flow_step")
        plan = await connection.fetch(
            "explain select count(*) from flow_step where done_at >= '2020-01-05' and done_at < '2020-01-06'"
        )
        assert "flow_step_done" in " ".join(row[0] for row in plan)
        await connection.execute("delete from flow_step where done_at < '2021-01-01'")


# Colours and order


def found(node: str, mean_seconds: float | None, visits: int = 10, *, open_seconds: float = 0) -> StepFigures:
    total = (mean_seconds or 0) * visits
    spread = Spread(total, mean_seconds, mean_seconds, mean_seconds)
    shown = visits if mean_seconds is not None else 0
    return StepFigures(node, shown, shown, 0, 0, 0, 0, spread, spread, 1 if open_seconds else 0, 0, open_seconds)


@pytest.fixture
def drawing() -> Drawing:
    return read_drawing(steps(["a", "b", "c"]).xml)


def test_颜色分五级_每级约为前一级的两倍(drawing: Drawing) -> None:
    heat = heat_map(drawing, [found("a", 3 * 3600), found("b", 600), found("c", 5400)], "zh")
    assert heat.limits == ("10分钟", "20分钟", "45分钟", "1.5小时", "3小时")
    assert {node: step.level for node, step in heat.steps.items()} == {"a": 5, "b": 1, "c": 4}
    assert heat.steps["a"].words == "3小时"
    assert heat.title == "平均等待(按钟表时间)"
    assert heat_map(drawing, [found("a", 60)], "en", "used", "p90").title == "90 % wait at most (as limits count)"


def test_steps_without_visits_have_no_colour_but_say_what_waits(drawing: Drawing) -> None:
    heat = heat_map(drawing, [found("a", None, open_seconds=60), found("b", 60)], "zh")
    assert (heat.steps["a"].level, heat.steps["a"].words) == (0, "")
    assert "现有待办 1" in heat.steps["a"].story
    svg = render_svg(drawing, "zh", heat)
    assert "fd-heat-5" in svg
    assert heat_map(drawing, [], "zh").limits == ()


def test_瓶颈按总等待排序_包括现在还等着的(drawing: Drawing) -> None:
    reports = bottlenecks(
        drawing.plan, [found("a", 60), found("b", 30, visits=100), found("gone", None, open_seconds=5000)]
    )
    assert [(report.names.zh, report.drawn) for report in reports] == [("gone", False), ("b", True), ("a", True)]


@given(st.floats(0, 10**9))
def test_the_hottest_step_is_always_within_the_scale(longest: float) -> None:
    limits = limits_up_to(longest)
    assert len(limits) == levels
    assert limits == sorted(set(limits))
    assert limits[-1] >= longest


def test_all_figures_in_one_sentence_in_both_languages() -> None:
    assert told(found("a", 5400), "zh") == (
        "办理 10 次;等待平均 1.5小时,中位 1.5小时,九成不超过 1.5小时;按时限口径平均 1.5小时;超时 0%,退回 0%,返工 0%;现有待办 0"
    )
    assert told(found("a", None), "en").startswith("0 visits; wait: mean –, median –")
