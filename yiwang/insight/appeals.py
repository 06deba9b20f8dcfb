"""Appeals against being counted as late (超时申诉): the department asks, dispatch reviews, intake decides.

Only for a closed case that was handled late, one per case. Approved, the late round is due no more in all statistics;
what happened stays in the case and in the journal. Each act is one transaction with its journal entry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from yiwang.casework import rules
from yiwang.casework import store as cases
from yiwang.casework.model import CaseFile
from yiwang.casework.notes import case_entry
from yiwang.casework.service import CaseService
from yiwang.casework.store.lists import case_scope
from yiwang.insight.errors import AppealNotNow
from yiwang.kernel import journal
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject, Record
from yiwang.kernel.errors import Forbidden, NotFound
from yiwang.kernel.identifiers import new_id

AppealState = Literal["pending", "reviewed", "approved", "refused"]
GRANTS = frozenset({"appeal", "review_appeal", "decide_appeal"})
"""Verbs of grants on cases."""


@dataclass(frozen=True, slots=True)
class Appeal:
    """One appeal with what was said at each stage."""

    id: UUID
    case_id: UUID
    reason: str
    state: AppealState
    requested_name: str
    requested_at: datetime
    reviewed_name: str | None
    reviewed_at: datetime | None
    review_note: str | None
    decided_name: str | None
    decided_at: datetime | None
    decision_note: str | None
    number: str = ""


_COLUMNS = (
    "a.id, a.case_id, a.reason, a.state, a.requested_name, a.requested_at, a.reviewed_name, a.reviewed_at, a.review_note,"
    " a.decided_name, a.decided_at, a.decision_note"
)


class Appeals:
    """One per process."""

    def __init__(self, context: Context, casework: CaseService) -> None:
        self._context = context
        self._casework = casework

    async def request(self, case_id: UUID, actor: Actor, reason: str) -> Appeal:
        """申诉: the department says why being late was not its doing.

        Raises:
            NotFound, Forbidden; AppealNotNow: not closed, not late, or appealed before.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            case = await self._case(connection, case_id, actor, "appeal")
            if case.state != "closed" or case.closed_at is None:
                raise _not_now("申诉", "appeal", "案件尚未结案", "the case is not closed")
            if case.due_at is None or case.handled_at is None or case.handled_at <= case.due_at:
                raise _not_now("申诉", "appeal", "案件没有超期处置", "the case was not handled late")
            if await self._of_case(connection, case_id) is not None:
                raise _not_now(
                    "申诉", "appeal", "本案已申诉过,一案只能申诉一次", "it was appealed before; once per case"
                )
            appeal_id = new_id()
            await connection.execute(
                "insert into insight_appeal (id, case_id, reason, state, requested_by, requested_name, requested_at)"
                " values ($1, $2, $3, 'pending', $4, $5, $6)",
                appeal_id, case_id, reason, actor.account_id, actor.label, now,
            )  # fmt: skip
            await journal.append(connection, case_entry(actor, now, "case.appeal_requested", case, {"note": reason}))
            return await self._must(connection, case_id)

    async def review(self, case_id: UUID, actor: Actor, *, support: bool, note: str) -> Appeal:
        """初审: dispatch passes it on to intake, or refuses it.

        Raises:
            NotFound, Forbidden, AppealNotNow.
        """
        return await self._act(case_id, actor, "review_appeal", "pending", "reviewed" if support else "refused", note)

    async def decide(self, case_id: UUID, actor: Actor, *, approve: bool, note: str) -> Appeal:
        """终审: intake approves, and the late round is exempt; or refuses.

        Raises:
            NotFound, Forbidden, AppealNotNow.
        """
        return await self._act(case_id, actor, "decide_appeal", "reviewed", "approved" if approve else "refused", note)

    async def of_case(self, case_id: UUID, actor: Actor) -> Appeal | None:
        """The appeal of a case that the actor may read."""
        async with self._context.database.connection() as connection:
            case = await cases.find_case(connection, case_id)
            if case is None or not rules.may_read(actor, case):
                raise NotFound(what="案件 the case")
            return await self._of_case(connection, case_id)

    async def open_ones(self, actor: Actor, *, limit: int = 100) -> Sequence[Appeal]:
        """Appeals that wait for a review or a decision, of cases that the actor may read; the oldest first."""
        args = Sql()
        scope = case_scope(actor, "read", args)
        async with self._context.database.connection() as connection:
            rows = await connection.fetch(
                f"select {_COLUMNS}, c.number from insight_appeal a join case_file c on c.id = a.case_id"
                f" where a.state in ('pending', 'reviewed') and {scope} order by a.requested_at, a.id"
                f" limit {args.bind(limit)}",
                *args.values,
            )
        return [_appeal(row) for row in rows]

    async def _act(
        self, case_id: UUID, actor: Actor, grant: str, wanted: AppealState, becomes: AppealState, note: str
    ) -> Appeal:
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            case = await self._case(connection, case_id, actor, grant)
            appeal = await self._of_case(connection, case_id)
            act = (
                ("初审申诉", "review the appeal") if grant == "review_appeal" else ("终审申诉", "decide on the appeal")
            )
            if appeal is None:
                raise _not_now(*act, "本案没有申诉", "the case has no appeal")
            if appeal.state != wanted:
                why = {"pending": ("申诉还在初审", "it is still to be reviewed"),
                       "reviewed": ("申诉已初审", "it was reviewed already")}  # fmt: skip
                raise _not_now(*act, *why.get(appeal.state, ("申诉已办结", "it was decided already")))
            stage = "reviewed" if grant == "review_appeal" else "decided"
            noted = "review_note" if grant == "review_appeal" else "decision_note"
            await connection.execute(
                f"update insight_appeal set state = $2, {stage}_name = $3, {stage}_at = $4, {noted} = $5 where case_id = $1",
                case_id, becomes, actor.label, now, note,
            )  # fmt: skip
            data: JsonObject = {"note": note}
            await journal.append(connection, case_entry(actor, now, f"case.appeal_{becomes}", case, data))
            return await self._must(connection, case_id)

    async def _case(self, connection: Connection, case_id: UUID, actor: Actor, grant: str) -> CaseFile:
        case = await cases.case_for_update(connection, case_id)
        if case is None or not rules.may_read(actor, case):
            raise NotFound(what="案件 the case")
        if not rules.reaches(actor, grant, case):
            raise Forbidden(verb=f"case:{grant}")
        return case

    async def _of_case(self, connection: Connection, case_id: UUID) -> Appeal | None:
        row = await connection.fetchrow(f"select {_COLUMNS} from insight_appeal a where a.case_id = $1", case_id)
        return None if row is None else _appeal(row)

    async def _must(self, connection: Connection, case_id: UUID) -> Appeal:
        found = await self._of_case(connection, case_id)
        if found is None:
            raise NotFound(what="申诉 the appeal")
        return found


def _appeal(row: Record) -> Appeal:
    return Appeal(*tuple(row))


def _not_now(act: str, act_en: str, why_zh: str, why_en: str) -> AppealNotNow:
    return AppealNotNow(act=act, act_en=act_en, why_zh=why_zh, why_en=why_en)
