"""All SQL of rules, what they remember, and what is usual."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection, Json, JsonObject, Record
from yiwang.sensing.model import INVALID
from yiwang.sensing.rules.declarations import RuleDeclaration
from yiwang.sensing.rules.model import Memory, Phase, State

RuleStateWord: TypeAlias = Literal["draft", "published", "shadowed", "superseded", "retired"]
Origin: TypeAlias = Literal["pack", "city"]
_COLUMNS = (
    "id, code, pack, origin, version, state, declaration, digest, note, created_at, created_label, published_at,"
    " published_label, ended_at"
)


@dataclass(frozen=True, slots=True)
class RuleVersion:
    """A version of a rule. ``shadowed``: the pack's newest one while the city words the rule differently."""

    id: int
    code: str
    pack: str
    origin: Origin
    version: int
    state: RuleStateWord
    declaration: RuleDeclaration
    digest: str
    note: str
    created_at: datetime
    created_label: str
    published_at: datetime | None
    published_label: str
    ended_at: datetime | None


def _version(row: Record) -> RuleVersion:
    values = dict(row)
    values["declaration"] = RuleDeclaration.model_validate(row["declaration"])
    return RuleVersion(**values)


async def book_version(connection: Connection) -> int:
    """Moves whenever a rule is published or retired."""
    found: int = await connection.fetchval("select version from sensing_rule_version")
    return found


async def next_book_version(connection: Connection) -> None:
    """Take the next version: writers of rules wait for each other until their transactions end."""
    await connection.execute("update sensing_rule_version set version = version + 1")


async def published(connection: Connection) -> list[RuleVersion]:
    rows = await connection.fetch(f"select {_COLUMNS} from sensing_rule where state = 'published' order by code")
    return [_version(row) for row in rows]


async def listed(connection: Connection, *, after: str, limit: int) -> list[RuleVersion]:
    """Of each rule the version that counts: published, else draft, else the newest; by code."""
    rows = await connection.fetch(
        f"select distinct on (code) {_COLUMNS} from sensing_rule where code > $1"
        " order by code, array_position(array['published', 'draft'], state) nulls last, version desc limit $2",
        after,
        limit,
    )
    return [_version(row) for row in rows]


