"""What must hold after a crash. Each check names what it found; an empty list means that nothing was lost."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from uuid import UUID

import asyncpg
import orjson

from bench import load
from bench.crash.clients import Created, Ledger
from bench.reports import creation
from yiwang.kernel import journal
from yiwang.kernel.clock import real_now

Losses = list[str]

_INVARIANTS = {
    "an open case without a task, timer or token": """
        select c.number from case_file c where c.state = 'open' and c.closed_at is null
        and not exists (select from flow_task t where t.subject_id = c.id)
        and not exists (select from flow_token k where k.instance_id = c.id)
        and not exists (select from flow_timer m where m.instance_id = c.id)""",
    "a task of a case that is not open": """
        select c.number from flow_task t join case_file c on c.id = t.subject_id
        where c.state <> 'open' or c.closed_at is not null""",
    "a task without its case": """
        select t.id::text from flow_task t where not exists (select from case_file c where c.id = t.subject_id)""",
    "a task that is both open and finished": """
        select t.id::text from flow_task t join flow_step s on s.id = t.id""",
    "an instance that goes on without a task": """
        select i.id::text from flow_instance i where i.state = 'active'
        and not exists (select from flow_task t where t.instance_id = i.id)
        and not exists (select from flow_token k where k.instance_id = i.id)""",
    "a case that is open while its instance is not, or the other way round": """
        select c.number from case_file c join flow_instance i on i.id = c.id
        where (c.state = 'open' and c.closed_at is null) <> (i.state in ('active', 'suspended'))""",
    "a case without an instance that is not folded": """
        select c.number from case_file c where c.state <> 'folded'
        and not exists (select from flow_instance i where i.id = c.id)""",
    "a case without exactly one case.opened entry": """
        select c.number from case_file c left join journal j on j.subject_id = c.id and j.verb = 'case.opened'
        group by c.number having count(j.seq) <> 1""",
    "a case.opened entry without its case": """
        select j.subject_id::text from journal j where j.verb = 'case.opened'
        and not exists (select from case_file c where c.id = j.subject_id)""",
    "a case without its reporter or search terms": """
        select c.number from case_file c where not exists (select from case_reporter r where r.case_id = c.id)
        or not exists (select from case_text x where x.case_id = c.id)""",
    "finished steps and their journal entries differ": """
        select c.number from case_file c
        left join lateral (select count(*) as n from flow_step s where s.subject_id = c.id and s.how = 'done') s on true
        left join lateral (select count(*) as n from journal j where j.subject_id = c.id and j.verb = 'case.step') j on true
        where s.n <> j.n""",
    "numbers with a gap": """
        select left(number, -6) from case_file group by 1
        having count(*) <> max(right(number, 6)::bigint) or min(right(number, 6)::bigint) <> 1
        or count(distinct number) <> count(*)""",
    "a counter that differs from the numbers given out": """
        select rule || day from case_counter k where k.last <> (
            select count(*) from case_file c where c.number like replace(split_part(k.rule, '{', 1), '%', '')
            || to_char(k.day, 'YYYYMMDD') || '%')""",
    "followers that differ from the cases folded": """
        select h.number from case_file h left join case_file f on f.head_id = h.id
        group by h.id having h.followers <> count(f.id)""",
}


async def invariants(connection: asyncpg.Connection[asyncpg.Record]) -> Losses:
    """What must hold of the database alone."""
    losses: Losses = []
    for words, query in _INVARIANTS.items():
        rows = await connection.fetch(f"select * from ({query}) x limit 5")
        if rows:
            losses.append(f"{words}: {', '.join(str(row[0]) for row in rows)}")
    return losses


async def acknowledged(connection: asyncpg.Connection[asyncpg.Record], ledger: Ledger) -> Losses:
    """Every acknowledged report and step is there, once, as it was acknowledged."""
    losses: Losses = []
    rows = await connection.fetch("select id, number, head_id, idempotency_key from case_file")
    by_id = {row["id"]: row for row in rows}
    by_key: dict[str, list[UUID]] = {}
    for row in rows:
        by_key.setdefault(str(row["idempotency_key"]).rpartition(":")[2], []).append(row["id"])
    for key, made in ledger.created.items():
        stored = by_id.get(made.case_id)
        if stored is None:
            losses.append(f"the acknowledged case {made.number} is gone")
        elif stored["number"] != made.number or (stored["head_id"] is not None) != made.folded:
            losses.append(f"the acknowledged case {made.number} is another one now: {stored['number']}")
        if len(by_key.get(key, [])) > 1:
            losses.append(f"the key of {made.number} opened {len(by_key[key])} cases")
    unknown = set(by_key) - set(ledger.created)
    if unknown:
        losses.append(f"{len(unknown)} cases that nobody was told of, such as {by_key[min(unknown)][0]}")
    steps = await connection.fetch("select id, subject_id, outcome, how from flow_step")
    finished = {row["id"]: row for row in steps}
    for step in ledger.stepped.values():
        found = finished.get(step.task_id)
        if found is None:
            losses.append(f"the acknowledged step {step.outcome} of case {step.case_id} is gone")
        elif found["subject_id"] != step.case_id or found["outcome"] != step.outcome:
            losses.append(f"the acknowledged step {step.task_id} is another one now")
    untold = [row["id"] for row in steps if row["how"] == "done" and row["id"] not in ledger.stepped]
    if untold:
        losses.append(f"{len(untold)} finished steps that nobody was told of, such as {untold[0]}")
    return losses


async def chain(connection: asyncpg.Connection[asyncpg.Record], seen: dict[int, bytes]) -> tuple[Losses, int]:
    """The journal seals and verifies, and the links seen in earlier rounds stand as they stood: (losses, links)."""
    while await journal.seal(connection, real_now()):
        pass
    report = await journal.verify(connection)
    losses = (
        [] if report.broken is None else [f"the journal's chain is broken at link {report.broken}: {report.reason}"]
    )
    links = {row["number"]: row["digest"] for row in await connection.fetch("select number, digest from journal_seal")}
    losses += [
        f"link {number} of the journal was rewritten" for number, digest in seen.items() if links.get(number) != digest
    ]
    seen.update(links)
    total = await connection.fetchval("select count(*) from journal")
    if report.broken is None and report.entries + report.unsealed != total:
        losses.append(f"{total} journal entries, but {report.entries} sealed and {report.unsealed} not")
    return losses, report.links


async def repetitions(address: load.Address, some: Sequence[Created]) -> Losses:
    """Reports sent again with their keys are answered with the case that they opened."""
    losses: Losses = []

    async def again(made: Created) -> None:
        status, body = await load.one(address, creation(made.body, made.key))
        receipt = orjson.loads(body)
        if status != 200 or receipt.get("number") != made.number or not receipt.get("repeated"):
            losses.append(f"{made.number} sent again: {status} {body[:200]!r}")

    for start in range(0, len(some), 8):
        await asyncio.gather(*(again(made) for made in some[start : start + 8]))
    return losses
