"""Verbs on a case beside the finishing of its tasks: 挂账, 恢复, 催办, 督办, 延期, 强制结案, 作废, 并案, 重新办理, 评价, 归档.

Each is one transaction: the case is locked, the rule is asked, flow and case change, the journal is written.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.casework import rules, store
from yiwang.casework.errors import CaseTypeNotOnFlow, FollowCodeWrong, OperationNotNow
from yiwang.casework.model import CaseFile
from yiwang.casework.notes import case_entry
from yiwang.casework.parts import Parts
from yiwang.casework.steps import Steps
from yiwang.casework.timing import next_deadline, timing
from yiwang.flow.model import Advance
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.deadlines import parse_deadline
from yiwang.kernel.errors import FieldError, InvalidInput, NotFound


class Operations:
    """One per process."""

    def __init__(self, parts: Parts, steps: Steps) -> None:
        self._parts = parts
        self._steps = steps

    @asynccontextmanager
    async def _on(self, case_id: UUID, actor: Actor, verb: str) -> AsyncIterator[tuple[Connection, CaseFile, datetime]]:
        """The case, locked, if the actor may do this to it and its state allows it.

        Raises:
            NotFound: it does not exist or the actor may not even read it; Forbidden; OperationNotNow with the reason.
        """
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            case = await store.case_for_update(connection, case_id)
            if case is None or not rules.may_read(actor, case):
                raise NotFound(what="案件 the case")
            rules.require(actor, case, verb, now)
            yield connection, case, now

    async def suspend(self, case_id: UUID, actor: Actor, reason: str) -> None:
        """挂账: the clocks stand still until :meth:`resume`."""
        _needed(reason)
        async with self._on(case_id, actor, "suspend") as (connection, case, now):
            advance = await self._parts.flow.suspend(connection, case.id, now, actor=actor)
            await store.change_case(connection, case.id, {"suspended_at": now, "due_at": _due(advance, case.due_at)})
            await journal.append(connection, case_entry(actor, now, "case.suspended", case, {"note": reason}))

    async def resume(self, case_id: UUID, actor: Actor, note: str = "") -> None:
        """恢复: the clocks go on with what was left of the limit."""
        async with self._on(case_id, actor, "resume") as (connection, case, now):
            advance = await self._parts.flow.resume(connection, case.id, now, actor=actor)
            clock = advance.clocks.get("handling")
            waiting = next_deadline(await self._parts.flow.open_tasks(connection, case.id))
            data: JsonObject = {"note": note, **timing(advance), "next": waiting}
            await store.change_case(
                connection,
                case.id,
                {
                    "suspended_at": None,
                    "due_at": clock.due_at if clock else case.due_at,
                    "warn_at": clock.warn_at if clock else case.warn_at,
                },
            )
            await journal.append(connection, case_entry(actor, now, "case.resumed", case, data))

    async def urge(self, case_id: UUID, actor: Actor, note: str) -> None:
        """催办: whoever has the task sees that somebody is waiting."""
        async with self._on(case_id, actor, "urge") as (connection, case, now):
            await self._parts.flow.urge(connection, case.id)
            await journal.append(connection, case_entry(actor, now, "case.urged", case, {"note": note}))

    async def supervise(self, case_id: UUID, actor: Actor, note: str) -> None:
        """督办: a leader follows this case; it stands first in every list and is marked until it closes."""
        _needed(note)
        async with self._on(case_id, actor, "supervise") as (connection, case, now):
            await self._parts.flow.urge(connection, case.id, priority=1)
            await store.change_case(connection, case.id, {"supervised_at": now})
            await journal.append(connection, case_entry(actor, now, "case.supervised", case, {"note": note}))

    async def request_extension(self, case_id: UUID, actor: Actor, amount: str, reason: str) -> UUID:
        """延期申请: ask for ``amount`` more (plain deadline grammar); the dispatcher decides."""
        _needed(reason)
        wanted = parse_deadline(amount)
        async with self._on(case_id, actor, "request_extension") as (connection, case, now):
            if await store.pending_request(connection, case.id) is not None:
                raise OperationNotNow(
                    operation="request_extension", why_zh="已有一份延期申请待批", why_en="a request is waiting already"
                )
            request_id = await store.add_request(connection, case.id, str(wanted), reason, actor, now)
            await journal.append(
                connection,
                case_entry(actor, now, "case.extension_requested", case, {"amount": str(wanted), "note": reason}),
            )
        return request_id

    async def decide_extension(self, case_id: UUID, actor: Actor, approve: bool, note: str) -> None:
        """The dispatcher's answer; approval moves the handling clock by the amount."""
        async with self._on(case_id, actor, "decide_extension") as (connection, case, now):
            request = await store.pending_request(connection, case.id)
            if request is None:
                raise OperationNotNow(
                    operation="decide_extension", why_zh="没有待批的延期申请", why_en="no request is waiting"
                )
            await store.decide_request(connection, request.id, "approved" if approve else "refused", actor, now, note)
            data: JsonObject = {"amount": request.amount, "note": note}
            if approve:
                advance = await self._parts.flow.extend_clock(
                    connection, case.id, "handling", request.amount, now, actor=actor
                )
                clock = advance.clocks["handling"]
                await store.change_case(
                    connection,
                    case.id,
                    {
                        "due_at": clock.due_at,
                        "warn_at": clock.warn_at,
                        "extension_count": case.extension_count + 1,
                    },
                )
                data["due"] = clock.due_at.isoformat() if clock.due_at else None
            verb = "case.extension_approved" if approve else "case.extension_refused"
            await journal.append(connection, case_entry(actor, now, verb, case, data))

    async def force_close(self, case_id: UUID, actor: Actor, reason: str) -> None:
        """强制结案: end the case where it stands, with the reason on record."""
        await self._end(case_id, actor, "force_close", "case.force_closed", "已强制结案", reason)

    async def void(self, case_id: UUID, actor: Actor, reason: str) -> None:
        """作废: the case should not have been; it leaves the statistics of closed cases."""
        await self._end(case_id, actor, "void", "case.voided", "已作废", reason)

    async def _end(self, case_id: UUID, actor: Actor, verb: str, journal_verb: str, status: str, reason: str) -> None:
        _needed(reason)
        async with self._on(case_id, actor, verb) as (connection, case, now):
            if case.state == "open":
                await self._parts.flow.cancel(connection, case.id, actor, reason, now)
            await store.change_case(
                connection,
                case.id,
                {
                    "state": "void" if verb == "void" else "closed",
                    "status": status,
                    "stage": "void" if verb == "void" else "closed",
                    "closed_at": now,
                    "forced": verb == "force_close",
                    "suspended_at": None,
                },
            )
            await self._lapse(connection, case, now)
            entries = [case_entry(actor, now, journal_verb, case, {"note": reason}, status=status)]
            entries += await self._steps.close_followers(connection, actor, case, status, now)
            await journal.append_many(connection, entries)

    async def _lapse(self, connection: Connection, case: CaseFile, now: datetime) -> None:
        request = await store.pending_request(connection, case.id)
        if request is not None:
            await store.decide_request(connection, request.id, "lapsed", SYSTEM, now, "")

    async def fold(self, case_id: UUID, actor: Actor, head_number: str) -> None:
        """并案: this case is the same matter as the head; it ends with it and its reporter hears of it."""
        async with self._on(case_id, actor, "fold") as (connection, case, now):
            head = await store.case_by_number_only(connection, head_number)
            if (
                head is None
                or head.id == case.id
                or head.state != "open"
                or head.head_id
                or not rules.may_read(actor, head)
            ):
                raise OperationNotNow(
                    operation="fold",
                    why_zh="并入的案件必须是另一件正在办理的案件",
                    why_en="the head must be another case that is still open",
                )
            if case.followers:
                raise OperationNotNow(
                    operation="fold",
                    why_zh="本案已有并入的案件,请反过来并",
                    why_en="it is a head itself; fold the other way",
                )
            await self._parts.flow.cancel(connection, case.id, actor, head.number, now)
            await store.change_case(
                connection, case.id, {"state": "folded", "status": "已并案", "stage": "folded", "head_id": head.id}
            )
            await store.add_follower(connection, head.id, 1)
            await journal.append_many(
                connection,
                [
                    case_entry(actor, now, "case.folded", case, {"head": head.number}, status="已并案"),
                    case_entry(actor, now, "case.folded", head, {"follower": case.number}),
                ],
            )

    async def unfold(self, case_id: UUID, actor: Actor, note: str) -> None:
        """取消并案: the case goes its own way again, from the beginning."""
        _needed(note)
        async with self._on(case_id, actor, "unfold") as (connection, case, now):
            if case.head_id is not None:
                await store.add_follower(connection, case.head_id, -1)
            await self._begin_again(connection, actor, case, now, "case.unfolded", note)

    async def reopen(self, number: str, code: str, actor: Actor, reason: str) -> CaseFile:
        """重新办理: the reporter says it is not solved. Allowed within the case type's ``reopen_days`` of closing."""
        _needed(reason)
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            case = await self._of_reporter(connection, number, code)
            case_type = await self._parts.catalogue.version(connection, case.type, case.type_version)
            if case.state not in ("closed", "folded") or case.closed_at is None:
                raise OperationNotNow(operation="reopen", why_zh="案件尚未结案", why_en="the case is not closed")
            days = case_type.declaration.reopen_days
            if now - case.closed_at > timedelta(days=days):
                raise OperationNotNow(
                    operation="reopen",
                    why_zh=f"结案已超过 {days:g} 天,请重新上报",
                    why_en=f"it was closed more than {days:g} days ago; report again",
                )
            if case.head_id is not None:  # closed with its head; what is not solved for this reporter goes its own way
                await store.add_follower(connection, case.head_id, -1)
            await self._begin_again(connection, actor, case, now, "case.reopened", reason)
            return case

    async def _begin_again(
        self, connection: Connection, actor: Actor, case: CaseFile, now: datetime, verb: str, note: str
    ) -> None:
        advance = await self._steps.start_again(connection, case, actor, note, now)
        await store.change_case(
            connection,
            case.id,
            {
                "state": "open",
                "status": advance.status,
                "stage": advance.stage,
                "head_id": None,
                "handled_at": None,
                "checked_at": None,
                "closed_at": None,
                "archived_at": None,
                "forced": False,
                "due_at": None,
                "warn_at": None,
                "reopen_count": case.reopen_count + (verb == "case.reopened"),
            },
        )
        data: JsonObject = {"note": note, **timing(advance)}
        await journal.append(connection, case_entry(actor, now, verb, case, data, status=advance.status))

    async def rate(self, number: str, code: str, actor: Actor, satisfaction: int, note: str) -> CaseFile:
        """评价: the reporter's own judgement, 1 (very dissatisfied) to 5."""
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            case = await self._of_reporter(connection, number, code)
            if case.closed_at is None:
                raise OperationNotNow(operation="rate", why_zh="案件尚未结案", why_en="the case is not closed")
            await store.change_case(connection, case.id, {"satisfaction": satisfaction})
            data: JsonObject = {"satisfaction": satisfaction, "note": note}
            await journal.append(connection, case_entry(actor, now, "case.rated", case, data))
            return case

    async def add(self, number: str, code: str, actor: Actor, text: str) -> CaseFile:
        """补充情况: the reporter tells more; whoever handles the case reads it in its story."""
        _needed(text)
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            case = await self._of_reporter(connection, number, code)
            if case.closed_at is not None:
                raise OperationNotNow(
                    operation="add", why_zh="案件已结案,可以申请重新办理", why_en="it is closed; reopen it"
                )
            await journal.append(connection, case_entry(actor, now, "case.added", case, {"note": text}))
            return case

    async def _of_reporter(self, connection: Connection, number: str, code: str) -> CaseFile:
        found = await store.case_by_number(connection, number, code)
        if found is None:
            raise FollowCodeWrong()
        locked = await store.case_for_update(connection, found.id)
        return locked or found

    async def archive_due(self, *, limit: int = 500) -> int:
        """归档 cases whose time for reopening has passed; returns how many. Called by the background process."""
        now = self._parts.context.clock.now()
        count = 0
        async with self._parts.context.database.transaction() as connection:
            for case_type in self._parts.catalogue.all():
                before = now - timedelta(days=case_type.declaration.reopen_days)
                for case in await store.archivable(connection, case_type.declaration.id, before, limit=limit):
                    await store.change_case(connection, case.id, {"archived_at": now})
                    await journal.append(connection, case_entry(SYSTEM, now, "case.archived", case))
                    count += 1
        return count

    async def lock(self, connection: Connection, case_id: UUID) -> bool:
        """Lock a case (and its flow before it) for a timer; whether there is such a case."""
        return await store.case_for_update(connection, case_id) is not None

    async def on_advance(self, connection: Connection, advance: Advance, actor: Actor, at: datetime) -> None:
        """A timer, a message, a new calendar or version moved the flow: bring the case after it, in the same transaction."""
        case = await store.case_for_update(connection, advance.subject_id)
        if case is None:
            return
        if advance.cause == "calendar":
            clock = advance.clocks.get("handling")
            if clock is not None and clock.due_at != case.due_at:
                await store.change_case(connection, case.id, {"due_at": clock.due_at, "warn_at": clock.warn_at})
                due = clock.due_at.isoformat() if clock.due_at else None
                await journal.append(connection, case_entry(actor, at, "case.reckoned", case, {"due": due}))
            return
        effects = self._steps.effects(case, advance, case.stage, "", at)
        if advance.cause == "migrate":  # flow has journalled it
            version = await self._version_on(connection, case, advance.definition_id)
            await store.change_case(connection, case.id, {**effects, "type_version": version})
            return
        await store.change_case(connection, case.id, effects)
        data: JsonObject = {"stage": case.stage, "timer": advance.timer, **timing(advance)}
        entries = [case_entry(actor, at, "case.step", case, data, status=advance.status)]
        if advance.ended:
            entries += await self._steps.close_followers(connection, actor, case, advance.status, at)
        await journal.append_many(connection, entries)

    async def _version_on(self, connection: Connection, case: CaseFile, definition_id: UUID) -> int:
        """The newest version of the case's type that runs on this version of its flow and knows its class.

        Raises:
            CaseTypeNotOnFlow: there is none.
        """
        for version in await store.case_types_on(connection, case.type, definition_id):
            case_type = await self._parts.catalogue.version(connection, case.type, version)
            if case.class_code is None or case.class_code in case_type.classes:
                return version
        raise CaseTypeNotOnFlow(type=case.type, class_code=case.class_code or "–")


def _due(advance: Advance, otherwise: datetime | None) -> datetime | None:
    clock = advance.clocks.get("handling")
    return clock.running.due_at if clock else otherwise


def _needed(text: str) -> None:
    if not text.strip():
        raise InvalidInput(
            errors=[FieldError(where="/note", code="input.missing", zh="请写明理由", en="give the reason")], count=1
        )
