"""成组计数:限额在并发下也不突破;同一随机数同时来两次只算一次;排队时被撤销的不再放行。"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter

from support.offices import Offices

from yiwang.exchange.delivery.counting import Counting, Taking, Verdict
from yiwang.exchange.sharing.model import ShareGrant, Use
from yiwang.kernel.clock import real_now


def taking(offices: Offices, grant: ShareGrant, nonce: str = "") -> Taking:
    return Taking(grant, nonce or secrets.token_hex(8), offices.exchange.delivering.day(), real_now(), 3, 100)


def processes(offices: Offices) -> tuple[Counting, Counting]:
    """Two that count side by side, as two web processes do."""
    database = offices.services.context.database
    return Counting(database), Counting(database)


async def with_key(offices: Offices, quota: int = 1000) -> ShareGrant:
    grant = await offices.granted(quota=quota)
    await offices.key(grant)
    return await read(offices, grant)


async def read(offices: Offices, grant: ShareGrant) -> ShareGrant:
    return (await offices.exchange.sharing.grant_detail(await offices.actor("water-desk"), grant.id)).grant


async def use(offices: Offices, grant: ShareGrant) -> Use:
    (found,) = (await offices.exchange.sharing.grant_detail(await offices.actor("water-desk"), grant.id)).uses
    return found


async def test_二百个请求同时来_限额一次也不突破(offices: Offices) -> None:
    grant = await with_key(offices, quota=50)
    sides = processes(offices)
    asked = [sides[number % 2].count(taking(offices, grant)) for number in range(200)]
    assert Counter(await asyncio.gather(*asked)) == {"counted": 50, "spent": 150}
    found = await use(offices, grant)
    assert (found.requests, found.refused, found.rows, found.bytes) == (50, 150, 150, 5000)


async def test_两项授权同时计数_各算各的_互不死等(offices: Offices) -> None:
    grants = [await with_key(offices, quota=30) for _ in range(2)]
    sides = processes(offices)
    asked = [sides[number % 2].count(taking(offices, grants[number // 2 % 2])) for number in range(160)]
    verdicts = await asyncio.wait_for(asyncio.gather(*asked), 60)
    assert Counter(verdicts) == {"counted": 60, "spent": 100}
    assert [(await use(offices, grant)).requests for grant in grants] == [30, 30]


async def test_同一随机数同时来多次_只算一次(offices: Offices) -> None:
    grant = await with_key(offices)
    sides = processes(offices)
    nonces = [secrets.token_hex(8) for _ in range(20)]
    asked = [sides[0].count(taking(offices, grant, nonce)) for nonce in nonces for _ in range(3)]
    asked += [sides[1].count(taking(offices, grant, nonce)) for nonce in reversed(nonces) for _ in range(3)]
    verdicts = await asyncio.wait_for(asyncio.gather(*asked), 60)
    assert Counter(verdicts) == {"counted": 20, "repeated": 100}
    assert (await use(offices, grant)).requests == 20


async def test_排队等候时被撤销_不再放行(offices: Offices) -> None:
    grant = await with_key(offices)
    first, _ = processes(offices)
    assert await first.count(taking(offices, grant)) == "counted"
    waiting: list[asyncio.Task[Verdict]] = []
    async with offices.services.context.database.transaction() as connection:
        # Another process is counting the same grant's day: whoever comes now waits for it.
        await connection.execute("update share_use set rows = rows where grant_id = $1", grant.id)
        waiting.append(asyncio.create_task(first.count(taking(offices, grant))))  # waits for the row
        await _until_waiting(offices)
        waiting += [asyncio.create_task(first.count(taking(offices, grant))) for _ in range(3)]  # wait for the group
        await asyncio.sleep(0)
        await offices.exchange.sharing.revoke(await offices.actor("general-desk"), grant.id, "用途已变更")
    assert await asyncio.gather(*waiting) == ["revoked"] * 4
    found = await use(offices, grant)
    assert (found.requests, found.refused) == (1, 4)


async def _until_waiting(offices: Offices) -> None:
    """Until somebody waits for a lock."""
    for _ in range(400):
        async with offices.services.context.database.connection() as connection:
            if await connection.fetchval(
                "select exists (select from pg_stat_activity where wait_event_type = 'Lock'"
                " and datname = current_database())"
            ):
                return
        await asyncio.sleep(0.05)
    raise AssertionError("nobody waits")
