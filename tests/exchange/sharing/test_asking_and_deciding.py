"""From the catalogue through request and approval to the data: who may, what goes out, and when it ends."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from datetime import date, timedelta

import asyncpg
import pytest
from support.offices import HOUSEHOLDS, PERSONS, Offices

from yiwang.exchange.errors import (
    FilterNotGranted,
    GrantRevoked,
    QuotaSpent,
    RequestRepeated,
    ShareEnded,
    ShareInvalid,
    ShareNotOffered,
    ShareUnknown,
    SignatureWrong,
)
from yiwang.exchange.sharing import file_store
from yiwang.flow.errors import TaskNotYours
from yiwang.kernel.errors import Forbidden, Unavailable


async def test_有条件共享_提供方同意后才能取数(offices: Offices) -> None:
    await offices.entities(6)
    asked = await offices.ask()
    assert asked.state == "asked"
    assert asked.case_number.startswith("GX20260618")
    with pytest.raises(TaskNotYours):
        await offices.exchange.sharing.decide(await offices.actor("water-desk"), asked.id, approve=True, note="")
    provider = await offices.actor("general-desk")
    waiting, _ = await offices.exchange.sharing.requests(provider, side="provided", state="asked", after=None, limit=10)
    detail = next(each for each in waiting if each.request.id == asked.id)
    assert detail.mine
    assert detail.task is not None
    assert detail.task.due_at is not None
    decided = await offices.exchange.sharing.decide(provider, asked.id, approve=True, note="符合共享条件")
    assert (decided.state, decided.note) == ("granted", "符合共享条件")
    detail = await offices.exchange.sharing.request(await offices.actor("water-desk"), asked.id)
    assert detail.grant_id is not None
    grant = (await offices.exchange.sharing.grant_detail(provider, detail.grant_id)).grant
    key = await offices.key(grant)
    rows = await offices.take(grant, key)
    assert len(rows) == 6
    assert set(rows[0]) == {"name", "credit_code", "state"}


async def test_在案件页面办结_申请同样生效(offices: Offices) -> None:
    from yiwang.casework.steps import StepInput

    asked = await offices.ask()
    assert asked.case_id is not None
    async with offices.services.context.database.connection() as connection:
        task = (await offices.services.flow.open_tasks(connection, asked.case_id))[0]
    await offices.services.casework.finishing.complete(
        task.id, await offices.actor("general-desk"), StepInput("refuse", "用途不明确,请补充依据")
    )
    await offices.exchange.keep_up()
    detail = await offices.exchange.sharing.request(await offices.actor("water-desk"), asked.id)
    assert (detail.request.state, detail.request.note) == ("refused", "用途不明确,请补充依据")
    assert detail.grant_id is None


async def test_不予共享的资源不能申请_自己的资源也不能(offices: Offices) -> None:
    with pytest.raises(ShareNotOffered) as raised:
        await offices.ask(origin=HOUSEHOLDS, items=("code",))
    assert "个人信息保护法" in raised.value.message("zh")
    with pytest.raises(ShareNotOffered):
        await offices.ask(by="general-desk")


async def test_申请要写明用途_信息项和期限(offices: Offices) -> None:
    with pytest.raises(ShareInvalid) as raised:
        await offices.ask(purpose="看看", items=("name", "nonsense"), until=offices.now() - timedelta(days=1))
    assert {error.where for error in raised.value.errors} == {"/purpose", "/items", "/until"}


async def test_没有权限的人看不到别人的申请(offices: Offices) -> None:
    asked = await offices.ask()
    with pytest.raises(ShareUnknown):
        await offices.exchange.sharing.request(await offices.actor("police-desk"), asked.id)
    with pytest.raises(Forbidden):
        await offices.ask(by="leader1")
    await offices.exchange.sharing.cancel(await offices.actor("water-desk"), asked.id, "不再需要")
    detail = await offices.exchange.sharing.request(await offices.actor("water-desk"), asked.id)
    assert detail.request.state == "cancelled"
    with pytest.raises(ShareEnded):
        await offices.exchange.sharing.decide(await offices.actor("general-desk"), asked.id, approve=True, note="")


async def test_个人信息默认脱敏_原文须复核并逐条留痕(offices: Offices) -> None:
    masked = await offices.granted(items=("name", "representative_phone"))
    key = await offices.key(masked)
    assert {row["representative_phone"] for row in await offices.take(masked, key)} == {"138****1234"}
    with pytest.raises(ShareInvalid):
        await offices.ask(items=("name", "representative_phone"), plain=("representative_phone",), purpose="短的用途")
    asked = await offices.ask(
        items=("name", "representative_phone"),
        plain=("representative_phone",),
        purpose="防汛期间通知低洼地企业负责人紧急转移",
    )
    provider, steward = await offices.actor("general-desk"), await offices.actor("steward1")
    decided = await offices.exchange.sharing.decide(provider, asked.id, approve=True, note="")
    assert decided.state == "asked"  # the authority for data reviews it
    with pytest.raises(TaskNotYours):
        await offices.exchange.sharing.decide(provider, asked.id, approve=True, note="")
    assert (await offices.exchange.sharing.decide(steward, asked.id, approve=True, note="")).state == "granted"
    detail = await offices.exchange.sharing.request(await offices.actor("water-desk"), asked.id)
    assert detail.grant_id is not None
    grant = (await offices.exchange.sharing.grant_detail(provider, detail.grant_id)).grant
    rows = await offices.take(grant, await offices.key(grant))
    assert {row["representative_phone"] for row in rows} == {"13800001234"}
    async with offices.services.context.database.connection() as connection:
        told = await connection.fetch(
            "select actor_name, data from journal where verb = 'thing.read_personal' and data ->> 'grant' = $1",
            str(grant.id),
        )
    assert len(told) == len(rows)
    assert told[0]["actor_name"] == "区水务局"
    assert told[0]["data"]["purpose"] == "防汛期间通知低洼地企业负责人紧急转移"


async def test_行过滤和区划总是生效(offices: Offices) -> None:
    grant = await offices.granted(filters={"state": "active"}, within="120199001")
    key = await offices.key(grant)
    assert {row["state"] for row in await offices.take(grant, key)} == {"active"}
    signed = offices.signed(grant.id, key)
    body = await offices.exchange.delivering.data(grant.id, signed, {"state": "suspended"}, None, 10)
    assert json.loads(body)["items"] == []
    with pytest.raises(FilterNotGranted):  # it was not granted: nobody may guess values by filtering
        await offices.exchange.delivering.data(
            grant.id, offices.signed(grant.id, key), {"kind": "enterprise"}, None, 10
        )


async def test_翻页不漏不重(offices: Offices) -> None:
    grant = await offices.granted()
    key = await offices.key(grant)
    everything = await offices.take(grant, key)
    names, after = [], None
    while True:
        signed = offices.signed(grant.id, key)
        page = json.loads(await offices.exchange.delivering.data(grant.id, signed, {}, after, 2))
        names += [item["values"]["name"] for item in page["items"]]
        after = page["after"]
        if after is None:
            break
    assert names == [row["name"] for row in everything]


@pytest.mark.parametrize(
    "change",
    [
        {"timestamp": "1000000000"},
        {"timestamp": "soon"},
        {"nonce": "short"},
        {"nonce": "with blank 1"},
        {"algorithm": "HMAC-MD5"},
        {"signature": "00" * 32},
        {"signature": "签名" * 20},
        {"key_id": "yx_unknown"},
    ],
)
async def test_签名不符就拒绝(offices: Offices, change: dict[str, str]) -> None:
    grant = await offices.granted()
    key = await offices.key(grant)
    with pytest.raises(SignatureWrong):
        await offices.exchange.delivering.data(grant.id, offices.signed(grant.id, key, **change), {}, None, 10)


async def test_签名管住路径_查询和算法(offices: Offices) -> None:
    grant, other = await offices.granted(), await offices.granted()
    key = await offices.key(grant)
    good = offices.signed(grant.id, key, query="limit=5")
    for tampered in (
        replace(good, query="limit=1000"),
        replace(good, method="POST"),
        replace(good, algorithm="HMAC-SM3"),
        replace(good, path=f"/api/v1/exchange/data/{other.id}"),
    ):
        with pytest.raises(SignatureWrong):
            await offices.exchange.delivering.data(grant.id, tampered, {}, None, 10)
    with pytest.raises(SignatureWrong):  # the key of one grant opens no other
        await offices.exchange.delivering.data(other.id, offices.signed(other.id, key), {}, None, 10)
    assert await offices.take(grant, key, algorithm="HMAC-SM3")


async def test_重放被拒绝_换发密钥后旧密钥失效(offices: Offices) -> None:
    grant = await offices.granted()
    key = await offices.key(grant)
    signed = offices.signed(grant.id, key)
    await offices.exchange.delivering.data(grant.id, signed, {}, None, 10)
    with pytest.raises(RequestRepeated):
        await offices.exchange.delivering.data(grant.id, signed, {}, None, 10)
    fresh = await offices.key(grant)
    with pytest.raises(SignatureWrong):
        await offices.take(grant, key)
    assert await offices.take(grant, fresh)


async def test_每日限额_第二天恢复(offices: Offices) -> None:
    grant = await offices.granted(quota=2)
    key = await offices.key(grant)
    await offices.take(grant, key)
    await offices.take(grant, key)
    with pytest.raises(QuotaSpent):
        await offices.take(grant, key)
    await offices.wait(days=1)
    assert await offices.take(grant, key)
    uses = (await offices.exchange.sharing.grant_detail(await offices.actor("water-desk"), grant.id)).uses
    assert [(use.requests, use.refused) for use in uses] == [(1, 0), (2, 1)]


async def test_撤销立即生效_到期自动失效(offices: Offices) -> None:
    grant = await offices.granted()
    key = await offices.key(grant)
    assert await offices.take(grant, key)
    await offices.exchange.sharing.revoke(await offices.actor("general-desk"), grant.id, "用途已变更")
    with pytest.raises(GrantRevoked) as raised:
        await offices.take(grant, key)
    assert "用途已变更" in raised.value.message("zh")
    with pytest.raises(ShareEnded):
        await offices.exchange.delivering.new_key(await offices.actor("water-desk"), grant.id)
    brief = await offices.granted(until=offices.now() + timedelta(hours=1))
    key = await offices.key(brief)
    await offices.wait(hours=2)
    with pytest.raises(GrantRevoked):
        await offices.take(brief, key)


async def test_文件交换_清单与内容相符(offices: Offices) -> None:
    grant = await offices.granted(delivery="file")
    consumer = await offices.actor("water-desk")
    for form in ("csv", "json"):
        dropped = await offices.exchange.files.drop(consumer, grant.id, form)  # type: ignore[arg-type]
        file, path = await offices.exchange.files.fetch(consumer, dropped.id)
        content = path.read_bytes()
        manifest = json.loads((path.parent / f"{file.name}.manifest.json").read_bytes())
        assert manifest["rows"] == file.rows == 6
        assert manifest["sha256"] == hashlib.sha256(content).hexdigest()
        assert manifest["sm3"] == hashlib.new("sm3", content).hexdigest()
        assert manifest["bytes"] == len(content)
    assert content.startswith(b"[")
    assert len(json.loads(content)) == 6
    with pytest.raises(Forbidden):
        await offices.exchange.files.fetch(await offices.actor("general-desk"), dropped.id)


async def test_登记不成的交换文件_不留在文件夹里(offices: Offices, monkeypatch: pytest.MonkeyPatch) -> None:
    grant = await offices.granted(delivery="file")
    consumer = await offices.actor("water-desk")

    async def away(*_: object) -> None:
        raise Unavailable(reason="database")

    monkeypatch.setattr(file_store, "insert_file", away)
    with pytest.raises(Unavailable):
        await offices.exchange.files.drop(consumer, grant.id, "csv")
    assert [path.name for path in offices.services.context.settings.home.glob(f"exchange/*/{grant.id}/*")] == []
    monkeypatch.undo()
    _, path = await offices.exchange.files.fetch(
        consumer, (await offices.exchange.files.drop(consumer, grant.id, "csv")).id
    )
    begun, fresh = path.with_name("begun.csv.part"), path.with_name("fresh.csv.part")
    for part in (begun, fresh):
        part.write_text("half")
    os.utime(begun, (0, 0))
    await offices.exchange.files.clear()
    assert (begun.exists(), fresh.exists(), path.exists()) == (False, True, True)


async def test_交换文件到期清理_授权结束也清理(offices: Offices) -> None:
    consumer = await offices.actor("water-desk")
    files = offices.exchange.files
    kept, ended = [await offices.granted(delivery="file") for _ in range(2)]
    dropped = {grant.id: await files.drop(consumer, grant.id, "csv") for grant in (kept, ended)}
    paths = {id: (await files.fetch(consumer, file.id))[1] for id, file in dropped.items()}
    await files.clear()
    assert all(path.is_file() for path in paths.values())
    await offices.exchange.sharing.revoke(await offices.actor("general-desk"), ended.id, "用途已变更")
    await offices.exchange.keep_up()
    assert (paths[kept.id].is_file(), paths[ended.id].is_file()) == (True, False)
    await offices.wait(hours=24 * 30)
    await offices.exchange.keep_up()
    assert not list(paths[kept.id].parent.iterdir()), "neither file nor manifest"
    assert await files.listed(consumer, kept.id) == []


async def test_申请列表_多少件待办都只问流程一次(offices: Offices) -> None:
    asked = {(await offices.ask()).id for _ in range(3)}
    provider = await offices.actor("general-desk")
    found, _ = await offices.exchange.sharing.requests(provider, side="provided", state="asked", after=None, limit=50)
    waiting = [each for each in found if each.request.id in asked]
    assert len(waiting) == 3
    assert all(each.mine and each.task is not None for each in waiting)
    assert len({each.task.instance_id for each in waiting if each.task is not None}) == 3


async def test_数据库视图_只能看到授权的列和行_撤销后不复存在(offices: Offices) -> None:
    grant = await offices.granted(delivery="view", filters={"state": "active"})
    with pytest.raises(ShareInvalid):
        await offices.ask(delivery="view", items=("name", "representative_phone"))
    made = await offices.exchange.delivering.new_view(await offices.actor("water-desk"), grant.id)
    async with offices.services.context.database.connection() as connection, connection.transaction():
        await connection.execute(f"set local role {made.role}")  # as whoever signs in with its password
        rows = await connection.fetch(f"select * from {made.schema}.{made.view}")
        assert {row["state"] for row in rows} == {"active"}
        assert list(rows[0].keys()) == ["id", "area", "name", "credit_code", "state"]
        for forbidden in ("select * from thing_fact", f"update {made.schema}.{made.view} set area = ''"):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                async with connection.transaction():
                    await connection.execute(forbidden)
    await offices.exchange.sharing.revoke(await offices.actor("general-desk"), grant.id, "不再需要")
    async with offices.services.context.database.connection() as connection:
        assert await connection.fetchval("select count(*) from pg_roles where rolname = $1", made.role) == 0
        assert await connection.fetchval("select to_regclass($1)", f"{made.schema}.{made.view}") is None


async def test_月度对账单_双方看到同样的数字(offices: Offices) -> None:
    await offices.granted()
    month = date(2026, 6, 1)
    mine = await offices.exchange.sharing.statement(await offices.actor("water-desk"), month, "asked")
    theirs = await offices.exchange.sharing.statement(await offices.actor("general-desk"), month, "provided")
    assert [line for line in theirs if line.consumer_name == "区水务局"] == mine
    assert sum(line.requests for line in mine) > 10
    assert await offices.exchange.sharing.statement(await offices.actor("police-desk"), month, "") == []


async def test_撤销发布的资源_授权一并结束(offices: Offices) -> None:
    grant = await offices.granted()
    key = await offices.key(grant)
    resource = await offices.resource("base-legal-entities/legal-entities")
    steward = await offices.actor("steward1")
    await offices.exchange.catalogue.move(steward, resource.id, "withdraw", "数据口径调整")
    with pytest.raises(GrantRevoked):
        await offices.take(grant, key)
    with pytest.raises(ShareNotOffered):
        await offices.ask()
    await offices.exchange.catalogue.move(steward, resource.id, "publish", "")


async def test_人口信息_重要数据的申请也走审批(offices: Offices) -> None:
    asked = await offices.ask(origin=PERSONS, items=("name", "sex"))
    assert asked.state == "asked"
