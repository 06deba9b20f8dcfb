"""The elements of BPMN 2.0 by what becomes of them: executed, drawing only, or refused with a reason.

The reader decides by these tables and the page ``docs/reference/bpmn-elements.md`` is made from them, so neither can
say what the other does not do.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple

from yiwang.flow.model import TriggerKind


class Words(NamedTuple):
    """A sentence in both languages."""

    zh: str
    en: str


ACTIVITIES: Mapping[str, Words] = MappingProxyType(
    {
        "userTask": Words("用户任务:人办理的步骤", "a step for people"),
        "manualTask": Words("手工任务:同用户任务", "the same as a user task"),
        "serviceTask": Words(
            "服务任务:赋值(yiwang:set),或等待外部系统完成(yiwang:work)",
            "sets variables (yiwang:set), or waits for a worker (yiwang:work)",
        ),
        "scriptTask": Words("脚本任务:只做赋值(yiwang:set)", "sets variables (yiwang:set)"),
        "sendTask": Words("发送任务:发出消息", "throws a message"),
        "receiveTask": Words("接收任务:等待消息", "waits for a message"),
        "businessRuleTask": Words("业务规则任务:查决策表(yiwang:decision)", "asks a decision table (yiwang:decision)"),
        "callActivity": Words("调用活动:运行另一个流程", "runs another definition"),
        "subProcess": Words(
            "子流程:嵌入式;triggeredByEvent 为事件子流程", "embedded, or an event sub-process with triggeredByEvent"
        ),
    }
)

GATEWAYS: Mapping[str, Words] = MappingProxyType(
    {
        "exclusiveGateway": Words("排他网关:走第一个成立的条件,否则走默认连线", "the first flow whose condition holds"),
        "parallelGateway": Words("并行网关:分出、汇合全部分支", "forks along all flows, joins them"),
        "inclusiveGateway": Words("包容网关:走所有成立的条件,汇合时等走过的分支", "every flow whose condition holds"),
        "eventBasedGateway": Words("事件网关:等后面最先发生的事件", "waits for the first event behind it"),
    }
)

Position = Literal["start", "inner_start", "sub_start", "catch", "throw", "boundary", "end"]

EVENT_ELEMENTS: Mapping[str, Words] = MappingProxyType(
    {
        "startEvent": Words("开始事件", "start event"),
        "intermediateCatchEvent": Words("中间捕获事件", "intermediate catch event"),
        "intermediateThrowEvent": Words("中间抛出事件", "intermediate throw event"),
        "boundaryEvent": Words("边界事件", "boundary event"),
        "endEvent": Words("结束事件", "end event"),
    }
)

POSITIONS: Mapping[Position, Words] = MappingProxyType(
    {
        "start": Words("流程的开始事件", "a start event of the process"),
        "inner_start": Words("子流程的开始事件", "the start event of a sub-process"),
        "sub_start": Words("事件子流程的开始事件", "the start event of an event sub-process"),
        "catch": Words("中间捕获事件", "an intermediate catch event"),
        "throw": Words("中间抛出事件", "an intermediate throw event"),
        "boundary": Words("边界事件", "a boundary event"),
        "end": Words("结束事件", "an end event"),
    }
)

DEFINITIONS: Mapping[str, TriggerKind] = MappingProxyType(
    {
        "timerEventDefinition": "timer",
        "messageEventDefinition": "message",
        "signalEventDefinition": "signal",
        "errorEventDefinition": "error",
        "escalationEventDefinition": "escalation",
        "conditionalEventDefinition": "condition",
        "compensateEventDefinition": "compensation",
        "terminateEventDefinition": "terminate",
        "linkEventDefinition": "link",
    }
)
"""Event definition → kind of trigger. ``cancelEventDefinition`` is refused."""

EVENTS: Mapping[Position, frozenset[TriggerKind | None]] = MappingProxyType(
    {
        "start": frozenset[TriggerKind | None]({None, "timer", "message", "signal"}),
        "inner_start": frozenset[TriggerKind | None]({None}),
        "sub_start": frozenset[TriggerKind | None]({"timer", "message", "signal", "error", "escalation", "condition"}),
        "catch": frozenset[TriggerKind | None]({"timer", "message", "signal", "condition", "link"}),
        "throw": frozenset[TriggerKind | None]({None, "message", "signal", "escalation", "compensation", "link"}),
        "boundary": frozenset[TriggerKind | None](
            {"timer", "message", "signal", "condition", "escalation", "error", "compensation"}
        ),
        "end": frozenset[TriggerKind | None](
            {None, "message", "signal", "error", "escalation", "terminate", "compensation"}
        ),
    }
)
"""What may trigger an event where; None is the plain event."""

REFUSED: Mapping[str, Words] = MappingProxyType(
    {
        "task": Words(
            "没有类型的任务不知道由谁来做,请在建模工具里选类型(如用户任务)",
            "a task without a type does not say who does it; choose a type, such as user task",
        ),
        "complexGateway": Words(
            "复杂网关各家含义不一,请用排他、并行或包容网关",
            "a complex gateway means something else in every tool; use exclusive, parallel or inclusive gateways",
        ),
        "transaction": Words(
            "事务子流程不执行,请用子流程,加错误边界事件和补偿",
            "a transaction is not executed; use a sub-process with an error boundary event and compensation",
        ),
        "adHocSubProcess": Words(
            "随意子流程没有顺序,请用子流程画出顺序,或用多实例",
            "an ad-hoc sub-process has no order; draw the order in a sub-process, or use multi-instance",
        ),
        "standardLoopCharacteristics": Words(
            "标准循环不执行,请用排他网关画回去,或用多实例",
            "a standard loop is not executed; draw the way back with an exclusive gateway, or use multi-instance",
        ),
        "complexBehaviorDefinition": Words(
            "多实例的复杂行为不执行,请用 completionCondition 或 yiwang:sign",
            "complex behaviour of a multi-instance activity is not executed; use completionCondition or yiwang:sign",
        ),
        "cancelEventDefinition": Words(
            "取消事件属于事务,不执行,请用错误事件",
            "a cancel event belongs to a transaction and is not executed; use an error event",
        ),
        "script": Words(
            "脚本不执行,请用 yiwang:set 赋值(CEL)",
            "scripts are not executed; set variables with yiwang:set (CEL)",
        ),
        "implicitThrowEvent": Words("隐式抛出事件不执行", "an implicit throw event is not executed"),
        "choreographyTask": Words("编排不执行,请画成流程", "a choreography is not executed; draw a process"),
        "subChoreography": Words("编排不执行,请画成流程", "a choreography is not executed; draw a process"),
        "callChoreography": Words("编排不执行,请画成流程", "a choreography is not executed; draw a process"),
    }
)
"""Elements within a process that are never executed."""

_GLOBAL = Words(
    "全局任务不执行,请把它画成单独的流程,用调用活动运行",
    "a global task is not executed; draw it as a process of its own and call that",
)
_CHOREOGRAPHY = Words("编排不执行,请画成流程", "a choreography is not executed; draw a process")
_CONVERSATION = Words("会话图不执行,请画成流程", "a conversation is not executed; draw a process")

REFUSED_OUTSIDE: Mapping[str, Words] = MappingProxyType(
    {
        "globalTask": _GLOBAL,
        "globalUserTask": _GLOBAL,
        "globalManualTask": _GLOBAL,
        "globalScriptTask": _GLOBAL,
        "globalBusinessRuleTask": _GLOBAL,
        "choreography": _CHOREOGRAPHY,
        "globalChoreographyTask": _CHOREOGRAPHY,
        "conversation": _CONVERSATION,
        "subConversation": _CONVERSATION,
        "callConversation": _CONVERSATION,
        "globalConversation": _CONVERSATION,
    }
)
"""Elements beside the process (in ``definitions`` or ``collaboration``) that are refused."""

REFUSED_USES: Mapping[str, Words] = MappingProxyType(
    {
        "multiple": Words(
            "一个事件只能有一个触发(多重、并行多重事件不执行)",
            "an event has one trigger; multiple and parallel multiple events are not executed",
        ),
        "instantiate": Words(
            "由接收任务或事件网关启动流程不执行,请用消息开始事件",
            "a receive task or event gateway that starts the process is not executed; use a message start event",
        ),
        "parallel_events": Words(
            "等待全部事件的网关不执行,请用并行网关和捕获事件",
            "a gateway that waits for all its events is not executed; use a parallel gateway and catch events",
        ),
        "quantity": Words(
            "一次发出或收齐多个令牌(startQuantity、completionQuantity)不执行",
            "startQuantity and completionQuantity other than 1 are not executed",
        ),
        "behavior": Words(
            "多实例逐个抛出事件(behavior)不执行",
            "a multi-instance activity that throws events as it goes (behavior) is not executed",
        ),
        "no_waiting": Words(
            "不等待完成的补偿(waitForCompletion=false)不执行",
            "a compensation that is not waited for (waitForCompletion=false) is not executed",
        ),
        "uninterrupting_error": Words("错误总是中断所在的活动或流程", "an error always interrupts"),
        "event_process": Words(
            "事件子流程不能多实例,也不能作补偿活动",
            "an event sub-process is neither multi-instance nor for compensation",
        ),
        "second_process": Words(
            "一个文件只执行一个流程,其余请设 isExecutable=false 或另存文件",
            "one process of a file is executed; mark the others isExecutable=false or keep them in files of their own",
        ),
    }
)
"""Ways to use an executed element that are refused; keys are ours."""

DRAWING = frozenset(
    {
        "documentation",
        "extensionElements",
        "textAnnotation",
        "association",
        "group",
        "laneSet",
        "dataObject",
        "dataObjectReference",
        "dataStoreReference",
        "ioSpecification",
        "ioBinding",
        "property",
        "resourceRole",
        "performer",
        "humanPerformer",
        "potentialOwner",
        "auditing",
        "monitoring",
        "categoryValueRef",
        "supportedInterfaceRef",
        "supports",
        "correlationSubscription",
    }
)
"""Elements within a process or sub-process that have no effect; of ``laneSet`` and ``association`` see the page."""

PARTS_DRAWN = frozenset(
    {
        "documentation",
        "extensionElements",
        "incoming",
        "outgoing",
        "categoryValueRef",
        "auditing",
        "monitoring",
        "ioSpecification",
        "property",
        "dataInputAssociation",
        "dataOutputAssociation",
        "dataInput",
        "dataOutput",
        "inputSet",
        "outputSet",
        "resourceRole",
        "performer",
        "humanPerformer",
        "potentialOwner",
        "rendering",
        "eventDefinitionRef",
    }
)
"""Children of any node that have no effect (``eventDefinitionRef`` is followed)."""

PARTS: Mapping[str, frozenset[str]] = MappingProxyType(
    {name: frozenset({"multiInstanceLoopCharacteristics"}) for name in ACTIVITIES}
    | {name: frozenset(DEFINITIONS) for name in EVENT_ELEMENTS}
    | {name: frozenset[str]() for name in GATEWAYS}
    | {
        "sequenceFlow": frozenset({"conditionExpression"}),
        "multiInstanceLoopCharacteristics": frozenset(
            {
                "loopCardinality",
                "completionCondition",
                "loopDataInputRef",
                "loopDataOutputRef",
                "inputDataItem",
                "outputDataItem",
            }
        ),
        "timerEventDefinition": frozenset({"timeDuration", "timeDate", "timeCycle"}),
        "messageEventDefinition": frozenset({"operationRef"}),
        "conditionalEventDefinition": frozenset({"condition"}),
        "linkEventDefinition": frozenset({"source", "target"}),
    }
)
"""Children that are read (or, as data of multi-instance, known and drawn), beside ``PARTS_DRAWN``."""


def refusal(name: str) -> Words:
    """Why an element within a process is not executed."""
    return REFUSED.get(name) or Words("不是能执行的 BPMN 元素", "it is no BPMN element that is executed")
