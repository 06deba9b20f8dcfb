"""The signed interface of shared data: pages of a grant, asked for by a consumer that signs each request anew."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from bench import load
from bench.results import Measurement, Target, in_turns
from bench.stage import Stage
from bench.things import TYPE, at_least
from yiwang.exchange.delivery import signing
from yiwang.exchange.delivery.signing import Signed
from yiwang.exchange.sharing import store
from yiwang.exchange.sharing.model import ShareRequest, Wanted
from yiwang.http.services import Services, open_services
from yiwang.kernel.clock import real_now
from yiwang.kernel.database import connect
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.sealing import KeyRing

CONNECTIONS = 16
ROWS = 10
THINGS = 20_000
_PUBLISHED_WITHIN = 7.0
"""Seconds after which every web process knows a new type."""
_ITEMS = ("name", "sex", "division")


async def measure(stage: Stage) -> list[Measurement]:
    """``sharing.rate``: signature, grant, nonce and quota, ten rows, metering; everything durable."""
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        await at_least(stage, services.registry, THINGS // 10 if stage.quick else THINGS)
        grant, key_id, secret = await _granted(services)
    await asyncio.sleep(_PUBLISHED_WITHIN)

    async def product() -> float:
        found = await load.saturate(
            stage.address, _signed(grant, key_id, secret), connections=CONNECTIONS, seconds=stage.seconds(6)
        )
        return found.check("shared data").rate

    async def raw() -> float:
        return await _inserted(stage.url, stage.seconds(3))

    runs = await in_turns(stage.rounds, product, raw, stage.say, "plain inserts of the nonce, rows/s")
    return [
        Measurement(
            "sharing.rate", f"GET of {ROWS} shared rows, signed, counted", "requests/s", "more", runs,
            f"inserts of one small row each by {CONNECTIONS} connections", Target(500), stage.cases,
        )
    ]  # fmt: skip


async def _granted(services: Services) -> tuple[UUID, str, str]:
    """A grant of everything in :data:`TYPE`, with its key."""
    now = services.context.clock.now()
    async with services.context.database.transaction() as connection:
        office = await connection.fetchrow("select id, code from organisation order by id limit 1")
        assert office is not None
        resource = new_id()
        await connection.execute(
            "insert into resource (id, class_code, code, state, name_zh, provider_id, provider_name, format, type,"
            " share_type, cycle, created_at, updated_at)"
            " values ($1, 'bench', $2, 'published', '测速', $3, $4, 1, $5, 1, 1, $6, $6)",
            resource, f"bench-{resource}", office["id"], office["code"], TYPE, now,
        )  # fmt: skip
        wanted = Wanted(
            purpose="测速", items=_ITEMS, until=now + timedelta(days=30), quota=1_000_000, delivery="api"
        )  # fmt: skip
        asked = ShareRequest(
            id=new_id(), resource_id=resource, provider_id=office["id"], consumer_id=office["id"],
            consumer_name="测速", area="", state="granted", case_id=None, case_number="", asked_by=None,
            asked_label="测速", asked_at=now, decided_at=now, note="", wanted=wanted,
        )  # fmt: skip
        await store.insert_request(connection, asked)
        grant = new_id()
        await store.insert_grant(connection, grant, asked, TYPE, now)
        key_id, secret = signing.new_key_id(), signing.new_secret()
        seal, sealed = KeyRing(services.context.settings.home / "exchange-keys").seal(secret.encode())
        await store.set_key(connection, grant, key_id, seal, sealed, "", real_now())
    return grant, key_id, secret


def _signed(grant: UUID, key_id: str, secret: str) -> Iterator[bytes]:
    path, query = f"/api/v1/exchange/data/{grant}", f"limit={ROWS}"
    while True:
        plain = Signed(
            "GET", path, query, key_id, str(int(time.time())), secrets.token_hex(8), "HMAC-SHA256", ""
        )  # fmt: skip
        headers = {
            "x-yiwang-key": key_id, "x-yiwang-timestamp": plain.timestamp, "x-yiwang-nonce": plain.nonce,
            "x-yiwang-algorithm": plain.algorithm, "x-yiwang-signature": signing.sign(plain, secret),
        }  # fmt: skip
        yield load.request("GET", f"{path}?{query}", headers=headers)


async def _inserted(url: str, seconds: float) -> float:
    """Small rows a second that as many connections insert, each row on its own."""
    connections = [await connect(url) for _ in range(CONNECTIONS)]
    await connections[0].execute("create table if not exists bench_nonce (key text, nonce text, at timestamptz)")
    ending, done = time.perf_counter() + seconds, 0

    async def go(number: int) -> None:
        nonlocal done
        while time.perf_counter() < ending:
            await connections[number].execute(
                "insert into bench_nonce values ($1, $2, $3)", "yx", secrets.token_hex(8), real_now()
            )
            done += 1

    try:
        await asyncio.gather(*(go(number) for number in range(CONNECTIONS)))
        await connections[0].execute("drop table bench_nonce")
    finally:
        for connection in connections:
            await connection.close()
    return done / seconds
