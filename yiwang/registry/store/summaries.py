"""Counts and sums over the facts of a type, reckoned in the database within the reader's reach."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection
from yiwang.registry.declarations import SummaryDeclaration
from yiwang.registry.store.facts import moment, reach


class SummaryRow(NamedTuple):
    """One combination of the attributes (None: not told), how many things, the sums in the order of the declaration."""

    by: tuple[str | None, ...]
    things: int
    sums: tuple[Decimal, ...]


async def summed(
    connection: Connection,
    actor: Actor,
    type_id: str,
    summary: SummaryDeclaration,
    named: Mapping[str, Sequence[str]],
    *,
    filters: str,
    since: str,
    until: str,
    valid_at: datetime | None,
    now: datetime,
    limit: int,
) -> list[SummaryRow]:
    """Rows in order of the attributes, at most one more than the limit. ``named``: how each attribute was and is called
    in the versions of the type; ``since`` and ``until`` bound the first attribute, as text, both inclusive."""
    args = Sql()

    def value(name: str) -> str:
        parts = [f"f.attributes ->> {args.bind(each)}::text" for each in named[name]]
        return parts[0] if len(parts) == 1 else f"coalesce({', '.join(parts)})"

    sign = ""
    if summary.less is not None:
        taken = f"coalesce({value(summary.less.attribute)} = any({args.bind(summary.less.values)}::text[]), false)"
        sign = f" * case when {taken} then -1 else 1 end"
    groups = [f"{value(name)} as g{place}" for place, name in enumerate(summary.by)]
    sums = [f"coalesce(sum(({value(name)})::numeric{sign}), 0) as s{place}" for place, name in enumerate(summary.sums)]
    wanted = [
        f"f.type = {args.bind(type_id)}",
        moment("f.valid", valid_at, args, now=now),
        "upper_inf(f.recorded)",
        reach(actor, type_id, "read", args),
    ]
    if filters:
        wanted.append(f"f.terms @@ {args.bind(filters)}::tsquery")
    if since:
        wanted.append(f'{value(summary.by[0])} collate "C" >= {args.bind(since)}')
    if until:
        wanted.append(f'{value(summary.by[0])} collate "C" <= {args.bind(until)}')
    order = ", ".join(str(place + 1) for place in range(len(groups)))
    rows = await connection.fetch(
        f"select {', '.join([*groups, 'count(*) as things', *sums])} from thing_fact f"
        f" where {' and '.join(wanted)} group by {order} order by {order} limit {args.bind(limit + 1)}",
        *args.values,
    )
    return [
        SummaryRow(
            tuple(row[f"g{place}"] for place in range(len(groups))),
            row["things"],
            tuple(row[f"s{place}"] for place in range(len(sums))),
        )
        for row in rows
    ]
