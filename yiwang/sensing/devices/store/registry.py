"""SQL of the register: devices, their notes, their secrets. Who writes takes the next version first (:mod:`.directory`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection
from yiwang.sensing.devices.model import Device, DeviceState, Note
from yiwang.sensing.devices.store.directory import COLUMNS, device_of, next_version
from yiwang.sensing.devices.store.states import state_of

_STATE = "t.online, t.changed_at, t.last_seen, t.remote, t.gateway, t.frames, t.bad_frames, t.last_fault"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which devices a list shows; what is None or empty does not narrow it. ``box``: west, south, east, north in degrees."""

    profile: str | None = None
    pack: str | None = None
    protocol: str | None = None
    area: str | None = None
    organisation_id: int | None = None
    online: bool | None = None
    text: str = ""
    box: tuple[float, float, float, float] | None = None
    retired: bool = False


@dataclass(frozen=True, slots=True)
class Draft:
    """What is written of a device; ``secret`` is sealed already."""

    code: str
    profile: str
    protocol: str
    address: str
    name_zh: str
    name_en: str
    area: str
    organisation_id: int | None
    lon: float | None
    lat: float | None
    attributes: dict[str, str]
    secret: str | None


async def reachable(
    connection: Connection, actor: Actor, verb: str, device_id: int, *, lock: bool = False
) -> Device | None:
    """The device if ``actor`` may do ``verb`` to it; ``lock`` holds it until the transaction ends."""
    args = Sql()
    number = args.bind(device_id)
    condition = _scope(actor, verb, args)
    row = await connection.fetchrow(
        f"select {COLUMNS} from device d where d.id = {number} and {condition}" + (" for update" if lock else ""),
        *args.values,
    )
    return device_of(row) if row else None


async def page(
    connection: Connection, actor: Actor, wanted: Filter, *, after: int, limit: int
) -> list[tuple[Device, DeviceState]]:
    """Devices that the actor may read, by id, beyond ``after``, with how they stand."""
    args = Sql()
    where = [f"d.id > {args.bind(after)}", *_conditions(actor, wanted, args)]
    rows = await connection.fetch(
        f"select {COLUMNS}, {_STATE} from device d left join device_state t on t.device_id = d.id"
        f" where {' and '.join(where)} order by d.id limit {args.bind(limit)}",
        *args.values,
    )
    return [(device_of(row), state_of(row)) for row in rows]


async def counts(connection: Connection, actor: Actor, wanted: Filter, most: int) -> dict[str, tuple[int, int]]:
    """Per profile (devices, of these online), at most ``most`` devices being looked at."""
    args = Sql()
    where = " and ".join(_conditions(actor, wanted, args))
    rows = await connection.fetch(
        "select profile, count(*) as many, count(*) filter (where online) as online from ("
        " select d.profile, coalesce(t.online, false) as online from device d"
        f" left join device_state t on t.device_id = d.id where {where} limit {args.bind(most)}) s"
        " group by profile order by profile",
        *args.values,
    )
    return {row["profile"]: (row["many"], row["online"]) for row in rows}


async def state(connection: Connection, device_id: int) -> DeviceState:
    """How one device stands."""
    row = await connection.fetchrow(f"select {_STATE} from device_state t where t.device_id = $1", device_id)
    return state_of(row) if row else DeviceState()


async def taken(connection: Connection, protocol: str, addresses: Sequence[str]) -> dict[str, tuple[int, str]]:
    """Of these addresses those that a device in service has: address → (id, code)."""
    rows = await connection.fetch(
        "select address, id, code from device where protocol = $1 and address = any($2::text[]) and retired_at is null",
        protocol,
        list(addresses),
    )
    return {row["address"]: (row["id"], row["code"]) for row in rows}


