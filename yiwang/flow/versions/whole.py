"""Everything that belongs to one instance, and what is asked about it: what is inside which call, which variables are seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from yiwang.flow.model import Definition, Graph, InstanceRow, ScopeRow, TaskRow, TimerRow, TokenRow, WaitRow
from yiwang.flow.standing import Standing
from yiwang.flow.walk import Assigner
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.database import Json


@dataclass(frozen=True, slots=True)
class Whole:
    """All rows of an instance as read under its lock."""

    instance: InstanceRow
    tasks: Sequence[TaskRow] = ()
    tokens: Sequence[TokenRow] = ()
    scopes: Sequence[ScopeRow] = ()
    timers: Sequence[TimerRow] = ()
    waits: Sequence[WaitRow] = ()

    def standing(self, definition: Definition, called: Mapping[UUID, Definition]) -> Standing:
        """The same as the verbs know it, under a definition."""
        conditions = [wait for wait in self.waits if wait.kind == "condition"]
        tasks = {task.id: task for task in self.tasks}
        return Standing(definition, self.instance, tasks, self.tokens, self.scopes, conditions, called)


@dataclass(frozen=True, slots=True)
class World:
    """What a migration asks beside the rows. ``handlers``: who finished steps of the old version last; ``called``: graphs
    that the instance is calling; ``assign`` answers for its place."""

    at: datetime
    calendar: WorkingCalendar
    assign: Assigner
    handlers: Mapping[str, str] = field(default_factory=dict)
    called: Mapping[UUID, Graph] = field(default_factory=dict)


class Within:
    """Where the rows of an instance stand within one another."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.scopes = {scope.id: scope for scope in whole.scopes}

    def around(self, scope_id: UUID | None) -> Iterator[ScopeRow]:
        """A scope and those around it, innermost first."""
        while scope_id is not None:
            scope = self.scopes[scope_id]
            yield scope
            scope_id = scope.parent_id

    def in_call(self, scope_id: UUID | None) -> bool:
        """Whether what stands in the scope is of a called definition."""
        return any(scope.kind == "call" for scope in self.around(scope_id))

    def is_wrapper(self, scope: ScopeRow) -> bool:
        """Whether the scope is one element of a round (of a sub-process or of another activity)."""
        outer = self.scopes.get(scope.parent_id) if scope.parent_id is not None else None
        return (
            scope.kind in ("sub", "call") and outer is not None and outer.kind == "multi" and outer.node == scope.node
        )

    def round_of(self, node: str, scope_id: UUID | None) -> ScopeRow | None:
        """The round in which an instance of the activity ``node`` that stands in the scope is."""
        for scope in self.around(scope_id):
            if scope.kind == "multi":
                return scope if scope.node == node else None
            if not (self.is_wrapper(scope) and scope.node == node):
                return None
        return None

    def variables(self, scope_id: UUID | None) -> Mapping[str, Json]:
        """What is seen from a scope."""
        found: dict[str, Json] = {}
        for scope in self.around(scope_id):
            found = {**scope.variables, **found}
            if scope.kind == "call":
                return found
        return {**self.whole.instance.variables, **found}
