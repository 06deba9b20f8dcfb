"""Issues of publications: proposed by one person, approved by another, public for their time, then gone from the public.

Rows are taken over masked when an issue is proposed: what is approved is what will be seen, whatever changes in the registry
meanwhile; the tables behind the public pages hold nothing that must be hidden.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from yiwang.casework import store as case_store
from yiwang.casework.rules import may_read
from yiwang.casework.service import CaseService
from yiwang.casework.store import CaseFilter
from yiwang.identity.directory import Directory
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.deadlines import due, parse_deadline
from yiwang.kernel.errors import Forbidden, NotFound
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import clean, clean_line
from yiwang.publicity import store
from yiwang.publicity.declarations import PublicationDeclaration
from yiwang.publicity.errors import (
    IssueEmpty,
    IssueNotNow,
    IssueTooLarge,
    IssueUnknown,
    NotApprover,
    OwnProposal,
    SpanNotDated,
)
from yiwang.publicity.model import PUBLICATION, Issue, IssueState, NewRow, PublicRow
from yiwang.publicity.rows import MOST, columns_of_case, columns_of_type, rows_of_cases, rows_of_things
from yiwang.registry import store as things
from yiwang.registry.service import RegistryService

_STATES: dict[IssueState, tuple[str, str]] = {
    "proposed": ("待审批", "awaiting approval"), "running": ("公示中", "public"), "ended": ("已期满", "over"),
    "withdrawn": ("已撤下", "withdrawn"), "refused": ("未批准", "refused"),
}  # fmt: skip
_most_shown = 200
_most_own = 100


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an issue shall hold. ``since`` and ``until`` are the first and the last day."""

    title: str
    area: str
    since: date | None
    until: date | None
    note: str


