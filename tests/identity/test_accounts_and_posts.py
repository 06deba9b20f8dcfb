"""账号、任职、授权的范围:accounts, appointments and grants, each within somebody's scope."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from pydantic import SecretStr

from tests.identity.city import City, account_of, names, password, post_kinds, roles
from yiwang.identity.declarations import AccountDeclaration, PostReference, RoleDeclaration
from yiwang.identity.errors import (
    AccountMissing,
    AccountStateWrong,
    AppointmentExists,
    ClassesCollide,
    DeclaredTwice,
    HoldingMissing,
    LoginTaken,
    OrganisationMissing,
    OrganisationUnknown,
    PasswordWeak,
    PeriodWrong,
    PostAmbiguous,
    PostMissing,
    PostUnknown,
    RoleGrantExists,
    RoleTaken,
    RoleUnknown,
)
from yiwang.identity.service import IdentityService, Published
from yiwang.identity.store.accounts import Page
from yiwang.kernel.access import SYSTEM, Actor, Grant
from yiwang.kernel.clock import ManualClock
from yiwang.kernel.database import Database
from yiwang.kernel.errors import Forbidden, SignInNeeded


def street_admin(city: City, *verbs: str) -> Actor:
    """Somebody who may do these verbs on accounts of street A alone."""
    office = city.office("street-a")
    return Actor(kind="person", grants=(Grant("account", frozenset(verbs), office.area, frozenset({office.id})),))


async def logins(city: City, actor: Actor, **asked: object) -> set[str]:
    found: set[str] = set()
    after = None
    while True:
        rows = await city.service.accounts.page(actor, Page(after=after, limit=2, **asked))  # type: ignore[arg-type]
        found |= {row.login for row in rows}
        if len(rows) < 2:
            return found
        after = rows[-1].id


async def test_账号列表_只在本人范围内_逐页不重不漏(city: City) -> None:
    for number in range(5):
        await city.person("street-a", login=f"scope-a{number}")
    await city.person("street-b", login="scope-b")
    await city.person(None, login="scope-nowhere")
    scoped = {f"scope-a{number}" for number in range(5)}
    assert {login for login in await logins(city, street_admin(city, "read")) if login.startswith("scope")} == scoped
    assert await logins(city, SYSTEM, words="scope-") == scoped | {"scope-b", "scope-nowhere"}
    assert await logins(city, SYSTEM, words="人SCOPE-b") == {"scope-b"}
    assert await logins(city, SYSTEM, words="scope-", organisation_ids=(city.office("street-b").id,)) == {"scope-b"}
    assert await logins(city, SYSTEM, words="scope-", state="locked") == set()


async def test_岗位带来的范围_逐条与列表一致(city: City) -> None:
    officer = await city.person("water", ("staff-officer", "water"))
    inside, outside = await city.person("water-drains"), await city.person("street-b")
    listed = await logins(city, officer)
    for person, visible in ((inside, True), (outside, False), (officer, True)):
        row = city.service.directory.person(account_of(person))
        assert row is not None
        assert (row.login in listed) is visible
        if visible:
            assert (await city.service.accounts.detail(officer, row.id)).account.login == row.login
        else:
            with pytest.raises(AccountMissing):
                await city.service.accounts.detail(officer, row.id)


async def test_范围之外_改不了也看不到(city: City) -> None:
    admin = street_admin(city, "create", "lock", "update")
    inside, outside = await city.person("street-a"), await city.person("street-b")
    await city.service.accounts.lock(admin, account_of(inside))
    with pytest.raises(AccountMissing):
        await city.service.accounts.lock(admin, account_of(outside))
    with pytest.raises(OrganisationMissing):
        await city.service.accounts.create(admin, "smuggled", "某人", city.office("street-b").id)
    with pytest.raises(OrganisationMissing):
        await city.service.accounts.create(admin, "smuggled", "某人", None)
    with pytest.raises(OrganisationMissing):
        await city.service.accounts.update(admin, account_of(inside), None, city.office("street-b").id)
    with pytest.raises(Forbidden):
        await city.service.accounts.unlock(admin, account_of(inside))
    with pytest.raises(SignInNeeded):
        await city.service.accounts.page(Actor(kind="anonymous"), Page())


async def test_登录名唯一(city: City) -> None:
    await city.person(login="only-one")
    with pytest.raises(LoginTaken):
        await city.service.accounts.create(SYSTEM, "only-one", "另一人", None)


async def test_状态变化_不合理的被拒绝(city: City) -> None:
    person = account_of(await city.person())
    accounts = city.service.accounts
    await accounts.lock(SYSTEM, person)
    with pytest.raises(AccountStateWrong) as refusal:
        await accounts.lock(SYSTEM, person)
    assert "locked" in refusal.value.message("zh")
    await accounts.disable(SYSTEM, person, "调离")
    for act in (accounts.unlock, accounts.lock, accounts.disable):
        with pytest.raises(AccountStateWrong):
            await act(SYSTEM, person)
    assert (await accounts.restore(SYSTEM, person)).state == "active"
    verbs = await city.verbs(person)
    assert verbs[-3:] == ["account.locked", "account.disabled", "account.restored"]


async def test_改名调动_权限随之更新(city: City) -> None:
    person = await city.person("street-a")
    await city.service.holdings.grant(SYSTEM, account_of(person), "handling")
    before = await city.again(person)
    assert before.reaches("case", "read", area="120111001", organisation=city.office("street-a").id)
    await city.service.accounts.update(SYSTEM, account_of(person), "新名", city.office("street-b").id)
    after = await city.again(person)
    assert after.name == "新名"
    assert not after.reaches("case", "read", area="120111001", organisation=city.office("street-a").id)
    assert after.reaches("case", "read", area="120111002", organisation=city.office("street-b").id)


async def test_任命与免职_权限即时变化_写入日志(city: City, other_process: IdentityService) -> None:
    person = await city.person("centre", login="appointed")
    token = (await city.service.sign_in("appointed", password, "")).token
    assert not (await other_process.actor_for_session(token)).may("case", "dispatch")
    post = city.post("dispatcher", "centre")
    await city.service.holdings.appoint(SYSTEM, account_of(person), post.id)
    for service in (city.service, other_process):
        for _ in range(300):
            if (await service.actor_for_session(token)).may("case", "dispatch"):
                break
            await asyncio.sleep(0.01)
        assert (await service.actor_for_session(token)).posts == (post.id,)
    with pytest.raises(AppointmentExists):
        await city.service.holdings.appoint(SYSTEM, account_of(person), post.id)
    await city.service.holdings.dismiss(SYSTEM, account_of(person), post.id)
    assert (await city.service.actor_for_session(token)).posts == ()
    with pytest.raises(HoldingMissing):
        await city.service.holdings.dismiss(SYSTEM, account_of(person), post.id)
    await city.service.holdings.appoint(SYSTEM, account_of(person), post.id)
    verbs = [verb for verb in await city.verbs(account_of(person)) if "appoint" in verb or "dismiss" in verb]
    assert verbs == ["account.appointed", "account.dismissed", "account.appointed"]


async def test_任期_不重叠_不倒置(city: City, clock: ManualClock) -> None:
    person, post = account_of(await city.person()), city.post("acceptor", "centre")
    now, day = clock.now(), timedelta(days=1)
    appoint = city.service.holdings.appoint
    await appoint(SYSTEM, person, post.id, now + 2 * day, now + 4 * day)
    for starts, ends in ((now + 3 * day, None), (now, now + 3 * day), (now, None)):
        with pytest.raises(AppointmentExists):
            await appoint(SYSTEM, person, post.id, starts, ends)
    await appoint(SYSTEM, person, post.id, now, now + 2 * day)
    with pytest.raises(PeriodWrong):
        await appoint(SYSTEM, person, post.id, now + 9 * day, now + 8 * day)


async def test_授权可按区域和机构收窄(city: City) -> None:
    person = await city.person("centre")
    give = city.service.holdings.grant
    await give(SYSTEM, account_of(person), "overview", "120111001")
    await give(SYSTEM, account_of(person), "overview", "", city.office("water").id)
    actor = await city.again(person)
    assert actor.reaches("case", "read", area="120111001005", organisation=None)
    assert not actor.reaches("case", "read", area="120111002005", organisation=None)
    assert actor.reaches("case", "read", area="120111002005", organisation=city.office("water-drains").id)
    with pytest.raises(RoleGrantExists):
        await give(SYSTEM, account_of(person), "overview", "120111001")
    with pytest.raises(RoleUnknown):
        await give(SYSTEM, account_of(person), "no-such-role")
    with pytest.raises(OrganisationMissing):
        await give(SYSTEM, account_of(person), "overview", "", 987654)
    detail = await city.service.accounts.detail(actor, account_of(actor))
    assert {(row.area, row.organisation_id) for row in detail.roles} == {
        ("120111001", None),
        ("", city.office("water").id),
    }
    for row in detail.roles:
        await city.service.holdings.revoke(SYSTEM, account_of(person), row.id)
    assert (await city.again(person)).grants == ()
    with pytest.raises(HoldingMissing):
        await city.service.holdings.revoke(SYSTEM, account_of(person), detail.roles[0].id)


async def test_按岗位授权_缺省为本机构区域_不会变成全市(city: City) -> None:
    person = await city.person("street-a")
    await city.service.holdings.grant(SYSTEM, account_of(person), "field")
    actor = await city.again(person)
    assert actor.reaches("case", "report", area="120111001004", organisation=None)
    assert not actor.reaches("case", "report", area="120111002004", organisation=None)


async def test_只管一个街道的安全管理员_给不出街道之外(city: City) -> None:
    office = city.office("street-a")
    within = (office.area, frozenset({office.id}))
    admin = Actor(
        kind="person",
        grants=(
            Grant("account", frozenset({"read"})),
            Grant("post", frozenset({"appoint", "dismiss"}), *within),
            Grant("role", frozenset({"grant", "revoke"}), *within),
        ),
    )
    person = account_of(await city.person("street-a"))
    await city.service.holdings.appoint(admin, person, city.post("department-desk", "street-a").id)
    with pytest.raises(PostMissing):
        await city.service.holdings.appoint(admin, person, city.post("department-desk", "street-b").id)
    with pytest.raises(OrganisationMissing):
        await city.service.holdings.grant(admin, person, "overview")
    await city.service.holdings.grant(admin, person, "overview", "120111001002", office.id)


async def test_并发授予两类管理员_只成一个(city: City) -> None:
    person = account_of(await city.person("centre"))
    outcomes = await asyncio.gather(
        *(city.service.holdings.grant(SYSTEM, person, f"{kind}-admin") for kind in ("system", "security", "audit")),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, ClassesCollide) for outcome in outcomes) == 2
    assert len((await city.service.accounts.detail(SYSTEM, person)).classes) == 1


async def test_角色撤下_权限即失_重新发布即回(city: City, database: Database) -> None:
    person = await city.person("centre", ("dispatcher", "centre"))

    async def publish(declared: list[RoleDeclaration]) -> Published:
        kinds = [kind for kind in post_kinds() if set(kind.roles) <= {role.code for role in declared}]
        async with database.transaction() as connection:
            published = await city.service.publish_roles(connection, declared, kinds)
        await city.service.directory.refresh()
        return published

    assert not (await publish(roles())).anything
    assert (await publish([role for role in roles() if role.code != "dispatching"])).closed == 1
    assert not (await city.again(person)).may("case", "dispatch")
    assert (await publish(roles())).opened == 1
    assert (await city.again(person)).may("case", "dispatch")


async def test_两个来源不能声明同一角色_同一来源可重复相同的(city: City, database: Database) -> None:
    overview = next(role for role in roles() if role.code == "overview")
    other = overview.model_copy(update={"names": names("另一个")})
    with pytest.raises(RoleTaken):
        async with database.transaction() as connection:
            await city.service.publish_roles(connection, [overview], source="elsewhere")
    with pytest.raises(DeclaredTwice):
        async with database.transaction() as connection:
            await city.service.publish_roles(connection, [*roles(), other], post_kinds())
    async with database.transaction() as connection:
        assert not (await city.service.publish_roles(connection, [*roles(), overview], post_kinds())).anything


def declared(login: str, **rest: object) -> AccountDeclaration:
    return AccountDeclaration.model_validate({"login": login, "name": "示例", "organisation": "centre", **rest})


async def publish_accounts(city: City, database: Database, *accounts: AccountDeclaration) -> Published:
    async with database.transaction() as connection:
        published = await city.service.publish_accounts(connection, accounts)
    await city.service.directory.refresh()
    return published


async def test_批量账号_幂等_带岗位与角色(city: City, database: Database) -> None:
    secret = SecretStr(password)
    accounts = [
        declared("demo-dispatcher", password=secret, posts=[PostReference(code="dispatcher")], roles=["overview"]),
        declared(
            "demo-grid",
            password=secret,
            organisation="street-a",
            posts=[PostReference(code="grid-worker", area="G-A-02")],
        ),
        declared("demo-silent"),
    ]
    assert await publish_accounts(city, database, *accounts) == Published(opened=3)
    assert await publish_accounts(city, database, *accounts) == Published()
    actor = (await city.service.sign_in("demo-dispatcher", password, "")).actor
    assert actor.post_codes == {"dispatcher"}
    assert actor.may("case", "dispatch")
    worker = (await city.service.sign_in("demo-grid", password, "")).actor
    assert worker.reaches("case", "report", area="120111001", organisation=None, grid="G-A-02")
    assert not worker.reaches("case", "report", area="120111001", organisation=None, grid="G-A-01")
    renamed = accounts[0].model_copy(update={"name": "新名", "posts": [PostReference(code="acceptor")]})
    assert await publish_accounts(city, database, renamed) == Published(changed=1)
    assert (await city.again(actor)).post_codes == {"dispatcher", "acceptor"}


@pytest.mark.parametrize(
    ("account", "error"),
    [
        (declared("bad-1", organisation="nowhere"), OrganisationUnknown),
        (declared("bad-2", posts=[PostReference(code="opera-singer")]), PostUnknown),
        (
            declared("bad-3", organisation="street-a", posts=[PostReference(code="grid-worker")]),
            PostAmbiguous,
        ),
        (declared("bad-4", roles=["no-such-role"]), RoleUnknown),
        (declared("bad-5", password=SecretStr("bad-5-bad-5")), PasswordWeak),
        (declared("bad-6", roles=["system-admin", "audit-admin"]), ClassesCollide),
    ],
)
async def test_批量账号_有错则全不要(
    city: City, database: Database, account: AccountDeclaration, error: type[Exception]
) -> None:
    with pytest.raises(error):
        await publish_accounts(city, database, declared("good-one"), account)
    assert await logins(city, SYSTEM, words="good-one") == set()


async def test_批量账号_重复的登录名(city: City, database: Database) -> None:
    with pytest.raises(DeclaredTwice):
        await publish_accounts(city, database, declared("same"), declared("same"))


async def test_一个人的权限只用两条查询_五秒内不再查(city: City, database: Database) -> None:
    await city.person("centre", ("dispatcher", "centre"), ("acceptor", "centre"), login="counted")
    token = (await city.service.sign_in("counted", password, "")).token
    # It asks by itself, and where something has changed it makes everything be asked anew.
    await city.service.directory.stop()
    seen: list[str] = []
    connections = [await database.pool.acquire() for _ in range(database.pool.get_size())]
    for connection in connections:
        connection.add_query_logger(lambda record: seen.append(record.query))
    for connection in connections:
        await database.pool.release(connection)
    seen.clear()
    first = await city.service.actor_for_session(token)
    again = [await city.service.actor_for_session(token) for _ in range(100)]
    ours = [query for query in seen if "pg_advisory_unlock_all" not in query]
    assert len(ours) == 2, ours
    assert all(actor is first for actor in again)
