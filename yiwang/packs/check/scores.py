"""Steps of scenarios that read evaluation: the board, its indicators, grades and departments exist."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from yiwang.packs.check.references import unknown
from yiwang.packs.findings import Findings, Place
from yiwang.packs.loaded import City, Pack, organisation_parents
from yiwang.packs.model.scenario import ScenarioStep
from yiwang.packs.source import Trail


class Evaluation:
    """What a scenario can read of evaluation: boards and indicators of the packs, departments of the city."""

    def __init__(self, packs: Sequence[Pack], city: City) -> None:
        self.boards = {board.value.id: board.value for pack in packs for board in pack.boards}
        self.indicators = {one.id: one for pack in packs for file in pack.indicators for one in file.value.indicators}
        self.departments = set(organisation_parents(city))


def check_scores(
    step: ScenarioStep, place: Callable[[Trail], Place], trail: Trail, known: Evaluation, findings: Findings
) -> None:
    """One `score` or `count` step."""
    board = known.boards.get(step.board or "")
    if step.board is not None and board is None:
        unknown(findings, place((*trail, "board")), ("考核方案", "board"), step.board, known.boards)
    if step.indicator is not None and step.indicator not in known.indicators:
        unknown(findings, place((*trail, "indicator")), ("指标", "indicator"), step.indicator, known.indicators)
    if step.expect is None:
        return
    kind = board.object if board is not None else step.kind if step.do == "count" else None
    for key in ("rows", "values"):
        for name in getattr(step.expect, key) or {}:
            if kind == "department" and name.isascii() and name not in known.departments:
                unknown(
                    findings, place((*trail, "expect", key, name)), ("机构", "organisation"), name, known.departments
                )
    if board is None:
        return
    measures, grades = [one.indicator for one in board.measures], [one.id for one in board.grades]
    for name, row in (step.expect.rows or {}).items():
        here = (*trail, "expect", "rows", name)
        for indicator in row.values:
            if indicator not in measures:
                unknown(findings, place((*here, "values", indicator)), ("指标", "indicator"), indicator, measures)
        if row.grade is not None and row.grade not in grades:
            unknown(findings, place((*here, "grade")), ("等级", "grade"), row.grade, grades)
