"""The verbs of sharing: ask, decide, cancel, revoke, read. One function is one transaction, unless it takes a connection.

A resource that is shared unconditionally is granted at once. Otherwise the request is a case of :data:`CASE_TYPE` on the flow
engine: its first step lies with the provider, with a deadline, in the inbox of whoever holds the post. What the case ended as
decides the request, wherever the step was finished: here, on the case's page, or by an operation of the office.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from uuid import UUID

from yiwang.casework.errors import CaseTypeUnknown
from yiwang.casework.model import Opened, Report
from yiwang.casework.service import CaseService
from yiwang.casework.steps import StepInput
from yiwang.exchange.catalogue import store as catalogue
from yiwang.exchange.catalogue.model import SHARE_TYPES, Resource
from yiwang.exchange.errors import NoteNeeded, ShareEnded, ShareNotOffered, ShareUnknown
from yiwang.exchange.sharing import judging, store
from yiwang.exchange.sharing.ending import end_grant
from yiwang.exchange.sharing.model import (
    DELIVERIES,
    KIND,
    REQUEST_STATES,
    RequestState,
    ShareGrant,
    ShareRequest,
    StatementLine,
    Use,
    Wanted,
)
from yiwang.flow.model import TaskRow
from yiwang.identity.directory import Directory
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import clean_line
from yiwang.registry.service import RegistryService

CASE_TYPE = "share-request"
"""The case type that the pack data-exchange declares for requests."""
CHANNEL = "exchange"
CLASS = "9101"
_settled_at_once = 100
_most_lines = 5000


@dataclass(frozen=True, slots=True)
class RequestDetail:
    """A request with its resource, the grant that followed, and the step that waits (None: none, or decided)."""

    request: ShareRequest
    resource: Resource
    grant_id: UUID | None
    task: TaskRow | None
    mine: bool


@dataclass(frozen=True, slots=True)
class GrantDetail:
    grant: ShareGrant
    resource: Resource
    uses: list[Use]


class Sharing:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self._context = context
        self._directory = directory
        self._registry = registry
        self._casework = casework

    # -- asking ---------------------------------------------------------------------------------------------------

    async def ask(self, actor: Actor, resource_id: UUID, wanted: Wanted) -> ShareRequest:
        """Ask for a resource in the name of the actor's own office.

        Raises:
            ResourceUnknown, Forbidden, ShareNotOffered, ShareInvalid.
        """
        consumer = self._directory.organisation(actor.organisation_id) if actor.organisation_id is not None else None
        if consumer is None:
            raise Forbidden(verb=f"{KIND}:request")
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            resource = await self._resource(connection, resource_id)
            if not actor.reaches(KIND, "request", area=resource.area, organisation=consumer.id):
                raise Forbidden(verb=f"{KIND}:request")
            judging.require_offered(resource, consumer.id)
            judging.require_sound(resource, self._registry.types.type(resource.type or ""), wanted, now)
            asked = ShareRequest(
                id=new_id(),
                resource_id=resource.id,
                provider_id=resource.provider_id,
                consumer_id=consumer.id,
                consumer_name=consumer.name_zh,
                area=resource.area,
                wanted=wanted,
                state="asked",
                case_id=None,
                case_number="",
                asked_by=actor.account_id,
                asked_label=actor.label,
                asked_at=now,
                decided_at=None,
                note="",
            )
            if resource.share_type == 2:
                opened = await self._open_case(connection, actor, resource, asked)
                asked = replace(asked, case_id=opened.id, case_number=opened.number)
            await store.insert_request(connection, asked)
            await self._told(connection, actor, "share.asked", asked, {"resource": resource.code})
            if resource.share_type == 1:
                await self._settle(connection, asked, "granted", SHARE_TYPES[1][0], SYSTEM)
            found = await store.request(connection, asked.id)
        return found or asked

    async def _resource(self, connection: Connection, resource_id: UUID) -> Resource:
        found = await catalogue.resource(connection, resource_id)
        if found is None:
            raise ShareNotOffered(reason_zh="没有这个资源", reason_en="there is no such resource")
        return found

    async def _open_case(self, connection: Connection, actor: Actor, resource: Resource, asked: ShareRequest) -> Opened:
        wanted = asked.wanted
        names = {item.attribute: item.name_zh for item in resource.items}
        plain = "、".join(names.get(name, name) for name in wanted.plain)
        text = (
            f"{asked.consumer_name}申请共享“{resource.name_zh}”({resource.code})。\n用途:{wanted.purpose}\n"
            f"信息项:{'、'.join(names.get(name, name) for name in wanted.items)}\n"
            + (f"申请原文(不脱敏):{plain}\n" if plain else "")
            + f"交付方式:{DELIVERIES[wanted.delivery][0]};每日不超过 {wanted.quota} 次;"
            f"有效期至 {self._local(wanted)}\n共享条件:{resource.share_condition}"
        )
        fields: dict[str, Json] = {"request": str(asked.id), "resource": resource.code, "plain": bool(wanted.plain)}
        report = Report(
            type=CASE_TYPE, channel=CHANNEL, text=text, class_code=CLASS, fields=fields,
            idempotency_key=f"share:{asked.id}",
        )  # fmt: skip
        try:
            draft = self._casework.drafting.draft(report, SYSTEM, asked.asked_at)
        except CaseTypeUnknown as error:
            raise ShareNotOffered(
                reason_zh="本市没有启用应用包 data-exchange,无法审批",
                reason_en="the city does not run the pack data-exchange, so that nobody can decide",
            ) from error
        variables = {**draft.variables, "department": resource.provider_id, "personal": bool(wanted.plain)}
        draft = replace(
            draft, organisation_id=resource.provider_id, variables=variables, account_id=actor.account_id,
            actor_name=actor.label,
        )  # fmt: skip
        return (await self._casework.opening.write_within(connection, [(draft, actor)]))[0]

    def _local(self, wanted: Wanted) -> str:
        return wanted.until.astimezone(self._context.calendar.hours.timezone).date().isoformat()

    async def share_for_demonstration(self, connection: Connection, resource_id: UUID, office: str) -> None:
        """A sharing that was approved before a demonstration begins, of the items that are not personal."""
        directory = self._directory
        consumer = directory.organisation_by_code(office) or directory.serving(office, "")
        resource = await catalogue.resource(connection, resource_id)
        if consumer is None or resource is None or resource.type is None or consumer.id == resource.provider_id:
            return
        now = self._context.clock.now()
        wanted = Wanted(
            purpose="核对监管对象的登记状态,用于日常监管和执法检查",
            items=tuple(item.attribute for item in resource.items if not (item.personal or item.sealed))[:12],
            until=now + timedelta(days=365),
        )
        asked = ShareRequest(
            new_id(), resource.id, resource.provider_id, consumer.id, consumer.name_zh, resource.area, wanted, "asked",
            None, "", None, SYSTEM.label, now, None, "",
        )  # fmt: skip
        await store.insert_request(connection, asked)
        await self._settle(connection, asked, "granted", "演示:已按共享条件同意", SYSTEM)

    # -- deciding -------------------------------------------------------------------------------------------------

    async def decide(self, actor: Actor, id: UUID, *, approve: bool, note: str) -> ShareRequest:
        """Finish the step that waits, with the provider's answer; with a second step (个人信息复核) the request still waits.

        Raises:
            ShareUnknown, ShareEnded, NoteNeeded: a refusal says why; TaskNotYours: the step lies with somebody else.
        """
        note = clean_line(note)
        if not approve and len(note) < 2:
            raise NoteNeeded()
        await self.settle_due()
        async with self._context.database.connection() as connection:
            asked = await self._request(connection, actor, id)
            task = await self._task(connection, asked)
        if task is None or asked.state != "asked":
            raise self._ended(asked)
        given = StepInput(outcome="agree" if approve else "refuse", note=note)
        await self._casework.finishing.complete(task.id, actor, given)
        await self.settle_due()
        async with self._context.database.connection() as connection:
            return await self._request(connection, actor, id)

    async def cancel(self, actor: Actor, id: UUID, note: str) -> ShareRequest:
        """The consumer does not want it any more; its case is voided.

        Raises:
            ShareUnknown, Forbidden, ShareEnded.
        """
        await self.settle_due()
        async with self._context.database.connection() as connection:
            asked = await self._request(connection, actor, id)
        if not actor.reaches(KIND, "request", area=asked.area, organisation=asked.consumer_id):
            raise Forbidden(verb=f"{KIND}:request")
        if asked.state != "asked" or asked.case_id is None:
            raise self._ended(asked)
        await self._casework.operations.void(asked.case_id, SYSTEM, clean_line(note) or "申请单位撤回申请")
        await self.settle_due()
        async with self._context.database.connection() as connection:
            return await self._request(connection, actor, id)

    async def settle_due(self) -> int:
        """Let requests follow their cases; how many. Called by every verb here and by the background worker."""
        async with self._context.database.transaction() as connection:
            found = await store.decided_elsewhere(connection, _settled_at_once)
            for id, became in found:
                asked = await store.request(connection, id, lock=True)
                if asked is not None and asked.state == "asked" and asked.case_id is not None:
                    story = await self._casework.parts.flow.story(connection, asked.case_id)
                    last = story.steps[-1] if story.steps else None
                    note = last.note if last is not None else ""
                    state: RequestState = (
                        "granted" if became == "granted" and last is not None and last.outcome == "agree"
                        else "cancelled" if became == "cancelled" else "refused"
                    )  # fmt: skip
                    await self._settle(connection, asked, state, note, SYSTEM)
        return len(found)

    async def _settle(
        self, connection: Connection, asked: ShareRequest, state: RequestState, note: str, actor: Actor
    ) -> None:
        now = self._context.clock.now()
        resource = await catalogue.resource(connection, asked.resource_id)
        if state == "granted" and (resource is None or resource.state != "published" or resource.type is None):
            state, note = "refused", "资源已撤销发布"
        await store.settle(connection, asked.id, state, note, now)
        await self._told(connection, actor, f"share.{state}", asked, {"note": note} if note else {})
        if state == "granted" and resource is not None and resource.type is not None:
            await store.insert_grant(connection, new_id(), asked, resource.type, now)

    def _ended(self, asked: ShareRequest) -> ShareEnded:
        zh, en = REQUEST_STATES[asked.state]
        return ShareEnded(reason_zh=zh, reason_en=en)

    # -- grants ---------------------------------------------------------------------------------------------------

    async def revoke(self, actor: Actor, id: UUID, why: str) -> ShareGrant:
        """The provider takes a grant back, or the consumer gives it up; the next request is refused.

        Raises:
            ShareUnknown, Forbidden, ShareEnded, NoteNeeded.
        """
        why = clean_line(why)
        if len(why) < 2:
            raise NoteNeeded()
        async with self._context.database.transaction() as connection:
            grant = await self.grant(connection, actor, id, lock=True)
            provider = actor.reaches(KIND, "revoke", area=grant.area, organisation=grant.provider_id)
            if not provider and not actor.reaches(KIND, "request", area=grant.area, organisation=grant.consumer_id):
                raise Forbidden(verb=f"{KIND}:revoke")
            if grant.revoked_at is not None:
                raise ShareEnded(reason_zh="已撤销", reason_en="revoked")
            await end_grant(connection, grant, actor, why, self._context.clock.now())
            return await self.grant(connection, actor, id)

    async def grant(self, connection: Connection, actor: Actor, id: UUID, *, lock: bool = False) -> ShareGrant:
        """Raises ShareUnknown for what is not there or does not concern the actor."""
        found = await store.grant(connection, id, lock=lock)
        if found is None or not _concerns(actor, found):
            raise ShareUnknown(id=str(id))
        return found

    # -- reading --------------------------------------------------------------------------------------------------

    async def requests(
        self, actor: Actor, *, side: str, state: str, after: UUID | None, limit: int
    ) -> tuple[list[RequestDetail], UUID | None]:
        """Requests of the actor's office (``asked``), to it (``provided``), or both (""), the newest first."""
        await self.settle_due()
        async with self._context.database.connection() as connection:
            found = await store.requests(connection, actor, side=side, state=state, after=after, limit=limit)
            shown = found[:limit]
            details = await self._details(connection, actor, shown)
        return details, shown[-1].id if len(found) > limit else None

    async def request(self, actor: Actor, id: UUID) -> RequestDetail:
        await self.settle_due()
        async with self._context.database.connection() as connection:
            asked = await self._request(connection, actor, id)
            return (await self._details(connection, actor, [asked]))[0]

    async def _details(
        self, connection: Connection, actor: Actor, asked: Sequence[ShareRequest]
    ) -> list[RequestDetail]:
        resources = await catalogue.resources(connection, [each.resource_id for each in asked])
        grants = await store.grants_of_requests(connection, [each.id for each in asked])
        waiting = [each.case_id for each in asked if each.state == "asked" and each.case_id is not None]
        tasks = await self._casework.parts.flow.open_tasks_of(connection, waiting)
        details = []
        for each in asked:
            open_tasks = tasks.get(each.case_id, []) if each.case_id is not None else []
            task = open_tasks[0] if open_tasks else None
            mine = task is not None and _has(actor, task)
            details.append(RequestDetail(each, resources[each.resource_id], grants.get(each.id), task, mine))
        return details

    async def _request(self, connection: Connection, actor: Actor, id: UUID) -> ShareRequest:
        found = await store.request(connection, id)
        if found is None:
            raise ShareUnknown(id=str(id))
        if not _concerns(actor, found):
            task = await self._task(connection, found)
            if task is None or not _has(actor, task):
                raise ShareUnknown(id=str(id))
        return found

    async def _task(self, connection: Connection, asked: ShareRequest) -> TaskRow | None:
        if asked.case_id is None:
            return None
        tasks = await self._casework.parts.flow.open_tasks(connection, asked.case_id)
        return tasks[0] if tasks else None

    async def grants(
        self, actor: Actor, *, side: str, after: UUID | None, limit: int
    ) -> tuple[list[tuple[ShareGrant, Resource]], UUID | None]:
        await self.settle_due()
        async with self._context.database.connection() as connection:
            found = await store.grants(connection, actor, side=side, after=after, limit=limit)
            shown = found[:limit]
            resources = await catalogue.resources(connection, [each.resource_id for each in shown])
        pairs = [(each, resources[each.resource_id]) for each in shown]
        return pairs, shown[-1].id if len(found) > limit else None

    async def grant_detail(self, actor: Actor, id: UUID) -> GrantDetail:
        async with self._context.database.connection() as connection:
            grant = await self.grant(connection, actor, id)
            resources = await catalogue.resources(connection, [grant.resource_id])
            return GrantDetail(grant, resources[grant.resource_id], await store.uses(connection, id))

    async def statement(self, actor: Actor, month: date, side: str) -> list[StatementLine]:
        """What was taken in the month of ``month`` under grants that concern the actor."""
        first = month.replace(day=1)
        following = date(first.year + first.month // 12, first.month % 12 + 1, 1)
        async with self._context.database.connection() as connection:
            return await store.statement(connection, actor, first, following, side=side, limit=_most_lines)

    async def _told(
        self, connection: Connection, actor: Actor, verb: str, asked: ShareRequest, data: dict[str, Json]
    ) -> None:
        told: dict[str, Json] = {"consumer": asked.consumer_name, "purpose": asked.wanted.purpose, **data}
        at = self._context.clock.now()
        await journal.append(connection, journal.entry(actor, at, verb, KIND, asked.id, area=asked.area, data=told))


def _has(actor: Actor, task: TaskRow) -> bool:
    """Whether the task is with them, or with a post of theirs."""
    return (task.assignee_id is not None and task.assignee_id == actor.tasks_of) or task.post_id in actor.posts


def _concerns(actor: Actor, found: ShareRequest | ShareGrant) -> bool:
    return any(
        actor.reaches(KIND, "read", area=found.area, organisation=organisation)
        for organisation in (found.consumer_id, found.provider_id)
    )
