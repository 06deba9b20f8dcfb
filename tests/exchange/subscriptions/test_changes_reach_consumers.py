"""数据订阅:按提交顺序、至少一次;推送签名、退避、隔离;工作进程被杀不丢变更。"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from uuid import UUID

import pytest
from support.data_flows import Consumer, declare, shop, steward
from support.http_city import HttpCity, a_city, refused
from support.journal_final import until_final

from yiwang.exchange.subscriptions import store
from yiwang.exchange.subscriptions.model import Position, Subscription, Wanted
from yiwang.exchange.subscriptions.pushing import FAILURES, Pusher, pause_after, signature
from yiwang.exchange.subscriptions.service import SubscriptionService
from yiwang.http import database_url_variable
from yiwang.kernel.access import Actor

city = a_city(exchange_hosts="127.0.0.1")


@pytest.fixture(scope="module")
async def keeper(city: HttpCity) -> Actor:
    await declare(city)
    return await steward(city)


@pytest.fixture
async def consumer() -> AsyncIterator[Consumer]:
    async with Consumer() as found:
        yield found


def service_of(city: HttpCity) -> SubscriptionService:
    return city.services.subscriptions


async def due_now(city: HttpCity, id: UUID) -> None:
    """As if the pause and the lease were over."""
    async with city.services.context.database.transaction() as connection:
        await connection.execute(
            "update data_subscription set next_at = next_at - interval '2 hours', leased_until = null where id = $1", id
        )


async def push(city: HttpCity, id: UUID) -> Subscription:
    await due_now(city, id)
    await until_final(city.services.context.database)
    pusher = Pusher(service_of(city))
    await pusher.round()
    await pusher.settle()
    async with city.services.context.database.connection() as connection:
        found = await store.one(connection, id)
    assert found is not None
    return found


async def test_按顺序读取_确认后继续_个人与加密字段不外泄(city: HttpCity, keeper: Actor) -> None:
    client = await city.client("shift1")
    asked = {"name": "商铺变更", "type": "shop", "where": {"trade": "51"}, "area": "120199001"}
    made = (await client.post("/api/v1/exchange/subscriptions", json=asked)).json()
    assert made["secret"] == ""
    path = f"/api/v1/exchange/subscriptions/{made['id']}"
    first = await shop(city, "A1", by=keeper, trade="51", owner="张三丰", bank="6222020200112233")
    await shop(city, "A2", by=keeper, trade="52")
    await shop(city, "A3", by=keeper, trade="51", division="120199002001")
    await shop(city, "A1", by=keeper, trade="51", owner="张三丰", name="新店名")
    await until_final(city.services.context.database)
    page = (await client.get(f"{path}/changes", params={"limit": 2})).json()
    rest = (await client.get(f"{path}/changes", params={"after": page["cursor"]})).json()
    items = page["items"] + rest["items"]
    assert {item["thing"] for item in items} == {str(first)}
    assert [item["attributes"]["name"] for item in items if item["believed"]][-1] == "新店名"
    assert any(not item["believed"] for item in items), "what is believed no more is told, too"
    assert all("bank" not in item["attributes"] and item["attributes"]["owner"] == "张**" for item in items)
    again = (await client.get(f"{path}/changes")).json()
    assert len(again["items"]) == len(items), "at least once: nothing is lost until it is confirmed"
    assert (await client.get(path)).json()["lag"] == len(items)
    told = (await client.post(f"{path}/position", json={"cursor": rest["cursor"]})).json()
    assert told["lag"] == 0
    await client.post(f"{path}/position", json={"cursor": page["cursor"]})
    assert (await client.get(path)).json()["lag"] == 0, "a position does not go back"
    refused(await client.get(f"{path}/changes", params={"after": "9.zz"}), 422)
    stranger = await city.client("water-desk")
    refused(await stranger.get(path), 404, "subscription.unknown")
    refused(await (await city.client("acceptor1")).get(path), 404, "subscription.unknown")  # may not export
    refused(await stranger.post("/api/v1/exchange/subscriptions", json=asked), 403)
    assert (await client.delete(path)).status_code == 204
    refused(await client.get(path), 404)


async def test_未登记的主机与元数据地址不推送(city: HttpCity, keeper: Actor) -> None:
    client = await city.client("shift1")
    for url in (
        "http://169.254.169.254/latest", "http://10.0.0.1/", "http://localhost.example/", "http://[::ffff:169.254.169.254]/",
    ):  # fmt: skip
        asked = {"name": "推送", "type": "shop", "url": url}
        refused(await client.post("/api/v1/exchange/subscriptions", json=asked), 422, "exchange.host_not_allowed")
    for url in ("http://user:word@127.0.0.1/", "http://127.0.0.1:99999/"):
        asked = {"name": "推送", "type": "shop", "url": url}
        refused(await client.post("/api/v1/exchange/subscriptions", json=asked), 422, "subscription.invalid")


async def test_推送带签名_失败退避后重发_不丢不乱(city: HttpCity, keeper: Actor, consumer: Consumer) -> None:
    service = service_of(city)
    made, secret = await service.subscribe(
        keeper, Wanted("推送", "shop", ("licence", "phone"), personal="left-out", url=consumer.url)
    )
    await shop(city, "P1", by=keeper)
    consumer.status = 503
    failed = await push(city, made.id)
    assert (failed.state, failed.failures, failed.last_error) == ("active", 1, "HTTP 503")
    assert failed.position == made.position
    assert failed.next_at > made.next_at
    await shop(city, "P2", by=keeper)
    consumer.status = 200
    taken = await push(city, made.id)
    assert (taken.failures, taken.delivered) == (0, 2)
    headers, body = consumer.got[-1]
    assert headers["x-yiwang-signature"] == signature(secret, headers["x-yiwang-timestamp"], body)
    assert [change["attributes"] for change in json.loads(body)["changes"]] == [{"licence": "P1"}, {"licence": "P2"}]
    assert consumer.got[0][0]["x-yiwang-delivery"] == headers["x-yiwang-delivery"], "a repetition is recognised"
    await push(city, made.id)
    assert len(consumer.got) == 2, "nothing new, nothing sent"


async def test_死掉的消费者被隔离_不影响别人_恢复后补齐(city: HttpCity, keeper: Actor, consumer: Consumer) -> None:
    service = service_of(city)
    async with Consumer() as dead:
        lost, _ = await service.subscribe(keeper, Wanted("已停用系统", "shop", url=dead.url))
    good, _ = await service.subscribe(keeper, Wanted("正常系统", "shop", url=consumer.url))
    await shop(city, "D1", by=keeper)
    for _ in range(FAILURES):
        state = (await push(city, lost.id)).state
    assert state == "isolated"
    assert (await push(city, good.id)).delivered == 1
    before = len(consumer.got)
    assert (await push(city, lost.id)).delivered == 0
    async with city.services.context.database.transaction() as connection:
        await connection.execute("update data_subscription set url = $2 where id = $1", lost.id, consumer.url)
    resumed = await service.resume(keeper, lost.id)
    assert (resumed.state, resumed.failures) == ("active", 0)
    assert (await push(city, lost.id)).delivered == 1
    assert len(consumer.got) == before + 1
    paused = await service.pause(keeper, good.id)
    await shop(city, "D2", by=keeper)
    assert (await push(city, paused.id)).delivered == 1
    await service.resume(keeper, good.id)
    assert (await push(city, good.id)).delivered == 2


def test_退避加倍而有上限() -> None:
    pauses = [pause_after(count) for count in range(30)]
    assert pauses[0] == timedelta(seconds=2)
    assert pauses[3] == timedelta(seconds=16)
    assert pauses == sorted(pauses)
    assert pauses[-1] == timedelta(hours=1)


PUSHER = """
import asyncio
from yiwang.exchange.subscriptions.pushing import Pusher
from yiwang.http.services import open_services
from yiwang.kernel.settings import load_settings
import os

