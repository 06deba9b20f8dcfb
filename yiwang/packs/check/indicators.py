"""Indicators and boards: whether every count, indicator, case type, channel, post and department that they name exists, whether
an indicator can have a value at all, and whether a board can give points and grades."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from yiwang.insight.indicators.counts import BY_KEY, WORDS
from yiwang.insight.indicators.declared import Amount, Board, Indicator, ObjectKind, Scope, counts_of
from yiwang.packs.check.countable import NEEDS, missing
from yiwang.packs.check.references import needed, unknown
from yiwang.packs.findings import Findings, suggestion
from yiwang.packs.loaded import Loaded, Pack
from yiwang.packs.source import Source, Trail

OBJECTS: Mapping[ObjectKind, tuple[str, str, str]] = {
    "area": ("区域", "areas", "a"),
    "department": ("部门", "departments", "d"),
    "post": ("岗位", "posts", "s"),
    "person": ("个人", "persons", "s"),
}
"""Chinese, English, and the letter by which counts say for whom they are kept."""


def check_indicators(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """The indicators and boards of one pack, which may name those of the packs that it needs."""
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    for file in pack.indicators:
        for index, indicator in enumerate(file.value.indicators):
            _check_indicator(file.source, ("indicators", index), indicator, reach, findings)
    known = {one.id: one for other in reach for file in other.indicators for one in file.value.indicators}
    for board in pack.boards:
        _check_board(board, known, reach, findings)


def check_shared_indicators(packs: Sequence[Pack], findings: Findings) -> None:
    """Indicators and boards have a code of their own across all packs."""
    first: dict[tuple[str, str], str] = {}
    for pack in packs:
        for file in pack.indicators:
            for index, indicator in enumerate(file.value.indicators):
                where = first.setdefault(("indicator", indicator.id), f"{file.file}#{index}")
                if where != f"{file.file}#{index}":
                    place = file.source.place(("indicators", index, "id"))
                    findings.twice(place, "indicator", indicator.id, where.partition("#")[0])
        for board in pack.boards:
            where = first.setdefault(("board", board.value.id), board.file)
            if where != board.file:
                findings.twice(board.source.place(("id",)), "board", board.value.id, where)


def _check_indicator(
    source: Source, trail: Trail, indicator: Indicator, reach: Sequence[Pack], findings: Findings
) -> None:
    sums: list[dict[str, int]] = []
    sound = True
    for name, amount in (("numerator", indicator.numerator), ("denominator", indicator.denominator)):
        sound &= _check_amount(source, (*trail, name), amount, findings)
        sums.append(_summed(amount))
    _check_scope(source, (*trail, "scope"), indicator.scope, reach, findings)
    if not sound:
        return
    above, below = sums
    place = source.place((*trail, "numerator"))
    if not above or (indicator.denominator is not None and not below):
        findings.add(place, "indicator.not_counted", id=indicator.id)
    elif above == below:
        findings.add(place, "indicator.by_itself", id=indicator.id)
    amounts = any(WORDS[BY_KEY[key]].amount for key in above)
    if indicator.unit == "percent" and (indicator.denominator is None or amounts):
        findings.add(source.place(trail), "indicator.percent", id=indicator.id)
    for name, counts in (("numerator", above), ("denominator", below)):
        _check_countable(source, (*trail, name), indicator, counts, reach, findings)
    for index, kind in enumerate(indicator.objects):
        zh, en, letter = OBJECTS[kind]
        for key in [*above, *below]:
            if letter not in WORDS[BY_KEY[key]].of:
                place = source.place((*trail, "objects", index))
                findings.add(place, "indicator.not_kept", count=key, id=indicator.id, object_zh=zh, object_en=en)
                break


def _check_countable(
    source: Source, trail: Trail, indicator: Indicator, counts: Iterable[str], reach: Sequence[Pack], findings: Findings
) -> None:
    """Where the cases are named: some flow of theirs must be able to bring what is counted."""
    flows = {flow.key: flow.graph for pack in reach for flow in pack.flows}
    drawn = {case.value.id: flows.get(case.value.flow) for pack in reach for case in pack.cases}
    graphs = [drawn.get(name) for name in indicator.scope.types]
    known = [graph for graph in graphs if graph is not None]
    if not known or len(known) < len(graphs):
        return  # of any case, or a mistake that is told elsewhere
    lacking = missing([BY_KEY[key] for key in counts], known)
    if lacking and len(lacking) == len(list(counts)):
        zh, en = NEEDS[lacking[0]]
        words = {"id": indicator.id, "count": WORDS[lacking[0]].key, "types": ", ".join(indicator.scope.types)}
        findings.add(source.place(trail), "indicator.never_counted", **words, needs_zh=zh, needs_en=en)


def _check_amount(source: Source, trail: Trail, amount: Amount | None, findings: Findings) -> bool:
    sound = True
    for key, _ in counts_of(amount):
        if key not in BY_KEY:
            zh, en = suggestion(key, BY_KEY)
            findings.add(source.place(trail), "indicator.count_unknown", count=key, hint_zh=zh, hint_en=en)
            sound = False
    return sound


def _summed(amount: Amount | None) -> dict[str, int]:
    """How often each count enters, those that cancel out left away."""
    found: Counter[str] = Counter()
    for key, sign in counts_of(amount):
        found[key] += sign
    return {key: times for key, times in sorted(found.items()) if times}


def _check_scope(source: Source, trail: Trail, scope: Scope, reach: Sequence[Pack], findings: Findings) -> None:
    cases = {case.value.id: case.value for pack in reach for case in pack.cases}
    for index, name in enumerate(scope.types):
        if name not in cases:
            unknown(findings, source.place((*trail, "types", index)), ("案件类型", "case type"), name, cases)
    if not set(scope.types) <= set(cases):
        return  # of which type a channel is, cannot be told
    channels = {key for name, case in cases.items() if not scope.types or name in scope.types for key in case.channels}
    for index, name in enumerate(scope.channels):
        if name not in channels:
            unknown(findings, source.place((*trail, "channels", index)), ("渠道", "channel"), name, channels)


def _check_board(
    board: Loaded[Board], known: Mapping[str, Indicator], reach: Sequence[Pack], findings: Findings
) -> None:
    declared, source = board.value, board.source
    seen: set[str] = set()
    zh, en, _ = OBJECTS[declared.object]
    for index, measure in enumerate(declared.measures):
        place = source.place(("measures", index, "indicator"))
        indicator = known.get(measure.indicator)
        if indicator is None:
            unknown(findings, place, ("指标", "indicator"), measure.indicator, known)
        elif measure.indicator in seen:
            findings.add(place, "board.twice", id=measure.indicator)
        elif indicator.denominator is None or indicator.unit == "number":
            findings.add(place, "board.no_rate", id=measure.indicator)
        elif declared.object not in indicator.objects:
            hints = suggestion("", [name for name, one in known.items() if declared.object in one.objects])
            findings.add(place, "board.wrong_object", id=measure.indicator, object_zh=zh, object_en=en,
                         hint_zh=hints[0], hint_en=hints[1])  # fmt: skip
        seen.add(measure.indicator)
    if all(measure.indicator in known for measure in declared.measures):
        _check_points(board, known, findings)
    if declared.scope is not None:
        _check_scope(source, ("scope",), declared.scope, reach, findings)
    _check_names(source, "posts", declared.posts, ("岗位", "post"), _posts(reach), findings)
    kinds = {kind for pack in reach for kind in pack.file.value.departments}
    _check_names(source, "departments", declared.departments, ("部门类别", "kind of department"), kinds, findings)


def _posts(reach: Sequence[Pack]) -> set[str]:
    return {post.code for pack in reach if pack.roles is not None for post in pack.roles.value.posts}


def _check_names(
    source: Source, key: str, names: Sequence[str], what: tuple[str, str], known: Iterable[str], findings: Findings
) -> None:
    there = set(known)
    for index, name in enumerate(names):
        if name not in there:
            unknown(findings, source.place((key, index)), what, name, there)


def _check_points(board: Loaded[Board], known: Mapping[str, Indicator], findings: Findings) -> None:
    declared, source = board.value, board.source
    weights = [known[one.indicator].weight if one.weight is None else one.weight for one in declared.measures]
    if not sum(weights):
        findings.add(source.place(("measures",)), "board.no_weight", id=declared.id)
    elif declared.target is not None and declared.target > sum(weights):
        findings.add(source.place(("target",)), "board.target", target=f"{declared.target:g}", most=f"{sum(weights):g}")
    for index, (higher, lower) in enumerate(zip(declared.grades, declared.grades[1:], strict=False), start=1):
        if lower.at_least >= higher.at_least:
            findings.add(source.place(("grades", index)), "board.grades", grade=lower.id)
