"""The verbs of the catalogue: draft, edit, submit, audit, publish, withdraw. Each is one transaction with its journal entry.

An office drafts what it has; the authority for data (数据主管部门) audits and publishes. What is registered fits the guide.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, get_args
from uuid import UUID

from yiwang.exchange.catalogue import guide, store
from yiwang.exchange.catalogue.declarations import ResourceDeclaration
from yiwang.exchange.catalogue.model import KIND, STATES, Asked, Content, Resource, State, Step
from yiwang.exchange.errors import (
    NoteNeeded,
    ProviderUnknown,
    ResourceChanged,
    ResourceInvalid,
    ResourceStateWrong,
    ResourceUnknown,
)
from yiwang.exchange.sharing.ending import end_grants_of
from yiwang.identity.directory import Directory
from yiwang.identity.model import OrganisationRow
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import FieldError, Forbidden
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import clean_line
from yiwang.registry.declarations import ThingType
from yiwang.registry.service import RegistryService

Verb = Literal["submit", "register", "return", "refuse", "publish", "withdraw"]


@dataclass(frozen=True, slots=True)
class Move:
    """From which states a verb leads to which, by whom (grant), and whether it needs a reason."""

    zh: str
    before: frozenset[State]
    after: State
    grant: str
    note: bool = False


MOVES: Mapping[Verb, Move] = {
    "submit": Move("提交审核", frozenset({"draft", "returned"}), "to_audit", "draft"),
    "register": Move("审核通过并登记", frozenset({"to_audit"}), "registered", "audit"),
    "return": Move("退回补正", frozenset({"to_audit", "registered"}), "returned", "audit", note=True),
    "refuse": Move("不予登记", frozenset({"to_audit"}), "refused", "audit", note=True),
    "publish": Move("发布", frozenset({"registered", "withdrawn"}), "published", "publish"),
    "withdraw": Move("撤销发布", frozenset({"published"}), "withdrawn", "withdraw", note=True),
}
EDITABLE: frozenset[State] = frozenset({"draft", "returned", "refused", "withdrawn"})
"""States in which the content may be written; writing makes a draft of it."""
_shortest_note = 2


@dataclass(frozen=True, slots=True)
class Page:
    items: list[Resource]
    after: UUID | None


@dataclass(frozen=True, slots=True)
class Detail:
    """A resource with its story, what the actor may do with it now, and where it still falls short of the guide."""

    resource: Resource
    steps: list[Step]
    verbs: tuple[str, ...]
    faults: list[FieldError]


class Catalogue:
    """One per process."""

    def __init__(self, context: Context, directory: Directory, registry: RegistryService) -> None:
        self._context = context
        self._directory = directory
        self._registry = registry

    # -- reading --------------------------------------------------------------------------------------------------

    async def listed(self, connection: Connection, actor: Actor, asked: Asked) -> Page:
        """Resources that the actor may see, the newest first."""
        found = await store.listed(connection, actor, asked)
        items = found[: asked.limit]
        return Page(items, items[-1].id if len(found) > asked.limit else None)

    async def one(self, connection: Connection, actor: Actor, id: UUID, *, lock: bool = False) -> Resource:
        """Raises ResourceUnknown for what is not there or beyond the actor's reach."""
        found = await store.resource(connection, id, lock=lock)
        if found is None or not store.sees(actor, found):
            raise ResourceUnknown(id=str(id))
        return found

    async def detail(self, connection: Connection, actor: Actor, id: UUID) -> Detail:
        found = await self.one(connection, actor, id)
        faults = await self._faults(connection, _content(found))
        return Detail(found, await store.steps(connection, id), self._verbs(actor, found), faults)

    def _verbs(self, actor: Actor, resource: Resource) -> tuple[str, ...]:
        reach = resource.area, resource.provider_id
        possible: list[str] = [
            verb
            for verb, move in MOVES.items()
            if resource.state in move.before and actor.reaches(KIND, move.grant, area=reach[0], organisation=reach[1])
        ]
        if resource.state in EDITABLE and actor.reaches(KIND, "draft", area=reach[0], organisation=reach[1]):
            possible.append("edit")
        return tuple(possible)

    # -- writing --------------------------------------------------------------------------------------------------

    async def create(self, actor: Actor, provider: str, content: Content) -> Resource:
        """A new draft of an office (its code); its number is given for ever.

        Raises:
            ProviderUnknown, Forbidden, ResourceInvalid: of the class, by which the number is made.
        """
        organisation = self._directory.organisation_by_code(provider)
        if organisation is None:
            raise ProviderUnknown(provider=clean_line(provider)[:60])
        if not actor.reaches(KIND, "draft", area=organisation.area, organisation=organisation.id):
            raise Forbidden(verb=f"{KIND}:draft")
        async with self._context.database.transaction() as connection:
            return await self._create(connection, actor, organisation, content)

    async def _create(
        self,
        connection: Connection,
        actor: Actor,
        organisation: OrganisationRow,
        content: Content,
        origin: str = "",
        digest: str = "",
    ) -> Resource:
        content = self._told(content, organisation)
        faults = [
            fault for fault in await self._faults(connection, content) if fault.where in ("/class_code", "/name_zh")
        ]
        if faults:
            raise ResourceInvalid(errors=faults, count=len(faults))
        id, now = new_id(), self._context.clock.now()
        code = f"{content.class_code}/{await store.next_serial(connection, content.class_code):06d}"
        await store.insert(
            connection,
            id=id,
            code=code,
            content=content,
            provider=(organisation.id, organisation.name_zh, organisation.area),
            origin=origin,
            digest=digest,
            at=now,
        )
        await store.add_step(connection, id, "create", "", "draft", actor.label, origin, now)
        await self._journal(connection, actor, "resource.created", id, organisation.area, code, "", now)
        found = await store.resource(connection, id)
        if found is None:
            raise ResourceUnknown(id=str(id))
        return found

    async def edit(self, actor: Actor, id: UUID, content: Content, expected: int) -> Resource:
        """The whole content anew; ``expected`` is the revision that the writer saw. The number stays.

        Raises:
            ResourceUnknown, Forbidden, ResourceStateWrong, ResourceChanged.
        """
        async with self._context.database.transaction() as connection:
            found = await self.one(connection, actor, id, lock=True)
            if not actor.reaches(KIND, "draft", area=found.area, organisation=found.provider_id):
                raise Forbidden(verb=f"{KIND}:draft")
            if found.state not in EDITABLE:
                raise self._wrong(actor, found, "修改", "edit")
            if found.revision != expected:
                raise ResourceChanged(revision=found.revision)
            organisation = self._directory.organisation(found.provider_id)
            if organisation is None:
                raise ProviderUnknown(provider=found.provider_name)
            now = self._context.clock.now()
            kept = replace(content, class_code=found.class_code)  # the number was made of it
            await store.rewrite(connection, id, self._told(kept, organisation), found.provider_name, now)
            await store.add_step(connection, id, "edit", found.state, "draft", actor.label, "", now)
            await self._journal(connection, actor, "resource.edited", id, found.area, found.code, "", now)
            return await self.one(connection, actor, id)

    async def move(self, actor: Actor, id: UUID, verb: Verb, note: str) -> Resource:
        """Take a resource on by a verb of :data:`MOVES`.

        Raises:
            ResourceUnknown, Forbidden, ResourceStateWrong, NoteNeeded, ResourceInvalid: what is submitted fits the guide.
        """
        async with self._context.database.transaction() as connection:
            await self.move_within(connection, actor, id, verb, note)
            return await self.one(connection, actor, id)

    async def move_within(self, connection: Connection, actor: Actor, id: UUID, verb: Verb, note: str) -> None:
        """As :meth:`move`, in the caller's transaction."""
        how = MOVES[verb]
        note = clean_line(note)
        found = await self.one(connection, actor, id, lock=True)
        if not actor.reaches(KIND, how.grant, area=found.area, organisation=found.provider_id):
            raise Forbidden(verb=f"{KIND}:{how.grant}")
        if found.state not in how.before:
            raise self._wrong(actor, found, how.zh, verb)
        if how.note and len(note) < _shortest_note:
            raise NoteNeeded()
        if verb in ("submit", "register", "publish"):
            faults = await self._faults(connection, _content(found))
            if faults:
                raise ResourceInvalid(errors=faults, count=len(faults))
        now = self._context.clock.now()
        await store.move(connection, found, how.after, verb, actor.label, note, now)
        if verb == "withdraw":
            await end_grants_of(connection, found.id, actor, f"资源已撤销发布:{note}", now)
        await self._journal(connection, actor, f"resource.{_PAST[verb]}", id, found.area, found.code, note, now)

    def _wrong(self, actor: Actor, found: Resource, verb_zh: str, verb: str) -> ResourceStateWrong:
        state_zh, state_en = STATES[found.state]
        possible = self._verbs(actor, found)
        words = [MOVES[each].zh for each in get_args(Verb) if each in possible]
        return ResourceStateWrong(
            state_zh=state_zh, state_en=state_en, verb_zh=verb_zh, verb=verb,
            possible_zh="、".join([*words, *(["修改"] if "edit" in possible else [])]) or "无",
            possible=", ".join(possible) or "none",
        )  # fmt: skip

    def _told(self, content: Content, organisation: OrganisationRow) -> Content:
        """The content with what the server knows better: which items are personal, the office's own code."""
        declared = self._declared(content.type)
        return replace(
            content,
            items=guide.as_declared(content.items, declared),
            provider_code=content.provider_code or organisation.code,
        )

    def _declared(self, type_id: str | None) -> ThingType | None:
        found = next((kind for kind in self._registry.types.all() if kind.id == type_id), None)
        return found.declaration if found is not None else None

    async def _faults(self, connection: Connection, content: Content) -> list[FieldError]:
        faults = guide.faults(content, self._declared(content.type))
        for code in await store.unknown_codes(connection, content.related):
            faults.append(
                FieldError(
                    where="/related",
                    code="resource.guide",
                    zh=f"关联资源代码“{code}”不存在",
                    en=f"there is no resource “{code}” to relate to",
                )
            )
        return faults

    async def _journal(
        self, connection: Connection, actor: Actor, verb: str, id: UUID, area: str, code: str, note: str, at: datetime
    ) -> None:
        data: JsonObject = {"code": code, **({"note": note} if note else {})}
        await journal.append(connection, journal.entry(actor, at, verb, KIND, id, area=area, data=data))

    # -- packs ----------------------------------------------------------------------------------------------------

    async def publish_declared(
        self,
        connection: Connection,
        declarations: Sequence[tuple[str, ResourceDeclaration]],
        *,
        demo: bool,
    ) -> tuple[int, list[tuple[ResourceDeclaration, UUID]]]:
        """Drafts from the declarations of packs, each (pack, declaration): new ones are made; a draft that nobody has
        taken on since follows its declaration. How many were made or changed, and which were published for a
        demonstration, as those are that say so. The types that they name are known to the registry already."""
        changed = 0
        shown: list[tuple[ResourceDeclaration, UUID]] = []
        for pack, declared in declarations:
            organisation = self._directory.organisation_by_code(declared.provider) or self._directory.serving(
                declared.provider, ""
            )
            if organisation is None:
                continue  # nobody here has such data
            kind = self._declared(declared.type)
            content = declared_content(declared, kind, organisation.code)
            digest = hashlib.sha256(repr(content).encode()).hexdigest()
            origin = f"{pack}/{declared.id}"
            before = await store.by_origin(connection, origin)
            if before is None:
                made = await self._create(connection, SYSTEM, organisation, content, origin, digest)
                if demo and declared.demo == "published":
                    for verb in _DEMO:
                        await self.move_within(connection, SYSTEM, made.id, verb, "")
                    shown.append((declared, made.id))
                changed += 1
            elif before[1] != digest and before[0].state == "draft" and before[0].revision == 1:
                now = self._context.clock.now()
                await store.rewrite(connection, before[0].id, content, organisation.name_zh, now)
                await store.set_origin_digest(connection, before[0].id, digest)
                changed += 1
        return changed, shown


