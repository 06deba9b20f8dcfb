"""SQL that reads and changes single case files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields as dataclass_fields
from datetime import datetime
from operator import attrgetter
from typing import TypedDict
from uuid import UUID

from yiwang.casework.model import CaseFile, Reporter, State
from yiwang.flow.model import InstanceRow, TaskRow
from yiwang.flow.service import LOCKED_COLUMNS, locked_of
from yiwang.kernel import journal
from yiwang.kernel.access import Sql
from yiwang.kernel.database import Connection, JsonObject, Record

COLUMNS = ", ".join(f"c.{item.name}" for item in dataclass_fields(CaseFile))


class Changes(TypedDict, total=False):
    """What one act changes of a case file; keys are columns."""

    state: State
    status: str
    stage: str
    type_version: int
    class_code: str | None
    class_system: str
    class_source: str
    standard: str | None
    text: str
    address: str
    organisation_id: int | None
    department_id: int | None
    section_id: int | None
    handler_id: UUID | None
    urgency: str
    head_id: UUID | None
    followers: int
    filed_at: datetime | None
    dispatched_at: datetime | None
    handled_at: datetime | None
    checked_at: datetime | None
    closed_at: datetime | None
    archived_at: datetime | None
    limit_text: str | None
    due_at: datetime | None
    warn_at: datetime | None
    suspended_at: datetime | None
    supervised_at: datetime | None
    forced: bool
    rework_count: int
    return_count: int
    extension_count: int
    reopen_count: int
    satisfaction: int | None
    fields: JsonObject


def case_of(row: Record) -> CaseFile:
    """The case file of a row that holds :data:`COLUMNS` first."""
    return CaseFile(*tuple(row)[: len(dataclass_fields(CaseFile))])


async def find_case(connection: Connection, case_id: UUID) -> CaseFile | None:
    row = await connection.fetchrow(f"select {COLUMNS} from case_file c where c.id = $1", case_id)
    return case_of(row) if row else None


async def cases_by_id(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, CaseFile]:
    rows = await connection.fetch(f"select {COLUMNS} from case_file c where c.id = any($1::uuid[])", ids)
    return {row["id"]: case_of(row) for row in rows}


async def case_for_update(connection: Connection, case_id: UUID) -> CaseFile | None:
    """The case, locked until the end of the transaction.

    The flow instance is locked first, everywhere: a timer that moves the flow has it already when it comes to the case.
    """
    await connection.execute("select from flow_instance where id = $1 for update", case_id)
    row = await connection.fetchrow(f"select {COLUMNS} from case_file c where c.id = $1 for no key update", case_id)
    return case_of(row) if row else None


async def case_for_task(connection: Connection, task_id: UUID) -> tuple[CaseFile, TaskRow, InstanceRow] | None:
    """The case that a live task belongs to, the task and its flow instance, all locked; None when the task is not live
    (any more)."""
    row = await connection.fetchrow(
        f"select {COLUMNS}, {LOCKED_COLUMNS} from flow_task t join flow_instance i on i.id = t.instance_id"
        " join case_file c on c.id = t.subject_id where t.id = $1 for update of i, t for no key update of c",
        task_id,
    )
    return (case_of(row), *locked_of(row, len(dataclass_fields(CaseFile)))) if row else None


async def cases_for_tasks(
    connection: Connection, task_ids: Sequence[UUID]
) -> dict[UUID, tuple[CaseFile, TaskRow, InstanceRow]]:
    """As :func:`case_for_task` for several, by task; those that somebody else has locked are left out."""
    rows = await connection.fetch(
        f"select {COLUMNS}, {LOCKED_COLUMNS} from flow_task t join flow_instance i on i.id = t.instance_id"
        " join case_file c on c.id = t.subject_id where t.id = any($1::uuid[])"
        " for update of i, t skip locked for no key update of c skip locked",
        task_ids,
    )
    width = len(dataclass_fields(CaseFile))
    found = [(case_of(row), *locked_of(row, width)) for row in rows]
    return {task.id: (case, task, instance) for case, task, instance in found}


async def case_of_step(connection: Connection, step_id: UUID) -> CaseFile | None:
    """The case of a finished step; its flow and the case itself locked."""
    case_id = await connection.fetchval(
        "select subject_id from flow_step where id = $1 and subject_kind = 'case'", step_id
    )
    return None if case_id is None else await case_for_update(connection, case_id)


async def change_case(
    connection: Connection, case_id: UUID, changes: Changes, told: Sequence[journal.Entry] = ()
) -> None:
    """Write the changed columns, and the journal entries that tell of it; the row is locked by the caller."""
    if not changes:
        await journal.append_many(connection, told)
        return
    args = Sql()
    sets = ", ".join(f"{name} = {args.bind(value)}" for name, value in changes.items())
    change = f"update case_file set {sets} where id = {args.bind(case_id)}"
    if told:
        change = f"with told as ({journal.appending(args, told)}) {change}"
    await connection.execute(change, *args.values)


_STEP_COLUMNS: dict[str, str] = {
    "state": "text",
    "status": "text",
    "stage": "text",
    "class_code": "text",
    "class_source": "text",
    "standard": "text",
    "organisation_id": "int",
    "department_id": "int",
    "section_id": "int",
    "handler_id": "uuid",
    "urgency": "text",
    "filed_at": "timestamptz",
    "dispatched_at": "timestamptz",
    "handled_at": "timestamptz",
    "checked_at": "timestamptz",
    "closed_at": "timestamptz",
    "limit_text": "text",
    "due_at": "timestamptz",
    "warn_at": "timestamptz",
    "rework_count": "smallint",
    "return_count": "smallint",
    "satisfaction": "smallint",
}
"""What a finished step may change of a case. One statement for all of them, so that the server plans it once."""

_STEP_VALUES = attrgetter(*_STEP_COLUMNS)


async def change_cases(
    connection: Connection, changed: Sequence[tuple[CaseFile, Changes]], told: Sequence[journal.Entry]
) -> None:
    """As :func:`change_case` for several locked cases, in one statement.

    Raises:
        ValueError: something else is to change than what finished steps change; nothing is written.
    """
    args = Sql()
    lines = []
    for case, changes in changed:
        if not changes.keys() <= _STEP_COLUMNS.keys():
            raise ValueError(f"not a change of a step: {sorted(changes.keys() - _STEP_COLUMNS.keys())}")
        values = dict(zip(_STEP_COLUMNS, _STEP_VALUES(case), strict=True))
        values.update(changes)
        lines.append((case.id, *values.values()))
    kinds = ("uuid", *_STEP_COLUMNS.values())
    arrays = (
        f"{args.bind(list(column))}::{kind}[]" for column, kind in zip(zip(*lines, strict=True), kinds, strict=True)
    )
    rows = f"unnest({', '.join(arrays)}) as r (id, {', '.join(_STEP_COLUMNS)})"
    sets = ", ".join(f"{name} = r.{name}" for name in _STEP_COLUMNS)
    entries = journal.appending(args, told)
    await connection.execute(
        f"with told as ({entries}) update case_file c set {sets} from {rows} where c.id = r.id", *args.values
    )


async def case_by_number(connection: Connection, number: str, code: str) -> CaseFile | None:
    """The case with this number, if ``code`` is its reporter's follow code."""
    row = await connection.fetchrow(
        f"select {COLUMNS} from case_file c join case_reporter r on r.case_id = c.id where c.number = $1 and r.code = $2",
        number,
        code,
    )
    return case_of(row) if row else None


