"""权限矩阵之登记数据:角色 × 动作 × 类型 × 范围,列表、单条、历史、关系、瓦片、导出、导入、查看原文与变更答案一致。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading; everything is asked over
HTTP by the city's people.
"""

from __future__ import annotations

import csv
import io
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from permissions.declared import ADMINISTRATORS, PACKS, Person, Place, Reach
from support.http_city import HttpCity, refused
from support.records_city import PACKS as BASE_PACKS
from support.records_city import building, records_city
from support.small_city import ROOT

from yiwang.kernel.cluster import EmbeddedServer

AREAS = {"120199001001": (117.0182, 39.004), "120199001002": (117.0132, 39.013), "120199002001": (117.0042, 39.005)}
TYPES = ("building", "person", "legal-entity")
CALLERS = ("steward1", "steward-east", "steward-west", "officer1", "officer-east", "worker1", "shift1", "city-desk",
           "city-handler", "sysadmin", "auditor")  # fmt: skip
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CODE = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@dataclass(frozen=True)
class Thing:
    """A record of the matrix: where it lies, and its content in full."""

    type: str
    id: str
    area: str
    attributes: dict[str, Any]

    @property
    def path(self) -> str:
        return f"/api/v1/things/{self.type}/{self.id}"


@dataclass(frozen=True)
class World:
    city: HttpCity
    things: list[Thing]
    people: dict[str, Person]

    def of(self, type_id: str) -> list[Thing]:
        return [thing for thing in self.things if thing.type == type_id]


def holds(person: Person, type_id: str, verb: str, area: str) -> bool:
    return any(person.may_on(verb, Place(area, "", None), kind) for kind in ("thing", f"thing-{type_id}"))


def may(person: Person, type_id: str, verb: str) -> bool:
    return any(person.may(kind, verb) for kind in ("thing", f"thing-{type_id}"))


def declared(folder: Path) -> dict[str, Person]:
    """Everybody of the city in this folder, by its own files and those of its packs."""
    roles: dict[str, list[dict[str, Any]]] = {}
    of_post: dict[str, set[str]] = {}
    for pack in (*PACKS, *BASE_PACKS):
        found = yaml.safe_load((ROOT / "packs" / pack / "roles.yaml").read_text("utf-8"))
        for role in found["roles"]:
            roles.setdefault(role["code"], []).extend(role["grants"])
        for post in found["posts"]:
            of_post.setdefault(post["code"], set()).update(post["roles"])
    areas: dict[str, str] = {}

    def walk(entry: dict[str, Any], area: str) -> None:
        areas[entry["code"]] = entry.get("area") or area
        for child in entry.get("children", []):
            walk(child, areas[entry["code"]])

    for root in yaml.safe_load((folder / "organisations.yaml").read_text("utf-8"))["organisations"]:
        walk(root, "")
    people = {}
    for account in yaml.safe_load((folder / "city.yaml").read_text("utf-8"))["demo"]["accounts"]:
        reaches: list[Reach] = []
        for post in account["posts"]:
            given = {"code": post} if isinstance(post, str) else post
            area = given.get("area") or areas[given.get("organisation", account["organisation"])]
            if given["code"] in ADMINISTRATORS:
                continue  # none of the three keeps records
            reaches += [
                Reach(grant["kind"], verb, area if grant.get("area", "any") == "post" else "")
                for role in of_post[given["code"]]
                for grant in roles[role]
                if grant["kind"].startswith("thing")
                for verb in grant["verbs"]
            ]
        people[account["login"]] = Person(account["login"], account["login"], frozenset(), tuple(reaches))
    return people


def citizen(serial: int) -> str:
    body = f"12011119900101{serial:03}"
    return body + "10X98765432"[sum(w * int(d) for w, d in zip(_WEIGHTS, body, strict=True)) % 11]


def credit(serial: int) -> str:
    body = f"91120111MA{serial:07}"
    total = sum(_CODE.index(char) * pow(3, place, 31) for place, char in enumerate(body))
    return body + _CODE[-total % 31]


