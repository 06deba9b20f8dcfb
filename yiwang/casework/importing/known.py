"""What was imported before, by the names of the files."""

from __future__ import annotations

from yiwang.kernel.database import Connection


async def imported_files(connection: Connection, prefix: str) -> dict[str, bool]:
    """Files whose name begins so, by name; false: their import was begun but never finished."""
    rows = await connection.fetch(
        "select file_name, bool_or(finished_at is not null) as finished from case_import"
        " where starts_with(file_name, $1) group by file_name",
        prefix,
    )
    return {row["file_name"]: row["finished"] for row in rows}


async def has_cases(connection: Connection) -> bool:
    """Whether any case stands in the system."""
    found: bool = await connection.fetchval("select exists (select from case_file)")
    return found
