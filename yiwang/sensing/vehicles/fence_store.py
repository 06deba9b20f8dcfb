"""All SQL about fences and their crossings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import cast
from uuid import UUID

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, Json, JsonObject, Record
from yiwang.sensing.vehicles.model import Fence, FenceKind, Hours, Keep, Shape

_COLUMNS = (
    "f.id, f.number, f.code, f.names, f.shape, f.keep, f.speed_limit, f.hours, f.area, f.organisation_id, f.everyone, "
    "f.revision, f.updated_at, array(select m.device_id from fence_member m where m.fence_id = f.id order by 1) as members"
)


async def version(connection: Connection) -> int:
    """Moves whenever a fence changes."""
    found: int = await connection.fetchval("select version from fence_version")
    return found


async def all_fences(connection: Connection) -> list[Fence]:
    """The fences in force."""
    rows = await connection.fetch(f"select {_COLUMNS} from fence f where f.retired_at is null order by f.number")
    return [fence_of(row) for row in rows]


async def fences_of(connection: Connection, actor: Actor, *, device: int | None, after: int, limit: int) -> list[Fence]:
    """The fences within the actor's reach by number; of one vehicle, where asked."""
    args = Sql()
    parts = [
        scope_condition(actor, "device", "read", args, area="f.area", organisation="f.organisation_id"),
        f"f.number > {args.bind(after)}",
        "f.retired_at is null",
    ]
    if device is not None:
        parts.append(
            "(f.everyone or exists (select from fence_member m where m.fence_id = f.id "
            f"and m.device_id = {args.bind(device)}))"
        )
    rows = await connection.fetch(
        f"select {_COLUMNS} from fence f where {' and '.join(parts)} order by f.number limit {args.bind(limit)}",
        *args.values,
    )
    return [fence_of(row) for row in rows]


async def one_fence(connection: Connection, actor: Actor, verb: str, fence: UUID) -> Fence | None:
    """A fence within the actor's reach, locked; None where there is none."""
    args = Sql()
    condition = scope_condition(actor, "device", verb, args, area="f.area", organisation="f.organisation_id")
    row = await connection.fetchrow(
        f"select {_COLUMNS} from fence f where f.id = {args.bind(fence)} and f.retired_at is null and {condition} "
        "for update of f",
        *args.values,
    )
    return fence_of(row) if row else None


async def code_taken(connection: Connection, code: str, but: UUID) -> bool:
    found: bool | None = await connection.fetchval(
        "select true from fence where code = $1 and retired_at is null and id <> $2", code, but
    )
    return bool(found)


async def write(connection: Connection, fence: Fence, at: datetime) -> None:
    """Insert a fence or bring it up to date, with its members; the version moves."""
    await connection.execute(
        "insert into fence (id, code, names, shape, keep, speed_limit, hours, area, organisation_id, everyone, revision, "
        "created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12) "
        "on conflict (id) do update set code = excluded.code, names = excluded.names, shape = excluded.shape, "
        "keep = excluded.keep, speed_limit = excluded.speed_limit, hours = excluded.hours, area = excluded.area, "
        "organisation_id = excluded.organisation_id, everyone = excluded.everyone, revision = excluded.revision, "
        "updated_at = excluded.updated_at",
        fence.id,
        fence.code,
        {"zh": fence.name_zh, "en": fence.name_en},
        shape_told(fence.shape),
        fence.keep,
        fence.speed_limit,
        hours_told(fence.hours),
        fence.area,
        fence.organisation_id,
        fence.everyone,
        fence.revision,
        at,
    )
    await connection.execute("delete from fence_member where fence_id = $1", fence.id)
    await connection.executemany(
        "insert into fence_member (fence_id, device_id) values ($1, $2)", [(fence.id, each) for each in fence.members]
    )
    await connection.execute("update fence_version set version = version + 1")


async def retire(connection: Connection, fence: UUID, at: datetime) -> None:
    await connection.execute("update fence set retired_at = $2, updated_at = $2 where id = $1", fence, at)
    await connection.execute("update fence_version set version = version + 1")


