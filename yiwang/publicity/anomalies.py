"""Anomaly rules at work: run when their records have changed and every night, each finding once, each with its case.

A run, what it found anew and what is no longer so are one transaction; one process at a time works at a rule. What a person
set aside stays so until other records show the same. A rule rests twenty times as long as it took, so that no register
however large keeps the database busy with being looked at.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from yiwang.casework.model import Draft, Report
from yiwang.casework.service import CaseService
from yiwang.flow.conditions import ConditionInvalid
from yiwang.identity.directory import Directory
from yiwang.kernel import journal, logs
from yiwang.kernel.access import SYSTEM, Actor, Sql
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json
from yiwang.kernel.errors import Forbidden, Problem
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import clean
from yiwang.publicity import anomaly_store as found_store
from yiwang.publicity import store
from yiwang.publicity.declarations import AnomalyDeclaration, FindingCase
from yiwang.publicity.errors import FindingNotOpen, FindingUnknown, RuleTooSlow, RuleUnknown
from yiwang.publicity.model import ANOMALY, Finding, Found, RuleState
from yiwang.publicity.searching import MOST, rule_sql
from yiwang.registry import store as things
from yiwang.registry.errors import TypeUnknown
from yiwang.registry.model import Fact
from yiwang.registry.service import RegistryService

log = logs.get("anomalies")

_PLACEHOLDER = re.compile(r"\{(it|other|before)\.([a-z][a-z0-9_]*)\}")
_night = 2  # o'clock, local time
_rest = 20
_soonest = 3.0
_most_seconds = 120
_cases_at_once = 50
_facts_at_once = 500


@dataclass(frozen=True, slots=True)
class Ran:
    """What a run came to."""

    found: int
    new: int
    cleared: int
    seconds: float


class Anomalies:
    """One per process."""

    def __init__(
        self, context: Context, directory: Directory, registry: RegistryService, casework: CaseService
    ) -> None:
        self._context = context
        self._directory = directory
        self._registry = registry
        self._casework = casework
        self._rests_until: dict[str, float] = {}

    # -- working ----------------------------------------------------------------------------------------------------------

    async def keep_up(self) -> None:
        """One round of the worker: rules whose records changed or whose night has come, then cases of new findings."""
        async with self._context.database.connection() as connection:
            rules = await self._rules(connection)
        now = self._context.clock.now()
        for rule in rules.values():
            if await self._due(rule, now):
                try:
                    await self.run(rule)
                except RuleTooSlow as slow:
                    log.warning("an anomaly rule was stopped", rule=rule.id, why=slow.message("en"))
            while rule.opens is not None and await self._open_cases(rule, rule.opens, now):
                pass
        async with self._context.database.transaction() as connection:
            await found_store.clear_all(connection, sorted(rules), now)

    async def _due(self, rule: AnomalyDeclaration, now: datetime) -> bool:
        if time.monotonic() < self._rests_until.get(rule.id, 0.0):
            return False
        async with self._context.database.connection() as connection:
            last = await found_store.last_run(connection, rule.id)
            if last is None or last[1] <= now:
                return True
            return await found_store.changed_since(connection, _types(rule), last[0])

    async def run(self, rule: AnomalyDeclaration, *, wait: bool = False) -> Ran:
        """Look at all records once, now. While another process looks, ``wait`` for it or leave it to that.

        Raises:
            RuleTooSlow.
        """
        began = time.monotonic()
        now = self._context.clock.now()
        try:
            async with self._context.database.transaction() as connection:
                if not await found_store.lock_rule(connection, rule.id, wait=wait):
                    return Ran(0, 0, 0, 0.0)
                ran = await self._run(connection, rule, now, began)
        except asyncpg.QueryCanceledError as slow:
            await self._note_fault(rule, now, began, f"超过 {_most_seconds} 秒,已停下")
            raise RuleTooSlow(rule=rule.names.zh, seconds=_most_seconds) from slow
        except (ConditionInvalid, TypeUnknown) as invalid:
            reason = invalid.zh if isinstance(invalid, ConditionInvalid) else invalid.message("zh")
            await self._note_fault(rule, now, began, reason)
            log.warning("an anomaly rule cannot be run", rule=rule.id, why=str(invalid))
            return Ran(0, 0, 0, 0.0)
        finally:
            took = time.monotonic() - began
            self._rests_until[rule.id] = time.monotonic() + max(_soonest, _rest * took)
        if ran.new or ran.cleared:
            log.info("anomalies", rule=rule.id, new=ran.new, cleared=ran.cleared, seconds=round(ran.seconds, 2))
        return ran

    async def search(self, connection: Connection, rule: AnomalyDeclaration) -> list[Found]:
        """What a rule finds now, changing nothing; at most one more than :data:`MOST`.

        Raises:
            TypeUnknown, ConditionInvalid.
        """
        it = self._registry.types.type(rule.type).declaration
        other = self._registry.types.type(rule.joined.type).declaration if rule.joined is not None else None
        args = Sql()
        statement = rule_sql(rule, it, other, args)
        await connection.execute(f"set local statement_timeout = '{_most_seconds}s'")
        await connection.execute("set local work_mem = '96MB'")
        # Nothing is known of how values inside records spread: a loop in a loop over two registers would be a guess.
        await connection.execute("set local enable_nestloop = off")
        rows = await connection.fetch(statement, *args.values, timeout=_most_seconds + 5)
        await connection.execute("set local enable_nestloop to default")
        return [Found(row["key"], tuple(row["things"]), row.get("count", len(row["things"]))) for row in rows]

    async def _run(self, connection: Connection, rule: AnomalyDeclaration, now: datetime, began: float) -> Ran:
        seen = await found_store.settled_tx(connection)
        found = await self.search(connection, rule)
        before = await found_store.known(connection, rule.id)
        new = [each for each in found[:MOST] if each.key not in before]
        again = [
            each
            for each in found[:MOST]
            if each.key in before and (before[each.key][1] == "cleared" or set(before[each.key][2]) != set(each.things))
        ]
        made = await self._findings(connection, rule, new, now)
        await found_store.insert_findings(connection, made)
        renewed = [replace(each, id=before[each.key][0]) for each in await self._findings(connection, rule, again, now)]
        await found_store.reopen(connection, renewed)
        gone: list[UUID] = []
        if len(found) <= MOST:
            keys = {each.key for each in found}
            gone = [id for key, (id, state, _) in before.items() if state == "open" and key not in keys]
            await found_store.clear(connection, gone, now)
        await journal.append_many(
            connection,
            [
                journal.entry(SYSTEM, now, "anomaly.found", "anomaly", each.id, area=each.area, data={"rule": rule.id})
                for each in made
            ],
        )
        seconds = time.monotonic() - began
        count = min(len(found), MOST)
        await found_store.note_run(connection, rule.id, now, seconds, count, seen, self._next_night(now))
        return Ran(count, len(made), len(gone), seconds)

    async def _note_fault(self, rule: AnomalyDeclaration, now: datetime, began: float, fault: str) -> None:
        async with self._context.database.transaction() as connection:
            seen = await found_store.settled_tx(connection)
            seconds = time.monotonic() - began
            await found_store.note_run(connection, rule.id, now, seconds, 0, seen, self._next_night(now), fault)

    def _next_night(self, now: datetime) -> datetime:
        local = now.astimezone(self._context.calendar.hours.timezone)
        night = local.replace(hour=_night, minute=0, second=0, microsecond=0)
        return night if night > local else night + timedelta(days=1)

    async def _findings(
        self, connection: Connection, rule: AnomalyDeclaration, found: Sequence[Found], now: datetime
    ) -> list[Finding]:
        """With place, office and reason in words; personal values are masked as their types say."""
        made: list[Finding] = []
        for at in range(0, len(found), _facts_at_once):
            batch = found[at : at + _facts_at_once]
            wanted = sorted({thing for each in batch for thing in each.things[:2]})
            facts = await things.newest_facts(connection, wanted)
            for each in batch:
                it = facts[each.things[0]]
                second = facts.get(each.things[1]) if len(each.things) > 1 else None
                made.append(
                    Finding(
                        new_id(), rule.id, each.key, "open", list(each.things), it.area, it.organisation_id,
                        self._reason(rule, "zh", it, second, each.count),
                        self._reason(rule, "en", it, second, each.count),
                        now, None, None, "", "", None, "", "",
                    )
                )  # fmt: skip
        return made

    def _reason(self, rule: AnomalyDeclaration, language: str, it: Fact, second: Fact | None, count: int) -> str:
        template = (rule.reason.zh if language == "zh" else rule.reason.en).replace("{count}", str(count))
        sides: dict[str, Fact | None] = {"it": it, "other": second, "before": second}
        shown: dict[str, Mapping[str, Json]] = {}

        def put(match: re.Match[str]) -> str:
            fact = sides[match.group(1)]
            if fact is None:
                return "—"
            if match.group(1) not in shown:
                shown[match.group(1)] = self._registry.reading.shown(fact).attributes
            value = shown[match.group(1)].get(match.group(2))
            declared = self._registry.types.type(fact.type).declaration.attributes.get(match.group(2))
            words = declared.words.get(str(value)) if declared is not None else None
            if words is not None:
                return words.zh if language == "zh" else words.en
            if value is None:
                return "—"
            return f"{value:g}" if isinstance(value, float) else str(value)

        return _PLACEHOLDER.sub(put, template)[:1000]

    # -- cases ------------------------------------------------------------------------------------------------------------

    async def _open_cases(self, rule: AnomalyDeclaration, opens: FindingCase, now: datetime) -> bool:
        """A batch of findings gets its cases; true when there may be more."""
        async with self._context.database.transaction() as connection:
            waiting = await found_store.uncased(connection, rule.id, limit=_cases_at_once)
            drafts: list[tuple[Finding, Draft]] = []
            for finding in waiting:
                try:
                    drafts.append((finding, self._draft(rule, opens, finding, now)))
                except Problem as problem:
                    log.warning("a finding opens no case", rule=rule.id, why=problem.message("en"))
                    await found_store.set_fault(connection, finding.id, problem.message("zh"))
            if drafts:
                opened = await self._casework.opening.write_within(connection, [(draft, SYSTEM) for _, draft in drafts])
                for (finding, _), answer in zip(drafts, opened, strict=True):
                    await found_store.set_case(connection, finding.id, answer.id, answer.number)
        return len(waiting) == _cases_at_once

    def _draft(self, rule: AnomalyDeclaration, opens: FindingCase, finding: Finding, now: datetime) -> Draft:
        report = Report(
            type=opens.case,
            channel=opens.channel,
            text=f"【{rule.names.zh}】{finding.reason_zh}",
            class_code=opens.class_code,
            idempotency_key=f"anomaly:{finding.id}",
        )
        draft = self._casework.drafting.draft(report, SYSTEM, now)
        area = finding.area or draft.area
        variables = {**draft.variables, "area": area, "grid": area}
        responsible = finding.organisation_id
        if opens.department is not None:
            office = self._directory.serving(opens.department, area)
            responsible = office.id if office is not None else None
        draft = replace(draft, area=area, grid="", variables=variables, fold_since=None)
        return draft.given_to(responsible) if responsible is not None else draft

    # -- reading and setting aside ----------------------------------------------------------------------------------------

    async def _rules(self, connection: Connection) -> dict[str, AnomalyDeclaration]:
        found = await store.declared(connection, "anomaly")
        return {item.id: AnomalyDeclaration.model_validate(item.body) for item in found}

    async def rules(self, actor: Actor) -> list[tuple[AnomalyDeclaration, RuleState]]:
        """Every rule in force with its figures, as far as the reader reaches.

        Raises:
            Forbidden.
        """
        actor.require(ANOMALY, "read")
        async with self._context.database.connection() as connection:
            rules = await self._rules(connection)
            states = await found_store.states(connection, actor)
        return [(rule, states.get(id) or RuleState(id, 0, 0, 0, None, None, "")) for id, rule in rules.items()]

    async def run_now(self, actor: Actor, rule_id: str) -> Ran:
        """Run a rule because somebody asks, and open the cases of what it found.

        Raises:
            Forbidden, RuleUnknown, RuleTooSlow.
        """
        actor.require(ANOMALY, "run")
        rule = await self.rule(rule_id)
        ran = await self.run(rule, wait=True)
        now = self._context.clock.now()
        while rule.opens is not None and await self._open_cases(rule, rule.opens, now):
            pass
        return ran

    async def rule(self, rule_id: str) -> AnomalyDeclaration:
        """Raises RuleUnknown."""
        async with self._context.database.connection() as connection:
            rules = await self._rules(connection)
        if rule_id not in rules:
            raise RuleUnknown(rule=rule_id[:60])
        return rules[rule_id]

    async def findings(
        self, actor: Actor, rule_id: str, *, state: str, after: UUID | None, limit: int
    ) -> tuple[list[Finding], UUID | None]:
        """Findings of a rule within reach, and the cursor of the next page.

        Raises:
            Forbidden, RuleUnknown.
        """
        actor.require(ANOMALY, "read")
        await self.rule(rule_id)
        async with self._context.database.connection() as connection:
            found = await found_store.findings(connection, actor, rule_id, state=state, after=after, limit=limit)
        return found[:limit], found[limit - 1].id if len(found) > limit else None

    async def facts(self, actor: Actor, findings: Sequence[Finding]) -> dict[UUID, Fact]:
        """The records that show findings, masked; only those that the reader may read."""
        wanted = sorted({thing for finding in findings for thing in finding.things})
        async with self._context.database.connection() as connection:
            found = await things.newest_facts(connection, wanted)
            return {
                id: self._registry.reading.shown(fact)
                for id, fact in found.items()
                if await things.may(connection, actor, fact, "read")
            }

    async def set_aside(self, actor: Actor, finding_id: UUID, reason: str) -> Finding:
        """A finding that is explained: it is no longer open, and not found again while nothing changes.

        Raises:
            Forbidden, FindingUnknown, FindingNotOpen.
        """
        actor.require(ANOMALY, "set_aside")
        now = self._context.clock.now()
        reason = clean(reason)
        async with self._context.database.transaction() as connection:
            finding = await found_store.finding(connection, finding_id, lock=True)
            if finding is None or not actor.reaches(
                ANOMALY, "read", area=finding.area, organisation=finding.organisation_id
            ):
                raise FindingUnknown()
            if not actor.reaches(ANOMALY, "set_aside", area=finding.area, organisation=finding.organisation_id):
                raise Forbidden(verb=f"{ANOMALY}:set_aside")
            if finding.state != "open":
                raise FindingNotOpen()
            await found_store.set_aside(connection, finding.id, now, actor.label, reason)
            entry = journal.entry(
                actor, now, "anomaly.set_aside", "anomaly", finding.id, area=finding.area,
                data={"rule": finding.rule, "reason": reason},
            )  # fmt: skip
            await journal.append(connection, entry)
        return replace(
            finding, state="set_aside", set_aside_at=now, set_aside_label=actor.label, set_aside_reason=reason
        )


def _types(rule: AnomalyDeclaration) -> list[str]:
    return sorted({rule.type, *([rule.joined.type] if rule.joined is not None else [])})
