"""The packs' dispatch tables (派遣规则) for the designer, and the verbs of the journal for its filter. Reading only.

A dispatch table belongs to its case type and is published with it; it is changed in its file, which each answer names.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from yiwang.casework.catalogue import CaseType
from yiwang.casework.declarations import DispatchTable
from yiwang.casework.service import CaseService
from yiwang.http.journal_words import KINDS, VERBS
from yiwang.http.words import Words
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.context import Context
from yiwang.kernel.errors import NotFound
from yiwang.kernel.refusals import problems
from yiwang.packs.findings import Findings
from yiwang.packs.loader import load_pack, pack_folders

router = APIRouter(prefix="/api/v1/desk", tags=["desk 工作台"], responses=problems("identity.sign_in_needed"))


class DispatchTableHead(BaseModel):
    """A dispatch table of a case type as it is in force. ``file`` is empty where its pack is no more there."""

    key: str
    names: Words
    type: str
    type_names: Words
    version: int = Field(description="Version of the case type that it came with.")
    rows: int
    pack: str
    file: str


class DispatchRowView(BaseModel):
    """The first row that fits is taken; an empty condition fits everything."""

    classes: list[Words]
    areas: list[str]
    when: str
    department: Words
    limit: str
    reason: Words


class DispatchTableView(DispatchTableHead):
    lines: list[DispatchRowView]


class CodeWords(Words):
    code: str


class JournalWords(BaseModel):
    """What may be looked for in the journal."""

    verbs: list[CodeWords]
    kinds: list[CodeWords]


@router.get("/dispatch-tables", summary="Dispatch tables 派遣规则表", responses=problems())
async def dispatch_tables(request: Request, actor: SignedInActor) -> list[DispatchTableHead]:
    """The tables by which cases are given to departments, each with where it is written."""
    service: CaseService = request.app.state.casework
    origins = await _origins(request)
    return [_head(item, item.table, origins) for item in service.catalogue.all() if item.table is not None]


@router.get("/dispatch-tables/{key}", summary="A dispatch table 一张派遣规则表", responses=problems("not_found"))
async def dispatch_table(request: Request, key: str, actor: SignedInActor) -> DispatchTableView:
    """All its rows in words, in the order in which they are tried."""
    service: CaseService = request.app.state.casework
    found = next((item for item in service.catalogue.all() if item.table is not None and item.table.id == key), None)
    if found is None or found.table is None:
        raise NotFound(what="派遣规则表 the dispatch table")
    head = _head(found, found.table, await _origins(request))
    departments = _departments(service)
    lines = [
        DispatchRowView(
            classes=[
                Words(zh=found.class_name(code), en=found.class_name(code, "en"))
                if code in found.classes
                else Words(zh=code, en=code)
                for code in row.classes
            ],
            areas=list(row.areas),
            when=row.when or "",
            department=departments.get(row.department, Words(zh=row.department, en=row.department)),
            limit=row.limit or "",
            reason=Words(zh=row.reason.zh, en=row.reason.en),
        )
        for row in found.table.rows
    ]
    return DispatchTableView(**head.model_dump(), lines=lines)


@router.get("/journal-words", summary="What the journal tells of 日志用词", responses=problems())
async def journal_words(actor: SignedInActor) -> JournalWords:
    """Verbs and kinds of things with their words, for filters."""
    return JournalWords(
        verbs=[CodeWords(code=code, zh=zh, en=en) for code, (zh, en) in VERBS.items()],
        kinds=[CodeWords(code=code, zh=zh, en=en) for code, (zh, en) in KINDS.items()],
    )


def _departments(service: CaseService) -> dict[str, Words]:
    """Kind of department → the office that serves it, or how many do, of which the place decides."""
    offices: dict[str, list[tuple[str, str]]] = {}
    for office in service.parts.directory.organisations():
        for kind in office.serves if office.active else ():
            offices.setdefault(kind, []).append((office.name_zh, office.name_en))
    found = {}
    for kind, names in offices.items():
        zh, en = names[0]
        if len(names) > 1:
            zh, en = (
                f"{zh}等 {len(names)} 个单位中负责当地的",
                f"whichever of {len(names)} serves the place, such as {en}",
            )
        found[kind] = Words(zh=zh, en=en)
    return found


def _head(found: CaseType, table: DispatchTable, origins: dict[str, tuple[str, str]]) -> DispatchTableHead:
    pack, file = origins.get(table.id, ("", ""))
    names = found.declaration.names
    return DispatchTableHead(
        key=table.id,
        names=Words(zh=table.names.zh, en=table.names.en),
        type=found.declaration.id,
        type_names=Words(zh=names.zh, en=names.en),
        version=found.version,
        rows=len(table.rows),
        pack=pack,
        file=file,
    )


async def _origins(request: Request) -> dict[str, tuple[str, str]]:
    """Table → its pack and its file, read once: files change only with a publication, which restarts the process."""
    state = request.app.state
    kept: dict[str, tuple[str, str]] | None = getattr(state, "dispatch_origins", None)
    if kept is None:
        context: Context = state.context
        kept = await asyncio.to_thread(_read_origins, context.settings.packs)
        state.dispatch_origins = kept
    return kept


def _read_origins(folder: Path) -> dict[str, tuple[str, str]]:
    found: dict[str, tuple[str, str]] = {}
    for path in pack_folders(folder):
        pack = load_pack(path, Findings())
        for table in pack.rules if pack is not None else ():
            found[table.value.id] = (path.name, table.file)
    return found
