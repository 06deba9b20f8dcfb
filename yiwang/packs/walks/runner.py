"""Plays the stories of a walk file, each in a rehearsal of its own, and counts what of the flow was walked."""

from __future__ import annotations

from collections.abc import Sequence

from yiwang.flow.clocks import cached_deadline
from yiwang.flow.model import EventGateway, Graph, SequenceFlow
from yiwang.flow.rehearsal import Moment, Rehearsal, RowsBroken, Trodden
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.deadlines import due
from yiwang.kernel.errors import Problem
from yiwang.packs.findings import Place
from yiwang.packs.walks.company import Company
from yiwang.packs.walks.declared import Begin, Walk, WalkStep
from yiwang.packs.walks.expecting import Sight
from yiwang.packs.walks.files import Script
from yiwang.packs.walks.report import Failure, FileReport, Left, Line, WalkResult
from yiwang.packs.walks.telling import Telling


def run_script(script: Script, calendar: WorkingCalendar, *, only: Sequence[str] = ()) -> FileReport:
    """Play all stories, or those whose ids are given; what was not walked counts only when all are played."""
    trodden: set[Trodden] = set()
    results = []
    for number, walk in enumerate(script.value.walks):
        if not only or walk.id in only:
            play = _Play(script, walk, number, calendar)
            results.append(play.run())
            trodden |= play.trodden
    graph = script.main
    flows = [flow for node in graph.nodes.values() for flow in node.outgoing]
    walked = [flow for flow in flows if _was_walked(graph, flow, trodden)]
    left: list[Left] = []
    if not only and not script.value.part and all(result.passed for result in results):
        file = script.flows[0].file
        left = [Left(flow.id, Place(file, flow.line)) for flow in flows if flow not in walked]
        left += [Left(name, Place(file, graph.nodes[name].line)) for name in _undone(script, trodden)]
    names = (graph.names.zh, graph.names.en)
    return FileReport(script.file, graph.key, names, tuple(results), len(walked), len(flows), tuple(left))


def _was_walked(graph: Graph, flow: SequenceFlow, trodden: set[Trodden]) -> bool:
    """Whether a token took a flow; to the event that came first behind an event gateway it leaps."""
    behind = graph.nodes[flow.target].outgoing if isinstance(graph.nodes[flow.source], EventGateway) else (flow,)
    return any(Trodden(graph.key, found.id) in trodden for found in behind)


def _undone(script: Script, trodden: set[Trodden]) -> list[str]:
    """Activities that no sequence flow leads to (compensation) and that were not entered."""
    graph = script.main
    handlers = {getattr(node, "compensation", "") for node in graph.nodes.values()} - {""}
    return sorted(name for name in handlers if Trodden(graph.key, name) not in trodden)


