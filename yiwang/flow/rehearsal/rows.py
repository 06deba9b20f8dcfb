"""The rows of one instance in memory, and applying to them what an act changes, as the store's one statement would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol, TypeVar
from uuid import UUID

from yiwang.flow.changes import Changes
from yiwang.flow.model import (
    Definition,
    InstanceRow,
    ScopeRow,
    StepRow,
    TaskRow,
    TimerRow,
    TokenRow,
    WaitRow,
)
from yiwang.flow.standing import Standing
from yiwang.kernel.database import Json, JsonObject


class _Identified(Protocol):
    @property
    def id(self) -> UUID: ...


_Row = TypeVar("_Row", bound=_Identified)


class RowsBroken(Exception):
    """The rows contradict one another: the engine has forgotten something. Never a fault of a definition."""


@dataclass(slots=True)
class Rows:
    """An instance and everything that belongs to it, by id; ``steps`` in the order in which they ended."""

    definition: Definition
    instance: InstanceRow
    tasks: dict[UUID, TaskRow] = field(default_factory=dict)
    tokens: dict[UUID, TokenRow] = field(default_factory=dict)
    scopes: dict[UUID, ScopeRow] = field(default_factory=dict)
    timers: dict[UUID, TimerRow] = field(default_factory=dict)
    waits: dict[UUID, WaitRow] = field(default_factory=dict)
    steps: list[StepRow] = field(default_factory=list)

    def standing(self, known: Mapping[UUID, Definition]) -> Standing:
        """Where the instance stands, as the service would read it; ``known`` are definitions by id."""
        called = {
            scope.definition_id: known[scope.definition_id] for scope in self.scopes.values() if scope.definition_id
        }
        conditions = [wait for wait in self.waits.values() if wait.kind == "condition"]
        tokens, scopes = list(self.tokens.values()), list(self.scopes.values())
        return Standing(self.definition, self.instance, dict(self.tasks), tokens, scopes, conditions, called)

    def is_for(self, scope_id: UUID | None, item: Json, origin: JsonObject | None = None) -> bool:
        """Whether the round around a scope, or around a task of that origin, does it for that element."""
        own = origin.get("item") if origin else None
        if isinstance(own, dict) and item in own.values():
            return True
        while scope_id is not None:
            scope = self.scopes[scope_id]
            if item in scope.variables.values():
                return True
            scope_id = scope.parent_id
        return False

    def scope_of(self, wait: WaitRow) -> UUID | None:
        """The scope in which the holder of a wait is."""
        holder = self.tokens.get(wait.holder_id) or self.tasks.get(wait.holder_id)
        return holder.scope_id if holder is not None else None

    def last_step(self, node: str) -> StepRow | None:
        """When a step was finished last; steps that others' acts ended do not count."""
        ended = ("done", "auto", "skipped")
        return next(
            (step for step in reversed(self.steps) if step.node == node and step.kind == "step" and step.how in ended),
            None,
        )

    def walked(self, definition_id: UUID | None) -> list[StepRow]:
        """The steps of the definition itself, or of a called one, that are over, the newest first."""
        found = [step for step in self.steps if step.definition_id == definition_id and step.kind == "step"]
        return [step for step in reversed(found) if step.how in ("done", "auto", "skipped", "sent_back")]

    def apply(self, changes: Changes) -> None:
        """Do to the rows what the changes say.

        Raises:
            RowsBroken: they touch what is not there, or leave behind what belongs to nothing.
        """
        if changes.instance is not None:
            self.instance = changes.instance
        self.steps += changes.steps
        self._retime(changes)
        _remove(self.tasks, changes.tasks_gone)
        _add(self.tasks, changes.tasks)
        _remove(self.tokens, changes.tokens_gone)
        _add(self.tokens, changes.tokens)
        for scope in changes.scopes_changed:
            old = _known(self.scopes, scope.id)
            counted = replace(old, total=scope.total, done=scope.done, tally=scope.tally)
            self.scopes[scope.id] = replace(counted, rest=scope.rest, variables=scope.variables)
        _remove(self.scopes, changes.scopes_gone)
        _add(self.scopes, changes.scopes)
        self._events(changes)
        self._check()

    def _retime(self, changes: Changes) -> None:
        for task in changes.tasks_retimed:
            old = _known(self.tasks, task.id)
            timed = replace(old, due_at=task.due_at, warn_at=task.warn_at, clock=task.clock, paused_at=task.paused_at)
            self.tasks[task.id] = timed
        for task in changes.tasks_moved:
            old = _known(self.tasks, task.id)
            moved = replace(
                old, post_id=task.post_id, organisation_id=task.organisation_id, assignee_id=task.assignee_id
            )
            moved = replace(moved, home_post_id=task.home_post_id, held=task.held, origin=task.origin)
            self.tasks[task.id] = replace(moved, urged=task.urged, priority=task.priority)

    def _events(self, changes: Changes) -> None:
        released = set(changes.released)
        gone, fired = set(changes.timer_holders_gone), set(changes.timers_gone)
        self.timers = {
            timer.id: timer
            for timer in self.timers.values()
            if timer.id not in fired and timer.holder_id not in gone and (timer.holder_id, timer.node) not in released
        }
        for timer in changes.timers_retimed:
            if timer.id in self.timers:
                self.timers[timer.id] = timer
        _add(self.timers, changes.timers)
        gone, met = set(changes.wait_holders_gone), set(changes.waits_gone)
        self.waits = {
            wait.id: wait
            for wait in self.waits.values()
            if wait.id not in met and wait.holder_id not in gone and (wait.holder_id, wait.node) not in released
        }
        _add(self.waits, changes.waits)

    def _check(self) -> None:
        """Everything belongs to something that is there, and an instance that is over has nothing left."""
        holders = {self.instance.id, *self.tasks, *self.tokens, *self.scopes}
        events: list[TimerRow | WaitRow] = [*self.timers.values(), *self.waits.values()]
        for event in events:
            if event.holder_id not in holders:
                raise RowsBroken(f"{event.node} waits for {event.holder_id}, which is gone")
        inside: list[TaskRow | TokenRow] = [*self.tasks.values(), *self.tokens.values()]
        for row in inside:
            if row.scope_id is not None and row.scope_id not in self.scopes:
                raise RowsBroken(f"{row.node} is left in a scope that is gone")
        for scope in self.scopes.values():
            if scope.parent_id is not None and scope.parent_id not in self.scopes:
                raise RowsBroken(f"the scope of {scope.node} is left in one that is gone")
        left = [row.node for row in inside] + [row.node for row in self.scopes.values()] + [row.node for row in events]
        if self.instance.ended_at is not None and left:
            raise RowsBroken(f"the instance is over, but {', '.join(sorted(left))} is left")
        if self.instance.ended_at is None and not (self.tasks or self.tokens or self.scopes):
            raise RowsBroken("the instance is not over, but nothing is open")


def _known(rows: Mapping[UUID, _Row], name: UUID) -> _Row:
    found = rows.get(name)
    if found is None:
        raise RowsBroken(f"the row {name} is changed, but not there")
    return found


def _add(rows: dict[UUID, _Row], new: Iterable[_Row]) -> None:
    for row in new:
        if row.id in rows:
            raise RowsBroken(f"the row {row.id} is added twice")
        rows[row.id] = row


def _remove(rows: dict[UUID, _Row], gone: Iterable[UUID]) -> None:
    for name in gone:
        if rows.pop(name, None) is None:
            raise RowsBroken(f"the row {name} is removed, but not there")
