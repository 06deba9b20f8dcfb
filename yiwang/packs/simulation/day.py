"""The simulated day: matters are reported as they come up, tasks are taken up by whoever has them, all over the public API."""

from __future__ import annotations

import asyncio
import random
from collections import Counter, OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from zoneinfo import ZoneInfo

from yiwang.kernel.database import JsonObject
from yiwang.packs.remote import CityAway, Refused, Remote, UploadedPhoto, objects
from yiwang.packs.simulation.behaviour import minutes_for, working_moment
from yiwang.packs.simulation.clockwork import Act, Agenda, CityTime
from yiwang.packs.simulation.crew import Crew, Member
from yiwang.packs.simulation.decisions import Decisions
from yiwang.packs.simulation.matters import Matter, Matters
from yiwang.packs.simulation.photos import Shot, draw_photo, fault_of
from yiwang.packs.simulation.rates import next_arrival

OPENING = 12
"""Matters that are reported at once when the day begins and go through quickly, so that the city is alive from the start."""
OPENING_PACE = 0.12
REPEATED_SHARE = 0.08
BACKLOG = 400
"""Acts that may wait before new reports are left out: the machine is too slow for the speed."""
_REMEMBERED = 20_000
_POLL_SECONDS = 0.4
_TELL_SECONDS = 10.0
_AWAY_SECONDS = 3.0

Tell = Callable[[str], None]


@dataclass(slots=True)
class Tally:
    """What has been done so far."""

    reported: int = 0
    folded: int = 0
    steps: int = 0
    closed: int = 0
    reopened: int = 0
    left_out: int = 0
    refused: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Known:
    """What the simulation remembers of a case. ``chance`` decides its fate, whenever its steps happen to be done."""

    id: str
    chance: random.Random
    matter: Matter | None = None
    number: str = ""
    code: str = ""
    pace: float = 1.0
    absent: bool = False
    astray: bool = False
    twisted: bool = False

    @property
    def calm(self) -> bool:
        return self.pace < 1


