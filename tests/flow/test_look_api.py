"""The HTTP routes of looking: pictures, figures and logs, for those whom they are for."""

from __future__ import annotations

from uuid import UUID
from xml.etree import ElementTree

import httpx
import pytest
from fastapi import FastAPI

from tests.flow.callers import XML, Caller
from tests.flow.offices import AREA, Office, actor, at, steps
from yiwang.flow.api import router
from yiwang.kernel.access import ANONYMOUS, Actor, Grant

READER = Grant("matter", frozenset({"read"}))
SVG = "{http://www.w3.org/2000/svg}"


async def worked(office: Office, key: str) -> UUID:
    """One case of two steps: the first took an hour, the second waits."""
    office.set_clock(at(9))
    case = (await office.start(await office.publish(steps(["a", "b"], key)))).instance_id
    office.set_clock(at(10))
    await office.complete(case, "a", who=actor("受理员"))
    office.set_clock(at(11))
    return case


def picture(answer: httpx.Response) -> ElementTree.Element:
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    return ElementTree.fromstring(answer.text)


async def test_a_definition_is_drawn_for_whoever_is_signed_in(call: Caller, office: Office) -> None:
    await office.publish(steps(["a"], "pictured"))
    await office.publish(steps(["a", "b"], "pictured"))
    call.actor = actor("受理员")
    newest = picture(await call.http.get("/definitions/pictured/drawing.svg"))
    assert newest.find(f"{SVG}title").text == "测试流程"  # type: ignore[union-attr]
    assert {g.get("data-node") for g in newest.iter(f"{SVG}g")} >= {"start", "a", "b", "end"}
    first = picture(await call.http.get("/definitions/pictured/drawing.svg?version=1&lang=en"))
    assert "b" not in {g.get("data-node") for g in first.iter(f"{SVG}g")}
    assert (first.get("lang"), newest.get("lang")) == ("en", "zh-CN")
    assert (await call.http.get("/definitions/pictured/drawing.svg?version=9")).status_code == 404
    assert (await call.http.get("/definitions/nothing/drawing.svg")).status_code == 404
    call.actor = ANONYMOUS
    assert (await call.http.get("/definitions/pictured/drawing.svg")).status_code == 401


async def test_drafts_are_drawn_for_designers_faults_and_all(call: Caller) -> None:
    faulty = steps(["a"], "sketched").without("a-end")
    await call.http.put("/definitions/sketched/draft", content=faulty.xml.encode(), headers=XML)
    picture(await call.http.get("/definitions/sketched/drawing.svg?version=1"))
    call.actor = actor("受理员")
    assert (await call.http.get("/definitions/sketched/drawing.svg?version=1")).status_code == 404


async def test_where_an_instance_stands_is_drawn_for_those_it_concerns(call: Caller, office: Office) -> None:
    case = await worked(office, "standing")
    address = f"/instances/{case}/drawing.svg"
    stranger, neighbour = actor("排水工"), actor("排水工", Grant("matter", frozenset({"read"}), area="110101"))
    for who, status in (
        (actor("受理员"), 200),  # had a part in it
        (actor("排水工", READER), 200),
        (actor("排水工", Grant("matter", frozenset({"read"}), area=AREA[:9])), 200),
        (stranger, 404),
        (neighbour, 404),
    ):
        call.actor = who
        assert (await call.http.get(address)).status_code == status
    call.actor = actor("受理员")
    root = picture(await call.http.get(address))
    waiting = [g.get("data-node") for g in root.iter(f"{SVG}g") if "fd-waiting" in (g.get("class") or "")]
    walked = [g.get("data-line") for g in root.iter(f"{SVG}g") if "fd-walked" in (g.get("class") or "")]
    assert waiting == ["b"]
    assert sorted(filter(None, walked)) == ["a-b", "start-a"]
    assert (await call.http.get("/instances/00000000-0000-0000-0000-000000000000/drawing.svg")).status_code == 404


async def test_案件能看的人_也能看它的流程图(office: Office) -> None:
    """The engine that owns the subject knows to whom it belongs; flow asks it."""
    case = await worked(office, "owned")
    asked: list[tuple[Actor, UUID]] = []

    async def reader(who: Actor, subject: UUID) -> bool:
        asked.append((who, subject))
        return who.name == "排水工"

    app = FastAPI()
    app.include_router(router)
    app.state.flow, app.state.subject_readers = office.flow, {"matter": reader}
    call = Caller(app)
    async with call.http:
        for name, status in (("排水工", 200), ("网格员乙", 404)):
            call.actor = actor(name)
            assert (await call.http.get(f"/instances/{case}/drawing.svg")).status_code == status
    assert [subject for _, subject in asked] == [case, case]


