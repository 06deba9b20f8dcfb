"""权限矩阵之公示与异常:拟制、批准、退回、撤下、排查、排除,每道门只开给有这项权限、且事项在其范围内的人;公示对所有人公开。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from permissions.declared import NOBODY, Person, Place
from permissions.pack_cities import a_pack_city, callers, listed, told, wanted_of_kind
from support.http_city import HttpCity

from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import JsonObject
from yiwang.publicity.issues import Proposal
from yiwang.registry.model import Draft

city = a_pack_city("offices")

EAST, WEST = "120199001001", "120199002001"
PUBLICATION, RULE, APPROVER = "livelihood-funds", "paid-twice", "livelihood-supervisor"
PERSONS = {"王建军": "120199198403123517", "李秀英": "120199198607023526"}


@dataclass(frozen=True, slots=True)
class Found:
    """An issue that was refused, or a finding that was set aside: nothing can be done with it any more."""

    id: UUID
    place: Place


@dataclass(frozen=True, slots=True)
class World:
    """One of each in the east, one in the west."""

    issues: list[Found]
    findings: list[Found]


@pytest.fixture(scope="module")
async def world(city: HttpCity) -> World:
    services = city.services
    publicity, database = services.publicity, services.context.database
    async with database.transaction() as connection:
        for number, (name, identity) in enumerate(PERSONS.items()):
            for day in (10, 20):
                payment: JsonObject = {
                    "number": f"F{number}{day}", "programme": "DB01", "programme_name": "城乡低保", "period": "2026-05",
                    "payee": name, "identity_number": identity, "address": "小城区东街1号", "persons": 1, "amount": 1010,
                    "paid_on": f"2026-05-{day}", "office": "区综合部门", "division": EAST,
                }  # fmt: skip
                await services.registry.recording.record(connection, SYSTEM, "subsidy-payment", Draft(payment))
    await publicity.anomalies.keep_up()
    found, _ = await publicity.anomalies.findings(SYSTEM, RULE, state="", after=None, limit=10)
    clerk, supervisor = await city.actor("general-desk"), await city.actor("livelihood1")
    issues, findings = [], []
    for area, finding in zip((EAST, WEST), found, strict=True):
        await publicity.anomalies.set_aside(SYSTEM, finding.id, "补发上月")
        issue = await publicity.issues.propose(clerk, PUBLICATION, Proposal("五月公示", "120199", None, None, ""))
        await publicity.issues.refuse(supervisor, issue.id, "请补充")
        async with database.transaction() as connection:
            await connection.execute("update publicity_issue set area = $2 where id = $1", issue.id, area)
            await connection.execute("update anomaly_finding set area = $2 where id = $1", finding.id, area)
        issues.append(Found(issue.id, Place(area, "", _office(city, issue.organisation_id))))
        findings.append(Found(finding.id, Place(area, "", _office(city, finding.organisation_id))))
    return World(issues, findings)


def _office(city: HttpCity, organisation_id: int | None) -> str | None:
    found = city.services.identity.directory.organisation(organisation_id) if organisation_id is not None else None
    return found.code if found else None


def _over(person: Person, verb: str) -> tuple[int, str]:
    """What whoever has the verb is told of an issue that was refused."""
    decides = verb == "approve" and APPROVER not in person.kinds
    return (403, "publicity.not_approver") if decides else (409, "publicity.not_now")


async def test_公示_每道门_看不到的无此公示_无权的被拒_有权的只被状态拦下(city: HttpCity, world: World) -> None:
    doors: list[tuple[str, str, object, str]] = [
        ("GET", "", None, "read"),
        ("GET", "/rows", None, "read"),
        ("POST", "/approve", {"note": "同意"}, "approve"),
        ("POST", "/refuse", {"reason": "请补充"}, "approve"),
        ("POST", "/withdraw", {"reason": "有误"}, "withdraw"),
    ]
    seen: set[tuple[int, str]] = set()
    everybody = await callers(city, "offices")
    async with city.untouched():
        for person, client in everybody:
            for issue in world.issues:
                for method, path, body, verb in doors:
                    done = (200, "") if method == "GET" else _over(person, verb)
                    answer = await client.request(method, f"/api/v1/publicity-issues/{issue.id}{path}", json=body)
                    expected = wanted_of_kind(person, "publication", verb, issue.place, "publicity.issue_unknown", done)
                    assert told(answer) == expected, f"{person.login} {method} {path} {issue.place}: {answer.text}"
                    seen.add(expected)
    assert len(seen) == 6, "nobody, refused, nothing there, not the approver, not now, done"


async def test_拟制公示_只能拟制自己范围的(city: HttpCity, world: World) -> None:
    allowed = 0
    everybody = await callers(city, "offices")
    async with city.untouched():
        for person, client in everybody:
            for area in (EAST, WEST):
                body = {"title": "空的一期", "area": area, "since": "1990-01-01", "until": "1990-01-02"}
                answer = await client.post(f"/api/v1/publications/{PUBLICATION}/issues", json=body)
                office = next((organisation for _, organisation, _ in sorted(person.posts)), None)
                if person is NOBODY:
                    expected = (401, "identity.sign_in_needed")
                elif person.may_on("propose", Place(area, "", office), "publication"):
                    expected = (422, "publicity.nothing_to_publish")
                    allowed += 1
                else:
                    expected = (403, "identity.forbidden")
                assert told(answer) == expected, f"{person.login} {area}: {answer.text}"
    assert allowed


async def test_公示清单_只见范围内的期(city: HttpCity, world: World) -> None:
    partial = 0
    for person, client in await callers(city, "offices"):
        answer = await client.get("/api/v1/publications")
        assert told(answer) == listed(person, "publication", "read"), person.login
        if answer.status_code == 200:
            seen = {issue["id"] for item in answer.json()["items"] for issue in item["issues"]}
            mine = {str(one.id) for one in world.issues if person.may_on("read", one.place, "publication")}
            assert seen == mine, person.login
            partial += 0 < len(mine) < len(world.issues)
    assert partial


async def test_异常_清单只见范围内的_排除只对范围内的(city: HttpCity, world: World) -> None:
    seen: set[tuple[int, str]] = set()
    everybody = await callers(city, "offices")
    async with city.untouched():
        for person, client in everybody:
            assert told(await client.get("/api/v1/anomalies")) == listed(person, "anomaly", "read"), person.login
            answer = await client.get(f"/api/v1/anomalies/{RULE}/findings")
            assert told(answer) == listed(person, "anomaly", "read"), person.login
            if answer.status_code == 200:
                mine = {str(one.id) for one in world.findings if person.may_on("read", one.place, "anomaly")}
                assert {item["id"] for item in answer.json()["items"]} == mine, person.login
            for one in world.findings:
                answer = await client.post(f"/api/v1/anomaly-findings/{one.id}/set-aside", json={"reason": "补发"})
                done = (409, "anomaly.not_open")
                expected = wanted_of_kind(person, "anomaly", "set_aside", one.place, "anomaly.finding_unknown", done)
                assert told(answer) == expected, f"{person.login} {one.place}: {answer.text}"
                seen.add(expected)
    assert (409, "anomaly.not_open") in seen
    for person, client in everybody:
        answer = await client.post(f"/api/v1/anomalies/{RULE}/run")
        assert told(answer) == listed(person, "anomaly", "run"), person.login


async def test_公开的门_对所有人一样_未批准的谁也看不到(city: HttpCity, world: World) -> None:
    question = {"row": str(uuid4()), "text": "请问发放标准", "name": "王小敏"}
    for person, client in (await callers(city, "offices"))[::6]:
        issue = world.issues[0].id
        assert (await client.get("/api/v1/public/publicity")).json()["items"] == [], person.login
        for path in (f"/api/v1/public/publicity/{issue}", f"/api/v1/public/publicity/{issue}/rows"):
            assert told(await client.get(path)) == (404, "publicity.issue_unknown"), (person.login, path)
        mine = await client.post("/api/v1/public/own-rows", json={"name": "王建军", "digits": "123517"})
        assert mine.json()["items"] == [], person.login
        asked = await client.post("/api/v1/public/publicity-questions", json=question)
        assert told(asked) == (404, "publicity.row_unknown"), (person.login, asked.text)


async def test_所问公示内容_未登录的不答_没有这样的案件(city: HttpCity, world: World) -> None:
    for person, client in await callers(city, "offices"):
        answer = await client.get(f"/api/v1/cases/{uuid4()}/published-row")
        expected = (401, "identity.sign_in_needed") if person is NOBODY else (404, "not_found")
        assert told(answer) == expected, (person.login, answer.text)
