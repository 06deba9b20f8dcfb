"""口径不限数目: two hundred scopes are counted right, kept up or made anew; cities with fewer come over as they are."""

from __future__ import annotations

import asyncio
import random
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from insight.conftest import CHINA, Counting, counting_in
from insight.histories import CHANNELS, random_life
from support.small_city import ROOT
from support.templates import MIGRATED

from bench.pack_copies import many_packs
from yiwang.insight.errors import TooManySlices
from yiwang.insight.indicators import publishing
from yiwang.insight.indicators.counts import Count
from yiwang.insight.indicators.declared import Board, Indicator, IndicatorFile, Scope, Words
from yiwang.insight.scoring.slices import Slice, Slicing
from yiwang.kernel import migrations
from yiwang.kernel.cluster import EmbeddedServer
from yiwang.kernel.database import Database
from yiwang.kernel.journal import Entry

START = datetime(2026, 3, 1, 8, tzinfo=CHINA)
TYPES = tuple(f"case-of-{number}" for number in range(40))
SCOPES = (
    Scope(),
    *(Scope(types=[one]) for one in TYPES),
    *(Scope(channels=[one]) for one in CHANNELS),
    *(Scope(types=[one], channels=[channel]) for one in TYPES for channel in CHANNELS),
    *(Scope(types=[one, other]) for one, other in pairwise(TYPES[:37])),
)


def indicators(scopes: Iterable[Scope]) -> list[Indicator]:
    return [
        Indicator(id=f"one-{at}", names=Words(zh="率", en="rate"), numerator="filed", scope=scope)
        for at, scope in enumerate(scopes)
    ]


def lives(chance: random.Random, count: int, types: Sequence[str] = TYPES) -> list[Entry]:
    """Entries of cases, in order of time."""
    told = [random_life(chance, START + timedelta(hours=chance.random() * 200), types) for _ in range(count)]
    return sorted((entry for life in told for entry in life), key=lambda entry: entry.at)


async def numbers(database: Database) -> dict[str, int]:
    """The slice of each scope."""
    async with database.connection() as connection:
        return dict((await publishing.load(connection)).slices)


def of(found: dict[str, int], scope: Scope) -> int:
    return found[publishing.condition_key(scope)]


def held_by(rows: Iterable[tuple[object, ...]]) -> dict[object, Counter[tuple[object, ...]]]:
    """Slice → (object, day, count) → sum."""
    found: dict[object, Counter[tuple[object, ...]]] = {}
    for thing, day, slice_, fact, n in rows:
        found.setdefault(slice_, Counter())[thing, day, fact] += n  # type: ignore[operator]  # rows of a table
    return found


async def test_二百种口径_逐笔累计等于全量重算_且处处加得起来(database: Database, tmp_path: Path) -> None:
    assert len(SCOPES) == 200
    async with database.transaction() as connection:
        await publishing.publish(connection, indicators(SCOPES), [], START)
        assert not await publishing.needs_recomputation(connection)  # a city without history counts all of them at once
    counting, chance = counting_in(database, tmp_path), random.Random(7)
    entries = lives(chance, 300)
    for at in range(0, len(entries), 900):
        await counting.write(entries[at : at + 900])
        counting.clock.at = entries[min(at + 900, len(entries)) - 1].at
        await counting.catch_up(entries=chance.choice((300, 2000)))
    before = await counting.side(0)
    assert await counting.rebuilding.begin()
    assert await counting.rebuilding.run(block=700)
    assert await counting.progress_side() == 1
    assert await counting.side(1) == before

    found, held = await numbers(database), held_by(before["count"])
    assert max(found.values()) == 199
    reported = Counter((entry.data["type"], entry.data["channel"]) for entry in entries if entry.verb == "case.opened")
    areas = await _areas(database)
    for scope in SCOPES:
        told = sum(
            n
            for (thing, _, fact), n in held.get(of(found, scope), {}).items()
            if fact == Count.REPORTED and thing in areas
        )
        assert told == sum(
            n
            for (case_type, channel), n in reported.items()
            if (not scope.types or case_type in scope.types) and (not scope.channels or channel in scope.channels)
        ), scope
    parts: list[tuple[Scope, list[Scope]]] = [
        (Scope(), [Scope(types=[one]) for one in TYPES]),
        (Scope(), [Scope(channels=[one]) for one in CHANNELS]),
        (Scope(types=[TYPES[5], TYPES[6]]), [Scope(types=[TYPES[5]]), Scope(types=[TYPES[6]])]),
        *((Scope(types=[one]), [Scope(types=[one], channels=[channel]) for channel in CHANNELS]) for one in TYPES),
    ]
    for whole, its in parts:
        together: Counter[tuple[object, ...]] = Counter()
        for part in its:
            together.update(held.get(of(found, part), {}))
        assert together == held.get(of(found, whole), {}), whole


