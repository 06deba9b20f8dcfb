"""All SQL of quality."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date, datetime
from uuid import UUID

from asyncpg import Record as Row

from yiwang.exchange.quality.model import KIND, Defect, Dispatched, Record, RuleCount, RuleShown, Run
from yiwang.exchange.quality.rules import TWIN
from yiwang.kernel.access import Actor, Sql, scope_condition
from yiwang.kernel.database import Connection
from yiwang.registry.store import reach

KEPT_RUNS = 400
WORST_KEPT = 1000
"""Defects that are kept of each source, the gravest; besides, some of each rule."""
SAMPLES = 200

_RUN = "id, type, rules, state, night, at, asked_label, after_thing, judged, begun_at, finished_at"


def _run(row: Row) -> Run:
    rules = tuple(RuleShown(**rule) for rule in row["rules"])
    return Run(
        row["id"], row["type"], rules, row["state"], row["night"], row["at"], row["asked_label"], row["after_thing"],
        row["judged"], row["begun_at"], row["finished_at"],
    )  # fmt: skip


# -- runs -----------------------------------------------------------------------------------------------------------------


async def insert_run(
    connection: Connection,
    id: UUID,
    type_id: str,
    rules: Sequence[RuleShown],
    night: date | None,
    at: datetime,
    label: str,
    begun_at: datetime,
) -> bool:
    """False where one of the type is under way, or the night has had its own."""
    made: UUID | None = await connection.fetchval(
        "insert into quality_run (id, type, rules, state, night, at, asked_label, begun_at)"
        " values ($1, $2, $3, 'waiting', $4, $5, $6, $7) on conflict do nothing returning id",
        id,
        type_id,
        [asdict(rule) for rule in rules],
        night,
        at,
        label,
        begun_at,
    )
    return made is not None


async def under_way(connection: Connection, types: Sequence[str]) -> dict[str, Run]:
    """The unfinished run of each type that has one."""
    rows = await connection.fetch(
        f"select {_RUN} from quality_run where type = any($1) and state in ('waiting', 'running')", list(types)
    )
    return {row["type"]: _run(row) for row in rows}


async def take_run(connection: Connection, id: UUID | None = None) -> Run | None:
    """The run that has waited longest (or this one), locked until the transaction ends; none that another process works at."""
    row = await connection.fetchrow(
        f"select {_RUN} from quality_run where state in ('waiting', 'running') and ($1::uuid is null or id = $1)"
        " order by begun_at limit 1 for update skip locked",
        id,
    )
    return None if row is None else _run(row)


async def run_by_id(connection: Connection, id: UUID) -> Run | None:
    row = await connection.fetchrow(f"select {_RUN} from quality_run where id = $1", id)
    return None if row is None else _run(row)


async def advance(connection: Connection, id: UUID, after: UUID, judged: int) -> None:
    await connection.execute(
        "update quality_run set state = 'running', after_thing = $2, judged = judged + $3 where id = $1",
        id,
        after,
        judged,
    )


async def end(connection: Connection, run: Run, state: str, at: datetime) -> None:
    """Of runs before this one only the scores are kept, of the oldest nothing."""
    await connection.execute("update quality_run set state = $2, finished_at = $3 where id = $1", run.id, state, at)
    await connection.execute("delete from quality_twin where run_id = $1", run.id)
    if state == "finished":
        await connection.execute(
            "delete from quality_defect d using quality_run r where d.run_id = r.id and r.type = $1 and r.id <> $2",
            run.type,
            run.id,
        )
        await connection.execute(
            "delete from quality_run where type = $1 and finished_at is not null and id not in (select id from quality_run"
            " where type = $1 and finished_at is not null order by at desc, begun_at desc limit $2)",
            run.type,
            KEPT_RUNS,
        )


async def recent(connection: Connection, types: Sequence[str], each: int) -> dict[str, list[Run]]:
    """The last finished runs of each type, the newest first."""
    rows = await connection.fetch(
        f"select r.* from unnest($1::text[]) as w (type) cross join lateral (select {_RUN} from quality_run q"
        " where q.type = w.type and q.state = 'finished' order by q.at desc, q.begun_at desc limit $2) r"
        " order by r.type, r.at desc, r.begun_at desc",
        list(types),
        each,
    )
    found: dict[str, list[Run]] = {type_id: [] for type_id in types}
    for row in rows:
        found[row["type"]].append(_run(row))
    return found


# -- judging --------------------------------------------------------------------------------------------------------------


def _digest_of(names: Sequence[str], args: Sql) -> str:
    values = [f"f.attributes ->> {args.bind(name)}::text" for name in names]
    joined = ", ".join(values)
    filled = " and ".join(f"{value} is not null" for value in values)
    return f"case when {filled} then md5(concat_ws(E'\\x1f', {joined})) end"


async def find_twins(connection: Connection, run: Run, same: Mapping[str, Sequence[str]], *, whole: bool) -> None:
    """Note the values that several records have; in a transaction of its own, it reads the whole type."""
    await connection.execute("set local statement_timeout = '20min'")
    await connection.execute("delete from quality_twin where run_id = $1", run.id)
    asked: dict[str, Sequence[str] | None] = {**same, **({TWIN: None} if whole else {})}
    for rule, names in asked.items():
        args = Sql()
        digest = "encode(f.digest, 'hex')" if names is None else _digest_of(names, args)
        run_id, name = args.bind(run.id), args.bind(rule)
        kind, at = args.bind(run.type), args.bind(run.at)
        await connection.execute(
            f"insert into quality_twin (run_id, rule, digest) select {run_id}, {name}::text, d.digest from"
            f" (select {digest} as digest from thing_fact f where f.type = {kind} and upper_inf(f.recorded)"
            f" and f.valid @> {at}::timestamptz) d where d.digest is not null group by d.digest having count(*) > 1",
            *args.values,
        )


async def page(
    connection: Connection, run: Run, same: Mapping[str, Sequence[str]], *, whole: bool, limit: int
) -> list[Record]:
    """The next records behind the run's mark, in the order of their numbers."""
    args = Sql()
    digests = {rule: _digest_of(names, args) for rule, names in same.items()}
    if whole:
        digests[TWIN] = "encode(f.digest, 'hex')"
    more = "".join(f", {sql} as d{index}" for index, sql in enumerate(digests.values()))
    behind = f" and f.thing_id > {args.bind(run.after_thing)}" if run.after_thing is not None else ""
    rows = await connection.fetch(
        "select f.thing_id, f.type_version, f.attributes, f.area, f.organisation_id, lower(f.recorded) as recorded_from"
        f"{more} from thing_fact f where f.type = {args.bind(run.type)} and upper_inf(f.recorded)"
        f" and f.valid @> {args.bind(run.at)}::timestamptz{behind} order by f.thing_id limit {args.bind(limit)}",
        *args.values,
    )
    return [
        Record(
            row["thing_id"], row["type_version"], row["attributes"], row["area"], row["organisation_id"] or 0,
            row["recorded_from"],
            {rule: row[f"d{index}"] for index, rule in enumerate(digests) if row[f"d{index}"] is not None},
        )
        for row in rows
    ]  # fmt: skip


