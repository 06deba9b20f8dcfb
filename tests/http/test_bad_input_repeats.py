"""坏输入之重复:what is sent twice happens once — one after the other, at the same moment, to two processes."""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator

import httpx
import pytest
from support.http_city import SITE, HttpCity, a_city, jpeg, refused, running

from yiwang.identity.requests import session_cookie

city = a_city()

CASES = "/api/v1/cases"


@pytest.fixture(scope="module")
async def twins(city: HttpCity) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Visitors of two applications on the same database, each with its own pool, caches and queue of reports."""
    async with (
        running(city.settings, city.database_url) as other,
        city.new_client() as one,
        city.new_client(app=other) as two,
    ):
        yield [one, two]


@pytest.fixture(scope="module")
async def servers(city: HttpCity) -> AsyncIterator[list[httpx.AsyncClient]]:
    """Visitors of two real server processes on the same database."""
    async with city.serving(2) as addresses:
        clients = [httpx.AsyncClient(base_url=address, timeout=60) for address in addresses]
        yield clients
        for client in clients:
            await client.aclose()


async def _opened(city: HttpCity) -> int:
    return (await city.counts())["case_file"]


async def test_同一幂等键再发_得到同一份回执_不再建案(city: HttpCity) -> None:
    client, body = await city.client(), city.body()
    first = await client.post(CASES, json=body, headers={"idempotency-key": "receipt-0001"})
    async with city.untouched():
        again = await client.post(CASES, json=body, headers={"idempotency-key": "receipt-0001"})
    assert (first.status_code, again.status_code) == (201, 200)
    same = ("id", "number", "code", "status", "class_code", "area", "head_number")
    assert [first.json()[name] for name in same] == [again.json()[name] for name in same]
    assert (first.json()["repeated"], again.json()["repeated"]) == (False, True)


@pytest.mark.parametrize(
    "change",
    [{"text": "完全另一件事情,树倒在路上"}, {"address": "别处"}, {"type": "hotline-case", "channel": "web"}],
    ids=["描述不同", "地址不同", "案件类型不同"],
)
async def test_同一幂等键用于另一件上报_拒绝_不透露前一件(city: HttpCity, change: dict[str, object]) -> None:
    client, body = await city.client(), city.body(text="路灯不亮已有三天,请来修理", address="建设路1号")
    key = {"idempotency-key": secrets.token_hex(8)}
    first = (await client.post(CASES, json=body, headers=key)).json()
    async with city.untouched():
        answer = await client.post(CASES, json={**body, **change}, headers=key)
        refused(answer, 409, "case.repeated_differently")
    for secret in (first["number"], first["code"], first["id"]):
        assert secret not in answer.text


async def test_来源编号被人猜中_也拿不到别人的查询码(city: HttpCity) -> None:
    client = await city.client()
    first = (await client.post(CASES, json=city.body(source_number="12345-0001"))).json()
    async with city.untouched():
        answer = await client.post(CASES, json=city.body(source_number="12345-0001", text="随便写点什么"))
        refused(answer, 409, "case.repeated_differently")
    assert first["code"] not in answer.text


async def test_不同的人用同一幂等键_各是各的(city: HttpCity) -> None:
    key = {"idempotency-key": "same-for-both"}
    body = {"channel": "transfer", "address": "建设路1号", "lon": ..., "lat": ..., "text": "转办:井盖破损,请处理"}
    numbers = set()
    for login in ("acceptor1", "acceptor2"):
        answer = await (await city.client(login)).post(CASES, json=city.body(**body), headers=key)
        assert answer.status_code == 201, answer.text
        numbers.add(answer.json()["number"])
    assert len(numbers) == 2


async def _all_at_once(city: HttpCity, clients: list[httpx.AsyncClient], key: str) -> None:
    before = await _opened(city)
    body = city.body(text="同一份上报同时发了很多遍,只应有一件")
    answers = await asyncio.gather(
        *(clients[n % len(clients)].post(CASES, json=body, headers={"idempotency-key": key}) for n in range(40))
    )
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 39}, [a.text for a in answers[:3]]
    assert len({(answer.json()["number"], answer.json()["code"]) for answer in answers}) == 1
    assert await _opened(city) == before + 1


async def test_四十份同时到达一个进程_只建一件(city: HttpCity) -> None:
    await _all_at_once(city, [await city.client()], "at-once-one")


async def test_四十份同时到达两个应用_只建一件(city: HttpCity, twins: list[httpx.AsyncClient]) -> None:
    await _all_at_once(city, twins, "at-once-two")


async def test_四十份同时到达两个服务进程_只建一件(city: HttpCity, servers: list[httpx.AsyncClient]) -> None:
    await _all_at_once(city, servers, "at-once-servers")


async def test_两个进程同时收到许多不同的上报_件数和编号都不缺不重(
    city: HttpCity, servers: list[httpx.AsyncClient]
) -> None:
    before = await _opened(city)
    bodies = [city.body(text=f"第{n}个路灯不亮了,请来修理") for n in range(60)]
    answers = await asyncio.gather(
        *(
            servers[n % 2].post(CASES, json=body, headers={"idempotency-key": f"many-{n // 2}-{n % 2}"})
            for n, body in enumerate(bodies)
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    numbers = sorted(int(answer.json()["number"][-6:]) for answer in answers)
    assert numbers == list(range(numbers[0], numbers[0] + 60))
    assert await _opened(city) == before + 60


async def test_同一来源编号同时到达两个应用_只建一件(city: HttpCity, twins: list[httpx.AsyncClient]) -> None:
    before = await _opened(city)
    body = city.body(source_number="12345-0099", text="来源系统重发了同一工单,只应有一件")
    answers = await asyncio.gather(*(twins[n % 2].post(CASES, json=body) for n in range(20)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 200: 19}
    assert await _opened(city) == before + 1


async def test_两人同时办结同一任务_一人成功_另一人被告知何人何时(
    city: HttpCity, twins: list[httpx.AsyncClient]
) -> None:
    opened = await city.report("同一任务两个人同时办,只能成功一次")
    await city.to(opened, "accept")
    task = await city.task(opened.id)
    view = await city.view(opened.id)
    body = {"outcome": "file", "standard": view.case_type.standard(view.case.class_code or "", None).id}
    sessions = [await city.session(login) for login in ("acceptor1", "acceptor2")]
    before = (await city.counts())["flow_step"]
    answers = await asyncio.gather(
        *(
            twins[n % 2].post(
                f"/api/v1/tasks/{task.id}/complete",
                json=body,
                headers={"cookie": f"{session_cookie}={sessions[n % 2]}", "origin": SITE},
            )
            for n in range(10)
        )
    )
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 9}
    names = {"李晓敏", "王海燕"}
    for answer in answers:
        if answer.status_code == 409:
            body_of = refused(answer, 409, "flow.task_already_done")
            assert body_of["data"]["who"] in names
            assert body_of["data"]["when"].startswith("2026-06-1")
    assert (await city.counts())["flow_step"] == before + 1


async def test_同一张照片同时用于两件上报_只有一件得到(city: HttpCity, twins: list[httpx.AsyncClient]) -> None:
    photo = (await twins[0].post("/api/v1/attachments", files={"file": ("a.jpg", jpeg())})).json()
    used = [{"id": photo["id"], "claim": photo["claim"]}]
    before = await _opened(city)
    answers = await asyncio.gather(*(twins[n % 2].post(CASES, json=city.body(photos=used)) for n in range(8)))
    assert Counter(answer.status_code for answer in answers) == {201: 1, 422: 7}
    for answer in answers:
        if answer.status_code == 422:
            refused(answer, 422, "case.photo_unknown")
    assert await _opened(city) == before + 1


async def test_重复的催办督办挂账_第二次说明为何不行(city: HttpCity) -> None:
    opened = await city.report("重复的操作要说得清楚,第二次不再生效")
    shift, leader = await city.client("shift1"), await city.client("leader1")
    note = {"note": "重复试验"}
    assert (await leader.post(f"{CASES}/{opened.id}/supervise", json=note)).status_code == 204
    refused(await leader.post(f"{CASES}/{opened.id}/supervise", json=note), 409, "case.operation_not_now")
    answers = await asyncio.gather(*(shift.post(f"{CASES}/{opened.id}/suspend", json=note) for _ in range(6)))
    assert Counter(answer.status_code for answer in answers) == {204: 1, 409: 5}
    assert (await shift.post(f"{CASES}/{opened.id}/resume", json=note)).status_code == 204
    refused(await shift.post(f"{CASES}/{opened.id}/resume", json=note), 409)
