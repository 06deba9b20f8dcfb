"""Conditions on sequence flows: where they may stand, which outcomes they can meet, and those that can be decided now."""

from __future__ import annotations

from collections.abc import Mapping

from yiwang.flow.bpmn.draft import Draft, Neighbours
from yiwang.flow.conditions import holds, outcomes_named
from yiwang.flow.errors import ConditionFailed
from yiwang.flow.model import (
    ExclusiveGateway,
    InclusiveGateway,
    Node,
    ParallelGateway,
    SequenceFlow,
    ThrowEvent,
)


def check_questions(draft: Draft, around: Neighbours) -> None:
    """Every condition and default flow."""
    faulty = {item.element for item in draft.findings.items if item.code == "condition_invalid"}
    outcomes = outcomes_at(draft, around)
    for node in draft.nodes.values():
        if isinstance(node, ExclusiveGateway | InclusiveGateway):
            _check_default(draft, node, around, faulty)
            for flow in around.outgoing[node.id]:
                _check_outcomes(draft, flow, outcomes[node.id])
            continue
        for flow in around.outgoing[node.id]:
            if flow.condition is not None:
                draft.fault(
                    "condition_misplaced",
                    flow,
                    "只有排他网关和包容网关的出线可以有条件",
                    "only flows that leave an exclusive or inclusive gateway may have a condition",
                )


def _check_default(
    draft: Draft, gateway: ExclusiveGateway | InclusiveGateway, around: Neighbours, faulty: set[str]
) -> None:
    default = draft.defaults.get(gateway.id, "")
    outgoing = around.outgoing[gateway.id]
    always = isinstance(gateway, InclusiveGateway)
    if default and default not in {flow.id for flow in outgoing}:
        draft.fault(
            "default_unknown",
            gateway,
            f"默认连线 {default[:60]} 不是它的出线",
            f"its default flow {default[:60]} does not leave it",
        )
    # An inclusive gateway takes a flow without a condition always, so it cannot get stuck with one.
    open_way = always and any(flow.condition is None and flow.id not in faulty for flow in outgoing)
    if not default and not open_way and (len(outgoing) > 1 or any(flow.condition for flow in outgoing)):
        draft.fault(
            "default_missing",
            gateway,
            "没有默认连线:条件都不成立时会走不下去",
            "it has no default flow, so the walk stops when no condition holds",
        )
    for flow in outgoing:
        if flow.id == default and flow.condition is not None:
            draft.fault("condition_misplaced", flow, "默认连线不能有条件", "the default flow has no condition")
        needed = flow.id != default and flow.condition is None and len(outgoing) > 1 and not always
        if needed and flow.id not in faulty:
            draft.fault(
                "condition_missing",
                flow,
                "排他网关的出线要有条件,或设为默认",
                "it needs a condition, or be the default",
            )


def _check_outcomes(draft: Draft, flow: SequenceFlow, possible: frozenset[str]) -> None:
    if flow.condition is None:
        return
    for name in sorted(outcomes_named(flow.condition.text) - possible - {""}):
        known = "、".join(sorted(possible)) or "无"
        draft.fault(
            "outcome_unknown",
            flow,
            f"条件里的办理结果“{name[:60]}”不存在,前面的步骤可有:{known[:200]}",
            f"the outcome “{name[:60]}” does not exist; the steps before have: {known[:200]}",
        )
    if flow.condition.variables:
        return
    for outcome in sorted(possible | {""}) if flow.condition.uses_outcome else [""]:
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


def hands_on(node: Node, around: Neighbours) -> bool:
    """Whether a token leaves the node with the outcome with which it came; a join forgets it."""
    match node:
        case ExclusiveGateway():
            return True
        case ParallelGateway() | InclusiveGateway():
            return not around.joins(node)
        case ThrowEvent():
            return node.trigger is None or node.trigger.kind not in ("compensation", "link")
        case _:
            return False


def outcomes_at(draft: Draft, around: Neighbours) -> Mapping[str, frozenset[str]]:
    """The outcomes with which a token can arrive at each node straight from a step."""
    found: dict[str, frozenset[str]] = dict.fromkeys(draft.nodes, frozenset())
    pending: dict[str, frozenset[str]] = {}
    for task in draft.tasks:
        for flow in around.outgoing[task.id]:
            pending[flow.target] = _joined(pending.get(flow.target), frozenset(task.outcomes))
    while pending:
        # The node that has waited longest, so that what arrives at it over several ways is handed on at once.
        name = next(iter(pending))
        arriving = pending.pop(name)
        if arriving <= found[name]:
            continue
        found[name] = _joined(found[name], arriving)
        if hands_on(draft.nodes[name], around):
            for flow in around.outgoing[name]:
                pending[flow.target] = _joined(pending.get(flow.target), found[name])
    return found


def _joined(known: frozenset[str] | None, more: frozenset[str]) -> frozenset[str]:
    """Both; the same object where nothing is to be joined, since a long row of gateways would else hold a copy each."""
    return known | more if known else more
