"""All SQL of hot issues: texts as they are compared, how rare words are, the issues and their days."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from yiwang.judgement.hot_issues.model import Letter
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, Record

_texts_compared = 60
_members_read = 200


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far the journal has been read, how many texts were counted, and the salt of this installation."""

    tx: int
    seq: int
    texts: int
    salt: UUID


@dataclass(frozen=True, slots=True)
class Kept:
    """A report as it is kept for comparison."""

    letter: Letter
    case_id: UUID
    issue_id: UUID | None
    class_code: str | None


@dataclass(frozen=True, slots=True)
class LivingIssue:
    """An issue of the city as stored, with the reports of the last seven days and of the seven before. Times are UTC."""

    id: UUID
    title: str
    places: tuple[str, ...]
    words: tuple[str, ...]
    area: str
    class_code: str | None
    lon: float | None
    lat: float | None
    began_at: datetime
    last_at: datetime
    letters: int
    people: int
    support: int
    against: int
    heat: float
    closeness: float
    alarmed_at: datetime | None
    week: int = 0
    week_before: int = 0

    @property
    def tendency(self) -> str:
        """``rising``, ``steady``, ``fading`` or ``over`` (no report for two weeks)."""
        if self.week + self.week_before == 0:
            return "over"
        if self.week >= 2 and self.week > 1.5 * self.week_before:
            return "rising"
        return "fading" if self.week * 2 < self.week_before else "steady"


async def lock_cursor(connection: Connection) -> Cursor | None:
    """The cursor for one reader at a time; None while another reads."""
    row = await connection.fetchrow("select tx, seq, texts, salt from hot_issue_reading for update skip locked")
    return Cursor(row["tx"], row["seq"], row["texts"], row["salt"]) if row else None


async def move_cursor(connection: Connection, tx: int, seq: int, texts: int) -> None:
    """Remember how far the journal was read and how many texts were counted by then."""
    await connection.execute("update hot_issue_reading set tx = $1, seq = $2, texts = $3", tx, seq, texts)


async def count_terms(connection: Connection, words: Mapping[str, int], day: date) -> None:
    """Add to the number of texts in which words stand; in the order of words, so that two writers never wait crosswise."""
    ordered = sorted(words)
    await connection.execute(
        "insert into hot_issue_term as t (term, texts, seen) select w.term, w.texts, $3 from unnest($1::text[], $2::int[])"
        " as w (term, texts) on conflict (term) do update set texts = t.texts + excluded.texts, seen = excluded.seen",
        ordered,
        [words[word] for word in ordered],
        day,
    )


async def term_counts(connection: Connection, words: Collection[str]) -> dict[str, int]:
    """In how many texts these words stand."""
    rows = await connection.fetch("select term, texts from hot_issue_term where term = any($1::text[])", list(words))
    return {row["term"]: row["texts"] for row in rows}


async def texts_counted(connection: Connection) -> int:
    """How many texts the counts of words come from."""
    found: int = await connection.fetchval("select texts from hot_issue_reading")
    return found


_KEPT = "case_id, issue_id, at, area, class_code, title, text, lon, lat, person"


async def texts_with(connection: Connection, words: Sequence[str], since: datetime, until: datetime) -> list[Kept]:
    """The newest reports between two times that hold one of the words."""
    rows = await connection.fetch(
        f"select {_KEPT} from hot_issue_text where words && $1::text[] and at >= $2 and at <= $3"
        f" order by at desc, case_id desc limit {_texts_compared}",
        list(words),
        since,
        until,
    )
    return [_kept(row) for row in rows]


async def members(connection: Connection, issue_id: UUID) -> list[Kept]:
    """The newest reports of an issue, at most 200, oldest first."""
    rows = await connection.fetch(
        f"select {_KEPT} from hot_issue_text where issue_id = $1 order by at desc, case_id desc limit {_members_read}",
        issue_id,
    )
    return [_kept(row) for row in reversed(rows)]


async def keep_text(connection: Connection, kept: Kept, words: Collection[str], person: bytes | None) -> bool:
    """Keep a report for comparison; false when it was kept before."""
    letter = kept.letter
    status = await connection.execute(
        "insert into hot_issue_text (case_id, issue_id, at, area, class_code, title, text, words, lon, lat, person)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing",
        kept.case_id,
        kept.issue_id,
        letter.at,
        letter.area,
        kept.class_code,
        letter.title,
        letter.text,
        sorted(words),
        letter.longitude,
        letter.latitude,
        person,
    )
    return status.endswith(" 1")


