"""What the offer side and the desk do: see who fits and why, ask somebody by hand, accept, refuse.

Acceptance and the step that it ends are one transaction; the first that accepts has it, the others are asked no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.casework import store as cases
from yiwang.casework.model import CaseFile
from yiwang.casework.rules import may_read
from yiwang.casework.service import CaseService
from yiwang.casework.steps import StepInput
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import Forbidden, NotFound
from yiwang.matching import store
from yiwang.matching.declarations import MatchDeclaration
from yiwang.matching.errors import MatchUnknown, NotWaiting, OfferUnfit, ProposalAnswered, ProposalUnknown
from yiwang.matching.model import KIND, Candidate, OfferFigures, Proposal, State
from yiwang.matching.proposing import Proposing
from yiwang.matching.scoring import fits
from yiwang.registry.errors import TypeUnknown
from yiwang.registry.model import Fact
from yiwang.registry.service import RegistryService

STATE_WORDS: dict[State, tuple[str, str]] = {
    "open": ("待答复", "awaiting an answer"),
    "accepted": ("已接受", "accepted"),
    "refused": ("已谢绝", "declined"),
    "expired": ("逾期未答复", "not answered in time"),
    "withdrawn": ("已撤回", "withdrawn"),
    "done": ("已完成", "done"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """Proposals and candidates with what their offers are called, masked; ``titles`` by id."""

    rule: MatchDeclaration
    proposals: list[Proposal]
    candidates: list[Candidate]
    titles: dict[UUID, str]
    waiting: bool = False


@dataclass(frozen=True, slots=True)
class Figures:
    """What offers were asked and did in a time, with the sums of all."""

    rule: MatchDeclaration
    offers: list[OfferFigures]
    titles: dict[UUID, str]
    served: int
    serving: int
    amount: float
    satisfaction: float | None


class Answering:
    """One per process."""

    def __init__(
        self, context: Context, registry: RegistryService, casework: CaseService, proposing: Proposing
    ) -> None:
        self._context = context
        self._registry = registry
        self._casework = casework
        self._proposing = proposing

    async def rules(self) -> list[tuple[str, MatchDeclaration]]:
        """All in force, each (pack, rule)."""
        async with self._context.database.connection() as connection:
            found = await store.rules(connection)
        return [(each.pack, MatchDeclaration.model_validate(each.body)) for each in found]

    async def rule(self, id: str) -> MatchDeclaration:
        """A rule, also one that no pack declares any more.

        Raises:
            MatchUnknown.
        """
        async with self._context.database.connection() as connection:
            return await self._rule(connection, id)

    async def _rule(self, connection: Connection, id: str) -> MatchDeclaration:
        found = await store.rules(connection, all_of_them=True)
        body = next((each.body for each in found if each.id == id), None)
        if body is None:
            raise MatchUnknown(rule=id[:60])
        return MatchDeclaration.model_validate(body)

    # -- seeing -----------------------------------------------------------------------------------------------------------

    async def of_case(self, actor: Actor, case_id: UUID, limit: int) -> Shown:
        """Who was asked for a case and, while it waits, who else fits best and why. Whoever handles the case sees all of them,
        also those of other places, by what the registry shows masked.

        Raises:
            NotFound: no such case, or the reader may not read it. Forbidden: without ``match:read``. MatchUnknown: such
            cases are not matched.
        """
        now = self._context.clock.now()
        async with self._context.database.connection() as connection:
            case = await self._readable(connection, actor, case_id)
            actor.require(KIND, "read")
            rule = await self._rule_of(connection, case)
            asked = await store.of_need(connection, case_id)
            need = await store.waiting_case(connection, case_id, rule.needs.node or "")
            best: list[Candidate] = []
            if need is not None:
                pool = await self._proposing.pool(connection, rule, [need], now)
                best = pool.best(need, limit)
            titles = await self._titles(
                connection, rule, [*(each.offer_id for each in asked), *(each.offer.id for each in best)]
            )
        return Shown(rule, asked, best, titles, need is not None)

    async def listed(
        self, actor: Actor, rule_id: str, states: Sequence[str], mine: bool, after: UUID | None, limit: int
    ) -> Shown:
        """Proposals of a rule, newest first: within the reader's reach, or those that ask the reader in person.

        Raises:
            MatchUnknown; Forbidden: not one's own, without ``match:read``.
        """
        rule = await self.rule(rule_id)
        if not mine:
            actor.require(KIND, "read")
        async with self._context.database.connection() as connection:
            found = await store.listed(connection, actor, rule_id, states, mine, after, limit)
            titles = await self._titles(connection, rule, [each.offer_id for each in found])
        return Shown(rule, found, [], titles)

    async def figures(self, actor: Actor, rule_id: str, since: datetime, until: datetime, limit: int) -> Figures:
        """What offers did in a time, within the reader's reach.

        Raises:
            MatchUnknown, Forbidden.
        """
        rule = await self.rule(rule_id)
        actor.require(KIND, "read")
        async with self._context.database.connection() as connection:
            offers = await store.figures(connection, actor, rule_id, since, until, limit)
            sums = await store.totals(connection, actor, rule_id, since, until)
            titles = await self._titles(connection, rule, [each.offer_id for each in offers])
        return Figures(rule, offers, titles, *sums)

    # -- acting -----------------------------------------------------------------------------------------------------------

    async def propose(self, actor: Actor, case_id: UUID, offer_id: UUID) -> Shown:
        """Ask an offer by hand; it must fit as the rule says.

        Raises:
            NotFound, Forbidden, MatchUnknown, NotWaiting, OfferUnfit.
        """
        actor.require(KIND, "propose")
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            case = await self._readable(connection, actor, case_id)
            rule = await self._rule_of(connection, case)
            await store.lock_rule(connection, rule.id, wait=True)
            need = await store.waiting_case(connection, case_id, rule.needs.node or "")
            if need is None:
                raise NotWaiting()
            pool = await self._proposing.pool(connection, rule, [need], now)
            found = fits(pool, need, offer_id)
            if found is None:
                raise OfferUnfit()
            made = await self._proposing.propose(connection, rule, need, found, actor)
            titles = await self._titles(connection, rule, [offer_id])
        return Shown(rule, [made], [], titles, True)

    async def answer(self, actor: Actor, proposal_id: UUID, *, accepted: bool, reason: str) -> Shown:
        """The offer's answer: by the person asked, or by whoever answers for offers there. After a refusal the next is asked.

        Raises:
            ProposalUnknown; Forbidden: somebody else's; ProposalAnswered; NotWaiting; as ``Finishing.complete``.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            before = await store.proposal(connection, proposal_id)
            if before is None or not (self._sees(actor, before) or self._may_answer(actor, before)):
                raise ProposalUnknown()
            if not self._may_answer(actor, before):
                raise Forbidden(verb=f"{KIND}:answer")
            rule = await self._rule(connection, before.rule)
            # The case is locked first, as everywhere; then what was asked.
            locked = await cases.case_for_task(connection, before.task_id) if before.task_id is not None else None
            asked = await store.proposal(connection, proposal_id, lock=True)
            if asked is None:
                raise ProposalUnknown()
            if asked.state != "open":
                zh, en = STATE_WORDS[asked.state]
                raise ProposalAnswered(state=f"{zh} {en}")
            state: State = "accepted" if accepted else "refused"
            await store.set_state(connection, asked.id, state, now, by=actor.label, reason=reason, ended=not accepted)
            if accepted:
                await self._accept(connection, rule, asked, locked is not None, now)
            after = await store.proposal(connection, proposal_id)
            if after is None:
                raise ProposalUnknown()
            await self._proposing.note(connection, after, f"case.match_{state}", actor, now)
            titles = await self._titles(connection, rule, [after.offer_id])
        if not accepted and rule.needs.case is not None:
            await self._proposing.round(rule)
        return Shown(rule, [after], [], titles)

    async def _accept(
        self, connection: Connection, rule: MatchDeclaration, asked: Proposal, waiting: bool, now: datetime
    ) -> None:
        await store.withdraw_others(connection, asked.need_id, asked.id, now, "已由他人接受")
        if asked.need_kind == "thing":
            return
        if not waiting or asked.task_id is None or rule.needs.matched is None:
            raise NotWaiting()
        fields: JsonObject = {rule.needs.offer: str(asked.offer_id)} if rule.needs.offer is not None else {}
        given = StepInput(rule.needs.matched, rule.names.zh, fields=fields)
        await self._casework.finishing.complete_within(connection, asked.task_id, SYSTEM, given, now)

    async def end(self, actor: Actor, proposal_id: UUID, amount: float | None, satisfaction: int | None) -> Shown:
        """What was agreed between things has ended. Of cases it ends with the case.

        Raises:
            ProposalUnknown, Forbidden, ProposalAnswered.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            found = await store.proposal(connection, proposal_id, lock=True)
            if found is None or not (self._sees(actor, found) or self._may_answer(actor, found)):
                raise ProposalUnknown()
            if not self._may_answer(actor, found):
                raise Forbidden(verb=f"{KIND}:answer")
            if found.state != "accepted" or found.need_kind == "case":
                zh, en = STATE_WORDS[found.state]
                raise ProposalAnswered(state=f"{zh} {en}")
            rule = await self._rule(connection, found.rule)
            await store.end_thing(connection, found.id, now, amount, satisfaction)
            after = await store.proposal(connection, found.id)
            if after is None:
                raise ProposalUnknown()
            await self._proposing.note(connection, after, "case.match_done", actor, now)
            titles = await self._titles(connection, rule, [after.offer_id])
        return Shown(rule, [after], [], titles)

    # -- reach ------------------------------------------------------------------------------------------------------------

    async def _readable(self, connection: Connection, actor: Actor, case_id: UUID) -> CaseFile:
        case = await cases.find_case(connection, case_id)
        if case is None or not may_read(actor, case):
            raise NotFound(what="案件 the case")
        return case

    async def _rule_of(self, connection: Connection, case: CaseFile) -> MatchDeclaration:
        for each in await store.rules(connection):
            rule = MatchDeclaration.model_validate(each.body)
            if rule.needs.case == case.type:
                return rule
        raise MatchUnknown(rule=case.type)

    def _sees(self, actor: Actor, each: Proposal) -> bool:
        return (each.account_id is not None and each.account_id == actor.tasks_of) or actor.reaches(
            KIND, "read", area=each.area, organisation=each.organisation_id
        )

    def _may_answer(self, actor: Actor, each: Proposal) -> bool:
        return (each.account_id is not None and each.account_id == actor.tasks_of) or actor.reaches(
            KIND, "answer", area=each.area, organisation=each.organisation_id
        )

    async def _titles(self, connection: Connection, rule: MatchDeclaration, ids: Sequence[UUID]) -> dict[UUID, str]:
        """What offers are called, masked as the registry masks it."""
        found: dict[UUID, Fact] = await self._registry.values.newest(connection, ids)
        titles = {}
        for id, fact in found.items():
            try:
                titles[id] = self._registry.reading.shown(fact).title
            except TypeUnknown:  # the type was withdrawn since
                titles[id] = rule.names.zh
        return titles
