"""Alarms as other floors call them: what people may do with them, and what is shown of them. One verb is one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import numpy as np

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import FieldError, Forbidden, InvalidInput, Problem
from yiwang.kernel.journal import JournalRow
from yiwang.sensing.alarms import lists, raising, store
from yiwang.sensing.alarms.errors import AlarmNotOpen, AlarmNotShelved, AlarmUnknown, ShelfNotUsable
from yiwang.sensing.alarms.journalling import VERBS, entry_about
from yiwang.sensing.alarms.model import STATE_NAMES, Alarm
from yiwang.sensing.devices.directory import DeviceDirectory
from yiwang.sensing.model import moment
from yiwang.sensing.readings.lake import Lake
from yiwang.sensing.readings.raw import Wanted, read
from yiwang.sensing.rules.book import RuleBook

MOST_SHELF_DAYS = 30
_MOST_POINTS = 240


@dataclass(frozen=True, slots=True)
class Curve:
    """The values around an alarm: (time, value) oldest first, thinned to what a screen shows, extremes kept."""

    metric: str
    unit: str
    points: tuple[tuple[datetime, float], ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """An alarm of a bulk act that it could not be done to."""

    id: UUID
    problem: Problem


class Alarms:
    """One per process."""

    def __init__(self, context: Context, directory: DeviceDirectory, book: RuleBook, lake: Lake) -> None:
        self._context = context
        self._directory = directory
        self._book = book
        self._lake = lake

    # -- reading ------------------------------------------------------------------------------------------------------

    async def one(self, actor: Actor, alarm_id: UUID) -> Alarm:
        """An alarm.

        Raises:
            AlarmUnknown: none such, or not the actor's to see.
        """
        async with self._context.database.connection() as connection:
            found = await lists.one(connection, actor, alarm_id)
        if found is None:
            raise AlarmUnknown()
        return found

    async def story(self, actor: Actor, alarm_id: UUID) -> list[JournalRow]:
        """What happened to an alarm, oldest first."""
        await self.one(actor, alarm_id)
        async with self._context.database.connection() as connection:
            return await journal.story(connection, alarm_id, limit=200)

    async def curves(self, alarm: Alarm) -> list[Curve]:
        """The values half an hour before the alarm began until half an hour after it was raised."""
        async with self._context.database.connection() as connection:
            return await curves(connection, self._lake, self._directory, alarm, self._context.clock.now())

    # -- verbs --------------------------------------------------------------------------------------------------------

    async def acknowledge(self, actor: Actor, ids: Sequence[UUID], note: str = "") -> tuple[list[UUID], list[Refused]]:
        """确认: somebody has seen it. Acknowledging again changes nothing."""
        async with self._context.database.transaction() as connection:
            alarms, refused = await self._reached(connection, actor, "acknowledge", ids, ("确认", "acknowledged"))
            fresh = [alarm for alarm in alarms if alarm.state == "raised"]
            now = self._context.clock.now()
            await store.acknowledge(connection, [alarm.id for alarm in fresh], actor, now)
            await self._tell(connection, actor, now, "alarm.acknowledged", fresh, {"note": note} if note else {})
        return [alarm.id for alarm in alarms], refused

    async def close(self, actor: Actor, ids: Sequence[UUID], reason: str) -> tuple[list[UUID], list[Refused]]:
        """关闭: a person ends it, even over the limit; it is raised again once it was normal in between, or gets graver.

        Raises:
            InvalidInput: no reason is given.
        """
        _needed(reason, "/reason")
        async with self._context.database.transaction() as connection:
            alarms, refused = await self._reached(connection, actor, "close", ids, ("关闭", "closed"))
            now = self._context.clock.now()
            await store.close(connection, [alarm.id for alarm in alarms], actor, now)
            await store.will_not_open(connection, [alarm.id for alarm in alarms])
            await self._tell(connection, actor, now, "alarm.closed", alarms, {"note": reason})
        return [alarm.id for alarm in alarms], refused

    async def shelve(
        self, actor: Actor, ids: Sequence[UUID], until: datetime, reason: str
    ) -> tuple[list[UUID], list[Refused]]:
        """搁置: put its source aside until a time; what it raises until then waits there and opens no case.

        Raises:
            ShelfNotUsable: the end is not usable. InvalidInput: no reason is given.
        """
        _needed(reason, "/reason")
        now = self._context.clock.now()
        if not now < until <= now + timedelta(days=MOST_SHELF_DAYS):
            raise ShelfNotUsable(days=MOST_SHELF_DAYS)
        async with self._context.database.transaction() as connection:
            alarms, refused = await self._reached(connection, actor, "shelve", ids, ("搁置", "shelved"))
            await store.shelve(connection, alarms, until, reason, actor, now)
            await store.will_not_open(connection, [alarm.id for alarm in alarms])
            data: JsonObject = {"note": reason, "until": until.isoformat()}
            await self._tell(connection, actor, now, "alarm.shelved", alarms, data)
        return [alarm.id for alarm in alarms], refused

    async def unshelve(self, actor: Actor, ids: Sequence[UUID]) -> tuple[list[UUID], list[Refused]]:
        """结束搁置, before its time."""
        async with self._context.database.transaction() as connection:
            await self._book.refresh(connection)
            alarms, refused = await self._reached(connection, actor, "shelve", ids, ("结束搁置", "unshelved"))
            shelved = [alarm for alarm in alarms if alarm.shelved_until is not None]
            refused += [Refused(alarm.id, AlarmNotShelved()) for alarm in alarms if alarm.shelved_until is None]
            await raising.off_the_shelf(connection, shelved, self._book.rules, actor, self._context.clock.now())
        return [alarm.id for alarm in shelved], refused

    async def note(self, actor: Actor, alarm_id: UUID, text: str) -> None:
        """备注 for those who come after.

        Raises:
            AlarmUnknown, Forbidden. InvalidInput: the text is empty.
        """
        _needed(text, "/text")
        async with self._context.database.transaction() as connection:
            alarms, refused = await self._reached(connection, actor, "acknowledge", [alarm_id], None)
            if refused:
                raise refused[0].problem
            await self._tell(connection, actor, self._context.clock.now(), "alarm.noted", alarms, {"note": text})

    async def _reached(
        self, connection: Connection, actor: Actor, verb: str, ids: Sequence[UUID], words: tuple[str, str] | None
    ) -> tuple[list[Alarm], list[Refused]]:
        """The alarms, locked, to which the act may be done; for each other one the reason. ``words``: only open ones."""
        actor.require("alarm", verb)
        wanted = list(dict.fromkeys(ids))
        seen = await lists.reachable(connection, actor, wanted, "read")
        mine = await lists.reachable(connection, actor, wanted, verb)
        refused = [Refused(one, AlarmUnknown()) for one in wanted if one not in seen]
        refused += [Refused(one, Forbidden(verb=f"alarm:{verb}")) for one in wanted if one in seen and one not in mine]
        found: list[Alarm] = []
        for alarm in await store.lock(connection, [one for one in wanted if one in seen and one in mine]):
            if words is not None and not alarm.open:
                zh, en = STATE_NAMES[alarm.state]
                refused.append(
                    Refused(alarm.id, AlarmNotOpen(state_zh=zh, state_en=en, verb_zh=words[0], verb_en=words[1]))
                )
            else:
                found.append(alarm)
        return found, refused

    async def _tell(
        self, connection: Connection, actor: Actor, at: datetime, verb: str, alarms: Iterable[Alarm], data: JsonObject
    ) -> None:
        status = {"alarm.acknowledged": "acknowledged", "alarm.closed": "closed"}.get(verb)
        more: JsonObject = {**data, **({"status": status} if status else {})}
        await journal.append_many(connection, [entry_about(actor, at, verb, alarm, more) for alarm in alarms])


async def curves(
    connection: Connection, lake: Lake, directory: DeviceDirectory, alarm: Alarm, now: datetime
) -> list[Curve]:
    """See :meth:`Alarms.curves`; in the caller's connection."""
    metric = directory.metric_by_id(alarm.metric_id) if alarm.metric_id is not None else None
    if metric is None or alarm.device_id is None:
        return []
    since = min(alarm.began_at, alarm.raised_at) - raising.EVIDENCE_SPAN
    until = min(alarm.raised_at + raising.EVIDENCE_SPAN, now) + timedelta(minutes=5)
    wanted = Wanted(max(since, until - timedelta(days=2)), until, (alarm.device_id,), metric.id)
    rows = await read(connection, lake, wanted)
    order = np.argsort(rows["at"], kind="stable")
    at, value = rows["at"][order], rows["value"][order]
    if len(at) > _MOST_POINTS:
        kept = _extremes(value, _MOST_POINTS // 2)
        at, value = at[kept], value[kept]
    points = tuple((moment(when), number) for when, number in zip(at.tolist(), value.tolist(), strict=True))
    return [Curve(metric.code, metric.unit, points)]


def _extremes(value: np.ndarray[tuple[int], np.dtype[np.float64]], buckets: int) -> list[int]:
    """Least and greatest of each of so many spans: what a thinned curve must not lose."""
    kept: set[int] = {0, len(value) - 1}
    for part in np.array_split(np.arange(len(value)), buckets):
        kept.add(int(part[np.argmin(value[part])]))
        kept.add(int(part[np.argmax(value[part])]))
    return sorted(kept)


def _needed(text: str, where: str) -> None:
    if not text.strip():
        fault = FieldError(where=where, code="input.missing", zh="请写明内容", en="write what it is")
        raise InvalidInput(errors=[fault], count=1)


def verb_names(verb: str) -> tuple[str, str]:
    """What an entry's verb is called."""
    return VERBS.get(verb, (verb, verb))