async def by_codes(connection: Connection, codes: Sequence[str], *, lock: bool = False) -> dict[str, Device]:
    """Devices by the city's own code, retired ones too."""
    rows = await connection.fetch(
        f"select {COLUMNS} from device d where d.code = any($1::text[]) order by d.id"
        + (" for update" if lock else ""),
        list(codes),
    )
    return {row["code"]: device_of(row) for row in rows}


async def insert(connection: Connection, drafts: Sequence[Draft], at: datetime) -> list[Device]:
    """New devices in one statement, in the order given."""
    if not drafts:
        return []
    version = await next_version(connection)
    rows = await connection.fetch(
        "with d as (insert into device (code, profile, protocol, address, names, area, organisation_id, position,"
        " attributes, secret, created_at, updated_at, version)"
        " select n.code, n.profile, n.protocol, n.address, n.names, n.area, n.organisation_id,"
        " case when n.lon is null then null else st_setsrid(st_makepoint(n.lon, n.lat), 4326) end,"
        " n.attributes, n.secret, $12, $12, $13"
        " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::int[], $8::float8[],"
        " $9::float8[], $10::jsonb[], $11::text[]) with ordinality"
        " as n(code, profile, protocol, address, names, area, organisation_id, lon, lat, attributes, secret, number)"
        f" order by n.number returning *) select {COLUMNS} from d order by d.id",
        *_columns(drafts),
        at,
        version,
    )
    found = {row["code"]: device_of(row) for row in rows}
    return [found[draft.code] for draft in drafts]


async def update(connection: Connection, changed: Sequence[tuple[int, Draft]], at: datetime) -> list[Device]:
    """Rewrite devices, each with its next revision."""
    if not changed:
        return []
    version = await next_version(connection)
    rows = await connection.fetch(
        "with d as (update device o set code = n.code, profile = n.profile, protocol = n.protocol, address = n.address,"
        " names = n.names, area = n.area, organisation_id = n.organisation_id,"
        " position = case when n.lon is null then null else st_setsrid(st_makepoint(n.lon, n.lat), 4326) end,"
        " attributes = n.attributes, secret = n.secret, updated_at = $13, revision = o.revision + 1, version = $14"
        " from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::text[], $7::int[], $8::float8[],"
        " $9::float8[], $10::jsonb[], $11::text[], $12::int[])"
        " as n(code, profile, protocol, address, names, area, organisation_id, lon, lat, attributes, secret, device_id)"
        f" where o.id = n.device_id returning o.*) select {COLUMNS} from d order by d.id",
        *_columns([draft for _, draft in changed]),
        [device_id for device_id, _ in changed],
        at,
        version,
    )
    return [device_of(row) for row in rows]


async def retire(connection: Connection, device_id: int, at: datetime) -> Device:
    """Take a device out of service: its address is free, its history stays, what waited for it expires."""
    version = await next_version(connection)
    row = await connection.fetchrow(
        "with d as (update device set retired_at = $2, updated_at = $2, revision = revision + 1, version = $3, secret = null"
        f" where id = $1 returning *) select {COLUMNS} from d",
        device_id,
        at,
        version,
    )
    await connection.execute("update device_state set online = false, changed_at = $2 where device_id = $1 and online",
                             device_id, at)  # fmt: skip
    await connection.execute(
        "update device_command set state = 'expired' where device_id = $1 and state in ('queued', 'sent')", device_id
    )
    assert row is not None  # noqa: S101 - the caller holds its lock
    return device_of(row)


async def write_secret(connection: Connection, device_id: int, sealed: str | None, at: datetime) -> None:
    """Give a device another sealed secret."""
    version = await next_version(connection)
    await connection.execute(
        "update device set secret = $2, updated_at = $3, revision = revision + 1, version = $4 where id = $1",
        device_id,
        sealed,
        at,
        version,
    )


async def secrets_after(connection: Connection, after: int, limit: int) -> list[tuple[int, str]]:
    """(id, sealed secret) of the next devices that have one, locked; for the rotation of keys."""
    rows = await connection.fetch(
        "select id, secret from device where id > $1 and secret is not null order by id limit $2 for update",
        after,
        limit,
    )
    return [(row["id"], row["secret"]) for row in rows]


