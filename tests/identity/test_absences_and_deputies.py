"""请假与代理: who may say so, what the deputy has meanwhile, and that it ends by itself, on record, in every process."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from tests.identity.city import City, account_of
from yiwang.identity.errors import (
    AbsenceMissing,
    AbsenceOver,
    AbsenceOverlaps,
    AbsencePeriod,
    AccountMissing,
    AdministratorAbsence,
    DeputyUnfit,
    OwnGrantRefused,
)
from yiwang.identity.model import TokenGrant
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import SYSTEM, Actor, Grant
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.errors import Forbidden

hour = timedelta(hours=1)
day = timedelta(days=1)


async def pair(city: City) -> tuple[Actor, Actor]:
    """A dispatcher, and a colleague of the water office."""
    return await city.person("centre", ("dispatcher", "centre")), await city.person(
        "water", ("handler", "water-drains")
    )


async def test_请假期间代理人有请假人的岗位_到时自动没有(city: City, clock: ManualClock) -> None:
    service = city.service
    absent, deputy = await pair(city)
    own, theirs = set(deputy.posts), set(absent.posts)
    row = await service.absences.declare(
        absent, account_of(absent), account_of(deputy), clock.at + 3 * hour, clock.at + hour, reason="体检"
    )
    assert (row.starts_at, row.ends_at, row.reason) == (clock.at + hour, clock.at + 3 * hour, "体检")
    signed_in = await service.sign_in(service.directory.person(account_of(deputy)).login, "K3-river-blue", "")

    async def seen() -> set[int]:
        return set((await service.actor_for_session(signed_in.token)).posts)

    assert await seen() == own
    clock.advance(hour)
    assert await seen() == own | theirs, "not even a cached answer is older"
    assert set((await city.again(absent)).posts) == theirs, "whoever is away keeps their own"
    clock.advance(2 * hour)
    assert await seen() == own


async def test_代理只带来岗位的任务_不带来权限(city: City, clock: ManualClock) -> None:
    absent, deputy = await pair(city)
    before = await city.again(deputy)
    await city.service.absences.declare(absent, account_of(absent), account_of(deputy), clock.at + day)
    after = await city.again(deputy)
    assert set(after.posts) == set(before.posts) | set(absent.posts)
    assert (after.grants, after.post_codes) == (before.grants, before.post_codes)


async def test_只代理指定业务时_看不到整个岗位(city: City, clock: ManualClock) -> None:
    absent, deputy = await pair(city)
    directory, who = city.service.directory, account_of(absent)
    await city.service.absences.declare(absent, who, account_of(deputy), clock.at + day, kinds=["urban-case"])
    assert (await city.again(deputy)).posts == deputy.posts
    assert directory.acting(who, ["urban-case"]) == account_of(deputy)
    assert directory.acting(who, ["hotline-case"]) == who


async def test_令牌按是否带岗位(city: City, clock: ManualClock) -> None:
    service = city.service
    absent, deputy = await pair(city)
    tokens = [
        (await service.tokens.create(deputy, "t", [TokenGrant("case", frozenset({"read"}))], day, in_posts=with_posts))[
            1
        ]
        for with_posts in (True, False)
    ]
    await service.absences.declare(absent, account_of(absent), account_of(deputy), clock.at + day)
    with_posts, without = [await service.actor_for_token(token) for token in tokens]
    assert set(with_posts.posts) == set(deputy.posts) | set(absent.posts)
    assert without.posts == ()


async def test_另一进程很快知道_销假也是(city: City, other_process: IdentityService, clock: ManualClock) -> None:
    absent, deputy = await pair(city)
    row = await city.service.absences.declare(absent, account_of(absent), account_of(deputy), clock.at + day)

    async def there(count: int) -> None:
        for _ in range(600):
            if len(other_process.directory.standing_in(account_of(deputy))) == count:
                return
            await asyncio.sleep(0.05)
        pytest.fail("the other process never heard of it")

    await there(1)
    await city.service.absences.end(absent, row.id)
    assert city.service.directory.standing_in(account_of(deputy)) == ()
    await there(0)


async def test_本人或安全管理员可以登记_别人不行(city: City, clock: ManualClock) -> None:
    service = city.service
    absent, deputy = await pair(city)
    stranger, security, system = await city.person("water"), await city.security_admin(), await city.system_admin()
    ask = (account_of(absent), account_of(deputy), clock.at + day)
    with pytest.raises(AccountMissing):
        await service.absences.declare(stranger, *ask)
    with pytest.raises(Forbidden):
        await service.absences.declare(system, *ask)
    with pytest.raises(AccountMissing):
        await service.absences.declare(security, uuid4(), *ask[1:])
    row = await service.absences.declare(security, *ask)
    for verb in (service.absences.end, service.absences.change):
        with pytest.raises(AbsenceMissing):
            await verb(stranger, row.id)
        with pytest.raises(Forbidden):
            await verb(deputy, row.id)
    with pytest.raises(AbsenceMissing):
        await service.absences.end(security, uuid4())
    await service.absences.end(absent, row.id)


async def test_令牌不能替主人登记请假(city: City, clock: ManualClock) -> None:
    absent, deputy = await pair(city)
    text = (await city.service.tokens.create(absent, "t", [TokenGrant("case", frozenset({"read"}))], day))[1]
    token = await city.service.actor_for_token(text)
    with pytest.raises(Forbidden):
        await city.service.absences.declare(token, account_of(absent), account_of(deputy), clock.at + day)


async def test_一次性密码未改之前_不能登记(city: City, clock: ManualClock) -> None:
    deputy = await city.person("water")
    created = await city.service.accounts.create(SYSTEM, "one-time", "新人", city.office("centre").id)
    signed_in = await city.service.sign_in("one-time", created.password, "")
    with pytest.raises(Forbidden):
        await city.service.absences.declare(signed_in.actor, created.account.id, account_of(deputy), clock.at + day)


async def test_管理范围之外的人不能登记(city: City, clock: ManualClock) -> None:
    absent, deputy = await pair(city)
    office = city.office("street-a")
    reads = Grant("account", frozenset({"read"}))
    limited = Actor(
        kind="person",
        account_id=account_of(await city.person("street-a")),
        grants=(reads, Grant("post", frozenset({"appoint"}), office.area, frozenset({office.id}))),
    )
    with pytest.raises(AccountMissing):
        await city.service.absences.declare(limited, account_of(absent), account_of(deputy), clock.at + day)
    near = await city.person("street-a")
    assert await city.service.absences.declare(limited, account_of(near), account_of(deputy), clock.at + day)


async def test_不合适的代理人被拒绝(city: City, clock: ManualClock) -> None:
    service, until = city.service, clock.at + day
    absent, deputy = await pair(city)
    security, gone = await city.security_admin(), await city.person("water")
    await service.accounts.disable(SYSTEM, account_of(gone))
    me = account_of(absent)
    for unfit in (me, account_of(gone), uuid4()):
        with pytest.raises(DeputyUnfit):
            await service.absences.declare(absent, me, unfit, until)
    with pytest.raises(AdministratorAbsence):
        await service.absences.declare(absent, me, account_of(await city.audit_admin()), until)
    with pytest.raises(AdministratorAbsence):
        await service.absences.declare(security, account_of(security), account_of(deputy), until)
    with pytest.raises(OwnGrantRefused):
        await service.absences.declare(security, me, account_of(security), until)


async def test_后来成为三员的代理人_不再有业务岗位(city: City, clock: ManualClock) -> None:
    absent, deputy = await pair(city)
    await city.service.absences.declare(absent, account_of(absent), account_of(deputy), clock.at + day)
    await city.service.holdings.grant(SYSTEM, account_of(deputy), "audit-admin")
    assert (await city.again(deputy)).posts == deputy.posts
    post = city.post("system-admin", "centre")
    other_absent, other = await pair(city)
    await city.service.absences.declare(other_absent, account_of(other_absent), account_of(other), clock.at + day)
    await city.service.holdings.appoint(SYSTEM, account_of(other), post.id)
    assert city.service.directory.acting(account_of(other_absent)) is None


async def test_请假时段要说得通_不与另一条重叠(city: City, clock: ManualClock) -> None:
    service, now = city.service, clock.at
    absent, deputy = await pair(city)
    ids = (account_of(absent), account_of(deputy))
    for ends, starts in ((now, None), (now - hour, None), (now + hour, now + hour), (now + 400 * day, None)):
        with pytest.raises(AbsencePeriod):
            await service.absences.declare(absent, *ids, ends, starts)
    await service.absences.declare(absent, *ids, now + 4 * hour, now + 2 * hour)
    for ends, starts in ((now + 3 * hour, None), (now + 5 * hour, now + 3 * hour), (now + 9 * hour, now + hour)):
        with pytest.raises(AbsenceOverlaps):
            await service.absences.declare(absent, *ids, ends, starts)
    await service.absences.declare(absent, *ids, now + 2 * hour)
    await service.absences.declare(absent, *ids, now + 5 * hour, now + 4 * hour)
    await service.absences.declare(absent, *ids, now + 5 * hour, kinds=["a", "b"])
    with pytest.raises(AbsenceOverlaps):
        await service.absences.declare(absent, *ids, now + hour, kinds=["b", "c"])
    await service.absences.declare(absent, *ids, now + hour, kinds=["c"])


async def test_修改尚未开始的请假_就是同一条(city: City, clock: ManualClock) -> None:
    service, now = city.service, clock.at
    absent, deputy = await pair(city)
    other = await city.person("water")
    row = await service.absences.declare(absent, account_of(absent), account_of(deputy), now + 2 * day, now + day)
    changed = await service.absences.change(
        absent,
        row.id,
        deputy_id=account_of(other),
        starts_at=now + hour,
        ends_at=now + 3 * hour,
        kinds=["x"],
        reason="会",
    )
    assert changed.id == row.id
    assert await service.absences.page(absent) == [changed]
    assert (changed.deputy_id, changed.starts_at, changed.kinds) == (account_of(other), now + hour, frozenset({"x"}))
    with pytest.raises(DeputyUnfit):
        await service.absences.change(absent, row.id, deputy_id=account_of(absent))
    with pytest.raises(AbsencePeriod):
        await service.absences.change(absent, row.id, ends_at=now + hour)


async def test_已经开始的请假换代理人_前一段留在记录里(city: City, clock: ManualClock) -> None:
    service, now = city.service, clock.at
    absent, deputy = await pair(city)
    other = await city.person("water")
    row = await service.absences.declare(absent, account_of(absent), account_of(deputy), now + day)
    clock.advance(hour)
    longer = await service.absences.change(absent, row.id, ends_at=now + 2 * day)
    assert longer.id == row.id
    after = await service.absences.change(absent, row.id, deputy_id=account_of(other))
    assert after.id != row.id
    assert service.directory.acting(account_of(absent)) == account_of(other)
    rows = await service.absences.page(absent, past=True)
    assert [(one.id, one.starts_at, one.ends_at) for one in rows] == [
        (after.id, now + hour, now + 2 * day),
        (row.id, now, now + hour),
    ]
    with pytest.raises(AbsenceOver):
        await service.absences.change(absent, row.id, ends_at=now + 3 * day)
    later = await service.absences.change(absent, after.id, starts_at=now + day)
    assert (later.starts_at, service.directory.acting(account_of(absent))) == (now + day, account_of(absent))


async def test_销假_未开始的就不再开始(city: City, clock: ManualClock) -> None:
    service, now = city.service, clock.at
    absent, deputy = await pair(city)
    row = await service.absences.declare(absent, account_of(absent), account_of(deputy), now + 2 * day, now + day)
    ended = await service.absences.end(absent, row.id)
    assert ended.ends_at == ended.starts_at == now + day
    clock.advance(day + hour)
    assert service.directory.acting(account_of(absent)) == account_of(absent)
    with pytest.raises(AbsenceOver):
        await service.absences.end(absent, row.id)


async def test_停用账号即不再代理_也无人代理(city: City, clock: ManualClock) -> None:
    service = city.service
    absent, deputy = await pair(city)
    await service.absences.declare(absent, account_of(absent), account_of(deputy), clock.at + day)
    await service.accounts.lock(SYSTEM, account_of(deputy))
    assert service.directory.acting(account_of(absent)) is None
    await service.accounts.unlock(SYSTEM, account_of(deputy))
    assert service.directory.acting(account_of(absent)) == account_of(deputy)
    await service.accounts.disable(SYSTEM, account_of(absent))
    assert service.directory.standing_in(account_of(deputy)) == ()


async def test_列表_本人_被代理_范围内全部(city: City, clock: ManualClock) -> None:
    service = city.service
    absent, deputy = await pair(city)
    stranger, security = await city.person("water"), await city.security_admin()
    row = await service.absences.declare(absent, account_of(absent), account_of(deputy), clock.at + day)
    for reader in (absent, deputy):
        assert await service.absences.page(reader) == [row]
    assert await service.absences.page(stranger) == []
    with pytest.raises(AccountMissing):
        await service.absences.page(stranger, account_of(absent))
    with pytest.raises(Forbidden):
        await service.absences.page(stranger, everyone=True)
    assert await service.absences.page(security, account_of(absent)) == [row]
    found: list[UUID] = []
    while rows := await service.absences.page(
        security, everyone=True, past=True, limit=3, after=found[-1] if found else None
    ):
        found += [one.id for one in rows]
    assert row.id in found
    assert len(found) == len(set(found))
    officer = await city.person("water", ("staff-officer", "water"))
    assert row.id not in [one.id for one in await service.absences.page(officer, everyone=True, limit=200)]


async def test_登记_修改_销假都记入日志_原因不进日志(city: City, clock: ManualClock) -> None:
    service = city.service
    absent, deputy = await pair(city)
    row = await service.absences.declare(absent, account_of(absent), account_of(deputy), clock.at + day, reason="住院")
    await service.absences.change(absent, row.id, ends_at=clock.at + 2 * day)
    await service.absences.end(absent, row.id)
    async with service.directory._database.connection() as connection:
        rows = await connection.fetch(
            "select verb, data from journal where subject_id = $1 and verb like 'absence.%' order by seq",
            account_of(absent),
        )
    assert [row["verb"] for row in rows] == ["absence.declared", "absence.changed", "absence.ended"]
    assert rows[0]["data"]["deputy"] == str(account_of(deputy))
    assert "住院" not in str([row["data"] for row in rows])


async def test_同时登记两条重叠的_只成一条(city: City, clock: ManualClock) -> None:
    service = city.service
    absent, deputy = await pair(city)
    ask = (account_of(absent), account_of(deputy), clock.at + day)
    answers = await asyncio.gather(*(service.absences.declare(absent, *ask) for _ in range(4)), return_exceptions=True)
    assert sorted(type(answer).__name__ for answer in answers) == ["AbsenceOverlaps"] * 3 + ["AbsenceRow"]
