"""SQL of full-text search: scoped, newest first, paged by key; its cost follows the page, not the archive.

There are two ways to find the newest cases that hold the words. **By words**: the index tells all cases of some months
that hold them, and these are read and sorted; good where they are few. **By time**: the newest cases are read one after
the other and looked at; good where every tenth holds the words. One who may see a few organisations' cases only has theirs
read, no others. How frequent the words are, and how many of the cases the reader may see, is not known beforehand: a first
reading tells, and neither way is taken further than an allowance that grows only when both have failed, so that a search
never costs much more than the better way alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from yiwang.casework.model import CaseFile
from yiwang.casework.search import month_number, month_query, month_start, next_window, widest_window
from yiwang.casework.store.cases import COLUMNS, case_of
from yiwang.casework.store.lists import CaseFilter, case_scope
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection
from yiwang.kernel.text import SearchQuery

SEARCH_SECONDS = 1.5
FIRST_ALLOWANCE = 1_000
LAST_ALLOWANCE = 64_000
"""Hits that may be read and sorted, or cases read one after the other, in one statement: some 4 and 250 milliseconds."""

MOST_ORGANISATIONS = 32
"""A reader of more organisations has the cases of all read one after the other."""

_GROWTH = 8
_INSTANT = timedelta(microseconds=1)
_LOWEST = UUID(int=0)

# The planner believes that it finds a frequent word soonest by reading the table from its beginning, where the oldest cases
# lie; and a second process for a page of fifty costs more than it brings.
_BOUNDS = """
select (select min(reported_at) from case_file) as first, (select max(reported_at) from case_file) as last,
    set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true)
