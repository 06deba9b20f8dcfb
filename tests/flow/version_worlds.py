"""Random sound processes as trees of blocks, random edits of them, and instances of them in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import count, pairwise
from random import Random

from tests.flow.offices import CALENDAR, Drawing, at, directory, person_id, sub_process
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.model import Definition, Graph, ParallelGateway, Scope, TaskRow
from yiwang.flow.rehearsal import Rehearsal, Rows
from yiwang.flow.service.definitions import compiled
from yiwang.flow.store.definitions import DefinitionRow
from yiwang.flow.versions.whole import Whole
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Problem
from yiwang.kernel.identifiers import new_id

PEOPLE = [str(person_id(name)) for name in ("派遣员", "派遣员二", "审核员")]
MESSAGE = '<bpmn:message id="m" name="paper"/>'
_ROUND = (
    '<bpmn:multiInstanceLoopCharacteristics isSequential="{}"><bpmn:extensionElements>'
    '<yiwang:multi people="=people"/></bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>'
)


@dataclass
class Block:
    """``kind``: task, wait, message, choice, fork (parallel), either (inclusive), loop, sub; ``rows`` are its sequences.

    Of a task: ``timer`` ("", "w" interrupting, "r" beside), ``limit``, ``late`` (an overtime rule), ``round`` ("", "parallel",
    "sequential").
    """

    kind: str
    name: str
    rows: list[list[Block]] = field(default_factory=list)
    timer: str = ""
    limit: str = ""
    late: str = ""
    round: str = ""
    post: str = "acceptor"

    def copy(self) -> Block:
        return replace(self, rows=[[block.copy() for block in row] for row in self.rows])


class Author:
    """Makes blocks and changes them; ids never come twice."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.number = count(1)

    def world(self) -> list[Block]:
        return self.row(3)

    def row(self, depth: int) -> list[Block]:
        return [self.block(depth) for _ in range(self.dice.randint(1, 3))]

    def block(self, depth: int) -> Block:
        kinds = ["task"] * 4 + ["wait", "message"]
        if depth:
            kinds += ["choice", "fork", "fork", "either", "loop", "sub"]
        return self.made(self.dice.choice(kinds), depth)

    def made(self, kind: str, depth: int) -> Block:
        name = f"{kind[0]}{next(self.number)}"
        match kind:
            case "task":
                timer = self.dice.choice(["", "", "w", "r"])
                limit = self.dice.choice(["", "2工作日", "PT9H"])
                late = self.dice.choice(["", "", "4工作时"])
                round_ = self.dice.choice(["", "", "", "parallel", "sequential"])
                return Block(kind, name, [], timer, "" if limit.startswith("PT") else limit, late, round_)
            case "wait" | "message":
                return Block(kind, name)
            case "loop" | "sub":
                return Block(kind, name, [self.row(depth - 1)])
            case _:
                return Block(kind, name, [self.row(depth - 1) for _ in range(self.dice.randint(2, 3))])

    # Edits

    def edited(self, world: list[Block]) -> tuple[list[Block], dict[str, str]]:
        """A changed copy, and the mapping of ids that a person would give for it."""
        changed = [block.copy() for block in world]
        mapping: dict[str, str] = {}
        for _ in range(self.dice.randint(1, 3)):
            self._edit(changed, mapping)
        return changed, mapping

    def _edit(self, world: list[Block], mapping: dict[str, str]) -> None:
        rows = list(_rows(world))
        row = self.dice.choice(rows)
        place = self.dice.randrange(len(row))
        block = row[place]
        match self.dice.choice(
            [
                "insert",
                "remove",
                "rename",
                "settings",
                "settings",
                "branch",
                "unbranch",
                "fork",
                "flatten",
                "wrap",
                "round",
            ]
        ):
            case "insert":
                row.insert(place, self.block(1))
            case "remove" if len(row) > 1:
                del row[place]
            case "rename":
                old, block.name = block.name, f"{block.kind[0]}{next(self.number)}"
                if self.dice.random() < 0.7:
                    mapping[old] = block.name
            case "settings" if block.kind == "task":
                block.timer = self.dice.choice(["", "w", "r"])
                block.limit = self.dice.choice(["", "2工作日", "5工作日"])
                block.late = self.dice.choice(["", "4工作时", "6工作时"])
                block.post = self.dice.choice(["acceptor", "dispatcher"])
            case "branch" if block.kind in ("fork", "either", "choice"):
                block.rows.append(self.row(0))
            case "unbranch" if len(block.rows) > 2:
                del block.rows[self.dice.randrange(len(block.rows))]
            case "fork":
                row[place] = Block("fork", f"f{next(self.number)}", [[block], self.row(0)])
            case "flatten" if block.rows:
                row[place : place + 1] = [inner for inner_row in block.rows for inner in inner_row]
            case "wrap":
                row[place] = Block("sub", f"s{next(self.number)}", [[block]])
            case "round" if block.kind == "task":
                block.round = "" if block.round else "parallel"
            case _:
                pass


