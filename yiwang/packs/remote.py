"""One person's way into a city over HTTP: the public API as scenarios and the simulated city use it, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast
from uuid import UUID

import httpx

from yiwang.kernel.database import Json, JsonObject

API = "/api/v1"
_TRANSPORT_TRIES = 5
_round_of_worker_seconds = 2.0


class Refused(Exception):
    """The city said no: HTTP ``status``, the problem's ``code``, its words, and the whole body."""

    def __init__(self, status: int, code: str, words: str, body: JsonObject) -> None:
        self.status, self.code, self.words, self.body = status, code, words, body
        super().__init__(f"{status} {code}: {words}")


class CityAway(Exception):
    """The server does not answer (restarting, stopped, or not reachable)."""


@dataclass(frozen=True, slots=True)
class UploadedPhoto:
    """An uploaded photo with the claim by which a report or step takes it."""

    id: str
    claim: str

    def body(self) -> JsonObject:
        return {"id": self.id, "claim": self.claim}


class Remote:
    """A client with its own cookies. Reads are repeated when the connection breaks; writes only where that is safe."""

    def __init__(self, client: httpx.AsyncClient, place: int = 0) -> None:
        """``place`` gives the person an address of their own (198.18.0.0/15, RFC 2544), which a city believes of callers
        on its own machine; so the limits that hold for one address do not take a whole simulated city for one caller."""
        self._client = client
        self._address = f"198.{18 + (place >> 16 & 1)}.{place >> 8 & 255}.{place & 255}"
        self.account_id: UUID | None = None
        self.login = ""

    async def close(self) -> None:
        await self._client.aclose()

    async def sign_in(self, login: str, password: str) -> None:
        """Raises Refused for a wrong password or a locked account."""
        answer = await self.post("/session", {"login": login, "password": password})
        self.account_id = UUID(str(answer["account"]))
        self.login = login

    async def get(self, path: str, query: Mapping[str, str | int | float] | None = None) -> JsonObject:
        """The JSON answer of a read; a list is found under ``items``."""
        for attempt in range(_TRANSPORT_TRIES):
            try:
                return await self._send("GET", path, query=query)
            except CityAway:
                if attempt + 1 == _TRANSPORT_TRIES:
                    raise
                await asyncio.sleep(0.2 * 2**attempt)
        raise CityAway(path)

    async def signed(self, path: str, headers: Mapping[str, str]) -> JsonObject:
        """The JSON answer of a read that is admitted by its signature, not by who is signed in."""
        return await self._send("GET", path, headers=headers)

    async def post(self, path: str, body: JsonObject, *, key: str | None = None) -> JsonObject:
        """A write; ``key`` is an idempotency key, with which a broken connection is tried again."""
        headers = {"Idempotency-Key": key} if key else {}
        for attempt in range(_TRANSPORT_TRIES if key else 1):
            try:
                return await self._send("POST", path, body=body, headers=headers)
            except CityAway:
                if key is None or attempt + 1 == _TRANSPORT_TRIES:
                    raise
                await asyncio.sleep(0.2 * 2**attempt)
        raise CityAway(path)

    async def put(self, path: str, body: JsonObject) -> JsonObject:
        return await self._send("PUT", path, body=body)

    async def upload(self, name: str, data: bytes, kind: str) -> UploadedPhoto:
        """Upload a JPEG."""
        files = {"file": (name, data, "image/jpeg")}
        answer = await self._answer("POST", "/attachments", files=files, data={"kind": kind})
        return UploadedPhoto(str(answer["id"]), str(answer["claim"]))

    async def _send(
        self,
        method: str,
        path: str,
        *,
        body: JsonObject | None = None,
        query: Mapping[str, str | int | float] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> JsonObject:
        return await self._answer(method, path, json=body, params=query, headers=headers)

    async def _answer(self, method: str, path: str, **request: object) -> JsonObject:
        sent = {name: value for name, value in request.items() if value is not None}
        given = cast(Mapping[str, str], sent.pop("headers", {}))
        headers = {"X-Forwarded-For": self._address, **given}
        try:
            response = await self._client.request(method, API + path, headers=headers, **sent)  # type: ignore[arg-type]  # passed on as given
        except httpx.TransportError as error:
            raise CityAway(f"{method} {path}: {error!r}") from error
        return _read(response)


class Doorway:
    """The way into a city at a URL: clients with cookies of their own over one pool of connections."""

    def __init__(self, url: str, *, connections: int = 20) -> None:
        self._url = url
        limits = httpx.Limits(max_connections=connections, max_keepalive_connections=connections)
        self._transport = httpx.AsyncHTTPTransport(limits=limits, trust_env=False)

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(base_url=self._url, transport=_Shared(self._transport), timeout=30, trust_env=False)

    async def settle(self) -> None:
        """Give the worker of the city, which looks every second, time to do what is due."""
        await asyncio.sleep(_round_of_worker_seconds)

    async def count(self) -> None:
        """Give the worker time to bring its counts after the journal."""
        await asyncio.sleep(_round_of_worker_seconds)

    async def close(self) -> None:
        """Close the pool; clients are of no use afterwards."""
        await self._transport.aclose()


class _Shared(httpx.AsyncBaseTransport):
    """A transport that outlives its client."""

    def __init__(self, transport: httpx.AsyncBaseTransport) -> None:
        self._transport = transport

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return await self._transport.handle_async_request(request)


def _read(response: httpx.Response) -> JsonObject:
    if response.status_code == 204 or (response.is_success and not response.content):
        return {}
    try:
        found: Json = response.json()
    except ValueError as error:
        if response.status_code >= 500:
            raise CityAway(f"HTTP {response.status_code}") from error
        raise Refused(response.status_code, "unreadable", response.text[:200], {}) from error
    body: JsonObject = found if isinstance(found, dict) else {"items": found}
    if response.is_success:
        return body
    if response.status_code in (502, 503, 504):
        raise CityAway(f"HTTP {response.status_code}")
    words = str(body.get("title") or body.get("zh") or "")
    raise Refused(response.status_code, str(body.get("code", "unknown")), words, body)


def objects(value: Json) -> list[JsonObject]:
    """The objects of a JSON list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