"""


async def search_cases(
    connection: Connection, actor: Actor, query: SearchQuery, wanted: CaseFilter, now: datetime, *, limit: int
) -> tuple[list[CaseFile], datetime | None]:
    """Cases that hold the whole query, newest first, and how far back was looked (None: to the beginning).

    Stops when the page is full or after ``SEARCH_SECONDS``; the caller goes on with the last key, or before the time that
    was reached. Runs in the caller's transaction, whose planner settings it changes.
    """
    started = time.monotonic()
    bounds = await connection.fetchrow(_BOUNDS)
    if bounds is None or bounds["first"] is None:
        return [], None
    search = _Search(connection, actor, query, wanted, now, limit)
    newest, oldest = _months(bounds["first"], bounds["last"], wanted)
    width, widest, allowance, crowded = 1, widest_window(query), FIRST_ALLOWANCE, False
    if newest >= oldest and await search.by_time(newest, allowance):  # a page of a frequent word is full by now
        newest -= 1
    while newest >= oldest and len(search.found) < limit:
        if time.monotonic() - started > SEARCH_SECONDS:
            return search.found, search.reached(newest)
        last = max(oldest, newest - width + 1)
        if last == newest and (crowded or search.soon_full(allowance)):
            if await search.by_time(newest, allowance):
                newest, crowded = newest - 1, False
            allowance = min(allowance * _GROWTH, LAST_ALLOWANCE)
            continue
        hits = await search.by_words(newest, last, allowance)
        if hits is not None:
            newest, width = last - 1, next_window(newest - last + 1, hits, widest, FIRST_ALLOWANCE)
        elif last < newest:
            width = max(1, width // 4)
        else:
            crowded = allowance == LAST_ALLOWANCE
            allowance = min(allowance * _GROWTH, LAST_ALLOWANCE)
    return search.found, search.found[-1].reported_at if len(search.found) >= limit else None


def _months(first: datetime, last: datetime, wanted: CaseFilter) -> tuple[int, int]:
    """(newest, oldest) month that can hold what is wanted."""
    newest, oldest = month_number(last), month_number(first)
    if wanted.reported_to:
        newest = min(newest, month_number(wanted.reported_to - _INSTANT))
    if wanted.before:
        newest = min(newest, month_number(wanted.before[0]))
    if wanted.reported_from:
        oldest = max(oldest, month_number(wanted.reported_from))
    return newest, oldest


@dataclass(slots=True)
class _Search:
    """One search under way: what was found so far; ``wanted.before`` is the key (time, id) behind which it goes on.

    Of ``read`` cases that were read one after the other, ``seen`` held the words and may be shown.
    """

    connection: Connection
    actor: Actor
    query: SearchQuery
    wanted: CaseFilter
    now: datetime
    limit: int
    found: list[CaseFile] = field(default_factory=list)
    read: int = 0
    seen: int = 0
    organisations: Sequence[int] = ()

    def __post_init__(self) -> None:
        self.organisations = _few_organisations(self.actor)

    def reached(self, newest: int) -> datetime:
        """The time from which on everything was looked at, when ``newest`` is the month to look at next."""
        end = month_start(newest + 1)
        return min(end, self.wanted.before[0]) if self.wanted.before else end

    def soon_full(self, allowance: int) -> bool:
        """Whether the page should be full after so many more cases, going by those read so far."""
        return self.seen > 0 and self._missing * self.read <= allowance * self.seen

    async def by_words(self, newest: int, oldest: int, allowance: int) -> int | None:
        """Take what the index tells of the months ``oldest``..``newest``. Returns how many cases there hold the words, seen
        or not; None, and nothing is taken, when they are more than ``allowance``."""
        args = Sql()
        query = args.bind(month_query(self.query, newest, oldest))
        rows = await self.connection.fetch(
            f"with t as materialized (select case_id from case_text where terms @@ {query}::tsquery limit {allowance + 1}),"
            " n as materialized (select count(*) as hits from t)"
            f" select c.*, n.hits from n left join lateral (select c.* from t cross join lateral"
            f" (select {COLUMNS} from case_file c where c.id = t.case_id and {self._shown(args)} offset 0) c"
            f" where n.hits <= {allowance} order by c.reported_at desc, c.id desc limit {self._missing}) c on true"
            " order by c.reported_at desc, c.id desc",
            *args.values,
        )
        self.found += [case_of(row) for row in rows if row["id"] is not None]
        hits: int = rows[0]["hits"]
        return hits if hits <= allowance else None

    async def by_time(self, month: int, allowance: int) -> bool:
        """Take what the next ``allowance`` cases of a month hold, and those reported at the same moment as the last of them;
        returns whether these were the month's last ones."""
        args = Sql()
        since = max(filter(None, (month_start(month), self.wanted.reported_from)))
        until = min(filter(None, (month_start(month + 1), self.wanted.reported_to)))
        stretch = f"c.reported_at < {args.bind(until)}"
        if self.wanted.before:
            at, case_id = self.wanted.before
            stretch += f" and (c.reported_at, c.id) < ({args.bind(at)}, {args.bind(case_id)})"
        lowest, query = args.bind(since), args.bind(month_query(self.query, month, month))
        one_by_one = self._one_by_one(args)
        rows = await self.connection.fetch(
            "with edge as materialized (select c.reported_at from"
            f" {one_by_one(f'c.reported_at >= {lowest} and {stretch}', 'c.reported_at, c.id', allowance)}"
            f" order by c.reported_at desc, c.id desc offset {allowance - 1} limit 1)"
            " select c.*, edge.reported_at as edge from (select) one left join edge on true"
            f" left join lateral (select c.* from (select {COLUMNS}, ({self._shown(args)}) as shown from"
            f" {one_by_one(f'c.reported_at >= coalesce((select reported_at from edge), {lowest}) and {stretch}', 'c.*')}"
            " order by c.reported_at desc, c.id desc) c cross join lateral"
            f" (select from case_text t where t.case_id = c.id and t.terms @@ {query}::tsquery offset 0) x"
            f" where c.shown order by c.reported_at desc, c.id desc limit {self._missing}) c on true"
            " order by c.reported_at desc, c.id desc",
            *args.values,
        )
        found = [case_of(row) for row in rows if row["id"] is not None]
        self.found += found
        self.read, self.seen = self.read + allowance, self.seen + len(found)
        edge: datetime | None = rows[0]["edge"]
        if edge is not None:
            self.wanted = replace(self.wanted, before=(edge, _LOWEST))
        return edge is None

    def _one_by_one(self, args: Sql) -> Callable[..., str]:
        """The cases ``c`` of a stretch of time in the order of an index: of all, or of the reader's few organisations."""
        if not self.organisations:
            return lambda stretch, columns, limit=None: f"case_file c where {stretch}"
        mine = args.bind(self.organisations)

        def of_mine(stretch: str, columns: str, limit: int | None = None) -> str:
            newest = f" order by c.reported_at desc, c.id desc limit {limit}" if limit else ""
            return (
                f"unnest({mine}::int[]) as o (id) cross join lateral"
                f" (select {columns} from case_file c where c.organisation_id = o.id and {stretch}{newest}) c"
            )

        return of_mine

    @property
    def _missing(self) -> int:
        return self.limit - len(self.found)

    def _shown(self, args: Sql) -> str:
        """The cases that the actor may read and that are wanted."""
        return " and ".join([case_scope(self.actor, "read", args), *self.wanted.conditions(args, self.now)])


def _few_organisations(actor: Actor) -> list[int]:
    """The organisations whose cases are all that the actor may read; empty where it is more than some organisations'."""
    grants = list(actor.grants_for("case", "read"))
    if not grants or any(grant.organisations is None for grant in grants):
        return []
    found = sorted({one for grant in grants for one in grant.organisations or ()})
    return found if len(found) <= MOST_ORGANISATIONS else []
