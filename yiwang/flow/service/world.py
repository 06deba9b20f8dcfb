"""What a walk may ask about the world, read before it begins: people, definitions that may be called, decision tables."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from yiwang.flow.assignment import Assignment, Place, Queue
from yiwang.flow.decisions.evaluate import evaluate
from yiwang.flow.decisions.model import Table
from yiwang.flow.model import Definition, Graph, UserTask
from yiwang.kernel.database import Json


@dataclass(slots=True)
class World:
    """Answers for one instance at its ``place`` and one moment ``at``; ``kinds`` name its business, for deputies."""

    assignment: Assignment
    place: Place
    at: datetime
    kinds: Collection[str] = ()
    latest: dict[str, Definition] = field(default_factory=dict)
    tables: dict[str, Table] = field(default_factory=dict)
    known: dict[UUID, Definition] = field(default_factory=dict)

    def add(self, *definitions: Definition, newest: bool = True) -> None:
        """Make definitions known; with ``newest`` as those that a call of their key runs."""
        for definition in definitions:
            self.known[definition.id] = definition
            if newest:
                self.latest[definition.key] = definition

    @property
    def assign(self) -> World:
        return self

    def called(self, key: str) -> Definition:
        return self.latest[key]

    def graph(self, definition_id: UUID) -> Graph:
        return self.known[definition_id].graph

    def decide(self, key: str, variables: Mapping[str, Json]) -> Mapping[str, Json]:
        outputs = evaluate(self.tables[key], variables).outputs
        return outputs if isinstance(outputs, Mapping) else {key: list(outputs)}

    def queue(self, task: UserTask, variables: Mapping[str, Json]) -> Queue | None:
        return self.assignment.queue(task, variables, self.place, self.at, kinds=self.kinds)

    def people(self, task: UserTask, variables: Mapping[str, Json]) -> Sequence[Queue]:
        return self.assignment.people(task, variables, self.place, self.at, kinds=self.kinds)

    def person(self, account_id: UUID) -> Queue | None:
        return self.assignment.for_person(account_id, self.kinds, self.at)
