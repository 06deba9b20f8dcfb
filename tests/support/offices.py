"""The city of offices and what tests of sharing do in it: record things, ask, decide, take."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import orjson
import yaml

from yiwang.exchange.catalogue.model import Resource
from yiwang.exchange.catalogue.store import by_origin
from yiwang.exchange.delivery import signing
from yiwang.exchange.delivery.serving import NewKey
from yiwang.exchange.delivery.signing import Signed
from yiwang.exchange.service import ExchangeService
from yiwang.exchange.sharing.model import ShareGrant, ShareRequest, Wanted
from yiwang.http.services import Services, open_services
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.clock import real_now, set_clock
from yiwang.kernel.database import JsonObject
from yiwang.kernel.settings import Settings
from yiwang.packs.install import install_city
from yiwang.registry.model import Draft

ROOT = Path(__file__).resolve().parents[2]
CITY = ROOT / "tests" / "cities" / "offices"
PASSWORD = "Small-city-2026"  # of the tests' cities' demo accounts
START = datetime(2026, 6, 18, 8, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

ENTITIES = "base-legal-entities/legal-entities"
PERSONS = "base-population/persons"
HOUSEHOLDS = "base-population/households"

_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def credit_code(number: int) -> str:
    """A unified social credit code of an invented enterprise, with its check digit."""
    body = f"91120199MA{number:07d}"
    total = sum(_ALPHABET.index(sign) * pow(3, place, 31) for place, sign in enumerate(body))
    return body + _ALPHABET[(31 - total % 31) % 31]


class Offices:
    """One city; its people by login."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.exchange: ExchangeService = services.exchange
        self._actors: dict[str, Actor] = {}

    async def actor(self, login: str) -> Actor:
        if login not in self._actors:
            self._actors[login] = (await self.services.identity.sign_in(login, PASSWORD, "127.0.0.1")).actor
        return self._actors[login]

    def now(self) -> datetime:
        return self.services.context.clock.now()

    async def wait(self, **by: float) -> None:
        async with self.services.context.database.transaction() as connection:
            state = await set_clock(connection, to=self.now() + timedelta(**by), speed=0)
        self.services.clock.state = state

    async def resource(self, origin: str) -> Resource:
        async with self.services.context.database.connection() as connection:
            found = await by_origin(connection, origin)
        assert found is not None
        return found[0]

    async def entities(self, count: int, *, since: int = 1) -> None:
        """Record enterprises in two areas; every second one is suspended."""
        async with self.services.context.database.transaction() as connection:
            for number in range(since, since + count):
                attributes: JsonObject = {
                    "credit_code": credit_code(number),
                    "name": f"小城第{number}贸易有限公司",
                    "kind": "enterprise",
                    "state": "active" if number % 2 else "suspended",
                    "representative": "张三",
                    "representative_phone": "13800001234",
                    "address": f"东街{number}号",
                    "division": "120199001" if number % 3 else "120199002",
                }
                await self.services.registry.recording.record(connection, SYSTEM, "legal-entity", Draft(attributes))

    def wanted(self, **other: object) -> Wanted:
        values: dict[str, object] = {
            "purpose": "核对排水户的登记状态,用于日常监管",
            "items": ("name", "credit_code", "state"),
            "until": self.now() + timedelta(days=90),
        }
        return Wanted(**{**values, **other})  # type: ignore[arg-type]  # tests word it freely

    async def ask(self, by: str = "water-desk", origin: str = ENTITIES, **other: object) -> ShareRequest:
        resource = await self.resource(origin)
        return await self.exchange.sharing.ask(await self.actor(by), resource.id, self.wanted(**other))

    async def granted(self, by: str = "water-desk", provider: str = "general-desk", **other: object) -> ShareGrant:
        """Ask, and have it approved."""
        asked = await self.ask(by, **other)
        decided = await self.exchange.sharing.decide(await self.actor(provider), asked.id, approve=True, note="")
        if decided.state == "asked":
            decided = await self.exchange.sharing.decide(await self.actor("steward1"), asked.id, approve=True, note="")
        detail = await self.exchange.sharing.request(await self.actor(by), decided.id)
        assert detail.grant_id is not None
        return (await self.exchange.sharing.grant_detail(await self.actor(by), detail.grant_id)).grant

    async def key(self, grant: ShareGrant, by: str = "water-desk", public_key: str = "") -> NewKey:
        return await self.exchange.delivering.new_key(await self.actor(by), grant.id, public_key)

    def signed(self, grant_id: UUID, key: NewKey, *, query: str = "", **other: str) -> Signed:
        values = {
            "method": "GET",
            "path": f"/api/v1/exchange/data/{grant_id}",
            "query": query,
            "key_id": key.key_id,
            "timestamp": str(int(real_now().timestamp())),
            "nonce": secrets.token_hex(8),
            "algorithm": "HMAC-SHA256",
            "signature": "",
        }
        plain = Signed(**{**values, **other})
        if plain.signature or plain.algorithm not in ("HMAC-SHA256", "HMAC-SM3"):
            return plain
        return Signed(**{**values, **other, "signature": signing.sign(plain, key.secret)})

    async def take(self, grant: ShareGrant, key: NewKey, limit: int = 100, **other: str) -> list[JsonObject]:
        """The values of a page, as the consumer gets them."""
        signed = self.signed(grant.id, key, **other)
        body = await self.exchange.delivering.data(grant.id, signed, {}, None, limit)
        return [item["values"] for item in orjson.loads(body)["items"]]


