"""Executes scenarios: named people sign in and act through the public API, the city's clock stands still between steps.

Each scenario has a city of its own, opened by the caller at the time that the scenario gives. Nothing but HTTP is used, so
the same run works on an application in this process and on a server elsewhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Problem
from yiwang.packs.check.scenarios import scenario_cities
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import City, Loaded, Pack
from yiwang.packs.loader import load_city, load_pack, pack_folders
from yiwang.packs.model.scenario import (
    SCORE_VERBS,
    SENSE_VERBS,
    THING_VERBS,
    Expectation,
    Scenario,
    ScenarioFile,
    ScenarioStep,
    moment,
    parse_span,
)
from yiwang.packs.remote import CityAway, Refused, Remote, objects
from yiwang.packs.scenarios.acts import Acts
from yiwang.packs.scenarios.devices import OWN_KEYS, Devices
from yiwang.packs.scenarios.people import Door, KnownCase, NobodyCan, People, Resident, all_tasks
from yiwang.packs.scenarios.report import Difference, ScenarioReport, ScenarioResult, StepFailure, step_line
from yiwang.packs.scenarios.scores import counted, see_scores
from yiwang.packs.scenarios.seeing import Sight
from yiwang.packs.scenarios.things import Things

patience_seconds = 15.0
"""How long a city is given to let its timers fire after its clock was moved."""


class OpenCity(Protocol):
    """Opens a fresh city of this folder whose simulated clock stands at ``at``, demo accounts included."""

    def __call__(self, folder: Path, at: datetime) -> AbstractAsyncContextManager[Door]: ...


class ScenarioNotReady(Exception):
    """The packs or cities hold errors, so that scenarios cannot run; ``text`` lists them."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(text)


async def run_scenarios(
    packs: Path,
    open_city: OpenCity,
    *,
    files: Sequence[Path] = (),
    only: Sequence[str] = (),
    cities: Path | None = None,
    tests: Path | None = None,
    tell: Tell | None = None,
    done: Done | None = None,
) -> ScenarioReport:
    """Run every scenario of the packs, or those of ``files``, or those named in ``only`` (id or pack/id). ``done`` hears of
    each when it has ended, with its place among all: (result, 3, 20).

    Raises:
        ScenarioNotReady: a pack or city cannot be read; `yiwang check` says why.
    """
    findings = Findings()
    loaded = {folder.name: pack for folder in pack_folders(packs) if (pack := load_pack(folder, findings)) is not None}
    folders = scenario_cities(cities or packs.parent / "cities", tests or packs.parent / "tests")
    wanted = {path.resolve() for path in files}
    chosen = [
        (pack, file, number)
        for pack in loaded.values()
        for file in pack.scenarios
        if not wanted or file.source.path.resolve() in wanted
        for number, scenario in enumerate(file.value.scenarios)
        if not only or {scenario.id, f"{pack.id}/{scenario.id}"} & set(only)
    ]
    opened: dict[str, City] = {}
    for name in {file.value.scenarios[number].given.city for _, file, number in chosen}:
        city = load_city(folders[name], packs, findings) if name in folders else None
        if city is not None:
            opened[name] = city
    if findings.errors:
        raise ScenarioNotReady("\n".join(item.line_of_text() for item in findings.sorted() if item.level == "error"))
    results = []
    for pack, file, number in chosen:
        city = opened[file.value.scenarios[number].given.city]
        result = await _run_one(pack, city, file, number, open_city, tell)
        results.append(result)
        if done is not None:
            done(result, len(results), len(chosen))
    return ScenarioReport(tuple(results))


class Tell(Protocol):
    """Hears of each scenario as it begins and of each of its steps as it is done, in a line of words."""

    def __call__(self, text: str) -> None: ...


class Done(Protocol):
    """Hears of each scenario that has ended."""

    def __call__(self, result: ScenarioResult, number: int, of: int) -> None: ...


