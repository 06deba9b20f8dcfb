"""What an act has before it: who does what and when, and the instance as read under its lock. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from uuid import UUID

from yiwang.flow.model.graph import Graph
from yiwang.flow.model.rows import Cause, Definition, How, InstanceRow, ScopeRow, TaskRow, TokenRow, WaitRow
from yiwang.flow.walk.events import Position, ScopeAt, TaskAt, TokenAt
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Json, JsonObject


@dataclass(frozen=True, slots=True)
class Act:
    """Who does what, when. ``left`` and ``dropped`` say how tasks end that the act ends, or withdraws besides."""

    cause: Cause
    actor: Actor
    at: datetime
    left: How = "done"
    dropped: How = "withdrawn"
    outcome: str | None = None
    note: str = ""
    timer: str | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """An instance as read under its lock: everything where it may stand at several places, else the one task at hand.

    ``called`` are the definitions that it is calling; ``conditions`` its waits for a condition.
    """

    definition: Definition
    instance: InstanceRow
    tasks: Mapping[UUID, TaskRow] = field(default_factory=dict)
    tokens: Sequence[TokenRow] = ()
    scopes: Sequence[ScopeRow] = ()
    conditions: Sequence[WaitRow] = ()
    called: Mapping[UUID, Definition] = field(default_factory=dict)

    @property
    def position(self) -> Position:
        return Position(
            {task.id: TaskAt(task.node, task.scope_id, task.of_task, _back(task)) for task in self.tasks.values()},
            {token.id: TokenAt(token.node, token.sequence_flow, token.kind, token.scope_id) for token in self.tokens},
            {scope.id: _scope_at(scope) for scope in self.scopes},
            {
                wait.id: (None if wait.holder_id == self.instance.id else wait.holder_id, wait.node)
                for wait in self.conditions
            },
        )

    def graph_of(self, task: TaskRow) -> Graph:
        """The graph of whose nodes a task is."""
        return self.definition.graph if task.definition_id is None else self.called[task.definition_id].graph

    @property
    def timed(self) -> bool:
        """Whether the instance may have timers."""
        return self.definition.graph.timed or bool(self.definition.graph.calls)

    def variables_of(self, task: TaskRow) -> Mapping[str, Json]:
        """The variables that a task sees: those of the rounds around it, over the call's or the instance's."""
        scopes = {scope.id: scope for scope in self.scopes}
        item = task.origin.get("item") if task.origin else None
        found: JsonObject = dict(item) if isinstance(item, dict) else {}
        scope_id = task.scope_id
        while scope_id is not None:
            scope = scopes[scope_id]
            found = {**scope.variables, **found}
            if scope.kind == "call":
                return found
            scope_id = scope.parent_id
        return {**self.instance.variables, **found} if found else self.instance.variables

    def graph_at(self, scope_id: UUID | None) -> Graph:
        """The graph whose nodes a scope runs."""
        scopes = {scope.id: scope for scope in self.scopes}
        while scope_id is not None:
            scope = scopes[scope_id]
            if scope.kind == "call" and scope.definition_id is not None:
                return self.called[scope.definition_id].graph
            scope_id = scope.parent_id
        return self.definition.graph


def _back(task: TaskRow) -> JsonObject | None:
    back = task.origin.get("back") if task.origin else None
    return back if isinstance(back, dict) else None


def _scope_at(scope: ScopeRow) -> ScopeAt:
    return ScopeAt(
        scope.node,
        scope.kind,
        scope.parent_id,
        scope.definition_id,
        scope.total,
        scope.done,
        cast("dict[str, int]", scope.tally),
        rest if isinstance(rest := scope.rest.get("next"), list) else (),
        scope.variables,
    )
