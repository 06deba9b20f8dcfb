"""按共享授权订阅:只送授权的信息项和行,脱敏同接口;撤销、到期、限额对推送同样立即生效;谁能做什么各接口一致。"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from support.data_flows import Consumer
from support.http_city import HttpCity, refused, running, settings_for
from support.journal_final import until_final
from support.offices import CITY, START, Offices, credit_code

from yiwang.exchange.errors import DeliveryOther, GrantRevoked, QuotaSpent, ShareEnded
from yiwang.exchange.sharing.model import ShareGrant
from yiwang.exchange.subscriptions import store
from yiwang.exchange.subscriptions.errors import SubscriptionExists
from yiwang.exchange.subscriptions.model import Subscription, WantedOfGrant
from yiwang.exchange.subscriptions.pushing import Pusher
from yiwang.exchange.subscriptions.service import SubscriptionService
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import JsonObject
from yiwang.packs.install import install_city
from yiwang.registry.model import Draft

ITEMS = ("name", "state", "representative_phone")


@dataclass
class World:
    city: HttpCity
    offices: Offices

    @property
    def service(self) -> SubscriptionService:
        return self.city.services.subscriptions

    async def enterprise(self, number: int, **more: str) -> UUID:
        """Record an enterprise, or correct it."""
        given: JsonObject = {
            "credit_code": credit_code(number), "name": f"订阅第{number}企业", "kind": "enterprise", "state": "active",
            "representative": "张三丰", "representative_phone": "13800001234", "address": "东街一号", "division": "120199001",
            **more,
        }  # fmt: skip
        async with self.city.services.context.database.transaction() as connection:
            recorded = await self.city.services.registry.recording.record(
                connection, SYSTEM, "legal-entity", Draft(given)
            )
        await until_final(self.city.services.context.database)
        return recorded.thing_id

    async def subscribe(self, grant: ShareGrant, url: str = "", *, beginning: bool = False) -> Subscription:
        water = await self.offices.actor("water-desk")
        made, secret = await self.service.subscribe_grant(water, grant.id, WantedOfGrant("企业变更", url, beginning))
        assert bool(secret) == bool(url)
        return made

    async def push(self, id: UUID) -> Subscription:
        """As if every pause were over."""
        async with self.city.services.context.database.transaction() as connection:
            await connection.execute(
                "update data_subscription set next_at = next_at - interval '2 hours', leased_until = null where id = $1",
                id,
            )
        pusher = Pusher(self.service)
        await pusher.round()
        await pusher.settle()
        async with self.city.services.context.database.connection() as connection:
            found = await store.one(connection, id)
        assert found is not None
        return found


@pytest.fixture(scope="module")
async def world(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    home = tmp_path_factory.mktemp("home")
    settings = settings_for(home, demo=True, city=CITY, exchange_hosts="127.0.0.1")
    async with running(settings, database_url) as app:
        city = HttpCity(app, settings, database_url)
        await install_city(city.services.context, city.services, CITY, begin=START)
        await city.services.identity.directory.refresh()
        await city.services.refresh()
        offices = Offices(city.services)
        await offices.wait()  # its clock stands still
        yield World(city, offices)
        await city.leave()


@pytest.fixture
async def consumer() -> AsyncIterator[Consumer]:
    async with Consumer() as found:
        yield found


def values(consumer: Consumer, *, believed: bool = True) -> list[dict[str, Any]]:
    return [change["attributes"] for change in consumer.changes if change["believed"] is believed]


async def test_只推送授权的信息项和行_脱敏与接口一致(world: World, consumer: Consumer) -> None:
    first = await world.enterprise(1)
    await world.enterprise(2, state="suspended")
    await world.enterprise(3, division="120199002")
    await world.offices.wait(minutes=5)
    await world.enterprise(1, name="改过一次的名称")
    await world.offices.wait(minutes=5)
    grant = await world.offices.granted(items=ITEMS, filters={"state": "active"}, within="120199001")
    made = await world.subscribe(grant, consumer.url, beginning=True)
    assert (await world.push(made.id)).delivered == len(consumer.changes) > 0
    key = await world.offices.key(grant)
    assert values(consumer) == await world.offices.take(grant, key)
    assert {each["representative_phone"] for each in values(consumer)} == {"138****1234"}
    assert {change["thing"] for change in consumer.changes} == {str(first)}
    assert all(set(change["attributes"]) <= set(ITEMS) and "geometry" not in change for change in consumer.changes)
    assert "订阅第1企业" not in str(consumer.got), "what was believed no more before the grant began stays at home"

    before = len(consumer.changes)
    await world.offices.wait(minutes=5)
    await world.enterprise(2, name="仍然停业", state="suspended")
    await world.enterprise(1, state="suspended", name="改过一次的名称")
    await world.push(made.id)
    news = consumer.changes[before:]
    assert {change["thing"] for change in news} == {str(first)}
    assert all(change["attributes"]["state"] == "active" for change in news), "it leaves the granted rows"
    assert any(not change["believed"] for change in news), "and the consumer is told that it is believed no more"
    uses = (await world.offices.exchange.sharing.grant_detail(await world.offices.actor("water-desk"), grant.id)).uses
    assert [(use.requests, use.rows) for use in uses] == [(3, len(consumer.changes) + 1)], "metered like the interface"


async def test_原文逐条留痕(world: World, consumer: Consumer) -> None:
    grant = await world.offices.granted(
        items=ITEMS, plain=("representative_phone",), purpose="防汛期间通知低洼地企业负责人紧急转移"
    )
    made = await world.subscribe(grant, consumer.url)
    thing = await world.enterprise(10)
    await world.push(made.id)
    assert [each["representative_phone"] for each in values(consumer)] == ["13800001234"]
    async with world.city.services.context.database.connection() as connection:
        told = await connection.fetch(
            "select subject_id, actor_name from journal where verb = 'thing.read_personal' and data ->> 'grant' = $1",
            str(grant.id),
        )
    assert [(str(row["subject_id"]), row["actor_name"]) for row in told] == [(str(thing), "区水务局")]


async def test_撤销后一条也不再送_也不能恢复(world: World, consumer: Consumer) -> None:
    grant = await world.offices.granted(items=ITEMS)
    made = await world.subscribe(grant, consumer.url)
    await world.enterprise(20)
    assert (await world.push(made.id)).delivered == 1
    await world.enterprise(21)  # it waits when the grant is taken back
    await world.offices.exchange.sharing.revoke(await world.offices.actor("general-desk"), grant.id, "用途已变更")
    after = await world.push(made.id)
    assert (after.state, after.delivered, len(consumer.got)) == ("paused", 1, 1)
    assert "用途已变更" in after.last_error
    water = await world.offices.actor("water-desk")
    with pytest.raises(GrantRevoked):
        await world.service.changes(water, after, after.position, 100)
    with pytest.raises(ShareEnded):
        await world.service.resume(water, made.id)
    assert (await world.service.shown(after)).lag == 0
    await world.service.end(water, made.id)
    with pytest.raises(ShareEnded):
        await world.subscribe(grant, consumer.url)


async def test_推送途中被撤销_位置不动_不再发第二次(world: World, consumer: Consumer) -> None:
    grant = await world.offices.granted(items=ITEMS)
    made = await world.subscribe(grant, consumer.url)
    await world.enterprise(25)
    consumer.status = 503
    await world.push(made.id)
    await world.offices.exchange.sharing.revoke(await world.offices.actor("general-desk"), grant.id, "用途已变更")
    consumer.status = 200
    after = await world.push(made.id)
    assert (after.position, after.delivered, len(consumer.got)) == (made.position, 0, 1)


async def test_到期即停(world: World, consumer: Consumer) -> None:
    grant = await world.offices.granted(items=ITEMS, until=world.offices.now() + timedelta(hours=1))
    made = await world.subscribe(grant, consumer.url)
    await world.offices.wait(hours=2)
    await world.enterprise(30)
    after = await world.push(made.id)
    assert (after.state, after.delivered, consumer.got) == ("paused", 0, [])
    assert "已到期" in after.last_error
    with pytest.raises(ShareEnded):
        await world.service.resume(await world.offices.actor("water-desk"), made.id)


async def test_每日限额也管推送_第二天接着送_不丢不乱(world: World, consumer: Consumer) -> None:
    grant = await world.offices.granted(items=ITEMS, quota=1)
    made = await world.subscribe(grant, consumer.url)
    await world.enterprise(40)
    assert (await world.push(made.id)).delivered == 1
    await world.enterprise(41)
    waits = await world.push(made.id)
    assert (waits.state, waits.failures, waits.delivered) == ("active", 0, 1)
    assert "1 次" in waits.last_error
    water = await world.offices.actor("water-desk")
    with pytest.raises(QuotaSpent):
        await world.service.changes(water, waits, waits.position, 10)
    await world.offices.wait(days=1)
    done = await world.push(made.id)
    assert (done.delivered, done.last_error) == (2, "")
    assert [each["name"] for each in values(consumer)] == ["订阅第40企业", "订阅第41企业"]


async def test_一项授权一个订阅_只用于接口交付(world: World) -> None:
    grant = await world.offices.granted(items=ITEMS)
    await world.subscribe(grant)
    with pytest.raises(SubscriptionExists):
        await world.subscribe(grant)
    files = await world.offices.granted(items=ITEMS, delivery="file")
    with pytest.raises(DeliveryOther):
        await world.subscribe(files)


async def test_接口_订阅_自取_确认_取消(world: World, consumer: Consumer) -> None:
    grant = await world.offices.granted(items=ITEMS)
    water, provider = await world.city.client("water-desk"), await world.city.client("general-desk")
    path = f"/api/v1/exchange/grants/{grant.id}/subscription"
    assert (await water.get(path)).json() == {"subscription": None}
    refused(await water.post(path, json={"name": "推送", "url": "http://10.0.0.1/"}), 422, "exchange.host_not_allowed")
    refused(await water.post(path, json={"name": "推送", "fields": ["address"]}), 422, "input.invalid")
    answer = await water.post(path, json={"name": "企业变更", "url": consumer.url})
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["secret"]
    assert (made["grant_id"], made["fields"]) == (str(grant.id), [*ITEMS])
    shown = (await provider.get(path)).json()["subscription"]
    assert (shown["url"], "secret" in shown) == (consumer.url, False), "the provider sees where its data go"
    one = f"/api/v1/exchange/subscriptions/{made['id']}"
    assert made["id"] in [each["id"] for each in (await water.get("/api/v1/exchange/subscriptions")).json()["items"]]
    await world.enterprise(50)
    page = (await water.get(f"{one}/changes")).json()
    assert [change["attributes"]["name"] for change in page["items"]] == ["订阅第50企业"]
    confirmed = await water.post(f"{one}/position", json={"cursor": page["cursor"]})
    assert confirmed.json()["lag"] == 0
    assert (await water.delete(one)).status_code == 204
    assert (await water.get(path)).json() == {"subscription": None}


LOGINS = (
    "water-desk", "water-handler", "general-desk", "general-handler", "steward1", "police-desk", "dongjie-desk", "shift1",
    "leader1", "worker1", "sysadmin", "secadmin", "auditor",
)  # fmt: skip


async def test_谁能按授权订阅_各接口同一答案(world: World) -> None:
    grant = await world.offices.granted(items=ITEMS)
    await world.subscribe(grant)
    path, one = f"/api/v1/exchange/grants/{grant.id}/subscription", f"/api/v1/exchange/subscriptions/{grant.id}"
    seen = 0
    for login in LOGINS:
        actor, client = await world.offices.actor(login), await world.city.client(login)
        sides = {
            side: actor.reaches("share", verb, area=grant.area, organisation=office)
            for side, verb, office in (
                ("consumer", "request", grant.consumer_id), ("reads consumed", "read", grant.consumer_id),
                ("reads provided", "read", grant.provider_id),
            )
        }  # fmt: skip
        reads = sides["reads consumed"] or sides["reads provided"]
        assert (await client.get(path)).status_code == (200 if reads else 404), login
        wanted = 409 if sides["consumer"] else 403 if reads else 404  # it is there already
        assert (await client.post(path, json={"name": "另一个"})).status_code == wanted, login
        own = 200 if sides["consumer"] else 404
        assert (await client.get(one)).status_code == own, login
        assert (await client.get(f"{one}/changes")).status_code == own, login
        assert (await client.post(f"{one}/pause")).status_code == own, login
        assert (await client.post(f"{one}/resume")).status_code == own, login
        listed = {each["id"] for each in (await client.get("/api/v1/exchange/subscriptions")).json()["items"]}
        assert (str(grant.id) in listed) <= sides["consumer"], login
        if not sides["consumer"]:
            refused(await client.delete(one), 404, "subscription.unknown")
        seen += sides["consumer"]
    assert seen, "the consuming office is among them"
    stranger = await world.city.client(None)
    assert (await stranger.get(path)).status_code == 401
    refused(
        await (await world.city.client("water-desk")).post(
            "/api/v1/exchange/subscriptions", json={"name": "不经授权", "type": "legal-entity"}
        ),
        403,
    )
