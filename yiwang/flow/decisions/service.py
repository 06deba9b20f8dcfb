"""The verbs on decision tables: drafted, checked, published in versions, asked.

Every verb runs in the caller's transaction. A published version never changes, so it is compiled once per process. The flow
engine asks for the tables that a walk may need before the walk (:meth:`DecisionService.table`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from uuid import UUID

import orjson
from pydantic import ValidationError

from yiwang.flow.decisions.checks import find_faults
from yiwang.flow.decisions.declared import DecisionTable, declared_of, document_of
from yiwang.flow.decisions.differences import differences
from yiwang.flow.decisions.dmn import write_dmn
from yiwang.flow.decisions.errors import DecisionDraftMissing, DecisionUnreadable
from yiwang.flow.decisions.evaluate import Compiled, refused
from yiwang.flow.decisions.examples import run_examples
from yiwang.flow.decisions.model import Decision, Document, Finding, Table
from yiwang.flow.decisions.xml_tree import parse_xml
from yiwang.flow.model import Names
from yiwang.flow.store import decisions as store
from yiwang.flow.store.decisions import DecisionRow
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.errors import NotFound
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.journal import append, entry

most_compiled = 256


@dataclass(frozen=True, slots=True)
class DraftedTable:
    """A saved draft with everything that is wrong with it; errors keep it from being published, warnings do not."""

    row: DecisionRow
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """A version ready to be asked, with what its publication had to remark. ``new``: it was not there before."""

    row: DecisionRow
    compiled: Compiled
    findings: tuple[Finding, ...] = ()
    new: bool = False


class DecisionService:
    """One per process."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self._compiled: dict[UUID, Compiled] = {}

    async def save_draft(
        self, connection: Connection, key: str, shown: Document, actor: Actor, at: datetime
    ) -> DraftedTable:
        """Keep a table as the draft of ``key``, faults and all. Whatever key it was written under, it now has this one.

        Raises:
            DecisionRefused: it has not the shape of a table (ids, bounds), so that it cannot be kept.
            DecisionUnreadable: a text holds characters that cannot be stored, or a kept part is no XML.
        """
        shown = with_key(shown, key)
        body, digest = _body(shown)
        await store.lock_key(connection, key)
        _, draft, highest = await store.newest_decisions(connection, key)
        names = shown.table.names
        if draft is None:
            row = DecisionRow(new_id(), key, highest + 1, "draft", names, body, digest, at, None)
            await store.insert_decision(connection, row, actor.account_id)
        else:
            row = DecisionRow(draft.id, key, draft.version, "draft", names, body, digest, draft.created_at, None)
            await store.save_draft(connection, row)
        await self._journal(connection, actor, at, "decision.drafted", row)
        return DraftedTable(row, await asyncio.to_thread(faults, shown))  # a large table takes its time

    async def publish(
        self, connection: Connection, key: str, shown: Document, actor: Actor, at: datetime
    ) -> PublishedTable:
        """Publish a table as the newest version of ``key``; the same table again is no new version.

        Raises:
            DecisionRefused: with every fault, and every example that comes out otherwise.
            DecisionUnreadable: a text holds characters that cannot be stored, or a kept part is no XML.
        """
        shown = with_key(shown, key)
        findings = await asyncio.to_thread(sound, shown)
        body, digest = _body(shown)
        await store.lock_key(connection, key)
        published, _, highest = await store.newest_decisions(connection, key)
        if published is not None and published.digest == digest:
            return PublishedTable(published, self._remember(published.id, shown.table), findings)
        row = DecisionRow(new_id(), key, highest + 1, "published", shown.table.names, body, digest, at, at)
        await store.insert_decision(connection, row, actor.account_id)
        await self._journal(connection, actor, at, "decision.published", row)
        return PublishedTable(row, Compiled(shown.table), findings, new=True)

    async def publish_draft(self, connection: Connection, key: str, actor: Actor, at: datetime) -> PublishedTable:
        """Publish the draft of ``key``.

        Raises:
            DecisionDraftMissing: there is none.
            DecisionRefused: with every fault, and every example that comes out otherwise.
        """
        await store.lock_key(connection, key)
        _, draft, highest = await store.newest_decisions(connection, key)
        if draft is None:
            raise DecisionDraftMissing(key=key)
        shown = document(draft)
        findings = await asyncio.to_thread(sound, shown)
        version = draft.version if draft.version == highest else highest + 1
        row = replace(draft, version=version, state="published", published_at=at)
        await store.publish_decision(connection, row, actor.account_id)
        await self._journal(connection, actor, at, "decision.published", row)
        return PublishedTable(row, Compiled(shown.table), findings, new=True)

    async def written_by_person(self, connection: Connection, key: str) -> bool:
        """Whether a person published the version of ``key`` that holds: an installation leaves it as it is."""
        return await store.published_by_person(connection, key)

    async def latest(self, connection: Connection, key: str) -> PublishedTable:
        """The published version of ``key``. Raises: NotFound."""
        published, _, _ = await store.newest_decisions(connection, key)
        if published is None:
            raise NotFound(what=f"决策表 {key}")
        return PublishedTable(published, self._remember(published.id, document(published).table))

    async def version(self, connection: Connection, key: str, version: int) -> DecisionRow:
        """A stored version with its table, draft or not. Raises: NotFound."""
        row = await store.decision_by_version(connection, key, version)
        if row is None:
            raise NotFound(what="决策表版本")
        return row

    async def newest(self, connection: Connection, key: str) -> Document | None:
        """What was last written under ``key``: the draft, else the published version; None for neither."""
        published, draft, _ = await store.newest_decisions(connection, key)
        row = draft or published
        return None if row is None else document(row)

    async def list_decisions(
        self, connection: Connection, *, key: str | None, after: tuple[str, int], drafts: bool, limit: int
    ) -> Sequence[DecisionRow]:
        """A page of heads (without table) by key and version: published ones, or with ``key`` every version of it."""
        return await store.list_decisions(connection, key=key, after=after, drafts=drafts, limit=limit)

    async def compiled(self, connection: Connection, key: str) -> Compiled:
        """The published table of ``key``, ready to be asked: one small query, and the table only once per process.

        Raises:
            NotFound: none is published.
        """
        head = await store.published_head(connection, key)
        if head is None:
            raise NotFound(what=f"决策表 {key}")
        known = self._compiled.get(head[0])
        if known is not None:
            return known
        row = await store.decision_by_id(connection, head[0])
        if row is None:
            raise NotFound(what=f"决策表 {key}")
        return self._remember(row.id, document(row).table)

    async def table(self, connection: Connection, key: str) -> Table:
        """The published table of ``key``, for asking it later (:func:`evaluate`). Raises: NotFound."""
        return (await self.compiled(connection, key)).table

    async def decide(self, connection: Connection, key: str, inputs: Mapping[str, Json]) -> Decision:
        """Ask the published table of ``key``.

        Raises:
            NotFound: none is published.
            InputMissing, InputWrong, UnmatchedTable, SeveralHits, AnswersDiffer, CellFailed: as evaluate.
        """
        return (await self.compiled(connection, key)).decide(inputs)

    async def evaluate(
        self, connection: Connection, key: str, inputs: Mapping[str, Json], *, version: int | None = None
    ) -> Decision:
        """Ask a version of a table, a draft too; without ``version`` the published one.

        Raises:
            NotFound: no such version. DecisionRefused: a draft has cells that cannot be read. Otherwise as decide.
        """
        if version is None:
            return await self.decide(connection, key, inputs)
        row = await self.version(connection, key, version)
        known = self._compiled.get(row.id) if row.state != "draft" else None
        return (known or Compiled(document(row).table)).decide(inputs)

    async def compare(self, connection: Connection, key: str, old: int, new: int) -> tuple[Names, ...]:
        """What changed from one version to another, in words. Raises: NotFound."""
        before, after = await self.version(connection, key, old), await self.version(connection, key, new)
        return differences(document(before), document(after))

    def _remember(self, decision_id: UUID, table: Table) -> Compiled:
        known = self._compiled.get(decision_id)
        if known is None:
            known = Compiled(table)
            while len(self._compiled) >= most_compiled:
                self._compiled.pop(next(iter(self._compiled)))
            self._compiled[decision_id] = known
        return known

    async def _journal(self, connection: Connection, actor: Actor, at: datetime, verb: str, row: DecisionRow) -> None:
        data: JsonObject = {"key": row.key, "version": row.version, "digest": row.digest}
        await append(connection, entry(actor, at, verb, "decision", row.id, data=data))


