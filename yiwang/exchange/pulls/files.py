"""Fetching files of other offices: from the inbox on this machine, or over SFTP from theirs. Each content is taken once."""

from __future__ import annotations

import asyncio
import fnmatch
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from yiwang.exchange.pulls.errors import SourceFailed
from yiwang.exchange.pulls.hosts import Host
from yiwang.exchange.pulls.model import Fetched, FolderSettings, SftpSettings
from yiwang.kernel.sheets import digest_of
from yiwang.registry.importing.sources import SUFFIXES

if TYPE_CHECKING:
    import asyncssh

MOST_BYTES = 512 * 2**20
MOST_FILES = 200
"""Files that one run takes; the others have their turn at the next."""
_seconds = 30

Known = Callable[[str], Awaitable[bool]]
"""Whether a content (SHA-256) was taken before."""


async def from_folder(wanted: FolderSettings, inbox: Path, folder: Path, known: Known) -> list[tuple[Fetched, str]]:
    """New files below the inbox, copied to ``folder``, with their digests; in the order of their names.

    Raises:
        SourceFailed: there is no inbox, the pattern leads out of it, or a file is too large.
    """
    paths = await asyncio.to_thread(_below, inbox, wanted.pattern)
    found: list[tuple[Fetched, str]] = []
    for path in paths:
        if len(found) == MOST_FILES:
            break
        copy = folder / f"{len(found):04d}{path.suffix.lower()}"
        await asyncio.to_thread(_copied, path, copy)
        digest = await asyncio.to_thread(digest_of, copy)
        if not await known(digest):
            found.append((Fetched(copy, path.relative_to(inbox.resolve()).as_posix()), digest))
    return found


def _below(inbox: Path, pattern: str) -> list[Path]:
    root = inbox.resolve()
    if not root.is_dir():
        raise SourceFailed(reason=f"没有收件文件夹 there is no folder {inbox}")
    if ".." in PurePosixPath(pattern).parts:
        raise SourceFailed(reason="路径不能含 .. the pattern leads out of the inbox")
    paths = sorted(path.resolve() for path in root.glob(pattern) if path.suffix.lower() in SUFFIXES)
    return [path for path in paths if path.is_relative_to(root) and path.is_file()]  # no link leads out


def _copied(path: Path, copy: Path) -> None:
    try:
        size = path.stat().st_size
        if size > MOST_BYTES:
            raise SourceFailed(reason=f"{path.name}: {size} > {MOST_BYTES}")
        copy.touch(mode=0o600)
        shutil.copyfile(path, copy)
    except OSError as error:
        raise SourceFailed(reason=f"{path.name}: {type(error).__name__}") from error


async def from_sftp(
    wanted: SftpSettings, host: Host, secret: str, folder: Path, known: Known
) -> list[tuple[Fetched, str]]:
    """The same from another machine; ``secret`` is a password, or a private key in PEM.

    Raises:
        SourceFailed: it does not answer, is another machine than the key says, or refuses the account.
    """
    import asyncssh  # heavy, and only few installations fetch so

    by_key = "PRIVATE KEY" in secret
    try:
        async with (
            asyncio.timeout(_seconds * 20),
            asyncssh.connect(
                host.address,
                wanted.port,
                username=wanted.user,
                password=None if by_key else secret,
                client_keys=[asyncssh.import_private_key(secret)] if by_key else None,
                known_hosts=([asyncssh.import_public_key(wanted.host_key)], [], []),
                agent_path=None,
                config=None,
                connect_timeout=_seconds,
                login_timeout=_seconds,
            ) as connection,
            connection.start_sftp_client() as client,
        ):
            return await _fetched(client, wanted, folder, known)
    except (OSError, asyncssh.Error, ValueError) as error:
        raise SourceFailed(reason=f"{type(error).__name__}: {error}"[:300]) from error


async def _fetched(
    client: asyncssh.SFTPClient, wanted: SftpSettings, folder: Path, known: Known
) -> list[tuple[Fetched, str]]:
    found: list[tuple[Fetched, str]] = []
    entries = {str(entry.filename): entry for entry in await client.readdir(wanted.folder)}
    for name, entry in sorted(entries.items(), key=lambda item: item[0]):
        if not fnmatch.fnmatch(name, wanted.pattern) or PurePosixPath(name).suffix.lower() not in SUFFIXES:
            continue
        if (entry.attrs.size or 0) > MOST_BYTES:
            raise SourceFailed(reason=f"{name}: {entry.attrs.size} > {MOST_BYTES}")
        copy = folder / f"{len(found):04d}{PurePosixPath(name).suffix.lower()}"
        copy.touch(mode=0o600)
        await client.get(f"{wanted.folder.rstrip('/')}/{name}", str(copy))
        digest = await asyncio.to_thread(digest_of, copy)
        if not await known(digest):
            found.append((Fetched(copy, name), digest))
        if len(found) == MOST_FILES:
            break
    return found
