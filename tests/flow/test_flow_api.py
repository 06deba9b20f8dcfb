"""The HTTP routes of flow: who may see and change what, and in which form."""

from __future__ import annotations

from tests.flow.callers import XML, Caller
from tests.flow.offices import AREA, Office, actor, steps
from yiwang.kernel.access import ANONYMOUS, Grant


async def test_a_flow_is_drafted_corrected_and_published(call: Caller) -> None:
    faulty = steps(["a"], "drawn").without("a-end")
    answer = await call.http.put("/definitions/drawn/draft", content=faulty.xml.encode(), headers=XML)
    assert answer.status_code == 200
    assert {fault["code"] for fault in answer.json()["findings"]} == {"flow.ways", "flow.no_end", "flow.not_reachable"}
    assert (await call.http.post("/definitions/drawn/publish")).json()["code"] == "flow.refused"
    await call.http.put("/definitions/drawn/draft", content=steps(["a"], "drawn").xml.encode(), headers=XML)
    published = await call.http.post("/definitions/drawn/publish")
    assert (published.status_code, published.json()["state"], published.json()["version"]) == (200, "published", 1)
    shown = (await call.http.get("/definitions/drawn")).json()
    assert [step["node"] for step in shown["steps"]] == ["a"]
    assert shown["steps"][0]["outcomes"] == [{"id": "ok", "names": {"zh": "ok", "en": "ok"}, "needs": []}]


async def test_the_drawing_comes_as_xml_when_asked_for(call: Caller, office: Office) -> None:
    drawing = steps(["a"], "as-xml")
    await office.publish(drawing)
    answer = await call.http.get("/definitions/as-xml/versions/1", headers={"accept": "application/xml"})
    assert answer.headers["content-type"].startswith("application/xml")
    assert answer.text == drawing.xml
    assert (await call.http.get("/definitions/as-xml/versions/1")).json()["xml"] == drawing.xml
    assert (await call.http.get("/definitions/as-xml/versions/2")).status_code == 404


async def test_only_designers_draft_and_publish(call: Caller) -> None:
    xml = steps(["a"], "guarded").xml.encode()
    await call.http.put("/definitions/guarded/draft", content=xml, headers=XML)
    call.actor = actor("受理员")
    for answer in (
        await call.http.put("/definitions/guarded/draft", content=xml, headers=XML),
        await call.http.post("/definitions/guarded/publish"),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "identity.forbidden")
    assert (await call.http.get("/definitions/guarded/versions/1")).status_code == 404
    call.actor = ANONYMOUS
    assert (await call.http.get("/definitions")).status_code == 401


async def test_bad_drawings_and_keys_are_refused(call: Caller) -> None:
    answer = await call.http.put("/definitions/x/draft", content=b"<a>", headers=XML)
    assert (answer.status_code, answer.json()["code"]) == (422, "flow.unreadable")
    assert (await call.http.post("/definitions/none/publish")).json()["code"] == "flow.draft_missing"
    for key in ("%00", "a b", "x" * 101, "1a"):
        assert (await call.http.get(f"/definitions/{key}")).status_code in (404, 422)
    for query in ("key=%00", "after=x", "after=a/b", "limit=0", "limit=201"):
        assert (await call.http.get(f"/definitions?{query}")).status_code == 422
    assert (await call.http.get("/definitions/x/versions/99999999999")).status_code == 422


async def test_definitions_page_by_key(call: Caller, office: Office) -> None:
    for name in ("page-a", "page-b", "page-c"):
        await office.publish(steps(["a"], name))
    await office.publish(steps(["a", "b"], "page-b"))
    seen: list[tuple[str, int]] = []
    after = "page-/0"
    while after and len(seen) < 3:
        page = (await call.http.get("/definitions", params={"after": after, "limit": 2})).json()
        seen += [(item["key"], item["version"]) for item in page["items"]]
        after = page["next"]
    assert seen[:3] == [("page-a", 1), ("page-b", 2), ("page-c", 1)]
    versions = (await call.http.get("/definitions", params={"key": "page-b"})).json()["items"]
    assert [(item["version"], item["state"]) for item in versions] == [(1, "retired"), (2, "published")]


async def test_an_instance_is_shown_to_those_it_concerns(call: Caller, office: Office) -> None:
    case = (await office.start(await office.publish(steps(["a", "b"], "shown")))).instance_id
    await office.complete(case, "a", "ok", actor("受理员"))
    call.actor = actor("受理员")
    shown = (await call.http.get(f"/instances/{case}")).json()
    assert (shown["state"], shown["key"], shown["version"]) == ("active", "shown", 1)
    assert [task["node"] for task in shown["tasks"]] == ["b"]
    assert [(step["node"], step["how"], step["actor_name"]) for step in shown["path"]] == [("a", "done", "受理员")]
    reader = Grant("matter", frozenset({"read"}), area=AREA[:6])
    stranger = Grant("matter", frozenset({"read"}), area="110101")
    other_office = Grant("matter", frozenset({"read"}), organisations=frozenset({4}))
    for grants, status in (((reader,), 200), ((stranger,), 404), ((other_office,), 404), ((), 404)):
        call.actor = actor("排水工", *grants)
        assert (await call.http.get(f"/instances/{case}")).status_code == status
    assert (await call.http.get("/instances/00000000-0000-0000-0000-000000000000")).status_code == 404
