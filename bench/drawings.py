"""Processes to measure the flow engine with, as BPMN files."""

from __future__ import annotations

from itertools import pairwise

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:yiwang="http://yiwang.dev/bpmn/1" id="d" targetNamespace="http://yiwang.dev/flows">\n'
)


def approval(key: str) -> str:
    """Six steps one after the other and a gateway with a way back: what an office's approval looks like."""
    names = [f"s{number}" for number in range(1, 7)]
    parts = ['<bpmn:startEvent id="start"/>', *map(_task, names), '<bpmn:exclusiveGateway id="way" default="back"/>']
    parts.append('<bpmn:endEvent id="end"/>')
    ways = ["start", *names, "way"]
    parts += [_flow(f"f{place}", *pair) for place, pair in enumerate(pairwise(ways))]
    parts.append(_flow("good", "way", "end", "amount &lt; 10"))
    parts.append(_flow("back", "way", "s1"))
    return _process(key, parts)


def long_process(key: str, elements: int) -> str:
    """Blocks of a step and a gateway, about ``elements`` nodes and flows together."""
    parts = ['<bpmn:startEvent id="start"/>']
    last, block = "start", 0
    while len(parts) < elements - 2:
        block += 1
        step, gateway = f"s{block}", f"g{block}"
        parts += [_task(step), f'<bpmn:exclusiveGateway id="{gateway}" default="d{block}"/>']
        parts += [_flow(f"a{block}", last, step), _flow(f"b{block}", step, gateway)]
        parts.append(_flow(f"c{block}", gateway, "s1", 'outcome == "refuse"'))
        parts.append(_flow(f"d{block}", gateway, f"m{block}"))
        parts.append(f'<bpmn:exclusiveGateway id="m{block}"/>')
        last = f"m{block}"
    parts.append('<bpmn:endEvent id="end"/>')
    parts.append(_flow("z", last, "end"))
    return _process(key, parts)


def reminding(key: str) -> str:
    """A step beside which a reminder begins when it is late."""
    late = (
        '<bpmn:boundaryEvent id="late" attachedToRef="work" cancelActivity="false"><bpmn:timerEventDefinition>'
        "<bpmn:timeDuration>PT2H</bpmn:timeDuration></bpmn:timerEventDefinition></bpmn:boundaryEvent>"
    )
    parts = ['<bpmn:startEvent id="start"/>', _task("work"), _task("remind"), late]
    parts += ['<bpmn:endEvent id="end"/>', '<bpmn:endEvent id="told"/>']
    parts += [
        _flow("a", "start", "work"),
        _flow("b", "work", "end"),
        _flow("c", "late", "remind"),
        _flow("e", "remind", "told"),
    ]
    return _process(key, parts)


def _task(name: str) -> str:
    return (
        f'<bpmn:userTask id="{name}" name="{name}"><bpmn:extensionElements>'
        f'<yiwang:step stage="{name}" status="{name}" deadline="2工作日"/><yiwang:who post="acceptor"/>'
        '<yiwang:outcome id="agree" zh="同意" en="Agree"/><yiwang:outcome id="refuse" zh="不同意" en="Refuse"/>'
        "</bpmn:extensionElements></bpmn:userTask>"
    )


def _flow(name: str, source: str, target: str, condition: str = "") -> str:
    inner = (
        f'<bpmn:conditionExpression language="https://cel.dev">{condition}</bpmn:conditionExpression>'
        if condition
        else ""
    )
    return f'<bpmn:sequenceFlow id="{name}" sourceRef="{source}" targetRef="{target}">{inner}</bpmn:sequenceFlow>'


def _process(key: str, parts: list[str]) -> str:
    body = "\n".join(parts)
    return f'{_HEAD}<bpmn:process id="{key}" name="{key}" isExecutable="true">\n{body}\n</bpmn:process>\n</bpmn:definitions>\n'
