"""One case walks through a definition in memory: its people take as long and decide as :mod:`chances` says.

The walk, deadlines, timers and who gets a step are the engine's own (a rehearsal); nothing is stored.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.flow.changes import Act
from yiwang.flow.clocks import cached_deadline
from yiwang.flow.model import Definition, Names, TaskRow, TokenRow, WaitRow
from yiwang.flow.rehearsal import Rehearsal, Rows, RowsBroken
from yiwang.flow.versions.cases import RealCase, Step
from yiwang.flow.versions.chances import Chance, Chances, Ground
from yiwang.flow.walk import Completed, SentBack, Worked
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.deadlines import due
from yiwang.kernel.errors import Problem

most_acts = 400
longest = timedelta(days=730)
never = "never"
_NAME = "case"


@dataclass(frozen=True, slots=True)
class Played:
    """A visit of the simulation. ``done_at`` is None where the case stands at the end; ``ground``: from where its times come."""

    step: Step
    how: str
    created_at: datetime
    done_at: datetime | None
    overdue: bool
    ground: Ground | None


@dataclass(slots=True)
class Run:
    """A case as simulated. ``end`` is the end event reached; ``stuck`` says where and why it did not go on."""

    case: RealCase
    visits: list[Played] = field(default_factory=list)
    ended_at: datetime | None = None
    end: str | None = None
    stuck: tuple[str, Names] | None = None


@dataclass(frozen=True, slots=True)
class Stagecraft:
    """What all cases of a simulation share. ``stage`` makes an empty rehearsal at a moment; ``waits`` as assumed."""

    key: str
    stage: StageMaker
    waits: Mapping[str, str]


class StageMaker:
    """Makes players; holds what is the same for every case."""

    def __init__(self, definitions: Iterable[Definition], template: Rehearsal) -> None:
        self.definitions = tuple(definitions)
        self.template = template

    def at(self, moment: datetime) -> Player:
        """A player at a moment."""
        template = self.template
        return Player(
            self.definitions,
            template.assignment.directory,
            template.calendar,
            moment,
            tables=template.tables,
            fallback_post=template.assignment.fallback_post,
        )


class Player(Rehearsal):
    """A rehearsal in which a given task, not a given person, acts."""

    def finish(self, task: TaskRow, outcome: str, by: Actor) -> None:
        """Finish a task."""
        rows = self._active(_NAME)
        who = str(by.account_id) if by.account_id is not None else None
        act = Act("complete", by, self.now, outcome=outcome)
        self._go(_NAME, rows, Completed(task.id, outcome, by=who), act, node=task.node)
        self._deliver()

    def give_back(self, task: TaskRow, node: str, by: Actor) -> None:
        """Send a task back to a step that was walked."""
        rows = self._active(_NAME)
        step = rows.last_step(node)
        queue = self.queue_of(step) if step is not None else None
        act = Act("send_back", by, self.now, left="sent_back")
        self._go(_NAME, rows, SentBack(task.id, node, queue), act, node=task.node)
        self._deliver()

    def come(self, wait: WaitRow) -> None:
        """What a token waits for comes: its message or signal, or the worker's report."""
        if wait.kind == "work":
            act = Act("work", SYSTEM, self.now, left="event", timer=wait.node)
            self._go(_NAME, self._active(_NAME), Worked(wait.holder_id), act, node=wait.node)
        else:
            self.reach(_NAME, wait, {})
        self._deliver()
