"""Answers the read side: a resource path and its options → JSON, in a bounded number of statements.

Each ``$expand`` is one statement for all of its parents. Pages have at most 1,000 entities, an answer about 20,000 in all;
what goes beyond is reached by ``@iot.nextLink``. Reads happen in one snapshot of the database, within ten seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

import asyncpg

from yiwang.kernel.access import Actor, Sql
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject, Record
from yiwang.sensing.sensorthings.compiling import Compiler, Statement
from yiwang.sensing.sensorthings.entities import data_arrays, entity, output_sql, self_link, wanted, written
from yiwang.sensing.sensorthings.errors import EntityMissing, QueryInvalid, QueryTooDear
from yiwang.sensing.sensorthings.model import SETS, TYPES, EntityType, KeyValues, Visible, shared_keys
from yiwang.sensing.sensorthings.odata import Expansion, Options, Segment
from yiwang.sensing.sensorthings.paging import Term, after, order_by, page_size, terms_of, token_of

usual_page, largest_page = 100, 1000
most_entities = 20_000
largest_count = 1_000_000
statement_seconds = 10


@dataclass(frozen=True, slots=True)
class Place:
    """What a path names: a set (``one`` False) or an entity of it, bound by key values; the steps into a property behind it."""

    kind: EntityType
    keys: tuple[KeyValues, ...]
    one: bool
    url: str
    inside: tuple[str, ...] = ()
    ref: bool = False
    value: bool = False


@dataclass(frozen=True, slots=True)
class PlainValue:
    """The answer to ``…/$value``: text as it is, None when there is none."""

    text: str | None


@dataclass(slots=True)
class _Budget:
    left: int = most_entities

    def share(self, parents: int, asked: int) -> int:
        return max(1, min(asked, self.left // max(1, parents)))


@dataclass(slots=True)
class _Page:
    rows: list[Record]
    token: str = ""


@dataclass(slots=True)
class Reader:
    """One request's reading; make one for each."""

    connection: Connection
    actor: Actor
    now: datetime
    base: str
    budget: _Budget = field(default_factory=_Budget)

    # -- paths ----------------------------------------------------------------------------------------------------

    async def place(self, segments: Sequence[Segment]) -> Place:
        """What a path names; links on the way are followed.

        Raises:
            EntityMissing: a set, entity or property on the way is not there.
        """
        first = segments[0]
        kind = SETS.get(first.name)
        if kind is None:
            raise EntityMissing(what=first.name)
        place = _narrowed(Place(kind, (), False, f"{self.base}/{kind.plural}"), first)
        rest = list(segments[1:])
        while rest:
            segment = rest[0]
            if segment.name == "$ref" and len(rest) == 1:
                return Place(place.kind, place.keys, place.one, place.url, ref=True)
            if not place.one:
                raise EntityMissing(what=f"{place.kind.plural}/{segment.name}")
            if segment.name in place.kind.properties and segment.key is None:
                return _inside(place, [item.name for item in rest])
            place = _narrowed(await self._follow(place, segment), segment)
            rest = rest[1:]
        return place

    async def _follow(self, place: Place, segment: Segment) -> Place:
        link = place.kind.navigations.get(segment.name)
        if link is None:
            raise EntityMissing(what=f"{place.kind.name}/{segment.name}")
        target = TYPES[link.target]
        row = await self._one(place, place.kind.properties["id"].name)
        keys = {key: row[f"k_{key}"] for key in shared_keys(place.kind, target)}
        return Place(target, (keys,), not link.many, f"{self_link(self.base, place.kind, row)}/{link.name}")

    # -- answers --------------------------------------------------------------------------------------------------

    async def answer(self, place: Place, options: Options) -> JsonObject | PlainValue:
        """The answer to a GET.

        Raises:
            EntityMissing: the entity is not there. QueryInvalid: an option that does not fit.
        """
        if place.inside:
            return await self._property(place)
        if place.one:
            if options.filter or options.orders or options.count or options.skip_token or options.top is not None:
                raise QueryInvalid(
                    "$filter", "only a set is filtered, ordered and counted", "只有实体集可以过滤、排序、计数"
                )
            row = await self._one(place, *options.select)
            if place.ref:
                return {"@iot.selfLink": self_link(self.base, place.kind, row)}
            return (await self._written(place.kind, [row], options))[0]
        return await self._set(place, options)

    async def _set(self, place: Place, options: Options) -> JsonObject:
        if options.data_array and (place.kind.name != "Observation" or options.expand):
            raise QueryInvalid(
                "$resultFormat",
                "dataArray is for Observations, without $expand",
                "dataArray 只用于不带 $expand 的 Observations",
            )
        size = page_size(options, usual_page, largest_page)
        page = await self._page(place, options, size)
        found: JsonObject = {}
        if options.count:
            found["@iot.count"] = await self._count(place, options)
        if page.token:
            found["@iot.nextLink"] = self._next(place.url + ("/$ref" if place.ref else ""), options, page.token)
        if options.data_array:
            found["value"] = data_arrays(self.base, page.rows, options)
        elif place.ref:
            found["value"] = [{"@iot.selfLink": self_link(self.base, place.kind, row)} for row in page.rows]
        else:
            found["value"] = list(await self._written(place.kind, page.rows, options))
        return found

    async def _property(self, place: Place) -> JsonObject | PlainValue:
        item = place.kind.properties[place.inside[0]]
        row = await self._one(place, item.name)
        value = row["id"] if item.name == "id" else written(item, row[item.name])
        for name in place.inside[1:]:
            if not isinstance(value, dict) or name not in value:
                raise EntityMissing(what="/".join(place.inside))
            value = value[name]
        if not place.value:
            return {"@iot.id" if place.inside[-1] == "id" else place.inside[-1]: value}
        if isinstance(value, dict | list):
            raise QueryInvalid("$value", "only a plain value has it; ask without $value", "只有单个值可用 $value")
        text = None if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        return PlainValue(text)

    # -- rows -----------------------------------------------------------------------------------------------------

    async def _one(self, place: Place, *names: str) -> Record:
        """The one row of a place with the properties named (none: all)."""
        select = tuple(name for name in names if name in place.kind.properties or name in place.kind.navigations)
        page = await self._page(Place(place.kind, place.keys, False, place.url), Options(select=select), 1)
        if not page.rows:
            raise EntityMissing(what=place.url.removeprefix(self.base + "/"))
        return page.rows[0]

    def _statement(self) -> Statement:
        return Statement(Visible(self.actor, Sql()), self.now)

    async def _page(self, place: Place, options: Options, size: int) -> _Page:
        if size == 0:
            return _Page([])
        statement = self._statement()
        compiler = Compiler(statement, place.kind)
        conditions = [compiler.key_conditions(key) for key in place.keys]
        select, terms, where = self._parts(compiler, options, conditions)
        limit = statement.args.bind(size + 1)
        offset = f" offset {statement.args.bind(options.skip)}::int" if options.skip else ""
        sql = f"select {select} from {compiler.rows()} where {where} order by {order_by(terms)} limit {limit}::int{offset}"
        rows = await self._fetch(sql, statement.args)
        self.budget.left -= min(size, len(rows))
        return _Page(rows[:size], token_of(rows[size - 1], terms) if len(rows) > size else "")

    def _parts(self, compiler: Compiler, options: Options, conditions: list[str]) -> tuple[str, list[Term], str]:
        """Columns, order and condition of a statement over a set."""
        compiler.where = "$orderby"
        terms = terms_of(compiler, options.orders)
        compiler.where = "$filter"
        if options.filter is not None:
            conditions.append(compiler.condition(options.filter))
        if options.skip_token:
            conditions.append(after(terms, options.skip_token, compiler.args))
        columns = [output_sql(item, compiler.alias) for item in wanted(compiler.kind, options)]
        columns += [f"{compiler.alias}.{key} as k_{key}" for key in compiler.kind.all_keys]
        columns += [f"{term.sql} as o{number}" for number, term in enumerate(terms)]
        return ", ".join(columns), terms, " and ".join(conditions) or "true"

    async def _count(self, place: Place, options: Options) -> int:
        statement = self._statement()
        compiler = Compiler(statement, place.kind)
        conditions = [compiler.key_conditions(key) for key in place.keys]
        if options.filter is not None:
            conditions.append(compiler.condition(options.filter))
        where = " and ".join(conditions) or "true"
        sql = f"select count(*) as n from (select 1 from {compiler.rows()} where {where} limit {largest_count}) counted"
        count: int = (await self._fetch(sql, statement.args))[0]["n"]
        return count

    async def _fetch(self, sql: str, args: Sql) -> list[Record]:
        try:
            return await self.connection.fetch(sql, *args.values)
        except asyncpg.QueryCanceledError as error:
            raise QueryTooDear(seconds=statement_seconds) from error
        except asyncpg.StatementTooComplexError as error:
            raise QueryInvalid("$filter", "too many parts", "条件过多") from error
        except (asyncpg.DataError, asyncpg.InternalServerError) as error:  # the latter: what PostGIS says of odd shapes
            reason = " ".join(str(error).split())[:120]
            raise QueryInvalid("$filter", f"a value goes out of range ({reason})", "有值超出范围") from error

    # -- expanding ------------------------------------------------------------------------------------------------

    async def _written(self, kind: EntityType, rows: Sequence[Record], options: Options) -> list[JsonObject]:
        found = [entity(self.base, kind, row, options) for row in rows]
        for expansion in options.expand:
            await self._expand(kind, rows, expansion, found)
        return found

    async def _expand(
        self, kind: EntityType, rows: Sequence[Record], expansion: Expansion, into: Sequence[JsonObject]
    ) -> None:
        link = kind.navigations.get(expansion.name)
        if link is None:
            known = ", ".join(kind.navigations)
            raise QueryInvalid(
                "$expand",
                f"{kind.name} has no {expansion.name}; it has {known}",
                f"{kind.name} 没有 {expansion.name};可用的有 {known}",
            )
        if not rows:
            return
        target, options = TYPES[link.target], expansion.options
        keys = shared_keys(kind, target)
        parents = list(dict.fromkeys(tuple(row[f"k_{key}"] for key in keys) for row in rows))
        asked = page_size(options, usual_page, largest_page) if link.many else 1
        size = self.budget.share(len(parents), asked) if asked else 0
        children, terms = await self._children(target, keys, parents, options, size)
        self.budget.left -= len(children)
        groups: dict[int, list[Record]] = {}
        for row in children:
            groups.setdefault(row["n"], []).append(row)
        more = {number for number, group in groups.items() if len(group) > size}
        kept = [row for group in groups.values() for row in group[:size]]
        by_parent: dict[int, list[tuple[Record, JsonObject]]] = {}
        for row, item in zip(kept, await self._written(target, kept, options), strict=True):
            by_parent.setdefault(row["n"], []).append((row, item))
        counts = await self._counts(target, keys, parents, options) if options.count and link.many else {}
        numbers = {parent: number for number, parent in enumerate(parents, start=1)}
        for row, item in zip(rows, into, strict=True):
            number = numbers[tuple(row[f"k_{key}"] for key in keys)]
            inside = by_parent.get(number, [])
            item.pop(f"{link.name}@iot.navigationLink", None)
            if not link.many:
                if inside:
                    item[link.name] = inside[0][1]
                continue
            if options.count:
                item[f"{link.name}@iot.count"] = counts.get(number, 0)
            item[link.name] = [child for _, child in inside]
            if number in more:
                url = f"{self_link(self.base, kind, row)}/{link.name}"
                item[f"{link.name}@iot.nextLink"] = self._next(url, options, token_of(inside[-1][0], terms))

    async def _children(
        self, target: EntityType, keys: Sequence[str], parents: Sequence[tuple[Json, ...]], options: Options, size: int
    ) -> tuple[list[Record], list[Term]]:
        """For all parents at once: their linked entities, ``n`` telling whose; one more than asked, in order for
        each of them, as the nested loop over a lateral sub-select gives them."""
        statement = self._statement()
        given, head = _parents(statement.args, keys, parents)
        compiler = Compiler(statement, target)
        conditions = [f"{compiler.alias}.{key} = parent.{key}" for key in keys]
        select, terms, where = self._parts(compiler, options, conditions)
        if size == 0:
            return [], terms
        order, limit = order_by(terms), statement.args.bind(size + 1)
        offset = f" offset {statement.args.bind(options.skip)}::int" if options.skip else ""
        sql = (
            f"select parent.n, child.* from {given} {head}"
            f" cross join lateral (select {select} from {compiler.rows()} where {where} order by {order}"
            f" limit {limit}::int{offset}) child"
        )
        return await self._fetch(sql, statement.args), terms

    async def _counts(
        self, target: EntityType, keys: Sequence[str], parents: Sequence[tuple[Json, ...]], options: Options
    ) -> dict[int, int]:
        statement = self._statement()
        given, head = _parents(statement.args, keys, parents)
        compiler = Compiler(statement, target)
        conditions = [f"{compiler.alias}.{key} = parent.{key}" for key in keys]
        if options.filter is not None:
            conditions.append(compiler.condition(options.filter))
        where = " and ".join(conditions)
        sql = (
            f"select parent.n, counted.c from {given} {head} cross join lateral (select count(*) as c from"
            f" (select 1 from {compiler.rows()} where {where} limit {largest_count}) one) counted"
        )
        return {row["n"]: row["c"] for row in await self._fetch(sql, statement.args)}

    @staticmethod
    def _next(url: str, options: Options, token: str) -> str:
        pairs = [*options.raw, ("$skiptoken", token)]
        return url + "?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in pairs)