async def reporter_of(connection: Connection, case_id: UUID) -> tuple[Reporter, str, UUID | None] | None:
    """(reporter, follow code, account) of a case."""
    row = await connection.fetchrow(
        "select name, phone, code, account_id from case_reporter where case_id = $1", case_id
    )
    return (Reporter(row["name"], row["phone"]), row["code"], row["account_id"]) if row else None


async def set_reporter_account(connection: Connection, case_id: UUID, account_id: UUID) -> None:
    await connection.execute("update case_reporter set account_id = $2 where case_id = $1", case_id, account_id)


async def followers_of(connection: Connection, head_id: UUID, *, limit: int = 200) -> list[CaseFile]:
    """The cases folded under a head, oldest first."""
    rows = await connection.fetch(
        f"select {COLUMNS} from case_file c where c.head_id = $1 order by c.reported_at, c.id limit $2", head_id, limit
    )
    return [case_of(row) for row in rows]


async def repeated_keys(
    connection: Connection, keys: Sequence[str], sources: Sequence[tuple[str, str]]
) -> list[tuple[CaseFile, str, str | None, str | None]]:
    """Cases that already hold one of the idempotency keys or (type, source number)s.

    Returns (case, follow code, idempotency key, head's number).
    """
    rows = await connection.fetch(
        f"select {COLUMNS}, r.code, c.idempotency_key, h.number as head_number from case_file c"
        " join case_reporter r on r.case_id = c.id left join case_file h on h.id = c.head_id"
        " where c.idempotency_key = any($1::text[])"
        " or (c.type, c.source_number) in (select * from unnest($2::text[], $3::text[]))",
        keys,
        [kind for kind, _ in sources],
        [number for _, number in sources],
    )
    return [(case_of(row), row["code"], row["idempotency_key"], row["head_number"]) for row in rows]


async def has_flow(connection: Connection, case_id: UUID) -> bool:
    """Whether the case has a flow instance; one imported as closed has none."""
    found: bool = await connection.fetchval("select exists (select from flow_instance where id = $1)", case_id)
    return found


async def case_by_number_only(connection: Connection, number: str) -> CaseFile | None:
    row = await connection.fetchrow(f"select {COLUMNS} from case_file c where c.number = $1", number)
    return case_of(row) if row else None


async def add_follower(connection: Connection, head_id: UUID, by: int) -> None:
    await connection.execute("update case_file set followers = followers + $2 where id = $1", head_id, by)


async def archivable(connection: Connection, type_key: str, before: datetime, *, limit: int) -> list[CaseFile]:
    """Closed cases of a type whose closing lies before ``before`` and that are not archived yet, locked."""
    rows = await connection.fetch(
        f"select {COLUMNS} from case_file c where c.closed_at < $2 and c.archived_at is null and c.type = $1"
        " order by c.closed_at limit $3 for no key update skip locked",
        type_key,
        before,
        limit,
    )
    return [case_of(row) for row in rows]
