"""From a point to its grid: one by one as a report comes, and in batches as an import brings them."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import shapely

from bench.population.pools import random_points
from bench.results import Measurement, Run
from bench.stage import Stage
from yiwang.http.services import open_services
from yiwang.kernel.database import connect

ONE_BY_ONE, BATCH = 20_000, 200_000


async def measure(stage: Stage) -> list[Measurement]:
    """``locate.one`` and ``locate.batch``: in process, on the areas of the installed city."""
    connection = await connect(stage.url)
    try:
        points = await random_points(connection, BATCH, 23)
        rows = await connection.fetch(
            "select ST_AsBinary(geom) as geom from area where level = 'unit_grid' and geom is not null"
        )
    finally:
        await connection.close()
    cells = shapely.from_wkb([row["geom"] for row in rows])
    tree = shapely.STRtree(cells)
    xy = np.array(points)
    some = xy[:ONE_BY_ONE].tolist()
    async with open_services(stage.cluster.settings(stage.city), stage.url, connections=2) as services:
        locator = services.geo.locator

        def one_by_one() -> None:
            for lon, lat in some:
                locator.locate(lon, lat)

        def batch() -> None:
            locator.locate_many(xy[:, 0], xy[:, 1])

        def plain_one_by_one() -> None:
            for lon, lat in some:
                tree.query(shapely.Point(lon, lat), predicate="intersects")

        def plain_batch() -> None:
            tree.query(shapely.points(xy), predicate="intersects")

        one = [Run(_rate(one_by_one, ONE_BY_ONE), _rate(plain_one_by_one, ONE_BY_ONE)) for _ in range(stage.rounds)]
        many = [Run(_rate(batch, BATCH), _rate(plain_batch, BATCH)) for _ in range(stage.rounds)]
    stage.say(
        f"locate: {one[-1].value:,.0f}/s one by one, {many[-1].value:,.0f}/s in batches, {len(cells):,} unit grids"
    )
    return [
        Measurement(
            "locate.one", f"one by one among {len(cells):,} unit grids", "points/s", "more", tuple(one),
            "one query of a plain spatial index (STRtree) a point",
        ),
        Measurement(
            "locate.batch", f"in batches of {BATCH:,}", "points/s", "more", tuple(many),
            "one bulk query of a plain spatial index (STRtree)",
        ),
    ]  # fmt: skip


def _rate(work: Callable[[], None], count: int) -> float:
    began = time.perf_counter()
    work()
    return count / (time.perf_counter() - began)
