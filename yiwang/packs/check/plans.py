"""Plans, breakdowns and sheets: whether what they name exists, and whether their rules can be asked."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.kernel.deadlines import parse_deadline
from yiwang.kernel.errors import Problem
from yiwang.packs.check.reach import DEPARTMENT, Reach
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Loaded, Pack
from yiwang.plans.declarations import BreakdownDeclaration, PlanDeclaration, SheetDeclaration
from yiwang.plans.judging import CARD_VARIABLES, SCORE_VARIABLES


def check_plans(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """Those of one pack, which may name what the packs hold that it needs."""
    reach = Reach(pack, packs, findings)
    for plan in pack.plans:
        _check_plan(plan, reach)
    for breakdown in pack.breakdowns:
        _check_breakdown(breakdown, reach)
    for sheet in pack.sheets:
        _check_sheet(sheet, reach)


def _check_plan(plan: Loaded[PlanDeclaration], reach: Reach) -> None:
    declared, source = plan.value, plan.source
    case = reach.case(source, ("case", "type"), declared.case.type)
    if case is not None:
        reach.channel_and_class(source, ("case",), case, declared.case.channel, declared.case.class_code)
    if declared.case.limit is not None:
        try:
            parse_deadline(declared.case.limit)
        except Problem as problem:
            reach.wrong(source, ("case", "limit"), problem.message("zh"), problem.message("en"))
    offices, things = declared.objects.offices, declared.objects.things
    for index, kind in enumerate(offices.serves if offices is not None else ()):
        reach.known(source, ("objects", "offices", "serves", index), DEPARTMENT, kind, reach.departments)
    if things is None:
        return
    trail = ("objects", "things")
    if things.department is not None:
        reach.known(source, (*trail, "department"), DEPARTMENT, things.department, reach.departments)
    kind_of = reach.type(source, (*trail, "type"), things.type)
    if kind_of is None:
        return
    if things.field is not None and case is not None:
        reach.known(source, (*trail, "field"), ("案件字段", "field of the case"), things.field, case.fields)
    if things.key is not None:
        reach.known(source, (*trail, "key"), ("字段", "attribute"), things.key, kind_of.attributes)
    filters = sorted(name for name, each in kind_of.attributes.items() if each.filter)
    for name in things.where:
        reach.known(source, (*trail, "where", name), ("可筛选的字段", "attribute with `filter`"), name, filters)


def _check_breakdown(breakdown: Loaded[BreakdownDeclaration], reach: Reach) -> None:
    declared, source = breakdown.value, breakdown.source
    parent = reach.case(source, ("parent", "type"), declared.parent.type)
    if parent is not None:
        task = reach.step(source, ("parent", "node"), parent, declared.parent.node)
        reach.outcome(source, ("parent", "outcome"), task, declared.parent.outcome)
        wait = reach.step(source, ("parent", "wait"), parent, declared.parent.wait)
        reach.outcome(source, ("parent", "settled"), wait, declared.parent.settled)
    child = reach.case(source, ("child", "type"), declared.child.type)
    if child is not None:
        reach.channel_and_class(source, ("child",), child, declared.child.channel, declared.child.class_code)
    for index, card in enumerate(declared.cards):
        reach.expression(source, ("cards", index, "when"), card.when, CARD_VARIABLES)
    if declared.score is not None:
        reach.expression(source, ("score",), declared.score, SCORE_VARIABLES)


def _check_sheet(sheet: Loaded[SheetDeclaration], reach: Reach) -> None:
    declared, source = sheet.value, sheet.source
    case = reach.case(source, ("case",), declared.case)
    task = reach.step(source, ("node",), case, declared.node) if case is not None else None
    if task is None:
        return
    fields = [item.id for item in task.fields]
    for key, name in (("total", declared.fields.total), ("verdict", declared.fields.verdict)):
        if name is not None:
            reach.known(source, ("fields", key), ("步骤的字段", "field of the step"), name, fields)