_PARENT_ARRAYS = {"device": "int[]", "metric": "smallint[]", "profile": "text[]", "at": "timestamptz[]"}


def _parents(args: Sql, keys: Sequence[str], parents: Sequence[tuple[Json, ...]]) -> tuple[str, str]:
    """Key values of the parents as a table ``parent`` with their number ``n``."""
    columns = [args.bind([parent[place] for parent in parents]) for place in range(len(keys))]
    arrays = ", ".join(f"{column}::{_PARENT_ARRAYS[key]}" for column, key in zip(columns, keys, strict=True))
    return f"unnest({arrays}) with ordinality", f"parent({', '.join(keys)}, n)"


def _narrowed(place: Place, segment: Segment) -> Place:
    """``Set(key)``: the one entity of a set."""
    if segment.key is None:
        return place
    key = place.kind.key_of(segment.key)
    if key is None or place.one:
        raise EntityMissing(what=f"{segment.name}({segment.key})"[:100])
    url = place.url.rpartition("/")[0] + f"/{place.kind.plural}({segment.key})"
    return Place(place.kind, (*place.keys, key), True, url)


def _inside(place: Place, steps: list[str]) -> Place:
    value = steps[-1] == "$value"
    return Place(place.kind, place.keys, True, place.url, tuple(steps[:-1] if value else steps), value=value)


async def read(
    context: Context, actor: Actor, segments: Sequence[Segment], options: Options, base: str
) -> JsonObject | PlainValue:
    """The answer to a GET below the service root; ``base`` is the address of the service root.

    Raises:
        EntityMissing, QueryInvalid, QueryTooDear. Unavailable: the database does not answer.
    """
    async with (
        context.database.connection() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        await connection.execute(f"set local statement_timeout = '{statement_seconds}s'")
        reader = Reader(connection, actor, context.clock.now(), base)
        return await reader.answer(await reader.place(segments), options)
