"""Rules that overlap, are never reached, say the same twice, or leave a gap, as far as that can be known without asking CEL.

What is said is true of all values: an error never speaks of a rule whose cells only CEL can decide, unless both rules have
the very same cell. Where such a rule may overlap another in any case, a warning says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from yiwang.flow.decisions.cells import Constant
from yiwang.flow.decisions.evaluate import alike
from yiwang.flow.decisions.model import Finding, HitPolicy
from yiwang.flow.decisions.parsing import ReadRule, ReadTable
from yiwang.flow.decisions.regions import Box, Domain, settled, subtract
from yiwang.flow.model import Names

most_gaps = 5
most_told = 100
_most_pieces = 2_000_000
_most_cuts = 100_000
_most_looked = 500_000


class TooLarge(Exception):
    """The table has too many combinations to look at all of them."""


@dataclass(slots=True)
class _Region:
    """Where a rule may fit: a box, and by column the cells that only CEL decides (there the box is full)."""

    box: Box
    open: dict[int, str]
    never: int | None = None
    """The column whose cell fits no value at all."""


@dataclass(slots=True)
class Coverage:
    """The regions of a table's rules."""

    read: ReadTable
    domains: list[Domain] = field(default_factory=list)
    regions: list[_Region] = field(default_factory=list)
    _by_column: dict[int, dict[int, int]] = field(default_factory=dict)
    _cuts: int = 0
    _looked: int = 0

    def __post_init__(self) -> None:
        for at, column in enumerate(self.read.inputs):
            tests = [rule.tests[at] for rule in self.read.rules if settled(rule.tests[at])]
            self.domains.append(Domain(column.column.kind, tests, column.allowed))
        self.regions = [self._region(at, rule) for at, rule in enumerate(self.read.rules)]

    def findings(self) -> Iterator[Finding]:
        """Everything that can be said."""
        hit = self.read.table.hit
        yield from self._never()
        try:
            if hit is HitPolicy.FIRST:
                yield from self._unreached()
            elif hit in (HitPolicy.UNIQUE, HitPolicy.ANY):
                yield from self._overlaps()
            if hit is not HitPolicy.FIRST:
                yield from self._duplicates()
            silent = hit.single and all(column.default is None for column in self.read.outputs)
            if silent and all(region.never is None for region in self.regions):
                yield from self._gaps()
        except TooLarge:
            yield Finding(
                "not_all_checked", ("rules",), "组合太多,重叠、缺口和永远轮不到的规则没有查全;请把表拆小",
                "there are too many combinations to look for all overlaps, gaps and unreached rules; split the table",
                "warning",
            )  # fmt: skip

    def _region(self, at: int, rule: ReadRule) -> _Region:
        box: list[int] = []
        unsettled: dict[int, str] = {}
        never = None
        for column, (test, domain) in enumerate(zip(rule.tests, self.domains, strict=True)):
            if settled(test):
                box.append(domain.mask(test))
                never = column if never is None and not box[-1] else never
            else:
                box.append(domain.full)
                unsettled[column] = self.read.table.rules[at].inputs[column].strip()
        return _Region(tuple(box), unsettled, never)

    def _never(self) -> Iterator[Finding]:
        for at, region in enumerate(self.regions):
            if region.never is not None:
                column = self.read.table.inputs[region.never]
                rule = self.read.table.rules[at]
                text = rule.inputs[region.never]
                yield Finding(
                    "never", ("rules", at, "when", column.id),
                    f"规则 {rule.id} 的“{column.label.zh}”({text})不适用于任何值,这条规则永远不会命中",
                    f"“{column.label.en}” of rule {rule.id} ({text}) fits no value, so the rule never does", rule=at + 1,
                )  # fmt: skip

    def _meetings(self) -> Iterator[tuple[int, list[int]]]:
        """For each rule the earlier ones whose boxes meet its box."""
        columns = [self._sharing(column) for column in range(len(self.domains))]
        for at, region in enumerate(self.regions):
            earlier = (1 << at) - 1
            for sharing in columns:
                earlier &= sharing[at]
            if region.never is None:
                yield at, [other for other in _members(earlier) if self.regions[other].never is None]

    def _sharing(self, column: int) -> list[int]:
        """For each rule the set of rules that share a piece of this column with it."""
        domain = self.domains[column]
        everywhere, by_piece = self._rules_by_piece(column)
        sharing: dict[int, int] = {domain.full: (1 << len(self.regions)) - 1}
        for region in self.regions:
            mask = region.box[column]
            if mask not in sharing:
                found = everywhere
                for piece in _members(mask):
                    found |= by_piece[piece]
                sharing[mask] = found
        return [sharing[region.box[column]] for region in self.regions]

    def _meet(self, one: _Region, other: _Region) -> str | None:
        """Whether two rules whose boxes meet fit some values together: ``surely``, ``perhaps``, or None for not known."""
        answer = "surely"
        for column in one.open.keys() | other.open.keys():
            if column in one.open and column in other.open:
                if one.open[column] != other.open[column]:
                    return None
            else:
                closed = other if column in one.open else one
                if closed.box[column] != self.domains[column].full:
                    return None
                answer = "perhaps"
        return answer

    def _overlaps(self) -> Iterator[Finding]:
        table = self.read.table
        told = 0
        for at, earlier in self._meetings():
            sure: list[int] = []
            perhaps: list[int] = []
            for other in earlier:
                if table.hit is HitPolicy.ANY and not _differ(self.read.rules[at], self.read.rules[other]):
                    continue
                if table.hit is HitPolicy.UNIQUE and self._same_cells(at, other):
                    continue  # told as a duplicate
                meeting = self._meet(self.regions[at], self.regions[other])
                if meeting is not None:
                    (sure if meeting == "surely" else perhaps).append(other)
            others = sure or perhaps
            if others and told < most_told:
                told += 1
                yield self._overlap(at, others, sure=bool(sure))

    def _overlap(self, at: int, others: list[int], *, sure: bool) -> Finding:
        rules = self.read.table.rules
        shared = tuple(a & b for a, b in zip(self.regions[at].box, self.regions[others[0]].box, strict=True))
        where = self.words(shared, self.regions[at].open | self.regions[others[0]].open)
        names = ", ".join(rules[other].id for other in others[:10]) + (" …" if len(others) > 10 else "")
        can_zh, can_en = ("都适用于", "both fit") if sure else ("可能都适用于", "may both fit")
        what_zh, what_en = "", ""
        if self.read.table.hit is HitPolicy.ANY:
            what_zh, what_en = ",输出却不同", ", yet answer differently"
        return Finding(
            "overlap", ("rules", at), f"规则 {rules[at].id} 与规则 {names} {can_zh} {where.zh}{what_zh}",
            f"rule {rules[at].id} and rule {names} {can_en} {where.en}{what_en}",
            "error" if sure else "warning", at + 1, tuple(other + 1 for other in others),
        )  # fmt: skip

    def _unreached(self) -> Iterator[Finding]:
        rules = self.read.table.rules
        for at, earlier in self._meetings():
            region = self.regions[at]
            left = [region.box]
            by: list[int] = []
            for other in earlier:
                theirs = self.regions[other]
                if any(region.open.get(column) != text for column, text in theirs.open.items()):
                    continue  # it may or may not take what this rule would
                after = self._cut(left, theirs.box)
                if after != left:
                    by, left = [*by, other], after
                if not left:
                    break
            if not left:
                by = self._enough(at, by)
                names = ", ".join(rules[other].id for other in by[:10]) + (" …" if len(by) > 10 else "")
                yield Finding(
                    "unreached", ("rules", at), f"规则 {rules[at].id} 永远轮不到,前面的规则 {names} 已包含它的全部情况",
                    f"rule {rules[at].id} is never reached: rule {names} before it takes all its cases",
                    rule=at + 1, others=tuple(other + 1 for other in by),
                )  # fmt: skip

    def _enough(self, at: int, by: list[int]) -> list[int]:
        """One rule alone, where that suffices."""
        return next(([other] for other in by if not self._cut([self.regions[at].box], self.regions[other].box)), by)

    def _duplicates(self) -> Iterator[Finding]:
        first: dict[tuple[str, ...], list[int]] = {}
        for at, region in enumerate(self.regions):
            key = tuple(region.open.get(column, hex(mask)) for column, mask in enumerate(region.box))
            twins = first.setdefault(key, [])
            if region.never is not None:
                continue
            for other in twins:
                finding = self._duplicate(at, other)
                if finding is not None:
                    yield finding
                    break
            twins.append(at)

    def _duplicate(self, at: int, other: int) -> Finding | None:
        table = self.read.table
        differ = _differ(self.read.rules[at], self.read.rules[other])
        if differ and table.hit not in (HitPolicy.UNIQUE, HitPolicy.PRIORITY):
            return None
        what_zh, what_en = (
            ("条件", "the same conditions") if differ else ("条件和输出", "the same conditions and answers")
        )
        mine, theirs = table.rules[at].id, table.rules[other].id
        return Finding(
            "duplicate", ("rules", at), f"规则 {mine} 与规则 {theirs} 的{what_zh}相同",
            f"rule {mine} has {what_en} as rule {theirs}",
            "error" if table.hit is HitPolicy.UNIQUE else "warning", at + 1, (other + 1,),
        )  # fmt: skip

    def _gaps(self) -> Iterator[Finding]:
        every = (1 << len(self.regions)) - 1
        for box in islice(self._left(0, every, set()), most_gaps):
            where = self.words((*box, *(domain.full for domain in self.domains[len(box) :])), {})
            yield Finding("gap", ("rules",), f"没有规则适用于 {where.zh}", f"no rule fits {where.en}", "warning")

    def _left(self, column: int, rules: int, covered: set[tuple[int, int]]) -> Iterator[Box]:
        """The boxes, from this column on, that none of these rules fits; without texts that nothing in the table names.

        ``covered``: column and rules of which it is known that they leave nothing.
        """
        if not rules:
            yield ()
            return
        if column == len(self.domains) or (column, rules) in covered:
            return
        complete = True
        for mask, theirs in self._classes(column, rules).items():
            if mask != self.domains[column].full and not self.domains[column].named(mask):
                continue
            for rest in self._left(column + 1, theirs, covered):
                complete = False
                yield (mask, *rest)
        if complete:
            covered.add((column, rules))

    def _classes(self, column: int, rules: int) -> dict[int, int]:
        """The pieces of a column that the same of these rules cover, and these: set of pieces → set of rules."""
        alike: dict[int, int] = {}
        pieces = self._pieces(column)
        self._looked += len(pieces)
        if self._looked > _most_looked:
            raise TooLarge
        for mask, theirs in pieces.items():
            alike[theirs & rules] = alike.get(theirs & rules, 0) | mask
        return {mask: theirs for theirs, mask in alike.items()}

    def _pieces(self, column: int) -> dict[int, int]:
        """The same for all rules, worked out once."""
        if column not in self._by_column:
            everywhere, by_piece = self._rules_by_piece(column)
            alike: dict[int, int] = {}
            for piece in _members(self.domains[column].full):
                theirs = everywhere | by_piece.get(piece, 0)
                alike[theirs] = alike.get(theirs, 0) | 1 << piece
            self._by_column[column] = {mask: theirs for theirs, mask in alike.items()}
        return self._by_column[column]

    def _rules_by_piece(self, column: int) -> tuple[int, dict[int, int]]:
        """The rules that cover the whole column, and for each piece those that cover it otherwise."""
        domain = self.domains[column]
        everywhere = 0
        by_mask: dict[int, int] = {}
        for at, region in enumerate(self.regions):
            mask = region.box[column]
            if mask == domain.full:
                everywhere |= 1 << at
            else:
                by_mask[mask] = by_mask.get(mask, 0) | 1 << at
        if sum(mask.bit_count() for mask in by_mask) > _most_pieces:
            raise TooLarge
        by_piece: dict[int, int] = {}
        for mask, rules in by_mask.items():
            for piece in _members(mask):
                by_piece[piece] = by_piece.get(piece, 0) | rules
        return everywhere, by_piece

    def _cut(self, boxes: list[Box], other: Box) -> list[Box]:
        self._cuts += len(boxes)
        if self._cuts > _most_cuts:
            raise TooLarge
        return [piece for box in boxes for piece in subtract(box, other)]

    def _same_cells(self, one: int, other: int) -> bool:
        return self.regions[one].box == self.regions[other].box and self.regions[one].open == self.regions[other].open

    def words(self, box: Box, cells: dict[int, str]) -> Names:
        """A box in words; ``cells`` stand for the columns that only CEL decides."""
        zh, en = [], []
        for at, (mask, domain) in enumerate(zip(box, self.domains, strict=True)):
            label = self.read.table.inputs[at].label
            if at in cells:
                zh.append(f"{label.zh} {cells[at]}")
                en.append(f"{label.en} {cells[at]}")
            elif mask != domain.full:
                said = domain.words(mask)
                zh.append(f"{label.zh} {said.zh}")
                en.append(f"{label.en} {said.en}")
        return Names("、".join(zh) or "任何情况", ", ".join(en) or "any case")


def _members(mask: int) -> Iterator[int]:
    """The indexes of the bits that are set, in order."""
    digits = bin(mask)[:1:-1]
    at = digits.find("1")
    while at >= 0:
        yield at
        at = digits.find("1", at + 1)


def _differ(one: ReadRule, other: ReadRule) -> bool:
    """Whether two rules surely answer differently."""
    return any(
        isinstance(mine, Constant) and isinstance(theirs, Constant) and not alike(mine.value, theirs.value)
        for mine, theirs in zip(one.answers, other.answers, strict=True)
    )
