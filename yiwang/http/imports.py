"""Importing a history of cases from the desk: a file and its mapping, judged first (dry run), then taken in the background.

Each run has a folder below ``imports`` of the installation's home: the source, the mapping, ``state.json`` (written by the
process that runs it, read by all) and the report. Good rows are taken, faulty ones named; the same file asked for again
goes on where it stopped. Who imports needs ``case:import`` for the whole city. Larger files: ``yiwang import``.
"""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict

from yiwang.casework.importing import ImportMapping, ImportResult, import_cases, read_mapping
from yiwang.casework.importing.judging import note
from yiwang.casework.service import CaseService
from yiwang.http.city import CityInfo
from yiwang.kernel import logs
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.errors import Forbidden, NotFound, Problem
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.refusals import problems
from yiwang.kernel.settings import Settings

log = logs.get("imports")
router = APIRouter(prefix="/api/v1/imports", tags=["import 导入"])

_piece = 1 << 20
_tell_every = 500
_running: set[asyncio.Task[None]] = set()


class Remark(BaseModel):
    """What was remarked of rows, and of how many."""

    model_config = ConfigDict(extra="forbid")

    zh: str
    en: str
    level: Literal["refused", "warning"]
    count: int


class ImportState(BaseModel):
    """How far a run has come. ``notes`` counts what was remarked by level and code; ``remarks`` says it in words."""

    model_config = ConfigDict(extra="forbid")

    id: UUID
    dry_run: bool
    state: Literal["running", "finished", "failed"]
    done: int
    rows: int
    taken: int = 0
    refused: int = 0
    notes: dict[str, int] = {}
    remarks: list[Remark] = []
    why_zh: str = ""
    why_en: str = ""
    report: bool = False


@router.post(
    "",
    status_code=202,
    summary="Import a history 导入历史案卷",
    responses=problems(
        "identity.sign_in_needed",
        "identity.forbidden",
        "import.mapping_invalid",
        "case.type_unknown",
        "input.too_large",
    ),
)
async def begin(
    request: Request,
    actor: SignedInActor,
    file: Annotated[UploadFile, File(description="CSV or XLSX, the first row names the columns")],
    mapping: Annotated[UploadFile, File(description="The mapping as YAML: which column is what")],
    dry_run: Annotated[bool, Form(description="Judge every row, write nothing but the report.")] = True,
) -> ImportState:
    """Start a run; ask for its state at ``/api/v1/imports/{id}``."""
    _require_whole_city(request, actor)
    service: CaseService = request.app.state.casework
    run = new_id()
    folder = _folder(request) / str(run)
    await asyncio.to_thread(folder.mkdir, parents=True)
    source = folder / f"source{Path(file.filename or 'source.csv').suffix.lower()[:6] or '.csv'}"
    await _keep(file, source)
    await _keep(mapping, folder / "mapping.yaml")
    read = await asyncio.to_thread(read_mapping, folder / "mapping.yaml")
    service.catalogue.latest(read.type)
    state = ImportState(id=run, dry_run=dry_run, state="running", done=0, rows=0)
    await asyncio.to_thread(_write, folder, state)
    task = asyncio.create_task(_run(service, folder, source, read, state))
    _running.add(task)
    task.add_done_callback(_running.discard)
    return state


@router.get(
    "/{run_id}",
    summary="How far it is 导入进度",
    responses=problems("identity.sign_in_needed", "identity.forbidden", "not_found"),
)
async def progress(request: Request, run_id: UUID, actor: SignedInActor) -> ImportState:
    """Rows done, taken and refused; why it failed where it did."""
    _require_whole_city(request, actor)
    path = _folder(request) / str(run_id) / "state.json"
    try:
        return ImportState.model_validate_json(await asyncio.to_thread(path.read_bytes))
    except OSError as error:
        raise NotFound(what=f"导入 the import {run_id}") from error


@router.get(
    "/{run_id}/report.csv",
    summary="Row by row 逐行报告",
    response_class=FileResponse,
    responses={
        200: {"content": {"text/csv": {}}},
        **problems("identity.sign_in_needed", "identity.forbidden", "not_found"),
    },
)
async def report(request: Request, run_id: UUID, actor: SignedInActor) -> FileResponse:
    """Every row with a fault: number, field, value, what is wrong."""
    _require_whole_city(request, actor)
    path = _folder(request) / str(run_id) / "report.csv"
    if not await asyncio.to_thread(path.is_file):
        raise NotFound(what=f"导入 the import {run_id}")
    return FileResponse(path, media_type="text/csv", filename=f"import-{run_id}.csv")


async def _run(service: CaseService, folder: Path, source: Path, mapping: ImportMapping, state: ImportState) -> None:
    told = 0

    def tell(done: int, rows: int) -> None:
        nonlocal told
        state.done, state.rows = done, rows
        if done - told >= _tell_every or done == rows:
            told = done
            _write(folder, state)

    try:
        result: ImportResult = await import_cases(
            service, source, mapping, dry_run=state.dry_run, report=folder / "report.csv", progress=tell
        )
    except Problem as problem:
        state.state, state.why_zh, state.why_en = "failed", problem.message("zh"), problem.message("en")
    except Exception as error:  # a task of its own: nobody else would hear of it
        log.exception("an import failed", run=str(state.id))
        state.state, state.why_zh, state.why_en = "failed", f"导入中断:{error}", f"The import broke off: {error}"
    else:
        state.state, state.done, state.rows = "finished", result.rows, result.rows
        state.taken, state.refused, state.notes = result.taken, result.refused, result.notes
        state.remarks = [_remark(name, count) for name, count in result.notes.items()]
    state.report = (folder / "report.csv").is_file()
    await asyncio.to_thread(_write, folder, state)
    with contextlib.suppress(OSError):
        source.unlink()  # it holds personal data, and has served


def _remark(name: str, count: int) -> Remark:
    level, _, code = name.partition(" ")
    said = note(0, "", "", "refused" if level == "refused" else "warning", code)
    return Remark(zh=said.zh, en=said.en, level=said.level, count=count)


def _require_whole_city(request: Request, actor: Actor) -> None:
    """A history holds every area, so that a grant for a part of the city is not enough."""
    city: CityInfo = request.app.state.city
    if not any(city.division.startswith(grant.area) for grant in actor.grants_for("case", "import")):
        raise Forbidden(verb="case:import")


def _folder(request: Request) -> Path:
    settings: Settings = request.app.state.context.settings
    return settings.home / "imports"


async def _keep(upload: UploadFile, path: Path) -> None:
    with path.open("wb") as out:
        while piece := await upload.read(_piece):
            await asyncio.to_thread(out.write, piece)


def _write(folder: Path, state: ImportState) -> None:
    """In one step, so that a reader never sees half of it."""
    new = folder / "state.new"
    new.write_bytes(orjson.dumps(state.model_dump(mode="json")))
    new.replace(folder / "state.json")
