"""Requests that present the same secret at once cost one look-up; what was revoked meanwhile is never answered from it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from uuid import uuid4

import pytest

from yiwang.identity.errors import TokenInvalid
from yiwang.identity.service.core import ActorCache
from yiwang.kernel.access import Actor

SECRET = b"hash of a secret"


class _Desk:
    """Looks actors up, slowly; counts."""

    def __init__(self) -> None:
        self.asked = 0
        self.open = asyncio.Event()

    def finds(self, actor: Actor | None) -> Callable[[], Coroutine[None, None, Actor]]:
        async def find() -> Actor:
            self.asked += 1
            await self.open.wait()
            if actor is None:
                raise TokenInvalid()
            return actor

        return find


async def _begun(*requests: Coroutine[None, None, Actor]) -> list[asyncio.Task[Actor]]:
    tasks = [asyncio.create_task(request) for request in requests]
    await asyncio.sleep(0.01)
    return tasks


async def test_同时到来的请求只查一次() -> None:
    cache, desk, actor = ActorCache(), _Desk(), Actor("token", uuid4())
    waiting = await _begun(*(cache.once(SECRET, "token", desk.finds(actor)) for _ in range(20)))
    desk.open.set()
    assert await asyncio.gather(*waiting) == [actor] * 20
    assert desk.asked == 1
    await cache.once(SECRET, "token", desk.finds(actor))
    assert desk.asked == 2  # remembering is the cache's affair, and only if nothing was forgotten meanwhile


@pytest.mark.parametrize(
    "forget", [lambda cache, actor: cache.forget(actor.account_id), lambda cache, _: cache.clear()]
)
async def test_撤销之后的请求不用撤销之前的查询(forget: Callable[[ActorCache, Actor], None]) -> None:
    cache, desk, actor = ActorCache(), _Desk(), Actor("token", uuid4())
    before = await _begun(cache.once(SECRET, "token", desk.finds(actor)))
    forget(cache, actor)
    after = await _begun(cache.once(SECRET, "token", desk.finds(None)))
    desk.open.set()
    assert await before[0] == actor
    with pytest.raises(TokenInvalid):
        await after[0]


async def test_会话与令牌互不代答() -> None:
    cache, desk = ActorCache(), _Desk()
    person, token = Actor("person", uuid4()), Actor("token", uuid4())
    waiting = await _begun(
        cache.once(SECRET, "person", desk.finds(person)), cache.once(SECRET, "token", desk.finds(token))
    )
    desk.open.set()
    assert await asyncio.gather(*waiting) == [person, token]


async def test_一个请求中断_别的请求照常得到答复() -> None:
    cache, desk, actor = ActorCache(), _Desk(), Actor("token", uuid4())
    first, second = await _begun(*(cache.once(SECRET, "token", desk.finds(actor)) for _ in range(2)))
    first.cancel()
    await asyncio.sleep(0.01)
    desk.open.set()
    assert await second == actor


async def test_查不到时每个请求都得到拒绝_之后重新查() -> None:
    cache, desk, actor = ActorCache(), _Desk(), Actor("token", uuid4())
    waiting = await _begun(*(cache.once(SECRET, "token", desk.finds(None)) for _ in range(3)))
    desk.open.set()
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    assert [type(answer) for answer in answers] == [TokenInvalid] * 3
    assert await cache.once(SECRET, "token", desk.finds(actor)) == actor
