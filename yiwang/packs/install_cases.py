"""Publishing the case types and decision tables of a city; a flow or table that a person published stays as it is."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from yiwang.casework.declarations import CaseTypeDeclaration
from yiwang.casework.service import CaseService
from yiwang.flow.bpmn.elements import text_of
from yiwang.flow.decisions.declared import DecisionTable, document_of
from yiwang.flow.service import FlowService
from yiwang.flow.service.definitions import digest_of
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection
from yiwang.packs.loaded import Pack


class Publishing(Protocol):
    """The engines that case types go to."""

    @property
    def flow(self) -> FlowService: ...
    @property
    def casework(self) -> CaseService: ...


async def publish_case(
    services: Publishing,
    connection: Connection,
    packs: Sequence[Pack],
    pack: Pack,
    declaration: CaseTypeDeclaration,
    at: datetime,
    kept: list[str],
    *,
    retired: bool = False,
) -> int:
    """Publish one case type of a pack with its flow; 1 when that made a new version. ``kept``: flows drawn by a person;
    ``retired``: it takes no new cases."""
    reach = [pack, *(one for one in packs if one.id != pack.id)]
    flow = next(flow for one in reach for flow in one.flows if flow.key == declaration.flow)
    tree = next(tree.value for one in reach for tree in one.classes if tree.value.id == declaration.classes)
    table = next((table.value for one in reach for table in one.rules if table.value.id == declaration.dispatch), None)
    if await services.flow.drawn_by_person(connection, flow.key):
        definition = await services.flow.latest(connection, flow.key)
        if definition.digest != digest_of(text_of(flow.xml)):
            kept.append(flow.key)
    else:
        definition = await services.flow.publish(connection, flow.key, flow.xml, SYSTEM, at)
    _, new = await services.casework.publish_case_type(
        connection, declaration, tree, table, definition, at, retired=retired
    )
    return int(new)


async def publish_table(
    flow: FlowService, connection: Connection, table: DecisionTable, at: datetime, kept: list[str]
) -> bool:
    """Publish a decision table; whether that made a new version."""
    if await flow.decisions.written_by_person(connection, table.id):
        kept.append(table.id)
        return False
    return (await flow.decisions.publish(connection, table.id, document_of(table), SYSTEM, at)).new
