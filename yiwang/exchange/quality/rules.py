"""The rules of a type, ready to judge records: those that it declares, and those that follow from its declaration.

What follows without being written: required attributes are there, values fit their schema, codes name things that exist,
relations lead to things that exist, and records without any natural key are not there twice. A rule that cannot be asked of a
record (an attribute that it needs is missing) does not count against it, unless the rule asks for completeness.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from yiwang.exchange.quality.model import Dimension, Record, RuleShown
from yiwang.flow.conditions import compile_condition
from yiwang.flow.model import Condition
from yiwang.kernel.database import Json, JsonObject
from yiwang.kernel.expressions import cel
from yiwang.registry.declarations import ThingType
from yiwang.registry.types import CompiledType

REQUIRED, SCHEMA, RELATED, TWIN = "auto-required", "auto-schema", "auto-related", "auto-twin"
REFERS = "auto-refers-"
_UNDEFINED = "Undefined variable or function"


def _substring(text: str, begin: int, end: int | None = None) -> str:
    return text[begin:end]


def _replace(text: str, old: str, new: str) -> str:
    return text.replace(old, new)


FUNCTIONS: Final[dict[str, Callable[..., str]]] = {"substring": _substring, "replace": _replace}
"""What rules may call besides CEL's own: two of its extension for texts."""


@dataclass(frozen=True, slots=True)
class Known:
    """What a batch had to ask the database: ``codes`` are (type, value) pairs that name a thing, ``lost`` things whose
    relations lead nowhere, ``twins`` (rule, digest) of values that several records have."""

    codes: frozenset[tuple[str, str]] = frozenset()
    lost: frozenset[UUID] = frozenset()
    twins: frozenset[tuple[str, str]] = frozenset()


@dataclass(slots=True)
class Verdict:
    """Which rules could be asked of a record, and which of them it breaks."""

    judged: list[str] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)

    def take(self, rule: str, *, good: bool) -> None:
        self.judged.append(rule)
        if not good:
            self.broken.append(rule)


class Rules:
    """The rules of one type. Pure; safe to use from a thread."""

    def __init__(self, kind: CompiledType) -> None:
        self.kind = kind
        declared = kind.declaration
        self._conditions: list[tuple[str, Dimension, Condition]] = [
            (name, rule.dimension, compile_condition(rule.holds))
            for name, rule in declared.quality.items()
            if rule.holds
        ]
        self.same = {name: tuple(rule.same) for name, rule in declared.quality.items() if rule.same}
        self.codes = {
            name: attribute.code_of for name, attribute in declared.attributes.items() if attribute.code_of is not None
        }
        self.twins = not declared.keys
        self.shown = (*self._following(), *self._declared())
        self.weights = {rule.id: rule.weight for rule in self.shown}

    def _declared(self) -> list[RuleShown]:
        return [
            RuleShown(name, rule.names.zh, rule.names.en, rule.dimension, rule.weight, declared=True)
            for name, rule in self.kind.declaration.quality.items()
        ]

    def _following(self) -> list[RuleShown]:
        declared = self.kind.declaration
        found = [
            RuleShown(REQUIRED, "必填字段齐全", "Required attributes are there", "complete", 1, declared=False),
            RuleShown(SCHEMA, "取值符合字段定义", "Values fit their schema", "valid", 1, declared=False),
        ]
        for name in self.codes:
            words = declared.attributes[name].names
            found.append(
                RuleShown(
                    REFERS + name.replace("_", "-"),
                    f"“{words.zh}”指向已登记的对象",
                    f"{words.en} names a record",
                    "referential",
                    1,
                    declared=False,
                )
            )
        if declared.relations:
            found.append(
                RuleShown(RELATED, "关联的对象仍然存在", "Relations lead to records", "referential", 1, declared=False)
            )
        if self.twins:
            found.append(RuleShown(TWIN, "没有重复记录", "Not there twice", "unique", 1, declared=False))
        return found

    def judge(self, record: Record, plain: JsonObject, known: Known, at: datetime) -> Verdict:
        """``plain``: the attributes unsealed, as the published version names them."""
        found = Verdict()
        self._fit(plain, found)
        self._refer(record, plain, known, found)
        for rule, digest in record.digests.items():
            found.take(rule, good=(rule, digest) not in known.twins)
        facts = _facts(plain, max(0, (at - record.recorded_from).days))
        for name, dimension, condition in self._conditions:
            answer = _asked(condition, facts)
            if isinstance(answer, bool):
                found.take(name, good=answer)
            elif dimension == "complete":
                found.take(name, good=False)
        return found

    def _fit(self, plain: JsonObject, found: Verdict) -> None:
        codes = set() if self.kind.fits(plain) else {fault.code for fault in self.kind.faults(plain)}
        found.take(REQUIRED, good="thing.missing" not in codes)
        found.take(SCHEMA, good=not codes - {"thing.missing"})

    def _refer(self, record: Record, plain: JsonObject, known: Known, found: Verdict) -> None:
        for name, target in self.codes.items():
            value = plain.get(name)
            if isinstance(value, str | int) and value != "":
                found.take(REFERS + name.replace("_", "-"), good=(target, str(value)) in known.codes)
        if self.kind.declaration.relations:
            found.take(RELATED, good=record.thing_id not in known.lost)


def _facts(plain: JsonObject, age_days: int) -> cel.Context:
    return cel.Context(variables={"it": plain, "age_days": age_days}, functions=FUNCTIONS)


def _asked(condition: Condition, facts: cel.Context) -> object:
    """What a rule says of a record; a text that says why where it cannot be asked."""
    try:
        answer: object = condition.program.execute(facts)
    except (RuntimeError, TypeError, ValueError, ArithmeticError, LookupError) as error:
        return " ".join(str(error).split())[:200]
    return answer


def unknown_in(declared: ThingType, holds: str) -> str:
    """Why a rule could never be asked of any record (it names something that there is not); empty when it can.

    Raises:
        ConditionInvalid.
    """
    sample: JsonObject = {name: _sample(each.json_schema) for name, each in declared.attributes.items()}
    answer = _asked(compile_condition(holds), _facts(sample, 1))
    return answer if isinstance(answer, str) and _UNDEFINED in answer else ""


def _sample(schema: JsonObject) -> Json:
    """Some value of about the right kind."""
    options = schema.get("enum")
    if isinstance(options, list) and options:
        return options[0]
    kinds: dict[str, Json] = {"integer": 1, "number": 1.5, "boolean": True, "array": ["1"], "object": {}}
    return kinds.get(str(schema.get("type")), "1")
