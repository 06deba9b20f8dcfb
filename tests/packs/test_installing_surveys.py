"""Publishing a surveyed city: bad rows are told and keep nothing back, the same survey again changes nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import shapely

from tests.geo.surveys import write_geojson
from yiwang.http.services import Services, open_services
from yiwang.http.trial import trial_settings
from yiwang.packs.install import install_city

HILL = Path("cities/hill")
EAST = shapely.box(117.0, 39.0, 117.012, 39.01)


@pytest.fixture
async def services(sound: Path, database_url: str, tmp_path: Path) -> AsyncIterator[Services]:
    """The engines on this module's one database, and Hill District with a survey of its streets, one row of it wrong."""
    areas = HILL / "areas" / "areas.yaml"
    listed = areas.read_text(encoding="utf-8")
    start, end = listed.index("streets:"), listed.index("communities:")
    areas.write_text(f"{listed[:start]}streets: {{file: streets.geojson}}\n{listed[end:]}", encoding="utf-8")
    write_geojson(
        HILL / "areas" / "streets.geojson",
        [({"code": "120199001", "name": "东街"}, EAST), ({"code": "1201990", "name": "坏的一行"}, EAST)],
    )
    async with open_services(trial_settings(tmp_path / "home", HILL, Path("packs")), database_url) as found:
        yield found


async def test_测绘文件的坏行说明在哪_好行照样采用(services: Services) -> None:
    report = await install_city(services.context, services, HILL)
    assert [problem.where for problem in report.problems] == ["areas/streets.geojson: row 2, code"]
    geo = next(part for part in report.parts if part.part == "geo")
    assert geo.changed
    assert geo.zh.endswith(";1 处未采用")
    assert (await services.geo.area("120199001")).name_zh == "东街"


async def test_同一测绘再发布一次_没有变化_仍说明坏行(services: Services) -> None:
    await install_city(services.context, services, HILL)
    again = await install_city(services.context, services, HILL)
    assert not again.changed
    assert len(again.problems) == 1
