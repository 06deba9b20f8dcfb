"""权限矩阵之供需匹配:建议清单、答复、结束、人工指定、批量匹配,每道门只开给有这项权限、且需求在其范围内的人。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from permissions.declared import NOBODY, Place
from permissions.pack_cities import a_pack_city, callers, listed, told, wanted
from support.http_city import HttpCity

from yiwang.casework.model import Report
from yiwang.casework.steps import StepInput
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import JsonObject
from yiwang.registry.model import Draft

city = a_pack_city("volunteers")

RULE = "volunteer-for-need"
EAST, WEST = "120199001001", "120199002001"
SPAN = {"since": "2026-06-01T00:00:00+08:00", "until": "2026-07-01T00:00:00+08:00"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A proposal that was withdrawn: nobody can answer it any more."""

    id: UUID
    case: UUID
    place: Place


@pytest.fixture(scope="module")
async def proposals(city: HttpCity) -> list[Asked]:
    """A need in the east that an offer was asked for, and one that lies in the west."""
    services = city.services
    async with services.context.database.transaction() as connection:
        for number in (1, 2):
            volunteer: JsonObject = {
                "number": f"ZY{number:08d}", "name": "苗志愿", "phone": f"1380000111{number}", "skills": ["就医陪同"],
                "times": ["周六上午"], "registered_on": "2026-06-01", "state": "active",
            }  # fmt: skip
            place: JsonObject = {"type": "Point", "coordinates": [117.0133 + number / 1e5, 39.007]}
            await services.registry.recording.record(connection, SYSTEM, "volunteer", Draft(volunteer, place))
    station = await city.actor("dongjie-station")
    for _ in range(2):
        report = Report(
            type="volunteer-need", channel="station", text="周六上午要去医院，请人陪同", lon=117.0133, lat=39.007,
            fields={"skill": "就医陪同", "day": "2026-06-20", "part": "上午"},
        )  # fmt: skip
        opened = await services.casework.report(report, station)
        async with services.context.database.connection() as connection:
            [task] = await services.flow.open_tasks(connection, opened.id)
        await services.casework.finishing.complete(task.id, SYSTEM, StepInput("file", "说明"))
    await services.matching.keep_up()
    found = (await services.matching.answering.listed(SYSTEM, RULE, [], False, None, 10)).proposals
    made = []
    for area, each in zip((EAST, WEST), found, strict=True):
        async with services.context.database.transaction() as connection:
            await connection.execute(
                "update match_proposal set area = $2, state = 'withdrawn', account_id = null where id = $1",
                each.id, area,
            )  # fmt: skip
            await connection.execute("delete from match_waiting where need_id = $1", each.need_id)
        office = services.identity.directory.organisation(each.organisation_id or 0)
        made.append(Asked(each.id, each.need_id, Place(area, "", office.code if office else None)))
    return made


async def test_答复和结束_看不到的无此建议_看得到无权的被拒(city: HttpCity, proposals: list[Asked]) -> None:
    seen: set[tuple[int, str]] = set()
    everybody = await callers(city, "volunteers")
    async with city.untouched():
        for person, client in everybody:
            for one in proposals:
                for path, body in (("answer", {"accepted": True}), ("answer", {"accepted": False}), ("end", {})):
                    answer = await client.post(f"/api/v1/match-proposals/{one.id}/{path}", json=body)
                    done = (409, "match.proposal_answered")
                    expected = wanted(person, "match", "answer", one.place, "match.proposal_unknown", done)
                    assert told(answer) == expected, f"{person.login} {path} {one.place}: {answer.text}"
                    seen.add(expected)
    assert len(seen) == 4


