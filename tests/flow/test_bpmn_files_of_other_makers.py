"""Files as other modelers write them: read whole, and each element executed or refused with its id and the reason.

The reference models of the BPMN Model Interchange Working Group are read from the folder that ``YIWANG_MIWG`` names (its
``Reference`` folder); models of our own after their lists of features stand here and are always read.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.flow.bpmn_sheets import own
from yiwang.flow.bpmn import Reading, read_bpmn
from yiwang.flow.model import SubProcess

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"


def explained(reading: Reading, xml: str) -> None:
    """There is a graph, or every fault names an element of the file, its line and the reason in both languages."""
    assert (reading.graph is None) == bool(reading.findings)
    ids = set(re.findall(r'\sid\s*=\s*["\']([^"\']*)["\']', xml))
    for finding in reading.findings:
        assert finding.element in ids
        assert 0 < finding.line <= xml.count("\n") + 1
        assert finding.zh
        assert finding.en
        assert finding.zh != finding.en


def reference_models() -> list[Path]:
    folder = os.environ.get("YIWANG_MIWG", "")
    return sorted(Path(folder).glob("[ABC].*.bpmn")) if folder else []


@pytest.mark.skipif(not reference_models(), reason="YIWANG_MIWG names no folder with the reference models of the MIWG")
def test_reference_models_are_executed_or_refused_element_by_element() -> None:
    for file in reference_models():
        text = file.read_bytes()
        explained(read_bpmn(text), text.decode("utf-8", "replace"))


def document(content: str, prefix: str = "semantic", beside: str = "") -> str:
    """A file in the manner of the reference models: another prefix, ids without meaning, foreign extensions, a diagram."""
    content, beside = (part.replace("bpmn:", f"{prefix}:" if prefix else "") for part in (content, beside))
    colon = f"{prefix}:" if prefix else ""
    declared = f'xmlns:{prefix}="{BPMN}"' if prefix else f'xmlns="{BPMN}"'
    return (
        '<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>\n'
        f'<{colon}definitions {declared} xmlns:signavio="http://www.signavio.com" xmlns:yiwang="http://yiwang.dev/bpmn/1"\n'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"\n'
        ' id="_1373638079286" targetNamespace="http://example.org/_1" expressionLanguage="http://www.w3.org/1999/XPath"\n'
        ' exporter="A modeler" exporterVersion="7.6.0">\n'
        f"{beside}\n{content}\n"
        '<bpmndi:BPMNDiagram id="_diagram"><bpmndi:BPMNPlane id="_plane" bpmnElement="_p"/></bpmndi:BPMNDiagram>\n'
        f"</{colon}definitions>\n"
    )


def flow(number: int, source: str, target: str, inner: str = "") -> str:
    return (
        f'<bpmn:sequenceFlow sourceRef="{source}" targetRef="{target}" name="" isImmediate="true" id="_f{number}">'
        f"{inner}</bpmn:sequenceFlow>\n"
    )


STEP = own(
    '<signavio:signavioMetaData metaKey="bgcolor" metaValue="#ffffcc"/>',
    '<yiwang:step stage="work" status="working"/>',
    '<yiwang:outcome id="done" zh="done" en="Done"/>',
)
TASK = 'completionQuantity="1" isForCompensation="false" startQuantity="1" implementation="##WebService"'


def user_task(name: str, parts: str = "") -> str:
    return f'<bpmn:userTask {TASK} name="User&#xD;&#xA;Task {name}" id="{name}">{STEP}{parts}</bpmn:userTask>\n'


DATA = (
    '<bpmn:ioSpecification id="_io"><bpmn:dataInput id="_di"/><bpmn:inputSet><bpmn:dataInputRefs>_di</bpmn:dataInputRefs>'
    '</bpmn:inputSet><bpmn:outputSet/></bpmn:ioSpecification><bpmn:dataInputAssociation id="_da"><bpmn:sourceRef>_do'
    '</bpmn:sourceRef><bpmn:targetRef>_di</bpmn:targetRef></bpmn:dataInputAssociation><bpmn:potentialOwner id="_po">'
    "<bpmn:resourceRef>_r</bpmn:resourceRef></bpmn:potentialOwner>\n"
)


def test_pools_lanes_messages_between_them_and_data() -> None:
    """Two pools, of which one is ours; lanes with posts; data objects and stores; annotations and groups."""
    lanes = (
        '<bpmn:laneSet id="_ls"><bpmn:lane name="Lane 1" id="_l1">'
        + own('<yiwang:who post="clerk"/>')
        + "<bpmn:flowNodeRef>_s</bpmn:flowNodeRef><bpmn:flowNodeRef>_a</bpmn:flowNodeRef></bpmn:lane>"
        + '<bpmn:lane name="Lane 2" id="_l2">'
        + own('<yiwang:who role="approver"/>')
        + "<bpmn:flowNodeRef>_b</bpmn:flowNodeRef></bpmn:lane></bpmn:laneSet>\n"
    )
    process = (
        f'<bpmn:process id="_p" isClosed="false" isExecutable="false" processType="None" name="Pool 1">{lanes}'
        '<bpmn:startEvent name="Start Event 1 " id="_s"><bpmn:outgoing>_f1</bpmn:outgoing></bpmn:startEvent>\n'
        + user_task("_a", DATA)
        + user_task("_b")
        + '<bpmn:endEvent name="End Event 1&#10;" id="_e"><bpmn:incoming>_f3</bpmn:incoming></bpmn:endEvent>\n'
        + flow(1, "_s", "_a")
        + flow(2, "_a", "_b")
        + flow(3, "_b", "_e")
        + '<bpmn:dataObject isCollection="false" id="_dobj" name="Data Object"/>'
        '<bpmn:dataObjectReference dataObjectRef="_dobj" id="_do"/><bpmn:dataStoreReference dataStoreRef="_ds" id="_dr"/>'
        '<bpmn:textAnnotation id="_t"><bpmn:text>Annotation</bpmn:text></bpmn:textAnnotation><bpmn:group id="_g"/>'
        '<bpmn:association associationDirection="None" sourceRef="_a" targetRef="_t" id="_as"/></bpmn:process>\n'
    )
    beside = (
        '<bpmn:dataStore capacity="0" isUnlimited="false" id="_ds"/><bpmn:collaboration id="_c">'
        '<bpmn:participant id="_p1" name="Pool 1" processRef="_p"/><bpmn:participant id="_p2" name="Black box"/>'
        '<bpmn:messageFlow id="_m1" sourceRef="_a" targetRef="_p2"/></bpmn:collaboration>'
    )
    for prefix in ("semantic", "bpmn2", "", "model"):
        reading = read_bpmn(document(process, prefix, beside).encode("latin-1"))
        assert reading.findings == ()
        assert reading.graph is not None
        assert [task.who.post or task.who.role for task in reading.graph.tasks] == ["clerk", "approver"]
        assert reading.graph.task("_a").names.zh == "User Task _a"


def test_a_model_without_our_settings_is_refused_step_by_step() -> None:
    """What a modeler draws first: no settings anywhere; each step says what is missing, nothing crashes."""
    process = (
        '<bpmn:process id="A.1.1" name="Execution Test" isExecutable="false"><bpmn:startEvent id="_s" name="Start"/>\n'
        '<bpmn:userTask id="usertask1" name="Task 1"/>\n<bpmn:serviceTask id="servicetask1" name="Task 2"/>\n'
        '<bpmn:endEvent id="_e"/>\n'
        + flow(1, "_s", "usertask1")
        + flow(2, "usertask1", "servicetask1")
        + flow(3, "servicetask1", "_e")
        + "</bpmn:process>"
    )
    xml = document(process)
    reading = read_bpmn(xml)
    explained(reading, xml)
    assert [(item.element, item.code) for item in reading.findings] == [
        ("usertask1", "outcome_missing"),
        ("usertask1", "step_missing"),
        ("usertask1", "who_missing"),
        ("servicetask1", "work_missing"),
    ]


EVERYTHING = [
    "<bpmn:task name='Abstract Task' id='x'/>",
    "<bpmn:task id='x'><bpmn:standardLoopCharacteristics testBefore='false'/></bpmn:task>",
    "<bpmn:userTask id='x'><bpmn:standardLoopCharacteristics/></bpmn:userTask>",
    "<bpmn:userTask id='x'><bpmn:multiInstanceLoopCharacteristics isSequential='true'/></bpmn:userTask>",
    "<bpmn:sendTask id='x' operationRef='o'/>",
    "<bpmn:serviceTask id='x' implementation='##WebService'/>",
    "<bpmn:scriptTask id='x' scriptFormat='js'><bpmn:script>1</bpmn:script></bpmn:scriptTask>",
    "<bpmn:businessRuleTask id='x'/>",
    "<bpmn:callActivity id='x' calledElement='WFP-0-'/>",
    "<bpmn:callActivity id='x'/>",
    "<bpmn:subProcess id='x' triggeredByEvent='false' name='Collapsed'/>",
    "<bpmn:subProcess id='x' triggeredByEvent='true'/>",
    "<bpmn:adHocSubProcess id='x' ordering='Parallel'/>",
    "<bpmn:transaction id='x'><bpmn:startEvent id='y'/></bpmn:transaction>",
    "<bpmn:complexGateway id='x'/>",
    "<bpmn:eventBasedGateway id='x' instantiate='true' eventGatewayType='Parallel'/>",
    "<bpmn:inclusiveGateway id='x' gatewayDirection='Diverging'/>",
    "<bpmn:startEvent id='x'><bpmn:timerEventDefinition><bpmn:timeDate/></bpmn:timerEventDefinition></bpmn:startEvent>",
    "<bpmn:startEvent id='x' parallelMultiple='true'><bpmn:signalEventDefinition/><bpmn:timerEventDefinition/></bpmn:startEvent>",
    "<bpmn:startEvent id='x'><bpmn:conditionalEventDefinition/></bpmn:startEvent>",
    "<bpmn:intermediateThrowEvent id='x'><bpmn:linkEventDefinition name=''/></bpmn:intermediateThrowEvent>",
    "<bpmn:intermediateCatchEvent id='x'><bpmn:messageEventDefinition/></bpmn:intermediateCatchEvent>",
    "<bpmn:boundaryEvent id='x' attachedToRef='a'><bpmn:cancelEventDefinition/></bpmn:boundaryEvent>",
    "<bpmn:boundaryEvent id='x' attachedToRef='a'><bpmn:compensateEventDefinition/></bpmn:boundaryEvent>",
    "<bpmn:boundaryEvent id='x' attachedToRef='nothing'><bpmn:errorEventDefinition/></bpmn:boundaryEvent>",
    "<bpmn:boundaryEvent id='x'/>",
    "<bpmn:endEvent id='x'><bpmn:cancelEventDefinition/></bpmn:endEvent>",
    "<bpmn:endEvent id='x'><bpmn:errorEventDefinition errorRef='none'/></bpmn:endEvent>",
    "<bpmn:choreographyTask id='x'/>",
    "<bpmn:sequenceFlow id='x'/>",
    "<bpmn:sequenceFlow id='x' sourceRef='s' targetRef='nowhere'/>",
    "<bpmn:nothingOfTheKind id='x'/>",
]


@pytest.mark.parametrize("part", EVERYTHING)
def test_whatever_else_is_drawn_is_refused_by_its_id(part: str) -> None:
    process = (
        '<bpmn:process id="_p"><bpmn:startEvent id="s"/><bpmn:endEvent id="e"/>'
        + user_task("a", "").replace("<yiwang:step", '<yiwang:who post="clerk"/><yiwang:step')
        + flow(1, "s", "a")
        + flow(2, "a", "e")
        + f"{part}</bpmn:process>"
    )
    xml = document(process)
    reading = read_bpmn(xml)
    explained(reading, xml)
    assert reading.graph is None
    assert "x" in {item.element for item in reading.findings}


def test_event_sub_processes_errors_and_timers_as_in_an_application_for_insurance() -> None:
    """A decision by hand with a timeout, and beside it: documents asked for, a decision hurried, a suspicion of fraud."""
    error = '<bpmn:errorEventDefinition id="_ed" errorRef="_error"/>'
    who = '<yiwang:who post="clerk"/><yiwang:step'
    asked = (
        '<bpmn:subProcess id="_docs" triggeredByEvent="true"><bpmn:startEvent id="_asked" isInterrupting="false">'
        '<bpmn:messageEventDefinition id="_md" messageRef="_document"/></bpmn:startEvent>'
        '<bpmn:callActivity id="_request" calledElement="request-document"><bpmn:multiInstanceLoopCharacteristics>'
        + own('<yiwang:multi items="=documents" item="document"/>')
        + '</bpmn:multiInstanceLoopCharacteristics></bpmn:callActivity><bpmn:endEvent id="_got"/>'
        + flow(10, "_asked", "_request")
        + flow(11, "_request", "_got")
        + "</bpmn:subProcess>"
    )
    hurried = (
        '<bpmn:subProcess id="_hurry" triggeredByEvent="true"><bpmn:startEvent id="_late" isInterrupting="false">'
        '<bpmn:timerEventDefinition><bpmn:timeCycle xsi:type="bpmn2:tFormalExpression">R1/P5D</bpmn:timeCycle>'
        '</bpmn:timerEventDefinition></bpmn:startEvent><bpmn:sendTask id="_notify" messageRef="_delay"/>'
        + user_task("_accelerate")
        + '<bpmn:endEvent id="_faster"/>'
        + flow(20, "_late", "_notify")
        + flow(21, "_notify", "_accelerate")
        + flow(22, "_accelerate", "_faster")
        + "</bpmn:subProcess>"
    )
    suspected = (
        '<bpmn:subProcess id="_fraud" triggeredByEvent="true"><bpmn:startEvent id="_suspected" isInterrupting="false">'
        '<bpmn:messageEventDefinition messageRef="_fraud_message"/></bpmn:startEvent>'
        + user_task("_check")
        + '<bpmn:exclusiveGateway id="_detected" default="_f32"/><bpmn:endEvent id="_none"/>'
        f'<bpmn:endEvent id="_found">{error}</bpmn:endEvent>'
        + flow(30, "_suspected", "_check")
        + flow(31, "_check", "_detected")
        + flow(32, "_detected", "_none")
        + flow(33, "_detected", "_found", "<bpmn:conditionExpression>fraud</bpmn:conditionExpression>")
        + "</bpmn:subProcess>"
    )
    process = (
        '<bpmn:process id="manual-check" isExecutable="true"><bpmn:startEvent id="_s"/>'
        + user_task("_decide")
        + '<bpmn:endEvent id="_e"/><bpmn:boundaryEvent id="_timeout" attachedToRef="_decide"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>P7D</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
        f'<bpmn:endEvent id="_timed_out">{error}</bpmn:endEvent>'
        + flow(1, "_s", "_decide")
        + flow(2, "_decide", "_e")
        + flow(3, "_timeout", "_timed_out")
        + asked
        + hurried
        + suspected
        + "</bpmn:process>"
    ).replace("<yiwang:step", who)
    beside = (
        '<bpmn:message id="_document"/><bpmn:message id="_delay" name="delayed"/><bpmn:error id="_error" errorCode="02"/>'
        '<bpmn:message id="_fraud_message" name="fraud suspected"/>'
    )
    reading = read_bpmn(document(process, "bpmn2", beside))
    assert reading.findings == ()
    graph = reading.graph
    assert graph is not None
    assert graph.events == ("_docs", "_hurry", "_fraud")
    assert graph.calls == {"request-document"}
    assert graph.concurrent
    assert graph.timed
    assert graph.waiting
    assert not graph.conditional
    fraud = graph.nodes["_fraud"]
    assert isinstance(fraud, SubProcess)
    assert fraud.start == "_suspected"
