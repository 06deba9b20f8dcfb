"""Attachments: received in pieces with a limit, examined, scanned, stored once under their SHA-256.

Files lie in ``<home>/attachments/ab/cd/<sha256>`` with a ``.jpg`` thumbnail beside a picture. The row is written after
the file is in place; a file without a row is harmless and swept by :meth:`Attachments.sweep`.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import secrets
import shlex
import tempfile
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from yiwang.casework import store
from yiwang.casework.errors import AttachmentInfected, AttachmentRefused
from yiwang.casework.model import Attachment, AttachmentKind
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.errors import NotFound, TooLarge, Unavailable
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import clean_line

SCAN_SECONDS = 60
UNCLAIMED_HOURS = 24


class Attachments:
    """One per process."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._folder = context.settings.home / "attachments"

    async def receive(
        self, pieces: AsyncIterator[bytes], name: str, kind: AttachmentKind, actor: Actor, at: datetime
    ) -> Attachment:
        """Take an upload; the answer's ``claim`` is what lets a report or step use it.

        Raises:
            TooLarge, AttachmentRefused, AttachmentInfected; nothing is kept then.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=self._folder, prefix="incoming-")
        path = Path(temporary)
        try:
            with os.fdopen(handle, "wb") as file:
                digest, size = await self._write(pieces, file.write)
                file.flush()
                os.fsync(file.fileno())
            name = clean_line(Path(name).name)[:120] or "upload"
            if size == 0:
                raise AttachmentRefused(name=name, why_zh="文件是空的", why_en="the file is empty")
            from yiwang.casework import photos  # with its library of pictures: 5 MB, once one comes

            found = await asyncio.to_thread(photos.look, path, name, self._context.calendar.hours.timezone)
            await self._scan(path, name)
            await asyncio.to_thread(self._keep, path, digest, found.thumbnail)
        finally:
            path.unlink(missing_ok=True)
        item = Attachment(
            id=new_id(),
            case_id=None,
            kind=kind,
            sha256=digest,
            media_type=found.media_type,
            bytes=size,
            width=found.width,
            height=found.height,
            taken_at=found.taken_at,
            lon=found.lon,
            lat=found.lat,
            name=name,
            claim=secrets.token_urlsafe(12),
            uploaded_by=actor.account_id,
            uploaded_name=actor.label,
            uploaded_at=at,
        )
        async with self._context.database.transaction() as connection:
            await store.add_attachment(connection, item)
        return item

    async def _write(self, pieces: AsyncIterator[bytes], write: Callable[[bytes], int]) -> tuple[str, int]:
        limit, size, digest = self._context.settings.upload_limit, 0, hashlib.sha256()
        async for piece in pieces:
            size += len(piece)
            if size > limit:
                raise TooLarge(limit=f"{limit // 2**20} MB", size=f"> {limit // 2**20} MB")
            digest.update(piece)
            write(piece)
        return digest.hexdigest(), size

    async def _scan(self, path: Path, name: str) -> None:
        command = self._context.settings.virus_scanner
        if not command:
            return
        process = await asyncio.create_subprocess_exec(
            *shlex.split(command), str(path), stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            code = await asyncio.wait_for(process.wait(), SCAN_SECONDS)
        except TimeoutError as error:
            process.kill()
            raise Unavailable(reason="virus scanner") from error
        if code == 1:
            raise AttachmentInfected(name=name)
        if code != 0:
            raise Unavailable(reason="virus scanner")

    def _keep(self, path: Path, digest: str, thumbnail: bytes | None) -> None:
        place = self.path(digest)
        place.parent.mkdir(parents=True, exist_ok=True)
        if thumbnail is not None:
            place.with_suffix(".jpg").write_bytes(thumbnail)
        os.replace(path, place)

    def path(self, digest: str) -> Path:
        """Where the bytes of this SHA-256 lie."""
        return self._folder / digest[:2] / digest[2:4] / digest

    async def find(self, attachment_id: UUID) -> Attachment:
        """The attachment; whether the reader may see it is asked of its case by the caller."""
        async with self._context.database.connection() as connection:
            found = await store.attachment(connection, attachment_id)
        if found is None:
            raise NotFound(what="附件 attachment")
        return found

    async def sweep(self, now: datetime) -> int:
        """Remove uploads that no case claimed within a day; returns how many files went."""
        async with self._context.database.transaction() as connection:
            gone = await store.drop_unclaimed(connection, now - timedelta(hours=UNCLAIMED_HOURS))
        for digest in gone:
            self.path(digest).unlink(missing_ok=True)
            self.path(digest).with_suffix(".jpg").unlink(missing_ok=True)
        return len(gone)
