"""三员分立:what each of the three administrators may do, and that nobody is two of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest

from tests.identity.city import City, account_of, grant, names, post_kinds, roles
from yiwang.identity.declarations import PostKindDeclaration, RoleClass, RoleDeclaration
from yiwang.identity.errors import (
    AdministratorProtected,
    ClassesCollide,
    OwnGrantRefused,
    RoleVerbRefused,
)
from yiwang.identity.separation import ADMINISTRATORS, RESERVED, check_role
from yiwang.identity.store.accounts import Page
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Database
from yiwang.kernel.errors import Forbidden, Problem
from yiwang.kernel.identifiers import new_code, new_id

CLASSES: tuple[RoleClass, ...] = ("system", "security", "audit")

Act = Callable[[City, Actor, Actor], Awaitable[object]]
"""(city, administrator, somebody else) → whatever the verb gives."""

VERBS: dict[str, tuple[frozenset[RoleClass], Act]] = {
    "create account": (
        frozenset({"system"}),
        lambda city, admin, other: city.service.accounts.create(
            admin, "m-" + new_code(8).lower(), "新人", city.office("centre").id
        ),
    ),
    "rename account": (
        frozenset({"system"}),
        lambda city, admin, other: city.service.accounts.update(admin, account_of(other), "改名", None),
    ),
    "lock account": (
        frozenset({"system"}),
        lambda city, admin, other: city.service.accounts.lock(admin, account_of(other)),
    ),
    "unlock account": (
        frozenset({"system"}),
        lambda city, admin, other: city.service.accounts.unlock(admin, account_of(other)),
    ),
    "disable account": (
        frozenset({"system"}),
        lambda city, admin, other: city.service.accounts.disable(admin, account_of(other)),
    ),
    "reset password": (
        frozenset({"system"}),
        lambda city, admin, other: city.service.accounts.reset_password(admin, account_of(other)),
    ),
    "appoint": (
        frozenset({"security"}),
        lambda city, admin, other: city.service.holdings.appoint(
            admin, account_of(other), city.post("acceptor", "centre").id
        ),
    ),
    "dismiss": (
        frozenset({"security"}),
        lambda city, admin, other: city.service.holdings.dismiss(
            admin, account_of(other), city.post("dispatcher", "centre").id
        ),
    ),
    "grant role": (
        frozenset({"security"}),
        lambda city, admin, other: city.service.holdings.grant(admin, account_of(other), "overview"),
    ),
    "read accounts": (frozenset(CLASSES), lambda city, admin, other: city.service.accounts.page(admin, Page())),
    "read roles": (frozenset(CLASSES), lambda city, admin, other: city.service.roles.page(admin)),
    "read others' tokens": (
        frozenset({"security"}),
        lambda city, admin, other: city.service.tokens.page(admin, account_of(other)),
    ),
}


async def administrator(city: City, role_class: RoleClass) -> Actor:
    return await city.person("centre", (f"{role_class}-admin", "centre"))


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("role_class", CLASSES)
async def test_三员各司其职(city: City, role_class: RoleClass, verb: str) -> None:
    allowed, act = VERBS[verb]
    admin = await administrator(city, role_class)
    other = await city.person("centre", ("dispatcher", "centre"))
    if role_class in allowed:
        await act(city, admin, other)
    else:
        with pytest.raises(Forbidden):
            await act(city, admin, other)


@pytest.mark.parametrize("verb", [verb for verb in VERBS if not verb.startswith("read")])
async def test_业务人员没有任何管理权限(city: City, verb: str) -> None:
    worker = await city.person("centre", ("dispatcher", "centre"))
    other = await city.person("centre", ("dispatcher", "centre"))
    with pytest.raises(Forbidden):
        await VERBS[verb][1](city, worker, other)


@pytest.mark.parametrize("role_class", CLASSES)
async def test_三员不看业务_只有审计员看日志(city: City, role_class: RoleClass) -> None:
    admin = await administrator(city, role_class)
    assert not admin.may("case", "read")
    assert not any(grant_.kind == "*" for grant_ in admin.grants)
    assert admin.may("journal", "read") == (role_class == "audit")


@pytest.mark.parametrize("first", CLASSES)
@pytest.mark.parametrize("second", CLASSES)
@pytest.mark.parametrize("by", ["appointment", "role"])
async def test_一人不得兼任两员_任命与授权皆然(city: City, first: RoleClass, second: RoleClass, by: str) -> None:
    person = account_of(await administrator(city, first))

    async def give() -> None:
        if by == "role":
            await city.service.holdings.grant(SYSTEM, person, f"{second}-admin")
        elif first != second:
            await city.service.holdings.appoint(SYSTEM, person, city.post(f"{second}-admin", "centre").id)

    if first == second:
        await give()
    else:
        with pytest.raises(ClassesCollide):
            await give()
        detail = await city.service.accounts.detail(SYSTEM, person)
        assert detail.classes == {first}


async def test_不能给自己授权或任命(city: City) -> None:
    admin = await city.security_admin()
    with pytest.raises(OwnGrantRefused):
        await city.service.holdings.grant(admin, account_of(admin), "overview")
    with pytest.raises(OwnGrantRefused):
        await city.service.holdings.appoint(admin, account_of(admin), city.post("dispatcher", "centre").id)


@pytest.mark.parametrize("victim", CLASSES)
async def test_系统管理员不能接管三员账号(city: City, victim: RoleClass) -> None:
    admin, other = await city.system_admin(), account_of(await administrator(city, victim))
    accounts = city.service.accounts
    for act in (accounts.lock, accounts.unlock, accounts.disable, accounts.restore, accounts.reset_password):
        with pytest.raises(AdministratorProtected):
            await act(admin, other)
    with pytest.raises(AdministratorProtected):
        await accounts.update(admin, other, "改名", None)
    assert (await accounts.reset_password(SYSTEM, other)).account.id == other


async def test_发布角色使人兼任两员_拒绝并说明是谁(city: City, database: Database) -> None:
    person = await city.person("centre", ("audit-admin", "centre"), ("dispatcher", "centre"), login="both-ways")
    sneaky = RoleDeclaration(code="sneaky", names=names("偷"), role_class="system", grants=[])
    kinds = [*post_kinds(), PostKindDeclaration(code="dispatcher", names=names("x"), roles=["sneaky"])]
    with pytest.raises(ClassesCollide) as refusal:
        async with database.transaction() as connection:
            await city.service.publish_roles(connection, [*roles(), sneaky], kinds)
    assert "both-ways" in refusal.value.message("zh")
    assert (await city.again(person)).post_codes == {"audit-admin", "dispatcher"}


async def test_一种岗位不得带两类管理员角色(city: City, database: Database) -> None:
    one = RoleDeclaration(code="one", names=names("一"), role_class="system", grants=[])
    two = RoleDeclaration(code="two", names=names("二"), role_class="audit", grants=[])
    kind = PostKindDeclaration(code="super-admin", names=names("超级管理员"), roles=["one", "two"])
    with pytest.raises(ClassesCollide) as refusal:
        async with database.transaction() as connection:
            await city.service.publish_roles(connection, [*roles(), one, two], [*post_kinds(), kind])
    assert "super-admin" in refusal.value.message("en")


def declared(role_class: RoleClass | None, kind: str, *verbs: str) -> RoleDeclaration:
    return RoleDeclaration(code="tried", names=names("试"), role_class=role_class, grants=[grant(kind, *verbs)])


@pytest.mark.parametrize("role_class", [*CLASSES, None])
@pytest.mark.parametrize(
    ("owner", "kind", "verb"),
    [
        (owner, kind, verb)
        for owner, reserved in RESERVED.items()
        for kind, verbs in reserved.items()
        for verb in sorted(verbs)
    ],
)
def test_保留动词_只属于一类角色(role_class: RoleClass | None, owner: RoleClass, kind: str, verb: str) -> None:
    role = declared(role_class, kind, verb)
    if role_class == owner:
        check_role(role)
    else:
        with pytest.raises(RoleVerbRefused):
            check_role(role)


@pytest.mark.parametrize(
    ("role_class", "kind", "verb", "good"),
    [
        (None, "case", "*", True),
        (None, "case", "read", True),
        (None, "account", "read", True),
        (None, "organisation", "read", True),
        (None, "task", "assign", True),
        (None, "*", "read", False),
        (None, "*", "*", False),
        (None, "account", "*", False),
        (None, "role", "*", False),
        (None, "journal", "read", False),
        (None, "clock", "set", False),
        ("system", "case", "read", False),
        ("system", "task", "assign", True),
        ("system", "task", "complete", False),
        ("system", "account", "*", False),
        ("security", "case", "read", False),
        ("audit", "journal", "*", True),
        ("audit", "account", "read", True),
        ("audit", "case", "read", False),
        ("audit", "*", "*", False),
    ],
)
def test_角色声明_能写与不能写(role_class: RoleClass | None, kind: str, verb: str, good: bool) -> None:
    if good:
        check_role(declared(role_class, kind, verb))
    else:
        with pytest.raises(RoleVerbRefused) as refusal:
            check_role(declared(role_class, kind, verb))
        assert f"{kind}:{verb}" in refusal.value.message("zh")


def test_自带的三员角色符合自己的规则() -> None:
    assert [role.role_class for role in ADMINISTRATORS] == list(CLASSES)
    for role in ADMINISTRATORS:
        check_role(role)


async def test_未知账号_一律称没有(city: City) -> None:
    admin = await city.system_admin()
    with pytest.raises(Problem) as refusal:
        await city.service.accounts.lock(admin, new_id())
    assert refusal.value.code == "identity.account_missing"
