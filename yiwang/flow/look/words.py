"""What a drawing says in words, in Chinese and English: kinds of elements, states, durations."""

from __future__ import annotations

from yiwang.flow.look.plan import Lane, PlanNode, Pool
from yiwang.flow.model import Names

_KINDS = {
    "task": ("任务", "task"),
    "userTask": ("人工任务", "user task"),
    "manualTask": ("手工任务", "manual task"),
    "serviceTask": ("服务任务", "service task"),
    "scriptTask": ("脚本任务", "script task"),
    "sendTask": ("发送任务", "send task"),
    "receiveTask": ("接收任务", "receive task"),
    "businessRuleTask": ("规则任务", "business rule task"),
    "callActivity": ("调用流程", "call activity"),
    "subProcess": ("子流程", "sub-process"),
    "adHocSubProcess": ("即席子流程", "ad-hoc sub-process"),
    "transaction": ("事务子流程", "transaction"),
    "startEvent": ("开始", "start"),
    "endEvent": ("结束", "end"),
    "intermediateCatchEvent": ("中间事件(等待)", "intermediate event (waits)"),
    "intermediateThrowEvent": ("中间事件(发出)", "intermediate event (throws)"),
    "boundaryEvent": ("边界事件", "boundary event"),
    "exclusiveGateway": ("排他网关", "exclusive gateway"),
    "parallelGateway": ("并行网关", "parallel gateway"),
    "inclusiveGateway": ("包容网关", "inclusive gateway"),
    "eventBasedGateway": ("事件网关", "event-based gateway"),
    "complexGateway": ("复杂网关", "complex gateway"),
    "dataObjectReference": ("数据对象", "data object"),
    "dataObject": ("数据对象", "data object"),
    "dataStoreReference": ("数据存储", "data store"),
    "dataInput": ("数据输入", "data input"),
    "dataOutput": ("数据输出", "data output"),
    "textAnnotation": ("注释", "note"),
    "group": ("分组", "group"),
}
_TRIGGERS = {
    "timer": ("定时", "timer"),
    "message": ("消息", "message"),
    "signal": ("信号", "signal"),
    "error": ("错误", "error"),
    "escalation": ("升级", "escalation"),
    "compensate": ("补偿", "compensation"),
    "conditional": ("条件", "condition"),
    "link": ("链接", "link"),
    "cancel": ("取消", "cancel"),
    "terminate": ("终止", "terminate"),
    "multiple": ("多重", "multiple"),
    "parallelMultiple": ("并行多重", "parallel multiple"),
}
CLOCKS = {
    "green": Names("时限内", "in time"),
    "yellow": Names("将到期", "due soon"),
    "red": Names("已超时", "overdue"),
    "blue": Names("挂账", "suspended"),
    "grey": Names("未计时", "no clock"),
}


def word(names: Names, language: str) -> str:
    """The Chinese or the English one."""
    return names.zh if language == "zh" else names.en


def kind_of(of: PlanNode | Lane | Pool, language: str) -> str:
    """What an element is: ``人工任务``, ``timer boundary event``."""
    if isinstance(of, Pool):
        return "泳池" if language == "zh" else "pool"
    if isinstance(of, Lane):
        return "泳道" if language == "zh" else "lane"
    kind = Names(*_KINDS.get(of.element, (of.element, of.element)))
    trigger = Names(*_TRIGGERS.get(of.trigger, ("", "")))
    if language == "zh":
        return trigger.zh + kind.zh
    return f"{trigger.en} {kind.en}" if trigger.en else kind.en


def duration(seconds: float, language: str) -> str:
    """A duration in the coarsest unit that says something: ``2.5小时``, ``20 min``."""
    zh = language == "zh"
    if seconds < 59.5:
        return f"{max(0, round(seconds))}{'秒' if zh else ' s'}"
    if seconds < 3570:
        return f"{round(seconds / 60)}{'分钟' if zh else ' min'}"
    if seconds < 36 * 3600:
        return f"{_rounded(seconds / 3600)}{'小时' if zh else ' h'}"
    return f"{_rounded(seconds / 86_400)}{'天' if zh else ' d'}"


def _rounded(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if value < 20 else f"{value:,.0f}"
