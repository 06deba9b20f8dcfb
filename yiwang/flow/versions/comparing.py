"""Comparing two stored versions, or two files at hand."""

from __future__ import annotations

from yiwang.flow.bpmn import read_bpmn
from yiwang.flow.service import FlowService
from yiwang.flow.service.definitions import checked
from yiwang.flow.store.definitions import DefinitionRow
from yiwang.flow.versions.difference import Difference, difference
from yiwang.flow.versions.layout import compare_looks
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import NotFound


async def compare_versions(
    flow: FlowService, connection: Connection, key: str, old: int, new: int, *, drafts: bool
) -> tuple[DefinitionRow, DefinitionRow, Difference]:
    """Two versions of a definition and what changed between them.

    Raises:
        NotFound: no such version, or a draft that is not to be shown. FlowRefused: a draft with faults, all of them.
    """
    rows = [await flow.version(connection, key, version) for version in (old, new)]
    if not drafts and any(row.state == "draft" for row in rows):
        raise NotFound(what="流程版本")
    before, after = rows
    return before, after, compare_files(before.xml, after.xml, key)


def compare_files(old: str, new: str, key: str | None = None) -> Difference:
    """What changed between two drawings.

    Raises:
        FlowUnreadable, FlowRefused: one of them is no flow without faults.
    """
    before, after = read_bpmn(old), read_bpmn(new)
    graph, other = checked(key or before.key, before), checked(key or after.key, after)
    return difference(graph, other, compare_looks(old, new))
