"""The small city with a few things on record and a resource catalogue of which some is open to the public."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import httpx
import yaml

from support.http_city import HttpCity
from yiwang.exchange.catalogue import store
from yiwang.exchange.catalogue.guide import items_of
from yiwang.exchange.catalogue.model import Content
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.identifiers import new_id
from yiwang.registry.declarations import ThingType
from yiwang.registry.model import Draft

LAMP = """
id: lamp
names: {zh: 路灯, en: Street lamp}
geometry: point
version: 2
attributes:
  code: {names: {zh: 编号, en: Code}, schema: {type: string, maxLength: 20}, required: true, filter: true}
  street: {names: {zh: 道路, en: Street}, schema: {type: string, maxLength: 100}, search: true}
  kind:
    names: {zh: 光源, en: Light}
    schema: {enum: [led, sodium]}
    words: {led: {zh: LED 灯, en: LED}, sodium: {zh: 钠灯, en: Sodium}}
    filter: true
  power: {names: {zh: 功率, en: Power}, schema: {type: number, minimum: 0}, unit: W}
  since: {names: {zh: 启用日期, en: In use since}, schema: {type: string, format: date}}
  lit: {names: {zh: 亮灯, en: Lit}, schema: {type: boolean}, filter: true}
  keeper: {names: {zh: 养护人, en: Keeper}, schema: {type: string}, personal: name, search: true, filter: true}
  secret: {names: {zh: 控制口令, en: Password}, schema: {type: string}, sealed: true}
  note: {names: {zh: 内部备注, en: Internal note}, schema: {type: string}, search: true, filter: true}
keys: {code: [code]}
presentation: {title: [code], list: [code, street]}
older: [{version: 1, renamed: {road: street}}]
"""
PERSON = """
id: lamp-keeper
names: {zh: 养护工, en: Keeper of lamps}
geometry: point
attributes:
  name: {names: {zh: 姓名, en: Name}, schema: {type: string}, required: true, personal: name}
  skill: {names: {zh: 工种, en: Trade}, schema: {type: string}, filter: true}
keys: {name: [name]}
presentation: {title: [name]}
"""
COUNT = 25


@dataclass
class OpenCity:
    """The city, its resources by what tests call them, and a client without an account."""

    city: HttpCity
    codes: dict[str, str]
    public: httpx.AsyncClient

    def id(self, name: str) -> str:
        return self.codes[name].replace("/", "-")

    async def get(self, path: str, /, **params: object) -> httpx.Response:
        return await self.public.get(path, params={name: str(value) for name, value in params.items()})

    async def record(self, type_id: str, attributes: dict[str, object], at: tuple[float, float] | None) -> UUID:
        geometry = None if at is None else {"type": "Point", "coordinates": list(at)}
        draft = Draft(attributes, geometry)  # type: ignore[arg-type]  # tests write plain values
        services = self.city.services
        async with services.context.database.transaction() as connection:
            return (await services.registry.recording.record(connection, SYSTEM, type_id, draft)).thing_id

    async def resource(
        self, name: str, type_id: str | None, *items: str, open: bool = True, state: str = "published"
    ) -> str:
        """Put a resource into the catalogue."""
        services = self.city.services
        declared = services.registry.types.type(type_id).declaration if type_id else None
        serial = len(self.codes) + 1
        content = Content(
            "206001", f"{name}目录", f"Catalogue of {name}", f"全市{name}的登记信息,每日更新。", f"All {name} on record.",
            "11120111000000000X", 3, "", type_id, items_of(declared, items) if declared else (), 1, "", 3,
            open, "注明来源", 2, "general", (), ("市政", name),
        )  # fmt: skip
        id, code, now = new_id(), f"206001/{serial:06}", self.city.now()
        async with services.context.database.transaction() as connection:
            provider = await connection.fetchrow(
                "select id, name_zh as name from organisation where parent_id is not null limit 1"
            )
            assert provider is not None
            await store.insert(
                connection, id=id, code=code, content=content, provider=(provider["id"], provider["name"], ""),
                origin=f"test/{serial}", digest="", at=now,
            )  # fmt: skip
            made = await store.resource(connection, id)
            assert made is not None
            await store.move(connection, made, state, "publish", "目录管理员", "", now)  # type: ignore[arg-type]
        self.codes[name] = code
        return code

    async def move(self, name: str, state: str) -> None:
        async with self.city.services.context.database.transaction() as connection:
            found = await store.by_code(connection, self.codes[name])
            assert found is not None
            await store.move(connection, found, state, "withdraw", "目录管理员", "", self.city.now())  # type: ignore[arg-type]


async def open_city(city: HttpCity) -> OpenCity:
    """25 lamps, of which code, street, light, power, date and lit are open; keepers; entries that are not open."""
    registry = city.services.registry
    types = [("lamps", ThingType.model_validate(yaml.safe_load(text))) for text in (LAMP, PERSON)]
    async with city.services.context.database.transaction() as connection:
        await registry.publish(connection, types, city.now())
    await registry.refresh()
    found = OpenCity(city, {}, city.new_client())
    for number in range(COUNT):
        await found.record(
            "lamp",
            {
                "code": f"L{number:03}", "street": "建设路" if number % 2 else "东街", "power": 70.5 + number,
                "kind": "led" if number % 5 else "sodium", "since": f"2020-01-{number + 1:02}", "lit": number % 3 == 0,
                "keeper": "欧阳守夜", "secret": "芝麻开门", "note": "=内部专用",
            },
            (117.001 + 0.0004 * number, 39.001 + 0.0002 * number),
        )  # fmt: skip
    await found.record("lamp-keeper", {"name": "欧阳守夜", "skill": "电工"}, (117.002, 39.002))
    everything = ("code", "street", "kind", "power", "since", "lit", "keeper", "secret")
    await found.resource("路灯", "lamp", *everything)
    await found.resource("养护工", "lamp-keeper", "name", "skill")
    await found.resource("未开放的路灯", "lamp", "code", "note", open=False)
    await found.resource("未发布的路灯", "lamp", "code", "note", state="registered")
    await found.resource("文件资料", None)
    return found
