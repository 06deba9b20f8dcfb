"""Alarms become cases: opened through the normal intake, told what happens to the alarm, and closed or followed as the rule says.

Works in the background worker. An alarm that waits for its case is taken with SKIP LOCKED and opened with the alarm's id as
idempotency key, so that a crash between the case and the note of it ends in one case. What the alarm does later reaches the
case as an entry in its story; a case that ends while the value is still over the limit leaves the alarm open, and after
the rule's quiet time a new case is opened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.casework import store
from yiwang.casework.intake import Drafting, Opening
from yiwang.casework.model import CaseFile, Opened, Report
from yiwang.casework.notes import case_entry
from yiwang.casework.operations import Operations
from yiwang.casework.parts import Parts
from yiwang.kernel import journal, logs
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection, Json, JsonObject, Record
from yiwang.kernel.errors import Problem
from yiwang.sensing.alarms.evidence import Evidence
from yiwang.sensing.alarms.journalling import entry_about
from yiwang.sensing.alarms.model import SEVERITY_NAMES, Alarm
from yiwang.sensing.alarms.raising import EVIDENCE_SPAN
from yiwang.sensing.alarms.store import COLUMNS, alarm_of
from yiwang.sensing.rules.declarations import Opens, RuleDeclaration, seconds
from yiwang.sensing.rules.model import Severity

log = logs.get("alarm-cases")

_MOST_TRIES = 5
_URGENT = Severity.MAJOR
_TOLD = {
    "alarm.escalated": ("报警升级为“{severity_zh}”,当前值 {value}", "the alarm is now {severity_en}, value {value}"),
    "alarm.cleared": ("报警已恢复正常,当前值 {value}", "the alarm has cleared, value {value}"),
}


@dataclass(frozen=True, slots=True)
class _Waiting:
    alarm: Alarm
    nth: int
    opens: Opens
    rule: RuleDeclaration


class AlarmCases:
    """One per worker process."""

    def __init__(
        self, parts: Parts, drafting: Drafting, opening: Opening, operations: Operations, evidence: Evidence
    ) -> None:
        self._parts = parts
        self._drafting = drafting
        self._opening = opening
        self._operations = operations
        self._evidence = evidence

    async def open_due(self, limit: int = 20) -> int:
        """Open the cases that are due; how many openings were done with (also those that cannot be opened)."""
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            taken = await _take(connection, now, limit)
            for waiting in taken:
                await self._open_one(connection, waiting, now)
        return len(taken)

    async def tell_due(self, limit: int = 100) -> int:
        """Tell cases what became of their alarms: graver, cleared, evidence complete; how many news."""
        now = self._parts.context.clock.now()
        closing: list[tuple[UUID, str]] = []
        async with self._parts.context.database.transaction() as connection:
            rows = await connection.fetch(
                "select n.id as news_id, n.verb, n.at, n.data, n.alarm_id from alarm_news n where n.due_at <= $1"
                " order by n.due_at, n.id limit $2 for update skip locked",
                now,
                limit,
            )
            for row in rows:
                closing += await self._tell_one(connection, row, now)
            await connection.execute(
                "delete from alarm_news where id = any($1::bigint[])", [r["news_id"] for r in rows]
            )
        for case_id, note in closing:
            await self._close(case_id, note)
        return len(rows)

    async def follow_closed(self, limit: int = 100) -> int:
        """Alarms that are still over the limit although their case has ended: noted, and opened again after the quiet time."""
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            rows = await connection.fetch(
                f"select {COLUMNS}, c.closed_at as case_closed_at, (select r.declaration from sensing_rule r"
                " where r.code = a.rule and r.state = 'published') as declaration,"
                " (select max(o.nth) from alarm_opening o where o.alarm_id = a.id) as nth,"
                " exists (select from alarm_opening o where o.alarm_id = a.id and o.done_at is null) as waiting"
                " from alarm a join case_file c on c.id = a.case_id where a.state in ('raised', 'acknowledged')"
                " and c.closed_at is not null and c.state <> 'folded' order by a.id limit $1 for update of a skip locked",
                limit,
            )
            count = 0
            for row in rows:
                if row["waiting"] or row["declaration"] is None:
                    continue
                rule = RuleDeclaration.model_validate(row["declaration"])
                if rule.opens is not None:
                    alarm = alarm_of(row)
                    await self._again(connection, alarm, rule.opens, row["case_closed_at"], (row["nth"] or 1) + 1, now)
                    count += 1
        return count

    # -- opening --------------------------------------------------------------------------------------------------------

    async def _open_one(self, connection: Connection, waiting: _Waiting, now: datetime) -> None:
        alarm = waiting.alarm
        try:
            report = await self._report(connection, waiting)
            draft = self._drafting.draft(report, SYSTEM, now)
            async with connection.transaction():
                opened = await self._opened_before(connection, report)
                if opened is None:
                    opened = (await self._opening.write_within(connection, [(draft, SYSTEM)]))[0]
        except Problem as problem:
            log.warning("an alarm cannot open a case", alarm=str(alarm.id), rule=alarm.rule, why=problem.message("en"))
            await _failed(connection, waiting, problem.message("zh"), now)
            return
        await connection.execute(
            "update alarm_opening set done_at = $3, case_id = $4 where alarm_id = $1 and nth = $2",
            alarm.id, waiting.nth, now, opened.id,
        )  # fmt: skip
        await connection.execute(
            "update alarm set case_id = $2, case_number = $3, updated_at = $4, revision = revision + 1 where id = $1",
            alarm.id, opened.id, opened.number, now,
        )  # fmt: skip
        await connection.execute(
            "insert into alarm_news (alarm_id, verb, at, due_at) values ($1, 'evidence', $2, $3)",
            alarm.id, now, max(alarm.raised_at + EVIDENCE_SPAN, now),
        )  # fmt: skip
        data: JsonObject = {"number": opened.number, "case": str(opened.id)}
        await journal.append(connection, entry_about(SYSTEM, now, "alarm.case_opened", alarm, data))

    async def _opened_before(self, connection: Connection, report: Report) -> Opened | None:
        key = report.idempotency_key
        found = await store.repeated_keys(connection, [key] if key else [], [])
        if not found:
            return None
        case, code, _, head = found[0]
        return self._opening.answer_again(case, code, head)

    async def _report(self, connection: Connection, waiting: _Waiting) -> Report:
        alarm, opens = waiting.alarm, waiting.opens
        words = self._words(waiting)
        fields: JsonObject = {}
        declared = self._parts.catalogue.latest(opens.case).declaration.fields
        if "evidence" in declared:
            fields["evidence"] = await self._evidence.of(connection, alarm, self._parts.context.clock.now())
        return Report(
            type=opens.case,
            channel=opens.channel,
            text=opens.text.zh.format_map(words),
            lon=alarm.lon,
            lat=alarm.lat,
            class_code=await _class_of(connection, alarm, opens),
            urgency="urgent" if alarm.severity >= _URGENT else "normal",
            occurred_at=alarm.began_at if alarm.began_at <= self._parts.context.clock.now() else None,
            idempotency_key=f"alarm:{alarm.id}:{waiting.nth}",
            fields=fields,
        )

    def _words(self, waiting: _Waiting) -> dict[str, str]:
        alarm = waiting.alarm
        told = self._evidence.words(alarm)
        zone = self._parts.context.calendar.hours.timezone
        return {
            **told,
            "rule": waiting.rule.names.zh,
            "at": alarm.raised_at.astimezone(zone).strftime("%m-%d %H:%M"),
            "severity": SEVERITY_NAMES[Severity(alarm.severity)][0],
            "count": str(alarm.children or 1),
        }

    async def _again(
        self, connection: Connection, alarm: Alarm, opens: Opens, closed_at: datetime, nth: int, now: datetime
    ) -> None:
        """Still over the limit although its case was closed."""
        due = max(closed_at + timedelta(seconds=seconds(opens.again)), now)
        await connection.execute(
            "insert into alarm_opening (alarm_id, nth, due_at) values ($1, $2, $3) on conflict do nothing",
            alarm.id,
            nth,
            due,
        )
        case = await store.case_for_update(connection, alarm.case_id) if alarm.case_id is not None else None
        note = "案件已结,但监测值仍超限,报警保留;如仍未恢复,将另立新案"
        data: JsonObject = {"note": note, "due": due.isoformat()}
        await journal.append(connection, entry_about(SYSTEM, now, "alarm.noted", alarm, data))
        if case is not None:
            await journal.append(
                connection, case_entry(SYSTEM, now, "case.alarm", case, {"note": note, "alarm": str(alarm.id)})
            )

    # -- telling --------------------------------------------------------------------------------------------------------

    async def _tell_one(self, connection: Connection, news: Record, now: datetime) -> list[tuple[UUID, str]]:
        """Tell one piece of news; the cases that are to be closed for it."""
        row = await connection.fetchrow(f"select {COLUMNS} from alarm a where a.id = $1", news["alarm_id"])
        if row is None:
            return []
        alarm = alarm_of(row)
        case = await store.case_for_update(connection, alarm.case_id) if alarm.case_id is not None else None
        if case is None:
            return []
        if news["verb"] == "evidence":
            await self._complete(connection, case, alarm, now)
            return []
        if case.closed_at is not None:
            return []
        severity = SEVERITY_NAMES[Severity(alarm.severity)]
        value = self._evidence.words(alarm)["value"]
        zh, _ = _TOLD[news["verb"]]
        note = zh.format(severity_zh=severity[0], value=value)
        data: JsonObject = {"note": note, "alarm": str(alarm.id), "severity": severity[1]}
        await journal.append(connection, case_entry(SYSTEM, now, "case.alarm", case, data))
        if news["verb"] == "alarm.escalated":
            await self._make_urgent(connection, case)
            return []
        declaration = await connection.fetchval(
            "select declaration from sensing_rule where code = $1 and version = $2", alarm.rule, alarm.rule_version
        )
        opens = RuleDeclaration.model_validate(declaration).opens if declaration is not None else None
        return [(case.id, note)] if opens is not None and opens.clear == "close" else []

    async def _make_urgent(self, connection: Connection, case: CaseFile) -> None:
        await self._parts.flow.urge(connection, case.id, priority=1)
        if case.urgency != "urgent":
            await store.change_case(connection, case.id, {"urgency": "urgent"})

    async def _complete(self, connection: Connection, case: CaseFile, alarm: Alarm, now: datetime) -> None:
        """Half an hour has passed: the curve behind the alarm belongs to the evidence, too."""
        evidence = await self._evidence.of(connection, alarm, now)
        await connection.execute("update alarm set evidence = $2 where id = $1", alarm.id, evidence)
        if "evidence" in case.fields:
            fields: dict[str, Json] = {**case.fields, "evidence": evidence}
            await store.change_case(connection, case.id, {"fields": fields})

    async def _close(self, case_id: UUID, note: str) -> None:
        """The rule says that the case ends with the alarm; a person who was faster has done so already."""
        try:
            await self._operations.force_close(case_id, SYSTEM, note)
        except Problem as problem:
            log.info("the case of a cleared alarm stays as it is", case=str(case_id), why=problem.message("en"))


async def _take(connection: Connection, now: datetime, limit: int) -> list[_Waiting]:
    """Openings that are due, with their alarms locked. What is no longer open, on the shelf, or of no rule is done with."""
    rows = await connection.fetch(
        f"select {COLUMNS}, o.nth, (select r.declaration from sensing_rule r where r.code = a.rule"
        " and r.version = a.rule_version) as declaration from alarm_opening o"
        " join alarm a on a.id = o.alarm_id where o.done_at is null and o.due_at <= $1"
        " order by o.due_at, a.id limit $2 for update of o, a skip locked",
        now,
        limit,
    )
    taken: list[_Waiting] = []
    for row in rows:
        alarm = alarm_of(row)
        rule = RuleDeclaration.model_validate(row["declaration"]) if row["declaration"] is not None else None
        if rule is None or rule.opens is None or not alarm.open or alarm.shelved_until is not None:
            await connection.execute("delete from alarm_opening where alarm_id = $1 and nth = $2", alarm.id, row["nth"])
            continue
        taken.append(_Waiting(alarm, row["nth"], rule.opens, rule))
    return taken


async def _class_of(connection: Connection, alarm: Alarm, opens: Opens) -> str:
    """The class of the case: by a fact about the device where the rule says so. Of a storm of many: the rule's own."""
    if opens.by is None or alarm.device_id is None:
        return opens.class_code
    value = await connection.fetchval(
        "select attributes ->> $2 from device where id = $1", alarm.device_id, opens.by.attribute
    )
    return opens.by.classes.get(value or "", opens.class_code)


async def _failed(connection: Connection, waiting: _Waiting, why: str, now: datetime) -> None:
    """Try again later, a few times; then the alarm's story says why there is no case."""
    tries = await connection.fetchval(
        "update alarm_opening set tries = tries + 1, fault = $3, due_at = $4 where alarm_id = $1 and nth = $2 returning tries",
        waiting.alarm.id, waiting.nth, why, now + timedelta(minutes=1),
    )  # fmt: skip
    if tries < _MOST_TRIES:
        return
    await connection.execute(
        "update alarm_opening set done_at = $3 where alarm_id = $1 and nth = $2", waiting.alarm.id, waiting.nth, now
    )
    data: JsonObject = {"note": f"未能生成案件:{why}"}
    await journal.append(connection, entry_about(SYSTEM, now, "alarm.noted", waiting.alarm, data))