def _rows(row: list[Block]) -> Iterator[list[Block]]:
    yield row
    for block in row:
        for inner in block.rows:
            yield from _rows(inner)


def draw(world: list[Block], key: str = "world") -> Drawing:
    drawing = Drawing(key, outside=MESSAGE).start()
    entry, leave = _draw_row(drawing, world)
    return drawing.end().line("start", entry).line(leave, "end")


def _draw_row(drawing: Drawing, row: list[Block]) -> tuple[str, str]:
    ends = [_draw(drawing, block) for block in row]
    for (_, leave), (entry, _) in pairwise(ends):
        drawing.flow(leave, entry)
    return ends[0][0], ends[-1][1]


def _draw(drawing: Drawing, block: Block) -> tuple[str, str]:
    name = block.name
    match block.kind:
        case "task":
            return _draw_task(drawing, block)
        case "wait":
            drawing.node(
                "intermediateCatchEvent",
                name,
                inner="<bpmn:timerEventDefinition><bpmn:timeDuration>PT3H</bpmn:timeDuration></bpmn:timerEventDefinition>",
            )
            return name, name
        case "message":
            drawing.node("receiveTask", name, 'messageRef="m"')
            return name, name
        case "sub":
            inner = Drawing().node("startEvent", f"{name}-s")
            entry, leave = _draw_row(inner, block.rows[0])
            inner.node("endEvent", f"{name}-e").line(f"{name}-s", entry).line(leave, f"{name}-e")
            drawing.parts.append(sub_process(name, inner))
            return name, name
        case "loop":
            meet, decide, leaving = f"{name}-m", f"{name}-d", f"{name}-x"
            entry, leave = _draw_row(drawing, block.rows[0])
            asked = f"{name}-t"
            drawing.task(asked, "on again").exclusive(meet).exclusive(decide, f"{decide}-on").exclusive(leaving)
            drawing.line(meet, entry).line(leave, asked, decide).flow(decide, leaving, name=f"{decide}-on")
            drawing.flow(decide, meet, 'outcome == "again"')
            return meet, leaving
        case "choice":
            asked, gateway, meet = f"{name}-t", name, f"{name}-m"
            drawing.task(asked, " ".join(f"o{way}" for way in range(len(block.rows)))).line(asked, gateway)
            drawing.exclusive(gateway, default=f"{gateway}-0").exclusive(meet)
            for way, row in enumerate(block.rows):
                entry, leave = _draw_row(drawing, row)
                drawing.flow(gateway, entry, f'outcome == "o{way}"' if way else "", f"{gateway}-{way}")
                drawing.line(leave, meet)
            return asked, meet
        case _:
            return _draw_fork(drawing, block)


