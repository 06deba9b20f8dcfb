"""Every place of the table of operations for real: a small definition per kind, and an instance brought into each state.

In each definition a step ``first`` leads to the place. Where the place is a step, it is the second of two of its kind
(``x1``, then ``x2``), so that there is a finished step of the same kind to recall, and what followed from it is the place.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from tests.flow.offices import Drawing, Office, actor, at, event, person_id, sub_process
from yiwang.flow.legality import WAITING_KINDS, Kind, State
from yiwang.flow.model import Definition, StepRow, TaskRow
from yiwang.flow.walk.queues import queue_of_task
from yiwang.kernel.access import SYSTEM, Actor

PEOPLE = (
    *("受理员", "派遣员", "派遣员二", "管理员", "水务窗口", "排水班长"),
    *("网格员甲", "网格员乙", "镇巡查员", "审核员", "排水工"),
)
NAMES = {person_id(name): name for name in PEOPLE}
SIGNERS = ("派遣员", "派遣员二", "审核员")
DIRECT = "排水班长"
ADDED = ("水务窗口", "网格员乙", "镇巡查员")

WHO = '<yiwang:who person="=direct" post="acceptor"/>'
STEP = 'deadline="3工作日"'
LATE = (
    '<yiwang:overtime after="1工作时" do="remind"/>'
    '<yiwang:overtime after="2工作时" do="escalate"><yiwang:who post="dispatcher"/></yiwang:overtime>'
    '<yiwang:overtime after="3工作时" do="pass"/>'
    '<yiwang:overtime after="4工作时" do="return"/>'
)
MESSAGE = '<bpmn:message id="m" name="paper"/>'
EXPECTED = event("message", 'messageRef="m"')


def _pair(drawing: Drawing) -> Drawing:
    return drawing.task("x1", "agree no", who=WHO, step=STEP).task("x2", "agree no", who=WHO, step=STEP, extra=LATE)


def _around(key: str) -> Drawing:
    return Drawing(key, outside=MESSAGE).start().task("first", "agree no").task("last", "agree no").end()


def _round(key: str, *, sequential: bool, step: str = STEP, extra: str = LATE) -> Drawing:
    multi = (
        f'<bpmn:multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}"><bpmn:extensionElements>'
        '<yiwang:multi people="=people"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
    )
    drawing = _around(key).task("x2", "agree no", step=step, extra=extra)
    task = drawing.parts.pop()
    drawing.parts.append(task.replace("</bpmn:userTask>", f"{multi}</bpmn:userTask>"))
    return drawing.line("start", "first", "x2", "last", "end")


def drawings(kind: Kind) -> list[Drawing]:
    """The definitions of a kind, the one to start last."""
    key = f"place-{kind.replace('_', '-')}"
    match kind:
        case "sub":
            inner = _pair(Drawing().node("startEvent", "in")).node("endEvent", "out").line("in", "x1", "x2", "out")
            drawing = _around(key)
            drawing.parts.append(sub_process("box", inner))
            return [drawing.line("start", "first", "box", "last", "end")]
        case "call":
            called = _pair(Drawing("place-called").start()).end().line("start", "x1", "x2", "end")
            drawing = _around(key).node("callActivity", "box", 'calledElement="place-called"')
            return [called, drawing.line("start", "first", "box", "last", "end")]
        case "branch":
            drawing = _pair(_around(key)).task("other", "agree no").parallel("fork").parallel("join")
            drawing.line("start", "first", "fork", "x1", "x2", "join", "last", "end")
            return [drawing.line("fork", "other", "join")]
        case "round_parallel" | "round_sequential":
            return [_round(key, sequential=kind == "round_sequential")]
        case "event":
            drawing = _around(key).node("intermediateCatchEvent", "wait", inner=EXPECTED)
        case "receive":
            drawing = _around(key).node("receiveTask", "wait", 'messageRef="m"')
        case "work":
            settings = '<bpmn:extensionElements><yiwang:work topic="stamp"/></bpmn:extensionElements>'
            drawing = _around(key).node("serviceTask", "wait", inner=settings)
        case "gateway":
            drawing = _around(key).node("eventBasedGateway", "wait").node("exclusiveGateway", "merge")
            drawing.node("intermediateCatchEvent", "paid", inner=EXPECTED)
            late = event("timer", "<bpmn:timeDuration>PT200H</bpmn:timeDuration>")
            drawing.node("intermediateCatchEvent", "late", inner=late)
            drawing.line("start", "first", "wait", "paid", "merge", "last", "end")
            return [drawing.line("wait", "late", "merge")]
        case _:
            return [_pair(_around(key)).line("start", "first", "x1", "x2", "last", "end")]
    return [drawing.line("start", "first", "wait", "last", "end")]


@dataclass(frozen=True)
class Place:
    """An instance with the task that is the place (where it waits without one: the step before), and the step to recall."""

    case: UUID
    task: UUID
    step: StepRow
    request: UUID
    kind: Kind
    states: tuple[State, ...]


@dataclass
class Places:
    """Brings instances to their places; each state of a kind once. ``base``: the last state of a suspended task."""

    office: Office
    definitions: dict[Kind, Definition] = field(default_factory=dict)
    known: dict[tuple[Kind, State, State], Place] = field(default_factory=dict)

    async def at(self, kind: Kind, state: State, base: State = "claimed") -> Place:
        if (kind, state, base) not in self.known:
            self.known[kind, state, base] = await self._bring(kind, state, base)
        return self.known[kind, state, base]

    async def _definition(self, kind: Kind) -> Definition:
        if kind not in self.definitions:
            for drawing in drawings(kind):
                self.definitions[kind] = await self.office.publish(drawing)
        return self.definitions[kind]

    def later(self, minutes: int = 1) -> None:
        self.office.set_clock(self.office.now + timedelta(minutes=minutes))

    async def _bring(self, kind: Kind, state: State, base: State) -> Place:
        office, flow = self.office, self.office.flow
        office.set_clock(at(9))
        people = [str(person_id(name)) for name in SIGNERS]
        waiting = kind in WAITING_KINDS
        wanted: State = state if state != "suspended" else "open" if waiting else base
        direct = {"direct": str(person_id(DIRECT))} if wanted == "personal" and kind not in ("before", "after") else {}
        case = (await office.start(await self._definition(kind), people=people, **direct)).instance_id
        self.later()
        task = await self._arrive(case, kind)
        step = (await office.story(case)).steps[-1]
        if not waiting:
            task = await self._into(task, wanted)
        self.later()
        request = UUID(int=0)
        async with office.database.transaction() as connection:
            if state == "ended":
                if task.stage != "first":
                    request = (await flow.ask_extension(connection, task.id, SYSTEM, "1工作日", "", office.now)).id
                await flow.cancel(connection, case, SYSTEM, "", office.now)
            elif state == "suspended":
                await flow.suspend(connection, case, office.now)
        self.later()
        states: tuple[State, ...] = (state, wanted) if state == "suspended" else (state,)
        return Place(case, task.id, step, request, kind, states)

    async def _arrive(self, case: UUID, kind: Kind) -> TaskRow:
        """At the place, in whatever state it comes; where it waits without a task, the task before."""
        office = self.office
        first = await office.task(case, "first")
        await office.finish(first.id, actor("受理员"), "agree")
        self.later()
        if kind in WAITING_KINDS:
            return first
        if kind in ("round_parallel", "round_sequential"):
            task = await self._with(case, SIGNERS[0])
            await office.finish(task.id, actor(SIGNERS[0]), "agree")
            self.later()
            return await self._with(case, SIGNERS[1])
        before = await office.task(case, "x1")
        await office.finish(before.id, owner_of(before), "agree")
        self.later()
        task = await office.task(case, "x2")
        return task if kind not in ("before", "after", "delegated") else await self._added(task, kind)

    async def _added(self, task: TaskRow, kind: Kind) -> TaskRow:
        """A task added to a step, after another one was answered."""
        office, flow, by = self.office, self.office.flow, owner_of(task)
        people = [person_id(name) for name in ADDED]
        async with office.database.transaction() as connection:
            if kind == "before":
                await flow.add_before(connection, task.id, by, people, office.now)
            elif kind == "after":
                await flow.add_after(connection, task.id, by, "agree", people, office.now)
            else:
                await flow.delegate(connection, task.id, by, people[0], office.now)
        self.later()
        answered = await self._with(task.instance_id, ADDED[0])
        await office.finish(answered.id, actor(ADDED[0]), "agree")
        self.later()
        if kind == "delegated":
            async with office.database.transaction() as connection:
                await flow.delegate(connection, task.id, by, people[1], office.now)
            self.later()
        return await self._with(task.instance_id, ADDED[1])

    async def _into(self, task: TaskRow, state: State) -> TaskRow:
        office, flow = self.office, self.office.flow
        async with office.database.transaction() as connection:
            if state in ("open", "claimed") and task.post_id is None:
                await flow.assign(connection, task.id, SYSTEM, post_id=10)
            if state == "claimed":
                await flow.claim(connection, task.id, actor("受理员"))
            if state == "held" and task.kind == "step":
                await flow.add_before(connection, task.id, owner_of(task), [person_id("管理员")], office.now)
            elif state == "held":
                await flow.delegate(connection, task.id, owner_of(task), person_id("管理员"), office.now)
        return next(row for row in await office.tasks(task.instance_id) if row.id == task.id)

    async def _with(self, case: UUID, name: str) -> TaskRow:
        return next(task for task in await self.office.tasks(case) if task.assignee_id == person_id(name))


def owner_of(task: TaskRow) -> Actor:
    """Whoever has a task, also while it is held."""
    queue = queue_of_task(task)
    if queue.assignee_id is not None:
        return actor(NAMES[queue.assignee_id])
    return next(found for name in PEOPLE if queue.post_id in (found := actor(name)).posts)
