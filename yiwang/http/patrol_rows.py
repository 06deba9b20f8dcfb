"""SQL of patrols: ways as they were sent, and what they cover."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Sql
from yiwang.kernel.database import Connection

seen_metres = 50
"""How far from the way the ground counts as walked."""
_longest_gap_metres = 300
"""Between points farther apart nobody knows the way: it is not drawn as a line."""


@dataclass(frozen=True, slots=True)
class Patrol:
    id: UUID
    account_id: UUID
    area: str
    began_at: datetime
    ended_at: datetime | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Walked:
    """What a worker walked of a grid; ``walked`` is a share of its ground."""

    account_id: UUID
    area: str
    name_zh: str
    name_en: str
    patrols: int
    on_patrol: bool
    first_at: datetime
    last_at: datetime
    metres: float
    walked: float | None


async def write(connection: Connection, patrol: Patrol) -> bool:
    """Keep the patrol, or its end once it is known; False where it is somebody else's."""
    found = await connection.fetchval(
        "insert into patrol as p (id, account_id, area, began_at, ended_at, received_at) values ($1, $2, $3, $4, $5, $6)"
        " on conflict (id) do update set ended_at = coalesce(p.ended_at, excluded.ended_at),"
        " received_at = excluded.received_at where p.account_id = excluded.account_id returning true",
        patrol.id,
        patrol.account_id,
        patrol.area,
        patrol.began_at,
        patrol.ended_at,
        patrol.received_at,
    )
    return bool(found)


async def write_points(
    connection: Connection, patrol_id: UUID, points: Sequence[tuple[datetime, float, float]]
) -> None:
    """Keep points that are not there yet."""
    await connection.execute(
        "insert into patrol_point (patrol_id, at, lon, lat)"
        " select $1, * from unnest($2::timestamptz[], $3::float8[], $4::float8[]) on conflict do nothing",
        patrol_id,
        [at for at, _, _ in points],
        [lon for _, lon, _ in points],
        [lat for _, _, lat in points],
    )


async def count_points(connection: Connection, patrol_id: UUID) -> int:
    found: int = await connection.fetchval("select count(*) from patrol_point where patrol_id = $1", patrol_id)
    return found


async def walked(connection: Connection, condition: str, args: Sql, begin: datetime, end: datetime) -> list[Walked]:
    """By worker and grid, what was walked between two moments of the patrols for which ``condition`` (over ``p``) holds."""
    first, last = args.bind(begin), args.bind(end)
    found = await connection.fetch(
        f"""
        with point as (
            select p.account_id, p.area, p.id, p.ended_at, q.at, st_setsrid(st_makepoint(q.lon, q.lat), 4326) as here
            from patrol p join patrol_point q on q.patrol_id = p.id
            where {condition} and p.began_at >= {first}::timestamptz - interval '1 day' and p.began_at < {last}
                and q.at >= {first} and q.at < {last}
        ), step as (
            select *, lag(here) over (partition by id order by at) as before from point
        ), part as (
            select *, case when before is null then null else st_distance(before::geography, here::geography) end as metres
            from step
        ), way as (
            select account_id, area, count(distinct id) as patrols, bool_or(ended_at is null) as on_patrol,
                min(at) as first_at, max(at) as last_at,
                coalesce(sum(metres) filter (where metres <= {_longest_gap_metres}), 0) as metres,
                st_collect(case when metres <= {_longest_gap_metres} then st_makeline(before, here) else here end) as lines
            from part group by account_id, area
        )
        select w.account_id, w.area, coalesce(g.name_zh, a.name_zh, '') as name_zh, coalesce(g.name_en, a.name_en, '') as
            name_en, w.patrols, w.on_patrol, w.first_at, w.last_at, w.metres,
            st_area(st_intersection(st_buffer(w.lines::geography, {seen_metres})::geometry,
                coalesce(g.geom, a.geom))::geography) / nullif(st_area(coalesce(g.geom, a.geom)::geography), 0) as walked
        from way w left join responsibility_grid g on g.code = w.area left join area a on a.code = w.area
        order by w.area, w.account_id
        """,
        *args.values,
    )
    return [Walked(*tuple(row)) for row in found]


async def remove_before(connection: Connection, before: datetime) -> int:
    """Remove patrols that began before."""
    removed: int = await connection.fetchval(
        "with gone as (delete from patrol where began_at < $1 returning 1) select count(*) from gone", before
    )
    return removed
