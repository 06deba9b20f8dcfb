"""权限矩阵之感知:报警、报警规则、监测数据、车辆、围栏,每个人只见得到、管得到自己范围内的。

What is expected is worked out from the packs' and the city's own files, as in the matrix of reading.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import pytest
from geo.mvt import decode
from permissions.declared import Person, Place, _offices, people
from support.http_city import HttpCity, a_city, refused

from yiwang.geo.tiles import tile_of
from yiwang.kernel.identifiers import new_id
from yiwang.sensing.model import Grain, Reading, rows_of
from yiwang.sensing.vehicles.model import Place as Position
from yiwang.sensing.vehicles.writer import PositionWriter

city = a_city()

PLACES = ((117.0182, 39.004), (117.0042, 39.005))
PROFILE = "hazmat-vehicle"


@dataclass(frozen=True, slots=True)
class Vehicle:
    """A vehicle of one office in one place, with an alarm, a reading, a position and a fence of its own."""

    code: str
    id: int
    place: Place
    alarm: UUID
    fence: UUID
    metric: str

    def for_(self, person: Person, kind: str, verb: str) -> bool:
        return person.may_on(verb, self.place, kind)


@pytest.fixture(scope="module")
async def vehicles(city: HttpCity) -> list[Vehicle]:
    """One vehicle of each office in each of two places."""
    client = await city.client("sysadmin")
    sensing = city.services.sensing
    made = []
    for office in sorted(_offices()):
        for number, at in enumerate(PLACES):
            code, phone = f"{office}-{number}", f"139{len(made):08d}"
            body = {
                "code": code,
                "profile": PROFILE,
                "address": phone,
                "names": {"zh": code},
                "organisation": office,
                "at": at,
            }
            answer = await client.post("/api/v1/devices", json=body)
            assert answer.status_code == 201, answer.text
            made.append(answer.json())
    await sensing.directory.refresh()
    writer = PositionWriter(sensing.context, gather=0.001)
    await writer.start()
    found = []
    try:
        for item in made:
            found.append(await _furnish(city, writer, item))
    finally:
        await writer.stop()
    return found


async def _furnish(city: HttpCity, writer: PositionWriter, item: dict[str, object]) -> Vehicle:
    sensing, now = city.services.sensing, city.services.context.clock.now()
    device = sensing.directory.by_code(str(item["code"]))
    assert device is not None
    assert device.lon is not None
    assert device.lat is not None
    metric = next(iter(sensing.directory.profile_of(device).by_metric))
    measured = sensing.directory.metric_by_id(metric)
    assert measured is not None
    await sensing.writer.put(rows_of([Reading(device.id, metric, Grain.REAL, now, 1.0)]))
    await writer.put([Position(device.id, now, 1, device.lon, device.lat, 0, 30.0, 90, 0, 3, None, None)])
    alarm = new_id()
    async with city.services.context.database.transaction() as connection:
        await connection.execute(
            "insert into alarm (id, rule, rule_version, names, kind, source, device_id, area, organisation_id, severity,"
            " state, began_at, raised_at, updated_at)"
            " values ($1, 'matrix', 1, $2, 'threshold', $3, $4, $5, $6, 2, 'raised', $7, $7, $7)",
            alarm, {"zh": "试", "en": "trial"}, f"device:{device.id}", device.id, device.area, device.organisation_id, now,
        )  # fmt: skip
    drawn = await (await city.client("sysadmin")).post(
        "/api/v1/fences",
        json={
            "code": f"f-{device.id}", "zh": "围栏", "kind": "circle", "points": [[device.lon, device.lat]], "size": 200,
            "area": device.area, "organisation": device.organisation_id, "vehicles": [device.code],
        },
    )  # fmt: skip
    assert drawn.status_code == 201, drawn.text
    place = Place(device.area, "", str(item["organisation"]))
    return Vehicle(device.code, device.id, place, alarm, UUID(drawn.json()["id"]), measured.code)


def span(city: HttpCity) -> dict[str, str]:
    now = city.services.context.clock.now()
    return {"since": (now - timedelta(hours=1)).isoformat(), "until": now.isoformat()}


async def test_报警_列表看板详情_只见范围内(city: HttpCity, vehicles: list[Vehicle]) -> None:
    partial = 0
    for login, person in people().items():
        client = await city.client(login)
        answer = await client.get("/api/v1/alarms", params={"limit": 200, "rule": "matrix"})
        board = await client.get("/api/v1/alarms/board")
        if not person.may("alarm", "read"):
            refused(answer, 403)
            refused(board, 403)
        wanted = {str(one.alarm) for one in vehicles if one.for_(person, "alarm", "read")}
        if person.may("alarm", "read"):
            assert {one["id"] for one in answer.json()["items"]} == wanted, login
            assert board.json()["total"] == len(wanted), login
        partial += 0 < len(wanted) < len(vehicles)
        for one in vehicles[::7]:
            status = (await client.get(f"/api/v1/alarms/{one.alarm}")).status_code
            assert status == 200 if str(one.alarm) in wanted else status in (403, 404), (login, one.code)
    assert partial >= 2, "somebody sees some but not all"


async def test_报警_确认搁置关闭备注_只对范围内(city: HttpCity, vehicles: list[Vehicle]) -> None:
    """Each act names every alarm: what is out of reach is refused by itself, in words, and stays as it was."""
    until = (city.services.context.clock.now() + timedelta(hours=1)).isoformat()
    acts = {
        "acknowledge": ("acknowledge", {}),
        "shelve": ("shelve", {"until": until, "reason": "试"}),
        "unshelve": ("shelve", {}),
        "close": ("close", {"reason": "试"}),
    }
    ids = [str(one.alarm) for one in vehicles]
    for act, (verb, more) in acts.items():
        for login, person in people().items():
            async with city.services.context.database.transaction() as connection:
                await connection.execute("delete from alarm_shelf")
                await connection.execute("update alarm set state = 'raised', shelved_until = null")
                if act == "unshelve":
                    await connection.execute("update alarm set shelved_until = $1", datetime.fromisoformat(until))
            client = await city.client(login)
            answer = await client.post(f"/api/v1/alarms/{act}", json={"ids": ids, **more})
            if not person.may("alarm", verb):
                refused(answer, 403)
                continue
            mine = {
                str(one.alarm)
                for one in vehicles
                if one.for_(person, "alarm", verb) and one.for_(person, "alarm", "read")
            }
            assert set(answer.json()["done"]) == mine, (login, act)
            assert len(answer.json()["refused"]) == len(ids) - len(mine), (login, act)
    for login, person in people().items():
        client = await city.client(login)
        for one in vehicles[::7]:
            answer = await client.post(f"/api/v1/alarms/{one.alarm}/notes", json={"text": "看过"})
            allowed = one.for_(person, "alarm", "acknowledge") and one.for_(person, "alarm", "read")
            assert answer.is_success if allowed else answer.status_code in (403, 404), (login, one.code)


async def test_报警规则_看的人看_改和发布只有管全市的人(city: HttpCity, vehicles: list[Vehicle]) -> None:
    declaration = {
        "names": {"zh": "试", "en": "trial"},
        "profile": PROFILE,
        "when": {"metric": vehicles[0].metric, "above": 1000.0, "clear_below": 900.0},
        "severity": "minor",
    }
    drafts = 0
    for number, (login, person) in enumerate(people().items()):
        client = await city.client(login)
        listed = await client.get("/api/v1/alarm-rules")
        assert listed.status_code == (200 if person.may("alarm", "read") else 403), login
        everywhere = {
            verb
            for verb in ("edit", "publish")
            for reach in person.reaches
            if (reach.kind, reach.verb) == ("alarm", verb) and not reach.area and reach.organisations is None
        }
        code = f"trial-{number}"
        drafted = await client.put(f"/api/v1/alarm-rules/{code}/draft", json={"declaration": declaration, "note": "试"})
        assert drafted.status_code == (200 if "edit" in everywhere else 403), (login, drafted.text)
        drafts += drafted.status_code == 200
        tried = await client.post("/api/v1/alarm-rules/rehearse", json={"declaration": declaration, **span(city)})
        assert tried.status_code == (200 if person.may("alarm", "test") else 403), (login, tried.text)
        if drafted.status_code == 200:
            published = await client.post(f"/api/v1/alarm-rules/{drafted.json()['id']}/publish")
            assert published.status_code == (200 if "publish" in everywhere else 403), login
            reverted = await client.post(f"/api/v1/alarm-rules/{code}/revert")
            assert reverted.status_code == (204 if "publish" in everywhere else 403), login
        else:
            refused(await client.post("/api/v1/alarm-rules/1/publish"), 403)
            refused(await client.delete("/api/v1/alarm-rules/1"), 403)
    assert drafts, "somebody writes rules"


async def test_监测数据_最新值曲线明细导出_只见范围内(city: HttpCity, vehicles: list[Vehicle]) -> None:
    partial = 0
    now = city.services.context.clock.now()
    times = {"since": (now - timedelta(hours=1)).isoformat(), "until": (now + timedelta(minutes=1)).isoformat()}
    for login, person in people().items():
        client = await city.client(login)
        latest = await client.get("/api/v1/readings/latest")
        mine = {one.code for one in vehicles if one.for_(person, "reading", "read")}
        if person.may("reading", "read"):
            assert set(latest.json()["device"]) == mine, login
        else:
            refused(latest, 403)
        partial += 0 < len(mine) < len(vehicles)
        for one in vehicles[::7]:
            which = {"device": one.code, "metric": one.metric}
            status = 403 if not person.may("reading", "read") else 200 if one.code in mine else 404
            curve = await client.get("/api/v1/readings/series", params={**which, **times})
            around = await client.get("/api/v1/readings/history", params={**which, "around": now.isoformat()})
            assert (curve.status_code, around.status_code) == (status, status), (login, one.code)
            file = await client.get("/api/v1/readings/export.csv", params={**which, **times})
            allowed = one.for_(person, "reading", "export")
            wanted = 403 if not person.may("reading", "export") else 200 if allowed else 404
            assert file.status_code == wanted, (login, one.code)
    assert partial >= 2


async def test_指标和型号的名称_看设备或看报警的人都读得到(city: HttpCity, vehicles: list[Vehicle]) -> None:
    alarms_only = 0
    for login, person in people().items():
        answer = await (await city.client(login)).get("/api/v1/devices/signals")
        allowed = person.may("device", "read") or person.may("alarm", "read")
        assert answer.status_code == (200 if allowed else 403), login
        alarms_only += allowed and not person.may("device", "read")
    assert alarms_only, "somebody reads alarms and no devices"


async def test_看不到的设备与没有的设备_答复一样(city: HttpCity, vehicles: list[Vehicle]) -> None:
    """Who may not see a device does not learn by the answer that it is there."""
    times = span(city)
    compared = 0
    for login, person in people().items():
        hidden = [one for one in vehicles if not one.for_(person, "reading", "read")]
        if not hidden:
            continue
        client = await city.client(login)
        there, none = hidden[0].code, f"none-{uuid4().hex[:8]}"
        answers = []
        for code in (there, none):
            found = await client.get(
                "/api/v1/readings/series", params={"device": code, "metric": vehicles[0].metric, **times}
            )
            body = {key: value for key, value in found.json().items() if key != "instance"}
            answers.append((found.status_code, str(body).replace(code, "…")))
        assert answers[0] == answers[1], login
        compared += 1
    assert compared >= 3


async def test_车辆_位置轨迹行程_只见范围内(city: HttpCity, vehicles: list[Vehicle]) -> None:
    partial = 0
    for login, person in people().items():
        client = await city.client(login)
        answer = await client.get("/api/v1/vehicles", params={"limit": 500})
        if not person.may("device", "read"):
            refused(answer, 403)
        else:
            wanted = {one.code for one in vehicles if one.for_(person, "device", "read")}
            assert {one["vehicle"] for one in answer.json()["items"]} == wanted, login
            partial += 0 < len(wanted) < len(vehicles)
        for one in vehicles[::9]:
            may = one.for_(person, "reading", "read")
            status = 403 if not person.may("reading", "read") else 200 if may else 404
            for what in ("track", "trips", "drivers", "crossings", "waybills"):
                got = await client.get(
                    f"/api/v1/vehicles/{one.code}/{what}", params=span(city) if what != "waybills" else {}
                )
                assert got.status_code == status, (login, one.code, what)
    assert partial >= 2


async def test_设备瓦片_聚合数只数范围内的_无权者看不到也听不到(city: HttpCity, vehicles: list[Vehicle]) -> None:
    at = tile_of(117.0, 39.0, 4)
    partial = 0
    for login, person in people().items():
        client = await city.client(login)
        answer = await client.get(f"/api/v1/tiles/devices/4/{at.x}/{at.y}.mvt")
        if not person.may("device", "read"):
            refused(answer, 403)
            refused(await client.get("/api/v1/live/vehicles"), 403)
            continue
        listed = (await client.get("/api/v1/devices", params={"limit": 500})).json()["items"]
        placed = [one for one in listed if one["at"] is not None]
        assert sum(one["n"] for one in decode(answer.content).get("devices", [])) == len(placed), login
        partial += 0 < len(placed) < len(vehicles)
    assert partial >= 2


async def test_围栏_看画改撤下发_只对范围内(city: HttpCity, vehicles: list[Vehicle]) -> None:
    sent_by_somebody = 0
    for login, person in people().items():
        client = await city.client(login)
        answer = await client.get("/api/v1/fences", params={"limit": 500})
        if person.may("device", "read"):
            wanted = {str(one.fence) for one in vehicles if one.for_(person, "device", "read")}
            assert {one["id"] for one in answer.json()["items"]} == wanted, login
        else:
            refused(answer, 403)
        for number, one in enumerate(vehicles[::9]):
            edit = one.for_(person, "device", "edit")
            status = 200 if edit else 404 if person.may("device", "edit") else 403
            device = city.services.sensing.directory.device(one.id)
            assert device is not None
            body = {
                "code": f"n-{login}-{number}", "zh": "新", "kind": "circle", "points": [[device.lon, device.lat]], "size": 100,
                "area": device.area, "organisation": device.organisation_id, "vehicles": [],
            }  # fmt: skip
            drawn = await client.post("/api/v1/fences", json=body)
            assert drawn.status_code == (201 if edit else status), (login, one.code, drawn.text)
            if edit:
                gone = await client.delete(f"/api/v1/fences/{drawn.json()['id']}")
                assert gone.status_code == 204, login
            else:
                assert (await client.delete(f"/api/v1/fences/{one.fence}")).status_code == status, (login, one.code)
                other = {**body, "code": f"f-{one.id}", "revision": 1}
                assert (await client.put(f"/api/v1/fences/{one.fence}", json=other)).status_code == status, login
            command = one.for_(person, "device", "command")
            sending = await client.post(f"/api/v1/fences/{one.fence}/terminals", json={"vehicles": [one.code]})
            seen = one.for_(person, "device", "read")
            wanted_status = 201 if command and seen else 404 if person.may("device", "command") else 403
            assert sending.status_code in (wanted_status, 422), (login, one.code, sending.text)
            sent_by_somebody += sending.status_code == 201
    assert sent_by_somebody


async def test_不登录_什么也看不到(city: HttpCity, vehicles: list[Vehicle]) -> None:
    client = await city.client()
    one = vehicles[0]
    for path in (
        "/api/v1/alarms", "/api/v1/alarms/board", f"/api/v1/alarms/{one.alarm}", "/api/v1/alarm-rules", "/api/v1/readings/latest",
        "/api/v1/readings/metrics", "/api/v1/vehicles", f"/api/v1/vehicles/{one.code}/waybills", "/api/v1/fences",
        "/api/v1/live/vehicles", "/api/v1/tiles/devices/4/13/6.mvt",
    ):  # fmt: skip
        refused(await client.get(path), 401)
