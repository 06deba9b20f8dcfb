"""Definitions: drafted, checked, published, compiled once per process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from yiwang.flow import store
from yiwang.flow.bpmn import Finding, Reading, read_bpmn
from yiwang.flow.bpmn.elements import text_of
from yiwang.flow.errors import DraftMissing, FlowRefused
from yiwang.flow.model import Definition, Graph
from yiwang.flow.service.base import FlowBase
from yiwang.flow.store.definitions import DefinitionRow
from yiwang.flow.walk.events import timer_of
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, JsonObject
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.journal import append, entry

most_compiled = 256


@dataclass(frozen=True, slots=True)
class Drafted:
    """A saved draft with everything that still keeps it from being published."""

    definition: DefinitionRow
    findings: tuple[Finding, ...]


class DefinitionVerbs(FlowBase):
    """Verbs on definitions. A version, once published, is never changed; running instances keep theirs."""

    async def publish(
        self, connection: Connection, key: str, xml: str | bytes, actor: Actor, at: datetime, *, file: str = ""
    ) -> Definition:
        """Publish a drawing as the newest version of ``key``; the same drawing again is no new version.

        Raises:
            FlowUnreadable: no well-formed XML within the bounds.
            FlowRefused: with every fault as an entry (``file:line#element``).
        """
        text = text_of(xml)
        graph = checked(key, read_bpmn(text), file)
        await store.lock_key(connection, key)
        published, _, highest = await store.newest_definitions(connection, key)
        digest = digest_of(text)
        if published is not None and published.digest == digest:
            return self._remember(published, graph)
        row = DefinitionRow(new_id(), key, highest + 1, "published", graph.names, text, digest, at, at)
        await store.insert_definition(connection, row, actor.account_id)
        await self._register_starts(connection, row, graph, at)
        await self._journal(connection, actor, at, "definition.published", row)
        # Not remembered yet: the caller's transaction may still be rolled back.
        return compiled(row, graph)

    async def save_draft(
        self, connection: Connection, key: str, xml: str | bytes, actor: Actor, at: datetime
    ) -> Drafted:
        """Keep a drawing as the draft of ``key``, faults and all.

        Raises:
            FlowUnreadable: no well-formed XML within the bounds.
        """
        text = text_of(xml)
        reading = read_bpmn(text)
        await store.lock_key(connection, key)
        _, draft, highest = await store.newest_definitions(connection, key)
        if draft is None:
            row = DefinitionRow(new_id(), key, highest + 1, "draft", reading.names, text, digest_of(text), at, None)
            await store.insert_definition(connection, row, actor.account_id)
        else:
            row = DefinitionRow(
                draft.id, key, draft.version, "draft", reading.names, text, digest_of(text), draft.created_at, None
            )
            await store.save_draft(connection, draft.id, row.names, text, row.digest)
        await self._journal(connection, actor, at, "definition.drafted", row)
        return Drafted(row, faults(key, reading))

    async def publish_draft(self, connection: Connection, key: str, actor: Actor, at: datetime) -> Definition:
        """Publish the draft of ``key``.

        Raises:
            DraftMissing: there is none.
            FlowRefused: with every fault.
        """
        await store.lock_key(connection, key)
        _, draft, highest = await store.newest_definitions(connection, key)
        if draft is None:
            raise DraftMissing(key=key)
        graph = checked(key, read_bpmn(draft.xml))
        version = draft.version if draft.version == highest else highest + 1
        row = DefinitionRow(
            draft.id, key, version, "published", graph.names, draft.xml, draft.digest, draft.created_at, at
        )
        await store.publish_definition(connection, draft, version, at, actor.account_id)
        await self._register_starts(connection, row, graph, at)
        await self._journal(connection, actor, at, "definition.published", row)
        return compiled(row, graph)

    async def latest(self, connection: Connection, key: str) -> Definition:
        """The published version of ``key``.

        Raises:
            NotFound: none is published.
        """
        published, _, _ = await store.newest_definitions(connection, key)
        if published is None:
            raise NotFound(what=f"流程 {key}")
        return self._remember(published)

    async def drawn_by_person(self, connection: Connection, key: str) -> bool:
        """Whether a person published the version of ``key`` that holds: an installation leaves it as it is."""
        return await store.published_by_person(connection, key)

    async def published_ids(self, connection: Connection, keys: Sequence[str]) -> dict[str, UUID]:
        """The id of the published version of each of these keys."""
        return await store.published_ids(connection, keys)

    async def definition(self, connection: Connection, definition_id: UUID) -> Definition:
        """The compiled definition; remembered, since a published version never changes.

        Raises:
            NotFound: no such version, or only a draft.
        """
        known = self._definitions.get(definition_id)
        if known is not None:
            return known
        row = await store.definition_by_id(connection, definition_id)
        if row is None or row.state == "draft":
            raise NotFound(what="流程定义")
        return self._remember(row)

    async def version(self, connection: Connection, key: str, version: int) -> DefinitionRow:
        """A stored version with its drawing, draft or not.

        Raises:
            NotFound: no such version.
        """
        row = await store.definition_by_version(connection, key, version)
        if row is None:
            raise NotFound(what="流程版本")
        return row

    async def list_definitions(
        self, connection: Connection, *, key: str | None, after: tuple[str, int], drafts: bool, limit: int
    ) -> Sequence[DefinitionRow]:
        """A page of heads (without drawing) by key and version: published ones, or with ``key`` every version of it."""
        return await store.list_definitions(connection, key=key, after=after, drafts=drafts, limit=limit)

    async def _register_starts(self, connection: Connection, row: DefinitionRow, graph: Graph, at: datetime) -> None:
        """From now on this version begins by its messages, signals and timers, and no older one."""
        starts = []
        for start in graph.starts:
            trigger = start.trigger
            if trigger is None or trigger.kind not in ("message", "signal", "timer"):
                continue
            wake_at, clock, left = None, {}, 0
            if trigger.kind == "timer":
                timer = timer_of(trigger, None, start.id, start.names.zh, {})
                begun = self.timing(at).of_timer(timer, row.id, row.id, row.id)
                wake_at, clock, left = begun.wake_at, begun.clock, begun.left_count
            starts.append(store.StartRow(row.id, start.id, trigger.kind, trigger.name, wake_at, clock, left))
        await store.replace_starts(connection, row.key, starts)

    def _remember(self, row: DefinitionRow, graph: Graph | None = None) -> Definition:
        known = self._definitions.get(row.id)
        if known is None:
            known = compiled(row, graph or checked(row.key, read_bpmn(row.xml)))
            while len(self._definitions) >= most_compiled:
                self._definitions.pop(next(iter(self._definitions)))
            self._definitions[row.id] = known
        return known

    async def _journal(self, connection: Connection, actor: Actor, at: datetime, verb: str, row: DefinitionRow) -> None:
        data: JsonObject = {"key": row.key, "version": row.version, "digest": row.digest}
        await append(connection, entry(actor, at, verb, "definition", row.id, data=data))


def digest_of(text: str) -> str:
    """SHA-256 of the file in UTF-8, hexadecimal."""
    return sha256(text.encode()).hexdigest()


def faults(key: str, reading: Reading) -> tuple[Finding, ...]:
    """The findings, with one more when the process is drawn under another key."""
    if reading.key == key:
        return reading.findings
    differs = Finding(
        "key_differs",
        reading.key,
        0,
        f"流程的 id 是“{reading.key}”,应为“{key}”",
        f"the id of the process is “{reading.key}”; it must be “{key}”",
    )
    return (differs, *reading.findings)


def checked(key: str, reading: Reading, file: str = "") -> Graph:
    """The graph of a drawing without faults.

    Raises:
        FlowRefused: with every fault.
    """
    found = faults(key, reading)
    if found or reading.graph is None:
        errors = [finding.field_error(file) for finding in found]
        raise FlowRefused(key=key, count=len(errors), errors=errors)
    return reading.graph


def compiled(row: DefinitionRow, graph: Graph) -> Definition:
    return Definition(row.id, row.key, row.version, row.state, graph.names, row.digest, graph, row.published_at)
