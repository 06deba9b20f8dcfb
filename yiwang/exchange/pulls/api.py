"""HTTP routes of pulls, their quarantine, and of where facts came from. Thin. Times of jobs are real, UTC."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from yiwang.exchange.pulls.model import PullRun, PullShown, PullWanted, Settings
from yiwang.exchange.pulls.service import PullService
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.kernel.text import CleanLine
from yiwang.registry.importing.mapping import ImportMapping

router = APIRouter(prefix="/api/v1/exchange", tags=["pulls 数据汇聚"], responses=problems(*BEFORE_ANY_ROUTE))

PullId = Annotated[UUID, Path(description="The pull's id")]
RowId = Annotated[UUID, Path(description="The refused row's id")]
TypeId = Annotated[str, Path(max_length=60, pattern=r"^[a-z][a-z0-9-]*$", description="Type of the thing 登记类型")]
_a_month = 31 * 24 * 60


class PullBody(BaseModel):
    """What is fetched from where. ``secret``: password, private key (PEM) or token, kept sealed and never shown again."""

    model_config = ConfigDict(extra="forbid")

    name: CleanLine = Field(min_length=2, max_length=100)
    type: str = Field(max_length=60, pattern=r"^[a-z][a-z0-9-]*$")
    source: Settings
    secret: str = Field("", max_length=10_000)
    mapping: ImportMapping | None = Field(None, description="Left out: remembered, or guessed from the headers.")
    every_minutes: int = Field(0, ge=0, le=_a_month, description="0: only when asked.")


class CorrectionBody(BaseModel):
    """Cells to be replaced, by column; the others stay as they came."""

    model_config = ConfigDict(extra="forbid")

    values: dict[Annotated[str, Field(max_length=300)], Annotated[str, Field(max_length=10_000)]] = Field(
        max_length=200
    )


class PullRunView(BaseModel):
    """A file or answer that was fetched. ``counts``: rows that were new, changed, the same, refused."""

    id: UUID
    state: str
    file: str
    rows: int
    counts: dict[str, JsonValue]
    import_id: UUID | None
    why_zh: str
    why_en: str
    began_at: datetime
    finished_at: datetime | None


class PullView(BaseModel):
    """A job. ``waiting``: rows in quarantine; ``failures``: runs that failed in a row; ``runs``: the newest first."""

    id: UUID
    name: str
    type: str
    kind: str
    source: dict[str, JsonValue]
    has_secret: bool
    every_minutes: int
    state: str
    last_key: str | None
    failures: int
    waiting: int
    next_at: datetime | None
    created_at: datetime
    by: str
    runs: list[PullRunView]


class RowProblem(BaseModel):
    """What is wrong in a column (empty: with the row as a whole), and how to correct it."""

    column: str
    code: str
    zh: str
    en: str
    fix_zh: str
    fix_en: str


class RefusedRow(BaseModel):
    """A row that would be refused, by its number in the file."""

    row: int
    problems: list[RowProblem]


class PullTrial(BaseModel):
    """What a pull would bring: ``counts`` rows that would be new, changed, the same, refused; ``notes`` refusals by code;
    ``unread`` columns that nothing is read from; ``refused`` the first rows that would be refused. ``file`` is empty where there
    is nothing to fetch."""

    file: str
    rows: int
    counts: dict[str, int]
    notes: dict[str, int]
    unread: list[str]
    refused: list[RefusedRow]


class PullList(BaseModel):
    items: list[PullView]


class QuarantineView(BaseModel):
    """A refused row; ``values``: its cells by column, personal ones masked."""

    id: UUID
    row: int
    values: dict[str, str]
    problems: list[dict[str, JsonValue]]


class QuarantinePage(BaseModel):
    items: list[QuarantineView]
    after: UUID | None


class OriginView(BaseModel):
    """Where a fact came from: ``kind`` of source (file, pull; empty: recorded by hand), its name and day, the row in it."""

    fact: UUID
    kind: str
    name: str
    at: datetime | None
    row: int | None
    pull: str
    file: str


class Lineage(BaseModel):
    items: list[OriginView]


@router.post(
    "/pulls",
    status_code=201,
    summary="Fetch from another system 新建汇聚任务",
    responses=problems(
        "thing.type_unknown", "pull.invalid", "pull.name_taken", "exchange.host_not_allowed", "identity.forbidden",
        "sealing.key_file_unreadable",
    ),
)  # fmt: skip
async def declare(request: Request, actor: SignedInActor, body: PullBody) -> PullView:
    """Needs the grant ``import`` on the type; only hosts that the operator has declared. Runs at once, then as asked."""
    service = _service(request)
    wanted = PullWanted(body.name, body.type, body.source, body.secret, body.mapping, body.every_minutes)
    return _view(PullShown(await service.declare(actor, wanted), [], 0))


@router.post(
    "/pulls/try",
    summary="Try a pull 试取一次",
    responses=problems(
        "thing.type_unknown", "pull.invalid", "pull.source_failed", "exchange.host_not_allowed", "identity.forbidden",
        "sealing.key_file_unreadable", "sheet.unreadable", "thing.import_mapping_unfit", "thing.pull_failed",
    ),
)  # fmt: skip
async def try_out(request: Request, actor: SignedInActor, body: PullBody) -> PullTrial:
    """Fetch as the pull would and judge its first file. No pull, no secret and no row is kept."""
    wanted = PullWanted(body.name, body.type, body.source, body.secret, body.mapping, body.every_minutes)
    tried = await _service(request).try_out(actor, wanted)
    if tried is None:
        return PullTrial(file="", rows=0, counts={}, notes={}, unread=[], refused=[])
    run = tried.run
    unread = run.shown.get("unread")
    return PullTrial(
        file=run.file_name,
        rows=run.rows_total,
        counts=run.counts,
        notes=run.notes,
        unread=[str(each) for each in unread] if isinstance(unread, list) else [],
        refused=[
            RefusedRow(row=row, problems=[RowProblem.model_validate(each) for each in problems])
            for row, problems in tried.refused.items()
        ],
    )


@router.get("/pulls", summary="Own pulls 我的汇聚任务")
async def own(request: Request, actor: SignedInActor) -> PullList:
    """Those of the account and of its office, with state, last run and rows in quarantine."""
    return PullList(items=[_view(each) for each in await _service(request).own(actor)])


@router.get("/pulls/{pull_id}", summary="One pull 汇聚任务", responses=problems("pull.unknown"))
async def one(request: Request, pull_id: PullId, actor: SignedInActor) -> PullView:
    """With its last runs."""
    return _view(await _service(request).one(actor, pull_id))


@router.post(
    "/pulls/{pull_id}/run",
    status_code=202,
    summary="Run now 立即汇聚",
    responses=problems("pull.unknown", "exchange.host_not_allowed"),
)
async def run(request: Request, pull_id: PullId, actor: SignedInActor) -> PullView:
    """The worker takes it at once; a paused job goes on."""
    return _view(await _service(request).run_soon(actor, pull_id))


@router.post("/pulls/{pull_id}/pause", summary="Pause 暂停", responses=problems("pull.unknown"))
async def pause(request: Request, pull_id: PullId, actor: SignedInActor) -> PullView:
    return _view(await _service(request).pause(actor, pull_id))


@router.delete("/pulls/{pull_id}", status_code=204, summary="End 删除任务", responses=problems("pull.unknown"))
async def end(request: Request, pull_id: PullId, actor: SignedInActor) -> None:
    """The job goes, with its runs and its quarantine; what it brought stays."""
    await _service(request).end(actor, pull_id)


@router.get(
    "/pulls/{pull_id}/quarantine",
    summary="Refused rows 待更正",
    responses=problems("pull.unknown", "thing.type_unknown"),
)
async def quarantine(
    request: Request,
    pull_id: PullId,
    actor: SignedInActor,
    after: Annotated[UUID | None, Query(description="Behind this row")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> QuarantinePage:
    """Rows that could not be taken, with what is wrong and how to correct it."""
    rows = await _service(request).waiting(actor, pull_id, after, limit)
    items = [QuarantineView(id=row.id, row=row.row, values=row.values, problems=row.problems) for row in rows]
    return QuarantinePage(items=items, after=rows[-1].id if len(rows) == limit else None)


@router.put(
    "/pulls/{pull_id}/quarantine/{row_id}",
    status_code=204,
    summary="Correct a row 更正并重新提交",
    responses=problems(
        "pull.unknown", "pull.quarantine_unknown", "pull.still_refused", "pull.source_failed", "thing.type_unknown",
        "thing.import_mapping_unfit", "thing.import_busy", "identity.forbidden",
    ),
)  # fmt: skip
async def correct(request: Request, pull_id: PullId, row_id: RowId, actor: SignedInActor, body: CorrectionBody) -> None:
    """Sent again with these cells; when it is still refused, every fault is told and the row goes on waiting."""
    await _service(request).correct(actor, pull_id, row_id, body.values)


@router.delete(
    "/pulls/{pull_id}/quarantine/{row_id}",
    status_code=204,
    summary="Dismiss a row 不予采用",
    responses=problems("pull.unknown", "pull.quarantine_unknown"),
)
async def dismiss(request: Request, pull_id: PullId, row_id: RowId, actor: SignedInActor) -> None:
    await _service(request).dismiss(actor, pull_id, row_id)


@router.get(
    "/lineage/{type}/{thing_id}",
    summary="Where it came from 数据来源",
    responses=problems("thing.type_unknown", "thing.unknown"),
)
async def lineage(
    request: Request, type: TypeId, thing_id: Annotated[UUID, Path(description="The record's id")], actor: SignedInActor
) -> Lineage:
    """Of every fact of a record, the newest first: file, row, day, and the pull that fetched it."""
    found = await _service(request).lineage(actor, type, thing_id)
    return Lineage(
        items=[
            OriginView(
                fact=each.fact_id, kind=each.kind, name=each.name, at=each.at, row=each.row, pull=each.pull, file=each.file
            )
            for each in found
        ]
    )  # fmt: skip


def _service(request: Request) -> PullService:
    service: PullService = request.app.state.pulls
    return service


def _view(found: PullShown) -> PullView:
    pull = found.pull
    return PullView(
        id=pull.id, name=pull.name, type=pull.type, kind=pull.kind, source=pull.settings, has_secret=bool(pull.secret),
        every_minutes=pull.every_minutes, state=pull.state, last_key=pull.last_key, failures=pull.failures,
        waiting=found.waiting, next_at=pull.next_at, created_at=pull.created_at, by=pull.account_label,
        runs=[_run(run) for run in found.runs],
    )  # fmt: skip


def _run(run: PullRun) -> PullRunView:
    error = run.error or {}
    return PullRunView(
        id=run.id, state=run.state, file=run.file, rows=run.rows, counts=run.counts, import_id=run.import_id,
        why_zh=str(error.get("zh", "")), why_en=str(error.get("en", "")), began_at=run.began_at,
        finished_at=run.finished_at,
    )  # fmt: skip
