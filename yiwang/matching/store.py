"""SQL of matching: rules as published, what waits for an offer, proposals, what offers have to do and were marked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import fields as dataclass_fields
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection, JsonObject, Record
from yiwang.matching.model import KIND, Need, OfferFigures, Proposal, State

_COLUMNS = ", ".join(f"p.{item.name}" for item in dataclass_fields(Proposal))
_LIVE = "('open', 'accepted')"


@dataclass(frozen=True, slots=True)
class Published:
    """A rule as published last."""

    id: str
    pack: str
    body: JsonObject
    active: bool


# -- rules ----------------------------------------------------------------------------------------------------------------


async def rules(connection: Connection, *, all_of_them: bool = False) -> list[Published]:
    """By id; those that no pack declares any more only if asked for."""
    rows = await connection.fetch(
        "select id, pack, body, active from match_rule where active or $1 order by id", all_of_them
    )
    return [Published(*tuple(row)) for row in rows]


async def publish(connection: Connection, found: Sequence[tuple[str, str, JsonObject, str]], at: datetime) -> int:
    """Take over all rules, each (id, pack, body, digest); how many are new, changed or withdrawn."""
    before: dict[str, str] = {
        row["id"]: row["digest"] for row in await connection.fetch("select id, digest from match_rule where active")
    }
    fresh = [each for each in found if before.get(each[0]) != each[3]]
    for id, pack, body, digest in fresh:
        await connection.execute(
            "insert into match_rule (id, pack, body, digest, published_at, active) values ($1, $2, $3, $4, $5, true)"
            " on conflict (id) do update set pack = excluded.pack, body = excluded.body, digest = excluded.digest,"
            " published_at = excluded.published_at, active = true",
            id, pack, body, digest, at,
        )  # fmt: skip
    gone = sorted(before.keys() - {each[0] for each in found})
    await connection.execute("update match_rule set active = false where id = any($1::text[])", gone)
    return len(fresh) + len(gone)


async def lock_rule(connection: Connection, rule: str, *, wait: bool) -> bool:
    """Lock a rule that is in force; False when somebody else works at it, and waiting is not wanted."""
    row = await connection.fetchrow(
        f"select from match_rule where id = $1 and active for update{'' if wait else ' skip locked'}", rule
    )
    return row is not None


# -- what waits -----------------------------------------------------------------------------------------------------------


async def waiting_cases(
    connection: Connection, rule: str, case_type: str, node: str, ask: int, now: datetime, limit: int, *, all_now: bool
) -> list[Need]:
    """Cases at the step that are asked of fewer than ``ask`` offers, longest waiting first; those that were tried in vain a
    moment ago only with ``all_now``."""
    rows = await connection.fetch(
        "select c.id, c.fields, c.urgency, c.class_code, c.lon, c.lat, c.area, c.number, t.id as task_id,"
        " array(select p.offer_id from match_proposal p where p.need_id = c.id"
        " and (p.state <> 'withdrawn' or p.task_id = t.id)) as asked"
        " from flow_task t join case_file c on c.id = t.subject_id left join match_waiting w on w.need_id = c.id"
        " where t.subject_kind = 'case' and t.node = $1 and t.paused_at is null and c.type = $2 and c.state = 'open'"
        " and c.suspended_at is null and (w.next_at is null or w.next_at <= $3 or $4)"
        " and (select count(*) from match_proposal p where p.need_id = c.id and p.rule = $5 and p.state = 'open') < $6"
        " order by t.created_at, t.id limit $7",
        node, case_type, now, all_now, rule, ask, limit,
    )  # fmt: skip
    return [_need(row) for row in rows]


async def waiting_case(connection: Connection, case_id: UUID, node: str) -> Need | None:
    """A case as a need, where it stands at the step."""
    row = await connection.fetchrow(
        "select c.id, c.fields, c.urgency, c.class_code, c.lon, c.lat, c.area, c.number, t.id as task_id,"
        " array(select p.offer_id from match_proposal p where p.need_id = c.id"
        " and (p.state <> 'withdrawn' or p.task_id = t.id)) as asked"
        " from flow_task t join case_file c on c.id = t.subject_id"
        " where c.id = $1 and t.subject_kind = 'case' and t.node = $2 limit 1",
        case_id, node,
    )  # fmt: skip
    return _need(row) if row else None


def _need(row: Record) -> Need:
    values: JsonObject = {"urgency": row["urgency"], "class": row["class_code"], **row["fields"]}
    return Need(
        row["id"], values, row["lon"], row["lat"], row["area"], row["number"], row["task_id"], frozenset(row["asked"])
    )


async def asked_of(connection: Connection, needs: Sequence[UUID]) -> dict[UUID, tuple[frozenset[UUID], int]]:
    """For each of these needs the offers that were asked, and how many of these are live."""
    rows = await connection.fetch(
        f"select need_id, array_agg(offer_id) as asked, count(*) filter (where state in {_LIVE})::int as live"
        " from match_proposal where need_id = any($1::uuid[]) group by need_id",
        list(needs),
    )
    return {row["need_id"]: (frozenset(row["asked"]), row["live"]) for row in rows}


async def tried_in_vain(
    connection: Connection, rule: str, needs: Sequence[UUID], at: datetime, next_at: datetime
) -> None:
    await connection.execute(
        "insert into match_waiting (need_id, rule, tried_at, next_at) select id, $2, $3, $4 from unnest($1::uuid[]) as id"
        " on conflict (need_id) do update set tried_at = excluded.tried_at, next_at = excluded.next_at, rule = excluded.rule",
        list(needs), rule, at, next_at,
    )  # fmt: skip


async def found_after_all(connection: Connection, needs: Sequence[UUID]) -> None:
    await connection.execute("delete from match_waiting where need_id = any($1::uuid[])", list(needs))


# -- offers ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """What an offer has taken on and how it was marked."""

    used: int
    marks: float
    marked: int


async def standings(connection: Connection, rule: str, since: datetime | None) -> dict[UUID, Standing]:
    """By offer: needs asked and accepted since then (None: that have not ended), and marks of all that have ended."""
    args = Sql()
    counted = f"state in {_LIVE}" if since is None else (
        f"state in ('open', 'accepted', 'done') and proposed_at >= {args.bind(since)}"
    )  # fmt: skip
    rows = await connection.fetch(
        f"select offer_id, count(*) filter (where {counted})::int as used, coalesce(sum(satisfaction), 0)::float8 as marks,"
        f" count(satisfaction)::int as marked from match_proposal where rule = {args.bind(rule)} group by offer_id",
        *args.values,
    )
    return {row["offer_id"]: Standing(row["used"], row["marks"], row["marked"]) for row in rows}


# -- proposals ------------------------------------------------------------------------------------------------------------


async def add(connection: Connection, found: Sequence[Proposal]) -> None:
    if not found:
        return
    names = [item.name for item in dataclass_fields(Proposal)]
    marks = ", ".join(f"${number}" for number in range(1, len(names) + 1))
    await connection.executemany(
        f"insert into match_proposal ({', '.join(names)}) values ({marks})",
        [tuple(getattr(each, name) for name in names) for each in found],
    )


async def proposal(connection: Connection, id: UUID, *, lock: bool = False) -> Proposal | None:
    row = await connection.fetchrow(
        f"select {_COLUMNS} from match_proposal p where p.id = $1{' for update' if lock else ''}", id
    )
    return Proposal(*tuple(row)) if row else None


async def of_need(connection: Connection, need: UUID) -> list[Proposal]:
    """All that was asked for a need, oldest first."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from match_proposal p where p.need_id = $1 order by p.proposed_at, p.id limit 200", need
    )
    return [Proposal(*tuple(row)) for row in rows]


