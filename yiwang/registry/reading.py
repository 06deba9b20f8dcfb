"""Reading things: lists, one, history, relations — within the reader's reach, with what is personal masked.

Unmasked values need the grant ``unmask`` and a purpose, and each such read is journalled with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.clock import Clock
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.text import clean_line, mask_identity_number, mask_name, mask_phone
from yiwang.registry import store
from yiwang.registry.authority import Authorities
from yiwang.registry.catalogue import TypeCatalogue
from yiwang.registry.declarations import Masking
from yiwang.registry.errors import PurposeNeeded, ThingMerged, ThingUnknown
from yiwang.registry.model import Asked, Fact, Relation
from yiwang.registry.sealing import Sealer
from yiwang.registry.types import CompiledType

_shortest_purpose = 4
_most_facts = 500
_most_relations = 200


def masked(value: Json, how: Masking) -> Json:
    """A personal value as those see it who may not see all of it."""
    text = str(value)
    if how == "name":
        return mask_name(text)
    if how == "phone":
        return mask_phone(text)
    if how == "identity-number":
        return mask_identity_number(text)
    if how == "account":
        return "*" * max(len(text) - 4, 4) + text[-4:] if len(text) > 4 else "****"
    if how == "address":
        return text[: min(len(text) // 2, 6)] + "***"
    return "***"


@dataclass(frozen=True, slots=True)
class Page:
    """Things of a list. ``after``: the cursor of the next page, None on the last."""

    items: list[Fact]
    after: UUID | None


class Reading:
    """The verbs that change nothing (but tell who read what is personal)."""

    def __init__(self, clock: Clock, catalogue: TypeCatalogue, sealer: Sealer, authorities: Authorities) -> None:
        self._clock = clock
        self._catalogue = catalogue
        self._sealer = sealer
        self._authorities = authorities

    def shown(self, fact: Fact) -> Fact:
        """The fact as the published version names its attributes, personal ones masked."""
        kind = self._catalogue.type(fact.type)
        attributes = self.plain(kind, fact)
        personal = kind.declaration.personal
        safe: JsonObject = {
            name: masked(value, personal[name]) if name in personal else value for name, value in attributes.items()
        }
        return replace(fact, attributes=safe, title=self._title(kind, safe, fact.title))

    def plain(self, kind: CompiledType, fact: Fact) -> JsonObject:
        """The attributes as recorded, named as the published version names them; for those who may see them only."""
        return self._sealer.opened(kind.as_now(fact.attributes, fact.type_version))

    def filter_query(self, kind: CompiledType, filters: Mapping[str, str]) -> str:
        """The tsquery literal of exact filters; of sealed attributes their blinds are asked for.

        Raises:
            FilterUnknown.
        """
        asked = dict(filters)
        for name in kind.sealed & asked.keys():
            asked[name] = self._sealer.blind(kind.id, kind.normal({name: asked[name]}).get(name, ""))
        return kind.filter_query(asked)

    def _title(self, kind: CompiledType, safe: Mapping[str, Json], title: str) -> str:
        touched = any(name in kind.declaration.personal for name in kind.declaration.presentation.title)
        return kind.title(safe) if touched else title

    async def things(
        self, connection: Connection, actor: Actor, type_id: str, asked: Asked, *, purpose: str = ""
    ) -> Page:
        """Things of a type, newest first, as asked. Entries of a list with second approval need a purpose, and only those
        in force are shown to who does not keep the list.

        Raises:
            TypeUnknown, FilterUnknown, PurposeNeeded.
        """
        kind = self._catalogue.type(type_id)
        purpose = self._authorities.purpose(kind, purpose)
        if purpose and not self._authorities.keeps(kind, actor):
            asked = replace(asked, standing="in_force", valid_at=None, known_at=None)
        filters = self.filter_query(kind, asked.filters)
        facts = await store.listed(connection, actor, type_id, "read", asked, filters, self._clock.now())
        more = len(facts) > asked.limit
        facts = facts[: asked.limit]
        if asked.valid_at is None and asked.known_at is None:
            facts = await self.completed(connection, kind, facts)
        await self._note(connection, actor, kind, facts, purpose)
        return Page([self.shown(fact) for fact in facts], facts[-1].thing_id if more else None)

    async def thing(
        self,
        connection: Connection,
        actor: Actor,
        type_id: str,
        thing_id: UUID,
        *,
        valid_at: datetime | None = None,
        known_at: datetime | None = None,
        purpose: str = "",
    ) -> Fact:
        """What was true at ``valid_at`` as known at ``known_at``; without both, what is believed last.

        Raises:
            ThingUnknown: there is none, or it lies beyond the reader's reach. PurposeNeeded: see :meth:`things`.
        """
        kind = self._catalogue.type(type_id)
        purpose = self._authorities.purpose(kind, purpose)
        await self._authorities.require_in_force(connection, actor, kind, thing_id)
        found = await self._fact(connection, actor, type_id, thing_id, "read", valid_at, known_at)
        if valid_at is None and known_at is None:
            found = (await self.completed(connection, kind, [found]))[0]
        await self._note(connection, actor, kind, [found], purpose)
        return self.shown(found)

    async def _note(
        self, connection: Connection, actor: Actor, kind: CompiledType, facts: Sequence[Fact], purpose: str
    ) -> None:
        if purpose:
            read = [(fact, self._who(kind, self.plain(kind, fact))) for fact in facts]
            await self._authorities.note_reading(connection, actor, kind, read, purpose)

    async def completed(self, connection: Connection, kind: CompiledType, facts: Sequence[Fact]) -> list[Fact]:
        """The facts with what is counted over their relations now, and what is calculated from that; two-time history has
        neither. They are whole figures, also of things that the reader may not see: a type declares only what may be told."""
        if not kind.live or not facts:
            return list(facts)
        ids = [fact.thing_id for fact in facts]
        counts = {
            name: await store.counted(
                connection, ids, each.relation, self._clock.now(), incoming_from=each.of, total=each.total,
                where={**each.where},
            )
            for name, each in kind.counted.items()
        }  # fmt: skip
        return [
            self._with_live(kind, fact, {name: of.get(fact.thing_id, 0.0) for name, of in counts.items()})
            for fact in facts
        ]

    def _with_live(self, kind: CompiledType, fact: Fact, counts: Mapping[str, float]) -> Fact:
        schemas = {name: kind.declaration.attributes[name].json_schema for name in kind.counted}
        told: JsonObject = {
            name: counts[name] if schema.get("type") == "number" else int(counts[name])
            for name, schema in schemas.items()
        }
        stored = kind.as_now(fact.attributes, fact.type_version)
        filled = kind.formulas.filled({**self._sealer.opened(stored), **told}, kind.live - kind.counted.keys())
        living = {name: filled[name] for name in kind.live if name in filled}
        return replace(fact, attributes={**stored, **living}, type_version=kind.declaration.version)

    async def _fact(
        self,
        connection: Connection,
        actor: Actor,
        type_id: str,
        thing_id: UUID,
        verb: str,
        valid_at: datetime | None = None,
        known_at: datetime | None = None,
    ) -> Fact:
        now = self._clock.now()
        found = await store.fact_at(connection, thing_id, valid_at or now, known_at)
        if found is None and valid_at is None and known_at is None:
            found = await store.newest_fact(connection, thing_id)
        if found is None:
            await self._tell_merged(connection, actor, type_id, thing_id)
        if found is None or found.type != type_id or not await store.may(connection, actor, found, "read"):
            raise ThingUnknown(id=str(thing_id))
        if verb != "read" and not await store.may(connection, actor, found, verb):
            raise Forbidden(verb=f"thing-{found.type}:{verb}")
        return found

    async def _tell_merged(self, connection: Connection, actor: Actor, type_id: str, thing_id: UUID) -> None:
        """Raises ThingMerged where the record went into another and the reader might have seen it."""
        thing = await store.type_of(connection, thing_id)
        if thing is None or thing[0] != type_id or thing[1] is None:
            return
        last = await store.history(connection, thing_id, limit=1)
        if last and await store.may(connection, actor, last[0], "read"):
            raise ThingMerged(into=str(thing[1]))

    async def kept(
        self,
        connection: Connection,
        actor: Actor,
        type_id: str,
        thing_id: UUID,
        names: Sequence[str],
        valid_at: datetime | None = None,
    ) -> JsonObject:
        """What is recorded of these attributes, for a writer who leaves them as they are without having seen them.

        The values go into the next fact only, never to the caller's reader: the actor must be able to record the thing.
        """
        fact = await self._fact(connection, actor, type_id, thing_id, "record", valid_at)
        attributes = self.plain(self._catalogue.type(type_id), fact)
        return {name: attributes[name] for name in names if name in attributes}

    async def by_key(self, connection: Connection, actor: Actor, type_id: str, name: str, key: Sequence[str]) -> Fact:
        """The thing that a natural key names.

        Raises:
            ThingUnknown.
        """
        kind = self._catalogue.type(type_id)
        parts = kind.declaration.keys.get(name, [])
        tidy = self._sealer.hidden(kind.id, kind.normal(dict(zip(parts, key, strict=False))), kind.sealed)
        text = "\x1f".join(str(tidy.get(part, "")) for part in parts)
        found = await store.things_of_keys(connection, type_id, {name: text})
        if name not in found:
            raise ThingUnknown(id=clean_line(" ".join(key))[:60])
        return await self.thing(connection, actor, type_id, found[name])

    async def history(
        self, connection: Connection, actor: Actor, type_id: str, thing_id: UUID, *, purpose: str = ""
    ) -> list[Fact]:
        """All that was ever believed of a thing, the newest record first (at most 500)."""
        kind = self._catalogue.type(type_id)
        self._authorities.purpose(kind, purpose)
        await self._authorities.require_in_force(connection, actor, kind, thing_id)
        await self._fact(connection, actor, type_id, thing_id, "read")
        return [self.shown(fact) for fact in await store.history(connection, thing_id, limit=_most_facts)]

    async def relations(
        self,
        connection: Connection,
        actor: Actor,
        type_id: str,
        thing_id: UUID,
        *,
        valid_at: datetime | None = None,
        known_at: datetime | None = None,
        purpose: str = "",
    ) -> list[Relation]:
        """What the thing belongs to and what belongs to it; titles of what the reader may not see are left empty. That a
        thing stands in a list with second approval is told from the list's side only."""
        kind = self._catalogue.type(type_id)
        self._authorities.purpose(kind, purpose)
        await self._authorities.require_in_force(connection, actor, kind, thing_id)
        await self._fact(connection, actor, type_id, thing_id, "read", valid_at, known_at)
        found = await store.relations_of(
            connection, thing_id, valid_at or self._clock.now(), known_at, limit=_most_relations
        )
        ends = {end for relation in found for end in (relation.from_id, relation.to_id)}
        titles: dict[UUID, str] = {}
        for id, fact in (await store.newest_facts(connection, sorted(ends))).items():
            if await store.may(connection, actor, fact, "read"):
                titles[id] = self.shown(fact).title
        found = [
            each for each in found if not self._listed(each.to_type if each.from_id == thing_id else each.from_type)
        ]
        return [
            replace(relation, from_title=titles.get(relation.from_id, ""), to_title=titles.get(relation.to_id, ""))
            for relation in found
        ]

    def _listed(self, type_id: str) -> bool:
        kind = next((each for each in self._catalogue.all() if each.id == type_id), None)
        return kind is not None and kind.declaration.authority is not None

    async def unmasked(self, connection: Connection, actor: Actor, type_id: str, thing_id: UUID, purpose: str) -> Fact:
        """The record with its personal values, for a stated purpose; the read is journalled.

        Raises:
            PurposeNeeded, Forbidden, ThingUnknown.
        """
        purpose = clean_line(purpose)
        if len(purpose) < _shortest_purpose:
            raise PurposeNeeded()
        kind = self._catalogue.type(type_id)
        found = await self._fact(connection, actor, type_id, thing_id, "unmask")
        await self._authorities.require_in_force(connection, actor, kind, thing_id)
        found = (await self.completed(connection, kind, [found]))[0]
        plain = self.plain(kind, found)
        await store.keep_read(connection, actor, thing_id, self._clock.now(), purpose, self._who(kind, plain))
        await journal.append(
            connection,
            journal.entry(
                actor, self._clock.now(), "thing.read_personal", "thing", thing_id, area=found.area,
                data={"type": type_id, "purpose": purpose, "attributes": [*sorted(kind.declaration.personal)]},
            ),
        )  # fmt: skip
        return replace(found, attributes=plain)

    async def reads_of_person(
        self, connection: Connection, name: str, phone: str, since: datetime, *, limit: int
    ) -> list[store.PersonalRead]:
        """Who was shown, since then, records with this name and this telephone number unmasked, whatever their type."""
        return await store.reads_of_person(connection, self._blind_of_person(name, phone), since, limit=limit)

    def _who(self, kind: CompiledType, plain: JsonObject) -> str | None:
        told: dict[str, str] = {}
        for name, how in kind.declaration.personal.items():
            if how in ("name", "phone") and plain.get(name):
                told.setdefault(how, str(plain[name]))
        return self._blind_of_person(told["name"], told["phone"]) if len(told) == 2 else None

    def _blind_of_person(self, name: str, phone: str) -> str:
        return self._sealer.blind("person", f"{clean_line(name)}\x1f{''.join(filter(str.isdigit, phone))[-11:]}")
