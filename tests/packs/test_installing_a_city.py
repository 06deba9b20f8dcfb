"""Publishing a city: everything reaches its engine, again changes nothing, what has errors changes nothing at all."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from yiwang.http.services import Services, open_services
from yiwang.http.trial import trial_settings
from yiwang.kernel.errors import Problem
from yiwang.packs.errors import CityInvalid, InstallFailed
from yiwang.packs.install import InstallReport, install_city

HILL = Path("cities/hill")


@pytest.fixture
async def services(sound: Path, database_url: str, tmp_path: Path) -> AsyncIterator[Services]:
    """The engines on this module's one database; tests below build on one another's city."""
    async with open_services(trial_settings(tmp_path / "home", HILL, Path("packs")), database_url) as found:
        yield found


async def install(services: Services) -> InstallReport:
    return await install_city(services.context, services, HILL)


async def test_错误的城市不发布任何内容(services: Services) -> None:
    roles = Path("packs/lamps/roles.yaml")
    roles.write_text(roles.read_text(encoding="utf-8").replace("roles: [intake]", "roles: [intakes]"), encoding="utf-8")
    with pytest.raises(CityInvalid) as raised:
        await install(services)
    assert raised.value.data["count"] == 1
    assert raised.value.errors[0].where == "packs/lamps/roles.yaml:2:62"
    assert "intakes" in raised.value.message("zh")
    async with services.context.database.connection() as connection:
        assert await connection.fetchval("select count(*) from role") == 0
        assert await connection.fetchval("select simulated from clock") is False


async def test_scenarios_that_prove_nothing_do_not_keep_a_city_from_running(services: Services) -> None:
    Path("packs/lamps/scenarios/dark-street.yaml").write_text("- id: broken\n", encoding="utf-8")
    Path("packs/lamps/README.md").unlink()
    assert (await install(services)).changed


async def test_everything_has_reached_its_engine(services: Services) -> None:
    await install(services)
    directory = services.identity.directory
    centre, office, east = (directory.organisation_by_code(code) for code in ("centre", "lighting-office", "east"))
    assert centre is not None
    assert office is not None
    assert east is not None
    assert directory.serving("lighting", "120199001001") == office
    assert [post.code for post in directory.posts("acceptor", centre.id)] == ["acceptor"]
    location = services.geo.locator.locate(117.005, 39.005)
    assert location is not None
    assert location.area_code.startswith("120199001")
    case_type = services.casework.catalogue.latest("lamp-case")
    assert case_type.standard("0101", None).limit == "1工作日", "as the city words it"
    async with services.context.database.connection() as connection:
        definition = await services.flow.latest(connection, "lamp-life")
        assert definition.version == 1
        assert await connection.fetchval("select simulated from clock") is True
        assert await connection.fetchval("select name from place where key = 'school'") == "学校"


async def test_每个责任网格有一个网格员岗位(services: Services) -> None:
    await install(services)
    directory = services.identity.directory
    east = directory.organisation_by_code("east")
    assert east is not None
    areas = {post.area for post in directory.posts("grid-worker", east.id)}
    async with services.context.database.connection() as connection:
        grids = {row["code"] for row in await connection.fetch("select code from responsibility_grid")}
    assert len(grids) >= 2
    assert areas == grids | {"120199001"}


async def test_演示账号可以登录并担任岗位(services: Services) -> None:
    await install(services)
    signed_in = await services.identity.sign_in("worker1", "Hill-city-2026", "127.0.0.1")
    assert signed_in.actor.post_codes == {"grid-worker"}
    administrator = await services.identity.sign_in("sysadmin", "Hill-city-2026", "127.0.0.1")
    assert administrator.actor.may("account", "create")


async def test_再次发布没有变化(services: Services) -> None:
    await install(services)
    async with services.context.database.connection() as connection:
        before = await connection.fetchval("select count(*) from journal")
        report = await install(services)
        assert not report.changed
        assert await connection.fetchval("select count(*) from journal") == before


async def test_a_changed_limit_makes_one_new_version_of_its_case_type(services: Services) -> None:
    path = Path("cities/hill/overrides/stricter.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("1工作日", "4工作时"), encoding="utf-8")
    before = services.casework.catalogue.latest("lamp-case").version
    report = await install(services)
    assert [part.part for part in report.parts if part.changed] == ["casework"]
    latest = services.casework.catalogue.latest("lamp-case")
    assert (latest.version, latest.standard("0101", None).limit) == (before + 1, "4工作时")


async def test_a_closed_channel_is_not_published(services: Services) -> None:
    path = Path("cities/hill/city.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("worker: true", "worker: false"), encoding="utf-8")
    await install(services)
    assert list(services.casework.catalogue.latest("lamp-case").declaration.channels) == ["resident"]


async def test_an_engine_that_refuses_keeps_its_part_as_it_was(services: Services) -> None:
    """A post that another source has declared is refused by identity; areas before it stay, flows after it wait."""
    await install(services)
    path = Path("cities/hill/organisations.yaml")
    text = path.read_text(encoding="utf-8")
    grid = next(iter(services.identity.directory.posts("grid-worker"))).area or "120199001001R01"
    async with services.context.database.connection() as connection:
        grid = await connection.fetchval("select min(code) from responsibility_grid")
        posts = await connection.fetchval("select count(*) from post where active")
    path.write_text(
        text.replace("posts: [grid-worker]", f'posts: [grid-worker, {{code: grid-worker, area: "{grid}"}}]'), "utf-8"
    )
    with pytest.raises(InstallFailed) as raised:
        await install(services)
    assert (raised.value.data["engine"], raised.value.data["done"]) == ("identity", "geo")
    assert isinstance(raised.value.__cause__, Problem)
    async with services.context.database.connection() as connection:
        assert await connection.fetchval("select count(*) from post where active") == posts
