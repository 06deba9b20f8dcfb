"""Reads gateways."""

from __future__ import annotations

from yiwang.flow.bpmn.elements import Element
from yiwang.flow.bpmn.extensions import Extensions
from yiwang.flow.bpmn.refusing import check_parts, refuse
from yiwang.flow.bpmn.vocabulary import REFUSED_USES
from yiwang.flow.model import EventGateway, ExclusiveGateway, InclusiveGateway, Names, Node, ParallelGateway


def read_gateway(element: Element, extensions: Extensions, names: Names, container: str) -> Node:
    """The node of any gateway."""
    check_parts(extensions.findings, element, element.id)
    name, line = element.id, element.line
    match element.name:
        case "exclusiveGateway":
            return ExclusiveGateway(id=name, names=names, line=line, container=container)
        case "inclusiveGateway":
            return InclusiveGateway(id=name, names=names, line=line, container=container)
        case "parallelGateway":
            return ParallelGateway(id=name, names=names, line=line, container=container)
        case _:
            if element.flag("instantiate"):
                refuse(extensions.findings, element, name, REFUSED_USES["instantiate"])
            if element.get("eventGatewayType", "Exclusive") != "Exclusive":
                refuse(extensions.findings, element, name, REFUSED_USES["parallel_events"])
            return EventGateway(id=name, names=names, line=line, container=container)