def document(row: DecisionRow) -> Document:
    """The table of a stored version with what stands beside it."""
    return document_of(DecisionTable.model_validate(row.body))


def with_key(shown: Document, key: str) -> Document:
    """The same under this key."""
    return shown if shown.table.key == key else replace(shown, table=replace(shown.table, key=key))


def faults(shown: Document) -> tuple[Finding, ...]:
    """Everything that is wrong with a table and its examples; these are only tried where the table itself is sound."""
    found = find_faults(shown.table)
    if any(finding.level == "error" for finding in found):
        return found
    return (*found, *run_examples(shown.table, shown.examples))


def sound(shown: Document) -> tuple[Finding, ...]:
    """The warnings of a table without errors. Raises: DecisionRefused with every error."""
    found = faults(shown)
    errors = [finding for finding in found if finding.level == "error"]
    if errors:
        raise refused(shown.table.key, errors)
    return found


def _body(shown: Document) -> tuple[JsonObject, str]:
    """The declared form, and its SHA-256."""
    if shown.kept:
        parse_xml(write_dmn(shown))  # whoever asks for the file later must get one that can be read
    try:
        body: JsonObject = declared_of(shown).model_dump(mode="json", exclude_none=False)
        text = orjson.dumps(body, option=orjson.OPT_SORT_KEYS)
    except ValidationError as error:
        errors = [finding for finding in find_faults(shown.table) if finding.level == "error"]
        if errors:
            raise refused(shown.table.key, errors) from error
        what = error.errors()[0]["msg"]
        raise DecisionUnreadable(reason_zh=f"内容有误({what})", reason_en=f"its content is wrong ({what})") from error
    except (TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        raise DecisionUnreadable(
            reason_zh=f"内容有误({reason})", reason_en=f"its content is wrong ({reason})"
        ) from error
    if b"\\u0000" in text:
        raise DecisionUnreadable(reason_zh="含有空字符", reason_en="it holds NUL characters")
    return body, sha256(text).hexdigest()
