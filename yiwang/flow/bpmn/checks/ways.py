"""How many ways lead in and out of each kind of node, and where a process and its sub-processes begin and end."""

from __future__ import annotations

from yiwang.flow.bpmn.draft import Container, Draft, Neighbours
from yiwang.flow.bpmn.vocabulary import Words
from yiwang.flow.model import (
    Activity,
    BoundaryEvent,
    CatchEvent,
    EndEvent,
    EventGateway,
    Node,
    ReceiveTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
)


def check_starts_and_ends(draft: Draft, container: Container) -> bool:
    """Whether the container can be entered and left at all."""
    holder = draft.nodes.get(container.id)
    name, line = (holder.id, holder.line) if holder is not None else (draft.key, draft.line)
    starts = container.starts
    # The process may have further starts by message, signal, timer or condition; a sub-process has the one.
    plain = [start for start in starts if start.trigger is None]
    good = len(plain) < 2 and len(starts) > 0 if holder is None else len(starts) == 1
    if not good:
        draft.findings.add(
            "start_count",
            name,
            line,
            f"要有且只有一个普通的开始事件,现有 {len(plain)} 个" if holder is None else _one_start(starts).zh,
            f"a process has exactly one plain start event, this has {len(plain)}"
            if holder is None
            else _one_start(starts).en,
        )
    if not container.ends:
        draft.findings.add("end_missing", name, line, "没有结束事件", "it has no end event")
    return good and bool(container.ends)


def _one_start(starts: tuple[StartEvent, ...]) -> Words:
    return Words(
        f"子流程要有且只有一个开始事件,现有 {len(starts)} 个",
        f"a sub-process has exactly one start event, this has {len(starts)}",
    )


def check_ways(draft: Draft, node: Node, around: Neighbours) -> None:
    """The numbers of flows at a node."""
    ways_in, ways_out = len(around.incoming[node.id]), len(around.outgoing[node.id])
    good, words = _wanted(node, ways_in, ways_out)
    if not good:
        draft.fault(
            "ways",
            node,
            f"{words.zh};现有入线 {ways_in}、出线 {ways_out}",
            f"it needs {words.en}; it has {ways_in} in, {ways_out} out",
        )
    if isinstance(node, EventGateway):
        for flow in around.outgoing[node.id]:
            _check_behind(draft, node, draft.nodes[flow.target], around)


def _wanted(node: Node, ways_in: int, ways_out: int) -> tuple[bool, Words]:
    """Whether the numbers are right, and what they should be."""
    apart = ways_in == 0 and ways_out == 0
    first = ways_in == 0 and ways_out == 1
    match node:
        case StartEvent():
            return first, Words("开始事件要有一条出线、没有入线", "one flow out and none in")
        case EndEvent():
            return ways_out == 0, Words("结束事件不能有出线", "no flow out")
        case BoundaryEvent() if node.trigger.kind == "compensation":
            return apart, Words(
                "补偿边界事件没有连线,用关联线连到补偿活动", "no flow, but an association to its handler"
            )
        case BoundaryEvent():
            return first, Words("边界事件要有一条出线、没有入线", "one flow out and none in")
        case CatchEvent() if node.trigger.kind == "link":
            return first, Words("链接的落点要有一条出线、没有入线", "one flow out and none in")
        case ThrowEvent() if node.trigger is not None and node.trigger.kind == "link":
            return ways_out == 0, Words(
                "抛出链接后没有出线,从同名的落点继续", "no flow out; it goes on where the link lands"
            )
        case CatchEvent() | ThrowEvent():
            return ways_out == 1, Words("中间事件要有一条出线,分支用网关", "exactly one flow out (a gateway branches)")
        case SubProcess() if node.event:
            return apart, Words(
                "事件子流程没有连线,由它的开始事件触发", "no flow in or out; its start event triggers it"
            )
        case Activity() if node.for_compensation:
            return apart, Words("补偿活动没有连线", "no flow in or out, as it is for compensation")
        case Activity():
            return ways_out == 1, Words("活动要有一条出线,分支用网关", "exactly one flow out (a gateway branches)")
        case _:
            return ways_out >= 1, Words("网关要有出线", "at least one flow out")


def _check_behind(draft: Draft, gateway: EventGateway, node: Node, around: Neighbours) -> None:
    """What the event gateway waits for is told by the event behind it, to which no other way leads."""
    match node:
        case CatchEvent():
            good = node.trigger.kind != "link"
        case ReceiveTask():
            good = node.multi is None and not around.edge.get(node.id)
        case _:
            good = False
    if not good or len(around.incoming[node.id]) != 1:
        draft.fault(
            "event_gateway",
            node,
            f"事件网关 {gateway.id} 后面只能是捕获事件(定时、消息、信号、条件)或普通的接收任务,且没有别的入线",
            f"behind the event gateway {gateway.id} stand catch events (timer, message, signal, condition) or plain "
            "receive tasks, with no other flow in",
        )
