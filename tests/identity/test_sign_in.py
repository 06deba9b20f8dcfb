"""登录、锁定、会话:signing in, lock-out, sessions."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.identity.city import City, account_of, password
from yiwang.identity.errors import AccountClosed, PasswordWeak, PasswordWrong, SignInLocked, SignInRefused
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Database
from yiwang.kernel.errors import SignInNeeded, TooManyRequests


async def fail(service: IdentityService, login: str, times: int, address: str = "") -> list[type[Exception]]:
    seen: list[type[Exception]] = []
    for _ in range(times):
        with pytest.raises((SignInRefused, SignInLocked)) as refusal:
            await service.sign_in(login, "not-the-password", address)
        seen.append(refusal.type)
    return seen


async def test_登录成功_得到岗位和权限(city: City) -> None:
    actor = await city.person("water", ("department-desk", "water"))
    assert actor.kind == "person"
    assert actor.post_codes == {"department-desk"}
    assert actor.organisation_id == city.office("water").id
    assert actor.reaches("case", "read", area="120111001", organisation=city.office("water-drains").id)
    assert not actor.reaches("case", "read", area="120111001", organisation=city.office("street-a").id)


async def test_五次失败锁定十五分钟_正确密码也不行(city: City, wall: ManualClock) -> None:
    login = "locked-out"
    actor = await city.person(login=login)
    assert await fail(city.service, login, 5) == [SignInRefused] * 4 + [SignInLocked]
    with pytest.raises(SignInLocked) as refusal:
        await city.service.sign_in(login, password, "")
    assert refusal.value.data["minutes"] == 15
    wall.advance(timedelta(minutes=15))
    assert (await city.service.sign_in(login, password, "")).actor.account_id == actor.account_id
    assert await fail(city.service, login, 4) == [SignInRefused] * 4, "a good sign-in forgets the failures before"
    assert (await city.verbs(account_of(actor))).count("account.locked") == 1


async def test_不存在的登录名与错误密码无法区分(city: City) -> None:
    await city.person(login="exists")
    known, unknown = await fail(city.service, "exists", 6), await fail(city.service, "does-not-exist", 6)
    assert known == unknown
    for login in ("exists2", "nobody"):
        with pytest.raises(SignInRefused) as refusal:
            await city.service.sign_in(login, "x", "")
        assert refusal.value.message("zh").startswith("登录名或密码不正确")


async def test_不存在的登录名同样计算一次密码散列(city: City, monkeypatch: pytest.MonkeyPatch) -> None:
    hashed: list[str] = []
    hasher = city.service.sessions._core.passwords
    verify = hasher._verify
    monkeypatch.setattr(hasher, "_verify", lambda stored, given: hashed.append(stored) or verify(stored, given))
    await fail(city.service, "nobody-here", 1)
    assert len(hashed) == 1
    assert hashed[0].startswith("$argon2id$")


async def test_未知登录名不写入日志明文(city: City, database: Database) -> None:
    await fail(city.service, "my-secret-typed-as-login", 1)
    async with database.connection() as connection:
        rows = await connection.fetch("select data::text as data from journal where verb = 'account.sign_in_failed'")
    assert rows
    assert not any("my-secret-typed-as-login" in row["data"] or "not-the-password" in row["data"] for row in rows)


async def test_并发猜测密码_不超过五次(city: City) -> None:
    await city.person(login="guessed")

    async def guess(number: int) -> type[Exception] | None:
        try:
            await city.service.sign_in("guessed", f"guess-{number}", "")
        except (SignInRefused, SignInLocked) as refusal:
            return type(refusal)
        return None

    outcomes = await asyncio.gather(*(guess(number) for number in range(20)))
    assert outcomes.count(SignInRefused) == 4
    assert outcomes.count(SignInLocked) == 16


async def test_同一地址失败过多被限流_成功不受影响(city: City, wall: ManualClock) -> None:
    actor = await city.person(login="office-worker")
    for number in range(30):
        await fail(city.service, f"sprayed-{number}", 1, "203.0.113.7")
    with pytest.raises(TooManyRequests):
        await city.service.sign_in("office-worker", password, "203.0.113.7")
    assert (await city.service.sign_in("office-worker", password, "203.0.113.8")).actor.account_id == actor.account_id
    wall.advance(timedelta(minutes=5))
    assert (await city.service.sign_in("office-worker", password, "203.0.113.7")).actor.address == "203.0.113.7"


@pytest.mark.parametrize("login", ["", "\x00", "a" * 500, "İstanbul", "'; drop table account; --", "\ud800"])
async def test_怪异的登录名只是被拒绝(city: City, login: str) -> None:
    with pytest.raises((SignInRefused, SignInLocked)):
        await city.service.sign_in(login, "x", "")


async def test_全角与大写的登录名是同一个(city: City) -> None:
    actor = await city.person(login="zhang.san")
    assert (await city.service.sign_in(" ZHANG.san ", password, "")).actor.account_id == actor.account_id


async def test_会话滑动到期_不用则结束(city: City, wall: ManualClock) -> None:
    await city.person(login="slides")
    token = (await city.service.sign_in("slides", password, "")).token
    for _ in range(4):
        wall.advance(timedelta(hours=11))
        city.service.sessions._core.cache.clear()
        assert (await city.service.actor_for_session(token)).kind == "person"
    wall.advance(timedelta(hours=13))
    city.service.sessions._core.cache.clear()
    with pytest.raises(SignInNeeded):
        await city.service.actor_for_session(token)


async def test_模拟城市时间飞快_会话不受影响(city: City, clock: ManualClock) -> None:
    await city.person(login="fast-city")
    token = (await city.service.sign_in("fast-city", password, "")).token
    clock.advance(timedelta(days=400))
    city.service.sessions._core.cache.clear()
    assert (await city.service.actor_for_session(token)).kind == "person"


async def gone(service: IdentityService, token: str) -> bool:
    """Whether a process refuses the token soon: before it would ask again by itself."""
    for _ in range(300):
        try:
            await service.actor_for_session(token)
        except SignInNeeded:
            return True
        await asyncio.sleep(0.01)
    return False


@pytest.mark.parametrize("how", ["sign_out", "lock", "disable", "change_password", "reset"])
async def test_退出锁定改密_各进程会话立即失效(city: City, other_process: IdentityService, how: str) -> None:
    login = f"ends-{how.replace('_', '-')}"
    actor = await city.person(login=login)
    signed_in = await city.service.sign_in(login, password, "")
    account_id = account_of(actor)
    assert (await other_process.actor_for_session(signed_in.token)).account_id == account_id
    match how:
        case "sign_out":
            await city.service.sign_out(signed_in.actor)
        case "lock":
            await city.service.accounts.lock(SYSTEM, account_id)
        case "disable":
            await city.service.accounts.disable(SYSTEM, account_id)
        case "change_password":
            await city.service.accounts.change_password(actor, password, "another-Long-one-7")
        case _:
            await city.service.accounts.reset_password(SYSTEM, account_id)
    with pytest.raises(SignInNeeded):
        await city.service.actor_for_session(signed_in.token)
    assert await gone(other_process, signed_in.token)


async def test_改密后本会话保留_其他会话结束(city: City) -> None:
    await city.person(login="keeps-own")
    here, there = (
        await city.service.sign_in("keeps-own", password, ""),
        await city.service.sign_in("keeps-own", password, ""),
    )
    await city.service.accounts.change_password(here.actor, password, "another-Long-one-7")
    assert (await city.service.actor_for_session(here.token)).kind == "person"
    with pytest.raises(SignInNeeded):
        await city.service.actor_for_session(there.token)


async def test_改密_原密码错误计入失败_新密码须合规(city: City) -> None:
    actor = await city.person(login="changes")
    with pytest.raises(PasswordWrong):
        await city.service.accounts.change_password(actor, "wrong", "another-Long-one-7")
    with pytest.raises(PasswordWeak):
        await city.service.accounts.change_password(actor, password, "short")
    with pytest.raises(PasswordWeak):
        await city.service.accounts.change_password(actor, password, password)
    for _ in range(3):
        with pytest.raises(PasswordWrong):
            await city.service.accounts.change_password(actor, "wrong", "another-Long-one-7")
    with pytest.raises(SignInLocked):
        await city.service.accounts.change_password(actor, "wrong", "another-Long-one-7")


async def test_停用的账号_密码正确才说明原因(city: City) -> None:
    actor = await city.person(login="closed-one")
    await city.service.accounts.disable(SYSTEM, account_of(actor))
    with pytest.raises(SignInRefused):
        await city.service.sign_in("closed-one", "wrong", "")
    with pytest.raises(AccountClosed):
        await city.service.sign_in("closed-one", password, "")


async def test_一次性密码_改密之前没有任何权限(city: City) -> None:
    created = await city.service.accounts.create(SYSTEM, "one-time", "新人", city.office("centre").id)
    await city.service.holdings.appoint(SYSTEM, created.account.id, city.post("dispatcher", "centre").id)
    first = await city.service.sign_in("one-time", created.password, "")
    assert first.session.must_change
    assert (first.actor.posts, first.actor.grants) == ((), ())
    await city.service.accounts.change_password(first.actor, created.password, password)
    assert (await city.service.actor_for_session(first.token)).post_codes == {"dispatcher"}
    with pytest.raises(SignInRefused):
        await city.service.sign_in("one-time", created.password, "")


async def test_每个账号最多一百个会话_最旧的结束(city: City) -> None:
    await city.person(login="many-places")
    tokens = [(await city.service.sign_in("many-places", password, "")).token for _ in range(101)]
    with pytest.raises(SignInNeeded):
        await city.service.actor_for_session(tokens[0])
    assert (await city.service.actor_for_session(tokens[-1])).kind == "person"


async def test_登录登出写入日志(city: City) -> None:
    actor = await city.person(login="journalled")
    await fail(city.service, "journalled", 1)
    await city.service.sign_out((await city.service.sign_in("journalled", password, "")).actor)
    verbs = await city.verbs(account_of(actor))
    assert verbs[0] == "account.created"
    assert verbs[-3:] == ["account.sign_in_failed", "account.signed_in", "account.signed_out"]


async def test_清理过期会话和旧的失败记录(city: City, wall: ManualClock) -> None:
    await city.person(login="tidied")
    await fail(city.service, "unknown-tidied", 2)
    wall.advance(timedelta(days=40))
    assert await city.service.sessions.tidy() >= 2
    assert await city.service.sessions.tidy() == 0
