"""Ways between steps: which lines lead from one element to another without passing a step that leaves a record.

The file is turned into places and passages. A sub-process has two places, where it is entered and where it is left;
passages without a line lead into it, out of it, onto its boundary and through links.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from yiwang.flow.look.plan import Plan, PlanNode

most_ways = 64
most_tries = 4_000
_RECORDED = frozenset({"userTask", "manualTask"})
_SLOW = frozenset(
    [
        "intermediateCatchEvent",
        "receiveTask",
        "serviceTask",
        "sendTask",
        "scriptTask",
        "businessRuleTask",
        "callActivity",
        "eventBasedGateway",
        "subProcess",
        "transaction",
        "adHocSubProcess",
        "boundaryEvent",
        "task",
    ]
)
_OUT = "\0out"
"""Ends the name of the place where a sub-process is left; no id of XML holds such a character."""


@dataclass(frozen=True, slots=True)
class Passage:
    """From one place to the next, over ``line`` or, with "", without one."""

    target: str
    line: str


@dataclass(frozen=True, slots=True)
class Way:
    """The lines of a way in order, and which of them every other way between the same ends takes, too.

    ``slow``: it passes something that may take time without leaving a record.
    """

    lines: tuple[str, ...]
    certain: frozenset[str]
    slow: bool
    unique: bool
    end: str


class Ways:
    """Finds ways in one plan; ``recorded`` are the nodes that no way passes because passing them leaves a record."""

    def __init__(self, plan: Plan, recorded: Iterable[str] = ()) -> None:
        self.plan = plan
        self.recorded = {node.id for node in plan.nodes.values() if node.element in _RECORDED} | set(recorded)
        self.passages, self.boundary = _passages(plan)
        self.event_starts: dict[str, list[str]] = {}
        for node in plan.nodes.values():
            inside = plan.nodes.get(node.parent)
            if node.element == "startEvent" and inside is not None and inside.event_sub:
                self.event_starts.setdefault(inside.parent, []).append(node.id)
        self.joins = _joins(plan)
        self.arriving: dict[str, list[str]] = {}
        for place, passages in self.passages.items():
            for passage in passages:
                self.arriving.setdefault(passage.target, []).append(place)
        self.find = lru_cache(maxsize=1024)(self._find)

    def leave(self, node: str) -> str:
        """The place from which one goes on after a node."""
        return node + _OUT if node + _OUT in self.passages else node

    def starts(self, parent: str = "") -> list[str]:
        """The start events of the process, or of a sub-process."""
        wanted = parent or self.plan.key
        return [node.id for node in self.plan.nodes.values() if node.element == "startEvent" and node.parent == wanted]

    def ends(self) -> frozenset[str]:
        """Where branches end: end events."""
        return frozenset(node.id for node in self.plan.nodes.values() if node.element == "endEvent")

    def interruptions(self, node: str, *, interrupting: bool) -> list[str]:
        """What may break in at a node: its boundary events, those of the sub-processes around it, and the starts of the
        event sub-processes of these and of the process. ``node`` "" asks for the process alone."""
        found: list[str] = []
        name = node
        while name in self.plan.nodes:
            found += self.boundary.get(name, ())
            name = self.plan.nodes[name].parent
            found += self.event_starts.get(name, ())
        if not node:
            found += self.event_starts.get(self.plan.key, ())
        return [event for event in found if self.plan.nodes[event].interrupting is interrupting]

    def _find(self, source: str, targets: frozenset[str]) -> Way | None:
        """The shortest way from a place to the nearest of the targets; None when there is none."""
        near = self._distances(targets)
        if source not in near:
            return None
        ways: list[tuple[Passage, ...]] = []
        tries = most_tries
        pending: deque[tuple[str, tuple[Passage, ...]]] = deque([(source, ())])
        while pending and tries and len(ways) < most_ways:
            tries -= 1
            place, way = pending.popleft()
            for passage in self.passages.get(place, ()):
                if passage.target in targets:
                    ways.append((*way, passage))
                elif self._passable(passage.target, near) and all(passage.target != past.target for past in way):
                    pending.append((passage.target, (*way, passage)))
        if not ways:
            return None
        best = min(ways, key=len)
        lines = [tuple(passage.line for passage in way if passage.line) for way in ways]
        common = frozenset.intersection(*(frozenset(found) for found in lines))
        unique = len(set(lines)) == 1 and not pending
        own = tuple(passage.line for passage in best if passage.line)
        return Way(own, common, self._slow(best), unique, best[-1].target)

    def _passable(self, place: str, near: dict[str, int]) -> bool:
        return place in near and place.removesuffix(_OUT) not in self.recorded

    def _distances(self, targets: frozenset[str]) -> dict[str, int]:
        """Places from which a target can be reached, with how many passages it takes."""
        found = dict.fromkeys(targets, 0)
        pending = deque(targets)
        while pending:
            place = pending.popleft()
            if found[place] and place.removesuffix(_OUT) in self.recorded:
                continue
            for before in self.arriving.get(place, ()):
                if before not in found:
                    found[before] = found[place] + 1
                    pending.append(before)
        return found

    def _slow(self, way: tuple[Passage, ...]) -> bool:
        passed = [self.plan.nodes.get(passage.target.removesuffix(_OUT)) for passage in way[:-1]]
        return any(node is not None and node.element in _SLOW for node in passed)


def _passages(plan: Plan) -> tuple[dict[str, list[Passage]], dict[str, list[str]]]:
    found: dict[str, list[Passage]] = {node.id: [] for node in plan.nodes.values()}
    boundary: dict[str, list[str]] = {}
    filled = {node.parent for node in plan.nodes.values() if node.element == "startEvent"}
    entered = {line.target for line in plan.sequence()}
    for node in plan.nodes.values():
        if node.attached:
            boundary.setdefault(node.attached, []).append(node.id)
        if node.kind == "sub" and node.id in filled:
            found[node.id + _OUT] = []
        elif node.kind == "sub" and plan.children(node.id):
            found[node.id + _OUT] = []
            inner = [child.id for child in plan.children(node.id) if child.kind in ("task", "sub")]
            found[node.id] += [Passage(child, "") for child in inner if child not in entered]
            for child in inner:
                found[child].append(Passage(node.id + _OUT, ""))
    for node in plan.nodes.values():
        _inner_passages(plan, node, found)
    for line in plan.sequence():
        source = line.source + _OUT if line.source + _OUT in found else line.source
        found[source].append(Passage(line.target, line.id))
    _links(plan, found)
    _thrown(plan, boundary, found)
    return found, boundary


def _inner_passages(plan: Plan, node: PlanNode, found: dict[str, list[Passage]]) -> None:
    """Into a sub-process by its starts, out of it by its ends."""
    parent = plan.nodes.get(node.parent)
    if parent is None or parent.id + _OUT not in found:
        return
    if node.element == "startEvent":
        found[parent.id].append(Passage(node.id, ""))
    elif node.element == "endEvent" and node.trigger not in ("error", "cancel"):
        found[node.id].append(Passage(parent.id + _OUT, ""))
    elif node.event_sub:
        found[parent.id].append(Passage(node.id, ""))
        if node.id + _OUT in found:
            found[node.id + _OUT].append(Passage(parent.id + _OUT, ""))


def _links(plan: Plan, found: dict[str, list[Passage]]) -> None:
    landing = {node.link: node.id for node in plan.nodes.values() if node.link and not node.throws}
    for node in plan.nodes.values():
        if node.link and node.throws and node.link in landing:
            found[node.id].append(Passage(landing[node.link], ""))


def _thrown(plan: Plan, boundary: dict[str, list[str]], found: dict[str, list[Passage]]) -> None:
    """From an event that throws within a sub-process to the events around it that catch the like."""
    for node in plan.nodes.values():
        if not (node.throws and node.trigger in ("error", "escalation", "cancel")):
            continue
        name = node.parent
        while name in plan.nodes:
            catching = [event for event in boundary.get(name, ()) if plan.nodes[event].trigger == node.trigger]
            found[node.id] += [Passage(event, "") for event in catching]
            name = plan.nodes[name].parent


def _joins(plan: Plan) -> frozenset[str]:
    """Gateways at which a branch may wait for others."""
    count: dict[str, int] = {}
    for line in plan.sequence():
        count[line.target] = count.get(line.target, 0) + 1
    return frozenset(
        name
        for name, lines in count.items()
        if lines > 1 and plan.nodes[name].element in ("parallelGateway", "inclusiveGateway", "complexGateway")
    )
