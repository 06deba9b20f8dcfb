"""考核: what people do to cases becomes counts, rates, points and grades; every number leads to its cases."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from datetime import date, timedelta

import pytest
from python_calamine import CalamineWorkbook
from support.journal_final import until_final
from support.small_city import ROOT, SMALL_CITY, START, SmallCity

from yiwang.http.services import open_services
from yiwang.insight.errors import AppealNotNow, ObjectUnknown
from yiwang.insight.indicators.declared import Scope
from yiwang.insight.scoring.reading import BoardReading, Row
from yiwang.insight.scoring.workbook import workbook_of
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import set_clock
from yiwang.kernel.errors import Forbidden, NotFound
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city

BOARD = "department-score"


@pytest.fixture(scope="module")
async def city(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[SmallCity]:
    settings = Settings(
        _env_file=None, home=tmp_path_factory.mktemp("home"), city=SMALL_CITY, packs=ROOT / "packs", demo=True
    )
    async with open_services(settings, database_url) as services:
        await install_city(services.context, services, SMALL_CITY, begin=START)
        await services.identity.directory.refresh()
        await services.refresh()
        async with services.context.database.transaction() as connection:
            await set_clock(connection, speed=0)
            await services.clock.refresh(connection)
        yield SmallCity(services)


async def board(city: SmallCity, name: str = BOARD, day: date | None = None) -> BoardReading:
    await until_final(city.services.context.database)
    while await city.services.insight.following.advance():
        pass
    return await city.services.insight.scores.board(SYSTEM, name, day=day or city.services.insight.scores.today())


def row_of(reading: BoardReading, key: str) -> Row:
    return next(row for row in reading.rows if row.object.key == key)


def rates(row: Row) -> dict[str, tuple[int, int | None]]:
    return {one.value.indicator: (one.value.numerator, one.value.denominator) for one in row.score.earned}


async def test_没有案件时没有得分_不是零分也不是满分(city: SmallCity) -> None:
    reading = await board(city)
    assert reading.rows == ()
    assert not reading.waiting


async def test_按期处置得满分_超期处置扣分_返工扣分(city: SmallCity) -> None:
    good = await city.report()
    await city.to(good, "close")
    await city.step(good.id, "close")
    department = (await city.view(good.id)).case.department_id
    organisation = city.services.identity.directory.organisation(department or 0)
    assert organisation is not None
    row = row_of(await board(city), organisation.code)
    assert rates(row)["handling-in-time-rate"] == (1, 1)
    assert rates(row)["rework-rate"] == (0, 1)
    assert row.score.total == 100
    assert row.score.grade is not None
    assert row.score.grade.id == "A"
    assert row.score.rank == 1

    late = await city.report()
    await city.to(late, "handle")
    await city.wait(days=20)
    reading = await board(city)  # the limit has passed and nothing has happened: it is overdue already
    row = row_of(reading, organisation.code)
    spans = [row, row_of(await board(city, day=(START + timedelta(days=3)).date()), organisation.code)]
    overdue = [rates(one)["overdue-rate"] for one in spans]
    assert (1, 2) in overdue or (1, 1) in overdue
    await city.to(late, "check")
    await city.step(late.id, "not_pass", note="没有清理干净")
    await city.to(late, "close")
    await city.step(late.id, "close")
    view = await city.view(late.id)
    assert view.case.rework_count == 1


async def test_得分下钻到案件(city: SmallCity) -> None:
    reading = await board(city)
    row = reading.rows[0]
    scores = city.services.insight.scores
    for measure in row.score.earned:
        for part, expected in (("numerator", measure.value.numerator), ("denominator", measure.value.denominator)):
            cases = await scores.behind(
                SYSTEM, measure.value.indicator, part, "department", row.object.key, period="month", day=scores.today()
            )
            assert sum(one.times for one in cases) == expected, (measure.value.indicator, part)


async def test_下钻只给看得见的案件(city: SmallCity) -> None:
    row = (await board(city)).rows[0]
    scores = city.services.insight.scores
    stranger = await city.actor("police-desk")
    with pytest.raises(ObjectUnknown):
        await scores.behind(stranger, "handling-rate", "denominator", "department", row.object.key, period="month")
    seen = await scores.board(stranger, BOARD)
    assert row.object.key not in {one.object.key for one in seen.rows}
    leader = await city.actor("leader1")
    assert row.object.key in {one.object.key for one in (await scores.board(leader, BOARD)).rows}


async def test_导出的表格公式与系统得分一致(city: SmallCity) -> None:
    reading = await board(city)
    content = workbook_of(reading)
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    first = sheet[7]
    assert first[0] == reading.rows[0].object.key
    assert first[2 + 4 * len(reading.board.measures)] == pytest.approx(reading.rows[0].score.total)
    from zipfile import ZipFile

    with ZipFile(io.BytesIO(content)) as book:
        xml = book.read("xl/worksheets/sheet1.xml").decode()
    assert xml.count("<f>") == len(reading.rows) * (2 * len(reading.board.measures) + 3)


async def test_达到目标分要改变什么(city: SmallCity) -> None:
    reading = await board(city)
    row = reading.rows[0]
    scores = city.services.insight.scores
    _, found = await scores.reach(SYSTEM, BOARD, row.object.key, 99.5, period=None, day=None)
    if row.score.total is not None and row.score.total < 99.5:
        assert found.together
        assert found.best is not None
        assert found.best > row.score.total


async def test_个人默认不排名(city: SmallCity) -> None:
    reading = await board(city, "person-work")
    assert reading.rows
    assert all(row.score.rank is None for row in reading.rows)
    worker = await city.actor("acceptor1")
    own = await city.services.insight.scores.board(worker, "person-work")
    assert {row.object.key for row in own.rows} <= {str(worker.account_id)}


async def test_超时申诉_部门提出_派遣初审_受理终审_通过后豁免(city: SmallCity) -> None:
    appeals = city.services.insight.appeals
    opened = await city.report()
    await city.to(opened, "handle")
    await city.wait(days=10)
    await city.to(opened, "check")
    case = (await city.view(opened.id)).case
    assert case.due_at is not None
    day = case.due_at.astimezone(START.tzinfo).date()
    organisation = city.services.identity.directory.organisation(case.department_id or 0)
    assert organisation is not None
    desk, dispatcher, acceptor = [await city.actor(login) for login in ("city-desk", "dispatcher1", "acceptor1")]
    with pytest.raises((AppealNotNow, NotFound)):
        await appeals.request(opened.id, desk, "雨天无法作业")
    await city.to(opened, "close")
    await city.step(opened.id, "close")
    before = rates(row_of(await board(city, day=day), organisation.code))
    asker = desk if desk.reaches("case", "appeal", area=case.area, organisation=case.organisation_id) else SYSTEM
    with pytest.raises(Forbidden):
        await appeals.request(opened.id, dispatcher, "不归派遣员提")
    assert (await appeals.request(opened.id, asker, "雨天无法作业")).state == "pending"
    with pytest.raises(AppealNotNow):
        await appeals.request(opened.id, asker, "再来一次")
    with pytest.raises(AppealNotNow):
        await appeals.decide(opened.id, acceptor, approve=True, note="")
    assert (await appeals.review(opened.id, dispatcher, support=True, note="属实")).state == "reviewed"
    assert (await appeals.decide(opened.id, acceptor, approve=True, note="同意")).state == "approved"
    after = rates(row_of(await board(city, day=day), organisation.code))
    late, due = before["overdue-rate"], before["handling-rate"]
    assert after["handling-rate"] == (due[0] - 1, due[1] - 1)
    assert after["overdue-rate"][1] == late[1] - 1
    story = (
        [step.verb for step in (await city.view(opened.id)).story]
        if hasattr(await city.view(opened.id), "story")
        else []
    )
    assert not story or "case.appeal_approved" in story


async def test_全量重算与现有得分相等(city: SmallCity) -> None:
    before = await board(city)
    rebuilding = city.services.insight.rebuilding
    await until_final(city.services.context.database)
    assert await rebuilding.begin()
    assert not await rebuilding.begin()
    assert await rebuilding.run()
    after = await board(city)
    assert [(row.object.key, row.score) for row in after.rows] == [(row.object.key, row.score) for row in before.rows]


async def test_第一百种口径与第一种一样算_一样下钻(city: SmallCity) -> None:
    scores = city.services.insight.scores
    declared = await scores.declared()
    model = declared.indicators["handling-rate"]
    others = [Scope(types=[f"case-of-{number}"]) for number in range(100)]
    mine = {
        "handled-here": Scope(types=[*model.scope.types, "urban-case"], channels=["resident"]),
        "handled-there": Scope(channels=["nobody"]),
    }
    more = [
        *(model.model_copy(update={"id": f"other-{at}", "scope": scope}) for at, scope in enumerate(others)),
        *(model.model_copy(update={"id": name, "scope": scope}) for name, scope in mine.items()),
    ]
    async with city.services.context.database.transaction() as connection:
        every = [*declared.indicators.values(), *more]
        await city.services.insight.publish(
            connection, every, list(declared.boards.values()), city.services.clock.now()
        )
    declared = await scores.declared()
    assert all((declared.slice_of(scope) or 0) >= 100 for scope in mine.values())
    await until_final(city.services.context.database)
    assert not await city.services.insight.keep_up()
    assert await city.services.insight.recompute_if_asked()

    of_all = await scores.indicator(SYSTEM, "handling-rate", "department", period="month")
    of_mine = await scores.indicator(SYSTEM, "handled-here", "department", period="month")
    assert of_mine.rows
    assert [(one.key, value.numerator, value.denominator) for one, value in of_mine.rows] == [
        (one.key, value.numerator, value.denominator) for one, value in of_all.rows
    ]  # every report of this city came from residents
    row, value = of_mine.rows[0]
    cases = {
        name: await scores.behind(SYSTEM, name, "denominator", "department", row.key, period="month")
        for name in ("handling-rate", *mine)
    }
    assert sum(one.times for one in cases["handled-here"]) == value.denominator
    assert cases["handled-here"] == cases["handling-rate"]
    assert not cases["handled-there"]

    async with city.services.context.database.transaction() as connection:
        before = [one for one in every if one not in more]
        await city.services.insight.publish(connection, before, [*declared.boards.values()], city.services.clock.now())
    assert (await scores.declared()).indicators.keys() == {one.id for one in before}
