"""What an instance waits for now: with whom, until when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.flow.model import Definition, Directory, Names, TaskRow, TokenRow
from yiwang.flow.rehearsal.rows import Rows

WaitingKind = Literal["task", "event", "receive", "gateway", "work", "join"]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits at a node: a task (with whom, until when), or what is not done yet without being one.

    ``people`` is the account that has the task, or everybody there who may take it from ``post_id``; ``definition`` the one
    whose node it is. ``due_at``: of a task its deadline, else when the first of its timers fires.
    """

    instance: str
    definition: Definition
    node: str
    kind: WaitingKind
    people: tuple[UUID, ...] = ()
    post_id: int | None = None
    due_at: datetime | None = None
    urged: int = 0

    @property
    def names(self) -> Names:
        return self.definition.graph.nodes[self.node].names


def all_waiting(
    name: str, rows: Rows, known: Mapping[UUID, Definition], directory: Directory, now: datetime
) -> Iterator[Waiting]:
    """Tasks first, each kind in the order in which it came; held tasks wait for others and are left out."""
    for task in rows.tasks.values():
        if not task.held:
            yield _of_task(name, rows, task, known, directory, now)
    for token in rows.tokens.values():
        if token.kind != "done":
            yield _of_token(name, rows, token, known)


def _of_task(
    name: str, rows: Rows, task: TaskRow, known: Mapping[UUID, Definition], directory: Directory, now: datetime
) -> Waiting:
    definition = rows.definition if task.definition_id is None else known[task.definition_id]
    people: Sequence[UUID] = ()
    if task.assignee_id is not None:
        people = (task.assignee_id,)
    elif task.post_id is not None:
        people = directory.attending(task.post_id, (), now)
    return Waiting(name, definition, task.node, "task", tuple(people), task.post_id, task.due_at, task.urged)


def _of_token(name: str, rows: Rows, token: TokenRow, known: Mapping[UUID, Definition]) -> Waiting:
    definition, scope_id = rows.definition, token.scope_id
    while scope_id is not None:
        scope = rows.scopes[scope_id]
        if scope.kind == "call" and scope.definition_id is not None:
            definition, scope_id = known[scope.definition_id], None
        else:
            scope_id = scope.parent_id
    wakes = [timer.wake_at for timer in rows.timers.values() if timer.holder_id == token.id and timer.wake_at]
    kind: WaitingKind = "join" if token.kind == "done" else token.kind
    return Waiting(name, definition, token.node, kind, due_at=min(wakes, default=None))
