"""Flows that are nobody else's, over HTTP: started, worked on, steered, and spoken to by other systems."""

from __future__ import annotations

from tests.flow.callers import Caller
from tests.flow.offices import AREA, Drawing, Office, actor, event, person_id, steps
from yiwang.kernel.access import Grant

STARTER = Grant("instance", frozenset({"start"}))
MANAGER = Grant("instance", frozenset({"manage", "read"}), area="120111")
SYSTEM_GRANTS = (Grant("message", frozenset({"send"})), Grant("work", frozenset({"do"})))


async def test_a_flow_is_started_and_worked_on_to_its_end(call: Caller, office: Office) -> None:
    await office.publish(steps(["a", "b"], "own"))
    call.actor = actor("受理员", STARTER)
    started = await call.http.post("/definitions/own/instances", json={"area": AREA, "variables": {"size": 3}})
    assert started.status_code == 201, started.text
    instance = started.json()["instance_id"]
    listed = (await call.http.get("/flow/tasks")).json()["items"]
    assert [(task["node"], task["instance_id"]) for task in listed] == [("a", instance)]
    task = listed[0]["id"]
    assert (await call.http.post(f"/flow/tasks/{task}/claim")).json()["assignee_id"]
    assert (await call.http.post(f"/flow/tasks/{task}/release")).json()["post_id"] == 10
    done = await call.http.post(f"/flow/tasks/{task}/complete", json={"outcome": "ok", "note": "同意"})
    assert [task["node"] for task in done.json()["tasks"]] == ["b"]
    again = await call.http.post(f"/flow/tasks/{task}/complete", json={"outcome": "ok"})
    assert (again.status_code, again.json()["code"]) == (409, "flow.task_already_done")
    back = await call.http.post(
        f"/flow/tasks/{done.json()['tasks'][0]['id']}/acts",
        json={"verb": "send_back", "node": "a", "note": "材料不全"},
    )
    assert [task["node"] for task in back.json()["tasks"]] == ["a"]
    story = (await call.http.get(f"/instances/{instance}")).json()
    assert [(step["node"], step["how"]) for step in story["path"]] == [("a", "done"), ("b", "sent_back")]
    page = (await call.http.get("/instances", params={"key": "own"})).json()
    assert [item["id"] for item in page["items"]] == [instance]


async def test_everything_that_happens_to_it_is_journalled(call: Caller, office: Office) -> None:
    await office.publish(steps(["a"], "told"))
    call.actor = actor("受理员", STARTER)
    begun = (await call.http.post("/definitions/told/instances", json={"area": AREA})).json()
    await call.http.post(f"/flow/tasks/{begun['tasks'][0]['id']}/complete", json={"outcome": "ok"})
    async with office.database.connection() as connection:
        rows = await connection.fetch(
            "select verb from journal where subject_id = $1 order by seq", begun["instance_id"]
        )
    assert [row[0] for row in rows] == ["flow.started", "flow.step"]


async def test_steering_needs_the_grant_for_the_place(call: Caller, office: Office) -> None:
    await office.publish(steps(["a", "b"], "steered"))
    call.actor = actor("受理员", STARTER)
    instance = (await call.http.post("/definitions/steered/instances", json={"area": AREA})).json()["instance_id"]
    reason = {"reason": "领导要求"}
    assert (await call.http.post(f"/instances/{instance}/suspend", json=reason)).status_code == 403
    call.actor = actor("管理员", MANAGER)
    assert (await call.http.post(f"/instances/{instance}/suspend", json=reason)).json()["state"] == "suspended"
    assert (await call.http.post(f"/instances/{instance}/resume", json=reason)).json()["state"] == "active"
    jumped = await call.http.post(f"/instances/{instance}/jump", json={**reason, "node": "b"})
    assert [task["node"] for task in jumped.json()["tasks"]] == ["b"]
    assert (await call.http.post(f"/instances/{instance}/cancel", json=reason)).json()["state"] == "cancelled"


