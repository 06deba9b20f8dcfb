"""SQL of boards: open cases counted by one of their properties and by the colour of their clock, within the reader's scope."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from yiwang.casework.store.lists import case_scope, clock_condition
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection

DIMENSIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "status": "c.status",
        "type": "c.type",
        "channel": "c.channel",
        "class": "left(c.class_code, 2)",
        "department": "c.department_id::text",
        "street": "left(c.area, 9)",
        "community": "left(c.area, 12)",
        "grid": "c.grid",
    }
)
"""What a board may count by → its expression on case_file ``c``."""

MOST_CASES = 100_000
"""Open cases that one count looks at; beyond that its figures read “or more”."""
MOST_ROWS = 500


@dataclass(frozen=True, slots=True)
class CountRow:
    """The open cases of one value; ``key`` is null for those without it. ``type`` is one of their case types."""

    key: str | None
    type: str
    open: int
    red: int
    yellow: int
    green: int
    blue: int
    grey: int


async def counts(connection: Connection, actor: Actor, by: str, now: datetime) -> tuple[list[CountRow], bool]:
    """A row for each value, the most cases first, and whether there are more cases than were counted."""
    args = Sql()
    scope, moment = case_scope(actor, "read", args), args.bind(now)
    colours = ", ".join(
        f"{clock_condition(colour, moment)} as {colour}" for colour in ("red", "yellow", "green", "blue")
    )
    sums = ", ".join(f"count(*) filter (where {colour}) as {colour}" for colour in ("red", "yellow", "green", "blue"))
    rows = await connection.fetch(
        f"with seen as materialized (select {DIMENSIONS[by]} as key, c.type, {colours} from case_file c"
        f" where {scope} and c.closed_at is null and c.state = 'open' limit {args.bind(MOST_CASES + 1)})"
        f" select key, min(type) as type, count(*) as open, {sums},"
        f" (select count(*) > {args.bind(MOST_CASES)} from seen) as more"
        f" from seen group by key order by open desc, key limit {args.bind(MOST_ROWS)}",
        *args.values,
    )
    found = [
        CountRow(
            row["key"], row["type"], row["open"], row["red"], row["yellow"], row["green"], row["blue"],
            row["open"] - row["red"] - row["yellow"] - row["green"] - row["blue"],
        )
        for row in rows
    ]  # fmt: skip
    return found, bool(rows and rows[0]["more"])
