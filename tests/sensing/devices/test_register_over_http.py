"""设备台账:登记、修改、停用、收养敲门者、下发指令、导入,都经公开接口,都写日志。"""

from __future__ import annotations

import io
from typing import Any

import httpx
import pytest
from support.http_city import HttpCity, a_city, refused

from yiwang.sensing.gateways.door import Door
from yiwang.sensing.gateways.listening import GatewaySettings

city = a_city()

AT = [117.0182, 39.004]


def body(code: str, address: str, **more: object) -> dict[str, object]:
    return {
        "code": code, "profile": "air-station", "address": address, "names": {"zh": f"站{code}", "en": f"Station {code}"},
        "organisation": "operations-centre", "at": AT, "attributes": {"kind": "城市点"}, **more,
    }  # fmt: skip


async def registered(city: HttpCity, code: str, address: str, **more: object) -> dict[str, Any]:
    answer = await (await city.client("sysadmin")).post("/api/v1/devices", json=body(code, address, **more))
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def verbs(client: httpx.AsyncClient, device: dict[str, Any]) -> list[str]:
    story = (await client.get(f"/api/v1/devices/{device['id']}/story")).json()
    return [item["verb"] for item in story["items"]]


async def test_登记_地址统一写法_密码不外露(city: HttpCity) -> None:
    made = await registered(city, "AIR-A", "12011100010a", secret="123456")
    assert made["address"] == "12011100010A"
    assert made["secret"] is True
    assert "123456" not in str(made)
    assert made["area"].startswith("120199")
    async with city.services.context.database.connection() as connection:
        kept = await connection.fetchval("select secret from device where id = $1", made["id"])
        told = await connection.fetchval(
            "select string_agg(data::text, '') from journal where subject_id = $1", made["uid"]
        )
    assert kept.startswith("sm4:")
    assert "123456" not in kept + told


async def test_同一地址或编号不能登记两次(city: HttpCity) -> None:
    await registered(city, "AIR-B", "12011100010B")
    client = await city.client("sysadmin")
    taken = await client.post("/api/v1/devices", json=body("AIR-B2", "12011100010b"))
    assert refused(taken, 409, "device.address_taken")["data"]["other"] == "AIR-B"
    refused(await client.post("/api/v1/devices", json=body("AIR-B", "12011100010C")), 409, "device.code_taken")


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"profile": "air-ship"}, "device.profile_unknown"),
        ({"address": "MN 1"}, "device.address_impossible"),
        ({"organisation": "moon"}, "device.organisation_unknown"),
        ({"at": [10.0, 50.0]}, "device.place_outside"),
        ({"attributes": {"colour": "red"}}, "device.attribute_unknown"),
        ({"at": [200.0, 50.0]}, "input.invalid"),
        ({"secret": "1"}, "input.invalid"),
    ],
)
async def test_登记有误_说明改法_什么也不写(city: HttpCity, change: dict[str, object], code: str) -> None:
    client = await city.client("sysadmin")
    async with city.untouched():
        refused(await client.post("/api/v1/devices", json={**body("AIR-X", "12011100099X"), **change}), 422, code)


async def test_两人同时修改_后者被告知(city: HttpCity) -> None:
    made = await registered(city, "AIR-C", "12011100020C")
    client = await city.client("sysadmin")
    new = {**body("AIR-C", "12011100020C"), "revision": made["revision"], "names": {"zh": "新名"}}
    changed = await client.put(f"/api/v1/devices/{made['id']}", json=new)
    assert changed.json()["names"] == {"zh": "新名", "en": "新名"}
    refused(await client.put(f"/api/v1/devices/{made['id']}", json=new), 409, "device.changed")
    story = (await client.get(f"/api/v1/devices/{made['id']}/story")).json()["items"]
    assert story[-1]["data"]["changes"] == {"names": [["站AIR-C", "Station AIR-C"], ["新名", "新名"]]}


async def test_停用后地址可给新设备_旧设备不能再改(city: HttpCity) -> None:
    old = await registered(city, "AIR-D", "12011100030D")
    client = await city.client("sysadmin")
    gone = await client.post(f"/api/v1/devices/{old['id']}/retire", json={"reason": "迁站"})
    assert gone.json()["retired_at"] is not None
    new = await registered(city, "AIR-D2", "12011100030D")
    assert new["id"] != old["id"]
    again = {**body("AIR-D", "12011100030E"), "revision": gone.json()["revision"]}
    refused(await client.put(f"/api/v1/devices/{old['id']}", json=again), 409, "device.retired")
    listed = (await client.get("/api/v1/devices", params={"text": "AIR-D"})).json()["items"]
    assert [item["code"] for item in listed] == ["AIR-D2"]
    assert await verbs(client, old) == ["device.registered", "device.retired"]