class Day:
    """One day under way; :meth:`run` ends only when it is cancelled."""

    def __init__(
        self, crew: Crew, clock: CityTime, matters: Matters, *, rate: float, seed: int, tell: Tell, together: int = 8
    ) -> None:
        self.crew, self.clock, self.matters = crew, clock, matters
        self.decisions = Decisions(matters.city)
        self.agenda = Agenda(clock, together)
        self.tally = Tally()
        self.zone = ZoneInfo(clock.timezone)
        self._rate, self._seed, self._tell = rate, seed, tell
        self._arrivals = random.Random(f"{seed}/arrivals")  # noqa: S311 – a simulation, not a secret
        self._sequence = 0
        self._offered: OrderedDict[str, None] = OrderedDict()
        self._cases: OrderedDict[str, Known] = OrderedDict()

    async def run(self) -> None:
        """Report, work, tell, until cancelled."""
        began = self.clock.now()
        self._run = began.strftime("%m%d%H%M%S")
        # Begun again later in the same city, the day must not repeat the matters that it has reported already.
        self._sequence = int(began.timestamp()) // 3600 % 10_000 * 100_000
        for index in range(OPENING):
            self.agenda.at(began + timedelta(seconds=0.12 * index * self.clock.speed), self._reporting(OPENING_PACE))
        for index, act in enumerate(self.decisions.acts(self), start=1):
            self.agenda.at(began + timedelta(seconds=2.0 * index * self.clock.speed), act)
        self._next_report()
        jobs = [self.agenda.run(), self._look_round(), self._tell_now_and_then(), self.clock.keep()]
        tasks = [asyncio.ensure_future(job) for job in jobs]
        try:
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    # -- reporting -------------------------------------------------------------------------------------------------

    def _next_report(self) -> None:
        when = next_arrival(self._arrivals, self.clock.now(), self._rate, self.zone)

        async def come() -> None:
            self._next_report()
            if len(self.agenda) > BACKLOG:
                self.tally.left_out += 1
                return
            await self._reporting(1.0)()

        self.agenda.at(when, come)

    def _reporting(self, pace: float, matter: Matter | None = None) -> Act:
        """The act of reporting the next matter, or ``matter``; done again when the city is away."""
        sequence = self._sequence
        self._sequence += 1
        found = matter or self.matters.matter(sequence)

        async def report() -> None:
            try:
                await self._report(found, pace)
            except CityAway:
                self.later(report)
            except Refused as refused:
                self.refused(refused)

        return report

    async def _report(self, matter: Matter, pace: float) -> None:
        remote = await self._reporter(matter)
        spot = matter.spot
        body: JsonObject = {
            "type": matter.type,
            "channel": matter.channel,
            "text": matter.text,
            "lon": round(spot.lon, 6),
            "lat": round(spot.lat, 6),
            "address": spot.name,
            "photos": [
                photo.body() for photo in await self.photos(remote, matter, matter.photos, "report", mended=False)
            ],
        }
        if fields := self.matters.fields(matter, self.clock.now().astimezone(self.zone).date()):
            body["fields"] = fields
        if matter.chosen_class:
            body["class_code"] = matter.kind.code
        if matter.post in ("", "operator", "acceptor", "elder-operator"):
            body["reporter"] = {"name": matter.name, "phone": matter.phone}
        answer = await remote.post("/cases", body, key=f"day-{self._seed}-{self._run}-{matter.sequence}")
        known = self.known(str(answer["id"]), str(answer["number"]), matter)
        known.number, known.code, known.pace = str(answer["number"]), str(answer["code"]), pace
        self.tally.reported += 1
        if answer.get("head_number"):
            self.tally.folded += 1
            return
        await self.look_who_is_next(known)
        if not matter.again and matter.post == "" and known.chance.random() < REPEATED_SHARE:
            again = self.matters.repeated(matter, self._sequence)
            self.agenda.after(timedelta(minutes=known.chance.uniform(8, 40)), self._reporting(1.0, again))

    async def _reporter(self, matter: Matter) -> Remote:
        if not matter.post:
            return self.crew.stranger()
        members = self.crew.reporters(matter.post, matter.spot.street)
        if not members:
            raise Refused(0, "nobody", f"no demo account holds {matter.post}", {})
        return (await self.crew.at_work(members[matter.sequence % len(members)].login)).remote

    async def photos(
        self, remote: Remote, matter: Matter | None, count: int, kind: str, *, mended: bool
    ) -> list[UploadedPhoto]:
        """Draw and upload; the street is the same in all photos of a matter."""
        if matter is None:
            return []
        spot = matter.spot
        words = matter.kind.names.zh + matter.kind.group.zh
        shot = Shot(f"{matter.sequence}", fault_of(words), self.clock.now(), spot.lon, spot.lat, mended)
        data = await asyncio.to_thread(draw_photo, shot, self.zone) if count else b""
        return [await remote.upload(f"{kind}-{number + 1}.jpg", data, kind) for number in range(count)]

    def known(self, case_id: str, number: str, matter: Matter | None = None) -> Known:
        """What is remembered of a case; of one that others reported, its number decides its fate."""
        found = self._cases.get(case_id)
        if found is None:
            fate = f"{self._seed}/{matter.sequence}/fate" if matter else f"{self._seed}/{number}"
            found = Known(case_id, random.Random(fate), matter, number)  # noqa: S311 – a simulation, not a secret
            self._cases[case_id] = found
            while len(self._cases) > _REMEMBERED:
                self._cases.popitem(last=False)
        return found

    # -- tasks -----------------------------------------------------------------------------------------------------

    async def look_who_is_next(self, known: Known) -> None:
        """Let the people who have the case's live tasks take them up."""
        for watcher in self.crew.watchers():
            try:
                view = await (await self.crew.at_work(watcher.login)).remote.get(f"/cases/{known.id}")
            except Refused as refused:
                self.crew.signed_out(refused, watcher.login)
                continue
            for task in objects(view.get("tasks")):
                facing = self.crew.facing(task)
                if facing:
                    self.offer(known.chance.choice(facing), task, known, urgent=view.get("urgency") == "urgent")
            return

    def offer(self, member: Member, task: JsonObject, known: Known, *, urgent: bool) -> None:
        """Put the task on the member's agenda, once."""
        task_id, node = str(task["id"]), str(task["node"])
        if task_id in self._offered:
            return
        self._offered[task_id] = None
        while len(self._offered) > 4 * _REMEMBERED:
            self._offered.popitem(last=False)
        after = minutes_for(known.chance, node, urgent=urgent, pace=known.pace)
        post = str(task.get("post") or "handler")
        when = working_moment(self.clock.now() + after, post, self.zone, urgent=urgent or known.calm)
        self.agenda.at(when, self._working(member, task_id, known))

    def _working(self, member: Member, task_id: str, known: Known) -> Act:
        from yiwang.packs.simulation.work import Work

        async def work() -> None:
            try:
                await Work(self, known).do(await self.crew.at_work(member.login), task_id)
            except CityAway:
                self.later(work)
            except Refused as refused:
                if self.crew.signed_out(refused, member.login):
                    self.later(work)
                else:
                    self.refused(refused)
                    self._offered.pop(task_id, None)

        return work

    def later(self, act: Act) -> None:
        """Try again after a few real seconds."""
        self.agenda.after(timedelta(seconds=_AWAY_SECONDS * max(self.clock.speed, 1.0)), act)

    async def _look_round(self) -> None:
        """Ask one member after another for their list, for tasks that nobody was told of (reports by others, timers)."""
        while True:
            for login in list(self.crew.members):
                await asyncio.sleep(_POLL_SECONDS)
                try:
                    member = await self.crew.at_work(login)
                    found = await member.remote.get("/tasks", {"limit": 50})
                except (CityAway, Refused) as error:
                    if isinstance(error, Refused):
                        self.crew.signed_out(error, login)
                    continue
                for task in objects(found.get("items")):
                    case = task.get("case")
                    if isinstance(case, dict):
                        known = self.known(str(case["id"]), str(case["number"]))
                        self.offer(member, task, known, urgent=case.get("urgency") == "urgent")

    async def _tell_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(_TELL_SECONDS)
            self._tell(self.line())

    def refused(self, refused: Refused) -> None:
        """Count a refusal; the first of each kind is told."""
        if refused.code not in self.tally.refused:
            self._tell(f"被拒 {refused}")
        self.tally.refused[refused.code] += 1

    def line(self) -> str:
        """One line of where the day stands."""
        tally, now = self.tally, self.clock.now().astimezone(self.zone)
        refused = sum(tally.refused.values())
        return (
            f"{now:%m-%d %H:%M} 上报 {tally.reported}(并案 {tally.folded}) 办理 {tally.steps} 步 结案 {tally.closed}"
            f" 重开 {tally.reopened} 被拒 {refused} 待办 {len(self.agenda)} 时速 {self.clock.speed:g}×"
        )
