"""What happens in a rehearsal, in words of both languages: who finished which step how, and what waits with whom."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from yiwang.flow.model import Definition, Graph, Names, UserTask
from yiwang.flow.rehearsal import Moment
from yiwang.packs.walks.declared import WalkStep
from yiwang.packs.walks.expecting import Sight
from yiwang.packs.walks.report import Line

_CAUSES = {
    "start": Names("开始", "begins"),
    "send_back": Names("退回", "sends back"),
    "timer": Names("到时", "timer"),
    "event": Names("收到", "receives"),
    "work": Names("完成", "work done"),
    "suspend": Names("挂账", "suspended"),
    "resume": Names("恢复", "resumed"),
    "cancel": Names("作废", "cancelled"),
    "jump": Names("跳转", "jumps to"),
}


class Telling:
    """Words for moments; what waits is told as it is when the words are made, so at once."""

    def __init__(self, sight: Sight) -> None:
        self.sight = sight

    def verb(self, step: WalkStep) -> str:
        """What a step of a story does, in its own words."""
        for name in ("do", "work", "message", "signal", "jump"):
            value = getattr(step, name)
            if value is not None:
                return " ".join(filter(None, (step.as_, name, value, step.outcome, step.back)))
        for name in ("start", "suspend", "resume", "cancel"):
            if getattr(step, name):
                return name
        return "expect"

    def lines(self, moments: Sequence[Moment]) -> Iterator[Line]:
        """A line for each; what waits stands in the last one of each instance."""
        last = {moment.instance: number for number, moment in enumerate(moments)}
        for number, moment in enumerate(moments):
            zh, en = self._happened(moment)
            waits = self._waits(moment) if last[moment.instance] == number else ("…", "…")
            yield Line(self.sight.moment(moment.at), moment.instance, zh, en, *waits)

    def _happened(self, moment: Moment) -> tuple[str, str]:
        definition = self.sight.rehearsal.instances[moment.instance].definition
        who = moment.by.label if moment.by.account_id is not None else ""
        names = self._names(definition, moment.node)
        if moment.cause == "complete":
            outcome = self._outcome(definition, moment.node, moment.outcome or "")
            return f"{who} {names.zh}:{outcome.zh}", f"{who} {names.en}: {outcome.en}"
        cause = _CAUSES.get(moment.cause, Names(moment.cause, moment.cause))
        if moment.cause == "start":
            names = definition.names
        zh = " ".join(filter(None, (who, cause.zh, names.zh)))
        return zh, " ".join(filter(None, (who, cause.en, names.en)))

    def _graphs(self, definition: Definition) -> Iterator[Graph]:
        yield definition.graph
        yield from (other.graph for other in self.sight.rehearsal.definitions.values())

    def _names(self, definition: Definition, node: str) -> Names:
        for graph in self._graphs(definition):
            found = graph.nodes.get(node.partition("/")[0])
            if found is not None:
                return found.names
        return Names(node, node)

    def _outcome(self, definition: Definition, node: str, outcome: str) -> Names:
        for graph in self._graphs(definition):
            task = graph.nodes.get(node)
            if isinstance(task, UserTask) and outcome in task.outcomes:
                return task.outcomes[outcome].names
        return Names(outcome, outcome)

    def _waits(self, moment: Moment) -> tuple[str, str]:
        rows = self.sight.rehearsal.instances[moment.instance]
        answer = moment.answer
        if rows.instance.ended_at is not None:
            error = f" ({answer.error})" if answer.error else ""
            return f"结束:{answer.status}{error}", f"over: {answer.status}{error}"
        found_zh, found_en = [], []
        for item in self.sight.rehearsal.waiting(moment.instance):
            people = "、".join(self.sight.people([item]))
            due = self.sight.moment(item.due_at) if item.due_at is not None else ""
            told = " ".join(filter(None, (people, due)))
            found_zh.append(f"{item.names.zh}[{item.node}]" + (f"({told})" if told else ""))
            found_en.append(f"{item.names.en} [{item.node}]" + (f" ({told})" if told else ""))
        return "; ".join(found_zh), "; ".join(found_en)
