"""Lists of persons who need care or attention (关爱名单): in force only with a legal basis, until an end date, approved by a
second person; read for a stated purpose only.

Promises: whoever records an entry never approves it, whatever their grants; an entry that waits, was refused or whose day is over
is seen by nobody but those who keep the list; each reading is written down with its purpose; an end comes by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import FieldError, Forbidden
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import clean_line
from yiwang.registry import store
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.errors import (
    AttributesInvalid,
    ChangedMeanwhile,
    NothingWaiting,
    PurposeNeeded,
    SamePerson,
    ThingUnknown,
)
from yiwang.registry.model import Fact, kinds_of
from yiwang.registry.store import Authority
from yiwang.registry.types import CompiledType

_shortest_purpose = 4
_at_once = 200


class Authorities:
    """The rules of such lists. One per process."""

    def __init__(self, context: Context, catalogue: TypeCatalogue) -> None:
        self._context, self._catalogue = context, catalogue

    def until(self, kind: CompiledType, attributes: Mapping[str, Json], now: datetime) -> datetime | None:
        """The end of the last day of an entry (UTC); None for a type that is no such list.

        Raises:
            AttributesInvalid: the day is over, or lies further ahead than the type allows.
        """
        declared = kind.declaration.authority
        if declared is None:
            return None
        day = date.fromisoformat(str(attributes[declared.until]))
        zone = self._context.calendar.hours.timezone
        until = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
        longest = now + timedelta(days=declared.longest_days + 1)
        if now < until <= longest:
            return until
        words = kind.declaration.attributes[declared.until].names
        fault = FieldError(
            where=f"/{declared.until}", code="thing.value",
            zh=f"“{words.zh}”应晚于今天,且不超过 {declared.longest_days} 天",
            en=f"{words.en} must lie ahead, by {declared.longest_days} days at most",
        )  # fmt: skip
        raise AttributesInvalid(errors=[fault], type=kind.declaration.names.zh, count=1)

    async def propose(
        self, connection: Connection, actor: Actor, kind: CompiledType, thing: UUID, fact: UUID,
        attributes: Mapping[str, Json], until: datetime,
    ) -> None:  # fmt: skip
        """An entry was recorded: it waits for another person."""
        declared = kind.declaration.authority
        if declared is None:
            return
        now = self._context.clock.now()
        await store.propose(
            connection, id=new_id(), thing_id=thing, fact_id=fact, type_id=kind.id,
            basis=str(attributes.get(declared.basis, "")), until=until, actor=actor, at=now,
        )  # fmt: skip

    async def decide(
        self,
        connection: Connection,
        actor: Actor,
        type_id: str,
        thing_id: UUID,
        fact_id: UUID,
        *,
        approve: bool,
        note: str,
    ) -> Authority:
        """A second person puts the entry in force, or refuses it. ``fact_id``: what they saw.

        Raises:
            ThingUnknown, Forbidden, ChangedMeanwhile; NothingWaiting: nobody asked; SamePerson: they asked themselves.
        """
        kind = self._catalogue.type(type_id)
        held = await store.lock_thing(connection, thing_id)
        newest = await store.newest_fact(connection, thing_id)
        if held is None or held[0] != type_id or newest is None or kind.declaration.authority is None:
            raise ThingUnknown(id=str(thing_id))
        if not await store.may(connection, actor, newest, "approve"):
            if await store.may(connection, actor, newest, "read"):
                raise Forbidden(verb=f"thing-{type_id}:approve")
            raise ThingUnknown(id=str(thing_id))
        found = (await store.authorities(connection, [thing_id])).get(thing_id)
        if found is None or found.state != "waiting":
            raise NothingWaiting()
        if found.fact_id != fact_id:
            raise ChangedMeanwhile(who=found.asked_label, when=found.asked_at.isoformat(timespec="minutes"))
        if actor.account_id is None or actor.account_id == found.asked_by:
            raise SamePerson()
        now = self._context.clock.now()
        await store.decide(connection, found.id, "in_force" if approve else "refused", actor, note, now)
        verb = "thing.authority_approved" if approve else "thing.authority_refused"
        data: JsonObject = {"type": type_id, "until": found.until.isoformat(), "note": note}
        await journal.append(
            connection, journal.entry(actor, now, verb, "thing", thing_id, area=newest.area, data=data)
        )
        return (await store.authorities(connection, [thing_id]))[thing_id]

    def purpose(self, kind: CompiledType, purpose: str) -> str:
        """The purpose of a reading, tidied; "" for a type that is no such list.

        Raises:
            PurposeNeeded.
        """
        if kind.declaration.authority is None:
            return ""
        tidy = clean_line(purpose)
        if len(tidy) < _shortest_purpose:
            raise PurposeNeeded()
        return tidy

    def keeps(self, kind: CompiledType, actor: Actor) -> bool:
        """Whether they keep the list: they see what waits and what has ended, too."""
        return any(actor.may(each, verb) for each in kinds_of(kind.id) for verb in ("record", "approve"))

    async def require_in_force(self, connection: Connection, actor: Actor, kind: CompiledType, thing_id: UUID) -> None:
        """Raises ThingUnknown where the entry is not in force and the reader does not keep the list."""
        if kind.declaration.authority is None or self.keeps(kind, actor):
            return
        found = (await store.authorities(connection, [thing_id])).get(thing_id)
        if found is None or found.state != "in_force" or found.until <= self._context.clock.now():
            raise ThingUnknown(id=str(thing_id))

    async def note_reading(
        self,
        connection: Connection,
        actor: Actor,
        kind: CompiledType,
        read: Sequence[tuple[Fact, str | None]],
        purpose: str,
    ) -> None:
        """Write down that these entries were read; with each the blind of the person whom it is about, where it tells one."""
        if not purpose or not read:
            return
        now = self._context.clock.now()
        for fact, who in read:
            await store.keep_read(connection, actor, fact.thing_id, now, purpose, who)
        data: JsonObject = {"type": kind.id, "purpose": purpose, "count": len(read)}
        subject = read[0][0].thing_id if len(read) == 1 else None
        await journal.append(connection, journal.entry(actor, now, "thing.list_read", "thing", subject, data=data))

    async def end_due(self) -> bool:
        """One round: entries whose day is over are ended; true when there may be more."""
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            ended = await store.take_ended(connection, now, _at_once)
            for each in ended:
                newest = await store.newest_fact(connection, each.thing_id)
                area = newest.area if newest else ""
                data: JsonObject = {"type": each.type, "until": each.until.isoformat()}
                await journal.append(
                    connection,
                    journal.entry(SYSTEM, now, "thing.authority_ended", "thing", each.thing_id, area=area, data=data),
                )
        return len(ended) == _at_once
