"""Rows of a dataset, read from the registry: filtered, paged by key, counted, streamed. All SQL of open data.

Only columns of the dataset are asked or read; every value of the caller is a bound parameter. The reach of the reader is a
condition in SQL; of what is open it is everything.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime

import asyncpg
import orjson
from asyncpg import Record

from yiwang.exchange.open.errors import TooDear
from yiwang.exchange.open.model import Column, Dataset, Extent, Row, RowsAsked
from yiwang.kernel.access import SYSTEM, Actor, Sql
from yiwang.kernel.database import Connection, Database, Json, JsonObject
from yiwang.kernel.text import search_query
from yiwang.registry import store
from yiwang.registry.reading import masked
from yiwang.registry.types import CompiledType

MOST_COUNTED = 100_000
"""Counting stops there; a page does not wait for more."""

_page = 2000
_seconds = 10


@asynccontextmanager
async def bounded(database: Database) -> AsyncIterator[Connection]:
    """A connection for one request of the public: a statement of more than ten seconds is stopped.

    Raises:
        TooDear: that happened.
    """
    try:
        async with database.transaction() as connection:
            await connection.execute(f"set local statement_timeout = {_seconds * 1000}")
            yield connection
    except asyncpg.QueryCanceledError as error:
        raise TooDear() from error


async def page(
    connection: Connection, kind: CompiledType, dataset: Dataset, actor: Actor, asked: RowsAsked, now: datetime
) -> list[Row]:
    """At most one row more than the limit, to tell whether there are more. ``now``: the city's time."""
    args = Sql()
    where = _where(kind, dataset, actor, asked, now, args)
    columns = "f.thing_id, f.type_version, f.attributes"
    columns += ", ST_AsGeoJSON(f.geometry, 7) as geometry" if dataset.geometry != "none" else ", null as geometry"
    if asked.sort:
        order = ", ".join(_order(_known(dataset, name), down, args) for name, down in asked.sort) + ", f.thing_id desc"
        query = f"select {columns} from thing_fact f where {where} order by {order}"
    elif asked.since is None and asked.until is None:
        query = f"select {columns} from thing_fact f where {where} order by f.thing_id desc"
    else:  # a thing may have been different things to the world in that time: the last of them
        query = (
            f"select distinct on (f.thing_id) {columns} from thing_fact f where {where}"
            " order by f.thing_id desc, lower(f.valid) desc nulls last"
        )
    query += f" limit {args.bind(asked.limit + 1)}"
    if asked.offset:
        query += f" offset {args.bind(asked.offset)}"
    return [_row(kind, dataset, row) for row in await connection.fetch(query, *args.values)]


async def count(
    connection: Connection, kind: CompiledType, dataset: Dataset, actor: Actor, asked: RowsAsked, now: datetime
) -> int:
    """How many there are; one more than :data:`MOST_COUNTED` where there are more."""
    args = Sql()
    where = _where(kind, dataset, actor, asked, now, args)
    what = "f.thing_id" if asked.since is None and asked.until is None else "distinct f.thing_id"
    counted: int = await connection.fetchval(
        f"select count(*) from (select {what} from thing_fact f where {where} limit {args.bind(MOST_COUNTED + 1)}) c",
        *args.values,
    )
    return counted


async def stream(connection: Connection, kind: CompiledType, dataset: Dataset, now: datetime) -> AsyncIterator[Row]:
    """Every row that is true now, newest first."""
    asked = RowsAsked(limit=_page)
    while True:
        found = await page(connection, kind, dataset, SYSTEM, asked, now)
        for row in found[:_page]:
            yield row
        if len(found) <= _page:
            return
        asked = replace(asked, after=found[_page - 1].id)


async def extent(connection: Connection, kind: CompiledType, dataset: Dataset, now: datetime) -> Extent:
    """How much there is, where, and since when. Reads every row: to be kept for a while."""
    args = Sql()
    where = _where(kind, dataset, SYSTEM, RowsAsked(), now, args)
    row = await connection.fetchrow(
        "select n, recorded, ST_XMin(e) as west, ST_YMin(e) as south, ST_XMax(e) as east, ST_YMax(e) as north from"
        " (select count(*) as n, max(lower(f.recorded)) as recorded, ST_Extent(f.geometry) as e"
        f" from thing_fact f where {where}) x",
        *args.values,
    )
    if row is None:
        return Extent(0, None, None)
    placed = row["west"] is not None and dataset.geometry != "none"
    return Extent(row["n"], (row["west"], row["south"], row["east"], row["north"]) if placed else None, row["recorded"])


