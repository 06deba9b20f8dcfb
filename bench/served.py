"""A web server on a database of a server that runs already, with the small city and people who have tokens: for tests."""

from __future__ import annotations

import random
import secrets
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import load
from bench.driving import Driver
from bench.installation import City, Cluster, Web
from bench.people import appoint
from bench.population.pools import random_points
from bench.reports import Reports
from bench.texts import Teller
from yiwang.http.services import open_services
from yiwang.kernel.database import connect
from yiwang.packs.install import install_city


@dataclass(frozen=True, slots=True)
class Served:
    """The running city: where it listens, its database, a source of reports, a driver."""

    address: load.Address
    url: str
    reports: Reports
    driver: Driver


@asynccontextmanager
async def serve_small_city(server_url: str, database_url: str) -> AsyncIterator[Served]:
    """Publish the small city into the migrated database and serve it with two web workers, as in production."""
    city = City.small()
    with tempfile.TemporaryDirectory(prefix="yiwang-served-") as folder:
        cluster = Cluster(Path(folder), own_url=server_url)
        async with open_services(cluster.settings(city), database_url, connections=2) as services:
            await install_city(services.context, services, city.folder, packs=city.packs)
            await appoint(services)
            case_type = services.casework.catalogue.latest("urban-case")
        connection = await connect(database_url)
        places = await random_points(connection, 500, 5)
        await connection.close()
        web = Web(database_url, cluster, city)
        await web.start()
        try:
            seed = secrets.randbelow(10**6)
            reports = Reports(Teller(case_type, seed), places, random.Random(seed))
            driver = Driver(web.address, database_url)
            await driver.learn()
            yield Served(web.address, database_url, reports, driver)
        finally:
            await web.stop()