async def set_state(
    connection: Connection, id: UUID, state: State, at: datetime, *, by: str = "", reason: str = "", ended: bool = True
) -> None:
    await connection.execute(
        "update match_proposal set state = $2, answered_at = $3, answered_by = $4, reason = $5,"
        " ended_at = case when $6 then $3 else ended_at end where id = $1",
        id, state, at, by, reason, ended,
    )  # fmt: skip


async def withdraw_others(connection: Connection, need: UUID, but: UUID, at: datetime, reason: str) -> list[Proposal]:
    """The other offers that were asked for the need are asked no more."""
    rows = await connection.fetch(
        "update match_proposal p set state = 'withdrawn', answered_at = $3, reason = $4, ended_at = $3"
        f" where p.need_id = $1 and p.id <> $2 and p.state = 'open' returning {_COLUMNS}",
        need, but, at, reason,
    )  # fmt: skip
    return [Proposal(*tuple(row)) for row in rows]


async def expire(connection: Connection, rule: str, now: datetime) -> list[Proposal]:
    """Open proposals whose time to answer is over."""
    rows = await connection.fetch(
        "update match_proposal p set state = 'expired', ended_at = $2 where p.id in (select id from match_proposal"
        f" where rule = $1 and state = 'open' and answer_by <= $2 for update skip locked) returning {_COLUMNS}",
        rule, now,
    )  # fmt: skip
    return [Proposal(*tuple(row)) for row in rows]


async def withdraw_left(connection: Connection, rule: str, now: datetime, reason: str) -> list[Proposal]:
    """Open proposals of cases that no longer wait at their step: somebody went on by hand, or the case is over."""
    rows = await connection.fetch(
        "update match_proposal p set state = 'withdrawn', reason = $3, ended_at = $2 where p.id in (select q.id"
        " from match_proposal q where q.rule = $1 and q.state = 'open' and q.need_kind = 'case'"
        " and not exists (select from flow_task t where t.id = q.task_id) for update skip locked)"
        f" returning {_COLUMNS}",
        rule, now, reason,
    )  # fmt: skip
    return [Proposal(*tuple(row)) for row in rows]


