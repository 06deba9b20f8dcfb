"""The plan catalogue as this city covers it (规划条目), for whoever is signed in; `yiwang plan --run` runs the scenarios."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from yiwang.kernel.access import SignedInActor
from yiwang.kernel.context import Context
from yiwang.kernel.refusals import BEFORE_ANY_ROUTE, problems
from yiwang.packs.proving.keeping import results_folder
from yiwang.packs.proving.reading import read_proving
from yiwang.packs.proving.rows import ClauseState, PlanTable, RowLevel
from yiwang.packs.proving.workbook import plan_workbook

router = APIRouter(prefix="/api/v1", tags=["administration 管理"], responses=problems("identity.sign_in_needed"))

_EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_kept: dict[tuple[Path, Path, Path], tuple[int, PlanTable]] = {}


class RowNames(BaseModel):
    zh: str
    en: str


class PlanClauseView(BaseModel):
    id: str
    state: ClauseState = Field(
        description="covered: a scenario step passed in the kept run, and nothing changed since."
    )
    words: str = Field(description="What it asks, in short; may be empty.")
    by: list[str] = Field(description="Scenarios that answer it: pack/scenario.")


class PlanRowView(BaseModel):
    id: str
    names: RowNames
    level: RowLevel
    packs: list[str]
    clauses: int
    covered: int
    items: list[PlanClauseView]


class PackRunView(BaseModel):
    """The kept run of a pack's scenarios; `at` is null when there is none."""

    pack: str
    version: str
    program: str
    at: datetime | None
    passed: int
    failed: int
    stale: bool


class PlanRowsView(BaseModel):
    """规划条目."""

    city: str
    rows: int
    answered: int
    clauses: int
    covered: int
    packs: dict[str, RowNames] = Field(description="The packs of this city by id.")
    runs: list[PackRunView]
    items: list[PlanRowView]


async def _table(request: Request) -> PlanTable:
    context: Context = request.app.state.context
    settings = context.settings
    return await asyncio.to_thread(_table_of, settings.city, settings.packs, settings.home)


def _table_of(city: Path, packs: Path, home: Path) -> PlanTable:
    """Reading all packs takes seconds: the table is kept until a file of the city, a pack or a run changes."""
    cities = packs.parent / "cities", packs.parent / "tests" / "cities"
    stamp = max(_newest(folder) for folder in (city, packs, *cities, results_folder(home)))
    key = (city, packs, home)
    known = _kept.get(key)
    if known is None or known[0] != stamp:
        known = _kept[key] = (stamp, read_proving(city, packs).table(home))
    return known[1]


def _newest(folder: Path) -> int:
    """When anything below the folder changed last, in nanoseconds; 0 where there is none."""
    newest = 0
    for path in (folder, *folder.rglob("*")):
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile: its folder changed
            newest = max(newest, path.stat().st_mtime_ns)
    return newest


@router.get(
    "/plan-rows", summary="Rows of the plans 规划条目", responses=problems("packs.city_invalid", *BEFORE_ANY_ROUTE)
)
async def plan_rows(
    request: Request,
    actor: SignedInActor,
    answered: Annotated[bool, Query(description="Only rows that a pack of this city answers.")] = False,
) -> PlanRowsView:
    """Every row with its level, its clauses, those covered, and why the others are not."""
    found = (await _table(request)).json()
    view = PlanRowsView.model_validate(found)
    if answered:
        view.items = [item for item in view.items if item.packs]
    return view


@router.get(
    "/plan-rows/workbook",
    summary="Rows of the plans as a workbook 规划条目表",
    response_class=Response,
    responses={200: {"content": {_EXCEL: {}}}, **problems("packs.city_invalid", *BEFORE_ANY_ROUTE)},
)
async def workbook(request: Request, actor: SignedInActor) -> Response:
    """The same as an Excel workbook: rows, clauses, runs."""
    table = await _table(request)
    content = await asyncio.to_thread(plan_workbook, table)
    disposition = f'attachment; filename="plan-{table.city}.xlsx"'
    return Response(content, media_type=_EXCEL, headers={"Content-Disposition": disposition})
