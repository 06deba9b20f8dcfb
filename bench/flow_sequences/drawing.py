"""Random sound definitions: nested forks, choices, loops, sub-processes, calls, rounds, timers, waits, as BPMN text."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count, pairwise
from random import Random

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:yiwang="http://yiwang.dev/bpmn/1" id="d" targetNamespace="http://yiwang.dev/flows">\n'
    '<bpmn:message id="m" name="paper"/>\n'
)
SIGNS = (
    '<yiwang:sign rule="all"/>',
    '<yiwang:sign rule="all" early="false"/>',
    '<yiwang:sign rule="first"/>',
    '<yiwang:sign rule="share" need="60%"/>',
    '<yiwang:sign rule="count" need="2"/>',
    '<yiwang:sign rule="vote"/>',
    "",
)
WHO = (
    '<yiwang:who post="desk"/>',
    '<yiwang:who post="review"/>',
    '<yiwang:who person="=clerk" post="desk"/>',
    '<yiwang:who step="{first}" post="desk"/>',
)
LATE = (
    '<yiwang:overtime after="2工作时" do="remind" every="2工作时"/>',
    '<yiwang:overtime after="3工作时" do="escalate"><yiwang:who post="leader"/></yiwang:overtime>',
    '<yiwang:overtime after="5工作时" do="pass"/>',
    '<yiwang:overtime after="4工作时" do="return"/>',
)


def parts_of(text: str) -> str:
    return f"<bpmn:extensionElements>{text}</bpmn:extensionElements>"


@dataclass
class Builder:
    """Draws blocks; each method answers the ids of the block's entry and exit. ``callable``: keys that may be called."""

    dice: Random
    key: str
    callable: tuple[str, ...] = ()
    parts: list[str] = field(default_factory=list)
    number: count[int] = field(default_factory=lambda: count(1))
    first: str = ""

    def name(self, kind: str) -> str:
        return f"{kind}{next(self.number)}"

    def node(self, kind: str, name: str, attributes: str = "", inner: str = "") -> str:
        self.parts.append(f'<bpmn:{kind} id="{name}" {attributes}>{inner}</bpmn:{kind}>')
        return name

    def flow(self, source: str, target: str, condition: str = "") -> None:
        inner = (
            f'<bpmn:conditionExpression language="https://cel.dev">{condition}</bpmn:conditionExpression>'
            if condition
            else ""
        )
        self.node("sequenceFlow", f"{source}-{target}", f'sourceRef="{source}" targetRef="{target}"', inner)

    def line(self, *names: str) -> None:
        for source, target in pairwise(names):
            self.flow(source, target)

    def xml(self) -> str:
        """A whole process: a first step, then two levels of blocks."""
        self.node("startEvent", "start")
        self.first = self.name("t")
        self._user_task(self.first, WHO[0])
        entry, leave = self.sequence(2)
        self.node("endEvent", "end")
        self.line("start", self.first, entry)
        self.line(leave, "end")
        body = "\n".join(self.parts)
        return f'{_HEAD}<bpmn:process id="{self.key}" name="随机流程">\n{body}\n</bpmn:process>\n</bpmn:definitions>\n'

    def sequence(self, depth: int) -> tuple[str, str]:
        blocks = [self.block(depth) for _ in range(self.dice.randint(1, 3 if depth else 2))]
        for (_, leave), (entry, _) in pairwise(blocks):
            self.flow(leave, entry)
        return blocks[0][0], blocks[-1][1]

    def block(self, depth: int) -> tuple[str, str]:
        kinds = ["task", "task", "task", "round", "round", "late", "timed", "wait", "work"]
        if depth:
            kinds += ["choice", "loop", "fork", "fork", "sub"]
            if self.callable:
                kinds.append("call")
        kind = self.dice.choice(kinds)
        return getattr(self, f"_{kind}")(depth)  # type: ignore[no-any-return]

    def _user_task(self, name: str, who: str, outcomes: str = "ok no", more: str = "", inner: str = "") -> None:
        back = self.dice.choice(["", 'back="straight"'])
        limit = self.dice.choice(["", 'deadline="2工作日"', 'deadline="30小时"'])
        given = "".join(f'<yiwang:outcome id="{item}" zh="{item}" en="{item}"/>' for item in outcomes.split())
        settings = f'<yiwang:step stage="{name}" status="待{name}" {limit} {back}/>{who}{given}{more}'
        self.node("userTask", name, f'name="{name}"', parts_of(settings) + inner)

    def _who(self) -> str:
        return self.dice.choice(WHO).format(first=self.first)

    def _task(self, depth: int) -> tuple[str, str]:
        name = self.name("t")
        auto = self.dice.choice(["", "", "", '<yiwang:auto same="earlier"/>'])
        self._user_task(name, self._who(), more=auto)
        return name, name

    def _late(self, depth: int) -> tuple[str, str]:
        name = self.name("l")
        self._user_task(name, self._who(), more=self.dice.choice(LATE))
        return name, name

    def _round(self, depth: int) -> tuple[str, str]:
        name = self.name("r")
        sequential = self.dice.choice(["true", "false"])
        multi = f'<bpmn:multiInstanceLoopCharacteristics isSequential="{sequential}">'
        multi += parts_of('<yiwang:multi people="=panel"/>') + "</bpmn:multiInstanceLoopCharacteristics>"
        self._user_task(name, WHO[0], more=self.dice.choice(SIGNS), inner=multi)
        return name, name

    def _timed(self, depth: int) -> tuple[str, str]:
        name, timer, merge = self.name("t"), self.name("w"), self.name("m")
        self._user_task(name, self._who())
        after = "<bpmn:timerEventDefinition><bpmn:timeDuration>PT3H</bpmn:timeDuration></bpmn:timerEventDefinition>"
        self.node("boundaryEvent", timer, f'attachedToRef="{name}"', after)
        self.node("exclusiveGateway", merge)
        self.line(name, merge)
        self.line(timer, merge)
        return name, merge

    def _wait(self, depth: int) -> tuple[str, str]:
        name = self.name("c")
        extension = parts_of('<yiwang:message key="=number"/>')
        self.node("receiveTask", name, 'messageRef="m"', extension)
        return name, name

    def _work(self, depth: int) -> tuple[str, str]:
        name = self.name("v")
        self.node("serviceTask", name, "", parts_of('<yiwang:work topic="stamp"/>'))
        return name, name

    def _choice(self, depth: int) -> tuple[str, str]:
        asked, split, merge = self.name("t"), self.name("x"), self.name("m")
        self._user_task(asked, self._who(), "ok other")
        self.node("exclusiveGateway", split, f'default="{split}-{merge}"')
        self.node("exclusiveGateway", merge)
        entry, leave = self.sequence(depth - 1)
        self.line(asked, split, merge)
        self.flow(split, entry, 'outcome == "other"')
        self.line(leave, merge)
        return asked, merge

    def _loop(self, depth: int) -> tuple[str, str]:
        merge, asked, split = self.name("m"), self.name("t"), self.name("x")
        entry, leave = self.sequence(depth - 1)
        after = self.name("m")
        self.node("exclusiveGateway", merge)
        self._user_task(asked, self._who(), "ok again")
        self.node("exclusiveGateway", split, f'default="{split}-{after}"')
        self.node("exclusiveGateway", after)
        self.line(merge, entry)
        self.line(leave, asked, split, after)
        self.flow(split, merge, 'outcome == "again"')
        return merge, after

    def _fork(self, depth: int) -> tuple[str, str]:
        fork, join = self.name("f"), self.name("j")
        self.node("parallelGateway", fork)
        self.node("parallelGateway", join)
        for _ in range(self.dice.randint(2, 3)):
            entry, leave = self.sequence(depth - 1)
            self.line(fork, entry)
            self.line(leave, join)
        return fork, join

    def _sub(self, depth: int) -> tuple[str, str]:
        name = self.name("s")
        outside, self.parts = self.parts, []
        entry, leave = self.sequence(depth - 1)
        start, end = self.node("startEvent", f"{name}_in"), self.node("endEvent", f"{name}_out")
        self.line(start, entry)
        self.line(leave, end)
        inside, self.parts = self.parts, outside
        self.node("subProcess", name, "", "\n".join(inside))
        return name, name

    def _call(self, depth: int) -> tuple[str, str]:
        name = self.name("p")
        self.node("callActivity", name, f'calledElement="{self.dice.choice(self.callable)}"')
        return name, name
