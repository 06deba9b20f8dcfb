"""Reading cases: lists, search, one case with its story, what may be done with it now, the reporter's public view."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from yiwang.casework import rules, step_fields, store
from yiwang.casework.catalogue import CaseType
from yiwang.casework.errors import FollowCodeWrong, SearchTooBroad, SearchTooWide
from yiwang.casework.intake.drafting import project
from yiwang.casework.model import Attachment, CaseFile, Operation, Reporter
from yiwang.casework.notes import case_entry
from yiwang.casework.parts import Parts
from yiwang.casework.steps import Steps
from yiwang.casework.store import CaseFilter, ExtensionRequest, TaskItem
from yiwang.casework.store.learning import advice_of
from yiwang.casework.store.record_reads import keep_read
from yiwang.casework.timing import HANDLING
from yiwang.flow.model import Outcome, TaskRow, UserTask
from yiwang.flow.service.signing import OUTCOMES_OF_ADDED
from yiwang.identity.model import OrganisationRow
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import NotFound
from yiwang.kernel.journal import JournalRow
from yiwang.kernel.text import mask_name, mask_phone, search_query


@dataclass(frozen=True, slots=True)
class Advised:
    """The department that the rules propose, with the limit and the reason in both languages."""

    organisation: OrganisationRow
    limit: str | None
    reason_zh: str
    reason_en: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """Everything the case page shows."""

    case: CaseFile
    case_type: CaseType
    reporter: Reporter
    reporter_masked: bool
    tasks: tuple[TaskRow, ...]
    attachments: tuple[Attachment, ...]
    requests: tuple[ExtensionRequest, ...]
    operations: tuple[Operation, ...]
    followers: tuple[CaseFile, ...]
    head: CaseFile | None
    advised: Advised | None
    advice: JsonObject | None = None
    still: tuple[Still, ...] = ()


@dataclass(frozen=True, slots=True)
class Still:
    """A step during which the handling limit does not count (听证、鉴定期间不计入办案期限), and since when."""

    zh: str
    en: str
    since: datetime


@dataclass(frozen=True, slots=True)
class PublicView:
    """What a reporter sees with number and code: never names of staff, never other reporters."""

    case: CaseFile
    case_type: CaseType
    story: tuple[JournalRow, ...]
    attachments: tuple[Attachment, ...]
    head: CaseFile | None
    notices: tuple[JournalRow, ...]
    may_reopen: bool

    @property
    def head_number(self) -> str | None:
        """Number of the case under which this report was folded."""
        return self.head.number if self.head else None


class Reading:
    """One per process; holds nothing."""

    def __init__(self, parts: Parts, steps: Steps) -> None:
        self._parts = parts
        self._steps = steps

    async def cases(self, actor: Actor, wanted: CaseFilter, *, limit: int) -> list[CaseFile]:
        """A page of cases that the actor may read, newest first."""
        now = self._parts.context.clock.now()
        async with self._parts.context.database.connection() as connection:
            try:
                return await store.list_cases(connection, actor, wanted, now, limit=limit)
            except asyncpg.QueryCanceledError as error:
                raise SearchTooBroad() from error

    async def search(
        self, actor: Actor, text: str, wanted: CaseFilter, *, limit: int
    ) -> tuple[list[CaseFile], datetime | None]:
        """Full-text search; see :func:`yiwang.casework.store.searching.search_cases`."""
        query = search_query(text)
        if query.empty:
            raise SearchTooWide()
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            try:
                return await store.search_cases(connection, actor, query, wanted, now, limit=limit)
            except asyncpg.QueryCanceledError as error:
                raise SearchTooBroad() from error

    async def tasks(
        self, actor: Actor, *, stage: str | None, after: tuple[datetime | None, UUID] | None, limit: int
    ) -> list[TaskItem]:
        """My tasks: those of my posts' queues and those handed to me."""
        async with self._parts.context.database.connection() as connection:
            return await store.my_tasks(connection, actor.posts, actor.tasks_of, stage=stage, after=after, limit=limit)

    async def view(self, case_id: UUID, actor: Actor, *, purpose: str = "") -> CaseView:
        """The whole case. With ``purpose`` and the grant ``case:read_personal`` the reporter is shown unmasked and the
        reading is journalled.

        Raises:
            NotFound: there is none, or it lies outside what the actor may read.
        """
        parts = self._parts
        now = parts.context.clock.now()
        async with parts.context.database.transaction() as connection:
            case = await store.find_case(connection, case_id)
            if case is None:
                raise NotFound(what="案件 the case")
            tasks = await parts.flow.open_tasks(connection, case.id)
            if not rules.may_read(actor, case) and not any(_mine(actor, task) for task in tasks):
                raise NotFound(what="案件 the case")
            case_type = await parts.catalogue.version(connection, case.type, case.type_version)
            found = await store.reporter_of(connection, case.id)
            reporter = found[0] if found else Reporter()
            shown = bool(purpose) and rules.reaches(actor, "read_personal", case)
            if shown:
                await journal.append(connection, case_entry(actor, now, "case.viewed", case, {"purpose": purpose}))
                await keep_read(connection, case.id, now, actor.account_id, actor.organisation_id, actor.posts, purpose)
            requests = await store.requests_of(connection, case.id)
            heads = await store.cases_by_id(connection, [case.head_id]) if case.head_id else {}
            offered = await self._offered(connection, case, tasks)
            apart = {
                task.id
                for task, _, step in offered
                if step is not None and await parts.flow.kept_away(connection, task, step, actor)
            }
            return CaseView(
                case=case,
                case_type=case_type,
                reporter=reporter if shown else Reporter(mask_name(reporter.name), mask_phone(reporter.phone)),
                reporter_masked=not shown,
                tasks=tuple(tasks),
                attachments=tuple(await store.attachments_of(connection, case.id)),
                requests=tuple(requests),
                operations=tuple(self._operations(actor, case, offered, apart, requests, now)),
                followers=tuple(await store.followers_of(connection, case.id)) if case.followers else (),
                head=next(iter(heads.values()), None),
                advised=self.advised(case, case_type),
                advice=await advice_of(connection, case.id),
                still=tuple(
                    Still(step.names.zh, step.names.en, task.created_at)
                    for task, _, step in offered
                    if step is not None and HANDLING in step.pauses
                ),
            )

    def advised(self, case: CaseFile, case_type: CaseType) -> Advised | None:
        """Which department should handle the case, and why."""
        organisation, advice = self._steps.advise(case, case_type)
        if organisation is None:
            return None
        if advice is not None:
            return Advised(organisation, advice.limit, advice.reason.zh, advice.reason.en)
        name_zh, name_en = case_type.class_name(case.class_code), case_type.class_name(case.class_code, "en")
        return Advised(organisation, None, f"“{name_zh}”通常由该部门负责", f"It usually handles “{name_en}”")

    async def _offered(
        self, connection: Connection, case: CaseFile, tasks: Sequence[TaskRow]
    ) -> list[tuple[TaskRow, Sequence[Outcome], UserTask | None]]:
        """Open tasks with the outcomes that they can have; one that waits for others (加签, 委派) has none now."""
        found: list[tuple[TaskRow, Sequence[Outcome], UserTask | None]] = []
        for task in tasks:
            if task.held:
                found.append((task, (), None))
            elif task.kind != "step":
                found.append((task, OUTCOMES_OF_ADDED, None))
            else:
                step = (await self._steps.graph_of(connection, case, task)).task(task.node)
                found.append((task, tuple(step.outcomes.values()), step))
        return found

    def _operations(
        self,
        actor: Actor,
        case: CaseFile,
        tasks: Sequence[tuple[TaskRow, Sequence[Outcome], UserTask | None]],
        apart: Collection[UUID],
        requests: Sequence[ExtensionRequest],
        now: datetime,
    ) -> list[Operation]:
        found: list[Operation] = []
        for task, outcomes, step in tasks:
            mine = _mine(actor, task) or actor.may("task", "complete_any")
            paused = case.suspended_at is not None
            why_zh = "" if mine else "该任务由其他岗位或人员办理"
            why_en = "" if mine else "this task belongs to another post or person"
            if mine and task.id in apart:
                mine = False
                why_zh = "您办理过不得由同一人办理的步骤,或应当回避;须由他人办理"
                why_en = "you did a step that must be another person's, or have withdrawn; it is for somebody else"
            if mine and paused:
                why_zh, why_en = "案件已挂账,请先恢复办理", "the case is suspended; resume it first"
            for outcome in outcomes:
                found.append(
                    Operation(
                        verb="complete",
                        zh=outcome.names.zh,
                        en=outcome.names.en,
                        allowed=mine and not paused,
                        why_zh=why_zh,
                        why_en=why_en,
                        needs=outcome.needs,
                        task_id=task.id,
                        outcome=outcome.id,
                        fields=step_fields.as_json(step_fields.asked(step, outcome.id)) if step is not None else {},
                    )
                )
        pending = any(request.state == "pending" for request in requests)
        for name, verb in rules.VERBS.items():
            if not rules.reaches(actor, verb.grant, case):
                found.append(
                    Operation(
                        name, verb.zh, verb.en, False, "您的岗位没有这项权限", "your posts do not grant it", verb.needs
                    )
                )
                continue
            why = rules.hindrance(case, name, now)
            if why is None and name == "request_extension" and pending:
                why = rules.Hindrance("已有一份延期申请待批", "a request is waiting already")
            if why is None and name == "decide_extension" and not pending:
                why = rules.Hindrance("没有待批的延期申请", "no request is waiting")
            found.append(
                Operation(name, verb.zh, verb.en, why is None, why.zh if why else "", why.en if why else "", verb.needs)
            )
        return found

    async def story(self, case_id: UUID, actor: Actor, *, after: int, limit: int) -> list[JournalRow]:
        """The case's history: its journal, in order."""
        async with self._parts.context.database.connection() as connection:
            await self.readable(connection, case_id, actor)
            return await journal.story(connection, case_id, after=after, limit=limit)

    async def readable(self, connection: Connection, case_id: UUID, actor: Actor) -> CaseFile:
        """The case if the actor may read it or has its task; NotFound otherwise."""
        case = await store.find_case(connection, case_id)
        if case is not None and not rules.may_read(actor, case):
            tasks = await self._parts.flow.open_tasks(connection, case.id)
            case = case if any(_mine(actor, task) for task in tasks) else None
        if case is None:
            raise NotFound(what="案件 the case")
        return case

    async def attachment(self, attachment_id: UUID, actor: Actor, claim: str) -> Attachment:
        """An attachment, for one who may read its case or who holds its claim."""
        async with self._parts.context.database.connection() as connection:
            found = await store.attachment(connection, attachment_id)
            if found is None:
                raise NotFound(what="附件 the attachment")
            if not (claim and claim == found.claim):
                if found.case_id is None:
                    raise NotFound(what="附件 the attachment")
                await self.readable(connection, found.case_id, actor)
            return found

    async def follow(self, number: str, code: str) -> PublicView:
        """The reporter's view.

        Raises:
            FollowCodeWrong: number and code do not belong together.
        """
        parts = self._parts
        now = parts.context.clock.now()
        async with parts.context.database.connection() as connection:
            case = await store.case_by_number(connection, number, code)
            if case is None:
                raise FollowCodeWrong()
            case_type = await parts.catalogue.version(connection, case.type, case.type_version)
            story = await journal.story(connection, case.id, limit=500)
            heads = await store.cases_by_id(connection, [case.head_id]) if case.head_id else {}
            for head in heads.values():
                later = await journal.story(connection, head.id, limit=500)
                joined = case.reported_at
                story += [row for row in later if row.entry.at >= joined and row.entry.verb == "case.step"]
            attachments = await store.attachments_of(connection, case.id)
        days = timedelta(days=case_type.declaration.reopen_days)
        closed = case.state in ("closed", "folded") and case.closed_at is not None
        return PublicView(
            case=case,
            case_type=case_type,
            story=tuple(
                sorted((row for row in story if row.entry.verb != "case.told"), key=lambda row: (row.entry.at, row.seq))
            ),
            attachments=tuple(attachments),
            head=next(iter(heads.values()), None),
            notices=tuple(row for row in story if row.entry.verb == "case.told"),
            may_reopen=closed and case.closed_at is not None and now - case.closed_at <= days,
        )

    async def duplicates(
        self, type_key: str, class_code: str | None, lon: float, lat: float
    ) -> list[tuple[CaseFile, float]]:
        """Open cases near a place with their distance in metres, to show before a report is sent."""
        case_type = self._parts.catalogue.latest(type_key)
        fold = case_type.declaration.fold
        days, metres = (fold.days, max(fold.metres, 1) * 3) if fold else (7, 100)
        x, y = project(lon, lat)
        scale = project(lon, lat + 1e-5)[1] - y
        per_metre = scale / 1.10574  # EPSG:3857 metres per true metre at this latitude; 1e-5 degrees are 1.10574 m
        now = self._parts.context.clock.now()
        async with self._parts.context.database.connection() as connection:
            found = await store.near_duplicates(
                connection,
                type_key=type_key,
                class_code=class_code,
                x=x,
                y=y,
                metres=metres * per_metre,
                since=now - timedelta(days=days),
            )
        return [(case, distance / per_metre) for case, distance in found]

    async def summary(self, actor: Actor) -> dict[str, int]:
        """Counts for the head of a page, each capped."""
        now = self._parts.context.clock.now()
        zone = self._parts.context.calendar.hours.timezone
        midnight = now.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0)
        async with self._parts.context.database.connection() as connection:
            return await store.summary(connection, actor, now, midnight)


def _mine(actor: Actor, task: TaskRow) -> bool:
    if task.assignee_id is not None:
        return task.assignee_id == actor.tasks_of
    return task.post_id in actor.posts