async def twins_among(connection: Connection, run_id: UUID, pairs: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
    if not pairs:
        return set()
    rows = await connection.fetch(
        "select t.rule, t.digest from quality_twin t join unnest($2::text[], $3::text[]) as w (rule, digest)"
        " on t.rule = w.rule and t.digest = w.digest where t.run_id = $1",
        run_id,
        [rule for rule, _ in pairs],
        [digest for _, digest in pairs],
    )
    return {(row["rule"], row["digest"]) for row in rows}


async def lost_relations(connection: Connection, things: Sequence[UUID], at: datetime) -> set[UUID]:
    """Things of which a relation leads to one that is not believed to exist then."""
    rows = await connection.fetch(
        "select distinct r.from_id from thing_relation r where r.from_id = any($1) and upper_inf(r.recorded)"
        " and r.valid @> $2::timestamptz and not exists (select from thing_fact o where o.thing_id = r.to_id"
        " and upper_inf(o.recorded) and o.valid @> $2::timestamptz)",
        list(things),
        at,
    )
    return {row["from_id"] for row in rows}


async def kept_samples(connection: Connection, run_id: UUID) -> dict[tuple[int, str], int]:
    rows = await connection.fetch(
        "select organisation_id, rule, sum(kept)::int as kept from quality_score where run_id = $1 and kept > 0"
        " group by organisation_id, rule",
        run_id,
    )
    return {(row["organisation_id"], row["rule"]): row["kept"] for row in rows}


async def add_scores(
    connection: Connection, run_id: UUID, counts: Mapping[tuple[int, str, str], tuple[int, int, int]]
) -> None:
    """(organisation, area, rule) → (judged, failed, kept) more."""
    keys = sorted(counts)
    await connection.execute(
        "insert into quality_score (run_id, organisation_id, area, rule, judged, failed, kept)"
        " select $1, * from unnest($2::int[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])"
        " on conflict (run_id, organisation_id, area, rule) do update set judged = quality_score.judged + excluded.judged,"
        " failed = quality_score.failed + excluded.failed, kept = quality_score.kept + excluded.kept",
        run_id,
        [key[0] for key in keys],
        [key[1] for key in keys],
        [key[2] for key in keys],
        [counts[key][0] for key in keys],
        [counts[key][1] for key in keys],
        [counts[key][2] for key in keys],
    )


async def keep_defects(connection: Connection, run_id: UUID, defects: Sequence[tuple[Defect, bool]]) -> None:
    """Keep these (a sample of some rule, or grave): of each source no more than the gravest beside the samples."""
    await connection.executemany(
        "insert into quality_defect (run_id, thing_id, organisation_id, area, rules, weight, sample)"
        " values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
        [
            (run_id, each.thing_id, each.organisation_id, each.area, list(each.rules), each.weight, sample)
            for each, sample in defects
        ],
    )
    sources = sorted({each.organisation_id for each, sample in defects if not sample})
    if sources:
        await connection.execute(
            "delete from quality_defect d using (select thing_id, row_number() over (partition by organisation_id"
            " order by weight desc, thing_id) as place from quality_defect where run_id = $1"
            " and organisation_id = any($2) and not sample) worst"
            " where d.run_id = $1 and d.thing_id = worst.thing_id and worst.place > $3",
            run_id,
            sources,
            WORST_KEPT,
        )


# -- reading --------------------------------------------------------------------------------------------------------------


async def counts_of(
    connection: Connection, actor: Actor, runs: Sequence[UUID], verb: str = "read"
) -> dict[UUID, list[RuleCount]]:
    """What each source scored in these runs, as far as the reader reaches."""
    args = Sql()
    wanted = args.bind(list(runs))
    scope = scope_condition(actor, KIND, verb, args, area="s.area", organisation="s.organisation_id")
    rows = await connection.fetch(
        "select s.run_id, s.organisation_id, s.rule, sum(s.judged)::bigint as judged, sum(s.failed)::bigint as failed"
        f" from quality_score s where s.run_id = any({wanted}) and {scope}"
        " group by s.run_id, s.organisation_id, s.rule order by s.run_id, s.organisation_id, s.rule",
        *args.values,
    )
    found: dict[UUID, list[RuleCount]] = {id: [] for id in runs}
    for row in rows:
        found[row["run_id"]].append(RuleCount(row["organisation_id"], row["rule"], row["judged"], row["failed"]))
    return found


async def defects(
    connection: Connection,
    actor: Actor,
    run: Run,
    *,
    organisation_id: int | None,
    rule: str,
    after: tuple[float, UUID] | None,
    limit: int,
) -> list[Defect]:
    """Defects within reach whose record the reader may read, too; the gravest first."""
    args = Sql()
    parts = [
        f"d.run_id = {args.bind(run.id)}",
        scope_condition(actor, KIND, "read", args, area="d.area", organisation="d.organisation_id"),
        f"exists (select from thing_fact f where f.thing_id = d.thing_id and upper_inf(f.recorded)"
        f" and {reach(actor, run.type, 'read', args)})",
    ]
    if organisation_id is not None:
        parts.append(f"d.organisation_id = {args.bind(organisation_id)}")
    if rule:
        parts.append(f"{args.bind(rule)} = any(d.rules)")
    if after is not None:
        weight, thing = args.bind(after[0]), args.bind(after[1])
        parts.append(f"(d.weight < {weight} or (d.weight = {weight} and d.thing_id > {thing}))")
    rows = await connection.fetch(
        f"select d.thing_id, d.organisation_id, d.area, d.rules, d.weight from quality_defect d where {' and '.join(parts)}"
        f" order by d.weight desc, d.thing_id limit {args.bind(limit)}",
        *args.values,
    )
    return [
        Defect(row["thing_id"], row["organisation_id"], row["area"], tuple(row["rules"]), row["weight"]) for row in rows
    ]


# -- cases ----------------------------------------------------------------------------------------------------------------


async def insert_dispatch(connection: Connection, sent: Dispatched) -> None:
    await connection.execute(
        "insert into quality_dispatch (id, run_id, type, organisation_id, area, rule, failed, case_id, case_number, at,"
        " by_label) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) on conflict do nothing",
        sent.id, sent.run_id, sent.type, sent.organisation_id, sent.area, sent.rule, sent.failed, sent.case_id, sent.case_number,
        sent.at, sent.by_label,
    )  # fmt: skip


_SENT = (
    "q.id, q.run_id, q.type, q.organisation_id, q.area, q.rule, q.failed, q.case_id, q.case_number, q.at, q.by_label"
)


async def dispatch_of(connection: Connection, run_id: UUID, organisation_id: int, rule: str) -> Dispatched | None:
    row = await connection.fetchrow(
        f"select {_SENT} from quality_dispatch q where q.run_id = $1 and q.organisation_id = $2 and q.rule = $3",
        run_id,
        organisation_id,
        rule,
    )
    return None if row is None else Dispatched(*row.values())


async def dispatches(connection: Connection, actor: Actor, type_id: str, limit: int) -> list[Dispatched]:
    """What was sent to sources within reach, the newest first."""
    args = Sql()
    kind, most = args.bind(type_id), args.bind(limit)
    scope = scope_condition(actor, KIND, "read", args, area="q.area", organisation="q.organisation_id")
    rows = await connection.fetch(
        f"select {_SENT} from quality_dispatch q where q.type = {kind} and {scope} order by q.at desc, q.id limit {most}",
        *args.values,
    )
    return [Dispatched(*row.values()) for row in rows]
