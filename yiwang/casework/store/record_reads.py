"""SQL of ``record_read``: who has read the personal data of a reporter, when and for what."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.database import Connection


@dataclass(frozen=True, slots=True)
class RecordRead:
    """One reading; offices and posts by id, as the reader held them then."""

    at: datetime
    organisation_id: int | None
    post_ids: tuple[int, ...]
    purpose: str


async def keep_read(
    connection: Connection,
    case_id: UUID,
    at: datetime,
    account_id: UUID | None,
    organisation_id: int | None,
    post_ids: Sequence[int],
    purpose: str,
) -> None:
    """Write down a reading, in the transaction that reads."""
    await connection.execute(
        "insert into record_read (case_id, at, account_id, organisation_id, post_ids, purpose)"
        " values ($1, $2, $3, $4, $5, $6)",
        case_id,
        at,
        account_id,
        organisation_id,
        list(post_ids),
        purpose,
    )


async def reads_of(connection: Connection, case_id: UUID, limit: int) -> list[RecordRead]:
    """The readings of a case, the newest first."""
    rows = await connection.fetch(
        "select at, organisation_id, post_ids, purpose from record_read where case_id = $1 order by at desc limit $2",
        case_id,
        limit,
    )
    return [RecordRead(row["at"], row["organisation_id"], tuple(row["post_ids"]), row["purpose"]) for row in rows]