async def test_another_system_sends_a_message_and_does_work(call: Caller, office: Office) -> None:
    key = '<bpmn:extensionElements><yiwang:message key="=order"/></bpmn:extensionElements>'
    work = '<bpmn:extensionElements><yiwang:work topic="seal"/></bpmn:extensionElements>'
    drawing = Drawing("spoken-to", outside='<bpmn:message id="m" name="paid"/>').start()
    drawing.node("receiveTask", "wait", 'messageRef="m"', key).node("serviceTask", "sign", "", work).task("a").end()
    await office.publish(drawing.line("start", "wait", "sign", "a", "end"))
    call.actor = actor("受理员", STARTER)
    await call.http.post("/definitions/spoken-to/instances", json={"area": AREA, "variables": {"order": "A-1"}})
    message = {"name": "paid", "key": "A-1", "variables": {"amount": 5}}
    assert (await call.http.post("/flow/messages", json=message)).status_code == 403
    call.actor = actor("管理员", *SYSTEM_GRANTS)
    assert (await call.http.post("/flow/messages", json=message)).status_code == 200
    unexpected = await call.http.post("/flow/messages", json=message)
    assert (unexpected.status_code, unexpected.json()["code"]) == (409, "flow.message_unexpected")
    fetched = (await call.http.post("/flow/work/fetch", json={"topics": ["seal"], "worker": "w"})).json()["items"]
    assert [(item["topic"], item["variables"]["amount"]) for item in fetched] == [("seal", 5)]
    path = f"/flow/work/{fetched[0]['id']}"
    assert (await call.http.post(f"{path}/fail", json={"worker": "w", "reason": "no paper"})).json() == {"again": True}
    stale = await call.http.post(f"{path}/finish", json={"worker": "w"})
    assert (stale.status_code, stale.json()["code"]) == (409, "flow.work_not_leased")


async def test_a_message_starts_a_flow_that_begins_with_it(call: Caller, office: Office) -> None:
    drawing = Drawing("by-message", outside='<bpmn:message id="m" name="asked"/>')
    drawing.node("startEvent", "start", inner=event("message", 'messageRef="m"')).task("a").end()
    await office.publish(drawing.line("start", "a", "end"))
    call.actor = actor("管理员", *SYSTEM_GRANTS)
    answer = (await call.http.post("/flow/messages", json={"name": "asked", "area": AREA})).json()
    assert (answer["started"], [task["node"] for task in answer["tasks"]]) == (True, ["a"])


async def test_the_task_of_a_case_is_not_worked_on_here(call: Caller, office: Office) -> None:
    task = (await office.start(await office.publish(steps(["a"], "elsewhere")))).new_tasks[0]
    call.actor = actor("受理员")
    refused = await call.http.post(f"/flow/tasks/{task.id}/complete", json={"outcome": "ok"})
    assert (refused.status_code, refused.json()["code"]) == (409, "flow.subject_elsewhere")


async def test_strange_pages_are_refused(call: Caller) -> None:
    call.actor = actor("受理员")
    for path in ("/flow/tasks", "/instances"):
        assert (await call.http.get(path, params={"after": "x/y"})).status_code == 422
        assert (await call.http.get(path, params={"after": "2026-01-01/"})).status_code == 422


async def test_office_operations_over_http(call: Caller, office: Office) -> None:
    await office.publish(steps(["a", "b"], "operated"))
    call.actor = actor("受理员", STARTER)
    begun = (await call.http.post("/definitions/operated/instances", json={"area": AREA})).json()
    task, instance = begun["tasks"][0]["id"], begun["instance_id"]
    offered = (await call.http.get(f"/flow/tasks/{task}/options")).json()
    allowed = {option["operation"]: option for option in offered["operations"]}
    assert allowed["add_before"]["allowed"]
    assert allowed["add_to_round"]["why_not"]["zh"]
    missing = await call.http.post(f"/flow/tasks/{task}/acts", json={"verb": "add_before"})
    assert (missing.status_code, missing.json()["errors"][0]["where"]) == (422, "/people")
    dispatcher = str(person_id("派遣员"))
    added = await call.http.post(f"/flow/tasks/{task}/acts", json={"verb": "add_before", "people": [dispatcher]})
    assert [item["kind"] for item in added.json()["tasks"]] == ["before"]
    call.actor = actor("派遣员")
    consulted = (await call.http.get("/flow/tasks")).json()["items"][0]
    assert (consulted["kind"], consulted["of_task"]) == ("before", task)
    await call.http.post(f"/flow/tasks/{consulted['id']}/complete", json={"outcome": "agree", "note": "可以"})
    call.actor = actor("受理员", STARTER)
    done = await call.http.post(f"/flow/tasks/{task}/complete", json={"outcome": "ok"})
    assert [item["node"] for item in done.json()["tasks"]] == ["b"]
    back = await call.http.post(f"/flow/steps/{task}/recall", json={"reason": "点错了"})
    assert [item["node"] for item in back.json()["tasks"]] == ["a"]
    copied = await call.http.post(f"/instances/{instance}/copies", json={"people": [dispatcher], "note": "请知悉"})
    assert copied.json() == {"count": 1}
    assert (await call.http.post(f"/instances/{instance}/urge", json={"note": "抓紧"})).status_code == 204
    call.actor = actor("派遣员")
    mine = (await call.http.get("/flow/copies", params={"unread": True})).json()["items"]
    assert [item["note"] for item in mine] == ["请知悉"]
    assert (await call.http.post(f"/flow/copies/{mine[0]['id']}/read")).json()["read_at"]
    assert (await call.http.get(f"/instances/{instance}")).status_code == 200
    assert (await call.http.get("/flow/copies", params={"unread": True})).json()["items"] == []
