"""Public notices (公告): written by an office, published for everybody, withdrawn with a reason.

Owns table ``notice``. A notice is plain text in one or both languages; what is published stays readable until it ends or
is withdrawn, and every change stands in the journal. Two people who change the same notice do not overwrite one another:
a change names the version that it was made from. Grants: ``notice: write`` for drafts and changes, ``notice: publish`` to
show and withdraw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import UUID

from yiwang.kernel import journal
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, JsonObject, Record
from yiwang.kernel.errors import Forbidden, NotFound, Problem
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.text import search_query, search_terms

GRANTS: Final = frozenset({"write", "publish"})
Kind = Literal["notice", "service", "warning", "result"]
State = Literal["draft", "published", "withdrawn"]
_COLUMNS = (
    "id, title_zh, title_en, text_zh, text_en, kind, area, organisation_id, state, version, written_name, written_at,"
    " changed_at, published_at, published_name, until_at, withdrawn_at, withdrawn_reason"
)


class NoticeChanged(Problem):
    code = "notice.changed_meanwhile"
    status = 409
    zh = "这份公告刚被别人改过(现在是第 {version} 版);请刷新,看过新内容再改。"
    en = "Somebody has changed this notice meanwhile (it is at version {version}); reload, look, and change it again."


class NoticeNotNow(Problem):
    code = "notice.not_now"
    status = 409
    zh = "现在不能这样做:{why_zh}。"
    en = "This is not possible now: {why_en}."


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person writes. ``until_at``: when it is no more shown; None for as long as it is not withdrawn."""

    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    kind: Kind
    area: str
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice as stored; times are UTC."""

    id: UUID
    title_zh: str
    title_en: str
    text_zh: str
    text_en: str
    kind: Kind
    area: str
    organisation_id: int | None
    state: State
    version: int
    written_name: str
    written_at: datetime
    changed_at: datetime
    published_at: datetime | None
    published_name: str | None
    until_at: datetime | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


class Notices:
    """One per process; holds nothing. Each verb is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def public(
        self, *, text: str = "", kind: Kind | None = None, after: tuple[datetime, UUID] | None = None, limit: int
    ) -> list[Notice]:
        """Published notices that have not ended, the newest first; page on by (published_at, id)."""
        args = Sql()
        where = ["state = 'published'", f"(until_at is null or until_at > {args.bind(self._context.clock.now())})"]
        if kind:
            where.append(f"kind = {args.bind(kind)}")
        query = search_query(text)
        if query.terms:
            where.append(f"words @> {args.bind(list(query.terms))}::text[]")
        where += [
            f"strpos(title_zh || ' ' || title_en || ' ' || text_zh || ' ' || text_en, {args.bind(one)}) > 0"
            for one in query.prefixes
        ]
        if after:
            where.append(f"(published_at, id) < ({args.bind(after[0])}, {args.bind(after[1])})")
        sql = f"select {_COLUMNS} from notice where {' and '.join(where)} order by published_at desc, id desc"
        async with self._context.database.connection() as connection:
            rows = await connection.fetch(f"{sql} limit {args.bind(limit)}", *args.values)
        return [_notice(row) for row in rows]

    async def shown(self, notice_id: UUID) -> Notice:
        """A published notice.

        Raises:
            NotFound: none such, or it is not published any more.
        """
        async with self._context.database.connection() as connection:
            found = await _find(connection, notice_id)
        if found is None or found.state != "published":
            raise NotFound(what="公告 the notice")
        if found.until_at is not None and found.until_at <= self._context.clock.now():
            raise NotFound(what="公告 the notice")
        return found

    async def all(self, actor: Actor, *, after: tuple[datetime, UUID] | None = None, limit: int) -> list[Notice]:
        """Notices in any state that the actor may write or publish, the last changed first."""
        verb = "write" if actor.may("notice", "write") else "publish"
        actor.require("notice", verb)
        args = Sql()
        where = [scope_condition(actor, "notice", verb, args, area="area", organisation="organisation_id")]
        if after:
            where.append(f"(changed_at, id) < ({args.bind(after[0])}, {args.bind(after[1])})")
        sql = f"select {_COLUMNS} from notice where {' and '.join(where)} order by changed_at desc, id desc"
        async with self._context.database.connection() as connection:
            rows = await connection.fetch(f"{sql} limit {args.bind(limit)}", *args.values)
        return [_notice(row) for row in rows]

    async def write(self, actor: Actor, draft: Draft) -> Notice:
        """A new draft of the actor's office."""
        _require(actor, "write", draft.area, actor.organisation_id)
        now, key = self._context.clock.now(), new_id()
        async with self._context.database.transaction() as connection:
            await connection.execute(
                "insert into notice (id, title_zh, title_en, text_zh, text_en, kind, area, until_at, words, organisation_id,"
                " state, written_by, written_name, written_at, changed_at)"
                " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'draft', $11, $12, $13, $13)",
                key, *_values(draft), actor.organisation_id, actor.account_id, actor.label, now,
            )  # fmt: skip
            return await self._told(connection, actor, "notice.written", key)

    async def change(self, actor: Actor, notice_id: UUID, draft: Draft, *, version: int) -> Notice:
        """Another text, made from ``version``; a published notice goes on being shown, with its new text.

        Raises:
            NotFound. Forbidden. NoticeChanged: somebody else was faster. NoticeNotNow: it is withdrawn.
        """
        async with self._context.database.transaction() as connection:
            found = await _locked(connection, notice_id)
            _require(actor, "publish" if found.state == "published" else "write", found.area, found.organisation_id)
            _require(actor, "write", draft.area, found.organisation_id)
            if found.version != version:
                raise NoticeChanged(version=found.version)
            if found.state == "withdrawn":
                raise NoticeNotNow(why_zh="公告已撤下,请另写一份", why_en="it is withdrawn; write a new one")
            await connection.execute(
                "update notice set title_zh = $2, title_en = $3, text_zh = $4, text_en = $5, kind = $6, area = $7,"
                " until_at = $8, words = $9, version = version + 1, changed_at = $10 where id = $1",
                notice_id, *_values(draft), self._context.clock.now(),
            )  # fmt: skip
            return await self._told(connection, actor, "notice.changed", notice_id)

    async def publish(self, actor: Actor, notice_id: UUID) -> Notice:
        """Show a draft to everybody.

        Raises:
            NotFound. Forbidden. NoticeNotNow: it is no draft, or would have ended already.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            found = await _locked(connection, notice_id)
            _require(actor, "publish", found.area, found.organisation_id)
            if found.state != "draft":
                raise NoticeNotNow(why_zh="它不是草稿", why_en="it is no draft")
            if found.until_at is not None and found.until_at <= now:
                raise NoticeNotNow(why_zh="截止时间已过", why_en="the time at which it ends is past")
            await connection.execute(
                "update notice set state = 'published', published_at = $2, published_name = $3, changed_at = $2,"
                " version = version + 1 where id = $1",
                notice_id,
                now,
                actor.label,
            )
            return await self._told(connection, actor, "notice.published", notice_id)

    async def withdraw(self, actor: Actor, notice_id: UUID, reason: str) -> Notice:
        """Take a published notice from sight, with the reason; a draft as well.

        Raises:
            NotFound. Forbidden. NoticeNotNow: it is withdrawn already.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            found = await _locked(connection, notice_id)
            _require(actor, "publish" if found.state == "published" else "write", found.area, found.organisation_id)
            if found.state == "withdrawn":
                raise NoticeNotNow(why_zh="已经撤下", why_en="it is withdrawn already")
            await connection.execute(
                "update notice set state = 'withdrawn', withdrawn_at = $2, withdrawn_reason = $3, changed_at = $2,"
                " version = version + 1 where id = $1",
                notice_id,
                now,
                reason,
            )
            return await self._told(connection, actor, "notice.withdrawn", notice_id, {"reason": reason})

    async def _told(
        self, connection: Connection, actor: Actor, verb: str, notice_id: UUID, more: JsonObject | None = None
    ) -> Notice:
        found = await _find(connection, notice_id)
        if found is None:
            raise NotFound(what="公告 the notice")
        data: JsonObject = {"title": found.title_zh, "version": found.version, **(more or {})}
        now = self._context.clock.now()
        entry = journal.entry(actor, now, verb, "notice", notice_id, area=found.area, data=data)
        await journal.append(connection, entry)
        return found


def _require(actor: Actor, verb: str, area: str, organisation: int | None) -> None:
    if not actor.reaches("notice", verb, area=area, organisation=organisation):
        actor.require("notice", verb)
        raise Forbidden(verb=f"notice:{verb}")


def _values(draft: Draft) -> tuple[object, ...]:
    words = search_terms(" ".join((draft.title_zh, draft.title_en, draft.text_zh, draft.text_en)))
    return (
        draft.title_zh, draft.title_en, draft.text_zh, draft.text_en, draft.kind, draft.area, draft.until_at, words,
    )  # fmt: skip


async def _find(connection: Connection, notice_id: UUID) -> Notice | None:
    row = await connection.fetchrow(f"select {_COLUMNS} from notice where id = $1", notice_id)
    return _notice(row) if row else None


async def _locked(connection: Connection, notice_id: UUID) -> Notice:
    row = await connection.fetchrow(f"select {_COLUMNS} from notice where id = $1 for update", notice_id)
    if row is None:
        raise NotFound(what="公告 the notice")
    return _notice(row)


def _notice(row: Record) -> Notice:
    return Notice(**dict(row))