async def known_texts(connection: Connection, case_ids: Collection[UUID]) -> set[UUID]:
    """Which of these reports are kept already."""
    rows = await connection.fetch("select case_id from hot_issue_text where case_id = any($1::uuid[])", list(case_ids))
    return {row["case_id"] for row in rows}


async def join(connection: Connection, issue_id: UUID, case_ids: Iterable[UUID]) -> None:
    """Make reports members of an issue."""
    await connection.execute(
        "update hot_issue_text set issue_id = $1 where case_id = any($2::uuid[])", issue_id, list(case_ids)
    )


async def lock_reading(connection: Connection) -> int:
    """Keep the reader of the journal waiting until the transaction ends; returns how many texts were counted."""
    texts: int = await connection.fetchval("select texts from hot_issue_reading for update")
    return texts


async def hand_over(connection: Connection, gone: UUID, kept: UUID) -> int:
    """Give all reports of one issue to another, and forget the one; returns how many reports."""
    status = await connection.execute("update hot_issue_text set issue_id = $2 where issue_id = $1", gone, kept)
    await connection.execute("delete from hot_issue_day where issue_id = $1", gone)
    await connection.execute("delete from hot_issue where id = $1", gone)
    return int(status.rsplit(" ", 1)[-1])


async def totals(connection: Connection, issue_id: UUID) -> Record:
    """Of all members: letters, people, began_at, last_at, lon, lat, low and high area code, class_code of most."""
    row = await connection.fetchrow(
        "select count(*)::int as letters, count(distinct coalesce(person, uuid_send(case_id)))::int as people,"
        " min(at) as began_at, max(at) as last_at, avg(lon) as lon, avg(lat) as lat, min(area) as low, max(area) as high,"
        " mode() within group (order by class_code) as class_code from hot_issue_text where issue_id = $1",
        issue_id,
    )
    if row is None:
        raise LookupError(f"no totals of {issue_id}")  # cannot be: an aggregate without groups has one row
    return row


async def write_issue(connection: Connection, issue: LivingIssue) -> None:
    """Insert or replace an issue; ``alarmed_at`` stays as it is when the issue exists."""
    await connection.execute(
        "insert into hot_issue (id, title, places, words, area, class_code, lon, lat, began_at, last_at, letters, people,"
        " support, against, heat, closeness) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)"
        " on conflict (id) do update set title = excluded.title, places = excluded.places, words = excluded.words,"
        " area = excluded.area, class_code = excluded.class_code, lon = excluded.lon, lat = excluded.lat,"
        " began_at = excluded.began_at, last_at = excluded.last_at, letters = excluded.letters, people = excluded.people,"
        " support = excluded.support, against = excluded.against, heat = excluded.heat, closeness = excluded.closeness",
        issue.id,
        issue.title,
        list(issue.places),
        list(issue.words),
        issue.area,
        issue.class_code,
        issue.lon,
        issue.lat,
        issue.began_at,
        issue.last_at,
        issue.letters,
        issue.people,
        issue.support,
        issue.against,
        issue.heat,
        issue.closeness,
    )


async def write_days(connection: Connection, issue_id: UUID, zone: str) -> None:
    """Count the reports of an issue by day of the city anew."""
    await connection.execute(
        "insert into hot_issue_day (issue_id, day, letters)"
        " select $1, (at at time zone $2)::date as day, count(*) from hot_issue_text where issue_id = $1 group by day"
        " on conflict (issue_id, day) do update set letters = excluded.letters",
        issue_id,
        zone,
    )


async def recent_rate(connection: Connection, issue_id: UUID, now: datetime) -> tuple[int, int]:
    """Reports of the last 24 hours, and of the seven days before those."""
    row = await connection.fetchrow(
        "select count(*) filter (where at > $2) as day, count(*) filter (where at <= $2) as week"
        " from hot_issue_text where issue_id = $1 and at > $3 and at <= $4",
        issue_id,
        now - timedelta(days=1),
        now - timedelta(days=8),
        now,
    )
    return (row["day"], row["week"]) if row else (0, 0)


async def set_alarm(connection: Connection, issue_id: UUID, at: datetime, not_since: datetime) -> bool:
    """Mark an issue as sudden, unless it was since ``not_since``; whether it was marked."""
    status = await connection.execute(
        "update hot_issue set alarmed_at = $2 where id = $1 and (alarmed_at is null or alarmed_at < $3)",
        issue_id,
        at,
        not_since,
    )
    return status.endswith(" 1")


