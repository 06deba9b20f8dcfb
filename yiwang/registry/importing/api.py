"""HTTP routes of importing and exporting things. Thin.

A run has a folder below ``things`` of the installation's home: the file, the report and the refused rows; how far it is
stands in the database. A file is judged first (dry run), which also tells the mapping that was guessed; sent again with
``dry_run=false`` it is taken. After an interruption it goes on where it stopped, let go on by name or sent again.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, BinaryIO, Literal
from uuid import UUID

from fastapi import APIRouter, File, Form, Request, UploadFile
from fastapi import Path as InPath
from fastapi.responses import FileResponse, StreamingResponse
from pydantic import AwareDatetime, ValidationError

from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.errors import FieldError, Forbidden, InvalidInput
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.registry.exporting import export_things
from yiwang.registry.importing import store
from yiwang.registry.importing.background import folder_of, go_on, keep, kept_file, start
from yiwang.registry.importing.errors import ImportUnknown
from yiwang.registry.importing.mapping import ImportMapping
from yiwang.registry.importing.runner import Wanted, propose
from yiwang.registry.importing.sources import examples_of, open_table
from yiwang.registry.importing.store import ImportRun
from yiwang.registry.importing.views import ExportBody, GuessView, ThingImportLine, ThingImportList, ThingImportView
from yiwang.registry.model import Asked, kinds_of
from yiwang.registry.service import RegistryService

router = APIRouter(prefix="/api/v1", tags=["things 登记"], responses=problems(*BEFORE_ANY_ROUTE))

TypeId = Annotated[str, InPath(max_length=60, pattern=r"^[a-z][a-z0-9-]*$", description="Type of the thing 登记类型")]
RunId = Annotated[UUID, InPath(description="The import's id")]
_piece = 1 << 20
_longest_mapping = 100_000
_runs_told = 50
_MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "geojson": "application/geo+json",
}


@router.post(
    "/things/{type}/imports/guess",
    summary="Guess the mapping 识别列",
    responses=problems("thing.type_unknown", "sheet.unreadable", "input.too_large", "identity.forbidden"),
)
async def guess_mapping(
    request: Request,
    type: TypeId,
    actor: SignedInActor,
    file: Annotated[UploadFile, File(description="CSV, Excel, GeoJSON, Shapefile (zip) or GeoPackage")],
    sheet: Annotated[str | None, Form(max_length=100)] = None,
) -> GuessView:
    """The mapping that this office used before for such a file, or the one that its headers suggest."""
    service = _service(request)
    kind = service.types.type(type)
    _require(actor, type)
    with tempfile.TemporaryDirectory() as folder:
        limit = service.context.settings.upload_limit
        path = await keep(_pieces(file), file.filename or "", Path(folder), limit)
        table = await asyncio.to_thread(open_table, path, sheet=sheet or None)
        examples = await asyncio.to_thread(examples_of, table)
        found = await propose(service, kind, table, actor.organisation_id)
    return GuessView(
        mapping=found.mapping, sureness=found.sureness, unread=found.unread, remembered=found.remembered,
        header=table.header, examples=examples, sheets=table.sheets,
    )  # fmt: skip


@router.post(
    "/things/{type}/imports",
    status_code=202,
    summary="Import a table 导入",
    responses=problems(
        "thing.type_unknown",
        "sheet.unreadable",
        "thing.import_mapping_unfit",
        "thing.import_busy",
        "input.too_large",
        "identity.forbidden",
    ),
)
async def begin(
    request: Request,
    type: TypeId,
    actor: SignedInActor,
    file: Annotated[UploadFile, File(description="CSV, Excel, GeoJSON, Shapefile (zip) or GeoPackage")],
    mapping: Annotated[
        str, Form(max_length=_longest_mapping, description="JSON; left out: remembered or guessed")
    ] = "",
    sheet: Annotated[str | None, Form(max_length=100, description="Worksheet or layer")] = None,
    valid_from: Annotated[AwareDatetime | None, Form(description="Since when the rows are true; left out: now")] = None,
    dry_run: Annotated[bool, Form(description="Judge and compare every row, write nothing but the report.")] = True,
) -> ThingImportView:
    """Start an import; ask for its state at ``/things/{type}/imports/{id}``."""
    service = _service(request)
    service.types.type(type)
    _require(actor, type)
    own = _mapping(mapping)
    run_id = new_id()
    folder = folder_of(service) / str(run_id)
    await asyncio.to_thread(folder.mkdir, parents=True, mode=0o700)
    path = await keep(_pieces(file), file.filename or "", folder, service.context.settings.upload_limit)
    wanted = Wanted(
        own, sheet or None, dry_run, valid_from, name=(file.filename or path.name)[:200], folder=folder_of(service),
    )  # fmt: skip
    return _view(service, await start(service, actor, type, path, wanted, run_id))


@router.get(
    "/things/{type}/imports",
    summary="Imports so far 导入历史",
    responses=problems("thing.type_unknown", "identity.forbidden"),
)
async def runs(request: Request, type: TypeId, actor: SignedInActor) -> ThingImportList:
    """The newest imports of the caller's office: who, when, which file, what became of its rows."""
    service = _service(request)
    service.types.type(type)
    _require(actor, type)
    async with service.context.database.connection() as connection:
        found = await store.runs_of(connection, type, actor.organisation_id, actor.account_id, limit=_runs_told)
    return ThingImportList(items=[_line(run, actor) for run in found])


