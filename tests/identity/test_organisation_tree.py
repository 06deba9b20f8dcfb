"""机构树与岗位的发布:publishing organisations and posts."""

from __future__ import annotations

import pytest

from tests.identity.city import City, account_of, names, organisation, posts, small_city
from yiwang.identity.declarations import OrganisationDeclaration, PlacedPostDeclaration, PostDeclaration
from yiwang.identity.directory import load_snapshot
from yiwang.identity.errors import (
    ClassesCollide,
    DeclaredTwice,
    OrganisationCycle,
    OrganisationTooDeep,
    OrganisationUnknown,
    PostTaken,
)
from yiwang.identity.service import IdentityService, Published, PublishedTree
from yiwang.identity.tree import plan_organisations
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.context import Context
from yiwang.kernel.database import Database


async def publish(service: IdentityService, database: Database, trees: list[OrganisationDeclaration]) -> PublishedTree:
    async with database.transaction() as connection:
        published = await service.publish_organisations(connection, trees)
    await service.directory.refresh()
    return published


async def grids(service: IdentityService, database: Database, declared: list[PlacedPostDeclaration]) -> Published:
    async with database.transaction() as connection:
        published = await service.publish_posts(connection, declared, source="test-grids")
    await service.directory.refresh()
    return published


def with_street(*more: OrganisationDeclaration) -> list[OrganisationDeclaration]:
    city = small_city()
    return [city[0].model_copy(update={"children": [*city[0].children, *more]})]


async def test_重复发布_没有任何变化(identity: IdentityService, database: Database) -> None:
    async with database.connection() as connection:
        before = await connection.fetchrow(
            "select (select version from directory_version), (select count(*) from journal)"
        )
    published = await publish(identity, database, small_city())
    assert not published.organisations.anything
    assert not published.posts.anything
    async with database.connection() as connection:
        after = await connection.fetchrow(
            "select (select version from directory_version), (select count(*) from journal)"
        )
    assert after == before


async def test_新增_改名_撤销_再恢复(city: City, database: Database) -> None:
    service = city.service
    new = organisation("street-c", "丙街道", area="120111003", posts=posts("department-desk"))
    assert (await publish(service, database, with_street(new))).organisations == Published(opened=1)
    office = city.office("street-c")
    assert office.path == (city.office("district").id, office.id)
    renamed = new.model_copy(update={"names": names("丙街道办事处")})
    assert (await publish(service, database, with_street(renamed))).organisations == Published(changed=1)
    assert city.office("street-c").name_zh == "丙街道办事处"
    closed = await publish(service, database, small_city())
    assert (closed.organisations, closed.posts.closed) == (Published(closed=1), 0), "its post closes with it"
    assert service.directory.organisation_by_code("street-c") is None
    kept = service.directory.organisation(office.id)
    assert kept is not None
    assert not kept.active
    assert service.directory.posts("department-desk", office.id) == ()
    reopened = await publish(service, database, with_street(new))
    assert (reopened.organisations.opened, reopened.posts.opened) == (1, 1)
    assert city.office("street-c").id == office.id
    await publish(service, database, small_city())


async def test_机构换上级_下级路径一并重算(city: City, database: Database) -> None:
    service = city.service
    handler = await city.person("water-drains", ("handler", "water-drains"))
    district = small_city()[0]
    water = next(child for child in district.children if child.code == "water")
    centre = next(child for child in district.children if child.code == "centre")
    others = [child for child in district.children if child.code not in ("water", "centre")]
    moved = district.model_copy(update={"children": [centre.model_copy(update={"children": [water]}), *others]})
    await publish(service, database, [moved])
    path = tuple(city.office(code).id for code in ("district", "centre", "water", "water-drains"))
    assert city.office("water-drains").path == path
    assert city.office("water-drains").id in service.directory.subtree(city.office("centre").id)
    await publish(service, database, small_city())
    assert city.office("water-drains").id not in service.directory.subtree(city.office("centre").id)
    assert (await city.again(handler)).post_codes == {"handler"}


async def test_上级可以写在顶层的parent里(city: City, database: Database) -> None:
    extra = organisation("park-office", "园区办", parent="street-a")
    await publish(city.service, database, [extra, *small_city()])
    office = city.office("park-office")
    assert office.parent_id == city.office("street-a").id
    assert office.area == "120111001", "the area is inherited"
    await publish(city.service, database, small_city())


def test_环路_重复_未知上级_过深_都说清楚() -> None:
    with pytest.raises(OrganisationCycle) as cycle:
        plan_organisations([organisation("a", "甲", parent="b"), organisation("b", "乙", parent="a")])
    assert "a → b → a" in cycle.value.message("zh")
    with pytest.raises(OrganisationCycle):
        plan_organisations([organisation("a", "甲", parent="a")])
    with pytest.raises(DeclaredTwice) as twice:
        plan_organisations([organisation("a", "甲"), organisation("b", "乙", children=[organisation("a", "甲")])])
    assert "a" in twice.value.message("zh")
    with pytest.raises(OrganisationUnknown) as unknown:
        plan_organisations([organisation("a", "甲", parent="nowhere")])
    assert "nowhere" in unknown.value.message("en")
    deep = organisation("level-21", "底")
    for level in range(20, 0, -1):
        deep = organisation(f"level-{level}", "层", children=[deep])
    with pytest.raises(OrganisationTooDeep):
        plan_organisations([deep])


