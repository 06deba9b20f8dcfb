"""A round of matching: what waits is looked at together, offers are asked, answers that did not come are passed over.

A rule is worked at by one process at a time (its row is locked). What is asked, what is said of it in the journal and the step
that ends since nobody is left are one transaction; a process that dies in between leaves nothing that would be done twice.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from uuid import UUID

from yiwang.casework import store as cases
from yiwang.casework.notes import case_entry
from yiwang.casework.service import CaseService
from yiwang.casework.steps import StepInput
from yiwang.identity.directory import Directory
from yiwang.kernel import journal, logs
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.deadlines import due, parse_deadline
from yiwang.kernel.errors import Problem
from yiwang.kernel.identifiers import new_id
from yiwang.matching import store
from yiwang.matching.assigning import assign
from yiwang.matching.declarations import MatchDeclaration
from yiwang.matching.model import Candidate, Need, Offer, Proposal, Round
from yiwang.matching.scoring import METRES_OF_DEGREE, Pool, names_in
from yiwang.registry.service import RegistryService
from yiwang.registry.values import Box, PlainThing

log = logs.get("matching")

BATCH = 10_000
_few = 20
"""Up to so many needs only the offers around them are read."""
_look_again = timedelta(minutes=15)
_late_marks = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class _Asking:
    """What all that are asked at once have in common; ``accounts`` by login."""

    rule: MatchDeclaration
    now: datetime
    answer_by: datetime
    by: Actor
    accounts: Mapping[str, UUID]


class Proposing:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self._context = context
        self._directory = directory
        self._registry = registry
        self._casework = casework

    async def round(self, rule: MatchDeclaration, *, all_now: bool = False) -> Round:
        """One round for one rule; ``all_now`` waits for its turn, and looks again at what was tried in vain."""
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            if not await store.lock_rule(connection, rule.id, wait=all_now):
                return Round()
            await self._tidy(connection, rule, now)
            needs = await self._waiting(connection, rule, now, all_now=all_now)
            if not needs:
                return Round()
            await connection.execute("set local statement_timeout = 0")
            await connection.execute("set local idle_in_transaction_session_timeout = 0")
            pool = await self.pool(connection, rule, needs, now)
            chosen = await self._choose(rule, pool, needs)
            ask = self._asking(rule, now)
            made = [self._proposal(ask, needs[at], each) for at, found in chosen.items() for each in found]
            await store.add(connection, made)
            await self._tell(connection, rule, made, SYSTEM, now)
            await store.found_after_all(connection, [needs[at].id for at in chosen])
            empty = [need for at, need in enumerate(needs) if at not in chosen]
            await self._in_vain(connection, rule, empty, now)
        log.info("offers were asked", rule=rule.id, needs=len(needs), asked=len(made), in_vain=len(empty))
        return Round(len(needs), len(made), len(empty), len(needs) == BATCH, tuple(made))

    async def _tidy(self, connection: Connection, rule: MatchDeclaration, now: datetime) -> None:
        """Answers that did not come, cases that went on, needs that have ended."""
        for each in await store.expire(connection, rule.id, now):
            await self.note(connection, each, "case.match_expired", SYSTEM, now)
        if rule.needs.case is None:
            return
        await store.withdraw_left(connection, rule.id, now, "案件已不在等待匹配")
        await store.give_up_left(connection, rule.id, rule.needs.node or "", now, "未能提供服务，重新匹配")
        await store.end_with_cases(connection, rule.id, rule.needs.amount)
        await store.late_marks(connection, rule.id, now - _late_marks)

    async def _waiting(
        self, connection: Connection, rule: MatchDeclaration, now: datetime, *, all_now: bool
    ) -> list[Need]:
        if rule.needs.case is not None:
            return await store.waiting_cases(
                connection, rule.id, rule.needs.case, rule.needs.node or "", rule.ask, now, BATCH, all_now=all_now
            )
        # Things do not wait at a step: they are matched when somebody says so.
        return await self._things(connection, rule, now) if all_now else []

    async def _things(self, connection: Connection, rule: MatchDeclaration, now: datetime) -> list[Need]:
        things = await self._registry.values.of_type(
            connection, rule.needs.type or "", sorted(wanted_of_need(rule)), now, where=rule.needs.where
        )
        asked = await store.asked_of(connection, [each.id for each in things])
        found: list[Need] = []
        for thing in things:
            offers, live = asked.get(thing.id, (frozenset(), 0))
            if live < rule.ask and len(found) < BATCH:
                found.append(Need(thing.id, thing.values, thing.lon, thing.lat, thing.area, "", None, offers))
        return found

    async def pool(self, connection: Connection, rule: MatchDeclaration, needs: Sequence[Need], now: datetime) -> Pool:
        """The offers of a rule, with what they have taken on; for few needs only those within reach of them."""
        boxes = [box_around(need, rule.radius) for need in needs if need.lon is not None] if rule.radius else []
        things = await self._registry.values.of_type(
            connection, rule.offers.type, sorted(wanted_of_offer(rule)), now, where=rule.offers.where,
            boxes=boxes if len(needs) <= _few else (),
        )  # fmt: skip
        standing = await store.standings(connection, rule.id, self._since(rule, now))
        offers = [_offer(rule, each, standing.get(each.id)) for each in things]
        return Pool(rule, offers, self._context.calendar.hours.timezone)

    def _since(self, rule: MatchDeclaration, now: datetime) -> datetime | None:
        """When the period began in which needs are counted; None: they are counted until they end."""
        zone = self._context.calendar.hours.timezone
        today = now.astimezone(zone).date()
        first = {
            "always": None,
            "day": today,
            "week": today - timedelta(days=today.weekday()),
            "month": today.replace(day=1),
        }[rule.capacity.every]
        return None if first is None else datetime.combine(first, time(), zone)

    async def _choose(self, rule: MatchDeclaration, pool: Pool, needs: list[Need]) -> dict[int, list[Candidate]]:
        """For each need, by its place, the offers that are asked; several in turn, so that each need has one first."""
        chosen: dict[int, list[Candidate]] = {}
        rest = list(needs)
        for _ in range(rule.ask):
            given = await asyncio.to_thread(assign, pool, rest)
            if not given:
                break
            for at, candidate in given.items():
                chosen.setdefault(at, []).append(candidate)
                rest[at] = replace(rest[at], asked=rest[at].asked | {candidate.offer.id})
        return chosen

    def _asking(self, rule: MatchDeclaration, now: datetime, by: Actor = SYSTEM) -> _Asking:
        people = self._directory.snapshot.persons.values() if rule.offers.account else ()
        return _Asking(
            rule,
            now,
            due(parse_deadline(rule.answer_within), now, self._context.calendar),
            by,
            {person.login: person.id for person in people if person.active},
        )

    def _proposal(self, ask: _Asking, need: Need, found: Candidate) -> Proposal:
        login = found.offer.values.get(ask.rule.offers.account) if ask.rule.offers.account else None
        explained: JsonObject = {
            "terms": dict(found.terms),
            "metres": None if found.metres is None else round(found.metres),
            "load": int(found.offer.used),
        }
        return Proposal(
            id=new_id(), rule=ask.rule.id, need_kind="case" if need.task_id is not None else "thing", need_id=need.id,
            task_id=need.task_id, number=need.number, offer_id=found.offer.id,
            account_id=ask.accounts.get(login) if isinstance(login, str) else None, area=found.offer.area,
            organisation_id=found.offer.organisation_id, score=found.score, explained=explained,
            by_hand=ask.by is not SYSTEM, state="open", proposed_at=ask.now, proposed_by=ask.by.label,
            answer_by=ask.answer_by,
        )  # fmt: skip

    async def propose(
        self, connection: Connection, rule: MatchDeclaration, need: Need, found: Candidate, by: Actor
    ) -> Proposal:
        """Ask an offer that somebody chose."""
        now = self._context.clock.now()
        made = self._proposal(self._asking(rule, now, by), need, found)
        await store.add(connection, [made])
        await self._tell(connection, rule, [made], by, now)
        await store.found_after_all(connection, [need.id])
        return made

    async def _tell(
        self, connection: Connection, rule: MatchDeclaration, made: Sequence[Proposal], by: Actor, now: datetime
    ) -> None:
        """In the journal: that offers were asked. No name of anybody: who it is, the registry knows."""
        found = await cases.cases_by_id(connection, [each.need_id for each in made if each.need_kind == "case"])
        entries = []
        for each in made:
            data: JsonObject = {"rule": rule.id, "proposal": str(each.id), "score": each.score, "note": rule.names.zh}
            case = found.get(each.need_id)
            if case is not None:
                entries.append(case_entry(by, now, "case.match_proposed", case, data))
            else:
                entries.append(
                    journal.entry(by, now, "match.proposed", "thing", each.need_id, area=each.area, data=data)
                )
        await journal.append_many(connection, entries)

    async def note(self, connection: Connection, each: Proposal, verb: str, by: Actor, now: datetime) -> None:
        data: JsonObject = {"rule": each.rule, "proposal": str(each.id), "note": each.reason}
        case = await cases.find_case(connection, each.need_id) if each.need_kind == "case" else None
        if case is not None:
            await journal.append(connection, case_entry(by, now, verb, case, data))
        else:
            told = verb.replace("case.match_", "match.")
            await journal.append(
                connection, journal.entry(by, now, told, "thing", each.need_id, area=each.area, data=data)
            )

    async def _in_vain(
        self, connection: Connection, rule: MatchDeclaration, needs: Sequence[Need], now: datetime
    ) -> None:
        """Nobody is left to ask: the case goes on by the declared outcome, or is looked at again later. A case of which
        an answer is still awaited waits for that."""
        asked = await store.asked_of(connection, [need.id for need in needs])
        left = [need for need in needs if asked.get(need.id, (frozenset(), 0))[1] == 0]
        if rule.needs.unmatched is None:
            await store.tried_in_vain(connection, rule.id, [need.id for need in needs], now, now + _look_again)
            return
        await store.tried_in_vain(
            connection, rule.id, [need.id for need in needs if need not in left], now, now + _look_again
        )
        for need in left:
            given = StepInput(rule.needs.unmatched, "没有符合条件且未询问过的对象")
            if need.task_id is None:
                continue
            try:
                async with connection.transaction():
                    await self._casework.finishing.complete_within(connection, need.task_id, SYSTEM, given, now)
            except Problem as problem:
                log.warning("a case cannot go on unmatched", case=need.number, why=problem.message("en"))
                await store.tried_in_vain(connection, rule.id, [need.id], now, now + _look_again)


def box_around(need: Need, radius: int | None) -> Box:
    """The box that holds the circle around a need, with a hand's breadth to spare."""
    lon, lat, metres = need.lon or 0.0, need.lat or 0.0, (radius or 0) * 1.02
    north = metres / METRES_OF_DEGREE
    east = north / max(math.cos(math.radians(lat)), 0.01)
    return lon - east, lat - north, lon + east, lat + north


def wanted_of_need(rule: MatchDeclaration) -> set[str]:
    """Fields or attributes of a need that the rule names."""
    named = {name for term in rule.terms for name in (term.need, term.part) if name is not None}
    return named | (names_in(rule.when)[0] if rule.when else set())


def wanted_of_offer(rule: MatchDeclaration) -> set[str]:
    """Attributes of an offer that the rule names."""
    named = {name for term in rule.terms if (name := term.offer) is not None}
    named |= {name for name in (rule.offers.account, rule.capacity.of) if name is not None}
    return named | (names_in(rule.when)[1] if rule.when else set())


def _offer(rule: MatchDeclaration, thing: PlainThing, standing: store.Standing | None) -> Offer:
    own = thing.values.get(rule.capacity.of) if rule.capacity.of else None
    capacity = int(own) if isinstance(own, int | float) and not isinstance(own, bool) else rule.capacity.count
    known = standing or store.Standing(0, 0.0, 0)
    return Offer(
        thing.id, thing.values, thing.area, thing.organisation_id, thing.lon, thing.lat, capacity, known.used, known.marks,
        known.marked,
    )  # fmt: skip
