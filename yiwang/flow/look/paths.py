"""The path that an instance has walked, found out from its rows: which nodes, over which lines, and where it stands.

A record of a walk (:class:`~yiwang.flow.model.StepRow`) says when a step began and ended, not over which lines the walk
went on. But what an act opens begins at the moment at which the act ended a step, so the predecessor of a step is known, and
the lines between the two are found in the file. Where several ways are possible, the lines that not all of them share are
marked as probable. Nothing here looks at the compiled definition: element ids, rows and the file are enough.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from yiwang.flow.look.overlay import Been, Leap, Passed, Progress, Waiting
from yiwang.flow.look.plan import Plan
from yiwang.flow.look.ways import Way, Ways
from yiwang.flow.model import Names, StepRow, TaskRow, TokenRow

_LEAPS = {
    "sent_back": Names("退回", "sent back"),
    "recalled": Names("撤回", "recalled"),
    "jumped": Names("跳转", "jumped"),
    "moved": Names("换版本", "moved to another version"),
}
_REOPENED = Names("重新打开", "reopened")
_UNFINISHED = frozenset({"withdrawn", "cancelled", *_LEAPS})
"""How steps end without the walk going on from them."""
_BY_EVENT = frozenset({"timer", "event"})


@dataclass(frozen=True, slots=True)
class Visit:
    """One stay at a step; ``ended`` is None while it lasts. ``round``: those of one multi-instance activity together."""

    node: str
    began: datetime
    ended: datetime | None
    how: str
    round: UUID | None


@dataclass(slots=True)
class Walked:
    """The result by element id. ``nodes``: times entered; ``finished``: nodes done at least once; ``lines``: [times,
    times certain]; ``open``: where it stands."""

    nodes: Counter[str] = field(default_factory=Counter)
    finished: set[str] = field(default_factory=set)
    lines: dict[str, list[int]] = field(default_factory=dict)
    leaps: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    open: list[str] = field(default_factory=list)

    def progress(self, waiting: dict[str, Waiting]) -> Progress:
        """As an overlay; ``waiting`` by node."""
        words = {names.zh: names for names in (*_LEAPS.values(), _REOPENED)}
        return Progress(
            {node: Been(count, node in self.finished) for node, count in self.nodes.items()},
            {line: Passed(times, certain > 0) for line, (times, certain) in self.lines.items()},
            waiting,
            tuple(Leap(source, target, words[kind], count) for (source, target, kind), count in self.leaps.items()),
        )


def walked(
    plan: Plan,
    started_at: datetime,
    ended_at: datetime | None,
    steps: Sequence[StepRow],
    tasks: Sequence[TaskRow],
    tokens: Sequence[TokenRow],
) -> Walked:
    """What an instance of this plan has walked; rows of called definitions and added tasks are left out."""
    visits = [
        Visit(step.node, step.created_at, step.done_at, step.how, step.scope_id)
        for step in steps
        if step.kind == "step" and step.definition_id is None and step.node in plan.nodes
    ]
    visits += [
        Visit(task.node, task.created_at, None, "", task.scope_id)
        for task in tasks
        if task.kind == "step" and task.definition_id is None and task.node in plan.nodes
    ]
    waiting = [token for token in tokens if token.node in plan.nodes and token.kind != "done"]
    return _Tracer(plan, visits, waiting, started_at, ended_at).trace()


class _Tracer:
    def __init__(
        self,
        plan: Plan,
        visits: list[Visit],
        tokens: list[TokenRow],
        started_at: datetime,
        ended_at: datetime | None,
    ) -> None:
        self.plan = plan
        self.visits = sorted(visits, key=lambda visit: visit.began)
        self.tokens = tokens
        self.started_at, self.ended_at = started_at, ended_at
        self.ways = Ways(plan, {visit.node for visit in visits})
        self.found = Walked()
        self.moment = started_at
        self.passed: set[tuple[str, datetime]] = set()
        """Lines with the moment of the act: what one act opens behind a fork shares the lines before it."""
        self.left: set[Visit] = set()
        """Visits from which a way onward is known."""
        self.ending: dict[datetime, list[Visit]] = {}
        for visit in self.visits:
            if visit.ended is not None:
                self.ending.setdefault(visit.ended, []).append(visit)

    def trace(self) -> Walked:
        arrived: set[tuple[str, datetime]] = set()
        for visit in self.visits:
            if (visit.node, visit.began) not in arrived:  # the tasks of one round arrive together
                arrived.add((visit.node, visit.began))
                self._arrive(visit)
            if visit.ended is None:
                self.found.open.append(visit.node)
            elif visit.how not in _UNFINISHED:
                self.found.finished.add(visit.node)
        for token in self.tokens:
            self._arrive_token(token)
        for visit in self.visits:
            self._leave(visit)
        self._containers()
        return self.found

    # Arriving

    def _arrive(self, visit: Visit) -> None:
        self.moment = visit.began
        self.found.nodes[visit.node] += 1
        before = [other for other in self.ending.get(visit.began, []) if other is not visit]
        if visit.node in {other.node for other in before} and self._repeats(visit.node):
            self.found.nodes[visit.node] -= 1
            return
        for other in before:
            if other.how in _LEAPS:
                self._leap(other, visit, _LEAPS[other.how])
                return
        if self._undoes(visit) or self._follow(visit, before) or self._breaks_in(visit, before):
            return
        if visit.began == self.started_at or not any(other.began < visit.began for other in self.visits):
            self._walk_first(self.ways.starts(), visit.node)
        elif not self._beside(visit):
            self._later(visit)

    def _undoes(self, visit: Visit) -> bool:
        """A compensation is reached over an association, from the event on the activity that it undoes."""
        if "compensation" not in self.plan.nodes[visit.node].markers:
            return False
        for line in self.plan.lines.values():
            if line.kind == "association" and line.target == visit.node:
                self._pass(line.id, certain=True)
        return True

    def _repeats(self, node: str) -> bool:
        return bool({"parallel", "sequential", "loop"} & set(self.plan.nodes[node].markers))

    def _follow(self, visit: Visit, before: Iterable[Visit]) -> bool:
        """A way from one of the steps that ended when this one began."""
        candidates = [other for other in before if other.how not in _UNFINISHED]
        ways = [(way, other) for other in candidates for way in self._onward(other, visit.node)]
        if not ways:
            return False
        way, other = min(ways, key=lambda found: len(found[0].lines))
        self._walk(way)
        self.left.add(other)
        return True

    def _onward(self, visit: Visit, target: str) -> list[Way]:
        """Ways from where a step was left: behind it, or behind the event that ended it."""
        ways = self._from_events([visit], target) if visit.how in _BY_EVENT else []
        behind = self.ways.find(self.ways.leave(visit.node), frozenset({target}))
        return ways or ([behind] if behind is not None else [])

    def _from_events(self, visits: Iterable[Visit], target: str) -> list[Way]:
        events = dict.fromkeys(
            event for visit in visits for event in self.ways.interruptions(visit.node, interrupting=True)
        )
        return [way for event in events if (way := self.ways.find(event, frozenset({target}))) is not None]

    def _breaks_in(self, visit: Visit, before: Iterable[Visit]) -> bool:
        """Opened by an event that withdrew what was going on."""
        ways = self._from_events([other for other in before if other.how == "withdrawn"], visit.node)
        if ways:
            self._walk(min(ways, key=lambda way: len(way.lines)), certain=len(ways) == 1)
        return bool(ways)

    def _walk_first(self, places: Sequence[str], target: str) -> bool:
        ways = [way for place in places if (way := self.ways.find(place, frozenset({target}))) is not None]
        if ways:
            self._walk(min(ways, key=lambda way: len(way.lines)), certain=len(ways) == 1)
        return bool(ways)

    def _beside(self, visit: Visit) -> bool:
        """Opened by a non-interrupting event of something that was going on."""
        hosts = [
            other
            for other in self.visits
            if other is not visit and other.began < visit.began and (other.ended is None or other.ended > visit.began)
        ]
        nodes = [other.node for other in hosts] or [""]
        events = dict.fromkeys(event for node in nodes for event in self.ways.interruptions(node, interrupting=False))
        return self._walk_first(list(events), visit.node)

    def _later(self, visit: Visit) -> None:
        """After something that took time without leaving a record; or else it was opened again."""
        earlier = [
            other
            for other in self.visits
            if other.ended is not None and other.ended < visit.began and other is not visit
        ]
        earlier.sort(key=lambda other: other.ended or other.began, reverse=True)
        for other in earlier:
            if other.how not in _UNFINISHED and other not in self.left:
                ways = [way for way in self._onward(other, visit.node) if way.slow]
                if ways:
                    self._walk(ways[0], certain=ways[0].unique)
                    self.left.add(other)
                    return
        if earlier and self.ended_at is None:
            self._leap(earlier[0], visit, _REOPENED)

    def _arrive_token(self, token: TokenRow) -> None:
        """A branch that waits at a join has come over a line that is known; other tokens wait at their node."""
        self.found.open.append(token.node)
        self.moment = token.arrived_at
        line = self.plan.lines.get(token.sequence_flow)
        target = self.ways.leave(line.source) if line is not None else token.node
        if line is not None:
            self._pass(line.id, certain=True)
        before = [visit for visit in self.ending.get(token.arrived_at, []) if visit.how not in _UNFINISHED]
        for visit in before:
            if line is not None and visit.node == line.source:
                self.left.add(visit)
                return
            ways = self._onward(visit, target)
            if ways:
                self._walk(ways[0])
                self.left.add(visit)
                return
        if token.arrived_at == self.started_at:
            self._walk_first(self.ways.starts(), target)

    # Leaving

    def _leave(self, visit: Visit) -> None:
        """A finished step without a successor: its branch went to a join or to an end."""
        if visit.ended is None or visit in self.left or visit.how in _UNFINISHED:
            return
        if self._repeats(visit.node) and any(
            other.node == visit.node and (other.ended is None or other.ended > visit.ended or other in self.left)
            for other in self.visits
            if other is not visit and other.began >= visit.began
        ):
            return  # the last of the round has gone on for all
        self.moment = visit.ended
        ends = self.ways.ends() if visit.ended == self.ended_at else self.ways.ends() | self.ways.joins
        places = [self.ways.leave(visit.node)]
        if visit.how in _BY_EVENT:
            places = self.ways.interruptions(visit.node, interrupting=True) or places
        ways = [way for place in places if (way := self.ways.find(place, ends)) is not None]
        if ways:
            self._walk(min(ways, key=lambda way: len(way.lines)), certain=len(ways) == 1)
            self.left.add(visit)

    def _containers(self) -> None:
        """Sub-processes in which something was walked."""
        inside = [name for name in self.found.nodes if name in self.plan.nodes]
        for name in inside:
            parent = self.plan.nodes[name].parent
            while parent in self.plan.nodes:
                self.found.nodes[parent] = max(1, self.found.nodes[parent])
                parent = self.plan.nodes[parent].parent
        sources = {self.plan.lines[line].source for line in self.found.lines}
        self.found.finished |= {name for name in self.found.nodes if name in sources}

    # Noting

    def _leap(self, source: Visit, target: Visit, words: Names) -> None:
        if words is not _REOPENED:  # what is opened again had gone to its end
            self.left.add(source)
        if source.node != target.node:
            self.found.leaps[source.node, target.node, words.zh] += 1

    def _walk(self, way: Way, *, certain: bool = True) -> None:
        for line in way.lines:
            self._pass(line, certain=certain and (way.unique or line in way.certain))
        if way.end in self.plan.nodes and self.plan.nodes[way.end].element == "endEvent":
            self.found.finished.add(way.end)

    def _pass(self, line: str, *, certain: bool) -> None:
        if (line, self.moment) in self.passed:
            return
        self.passed.add((line, self.moment))
        times = self.found.lines.setdefault(line, [0, 0])
        times[0] += 1
        times[1] += certain
        of = self.plan.lines[line]
        for name in dict.fromkeys((of.source, of.target)):
            node = self.plan.nodes.get(name)
            if node is not None and name not in self.ways.recorded:
                counts_here = name == of.target or node.element in ("startEvent", "boundaryEvent")
                self.found.nodes[name] += counts_here
                self.found.finished.add(name)
