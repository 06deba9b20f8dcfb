"""SQL of anomaly rules: how they ran and what they found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection
from yiwang.publicity.model import ANOMALY, Finding, FindingState, RuleState

_FINDING = (
    "f.id, f.rule, f.key, f.state, f.things, f.area, f.organisation_id, f.reason_zh, f.reason_en, f.found_at, f.cleared_at,"
    " f.case_id, f.case_number, f.fault, f.set_aside_at, f.set_aside_label, f.set_aside_reason"
)


async def lock_rule(connection: Connection, rule: str, *, wait: bool) -> bool:
    """One process at a time works at a rule; False when somebody else does. Until the transaction ends."""
    key = f"anomaly:{rule}"
    if wait:
        await connection.execute("select pg_advisory_xact_lock(hashtextextended($1, 0))", key)
        return True
    found: bool = await connection.fetchval("select pg_try_advisory_xact_lock(hashtextextended($1, 0))", key)
    return found


async def settled_tx(connection: Connection) -> int:
    """Records of transactions before this number are all to be seen, as :attr:`thing_fact.tx` counts them."""
    found: int = await connection.fetchval(
        "select pg_snapshot_xmin(pg_current_snapshot())::text::bigint + (select max(base) from journal_era)"
    )
    return found


async def changed_since(connection: Connection, types: Sequence[str], tx: int) -> bool:
    """Whether records of these types were written in transactions from that number on."""
    found: bool = await connection.fetchval(
        "select exists (select from thing_fact where type = any($1::text[]) and tx >= $2)", list(types), tx
    )
    return found


async def last_run(connection: Connection, rule: str) -> tuple[int, datetime] | None:
    """(seen_tx, next_at) of a rule that has run."""
    row = await connection.fetchrow("select seen_tx, next_at from anomaly_run where rule = $1", rule)
    return (row["seen_tx"], row["next_at"]) if row else None


async def note_run(
    connection: Connection,
    rule: str,
    at: datetime,
    seconds: float,
    found: int,
    seen_tx: int,
    next_at: datetime,
    fault: str = "",
) -> None:
    await connection.execute(
        "insert into anomaly_run (rule, ran_at, seconds, found, seen_tx, next_at, fault) values ($1, $2, $3, $4, $5, $6, $7)"
        " on conflict (rule) do update set ran_at = excluded.ran_at, seconds = excluded.seconds, found = excluded.found,"
        " seen_tx = excluded.seen_tx, next_at = excluded.next_at, fault = excluded.fault",
        rule, at, seconds, found, seen_tx, next_at, fault,
    )  # fmt: skip


async def known(connection: Connection, rule: str) -> dict[str, tuple[UUID, FindingState, list[UUID]]]:
    """Everything that a rule ever found: key → (id, state, things)."""
    rows = await connection.fetch("select key, id, state, things from anomaly_finding where rule = $1", rule)
    return {row["key"]: (row["id"], row["state"], row["things"]) for row in rows}


async def insert_findings(connection: Connection, findings: Sequence[Finding]) -> None:
    await connection.executemany(
        "insert into anomaly_finding (id, rule, key, state, things, area, organisation_id, reason_zh, reason_en, found_at)"
        " values ($1, $2, $3, 'open', $4, $5, $6, $7, $8, $9)",
        [
            (each.id, each.rule, each.key, each.things, each.area, each.organisation_id, each.reason_zh, each.reason_en,
             each.found_at)
            for each in findings
        ],
    )  # fmt: skip


async def reopen(connection: Connection, findings: Sequence[Finding]) -> None:
    """Found again, or found with other records: open, with the reason as it is now."""
    await connection.executemany(
        "update anomaly_finding set state = 'open', things = $2, area = $3, organisation_id = $4, reason_zh = $5,"
        " reason_en = $6, cleared_at = null, set_aside_at = null, set_aside_label = '', set_aside_reason = '' where id = $1",
        [
            (each.id, each.things, each.area, each.organisation_id, each.reason_zh, each.reason_en)
            for each in findings
        ],
    )  # fmt: skip


async def clear(connection: Connection, ids: Sequence[UUID], at: datetime) -> None:
    await connection.execute(
        "update anomaly_finding set state = 'cleared', cleared_at = $2 where id = any($1::uuid[])", list(ids), at
    )


async def clear_all(connection: Connection, active: Sequence[str], at: datetime) -> int:
    """What rules found that no pack declares any more; how many."""
    done: str = await connection.execute(
        "update anomaly_finding set state = 'cleared', cleared_at = $2 where state = 'open' and rule <> all($1::text[])",
        list(active), at,
    )  # fmt: skip
    return int(done.rsplit(" ", 1)[-1])


async def uncased(connection: Connection, rule: str, *, limit: int) -> list[Finding]:
    """Open findings that wait for their case, locked against others."""
    rows = await connection.fetch(
        f"select {_FINDING} from anomaly_finding f where f.rule = $1 and f.case_id is null and f.state = 'open'"
        " and f.fault = '' order by f.id limit $2 for update skip locked",
        rule, limit,
    )  # fmt: skip
    return [Finding(*tuple(row)) for row in rows]


async def set_case(connection: Connection, id: UUID, case_id: UUID, number: str) -> None:
    await connection.execute(
        "update anomaly_finding set case_id = $2, case_number = $3 where id = $1", id, case_id, number
    )


async def set_fault(connection: Connection, id: UUID, fault: str) -> None:
    await connection.execute("update anomaly_finding set fault = $2 where id = $1", id, fault[:500])


async def finding(connection: Connection, id: UUID, *, lock: bool = False) -> Finding | None:
    row = await connection.fetchrow(
        f"select {_FINDING} from anomaly_finding f where f.id = $1" + (" for update" if lock else ""), id
    )
    return Finding(*tuple(row)) if row else None


async def findings(
    connection: Connection, actor: Actor, rule: str, *, state: str, after: UUID | None, limit: int
) -> list[Finding]:
    """Findings of a rule within the reader's reach, the newest first, at most one more than the limit."""
    args = Sql()
    parts = [
        f"f.rule = {args.bind(rule)}",
        scope_condition(actor, ANOMALY, "read", args, area="f.area", organisation="f.organisation_id"),
    ]
    if state:
        parts.append(f"f.state = {args.bind(state)}")
    if after is not None:
        parts.append(f"f.id < {args.bind(after)}")
    rows = await connection.fetch(
        f"select {_FINDING} from anomaly_finding f where {' and '.join(parts)} order by f.id desc"
        f" limit {args.bind(limit + 1)}",
        *args.values,
    )
    return [Finding(*tuple(row)) for row in rows]