async def reseal(connection: Connection, sealed: Sequence[tuple[int, str]]) -> None:
    """Replace sealed secrets by the same ones under another key."""
    version = await next_version(connection)
    await connection.execute(
        "update device d set secret = n.secret, version = $3 from unnest($1::int[], $2::text[]) as n(id, secret)"
        " where d.id = n.id",
        [device_id for device_id, _ in sealed],
        [secret for _, secret in sealed],
        version,
    )


async def add_note(
    connection: Connection, note_id: UUID, device_id: int, kind: str, text: str, at: datetime, actor: Actor
) -> None:
    await connection.execute(
        "insert into device_note (id, device_id, kind, text, at, by_id, by_label) values ($1, $2, $3, $4, $5, $6, $7)",
        note_id,
        device_id,
        kind,
        text,
        at,
        actor.account_id,
        actor.label,
    )


async def notes(
    connection: Connection, device_id: int, *, before: tuple[datetime, UUID] | None, limit: int
) -> list[Note]:
    """The notes about a device, the newest first; page on with ``before`` = (at, id) of the last."""
    at, note_id = before or (None, None)
    rows = await connection.fetch(
        "select id, kind, text, at, by_label from device_note where device_id = $1"
        " and ($2::timestamptz is null or at < $2 or (at = $2 and id > $3)) order by at desc, id limit $4",
        device_id,
        at,
        note_id,
        limit,
    )
    return [Note(**dict(row)) for row in rows]


def _scope(actor: Actor, verb: str, args: Sql) -> str:
    return scope_condition(actor, "device", verb, args, area="d.area", organisation="d.organisation_id")


def _conditions(actor: Actor, wanted: Filter, args: Sql) -> list[str]:
    where = [_scope(actor, "read", args), "d.retired_at is not null" if wanted.retired else "d.retired_at is null"]
    if wanted.profile is not None:
        where.append(f"d.profile = {args.bind(wanted.profile)}")
    if wanted.pack is not None:
        where.append(f"d.profile in (select id from device_profile where pack = {args.bind(wanted.pack)})")
    if wanted.protocol is not None:
        where.append(f"d.protocol = {args.bind(wanted.protocol)}")
    if wanted.area is not None:
        low = args.bind(wanted.area)
        where.append(f"(d.area >= {low} and d.area < {args.bind(wanted.area + chr(0x10FFFF))})")
    if wanted.organisation_id is not None:
        where.append(f"d.organisation_id = {args.bind(wanted.organisation_id)}")
    if wanted.online is not None:
        where.append(f"coalesce(t.online, false) = {args.bind(wanted.online)}")
    if wanted.text:
        text = args.bind(f"%{_literal(wanted.text)}%")
        where.append(f"(d.code ilike {text} or d.address ilike {text} or d.names->>'zh' ilike {text}"
                     f" or d.names->>'en' ilike {text})")  # fmt: skip
    if wanted.box is not None:
        corners = ", ".join(args.bind(corner) for corner in wanted.box)
        where.append(f"d.position && st_makeenvelope({corners}, 4326)")
    return where


def _literal(text: str) -> str:
    """The text with the signs that LIKE understands taken literally."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _columns(drafts: Sequence[Draft]) -> tuple[list[object], ...]:
    return (
        [one.code for one in drafts],
        [one.profile for one in drafts],
        [one.protocol for one in drafts],
        [one.address for one in drafts],
        [{"zh": one.name_zh, "en": one.name_en} for one in drafts],
        [one.area for one in drafts],
        [one.organisation_id for one in drafts],
        [one.lon for one in drafts],
        [one.lat for one in drafts],
        [one.attributes for one in drafts],
        [one.secret for one in drafts],
    )
