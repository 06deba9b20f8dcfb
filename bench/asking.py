"""What is asked of a registry of many residents (:mod:`bench.things`), each question with what it is compared with."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from bench.results import Target
from bench.things import TYPE
from yiwang.geo.tiles import tile_of
from yiwang.kernel.access import SYSTEM
from yiwang.registry.model import Asked
from yiwang.registry.service import RegistryService

Ask = Callable[[], Awaitable[list[float]]]
"""Asks some hundreds of times; seconds that each answer took."""
_ZOOMS = (9, 10, 11, 12, 13, 14, 15, 16)
_EDGE = 0.02


@dataclass(frozen=True, slots=True)
class Question:
    """``beside``: the raw limit, or what the figure is a multiple of."""

    name: str
    words: str
    target: Target | None
    ask: Ask
    beside: Ask | None = None
    beside_words: str = ""


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks for these identity numbers, and in the middle of these districts (degrees east and north of the first)."""

    service: RegistryService
    connection: asyncpg.Connection[asyncpg.Record]
    numbers: Sequence[str]
    districts: Sequence[tuple[float, float]]
    chance: random.Random

    def questions(self) -> Iterator[Question]:
        """In the order in which they are measured."""
        yield Question(
            "key",
            "95 % within, one thing by its natural key",
            Target(5),
            self.by_key,
            self.by_id,
            "the same row by its id",
        )
        yield Question("page", "95 % within, a page by three conditions, one spatial", Target(30), self.page())
        if (times := len(self.districts)) > 1:
            words = f"95 % within, the same page where the box holds {times} times as many things"
            yield Question("crowd", words, Target(30), self.page(math.sqrt(times)))
        past, now = self.page(past=True), self.page()
        yield Question(
            "past", "95 % within, the same page as of half a year ago", Target(45), past, now, "the same page as of now"
        )
        yield Question(
            "tile", f"95 % within, a map tile of zoom {_ZOOMS[0]} to {_ZOOMS[-1]}", Target(50), self.tiles, self.box,
            "a hundred things of a box, found by the index",
        )  # fmt: skip

    async def by_key(self) -> list[float]:
        reading = self.service.reading
        return [
            await _took(reading.by_key(self.connection, SYSTEM, TYPE, "number", [number])) for number in self.numbers
        ]

    async def by_id(self) -> list[float]:
        rows = await self.connection.fetch(
            "select f.id from thing_key k join thing_fact f using (thing_id) where k.type = $1 and k.key = any($2)",
            TYPE, self.numbers,
        )  # fmt: skip
        query = "select * from thing_fact where id = $1"
        return [await _took(self.connection.fetchrow(query, row["id"])) for row in rows]

    def page(self, widened: float = 1, *, past: bool = False) -> Ask:
        """Pages of 50 by sex, area and a box of some two kilometres, its edges widened so much."""
        now = self.service.context.clock.now()
        before = now - timedelta(days=200)

        async def ask() -> list[float]:
            spent = []
            for _ in self.numbers:
                asked = Asked(
                    filters={"sex": self.chance.choice("12")}, area=f"120111{self.chance.randrange(1, 20):03}",
                    bbox=self._box(_EDGE * widened),
                    valid_at=before if past else None, known_at=self.service.context.clock.now() if past else None,
                )  # fmt: skip
                spent.append(await _took(self.service.reading.things(self.connection, SYSTEM, TYPE, asked)))
            return spent

        return ask

    async def tiles(self) -> list[float]:
        spent = []
        for at in range(len(self.numbers)):
            tile = tile_of(*self._place(), _ZOOMS[at % len(_ZOOMS)])
            spent.append(await _took(self.service.tiles.draw(self.connection, SYSTEM, TYPE, tile, filters={})))
        return spent

    async def box(self) -> list[float]:
        found = "select 1 from thing_fact where geometry && ST_MakeEnvelope($1, $2, $3, $4, 4326) limit 100"
        return [await _took(self.connection.fetch(found, *self._box(_EDGE))) for _ in self.numbers]

    def _place(self) -> tuple[float, float]:
        """By chance within the middle of a district."""
        east, north = self.chance.choice(self.districts)
        return 117.0 + east + self.chance.random() / 10, 39.0 + north + self.chance.random() / 10

    def _box(self, edge: float) -> tuple[float, float, float, float]:
        """Around such a place (west, south, east, north)."""
        lon, lat = self._place()
        return lon - edge / 2, lat - edge / 2, lon + edge / 2, lat + edge / 2


async def _took(work: Awaitable[object]) -> float:
    began = time.perf_counter()
    await work
    return time.perf_counter() - began