def contents(serial: int, area: str) -> dict[str, dict[str, Any]]:
    """One thing of each type."""
    return {
        "building": {**building(serial, f"矩阵楼{serial}", area)},
        "person": {"name": f"矩阵{serial}", "identity_number": citizen(serial), "sex": "1", "born": "1990-01-01",
                   "division": area},
        "legal-entity": {"credit_code": credit(serial), "name": f"矩阵公司{serial}", "kind": "enterprise",
                         "state": "active", "representative": "张三", "address": f"建设路{serial}号", "division": area,
                         "representative_phone": "13812345678"},
    }  # fmt: skip


@pytest.fixture(scope="module")
async def world(server: EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[World]:
    home = tmp_path_factory.mktemp("home")
    async with records_city(server, home) as city:
        steward, things = await city.client("steward1"), []
        for serial, (area, place) in enumerate(AREAS.items(), start=1):
            for type_id, attributes in contents(serial, area).items():
                kinds = (await steward.get(f"/api/v1/types/{type_id}")).json()
                for name, kind in kinds["attributes"].items():
                    if kind["required"] and name not in attributes:
                        attributes[name] = kind["schema"]["enum"][0]
                geometry = None if kinds["geometry"] == "none" else {"type": "Point", "coordinates": place}
                drawn = {"attributes": attributes, "geometry": geometry}
                answer = await steward.post(f"/api/v1/things/{type_id}", json=drawn)
                assert answer.status_code == 200, answer.text
                things.append(Thing(type_id, answer.json()["id"], area, attributes))
        for branch, head in itertools.permutations([one for one in things if one.type == "legal-entity"], 2):
            body = {"relation": "branch-of", "to": head.id}
            await steward.post(f"{branch.path}/relations", json=body)  # circles and second ones are refused
        yield World(city, things, declared(home / "small"))


async def test_列表_单条_历史_关系_同样的范围(world: World) -> None:
    shares = set()
    for login in CALLERS:
        client, person = await world.city.client(login), world.people[login]
        for type_id in TYPES:
            things = world.of(type_id)
            wanted = {thing.id for thing in things if holds(person, type_id, "read", thing.area)}
            shares.add(len(wanted))
            for query in ({}, {"area": "120199"}, {"q": "矩阵"} if type_id != "person" else {}):
                listed = await client.get(f"/api/v1/things/{type_id}", params=query)
                assert {item["id"] for item in listed.json()["items"]} == wanted, (login, type_id, query)
            for thing in things:
                status = 200 if thing.id in wanted else 404
                for path in ("", "/history", "/relations"):
                    answer = await client.get(thing.path + path)
                    assert answer.status_code == status, (login, type_id, path, answer.text)
                    if path == "/relations" and status == 200:
                        _titles_within(answer.json()["items"], wanted)
                    if type_id == "person" and status == 200:
                        assert thing.attributes["identity_number"] not in answer.text
    assert shares == {0, 1, 2, 3}, "somebody sees some, somebody all, somebody nothing"


def _titles_within(relations: list[dict[str, Any]], seen: set[str]) -> None:
    for relation in relations:
        for end in ("from", "to"):
            assert bool(relation[f"{end}_title"]) == (relation[f"{end}_id"] in seen), relation


async def test_瓦片_只画范围内的(world: World) -> None:
    from yiwang.geo.tiles import tile_of

    tiles = {tile_of(lon, lat, 18) for lon, lat in AREAS.values()}
    for login, type_id in itertools.product(CALLERS, ("building", "legal-entity")):
        client, person = await world.city.client(login), world.people[login]
        drawn = b""
        for tile in tiles:
            path = f"/api/v1/things/{type_id}/tiles/{tile.z}/{tile.x}/{tile.y}.mvt"
            drawn += (await client.get(path)).content
        found = {thing.id for thing in world.of(type_id) if thing.id.encode() in drawn}
        wanted = {thing.id for thing in world.of(type_id) if holds(person, type_id, "read", thing.area)}
        assert found == wanted, (login, type_id)


async def test_导出_只有可导出的_原文要有授权和用途(world: World) -> None:
    for login, type_id in itertools.product(CALLERS, TYPES):
        client, person = await world.city.client(login), world.people[login]
        path, things = f"/api/v1/things/{type_id}/exports", world.of(type_id)
        answer = await client.post(path, json={"format": "csv"})
        if not may(person, type_id, "export"):
            refused(answer, 403)
            continue
        wanted = [thing for thing in things if holds(person, type_id, "export", thing.area)]
        rows = list(csv.reader(io.StringIO(answer.text.lstrip("\ufeff"))))
        assert (len(rows) - 1, answer.headers["x-rows"]) == (len(wanted), str(len(wanted))), (login, type_id)
        for thing in things:
            named = str(thing.attributes["division"])
            assert any(named in row for row in rows[1:]) == (thing in wanted)
        assert "13812345678" not in answer.text
        whole = await client.post(path, json={"format": "csv", "purpose": "核对企业信息"})
        if not may(person, type_id, "unmask"):
            refused(whole, 403)
        elif type_id == "legal-entity":
            assert whole.text.count("13812345678") == len(wanted)
            assert whole.headers["x-masked"] == "0"


async def test_查看原文与变更_越权与不存在一样(world: World) -> None:
    for login, type_id in itertools.product(CALLERS, TYPES):
        client, person = await world.city.client(login), world.people[login]
        for thing in world.of(type_id):
            seen = holds(person, type_id, "read", thing.area)

            def status(verb: str, thing: Thing = thing, seen: bool = seen, person: Person = person) -> int:
                return 404 if not seen else 200 if holds(person, thing.type, verb, thing.area) else 403

            answer = await client.post(f"{thing.path}/unmasked", json={"purpose": "核对登记信息"})
            assert answer.status_code == status("unmask"), (login, type_id, answer.text)
            same = {"attributes": thing.attributes, "geometry": await _place(world, thing)}
            answer = await client.put(thing.path, json=same)
            assert answer.status_code == status("record"), (login, type_id, answer.text)
            if answer.status_code == 200:
                assert answer.json()["outcome"] == "same"


async def _place(world: World, thing: Thing) -> object:
    client = await world.city.client("steward1")
    return (await client.get(thing.path)).json()["geometry"]


async def test_导入_范围之外的行一行也不收_别人的导入看不到(world: World) -> None:
    for login in CALLERS:
        client, person = await world.city.client(login), world.people[login]
        path = "/api/v1/things/building/imports"
        answer = await client.post(path, files={"file": ("楼栋.csv", _rows(world))})
        if not may(person, "building", "import"):
            for one in (
                answer,
                await client.get(path),
                await client.post(f"{path}/guess", files={"file": ("a.csv", b"a\n")}),
            ):
                refused(one, 403)
            continue
        assert answer.status_code == 202, answer.text
        state = await _ended(client, f"{path}/{answer.json()['id']}")
        reached = sum(holds(person, "building", "record", thing.area) for thing in world.of("building"))
        assert state["counts"].get("refused", 0) == len(AREAS) - reached, (login, state)
        assert state["counts"].get("changed", 0) == reached, (login, state)
        assert {run["id"] for run in (await client.get(path)).json()["items"] if run["own"]} >= {state["id"]}
        for other in ("steward-west", "steward-east", "worker1", "auditor"):
            if other != login:
                stranger = await world.city.client(other)
                for part in ("", "/report.csv", "/refused.csv"):
                    refused(await stranger.get(f"{path}/{state['id']}{part}"), 404)
    for path in ("/api/v1/things/building", "/api/v1/things/building/imports", world.things[0].path):
        refused(await (await world.city.client()).get(path), 401)


def _rows(world: World) -> bytes:
    """The buildings of all areas with another number of floors."""
    out = io.StringIO()
    writer = csv.writer(out)
    buildings = world.of("building")
    names = list(buildings[0].attributes)
    writer.writerow(names)
    for thing in buildings:
        writer.writerow([9 if name == "floors" else thing.attributes[name] for name in names])
    return out.getvalue().encode()


async def _ended(client: httpx.AsyncClient, path: str) -> dict[str, Any]:
    import asyncio

    for _ in range(3000):
        state: dict[str, Any] = (await client.get(path)).json()
        if state["state"] != "running":
            return state
        await asyncio.sleep(0.02)
    raise AssertionError("the import did not end")
