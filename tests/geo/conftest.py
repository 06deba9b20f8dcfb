"""Fixtures of the geo tests: a small invented district, the real boundaries, and a service on a fresh database."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import orjson
import pytest
import shapely
from shapely.geometry.base import BaseGeometry

from yiwang.geo.coordinates import geometries_to_cgcs2000
from yiwang.geo.service import DivisionName, GeoService
from yiwang.kernel.calendar import calendar_files, load_calendar
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database
from yiwang.kernel.settings import Settings

MORNING = datetime(2026, 6, 18, 0, 30, tzinfo=UTC)

# About 1.7 km × 1.4 km, concave in the north-east, so that clipping has something to clip.
SMALL_BOUNDARY = shapely.Polygon(
    [(117.0, 39.0), (117.02, 39.001), (117.019, 39.009), (117.012, 39.006), (117.011, 39.013), (117.001, 39.012)]
)
SMALL_DIVISIONS = (
    DivisionName("120199001", "东街街道", "Dongjie Subdistrict"),
    DivisionName("120199001001", "东街第一社区", "Dongjie First"),
    DivisionName("120199001002", "东街第二社区", "Dongjie Second"),
    DivisionName("120199100", "西村镇", "Xicun Town"),
    DivisionName("120199100200", "西村", "Xicun"),
    DivisionName("120199100201", "南村", "Nancun"),
    DivisionName("120199100202", "北村", "Beicun"),
)


@pytest.fixture(scope="session")
def real_boundary(shared_dir: Path) -> Callable[[str], BaseGeometry]:
    """The real boundary of a county in CGCS2000 degrees (the files are GCJ-02)."""

    def read(code: str) -> BaseGeometry:
        document = orjson.loads((shared_dir / f"data/divisions/county_{code}.json").read_bytes())
        shape = shapely.from_geojson(orjson.dumps(document["features"][0]["geometry"]).decode())
        return geometries_to_cgcs2000(np.array([shape], dtype=np.object_), "GCJ-02")[0]

    return read


@pytest.fixture(scope="session")
def real_divisions(shared_dir: Path) -> Callable[[str], list[tuple[str, str]]]:
    """(name, code) of the real streets and communities below a code prefix."""

    def read(prefix: str) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        for name in ("streets.csv", "villages_5places.csv"):
            with (shared_dir / "data/divisions" / name).open(encoding="utf-8") as file:
                found += [(r["name"], r["code"]) for r in csv.DictReader(file) if r["code"].startswith(prefix)]
        return found

    return read


@pytest.fixture(scope="module")
def context(database: Database) -> Context:
    return Context(database, ManualClock(MORNING), load_calendar(calendar_files()), Settings())


@pytest.fixture(scope="module")
def geo(context: Context) -> GeoService:
    return GeoService(context)
