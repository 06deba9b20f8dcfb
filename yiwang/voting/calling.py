"""Calling, withdrawing, ending votes. Calling finishes the case's step and freezes the roll in one transaction; when the time is
over a worker counts, and the case that waits goes on in the transaction that writes the result.
"""

from __future__ import annotations

from contextvars import ContextVar
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.casework import store as cases
from yiwang.casework.model import CaseFile
from yiwang.casework.notes import case_entry
from yiwang.casework.rules import may_read
from yiwang.casework.service import CaseService
from yiwang.casework.steps import StepInput, StepResult
from yiwang.flow.model import TaskRow
from yiwang.flow.model.fields import longest_text
from yiwang.kernel import journal, logs
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import Forbidden, NotFound, Problem
from yiwang.kernel.identifiers import new_id
from yiwang.registry.model import Fact
from yiwang.registry.service import RegistryService
from yiwang.voting import store
from yiwang.voting.box import Box
from yiwang.voting.counting import in_words, result_of
from yiwang.voting.declarations import VoteDeclaration
from yiwang.voting.electorate import houses_of, roll_of
from yiwang.voting.errors import (
    VoteEnded,
    VoteGivesOutcome,
    VoteMatterUnknown,
    VoteNotNow,
    VoteOptionsWrong,
    VoteTime,
    VoteUnknown,
)
from yiwang.voting.model import KIND, NewVote, Question, Vote

log = logs.get("voting")

_by_vote: ContextVar[bool] = ContextVar("by_vote", default=False)
"""Whether the step that is being finished is finished by a vote."""


