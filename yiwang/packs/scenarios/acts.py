"""The verbs of scenarios as calls of the public API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from yiwang.kernel.database import JsonObject
from yiwang.packs.loaded import City
from yiwang.packs.model.scenario import NODES, RESULTS, ScenarioStep
from yiwang.packs.remote import Remote, UploadedPhoto, objects
from yiwang.packs.scenarios.people import KnownCase, NobodyCan, People, Resident
from yiwang.packs.simulation.photos import Shot, draw_photo, fault_of

_PHOTO_KINDS = {"verify": "verify", "finish": "after", "check": "check", "report": "report"}
_PATHS = {
    "suspend": "suspend",
    "resume": "resume",
    "urge": "urge",
    "supervise": "supervise",
    "force_close": "force-close",
    "void": "void",
    "unfold": "unfold",
}
_DEFAULT_NOTE = "情况已核对,按规定办理。"


class Acts:
    """Carries out steps for one scenario. ``classes`` are class codes by Chinese name."""

    def __init__(self, city: City, people: People, classes: Mapping[str, str], cases: dict[str, KnownCase]) -> None:
        self._city, self._people, self._classes, self._cases = city, people, classes, cases

    async def report(self, step: ScenarioStep, remote: Remote, who: Resident | None, type_: str, now: datetime) -> None:
        """Open a case; its receipt is kept under the step's name."""
        lon, lat = self._place(step)
        photos = await self._photos(step, remote, now, lon, lat, step.text or "")
        body: JsonObject = {"type": type_, "channel": step.channel or "", "text": step.text or ""}
        if lon is not None and lat is not None:
            body |= {"lon": lon, "lat": lat}
        if step.class_ is not None:
            body["class_code"] = self._classes.get(step.class_, step.class_)
        if step.address is not None:
            body["address"] = step.address
        if step.urgency is not None:
            body["urgency"] = step.urgency
        phone = step.phone or (who.phone if who else "")
        if who is not None or phone:
            body["reporter"] = {"name": who.name if who else "", "phone": phone}
        body["photos"] = [photo.body() for photo in photos]
        body["fields"] = dict(step.fields)
        answer = await remote.post("/cases", body)
        self._cases[step.name or "case"] = KnownCase(
            str(answer["id"]), str(answer["number"]), str(answer["code"]), type_, remote.login
        )

    async def finish_task(self, step: ScenarioStep, remote: Remote, view: JsonObject, now: datetime) -> None:
        """Finish the live task at the verb's node with the outcome.

        Raises:
            NobodyCan: the case has no live task there.
        """
        nodes = (step.node,) if step.do == "step" and step.node else NODES[step.do]
        tasks = [task for task in objects(view.get("tasks")) if task.get("node") in nodes]
        if not tasks:
            live = ", ".join(str(task.get("node")) for task in objects(view.get("tasks"))) or "无"
            raise NobodyCan(f"没有在 {'/'.join(nodes)} 的任务,现在是 {live} · no live task there")
        result = step.result or RESULTS.get(step.do, ("done",))[0]
        if step.do == "visit" and step.solved is False and step.result is None:
            result = "not_solved"
        body: JsonObject = {"outcome": result}
        if step.do == "step":
            body |= dict(step.with_)
            if step.fields:
                body["fields"] = dict(step.fields)
        await self._given(step, body, view, str(tasks[0]["id"]), result, remote)
        lon, lat = view.get("lon"), view.get("lat")
        photos = await self._photos(
            step,
            remote,
            now,
            _number(lon),
            _number(lat),
            str(view.get("class_name")),
            mended=step.do in ("finish", "check"),
        )
        if photos:
            body["photos"] = [photo.body() for photo in photos]
        await remote.post(f"/tasks/{tasks[0]['id']}/complete", body)

    async def _given(
        self, step: ScenarioStep, body: JsonObject, view: JsonObject, task: str, result: str, remote: Remote
    ) -> None:
        """What the step says, and for needs that it leaves out what the API advises."""
        # A step that is to be refused for want of something sends only what it says.
        needs = set() if step.refused == "case.outcome_needs" else _needs(view, task, result)
        if step.note is not None or {"note", "reason"} & needs:
            body["note"] = step.note or _DEFAULT_NOTE
        if step.class_ is not None:
            body["class_code"] = self._classes.get(step.class_, step.class_)
        options = objects(view.get("class_options"))
        if step.standard is not None:
            body["standard"] = step.standard
        elif "standard" in needs and options and step.class_ is None:
            body["standard"] = options[0]["id"]
        advised = view.get("advised")
        if step.department is not None:
            body["department"] = step.department
        elif "department" in needs and isinstance(advised, dict):
            body["department"] = advised["department"]
        if step.section is not None:
            body["section"] = step.section
        if step.limit is not None:
            body["limit"] = step.limit
        if step.satisfaction is not None or "satisfaction" in needs:
            body["satisfaction"] = step.satisfaction or 5
        await self._handler(step, body, view, result, remote)

    async def _handler(
        self, step: ScenarioStep, body: JsonObject, view: JsonObject, result: str, remote: Remote
    ) -> None:
        login = step.handler
        if step.do == "receive" and result == "handle_self" and login is None:
            body["handler"] = str(remote.account_id)
        elif step.do == "receive" and result == "assign" and login is None:
            inside = step.section or _code(view.get("department"))
            login = await self._people.handler_for(inside) if inside else None
        if login is not None:
            body["handler"] = str((await self._people.signed_in(login)).account_id)

    async def on_case(self, step: ScenarioStep, remote: Remote, case: KnownCase, who: Resident | None) -> None:
        """A verb on the case itself."""
        note = step.note or _DEFAULT_NOTE
        receipt: JsonObject = {"number": case.number, "code": case.code}
        path = f"/cases/{case.id}"
        match step.do:
            case "request_extension":
                await remote.post(f"{path}/extension", {"limit": step.limit or "1工作日", "note": note})
            case "approve_extension":
                await remote.post(f"{path}/extension/decision", {"result": step.result or "approve", "note": note})
            case "fold":
                await remote.post(f"{path}/fold", {"head": self._cases[step.into or ""].number})
            case "reopen":
                await remote.post("/cases/reopen", {**receipt, "note": note})
            case "rate":
                await remote.post(
                    "/cases/rate", {**receipt, "satisfaction": step.satisfaction or 5, "note": step.note or ""}
                )
            case "urge" if who is not None:
                await remote.post("/cases/add", {**receipt, "note": note})
            case "reassign":
                await self._reassign(step, remote, case, note)
            case verb:
                await remote.post(f"{path}/{_PATHS[verb]}", {"note": note})

    async def _reassign(self, step: ScenarioStep, remote: Remote, case: KnownCase, note: str) -> None:
        view = await self._people.read(case, remote.login)
        tasks = objects(view.get("tasks"))
        if not tasks:
            raise NobodyCan("没有可转派的任务 · there is no live task")
        to = step.to or ""
        login = to if to in self._people.accounts else await self._people.choose(to, None, view)
        person = (await self._people.signed_in(login)).account_id
        await remote.post(f"/tasks/{tasks[0]['id']}/reassign", {"person": str(person), "note": note})

    def _place(self, step: ScenarioStep) -> tuple[float | None, float | None]:
        if isinstance(step.at, str):
            return self._city.file.value.places[step.at].at
        return step.at if step.at is not None else (None, None)

    async def _photos(
        self,
        step: ScenarioStep,
        remote: Remote,
        now: datetime,
        lon: float | None,
        lat: float | None,
        words: str,
        *,
        mended: bool = False,
    ) -> list[UploadedPhoto]:
        at = (lon, lat) if lon is not None and lat is not None else (0.0, 0.0)
        shot = Shot(f"{at[0]:.5f},{at[1]:.5f}", fault_of(words), now, at[0], at[1], mended)
        kind = _PHOTO_KINDS.get(step.do, "other")
        data = draw_photo(shot) if step.photos else b""
        return [await remote.upload(name, data, kind) for name in step.photos]


def _needs(view: JsonObject, task: str, outcome: str) -> set[str]:
    for item in objects(view.get("operations")):
        if item.get("task_id") == task and item.get("outcome") == outcome:
            needs = item.get("needs")
            return {str(need) for need in needs} if isinstance(needs, list) else set()
    return set()


def _code(value: object) -> str:
    return str(value["code"]) if isinstance(value, dict) and "code" in value else ""


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
