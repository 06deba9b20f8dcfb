"""Comparing, migrating and simulating over HTTP, and who may."""

from __future__ import annotations

import csv
import io
from datetime import timedelta

import pytest

from tests.flow.callers import DESIGNER, XML, Caller
from tests.flow.offices import Office, actor, at, steps
from yiwang.flow.versions.migrating import Migrations, MigrationWork
from yiwang.kernel.access import Grant

EDITOR = actor("管理员", Grant("definition", frozenset({"edit"})))
READER = actor("受理员")


async def two_versions(office: Office, key: str) -> None:
    await office.publish(steps(["a", "b"], key))
    await office.publish(steps(["a", "c"], key))


async def test_比较两个版本(office: Office, call: Caller) -> None:
    await two_versions(office, "compared")
    call.actor = READER
    found = (await call.http.get("/definitions/compared/compare", params={"from": 1, "to": 2})).json()
    assert (found["key"], found["from"], found["to"], found["same"]) == ("compared", 1, 2, False)
    assert {"kind", "element", "aspect", "zh", "en", "before", "after"} == set(found["changes"][0])
    assert "删除步骤(b)" in [change["zh"] for change in found["changes"]]
    assert (await call.http.get("/definitions/compared/compare", params={"from": 1, "to": 9})).status_code == 404


async def test_草稿只给可以编辑的人比较(office: Office, call: Caller) -> None:
    await office.publish(steps(["a"], "drafted-two"))
    xml = steps(["a", "b"], "drafted-two").xml
    assert (await call.http.put("/definitions/drafted-two/draft", content=xml, headers=XML)).status_code == 200
    where, pair = "/definitions/drafted-two/compare", {"from": 1, "to": 2}
    assert (await call.http.get(where, params=pair)).status_code == 200
    call.actor = READER
    assert (await call.http.get(where, params=pair)).status_code == 404


async def test_迁移_默认试运行_后台执行_进度和清单(office: Office, call: Caller) -> None:
    old = await office.publish(steps(["a", "b"], "moved-over"))
    cases = [(await office.start(old)).instance_id for _ in range(3)]
    await office.complete(cases[0], "a")
    await office.publish(steps(["a", "c"], "moved-over"))
    where = "/definitions/moved-over/migrations"
    asked = await call.http.post(where, json={"from": 1, "to": 2})
    assert asked.status_code == 202
    tried = asked.json()
    assert (tried["dry_run"], tried["state"], tried["total"]) == (True, "waiting", 0)
    await Migrations(office.flow).work(MigrationWork(migration=tried["id"]))
    found = (await call.http.get(f"{where}/{tried['id']}")).json()
    assert (found["state"], found["total"], found["moved"], found["refused"], found["over"]) == ("done", 3, 2, 1, 0)
    assert [(item["code"], item["element"], item["count"]) for item in found["reasons"]] == [("step_gone", "b", 1)]
    page = (await call.http.get(f"{where}/{tried['id']}/cannot-move")).json()
    assert [(item["instance_id"], item["at"]) for item in page["items"]] == [(str(cases[0]), ["b"])]
    sheet = await call.http.get(f"{where}/{tried['id']}/cannot-move.csv")
    rows = list(csv.DictReader(io.StringIO(sheet.text.removeprefix("\ufeff"))))
    assert sheet.headers["content-type"].startswith("text/csv")
    assert [(row["instance"], row["at"], row["code"]) for row in rows] == [(str(cases[0]), "b", "step_gone")]
    body = {"from": 1, "to": 2, "dry_run": False, "mapping": {"steps": {"b": "c"}}}
    real = (await call.http.post(where, json=body)).json()
    await Migrations(office.flow).work(MigrationWork(migration=real["id"]))
    found = (await call.http.get(f"{where}/{real['id']}")).json()
    assert (found["moved"], found["refused"], found["mapping"]["steps"]) == (3, 0, {"b": "c"})
    listed = (await call.http.get(where)).json()
    assert [item["id"] for item in listed["items"]] == [real["id"], tried["id"]]
    assert await office.nodes(cases[0]) == ["c"]


async def test_迁移的拒绝(office: Office, call: Caller) -> None:
    await two_versions(office, "refused-over")
    where = "/definitions/refused-over/migrations"

    async def code(**body: object) -> tuple[int, str]:
        answer = await call.http.post(where, json={"from": 1, "to": 2, **body})
        return answer.status_code, answer.json().get("code", "")

    assert await code(to=1) == (422, "flow.nothing_to_migrate")
    assert await code(to=7) == (404, "not_found")
    assert await code(mapping={"steps": {"x": "a"}}) == (422, "flow.mapping_invalid")
    assert (await call.http.post(where, json={"from": 1, "to": 2, "map": {}})).status_code == 422
    assert (await call.http.get(f"{where}/{DESIGNER.account_id}")).status_code == 404
    call.actor = EDITOR
    assert await code() == (403, "identity.forbidden")
    assert (await call.http.get(where)).status_code == 200
    call.actor = READER
    assert (await call.http.get(where)).status_code == 403


async def test_试算(office: Office, call: Caller) -> None:
    office.set_clock(at(8))
    definition = await office.publish(steps(["a", "b"], "tried-out"))
    for _ in range(4):
        case = (await office.start(definition)).instance_id
        for node in ("a", "b"):
            office.set_clock(office.now + timedelta(minutes=30))
            await office.complete(case, node, who=actor("受理员"))
    call.actor = EDITOR
    xml = steps(["a", "new", "b"], "tried-out").xml
    assert (await call.http.put("/definitions/tried-out/draft", content=xml, headers=XML)).status_code == 200
    body = {"from": at(0).isoformat(), "durations": {"new": "1工作时"}}
    answer = await call.http.post("/definitions/tried-out/simulations", json=body)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert (found["version"], found["found"], found["simulated"]["ended"]) == (2, 4, 4)
    assert found["real"]["elapsed"]["mean"] == pytest.approx(3600)
    assert found["simulated"]["elapsed"]["mean"] > 3600
    assert {step["node"]: list(step["grounds"]) for step in found["steps"]}["new"] == ["given"]
    assert (await call.http.post("/definitions/tried-out/simulations", json={"share": 0})).status_code == 422
    bad = await call.http.post("/definitions/tried-out/simulations", json={**body, "durations": {"new": "soon"}})
    assert bad.json()["code"] == "deadline.unreadable"
    call.actor = READER
    assert (await call.http.post("/definitions/tried-out/simulations", json=body)).status_code == 403
