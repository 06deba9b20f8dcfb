"""Soundness of a process: it can be entered and ended from everywhere, never runs in a circle, never gets stuck."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from yiwang.flow.bpmn.draft import Draft, Links, links
from yiwang.flow.bpmn.structure import Scopes, lay_scopes
from yiwang.flow.conditions import holds, outcomes_named
from yiwang.flow.errors import ConditionFailed
from yiwang.flow.model.graph import (
    BoundaryTimer,
    EndEvent,
    ExclusiveGateway,
    Node,
    ParallelGateway,
    SequenceFlow,
    StartEvent,
    UserTask,
)


def check(draft: Draft) -> Scopes | None:
    """Add every fault of the drawing to the draft; returns the branches of each node, or None without a start."""
    around = links(draft)
    starts = [node for node in draft.nodes.values() if isinstance(node, StartEvent)]
    ends = [node for node in draft.nodes.values() if isinstance(node, EndEvent)]
    _check_ends(draft, starts, ends)
    for node in draft.nodes.values():
        _check_ways(draft, node, around)
    _check_conditions(draft, around)
    _check_clocks(draft)
    if len(starts) != 1 or not ends:
        return None
    _check_reach(draft, around, starts[0], ends)
    _check_circles(draft, around)
    return lay_scopes(draft, around, starts[0].id)


def waits(node: Node) -> bool:
    """Whether the walk always rests at the node; a step that may be passed over does not count."""
    return isinstance(node, UserTask) and node.who.empty != "skip"


def _check_ends(draft: Draft, starts: list[StartEvent], ends: list[EndEvent]) -> None:
    if len(starts) != 1:
        draft.findings.add(
            "start_count",
            draft.key,
            draft.line,
            f"流程要有且只有一个开始事件,现有 {len(starts)} 个",
            f"a process has exactly one start event, this has {len(starts)}",
        )
    if not ends:
        draft.findings.add("end_missing", draft.key, draft.line, "流程没有结束事件", "the process has no end event")


def _check_ways(draft: Draft, node: Node, around: Links) -> None:
    ways_in, ways_out = len(around.incoming[node.id]), len(around.outgoing[node.id])
    match node:
        case StartEvent():
            good, zh, en = ways_out == 1 and not ways_in, "开始事件要有一条出线、没有入线", "one flow out and none in"
        case EndEvent():
            good, zh, en = not ways_out, "结束事件不能有出线", "no flow out"
        case BoundaryTimer():
            good, zh, en = ways_out == 1 and not ways_in, "定时器要有一条出线、没有入线", "one flow out and none in"
        case UserTask():
            good, zh, en = ways_out == 1, "用户任务要有一条出线,分支用网关", "exactly one flow out (a gateway branches)"
        case _:
            good, zh, en = ways_out >= 1, "网关要有出线", "at least one flow out"
    if not good:
        draft.fault(
            "ways",
            node,
            f"{zh};现有入线 {ways_in}、出线 {ways_out}",
            f"it needs {en}; it has {ways_in} in, {ways_out} out",
        )
    if isinstance(node, ExclusiveGateway):
        _check_gateway(draft, node, around)
        return
    for flow in around.outgoing[node.id]:
        if flow.condition is not None:
            draft.fault(
                "condition_misplaced",
                flow,
                "只有排他网关的出线可以有条件",
                "only flows that leave an exclusive gateway may have a condition",
            )


def _check_gateway(draft: Draft, gateway: ExclusiveGateway, around: Links) -> None:
    default = draft.defaults.get(gateway.id, "")
    outgoing = around.outgoing[gateway.id]
    if default and default not in {flow.id for flow in outgoing}:
        draft.fault(
            "default_unknown",
            gateway,
            f"默认连线 {default[:60]} 不是它的出线",
            f"its default flow {default[:60]} does not leave it",
        )
    if not default and (len(outgoing) > 1 or any(flow.condition for flow in outgoing)):
        draft.fault(
            "default_missing",
            gateway,
            "没有默认连线:条件都不成立时会走不下去",
            "it has no default flow, so the walk stops when no condition holds",
        )
    for flow in outgoing:
        if flow.id == default and flow.condition is not None:
            draft.fault("condition_misplaced", flow, "默认连线不能有条件", "the default flow has no condition")
        if flow.id != default and flow.condition is None and len(outgoing) > 1 and not _faulty(draft, flow):
            draft.fault(
                "condition_missing",
                flow,
                "排他网关的出线要有条件,或设为默认",
                "it needs a condition, or be the default",
            )


def _faulty(draft: Draft, flow: SequenceFlow) -> bool:
    """Whether the flow's condition was written but refused, which has been said already."""
    return any(item.element == flow.id and item.code == "condition_invalid" for item in draft.findings.items)


