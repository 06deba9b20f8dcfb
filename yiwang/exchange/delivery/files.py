"""Delivery as files (文件交换): CSV or JSON in a folder of the consumer, with a manifest that names count and digests.

``HOME/exchange/<consumer>/<grant>/<day>-<number>.csv`` and beside it ``….manifest.json``; the manifest is written last, so
that whoever watches the folder takes complete files only. Until the database has noted a file it is called ``….part``: what
was not noted is taken away at once, or after a day where the process died. A file stays :data:`KEPT`, and not longer than its
grant. Texts that a spreadsheet would run as formulas are made harmless.
"""

from __future__ import annotations

import asyncio
import contextlib
import csv
import hashlib
import io
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Literal, Self
from uuid import UUID

import orjson
from cryptography.hazmat.primitives import hashes

from yiwang.exchange.catalogue import store as catalogue
from yiwang.exchange.delivery import rows as row_reading
from yiwang.exchange.delivery.rows import Row
from yiwang.exchange.delivery.serving import Delivering
from yiwang.exchange.errors import FileUnknown, QuotaSpent, TooManyRows
from yiwang.exchange.sharing import file_store, store
from yiwang.exchange.sharing.asking import Sharing
from yiwang.exchange.sharing.model import KIND, DroppedFile, ShareGrant
from yiwang.identity.directory import Directory
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.clock import real_now
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json
from yiwang.kernel.errors import Forbidden
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.sheets import harmless
from yiwang.registry.service import RegistryService

Form = Literal["csv", "json"]
most_rows = 200_000
KEPT = timedelta(days=30)
"""How long a file lies in the folder, by the city's clock; the consumer has another made when it is needed."""
_cleared_at_once = 100
_PART = ".part"
_MANIFEST = ".manifest.json"
_part_seconds = 86_400


class Files:
    """One per process."""

    def __init__(
        self,
        context: Context,
        directory: Directory,
        registry: RegistryService,
        sharing: Sharing,
        delivering: Delivering,
    ) -> None:
        self._context = context
        self._directory = directory
        self._registry = registry
        self._sharing = sharing
        self._delivering = delivering

    def path(self, file: DroppedFile, consumer_id: int) -> Path:
        return self._folder(consumer_id, file.grant_id) / file.name

    def _folder(self, consumer_id: int, grant_id: UUID) -> Path:
        organisation = self._directory.organisation(consumer_id)
        name = organisation.code if organisation is not None else str(consumer_id)
        return self._context.settings.home / "exchange" / name / str(grant_id)

    async def drop(self, actor: Actor, id: UUID, form: Form) -> DroppedFile:
        """Put down all rows of a grant as they are now; by the consumer or the provider. Counts as one request of the day.

        Raises:
            ShareUnknown, Forbidden, DeliveryOther, ShareEnded, QuotaSpent, TooManyRows.
        """
        now = self._context.clock.now()
        file_id = new_id()
        part: Path | None = None
        try:
            async with self._context.database.transaction() as connection:
                grant = await self._sharing.grant(connection, actor, id)
                self._require_side(actor, grant)
                self._delivering.require_delivery(grant, "file")
                day = self._delivering.day()
                await _spend(connection, grant, file_id, day)
                resource = await catalogue.resource(connection, grant.resource_id)
                names = {item.attribute: item.name_zh for item in resource.items} if resource is not None else {}
                folder = self._folder(grant.consumer_id, grant.id)
                folder.mkdir(parents=True, exist_ok=True, mode=0o700)
                name = f"{day.isoformat()}-{file_id.hex[-8:]}.{form}"
                part = folder / f"{name}{_PART}"
                with _Out(
                    part, form, [names.get(item, item) for item in grant.wanted.items], grant.wanted.items
                ) as out:
                    async for rows in row_reading.every(self._registry, connection, grant, now):
                        out.write(rows)
                        if grant.wanted.plain and rows:
                            await self._delivering.journal_plain(connection, actor, grant, rows, now)
                    size, sha256, sm3 = out.finish()
                file = DroppedFile(file_id, grant.id, name, form, out.rows, size, sha256, sm3, actor.label, now)
                await file_store.insert_file(connection, file)
                await store.meter(connection, grant.id, day, rows=out.rows, size=size)
                data: dict[str, Json] = {
                    "file": name,
                    "rows": out.rows,
                    "sha256": sha256,
                    "consumer": grant.consumer_name,
                }
                await journal.append(
                    connection,
                    journal.entry(actor, now, "share.file_dropped", KIND, grant.id, area=grant.area, data=data),
                )
        except BaseException:
            if part is not None:
                part.unlink(missing_ok=True)
            raise
        part.rename(folder / name)
        manifest = _manifest(file, grant, resource.code if resource else "")
        (folder / f"{name}{_MANIFEST}").write_bytes(orjson.dumps(manifest, option=orjson.OPT_INDENT_2))
        return file

    def _require_side(self, actor: Actor, grant: ShareGrant) -> None:
        consumer = actor.reaches(KIND, "request", area=grant.area, organisation=grant.consumer_id)
        if not consumer and not actor.reaches(KIND, "approve", area=grant.area, organisation=grant.provider_id):
            raise Forbidden(verb=f"{KIND}:request")

    async def listed(self, actor: Actor, id: UUID) -> list[DroppedFile]:
        """The files of a grant, the newest first; at most 100."""
        async with self._context.database.connection() as connection:
            await self._sharing.grant(connection, actor, id)
            return await file_store.files(connection, id, 100)

    async def fetch(self, actor: Actor, file_id: UUID) -> tuple[DroppedFile, Path]:
        """A file for its consumer, while the grant holds.

        Raises:
            FileUnknown, Forbidden, ShareEnded.
        """
        async with self._context.database.connection() as connection:
            file = await file_store.file(connection, file_id)
            if file is None:
                raise FileUnknown()
            grant = await self._sharing.grant(connection, actor, file.grant_id)
        if not actor.reaches(KIND, "request", area=grant.area, organisation=grant.consumer_id):
            raise Forbidden(verb=f"{KIND}:request")
        self._delivering.require_delivery(grant, "file")
        path = self.path(file, grant.consumer_id)
        if not path.is_file():
            raise FileUnknown()
        return file, path

    async def clear(self) -> int:
        """Take away files that lay long enough, or whose grant has ended; how many. The journal keeps that they were."""
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            over = await file_store.files_over(connection, now, now - KEPT, _cleared_at_once)
            for file, consumer_id in over:
                path = self.path(file, consumer_id)
                for end in (_MANIFEST, _PART, ""):
                    path.with_name(f"{file.name}{end}").unlink(missing_ok=True)
                await file_store.forget_file(connection, file.id)
                data: dict[str, Json] = {"file": file.name, "sha256": file.sha256}
                await journal.append(
                    connection, journal.entry(SYSTEM, now, "share.file_cleared", KIND, file.grant_id, data=data)
                )
        await asyncio.to_thread(_forget_parts, self._context.settings.home / "exchange")
        return len(over)


