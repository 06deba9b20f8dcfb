"""HTTP routes of decision tables: versions as JSON, DMN and CSV, drafts, publishing, trying, comparing. Thin.

Who may edit and publish flow definitions may edit and publish decision tables.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Body, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from yiwang.flow.decisions.declared import AnyJson, DecisionTable, Misplaced, declared_of, document_of
from yiwang.flow.decisions.dmn import read_dmn, write_dmn
from yiwang.flow.decisions.model import Document, Finding
from yiwang.flow.decisions.service import DecisionService, DraftedTable, document, faults
from yiwang.flow.decisions.sheet import read_sheet, write_sheet
from yiwang.flow.store.decisions import DecisionRow
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.errors import FieldError, InvalidInput, NotFound
from yiwang.kernel.refusals import problems

_KEY = "[A-Za-z_][A-Za-z0-9_.-]{0,99}"
_LARGEST = 4 * 2**20

Key = Annotated[str, Path(pattern=f"^{_KEY}$", description="决策表标识 key of the table")]
Version = Annotated[int, Path(ge=1, le=2**31 - 1, description="版本号")]
Limit = Annotated[int, Query(ge=1, le=200, description="How many at most.")]
Dmn = Annotated[
    bytes, Body(media_type="application/xml", min_length=1, max_length=_LARGEST, description="DMN 1.3, UTF-8")
]
Csv = Annotated[
    bytes, Body(media_type="text/csv", min_length=1, max_length=_LARGEST, description="The table as a sheet")
]


class WordsView(BaseModel):
    zh: str
    en: str


class TableHeadView(BaseModel):
    """A version of a decision table."""

    id: UUID
    key: str
    version: int
    state: Literal["draft", "published", "retired"]
    names: WordsView
    digest: str = Field(description="SHA-256 of its content")
    created_at: datetime
    published_at: datetime | None


class TableHeadPage(BaseModel):
    items: list[TableHeadView]
    next: str | None = Field(description="Cursor of the next page (`after`).")


class TableFindingView(BaseModel):
    """What is wrong with a table, and where: ``where`` is a JSON pointer into the table."""

    level: Literal["error", "warning"]
    code: str
    where: str
    rule: int | None = Field(description="Number of the rule, from 1.")
    zh: str
    en: str


class TableVersionView(TableHeadView):
    """A version with its table; ``findings``: what keeps it from being published, and what may be meant otherwise."""

    table: DecisionTable
    findings: list[TableFindingView]


class TableDraftView(BaseModel):
    """A saved draft with everything that is wrong with it."""

    decision: TableHeadView
    findings: list[TableFindingView]


class Question(BaseModel):
    """A question to a table."""

    model_config = ConfigDict(extra="forbid")

    inputs: dict[str, AnyJson] = Field(max_length=200, description="The variables by name.")
    version: int | None = Field(
        None, ge=1, le=2**31 - 1, description="A version, a draft too; the published one if left out."
    )


class AnswerView(BaseModel):
    """An answer, the rules that gave it, and why. Several rules answer with a list where the hit policy says so."""

    outputs: dict[str, JsonValue] | list[dict[str, JsonValue]]
    rules: list[str]
    reason: WordsView


class DifferencesView(BaseModel):
    """Every change from one version to the other."""

    changes: list[WordsView]


router = APIRouter(
    prefix="/api/v1",
    tags=["decisions 决策表"],
    responses=problems(
        "input.unreadable", "identity.forbidden", "input.too_large", "input.too_many_requests", "unavailable"
    ),
)


@router.get("/decisions", summary="List decision tables 决策表列表", responses=problems())
async def list_decisions(
    request: Request,
    actor: SignedInActor,
    key: Annotated[str | None, Query(pattern=f"^{_KEY}$", description="All versions of this one.")] = None,
    after: Annotated[str, Query(pattern=f"^({_KEY}/[0-9]{{1,9}})?$", description="`next` of the page before.")] = "",
    limit: Limit = 50,
) -> TableHeadPage:
    """Published tables by key; with ``key`` every version of one. Drafts for those who may edit them."""
    name, _, version = after.rpartition("/")
    service = _service(request)
    async with service.context.database.connection() as connection:
        rows = await service.list_decisions(
            connection, key=key, after=(name, int(version or 0)), drafts=_may_edit(actor), limit=limit
        )
    last = f"{rows[-1].key}/{rows[-1].version}" if len(rows) == limit else None
    return TableHeadPage(items=[_head(row) for row in rows], next=last)


@router.get("/decisions/{key}", summary="Published decision table 现行决策表", responses=problems("not_found"))
async def published_decision(request: Request, actor: SignedInActor, key: Key) -> TableVersionView:
    """The published version with its table and examples."""
    service = _service(request)
    async with service.context.database.connection() as connection:
        found = await service.latest(connection, key)
    return _version(found.row)


@router.get(
    "/decisions/{key}/versions/{version}", summary="A version of a table 决策表版本", responses=problems("not_found")
)
async def decision_version(request: Request, actor: SignedInActor, key: Key, version: Version) -> TableVersionView:
    """With its table and examples. Drafts only for those who may edit."""
    return _version(await _row(request, actor, key, version))


@router.get(
    "/decisions/{key}/versions/{version}/dmn",
    summary="A version as DMN 1.3 导出 DMN",
    response_class=Response,
    responses={200: {"content": {"application/xml": {"schema": {"type": "string"}}}}, **problems("not_found")},
)
async def decision_as_dmn(request: Request, actor: SignedInActor, key: Key, version: Version) -> Response:
    """The table as a file for DMN modelers; what another tool had put into it is there again."""
    row = await _row(request, actor, key, version)
    xml = await asyncio.to_thread(write_dmn, document(row))  # a large table takes its time
    return Response(xml, media_type="application/xml", headers=_named(row, "dmn"))


@router.get(
    "/decisions/{key}/versions/{version}/csv",
    summary="A version as CSV 导出 CSV",
    response_class=Response,
    responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, **problems("not_found")},
)
async def decision_as_csv(request: Request, actor: SignedInActor, key: Key, version: Version) -> Response:
    """The table as a sheet for spreadsheet programs, without its examples."""
    row = await _row(request, actor, key, version)
    return Response(write_sheet(document(row).table), media_type="text/csv; charset=utf-8", headers=_named(row, "csv"))


@router.put(
    "/decisions/{key}/draft",
    summary="Save a draft 保存草稿",
    responses=problems("identity.forbidden", "decision.refused", "decision.unreadable"),
)
async def save_draft(request: Request, actor: SignedInActor, key: Key, table: DecisionTable) -> TableDraftView:
    """Keep a table as the draft of ``key``; its faults are listed, not refused."""
    _require_edit(actor)
    try:
        shown = document_of(table)
    except Misplaced as misplaced:
        where = "".join(f"/{part}" for part in misplaced.trail)
        known = ", ".join(misplaced.known)
        zh, en = f"没有列 {misplaced.name},可用:{known}", f"there is no column {misplaced.name}; known: {known}"
        error = FieldError(where=where, code="decision.column", zh=zh, en=en)
        raise InvalidInput(errors=[error], count=1) from misplaced
    return await _save(request, actor, key, shown)


@router.put(
    "/decisions/{key}/draft/dmn",
    summary="Save a draft from DMN 由 DMN 保存草稿",
    responses=problems("identity.forbidden", "decision.refused", "decision.unreadable"),
)
async def save_dmn(request: Request, actor: SignedInActor, key: Key, dmn: Dmn) -> TableDraftView:
    """Keep the table of a DMN file as the draft of ``key``. Examples stay as they are where the file has none."""
    _require_edit(actor)
    shown = await asyncio.to_thread(read_dmn, dmn)
    if not shown.examples:
        old = await _newest(request, key)
        shown = replace(shown, examples=old.examples if old is not None else ())
    return await _save(request, actor, key, shown)


@router.put(
    "/decisions/{key}/draft/csv",
    summary="Save a draft from CSV 由 CSV 保存草稿",
    responses=problems("identity.forbidden", "decision.refused", "decision.unreadable"),
)
async def save_csv(request: Request, actor: SignedInActor, key: Key, sheet: Csv) -> TableDraftView:
    """Keep the table of a sheet as the draft of ``key``; examples and parts of a DMN file stay as they are."""
    _require_edit(actor)
    table = await asyncio.to_thread(read_sheet, sheet)
    old = await _newest(request, key)
    shown = Document(table) if old is None else replace(old, table=table)
    return await _save(request, actor, key, shown)


@router.post(
    "/decisions/{key}/publish",
    summary="Publish the draft 发布草稿",
    responses=problems("identity.forbidden", "decision.draft_missing", "decision.refused"),
)
async def publish(request: Request, actor: SignedInActor, key: Key) -> TableDraftView:
    """The draft becomes the published version, if it has no faults and every example comes out as it should."""
    actor.require("definition", "publish")
    service = _service(request)
    async with service.context.database.transaction() as connection:
        published = await service.publish_draft(connection, key, actor, service.context.clock.now())
    return TableDraftView(decision=_head(published.row), findings=_findings(published.findings))


@router.post(
    "/decisions/{key}/evaluate",
    summary="Ask a table 试算",
    responses=problems(
        "not_found", "decision.unmatched", "decision.several_hits", "decision.answers_differ", "decision.input_missing",
        "decision.input_wrong", "decision.cell_failed", "decision.refused",
    ),
)  # fmt: skip
async def evaluate(request: Request, actor: SignedInActor, key: Key, question: Question) -> AnswerView:
    """What the table answers for these variables, by which rules and why. Nothing is changed by asking."""
    service = _service(request)
    if question.version is not None:
        await _row(request, actor, key, question.version)
    async with service.context.database.connection() as connection:
        decision = await service.evaluate(connection, key, question.inputs, version=question.version)
    reason = WordsView(zh=decision.reason.zh, en=decision.reason.en)
    return AnswerView(outputs=decision.outputs, rules=list(decision.rules), reason=reason)


@router.get("/decisions/{key}/differences", summary="Compare two versions 版本比较", responses=problems("not_found"))
async def compare(
    request: Request,
    actor: SignedInActor,
    key: Key,
    old: Annotated[int, Query(ge=1, le=2**31 - 1, description="The earlier version.")],
    new: Annotated[int, Query(ge=1, le=2**31 - 1, description="The later version.")],
) -> DifferencesView:
    """What changed between two versions, in words."""
    for version in (old, new):
        await _row(request, actor, key, version)
    service = _service(request)
    async with service.context.database.connection() as connection:
        changes = await service.compare(connection, key, old, new)
    return DifferencesView(changes=[WordsView(zh=change.zh, en=change.en) for change in changes])


def _service(request: Request) -> DecisionService:
    service: DecisionService = request.app.state.flow.decisions
    return service


def _may_edit(actor: Actor) -> bool:
    return actor.may("definition", "edit") or actor.may("definition", "publish")


def _require_edit(actor: Actor) -> None:
    if not _may_edit(actor):
        actor.require("definition", "edit")


async def _row(request: Request, actor: Actor, key: str, version: int) -> DecisionRow:
    service = _service(request)
    async with service.context.database.connection() as connection:
        row = await service.version(connection, key, version)
    if row.state == "draft" and not _may_edit(actor):
        raise NotFound(what="决策表版本")
    return row


async def _newest(request: Request, key: str) -> Document | None:
    service = _service(request)
    async with service.context.database.connection() as connection:
        return await service.newest(connection, key)


async def _save(request: Request, actor: Actor, key: str, shown: Document) -> TableDraftView:
    service = _service(request)
    async with service.context.database.transaction() as connection:
        drafted: DraftedTable = await service.save_draft(connection, key, shown, actor, service.context.clock.now())
    return TableDraftView(decision=_head(drafted.row), findings=_findings(drafted.findings))


def _head(row: DecisionRow) -> TableHeadView:
    return TableHeadView(
        id=row.id,
        key=row.key,
        version=row.version,
        state=row.state,
        names=WordsView(zh=row.names.zh, en=row.names.en),
        digest=row.digest,
        created_at=row.created_at,
        published_at=row.published_at,
    )


def _version(row: DecisionRow) -> TableVersionView:
    shown = document(row)
    found = _findings(faults(shown)) if row.state == "draft" else []
    return TableVersionView(**_head(row).model_dump(), table=declared_of(shown), findings=found)


def _findings(findings: tuple[Finding, ...]) -> list[TableFindingView]:
    return [
        TableFindingView(
            level=finding.level,
            code=f"decision.{finding.code}",
            where="".join(f"/{part}" for part in finding.trail),
            rule=finding.rule,
            zh=finding.zh,
            en=finding.en,
        )
        for finding in findings
    ]


def _named(row: DecisionRow, ending: str) -> dict[str, str]:
    return {"content-disposition": f'attachment; filename="{row.key}-{row.version}.{ending}"'}
