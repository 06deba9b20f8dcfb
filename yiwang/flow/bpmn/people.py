"""``yiwang:who``: who may take a step (办理人规则), on a task, on a lane for all tasks in it, or inside an escalation."""

from __future__ import annotations

import re

from yiwang.flow.bpmn.elements import BPMN, Element
from yiwang.flow.bpmn.expressions import read_expression
from yiwang.flow.bpmn.extensions import Extensions
from yiwang.flow.bpmn.findings import Findings
from yiwang.flow.model import Empty, Who

_NAME = re.compile(r"=?[A-Za-z_][A-Za-z0-9_.-]*")

NOBODY = Who(empty="stop")
"""Stands for a rule that could not be read."""


def read_who(extensions: Extensions, element: Element) -> Who:
    """The rule of one ``yiwang:who``."""
    post, role = (extensions.word(element, name, element.get(name).strip()) for name in ("post", "role"))
    person = extensions.value(element, "person")
    if person is not None and person.variable is None:
        extensions.invalid(
            element,
            "person 应取自变量(=名称),流程图里不能写死某个人",
            "person must come from a variable (=name); a drawing must not name a person",
        )
    step = extensions.words(element, "step")
    manager = extensions.value(element, "manager")
    text = element.get("expression").strip()
    expression = read_expression(extensions, element, text) if text else None
    if not (post or role or person or step or manager or text):
        extensions.fault(
            "who_missing",
            element,
            "yiwang:who 至少要有 post、role、person、step、manager、expression 之一",
            "yiwang:who needs post, role, person, step, manager or expression",
        )
    return Who(
        post=post,
        organisation=extensions.value(element, "organisation"),
        area=extensions.value(element, "area"),
        person=person,
        empty=_empty(extensions, element),
        role=role,
        step=step,
        manager=manager,
        expression=expression,
        apart=_apart(extensions, element),
    )


def _apart(extensions: Extensions, element: Element) -> tuple[str, ...]:
    """Steps and ``=variables``, each once."""
    names = tuple(dict.fromkeys(name.strip() for name in element.get("apart").split(",") if name.strip()))
    for name in names:
        if not _NAME.fullmatch(name):
            extensions.invalid(
                element,
                f"apart 写步骤的 id 或 =变量,用逗号隔开,不能写“{name[:60]}”",
                f"apart lists ids of steps or =variables, separated by commas, not “{name[:60]}”",
            )
    return names


def _empty(extensions: Extensions, element: Element) -> Empty:
    match extensions.choice(element, "empty", ("administrator", "skip", "stop"), element.get("empty", "administrator")):
        case "skip":
            return "skip"
        case "stop":
            return "stop"
        case _:
            return "administrator"


def read_lanes(holder: Element, findings: Findings, outer: Who | None) -> dict[str, Who]:
    """Node → the rule of the innermost lane that holds it and has one, of a process or sub-process (``outer``: its own)."""
    found: dict[str, Who] = {}
    for lane_set in (*holder.bpmn("laneSet"), *holder.bpmn("childLaneSet")):
        for lane in lane_set.children:
            if lane.namespace != BPMN or lane.name != "lane":
                continue
            extensions = Extensions(lane, findings)
            element = extensions.one("who")
            rule = read_who(extensions, element) if element is not None else outer
            if rule is not None:
                found.update({reference.text: rule for reference in lane.bpmn("flowNodeRef")})
            found.update(read_lanes(lane, findings, rule))
    return found
