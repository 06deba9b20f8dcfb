"""Imports that go on by themselves after the request that began them: their files, and going on after an interruption.

Each run has a folder below ``things`` of the installation's home: the file as it was sent, the report, the refused rows. The
file holds personal data: it goes as soon as the run has ended, and where nobody lets an interrupted run go on, after
:data:`KEPT_FOR`.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from yiwang.kernel import logs
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import Problem, TooLarge
from yiwang.registry.importing.errors import ImportFileGone, ImportLost
from yiwang.registry.importing.mapping import ImportMapping
from yiwang.registry.importing.runner import Wanted, import_things
from yiwang.registry.importing.sources import SUFFIXES
from yiwang.registry.importing.store import ImportRun
from yiwang.registry.service import RegistryService

log = logs.get("registry.importing")
KEPT_FOR = timedelta(days=7)
"""How long the file of an interrupted import waits for being let go on."""
_running: set[asyncio.Task[None]] = set()


def folder_of(service: RegistryService) -> Path:
    """Below it every run has a folder with its id."""
    return service.context.settings.home / "things"


async def keep(pieces: AsyncIterator[bytes], name: str, folder: Path, limit: int) -> Path:
    """Write what is sent into the folder, under a name of ours with the suffix of theirs.

    Raises:
        TooLarge: more than ``limit`` bytes.
    """
    suffix = Path(name).suffix.lower()
    path = folder / f"source{suffix if suffix in SUFFIXES else '.csv'}"
    size = 0
    with path.open("wb") as out:
        async for piece in pieces:
            size += len(piece)
            if size > limit:
                raise TooLarge(limit=limit, size=size)
            await asyncio.to_thread(out.write, piece)
    return path


async def start(
    service: RegistryService, actor: Actor, type_id: str, path: Path, wanted: Wanted, run_id: UUID
) -> ImportRun:
    """Begin (or go on with) an import as a task of its own; returns when its run is known.

    Raises:
        Whatever keeps it from beginning: see :func:`import_things`.
    """
    await asyncio.to_thread(_forget_old, folder_of(service))
    first: asyncio.Future[ImportRun] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(_run(service, actor, type_id, path, wanted, run_id, first))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return await first


async def go_on(service: RegistryService, actor: Actor, run: ImportRun) -> ImportRun:
    """Let an interrupted import go on from the file that was kept.

    Raises:
        ImportFileGone: it is no longer there.
    """
    path = await asyncio.to_thread(kept_file, service, run)
    if path is None:
        raise ImportFileGone(done=run.rows_done)
    asked = run.shown.get("asked")
    sheet, given = (asked.get("sheet"), asked.get("valid_from")) if isinstance(asked, dict) else (None, None)
    wanted = Wanted(
        ImportMapping.model_validate(run.mapping),
        sheet if isinstance(sheet, str) else None,
        valid_from=datetime.fromisoformat(given) if isinstance(given, str) else None,
        organisation_id=run.organisation_id,
        name=run.file_name,
        folder=folder_of(service),
    )
    return await start(service, actor, run.type, path, wanted, run.id)


def kept_file(service: RegistryService, run: ImportRun) -> Path | None:
    """The file of a run that has not ended, where it is still kept."""
    if run.dry_run or run.finished_at is not None:
        return None
    return next((folder_of(service) / str(run.id)).glob("source.*"), None)


async def _run(
    service: RegistryService,
    actor: Actor,
    type_id: str,
    path: Path,
    wanted: Wanted,
    run_id: UUID,
    first: asyncio.Future[ImportRun],
) -> None:
    """The import; ``first`` hears of its begin, or why there is none. Whoever is interrupted keeps the file."""

    def begun(run: ImportRun) -> None:
        if not first.done():
            first.set_result(run)

    files = [path]
    try:
        ended = await import_things(service, actor, type_id, path, wanted, run_id=run_id, begun=begun)
        files += (folder_of(service) / str(ended.id)).glob("source.*")  # of an interrupted one that was sent again
        begun(ended)
    except Problem as problem:
        if not first.done():
            first.set_exception(problem)
        if isinstance(problem, ImportLost) and not wanted.dry_run:
            return
    except Exception as error:  # a task of its own: nobody else would hear of it
        log.exception("an import failed", run=str(run_id))
        if not first.done():
            first.set_exception(error)
        return
    for each in files:
        with contextlib.suppress(OSError):
            each.unlink()


def _forget_old(folder: Path) -> None:
    """Remove the files of runs that nobody lets go on."""
    oldest = time.time() - KEPT_FOR.total_seconds()
    for path in folder.glob("*/source.*"):
        with contextlib.suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
