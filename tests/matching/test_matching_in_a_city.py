"""Matching in a real city: nobody is asked twice, whoever works and however often; answers, batches, things as needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest
from support.offices import ROOT, START, Offices

from yiwang.casework.model import Report
from yiwang.casework.steps import StepInput
from yiwang.http.services import open_services
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import set_clock
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Forbidden, Unavailable
from yiwang.kernel.settings import Settings
from yiwang.matching import proposing, store
from yiwang.matching.declarations import MatchDeclaration
from yiwang.matching.errors import MatchUnknown, OfferUnfit, ProposalAnswered, ProposalUnknown
from yiwang.matching.model import Proposal
from yiwang.packs.install import install_city
from yiwang.registry.model import Draft

RULE = "volunteer-for-need"
CITY = ROOT / "tests" / "cities" / "volunteers"
SKILL = {"zh": "专长", "en": "Skill"}
SINCE, UNTIL = START - timedelta(days=1), START + timedelta(days=90)


class Town(Offices):
    """The city of volunteers."""

    async def volunteers(self, count: int, *, since: int = 1, **other: object) -> list[UUID]:
        found = []
        async with self.services.context.database.transaction() as connection:
            for number in range(since, since + count):
                attributes: JsonObject = {
                    "number": f"ZY{number:08d}", "name": "苗志愿", "phone": "13800001111", "skills": ["就医陪同"],
                    "times": ["周六上午"], "registered_on": "2026-06-01", "state": "active", **other,
                }  # type: ignore[dict-item]  # tests word it freely  # fmt: skip
                point: JsonObject = {"type": "Point", "coordinates": [117.0133 + number / 1e5, 39.007]}
                made = await self.services.registry.recording.record(
                    connection, SYSTEM, "volunteer", Draft(attributes, point)
                )
                found.append(made.thing_id)
        return found

    async def needs(self, count: int, skill: str = "就医陪同") -> list[UUID]:
        """Cases that wait to be matched."""
        casework = self.services.casework
        found = []
        station = await self.actor("dongjie-station")
        for _ in range(count):
            report = Report(
                type="volunteer-need", channel="station", text="周六上午要去医院，请人陪同", lon=117.0133, lat=39.007,
                fields={"skill": skill, "day": "2026-06-20", "part": "上午"},
            )  # fmt: skip
            made = await casework.opening.open(casework.drafting.draft(report, station, self.now()), station)
            await self.step(made.id, "file")
            found.append(made.id)
        return found

    async def step(self, case_id: UUID, outcome: str, **fields: object) -> str:
        async with self.services.context.database.connection() as connection:
            [task] = await self.services.flow.open_tasks(connection, case_id)
        given = StepInput(outcome, "说明", fields=fields, satisfaction=4 if outcome == "done" else None)  # type: ignore[arg-type]
        return (await self.services.casework.finishing.complete(task.id, SYSTEM, given)).status

    async def rounds(self, times: int = 3) -> None:
        """Several workers at once."""
        await asyncio.gather(*(self.services.matching.keep_up() for _ in range(times)))

    async def asked(self, *states: str) -> list[Proposal]:
        shown = await self.services.matching.answering.listed(SYSTEM, RULE, states, False, None, 200)
        return shown.proposals

    async def clear(self) -> None:
        async with self.services.context.database.transaction() as connection:
            await connection.execute("delete from match_proposal")
            await connection.execute("delete from match_waiting")
            await connection.execute(
                "update thing_fact set valid = tstzrange(null, '2026-06-02') where type = 'volunteer'"
            )
            await connection.execute("update case_file set suspended_at = reported_at where state = 'open'")


@asynccontextmanager
async def open_town(database_url: str, home: Path) -> AsyncIterator[Town]:
    settings = Settings(_env_file=None, home=home, city=CITY, packs=ROOT / "packs", demo=True)
    async with open_services(settings, database_url) as services:
        await install_city(services.context, services, CITY, begin=START)
        await services.identity.directory.refresh()
        await services.refresh()
        async with services.context.database.transaction() as connection:
            services.clock.state = await set_clock(connection, speed=0)
        yield Town(services)


@pytest.fixture(scope="module")
async def opened(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Town]:
    async with open_town(database_url, tmp_path_factory.mktemp("home")) as found:
        yield found


@pytest.fixture
async def town(opened: Town) -> Town:
    await opened.clear()
    return opened


async def test_多个进程同时匹配_每个需求只问一人_每人不超过容量(town: Town) -> None:
    await town.volunteers(4)
    await town.needs(6)
    await town.rounds()
    await town.rounds()
    asked = await town.asked()
    assert len(asked) == len({each.need_id for each in asked}) == 6
    assert max(sum(each.offer_id == one.offer_id for each in asked) for one in asked) == 2


async def test_中途停下_重来不会再问一遍(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    await town.volunteers(3, since=100)
    await town.needs(3)
    original = proposing.Proposing._tell

    async def dies(*_: object) -> None:
        raise ConnectionResetError

    monkeypatch.setattr(proposing.Proposing, "_tell", dies)
    with pytest.raises(Unavailable):
        await town.services.matching.keep_up()
    assert await town.asked() == []
    monkeypatch.setattr(proposing.Proposing, "_tell", original)
    await town.rounds()
    assert len(await town.asked()) == 3


async def test_接受_服务_满意度与时长记在志愿者名下_回访后补的评价也算(town: Town) -> None:
    [volunteer] = await town.volunteers(1, since=200)
    [case] = await town.needs(1)
    await town.rounds()
    [asked] = await town.asked("open")
    answering = town.services.matching.answering
    shown = await answering.answer(await town.actor("dongjie-station"), asked.id, accepted=True, reason="电话确认")
    assert shown.proposals[0].state == "accepted"
    with pytest.raises(ProposalAnswered):
        await answering.answer(await town.actor("dongjie-station"), asked.id, accepted=False, reason="")
    assert await town.step(case, "finish", servedon="2026-06-20", hours=1.5, record="陪同就医") == "待回访"
    assert await town.step(case, "done") == "已办结"
    await town.rounds()
    found = await answering.figures(SYSTEM, RULE, SINCE, UNTIL, 10)
    assert (found.served, found.amount, found.satisfaction) == (1, 1.5, 4)
    assert [each.offer_id for each in found.offers] == [volunteer]
    async with town.services.context.database.transaction() as connection:
        await connection.execute("update case_file set satisfaction = 2 where id = $1", case)
    await town.rounds()
    assert (await answering.figures(SYSTEM, RULE, SINCE, UNTIL, 10)).satisfaction == 2


async def test_志愿者未到_重新匹配_不计时长_不再问同一人(town: Town) -> None:
    await town.volunteers(2, since=300)
    [case] = await town.needs(1)
    await town.rounds()
    [first] = await town.asked("open")
    await town.services.matching.answering.answer(SYSTEM, first.id, accepted=True, reason="")
    assert await town.step(case, "missed") == "匹配中"
    await town.rounds()
    [second] = await town.asked("open")
    assert second.offer_id != first.offer_id
    assert [each.id for each in await town.asked("refused")] == [first.id]


async def test_人工指定_只能指定符合条件的(town: Town) -> None:
    [fit] = await town.volunteers(1, since=400)
    [unfit] = await town.volunteers(1, since=401, skills=["法律咨询"])
    [case] = await town.needs(1, "就医陪同")
    answering = town.services.matching.answering
    station = await town.actor("dongjie-station")
    with pytest.raises(OfferUnfit):
        await answering.propose(station, case, unfit)
    shown = await answering.propose(station, case, fit)
    assert (shown.proposals[0].by_hand, shown.proposals[0].proposed_by) == (True, "许社区")
    with pytest.raises(OfferUnfit):
        await answering.propose(station, case, fit)
    with pytest.raises(Forbidden):
        await answering.propose(await town.actor("operator1"), case, fit)
    await town.rounds()
    assert len(await town.asked("open")) == 1


async def test_别处的工作站看不到也不能答复(town: Town) -> None:
    await town.volunteers(1, since=500)
    await town.needs(1)
    await town.rounds()
    [asked] = await town.asked("open")
    answering = town.services.matching.answering
    elsewhere = await town.actor("xijie-station")
    with pytest.raises(ProposalUnknown):
        await answering.answer(elsewhere, asked.id, accepted=True, reason="")
    assert (await answering.listed(elsewhere, RULE, [], False, None, 10)).proposals == []


async def test_需求也可以是登记的事物_批量匹配_不重复(town: Town) -> None:
    await town.volunteers(2, since=600, most_per_week=1)
    rule = MatchDeclaration.model_validate({
        "id": "pairs", "names": {"zh": "结对", "en": "Pairs"}, "needs": {"type": "helped-person"},
        "offers": {"type": "volunteer", "where": {"state": "active"}}, "radius": 3000, "answer_within": "1天",
        "terms": [{"id": "skill", "names": SKILL, "kind": "overlap", "need": "needs", "offer": "skills", "weight": 1}],
    })  # fmt: skip
    context = town.services.context
    async with context.database.transaction() as connection:
        await store.publish(connection, [("pairs", "test", rule.model_dump(mode="json"), "1")], town.now())
        for number in range(3):
            attributes: JsonObject = {
                "number": f"FW{number:08d}", "name": "孙奶奶", "kind": "other", "needs": ["就医陪同"], "basis": "本人申请",
                "agreed_by": "民政科", "until": "2027-01-01",
            }  # fmt: skip
            point: JsonObject = {"type": "Point", "coordinates": [117.0133, 39.007]}
            await town.services.registry.recording.record(connection, SYSTEM, "helped-person", Draft(attributes, point))
    matching = town.services.matching
    station = await town.actor("dongjie-station")
    done = await matching.assign(station, "pairs")
    assert (done.needs, done.proposed, done.unmatched) == (3, 2, 1)
    assert (await matching.assign(station, "pairs")).proposed == 0
    first = done.proposals[0]
    await matching.answering.answer(SYSTEM, first.id, accepted=True, reason="")
    await matching.answering.end(SYSTEM, first.id, 12, 5)
    found = await matching.answering.figures(SYSTEM, "pairs", SINCE, UNTIL, 10)
    assert (found.served, found.amount, found.satisfaction) == (1, 12, 5)
    with pytest.raises(MatchUnknown):
        await matching.assign(station, "nothing")
    with pytest.raises(Forbidden):
        await matching.assign(await town.actor("operator1"), "pairs")
