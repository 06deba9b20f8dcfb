"""The raw limit of finishing steps: the rows that the steps wrote, written again by plain statements.

Clones of the tables (with all their indexes) hold the cases as they were before; each step is one transaction that locks
the case, its instance and its task, deletes the task, inserts the finished step and the next task, updates instance and
case, and inserts the journal entry.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import asyncpg
import uvloop

from bench.raw import Replayers, Rows, Table
from yiwang.kernel.database import connect

_TABLES = ("case_file", "flow_instance", "flow_task", "flow_step", "journal")
_CHANGED = (
    "status", "stage", "state", "standard", "department_id", "organisation_id", "filed_at", "dispatched_at", "handled_at",
    "checked_at", "closed_at", "limit_text", "due_at", "warn_at",
)  # fmt: skip
CONNECTIONS = 8


@dataclass(slots=True)
class Step:
    """One finished step as rows: ids to lock and delete, rows to insert, values to set."""

    case_id: UUID
    task_id: UUID
    inserted: tuple[Rows, ...]
    case_values: tuple[object, ...]
    instance_values: tuple[object, ...]


@dataclass(slots=True)
class Steps:
    """Collects, stage by stage, what the product's steps wrote for some cases."""

    url: str
    cases: list[UUID]
    stages: list[list[Step]] = field(default_factory=list)
    seen_journal: int = 0
    tasks: dict[UUID, UUID] = field(default_factory=dict)

    @classmethod
    async def before(cls, url: str, cases: Sequence[UUID]) -> Steps:
        """Clone the rows as they are before the first step."""
        made = cls(url, list(cases))
        connection = await connect(url)
        try:
            await connection.execute("drop schema if exists plain cascade; create schema plain")
            for name in _TABLES:
                await connection.execute(f"create table plain.{name} (like public.{name} including all)")
                if name in ("case_file", "flow_instance", "flow_task"):
                    table = await Table.read(connection, name)
                    names = ", ".join(table.names)
                    key = "id" if name == "case_file" else "subject_id"
                    await connection.execute(
                        f"insert into plain.{name} ({names}) select {names} from public.{name} where {key} = any($1::uuid[])",
                        made.cases,
                    )
            await connection.execute("analyze plain.case_file, plain.flow_instance, plain.flow_task")
            made.seen_journal = await connection.fetchval("select coalesce(max(seq), 0) from journal")
            made.tasks = await made._tasks(connection)
        finally:
            await connection.close()
        return made

    async def _tasks(self, connection: asyncpg.Connection[asyncpg.Record]) -> dict[UUID, UUID]:
        rows = await connection.fetch(
            "select subject_id, id from flow_task where subject_id = any($1::uuid[])", self.cases
        )
        return {row["subject_id"]: row["id"] for row in rows}

    async def learn(self) -> None:
        """Read what the stage that has just been finished wrote."""
        connection = await connect(self.url)
        try:
            parts: dict[str, dict[UUID, list[asyncpg.Record]]] = {}
            tables = {name: await Table.read(connection, name) for name in _TABLES}
            now = await self._tasks(connection)
            conditions: dict[str, tuple[str, list[Any]]] = {
                "flow_task": ("x.id = any($1::uuid[])", [list(now.values())]),
                "flow_step": ("x.id = any($1::uuid[])", [list(self.tasks.values())]),
                "journal": ("x.subject_id = any($1::uuid[]) and x.seq > $2", [self.cases, self.seen_journal]),
            }
            for name, (condition, args) in conditions.items():
                table = tables[name]
                found = parts.setdefault(name, {})
                for row in await connection.fetch(f"select {table.selected} from {name} x where {condition}", *args):
                    found.setdefault(row["subject_id"], []).append(row)
            cases = await connection.fetch(
                f"select id, {', '.join(_CHANGED)} from case_file where id = any($1::uuid[])", self.cases
            )
            instances = await connection.fetch(
                "select id, subject_id, state, variables, clocks, ended_at from flow_instance where subject_id = any($1::uuid[])",
                self.cases,
            )
            changed = {row["id"]: tuple(row) for row in cases}
            walked = {row["subject_id"]: (row["id"], *tuple(row)[2:]) for row in instances}
            stage = []
            for case_id, task_id in self.tasks.items():
                inserted = []
                for name in ("flow_step", "flow_task", "journal"):
                    rows = parts[name].get(case_id, [])
                    if rows:
                        plain = tables[name]
                        statement = plain.insertion.replace(f"insert into {name}", f"insert into plain.{name}", 1)
                        columns: tuple[list[object], ...] = tuple(
                            [row[place] for row in rows] for place in range(len(plain.names))
                        )
                        inserted.append(Rows(statement, columns))
                stage.append(Step(case_id, task_id, tuple(inserted), changed[case_id], walked[case_id]))
            self.stages.append(stage)
            self.tasks = now
            self.seen_journal = await connection.fetchval("select coalesce(max(seq), 0) from journal")
        finally:
            await connection.close()

    async def rate(self, replayers: Replayers) -> float:
        """Steps a second by plain statements; the cases are shared out among the processes, a case stays with one."""
        shares: list[list[list[Step]]] = [[] for _ in range(replayers.processes)]
        for stage in self.stages:
            for number, share in enumerate(shares):
                share.append([step for step in stage if step.case_id.int % replayers.processes == number])
        seconds = await replayers.together(replay, [(self.url, share) for share in shares])
        return sum(len(stage) for stage in self.stages) / seconds


_SETS = ", ".join(f"{name} = ${place}" for place, name in enumerate(_CHANGED, start=2))


def replay(url: str, stages: list[list[Step]], start_at: float) -> tuple[float, float]:
    """In a process of its own: write the steps; returns when it began and when the last was durable."""

    async def work() -> tuple[float, float]:
        opened = [await connect(url) for _ in range(CONNECTIONS)]
        for connection in opened:  # as a server that has been running: statements prepared, caches loaded
            transaction = connection.transaction()
            await transaction.start()
            for step in stages[0][:1]:
                await _write(connection, step)
            await transaction.rollback()
        await asyncio.sleep(max(0.0, start_at - time.time()))
        began = time.time()
        for stage in stages:
            left = iter(stage)

            async def write(connection: asyncpg.Connection[asyncpg.Record], left: Any = left) -> None:
                for step in left:
                    await _write(connection, step)

            await asyncio.gather(*(write(connection) for connection in opened))
        ended = time.time()
        for connection in opened:
            await connection.close()
        return began, ended

    return uvloop.run(work())


async def _write(connection: asyncpg.Connection[asyncpg.Record], step: Step) -> None:
    async with connection.transaction():
        await connection.fetchrow("select * from plain.case_file where id = $1 for no key update", step.case_id)
        await connection.fetchrow(
            "select * from plain.flow_task t join plain.flow_instance i on i.id = t.instance_id where t.id = $1"
            " for update of i, t",
            step.task_id,
        )
        await connection.execute("delete from plain.flow_task where id = $1", step.task_id)
        for rows in step.inserted:
            await connection.execute(rows.statement, *rows.columns)
        await connection.execute(
            "update plain.flow_instance set state = $2, variables = $3, clocks = $4, ended_at = $5 where id = $1",
            *step.instance_values,
        )
        await connection.execute(f"update plain.case_file set {_SETS} where id = $1", *step.case_values)
