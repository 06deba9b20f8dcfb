"""Random sound processes and random legal acts on them, for the property tests of the walk and of the rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count, pairwise
from random import Random
from uuid import UUID

from tests.flow.offices import Drawing
from yiwang.flow.assignment import Queue
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.model import Graph, Scope, UserTask
from yiwang.flow.walk import Delta, Event, Position, Started, TaskAt, TokenAt, walk
from yiwang.flow.walk.events import Called
from yiwang.kernel.database import Json
from yiwang.kernel.identifiers import new_id

SKIPPED = '<yiwang:who post="vacant" empty="skip"/>'


class Builder:
    """Draws nested blocks; every method returns the ids of the block's entry and exit."""

    def __init__(self, dice: Random, key: str) -> None:
        self.dice = dice
        self.drawing = Drawing(key)
        self.number = count(1)

    def name(self, kind: str) -> str:
        return f"{kind}{next(self.number)}"

    def process(self) -> Drawing:
        drawing = self.drawing.start()
        entry, leave = self.sequence(2, in_branch=False)
        return drawing.end().line("start", entry).line(leave, "end")

    def sequence(self, depth: int, *, in_branch: bool) -> tuple[str, str]:
        blocks = [self.block(depth, in_branch=in_branch) for _ in range(self.dice.randint(1, 3))]
        for (_, leave), (entry, _) in pairwise(blocks):
            self.drawing.flow(leave, entry)
        return blocks[0][0], blocks[-1][1]

    def block(self, depth: int, *, in_branch: bool) -> tuple[str, str]:
        kinds = ["task", "task", "timed", "reminded", "skipped"]
        if depth:
            kinds += ["choice", "loop", "fork", "fork"]
        if in_branch:
            kinds.append("stop")
        match self.dice.choice(kinds):
            case "task":
                return self.task()
            case "skipped":
                name = self.name("k")
                self.drawing.task(name, who=SKIPPED)
                return name, name
            case "timed":
                return self.timed()
            case "reminded":
                return self.reminded()
            case "choice":
                return self.choice(depth, in_branch=in_branch)
            case "loop":
                return self.loop(depth, in_branch=in_branch)
            case "stop":
                return self.stop()
            case _:
                return self.fork(depth)

    def task(self, outcomes: str = "ok") -> tuple[str, str]:
        name = self.name("t")
        self.drawing.task(name, outcomes)
        return name, name

    def timed(self) -> tuple[str, str]:
        task, _ = self.task()
        timer, merge = self.name("w"), self.name("m")
        self.drawing.timer(timer, task).exclusive(merge).line(task, merge).line(timer, merge)
        return task, merge

    def reminded(self) -> tuple[str, str]:
        task, _ = self.task()
        timer, beside, end = self.name("r"), self.name("s"), self.name("e")
        self.drawing.timer(timer, task, interrupting=False).task(beside).end(end).line(timer, beside, end)
        return task, task

    def choice(self, depth: int, *, in_branch: bool) -> tuple[str, str]:
        ways = self.dice.randint(2, 3)
        asked, _ = self.task(" ".join(f"o{way}" for way in range(ways)))
        gateway, merge = self.name("x"), self.name("m")
        self.drawing.exclusive(gateway, default=f"{gateway}-d").exclusive(merge).line(asked, gateway)
        for way in range(ways):
            entry, leave = self.sequence(depth - 1, in_branch=in_branch)
            condition, name = (f'outcome == "o{way}"', "") if way else ("", f"{gateway}-d")
            self.drawing.flow(gateway, entry, condition, name).line(leave, merge)
        return asked, merge

    def loop(self, depth: int, *, in_branch: bool) -> tuple[str, str]:
        merge, gateway = self.name("m"), self.name("x")
        entry, leave = self.sequence(depth - 1, in_branch=in_branch)
        asked, _ = self.task("on again")
        leaving = self.name("m")
        self.drawing.exclusive(merge).exclusive(gateway, default=f"{gateway}-d").exclusive(leaving)
        self.drawing.line(merge, entry).line(leave, asked, gateway).flow(gateway, leaving, name=f"{gateway}-d")
        self.drawing.flow(gateway, merge, 'outcome == "again"')
        return merge, leaving

    def stop(self) -> tuple[str, str]:
        asked, _ = self.task("on stop")
        gateway, end, leaving = self.name("x"), self.name("e"), self.name("m")
        self.drawing.exclusive(gateway, default=f"{gateway}-d").end(end, terminate=True).exclusive(leaving)
        self.drawing.line(asked, gateway).flow(gateway, leaving, name=f"{gateway}-d")
        self.drawing.flow(gateway, end, 'outcome == "stop"')
        return asked, leaving

    def fork(self, depth: int) -> tuple[str, str]:
        fork, join = self.name("f"), self.name("j")
        self.drawing.parallel(fork).parallel(join)
        for _ in range(self.dice.randint(2, 3)):
            entry, leave = self.sequence(depth - 1, in_branch=True)
            self.drawing.line(fork, entry).line(leave, join)
        return fork, join