async def _areas(database: Database) -> set[object]:
    async with database.connection() as connection:
        return {row["id"] for row in await connection.fetch("select id from insight_object where kind = 'area'")}


async def test_后来的口径要重算之后才算_之前的照常(database: Database, tmp_path: Path) -> None:
    counting = counting_in(database, tmp_path)
    late = Scope(types=["case-of-elsewhere"])
    async with database.transaction() as connection:
        await publishing.publish(connection, indicators([*SCOPES, late]), [], START)
        assert await publishing.needs_recomputation(connection)
    chance = random.Random(8)
    entries = lives(chance, 30, ("case-of-elsewhere", "case-of-1"))
    await counting.write(entries)
    await counting.catch_up()
    side, number = await counting.progress_side(), of(await numbers(database), late)
    assert number == 200
    assert number not in held_by((await counting.side(side))["count"])
    assert await counting.rebuilding.begin()
    assert await counting.rebuilding.run()
    held = held_by((await counting.side(1 - side))["count"])
    assert sum(n for (_, _, fact), n in held[number].items() if fact == Count.REPORTED) > 0
    async with database.connection() as connection:
        assert not await publishing.needs_recomputation(connection)


@pytest.fixture
async def empty(server: EmbeddedServer) -> AsyncIterator[Database]:
    """A fresh migrated database of one test, which changes its version."""
    name = f"scopes_{secrets.token_hex(6)}"
    url = await server.create_database(name, template=MIGRATED)
    database = await Database.open(url, connections=10)
    yield database
    await database.close()
    await server.drop_database(name)


async def _lives_as_bits(database: Database, side: int) -> dict[object, int]:
    async with database.connection() as connection:
        return {row[0]: row[1] for row in await connection.fetch(f"select case_id, slices from insight_life_{side}")}


async def _lives_as_sets(counting: Counting, side: int) -> dict[object, tuple[int, ...]]:
    async with counting.database.connection() as connection:
        rows = await connection.fetch(
            f"select l.case_id, s.slices from insight_life_{side} l join insight_slice_set s on s.id = l.slices"
        )
        return {row[0]: tuple(row[1]) for row in rows}


async def test_从位数版本升级_计数原样_接着数也对(empty: Database, tmp_path: Path) -> None:
    """As a city of version 0039 has it: each slice a bit of a case. It comes over, counts on, and is made anew alike."""
    scopes = [Scope(types=[one]) for one in TYPES[:30]] + [Scope(channels=[one]) for one in CHANNELS] + [Scope()]
    async with empty.transaction() as connection:
        await publishing.publish(connection, indicators(scopes), [], START)
        # The highest bit that there was is one of them.
        await connection.execute(
            "update insight_slice set number = 61 where number = 0;"
            " update insight_progress set scopes = (select string_agg(number::text, ',') from insight_slice)"
        )
    counting, chance = counting_in(empty, tmp_path), random.Random(9)
    entries = lives(chance, 100, TYPES[:8])
    half = len(entries) // 2
    await counting.write(entries[:half])
    counting.clock.at = entries[half].at
    await counting.catch_up()
    sets, counted = await _lives_as_sets(counting, 0), await counting.side(0)
    assert any(61 in one for one in sets.values())

    await asyncio.to_thread(migrations.downgrade, empty.url, "0039")
    bits = await _lives_as_bits(empty, 0)
    assert bits == {case: sum(1 << number for number in one) for case, one in sets.items()}
    await asyncio.to_thread(migrations.upgrade, empty.url, "0040")
    assert await _lives_as_bits(empty, 0) == bits  # no life is written anew
    counting = counting_in(empty, tmp_path)
    assert await _lives_as_sets(counting, 0) == sets
    after = await counting.side(0)
    assert {name: after[name] for name in ("fact", "many", "count")} == {
        name: counted[name] for name in ("fact", "many", "count")
    }

    await counting.write(entries[half:])
    counting.clock.at = entries[-1].at
    await counting.catch_up()
    before = await counting.side(0)
    assert await counting.rebuilding.begin()
    assert await counting.rebuilding.run(block=500)
    assert await counting.side(1) == before