@asynccontextmanager
async def open_offices(
    database_url: str, home: Path, *, packs: Collection[str] = (), accounts: Collection[str] = ()
) -> AsyncIterator[Offices]:
    """The city, published, its clock standing still. ``packs`` and ``accounts``: with these only, which takes far less time."""
    folder = narrowed(home / "cities" / CITY.name, packs, accounts) if packs else CITY
    settings = Settings(_env_file=None, home=home, city=folder, packs=ROOT / "packs", demo=True)
    async with open_services(settings, database_url) as services:
        await install_city(services.context, services, folder, begin=START)
        await services.identity.directory.refresh()
        await services.refresh()
        async with services.context.database.transaction() as connection:
            services.clock.state = await set_clock(connection, speed=0)
        yield Offices(services)


def narrowed(folder: Path, packs: Collection[str], accounts: Collection[str]) -> Path:
    """A copy of the city with these packs and demo accounts only, without the posts that other packs declare."""
    shutil.copytree(CITY, folder)
    declared = yaml.safe_load((folder / "city.yaml").read_text("utf-8"))
    gone = _posts(set(declared["packs"]) - set(packs)) - _posts(packs)
    offices = yaml.safe_load((folder / "organisations.yaml").read_text("utf-8"))
    _without(offices["organisations"], gone)
    (folder / "organisations.yaml").write_text(yaml.safe_dump(offices, allow_unicode=True, sort_keys=False), "utf-8")
    declared["packs"] = list(packs)
    demo = declared["demo"]
    demo["accounts"] = [account for account in demo["accounts"] if account["login"] in accounts]
    (folder / "city.yaml").write_text(yaml.safe_dump(declared, allow_unicode=True, sort_keys=False), "utf-8")
    return folder


def _posts(packs: Collection[str]) -> set[str]:
    """Kinds of post that these packs declare."""
    files = [ROOT / "packs" / pack / "roles.yaml" for pack in packs]
    return {
        post["code"] for path in files if path.is_file() for post in yaml.safe_load(path.read_text("utf-8"))["posts"]
    }


def _without(offices: list[dict[str, Any]], gone: set[str]) -> None:
    for office in offices:
        if "posts" in office:
            codes = [(post["code"] if isinstance(post, dict) else post, post) for post in office["posts"]]
            office["posts"] = [post for code, post in codes if code not in gone]
        _without(office.get("children", []), gone)
