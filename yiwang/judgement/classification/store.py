"""SQL of learned models (table ``learned_model``): versions of each subject, of which one at most is in service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from yiwang.kernel.database import Connection, JsonObject, Record

TASK = "class"
_COLUMNS = (
    "subject, version, state, digest, card, examples, macro_f1, trained_by, trained_at, published_at,"
    " octet_length(content) as bytes"
)


@dataclass(frozen=True, slots=True)
class ModelRow:
    """A version of a subject's model, without its content. ``subject`` is the key of a case type."""

    subject: str
    version: int
    state: str
    digest: str
    card: JsonObject
    examples: int
    macro_f1: float
    trained_by: str
    trained_at: datetime
    published_at: datetime | None
    bytes: int


def _row(record: Record) -> ModelRow:
    return ModelRow(**dict(record))


async def add_model(
    connection: Connection,
    subject: str,
    digest: str,
    content: bytes,
    card: JsonObject,
    *,
    examples: int,
    macro_f1: float,
    trained_by: str,
    at: datetime,
) -> int:
    """Keep a model as the subject's next version; returns the version."""
    await connection.execute("select pg_advisory_xact_lock(hashtext('learned_model:' || $1))", subject)
    version: int = await connection.fetchval(
        "insert into learned_model (task, subject, version, state, digest, content, card, examples, macro_f1, trained_by,"
        " trained_at) select $1, $2, 1 + coalesce(max(version), 0), 'trained', $3, $4, $5, $6, $7, $8, $9"
        " from learned_model where task = $1 and subject = $2 returning version",
        TASK,
        subject,
        digest,
        content,
        card,
        examples,
        macro_f1,
        trained_by,
        at,
    )
    return version


async def models(connection: Connection, subject: str | None, *, limit: int = 100) -> list[ModelRow]:
    """Versions, newest first."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from learned_model where task = $1 and ($2::text is null or subject = $2)"
        " order by subject, version desc limit $3",
        TASK,
        subject,
        limit,
    )
    return [_row(row) for row in rows]


async def model(connection: Connection, subject: str, version: int) -> ModelRow | None:
    row = await connection.fetchrow(
        f"select {_COLUMNS} from learned_model where task = $1 and subject = $2 and version = $3",
        TASK,
        subject,
        version,
    )
    return _row(row) if row else None


async def content(connection: Connection, subject: str, version: int) -> bytes:
    """The bytes of a version that is there."""
    found: bytes = await connection.fetchval(
        "select content from learned_model where task = $1 and subject = $2 and version = $3", TASK, subject, version
    )
    return found


async def in_service(connection: Connection) -> dict[str, int]:
    """The published version of each subject."""
    rows = await connection.fetch(
        "select subject, version from learned_model where task = $1 and state = 'published'", TASK
    )
    return {row["subject"]: row["version"] for row in rows}


async def lock_subject(connection: Connection, subject: str) -> None:
    """Publications of one subject go one after the other."""
    await connection.execute("select pg_advisory_xact_lock(hashtext('learned_model:' || $1))", subject)


async def publish(connection: Connection, subject: str, version: int, at: datetime) -> None:
    """Put a version in service; the one before it is retired."""
    await connection.execute(
        "update learned_model set state = 'retired' where task = $1 and subject = $2 and state = 'published'",
        TASK,
        subject,
    )
    await connection.execute(
        "update learned_model set state = 'published', published_at = $4"
        " where task = $1 and subject = $2 and version = $3",
        TASK,
        subject,
        version,
        at,
    )


async def roll_back(connection: Connection, subject: str) -> int | None:
    """Withdraw the version in service and put the one published last before it in service; its version, or None."""
    before: int | None = await connection.fetchval(
        "select version from learned_model where task = $1 and subject = $2 and state = 'retired'"
        " order by published_at desc limit 1",
        TASK,
        subject,
    )
    if before is not None:
        await connection.execute(
            "update learned_model set state = 'withdrawn' where task = $1 and subject = $2 and state = 'published'",
            TASK,
            subject,
        )
        await connection.execute(
            "update learned_model set state = 'published' where task = $1 and subject = $2 and version = $3",
            TASK,
            subject,
            before,
        )
    return before