def _where(kind: CompiledType, dataset: Dataset, actor: Actor, asked: RowsAsked, now: datetime, args: Sql) -> str:
    parts = [f"f.type = {args.bind(kind.id)}", "upper_inf(f.recorded)"]
    if not dataset.open:
        parts.append(store.reach(actor, kind.id, "read", args))
    if dataset.area and kind.declaration.area != "none":
        low, high = args.bind(dataset.area), args.bind(dataset.area + "\U0010ffff")
        parts.append(f"f.area >= {low} and f.area < {high}")
    if asked.since is None and asked.until is None:
        parts.append(f"f.valid @> {args.bind(now)}::timestamptz")
    else:
        since, until = args.bind(asked.since), args.bind(asked.until)
        parts.append(f"f.valid && tstzrange({since}::timestamptz, {until}::timestamptz, '[]')")
    if asked.thing is not None:
        parts.append(f"f.thing_id = {args.bind(asked.thing)}")
    if asked.after is not None:
        parts.append(f"f.thing_id < {args.bind(asked.after)}")
    if asked.bbox is not None:
        parts.append(_inside(asked.bbox, args) if dataset.geometry != "none" else "false")
    for name, values in asked.filters.items():
        parts.append(_equals(kind, _known(dataset, name), values, args))
    if asked.words:
        parts.append(_holds_words(kind, dataset, asked.words, args))
    return " and ".join(parts)


def _known(dataset: Dataset, name: str) -> Column:
    found = dataset.column(name)
    if found is None:
        raise LookupError(name)
    return found


def _inside(box: tuple[float, float, float, float], args: Sql) -> str:
    west, south, east, north = box
    pieces = [(west, east)] if west <= east else [(west, 180.0), (-180.0, east)]
    envelopes = [
        f"ST_MakeEnvelope({args.bind(left)}, {args.bind(south)}, {args.bind(right)}, {args.bind(north)}, 4326)"
        for left, right in pieces
    ]
    return "(" + " or ".join(f"ST_Intersects(f.geometry, {each})" for each in envelopes) + ")"


def _value(column: Column, args: Sql) -> str:
    names = [f"f.attributes->{args.bind(name)}::text" for name in column.stored]
    return names[0] if len(names) == 1 else f"coalesce({', '.join(names)})"


def _equals(kind: CompiledType, column: Column, values: Sequence[str], args: Sql) -> str:
    """The column has one of these values. Values that cannot be numbers equal no number."""
    value = _value(column, args)
    if column.kind in ("integer", "number"):
        numbers = args.bind([each for each in map(_number, values) if each is not None])
        return f"(case when jsonb_typeof({value}) = 'number' then ({value})::float8 end) = any({numbers}::float8[])"
    if column.kind == "list":
        return f"({value} ?| {args.bind(list(values))}::text[])"
    exact = f"({value} #>> '{{}}') = any({args.bind(list(values))}::text[])"
    if column.filter and len(values) == 1 and not kind.declaration.older and column.kind != "object":
        return f"(f.terms @@ {args.bind(kind.filter_query({column.name: values[0]}))}::tsquery and {exact})"
    return exact


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _order(column: Column, down: bool, args: Sql) -> str:
    value = _value(column, args)
    direction = " desc nulls last" if down else " nulls last"
    if column.kind in ("integer", "number"):
        return f"(case when jsonb_typeof({value}) = 'number' then ({value})::float8 end){direction}"
    return f"({value} #>> '{{}}') collate \"C\"{direction}"


def _holds_words(kind: CompiledType, dataset: Dataset, words: str, args: Sql) -> str:
    """Every word stands in an open column. The index is asked first; it also knows columns that are not open, so that what
    it finds is looked at."""
    searched = [each for each in dataset.columns if each.search] or [
        each for each in dataset.columns if each.kind in ("text", "date", "datetime")
    ]
    if not searched:
        return "false"
    text = " || ' ' || ".join(f"coalesce({_value(each, args)} #>> '{{}}', '')" for each in searched)
    parts = [f"({text}) ilike {args.bind('%' + _literal(word) + '%')}" for word in words.split()]
    if any(each.search for each in searched):
        query = search_query(words)
        terms = [_quoted(term) for term in query.terms] + [_quoted(prefix) + ":*" for prefix in query.prefixes]
        if terms:
            parts.insert(0, f"f.terms @@ {args.bind(' & '.join(terms))}::tsquery")
    return "(" + " and ".join(parts) + ")" if parts else "true"


def _literal(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _quoted(lexeme: str) -> str:
    return "'" + lexeme.replace("\\", "\\\\").replace("'", "''") + "'"


def _row(kind: CompiledType, dataset: Dataset, row: Record) -> Row:
    attributes = kind.as_now(row["attributes"], row["type_version"])
    values: JsonObject = {column.name: _shown(column, attributes.get(column.name)) for column in dataset.columns}
    geometry = row["geometry"]
    return Row(row["thing_id"], values, None if geometry is None else orjson.loads(geometry))


def _shown(column: Column, value: Json) -> Json:
    return value if column.masking is None or value is None else masked(value, column.masking)