@router.post(
    "/things/{type}/imports/{run_id}/resume",
    status_code=202,
    summary="Go on 继续导入",
    responses=problems(
        "thing.type_unknown",
        "thing.import_unknown",
        "thing.import_file_gone",
        "thing.import_busy",
        "identity.forbidden",
    ),
)
async def resume(request: Request, type: TypeId, run_id: RunId, actor: SignedInActor) -> ThingImportView:
    """An import that was interrupted goes on after its last row, from the file that was sent; one that runs or has ended is
    only told."""
    service = _service(request)
    service.types.type(type)
    _require(actor, type)
    run = await _own_run(service, type, run_id, actor)
    if run.finished_at is None and not run.held and not run.dry_run:
        run = await go_on(service, actor, run)
    return _view(service, run)


@router.get(
    "/things/{type}/imports/{run_id}",
    summary="How far it is 导入进度",
    responses=problems("thing.import_unknown"),
)
async def state(request: Request, type: TypeId, run_id: RunId, actor: SignedInActor) -> ThingImportView:
    """Rows done and what became of them; why it failed where it did, and whether it can go on."""
    service = _service(request)
    return _view(service, await _own_run(service, type, run_id, actor))


@router.get(
    "/things/{type}/imports/{run_id}/{name}.csv",
    summary="Row by row 逐行报告",
    response_class=FileResponse,
    responses={200: {"content": {"text/csv": {}}}, **problems("thing.import_unknown")},
)
async def report(
    request: Request,
    type: TypeId,
    run_id: RunId,
    name: Annotated[
        Literal["report", "refused"], InPath(description="report: what is wrong; refused: rows to correct")
    ],
    actor: SignedInActor,
) -> FileResponse:
    """``report``: row, column, value (masked where personal), what is wrong, how to correct it. ``refused``: the refused
    rows as they were sent, to be corrected and sent again."""
    service = _service(request)
    run = await _own_run(service, type, run_id, actor)
    path = folder_of(service) / str(run.id) / f"{name}.csv"
    if not await asyncio.to_thread(path.is_file):
        raise ImportUnknown(id=str(run_id))
    return FileResponse(path, media_type="text/csv", filename=f"{name}-{run_id}.csv")