async def test_建议清单和统计_只见范围内的_问到本人的人人可看(city: HttpCity, proposals: list[Asked]) -> None:
    partial = 0
    for person, client in await callers(city, "volunteers"):
        rules = await client.get("/api/v1/matches")
        assert rules.status_code == (401 if person is NOBODY else 200), person.login
        answer = await client.get(f"/api/v1/matches/{RULE}/proposals")
        assert told(answer) == listed(person, "match", "read"), person.login
        if answer.status_code == 200:
            mine = {str(one.id) for one in proposals if person.may_on("read", one.place, "match")}
            assert {item["id"] for item in answer.json()["items"]} == mine, person.login
            partial += 0 < len(mine) < len(proposals)
        figures = await client.get(f"/api/v1/matches/{RULE}/figures", params=SPAN)
        assert told(figures) == listed(person, "match", "read"), person.login
        own = await client.get(f"/api/v1/matches/{RULE}/proposals", params={"mine": "true"})
        assert own.status_code == (401 if person is NOBODY else 200), person.login
        if person is not NOBODY:
            assert own.json()["items"] == [], person.login
    assert partial


async def test_本案匹配和人工指定_案件看不到的无此案件(city: HttpCity, proposals: list[Asked]) -> None:
    seen = set()
    case = proposals[0].case
    everybody = [
        (person, client, told(await client.get(f"/api/v1/cases/{case}")))
        for person, client in await callers(city, "volunteers")
    ]
    async with city.untouched():
        for person, client, readable in everybody:
            shown = told(await client.get(f"/api/v1/cases/{case}/matches"))
            asked = await client.post(f"/api/v1/cases/{case}/matches", json={"offer_id": str(uuid4())})
            if readable[0] != 200:
                assert shown == readable, person.login
            else:
                assert shown == listed(person, "match", "read"), person.login
            if person is not NOBODY and not person.may("match", "propose"):
                assert told(asked) == (403, "identity.forbidden"), person.login
            elif readable[0] != 200:
                assert told(asked) == readable, (person.login, asked.text)
            else:
                assert told(asked)[1] in ("match.offer_unfit", "match.not_waiting"), (person.login, asked.text)
            seen.add(told(asked)[0])
    assert len(seen) >= 3


async def test_批量匹配_只有有权指定的人(city: HttpCity, proposals: list[Asked]) -> None:
    for person, client in await callers(city, "volunteers"):
        answer = await client.post(f"/api/v1/matches/{RULE}/assign")
        assert told(answer) == listed(person, "match", "propose"), (person.login, answer.text)


async def test_问到本人的建议_本人可答_不带本人任务的令牌看不到也答不了(city: HttpCity, proposals: list[Asked]) -> None:
    asked, database = proposals[1], city.services.context.database
    person, client = next(
        (person, client)
        for person, client in await callers(city, "volunteers")
        if person.may("case", "read") and not person.may("match", "answer") and not person.may("match", "read")
    )
    account = (await city.actor(person.login)).account_id
    area = next(reach.area for reach in person.reaches if (reach.kind, reach.verb) == ("case", "read"))
    grants = [{"kind": "case", "verbs": ["read"], "area": area or "120199"}]
    made = await client.post("/api/v1/tokens", json={"name": "只看案件", "in_posts": False, "grants": grants})
    assert made.status_code == 201, made.text
    narrow = city.new_client(headers={"authorization": f"Bearer {made.json()['token']}"})
    door, own = f"/api/v1/match-proposals/{asked.id}/answer", f"/api/v1/matches/{RULE}/proposals?mine=true"
    async with database.transaction() as connection:
        await connection.execute("update match_proposal set account_id = $2 where id = $1", asked.id, account)
    try:
        async with city.untouched():
            assert [item["id"] for item in (await client.get(own)).json()["items"]] == [str(asked.id)]
            assert told(await client.post(door, json={"accepted": True})) == (409, "match.proposal_answered")
            assert (await narrow.get(own)).json()["items"] == []
            assert told(await narrow.post(door, json={"accepted": True})) == (404, "match.proposal_unknown")
    finally:
        async with database.transaction() as connection:
            await connection.execute("update match_proposal set account_id = null where id = $1", asked.id)
        await narrow.aclose()
