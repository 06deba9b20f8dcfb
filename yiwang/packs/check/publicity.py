"""Publications and anomaly rules: whether what they name exists, what is personal is masked, and conditions can be asked."""

from __future__ import annotations

import re
from collections.abc import Mapping

from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.flow.conditions import ConditionInvalid
from yiwang.kernel.access import Sql
from yiwang.packs.check.reach import DEPARTMENT, Reach
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Loaded, Pack
from yiwang.packs.source import Source, Trail
from yiwang.publicity.declarations import (
    CASE_COLUMNS,
    AnomalyDeclaration,
    FindingCase,
    PublicationDeclaration,
    RowQuestion,
)
from yiwang.publicity.searching import rule_sql
from yiwang.registry.declarations import ThingType

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_FIELD = ("字段", "attribute")


def check_publicity(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """Those of one pack, which may name what the packs hold that it needs."""
    if pack.publications or pack.anomalies:
        reach = Reach(pack, packs, findings)
        for publication in pack.publications:
            _check_publication(publication, reach)
        for anomaly in pack.anomalies:
            _check_anomaly(anomaly, reach)


def _check_publication(publication: Loaded[PublicationDeclaration], reach: Reach) -> None:
    declared, source = publication.value, publication.source
    reach.known(source, ("approver",), ("岗位", "post"), declared.approver, reach.posts)
    if declared.asks is not None:
        _check_question(declared.asks, source, reach)
    if declared.source.case is not None:
        _check_case_columns(declared, source, reach)
        return
    kind = reach.type(source, ("of", "type"), declared.source.type or "")
    if kind is None:
        return
    filters = sorted(name for name, each in kind.attributes.items() if each.filter)
    for name in declared.source.where:
        reach.known(source, ("of", "where", name), ("可筛选的字段", "attribute with `filter`"), name, filters)
    for index, field in enumerate(declared.fields):
        reach.known(source, ("fields", index, "name"), _FIELD, field.name, kind.attributes)
        attribute = kind.attributes.get(field.name)
        if attribute is not None and field.mask is None and (attribute.personal is not None or attribute.sealed):
            zh = f"“{attribute.names.zh}”是个人信息,公示时须脱敏,如 mask: {attribute.personal or 'hidden'}"
            en = (
                f"“{attribute.names.en}” is personal and must be masked, such as mask: {attribute.personal or 'hidden'}"
            )
            reach.wrong(source, ("fields", index, "name"), zh, en)
    if declared.order is not None:
        reach.known(source, ("order", "by"), _FIELD, declared.order.by, kind.attributes)
        attribute = kind.attributes.get(declared.order.by)
        if attribute is not None and (attribute.personal is not None or attribute.sealed):
            zh = "按个人信息排序会泄露它,请换一个字段"
            reach.wrong(source, ("order", "by"), zh, "an order by what is personal would tell it; choose another")
    if declared.dated is not None:
        reach.known(source, ("dated",), _FIELD, declared.dated, kind.attributes)
    if declared.own is not None:
        reach.known(source, ("own", "name"), _FIELD, declared.own.name, kind.attributes)
        reach.known(source, ("own", "number"), _FIELD, declared.own.number, kind.attributes)


def _check_case_columns(declared: PublicationDeclaration, source: Source, reach: Reach) -> None:
    name = declared.source.case or ""
    case = reach.case(source, ("of", "case"), name)
    if case is None:
        return
    columns = [*CASE_COLUMNS, *case.fields, *reach.step_fields(case)]
    for index, field in enumerate(declared.fields):
        reach.known(source, ("fields", index, "name"), _FIELD, field.name, columns)
        own = case.fields.get(field.name)
        if own is not None and own.personal and field.mask is None:
            zh = f"“{own.names.zh}”是个人信息,公示时须脱敏,如 mask: hidden"
            en = f"“{own.names.en}” is personal and must be masked, such as mask: hidden"
            reach.wrong(source, ("fields", index, "name"), zh, en)
    for key, wanted in (("dated", declared.dated), ("order", declared.order.by if declared.order else None)):
        if wanted is not None:
            reach.known(source, (key,), _FIELD, wanted, columns)


def _check_question(asks: RowQuestion, source: Source, reach: Reach) -> None:
    case = _opened(source, asks, "asks", reach)
    if case is None:
        return
    channel = case.channels.get(asks.channel)
    if channel is not None and channel.who != "public":
        zh = f"渠道 {asks.channel} 不对公众开放,群众无法提问;请换一个 who: public 的渠道"
        en = f"the channel {asks.channel} is not open to everybody; choose one with who: public"
        reach.wrong(source, ("asks", "channel"), zh, en)
    if asks.field is not None:
        reach.known(source, ("asks", "field"), ("案件字段", "field of the case"), asks.field, case.fields)


def _opened(source: Source, opens: RowQuestion | FindingCase, at: str, reach: Reach) -> CaseTypeDeclaration | None:
    """The type of the case that is opened, once how it is opened was looked at."""
    case = reach.case(source, (at, "case"), opens.case)
    if case is not None:
        reach.channel_and_class(source, (at,), case, opens.channel, opens.class_code)
        if opens.department is not None:
            reach.known(source, (at, "department"), DEPARTMENT, opens.department, reach.departments)
    return case


def _check_anomaly(anomaly: Loaded[AnomalyDeclaration], reach: Reach) -> None:
    declared, source = anomaly.value, anomaly.source
    if declared.opens is not None:
        _opened(source, declared.opens, "opens", reach)
    it = reach.type(source, ("type",), declared.type)
    if it is None:
        return
    other = reach.type(source, ("with", "type"), declared.joined.type) if declared.joined is not None else None
    if declared.joined is not None and other is None:
        return
    if _compared(declared, it, other, source, reach):
        try:
            rule_sql(declared, it, other, Sql())
        except ConditionInvalid as invalid:
            reach.wrong(source, ("when",), invalid.zh, invalid.en)
    sides = {"it": it}
    if other is not None and declared.joined is not None and not declared.joined.absent:
        sides["other"] = other
    if declared.before is not None:
        sides["before"] = it
    _check_reason(declared, sides, source, reach)


def _compared(
    declared: AnomalyDeclaration, it: ThingType, other: ThingType | None, source: Source, reach: Reach
) -> bool:
    """Whether all attributes by which records are compared are there and can be compared."""
    named: list[tuple[Trail, ThingType, str]] = [(("twice", n), it, name) for n, name in enumerate(declared.twice)]
    if declared.joined is not None and other is not None:
        for left, right in declared.joined.on.items():
            named += [(("with", "on", left), it, left), (("with", "on", left), other, right)]
    if declared.before is not None:
        named += [(("before", "same", n), it, name) for n, name in enumerate(declared.before.same)]
        named.append((("before", "by"), it, declared.before.by))
    good = True
    for trail, kind, name in named:
        attribute = kind.attributes.get(name)
        if attribute is None:
            good = False
            reach.known(source, trail, _FIELD, name, kind.attributes)
        elif attribute.sealed and not attribute.joined:
            good = False
            zh = f"“{attribute.names.zh}”加密保存,不能比对;请在类型 {kind.id} 中给它写上 joined: true"
            en = f"“{attribute.names.en}” is sealed; give it joined: true in the type {kind.id}"
            reach.wrong(source, trail, zh, en)
    return good


def _check_reason(declared: AnomalyDeclaration, sides: Mapping[str, ThingType], source: Source, reach: Reach) -> None:
    for language, text in (("zh", declared.reason.zh), ("en", declared.reason.en)):
        for placeholder in _PLACEHOLDER.findall(text):
            side, _, name = placeholder.partition(".")
            if placeholder == "count":
                continue
            if side not in sides or name not in sides[side].attributes:
                known = [f"{each}.{one}" for each, kind in sides.items() for one in kind.attributes]
                zh = f"没有 {{{placeholder}}},可用的有:count、{'、'.join(known[:40])}"
                en = f"there is no {{{placeholder}}}; known are: count, {', '.join(known[:40])}"
                reach.wrong(source, ("reason", language), zh, en)
