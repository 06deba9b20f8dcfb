"""权限矩阵之表决:名册、发码、委托、纸质票、发起和撤回,每道门只开给有这项权限、且表决在其范围内的人。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from permissions.declared import NOBODY, Place
from permissions.pack_cities import a_pack_city, callers, listed, told, wanted
from support.estates import Estate, record_estate
from support.http_city import HttpCity

city = a_pack_city("estates")

EAST, WEST = "120199001001", "120199002001"
PROOF = {"id": str(uuid4()), "claim": "none"}
PAPER = {"voice": str(uuid4()), "choices": {"1": ["for"]}}
ENDED = (409, "vote.ended")
DOORS: list[tuple[str, str, object, str, tuple[int, str]]] = [
    # method, what of the vote, a body, the verb, what whoever may do it is told of a vote that was withdrawn
    ("GET", "", None, "read", (200, "")),
    ("GET", "/roll", None, "manage", (200, "")),
    ("POST", "/codes", {}, "manage", ENDED),
    ("POST", "/proxies", {"voice": str(uuid4()), "name": "王小敏", "number": "3517", "proof": PROOF}, "manage", ENDED),
    ("POST", "/papers", PAPER, "record", ENDED),
    ("POST", "/withdraw", {"reason": "不再需要"}, "start", ENDED),
]


@dataclass(frozen=True, slots=True)
class Called:
    """A vote that was withdrawn: nothing can be done with it any more."""

    id: UUID
    case: UUID
    place: Place


@pytest.fixture(scope="module")
async def votes(city: HttpCity) -> list[Called]:
    """One vote of the community in the east, and one that lies in the west."""
    estate = Estate(city.services, await record_estate(city.services), {})
    station = await estate.actor("dongjie-station")
    found = []
    for area in (EAST, WEST):
        made = await estate.call()
        await city.services.voting.calling.withdraw(station, made.id, "测试完毕")
        async with city.services.context.database.transaction() as connection:
            await connection.execute("update vote set area = $2 where id = $1", made.id, area)
        office = city.services.identity.directory.organisation(made.organisation_id or 0)
        found.append(Called(made.id, made.case_id, Place(area, "", office.code if office else None)))
    return found


async def test_每道门_看不到的无此表决_看得到无权的被拒_有权的只被表决状态拦下(
    city: HttpCity, votes: list[Called]
) -> None:
    seen: set[tuple[int, str]] = set()
    everybody = await callers(city, "estates")
    async with city.untouched():
        for person, client in everybody:
            for vote in votes:
                for method, path, body, verb, done in DOORS:
                    answer = await client.request(method, f"/api/v1/votes/{vote.id}{path}", json=body)
                    expected = wanted(person, "vote", verb, vote.place, "vote.unknown", done)
                    assert told(answer) == expected, f"{person.login} {method} {path} {vote.place}: {answer.text}"
                    seen.add(expected)
    assert len(seen) == 5, "nobody, nothing there, refused, ended, done"


async def test_列表_只见范围内的表决(city: HttpCity, votes: list[Called]) -> None:
    partial = 0
    for person, client in await callers(city, "estates"):
        answer = await client.get("/api/v1/votes")
        assert told(answer) == listed(person, "vote", "read"), person.login
        if answer.status_code == 200:
            mine = {str(vote.id) for vote in votes if person.may_on("read", vote.place, "vote")}
            assert {item["id"] for item in answer.json()["items"]} == mine, person.login
            partial += 0 < len(mine) < len(votes)
        assert told(await client.get("/api/v1/votes/kinds"))[0] == (401 if person is NOBODY else 200)
    assert partial


async def test_发起_无此权限的被拒_案件看不到的无此案件(city: HttpCity, votes: list[Called]) -> None:
    now = city.services.context.clock.now().isoformat()
    body = {
        "title": "使用维修资金", "scope": str(uuid4()), "questions": [{"matter": "nonsense", "title": "是否同意"}],
        "opens_at": now, "closes_at": now,
    }  # fmt: skip
    case = votes[0].case
    allowed = 0
    everybody = [
        (person, client, await client.get(f"/api/v1/cases/{case}")) for person, client in await callers(city, "estates")
    ]
    async with city.untouched():
        for person, client, readable in everybody:
            of_case = await client.get(f"/api/v1/cases/{case}/votes")
            assert told(of_case)[0] == readable.status_code, person.login
            answer = await client.post(f"/api/v1/cases/{case}/votes", json=body)
            if readable.status_code != 200:
                assert told(answer) == told(readable), person.login
            elif person.may_on("start", votes[0].place, "vote"):
                assert answer.status_code in (409, 422), (person.login, answer.text)
                allowed += 1
            else:
                assert told(answer) == (403, "identity.forbidden"), (person.login, answer.text)
    assert allowed


async def test_投票的门_对所有人一样_凭码不凭权限(city: HttpCity, votes: list[Called]) -> None:
    body = {"code": "AAAA-AAAA-AAAA", "number": "3517"}
    for person, client in (await callers(city, "estates"))[::6]:
        for path, more, expected in (
            ("ballot", body, "vote.code_wrong"),
            ("cast", {**body, "choices": {"1": ["for"]}}, "vote.code_wrong"),
            ("receipt", {"receipt": "AAAA-AAAA-AAAA"}, "vote.receipt_unknown"),
        ):
            assert told(await client.post(f"/api/v1/votes/{path}", json=more))[1] == expected, (person.login, path)
        assert (await client.get("/api/v1/votes/results")).status_code == 200