async def test_列表按条件筛选_按编号翻页(city: HttpCity) -> None:
    for number in range(5):
        await registered(city, f"PAGE-{number}", f"12011100050{number}")
    client = await city.client("sysadmin")
    seen: list[str] = []
    after = 0
    while True:
        page = (await client.get("/api/v1/devices", params={"text": "PAGE-", "limit": 2, "after": after})).json()
        seen += [item["code"] for item in page["items"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert seen == [f"PAGE-{number}" for number in range(5)]
    box = {"bbox": "117.018,39.003,117.019,39.005", "text": "PAGE-"}
    assert len((await client.get("/api/v1/devices", params=box)).json()["items"]) == 5
    assert (await client.get("/api/v1/devices", params={**box, "online": True})).json()["items"] == []
    assert (await client.get("/api/v1/devices", params={"text": "PAGE_"})).json()["items"] == [], "_ is no wildcard"
    refused(await client.get("/api/v1/devices", params={"bbox": "1,2,3"}), 422, "input.invalid")
    refused(await client.get("/api/v1/devices/1/notes", params={"before": "xx"}), 422, "input.invalid")


async def test_敲门者可收养_下一帧就认得(city: HttpCity) -> None:
    sensing = city.services.sensing
    door = Door(city.services.context, sensing.directory, GatewaySettings("hj212"))
    assert door.find("hj212", "12011100070F", "10.0.0.7", b"##0001garbled") is None
    await door.flush()
    client = await city.client("sysadmin")
    knocks = (await client.get("/api/v1/devices/knocking")).json()["items"]
    knock = next(item for item in knocks if item["address"] == "12011100070F")
    assert (knock["reason"], knock["times"], knock["sample"]) == ("unknown", 1, "##0001garbled")
    assert "air-station" in knock["profiles"]
    assert "water-gauge" not in knock["profiles"]
    form = {**body("AIR-F", "12011100070F"), "protocol": "hj212"}
    wrong = {**form, "profile": "hydrant"}
    refused(await client.post("/api/v1/devices/knocking/adopt", json=wrong), 422, "device.profile_unknown")
    made = await client.post("/api/v1/devices/knocking/adopt", json=form)
    assert made.status_code == 201, made.text
    await sensing.directory.refresh()
    assert door.find("hj212", "12011100070F", "10.0.0.7") is not None
    left = (await client.get("/api/v1/devices/knocking")).json()["items"]
    assert "12011100070F" not in [item["address"] for item in left]
    refused(await client.post("/api/v1/devices/knocking/adopt", json=form), 404)


async def test_搁置的敲门者不再列出_仍在计数(city: HttpCity) -> None:
    door = Door(city.services.context, city.services.sensing.directory, GatewaySettings("mqtt"))
    door.find("mqtt", "stranger-9", "broker", b"{}")
    await door.flush()
    client = await city.client("sysadmin")
    put = {"protocol": "mqtt", "address": "stranger-9"}
    assert (await client.post("/api/v1/devices/knocking/dismiss", json=put)).status_code == 204
    shown = (await client.get("/api/v1/devices/knocking")).json()["items"]
    assert "stranger-9" not in [item["address"] for item in shown]
    door.find("mqtt", "stranger-9", "broker", b"{}")
    await door.flush()
    aside = (await client.get("/api/v1/devices/knocking", params={"dismissed": True})).json()["items"]
    assert [item["times"] for item in aside if item["address"] == "stranger-9"] == [2]


async def test_指令_只认型号支持的_密码参数不外露(city: HttpCity) -> None:
    made = await registered(city, "AIR-G", "12011100080A")
    watcher = await city.client("dispatcher1")
    path = f"/api/v1/devices/{made['id']}/commands"
    refused(await watcher.post(path, json={"verb": "restart"}), 422, "device.verb_not_offered")
    refused(await (await city.client("sysadmin")).post(path, json={"verb": "sync-time"}), 403)
    given = await watcher.post(path, json={"verb": "set-password", "parameters": {"password": "geheim"}})
    assert given.status_code == 202, given.text
    assert (given.json()["state"], given.json()["parameters"]) == ("queued", {"password": "•••"})
    async with city.services.context.database.connection() as connection:
        everything = await connection.fetchval(
            "select string_agg(parameters::text, '') || (select string_agg(data::text, '') from journal) from device_command"
        )
    assert "geheim" not in everything
    sensing = city.services.sensing
    async with city.services.context.database.transaction() as connection:
        [waiting] = await sensing.commands.pending(connection, made["id"])
        assert sensing.commands.plain(waiting) == {"password": "geheim"}
        assert await sensing.commands.sent(connection, waiting.id) is not None
        assert await sensing.commands.sent(connection, waiting.id) is None, "it goes out once"
    async with city.services.context.database.transaction() as connection:
        await sensing.commands.answered(connection, waiting.id, True, {"code": 1})
    shown = (await watcher.get(f"{path}/{waiting.id}")).json()
    assert (shown["state"], shown["answer"]) == ("confirmed", {"code": 1})
    await sensing.directory.refresh()
    device = sensing.directory.device(made["id"])
    assert device is not None
    assert sensing.secrets.matches(device.secret, "geheim"), "a confirmed password is the device's from now on"


async def test_无人答复的指令会过期(city: HttpCity) -> None:
    made = await registered(city, "AIR-H", "12011100090A")
    watcher = await city.client("dispatcher1")
    path = f"/api/v1/devices/{made['id']}/commands"
    given = (await watcher.post(path, json={"verb": "sync-time"})).json()
    await city.wait(hours=2)
    await city.services.sweeper.sweep()
    shown = (await watcher.get(path)).json()["items"]
    assert [(item["id"], item["state"]) for item in shown] == [(given["id"], "expired")]
    assert (await verbs(watcher, made))[-1] == "device.command_expired"


async def test_维护记录与换发密钥(city: HttpCity) -> None:
    made = await registered(city, "HYD-A", "hyd-a", profile="hydrant", attributes={})
    client = await city.client("sysadmin")
    note = await client.post(f"/api/v1/devices/{made['id']}/notes", json={"kind": "calibration", "text": "零点校准"})
    assert note.status_code == 201
    assert [item["text"] for item in (await client.get(f"/api/v1/devices/{made['id']}/notes")).json()["items"]] == [
        "零点校准"
    ]
    key = (await client.post(f"/api/v1/devices/{made['id']}/key")).json()["key"]
    await city.services.sensing.directory.refresh()
    device = city.services.sensing.directory.device(made["id"])
    assert device is not None
    assert device.secret is not None
    assert device.secret.startswith("sm3:"), "an API key is only compared"
    assert city.services.sensing.secrets.matches(device.secret, key)
    assert not city.services.sensing.secrets.matches(device.secret, key + "x")


SHEET = """编号,型号,地址,名称,机构,经度,纬度,站点类别
S-1,空气质量监测站,12011200001A,一站,operations-centre,117.0182,39.004,城市点
S-2,air-station,12011200002A,二站,,117.0132,39.007,
S-3,air-ship,12011200003A,三站,,,,
S-4,air-station,12011200001A,四站,,,,
S-5,air-station,12011200005A,五站,,200,39,
,air-station,12011200006A,六站,,,,
"""


async def test_导入_先试后入_坏行点名好行照入_重复导入不改动(city: HttpCity) -> None:
    client = await city.client("sysadmin")

    async def send(dry_run: bool, text: str = SHEET) -> dict[str, Any]:
        files = {"file": ("设备.csv", io.BytesIO(text.encode("gb18030")), "text/csv")}
        answer = await client.post("/api/v1/devices/import", files=files, data={"dry_run": str(dry_run).lower()})
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()
        return found

    async with city.untouched():
        tried = await send(True)
    assert (tried["rows"], tried["new"], tried["refused"]) == (6, 2, 4)
    assert [(fault["where"], fault["code"]) for fault in tried["faults"]] == [
        ("row 4", "device.profile_unknown"), ("row 5", "device.address_taken"), ("row 6", "device.row_unusable"),
        ("row 7", "device.row_unusable"),
    ]  # fmt: skip
    assert (await send(False))["new"] == 2
    again = await send(False, SHEET.replace("二站", "第二站"))
    assert (again["new"], again["changed"], again["unchanged"], again["refused"]) == (0, 1, 1, 4)


async def test_导入的表格不能用_说明原因(city: HttpCity) -> None:
    client = await city.client("sysadmin")
    for name, content in (("a.csv", b""), ("a.xlsx", b"PK\x03\x04 not a workbook"), ("a.csv", "甲,乙\n1,2\n".encode())):
        files = {"file": (name, io.BytesIO(content), "text/csv")}
        refused(await client.post("/api/v1/devices/import", files=files), 422, "device.sheet_unusable")