async def give_up_left(connection: Connection, rule: str, node: str, now: datetime, reason: str) -> list[Proposal]:
    """Accepted proposals whose case has come back to the step: what was promised was not done."""
    rows = await connection.fetch(
        "update match_proposal p set state = 'refused', reason = $4, ended_at = $3 from flow_task t where p.rule = $1"
        " and p.state = 'accepted' and p.need_kind = 'case' and t.subject_id = p.need_id and t.subject_kind = 'case'"
        f" and t.node = $2 and t.id <> p.task_id returning {_COLUMNS}",
        rule, node, now, reason,
    )  # fmt: skip
    return [Proposal(*tuple(row)) for row in rows]


async def end_with_cases(connection: Connection, rule: str, amount: str | None) -> list[Proposal]:
    """Accepted proposals whose cases have ended take over what was rendered and how it was marked."""
    rows = await connection.fetch(
        "update match_proposal p set state = case when c.state = 'void' then 'withdrawn' else 'done' end,"
        " ended_at = c.closed_at, satisfaction = c.satisfaction,"
        " amount = case when jsonb_typeof(c.fields -> $2::text) = 'number' then (c.fields ->> $2::text)::real end"
        " from case_file c where c.id = p.need_id and p.rule = $1 and p.state = 'accepted' and p.need_kind = 'case'"
        f" and c.closed_at is not null returning {_COLUMNS}",
        rule, amount or "",
    )  # fmt: skip
    return [Proposal(*tuple(row)) for row in rows]


async def late_marks(connection: Connection, rule: str, since: datetime) -> int:
    """Marks that were given after the case had ended; how many."""
    told: str = await connection.execute(
        "update match_proposal p set satisfaction = c.satisfaction from case_file c where c.id = p.need_id and p.rule = $1"
        " and p.state = 'done' and p.need_kind = 'case' and p.ended_at >= $2 and c.satisfaction is not null"
        " and p.satisfaction is distinct from c.satisfaction",
        rule, since,
    )  # fmt: skip
    return int(told.rsplit(maxsplit=1)[-1])


async def end_thing(
    connection: Connection, id: UUID, at: datetime, amount: float | None, satisfaction: int | None
) -> None:
    await connection.execute(
        "update match_proposal set state = 'done', ended_at = $2, amount = $3, satisfaction = $4 where id = $1",
        id, at, amount, satisfaction,
    )  # fmt: skip


async def listed(
    connection: Connection, actor: Actor, rule: str, states: Sequence[str], mine: bool, after: UUID | None, limit: int
) -> list[Proposal]:
    """Proposals of a rule within the reader's reach, or those that the reader is asked in person; newest first."""
    args = Sql()
    parts = [f"p.rule = {args.bind(rule)}"]
    if mine:
        parts.append(f"p.account_id = {args.bind(actor.tasks_of)}")
    else:
        parts.append(scope_condition(actor, KIND, "read", args, area="p.area", organisation="p.organisation_id"))
    if states:
        parts.append(f"p.state = any({args.bind(list(states))}::text[])")
    if after is not None:
        parts.append(f"p.id < {args.bind(after)}")
    rows = await connection.fetch(
        f"select {_COLUMNS} from match_proposal p where {' and '.join(parts)} order by p.id desc limit {args.bind(limit)}",
        *args.values,
    )
    return [Proposal(*tuple(row)) for row in rows]


async def figures(
    connection: Connection, actor: Actor, rule: str, since: datetime, until: datetime, limit: int
) -> list[OfferFigures]:
    """By offer what was asked in the time and what came of it, most rendered first."""
    args = Sql()
    scope = scope_condition(actor, KIND, "read", args, area="p.area", organisation="p.organisation_id")
    rows = await connection.fetch(
        "select p.offer_id, count(*)::int, count(*) filter (where p.state in ('accepted', 'done'))::int,"
        " count(*) filter (where p.state = 'refused')::int, count(*) filter (where p.state = 'expired')::int,"
        " count(*) filter (where p.state = 'done')::int as done, coalesce(sum(p.amount), 0)::float8 as amount,"
        f" avg(p.satisfaction)::float8 from match_proposal p where p.rule = {args.bind(rule)} and {scope}"
        f" and p.proposed_at >= {args.bind(since)} and p.proposed_at < {args.bind(until)}"
        f" group by p.offer_id order by amount desc, done desc, p.offer_id limit {args.bind(limit)}",
        *args.values,
    )
    return [OfferFigures(*tuple(row)) for row in rows]


async def totals(
    connection: Connection, actor: Actor, rule: str, since: datetime, until: datetime
) -> tuple[int, int, float, float | None]:
    """Of all offers together: needs served, offers that served, what was rendered, mean mark."""
    args = Sql()
    scope = scope_condition(actor, KIND, "read", args, area="p.area", organisation="p.organisation_id")
    row = await connection.fetchrow(
        "select count(*)::int, count(distinct p.offer_id)::int, coalesce(sum(p.amount), 0)::float8, avg(p.satisfaction)::float8"
        f" from match_proposal p where p.state = 'done' and p.rule = {args.bind(rule)} and {scope}"
        f" and p.proposed_at >= {args.bind(since)} and p.proposed_at < {args.bind(until)}",
        *args.values,
    )
    return tuple(row) if row is not None else (0, 0, 0.0, None)
