"""A small city with a register of shops and districts, for tests of quality, subscriptions and pulls."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from uuid import UUID

import yaml

from support.http_city import HttpCity
from yiwang.identity.declarations import RoleDeclaration
from yiwang.kernel.access import Actor, Grant
from yiwang.kernel.identifiers import new_id
from yiwang.registry.declarations import ThingType
from yiwang.registry.model import Draft, Recorded

DISTRICT = """
id: trade
names: {zh: 行业, en: Trade}
area: none
attributes:
  code: {names: {zh: 行业代码, en: Trade code}, schema: {type: string, maxLength: 10}, required: true}
  name: {names: {zh: 行业名称, en: Trade name}, schema: {type: string, maxLength: 50}, required: true}
keys: {code: [code]}
presentation: {title: [name]}
"""
SHOP = """
id: shop
names: {zh: 商铺, en: Shop}
area: division
attributes:
  licence: {names: {zh: 许可证号, en: Licence}, schema: {type: string, maxLength: 40}, required: true, headers: [证号]}
  name: {names: {zh: 店名, en: Name}, schema: {type: string, maxLength: 50}, required: true, search: true}
  owner: {names: {zh: 经营者, en: Owner}, schema: {type: string, maxLength: 30}, personal: name}
  bank: {names: {zh: 账号, en: Account}, schema: {type: string, maxLength: 30}, sealed: true}
  phone: {names: {zh: 电话, en: Telephone}, schema: {type: string, maxLength: 20}, personal: phone}
  since: {names: {zh: 开业日期, en: Since}, schema: {type: string, format: date}}
  until: {names: {zh: 到期日期, en: Until}, schema: {type: string, format: date}}
  trade: {names: {zh: 行业, en: Trade}, schema: {type: string, maxLength: 10}, code_of: trade, filter: true}
  division: {names: {zh: 区划, en: Division}, schema: {type: string, format: division-code}, required: true}
keys: {licence: [licence]}
presentation: {title: [name], list: [name, trade]}
quality:
  reachable: {names: {zh: 有电话, en: Has a telephone}, dimension: complete, holds: "has(it.phone)", weight: 2}
  dates: {names: {zh: 起止不颠倒, en: Ends after it begins}, dimension: consistent, holds: "it.since <= it.until"}
  fresh: {names: {zh: 一年内核对, en: Seen within a year}, dimension: timely, holds: "age_days <= 366"}
  own-phone: {names: {zh: 电话不重复, en: A telephone of its own}, dimension: unique, same: [phone]}
"""


def somebody(*grants: Grant, organisation: int | None = None, name: str = "数据管理员") -> Actor:
    """A person with just these grants."""
    return Actor("person", new_id(), name, organisation, grants=grants)


def grant(kind: str, *verbs: str, area: str = "", organisations: set[int] | None = None) -> Grant:
    return Grant(kind, frozenset(verbs), area, None if organisations is None else frozenset(organisations))


STEWARD = somebody(grant("quality", "read", "run"), grant("thing", "read", "record", "import", "export"))


async def declare(city: HttpCity, *texts: str) -> None:
    """Publish these types besides those that the city runs."""
    registry, now = city.services.registry, city.now()
    known = [(kind.pack, kind.declaration) for kind in registry.types.all()]
    more = [("trade", ThingType.model_validate(yaml.safe_load(text))) for text in (texts or (DISTRICT, SHOP))]
    async with city.services.context.database.transaction() as connection:
        await registry.publish(connection, [*known, *more], now)
    await registry.refresh()


def source(city: HttpCity, code: str) -> int:
    """The number of an organisation."""
    found = city.services.identity.directory.organisation_by_code(code)
    assert found is not None
    return found.id


async def shop(city: HttpCity, licence: str, *, of: int | None = None, by: Actor = STEWARD, **more: object) -> UUID:
    """Record a shop; ``of`` is the organisation whose record it is."""
    given: dict[str, object] = {
        "licence": licence, "name": f"店{licence}", "division": "120199001001", "phone": f"1380000{licence[-4:]:0>4}",
        "since": "2024-01-01", "until": "2030-01-01", **more,
    }  # fmt: skip
    draft = Draft({name: value for name, value in given.items() if value is not ...}, organisation_id=of)  # type: ignore[misc]
    return (await record(city, "shop", draft, by)).thing_id


async def record(city: HttpCity, type_id: str, draft: Draft, by: Actor = STEWARD) -> Recorded:
    async with city.services.context.database.transaction() as connection:
        return await city.services.registry.recording.record(connection, by, type_id, draft)


async def steward(city: HttpCity, login: str = "shift1") -> Actor:
    """A real account that may do with records and quality what a data steward may."""
    await give(city, login, {"thing": ["read", "record", "import", "export"], "quality": ["read", "run"]})
    return await city.actor(login)


async def give(city: HttpCity, login: str, grants: dict[str, list[str]], role: str = "data-tester") -> None:
    """A role of the test's own, given to an account by the security administrator."""
    declared = RoleDeclaration.model_validate(
        {
            "code": role,
            "names": {"zh": "数据测试", "en": "Data tester"},
            "grants": [{"kind": kind, "verbs": verbs} for kind, verbs in grants.items()],
        }
    )
    identity = city.services.identity
    async with city.services.context.database.transaction() as connection:
        await identity.publish_roles(connection, [declared], source=f"tests-{role}")
    await identity.directory.refresh()
    account = await city.account(login)
    await identity.holdings.grant(await city.actor("secadmin"), UUID(account["id"]), role)


class Consumer:
    """Another system over real HTTP: keeps what it is sent, answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.held = asyncio.Event()
        self.held.set()
        self.arrived = asyncio.Event()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Consumer:
        self._server = await asyncio.start_server(self._answer, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self.held.set()
        self._server.close()

    @property
    def url(self) -> str:
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/changes"

    @property
    def changes(self) -> list[dict[str, Any]]:
        """All changes, as often as they came."""
        return [change for _, body in self.got for change in json.loads(body)["changes"]]

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            self.got.append((headers, body))
            self.arrived.set()
            await self.held.wait()
            writer.write(f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()
