"""SQL of opening cases: any number of drafts in two statements, so that one report and a bulk import share one path.

Order matters. Taking the numbers locks the counter row of the rule and day until commit; the insert that follows sees
every case committed by earlier holders of that lock. Two reports of the same thing at the same moment are therefore
folded under one head, and serial numbers have no gaps.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from uuid import UUID

import asyncpg

from yiwang.casework.model import Draft
from yiwang.kernel.database import Connection

FOLDED_STATUS = "已并案"


class IdempotencyRepeated(Exception):
    """A draft's idempotency key (or its source number) is taken: the caller answers with the case that has it."""


async def take_numbers(connection: Connection, wanted: dict[tuple[str, date], int]) -> dict[tuple[str, date], int]:
    """Advance the counter of each (rule, day) by the count wanted; returns the first serial of each block."""
    keys = sorted(wanted)
    rows = await connection.fetch(
        "insert into case_counter as c (rule, day, last)"
        " select * from unnest($1::text[], $2::date[], $3::bigint[])"
        " on conflict (rule, day) do update set last = c.last + excluded.last returning rule, day, last",
        [rule for rule, _ in keys],
        [day for _, day in keys],
        [wanted[key] for key in keys],
    )
    return {(row["rule"], row["day"]): row["last"] - wanted[(row["rule"], row["day"])] + 1 for row in rows}


_COLUMNS: list[tuple[str, str, Callable[[Draft, str, str, str], object]]] = [
    ("id", "uuid", lambda d, n, s, g: d.id),
    ("number", "text", lambda d, n, s, g: n),
    ("type", "text", lambda d, n, s, g: d.report.type),
    ("type_version", "int", lambda d, n, s, g: d.type_version),
    ("status", "text", lambda d, n, s, g: s),
    ("stage", "text", lambda d, n, s, g: g),
    ("class_code", "text", lambda d, n, s, g: d.class_code),
    ("class_system", "text", lambda d, n, s, g: d.class_system),
    ("class_source", "text", lambda d, n, s, g: d.class_source),
    ("channel", "text", lambda d, n, s, g: d.report.channel),
    ("text", "text", lambda d, n, s, g: d.report.text),
    ("address", "text", lambda d, n, s, g: d.report.address),
    ("lon", "float8", lambda d, n, s, g: d.lon),
    ("lat", "float8", lambda d, n, s, g: d.lat),
    ("area", "text", lambda d, n, s, g: d.area),
    ("grid", "text", lambda d, n, s, g: d.grid),
    ("organisation_id", "int", lambda d, n, s, g: d.organisation_id),
    ("urgency", "text", lambda d, n, s, g: d.urgency),
    ("reported_at", "timestamptz", lambda d, n, s, g: d.reported_at),
    ("source_number", "text", lambda d, n, s, g: d.report.source_number),
    ("idempotency_key", "text", lambda d, n, s, g: d.report.idempotency_key),
    ("fields", "jsonb", lambda d, n, s, g: d.report.fields),
]
_EXTRA: list[tuple[str, str, Callable[[Draft], object]]] = [
    ("x", "float8", lambda d: d.x),
    ("y", "float8", lambda d: d.y),
    ("fold_metres", "float8", lambda d: d.fold_metres),
    ("fold_since", "timestamptz", lambda d: d.fold_since),
    ("follow_code", "text", lambda d: d.follow_code),
    ("reporter_name", "text", lambda d: d.report.reporter.name),
    ("reporter_phone", "text", lambda d: d.report.reporter.phone),
    ("account_id", "uuid", lambda d: d.account_id),
    ("terms", "text", lambda d: d.terms),
    ("advice", "jsonb", lambda d: d.advice),
]
_NAMES = [name for name, _, _ in _COLUMNS] + [name for name, _, _ in _EXTRA]
_TYPES = [kind for _, kind, _ in _COLUMNS] + [kind for _, kind, _ in _EXTRA]
_INSERTED = ", ".join(name for name, _, _ in _COLUMNS if name not in ("status",))
_SELECTED = ", ".join(f"d.{name}" for name, _, _ in _COLUMNS if name not in ("status",))
_OPEN = f"""
with draft as (
    select * from unnest({", ".join(f"${i}::{kind}[]" for i, kind in enumerate(_TYPES, start=1))})
        as d ({", ".join(_NAMES)})
), placed as (
    select d.*, case when d.x is not null then ST_SetSRID(ST_MakePoint(d.x, d.y), 3857) end as point, head.head
    from draft d left join lateral (
        select c.id as head from case_file c
        where d.fold_since is not null and c.closed_at is null and c.head_id is null and c.state = 'open'
          and c.type = d.type and c.class_code = d.class_code and c.reported_at >= d.fold_since
          and ST_DWithin(c.point, ST_SetSRID(ST_MakePoint(d.x, d.y), 3857), d.fold_metres)
        order by c.reported_at, c.id limit 1
    ) head on true
), opened as (
    insert into case_file ({_INSERTED}, point, head_id, state, status)
    select {_SELECTED}, d.point, d.head, case when d.head is null then 'open' else 'folded' end,
           case when d.head is null then d.status else '{FOLDED_STATUS}' end
    from placed d returning id, head_id
), reporters as (
    insert into case_reporter (case_id, code, name, phone, account_id)
    select o.id, d.follow_code, d.reporter_name, d.reporter_phone, d.account_id from opened o join draft d on d.id = o.id
), texts as (
    insert into case_text (case_id, terms)
    select o.id, d.terms::tsvector from opened o join draft d on d.id = o.id where d.terms <> ''
), advised as (
    insert into case_advice (case_id, model_version, class_code, probability, body)
    select o.id, (d.advice ->> 'model')::int, d.advice #>> '{{suggestions,0,class}}',
           (d.advice #>> '{{suggestions,0,probability}}')::real, d.advice
    from opened o join draft d on d.id = o.id where d.advice is not null
), heads as (
    update case_file h set followers = h.followers + f.n
    from (select head_id, count(*) as n from opened where head_id is not null group by head_id) f where h.id = f.head_id
)
select o.id, o.head_id, h.number as head_number from opened o left join case_file h on h.id = o.head_id
"""


async def open_cases(
    connection: Connection, drafts: Sequence[Draft], numbers: Sequence[str], statuses: Sequence[tuple[str, str]]
) -> dict[UUID, tuple[UUID, str]]:
    """Insert the cases of ``drafts``; ``numbers`` and ``statuses`` (status, stage) stand beside them.

    Drafts of one call must not be duplicates of each other (the caller splits such groups).
    Returns the head (id, number) of each case that was folded; the others are open.

    Raises:
        IdempotencyRepeated: nothing is written; the transaction must be abandoned.
    """
    rows = list(zip(drafts, numbers, statuses, strict=True))
    columns: list[list[object]] = [
        [read(draft, number, status, stage) for draft, number, (status, stage) in rows] for _, _, read in _COLUMNS
    ]
    columns += [[read(draft) for draft in drafts] for _, _, read in _EXTRA]
    try:
        found = await connection.fetch(_OPEN, *columns)
    except asyncpg.UniqueViolationError as error:
        if error.constraint_name in ("case_file_idempotency", "case_file_source"):
            raise IdempotencyRepeated from error
        raise
    return {row["id"]: (row["head_id"], row["head_number"]) for row in found if row["head_id"] is not None}