async def test_figures_in_the_order_of_the_drawing_and_bottlenecks_by_waiting(call: Caller, office: Office) -> None:
    await worked(office, "figured")
    call.actor = actor("受理员", READER)
    found = (await call.http.get("/definitions/figured/heat")).json()
    assert (found["key"], found["version"], found["area"]) == ("figured", None, "")
    assert found["to"] == "2026-06-15T03:00:00Z"
    assert found["from"] == "2026-05-16T03:00:00Z"
    a, b = found["steps"]
    assert (a["node"], a["visits"], a["elapsed"]["mean"], a["open"]) == ("a", 1, 3600, 0)
    assert (b["node"], b["visits"], b["elapsed"]["mean"], b["open"], b["waiting_seconds"]) == ("b", 0, None, 1, 3600)
    office.set_clock(at(13))
    worst = (await call.http.get("/definitions/figured/bottlenecks?limit=1")).json()["steps"]
    assert [(step["node"], step["waiting_seconds"]) for step in worst] == [("b", 3 * 3600)]
    later = await call.http.get("/definitions/figured/heat", params={"from": "2026-06-15T10:00:00+08:00"})
    assert {step["node"]: step["visits"] for step in later.json()["steps"]} == {"a": 1, "b": 0}
    later = await call.http.get("/definitions/figured/heat", params={"from": "2026-06-15T10:00:01+08:00"})
    assert {step["node"]: step["visits"] for step in later.json()["steps"]} == {"b": 0}


async def test_the_heat_map_is_a_picture_with_a_legend(call: Caller, office: Office) -> None:
    await worked(office, "heated")
    call.actor = actor("受理员", READER)
    root = picture(await call.http.get("/definitions/heated/heat.svg?by=elapsed&figure=median"))
    assert "等待中位数(按钟表时间)" in "".join(root.itertext())
    groups = {g.get("data-node"): g for g in root.iter(f"{SVG}g") if g.get("data-node")}
    assert "fd-heat-5" in (groups["a"].find(f"{SVG}rect").get("class") or "")  # type: ignore[union-attr]
    assert "1小时" in "".join(groups["a"].itertext())
    assert "Median wait" in (await call.http.get("/definitions/heated/heat.svg?figure=median&lang=en")).text


async def test_logs_are_downloaded_under_a_name(call: Caller, office: Office) -> None:
    await worked(office, "logged")
    call.actor = actor("受理员", READER)
    xes = await call.http.get("/definitions/logged/eventlog.xes", params={"from": "2026-06-01T00:00:00+08:00"})
    assert xes.headers["content-disposition"] == 'attachment; filename="logged-20260531-20260615.xes"'
    assert ElementTree.fromstring(xes.text).tag == "{http://www.xes-standard.org/}log"
    table = await call.http.get("/definitions/logged/eventlog.csv", params={"lang": "en"})
    assert table.headers["content-type"].startswith("text/csv")
    assert len(table.text.splitlines()) == 2
    refused = await call.http.get("/definitions/logged/eventlog.csv?people=true")
    assert (refused.status_code, refused.json()["code"]) == (403, "identity.forbidden")
    assert (await call.http.get("/definitions/nothing/eventlog.xes")).status_code == 404


@pytest.mark.parametrize("path", ["heat", "heat.svg", "bottlenecks", "eventlog.xes", "eventlog.csv"])
async def test_figures_need_a_grant_to_read(call: Caller, office: Office, path: str) -> None:
    await worked(office, "granted")
    call.actor = actor("受理员")
    answer = await call.http.get(f"/definitions/granted/{path}")
    assert (answer.status_code, answer.json()["code"]) == (403, "identity.forbidden")
    call.actor = ANONYMOUS
    assert (await call.http.get(f"/definitions/granted/{path}")).status_code == 401


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-06-01",
        "from=x",
        "to=0001-01-01T00:00:00Z",
        "from=9999-12-31T23:00:00-08:00",
        "to=2026-06-01T00:00:00",
        "area=%00",
        "area=x",
        "version=0",
        "by=x",
        "figure=x",
        "lang=fr",
    ],
)
async def test_what_cannot_be_meant_is_refused(call: Caller, office: Office, query: str) -> None:
    await worked(office, "asked")
    call.actor = actor("受理员", READER)
    assert (await call.http.get(f"/definitions/asked/heat.svg?{query}")).status_code == 422
