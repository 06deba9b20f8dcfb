"""通讯录查询:who works where, found in memory."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.identity.city import City, account_of
from yiwang.identity.model import covering_areas, is_area_code
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Database


def areas(city: City, area: str, grid: str | None = None) -> list[str]:
    return [post.area for post in city.service.directory.posts_of_area("grid-worker", area, grid)]


async def test_按地点找岗位_先责任网格_再最细的区域(city: City) -> None:
    assert areas(city, "G-A-01") == ["G-A-01"]
    assert areas(city, "120111002003", "G-A-02") == ["G-A-02", "120111002"]
    assert areas(city, "120111002003014") == ["120111002"]
    assert areas(city, "120111001") == []
    assert areas(city, "G-A-011") == [], "a grid's code is no prefix of another's"
    dispatchers = city.service.directory.posts_of_area("dispatcher", "120111002003")
    assert [post.area for post in dispatchers] == ["120111"]


async def test_按职能找机构_取最细的区域(city: City) -> None:
    serving = city.service.directory.serving
    assert serving("street", "120111001004") == city.office("street-a")
    assert serving("street", "120111009") == city.office("district"), "no street there: the district itself"
    assert serving("water", "120111001") == city.office("water")
    assert serving("street", "110115001") is None
    assert serving("opera", "120111001") is None


async def test_机构树_按声明顺序先父后子(city: City) -> None:
    codes = [row.code for row in city.service.directory.organisations() if row.active]
    assert codes == ["district", "centre", "water", "water-drains", "street-a", "street-b"]
    assert city.service.directory.subtree(city.office("water").id) == {
        city.office("water").id,
        city.office("water-drains").id,
    }
    assert city.service.directory.subtree(987654) == {987654}


async def test_未知编号_返回空(city: City) -> None:
    directory = city.service.directory
    assert directory.post(987654) is None
    assert directory.organisation(987654) is None
    assert directory.organisation_by_code("nowhere") is None
    assert directory.holders(987654) == ()
    assert directory.posts("nothing") == ()


async def test_锁定的人不在岗_解锁后回来(city: City) -> None:
    person = await city.person("street-b", ("department-desk", "street-b"))
    post = city.post("department-desk", "street-b")
    account_id = account_of(person)
    assert account_id in city.service.directory.holders(post.id)
    await city.service.accounts.lock(SYSTEM, account_id)
    assert account_id not in city.service.directory.holders(post.id)
    known = city.service.directory.person(account_id)
    assert known is not None
    assert not known.active
    await city.service.accounts.unlock(SYSTEM, account_id)
    assert account_id in city.service.directory.holders(post.id)


async def test_任职到期_随城市时间自动离岗(city: City, clock: ManualClock) -> None:
    person = await city.person("street-a")
    post = city.post("department-desk", "street-a")
    now = clock.now()
    await city.service.holdings.appoint(
        SYSTEM, account_of(person), post.id, now + timedelta(hours=1), now + timedelta(hours=3)
    )
    seen = []
    for hours in (0, 1, 2, 3):
        clock.at = now + timedelta(hours=hours)
        await city.service.directory.refresh()
        seen.append(account_of(person) in city.service.directory.holders(post.id))
    assert seen == [False, True, True, False]


async def test_另一进程的变动_立即听到(city: City, other_process: IdentityService) -> None:
    person = await city.person("street-a", ("department-desk", "street-a"))
    post = city.post("department-desk", "street-a")
    for _ in range(250):  # before it would look by itself
        if account_of(person) in other_process.directory.holders(post.id):
            break
        await asyncio.sleep(0.01)
    assert account_of(person) in other_process.directory.holders(post.id)


async def test_监听中断后自动恢复(city: City, other_process: IdentityService, database: Database) -> None:
    async with database.connection() as connection:
        await connection.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database()"
            " and pid <> pg_backend_pid() and query ilike '%listen%'"
        )
    person = await city.person("street-a", ("department-desk", "street-a"))
    post = city.post("department-desk", "street-a")
    for _ in range(3000):
        if account_of(person) in other_process.directory.holders(post.id):
            break
        await asyncio.sleep(0.01)
    assert account_of(person) in other_process.directory.holders(post.id)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("", True), ("12", True), ("120111", True), ("120111001002003", True), ("1201110", False), ("G-A-01", False)],
)
def test_区划编码的位数(code: str, expected: bool) -> None:
    assert is_area_code(code) is expected


def test_所属区域由细到粗() -> None:
    assert list(covering_areas("120111001002")) == ["120111001002", "120111001", "120111", "1201", "12", ""]
    assert list(covering_areas("120111001R01")) == ["120111001R01", "120111001", "120111", "1201", "12", ""]
    assert list(covering_areas("")) == [""]
