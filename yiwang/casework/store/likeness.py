"""SQL of “same or new”: the few cases that a report may repeat, out of any number, and how rare words are.

Each way of looking is bounded before it is judged: the nearest open cases of a place, the newest cases that hold the
report's rarest words in the months that count, the newest cases of a caller.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from yiwang.casework.model import State
from yiwang.casework.store.lists import case_scope
from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.database import Connection

NEAREST = 50
"""Open cases around a place that are compared."""

_AROUND = 400
"""Open cases around a place that are looked at for those of the right time."""
NEWEST = 60
"""Cases with the same rare words that are compared."""

_HITS = 1_500
"""Index entries that are read for these."""
OF_CALLER = 10
SAMPLE = 20_000
NEWEST_OF_SAMPLE = 2_000
"""So many of them, the newest, tell how many reports come a day now."""
_LEAST_SHARE = 2_000
_TEXT = 2_000


class Candidate(NamedTuple):
    """A case that a report may repeat. ``same_caller`` only where the reader may see callers."""

    id: UUID
    number: str
    type: str
    state: State
    status: str
    class_code: str | None
    text: str
    address: str
    lon: float | None
    lat: float | None
    area: str
    followers: int
    reported_at: datetime
    closed_at: datetime | None
    same_caller: bool
    readable: bool


@dataclass(frozen=True, slots=True)
class Looked:
    """What is looked for. ``x``, ``y``, ``reach``: EPSG:3857 metres; ``words``: a tsquery over monthly lexemes."""

    since: datetime
    until: datetime
    x: float | None = None
    y: float | None = None
    reach: float = 0.0
    words: str = ""
    phone: str = ""
    leave_out: UUID | None = None


@dataclass(frozen=True, slots=True)
class Sample:
    """What words were counted in: so many reports; the newest :data:`NEWEST_OF_SAMPLE` of them came in this stretch."""

    reports: int
    since: datetime | None
    until: datetime | None
    taken_at: datetime


async def candidates(connection: Connection, actor: Actor, looked: Looked, *, public: bool) -> list[Candidate]:
    """Cases that are heads of their matter, each once, unordered.

    ``public``: only open cases of the place, whoever asks, and ``readable`` tells whether more may be shown; else only
    cases that the actor may read. Runs in the caller's transaction, whose planner settings it changes.
    """
    args = Sql()
    ways: list[str] = []
    if looked.x is not None and looked.y is not None:
        ways.append(_by_place(looked, args))
    if looked.words and not public:
        ways.append(_by_words(looked, args))
    if looked.phone and not public:
        ways.append(_by_caller(looked, actor, args))
    if not ways:
        return []
    scope = case_scope(actor, "read", args)
    told = "false"
    if looked.phone and not public:
        caller = f"exists (select from case_reporter r where r.case_id = c.id and r.phone = {args.bind(looked.phone)})"
        told = f"({case_scope(actor, 'read_personal', args)}) and {caller}"
    left_out = f" and c.id <> {args.bind(looked.leave_out)}" if looked.leave_out else ""
    await connection.execute(_PLANNING)
    rows = await connection.fetch(
        f"with found (id) as materialized ({' union '.join(ways)})"
        " select c.id, c.number, c.type, c.state, c.status, c.class_code,"
        f" left(c.text, {_TEXT}) as text, c.address, c.lon, c.lat, c.area, c.followers, c.reported_at, c.closed_at,"
        f" {told} as same_caller, ({scope}) as readable"
        " from found f join case_file c on c.id = f.id"
        f" where c.head_id is null and c.state in ('open', 'closed') and {'true' if public else scope}"
        f" and c.reported_at >= {args.bind(looked.since)} and c.reported_at <= {args.bind(looked.until)}{left_out}",
        *args.values,
    )
    return [Candidate(*row) for row in rows]


_PLANNING = (
    "select set_config('enable_seqscan', 'off', true), set_config('max_parallel_workers_per_gather', '0', true),"
    " set_config('plan_cache_mode', 'force_generic_plan', true), set_config('jit', 'off', true)"
)


def _by_place(looked: Looked, args: Sql) -> str:
    point = f"ST_SetSRID(ST_MakePoint({args.bind(looked.x)}, {args.bind(looked.y)}), 3857)"
    reach = args.bind(looked.reach)
    return (
        f"(select n.id from (select c.id, c.reported_at, c.point <-> {point} as far from case_file c"
        f" where c.closed_at is null and c.point && ST_Expand({point}, {reach}) order by far limit {_AROUND}) n"
        f" where n.reported_at >= {args.bind(looked.since)} order by n.far limit {NEAREST})"
    )


def _by_words(looked: Looked, args: Sql) -> str:
    return (
        f"(select h.case_id from (select t.case_id from case_text t where t.terms @@ {args.bind(looked.words)}::tsquery"
        f" limit {_HITS}) h order by h.case_id desc limit {NEWEST})"
    )


def _by_caller(looked: Looked, actor: Actor, args: Sql) -> str:
    return (
        f"(select r.case_id from case_reporter r where r.phone = {args.bind(looked.phone)} and r.phone <> ''"
        f" and exists (select from case_file c where c.id = r.case_id and {case_scope(actor, 'read_personal', args)})"
        f" order by r.case_id desc limit {OF_CALLER})"
    )


async def shares(connection: Connection) -> dict[str, float]:
    """In what share of reports each frequent word stands."""
    return {row["term"]: row["share"] for row in await connection.fetch("select term, share from likeness_term")}


async def sample(connection: Connection) -> Sample | None:
    """The sample that :func:`shares` comes from."""
    row = await connection.fetchrow("select reports, since, until, taken_at from likeness_sample")
    return Sample(**row) if row else None


async def grown(connection: Connection, since: datetime | None) -> int:
    """Reports after ``since``, at most as many as a sample holds."""
    found: int = await connection.fetchval(
        f"select count(*) from (select from case_file where $1::timestamptz is null or reported_at > $1 limit {SAMPLE}) x",
        since,
    )
    return found


async def take_sample(connection: Connection, at: datetime) -> Sample:
    """Count the words of the newest reports anew: bounded, whatever the archive. In the caller's transaction."""
    await connection.execute("lock table likeness_sample in exclusive mode")
    await connection.execute(
        "create temp table likeness_newest on commit drop as"
        f" select id, reported_at from case_file order by reported_at desc, id desc limit {SAMPLE}"
    )
    await connection.execute("delete from likeness_term")
    await connection.execute(
        "insert into likeness_term (term, share)"
        " with total as (select greatest(count(*), 1)::real as n from likeness_newest)"
        " select substr(t, 4), least(count(*) / max(total.n), 1) from total, likeness_newest l"
        " join case_text x on x.case_id = l.id cross join unnest(tsvector_to_array(x.terms)) t"
        f" where length(t) > 3 group by 1 having count(*) >= greatest(2, max(total.n) / {_LEAST_SHARE})"
    )
    row = await connection.fetchrow(
        "insert into likeness_sample as s (reports, since, until, taken_at)"
        " select count(*), (select min(reported_at) from (select reported_at from likeness_newest"
        f" order by reported_at desc limit {NEWEST_OF_SAMPLE}) n), max(reported_at), $1::timestamptz from likeness_newest"
        " on conflict (one) do update set reports = excluded.reports, since = excluded.since, until = excluded.until,"
        " taken_at = excluded.taken_at returning reports, since, until, taken_at",
        at,
    )
    await connection.execute("drop table likeness_newest")
    if row is None:
        raise RuntimeError("a sample was written and is not there")
    return Sample(**row)
