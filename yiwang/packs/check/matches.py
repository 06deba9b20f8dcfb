"""Matching rules: whether cases, steps, fields, types and attributes that they name exist, and their condition can be asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yiwang.flow.conditions import ConditionInvalid, compile_condition
from yiwang.flow.model import UserTask
from yiwang.kernel.deadlines import parse_deadline
from yiwang.kernel.errors import Problem
from yiwang.matching.declarations import MatchDeclaration, Term
from yiwang.matching.scoring import names_in
from yiwang.packs.check.reach import CASE_TYPE, TYPE, Reach, What
from yiwang.packs.findings import Findings
from yiwang.packs.loaded import Loaded, Pack
from yiwang.packs.source import Trail
from yiwang.registry.declarations import ThingType

CASE_VALUES = frozenset({"urgency", "class"})
"""What a need that is a case has beside its fields."""
_FIELD, _ATTRIBUTE = ("字段", "field"), ("字段", "attribute")


def check_matches(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """Those of one pack, which may name what the packs hold that it needs."""
    if pack.matches:
        reach = Reach(pack, packs, findings)
        for item in pack.matches:
            _Rule(item, reach).check()


class _Rule:
    """One rule and what is within its reach."""

    def __init__(self, item: Loaded[MatchDeclaration], reach: Reach) -> None:
        self._rule = item.value
        self._source = item.source
        self._reach = reach

    def check(self) -> None:
        rule = self._rule
        try:
            parse_deadline(rule.answer_within)
        except Problem as problem:
            self._wrong(("answer_within",), problem.message("zh").rstrip("。"), problem.message("en").rstrip("."))
        named = (
            self._case()
            if rule.needs.case is not None
            else self._type(("needs",), rule.needs.type or "", rule.needs.where)
        )
        offers = self._type(("offers",), rule.offers.type, rule.offers.where)
        for index, term in enumerate(rule.terms):
            self._term(index, term, named, offers)
        if offers is not None:
            self._known(("offers", "account"), rule.offers.account, offers, _ATTRIBUTE)
            self._known(("capacity", "of"), rule.capacity.of, offers, _ATTRIBUTE)
        self._condition(named, offers)

    def _case(self) -> set[str] | None:
        """The names that a need may be asked for; the rest is told where it is wrong."""
        needs = self._rule.needs
        case = self._reach.cases.get(needs.case or "")
        if case is None:
            self._known(("needs", "case"), needs.case, self._reach.cases, CASE_TYPE)
            return None
        names = set(case.fields) | CASE_VALUES
        graph = self._reach.flows.get(case.flow)
        if graph is None:
            return names  # told where the flow is named
        tasks = {task.id: task for task in graph.tasks}
        self._known(("needs", "node"), needs.node, tasks, ("步骤", "step"))
        self._step(tasks.get(needs.node or ""))
        names |= {field.id for task in tasks.values() for field in task.fields}
        self._known(("needs", "amount"), needs.amount, names, _FIELD)
        return names

    def _step(self, task: UserTask | None) -> None:
        if task is None:
            return
        needs = self._rule.needs
        for key, outcome in (("matched", needs.matched), ("unmatched", needs.unmatched)):
            self._known(("needs", key), outcome, task.outcomes, ("办理结果", "outcome"))
        self._known(
            ("needs", "offer"), needs.offer, [field.id for field in task.fields], ("步骤的字段", "field of the step")
        )

    def _type(self, trail: Trail, type_id: str, where: Mapping[str, str]) -> set[str] | None:
        """The attributes that may be reckoned with; sealed ones may not."""
        kind = self._reach.types.get(type_id)
        if kind is None:
            self._known((*trail, "type"), type_id, self._reach.types, TYPE)
            return None
        filters = [name for name, each in kind.attributes.items() if each.filter]
        for name in where:
            self._known((*trail, "where", name), name, filters, ("可筛选的字段", "attribute with `filter`"))
        if self._rule.radius is not None and kind.geometry == "none":
            zh, en = (
                f"{kind.names.zh}不在地图上(geometry: none)",
                f"{kind.names.en} does not stand on the map (geometry: none)",
            )
            self._wrong(("radius",), zh, en)
        return _open_attributes(kind)

    def _term(self, index: int, term: Term, named: set[str] | None, offers: set[str] | None) -> None:
        for key, name, known, what in (
            ("need", term.need, named, _FIELD),
            ("part", term.part, named, _FIELD),
            ("offer", term.offer, offers, _ATTRIBUTE),
        ):
            if known is not None:
                self._known(("terms", index, key), name, known, what)

    def _condition(self, named: set[str] | None, offers: set[str] | None) -> None:
        text = self._rule.when
        if text is None:
            return
        try:
            condition = compile_condition(text)
        except ConditionInvalid as invalid:
            self._wrong(("when",), invalid.zh, invalid.en)
            return
        for variable in condition.variables:
            self._known(("when",), variable, ("need", "offer"), ("变量", "variable"))
        of_need, of_offer = names_in(text)
        for given, known, what in ((of_need, named, _FIELD), (of_offer, offers, _ATTRIBUTE)):
            for name in sorted(given) if known is not None else ():
                self._known(("when",), name, known or (), what)

    def _known(self, trail: Trail, name: str | None, known: Iterable[str], what: What) -> None:
        if name is not None:
            self._reach.known(self._source, trail, what, name, sorted(known))

    def _wrong(self, trail: Trail, zh: str, en: str) -> None:
        self._reach.wrong(self._source, trail, zh, en)


def _open_attributes(kind: ThingType) -> set[str]:
    return {name for name, each in kind.attributes.items() if not each.sealed}
