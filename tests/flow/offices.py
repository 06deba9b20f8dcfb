"""A small city for flow's tests: its offices as the real directory, its people, and a drawing board for processes."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID, uuid5
from xml.sax.saxutils import quoteattr

from yiwang.flow.model import Advance, Definition, InstanceStory, Start, TaskRow
from yiwang.flow.service import FlowService
from yiwang.identity.directory import Directory, Snapshot
from yiwang.identity.model import Appointment, OrganisationRow, PersonRow, PostRow
from yiwang.kernel.access import SYSTEM, Actor, Grant
from yiwang.kernel.calendar import WorkingCalendar, calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database, Json, JsonObject
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.settings import Settings

CHINA = timezone(timedelta(hours=8))
CALENDAR: WorkingCalendar = load_calendar(calendar_files())
AREA, GRID, OTHER_GRID = "120111001001", "西青-001", "西青-002"
CENTRE, WATER, DRAINS, TOWN = 1, 2, 3, 4


def at(hour: int, minute: int = 0, *, day: int = 15, month: int = 6) -> datetime:
    """A moment of 2026 in China; 15 June is a Monday, 08:00–12:00 and 14:00–18:00 are worked."""
    return datetime(2026, month, day, hour, minute, tzinfo=CHINA).astimezone(UTC)


def person_id(name: str) -> UUID:
    return uuid5(UUID(int=7), name)


_POSTS = [
    # id, organisation, code, area, holders
    (10, CENTRE, "acceptor", "", ["受理员"]),
    (11, CENTRE, "dispatcher", "", ["派遣员", "派遣员二"]),
    (12, CENTRE, "system-admin", "", ["管理员"]),
    (20, WATER, "department-desk", "", ["水务窗口"]),
    (21, DRAINS, "handler", "", ["排水班长"]),
    (30, TOWN, "grid-worker", GRID, ["网格员甲"]),
    (31, TOWN, "grid-worker", OTHER_GRID, ["网格员乙"]),
    (32, TOWN, "grid-worker", "120111001", ["镇巡查员"]),
    (33, TOWN, "grid-worker", "120111", []),
    (40, WATER, "vacant", "", []),
    (41, WATER, "reviewer", "", ["审核员"]),
]


def directory(clock: ManualClock, database: Database) -> Directory:
    """The real directory, filled by hand."""
    since = datetime(2020, 1, 1, tzinfo=UTC)
    organisations = [
        OrganisationRow(CENTRE, "centre", None, "指挥中心", "Centre", "centre", "120111", ("centre",), (CENTRE,)),
        OrganisationRow(WATER, "water", None, "水务局", "Water", "department", "120111", ("water",), (WATER,)),
        OrganisationRow(DRAINS, "drains", WATER, "排水科", "Drains", "section", "", (), (WATER, DRAINS)),
        OrganisationRow(TOWN, "town", None, "中北镇", "Town", "street", "120111001", ("street",), (TOWN,)),
    ]
    posts = [PostRow(number, home, code, code, code, area) for number, home, code, area, _ in _POSTS]
    held = [Appointment(person_id(name), row[0], since) for row in _POSTS for name in row[4]]
    names = {name: row[1] for row in _POSTS for name in row[4]} | {"排水工": DRAINS, "离职者": DRAINS}
    persons = [PersonRow(person_id(name), name, name, home, name != "离职者") for name, home in names.items()]
    snapshot = Snapshot.build(
        version=1, at=clock.now(), organisations=organisations, posts=posts, appointments=held, persons=persons
    )
    return Directory(database, clock, snapshot)


def actor(name: str, *grants: Grant) -> Actor:
    """A person of the city with the posts they hold."""
    posts = tuple(row[0] for row in _POSTS if name in row[4])
    codes = frozenset(row[2] for row in _POSTS if name in row[4])
    return Actor("person", person_id(name), name, None, posts, codes, grants)


def context(database: Database, now: datetime | None = None) -> Context:
    return Context(database, ManualClock(now or at(9)), CALENDAR, Settings(_env_file=None))


VARIABLES: JsonObject = {
    "centre": CENTRE,
    "grid": GRID,
    "area": AREA,
    "channel": "hotline",
    "verify": False,
    "class": "01001",
    "urgency": "normal",
    "visit": False,
}


@dataclass
class Drawing:
    """Draws a process as BPMN text, element by element; every element stands on a line of its own."""

    key: str = "test-flow"
    parts: list[str] = field(default_factory=list)
    head: str = ""
    outside: str = ""

    def task(
        self,
        name: str,
        outcomes: str = "ok",
        *,
        post: str = "acceptor",
        who: str = "",
        step: str = "",
        extra: str = "",
    ) -> Drawing:
        """A user task; ``outcomes`` are ids separated by blanks."""
        given = "".join(f'<yiwang:outcome id="{item}" zh="{item}" en="{item}"/>' for item in outcomes.split())
        rule = who or f'<yiwang:who post="{post}"/>'
        self.parts.append(
            f'<bpmn:userTask id="{name}" name="{name}"><bpmn:extensionElements>'
            f'<yiwang:step stage="{name.lower()}" status="待{name}" {step}/>{rule}{given}{extra}'
            "</bpmn:extensionElements></bpmn:userTask>"
        )
        return self

    def node(self, kind: str, name: str, attributes: str = "", inner: str = "") -> Drawing:
        self.parts.append(f'<bpmn:{kind} id="{name}" {attributes}>{inner}</bpmn:{kind}>')
        return self

    def start(self, name: str = "start") -> Drawing:
        return self.node("startEvent", name)

    def end(self, name: str = "end", *, terminate: bool = False, step: str = "") -> Drawing:
        extension = f"<bpmn:extensionElements><yiwang:step {step}/></bpmn:extensionElements>" if step else ""
        return self.node("endEvent", name, inner=extension + ("<bpmn:terminateEventDefinition/>" if terminate else ""))

    def exclusive(self, name: str, default: str = "") -> Drawing:
        return self.node("exclusiveGateway", name, f'default="{default}"' if default else "")

    def parallel(self, name: str) -> Drawing:
        return self.node("parallelGateway", name)

    def timer(self, name: str, task: str, after: str = "PT2H", *, interrupting: bool = True, text: str = "") -> Drawing:
        cancel = "" if interrupting else 'cancelActivity="false"'
        own = f"<bpmn:extensionElements><yiwang:deadline>{text}</yiwang:deadline></bpmn:extensionElements>"
        duration = "" if text else f"<bpmn:timeDuration>{after}</bpmn:timeDuration>"
        inner = f"{own if text else ''}<bpmn:timerEventDefinition>{duration}</bpmn:timerEventDefinition>"
        return self.node("boundaryEvent", name, f'attachedToRef="{task}" {cancel}', inner)

    def flow(self, source: str, target: str, condition: str = "", name: str = "") -> Drawing:
        inner = ""
        if condition:
            text = quoteattr(condition)[1:-1].replace("&quot;", '"')
            inner = f'<bpmn:conditionExpression language="https://cel.dev">{text}</bpmn:conditionExpression>'
        return self.node(
            "sequenceFlow", name or f"{source}-{target}", f'sourceRef="{source}" targetRef="{target}"', inner
        )

    def line(self, *names: str) -> Drawing:
        """Sequence flows through the named nodes."""
        for source, target in itertools.pairwise(names):
            self.flow(source, target)
        return self

    def without(self, *names: str) -> Drawing:
        """The same drawing without the elements of these ids."""
        kept = [part for part in self.parts if not any(f'id="{name}"' in part.split(">", 1)[0] for name in names)]
        return Drawing(self.key, kept, self.head, self.outside)

    @property
    def xml(self) -> str:
        return (
            '<?xml version="1.0" encoding="UTF-8"?>\n'
            '<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
            ' xmlns:yiwang="http://yiwang.dev/bpmn/1" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d"'
            f' targetNamespace="http://yiwang.dev/flows">\n<bpmn:process id="{self.key}" name="测试流程">\n{self.head}'
            + "\n".join(self.parts)
            + f"\n</bpmn:process>\n{self.outside}</bpmn:definitions>\n"
        )


def steps(names: Iterable[str], key: str = "test-flow") -> Drawing:
    """A straight process through tasks of these names."""
    ordered = list(names)
    drawing = Drawing(key).start()
    for name in ordered:
        drawing.task(name)
    return drawing.end().line("start", *ordered, "end")


class Office:
    """Acts on a flow service, each in a transaction of its own, at the time of the city's clock."""

    def __init__(self, flow: FlowService) -> None:
        self.flow = flow
        self.database = flow.context.database

    @property
    def now(self) -> datetime:
        return self.flow.context.clock.now()

    def set_clock(self, moment: datetime) -> None:
        assert isinstance(self.flow.context.clock, ManualClock)
        self.flow.context.clock.at = moment

    async def publish(self, drawing: Drawing) -> Definition:
        async with self.database.transaction() as connection:
            return await self.flow.publish(connection, drawing.key, drawing.xml, SYSTEM, self.now)

    async def start(self, definition: Definition, **variables: Json) -> Advance:
        instance = new_id()
        start = Start(instance, definition, "matter", instance, AREA, GRID, {**VARIABLES, **variables})
        async with self.database.transaction() as connection:
            return (await self.flow.start_many(connection, [start], self.now))[0]

    async def tasks(self, instance: UUID) -> list[TaskRow]:
        async with self.database.connection() as connection:
            return await self.flow.open_tasks(connection, instance)

    async def nodes(self, instance: UUID) -> list[str]:
        return [task.node for task in await self.tasks(instance)]

    async def task(self, instance: UUID, node: str) -> TaskRow:
        return next(task for task in await self.tasks(instance) if task.node == node)

    async def complete(
        self, instance: UUID, node: str, outcome: str = "ok", who: Actor = SYSTEM, **variables: Json
    ) -> Advance:
        task = await self.task(instance, node)
        return await self.finish(task.id, who, outcome, **variables)

    async def finish(self, task: UUID, who: Actor, outcome: str = "ok", **variables: Json) -> Advance:
        async with self.database.transaction() as connection:
            return await self.flow.complete(connection, task, who, outcome, variables, self.now)

    async def send_back(self, instance: UUID, node: str, to: str, who: Actor = SYSTEM) -> Advance:
        task = await self.task(instance, node)
        async with self.database.transaction() as connection:
            return await self.flow.send_back(connection, task.id, who, to, "材料不全", self.now)

    async def story(self, instance: UUID) -> InstanceStory:
        async with self.database.connection() as connection:
            return await self.flow.story(connection, instance)

    async def path(self, instance: UUID) -> list[tuple[str, str]]:
        """The finished steps with how they ended: the outcome of those that were done."""
        story = await self.story(instance)
        return [(step.node, step.outcome if step.how == "done" and step.outcome else step.how) for step in story.steps]


def sub_process(name: str, inner: Drawing, attributes: str = "", extra: str = "") -> str:
    """A sub-process that holds another drawing's elements."""
    return f'<bpmn:subProcess id="{name}" {attributes}>{extra}' + "\n".join(inner.parts) + "</bpmn:subProcess>"


def event(kind: str, inner: str = "") -> str:
    """An event definition: ``message``, ``signal``, ``error`` … with its reference or condition."""
    attributes, content = ("", inner) if "<" in inner else (inner, "")
    return f"<bpmn:{kind}EventDefinition {attributes}>{content}</bpmn:{kind}EventDefinition>"
