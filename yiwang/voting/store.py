"""SQL of votes: declarations, votes, the roll, the box, ballots on paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from asyncpg import Record

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.voting.declarations import VoteDeclaration
from yiwang.voting.model import KIND, Option, Question, Voice, Vote, VoteState

# -- declarations ---------------------------------------------------------------------------------------------------------


async def publish(connection: Connection, found: Sequence[tuple[str, str, JsonObject, str]], at: datetime) -> int:
    """Take over all declarations, each (id, pack, body, digest); how many are new, changed or withdrawn."""
    rows = await connection.fetch("select id, digest from vote_declaration where active")
    before: dict[str, str] = {row["id"]: row["digest"] for row in rows}
    for id, pack, body, digest in found:
        if before.get(id) != digest:
            await connection.execute(
                "insert into vote_declaration (id, pack, body, digest, published_at, active) values ($1, $2, $3, $4, $5, true)"
                " on conflict (id) do update set pack = excluded.pack, body = excluded.body, digest = excluded.digest,"
                " published_at = excluded.published_at, active = true",
                id, pack, body, digest, at,
            )  # fmt: skip
    gone = sorted(before.keys() - {id for id, *_ in found})
    await connection.execute("update vote_declaration set active = false where id = any($1)", gone)
    return len(gone) + sum(before.get(id) != digest for id, _, _, digest in found)


async def declared(connection: Connection) -> list[VoteDeclaration]:
    """Those in force, by id."""
    rows = await connection.fetch("select body from vote_declaration where active order by id")
    return [VoteDeclaration.model_validate(row["body"]) for row in rows]


# -- votes ----------------------------------------------------------------------------------------------------------------

_VOTE = (
    "v.id, v.body, v.case_id, v.case_number, v.scope_id, v.scope_title, v.area, v.organisation_id, v.title, v.secret,"
    " v.questions, v.voices, v.houses, v.weight, v.called_at, v.called_by, v.opens_at, v.closes_at, v.state, v.ended_at,"
    " v.reason, v.result"
)


def _vote(row: Record) -> Vote:
    values = dict(row)
    body = values.pop("body")
    questions = tuple(_question(each) for each in values.pop("questions"))
    return Vote(declared=VoteDeclaration.model_validate(body), questions=questions, **values)


def _question(body: JsonObject) -> Question:
    options = body["options"]
    found = tuple(
        Option(str(each["id"]), str(each["title"]))
        for each in (options if isinstance(options, list) else [])
        if isinstance(each, dict)
    )
    seats = body["seats"]
    return Question(str(body["matter"]), str(body["title"]), found, seats if isinstance(seats, int) else 1)


async def add_vote(connection: Connection, vote: Vote) -> None:
    questions: list[Json] = [
        {
            "matter": each.matter,
            "title": each.title,
            "options": [{"id": option.id, "title": option.title} for option in each.options],
            "seats": each.seats,
        }
        for each in vote.questions
    ]
    await connection.execute(
        "insert into vote (id, declared, body, case_id, case_number, scope_id, scope_title, area, organisation_id, title,"
        " secret, questions, voices, houses, weight, called_at, called_by, opens_at, closes_at)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19)",
        vote.id, vote.declared.id, vote.declared.model_dump(mode="json", by_alias=True), vote.case_id, vote.case_number,
        vote.scope_id, vote.scope_title, vote.area, vote.organisation_id, vote.title, vote.secret, questions, vote.voices,
        vote.houses, vote.weight, vote.called_at, vote.called_by, vote.opens_at, vote.closes_at,
    )  # fmt: skip


async def vote(connection: Connection, id: UUID, *, lock: str = "") -> Vote | None:
    """``lock``: "for update" or "for share"."""
    row = await connection.fetchrow(f"select {_VOTE} from vote v where v.id = $1 {lock}", id)
    return None if row is None else _vote(row)


async def of_case(connection: Connection, case_id: UUID) -> list[Vote]:
    """Newest first."""
    rows = await connection.fetch(f"select {_VOTE} from vote v where v.case_id = $1 order by v.called_at desc", case_id)
    return [_vote(row) for row in rows]


async def votes(
    connection: Connection, actor: Actor, state: VoteState | None, after: UUID | None, limit: int
) -> list[Vote]:
    """Within the reader's reach, newest first."""
    args = Sql()
    where = [scope_condition(actor, KIND, "read", args, area="v.area", organisation="v.organisation_id")]
    if state is not None:
        where.append(f"v.state = {args.bind(state)}")
    if after is not None:
        where.append(f"v.id < {args.bind(after)}")
    rows = await connection.fetch(
        f"select {_VOTE} from vote v where {' and '.join(where)} order by v.id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [_vote(row) for row in rows]


async def results(connection: Connection, after: UUID | None, limit: int) -> list[Vote]:
    """What was counted, for everybody; newest first."""
    rows = await connection.fetch(
        f"select {_VOTE} from vote v where v.state = 'counted' and ($1::uuid is null or v.id < $1) order by v.id desc limit $2",
        after, limit,
    )  # fmt: skip
    return [_vote(row) for row in rows]


async def due(connection: Connection, now: datetime) -> list[UUID]:
    """Votes whose time is over, and those whose case has ended without them."""
    rows = await connection.fetch(
        "select v.id from vote v join case_file c on c.id = v.case_id where v.state = 'called'"
        " and (v.closes_at <= $1 or c.closed_at is not null) order by v.closes_at",
        now,
    )
    return [row["id"] for row in rows]


async def end_vote(
    connection: Connection, id: UUID, state: VoteState, at: datetime, reason: str, result: JsonObject | None
) -> None:
    await connection.execute(
        "update vote set state = $2, ended_at = $3, reason = $4, result = $5 where id = $1",
        id,
        state,
        at,
        reason,
        result,
    )


# -- the roll -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class NewVoice:
    """An entry as it is written. ``houses``: [{id, title, weight}]."""

    id: UUID
    nth: int
    title: str
    houses: list[Json]
    owners: tuple[str, ...]
    owner_names: str
    weight: int


_VOICE = (
    "r.id, r.vote_id, r.nth, r.title, jsonb_array_length(r.houses) as houses, r.owners, r.owner_names, r.weight, r.coded_at,"
    " r.tries, r.tried_at, r.proxy, r.proxy_name, r.cast_at, r.cast_how, r.choices,"
    " coalesce((select p.read_label from vote_paper p where p.roll_id = r.id), '') as read_label"
)


def _voice(row: Record) -> Voice:
    values = dict(row)
    return Voice(owners=tuple(values.pop("owners")), **values)


async def add_roll(connection: Connection, vote_id: UUID, roll: Sequence[NewVoice]) -> None:
    await connection.executemany(
        "insert into vote_roll (id, vote_id, nth, title, houses, owners, owner_names, weight)"
        " values ($1, $2, $3, $4, $5, $6, $7, $8)",
        [
            (each.id, vote_id, each.nth, each.title, each.houses, list(each.owners), each.owner_names, each.weight)
            for each in roll
        ],
    )


async def roll(connection: Connection, vote_id: UUID, after: int, limit: int, *, cast: bool | None) -> list[Voice]:
    """In the order of the roll; ``cast``: only those that have voted, or have not."""
    rows = await connection.fetch(
        f"select {_VOICE} from vote_roll r where r.vote_id = $1 and r.nth > $2"
        " and ($3::bool is null or (r.cast_at is not null) = $3) order by r.nth limit $4",
        vote_id, after, cast, limit,
    )  # fmt: skip
    return [_voice(row) for row in rows]


async def voice(connection: Connection, vote_id: UUID, voice_id: UUID, *, lock: bool = False) -> Voice | None:
    end = " for update of r" if lock else ""
    row = await connection.fetchrow(
        f"select {_VOICE} from vote_roll r where r.vote_id = $1 and r.id = $2{end}", vote_id, voice_id
    )
    return None if row is None else _voice(row)


async def voice_by_code(connection: Connection, code: str, *, lock: bool = False) -> Voice | None:
    end = " for update of r" if lock else ""
    row = await connection.fetchrow(f"select {_VOICE} from vote_roll r where r.code = $1{end}", code)
    return None if row is None else _voice(row)


async def count_cast(connection: Connection, vote_id: UUID) -> int:
    found: int = await connection.fetchval(
        "select count(*) from vote_roll where vote_id = $1 and cast_at is not null", vote_id
    )
    return found


async def uncoded(connection: Connection, vote_id: UUID, limit: int) -> list[UUID]:
    """Entries with owners that have no code yet and have not voted."""
    rows = await connection.fetch(
        "select id from vote_roll where vote_id = $1 and code is null and cast_at is null and owners <> '{}'"
        " order by nth limit $2",
        vote_id,
        limit,
    )
    return [row["id"] for row in rows]


async def set_code(connection: Connection, voice_id: UUID, code: str, at: datetime) -> None:
    await connection.execute(
        "update vote_roll set code = $2, coded_at = $3, tries = 0, tried_at = null where id = $1", voice_id, code, at
    )


async def note_try(connection: Connection, voice_id: UUID, tries: int, at: datetime) -> None:
    await connection.execute("update vote_roll set tries = $2, tried_at = $3 where id = $1", voice_id, tries, at)


async def set_proxy(connection: Connection, voice_id: UUID, proxy: str, name: str, proof: UUID) -> None:
    await connection.execute(
        "update vote_roll set proxy = $2, proxy_name = $3, proxy_proof = $4 where id = $1", voice_id, proxy, name, proof
    )


async def houses_of_proxy(connection: Connection, vote_id: UUID, proxy: str, name: str, besides: UUID) -> int:
    """For how many houses somebody votes as proxy already."""
    found: int = await connection.fetchval(
        "select coalesce(sum(jsonb_array_length(houses)), 0)::int from vote_roll"
        " where vote_id = $1 and proxy = $2 and proxy_name = $3 and id <> $4",
        vote_id, proxy, name, besides,
    )  # fmt: skip
    return found


async def mark_cast(connection: Connection, voice_id: UUID, at: datetime, how: str) -> bool:
    """False when its ballot was cast already: of two at the same moment one is told so."""
    done = await connection.execute(
        "update vote_roll set cast_at = $2, cast_how = $3 where id = $1 and cast_at is null", voice_id, at, how
    )
    return done == "UPDATE 1"


async def set_choices(connection: Connection, rows: Sequence[tuple[UUID, JsonObject]]) -> None:
    """What each voice chose, of an open vote that was counted."""
    await connection.executemany("update vote_roll set choices = $2 where id = $1", list(rows))


# -- the box --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sealed:
    """A ballot as it lies in the box."""

    id: UUID
    vote_id: UUID
    receipt: str
    key: str
    sealed: str


async def add_ballot(connection: Connection, ballot: Sealed) -> None:
    await connection.execute(
        "insert into vote_ballot (id, vote_id, receipt, key, sealed) values ($1, $2, $3, $4, $5)",
        ballot.id, ballot.vote_id, ballot.receipt, ballot.key, ballot.sealed,
    )  # fmt: skip


async def empty_box(connection: Connection, vote_id: UUID) -> list[Sealed]:
    """All ballots of a vote, by their random ids; they are put back in that order, so that nothing tells when each came."""
    rows = await connection.fetch(
        "delete from vote_ballot where vote_id = $1 returning id, vote_id, receipt, key, sealed", vote_id
    )
    found = sorted((Sealed(*tuple(row)) for row in rows), key=lambda ballot: ballot.id)
    await connection.executemany(
        "insert into vote_ballot (id, vote_id, receipt, key, sealed, counted) values ($1, $2, $3, $4, $5, true)",
        [(each.id, each.vote_id, each.receipt, each.key, each.sealed) for each in found],
    )
    return found


async def by_receipt(connection: Connection, receipt: str) -> tuple[UUID, bool] | None:
    """(vote, whether it was counted)."""
    row = await connection.fetchrow("select vote_id, counted from vote_ballot where receipt = $1", receipt)
    return None if row is None else (row["vote_id"], row["counted"])


# -- paper ----------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Paper:
    """A ballot on paper as one clerk has read it."""

    key: str
    sealed: str
    read_by: UUID
    read_label: str


async def paper(connection: Connection, voice_id: UUID) -> Paper | None:
    row = await connection.fetchrow(
        "select key, sealed, read_by, read_label from vote_paper where roll_id = $1", voice_id
    )
    return None if row is None else Paper(*tuple(row))


async def add_paper(connection: Connection, voice_id: UUID, paper: Paper, at: datetime) -> None:
    await connection.execute(
        "insert into vote_paper (roll_id, key, sealed, read_by, read_label, read_at) values ($1, $2, $3, $4, $5, $6)",
        voice_id, paper.key, paper.sealed, paper.read_by, paper.read_label, at,
    )  # fmt: skip


async def drop_paper(connection: Connection, voice_id: UUID) -> None:
    await connection.execute("delete from vote_paper where roll_id = $1", voice_id)


async def drop_papers(connection: Connection, vote_id: UUID) -> int:
    """Papers that nobody has read a second time; they do not count."""
    done = await connection.execute(
        "delete from vote_paper p using vote_roll r where r.id = p.roll_id and r.vote_id = $1", vote_id
    )
    return int(done.rpartition(" ")[2])