def _draw_fork(drawing: Drawing, block: Block) -> tuple[str, str]:
    kind = "parallelGateway" if block.kind == "fork" else "inclusiveGateway"
    fork, join = block.name, f"{block.name}-j"
    first = f'default="{fork}-{0}"' if block.kind == "either" else ""
    drawing.node(kind, fork, first).node(kind, join)
    for way, row in enumerate(block.rows):
        entry, leave = _draw_row(drawing, row)
        condition = f"v{way % 3} == 1" if block.kind == "either" and way else ""
        drawing.flow(fork, entry, condition, f"{fork}-{way}" if block.kind == "either" else f"{fork}-{entry}")
        drawing.line(leave, join)
    return fork, join


def _draw_task(drawing: Drawing, block: Block) -> tuple[str, str]:
    name = block.name
    step = f'deadline="{block.limit}"' if block.limit else ""
    late = f'<yiwang:overtime after="{block.late}" do="remind"/>' if block.late else ""
    drawing.task(name, "ok no", post=block.post, step=step, extra=late)
    if block.round:
        task = drawing.parts.pop()
        multi = _ROUND.format(str(block.round == "sequential").lower())
        drawing.parts.append(task.replace("</bpmn:userTask>", f"{multi}</bpmn:userTask>"))
    if block.timer == "w":
        timer, meet = f"w-{name}", f"x-{name}"
        drawing.timer(timer, name, "PT5H").exclusive(meet).line(name, meet).line(timer, meet)
        return name, meet
    if block.timer == "r":
        timer, beside, end = f"r-{name}", f"b-{name}", f"z-{name}"
        drawing.timer(timer, name, "PT4H", interrupting=False).task(beside).end(end).line(timer, beside, end)
    return name, name


def definition(world: list[Block], version: int, key: str = "world") -> Definition:
    xml = draw(world, key).xml
    reading = read_bpmn(xml)
    assert reading.graph is not None, reading.findings
    row = DefinitionRow(new_id(), key, version, "published", reading.names, xml, str(version), at(8), at(8))
    return compiled(row, reading.graph)


# Instances


def rehearsal(found: Definition, now: datetime) -> Rehearsal:
    return Rehearsal([found], directory(ManualClock(now), None), CALENDAR, now)  # type: ignore[arg-type]


def begun(found: Definition, dice: Random, acts: int) -> Rehearsal:
    """An instance ``it`` on which something was done."""
    stage = rehearsal(found, at(8))
    variables: JsonObject = {"people": list(PEOPLE), **{f"v{n}": dice.randint(0, 1) for n in range(3)}}
    stage.start("world", variables, name="it")
    for _ in range(acts):
        if stage.instances["it"].instance.ended_at is not None:
            break
        try:
            act(stage, dice)
        except Problem:
            continue
    claim(stage.instances["it"], dice)
    return stage


def act(stage: Rehearsal, dice: Random) -> None:
    rows = stage.instances["it"]
    tasks = [task for task in rows.tasks.values() if not task.held]
    if rows.instance.suspended_at is not None:
        stage.resume("it")
        return
    match dice.choice(["complete"] * 6 + ["time", "message", "back", "suspend"]):
        case "complete" if tasks:
            task = dice.choice(tasks)
            outcomes = list(rows.definition.graph.task(task.node).outcomes)
            stage.complete("it", task.node, dice.choice([outcomes[0], *outcomes]), SYSTEM)
        case "time":
            stage.pass_until(stage.now + timedelta(hours=dice.randint(1, 6)))
        case "message" if any(wait.kind == "message" for wait in rows.waits.values()):
            one(stage, rows)
        case "back" if tasks and rows.steps:
            stage.send_back("it", dice.choice(tasks).node, dice.choice(rows.steps).node, SYSTEM)
        case "suspend":
            stage.suspend("it")
        case _:
            pass


def one(stage: Rehearsal, rows: Rows) -> None:
    """The first of those that wait for the message gets it."""
    wait = next(wait for wait in rows.waits.values() if wait.kind == "message")
    stage.reach("it", wait, {})


