"""One step of one person in the simulated city: read the case, decide, write, and see that the next one takes it up."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from yiwang.kernel.database import Json, JsonObject
from yiwang.packs.remote import CityAway, Refused, objects
from yiwang.packs.simulation import texts
from yiwang.packs.simulation.behaviour import Way, choose_way
from yiwang.packs.simulation.crew import Member

if TYPE_CHECKING:
    from yiwang.packs.simulation.day import Day, Known

_PHOTOS = {"verify": ("verify", 0.6, False), "handle": ("after", 1.0, True), "check": ("check", 0.9, True)}
"""By node: kind, share of steps with a photo, and whether the fault is gone."""
_ASTRAY = 0.04
_BETWEEN_TRIES = timedelta(hours=4)
_UNTIL_ASKED, _ACCEPTED = timedelta(minutes=30), 0.85
"""Until the desk looks again for an offer that was asked; the share of those that accept."""
_SATISFACTION = ((5, 0.5), (4, 0.3), (3, 0.12), (2, 0.05), (1, 0.03))


class Work:
    """Finishes tasks of one case and brings about what happens around them."""

    def __init__(self, day: Day, known: Known) -> None:
        self._day, self._known = day, known
        self._chance = known.chance

    async def do(self, member: Member, task_id: str) -> None:
        """Finish the task, unless somebody else did.

        Raises:
            CityAway, Refused: to be tried again, or given up, by the caller.
        """
        view = await member.remote.get(f"/cases/{self._known.id}")
        task = next((item for item in objects(view.get("tasks")) if item.get("id") == task_id), None)
        ways = [item for item in objects(view.get("operations")) if item.get("task_id") == task_id]
        if task is None or not ways:
            return
        if view.get("suspended") is True:
            self._day.agenda.after(_BETWEEN_TRIES, lambda: self.do(member, task_id))
            return
        node = str(task["node"])
        if node == "match" and await self._answered(member, task_id):
            return
        decisions, case_type = self._day.decisions, str(view.get("type"))
        if decisions.waits(case_type, node):
            return
        if decisions.divides(case_type, node):
            await decisions.divide(self._day, self._known, member, str(view.get("text")))
            self._day.tally.steps += 1
            return
        way = self._decide(node, [str(item["outcome"]) for item in ways])
        needs = next(item.get("needs") for item in ways if item.get("outcome") == way.outcome)
        body = await self._body(member, view, node, way, set(map(str, needs)) if isinstance(needs, list) else set())
        asked = next(item.get("fields") for item in ways if item.get("outcome") == way.outcome)
        if isinstance(asked, dict) and (given := self._filled(asked)):
            body["fields"] = given
        answer = await member.remote.post(f"/tasks/{task_id}/complete", body)
        self._day.tally.steps += 1
        if answer.get("state") != "open":
            self._ended(str(answer.get("state")))
            return
        await self._day.look_who_is_next(self._known)
        if node == "receive" and not self._known.calm and not self._known.twisted:
            self._known.twisted = True
            self._twist(member)

    async def _answered(self, member: Member, task_id: str) -> bool:
        """A case that waits to be matched: whoever was asked answers, by the desk; whether there is such a rule."""
        try:
            found = await member.remote.get(f"/cases/{self._known.id}/matches")
        except Refused as refused:
            if refused.status in (403, 404):  # such cases are not matched, or by others
                return False
            raise
        asked = next((item for item in objects(found.get("proposals")) if item.get("state") == "open"), None)
        if asked is None:
            self._day.agenda.after(_UNTIL_ASKED, lambda: self.do(member, task_id))
            return True
        accepted = self._chance.random() < _ACCEPTED
        body: JsonObject = {
            "accepted": accepted,
            "reason": "" if accepted else texts.words_of(self._chance, texts.EXPLAINED),
        }
        await member.remote.post(f"/match-proposals/{asked['id']}/answer", body)
        if accepted:
            self._day.tally.steps += 1
            await self._day.look_who_is_next(self._known)
        else:
            self._day.agenda.after(_UNTIL_ASKED, lambda: self.do(member, task_id))
        return True

    def _decide(self, node: str, outcomes: list[str]) -> Way:
        known = self._known
        way = choose_way(self._chance, node, outcomes, calm=known.calm, absent=known.absent)
        if known.astray and node == "receive" and "back" in outcomes:
            known.astray = False
            return Way("back", 1.0, texts.RETURNED)
        known.absent = known.absent or way.outcome == "not_exist"
        return way

    async def _body(self, member: Member, view: JsonObject, node: str, way: Way, needs: set[str]) -> JsonObject:
        closing = self._known.matter.standard.closing.zh if self._known.matter else ""
        note = texts.words_of(self._chance, way.notes, closing)
        if not note and needs & {"note", "reason"}:
            note = texts.words_of(self._chance, texts.DONE)
        body: JsonObject = {"outcome": way.outcome}
        if note:
            body["note"] = note
        if "standard" in needs or (node == "accept" and way.outcome == "file"):
            self._classify(body, view)
        if "department" in needs:
            body["department"] = self._department(view)
        if node in ("receive", "rework") and way.outcome in ("assign", "handle_self"):
            body["handler"] = await self._handler(member, view, way.outcome)
        if "satisfaction" in needs:
            body["satisfaction"] = self._mark(1, 2) if way.outcome == "not_solved" else self._mark(1, 5)
        kind, share, mended = _PHOTOS.get(node, ("other", 0.0, False))
        wanted = "photos" in needs or self._chance.random() < share
        fixed = mended and way.outcome != "not_pass"
        photos = await self._day.photos(member.remote, self._known.matter, int(wanted), kind, mended=fixed)
        if photos:
            body["photos"] = [photo.body() for photo in photos]
        return body

    def _filled(self, asked: JsonObject) -> JsonObject:
        """What the step's form must have: the first choice, no rather than yes, a number in the upper part of its range."""
        found: JsonObject = {}
        for name, item in asked.items():
            schema = item.get("schema") if isinstance(item, dict) else None
            if not isinstance(item, dict) or item.get("required") is not True or not isinstance(schema, dict):
                continue
            options, names = schema.get("enum"), item.get("names")
            called = str(names.get("zh", "")) if isinstance(names, dict) else ""
            if isinstance(options, list) and options:
                found[name] = texts.CHOSEN[called] if texts.CHOSEN.get(called) in options else options[0]
            else:
                found[name] = self._value(schema, called)
        return found

    def _value(self, schema: JsonObject, name: str) -> Json:
        low, high = schema.get("minimum"), schema.get("maximum")
        match schema.get("type"):
            case "boolean":
                return False
            case "number" | "integer":
                least = float(low) if isinstance(low, int | float) else 0.0
                most = float(high) if isinstance(high, int | float) else least + 10.0
                return round(self._chance.triangular(least, most, most - (most - least) * 0.1))
            case _:
                if schema.get("format") == "date":
                    return self._day.clock.now().date().isoformat()
                return texts.field_text(self._known.id, name)

    def _classify(self, body: JsonObject, view: JsonObject) -> None:
        """The class that the reporter meant, with its standard; of others' reports the first standard of the class."""
        matter, options = self._known.matter, objects(view.get("class_options"))
        if matter is not None:
            if view.get("class_code") != matter.kind.code:
                body["class_code"] = matter.kind.code
            body["standard"] = matter.standard.id
        elif options:
            body["standard"] = options[0]["id"]

    def _department(self, view: JsonObject) -> str:
        advised, matter = view.get("advised"), self._known.matter
        right = str(advised["department"]) if isinstance(advised, dict) else ""
        usual = matter.kind.department if matter else None
        if right and not self._known.calm and self._chance.random() < _ASTRAY and usual and usual != right:
            self._known.astray = True
            return usual
        return right or usual or "street"

    async def _handler(self, member: Member, view: JsonObject, outcome: str) -> str:
        department = view.get("department")
        handlers = self._day.crew.handlers(str(department["code"])) if isinstance(department, dict) else []
        if outcome == "handle_self" or not handlers:
            return str(member.remote.account_id)
        chosen = await self._day.crew.at_work(self._chance.choice(handlers).login)
        return str(chosen.remote.account_id)

    def _mark(self, low: int, high: int) -> int:
        marks = [(mark, share) for mark, share in _SATISFACTION if low <= mark <= high]
        return self._chance.choices([mark for mark, _ in marks], [share for _, share in marks])[0]

    # -- what happens around a case ------------------------------------------------------------------------------

    def _twist(self, desk: Member) -> None:
        """Sometimes the department asks for time, the case is suspended, or somebody urges."""
        roll, crew, chance = self._chance.random(), self._day.crew, self._chance
        soon = timedelta(minutes=chance.uniform(5, 40))
        if roll < 0.05:
            note = texts.words_of(chance, texts.EXTENSIONS)
            limit = chance.choice(("4工作时", "1工作日", "2工作日"))
            self._act(soon, desk, "extension", {"limit": limit, "note": note})
            approve = "approve" if chance.random() < 0.8 else "refuse"
            for dispatcher in crew.holding("dispatcher")[:1]:
                answer: JsonObject = {"result": approve, "note": "同意" if approve == "approve" else "请按期办理"}
                self._act(soon * 2 + timedelta(minutes=15), dispatcher, "extension/decision", answer)
        elif roll < 0.07:
            for dispatcher in crew.holding("dispatcher")[:1]:
                note = texts.words_of(chance, texts.SUSPENSIONS)
                self._act(soon, dispatcher, "suspend", {"note": note})
                self._act(
                    timedelta(hours=chance.uniform(20, 60)), dispatcher, "resume", {"note": "条件具备,恢复办理。"}
                )
        elif roll < 0.1:
            for leader in crew.holding("leader")[:1] or crew.holding("supervisor")[:1]:
                self._act(soon, leader, "supervise", {"note": texts.words_of(chance, texts.SUPERVISIONS)})
        elif roll < 0.14:
            for supervisor in crew.holding("supervisor")[:1]:
                self._act(soon, supervisor, "urge", {"note": texts.words_of(chance, texts.URGINGS)})

    def _act(self, after: timedelta, member: Member, verb: str, body: JsonObject) -> None:
        """A verb on the case by a member, later; given up when the case has gone on meanwhile."""

        async def act() -> None:
            try:
                at_work = await self._day.crew.at_work(member.login)
                await at_work.remote.post(f"/cases/{self._known.id}/{verb}", body)
            except (CityAway, Refused) as error:
                if isinstance(error, Refused) and not self._day.crew.signed_out(error, member.login):
                    self._day.refused(error)

        self._day.agenda.after(after, act)

    def _ended(self, state: str) -> None:
        """The case is over; its reporter may say what they think of it."""
        known, chance = self._known, self._chance
        if state != "closed":
            return
        self._day.tally.closed += 1
        if known.matter is None or known.matter.post or known.calm:
            return
        roll = chance.random()
        if roll < 0.05:
            self._day.agenda.after(timedelta(minutes=chance.uniform(20, 600)), self._reopen)
        elif roll < 0.4:
            self._day.agenda.after(timedelta(minutes=chance.uniform(20, 300)), self._rate)

    async def _reopen(self) -> None:
        note = texts.words_of(self._chance, texts.COMPLAINTS)
        if await self._as_reporter("reopen", {"note": note}):
            self._day.tally.reopened += 1
            await self._day.look_who_is_next(self._known)

    async def _rate(self) -> None:
        await self._as_reporter("rate", {"satisfaction": self._mark(1, 5)})

    async def _as_reporter(self, verb: str, more: JsonObject) -> bool:
        receipt: JsonObject = {"number": self._known.number, "code": self._known.code}
        try:
            await self._day.crew.stranger().post(f"/cases/{verb}", {**receipt, **more})
        except CityAway:
            return False
        except Refused as refused:
            self._day.refused(refused)
            return False
        return True
