"""Boards: scores of every object, the way to a target, the table as a spreadsheet. Thin."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from yiwang.insight.api.bodies import (
    BoardKey,
    BoardPage,
    DayQuery,
    ObjectKey,
    PeriodQuery,
    ReachView,
    ScoreBoard,
    board_reading,
    board_view,
    reach_view,
    service_of,
)  # fmt: skip
from yiwang.kernel.access import SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(tags=["scores 评价"])
_SHEET = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@router.get("/boards", summary="Boards 考核方案", responses=problems())
async def boards(request: Request, actor: SignedInActor) -> BoardPage:
    """All boards that are published. Whose scores one sees on them follows from the grant `score: read`."""
    declared = await service_of(request).scores.declared()
    indicators = dict(declared.indicators)
    return BoardPage(items=[board_view(one, indicators) for one in declared.boards.values()])


@router.get(
    "/boards/{board}/scores",
    summary="Scores 考核得分",
    responses=problems("insight.board_unknown", "insight.day_impossible"),
)
async def scores(
    request: Request, board: BoardKey, actor: SignedInActor, period: PeriodQuery = None, day: DayQuery = None
) -> ScoreBoard:
    """Every object that the caller may see, best first; both counts beside each rate. Persons are not ranked unless the
    city's board says so."""
    reading = await service_of(request).scores.board(actor, board, period=period, day=day)
    return board_reading(reading)


@router.get(
    "/boards/{board}/scores.xlsx",
    summary="Scores as a spreadsheet 导出",
    response_class=Response,
    responses={
        200: {"content": {_SHEET: {}}, "description": "The workbook; rates, points and scores are formulas."},
        **problems("insight.board_unknown", "insight.day_impossible"),
    },
)
async def export(
    request: Request, board: BoardKey, actor: SignedInActor, period: PeriodQuery = None, day: DayQuery = None
) -> Response:
    """The same table as a workbook in which weights can be changed: rates, points, scores and ranks are formulas."""
    actor.require("score", "export")
    reading = await service_of(request).scores.board(actor, board, period=period, day=day)
    name = f"{reading.board.id}-{reading.span.first}.xlsx"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    from yiwang.insight.scoring.workbook import workbook_of  # 10 MB that only whoever exports needs

    return Response(workbook_of(reading), media_type=_SHEET, headers=headers)


@router.get(
    "/boards/{board}/scores/{key}/reach",
    summary="What would have to change 达标分析",
    responses=problems("insight.board_unknown", "insight.object_unknown", "insight.day_impossible"),
)
async def reach(
    request: Request,
    board: BoardKey,
    key: ObjectKey,
    actor: SignedInActor,
    target: Annotated[float | None, Query(ge=0, le=1000, description="目标分;缺省用方案的")] = None,
    period: PeriodQuery = None,
    day: DayQuery = None,
) -> ReachView:
    """Which cases would have to go otherwise for the object to reach a score: each remedy alone, and the shortest
    combination."""
    reading, found = await service_of(request).scores.reach(actor, board, key, target, period=period, day=day)
    return reach_view(reading, found)