async def main():
    async with open_services(load_settings(), os.environ[{variable!r}]) as services:
        pusher = Pusher(services.subscriptions)
        while True:
            await pusher.round()
            await asyncio.sleep(0.05)

asyncio.run(main())
"""


@pytest.mark.crash
async def test_推送进程被杀后变更仍到达(city: HttpCity, keeper: Actor, consumer: Consumer) -> None:
    service = service_of(city)
    made, _ = await service.subscribe(keeper, Wanted("杀不死", "shop", ("licence",), url=consumer.url))
    licences = [f"K{number}" for number in range(3)]
    for licence in licences:
        await shop(city, licence, by=keeper)
    consumer.held.clear()  # it has the page, but its answer is awaited still
    environment = {
        **os.environ, database_url_variable: city.database_url, "YIWANG_HOME": str(city.settings.home),
        "YIWANG_CITY": str(city.settings.city), "YIWANG_PACKS": str(city.settings.packs),
        "YIWANG_EXCHANGE_HOSTS": "127.0.0.1",
    }  # fmt: skip
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PUSHER.format(variable=database_url_variable), env=environment
    )
    await asyncio.wait_for(consumer.arrived.wait(), 180)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    consumer.held.set()
    async with city.services.context.database.connection() as connection:
        tx, fact = await connection.fetchrow("select tx, fact from data_subscription where id = $1", made.id)
    assert Position(tx, fact) == made.position, "unconfirmed, so not moved on"
    assert (await push(city, made.id)).delivered == 3
    assert [change["attributes"]["licence"] for change in consumer.changes] == licences * 2
