"""Casework as other floors call it. One function is one transaction, unless it takes a connection.

``opening``/``drafting``: from report to case · ``steps``/``finishing``: finishing tasks · ``handing_on``: claiming and
reassigning them · ``operations``: verbs on the case · ``reading``: lists, views · ``attachments``: photos and documents.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from datetime import datetime

from yiwang.casework.attachments import Attachments
from yiwang.casework.catalogue import Catalogue, publish_case_type, retire_case_types
from yiwang.casework.declarations import CaseTypeDeclaration, ClassTree, DispatchTable
from yiwang.casework.dispatch import Facts
from yiwang.casework.finishing import Finishing
from yiwang.casework.handing_on import HandingOn
from yiwang.casework.intake import Drafting, Opening
from yiwang.casework.learning import Learning, Suggested, suggested
from yiwang.casework.likeness import Alikeness
from yiwang.casework.model import Opened, Report
from yiwang.casework.office import Office
from yiwang.casework.operations import Operations
from yiwang.casework.parts import Parts
from yiwang.casework.reading import Reading
from yiwang.casework.steps import Steps
from yiwang.casework.topics import Topics
from yiwang.flow.model import Definition
from yiwang.flow.service import FlowService
from yiwang.geo.locator import Locator
from yiwang.identity.directory import Directory
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import FieldError, InvalidInput


class CaseService:
    """One per process."""

    def __init__(self, context: Context, directory: Directory, locator: Locator, flow: FlowService) -> None:
        self.context = context
        self.catalogue = Catalogue(flow)
        parts = Parts(context, self.catalogue, locator, directory, flow)
        self.parts = parts
        self.drafting = Drafting(self.catalogue, locator, directory, context.calendar, parts.classifiers)
        self.opening = Opening(context, flow, self.catalogue)
        self.learning = Learning(context, self.catalogue, parts.classifiers, parts.outcomes)
        self.steps = Steps(parts)
        self.finishing = Finishing(parts, self.steps)
        self.handing_on = HandingOn(parts)
        self.office = Office(parts, self.steps)
        self.operations = Operations(parts, self.steps)
        self.reading = Reading(parts, self.steps)
        self.likeness = Alikeness(parts)
        self.attachments = Attachments(context)
        self.topics = Topics(parts)
        flow.on_advance("case", self.operations.on_advance, self.operations.lock)

    async def report(self, report: Report, actor: Actor) -> Opened:
        """Open a case from a report (or fold it under the case it repeats); durable when it returns.

        Raises:
            InvalidInput: a coordinate is no finite number. Else as :meth:`Drafting.draft` and :meth:`Opening.open`.
        """
        _require_finite(report)
        draft = self.drafting.draft(report, actor, self.context.clock.now())
        return await self.opening.open(draft, actor)

    def suggest(self, report: Report) -> Suggested:
        """What a report that is still being written would get: class, department, limit, and why.

        Raises:
            CaseTypeUnknown, ClassUnknown, PlaceOutsideCity. InvalidInput: a coordinate is no finite number.
        """
        _require_finite(report)
        case_type = self.catalogue.latest(report.type)
        area = self.drafting.area(report)
        classified = self.drafting.classify(case_type, report, area, self.context.clock.now())
        facts = Facts(classified.code or "", area, report.text, report.channel, report.urgency)
        organisation, advice = self.steps.propose(case_type, facts)
        return suggested(case_type, classified, area, organisation, advice)

    async def refresh(self) -> None:
        """Load case types published since; called at start and when a publication is announced."""
        async with self.context.database.connection() as connection:
            await self.catalogue.refresh(connection)
            await self.likeness.refresh(connection)
            await self.learning.refresh(connection)

    async def publish_case_type(
        self,
        connection: Connection,
        declaration: CaseTypeDeclaration,
        tree: ClassTree,
        dispatch: DispatchTable | None,
        definition: Definition,
        at: datetime,
        *,
        retired: bool = False,
    ) -> tuple[int, bool]:
        """A new version of a case type unless nothing changed: (version, whether new); a ``retired`` one takes no new cases.
        In the caller's transaction."""
        return await publish_case_type(connection, declaration, tree, dispatch, definition, at, retired=retired)

    async def retire_others(self, connection: Connection, kept: Collection[str], at: datetime) -> list[str]:
        """Let case types that are not ``kept`` take no new cases; their running ones go on. Returns which were changed."""
        return await retire_case_types(connection, kept, at)

    async def adopt_flows(self) -> int:
        """Let case types whose flow has a newer published version go by it from now on; running cases keep theirs. Returns
        how many did."""
        types = self.catalogue.all()
        flow = self.parts.flow
        async with self.context.database.connection() as connection:
            newest = await flow.published_ids(connection, [item.declaration.flow for item in types])
        behind = [item for item in types if newest.get(item.declaration.flow, item.definition.id) != item.definition.id]
        if not behind:
            return 0
        async with self.context.database.transaction() as connection:
            for item in behind:
                definition = await flow.latest(connection, item.declaration.flow)
                at = self.context.clock.now()
                await publish_case_type(
                    connection, item.declaration, item.tree, item.table, definition, at, retired=item.retired
                )
        await self.refresh()
        return len(behind)


def _require_finite(report: Report) -> None:
    faults = [
        FieldError(
            where=f"/{name}",
            code="input.number",
            zh="坐标必须是有限的数值,请在地图上重新选点",
            en="a coordinate is a finite number; choose the place on the map again",
        )
        for name, value in (("lon", report.lon), ("lat", report.lat))
        if value is not None and not math.isfinite(value)
    ]
    if faults:
        raise InvalidInput(errors=faults, count=len(faults))
