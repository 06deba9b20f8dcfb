"""SQL of the directory: its version, and everything a snapshot of it holds."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from yiwang.identity.model import AbsenceRow, Appointment, OrganisationRow, PersonRow, PostRole, PostRow
from yiwang.kernel.database import Connection, Record

channel = "yiwang_directory"
"""LISTEN channel: ``version`` after a change of the directory, ``account:<uuid>`` when one account's access changed."""


async def version(connection: Connection) -> int:
    """The version that this connection sees."""
    found: int = await connection.fetchval("select version from directory_version")
    return found


async def lock(connection: Connection) -> None:
    """Wait until no other transaction changes the directory; held until this one ends."""
    await connection.execute("select 1 from directory_version for update")


async def bump(connection: Connection) -> None:
    """Make a new version and tell every process once this transaction has committed."""
    await connection.execute("update directory_version set version = version + 1")
    await connection.execute("select pg_notify($1, 'version')", channel)


async def tell_account_changed(connection: Connection, account_id: UUID) -> None:
    """Make every process forget what it knows about this account's access, once this transaction has committed."""
    await connection.execute("select pg_notify($1, $2)", channel, f"account:{account_id}")


async def organisations(connection: Connection) -> list[OrganisationRow]:
    """All organisations, inactive ones too, siblings in their declared order."""
    rows = await connection.fetch(
        "select id, code, parent_id, name_zh, name_en, kind, area, serves, path, active from organisation"
        " order by position, id"
    )
    return [
        OrganisationRow(
            id=row["id"],
            code=row["code"],
            parent_id=row["parent_id"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            kind=row["kind"],
            area=row["area"],
            serves=tuple(row["serves"]),
            path=tuple(row["path"]),
            active=row["active"],
        )
        for row in rows
    ]


async def posts(connection: Connection) -> list[PostRow]:
    """All posts, inactive ones too; a post without names is called as its kind."""
    rows = await connection.fetch(
        "select p.id, p.organisation_id, p.code, coalesce(p.name_zh, k.name_zh, p.code),"
        " coalesce(p.name_en, k.name_en, p.code), p.area, p.active"
        " from post p left join post_kind k on k.code = p.code order by p.id"
    )
    return [PostRow(*row) for row in rows]


async def persons(connection: Connection) -> list[PersonRow]:
    """Whoever has an account, disabled ones too."""
    rows = await connection.fetch("select id, login, name, organisation_id, state = 'active' from account")
    return [PersonRow(*row) for row in rows]


async def appointments(connection: Connection, at: datetime) -> list[Appointment]:
    """Appointments that hold at ``at`` or begin later."""
    rows = await connection.fetch(
        "select account_id, post_id, starts_at, ends_at from appointment where ends_at is null or ends_at > $1"
        " order by starts_at, account_id",
        at,
    )
    return [Appointment(*row) for row in rows]


async def absences(connection: Connection, at: datetime) -> list[AbsenceRow]:
    """Absences that hold at ``at`` or begin later, in the order in which they were declared."""
    rows = await connection.fetch(
        "select id, account_id, deputy_id, starts_at, ends_at, kinds, reason, declared_at from identity_absence"
        " where ends_at > $1 and ends_at > starts_at order by id",
        at,
    )
    return [absence(row) for row in rows]


def absence(row: Record) -> AbsenceRow:
    """The record of a row."""
    return AbsenceRow(
        id=row["id"],
        account_id=row["account_id"],
        deputy_id=row["deputy_id"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        kinds=frozenset(row["kinds"]),
        reason=row["reason"],
        declared_at=row["declared_at"],
    )


async def post_roles(connection: Connection) -> list[PostRole]:
    """Which kinds of post bring which active roles."""
    rows = await connection.fetch(
        "select distinct pr.post_code, r.code, r.class from post_role pr join role r on r.code = pr.role_code and r.active"
        " order by 1, 2"
    )
    return [PostRole(*row) for row in rows]
