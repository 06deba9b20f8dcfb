"""Flows against the rest: posts that packs declare, variables that somebody sets, needs that casework knows, people who can act.

Whether a flow can be entered, can end, and what its conditions compare is judged by flow's own reader.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.casework.model import COMMON_STATUSES
from yiwang.casework.steps import NEED_WORDS
from yiwang.flow.model import EndEvent, Graph, UserTask
from yiwang.flow.model.graph import node_variables
from yiwang.packs.check.references import needed, post_kinds
from yiwang.packs.check.values import CHINESE
from yiwang.packs.check.variables import takes_any, unset_variables, variables_set
from yiwang.packs.check.who import check_who, check_who_in_city
from yiwang.packs.findings import Findings, Place, suggestion
from yiwang.packs.flows import FlowFile
from yiwang.packs.loaded import City, Loaded, Pack
from yiwang.packs.model.city import OrganisationEntry, PostEntry

START_VARIABLES = frozenset({
    "centre", "area", "grid", "channel", "class", "urgency", "department", "verify", "visit", "warn", "rework",
})  # fmt: skip
"""Flow variables that casework sets when a case is opened; ``limit`` as well where every case has a class from the start."""
OUTCOME_VARIABLES = frozenset({"department", "section", "handler", "limit", "class", "urgency"})
"""Flow variables that casework sets from what is given with an outcome."""


def check_flows(pack: Pack, packs: Mapping[str, Pack], findings: Findings) -> None:
    """Posts, needs and variables of the pack's flows."""
    reach = [pack, *(packs[name] for name in needed(pack, packs))]
    posts = post_kinds(reach)
    for flow in pack.flows:
        if flow.graph is None:
            continue
        cases = [case for one in packs.values() for case in one.cases if case.value.flow == flow.key]
        channel_sets = [set(channel.variables) for case in cases for channel in case.value.channels.values()]
        # A variable that only some channels set would be missing in a case of another.
        by_channels = set.intersection(*channel_sets) if channel_sets else set()
        reckoned = [{key for key, item in case.value.fields.items() if item.calculated} for case in cases]
        by_channels |= set.intersection(*reckoned) if reckoned else set()
        known = START_VARIABLES | OUTCOME_VARIABLES | by_channels
        by_class = {"limit"} if cases and all(_always_classed(case.value) for case in cases) else set()
        _check_limits(flow, START_VARIABLES.union(by_channels, by_class), findings)
        for task in flow.graph.tasks:
            _check_task(flow, task, posts, findings)
        for case in cases:
            _check_statuses(flow.graph, case, findings)
        # What a message or a worker brings is known only when it comes, so then any name may be right.
        set_somewhere = flow.graph.variables if takes_any(flow.graph) else variables_set(flow.graph)
        for name in sorted(flow.graph.variables - known - set_somewhere):
            zh, en = suggestion(name, known)
            for element in _elements_using(flow, name):
                place = flow.place(element)
                findings.add(place, "flow.variable_unknown", element=element, name=name, hint_zh=zh, hint_en=en)
        check_who(flow, reach, findings)


def _always_classed(case: CaseTypeDeclaration) -> bool:
    """Whether every case of this type has a class when it is opened, and with it the limit of the class's standard."""
    return case.default_class is not None or all("class" in channel.needs for channel in case.channels.values())


def _check_statuses(graph: Graph, case: Loaded[CaseTypeDeclaration], findings: Findings) -> None:
    """Every status that a case of this type can have is read in English, too."""
    statuses = {task.status for task in graph.tasks} | {graph.status_done, graph.status_cancelled}
    statuses |= {node.status for node in graph.nodes.values() if isinstance(node, EndEvent)}
    known = COMMON_STATUSES.keys() | case.value.statuses.keys()
    missing = sorted(status for status in statuses - known if CHINESE.search(status))
    if missing:
        place = case.source.key_place(("statuses",))
        findings.add(place, "case.status_untranslated", statuses_zh="、".join(missing), statuses_en=", ".join(missing))


def _check_limits(flow: FlowFile, known: frozenset[str], findings: Findings) -> None:
    """``known``: what is set when the flow starts. Variables that nothing sets at all have been told already."""
    if flow.graph is None:
        return
    for task, name, culprit in unset_variables(flow.graph, known):
        if name in OUTCOME_VARIABLES:
            findings.add(flow.place(task.id), "flow.limit_unset", element=task.id, name=name, culprit=culprit)


def _check_task(flow: FlowFile, task: UserTask, posts: Iterable[str], findings: Findings) -> None:
    place = flow.place(task.id)
    if task.who.post and task.who.post not in posts:
        zh, en = suggestion(task.who.post, posts)
        findings.add(place, "flow.post_unknown", element=task.id, post=task.who.post, hint_zh=zh, hint_en=en)
    for outcome in task.outcomes.values():
        for need in outcome.needs:
            if need not in NEED_WORDS:
                zh, en = suggestion(need, NEED_WORDS)
                findings.add(place, "flow.need_unknown", element=task.id, need=need, hint_zh=zh, hint_en=en)


