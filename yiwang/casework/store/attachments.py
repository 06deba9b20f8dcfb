"""SQL of attachments; the bytes are the business of :mod:`yiwang.casework.attachments`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from dataclasses import fields as dataclass_fields
from datetime import datetime
from uuid import UUID

from yiwang.casework.model import Attachment, AttachmentKind
from yiwang.kernel.database import Connection

_NAMES = [item.name for item in dataclass_fields(Attachment)]
_COLUMNS = ", ".join(_NAMES)


async def add_attachment(connection: Connection, item: Attachment) -> None:
    places = ", ".join(f"${place}" for place in range(1, len(_NAMES) + 1))
    await connection.execute(f"insert into case_attachment ({_COLUMNS}) values ({places})", *astuple(item))


async def attachment(connection: Connection, attachment_id: UUID) -> Attachment | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from case_attachment where id = $1", attachment_id)
    return Attachment(*row) if row else None


async def attachments_of(connection: Connection, case_id: UUID) -> list[Attachment]:
    rows = await connection.fetch(
        f"select {_COLUMNS} from case_attachment where case_id = $1 order by uploaded_at, id", case_id
    )
    return [Attachment(*row) for row in rows]


async def unclaimed_matching(connection: Connection, ids: Sequence[UUID], claims: Sequence[str]) -> int:
    """How many of ``ids`` are still unclaimed and match their claim at the same place."""
    found: int = await connection.fetchval(
        "select count(*) from unnest($1::uuid[], $2::text[]) as u (id, claim)"
        " join case_attachment a on a.id = u.id and a.claim = u.claim and a.case_id is null",
        ids,
        claims,
    )
    return found


async def bind_attachments(
    connection: Connection,
    case_ids: Sequence[UUID],
    ids: Sequence[UUID],
    claims: Sequence[str],
    kind: AttachmentKind | None,
) -> int:
    """Give unclaimed attachments to their cases; returns how many were taken (fewer: somebody used one already)."""
    result = await connection.execute(
        "update case_attachment a set case_id = u.case_id, kind = coalesce($4, a.kind)"
        " from unnest($1::uuid[], $2::uuid[], $3::text[]) as u (case_id, id, claim)"
        " where a.id = u.id and a.claim = u.claim and a.case_id is null",
        case_ids,
        ids,
        claims,
        kind,
    )
    return int(result.rsplit(" ", 1)[1])


async def drop_unclaimed(connection: Connection, before: datetime) -> list[str]:
    """Forget uploads that no case claimed; returns the SHA-256 of files that nothing refers to any more."""
    rows = await connection.fetch(
        "with gone as (delete from case_attachment where case_id is null and uploaded_at < $1 returning id, sha256)"
        " select distinct g.sha256 from gone g where not exists"
        " (select from case_attachment a where a.sha256 = g.sha256 and a.id not in (select id from gone))",
        before,
    )
    return [row["sha256"] for row in rows]
