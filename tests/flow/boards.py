"""An instance in memory, whole: tasks, tokens, scopes, variables. For tests of the walk that need no database."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID

from tests.flow.worlds import Surroundings
from yiwang.flow.model import Graph
from yiwang.flow.walk import Completed, Delta, Event, Position, Ref, ScopeAt, Started, TaskAt, TokenAt, walk
from yiwang.flow.walk.events import ScopeState
from yiwang.kernel.database import Json
from yiwang.kernel.identifiers import new_id


@dataclass
class FullBoard:
    """Applies what the walk answers, as the store would."""

    graph: Graph
    variables: dict[str, Json] = field(default_factory=dict)
    tasks: dict[UUID, TaskAt] = field(default_factory=dict)
    tokens: dict[UUID, TokenAt] = field(default_factory=dict)
    scopes: dict[UUID, ScopeAt] = field(default_factory=dict)
    ended: bool = False

    @classmethod
    def started(cls, graph: Graph, variables: dict[str, Json]) -> FullBoard:
        board = cls(graph, dict(variables))
        board.do(Started())
        return board

    @property
    def open(self) -> list[str]:
        """The nodes of the open tasks, sorted."""
        return sorted(task.node for task in self.tasks.values())

    def complete(self, node: str, outcome: str) -> Delta:
        task = next(task for task, place in sorted(self.tasks.items()) if place.node == node)
        return self.do(Completed(task, outcome))

    def do(self, event: Event) -> Delta:
        position = Position(self.tasks, self.tokens, self.scopes)
        delta = walk(self.graph, position, event, self.variables, Surroundings())
        ids: dict[int, UUID] = {}

        def known(ref: Ref | None) -> UUID | None:
            return ids.setdefault(ref, new_id()) if isinstance(ref, int) else ref

        def scope(state: ScopeState) -> ScopeAt:
            return ScopeAt(
                state.node,
                state.kind,
                known(state.parent),
                state.definition_id,
                state.total,
                state.done,
                dict(state.tally),
                list(state.rest),
                dict(state.variables),
            )

        gone = {delta.left, *delta.dropped}
        self.tasks = {ref: place for ref, place in self.tasks.items() if ref not in gone}
        self.tokens = {ref: place for ref, place in self.tokens.items() if ref not in delta.joined}
        self.scopes = {ref: place for ref, place in self.scopes.items() if ref not in delta.closed}
        self.scopes |= {ref: scope(state) for ref, state in delta.changed.items()}
        for number, state in delta.opened.items():
            self.scopes[known(number) or new_id()] = scope(state)
        for number, task in delta.entered.items():
            self.tasks[known(number) or new_id()] = TaskAt(task.node.id, known(task.scope), None, task.back)
        for number, token in delta.waiting.items():
            self.tokens[known(number) or new_id()] = TokenAt(token.node, token.flow, token.kind, known(token.scope))
        self.variables |= delta.sets
        self.ended = delta.ended
        return delta