def _elements_using(flow: FlowFile, name: str) -> Iterator[str]:
    if flow.graph is not None:
        yield from (node.id for node in flow.graph.nodes.values() if name in node_variables(node))


def check_people(city: City, findings: Findings) -> None:
    """In this city, every step of every flow has a post that can take it."""
    if city.organisations is None:
        return
    offices = Offices(city.organisations.value.organisations, city.file.value.division)
    for pack in city.packs:
        reach = [pack, *(one for one in city.packs if one.id in pack.file.value.needed_ids)]
        for case in pack.cases:
            kinds = _kinds_of(case, reach)
            flow = next((flow for one in reach for flow in one.flows if flow.key == case.value.flow), None)
            if flow is None or flow.graph is None:
                continue
            for task in flow.graph.tasks:
                _check_step(city, offices, flow, task, kinds, findings)
    check_who_in_city(city, offices, findings)


class Offices:
    """The organisations of a city by what they serve, with what posts stand in them."""

    def __init__(self, entries: Sequence[OrganisationEntry], division: str) -> None:
        self.all: dict[str, OrganisationEntry] = {}
        self.parents: dict[str, str | None] = {}
        self.areas: dict[str, str] = {}
        self._walk(entries, None, division)

    def _walk(self, entries: Sequence[OrganisationEntry], parent: str | None, area: str) -> None:
        for entry in entries:
            own = area if entry.area is None else entry.area
            self.all.setdefault(entry.code, entry)
            self.parents.setdefault(entry.code, parent)
            self.areas.setdefault(entry.code, own)
            self._walk(entry.children, entry.code, own)

    def serving(self, kind: str) -> list[OrganisationEntry]:
        return [entry for entry in self.all.values() if kind in entry.serves]

    def has_post(self, code: str, post: str) -> bool:
        """Whether the organisation itself has a post of the kind."""
        return post in (post_code(item) for item in self.all[code].posts)

    def has_post_below(self, code: str, post: str) -> bool:
        return self.has_post(code, post) or any(
            self.has_post_below(child.code, post) for child in self.all[code].children
        )

    def with_post(self, post: str) -> list[str]:
        return [code for code in self.all if self.has_post(code, post)]


def post_code(entry: str | PostEntry) -> str:
    return entry if isinstance(entry, str) else entry.code


def _kinds_of(case: Loaded[CaseTypeDeclaration], reach: Sequence[Pack]) -> set[str]:
    """Kinds of department to which cases of this type may be dispatched."""
    trees = [tree.value for pack in reach for tree in pack.classes if tree.value.id == case.value.classes]
    tables = [table.value for pack in reach for table in pack.rules if table.value.id == case.value.dispatch]
    kinds = {item.department for tree in trees for item in tree.classes if item.department is not None}
    return kinds | {row.department for table in tables for row in table.rows}


def _check_step(
    city: City, offices: Offices, flow: FlowFile, task: UserTask, kinds: set[str], findings: Findings
) -> None:
    post, organisation = task.who.post, task.who.organisation
    if not post or city.organisations is None:
        return
    place = flow.place(task.id)
    wanted: list[tuple[str, bool]] = []
    if organisation is None:
        if not offices.with_post(post):
            _nobody(city, place, task.id, post, ("全市", "the city"), findings)
        return
    match organisation.variable:
        case "centre":
            wanted = [(entry.code, offices.has_post(entry.code, post)) for entry in offices.serving("centre")]
        case "department" | "section":
            serving = {entry.code for kind in kinds for entry in offices.serving(kind)}
            below = organisation.variable == "section" or task.who.person is not None
            has = offices.has_post_below if below else offices.has_post
            wanted = [(code, has(code, post)) for code in sorted(serving)]
        case None:
            if organisation.text in offices.all:
                wanted = [(organisation.text, offices.has_post(organisation.text, post))]
            else:
                zh, en = suggestion(organisation.text, offices.all)
                findings.add(
                    place,
                    "reference.unknown",
                    what_zh=f"{city.id} 的机构", what_en=f"organisation of {city.id}", id=organisation.text,
                    hint_zh=zh, hint_en=en,
                )  # fmt: skip
        case _:
            if not offices.with_post(post):
                wanted = [("—", False)]
    for code, good in wanted:
        if not good:
            entry = offices.all.get(code)
            names = (entry.names.zh, entry.names.en) if entry else (code, code)
            _nobody(city, place, task.id, post, names, findings)


def _nobody(
    city: City, place: Place, element: str, post: str, organisation: tuple[str, str], findings: Findings
) -> None:
    zh, en = organisation
    findings.add(
        place, "city.no_post", city=city.id, element=element, post=post, organisation_zh=zh, organisation_en=en
    )