@router.post(
    "/things/{type}/exports",
    summary="Export 导出",
    response_class=StreamingResponse,
    responses={
        200: {"content": {each: {} for each in _MEDIA.values()}, "headers": {"X-Rows": {"schema": {"type": "integer"}}}},
        **problems("thing.type_unknown", "thing.filter_unknown", "thing.purpose_needed", "thing.export_too_large",
                   "identity.forbidden"),
    },
)  # fmt: skip
async def export(request: Request, type: TypeId, actor: SignedInActor, body: ExportBody) -> StreamingResponse:
    """Things within reach as a file; ``X-Rows`` says how many, ``X-Masked`` how many of them are masked. Journalled."""
    service = _service(request)
    folder = tempfile.TemporaryDirectory(prefix="yiwang-export-")
    path = Path(folder.name) / f"{type}.{body.format}"
    asked = Asked(filters=body.where, words=body.words, area=body.area, valid_at=body.valid_at)
    try:
        made = await export_things(service, actor, type, body.format, path, asked, body.purpose)
        file = await asyncio.to_thread(path.open, "rb")
    finally:
        folder.cleanup()  # what is open stays readable until it is sent, and nothing is left behind
    size = os.fstat(file.fileno()).st_size
    return StreamingResponse(
        _content(file),
        media_type=_MEDIA[body.format],
        headers={
            "Content-Disposition": f'attachment; filename="{path.name}"', "Content-Length": str(size),
            "X-Rows": str(made.rows), "X-Masked": str(made.masked), "Cache-Control": "no-store",
        },
    )  # fmt: skip


async def _content(file: BinaryIO) -> AsyncIterator[bytes]:
    with file:
        while piece := await asyncio.to_thread(file.read, _piece):
            yield piece


async def _own_run(service: RegistryService, type_id: str, run_id: UUID, actor: Actor) -> ImportRun:
    async with service.context.database.connection() as connection:
        run = await store.run_by_id(connection, run_id)
    if run is None or run.type != type_id or run.account_id != actor.account_id:
        raise ImportUnknown(id=str(run_id))
    return run


def _view(service: RegistryService, run: ImportRun) -> ThingImportView:
    failed, shown = run.failed or {}, run.shown
    state = _state(run)
    return ThingImportView.model_validate(
        {
            "id": run.id, "type": run.type, "file": run.file_name, "dry_run": run.dry_run, "state": state,
            "rows": run.rows_total, "done": run.rows_done, "counts": run.counts, "notes": run.notes,
            "mapping": run.mapping, "unread": shown.get("unread", []), "remembered": shown.get("remembered", False),
            "remarks": shown.get("remarks", []), "changes": shown.get("changes"), "why_zh": failed.get("zh", ""),
            "why_en": failed.get("en", ""), "by": shown.get("by", ""), "started_at": run.started_at,
            "finished_at": run.finished_at,
            "resumable": state in ("interrupted", "failed") and kept_file(service, run) is not None,
            "report": (folder_of(service) / str(run.id) / "report.csv").is_file(),
        }
    )  # fmt: skip


def _line(run: ImportRun, actor: Actor) -> ThingImportLine:
    return ThingImportLine(
        id=run.id, file=run.file_name, by=str(run.shown.get("by", "")), own=run.account_id == actor.account_id,
        dry_run=run.dry_run, state=_state(run), rows=run.rows_total, done=run.rows_done, counts=run.counts,
        started_at=run.started_at, finished_at=run.finished_at,
    )  # fmt: skip


def _state(run: ImportRun) -> Literal["running", "interrupted", "finished", "failed"]:
    if run.failed:
        return "failed"
    if run.finished_at is not None:
        return "finished"
    return "running" if run.held else "interrupted"


def _mapping(text: str) -> ImportMapping | None:
    if not text.strip():
        return None
    try:
        return ImportMapping.model_validate_json(text)
    except ValidationError as error:
        raise InvalidInput(
            errors=[
                FieldError(
                    where="/mapping/" + "/".join(str(part) for part in fault["loc"]),
                    code="input.invalid", zh=fault["msg"], en=fault["msg"],
                )
                for fault in error.errors()[:20]
            ]
        ) from error  # fmt: skip


def _require(actor: Actor, type_id: str) -> None:
    if not any(actor.may(each, "import") for each in kinds_of(type_id)):
        raise Forbidden(verb=f"thing-{type_id}:import")


def _service(request: Request) -> RegistryService:
    service: RegistryService = request.app.state.registry
    return service


async def _pieces(upload: UploadFile) -> AsyncIterator[bytes]:
    while piece := await upload.read(_piece):
        yield piece