def random_drawing(dice: Random, key: str = "world") -> Drawing:
    """A sound process of nested choices, loops, forks, timers and steps that may be passed over."""
    return Builder(dice, key).process()


def random_graph(dice: Random) -> Graph:
    reading = read_bpmn(random_drawing(dice).xml)
    assert reading.graph is not None, reading.findings
    return reading.graph


class Surroundings:
    """Everyone works at one post; a step that may be passed over has nobody."""

    @property
    def assign(self) -> Surroundings:
        return self

    def queue(self, task: UserTask, variables: Mapping[str, Json]) -> Queue | None:
        return None if task.who.empty == "skip" else Queue(10, 1, None)

    def people(self, task: UserTask, variables: Mapping[str, Json]) -> list[Queue]:
        return [Queue(post, 1, None) for post in (10, 11, 12)]

    def person(self, account_id: UUID) -> Queue | None:
        return Queue(None, 1, account_id)

    def called(self, key: str) -> Called:
        raise KeyError(key)

    def graph(self, definition_id: UUID) -> Graph:
        raise KeyError(definition_id)

    def decide(self, key: str, variables: Mapping[str, Json]) -> Mapping[str, Json]:
        raise KeyError(key)


@dataclass
class Board:
    """An instance in memory: open tasks, waiting tokens (by sequence flow), steps walked."""

    graph: Graph
    tasks: dict[UUID, str] = field(default_factory=dict)
    tokens: dict[UUID, TokenAt] = field(default_factory=dict)
    walked: set[str] = field(default_factory=set)
    ended: bool = False

    def do(self, event: Event) -> Delta:
        position = Position({task: TaskAt(node) for task, node in self.tasks.items()}, self.tokens)
        delta = walk(self.graph, position, event, {}, Surroundings())
        gone = {delta.left, *delta.dropped}
        self.walked |= {node for task, node in self.tasks.items() if task in gone}
        self.walked |= {passed.node.id for passed in delta.passed}
        kept = {task: node for task, node in self.tasks.items() if task not in gone}
        self.tasks = {**kept, **{new_id(): task.node.id for task in delta.entered.values()}}
        tokens = {token: place for token, place in self.tokens.items() if token not in delta.joined}
        fresh = {new_id(): TokenAt(token.node, token.flow, token.kind) for token in delta.waiting.values()}
        self.tokens = {**tokens, **fresh}
        self.ended = delta.ended
        return delta

    @classmethod
    def started(cls, graph: Graph) -> Board:
        board = cls(graph)
        board.do(Started())
        return board


def scopes_of(graph: Graph, tasks: list[str], tokens: list[str]) -> list[Scope]:
    return [graph.nodes[node].scope for node in tasks] + [graph.flow_scopes[flow] for flow in tokens]


def check_tokens(graph: Graph, tasks: list[str], tokens: list[str], *, ended: bool) -> None:
    """Token conservation: nothing is lost, doubled, stuck, or left behind.

    An open instance has a task; an ended one has nothing; no branch holds two tokens; and of every open fork each branch
    holds something.
    """
    if ended:
        assert not tasks
        assert not tokens
        return
    assert tasks, "open, but nobody has anything to do"
    scopes = scopes_of(graph, tasks, tokens)
    assert max(Counter(scopes).values()) == 1, "two tokens in one branch"
    for scope in scopes:
        for depth, (block, _) in enumerate(scope):
            before = scope[:depth]
            # What a timer has opened beside the main path may outlive the fork in which it began.
            if block.startswith("f") and not any(branch.block.startswith("r") for branch in scope[depth + 1 :]):
                assert before not in scopes, "a token before a fork whose branches are open"
                branches = {other[depth] for other in scopes if other[:depth] == before and len(other) > depth}
                open_ = {branch.flow for branch in branches if branch.block == block}
                assert open_ == {flow.id for flow in graph.nodes[block].outgoing}, "a branch has lost its token"
