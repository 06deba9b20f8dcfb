"""Publication of indicators and boards: versions, and the slices by which counts must be kept apart for their scopes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import orjson

from yiwang.insight.errors import TooManySlices
from yiwang.insight.indicators.declared import Board, Indicator, Scope
from yiwang.kernel.database import Connection, Json, JsonObject

SLICE_LIMIT: Final = 1 << 15
"""Numbers of slices are ``smallint``."""


@dataclass(frozen=True, slots=True)
class Declared:
    """All that is published: indicators and boards by id, and the number of every scope's slice."""

    indicators: Mapping[str, Indicator]
    boards: Mapping[str, Board]
    slices: Mapping[str, int]

    def slice_of(self, scope: Scope) -> int | None:
        """The slice of a scope; None where it is not kept."""
        return self.slices.get(condition_key(scope))


EMPTY: Final = Declared({}, {}, {})


def condition_of(scope: Scope) -> JsonObject:
    """A scope as the slice table keeps it: the same for the same cases."""
    found: JsonObject = {}
    if scope.types:
        found["types"] = list[Json](sorted(set(scope.types)))
    if scope.channels:
        found["channels"] = list[Json](sorted(set(scope.channels)))
    return found


def condition_key(scope: Scope) -> str:
    return orjson.dumps(condition_of(scope), option=orjson.OPT_SORT_KEYS).decode()


async def publish(
    connection: Connection, indicators: Sequence[Indicator], boards: Sequence[Board], at: datetime
) -> int:
    """Make exactly these the published ones: a new version where something changed, retired what is not among them.

    Returns how many are new. Scopes get their slices; a slice that is new is counted after a recomputation, or at once in
    a city without history.

    Raises:
        TooManySlices.
    """
    new = 0
    for kind, items in (("indicator", indicators), ("board", boards)):
        new += await _publish_kind(connection, kind, items, at)
    scopes = [one.scope for one in indicators] + [one.scope for one in boards if one.scope is not None]
    await _publish_slices(connection, scopes, at)
    return new


async def _publish_kind(
    connection: Connection, kind: str, items: Sequence[Indicator] | Sequence[Board], at: datetime
) -> int:
    rows = await connection.fetch(
        "select distinct on (key) key, version, digest, retired_at from insight_declaration where kind = $1"
        " order by key, version desc",
        kind,
    )
    newest = {row["key"]: row for row in rows}
    new = 0
    for item in items:
        body = item.model_dump(mode="json")
        digest = hashlib.sha256(orjson.dumps(body, option=orjson.OPT_SORT_KEYS)).hexdigest()
        stands = newest.pop(item.id, None)
        if stands is not None and stands["digest"] == digest and stands["retired_at"] is None:
            continue
        version = 1 if stands is None else stands["version"] + 1
        await connection.execute(
            "insert into insight_declaration (kind, key, version, digest, body, published_at) values ($1, $2, $3, $4, $5, $6)",
            kind, item.id, version, digest, body, at,
        )  # fmt: skip
        new += 1
    gone = [key for key, row in newest.items() if row["retired_at"] is None]
    if gone:
        await connection.execute(
            "update insight_declaration set retired_at = $3 where kind = $1 and key = any($2::text[]) and retired_at is null",
            kind, gone, at,
        )  # fmt: skip
    return new


async def _publish_slices(connection: Connection, scopes: Sequence[Scope], at: datetime) -> None:
    known = {
        orjson.dumps(row["condition"], option=orjson.OPT_SORT_KEYS).decode(): row["number"]
        for row in await connection.fetch("select number, condition from insight_slice")
    }
    wanted = {condition_key(scope): condition_of(scope) for scope in scopes}
    missing = [condition for key, condition in wanted.items() if key not in known]
    if len(known) + len(missing) > SLICE_LIMIT:
        raise TooManySlices(limit=SLICE_LIMIT)
    taken = set(known.values())
    free = (number for number in range(SLICE_LIMIT) if number not in taken)
    await connection.executemany(
        "insert into insight_slice (number, condition, since) values ($1, $2, $3)",
        [(number, condition, at) for number, condition in zip(free, missing, strict=False)],
    )
    await connection.execute(
        "update insight_progress set scopes = (select string_agg(number::text, ',' order by number) from insight_slice)"
        " where tx = 0 and not exists (select from insight_life_0) and not exists (select from insight_life_1)"
        " and exists (select from insight_slice)"
    )


async def load(connection: Connection) -> Declared:
    """What is published now."""
    rows = await connection.fetch(
        "select distinct on (kind, key) kind, key, body, retired_at from insight_declaration order by kind, key, version desc"
    )
    alive = [row for row in rows if row["retired_at"] is None]
    slices = await connection.fetch("select number, condition from insight_slice")
    return Declared(
        {row["key"]: Indicator.model_validate(row["body"]) for row in alive if row["kind"] == "indicator"},
        {row["key"]: Board.model_validate(row["body"]) for row in alive if row["kind"] == "board"},
        {orjson.dumps(row["condition"], option=orjson.OPT_SORT_KEYS).decode(): row["number"] for row in slices},
    )


class Published:
    """What is published, remembered: read again when something was published since. One per process.

    Versions and slices are only ever added, and a version is retired once; so their numbers tell.
    """

    def __init__(self) -> None:
        self._declared = EMPTY
        self._mark: tuple[int, ...] = ()

    async def now(self, connection: Connection) -> Declared:
        """What is published now."""
        row = await connection.fetchrow(
            "select count(*), count(retired_at), (select count(*) from insight_slice) from insight_declaration"
        )
        mark = tuple(row or ())
        if mark != self._mark:
            self._declared, self._mark = await load(connection), mark
        return self._declared


async def needs_recomputation(connection: Connection) -> bool:
    """Whether a slice is declared that the counts do not hold yet, and no recomputation is under way."""
    found: bool = await connection.fetchval(
        "select rebuild_tx is null and exists (select number::text from insight_slice"
        " except select unnest(string_to_array(p.scopes, ','))) from insight_progress p"
    )
    return found
