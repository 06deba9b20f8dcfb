"""Settings of elements in words: what a step asks of whom until when, as texts that can be compared and read.

A value is written as it stands in the drawing: ``3工作日``, ``=limit``, a CEL expression. "" means that it is not set.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from yiwang.flow.model import (
    Activity,
    BoundaryEvent,
    CallActivity,
    CatchEvent,
    ClockStart,
    ClockStop,
    DecisionTask,
    EndEvent,
    EventGateway,
    ExclusiveGateway,
    InclusiveGateway,
    Multi,
    Names,
    Node,
    Overtime,
    ParallelGateway,
    ReceiveTask,
    SendTask,
    ServiceTask,
    StartEvent,
    SubProcess,
    ThrowEvent,
    Trigger,
    UserTask,
    Value,
    Who,
)
from yiwang.flow.model.settings import Assignment, Auto, Sign
from yiwang.flow.versions.matching import is_named

Aspect = Names
"""A value in both languages."""

LABELS: Mapping[str, Names] = MappingProxyType(
    {
        "stage": Names("阶段", "stage"),
        "status": Names("状态", "status"),
        "who": Names("办理人", "who"),
        "deadline": Names("期限", "deadline"),
        "warn": Names("预警", "warning"),
        "outcomes": Names("办理结果", "outcomes"),
        "needs": Names("办理要求", "what outcomes need"),
        "clocks": Names("计时", "clocks"),
        "overtime": Names("超时处理", "overtime"),
        "autos": Names("自动办理", "automatic outcomes"),
        "pauses": Names("暂停的计时", "paused clocks"),
        "back": Names("退回后", "after a return"),
        "form": Names("表单", "form"),
        "fields": Names("填写的字段", "fields asked for"),
        "round": Names("多实例", "multi-instance"),
        "sign": Names("会签规则", "signing rule"),
        "event": Names("事件", "event"),
        "timer": Names("定时", "timer"),
        "interrupting": Names("是否中断", "interrupting"),
        "attached": Names("附着于", "attached to"),
        "sets": Names("赋值", "variables set"),
        "work": Names("外部工作", "work"),
        "decision": Names("决策表", "decision table"),
        "called": Names("调用的流程", "called definition"),
        "inputs": Names("传入", "inputs"),
        "outputs": Names("传出", "outputs"),
        "compensation": Names("补偿", "compensation"),
        "kind": Names("类型", "kind"),
    }
)

KINDS: Mapping[type[Node], Names] = MappingProxyType(
    {
        UserTask: Names("步骤", "step"),
        ServiceTask: Names("服务任务", "service task"),
        SendTask: Names("发送任务", "send task"),
        ReceiveTask: Names("接收任务", "receive task"),
        DecisionTask: Names("决策任务", "decision task"),
        CallActivity: Names("调用活动", "call activity"),
        SubProcess: Names("子流程", "sub-process"),
        ExclusiveGateway: Names("排他网关", "exclusive gateway"),
        ParallelGateway: Names("并行网关", "parallel gateway"),
        InclusiveGateway: Names("包容网关", "inclusive gateway"),
        EventGateway: Names("事件网关", "event gateway"),
        StartEvent: Names("开始事件", "start event"),
        EndEvent: Names("结束事件", "end event"),
        CatchEvent: Names("中间捕获事件", "intermediate catch event"),
        ThrowEvent: Names("中间抛出事件", "intermediate throw event"),
        BoundaryEvent: Names("边界事件", "boundary event"),
    }
)

TRIGGERS: Mapping[str, Names] = MappingProxyType(
    {
        "timer": Names("定时器", "timer"),
        "message": Names("消息", "message"),
        "signal": Names("信号", "signal"),
        "error": Names("错误", "error"),
        "escalation": Names("升级", "escalation"),
        "condition": Names("条件", "condition"),
        "compensation": Names("补偿", "compensation"),
        "terminate": Names("终止", "terminate"),
        "link": Names("链接", "link"),
    }
)

_BACK = {"again": Names("逐级重走", "step by step again"), "straight": Names("直送退回人", "straight to the returner")}
_EMPTY = {
    "administrator": Names("无人时交管理员", "administrator if nobody"),
    "skip": Names("无人时跳过", "skip if nobody"),
    "stop": Names("无人时停止", "stop if nobody"),
}
_DO = {
    "remind": Names("提醒", "remind"),
    "escalate": Names("上报", "escalate"),
    "pass": Names("自动通过", "pass"),
    "return": Names("自动退回", "return"),
}
_RULES = {
    "all": Names("全部同意", "all agree"),
    "first": Names("一人办理即可", "the first decides"),
    "share": Names("按比例", "by share"),
    "count": Names("按人数", "by number"),
    "vote": Names("按票数", "by votes"),
}
_YES, _NO = Names("是", "yes"), Names("否", "no")


def kind_of(node: Node) -> Names:
    """What an element is called."""
    if isinstance(node, SubProcess) and node.event:
        return Names("事件子流程", "event sub-process")
    return KINDS[type(node)]


def called(node: Node) -> Names:
    """An element by name in a sentence: 步骤“核实”(verify); one without a name by kind and id."""
    kind = kind_of(node)
    if is_named(node):
        return Names(f"{kind.zh}“{node.names.zh}”({node.id})", f"{kind.en} “{node.names.en}” ({node.id})")
    return Names(f"{kind.zh}({node.id})", f"{kind.en} ({node.id})")


def written(value: Value | None) -> str:
    """A value as it stands in the drawing."""
    if value is None:
        return ""
    return value.text if value.variable is None else f"={value.variable}"


def aspects(node: Node) -> dict[str, Aspect]:
    """The settings of an element that are compared, by the keys of :data:`LABELS`; what is not set is left out."""
    found = {name: value for name, value in _aspects(node) if value.zh}
    return found


def _aspects(node: Node) -> Iterator[tuple[str, Aspect]]:
    match node:
        case UserTask():
            yield from _step(node)
        case ServiceTask():
            yield "sets", _same(_assigned(node.sets))
            yield "work", _same(f"{node.topic} ×{node.tries}" if node.topic else "")
        case DecisionTask():
            into = ", ".join(f"{output}→{variable}" for output, variable in node.into.items())
            yield "decision", _same(" ".join(filter(None, (node.decision, into))))
        case CallActivity():
            yield "called", _same(node.called)
            yield "inputs", _same(_assigned(node.inputs))
            yield "outputs", _same(_assigned(node.outputs))
        case SendTask() | ReceiveTask():
            yield from _triggered(node.trigger)
        case BoundaryEvent():
            yield from _triggered(node.trigger)
            yield "interrupting", _YES if node.interrupting else _NO
        case StartEvent() | CatchEvent() | ThrowEvent() | EndEvent():
            if node.trigger is not None:
                yield from _triggered(node.trigger)
            if isinstance(node, StartEvent) and node.trigger is not None and node.container:
                yield "interrupting", _YES if node.interrupting else _NO
            if isinstance(node, EndEvent):
                yield "stage", _same(node.stage)
                yield "status", _same(node.status)
        case _:
            pass
    if isinstance(node, Activity):
        if node.multi is not None:
            yield "round", _round(node.multi)
            if node.multi.sign is not None:
                yield "sign", _sign(node.multi.sign)
        yield "compensation", _same(node.compensation)


def _step(node: UserTask) -> Iterator[tuple[str, Aspect]]:
    yield "stage", _same(node.stage)
    yield "status", _same(node.status)
    yield "who", told_who(node.who)
    if node.deadline is not None:
        clock = node.deadline.clock
        limit = written(node.deadline.limit)
        yield "deadline", _same(limit) if clock is None else Names(f"共用计时 {clock}", f"the clock {clock}")
    yield "warn", _same(written(node.warn))
    outcomes = node.outcomes.values()
    yield (
        "outcomes",
        Names(
            "、".join(f"{item.names.zh}({item.id})" for item in outcomes),
            ", ".join(f"{item.names.en} ({item.id})" for item in outcomes),
        ),
    )
    yield "needs", _same(", ".join(f"{item.id}: {'+'.join(item.needs)}" for item in outcomes if item.needs))
    yield "clocks", _joined([*map(_start, node.clock_starts), *map(_stop, node.clock_stops)])
    yield "overtime", _joined([_overtime(item) for item in node.overtimes])
    yield "autos", _joined([_auto(item) for item in node.autos])
    yield "pauses", _same(", ".join(node.pauses))
    back = written(node.back)
    yield "back", _BACK.get(back, _same(back)) if back != "again" else _same("")
    yield "form", _same(node.form)
    yield "documents", _same(", ".join(f"{item.key}{_on(item.on)}" for item in node.documents))
    yield (
        "fields",
        Names(
            "、".join(f"{item.names.zh}({item.id}{'*' if item.required else ''})" for item in node.fields),
            ", ".join(f"{item.names.en} ({item.id}{'*' if item.required else ''})" for item in node.fields),
        ),
    )


def _on(outcomes: frozenset[str]) -> str:
    return f" ({'|'.join(sorted(outcomes))})" if outcomes else ""


def told_who(who: Who) -> Names:
    """A rule of who may take a step, in words."""
    parts = [
        (Names("人员", "person"), written(who.person)),
        (Names("步骤办理人", "whoever did"), who.step),
        (Names("表达式", "expression"), who.expression.text if who.expression else ""),
        (Names("上级", "manager of"), written(who.manager)),
        (Names("角色", "role"), who.role),
        (Names("岗位", "post"), who.post),
        (Names("机构", "organisation"), written(who.organisation)),
        (Names("区域", "area"), written(who.area)),
        (Names("回避", "apart from"), ", ".join(who.apart)),
    ]
    told = [Names(f"{label.zh} {text}", f"{label.en} {text}") for label, text in parts if text]
    return _joined([*told, *([_EMPTY[who.empty]] if who.empty != "administrator" else [])])


def _triggered(trigger: Trigger) -> Iterator[tuple[str, Aspect]]:
    kind = TRIGGERS[trigger.kind]
    detail = trigger.condition.text if trigger.condition is not None else trigger.name
    key = f"[{written(trigger.key)}]" if trigger.key is not None else ""
    tail = f" {detail}{key}" if detail or key else ""
    yield "event", Names(kind.zh + tail, kind.en + tail)
    if trigger.kind == "timer":
        times = f" ×{trigger.times}" if trigger.times else ""
        repeated = f"R {written(trigger.every)}{times}" if trigger.every is not None else ""
        yield "timer", _same(" ".join(filter(None, (written(trigger.after), written(trigger.at), repeated))))


def _round(multi: Multi) -> Names:
    order = Names("串行", "one after the other") if multi.sequential else Names("并行", "in parallel")
    if multi.people is not None:
        whom = Names(f"人员 {written(multi.people)}", f"people {written(multi.people)}")
    elif multi.items is not None:
        whom = Names(f"清单 {written(multi.items)}", f"items {written(multi.items)}")
    else:
        whom = Names(f"{written(multi.times)} 次", f"{written(multi.times)} times")
    until = multi.until.text if multi.until is not None else ""
    done = [Names(f"完成条件 {until}", f"until {until}")] if until else []
    item = [Names(f"变量 {multi.item}", f"variable {multi.item}")] if multi.item != "item" else []
    return _joined([order, whom, *item, *done])


def _sign(sign: Sign) -> Names:
    rule, need = _RULES[sign.rule], written(sign.need)
    early = Names("结果确定即结束", "ends when certain") if sign.early else Names("等全部办完", "waits for everyone")
    return _joined([rule, *([_same(need)] if need else []), early])


def _start(clock: ClockStart) -> Names:
    settings = (("warn", written(clock.warn), "=warn"), ("again", written(clock.again), "restart"))
    tail = "".join(f" {name} {text}" for name, text, usual in settings if text not in ("", usual))
    limit = written(clock.limit)
    return Names(f"启动 {clock.name} {limit}{tail}", f"starts {clock.name} {limit}{tail}")


def _stop(clock: ClockStop) -> Names:
    on = f" ({', '.join(sorted(clock.on))})" if clock.on else ""
    return Names(f"停止 {clock.name}{on}", f"stops {clock.name}{on}")


def _overtime(rule: Overtime) -> Names:
    what, after, every = _DO[rule.do], written(rule.after), written(rule.every)
    often = Names(f",每 {every} 一次" if every else "", f", every {every}" if every else "")
    whom = told_who(rule.who) if rule.who is not None else Names("", "")
    to_zh, to_en = (f"给 {whom.zh}", f" to {whom.en}") if rule.who is not None else ("", "")
    return Names(f"{after} 后{what.zh}{to_zh}{often.zh}", f"{what.en}{to_en} after {after}{often.en}")


def _auto(auto: Auto) -> Names:
    same = {"starter": Names("与发起人相同", "the starter"), "earlier": Names("已办理过", "one who agreed before")}
    reason = same.get(auto.same) or _same(auto.when.text if auto.when is not None else "")
    return Names(f"{reason.zh} → {auto.outcome}", f"{reason.en} → {auto.outcome}")


def _assigned(assignments: tuple[Assignment, ...]) -> str:
    return ", ".join(f"{item.variable} = {item.expression.text}" for item in assignments)


def _same(text: str) -> Names:
    return Names(text, text)


def _joined(parts: list[Names]) -> Names:
    return Names("、".join(part.zh for part in parts), ", ".join(part.en for part in parts))
