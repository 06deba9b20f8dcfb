"""权限矩阵之设备:每个人只看得到、管得到自己范围内的设备。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from typing import Any

import pytest
from permissions.declared import Person, Place, _offices, people
from support.http_city import HttpCity, a_city, refused

city = a_city()

PLACES = {"120199001": (117.0182, 39.004), "120199002": (117.0042, 39.005)}


@pytest.fixture(scope="module")
async def devices(city: HttpCity) -> list[dict[str, Any]]:
    """One device of each office in each of two places."""
    client = await city.client("sysadmin")
    made = []
    for office in sorted(_offices()):
        for number, at in enumerate(PLACES.values()):
            code = f"{office}-{number}"
            answer = await client.post(
                "/api/v1/devices",
                json={
                    "code": code, "profile": "manhole-cover", "address": code, "names": {"zh": code},
                    "organisation": office, "at": at,
                },
            )  # fmt: skip
            assert answer.status_code == 201, answer.text
            made.append(answer.json())
    return made


def place(device: dict[str, Any]) -> Place:
    return Place(device["area"], "", device["organisation"])


def may(person: Person, verb: str, device: dict[str, Any]) -> bool:
    return person.may_on(verb, place(device), "device")


async def test_列表与单台_只见范围内(city: HttpCity, devices: list[dict[str, Any]]) -> None:
    partial = 0
    for login, person in people().items():
        client = await city.client(login)
        answer = await client.get("/api/v1/devices", params={"limit": 500})
        if not person.may("device", "read"):
            refused(answer, 403)
            continue
        wanted = {one["code"] for one in devices if may(person, "read", one)}
        assert {one["code"] for one in answer.json()["items"]} == wanted, login
        partial += 0 < len(wanted) < len(devices)
        for one in devices[::7]:
            status = 200 if one["code"] in wanted else 404
            for path in ("", "/notes", "/story", "/commands"):
                assert (await client.get(f"/api/v1/devices/{one['id']}{path}")).status_code == status, (login, path)
    assert partial >= 2, "somebody sees some but not all"


async def test_指令停用维护_只对范围内(city: HttpCity, devices: list[dict[str, Any]]) -> None:
    told = 0
    for login, person in people().items():
        client = await city.client(login)
        for one in devices[::5]:
            command = await client.post(f"/api/v1/devices/{one['id']}/commands", json={"verb": "restart"})
            wanted = 202 if may(person, "command", one) else 404 if person.may("device", "command") else 403
            assert command.status_code == wanted, (login, one["code"], command.text)
            told += wanted == 202
            note = await client.post(f"/api/v1/devices/{one['id']}/notes", json={"kind": "note", "text": "查看"})
            wanted = 201 if may(person, "edit", one) else 404 if person.may("device", "edit") else 403
            assert note.status_code == wanted, (login, one["code"], note.text)
    assert told


async def test_登记_只能登记到自己范围(city: HttpCity, devices: list[dict[str, Any]]) -> None:
    number = 0
    for login, person in people().items():
        client = await city.client(login)
        for one in devices[::9]:
            number += 1
            body = {
                "code": f"NEW-{number}", "profile": "manhole-cover", "address": f"new-{number}", "names": {"zh": "新"},
                "organisation": one["organisation"], "at": one["at"],
            }  # fmt: skip
            answer = await client.post("/api/v1/devices", json=body)
            wanted = 201 if may(person, "register", one) else 403
            assert answer.status_code == wanted, (login, one["code"], answer.text)


async def test_谁在敲门_只有管得全市的人看得到(city: HttpCity, devices: list[dict[str, Any]]) -> None:
    for login, person in people().items():
        answer = await (await city.client(login)).get("/api/v1/devices/knocking")
        wanted = 200 if any(r.verb == "adopt" and r.kind == "device" and not r.area for r in person.reaches) else 403
        assert answer.status_code == wanted, login
    refused(await (await city.client()).get("/api/v1/devices"), 401)
