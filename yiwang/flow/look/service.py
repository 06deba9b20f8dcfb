"""The verbs of looking: drawings, heat, bottlenecks, event logs. They read and change nothing but the journal.

Every verb takes the caller's connection first, as those of the flow service do; only the event log, which may run for
long, takes a connection of its own for each page.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from yiwang.flow import store
from yiwang.flow.bpmn.elements import parse_xml
from yiwang.flow.look.drawing import Drawing, read_drawing
from yiwang.flow.look.eventlog import LogWriter
from yiwang.flow.look.naming import Naming
from yiwang.flow.look.overlay import Overlay
from yiwang.flow.look.plan import Plan
from yiwang.flow.look.reading import read_plan
from yiwang.flow.look.standing import progress_of
from yiwang.flow.look.svg import Language, Link, render_svg
from yiwang.flow.look.words import word
from yiwang.flow.model import InstanceStory
from yiwang.flow.service import FlowService
from yiwang.flow.store.definitions import DefinitionRow
from yiwang.flow.store.eventlog import LogPage, definitions_of, log_page
from yiwang.flow.store.heat import Selection, StepFigures, step_figures
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import Forbidden, NotFound
from yiwang.kernel.journal import append, entry

LogFormat = Literal["xes", "csv"]

ordinary_period = timedelta(days=30)
cases_a_page = 200
most_remembered = 64

_remembered: dict[UUID, Drawing] = {}
"""Drawings of published versions in this process, the oldest first."""


@dataclass(frozen=True, slots=True)
class LogRequest:
    """A log that is asked for: cases of a definition (a version or all) that started in the period, within an area."""

    key: str
    version: int | None
    since: datetime
    until: datetime
    area: str
    format: LogFormat
    people: bool


class FlowLook:
    """Looks at the definitions and instances of a flow service; holds nothing."""

    def __init__(self, flow: FlowService) -> None:
        self.flow = flow

    def naming(self, language: str) -> Naming:
        return Naming(self.flow.assignment.directory, language)

    def period(self, since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
        """What is asked for, or the last 30 days of city time."""
        end = until or self.flow.context.clock.now()
        return since or end - ordinary_period, end

    async def definition(
        self, connection: Connection, key: str, version: int | None = None, *, drafts: bool = False
    ) -> DefinitionRow:
        """A version with its file, by default the published one.

        Raises:
            NotFound: there is none, or only a draft that is not to be shown.
        """
        if version is None:
            found, _, _ = await store.newest_definitions(connection, key)
        else:
            found = await store.definition_by_version(connection, key, version)
        if found is None or (found.state == "draft" and not drafts):
            raise NotFound(what=f"流程 {key}")
        return found

    async def drawing(
        self, connection: Connection, key: str, version: int | None = None, *, drafts: bool = False
    ) -> tuple[DefinitionRow, Drawing]:
        """A definition and its drawing.

        Raises:
            NotFound, FlowUnreadable, DrawingTooLarge.
        """
        found = await self.definition(connection, key, version, drafts=drafts)
        return found, await drawn(found.xml)

    async def plan(self, connection: Connection, key: str, version: int | None = None) -> Plan:
        """What a definition consists of, without drawing it.

        Raises:
            NotFound, FlowUnreadable.
        """
        found = await self.definition(connection, key, version)
        return await asyncio.to_thread(_planned, found.xml)

    async def published_drawing(self, connection: Connection, definition_id: UUID) -> Drawing:
        """The drawing of a version that instances run on; remembered, since it never changes.

        Raises:
            NotFound, FlowUnreadable, DrawingTooLarge.
        """
        known = _remembered.get(definition_id)
        if known is None:
            row = await store.definition_by_id(connection, definition_id)
            if row is None:
                raise NotFound(what="流程定义")
            known = await drawn(row.xml)
            while len(_remembered) >= most_remembered:
                _remembered.pop(next(iter(_remembered)))
            if row.state != "draft":
                _remembered[definition_id] = known
        return known

    async def standing(
        self,
        connection: Connection,
        story: InstanceStory,
        language: Language,
        *,
        embedded: bool = False,
        link: Link | None = None,
    ) -> str:
        """Where an instance stands, as SVG of its own version's drawing. Whether the caller may see it is asked before."""
        drawing = await self.published_drawing(connection, story.definition.id)
        now = self.flow.context.clock.now()
        overlay = progress_of(drawing, story, self.naming(language), now)
        return await rendered(drawing, language, overlay, embedded=embedded, link=link)

    async def figures(self, connection: Connection, actor: Actor, wanted: Selection) -> list[StepFigures]:
        """How long the steps wait, as far as the actor may see.

        Raises:
            Forbidden: the actor may not read subjects anywhere.
        """
        if not any(grant.covers(grant.kind, "read") for grant in actor.grants):
            raise Forbidden(verb="flow:read")
        return await step_figures(connection, actor, wanted, self.flow.context.clock.now())

    async def log(self, wanted: LogRequest, actor: Actor, language: Language) -> AsyncIterator[bytes]:
        """The log in pieces. What can be refused is refused before the first of them.

        Raises:
            Forbidden: persons are asked for by one who may not read the journal.
            NotFound: no such definition.
        """
        if wanted.people:
            actor.require("journal", "read")
        elif not any(grant.covers(grant.kind, "read") for grant in actor.grants):
            raise Forbidden(verb="flow:read")
        database = self.flow.context.database
        async with database.transaction() as connection:
            row = await self.definition(connection, wanted.key, wanted.version)
            versions = await definitions_of(connection, wanted.key, wanted.version)
            if wanted.people:
                await self._journal(connection, wanted, actor, row)
        names = _Activities(language)
        title = word(row.names, language) or wanted.key
        writer = LogWriter(wanted.key, title, self.naming(language), names.named, wanted.people)
        return self._pieces(wanted, actor, versions, writer, names)

    async def _pieces(
        self,
        wanted: LogRequest,
        actor: Actor,
        versions: Sequence[tuple[UUID, int]],
        writer: LogWriter,
        names: _Activities,
    ) -> AsyncIterator[bytes]:
        xes = wanted.format == "xes"
        yield (writer.xes_head() if xes else "\ufeff" + writer.csv_head()).encode()
        for definition, version in versions:
            after: tuple[datetime, UUID] | None = None
            while True:
                page = await self._page(wanted, actor, definition, after, names)
                content = await asyncio.to_thread(_written, writer, page, version, wanted.format)
                if content:
                    yield content
                after = page.after
                if after is None:
                    break
        if xes:
            yield writer.xes_end().encode()

    async def _page(
        self,
        wanted: LogRequest,
        actor: Actor,
        definition: UUID,
        after: tuple[datetime, UUID] | None,
        names: _Activities,
    ) -> LogPage:
        async with self.flow.context.database.connection() as connection:
            page = await log_page(
                connection,
                actor,
                definition,
                wanted.since,
                wanted.until,
                area=wanted.area,
                after=after,
                limit=cases_a_page,
            )
            await names.learn(connection, {step.definition_id for case in page.cases for step in case.steps})
        return page

    async def _journal(self, connection: Connection, wanted: LogRequest, actor: Actor, row: DefinitionRow) -> None:
        now = self.flow.context.clock.now()
        data: JsonObject = {
            "key": wanted.key,
            "format": wanted.format,
            "since": wanted.since.isoformat(),
            "until": wanted.until.isoformat(),
        }
        await append(connection, entry(actor, now, "definition.log_exported", "definition", row.id, data=data))