def test_下级不得再写parent() -> None:
    with pytest.raises(ValueError, match="删去它的 parent"):
        organisation("a", "甲", children=[organisation("b", "乙", parent="c")])


async def test_区域随上级_岗位随机构_岗位改区域任职不丢(city: City, database: Database) -> None:
    service = city.service
    first = organisation("street-d", "丁街道", area="120111004", posts=posts("department-desk"))
    await publish(service, database, with_street(first))
    person = await city.person("street-d", ("department-desk", "street-d"))
    before = city.post("department-desk", "street-d")
    assert before.area == "120111004"
    published = await publish(service, database, with_street(first.model_copy(update={"area": "120111044"})))
    assert published.posts == Published(changed=1)
    after = city.post("department-desk", "street-d")
    assert (after.id, after.area) == (before.id, "120111044")
    assert service.directory.holders(after.id) == (account_of(person),)
    await publish(service, database, small_city())


async def test_岗位名称_缺省随岗位种类(city: City, database: Database) -> None:
    named = PostDeclaration(code="department-desk", names=names("街道专班"))
    await publish(city.service, database, with_street(organisation("street-e", "戊街道", posts=[named])))
    assert city.post("department-desk", "street-e").name_zh == "街道专班"
    assert city.post("department-desk", "street-a").name_zh == "department-desk"
    await publish(city.service, database, small_city())


async def test_网格岗位成千上万_只用几条语句(city: City, database: Database) -> None:
    service = city.service
    declared = [
        PlacedPostDeclaration(organisation="street-a", code="grid-worker", area=f"T{number:05d}")
        for number in range(5000)
    ]
    assert await grids(service, database, declared) == Published(opened=5000)
    assert await grids(service, database, declared) == Published()
    assert service.directory.posts_of_area("grid-worker", "T04999")[0].area == "T04999"
    assert await grids(service, database, declared[:10]) == Published(closed=4990)
    assert service.directory.posts_of_area("grid-worker", "T04999") == ()
    assert len(service.directory.posts("grid-worker", city.office("street-a").id)) == 12, "other sources are untouched"
    assert await grids(service, database, []) == Published(closed=10)


async def test_同一岗位不能由两处发布(city: City, database: Database) -> None:
    taken = PlacedPostDeclaration(organisation="street-a", code="grid-worker", area="G-A-01")
    with pytest.raises(PostTaken) as refusal:
        await grids(city.service, database, [taken])
    assert "grids" in refusal.value.message("zh")
    unknown = PlacedPostDeclaration(organisation="nowhere", code="grid-worker", area="G1")
    with pytest.raises(OrganisationUnknown):
        await grids(city.service, database, [unknown])
    twice = PlacedPostDeclaration(organisation="street-a", code="grid-worker", area="G9")
    with pytest.raises(DeclaredTwice):
        await grids(city.service, database, [twice, twice])


async def test_失败的发布不留痕迹(city: City, database: Database) -> None:
    before = await publish(city.service, database, small_city())
    assert not before.organisations.anything
    clash = organisation("street-f", "己街道", posts=posts("grid-worker"))
    with pytest.raises(DeclaredTwice):
        await publish(city.service, database, with_street(clash.model_copy(update={"posts": posts("x", "x")})))
    assert city.service.directory.organisation_by_code("street-f") is None


async def test_撤销的机构恢复后_若造成三员兼任_则拒绝(city: City, database: Database) -> None:
    service = city.service
    office = organisation("second-centre", "分中心", posts=posts("audit-admin"))
    await publish(service, database, with_street(office))
    person = await city.person("second-centre", ("audit-admin", "second-centre"))
    await publish(service, database, small_city())
    await service.holdings.appoint(SYSTEM, account_of(person), city.post("system-admin", "centre").id)
    with pytest.raises(ClassesCollide) as refusal:
        await publish(service, database, with_street(office))
    assert "audit + system" in refusal.value.message("zh")


async def test_一万岗位一万账号_目录全部载入(city: City, database: Database, context: Context) -> None:
    declared = [
        PlacedPostDeclaration(organisation="street-a", code="grid-worker", area=f"L{number:05d}")
        for number in range(10_000)
    ]
    await grids(city.service, database, declared)
    async with database.transaction() as connection:
        await connection.execute(
            "insert into account (id, login, name, organisation_id, created_at)"
            " select gen_random_uuid(), 'load-' || n, '某人', $1, now() from generate_series(1, 10000) n",
            city.office("street-a").id,
        )
        await connection.execute(
            "insert into appointment (account_id, post_id, starts_at)"
            " select a.id, p.id, '2026-01-01Z' from (select id, row_number() over (order by id) as n from account"
            " where login like 'load-%') a join (select id, row_number() over (order by id) as n from post"
            " where area like 'L%') p using (n)"
        )
    async with database.connection() as connection:
        snapshot = await load_snapshot(connection, context.clock.now())
    assert len(snapshot.holding) >= 10_000