async def _run_one(
    pack: Pack, city: City, file: Loaded[ScenarioFile], number: int, open_city: OpenCity, tell: Tell | None
) -> ScenarioResult:
    scenario = file.value.scenarios[number]
    began = time.perf_counter()
    failure: StepFailure | None = None
    async with open_city(city.folder, scenario.given.at) as door, _people(city, door) as people:
        run = _Run(pack, city, people, scenario)
        if tell is not None:
            tell(f"{pack.id}/{scenario.id} {scenario.title.zh}")
        for index, step in enumerate(scenario.steps):
            place = file.source.place((number, "steps", index))
            try:
                differences = await run.step(step)
                reason = ""
            except (Refused, NobodyCan, CityAway, _NotRefused) as error:
                differences, reason = [], str(error)
            except Problem as problem:  # what the machine lacks fails this scenario; the others are walked all the same
                differences, reason = [], f"{problem.message('zh')} · {problem.message('en')}"
            if tell is not None:
                tell(step_line(index + 1, step, held=not (differences or reason)))
            if differences or reason:
                failure = StepFailure(place, index + 1, step.as_, step.do, reason, tuple(differences))
                break
        await run.devices.close()
    clauses = () if failure else tuple(sorted({clause for step in scenario.steps for clause in step.answers}))
    return ScenarioResult(
        pack.id,
        scenario.id,
        scenario.title.zh,
        scenario.title.en,
        file.source.place((number,)),
        len(scenario.steps),
        time.perf_counter() - began,
        clauses,
        failure,
    )


@asynccontextmanager
async def _people(city: City, door: Door) -> AsyncIterator[People]:
    people = People(city, door)
    try:
        yield people
    finally:
        await people.close()


class _NotRefused(Exception):
    """A step that had to be refused was not, or with another code, or it changed something."""