class Calling:
    """One per process."""

    def __init__(self, context: Context, registry: RegistryService, casework: CaseService, box: Box) -> None:
        self._context = context
        self._registry = registry
        self._casework = casework
        self._box = box
        self._ours: dict[tuple[str, str], frozenset[str]] = {}
        casework.finishing.guard(self._refuse_by_hand)

    async def refresh(self) -> None:
        """Take over which outcomes are given by votes."""
        async with self._context.database.connection() as connection:
            found = [each.case for each in await store.declared(connection)]
        ours = {(each.type, each.node): frozenset({each.outcome}) for each in found}
        ours |= {(each.type, each.wait): frozenset({each.ended, each.withdrawn}) for each in found}
        self._ours = ours

    def _refuse_by_hand(self, case: CaseFile, task: TaskRow, actor: Actor, given: StepInput) -> None:
        """Raises VoteGivesOutcome where somebody would say by hand what a vote decides."""
        if given.outcome in self._ours.get((case.type, task.node), ()) and not _by_vote.get():
            raise VoteGivesOutcome()

    async def _finish(
        self, connection: Connection, task_id: UUID, actor: Actor, given: StepInput, now: datetime
    ) -> StepResult:
        token = _by_vote.set(True)
        try:
            return await self._casework.finishing.complete_within(connection, task_id, actor, given, now)
        finally:
            _by_vote.reset(token)

    async def call(self, actor: Actor, case_id: UUID, new: NewVote) -> Vote:
        """Call a vote; the actor must have the case's step and the grant to start votes.

        Raises:
            NotFound: no such case for this actor. Forbidden; VoteNotNow; VoteMatterUnknown, VoteOptionsWrong, VoteTime;
            VoteNobody, VoteRollIncomplete; TaskNotYours: the step is somebody else's.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            case = await self._readable(connection, actor, case_id)
            if not actor.reaches(KIND, "start", area=case.area, organisation=case.organisation_id):
                raise Forbidden(verb=f"{KIND}:start")
            declared = await _declared_for(connection, case)
            require_sound(declared, new, now)
            tasks = await self._casework.parts.flow.open_tasks(connection, case.id)
            task = next((item for item in tasks if item.node == declared.case.node), None)
            if task is None:
                raise VoteNotNow(reason_zh=f"当前状态是“{case.status}”", reason_en="it does not stand at that step")
            scope = await self._scope(connection, actor, declared, new.scope)
            houses = await houses_of(connection, self._registry, declared.electorate, scope.thing_id, scope.title, now)
            vote_id = new_id()
            roll = roll_of(houses, declared.electorate, vote_id, self._box)
            made = Vote(
                id=vote_id, declared=declared, case_id=case.id, case_number=case.number, scope_id=scope.thing_id,
                scope_title=scope.title, area=scope.area or case.area, organisation_id=case.organisation_id,
                title=new.title, secret=new.secret, questions=new.questions, voices=len(roll), houses=len(houses),
                weight=sum(each.weight for each in roll), called_at=now, called_by=actor.label, opens_at=new.opens_at,
                closes_at=new.closes_at, state="called", ended_at=None, reason="", result=None,
            )  # fmt: skip
            step = await self._finish(connection, task.id, actor, StepInput(declared.case.outcome, new.note), now)
            await store.add_vote(connection, made)
            await store.add_roll(connection, vote_id, roll)
            await journal.append(
                connection, case_entry(actor, now, "case.vote_called", case, _told(made), status=step.status)
            )
        return made

    async def _readable(self, connection: Connection, actor: Actor, case_id: UUID) -> CaseFile:
        case = await cases.find_case(connection, case_id)
        if case is None or not may_read(actor, case):
            raise NotFound(what="案件 the case")
        return case

    async def _scope(self, connection: Connection, actor: Actor, declared: VoteDeclaration, thing_id: UUID) -> Fact:
        type_id = self._scope_type(declared)
        return await self._registry.reading.thing(connection, actor, type_id, thing_id)

    def _scope_type(self, declared: VoteDeclaration) -> str:
        """The type that the last relation leads to."""
        found = declared.electorate.type
        for relation in declared.electorate.within:
            found = self._registry.types.type(found).declaration.relations[relation].to
        return found

    async def withdraw(self, actor: Actor, vote_id: UUID, reason: str) -> Vote:
        """End a vote without counting it; the case goes back to where its flow says. Ballots are destroyed unread.

        Raises:
            VoteUnknown, Forbidden, VoteEnded.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            vote = await visible(connection, actor, vote_id, "start", lock="for update")
            if vote.state != "called":
                raise VoteEnded()
            await self._end_without(connection, vote, actor, now, reason)
            await self._go_on(connection, vote, actor, now, StepInput(vote.declared.case.withdrawn, reason))
            return await _again(connection, vote_id)

    async def _end_without(self, connection: Connection, vote: Vote, actor: Actor, now: datetime, reason: str) -> None:
        await store.drop_papers(connection, vote.id)
        await connection.execute("delete from vote_ballot where vote_id = $1", vote.id)
        await store.end_vote(connection, vote.id, "withdrawn", now, reason, None)
        case = await cases.find_case(connection, vote.case_id)
        if case is not None:
            data: JsonObject = {"vote": str(vote.id), "title": vote.title, "note": reason}
            await journal.append(connection, case_entry(actor, now, "case.vote_withdrawn", case, data))

    async def _go_on(self, connection: Connection, vote: Vote, actor: Actor, now: datetime, given: StepInput) -> None:
        """The case goes on from where it waits. Somebody may have ended it before."""
        tasks = await self._casework.parts.flow.open_tasks(connection, vote.case_id)
        task = next((item for item in tasks if item.node == vote.declared.case.wait), None)
        if task is not None:
            await self._finish(connection, task.id, SYSTEM, given, now)

    # -- ending -----------------------------------------------------------------------------------------------------------

    async def end_due(self) -> int:
        """One round of the worker: count what is over; how many votes ended."""
        now = self._context.clock.now()
        async with self._context.database.connection() as connection:
            found = await store.due(connection, now)
        for vote_id in found:
            try:
                await self._end(vote_id, now)
            except Problem as problem:
                log.warning("a vote cannot be counted", vote=str(vote_id), why=problem.message("en"))
        return len(found)

    async def _end(self, vote_id: UUID, now: datetime) -> None:
        async with self._context.database.transaction() as connection:
            vote = await store.vote(connection, vote_id, lock="for update")
            if vote is None or vote.state != "called":
                return
            case = await cases.find_case(connection, vote.case_id)
            if case is None or vote.closes_at > now:
                await self._end_without(connection, vote, SYSTEM, now, "案件已经办结或作废")
                return
            result, unread = await self._count(connection, vote)
            await store.end_vote(connection, vote.id, "counted", now, "", result)
            took_part = result["took_part"]
            data: JsonObject = {
                "vote": str(vote.id),
                "title": vote.title,
                "unread": unread,
                "carried": result["carried"],
            }
            await journal.append(connection, case_entry(SYSTEM, now, "case.vote_counted", case, data))
            fields = vote.declared.case.fields
            given: JsonObject = {
                fields.result: in_words(vote, result)[:longest_text],
                fields.carried: result["carried"],
            }
            if fields.took_part is not None and isinstance(took_part, dict):
                given[fields.took_part] = took_part["number_percent"]
            await self._go_on(connection, vote, SYSTEM, now, StepInput(vote.declared.case.ended, "", fields=given))
        log.info("a vote was counted", vote=str(vote_id), carried=bool(result["carried"]))

    async def _count(self, connection: Connection, vote: Vote) -> tuple[JsonObject, int]:
        """(result, ballots on paper that no second clerk has read)."""
        unread = await store.drop_papers(connection, vote.id)
        sealed = await store.empty_box(connection, vote.id)
        ballots = [self._box.open(each.key, each.sealed) for each in sealed]
        if not vote.secret:
            chosen: list[tuple[UUID, JsonObject]] = []
            for ballot in ballots:
                if ballot.voice is not None:
                    said: dict[str, Json] = {nth: list(options) for nth, options in ballot.choices.items()}
                    chosen.append((ballot.voice, said))
            await store.set_choices(connection, chosen)
        return result_of(vote, ballots), unread


