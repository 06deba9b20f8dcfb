"""API 令牌:tokens never reach further than their owner."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.identity.city import City, account_of, password
from yiwang.identity.errors import PersonNeeded, TokenInvalid, TokenMissing, TokensTooMany, TokenTooWide
from yiwang.identity.model import TokenGrant
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Database
from yiwang.kernel.errors import Forbidden

YEAR = timedelta(days=365)
READ = TokenGrant("case", frozenset({"read"}))


async def dispatcher(city: City) -> Actor:
    return await city.person("centre", ("dispatcher", "centre"))


async def refused(service: IdentityService, token: str) -> bool:
    for _ in range(300):
        try:
            await service.actor_for_token(token)
        except TokenInvalid:
            return True
        await asyncio.sleep(0.01)
    return False


async def test_令牌只有声明的那部分权限(city: City) -> None:
    owner = await dispatcher(city)
    _, token = await city.service.tokens.create(owner, "报表", [READ], YEAR)
    actor = await city.service.actor_for_token(token, "203.0.113.9")
    assert (actor.kind, actor.account_id, actor.address) == ("token", owner.account_id, "203.0.113.9")
    assert actor.may("case", "read")
    assert not actor.may("case", "dispatch")
    assert actor.posts == ()
    _, with_posts = await city.service.tokens.create(owner, "代办", [READ], YEAR, in_posts=True)
    assert (await city.service.actor_for_token(with_posts)).posts == owner.posts


async def test_令牌可限于区域_不能超出本人(city: City) -> None:
    owner = await dispatcher(city)
    street = TokenGrant("case", frozenset({"read"}), "120111001")
    _, token = await city.service.tokens.create(owner, "街道报表", [street], YEAR)
    actor = await city.service.actor_for_token(token)
    assert actor.reaches("case", "read", area="120111001002", organisation=None)
    assert not actor.reaches("case", "read", area="120111002001", organisation=None)
    for grant in (
        TokenGrant("case", frozenset({"read", "close"})),
        TokenGrant("account", frozenset({"create"})),
        TokenGrant("case", frozenset({"read"}), "110115"),
    ):
        with pytest.raises(TokenTooWide):
            await city.service.tokens.create(owner, "过宽", [grant], YEAR)


async def test_本人失去权限_令牌随之失去(city: City) -> None:
    owner = await dispatcher(city)
    everything = TokenGrant("*", frozenset({"*"}))
    _, token = await city.service.tokens.create(owner, "全部", [everything], YEAR)
    assert (await city.service.actor_for_token(token)).may("case", "dispatch")
    await city.service.holdings.dismiss(SYSTEM, account_of(owner), city.post("dispatcher", "centre").id)
    assert (await city.service.actor_for_token(token)).grants == ()


async def test_令牌到期_撤销_账号停用_立即失效(city: City, other_process: IdentityService, wall: ManualClock) -> None:
    owner, tokens = await dispatcher(city), city.service.tokens
    row, revoked = await tokens.create(owner, "撤销", [READ], YEAR)
    _, expired = await tokens.create(owner, "到期", [READ], timedelta(days=1))
    _, owned = await tokens.create(owner, "停用", [READ], YEAR)
    await other_process.actor_for_token(revoked)
    await tokens.revoke(owner, row.id)
    assert await refused(city.service, revoked)
    assert await refused(other_process, revoked)
    wall.advance(timedelta(days=1))
    assert await refused(city.service, expired)
    await other_process.actor_for_token(owned)
    await city.service.accounts.lock(SYSTEM, account_of(owner))
    assert await refused(other_process, owned)
    await city.service.accounts.unlock(SYSTEM, account_of(owner))
    assert (await city.service.actor_for_token(owned)).may("case", "read"), "a lock is lifted again"
    await city.service.accounts.disable(SYSTEM, account_of(owner))
    await city.service.accounts.restore(SYSTEM, account_of(owner))
    assert await refused(city.service, owned), "disabling ended it for good"


async def test_只有本人登录后才能生成_令牌不能生令牌(city: City) -> None:
    owner = await dispatcher(city)
    _, token = await city.service.tokens.create(owner, "一", [READ], YEAR)
    by_token = await city.service.actor_for_token(token)
    with pytest.raises(PersonNeeded):
        await city.service.tokens.create(by_token, "二", [READ], YEAR)
    with pytest.raises(PersonNeeded):
        await city.service.accounts.change_password(by_token, password, "another-Long-one-7")


async def test_各看各的令牌_安全管理员可看可撤(city: City) -> None:
    owner, other, security = await dispatcher(city), await dispatcher(city), await city.security_admin()
    row, token = await city.service.tokens.create(owner, "甲", [READ], YEAR)
    assert await city.service.tokens.page(other) == []
    with pytest.raises(Forbidden):
        await city.service.tokens.page(other, owner.account_id)
    with pytest.raises(TokenMissing):
        await city.service.tokens.revoke(other, row.id)
    assert [item.id for item in await city.service.tokens.page(security, owner.account_id)] == [row.id]
    await city.service.tokens.revoke(security, row.id)
    assert await refused(city.service, token)
    with pytest.raises(TokenMissing):
        await city.service.tokens.revoke(owner, row.id)


async def test_令牌数量有上限(city: City) -> None:
    owner = await dispatcher(city)
    for number in range(50):
        await city.service.tokens.create(owner, str(number), [READ], YEAR)
    with pytest.raises(TokensTooMany):
        await city.service.tokens.create(owner, "多余", [READ], YEAR)


async def test_最近使用时间_按分钟记(city: City, wall: ManualClock) -> None:
    owner = await dispatcher(city)
    _, token = await city.service.tokens.create(owner, "用", [READ], YEAR)
    first = wall.now()
    for seconds in (0, 10, 30):
        wall.at = first + timedelta(seconds=seconds)
        city.service.sessions._core.cache.clear()
        await city.service.actor_for_token(token)
    assert (await city.service.tokens.page(owner))[0].last_used_at == first
    wall.at = first + timedelta(seconds=70)
    city.service.sessions._core.cache.clear()
    await city.service.actor_for_token(token)
    assert (await city.service.tokens.page(owner))[0].last_used_at == wall.now()


@pytest.mark.parametrize("token", ["", "yw_", "yw_" + "a" * 43, "Bearer", "é" * 10])
async def test_乱写的令牌被拒绝(city: City, token: str) -> None:
    with pytest.raises(TokenInvalid):
        await city.service.actor_for_token(token)


async def test_会话不能当令牌_令牌不能当会话(city: City) -> None:
    owner = await city.person("centre", ("dispatcher", "centre"), login="mixed-up")
    session = (await city.service.sign_in("mixed-up", password, "")).token
    _, token = await city.service.tokens.create(owner, "一", [READ], YEAR)
    city.service.sessions._core.cache.clear()
    with pytest.raises(TokenInvalid):
        await city.service.actor_for_token(session)
    assert (await city.service.actor_of(None, token, "")).kind == "anonymous"
    await city.service.actor_for_session(session)
    await city.service.actor_for_token(token)
    with pytest.raises(TokenInvalid):
        await city.service.actor_for_token(session)
    assert (await city.service.actor_of(None, token, "")).kind == "anonymous"


async def test_数据库里没有令牌明文(city: City, database: Database) -> None:
    owner = await city.person("centre", ("dispatcher", "centre"), login="hashed-only")
    session = (await city.service.sign_in("hashed-only", password, "")).token
    _, token = await city.service.tokens.create(owner, "一", [READ], YEAR)
    async with database.connection() as connection:
        for table in ("session", "api_token", "account", "journal"):
            dump = await connection.fetchval(f"select string_agg({table}::text, ' ') from {table}")
            for secret in (session, token, password):
                assert secret not in dump, table
