"""The walk with an ear to it: which sequence flows a token took, which activities it entered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from yiwang.flow.model import Activity, Graph, SequenceFlow
from yiwang.flow.walk import Delta, Event, Position, Ref, Surroundings
from yiwang.flow.walk.walking import Walk
from yiwang.kernel.database import Json


class Trodden(NamedTuple):
    """A sequence flow, or an activity, of a definition (its key) that was walked."""

    key: str
    element: str


def traced(
    graph: Graph, position: Position, event: Event, variables: Mapping[str, Json], surroundings: Surroundings
) -> tuple[Delta, list[Trodden]]:
    """As :func:`yiwang.flow.walk.walk`, with what was walked, in order.

    Raises:
        As that.
    """
    listening = _TracedWalk(graph, position, variables, surroundings)
    delta = listening.run(event)
    return delta, listening.trodden


class _TracedWalk(Walk):
    __slots__ = ("trodden",)

    def __init__(
        self, graph: Graph, position: Position, variables: Mapping[str, Json], surroundings: Surroundings
    ) -> None:
        self.trodden: list[Trodden] = []
        super().__init__(graph, position, variables, surroundings)

    def go(self, flow: SequenceFlow, outcome: str, scope: Ref | None) -> None:
        self.trodden.append(Trodden(self.graph_of(scope).key, flow.id))
        super().go(flow, outcome, scope)

    def enter_activity(self, node: Activity, scope: Ref | None) -> None:
        self.trodden.append(Trodden(self.graph_of(scope).key, node.id))
        super().enter_activity(node, scope)