async def visible(connection: Connection, actor: Actor, vote_id: UUID, verb: str, *, lock: str = "") -> Vote:
    """A vote that the actor may read, and of which they may do the verb.

    Raises:
        VoteUnknown, Forbidden.
    """
    vote = await store.vote(connection, vote_id, lock=lock)
    if vote is None or not actor.reaches(KIND, "read", area=vote.area, organisation=vote.organisation_id):
        raise VoteUnknown()
    if not actor.reaches(KIND, verb, area=vote.area, organisation=vote.organisation_id):
        raise Forbidden(verb=f"{KIND}:{verb}")
    return vote


def require_sound(declared: VoteDeclaration, new: NewVote, now: datetime) -> None:
    """Whether what is to be voted on, and when, is allowed.

    Raises:
        VoteMatterUnknown, VoteOptionsWrong, VoteTime.
    """
    for nth, question in enumerate(new.questions, start=1):
        if question.matter not in declared.matters:
            raise VoteMatterUnknown(matter=question.matter[:60], known="、".join(declared.matters))
        _require_options(question, nth)
    allowed = declared.ballots
    if (allowed == "secret" and not new.secret) or (allowed == "open" and new.secret):
        zh, en = ("应为无记名", "it is secret") if allowed == "secret" else ("应为记名", "it is open")
        raise VoteNotNow(reason_zh=f"这种表决{zh}", reason_en=en)
    notice = timedelta(days=declared.notice_days)
    if new.opens_at < now + notice:
        raise VoteTime(
            reason_zh=f"须提前 {declared.notice_days} 天公告,最早可于 {(now + notice).isoformat(timespec='minutes')} 开始",
            reason_en=f"it is announced {declared.notice_days} days ahead, so it opens at"
            f" {(now + notice).isoformat(timespec='minutes')} at the earliest",
        )
    length = new.closes_at - new.opens_at
    if not timedelta(days=declared.least_days) <= length <= timedelta(days=declared.most_days):
        raise VoteTime(
            reason_zh=f"表决期应为 {declared.least_days} 至 {declared.most_days} 天",
            reason_en=f"it is open for {declared.least_days} to {declared.most_days} days",
        )


def _require_options(question: Question, nth: int) -> None:
    ids = [option.id for option in question.options]
    if len(set(ids)) != len(ids):
        raise VoteOptionsWrong(nth=nth, reason_zh="选项代码重复", reason_en="two have the same id")
    if ids and not 1 <= question.seats <= len(ids):
        raise VoteOptionsWrong(nth=nth, reason_zh="可选数超过选项数", reason_en="more may be chosen than there are")
    if not ids and question.seats != 1:
        raise VoteOptionsWrong(nth=nth, reason_zh="没有选项的题只能选一项", reason_en="give options to choose among")


async def _declared_for(connection: Connection, case: CaseFile) -> VoteDeclaration:
    found = next((each for each in await store.declared(connection) if each.case.type == case.type), None)
    if found is None:
        raise VoteNotNow(reason_zh="这类案件不发起表决", reason_en="no vote is called in cases of this type")
    return found


async def _again(connection: Connection, vote_id: UUID) -> Vote:
    found = await store.vote(connection, vote_id)
    if found is None:
        raise VoteUnknown()
    return found


def _told(vote: Vote) -> JsonObject:
    return {
        "vote": str(vote.id), "title": vote.title, "voices": vote.voices, "questions": len(vote.questions),
        "opens_at": vote.opens_at.isoformat(), "closes_at": vote.closes_at.isoformat(),
    }  # fmt: skip