class _Stopped(Exception):
    """The story cannot go on."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = zh, en
        super().__init__(en)


class _Play:
    """One story under way."""

    def __init__(self, script: Script, walk: Walk, number: int, calendar: WorkingCalendar) -> None:
        self.script, self.walk, self.number = script, walk, number
        at = walk.at or script.value.at
        self.company = Company(script.cast, at)
        self.rehearsal = Rehearsal(script.definitions(at), self.company, calendar, at, tables=script.tables)
        self.sight = Sight(self.rehearsal, self.company)
        self.telling = Telling(self.sight)
        self.first = ""
        self.lines: list[Line] = []

    @property
    def trodden(self) -> set[Trodden]:
        return {item for moment in self.rehearsal.moments for item in moment.trodden}

    def run(self) -> WalkResult:
        place = self.script.source.place(("walks", self.number))
        failure = self._begin() or self._steps()
        title = (self.walk.title.zh, self.walk.title.en)
        return WalkResult(self.walk.id, title, place, tuple(self.lines), failure)

    def _begin(self) -> Failure | None:
        start = self.walk.start
        if start is None:
            self.rehearsal.await_timed_starts()
            return None
        try:
            self.lines += self.telling.lines(self._start(start))
        except (Problem, RowsBroken) as error:
            place = self.script.source.place(("walks", self.number, "start"))
            return Failure(place, 0, "start", _reason(error))
        return None

    def _start(self, start: Begin) -> list[Moment]:
        by = self.company.actor(start.as_) if start.as_ is not None else SYSTEM
        return self.rehearsal.start(
            start.flow or self.script.main.key,
            self.company.variables(start.set_),
            by,
            area=start.area,
            grid=start.grid,
            node=start.node or "",
            name=start.name or "",
        )

    def _steps(self) -> Failure | None:
        for index, step in enumerate(self.walk.steps):
            place = self.script.source.place(("walks", self.number, "steps", index))
            verb = self.telling.verb(step)
            try:
                moments = self._pass_time(step)
                moments += self._refused(step) if step.refused else self._do(step)
            except _Stopped as error:
                return Failure(place, index + 1, verb, (error.zh, error.en))
            except (Problem, RowsBroken) as error:
                return Failure(place, index + 1, verb, _reason(error))
            self.lines += self.telling.lines(moments)
            if step.expect is not None:
                differences = tuple(self.sight.differences(step.expect, self._instance(step), moments))
                if differences:
                    return Failure(place, index + 1, verb, differences=differences)
        return None

    def _instance(self, step: WalkStep) -> str:
        return step.of or next(iter(self.rehearsal.instances), "")

    def _pass_time(self, step: WalkStep) -> list[Moment]:
        moment = step.at
        if step.after is not None:
            moment = due(cached_deadline(step.after), self.rehearsal.now, self.rehearsal.calendar)
        if moment is None:
            return []
        if moment < self.rehearsal.now:
            now = self.sight.moment(self.rehearsal.now)
            raise _Stopped(f"现在已是 {now},时间不能倒流", f"it is {now} already; time does not run backwards")
        passed = self.rehearsal.pass_until(moment)
        self.company.now = self.rehearsal.now
        return passed

    def _refused(self, step: WalkStep) -> list[Moment]:
        try:
            self._do(step)
        except Problem as problem:
            if problem.code == step.refused:
                return []
            zh, en = _reason(problem)
            raise _Stopped(f"应被拒绝({step.refused}),但原因是:{zh}", f"refused for another reason: {en}") from problem
        raise _Stopped(f"应被拒绝({step.refused}),但办成了", f"it had to be refused ({step.refused}), but was done")

    def _do(self, step: WalkStep) -> list[Moment]:
        rehearsal, instance = self.rehearsal, self._instance(step)
        by = self.company.actor(step.as_) if step.as_ is not None else SYSTEM
        given = self.company.variables(step.set_)
        if step.do is not None:
            item = self.company.value(step.item)
            if step.back is not None:
                return rehearsal.send_back(instance, step.do, step.back, by, item=item)
            outcome = step.outcome or _only(rehearsal.outcomes(instance, step.do, by, item))
            return rehearsal.complete(instance, step.do, outcome, by, given, item=item)
        if step.work is not None:
            item = self.company.value(step.item)
            return rehearsal.work(instance, step.work, given, error=step.error, item=item)
        if step.message is not None:
            return rehearsal.message(step.message, str(self.company.value(step.key)), given, area=step.area)
        if step.signal is not None:
            return rehearsal.signal(step.signal, given)
        if step.start is not None:
            return self._start(step.start)
        if step.suspend:
            return rehearsal.suspend(instance, by)
        if step.resume:
            return rehearsal.resume(instance, by)
        if step.cancel:
            return rehearsal.cancel(instance, by)
        return rehearsal.jump(instance, step.jump, by) if step.jump is not None else []


def _only(outcomes: Sequence[str]) -> str:
    if len(outcomes) != 1:
        raise _Stopped(f"请写明 outcome,可选:{'、'.join(outcomes)}", f"give an outcome: {', '.join(outcomes)}")
    return outcomes[0]


def _reason(error: Exception) -> tuple[str, str]:
    if isinstance(error, Problem):
        return f"{error.message('zh')}({error.code})", f"{error.message('en')} ({error.code})"
    return str(error), str(error)
