"""Recording facts in two times: nothing is overwritten, what was believed before stays to be asked for.

A new fact about a period closes what was believed of it and re-states the rest before and after. One transaction a verb; the
thing's row is the lock; the database itself refuses two beliefs about the same moment.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.identifiers import new_id
from yiwang.registry import store
from yiwang.registry.authority import Authorities
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.errors import (
    ChangedMeanwhile,
    KeyTaken,
    PeriodImpossible,
    RelationRefused,
    RelationUnknown,
    ThingMerged,
    ThingUnknown,
)
from yiwang.registry.judging import Judge
from yiwang.registry.model import Draft, Fact, Ready, Recorded, kinds_of
from yiwang.registry.types import CompiledType

_moment = timedelta(microseconds=1)
_furthest = timedelta(days=366 * 300)
_most_steps = 64


class Recording:
    """The verbs that change what is known."""

    def __init__(self, clock: Clock, catalogue: TypeCatalogue, judge: Judge, authorities: Authorities) -> None:
        self._clock = clock
        self._catalogue = catalogue
        self._judge = judge
        self._authorities = authorities

    async def record(
        self,
        connection: Connection,
        actor: Actor,
        type_id: str,
        draft: Draft,
        *,
        thing_id: UUID | None = None,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        expected: UUID | None = None,
        ready: Ready | None = None,
    ) -> Recorded:
        """Record that a thing is so from ``valid_from`` (None: now) until ``valid_until`` (None: further on).

        The thing is ``thing_id``, or the one that the natural keys name, or a new one. ``expected`` is the fact that the writer
        saw: another since then is told, not overwritten. ``ready`` is a draft judged before.

        Raises:
            AttributesInvalid, PeriodImpossible, KeyTaken, ChangedMeanwhile, ThingUnknown, ThingMerged, Forbidden.
        """
        kind = self._catalogue.type(type_id)
        ready = ready or self._judge.ready(kind, draft)
        now = self._clock.now()
        begin = valid_from or now
        last = self._authorities.until(kind, ready.attributes, now)
        valid_until = last if last is not None and (valid_until is None or valid_until > last) else valid_until
        _check_period(begin, valid_until, now)
        thing, new = await self._thing(connection, kind, ready, thing_id, now)
        organisation = draft.organisation_id if draft.organisation_id is not None else actor.organisation_id
        before: list[Fact] = []
        if not new:
            newest = await store.newest_fact(connection, thing)
            await self._allowed(connection, actor, newest)
            if expected is not None and newest is not None and newest.id != expected:
                raise ChangedMeanwhile(
                    who=newest.recorded_label, when=newest.recorded_from.isoformat(timespec="minutes")
                )
            if newest is not None and draft.organisation_id is None:
                organisation = newest.organisation_id
            before = await store.believed(connection, thing, begin, valid_until)
            if await _says_the_same(connection, before, ready, begin, valid_until):
                return Recorded(thing, before[0].id, "same")
        if not any(
            actor.reaches(each, "record", area=ready.area, organisation=organisation) for each in kinds_of(kind.id)
        ):
            raise Forbidden(verb=f"thing-{kind.id}:record")
        at = max([now, *(fact.recorded_from + _moment for fact in before)])
        await _restate(connection, before, begin, valid_until, at)
        fact_id = new_id()
        await store.insert_fact(
            connection,
            id=fact_id,
            thing_id=thing,
            type_id=kind.id,
            type_version=kind.declaration.version,
            valid=(begin, valid_until),
            recorded_from=at,
            ready=ready,
            organisation_id=organisation,
            source=(draft.source_id, draft.source_row),
            actor=actor,
            reason=draft.reason,
        )
        if last is not None:
            await self._authorities.propose(connection, actor, kind, thing, fact_id, ready.attributes, last)
        await self._tell(connection, actor, kind, thing, ready, before, new, (begin, valid_until), draft.reason)
        return Recorded(thing, fact_id, "new" if new else "changed")

    async def end(
        self, connection: Connection, actor: Actor, thing_id: UUID, *, at: datetime | None = None, reason: str = ""
    ) -> None:
        """The thing is no more from ``at`` (None: now) on: moved away, closed, demolished. Its history stays."""
        found = await store.lock_thing(connection, thing_id)
        if found is None:
            raise ThingUnknown(id=str(thing_id))
        _check_standing(found)
        now = self._clock.now()
        until = at or now
        _check_period(until, None, now)
        newest = await store.newest_fact(connection, thing_id)
        await self._allowed(connection, actor, newest)
        before = await store.believed(connection, thing_id, until, None)
        if not before:
            return
        recorded = max([now, *(fact.recorded_from + _moment for fact in before)])
        await _restate(connection, before, until, None, recorded)
        await store.end_authority(connection, thing_id, until)
        await journal.append(
            connection,
            journal.entry(
                actor, now, "thing.ended", "thing", thing_id, area=before[0].area,
                data={"type": found[0], "title": before[0].title, "from": until.isoformat(), "reason": reason},
            ),
        )  # fmt: skip

    async def relate(
        self,
        connection: Connection,
        actor: Actor,
        from_id: UUID,
        relation: str,
        to_id: UUID,
        *,
        valid_from: datetime | None = None,
        valid_until: datetime | None = None,
        attributes: JsonObject | None = None,
        source_id: int | None = None,
    ) -> UUID:
        """Record that one thing belongs to another by a declared relation.

        Raises:
            RelationUnknown, RelationRefused (wrong type, to itself, in a circle, a second one where one is allowed).
        """
        ends = sorted((from_id, to_id))
        held = {id: await store.lock_thing(connection, id) for id in dict.fromkeys(ends)}
        from_thing, to_thing = held[from_id], held[to_id]
        if from_thing is None or to_thing is None:
            raise ThingUnknown(id=str(to_id if from_thing else from_id))
        _check_standing(from_thing)
        _check_standing(to_thing)
        kind = self._catalogue.type(from_thing[0])
        declared = kind.declaration.relations.get(relation)
        if declared is None:
            known = ", ".join(kind.declaration.relations) or "—"
            raise RelationUnknown(type=kind.declaration.names.zh, relation=relation[:60], known=known)
        newest = await store.newest_fact(connection, from_id)
        await self._allowed(connection, actor, newest)
        if to_thing[0] != declared.to:
            wanted = self._catalogue.type(declared.to).declaration.names
            raise RelationRefused(reason_zh=f"对方应为“{wanted.zh}”", reason_en=f"the other must be: {wanted.en}")
        if from_id == to_id:
            raise RelationRefused(reason_zh="不能与自身建立关系", reason_en="a thing does not belong to itself")
        now = self._clock.now()
        begin = valid_from or now
        _check_period(begin, valid_until, now)
        if not declared.many and await store.has_relation(connection, from_id, relation, begin, valid_until):
            raise RelationRefused(
                reason_zh=f"同一时间只能有一个“{declared.names.zh}”,请先结束原来的",
                reason_en=f"only one “{declared.names.en}” at a time; end the other first",
            )
        if declared.acyclic and await store.reaches(connection, to_id, relation, from_id, most_steps=_most_steps):
            raise RelationRefused(reason_zh="这样会形成循环", reason_en="it would close a circle")
        id = new_id()
        try:
            async with connection.transaction():
                await store.insert_relation(
                    connection, id=id, kind=relation, ends=(from_id, to_id), valid=(begin, valid_until), at=now,
                    attributes=attributes or {}, source_id=source_id, actor=actor,
                )  # fmt: skip
        except asyncpg.ExclusionViolationError as error:
            raise RelationRefused(
                reason_zh="这个关系已经登记", reason_en="this relation is recorded already"
            ) from error
        await journal.append(
            connection,
            journal.entry(
                actor, now, "thing.related", "thing", from_id, area=newest.area if newest else "",
                data={"relation": relation, "to": str(to_id), "to_type": to_thing[0]},
            ),
        )  # fmt: skip
        return id

    async def unrelate(
        self, connection: Connection, actor: Actor, relation_id: UUID, *, at: datetime | None = None
    ) -> None:
        """The relation holds no more from ``at`` (None: now) on."""
        relation = await store.relation_by_id(connection, relation_id)
        if relation is None:
            raise ThingUnknown(id=str(relation_id))
        await store.lock_thing(connection, relation.from_id)
        newest = await store.newest_fact(connection, relation.from_id)
        await self._allowed(connection, actor, newest)
        now = self._clock.now()
        recorded = max(now, relation.recorded_from + _moment)
        await store.end_relation(connection, relation, new_id(), at or now, recorded)
        await journal.append(
            connection,
            journal.entry(
                actor, now, "thing.unrelated", "thing", relation.from_id, area=newest.area if newest else "",
                data={"relation": relation.kind, "to": str(relation.to_id)},
            ),
        )  # fmt: skip

    async def _thing(
        self, connection: Connection, kind: CompiledType, ready: Ready, thing_id: UUID | None, now: datetime
    ) -> tuple[UUID, bool]:
        """Which thing is meant (locked), and whether it is new."""
        known = await store.things_of_keys(connection, kind.id, ready.keys) if ready.keys else {}
        owners = set(known.values()) - ({thing_id} if thing_id else set())
        if thing_id is not None:
            locked = await store.lock_thing(connection, thing_id)
            if locked is None or locked[0] != kind.id:
                raise ThingUnknown(id=str(thing_id))
            _check_standing(locked)
            if owners:
                raise _taken(kind, known, ready, next(iter(owners)))
        elif len(owners) > 1:
            raise _taken(kind, known, ready, next(iter(owners)))
        new = thing_id is None and not owners
        thing = thing_id or next(iter(owners), None) or new_id()
        if new:
            await store.insert_thing(connection, thing, kind.id, now)
        elif thing_id is None:
            await store.lock_thing(connection, thing)
        fresh = {name: key for name, key in ready.keys.items() if name not in known}
        if fresh:
            try:
                async with connection.transaction():
                    await store.insert_keys(connection, kind.id, fresh, thing)
            except asyncpg.UniqueViolationError as error:
                raise _taken(kind, {}, ready, None) from error
        return thing, new

    async def _allowed(self, connection: Connection, actor: Actor, newest: Fact | None) -> None:
        """The thing as it stands must be within reach: nobody draws a record of another office to himself."""
        if newest is not None and not await store.may(connection, actor, newest, "record"):
            if await store.may(connection, actor, newest, "read"):
                raise Forbidden(verb=f"thing-{newest.type}:record")
            raise ThingUnknown(id=str(newest.thing_id))

    async def _tell(
        self,
        connection: Connection,
        actor: Actor,
        kind: CompiledType,
        thing: UUID,
        ready: Ready,
        before: list[Fact],
        new: bool,
        valid: tuple[datetime, datetime | None],
        reason: str,
    ) -> None:
        sealer = self._judge.sealer
        old = sealer.opened(before[-1].attributes) if before else {}
        present = sealer.opened(ready.attributes)
        changed = sorted(name for name in {*old, *present} if old.get(name) != present.get(name))
        personal = kind.declaration.personal
        title = ready.title if not any(name in personal for name in kind.declaration.presentation.title) else ""
        data: JsonObject = {"type": kind.id, "title": title, "from": valid[0].isoformat(), "changed": list(changed)}
        if valid[1] is not None:
            data["until"] = valid[1].isoformat()
        if reason:
            data["reason"] = reason
        verb = "thing.recorded" if new else "thing.changed"
        await journal.append(
            connection, journal.entry(actor, self._clock.now(), verb, "thing", thing, area=ready.area, data=data)
        )


def _taken(kind: CompiledType, known: dict[str, UUID], ready: Ready, owner: UUID | None) -> KeyTaken:
    name = next((key for key, thing in known.items() if thing == owner), next(iter(ready.keys)))
    parts = kind.declaration.keys[name]
    kept_back = kind.sealed | set(kind.declaration.personal)
    value = "***" if any(part in kept_back for part in parts) else ready.keys[name].replace("\x1f", " ")
    words = " + ".join(kind.declaration.attributes[part].names.zh for part in parts)
    return KeyTaken(key=words, value=value, thing=str(owner) if owner else "—")


def _check_standing(thing: tuple[str, UUID | None]) -> None:
    """What was merged into another record is changed there."""
    if thing[1] is not None:
        raise ThingMerged(into=str(thing[1]))


def _check_period(begin: datetime, until: datetime | None, now: datetime) -> None:
    if begin.tzinfo is None or (until is not None and until.tzinfo is None):
        raise PeriodImpossible(reason_zh="时刻须带时区", reason_en="a moment needs its time zone")
    if until is not None and until <= begin:
        raise PeriodImpossible(reason_zh="结束不晚于开始", reason_en="it ends before it begins")
    if abs(begin - now) > _furthest:
        raise PeriodImpossible(
            reason_zh="开始时间与今天相差超过 300 年", reason_en="it begins more than 300 years from today"
        )


async def _says_the_same(
    connection: Connection, before: list[Fact], ready: Ready, begin: datetime, until: datetime | None
) -> bool:
    """Whether exactly this is believed already of the whole period."""
    if len(before) != 1:
        return False
    only = before[0]
    covers = (only.valid_from is None or only.valid_from <= begin) and (
        only.valid_until is None or (until is not None and only.valid_until >= until)
    )
    return covers and await store.digest_of_fact(connection, only.id) == ready.digest


async def _restate(
    connection: Connection, before: list[Fact], begin: datetime, until: datetime | None, at: datetime
) -> None:
    """Close what was believed, and believe on what lies before and behind the period."""
    await store.close_facts(connection, [fact.id for fact in before], at)
    for fact in before:
        if fact.valid_from is None or fact.valid_from < begin:
            await store.copy_fact(connection, of=fact.id, id=new_id(), valid=(fact.valid_from, begin), recorded_from=at)
        if until is not None and (fact.valid_until is None or fact.valid_until > until):
            await store.copy_fact(
                connection, of=fact.id, id=new_id(), valid=(until, fact.valid_until), recorded_from=at
            )
