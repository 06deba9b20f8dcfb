"""A differential test: generated models of the common subset are walked as the library SpiffWorkflow walks them."""

from __future__ import annotations

import io
from itertools import count, pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from tests.flow.boards import FullBoard
from tests.flow.offices import Drawing, sub_process
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.model import UserTask

pytest.importorskip("SpiffWorkflow", reason="SpiffWorkflow is a development dependency; install requirements/dev.txt")

RUNS = settings(max_examples=150, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])
MOST_STEPS = 60


class Author:
    """Draws nested blocks of user tasks, choices, forks, inclusive forks, loops and sub-processes."""

    def __init__(self, dice: Random) -> None:
        self.dice = dice
        self.number = count(1)
        self.variables: dict[str, int] = {}

    def process(self) -> Drawing:
        drawing = Drawing("same").start()
        entry, leave = self.sequence(drawing, 3)
        return drawing.end().line("start", entry).line(leave, "end")

    def sequence(self, drawing: Drawing, depth: int) -> tuple[str, str]:
        blocks = [self.block(drawing, depth) for _ in range(self.dice.randint(1, 3))]
        for (_, leave), (entry, _) in pairwise(blocks):
            drawing.flow(leave, entry)
        return blocks[0][0], blocks[-1][1]

    def block(self, drawing: Drawing, depth: int) -> tuple[str, str]:
        kinds = ["task", "task"] + (["choice", "fork", "inclusive", "loop", "sub"] if depth else [])
        match self.dice.choice(kinds):
            case "task":
                name = f"t{next(self.number)}"
                drawing.task(name)
                return name, name
            case "choice":
                return self.branching(drawing, depth, "exclusiveGateway", "exclusiveGateway")
            case "fork":
                return self.branching(drawing, depth, "parallelGateway", "parallelGateway")
            case "inclusive":
                # To see whether a join must wait, the library follows only the first way into each node, and so goes
                # on too early where gateways lie ahead in another branch (BPMN 2.0 §13.3.3: a token that can still
                # reach the join holds it). So branches of inclusive forks are plain here.
                return self.branching(drawing, 1, "inclusiveGateway", "inclusiveGateway")
            case "loop":
                return self.loop(drawing, depth)
            case _:
                return self.sub(drawing, depth)

    def branching(self, drawing: Drawing, depth: int, split: str, join: str) -> tuple[str, str]:
        number = next(self.number)
        fork, meet = f"f{number}", f"j{number}"
        branches = [self.sequence(drawing, depth - 1) for _ in range(self.dice.randint(2, 3))]
        conditional = split != "parallelGateway"
        drawing.node(split, fork, f'default="{fork}-{branches[-1][0]}"' if conditional else "")
        drawing.node(join, meet, "")
        for place, (entry, leave) in enumerate(branches):
            last = place == len(branches) - 1
            drawing.flow(fork, entry, self.condition() if conditional and not last else "")
            drawing.flow(leave, meet)
        return fork, meet

    def condition(self) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = self.dice.randint(0, 1)
        return f"{name} == 1"

    def loop(self, drawing: Drawing, depth: int) -> tuple[str, str]:
        number = next(self.number)
        meet, decide = f"m{number}", f"d{number}"
        entry, leave = self.sequence(drawing, depth - 1)
        step = f"t{next(self.number)}"
        drawing.task(step).node("exclusiveGateway", meet, "").node(
            "exclusiveGateway", decide, f'default="{decide}-{step}"'
        )
        drawing.flow(meet, entry).flow(leave, decide).flow(decide, meet, self.never()).flow(decide, step)
        return meet, step

    def never(self) -> str:
        name = f"v{len(self.variables)}"
        self.variables[name] = 0
        return f"{name} == 1"

    def sub(self, drawing: Drawing, depth: int) -> tuple[str, str]:
        number = next(self.number)
        inner = Drawing().node("startEvent", f"s{number}")
        entry, leave = self.sequence(inner, depth - 1)
        inner.node("endEvent", f"e{number}").line(f"s{number}", entry).line(leave, f"e{number}")
        drawing.parts.append(sub_process(f"b{number}", inner))
        return f"b{number}", f"b{number}"


class Theirs:
    """The library's workflow, seen by its waiting user tasks."""

    def __init__(self, xml: str, variables: dict[str, int]) -> None:
        from SpiffWorkflow.bpmn.parser import BpmnParser
        from SpiffWorkflow.bpmn.workflow import BpmnWorkflow

        parser = BpmnParser()
        parser.add_bpmn_io(io.BytesIO(xml.replace(' language="https://cel.dev"', "").encode()))
        specs = parser.find_all_specs()
        self.workflow: Any = BpmnWorkflow(specs.pop("same"), specs)
        self.workflow.task_tree.data.update(variables)
        self.workflow.do_engine_steps()

    def ready(self) -> list[Any]:
        from SpiffWorkflow.util.task import TaskState

        return [task for task in self.workflow.get_tasks(state=TaskState.READY) if task.task_spec.manual]

    @property
    def open(self) -> list[str]:
        return sorted(task.task_spec.bpmn_id for task in self.ready())

    def complete(self, node: str) -> None:
        next(task for task in self.ready() if task.task_spec.bpmn_id == node).run()
        self.workflow.do_engine_steps()


@RUNS
@given(st.integers(0, 2**63))
def test_the_same_steps_wait_after_every_step(seed: int) -> None:
    dice = Random(seed)
    author = Author(dice)
    drawing = author.process()
    reading = read_bpmn(drawing.xml)
    assert reading.graph is not None, reading.findings
    ours = FullBoard.started(reading.graph, dict(author.variables))
    theirs = Theirs(drawing.xml, author.variables)
    for _ in range(MOST_STEPS):
        assert ours.open == theirs.open
        if ours.ended:
            break
        node = dice.choice(ours.open)
        step = reading.graph.nodes[node]
        assert isinstance(step, UserTask)
        ours.complete(node, step.first_outcome)
        theirs.complete(node)
    assert ours.ended == theirs.workflow.completed
