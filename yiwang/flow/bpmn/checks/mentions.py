"""What elements say of one another: clocks, earlier steps, links, compensation, calls."""

from __future__ import annotations

from yiwang.flow.bpmn.draft import Draft, Neighbours
from yiwang.flow.model import (
    Activity,
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    EndEvent,
    Node,
    SubProcess,
    ThrowEvent,
    UserTask,
)


def check_mentions(draft: Draft, around: Neighbours) -> None:
    """Every reference by name within the definition."""
    _check_clocks(draft)
    for task in draft.tasks:
        _check_steps(draft, task)
    _check_links(draft, around)
    _check_compensation(draft, around)
    for node in draft.nodes.values():
        if isinstance(node, CallActivity) and node.called == draft.key:
            draft.fault(
                "call_of_itself", node, "流程不能调用自己,会没有尽头", "a flow that calls itself would have no end"
            )


def _check_clocks(draft: Draft) -> None:
    started = {start.name for task in draft.tasks for start in task.clock_starts}
    for task in draft.tasks:
        named = {stop.name for stop in task.clock_stops} | set(task.pauses)
        if task.deadline is not None and task.deadline.clock is not None:
            named.add(task.deadline.clock)
        for name in sorted(named - started):
            draft.fault(
                "clock_unknown",
                task,
                f"计时“{name}”没有任何步骤启动(yiwang:clock start)",
                f"no step starts the clock “{name}” (yiwang:clock start)",
            )


def steps_asked(task: UserTask) -> frozenset[str]:
    """The steps whose last handler the task asks for, or keeps away."""
    rules = [rule for rule in (task.who, *(overtime.who for overtime in task.overtimes)) if rule is not None]
    named = {rule.step for rule in rules if rule.step}
    return frozenset(named | {name for rule in rules for name in rule.apart if not name.startswith("=")})


def _check_steps(draft: Draft, task: UserTask) -> None:
    for name in sorted(steps_asked(task)):
        if not isinstance(draft.nodes.get(name), UserTask) or name == task.id:
            draft.fault(
                "step_unknown",
                task,
                f"办理人取自步骤“{name[:60]}”,它不是本流程的另一个用户任务",
                f"it takes the handler of “{name[:60]}”, which is no other user task of this flow",
            )


def _check_links(draft: Draft, around: Neighbours) -> None:
    landings: dict[str, str] = {}
    for node in draft.nodes.values():
        if isinstance(node, CatchEvent) and node.trigger.kind == "link" and node.trigger.name:
            if node.trigger.name in landings:
                draft.fault(
                    "link_repeated",
                    node,
                    f"链接“{node.trigger.name}”已在 {landings[node.trigger.name]} 落下,一个名称只有一个落点",
                    f"the link “{node.trigger.name}” lands at {landings[node.trigger.name]} already",
                )
            landings.setdefault(node.trigger.name, node.id)
        if _throws(node, "link") and node.id not in around.leaps:
            draft.fault(
                "link_unmatched",
                node,
                "同一层里没有同名的链接捕获事件",
                "no link of this name is caught in the same process or sub-process",
            )


def _throws(node: Node, kind: str) -> bool:
    return isinstance(node, ThrowEvent | EndEvent) and node.trigger is not None and node.trigger.kind == kind


def _check_compensation(draft: Draft, around: Neighbours) -> None:
    for name, events in around.edge.items():
        undone = [event for event in events if event.trigger.kind == "compensation"]
        for event in undone:
            _check_handler(draft, event)
        for extra in undone[1:]:
            draft.fault(
                "compensation_repeated",
                extra,
                f"{name} 已有补偿边界事件,只能有一个",
                f"{name} has a compensation event already; it has at most one",
            )
    for node in draft.nodes.values():
        if isinstance(node, ThrowEvent | EndEvent) and _throws(node, "compensation"):
            _check_compensated(draft, around, node)


def _check_handler(draft: Draft, event: BoundaryEvent) -> None:
    handler = draft.nodes.get(draft.handler(event))
    good = isinstance(handler, Activity) and handler.for_compensation and handler.container == event.container
    if not good:
        draft.fault(
            "compensation_missing",
            event,
            "补偿边界事件要用关联线连到同一层的一个补偿活动(isForCompensation=true)",
            "an association must lead from it to an activity beside it that is for compensation (isForCompensation)",
        )


def _check_compensated(draft: Draft, around: Neighbours, node: ThrowEvent | EndEvent) -> None:
    """An activity that is named must be one that can be undone from here: beside the event, or in a sub-process there."""
    name = node.trigger.name if node.trigger is not None else ""
    if not name:
        return
    activity = draft.nodes.get(name)
    undone = any(event.trigger.kind == "compensation" for event in around.edge.get(name, ()))
    place = node.container
    while isinstance(holder := draft.nodes.get(place), SubProcess) and holder.event:
        place = holder.container
    if activity is None or not undone or place not in _around(draft, activity):
        draft.fault(
            "compensation_unknown",
            node,
            f"activityRef“{name[:60]}”不是这里能补偿的活动(要有补偿边界事件)",
            f"activityRef “{name[:60]}” is no activity that can be undone from here (it needs a compensation event)",
        )


def _around(draft: Draft, node: Node) -> list[str]:
    """The containers around a node, innermost first."""
    found = [node.container]
    while found[-1]:
        found.append(draft.nodes[found[-1]].container)
    return found