def _written(writer: LogWriter, page: LogPage, version: int, format: LogFormat) -> bytes:
    """A page as text; cases without a finished step have nothing to tell."""
    write = writer.xes_trace if format == "xes" else writer.csv_lines
    return "".join(write(case, version) for case in page.cases if case.steps).encode()


class _Activities:
    """Names of steps by definition, read once for each."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._plans: dict[UUID, dict[str, str]] = {}

    async def learn(self, connection: Connection, definitions: set[UUID]) -> None:
        for definition in definitions - self._plans.keys():
            row = await store.definition_by_id(connection, definition)
            nodes = {} if row is None else (await asyncio.to_thread(_planned, row.xml)).nodes
            self._plans[definition] = {node.id: word(node.names, self.language) for node in nodes.values()}

    def named(self, definition: UUID, node: str) -> str:
        return self._plans.get(definition, {}).get(node) or node


def _planned(xml: str) -> Plan:
    return read_plan(parse_xml(xml))


async def drawn(xml: str) -> Drawing:
    """The drawing of a file; beside the event loop, since a large one takes its time."""
    return await asyncio.to_thread(read_drawing, xml)


async def rendered(
    drawing: Drawing,
    language: Language,
    overlay: Overlay | None = None,
    *,
    embedded: bool = False,
    link: Link | None = None,
) -> str:
    """The drawing as SVG, beside the event loop."""
    return await asyncio.to_thread(render_svg, drawing, language, overlay, embedded=embedded, link=link)
