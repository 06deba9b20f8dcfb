"""What a step expects against what is seen."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from yiwang.flow.rehearsal import Moment, Rehearsal, Rows, Waiting
from yiwang.kernel.database import Json
from yiwang.packs.walks.company import Company
from yiwang.packs.walks.declared import Expect
from yiwang.packs.walks.report import Difference


class Sight:
    """What can be seen of a rehearsal, in words."""

    def __init__(self, rehearsal: Rehearsal, company: Company) -> None:
        self.rehearsal, self.company = rehearsal, company
        self.zone: ZoneInfo = rehearsal.calendar.hours.timezone

    def differences(self, expect: Expect, instance: str, moments: Sequence[Moment]) -> Iterator[Difference]:
        """Everything that is not as expected; ``moments`` are what the step has brought about."""
        sent = [item.name for moment in moments for item in moment.answer.thrown]
        if expect.sent is not None and expect.sent != sent:
            yield Difference("sent", _listed(expect.sent), _listed(sent))
        unread = [parcel.thrown.name for parcel in self.rehearsal.undelivered]
        if expect.unread is not None and expect.unread != unread:
            yield Difference("unread", _listed(expect.unread), _listed(unread))
        rows = self.rehearsal.instances.get(instance)
        if rows is None:
            yield Difference("of", instance, _listed(list(self.rehearsal.instances)))
            return
        waiting = self.rehearsal.waiting(instance)
        yield from self._waits(expect, waiting)
        for node, wanted in (expect.due or {}).items():
            seen = self.due(rows, waiting, node)
            if wanted != seen:
                yield Difference(f"due.{node}", self.moment(wanted), self.moment(seen))
        yield from self._state(expect, rows)

    def _waits(self, expect: Expect, waiting: Sequence[Waiting]) -> Iterator[Difference]:
        there = counted([item.node for item in waiting])
        if expect.waits is not None and sorted(expect.waits) != sorted(there):
            yield Difference("waits", _listed(sorted(expect.waits)), _listed(sorted(there)))
        for node, who in (expect.who or {}).items():
            wanted = [] if who is None else [who] if isinstance(who, str) else who
            seen = self.people([item for item in waiting if item.node == node])
            if sorted(wanted) != sorted(seen):
                yield Difference(f"who.{node}", _listed(wanted), _listed(seen))
        for node, times in (expect.urged or {}).items():
            urged = max((item.urged for item in waiting if item.node == node), default=0)
            if urged != times:
                yield Difference(f"urged.{node}", str(times), str(urged))

    def _state(self, expect: Expect, rows: Rows) -> Iterator[Difference]:
        last = next(
            moment for moment in reversed(self.rehearsal.moments) if moment.answer.instance_id == rows.instance.id
        ).answer
        words = (
            ("status", expect.status, last.status),
            ("stage", expect.stage, last.stage),
            ("state", expect.state, rows.instance.state),
            ("ended", expect.ended, last.end if last.ended else None),
            ("error", expect.error, last.error),
        )
        for key, wanted, seen in words:
            if wanted is not None and wanted != seen:
                yield Difference(key, wanted, seen or "—")
        for name, given in (expect.set_ or {}).items():
            value = self.company.shown(rows.instance.variables.get(name))
            if value != given:
                yield Difference(f"set.{name}", str(given), str(value))

    def people(self, waiting: Sequence[Waiting]) -> list[str]:
        """Everybody who may take one of these."""
        found = [self.company.names.get(person, "?") for item in waiting for person in item.people]
        return list(dict.fromkeys(found))

    def due(self, rows: Rows, waiting: Sequence[Waiting], node: str) -> datetime | None:
        """When the step is due (of several the first), or its timer fires."""
        times = [item.due_at for item in waiting if item.node == node]
        times += [timer.wake_at for timer in rows.timers.values() if timer.node == node]
        return min((time for time in times if time is not None), default=None)

    def moment(self, at: datetime | None) -> str:
        """A moment in the zone of the calendar."""
        return "—" if at is None else at.astimezone(self.zone).isoformat(timespec="minutes")

    def value(self, value: Json) -> Json:
        return self.company.shown(value)


def counted(names: Sequence[str]) -> list[str]:
    """Each name once, with how often it is there: ``sign*3``."""
    return [name if count == 1 else f"{name}*{count}" for name, count in Counter(names).items()]


def _listed(names: Sequence[str]) -> str:
    return f"[{', '.join(names)}]"
