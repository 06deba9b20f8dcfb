"""Types of things: whether their schemas hold, their relations and codes name types within reach, older versions lead to this
one, quality rules compile, and no two packs declare the same type."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jsonschema_rs

from yiwang.exchange.quality.rules import unknown_in
from yiwang.flow.conditions import ConditionInvalid
from yiwang.packs.check.dossiers import check_dossier
from yiwang.packs.check.references import needed, unknown
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Loaded, Pack
from yiwang.registry.declarations import ThingType
from yiwang.registry.identifiers import FORMATS
from yiwang.registry.model import KIND

_STANDARD_FORMATS = frozenset(
    {"date", "date-time", "time", "duration", "email", "uri", "uuid", "ipv4", "ipv6", "hostname", "regex"}
)


def check_types(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """The types of one pack, which may name those of the packs that it needs."""
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    known = {item.value.id: item.value for other in reach for item in other.types}
    _check_grants(pack, known, findings)
    for item in pack.types:
        _check_attributes(item, known, findings)
        _check_relations(item, known, findings)
        _check_older(item, findings)
        _check_quality(item, findings)
        _check_resolution(item, findings)
        check_dossier(item, reach, findings)


def check_shared_types(packs: Sequence[Pack], findings: Findings) -> None:
    """A type is declared once among all packs."""
    first: dict[str, str] = {}
    for pack in packs:
        for item in pack.types:
            where = first.setdefault(item.value.id, item.file)
            if where != item.file:
                findings.twice(item.source.place(("id",)), "type", item.value.id, where)


def _check_grants(pack: Pack, known: Mapping[str, ThingType], findings: Findings) -> None:
    if pack.roles is None:
        return
    for index, role in enumerate(pack.roles.value.roles):
        for number, grant in enumerate(role.grants):
            name = grant.kind.removeprefix(f"{KIND}-")
            if name != grant.kind and name not in known:
                place = pack.roles.source.place(("roles", index, "grants", number, "kind"))
                unknown(findings, place, ("登记类型", "type"), name, sorted(known))


def _check_attributes(item: Loaded[ThingType], known: Mapping[str, ThingType], findings: Findings) -> None:
    for name, attribute in item.value.attributes.items():
        trail = ("attributes", name)
        schema = attribute.json_schema
        try:
            jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})
            jsonschema_rs.Draft202012Validator(schema)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            findings.add(item.source.place((*trail, "schema")), "type.schema", name=name, reason=_short(error))
            continue
        if contradiction := _contradiction(schema):
            findings.add(item.source.place((*trail, "schema")), "type.schema", name=name, reason=contradiction)
        form = schema.get("format")
        if isinstance(form, str) and form not in FORMATS and form not in _STANDARD_FORMATS:
            place = item.source.place((*trail, "schema", "format"))
            unknown(findings, place, ("格式", "format"), form, sorted({*FORMATS, *_STANDARD_FORMATS}))
        options = schema.get("enum")
        if isinstance(options, list):
            for value in attribute.words:
                if value not in {str(each) for each in options}:
                    place = item.source.place((*trail, "words", value))
                    unknown(findings, place, ("选项", "option"), value, [str(each) for each in options])
        if attribute.code_of is not None and attribute.code_of not in known:
            place = item.source.place((*trail, "code_of"))
            unknown(findings, place, ("登记类型", "type"), attribute.code_of, sorted(known))


def _short(error: Exception) -> str:
    """The first sentence of a validator's complaint."""
    return str(error).splitlines()[0][:200]


def _contradiction(schema: Mapping[str, object]) -> str:
    """Bounds that no value can keep, in words; empty when there are none."""
    for low, high in (("minimum", "maximum"), ("minLength", "maxLength"), ("minItems", "maxItems")):
        least, most = schema.get(low), schema.get(high)
        if isinstance(least, int | float) and isinstance(most, int | float) and least > most:
            return f"{low} {least} > {high} {most}"
    return ""


def _check_relations(item: Loaded[ThingType], known: Mapping[str, ThingType], findings: Findings) -> None:
    for name, relation in item.value.relations.items():
        if relation.to not in known:
            place = item.source.place(("relations", name, "to"))
            unknown(findings, place, ("登记类型", "type"), relation.to, sorted(known))


def _check_older(item: Loaded[ThingType], findings: Findings) -> None:
    told = {older.version for older in item.value.older}
    for version in range(1, item.value.version):
        if version not in told:
            findings.add(item.source.place(("version",)), "type.older_missing", version=version)
    for index, older in enumerate(item.value.older):
        for new in [*older.renamed.values(), *older.given]:
            last = older.version == item.value.version - 1
            if last and new not in item.value.attributes:
                place = item.source.place(("older", index))
                unknown(findings, place, ("字段", "attribute"), new, sorted(item.value.attributes))


def _check_quality(item: Loaded[ThingType], findings: Findings) -> None:
    for name, rule in item.value.quality.items():
        if rule.same:
            continue
        try:
            reason = unknown_in(item.value, rule.holds)
        except ConditionInvalid as error:
            place = item.source.place(("quality", name, "holds"))
            findings.add(place, "type.condition", name=name, reason_zh=error.zh, reason_en=error.en)
            continue
        if reason:
            place = item.source.place(("quality", name, "holds"))
            findings.add(place, "type.condition", name=name, reason_zh=reason, reason_en=reason)


def _check_resolution(item: Loaded[ThingType], findings: Findings) -> None:
    declared = item.value.resolution
    if declared is None:
        return
    known = item.value.attributes
    for part, lines in (("exact", declared.exact), ("block", declared.block)):
        for index, line in enumerate(lines):
            for number, word in enumerate(line):
                name, _, view = word.partition(":")
                place = item.source.place(("resolution", part, index, number))
                if name not in known:
                    unknown(findings, place, ("字段", "attribute"), name, sorted(known))
                elif view and known[name].sealed:
                    findings.add(place, "type.resolution_sealed", name=name)
    for name, comparison in declared.compare.items():
        place = item.source.place(("resolution", "compare", name))
        if name not in known:
            unknown(findings, place, ("字段", "attribute"), name, sorted(known))
        elif known[name].sealed and comparison.how != "exact":
            findings.add(place, "type.resolution_sealed", name=name)
        elif comparison.how == "date" and known[name].json_schema.get("format") != "date":
            findings.add(place, "type.resolution_no_date", name=name)
