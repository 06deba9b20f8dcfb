"""Definitions that begin by themselves: their starts by timer, counted from the beginning of the rehearsal."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.flow.model import Definition, StartEvent, TimerRow
from yiwang.flow.timing import Timing
from yiwang.flow.walk.events import timer_of

_NOBODY = UUID(int=0)


@dataclass(slots=True)
class _Start:
    key: str
    node: str
    timer: TimerRow | None


class TimedStarts:
    """The starts by timer of some definitions."""

    def __init__(self, definitions: Iterable[Definition], timing: Timing) -> None:
        self._starts = [
            _Start(definition.key, start.id, _timer(start, timing))
            for definition in definitions
            for start in definition.graph.starts
            if start.trigger is not None and start.trigger.kind == "timer"
        ]

    @property
    def next(self) -> datetime | None:
        """When the next definition begins."""
        return min((start.timer.wake_at for start in self._starts if start.timer and start.timer.wake_at), default=None)

    def take(self, timing: Timing) -> list[tuple[str, str]]:
        """The definitions (key, start event) that begin now; those that repeat are set for their next time."""
        due = []
        for start in self._starts:
            timer = start.timer
            if timer is not None and timer.wake_at is not None and timer.wake_at <= timing.at:
                due.append((start.key, start.node))
                start.timer = timing.again(timer)
        return due


def _timer(start: StartEvent, timing: Timing) -> TimerRow | None:
    if start.trigger is None:
        return None
    new = timer_of(start.trigger, None, start.id, start.names.zh, {})
    return timing.of_timer(new, _NOBODY, _NOBODY, _NOBODY)