class Issues:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self._context = context
        self._directory = directory
        self._registry = registry
        self._casework = casework

    # -- what staff does --------------------------------------------------------------------------------------------------

    async def overview(self, actor: Actor) -> list[tuple[PublicationDeclaration, list[Issue]]]:
        """Every publication in force with its last issues, as far as the reader reaches.

        Raises:
            Forbidden.
        """
        actor.require(PUBLICATION, "read")
        async with self._context.database.connection() as connection:
            found = await store.declared(connection, "publication")
            return [
                (
                    PublicationDeclaration.model_validate(item.body),
                    await store.issues(connection, actor, item.id, limit=50),
                )
                for item in found
            ]

    async def propose(self, actor: Actor, publication: str, wanted: Proposal) -> Issue:
        """Take over the rows and put the issue before its approver.

        Raises:
            Forbidden, PublicationUnknown, SpanNotDated, IssueEmpty, IssueTooLarge.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            declared = await store.publication(connection, publication)
            self._require(actor, "propose", wanted.area, actor.organisation_id)
            if declared.dated is None and declared.source.case is None and (wanted.since or wanted.until):
                raise SpanNotDated(publication=declared.names.zh)
            columns, rows = await self._rows(connection, actor, declared, wanted, now)
            if not rows:
                raise IssueEmpty()
            made = Issue(
                new_id(), declared.id, "proposed", clean_line(wanted.title), clean(wanted.note), wanted.area,
                actor.organisation_id, columns, len(rows), now, actor.account_id, actor.label, None, "", "", None, None,
            )  # fmt: skip
            await store.insert_issue(connection, made, rows)
            await self._note(connection, actor, now, "publication.proposed", made)
        return made

    async def _rows(
        self, connection: Connection, actor: Actor, declared: PublicationDeclaration, wanted: Proposal, now: datetime
    ) -> tuple[list[JsonObject], list[NewRow]]:
        zone = self._context.calendar.hours.timezone
        if declared.source.type is not None:
            kind = self._registry.types.type(declared.source.type)
            rows = await rows_of_things(
                connection, self._registry, actor, declared, area=wanted.area, since=wanted.since, until=wanted.until,
                now=now, zone=zone,
            )  # fmt: skip
            return columns_of_type(kind, declared), rows
        case_type = self._casework.catalogue.latest(declared.source.case or "")
        filters = CaseFilter(
            type=case_type.declaration.id, area=wanted.area or None, state=declared.source.where.get("state"),
            class_code=declared.source.where.get("class"),
        )  # fmt: skip
        cases = await case_store.list_cases(connection, actor, filters, now, limit=MOST + 1)
        if len(cases) > MOST:
            raise IssueTooLarge(most=MOST)
        rows = rows_of_cases(self._casework.catalogue, declared, cases, zone)
        rows = [row for row in rows if _within(row.at, wanted, zone)]
        return columns_of_case(case_type, declared), rows

    async def approve(self, actor: Actor, issue_id: UUID, note: str) -> Issue:
        """Make an issue public from now on, for as long as declared.

        Raises:
            Forbidden, IssueUnknown, IssueNotNow. NotApprover, OwnProposal: somebody else decides.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            issue, declared = await self._for_decision(connection, actor, issue_id, ("批准", "approved"))
            ends_at = due(parse_deadline(declared.stands), now, self._context.calendar) if declared.stands else None
            await store.decide(
                connection, issue.id, "running", now, actor.label, clean(note), starts_at=now, ends_at=ends_at
            )
            if ends_at is None:
                await store.end_others(connection, issue, now)
            await self._note(connection, actor, now, "publication.approved", issue)
        return replace(
            issue, state="running", decided_at=now, decided_label=actor.label, reason=clean(note), starts_at=now,
            ends_at=ends_at,
        )  # fmt: skip

    async def refuse(self, actor: Actor, issue_id: UUID, reason: str) -> Issue:
        """Send a proposed issue back; raises as :meth:`approve`."""
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            issue, _ = await self._for_decision(connection, actor, issue_id, ("退回", "refused"))
            await store.decide(connection, issue.id, "refused", now, actor.label, clean(reason))
            await self._note(connection, actor, now, "publication.refused", issue, clean(reason))
        return replace(issue, state="refused", decided_at=now, decided_label=actor.label, reason=clean(reason))

    async def withdraw(self, actor: Actor, issue_id: UUID, reason: str) -> Issue:
        """Take an issue away from the public before its time.

        Raises:
            Forbidden, IssueUnknown, IssueNotNow.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            issue = await self._issue(connection, actor, issue_id, "withdraw", lock=True)
            if issue.state not in ("running", "proposed"):
                raise _not_now(issue, ("撤下", "withdrawn"))
            await store.decide(connection, issue.id, "withdrawn", now, actor.label, clean(reason), ends_at=now)
            await self._note(connection, actor, now, "publication.withdrawn", issue, clean(reason))
        return replace(
            issue, state="withdrawn", decided_at=now, decided_label=actor.label, reason=clean(reason), ends_at=now
        )

    async def issue(self, actor: Actor, issue_id: UUID) -> Issue:
        """An issue in any state, for those who may read issues. Raises IssueUnknown, Forbidden."""
        async with self._context.database.connection() as connection:
            return await self._issue(connection, actor, issue_id, "read")

    async def row_of_question(self, actor: Actor, case_id: UUID) -> tuple[Issue, PublicRow]:
        """The row that a question is about, for those who may read the case.

        Raises:
            NotFound: no such case, not to be read, or not a question about a row.
        """
        async with self._context.database.connection() as connection:
            case = await case_store.find_case(connection, case_id)
            row = await store.row_of_question(connection, case_id)
            if case is None or row is None or not may_read(actor, case):
                raise NotFound(what="公示内容 the published row")
            issue = await store.issue(connection, row.issue_id)
        if issue is None:
            raise IssueUnknown()
        return issue, row

    async def end_due(self) -> int:
        """One round of the worker: issues whose time is over are ended; how many."""
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            ended = await store.end_due(connection, now)
            for issue in ended:
                await self._note(connection, SYSTEM, now, "publication.ended", issue)
        return len(ended)

    async def found(self, connection: Connection, publication: str, note: str) -> bool:
        """A demonstration begins with an issue of everything, public already; False where there is nothing to show."""
        now = self._context.clock.now()
        declared = await store.publication(connection, publication)
        wanted = Proposal(declared.names.zh, "", None, None, note)
        columns, rows = await self._rows(connection, SYSTEM, declared, wanted, now)
        if not rows:
            return False
        ends_at = due(parse_deadline(declared.stands), now, self._context.calendar) if declared.stands else None
        owners = [row.thing_id for row in rows[:1] if row.thing_id is not None]
        facts = await things.newest_facts(connection, owners)
        office = next((fact.organisation_id for fact in facts.values()), None)
        made = Issue(
            new_id(), declared.id, "proposed", wanted.title, note, "", office, columns, len(rows), now, None, note, None, "", "",
            None, None,
        )  # fmt: skip
        await store.insert_issue(connection, made, rows)
        await store.decide(connection, made.id, "running", now, note, "", starts_at=now, ends_at=ends_at)
        await self._note(connection, SYSTEM, now, "publication.approved", made)
        return True

    # -- common -----------------------------------------------------------------------------------------------------------

    async def _issue(
        self, connection: Connection, actor: Actor, issue_id: UUID, verb: str, *, lock: bool = False
    ) -> Issue:
        actor.require(PUBLICATION, verb)
        issue = await store.issue(connection, issue_id, lock=lock)
        if issue is None or not any(
            actor.reaches(PUBLICATION, each, area=issue.area, organisation=issue.organisation_id)
            for each in ("read", verb)
        ):
            raise IssueUnknown()
        self._require(actor, verb, issue.area, issue.organisation_id)
        return issue

    async def _for_decision(
        self, connection: Connection, actor: Actor, issue_id: UUID, verb: tuple[str, str]
    ) -> tuple[Issue, PublicationDeclaration]:
        issue = await self._issue(connection, actor, issue_id, "approve", lock=True)
        declared = await store.publication(connection, issue.publication)
        post = self._post_words(declared.approver)
        if declared.approver not in actor.post_codes:
            raise NotApprover(post=post)
        if issue.proposed_by is not None and issue.proposed_by == actor.account_id:
            raise OwnProposal(post=post)
        if issue.state != "proposed":
            raise _not_now(issue, verb)
        return issue, declared

    def _post_words(self, code: str) -> str:
        posts = self._directory.posts(code)
        return posts[0].name_zh if posts else code

    def _require(self, actor: Actor, verb: str, area: str, organisation: int | None) -> None:
        actor.require(PUBLICATION, verb)
        if not actor.reaches(PUBLICATION, verb, area=area, organisation=organisation):
            raise Forbidden(verb=f"{PUBLICATION}:{verb}")

    async def _note(
        self, connection: Connection, actor: Actor, at: datetime, verb: str, issue: Issue, reason: str = ""
    ) -> None:
        data: JsonObject = {"publication": issue.publication, "title": issue.title, "rows": issue.row_count}
        if reason:
            data["reason"] = reason
        entry = journal.entry(actor, at, verb, "publication", issue.id, area=issue.area, data=data)
        await journal.append(connection, entry)


def _within(at: datetime | None, wanted: Proposal, zone: ZoneInfo) -> bool:
    if wanted.since is None and wanted.until is None:
        return True
    if at is None:
        return False
    day = at.astimezone(zone).date()
    return (wanted.since is None or day >= wanted.since) and (wanted.until is None or day <= wanted.until)


def _not_now(issue: Issue, verb: tuple[str, str]) -> IssueNotNow:
    zh, en = _STATES[issue.state]
    return IssueNotNow(state_zh=zh, state_en=en, verb_zh=verb[0], verb_en=verb[1])
