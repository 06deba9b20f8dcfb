"""已知答案的重复记录:查得全、查得准 — planted duplicates are found, and people who only resemble each other are not merged."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest
import yaml
from registry.resolution.conftest import Office, actor

from bench.duplicates import TYPE, Marks, write
from yiwang.registry.bulk import BulkRow, record_many
from yiwang.registry.declarations import ThingType
from yiwang.registry.model import Draft
from yiwang.registry.resolution.finding import Found, find

PEOPLE = 3_000
NAMES = ("record", "name", "sex", "born", "number", "phone", "address", "division")


@dataclass
class Searched:
    found: Found
    truth: set[tuple[str, str]]
    numbers: dict[UUID, str]

    def pairs(self, *levels: str) -> set[tuple[str, str]]:
        return {
            (min(ends), max(ends))
            for low, high, pair in self.found.pairs
            if pair.level in levels
            for ends in [(self.numbers[low], self.numbers[high])]
        }


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        for row in list(csv.reader(file))[1:]:
            yield {name: value for name, value in zip(NAMES, row, strict=True) if value}


@pytest.fixture
async def searched(office: Office, tmp_path: Path) -> Searched:
    truth = write(tmp_path / "people.csv", PEOPLE)
    service = office.service
    async with office.database.transaction() as connection:
        await service.publish(
            connection, [("bench", ThingType.model_validate(yaml.safe_load(TYPE)))], office.clock.now()
        )
    await service.refresh()
    kind = service.types.type("bench-person")
    rows = [
        BulkRow(at, service.judge.ready(kind, Draft(dict(row))))
        for at, row in enumerate(_rows(tmp_path / "people.csv"))
    ]
    async with office.database.transaction() as connection:
        source = await service.source(connection, "file", "people.csv")
        await record_many(
            connection, actor("import"), kind, rows, clock=office.clock, valid_from=office.clock.now(), source_id=source,
            source_name="people.csv", organisation_id=None,
        )  # fmt: skip
        names = await connection.fetch("select thing_id, attributes ->> 'record' as n from thing_fact")
    found = await find(service, office.clerk, "bench-person")
    return Searched(found, truth, {row["thing_id"]: row["n"] for row in names})


async def test_判为相同的都对_漏掉的很少(searched: Searched) -> None:
    same, all_found = (
        Marks.of(searched.pairs("same"), searched.truth),
        Marks.of(searched.pairs("same", "review"), searched.truth),
    )
    print(f"\nsame: {same}; with review: {all_found}; {len(searched.truth)} planted in {searched.found.run.things}")
    assert same.precision >= 0.99
    assert same.recall >= 0.80
    assert all_found.recall >= 0.97
    assert all_found.precision >= 0.75
