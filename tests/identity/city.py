"""The small city of these tests: a centre, a bureau with a section, two streets, the three administrators."""

from __future__ import annotations

from uuid import UUID

from yiwang.identity.declarations import (
    GrantDeclaration,
    Names,
    OrganisationDeclaration,
    PlacedPostDeclaration,
    PostDeclaration,
    PostKindDeclaration,
    RoleDeclaration,
)
from yiwang.identity.model import OrganisationRow, PostRow
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.database import Connection
from yiwang.kernel.identifiers import new_code

password = "K3-river-blue"


def names(zh: str) -> Names:
    return Names(zh=zh, en=zh)


def organisation(code: str, zh: str, **rest: object) -> OrganisationDeclaration:
    return OrganisationDeclaration.model_validate({"code": code, "names": names(zh), "kind": "department", **rest})


def posts(*codes: str) -> list[PostDeclaration]:
    return [PostDeclaration(code=code) for code in codes]


def grant(kind: str, *verbs: str, area: str = "any", organisation: str = "any") -> GrantDeclaration:
    return GrantDeclaration.model_validate(
        {"kind": kind, "verbs": list(verbs), "area": area, "organisation": organisation}
    )


def small_city() -> list[OrganisationDeclaration]:
    centre = organisation(
        "centre",
        "指挥中心",
        serves=["centre"],
        posts=posts("dispatcher", "acceptor", "system-admin", "security-admin", "audit-admin"),
    )
    water = organisation(
        "water",
        "水务局",
        serves=["water"],
        posts=posts("department-desk", "staff-officer"),
        children=[organisation("water-drains", "排水科", posts=posts("handler"))],
    )
    streets = [
        organisation("street-a", "甲街道", area="120111001", serves=["street"], posts=posts("department-desk")),
        organisation("street-b", "乙街道", area="120111002", serves=["street"], posts=posts("department-desk")),
    ]
    return [organisation("district", "区政府", area="120111", serves=["street"], children=[centre, water, *streets])]


def roles() -> list[RoleDeclaration]:
    return [
        RoleDeclaration(
            code="dispatching", names=names("派遣"), grants=[grant("case", "read", "dispatch", area="post")]
        ),
        RoleDeclaration(code="desk", names=names("部门办理"), grants=[grant("case", "read", organisation="subtree")]),
        RoleDeclaration(code="handling", names=names("处置"), grants=[grant("case", "read", organisation="own")]),
        RoleDeclaration(code="field", names=names("巡查"), grants=[grant("case", "read", "report", area="post")]),
        RoleDeclaration(
            code="staffing", names=names("人事"), grants=[grant("account", "read", organisation="subtree")]
        ),
        RoleDeclaration(code="overview", names=names("总览"), grants=[grant("case", "read")]),
    ]


def post_kinds() -> list[PostKindDeclaration]:
    brought = {
        "dispatcher": ["dispatching"],
        "acceptor": ["dispatching"],
        "department-desk": ["desk"],
        "handler": ["handling"],
        "grid-worker": ["field"],
        "staff-officer": ["staffing"],
    }
    return [PostKindDeclaration(code=code, names=names(code), roles=held) for code, held in brought.items()]


def grid_posts() -> list[PlacedPostDeclaration]:
    return [
        PlacedPostDeclaration(organisation="street-a", code="grid-worker", area="G-A-01", names=names("一号网格")),
        PlacedPostDeclaration(organisation="street-a", code="grid-worker", area="G-A-02"),
        PlacedPostDeclaration(organisation="street-b", code="grid-worker", area="120111002"),
    ]


async def publish_small_city(connection: Connection, service: IdentityService) -> None:
    await service.publish_roles(connection, roles(), post_kinds())
    await service.publish_organisations(connection, small_city())
    await service.publish_posts(connection, grid_posts(), source="grids")


class City:
    """Shorthand for what tests do to the small city."""

    def __init__(self, service: IdentityService) -> None:
        self.service = service

    def office(self, code: str) -> OrganisationRow:
        found = self.service.directory.organisation_by_code(code)
        assert found is not None, code
        return found

    def post(self, code: str, office: str, area: str | None = None) -> PostRow:
        found = self.service.directory.posts(code, self.office(office).id)
        return next(post for post in found if area is None or post.area == area)

    async def person(self, office: str | None = "centre", *held: tuple[str, str], login: str = "") -> Actor:
        """A new person with posts (kind, office), signed in with a password of their own."""
        login = login or "p-" + new_code(8).lower()
        place = self.office(office).id if office else None
        created = await self.service.accounts.create(SYSTEM, login, "人" + login, place)
        for code, at in held:
            await self.service.holdings.appoint(SYSTEM, created.account.id, self.post(code, at).id)
        first = await self.service.sign_in(login, created.password, "")
        await self.service.accounts.change_password(first.actor, created.password, password)
        return (await self.service.sign_in(login, password, "")).actor

    async def again(self, actor: Actor) -> Actor:
        """The same person as they are now, after a new sign-in."""
        person = self.service.directory.person(account_of(actor))
        assert person is not None
        return (await self.service.sign_in(person.login, password, "")).actor

    async def system_admin(self) -> Actor:
        return await self.person("centre", ("system-admin", "centre"))

    async def security_admin(self) -> Actor:
        return await self.person("centre", ("security-admin", "centre"))

    async def audit_admin(self) -> Actor:
        return await self.person("centre", ("audit-admin", "centre"))

    async def verbs(self, account_id: UUID) -> list[str]:
        """The verbs that the journal has about an account, in order."""
        async with self.service.directory._database.connection() as connection:
            rows = await connection.fetch("select verb from journal where subject_id = $1 order by seq", account_id)
        return [row["verb"] for row in rows]


def account_of(actor: Actor) -> UUID:
    assert actor.account_id is not None
    return actor.account_id
