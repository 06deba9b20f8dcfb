"""Objections to data (数据异议) and demands for data (数据需求): cases with deadlines, on the flow that defects of data take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal
from uuid import UUID

from yiwang.casework.errors import CaseTypeUnknown
from yiwang.casework.model import Opened, Report
from yiwang.casework.service import CaseService
from yiwang.exchange.catalogue.keeping import Catalogue
from yiwang.exchange.errors import ResourceUnknown, ShareNotOffered
from yiwang.exchange.sharing.model import KIND
from yiwang.identity.directory import Directory
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import JsonObject
from yiwang.kernel.errors import Forbidden

MatterKind = Literal["objection", "demand"]
CASE_TYPE, CHANNEL = "data-defect", "exchange"
_CLASSES: Mapping[MatterKind, str] = {"objection": "DQ02", "demand": "DQ03"}
_WORDS: Mapping[MatterKind, str] = {"objection": "数据异议", "demand": "数据需求"}


class Matters:
    """One per process."""

    def __init__(self, context: Context, directory: Directory, catalogue: Catalogue, casework: CaseService) -> None:
        self._context = context
        self._directory = directory
        self._catalogue = catalogue
        self._casework = casework

    async def raise_matter(self, actor: Actor, kind: MatterKind, resource_id: UUID | None, text: str) -> Opened:
        """Open the case: an objection with the provider, a demand with the authority for data.

        Raises:
            Forbidden, ResourceUnknown; ShareNotOffered: the city does not run the pack data-exchange.
        """
        actor.require(KIND, "request")
        office = self._directory.organisation(actor.organisation_id) if actor.organisation_id is not None else None
        if office is None:
            raise Forbidden(verb=f"{KIND}:request")
        if kind == "objection" and resource_id is None:
            raise ResourceUnknown(id="")
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            resource = await self._catalogue.one(connection, actor, resource_id) if resource_id is not None else None
            about = f"“{resource.name_zh}”({resource.code})" if resource is not None else ""
            centre = self._directory.serving("centre", "")
            authority = centre.id if centre is not None else office.id
            department = resource.provider_id if resource is not None else authority
            fields: JsonObject = {"resource": resource.code} if resource is not None else {}
            report = Report(
                type=CASE_TYPE, channel=CHANNEL, text=f"{office.name_zh}提出{_WORDS[kind]}{about}:{text}",
                class_code=_CLASSES[kind], fields=fields,
            )  # fmt: skip
            try:
                draft = self._casework.drafting.draft(report, SYSTEM, now)
            except CaseTypeUnknown as error:
                raise ShareNotOffered(
                    reason_zh="本市没有启用应用包 data-exchange",
                    reason_en="the city does not run the pack data-exchange",
                ) from error
            draft = replace(
                draft, organisation_id=department, variables={**draft.variables, "department": department},
                account_id=actor.account_id, actor_name=actor.label,
            )  # fmt: skip
            return (await self._casework.opening.write_within(connection, [(draft, actor)]))[0]
