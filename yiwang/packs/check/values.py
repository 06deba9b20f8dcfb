"""What can be judged of one declaration alone: deadlines, expressions, number patterns, field schemas, texts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import jsonschema_rs

from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.casework.field_conditions import condition_faults
from yiwang.casework.numbers import parse_number_rule
from yiwang.flow.conditions import ConditionInvalid, compile_condition
from yiwang.flow.decisions.expressions import FUNCTIONS
from yiwang.kernel.deadlines import parse_deadline
from yiwang.kernel.errors import Problem
from yiwang.kernel.expressions import cel
from yiwang.packs.findings import Findings, Place, suggestion
from yiwang.packs.loaded import Loaded, Pack
from yiwang.packs.source import Source, Trail, Value

ACCEPT_VARIABLES: dict[str, object] = {
    "text": "", "channel": "", "class": "", "class_code": "", "urgency": "normal", "photos": 0, "phone": "",
    "address": "", "has_place": True, "fields": {},
}  # fmt: skip
"""What a channel's accept rule may ask about a report, with a sample of each kind."""
DISPATCH_VARIABLES: dict[str, object] = {
    "class": "", "class_code": "", "area": "", "text": "", "channel": "", "urgency": "normal",
}  # fmt: skip
"""What a row of a dispatch table may ask about a case, with a sample of each kind."""

_SYNTAX = re.compile(r"<input>:1:([0-9]+): Syntax error: ([^|]*)")
CHINESE = re.compile(r"[\u3400-\u9fff]")
_NEEDS_WORDS = re.compile(r"[^\W\d_]")


def check_values(pack: Pack, findings: Findings) -> None:
    """Every value of the pack that can be wrong by itself."""
    for tree in pack.classes:
        for index, item in enumerate(tree.value.classes):
            for number, standard in enumerate(item.standards):
                place = tree.source.place(("classes", index, "standards", number, "limit"))
                check_deadline(standard.limit, place, findings)
    for table in pack.rules:
        for index, row in enumerate(table.value.rows):
            if row.limit is not None:
                check_deadline(row.limit, table.source.place(("rows", index, "limit")), findings)
            if row.when is not None:
                check_expression(row.when, DISPATCH_VARIABLES, table.source.place(("rows", index, "when")), findings)
    for case in pack.cases:
        _check_case(case, findings)
    for source in _sources(pack):
        _check_texts(source, findings)


def check_deadline(text: str, place: Place, findings: Findings) -> None:
    """A time limit in the plain grammar."""
    try:
        parse_deadline(text)
    except Problem as problem:
        findings.add(place, "deadline.invalid", reason_zh=problem.message("zh"), reason_en=problem.message("en"))


def check_expression(text: str, variables: dict[str, object], place: Place, findings: Findings) -> None:
    """A CEL expression over known variables that must give true or false."""
    try:
        condition = compile_condition(text)
    except ConditionInvalid as invalid:
        zh, en = _plain_fault(invalid)
        findings.add(place, "expression.broken", reason_zh=zh, reason_en=en)
        return
    names = set(condition.variables) | ({"outcome"} if condition.uses_outcome else set())
    unknown = sorted(names - variables.keys())
    for name in unknown:
        zh, en = suggestion(name, variables)
        findings.add(place, "expression.unknown_variable", name=name, hint_zh=zh, hint_en=en)
    strange = [name for name in condition.program.functions() if name.isidentifier() and name not in FUNCTIONS]
    for name in strange:
        zh, en = suggestion(name, FUNCTIONS)
        findings.add(place, "expression.unknown_function", name=name, hint_zh=zh, hint_en=en)
    if not unknown and not strange:
        _try_expression(condition.program, variables, place, findings)


def _plain_fault(invalid: ConditionInvalid) -> tuple[str, str]:
    """The parser's own report in fewer words, where it is one."""
    fault = _SYNTAX.search(invalid.en)
    if fault is None:
        return invalid.zh, invalid.en
    what = fault[2].strip().rstrip(".")
    return f"第 {fault[1]} 个字符处({what})", f"at character {fault[1]} ({what})"


def _try_expression(program: cel.Program, variables: dict[str, object], place: Place, findings: Findings) -> None:
    try:
        answer: object = program.execute(variables)
    except TypeError as error:
        findings.add(place, "expression.broken", reason_zh=str(error), reason_en=str(error))
    except (RuntimeError, ValueError, LookupError):
        return  # a key that only real reports have, for instance; nothing is known to be wrong
    else:
        if not isinstance(answer, bool):
            findings.add(place, "expression.not_boolean", kind=type(answer).__name__)


def _check_case(case: Loaded[CaseTypeDeclaration], findings: Findings) -> None:
    declaration, source = case.value, case.source
    try:
        parse_number_rule(declaration.number)
    except ValueError as error:
        findings.add(source.place(("number",)), "number.invalid", pattern=declaration.number, reason=str(error))
    for name, channel in declaration.channels.items():
        trail = ("channels", name, "accept")
        if channel.accept is None:
            continue
        check_expression(channel.accept, ACCEPT_VARIABLES, source.place(trail), findings)
        if channel.refusal is None:
            findings.add(source.place(trail), "channel.no_refusal", channel=name)
    for key, item in declaration.fields.items():
        try:
            jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **item.json_schema})
            jsonschema_rs.Draft202012Validator(item.json_schema)
        except (jsonschema_rs.ValidationError, ValueError) as error:
            message = getattr(error, "message", "") or str(error).splitlines()[0]
            findings.add(source.place(("fields", key, "schema")), "field.schema", field=key, reason=message)
    for key, kind, other, zh, en in condition_faults(declaration.fields):
        place = source.place(("fields", key, kind, other))
        findings.add(place, "field.condition", field=key, kind=kind, reason_zh=zh, reason_en=en)


def _sources(pack: Pack) -> Iterator[Source]:
    yield pack.file.source
    if pack.roles is not None:
        yield pack.roles.source
    for room in (pack.cases, pack.classes, pack.rules, pack.decisions, pack.scenarios):
        for item in room:
            yield item.source


def check_texts_of(sources: Iterable[Source], findings: Findings) -> None:
    """Texts of files that belong to no pack."""
    for source in sources:
        _check_texts(source, findings)


def _check_texts(source: Source, findings: Findings) -> None:
    for trail, words in _texts(source.value, ()):
        zh, en = words["zh"], words["en"]
        name = str(trail[-1]) if trail and isinstance(trail[-1], str) else "text"
        # Codes such as SOS, or a bare number, are the same in every language.
        if isinstance(zh, str) and _NEEDS_WORDS.search(zh) and not CHINESE.search(zh) and len(zh) > 12:
            findings.add(source.place((*trail, "zh")), "text.not_chinese", key=name, seen=zh[:40])
        if isinstance(en, str) and CHINESE.search(en):
            findings.add(source.place((*trail, "en")), "text.not_english", key=name, seen=en[:40])


def _texts(value: Value, trail: Trail) -> Iterator[tuple[Trail, dict[str, Value]]]:
    if isinstance(value, dict):
        if value.keys() == {"zh", "en"}:
            yield trail, value
            return
        for key, item in value.items():
            yield from _texts(item, (*trail, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*trail, index))
