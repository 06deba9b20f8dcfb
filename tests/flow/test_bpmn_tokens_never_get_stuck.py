"""What the checks let pass is played out, token by token and choice by choice: no join waits for ever, none fires twice.

The game here knows nothing of the engine but the scopes of the flows, so it judges the checks and not the walk.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.flow.bpmn_sheets import Drawing, sheet
from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.model import EndEvent, ExclusiveGateway, Graph, InclusiveGateway, ParallelGateway, SequenceFlow

State = tuple[tuple[str, int], ...]
"""How many tokens are on each sequence flow."""
most_states = 3_000
most_tokens = 8


class _Blocks:
    """Draws blocks within blocks at random, some of whose branches end by themselves, and then bends one flow."""

    def __init__(self, data: st.DataObject) -> None:
        self.data = data
        self.drawing = sheet().start().end("end")
        self.count = 0
        self.budget = 10

    def name(self, prefix: str) -> str:
        self.count += 1
        return f"{prefix}{self.count}"

    def choose(self, *options: str) -> str:
        return self.data.draw(st.sampled_from(options))

    def row(self, before: str, depth: int) -> str:
        """Nodes after ``before``; the last one, whose way on is still to be drawn."""
        for _ in range(self.data.draw(st.integers(1, 2))):
            kind = self.choose("task", "parallel", "inclusive", "exclusive") if depth and self.budget > 0 else "task"
            self.budget -= 1
            before = self.task(before) if kind == "task" else self.block(before, kind, depth - 1)
        return before

    def task(self, before: str) -> str:
        name = self.name("t")
        self.drawing.task(name)
        self.link(before, name)
        return name

    def link(self, source: str, target: str) -> None:
        """A flow; out of a gateway that chooses it has a condition unless it is the default."""
        name = f"{source}-{target}-{self.name('')}"
        chooses = source.startswith(("x", "i")) and f'default="{source}-' not in "".join(self.drawing.parts)
        if chooses:
            self.drawing.parts = [
                part.replace(f'id="{source}" ', f'id="{source}" default="{name}" ') for part in self.drawing.parts
            ]
        condition = "maybe" if source.startswith(("x", "i")) and not chooses else ""
        self.drawing.flow(source, target, condition, name)

    def block(self, before: str, kind: str, depth: int) -> str:
        prefix = {"parallel": "p", "inclusive": "i", "exclusive": "x"}
        fork, join = self.name(prefix[kind]), self.name("j")
        closing = kind if kind != "parallel" else self.choose("parallel", "parallel", "inclusive")
        self.drawing.node(f"{kind}Gateway", fork).node(f"{closing}Gateway", join)
        self.link(before, fork)
        for number in range(self.data.draw(st.integers(2, 3))):
            last = self.row(fork, depth)
            match self.choose("join", "join", "join", "end", "maybe") if number else "join":
                case "join":
                    self.link(last, join)
                case "end":
                    self.link(last, self.ending())
                case _:
                    x = self.name("x")
                    self.drawing.node("exclusiveGateway", x)
                    self.link(last, x)
                    self.link(x, join)
                    self.link(x, self.ending())
        return join

    def ending(self) -> str:
        name = self.name("e")
        self.drawing.end(name)
        return name

    def bent(self) -> Drawing:
        """The drawing, perhaps with one flow that leads elsewhere."""
        flows = [number for number, part in enumerate(self.drawing.parts) if part.startswith("<bpmn:sequenceFlow")]
        nodes = [part.split('id="')[1].split('"')[0] for part in self.drawing.parts if "sequenceFlow" not in part]
        if self.data.draw(st.booleans()):
            number = self.data.draw(st.sampled_from(flows))
            head, _, tail = self.drawing.parts[number].partition('targetRef="')
            target = self.data.draw(st.sampled_from(nodes))
            self.drawing.parts[number] = f'{head}targetRef="{target}{tail[tail.index(chr(34)) :]}'
        return self.drawing


class Game:
    """Every way in which tokens can move on a graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.flows = {flow.id: flow for node in graph.nodes.values() for flow in node.outgoing}

    def play(self) -> None:
        """Look at every state that can be reached, within bounds."""
        first = self._state(Counter([self.graph.start.outgoing[0].id]))
        seen, pending = {first}, [first]
        while pending and len(seen) < most_states:
            state = pending.pop()
            moves = list(self._moves(Counter(dict(state))))
            assert moves or not state, f"stuck with tokens on {state}"
            for following in moves:
                assert max(following.values(), default=0) < most_tokens
                frozen = self._state(following)
                # Going round again with a loose branch still open puts a second token on it, which is no fault.
                if frozen not in seen and sum(following.values()) < most_tokens:
                    seen.add(frozen)
                    pending.append(frozen)

    def _state(self, tokens: Counter[str]) -> State:
        return tuple(sorted((name, count) for name, count in tokens.items() if count))

    def _moves(self, tokens: Counter[str]) -> Iterator[Counter[str]]:
        for name in [name for name, count in tokens.items() if count]:
            flow = self.flows[name]
            node = self.graph.nodes[flow.target]
            taken = Counter({name: 1})
            if len(node.incoming) > 1 and isinstance(node, ParallelGateway):
                taken = Counter(node.incoming)
                if any(tokens[other] < 1 for other in node.incoming):
                    continue
            elif len(node.incoming) > 1 and isinstance(node, InclusiveGateway):
                arrived = {other: tokens[other] for other in node.incoming if tokens[other]}
                if self._more_to_come(node, tokens, arrived.keys()):
                    continue
                taken = Counter(arrived)
            if isinstance(node, EndEvent):
                yield tokens - taken
                continue
            for chosen in self._ways(node, node.outgoing):
                yield tokens - taken + Counter(way.id for way in chosen)

    def _more_to_come(self, join: InclusiveGateway, tokens: Counter[str], arrived: object) -> bool:
        """Whether a token is left in a branch that leads to the join; a loose branch never does."""
        depth = len(join.scope)
        branches = {self.flows[name].scope[depth] for name in join.incoming}
        return any(
            len(scope) > depth and scope[depth] in branches
            for name, count in tokens.items()
            if count and name not in join.incoming and (scope := self.flows[name].scope)[:depth] == join.scope
        )

    def _ways(self, node: object, outgoing: tuple[SequenceFlow, ...]) -> Iterator[tuple[SequenceFlow, ...]]:
        if isinstance(node, ExclusiveGateway):
            yield from ((flow,) for flow in outgoing)
        elif isinstance(node, InclusiveGateway):
            for count in range(1, len(outgoing) + 1):
                yield from itertools.combinations(outgoing, count)
        else:
            yield outgoing


taken: Counter[bool] = Counter()


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_drawing_that_passes_can_get_stuck(data: st.DataObject) -> None:
    blocks = _Blocks(data)
    blocks.link(blocks.row("start", 2), "end")
    graph = read_bpmn(blocks.bent().xml).graph
    taken[graph is not None] += 1
    if graph is not None:
        Game(graph).play()


def test_enough_of_the_drawings_were_played_out() -> None:
    if sum(taken.values()) > 100:
        assert taken[True] > 30