async def _spend(connection: Connection, grant: ShareGrant, file_id: UUID, day: date) -> None:
    _, allowed = await store.spend(connection, grant, file_id.hex, day, real_now())
    if not allowed:
        raise QuotaSpent(quota=grant.wanted.quota)


def _forget_parts(folder: Path) -> None:
    """What a process that died had begun to write: by the machine's time, as the file system keeps it."""
    for part in folder.glob(f"*/*/*{_PART}"):
        with contextlib.suppress(FileNotFoundError):  # another process finished or removed it
            if part.stat().st_mtime < real_now().timestamp() - _part_seconds:
                part.unlink()


def _manifest(file: DroppedFile, grant: ShareGrant, code: str) -> dict[str, Json]:
    return {
        "file": file.name,
        "format": file.format,
        "encoding": "UTF-8",
        "rows": file.rows,
        "bytes": file.bytes,
        "sha256": file.sha256,
        "sm3": file.sm3,
        "resource": code,
        "grant": str(grant.id),
        "consumer": grant.consumer_name,
        "items": [*grant.wanted.items],
        "at": file.at.isoformat(),
    }


class _Out:
    """A file under way, with its digests."""

    def __init__(self, path: Path, form: Form, headers: Sequence[str], items: Sequence[str]) -> None:
        self.rows = 0
        self._form = form
        self._items = items
        self._bytes = 0
        self._sha256 = hashlib.sha256()
        self._sm3 = hashes.Hash(hashes.SM3())
        self._file = path.open("wb")
        path.chmod(0o600)
        if form == "csv":
            self._put(b"\xef\xbb\xbf" + _line([harmless(header) for header in headers]))
        else:
            self._put(b"[")

    def write(self, rows: Sequence[Row]) -> None:
        for row in rows:
            if self._form == "csv":
                self._put(_line([harmless(_text(row.values.get(item))) for item in self._items]))
            else:
                self._put((b"\n" if self.rows == 0 else b",\n") + orjson.dumps(row.values))
            self.rows += 1
        if self.rows > most_rows:
            raise TooManyRows(limit=most_rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def finish(self) -> tuple[int, str, str]:
        """(bytes, SHA-256, SM3) of the whole."""
        if self._form == "json":
            self._put(b"\n]\n")
        self._file.close()
        return self._bytes, self._sha256.hexdigest(), self._sm3.finalize().hex()

    def _put(self, content: bytes) -> None:
        self._file.write(content)
        self._sha256.update(content)
        self._sm3.update(content)
        self._bytes += len(content)


def _line(cells: Sequence[str]) -> bytes:
    line = io.StringIO()
    csv.writer(line).writerow(cells)
    return line.getvalue().encode()


def _text(value: Json) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    return value if isinstance(value, str) else orjson.dumps(value).decode()