async def drop_old(connection: Connection, texts_before: datetime, words_before: date) -> int:
    """Drop reports that never became part of an issue, and words met once long ago. Returns reports dropped."""
    await connection.execute(
        "delete from hot_issue_term where term in (select term from hot_issue_term where texts = 1 and seen < $1 limit 50000)",
        words_before,
    )
    status = await connection.execute(
        "delete from hot_issue_text where case_id in"
        " (select case_id from hot_issue_text where issue_id is null and at < $1 limit 10000)",
        texts_before,
    )
    return int(status.rsplit(" ", 1)[-1])


_ISSUE = (
    "i.id, i.title, i.places, i.words, i.area, i.class_code, i.lon, i.lat, i.began_at, i.last_at, i.letters, i.people,"
    " i.support, i.against, i.heat, i.closeness, i.alarmed_at"
)


def issue_scope(actor: Actor, args: Sql) -> str:
    """The issues whose whole area the actor may read cases of."""
    return scope_condition(actor, "case", "read", args, area="i.area")


async def list_issues(
    connection: Connection,
    actor: Actor,
    *,
    area: str,
    since: datetime,
    today: date,
    sudden: bool,
    after: tuple[float, UUID] | None,
    limit: int,
) -> list[LivingIssue]:
    """Issues with a report since a time, the hottest first; only sudden ones if wanted; page on by (heat, id)."""
    args = Sql()
    where = [issue_scope(actor, args), f"i.last_at >= {args.bind(since)}"]
    if area:
        where.append(f"i.area >= {args.bind(area)} and i.area < {args.bind(area + chr(0x10FFFF))}")
    if sudden:
        where.append(f"i.alarmed_at >= {args.bind(since)}")
    if after:
        where.append(f"(i.heat, i.id) < ({args.bind(after[0])}, {args.bind(after[1])})")
    rows = await connection.fetch(
        f"select {_ISSUE}, {_weeks(args, today)} from hot_issue i where {' and '.join(where)}"
        f" order by i.heat desc, i.id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [_issue(row) for row in rows]


async def one_issue(connection: Connection, actor: Actor, issue_id: UUID, today: date) -> LivingIssue | None:
    """An issue, if the actor may see it."""
    args = Sql()
    scope = issue_scope(actor, args)
    row = await connection.fetchrow(
        f"select {_ISSUE}, {_weeks(args, today)} from hot_issue i where i.id = {args.bind(issue_id)} and {scope}",
        *args.values,
    )
    return _issue(row) if row else None


def _weeks(args: Sql, today: date) -> str:
    day = args.bind(today)
    part = "coalesce((select sum(d.letters) from hot_issue_day d where d.issue_id = i.id and {}), 0)::int"
    last = part.format(f"d.day > {day}::date - 7 and d.day <= {day}::date")
    before = part.format(f"d.day > {day}::date - 14 and d.day <= {day}::date - 7")
    return f"{last} as week, {before} as week_before"


async def days_of(connection: Connection, issue_id: UUID, since: date) -> list[tuple[date, int]]:
    """Reports by day, oldest first."""
    rows = await connection.fetch(
        "select day, letters from hot_issue_day where issue_id = $1 and day >= $2 order by day", issue_id, since
    )
    return [(row["day"], row["letters"]) for row in rows]


async def months_of(connection: Connection, issue_id: UUID) -> list[tuple[date, int]]:
    """Reports by month (its first day), oldest first."""
    rows = await connection.fetch(
        "select date_trunc('month', day)::date as month, sum(letters)::int as letters from hot_issue_day"
        " where issue_id = $1 group by month order by month",
        issue_id,
    )
    return [(row["month"], row["letters"]) for row in rows]


def _kept(row: Record) -> Kept:
    person: bytes | None = row["person"]
    letter = Letter(
        id=str(row["case_id"]),
        at=row["at"],
        title=row["title"],
        text=row["text"],
        writer=person.hex() if person else "",
        area=row["area"],
        longitude=row["lon"],
        latitude=row["lat"],
    )
    return Kept(letter, row["case_id"], row["issue_id"], row["class_code"])


def _issue(row: Record) -> LivingIssue:
    values = dict(row)
    return LivingIssue(**{**values, "places": tuple(values["places"]), "words": tuple(values["words"])})