async def reachable_devices(connection: Connection, actor: Actor, codes: Sequence[str]) -> dict[str, int]:
    """Those of these vehicles in service that the actor may edit: code → id."""
    args = Sql()
    wanted = args.bind(list(codes))
    condition = scope_condition(actor, "device", "edit", args, area="d.area", organisation="d.organisation_id")
    rows = await connection.fetch(
        f"select d.code, d.id from device d where d.code = any({wanted}::text[]) and d.protocol = 'jt808' "
        f"and d.retired_at is null and {condition}",
        *args.values,
    )
    return {row["code"]: row["id"] for row in rows}


@dataclass(frozen=True, slots=True)
class Crossing:
    """A vehicle was in a fence; ``left_at`` None: it still is."""

    fence: UUID
    device: int
    entered_at: datetime
    left_at: datetime | None


async def write_crossings(connection: Connection, entered: Sequence[Crossing], left: Sequence[Crossing]) -> None:
    """Note enterings, then leavings (by fence, vehicle and time of entering). A fence that is gone is skipped."""
    if entered:
        await connection.execute(
            "insert into fence_crossing (fence_id, device_id, entered_at) "
            "select c.fence, c.device, c.at from unnest($1::uuid[], $2::int[], $3::timestamptz[]) as c(fence, device, at) "
            "join fence f on f.id = c.fence on conflict do nothing",
            [each.fence for each in entered],
            [each.device for each in entered],
            [each.entered_at for each in entered],
        )
    if left:
        await connection.execute(
            "update fence_crossing c set left_at = l.until from "
            "unnest($1::uuid[], $2::int[], $3::timestamptz[], $4::timestamptz[]) as l(fence, device, since, until) "
            "where c.fence_id = l.fence and c.device_id = l.device and c.entered_at = l.since",
            [each.fence for each in left],
            [each.device for each in left],
            [each.entered_at for each in left],
            [each.left_at for each in left],
        )


async def crossings_of(
    connection: Connection, *, device: int, since: datetime, until: datetime, limit: int
) -> list[tuple[Crossing, str]]:
    """Crossings of a vehicle with the fence's code, the newest first."""
    rows = await connection.fetch(
        "select c.fence_id, c.device_id, c.entered_at, c.left_at, f.code from fence_crossing c join fence f on f.id = c.fence_id "
        "where c.device_id = $1 and c.entered_at < $3 and coalesce(c.left_at, 'infinity') >= $2 "
        "order by c.entered_at desc limit $4",
        device,
        since,
        until,
        limit,
    )
    return [(Crossing(*list(row)[:4]), row["code"]) for row in rows]


# -- as JSON ------------------------------------------------------------------------------------------------------


def shape_told(shape: Shape) -> JsonObject:
    """A shape as it is stored and as a command carries it."""
    points: list[Json] = [[lon, lat] for lon, lat in shape.points]
    return {"kind": shape.kind, "points": points, "size": shape.size}


def hours_told(hours: Hours) -> JsonObject:
    return {
        "start": hours.start,
        "end": hours.end,
        "since": hours.since.isoformat() if hours.since else None,
        "until": hours.until.isoformat() if hours.until else None,
    }


def fence_of(row: Record) -> Fence:
    """A row as a fence."""
    shape, hours = row["shape"], row["hours"]
    return Fence(
        id=row["id"],
        number=row["number"],
        code=row["code"],
        name_zh=row["names"]["zh"],
        name_en=row["names"]["en"],
        shape=Shape(cast(FenceKind, shape["kind"]), tuple((p[0], p[1]) for p in shape["points"]), shape["size"]),
        keep=cast(Keep, row["keep"]),
        speed_limit=row["speed_limit"],
        hours=Hours(
            hours.get("start"),
            hours.get("end"),
            date.fromisoformat(hours["since"]) if hours.get("since") else None,
            date.fromisoformat(hours["until"]) if hours.get("until") else None,
        ),
        area=row["area"],
        organisation_id=row["organisation_id"],
        everyone=row["everyone"],
        members=frozenset(row["members"]),
        revision=row["revision"],
        updated_at=row["updated_at"],
    )