_DEMO: tuple[Verb, ...] = ("submit", "register", "publish")
_PAST: Mapping[Verb, str] = {
    "submit": "submitted",
    "register": "registered",
    "return": "returned",
    "refuse": "refused",
    "publish": "published",
    "withdraw": "withdrawn",
}


def _content(found: Resource) -> Content:
    return Content(
        class_code=found.class_code,
        name_zh=found.name_zh,
        name_en=found.name_en,
        abstract_zh=found.abstract_zh,
        abstract_en=found.abstract_en,
        provider_code=found.provider_code,
        format=found.format,
        format_detail=found.format_detail,
        type=found.type,
        items=found.items,
        share_type=found.share_type,
        share_condition=found.share_condition,
        share_method=found.share_method,
        open=found.open,
        open_condition=found.open_condition,
        cycle=found.cycle,
        level=found.level,
        related=found.related,
        keywords=found.keywords,
    )


def declared_content(declared: ResourceDeclaration, kind: ThingType | None, provider_code: str) -> Content:
    return Content(
        class_code=declared.class_code,
        name_zh=declared.names.zh,
        name_en=declared.names.en,
        abstract_zh=declared.abstract.zh,
        abstract_en=declared.abstract.en,
        provider_code=provider_code,
        format=declared.format,
        format_detail="PostgreSQL" if declared.format == 3 else "",
        type=declared.type,
        items=guide.items_of(kind, declared.items) if kind is not None else (),
        share_type=declared.sharing.type,
        share_condition=declared.sharing.condition,
        share_method=declared.sharing.method,
        open=declared.opening.open,
        open_condition=declared.opening.condition,
        cycle=declared.cycle,
        level=declared.level,
        related=(),
        keywords=tuple(declared.keywords),
    )