async def test_退回位数版本_六十二种以内的口径原样_其余放下(empty: Database, tmp_path: Path) -> None:
    async with empty.transaction() as connection:
        await publishing.publish(connection, indicators(SCOPES[:80]), [], START)
    counting, chance = counting_in(empty, tmp_path), random.Random(10)
    entries = lives(chance, 60)
    await counting.write(entries)
    counting.clock.at = entries[-1].at
    await counting.catch_up()
    sets, before = await _lives_as_sets(counting, 0), (await counting.side(0))["count"]
    assert any(row[2] >= 62 for row in before)  # type: ignore[operator]  # a slice is a number
    await asyncio.to_thread(migrations.downgrade, empty.url, "0039")
    assert await _lives_as_bits(empty, 0) == {
        case: sum(1 << number for number in one if number < 62) for case, one in sets.items()
    }
    assert (await counting.side(0))["count"] == [row for row in before if row[2] < 62]  # type: ignore[operator]
    async with empty.connection() as connection:
        assert await connection.fetchval("select max(bit) from insight_slice") == 61
        scopes = await connection.fetchval("select scopes from insight_progress")
    assert scopes == ",".join(map(str, range(62)))
    await asyncio.to_thread(migrations.upgrade, empty.url)


async def test_六十个包带着各自的全部指标_发布不被拒绝(empty: Database, tmp_path: Path) -> None:
    city = yaml.safe_load((ROOT / "cities/xiqing/city.yaml").read_text("utf-8"))
    packs = tmp_path / "packs"
    assert len(many_packs(ROOT / "packs", packs, city["packs"], 60)) == 60
    declared = [
        one
        for path in sorted(packs.glob("*/indicators/*.yaml"))
        for one in IndicatorFile.model_validate(yaml.safe_load(path.read_text("utf-8"))).indicators
    ]
    boards = [Board.model_validate(yaml.safe_load(path.read_text("utf-8"))) for path in packs.glob("*/boards/*.yaml")]
    scopes = [one.scope for one in declared] + [one.scope for one in boards if one.scope is not None]
    wanted = {publishing.condition_key(scope) for scope in scopes}
    assert len(wanted) > 62
    async with empty.transaction() as connection:
        assert await publishing.publish(connection, declared, boards, START) == len(declared) + len(boards)
        assert await connection.fetchval("select count(*) from insight_slice") == len(wanted)
        # Published again, nothing is new.
        assert await publishing.publish(connection, declared, boards, START) == 0
        assert await connection.fetchval("select count(*) from insight_slice") == len(wanted)


async def test_编号用尽才拒绝(empty: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(publishing, "SLICE_LIMIT", 3)
    async with empty.transaction() as connection:
        await publishing.publish(connection, indicators(SCOPES[:3]), [], START)
        with pytest.raises(TooManySlices):
            await publishing.publish(connection, indicators(SCOPES[:4]), [], START)


def test_类型和渠道都没有提到的案件_只在不限的口径里() -> None:
    slicing = Slicing([Slice(4, ("b",), ("x",)), Slice(0), Slice(70, ("a", "b")), Slice(9, (), ("x",))])
    kinds = {(case_type, channel): slicing.channel_places * at_type + at_channel
             for at_type, case_type in enumerate((None, "a", "b")) for at_channel, channel in enumerate((None, "x"))}  # fmt: skip
    assert {named: slicing.slices_of(kind) for named, kind in kinds.items()} == {
        (None, None): (0,), (None, "x"): (0, 9), ("a", None): (0, 70), ("a", "x"): (0, 9, 70), ("b", None): (0, 70),
        ("b", "x"): (0, 4, 9, 70),
    }  # fmt: skip
    assert Slicing([]).slices_of(0) == ()
