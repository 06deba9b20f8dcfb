"""Files of things: whether the case types and fields that they name exist, and whether their counts can be asked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from yiwang.casework import step_fields
from yiwang.casework.declarations import CaseField, CaseTypeDeclaration
from yiwang.dossiers.gathering import VARIABLES
from yiwang.flow.conditions import ConditionInvalid, compile_condition
from yiwang.packs.check.references import unknown
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Loaded, Pack
from yiwang.packs.source import Trail
from yiwang.registry.declarations import DossierPart, ThingType


def check_dossier(item: Loaded[ThingType], reach: Sequence[Pack], findings: Findings) -> None:
    """The file of one type, which may name cases of its pack and of those that it needs."""
    if item.value.dossier is None:
        return
    cases = {case.value.id: case.value for pack in reach for case in pack.cases}
    graphs = {flow.key: flow.graph for pack in reach for flow in pack.flows if flow.graph is not None}
    for index, part in enumerate(item.value.dossier.parts):
        trail: Trail = ("dossier", "parts", index)
        case = cases.get(part.case)
        if case is None:
            unknown(findings, item.source.place((*trail, "case")), ("案件类型", "case type"), part.case, cases)
            continue
        graph = graphs.get(case.flow)
        asked = step_fields.every(graph) if graph is not None else {}
        _check_part(item, trail, part, case, {**asked, **case.fields}, findings)


def _check_part(
    item: Loaded[ThingType],
    trail: Trail,
    part: DossierPart,
    case: CaseTypeDeclaration,
    fields: Mapping[str, CaseField],
    findings: Findings,
) -> None:
    named = [((*trail, "field"), part.field)]
    for name, how in part.gives.items():
        given = (*trail, "gives", name)
        named += [((*given, "latest"), how.latest)] if how.latest is not None else []
        named += [((*given, "sum"), how.total)] if how.total is not None else []
        if how.count is not None:
            _check_count(item, (*given, "count"), how.count, findings)
    for at, name in named:
        if name not in fields:
            unknown(findings, item.source.place(at), ("案件字段", "field of the case"), name, fields)
        elif fields[name].personal:
            zh = f"{case.names.zh}的“{name}”是个人信息,不能汇集到档案"
            en = f"“{name}” of {case.names.en} is personal and is not gathered in a file"
            findings.add(item.source.place(at), "schema.value", key=str(at[-1]), zh=zh, en=en)


def _check_count(item: Loaded[ThingType], at: Trail, text: str, findings: Findings) -> None:
    try:
        condition = compile_condition(text)
    except ConditionInvalid as invalid:
        findings.add(item.source.place(at), "schema.value", key="count", zh=invalid.zh, en=invalid.en)
        return
    for name in condition.variables:
        if name not in VARIABLES:
            known = sorted(VARIABLES)
            zh = f"没有变量 {name},可用的有:{'、'.join(known)}"
            en = f"there is no variable {name}; known here: {', '.join(known)}"
            findings.add(item.source.place(at), "schema.value", key="count", zh=zh, en=en)