def _check_conditions(draft: Draft, around: Links) -> None:
    for gateway in draft.nodes.values():
        if not isinstance(gateway, ExclusiveGateway):
            continue
        possible = outcomes_before(draft, around, gateway.id)
        for flow in around.outgoing[gateway.id]:
            if flow.condition is None:
                continue
            for name in sorted(outcomes_named(flow.condition.text) - possible - {""}):
                known = "、".join(sorted(possible)) or "无"
                draft.fault(
                    "outcome_unknown",
                    flow,
                    f"条件里的办理结果“{name[:60]}”不存在,前面的步骤可有:{known}",
                    f"the outcome “{name[:60]}” does not exist; the steps before have: {known}",
                )
            if not flow.condition.variables:
                _try_condition(draft, flow, possible)


def _try_condition(draft: Draft, flow: SequenceFlow, outcomes: frozenset[str]) -> None:
    """A condition on the outcome alone can be decided now, for every outcome."""
    if flow.condition is None:
        return
    for outcome in sorted(outcomes | {""}):
        try:
            holds(flow.condition, {}, outcome, flow.id)
        except ConditionFailed as error:
            draft.fault(
                "condition_invalid",
                flow,
                f"办理结果为“{outcome}”时,条件无法判断:{error.data['reason_zh']}",
                f"with outcome “{outcome}” the condition cannot be decided: {error.data['reason_en']}",
            )
            return


def outcomes_before(draft: Draft, around: Links, node_id: str) -> frozenset[str]:
    """The outcomes with which a token can arrive at the node straight from a step; a join forgets them."""
    found: set[str] = set()
    seen: set[str] = set()
    pending = [node_id]
    while pending:
        current = pending.pop()
        for flow in around.incoming[current]:
            source = draft.nodes[flow.source]
            if isinstance(source, UserTask):
                found.update(source.outcomes)
            if source.id in seen or isinstance(source, UserTask | BoundaryTimer | StartEvent):
                continue
            seen.add(source.id)
            if not (isinstance(source, ParallelGateway) and len(around.incoming[source.id]) > 1):
                pending.append(source.id)
    return frozenset(found)


def _check_clocks(draft: Draft) -> None:
    started = {start.name for task in draft.tasks for start in task.clock_starts}
    for task in draft.tasks:
        named = {stop.name for stop in task.clock_stops}
        if task.deadline is not None and task.deadline.clock is not None:
            named.add(task.deadline.clock)
        for name in sorted(named - started):
            draft.fault(
                "clock_unknown",
                task,
                f"计时“{name}”没有任何步骤启动(yiwang:clock start)",
                f"no step starts the clock “{name}” (yiwang:clock start)",
            )


def _check_reach(draft: Draft, around: Links, start: StartEvent, ends: list[EndEvent]) -> None:
    forward = _reach([start.id], around.next)
    backward = _reach([end.id for end in ends], around.previous)
    for node in draft.nodes.values():
        if node.id not in forward:
            draft.fault("not_reachable", node, "从开始走不到这里", "it cannot be reached from the start")
        elif node.id not in backward:
            draft.fault("no_end", node, "从这里走不到任何结束", "no end can be reached from it")


def _reach(origins: Iterable[str], neighbours: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    seen = set(origins)
    pending = list(seen)
    while pending:
        for following in neighbours[pending.pop()]:
            if following not in seen:
                seen.add(following)
                pending.append(following)
    return frozenset(seen)


def _check_circles(draft: Draft, around: Links) -> None:
    """Take away nodes with no way on among those that do not wait; what is left lies on, or leads into, a circle."""
    moving = {node.id for node in draft.nodes.values() if not waits(node)}
    onward = {name: {flow.target for flow in around.outgoing[name]} & moving for name in moving}
    back = {name: {flow.source for flow in around.incoming[name]} & moving for name in moving}
    for neighbours, others in ((onward, back), (back, onward)):
        ready = [name for name, following in neighbours.items() if not following]
        while ready:
            name = ready.pop()
            del neighbours[name]
            for other in others.pop(name, set()):
                if other in neighbours:
                    neighbours[other].discard(name)
                    if not neighbours[other]:
                        ready.append(other)
        for following in others.values():
            following.intersection_update(neighbours)
    if onward:
        names = sorted(onward)
        draft.fault(
            "circle",
            draft.nodes[names[0]],
            f"不经过人工办理就会循环:{'、'.join(names)}(empty=skip 的步骤可能被跳过,不算等待)",
            f"it runs in a circle without waiting: {', '.join(names)} (a step with empty=skip may be passed over)",
        )