async def versions_of(connection: Connection, code: str) -> list[RuleVersion]:
    """All versions of a rule, newest first; at most 200."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from sensing_rule where code = $1 order by version desc limit 200", code
    )
    return [_version(row) for row in rows]


async def one(connection: Connection, rule_id: int, *, lock: bool = False) -> RuleVersion | None:
    row = await connection.fetchrow(
        f"select {_COLUMNS} from sensing_rule where id = $1" + (" for update" if lock else ""), rule_id
    )
    return _version(row) if row else None


async def add(
    connection: Connection,
    code: str,
    pack: str,
    origin: Origin,
    state: RuleStateWord,
    declaration: JsonObject,
    digest: str,
    note: str,
    actor: Actor,
    at: datetime,
) -> int:
    """A new version; its id."""
    found: int = await connection.fetchval(
        "insert into sensing_rule (code, pack, origin, version, state, declaration, digest, note, created_at, created_by,"
        " created_label, published_at, published_label) select $1, $2, $3,"
        " coalesce((select max(version) from sensing_rule where code = $1), 0) + 1, $4, $5, $6, $7, $8, $9, $10,"
        " case when $4 <> 'draft' then $8::timestamptz end, case when $4 <> 'draft' then $10 else '' end returning id",
        code, pack, origin, state, declaration, digest, note, at, actor.account_id, actor.label,
    )  # fmt: skip
    return found


async def change_draft(connection: Connection, rule_id: int, declaration: JsonObject, digest: str, note: str) -> None:
    await connection.execute(
        "update sensing_rule set declaration = $2, digest = $3, note = $4 where id = $1 and state = 'draft'",
        rule_id, declaration, digest, note,
    )  # fmt: skip


async def remove_draft(connection: Connection, rule_id: int) -> None:
    await connection.execute("delete from sensing_rule where id = $1 and state = 'draft'", rule_id)


async def put_in_state(connection: Connection, rule_id: int, state: RuleStateWord, actor: Actor, at: datetime) -> None:
    """Publish, shadow, supersede or retire a version."""
    await connection.execute(
        "update sensing_rule set state = $2,"
        " published_at = case when $2 = 'published' then $3 else published_at end,"
        " published_by = case when $2 = 'published' then $4 else published_by end,"
        " published_label = case when $2 = 'published' then $5 else published_label end,"
        " ended_at = case when $2 in ('superseded', 'retired') then $3 end where id = $1",
        rule_id, state, at, actor.account_id, actor.label,
    )  # fmt: skip


# -- what is remembered ------------------------------------------------------------------------------------------------

StateKey: TypeAlias = tuple[str, int]


async def epoch(connection: Connection) -> int:
    found: int = await connection.fetchval("select epoch from rule_epoch")
    return found


async def states(
    connection: Connection, rules: Sequence[str], devices: Sequence[int] | None = None
) -> dict[StateKey, State]:
    """The living states under these rules, of these devices or all."""
    rows = await connection.fetch(
        "select rule, device_id, phase, at, since, began, severity, value, peak, memory from rule_state"
        " where rule = any($1::text[]) and ($2::int[] is null or device_id = any($2))",
        list(rules),
        None if devices is None else list(devices),
    )
    return {
        (row["rule"], row["device_id"]): State(
            Phase(row["phase"]), row["at"], row["since"], row["began"], row["severity"],
            _number(row["value"]), _number(row["peak"]), _memory(row["memory"]),
        )
        for row in rows
    }  # fmt: skip


async def write_states(connection: Connection, changed: Mapping[StateKey, State | None]) -> int:
    """Write living states and remove those that are None; the new epoch."""
    gone = [key for key, state in changed.items() if state is None]
    kept = [(key, state) for key, state in changed.items() if state is not None]
    if gone:
        await connection.execute(
            "delete from rule_state s using unnest($1::text[], $2::int[]) as g (rule, device)"
            " where s.rule = g.rule and s.device_id = g.device",
            [key[0] for key in gone],
            [key[1] for key in gone],
        )
    if kept:
        await connection.execute(
            "insert into rule_state (rule, device_id, phase, at, since, began, severity, value, peak, memory)"
            " select * from unnest($1::text[], $2::int[], $3::smallint[], $4::bigint[], $5::bigint[], $6::bigint[],"
            " $7::smallint[], $8::float8[], $9::float8[], $10::jsonb[])"
            " on conflict (rule, device_id) do update set phase = excluded.phase, at = excluded.at, since = excluded.since,"
            " began = excluded.began, severity = excluded.severity, value = excluded.value, peak = excluded.peak,"
            " memory = excluded.memory",
            [key[0] for key, _ in kept],
            [key[1] for key, _ in kept],
            [int(state.phase) for _, state in kept],
            [state.at for _, state in kept],
            [state.since for _, state in kept],
            [state.began for _, state in kept],
            [state.severity for _, state in kept],
            [_sql_number(state.value) for _, state in kept],
            [_sql_number(state.peak) for _, state in kept],
            [{"points": [list(entry) for entry in state.memory]} for _, state in kept],
        )
    found: int = await connection.fetchval("update rule_epoch set epoch = epoch + 1 returning epoch")
    return found


async def forget_rule(connection: Connection, code: str) -> None:
    """A rule that is no longer there remembers nothing."""
    await connection.execute("delete from rule_state where rule = $1", code)
    await connection.execute("update rule_epoch set epoch = epoch + 1")


async def readings_before(
    connection: Connection, wanted: Sequence[tuple[int, int, datetime, datetime]], grain: int
) -> dict[tuple[int, int], list[tuple[datetime, float]]]:
    """Sound values of (device, metric) with ``since`` ≤ at < ``until``, oldest first; what a rate of change goes on from."""
    rows = await connection.fetch(
        "select w.device, w.metric, r.at, r.value from unnest($1::int[], $2::smallint[], $3::timestamptz[], $4::timestamptz[])"
        " as w (device, metric, since, until) cross join lateral (select r.at, r.value from reading r"
        " where r.device_id = w.device and r.metric_id = w.metric and r.grain = $5 and r.at >= w.since and r.at < w.until"
        " and r.quality & $6 = 0 order by r.at desc limit 200) r order by r.at",
        [item[0] for item in wanted],
        [item[1] for item in wanted],
        [item[2] for item in wanted],
        [item[3] for item in wanted],
        grain,
        int(INVALID),
    )
    found: dict[tuple[int, int], list[tuple[datetime, float]]] = {}
    for row in rows:
        found.setdefault((row["device"], row["metric"]), []).append((row["at"], row["value"]))
    return found


# -- what is usual -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Learned:
    hours: bytes
    until: datetime


async def baselines(connection: Connection, keys: Sequence[tuple[int, int]]) -> dict[tuple[int, int], Learned]:
    """What has been learned of these (device, metric)."""
    rows = await connection.fetch(
        "select b.device_id, b.metric_id, b.hours, b.learned_until from rule_baseline b"
        " join unnest($1::int[], $2::smallint[]) as w (device_id, metric_id) using (device_id, metric_id)",
        [key[0] for key in keys],
        [key[1] for key in keys],
    )
    return {(row["device_id"], row["metric_id"]): Learned(row["hours"], row["learned_until"]) for row in rows}


async def write_baselines(connection: Connection, learned: Mapping[tuple[int, int], Learned]) -> None:
    await connection.execute(
        "insert into rule_baseline (device_id, metric_id, hours, learned_until)"
        " select * from unnest($1::int[], $2::smallint[], $3::bytea[], $4::timestamptz[])"
        " on conflict (device_id, metric_id) do update set hours = excluded.hours, learned_until = excluded.learned_until",
        [key[0] for key in learned],
        [key[1] for key in learned],
        [item.hours for item in learned.values()],
        [item.until for item in learned.values()],
    )


def _memory(value: Json) -> Memory:
    points = value.get("points") if isinstance(value, dict) else None
    entries = points if isinstance(points, list) else []
    return tuple(
        (int(_float(entry[0])), _float(entry[1]), _float(entry[2])) for entry in entries if isinstance(entry, list)
    )


def _float(value: Json) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _sql_number(value: float) -> float | None:
    return None if math.isnan(value) else value