async def findings_of_case(connection: Connection, case_id: UUID) -> list[Finding]:
    rows = await connection.fetch(f"select {_FINDING} from anomaly_finding f where f.case_id = $1", case_id)
    return [Finding(*tuple(row)) for row in rows]


async def set_aside(connection: Connection, id: UUID, at: datetime, label: str, reason: str) -> None:
    await connection.execute(
        "update anomaly_finding set state = 'set_aside', set_aside_at = $2, set_aside_label = $3, set_aside_reason = $4"
        " where id = $1",
        id, at, label, reason,
    )  # fmt: skip


async def states(connection: Connection, actor: Actor) -> dict[str, RuleState]:
    """How rules stand: findings within the reader's reach, and the last run."""
    args = Sql()
    reach = scope_condition(actor, ANOMALY, "read", args, area="f.area", organisation="f.organisation_id")
    rows = await connection.fetch(
        "select coalesce(r.rule, f.rule) as rule, coalesce(f.open, 0) as open, coalesce(f.cleared, 0) as cleared,"
        " coalesce(f.aside, 0) as aside, r.ran_at, r.seconds, coalesce(r.fault, '') as fault from anomaly_run r full join ("
        "select f.rule, count(*) filter (where f.state = 'open') as open,"
        " count(*) filter (where f.state = 'cleared') as cleared,"
        " count(*) filter (where f.state = 'set_aside') as aside"
        f" from anomaly_finding f where {reach} group by f.rule) f on f.rule = r.rule",
        *args.values,
    )
    return {row["rule"]: RuleState(*tuple(row)) for row in rows}
