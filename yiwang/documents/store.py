"""All SQL of documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, fields
from datetime import datetime
from typing import Final
from uuid import UUID

from asyncpg import Record as Row

from yiwang.documents.declarations import DocumentDeclaration
from yiwang.documents.model import Document, DocumentState, DocumentType, SigningKey
from yiwang.kernel.database import Connection

_NAMES: Final = tuple(item.name for item in fields(Document))
_COLUMNS: Final = ", ".join(_NAMES)
_KEY: Final = ", ".join(item.name for item in fields(SigningKey))


def _document(row: Row) -> Document:
    return Document(*(row[name] for name in _NAMES))


# -- kinds --------------------------------------------------------------------------------------------------------


async def digests(connection: Connection) -> dict[str, tuple[int, str, bool]]:
    """Newest (version, digest, whether it is current) of every kind."""
    rows = await connection.fetch(
        "select distinct on (key) key, version, digest, current from document_type order by key, version desc"
    )
    return {row["key"]: (row["version"], row["digest"], row["current"]) for row in rows}


async def add_type(connection: Connection, item: DocumentType, digest: str, at: datetime) -> None:
    await connection.execute("update document_type set current = false where key = $1 and current", item.id)
    await connection.execute(
        "insert into document_type (key, version, case_type, declaration, template, digest, current, published_at)"
        " values ($1, $2, $3, $4, $5, $6, true, $7)",
        item.id, item.version, item.declaration.case, item.declaration.model_dump(), item.template, digest, at,
    )  # fmt: skip


async def keep_types(connection: Connection, keys: Sequence[str]) -> int:
    """Withdraw kinds that are no longer declared; bring back those that are again. How many changed."""
    left = await connection.fetch(
        "update document_type set current = false where current and not key = any($1) returning key", list(keys)
    )
    back = await connection.fetch(
        "update document_type t set current = true where key = any($1)"
        " and not exists (select from document_type o where o.key = t.key and o.current)"
        " and version = (select max(version) from document_type o where o.key = t.key) returning key",
        list(keys),
    )
    return len(left) + len(back)


async def types_for(connection: Connection, case_type: str) -> list[DocumentType]:
    rows = await connection.fetch(
        "select version, declaration, template from document_type where current and case_type = $1 order by key",
        case_type,
    )
    return [DocumentType(row[0], DocumentDeclaration.model_validate(row[1]), row[2]) for row in rows]


# -- numbers and documents ----------------------------------------------------------------------------------------


async def take_serial(connection: Connection, organisation_id: int, rule: str, year: int) -> int:
    """The next serial; the row stays locked until the transaction ends, so that none is lost."""
    found: int = await connection.fetchval(
        "insert into document_counter as c (organisation_id, rule, year, last) values ($1, $2, $3, 1)"
        " on conflict (organisation_id, rule, year) do update set last = c.last + 1 returning last",
        organisation_id, rule, year,
    )  # fmt: skip
    return found


async def add(connection: Connection, item: Document) -> None:
    places = ", ".join(f"${place}" for place in range(1, len(_NAMES) + 1))
    await connection.execute(f"insert into document ({_COLUMNS}) values ({places})", *astuple(item))


async def one(connection: Connection, document_id: UUID, *, lock: bool = False) -> Document | None:
    end = " for update" if lock else ""
    row = await connection.fetchrow(f"select {_COLUMNS} from document where id = $1{end}", document_id)
    return None if row is None else _document(row)


async def of_case(connection: Connection, case_id: UUID) -> list[Document]:
    """Newest first."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from document where case_id = $1 order by issued_at desc, id desc limit 500", case_id
    )
    return [_document(row) for row in rows]


async def by_number(connection: Connection, number: str, code: str) -> Document | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from document where number = $1 and code = $2", number, code)
    return None if row is None else _document(row)


async def by_digest(connection: Connection, digest: str) -> Document | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from document where digest = $1", digest)
    return None if row is None else _document(row)


async def successor(connection: Connection, document_id: UUID) -> str:
    """The number of what stands in its place, or ""."""
    found: str | None = await connection.fetchval("select number from document where replaces = $1", document_id)
    return found or ""


async def unmade(connection: Connection, limit: int) -> list[UUID]:
    rows = await connection.fetch("select id from document where pdf is null order by issued_at limit $1", limit)
    return [row["id"] for row in rows]


async def end(
    connection: Connection, document_id: UUID, state: DocumentState, at: datetime, label: str, reason: str
) -> None:
    await connection.execute(
        "update document set state = $2, ended_at = $3, ended_label = $4, ended_reason = $5 where id = $1",
        document_id, state, at, label, reason,
    )  # fmt: skip


async def put_pdf(
    connection: Connection, document_id: UUID, pdf: bytes, digest: str, signature: str, key_id: UUID, at: datetime
) -> None:
    """Nothing where somebody else has set it meanwhile."""
    await connection.execute(
        "update document set pdf = $2, digest = $3, signature = $4, key_id = $5, signed_at = $6"
        " where id = $1 and pdf is null",
        document_id, pdf, digest, signature, key_id, at,
    )  # fmt: skip


async def pdf_of(connection: Connection, document_id: UUID) -> bytes | None:
    found: bytes | None = await connection.fetchval("select pdf from document where id = $1", document_id)
    return found


# -- keys ---------------------------------------------------------------------------------------------------------


async def key(connection: Connection, key_id: UUID) -> SigningKey | None:
    row = await connection.fetchrow(f"select {_KEY} from document_key where id = $1", key_id)
    return None if row is None else SigningKey(*row.values())


async def current_key(connection: Connection, organisation_id: int) -> SigningKey | None:
    row = await connection.fetchrow(
        f"select {_KEY} from document_key where organisation_id = $1 and retired_at is null", organisation_id
    )
    return None if row is None else SigningKey(*row.values())


async def add_key(connection: Connection, made: SigningKey) -> None:
    """Nothing where the office has got a key meanwhile."""
    await connection.execute(
        f"insert into document_key ({_KEY}) values ($1, $2, $3, $4, $5, $6, $7, $8)"
        " on conflict (organisation_id) where retired_at is null do nothing",
        *astuple(made),
    )