class _Run:
    """One scenario under way."""

    def __init__(self, pack: Pack, city: City, people: People, scenario: Scenario) -> None:
        self._city, self._people = city, people
        self._cases: dict[str, KnownCase] = {}
        self._type = scenario.given.type or next((case.value.id for case in pack.cases), "")
        self._last = "case"
        reach = [pack, *(one for one in city.packs if one.id != pack.id)]
        classes = {
            item.names.zh: item.code for one in reversed(reach) for tree in one.classes for item in tree.value.classes
        }
        self._posts = {
            task.id: task.who.post
            for one in reversed(reach)
            for flow in one.flows
            if flow.graph
            for task in flow.graph.tasks
        }
        self._acts = Acts(city, people, classes, self._cases)
        self._things = Things(city)
        self.devices = Devices(city, people, scenario.given.devices, self._cases, tuple(reach), self._advance)
        self._moved = False
        self._at = scenario.given.at
        self._scenario = scenario

    async def step(self, step: ScenarioStep) -> list[Difference]:
        """Do one step and look; the differences between what was expected and what was seen."""
        if step.after is not None:
            await self._advance(parse_span(step.after))
        await self.devices.register()
        if step.do == "advance_clock":
            await self._advance(parse_span(step.by) if step.by else moment(step.to or "") - await self._now())
        elif step.do in SENSE_VERBS:
            differences = await self._sense(step)
            if differences or not self._about_a_case(step):
                return differences
        else:
            if counted(step):
                await self._people.door.count()
            await self._act(step)
        if step.expect is None:
            return []
        return await self._look(step, step.expect)

    async def _sense(self, step: ScenarioStep) -> list[Difference]:
        """What a device does, or what somebody sees of devices and alarms."""
        if step.do == "measure":
            await self.devices.measure(step, self._now)
            return []
        _, remote, _ = await self._actor(step, None)
        if step.do == "read":
            return await self.devices.read(step, remote)
        self._last = step.name or "case"
        return await self.devices.alarm(step, remote)

    def _about_a_case(self, step: ScenarioStep) -> bool:
        """Whether the step also says how the case must look that the alarm opened."""
        return step.expect is not None and bool(step.expect.model_fields_set - OWN_KEYS)

    async def _now(self) -> datetime:
        return datetime.fromisoformat(str((await self._clock().get("/clock"))["now"]))

    def _clock(self) -> Remote:
        return self._people.resident("").remote

    async def _advance(self, by: timedelta) -> None:
        now = await self._now()
        await self._clock().put("/clock", {"to": (now + by).isoformat()})
        await self._people.door.settle()
        self._moved = True

    async def _act(self, step: ScenarioStep) -> None:
        name = step.name or ("case" if step.do == "report" else self._last)
        if step.do not in THING_VERBS | SCORE_VERBS | {"tasks"}:
            self._last = name
        if step.refused is None:
            await self._do(step, name)
            return
        before = await self._story_length(name)
        try:
            await self._do(step, name)
        except Refused as refused:
            wanted = step.refused
            good = refused.code.startswith(wanted[:-1]) if wanted.endswith("*") else refused.code == wanted
            if not good:
                raise _NotRefused(f"应以 {wanted} 拒绝,实为 {refused}") from refused
        else:
            raise _NotRefused(f"应以 {step.refused} 拒绝,却成功了")
        if await self._story_length(name) != before:
            raise _NotRefused("被拒绝的操作改变了案件经过")

    async def _story_length(self, name: str) -> int:
        case = self._cases.get(name)
        return len(await self._story(case, None)) if case else 0

    async def _story(self, case: KnownCase, reader: str | None) -> list[JsonObject]:
        await self._people.read(case, reader)
        remote = await self._people.signed_in(case.reader)
        return objects((await remote.get(f"/cases/{case.id}/story", {"limit": 500})).get("items"))

    async def _do(self, step: ScenarioStep, name: str) -> None:
        if step.do in THING_VERBS:
            _, remote, _ = await self._actor(step, None)
            await self._things.act(step, remote)
            return
        if step.do in SCORE_VERBS:
            if step.expect is None or step.refused is not None:
                _, remote, _ = await self._actor(step, None)
                await see_scores(step, remote, None)
            return
        case = None if step.do == "report" else self._cases.get(name)
        if case is None and step.do not in ("report", "tasks"):
            raise NobodyCan(f"没有叫“{name}”的案件 · there is no case named so")
        resident, remote, view = await self._actor(step, case)
        if step.do == "report":
            await self._acts.report(step, remote, resident, step.type or self._type, await self._now())
        elif step.do in ("look", "track", "tasks"):
            return
        elif case is not None and step.do in _TASK_VERBS:
            view = view or await self._people.read(case, remote.login or None)
            await self._acts.finish_task(step, remote, view, await self._now())
        elif case is not None:
            await self._acts.on_case(step, remote, case, resident)

    async def _actor(
        self, step: ScenarioStep, case: KnownCase | None
    ) -> tuple[Resident | None, Remote, JsonObject | None]:
        """Who acts: a resident, a login, or the one of a kind of post who can."""
        kind, _, name = step.as_.partition(":")
        if kind == "resident":
            resident = self._people.resident(name)
            return resident, resident.remote, None
        if step.as_ in self._people.accounts:
            return None, await self._people.signed_in(step.as_), None
        view = await self._people.read(case, None) if case is not None else None
        login = await self._people.choose(step.as_, case, view)
        return None, await self._people.signed_in(login), view

    async def _look(self, step: ScenarioStep, expected: Expectation) -> list[Difference]:
        """Look until everything holds; only where the clock was moved is the city given time for its timers."""
        until = time.monotonic() + (patience_seconds if self._moved else 0.0)
        while True:
            differences = await self._see(step, expected)
            if not differences or time.monotonic() >= until:
                self._moved = False
                return differences
            await asyncio.sleep(0.1)

    async def _see(self, step: ScenarioStep, expected: Expectation) -> list[Difference]:
        if step.do in ("view", "send", "take"):
            _, remote, _ = await self._actor(step, None)
            return await self._things.see(step, remote, expected)
        if step.do in SCORE_VERBS:
            _, remote, _ = await self._actor(step, None)
            return await see_scores(step, remote, expected)
        if step.do == "tasks":
            return await self._see_tasks(step, expected)
        case = self._cases.get(self._last)
        if case is None:
            return [Difference("case", self._last, "无")]
        if step.do == "track":
            remote = self._people.resident(step.as_.partition(":")[2]).remote
            page = await remote.post("/cases/follow", {"number": case.number, "code": case.code})
            story = objects(page.get("story"))
        else:
            page = await self._people.read(case, step.as_)
            story = await self._story(case, step.as_)
        sight = Sight(self._city, self._cases, await self._now(), page, story, self._posts)
        return sight.differences(expected)

    async def _see_tasks(self, step: ScenarioStep, expected: Expectation) -> list[Difference]:
        _, remote, _ = await self._actor(step, None)
        mine = {str(task["case"]["id"]) for task in await all_tasks(remote) if isinstance(task.get("case"), dict)}  # type: ignore[index,call-overload]
        has = [name for name in expected.has or [] if self._cases[name].id not in mine]
        lacks = [name for name in expected.lacks or [] if self._cases[name].id in mine]
        return [Difference("has", name, "不在任务列表") for name in has] + [
            Difference("lacks", name, "在任务列表里") for name in lacks
        ]


_TASK_VERBS = frozenset(
    {"verify", "accept", "dispatch", "receive", "finish", "confirm", "check", "close", "visit", "step"}
)
