"""kill -9 under load: nothing that was acknowledged is lost or doubled; and the proof notices when something is.

``YIWANG_CRASH_ROUNDS`` says how many rounds; see ``make crash``.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bench.crash import CrashCity, RoundReport, run_rounds
from bench.crash.clients import Created, Ledger, Stepped
from bench.crash.proof import acknowledged, chain, invariants
from bench.reports import new_key
from bench.served import Served
from yiwang.kernel.database import connect
from yiwang.kernel.identifiers import new_id

ROUNDS = int(os.environ.get("YIWANG_CRASH_ROUNDS", "5"))


@pytest.fixture
async def crash_city() -> AsyncIterator[CrashCity]:
    """A whole installation with a durable database of its own."""
    with tempfile.TemporaryDirectory(prefix="yiwang-crash-") as folder:
        Path(folder).chmod(0o755)
        city = CrashCity(Path(folder))
        try:
            await city.build()
            await city.start()
            yield city
        finally:
            await city.close()


@pytest.mark.crash
@pytest.mark.timeout(0)
async def test_随机杀死进程后_已答复的案件与步骤一件不少一件不重(crash_city: CrashCity) -> None:
    def say(report: RoundReport) -> None:
        print(
            f"round {report.number}: {report.victim} killed after {report.killed_after:.1f} s, silent"
            f" {report.silent_seconds:.1f} s, {report.created} cases and {report.stepped} steps acknowledged,"
            f" losses: {'; '.join(report.losses) or 'none'}"
        )

    reports = await run_rounds(crash_city, ROUNDS, seed=int.from_bytes(os.urandom(3), "big"), say=say)
    assert [(report.victim, report.losses) for report in reports if report.losses] == []
    assert sum(report.created for report in reports) > 5 * ROUNDS
    assert sum(report.stepped for report in reports) > 5 * ROUNDS


async def test_the_proof_notices_what_is_missing(served: Served) -> None:
    """Each kind of damage, done by hand in a transaction that is rolled back, is named."""
    cases = await served.driver.create(served.reports, 8)
    await served.driver.advance(cases[:2])
    connection = await connect(served.url)
    try:
        assert await invariants(connection) == []
        row = await connection.fetchrow("select number from case_file where id = $1", cases[0])
        assert row is not None
        damages = {
            "an open case without a task": "delete from flow_task where subject_id = $1",
            "a task of a case that is not open": "update case_file set state = 'closed', closed_at = now() where id = $1",
            "a case without its reporter": "delete from case_reporter where case_id = $1",
            "finished steps and their journal entries differ": "delete from flow_step where subject_id = $1",
            "numbers with a gap": "update case_file set number = number || '9' where id = $1",
            "an instance that goes on without a task": "delete from flow_task where subject_id = $1",
            "a case without an instance": "update flow_instance set id = gen_random_uuid() where id = $1",
        }
        for words, damage in damages.items():
            transaction = connection.transaction()
            await transaction.start()
            await connection.execute("set local session_replication_role = replica")
            await connection.execute(damage, cases[0])
            found = await invariants(connection)
            await transaction.rollback()
            assert any(line.startswith(words) for line in found), (words, found)
    finally:
        await connection.close()


async def test_the_proof_notices_acknowledged_cases_and_steps_that_are_gone(served: Served) -> None:
    connection = await connect(served.url)
    try:
        ledger = Ledger()
        gone = Created(new_key(), {}, new_id(), "CG20260101000001", False, 1)
        ledger.created[gone.key] = gone
        ledger.stepped[new_id()] = Stepped(new_id(), gone.case_id, "file", False)
        found = await acknowledged(connection, ledger)
        assert any("CG20260101000001 is gone" in line for line in found)
        assert any("the acknowledged step file" in line for line in found)
    finally:
        await connection.close()


async def test_the_proof_notices_a_rewritten_journal(served: Served) -> None:
    await served.driver.create(served.reports, 4)
    connection = await connect(served.url)
    try:
        seen: dict[int, bytes] = {}
        losses, links = await chain(connection, seen)
        assert losses == []
        assert links >= 1
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute("set local session_replication_role = replica")
        # The oldest entry is under seal for certain; the newest waits as long as anybody's transaction is open.
        await connection.execute(
            "update journal set actor_name = actor_name || '*' where seq = (select min(seq) from journal)"
        )
        losses, _ = await chain(connection, seen)
        await transaction.rollback()
        assert any("broken" in line for line in losses)
    finally:
        await connection.close()
