"""Calculated values of types and cases: whether their expressions compile, name what there is, rest on one another in no circle
and give the type that is declared; whether what is counted can be; and that nothing stored rests on what is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yiwang.casework import step_fields
from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.kernel.database import Json
from yiwang.kernel.formulas import FormulaInvalid, Formulas, compile_formula
from yiwang.packs.check.references import needed, unknown
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Loaded, Pack
from yiwang.registry.declarations import CountDeclaration, ThingType
from yiwang.registry.types import CompiledType

_NUMBERS = ("number", "integer")


def check_calculated(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """The calculated attributes and fields of one pack."""
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    known = {item.value.id: item.value for other in reach for item in other.types}
    for item in pack.types:
        _check_type(item, known, findings)
    for case in pack.cases:
        _check_case(pack, case, findings)


def _check_type(item: Loaded[ThingType], known: Mapping[str, ThingType], findings: Findings) -> None:
    for name, attribute in item.value.attributes.items():
        if attribute.counted is not None:
            _check_counted(item, name, attribute.counted, known, findings)
    texts = {name: each.calculated for name, each in item.value.attributes.items() if each.calculated}
    if not texts:
        return
    schemas = {name: each.json_schema for name, each in item.value.attributes.items()}
    faults = list(_faults(texts, schemas, "it"))
    sealed = {name for name, each in item.value.attributes.items() if each.sealed}
    if not faults:
        inputs = {name: formula.inputs & sealed for name, formula in Formulas(texts, schemas).by_name.items()}
        faults += [
            (name, f"“{'、'.join(sorted(found))}”加密保存,不能用来计算", f"{', '.join(sorted(found))} is sealed")
            for name, found in inputs.items()
            if found
        ]
    for name, zh, en in faults:
        place = item.source.place(("attributes", name, "calculated"))
        findings.add(place, "type.calculated", name=name, reason_zh=zh, reason_en=en)
    if not faults:
        _check_live(item, findings)


def _faults(
    texts: Mapping[str, str], schemas: Mapping[str, Mapping[str, Json]], subject: str
) -> Iterator[tuple[str, str, str]]:
    """The faulty expressions, each with its reason in both languages."""
    broken = False
    for name, text in texts.items():
        try:
            compile_formula(name, text, subject)
        except FormulaInvalid as invalid:
            broken = True
            yield name, invalid.zh, invalid.en
    if broken:
        return
    try:
        formulas = Formulas(texts, schemas, subject)
    except FormulaInvalid as invalid:
        yield next(iter(texts)), invalid.zh, invalid.en
        return
    yield from formulas.faults()


def _check_counted(
    item: Loaded[ThingType], name: str, counted: CountDeclaration, known: Mapping[str, ThingType], findings: Findings
) -> None:
    place = item.source.place(("attributes", name, "counted"))
    if item.value.attributes[name].json_schema.get("type") not in _NUMBERS:
        words = ("schema 的 type 应为 integer 或 number", "its schema must have the type integer or number")
        findings.add(place, "type.counted", name=name, reason_zh=words[0], reason_en=words[1])
    if counted.of is not None and counted.of not in known:
        unknown(findings, place, ("登记类型", "type"), counted.of, sorted(known))
        return
    owner = known[counted.of] if counted.of is not None else item.value
    relation = owner.relations.get(counted.relation)
    if relation is None:
        unknown(findings, place, ("关系", "relation"), counted.relation, sorted(owner.relations))
        return
    if counted.of is not None and relation.to != item.value.id:
        words = (f"关系 {counted.relation} 不通向本类型", f"the relation {counted.relation} does not lead to this type")
        findings.add(place, "type.counted", name=name, reason_zh=words[0], reason_en=words[1])
        return
    other = owner if counted.of is not None else known.get(relation.to)
    if other is None:
        return
    for named in [*([counted.total] if counted.total else []), *counted.where]:
        if named not in other.attributes:
            unknown(findings, place, ("字段", "attribute"), named, sorted(other.attributes))
        elif other.attributes[named].sealed or other.attributes[named].counted is not None:
            words = (f"{named} 加密保存或另行统计", f"{named} is sealed, or counted in turn")
            findings.add(place, "type.counted", name=name, reason_zh=words[0], reason_en=words[1])
        elif named == counted.total and other.attributes[named].json_schema.get("type") not in _NUMBERS:
            findings.add(
                place, "type.counted", name=name, reason_zh=f"{named} 不是数值", reason_en=f"{named} is no number"
            )


def _check_live(item: Loaded[ThingType], findings: Findings) -> None:
    """What rests on other records is never stored: nothing may look for it there."""
    declared = item.value
    live = CompiledType(declared, "").live
    for name in sorted(live):
        attribute = declared.attributes[name]
        used = [
            ("filter", attribute.filter),
            ("search", attribute.search),
            ("keys", any(name in parts for parts in declared.keys.values())),
            ("title", name in declared.presentation.title),
            ("colour", name == declared.presentation.colour),
            ("area", name == declared.area),
            ("summaries", any(name in (*each.by, *each.sums) for each in declared.summaries.values())),
        ]
        for where, bad in used:
            if bad:
                findings.add(item.source.place(("attributes", name)), "type.counted_kept", name=name, where=where)


def _check_case(pack: Pack, case: Loaded[CaseTypeDeclaration], findings: Findings) -> None:
    texts = {key: item.calculated for key, item in case.value.fields.items() if item.calculated}
    if not texts:
        return
    graphs = [flow.graph for flow in pack.flows if flow.key == case.value.flow and flow.graph is not None]
    schemas = {key: item.json_schema for graph in graphs for key, item in step_fields.every(graph).items()}
    schemas |= {key: item.json_schema for key, item in case.value.fields.items()}
    for key, zh, en in _faults(texts, schemas, "fields"):
        findings.add(
            case.source.place(("fields", key, "calculated")), "field.calculated", field=key, reason_zh=zh, reason_en=en
        )