def claim(rows: Rows, dice: Random) -> None:
    """Some of the tasks at posts are claimed by somebody there."""
    for task in list(rows.tasks.values()):
        if task.post_id is not None and dice.random() < 0.5:
            rows.tasks[task.id] = replace(
                task, post_id=None, assignee_id=person_id("受理员"), home_post_id=task.post_id
            )


def whole(rows: Rows) -> Whole:
    return Whole(
        rows.instance,
        tuple(rows.tasks.values()),
        tuple(rows.tokens.values()),
        tuple(rows.scopes.values()),
        tuple(rows.timers.values()),
        tuple(rows.waits.values()),
    )


def continued(found: Definition, after: Whole, steps: Rows, now: datetime) -> Rehearsal:
    """The instance as it stands, under a definition."""
    stage = rehearsal(found, now)
    rows = Rows(found, after.instance, steps=list(steps.steps))
    rows.tasks = {row.id: row for row in after.tasks}
    rows.tokens = {row.id: row for row in after.tokens}
    rows.scopes = {row.id: row for row in after.scopes}
    rows.timers = {row.id: row for row in after.timers}
    rows.waits = {row.id: row for row in after.waits}
    stage.instances["it"] = rows
    return stage


def finish(stage: Rehearsal, dice: Random) -> bool:
    """Only go on, whatever is open first or last; whether that comes to the end."""
    rows = stage.instances["it"]
    if rows.instance.suspended_at is not None:
        stage.resume("it")
    for _ in range(600):
        if rows.instance.ended_at is not None:
            return True
        check_rows(rows)
        tasks = [task for task in rows.tasks.values() if not task.held]
        if tasks:
            task = dice.choice(tasks)
            stage.complete("it", task.node, rows.definition.graph.task(task.node).first_outcome, SYSTEM)
        elif any(wait.kind == "message" for wait in rows.waits.values()):
            one(stage, rows)
        else:
            wakes = [timer.wake_at for timer in rows.timers.values() if timer.wake_at is not None]
            if not wakes:
                return False
            stage.pass_until(min(wakes))
    return False


def check_rows(rows: Rows) -> None:
    """Token conservation in every container: one token in a branch, and of an open parallel fork all branches."""
    graph = rows.definition.graph
    rows._check()
    if rows.instance.ended_at is not None:
        return
    for level in (None, *(scope.id for scope in rows.scopes.values() if scope.kind == "sub")):
        places = [*_places(rows, graph, level)]
        main = [place for place in places if not any(branch.block.startswith("r-") for branch in place)]
        assert max(Counter(places).values(), default=1) == 1, "two tokens in one branch"
        for place in main:
            for depth, branch in enumerate(place):
                if isinstance(graph.nodes[branch.block], ParallelGateway):
                    before = place[:depth]
                    there = {other[depth].flow for other in main if other[:depth] == before and len(other) > depth}
                    assert there == {flow.id for flow in graph.nodes[branch.block].outgoing}, "a branch is empty"
                    assert before not in main, "a token before a fork whose branches are open"
        assert len({place[0].block for place in main if place}) + sum(not place for place in main) <= 1


def _places(rows: Rows, graph: Graph, level: object) -> Iterator[Scope]:
    for task in rows.tasks.values():
        if task.scope_id == level:
            yield graph.nodes[task.node].scope
    for token in rows.tokens.values():
        if token.scope_id == level and token.kind != "done":
            yield graph.flow_scopes[token.sequence_flow] if token.sequence_flow else graph.nodes[token.node].scope
    for scope in rows.scopes.values():
        if scope.parent_id == level:
            yield graph.nodes[scope.node].scope


def same_hands(before: TaskRow, after: TaskRow) -> bool:
    """Whether a task is still whose it was, with the deadline that it had."""
    return (before.post_id, before.assignee_id, before.home_post_id, before.held) == (
        after.post_id,
        after.assignee_id,
        after.home_post_id,
        after.held,
    ) and (before.due_at, before.warn_at, before.clock, before.paused_at, before.created_at) == (
        after.due_at,
        after.warn_at,
        after.clock,
        after.paused_at,
        after.created_at,
    )
