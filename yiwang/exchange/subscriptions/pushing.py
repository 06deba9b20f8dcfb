"""Pushing changes to consumers: signed, in order, at least once; one that does not answer holds up nobody else.

A page of changes goes out as one POST. Only an answer of 2xx moves the subscription on, in the transaction that notes it;
a worker that is killed in between leaves the mark where it was, and the page goes out again when its lease has ended. After
a failure the next attempt waits twice as long as the one before; after :data:`FAILURES` in a row the consumer is set aside
(``isolated``) until a person resumes it.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import httpx
import orjson

from yiwang.exchange.errors import GrantRevoked, QuotaSpent
from yiwang.exchange.pulls.calling import new_client, request_to
from yiwang.exchange.subscriptions import store
from yiwang.exchange.subscriptions.model import ChangePage, Position, Subscription
from yiwang.exchange.subscriptions.service import SubscriptionService, split_address
from yiwang.kernel import journal, logs
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import real_now
from yiwang.kernel.errors import Problem, Unavailable

log = logs.get("subscriptions")

FAILURES = 10
PAGE = 200
AT_ONCE = 20
"""Consumers that one worker serves at the same time."""
_seconds = 10.0
_lease = timedelta(seconds=60)
_look_again = timedelta(seconds=1)
_first_pause = timedelta(seconds=2)
_longest_pause = timedelta(hours=1)
_quota_pause = timedelta(minutes=10)
"""Until it is asked again whether the day of a quota is over."""
_pages_a_turn = 50


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """``v1=`` and the HMAC-SHA256 (hex) of ``timestamp.body``: what a consumer compares."""
    return "v1=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


def pause_after(failures: int) -> timedelta:
    """How long to wait after so many failures in a row."""
    return min(_first_pause * float(1 << min(failures, 20)), _longest_pause)


class Pusher:
    """One per worker process; several may run."""

    def __init__(self, service: SubscriptionService) -> None:
        self._service = service
        self._running: dict[UUID, asyncio.Task[None]] = {}

    async def round(self) -> None:
        """Begin with those whose turn it is; slow ones go on beside the next round.

        Raises:
            Unavailable.
        """
        self._running = {id: task for id, task in self._running.items() if not task.done()}
        room = AT_ONCE - len(self._running)
        if room <= 0:
            return
        async with self._service.context.database.transaction() as connection:
            due = await store.lease_due(connection, real_now(), _lease, room)
        for each in due:
            self._running[each.id] = asyncio.create_task(self._turn(each))

    async def settle(self) -> None:
        """Wait for those that are under way."""
        await asyncio.gather(*self._running.values())

    async def stop(self) -> None:
        """Leave off at once; what was not confirmed goes out again."""
        for task in self._running.values():
            task.cancel()
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def _turn(self, found: Subscription) -> None:
        try:
            async with new_client(_seconds) as client:
                await self._deliver_all(client, found)
        except Unavailable as error:
            log.warning("changes wait for the database", subscription=str(found.id), error=str(error))
        except GrantRevoked as problem:
            await self._set_aside(found, "paused", f"{problem.message('zh')} {problem.message('en')}")
        except QuotaSpent as problem:
            async with self._service.context.database.transaction() as connection:
                fault = f"{problem.message('zh')} {problem.message('en')}"
                await store.postpone(connection, found.id, fault, real_now() + _quota_pause)
        except Problem as problem:
            await self._failed(found, problem.message("zh"))

    async def _deliver_all(self, client: httpx.AsyncClient, found: Subscription) -> None:
        service, position = self._service, found.position
        actor = SYSTEM if found.grant_id is not None else await service.identity.actor_behind(found.account_id)
        if actor is None:
            await self._set_aside(found, "paused", "订阅人账号已停用 the account of the subscriber is closed")
            return
        for _ in range(_pages_a_turn):
            page = await service.changes(actor, found, position, PAGE)
            if page.items:
                fault = await self._post(client, found, position, page)
                if fault:
                    await self._failed(found, fault)
                    return
                now = real_now()
                async with service.context.database.transaction() as connection:
                    if not await store.delivered(
                        connection, found.id, position, page.position, len(page.items), now, now + _lease
                    ):
                        return  # paused, or another worker has pushed on
                found = replace(found, failures=0)
            position = page.position
            if not page.more:
                break
        async with service.context.database.transaction() as connection:
            await store.rest(connection, found.id, position, real_now() + _look_again)

    async def _post(self, client: httpx.AsyncClient, found: Subscription, before: Position, page: ChangePage) -> str:
        """Why the consumer did not take it; empty when it did."""
        _, name, port = split_address(found.url)
        host = await self._service.hosts.judged(name, port)
        body = orjson.dumps(
            {
                "subscription": str(found.id),
                "name": found.name,
                "after": str(before),
                "cursor": str(page.position),
                "changes": [change.body for change in page.items],
            }
        )
        timestamp = str(int(real_now().timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "yiwang",
            "X-Yiwang-Subscription": str(found.id),
            "X-Yiwang-Delivery": hashlib.sha256(f"{found.id} {before}".encode()).hexdigest()[:32],
            "X-Yiwang-Timestamp": timestamp,
            "X-Yiwang-Signature": signature(self._service.secrets.open(found.secret), timestamp, body),
        }
        try:
            request = request_to(client, host, "POST", found.url, headers=headers, content=body)
            async with asyncio.timeout(2 * _seconds):  # however slowly it drips
                answer = await client.send(request, stream=True)
                await answer.aclose()  # what it says besides is of no interest, however long
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            return f"{type(error).__name__}: {error}"[:300]
        return "" if answer.is_success else f"HTTP {answer.status_code}"

    async def _failed(self, found: Subscription, fault: str) -> None:
        now = real_now()
        if found.failures + 1 >= FAILURES:
            await self._set_aside(found, "isolated", fault)
            return
        async with self._service.context.database.transaction() as connection:
            await store.failed(connection, found.id, "active", fault, now, now + pause_after(found.failures))

    async def _set_aside(self, found: Subscription, state: str, fault: str) -> None:
        now: datetime = real_now()
        service = self._service
        async with service.context.database.transaction() as connection:
            await store.failed(connection, found.id, state, fault, now, now)
            await journal.append(
                connection,
                journal.entry(
                    SYSTEM, service.context.clock.now(), f"subscription.{state}", "subscription", found.id,
                    data={"type": found.type, "name": found.name, "reason": fault},
                ),
            )  # fmt: skip
        log.warning("a consumer is set aside", subscription=str(found.id), state=state, reason=fault)
