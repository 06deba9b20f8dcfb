"""The directory over HTTP: organisations, posts, roles. Whoever is signed in may look organisations and posts up."""

from __future__ import annotations

from bisect import bisect_right
from typing import Annotated

from fastapi import APIRouter, Query, Request

from yiwang.identity.api.bodies import (
    Limit,
    OrganisationPage,
    OrganisationView,
    PersonView,
    PostPage,
    PostView,
    RolePage,
    RoleView,
    service_of,
)
from yiwang.identity.declarations import Area, Code
from yiwang.identity.model import PostRow
from yiwang.identity.service import IdentityService
from yiwang.kernel.access import Actor, SignedInActor
from yiwang.kernel.refusals import problems

router = APIRouter(tags=["directory 机构与岗位"])

Id = Annotated[int | None, Query(ge=1, le=2**31 - 1)]


@router.get("/organisations", summary="Organisations 机构", responses=problems("identity.sign_in_needed"))
async def organisations(
    request: Request,
    actor: SignedInActor,
    under: Annotated[int | None, Query(ge=1, le=2**31 - 1, description="Only this one and those below it.")] = None,
    serves: Annotated[Code | None, Query(description="Only those that serve this kind of department.")] = None,
    closed: Annotated[bool, Query(description="Closed ones too.")] = False,
    after: Id = None,
    limit: Limit = 200,
) -> OrganisationPage:
    """The tree, depth first: parents before children, siblings as declared."""
    directory = service_of(request).directory
    rows = [
        row
        for row in directory.organisations()
        if (closed or row.active) and (under is None or under in row.path) and (serves is None or serves in row.serves)
    ]
    start = next((index + 1 for index, row in enumerate(rows) if row.id == after), 0 if after is None else len(rows))
    found = rows[start : start + limit]
    more = start + limit < len(rows)
    return OrganisationPage(items=[OrganisationView.of(row) for row in found], next=found[-1].id if more else None)


@router.get("/posts", summary="Posts 岗位", responses=problems("identity.sign_in_needed"))
async def posts(
    request: Request,
    actor: SignedInActor,
    code: Annotated[Code | None, Query(description="Only this kind of post.")] = None,
    organisation: Id = None,
    area: Annotated[Area | None, Query(description="Only for exactly this area or responsibility grid.")] = None,
    after: Id = None,
    limit: Limit = 50,
) -> PostPage:
    """Active posts, with whoever holds them where one may see them."""
    service = service_of(request)
    rows = [
        row
        for row in (service.directory.active_posts() if code is None else service.directory.posts(code, organisation))
        if (organisation is None or row.organisation_id == organisation) and (area is None or row.area == area)
    ]
    start = bisect_right(rows, after, key=lambda row: row.id) if after is not None else 0
    found = rows[start : start + limit]
    more = start + limit < len(rows)
    items = [PostView.of(row, _holders(service, actor, row)) for row in found]
    return PostPage(items=items, next=found[-1].id if more else None)


def _holders(service: IdentityService, actor: Actor, post: PostRow) -> list[PersonView] | None:
    directory = service.directory
    organisation = directory.organisation(post.organisation_id)
    area = organisation.area if organisation is not None else ""
    if not actor.reaches("account", "read", area=area, organisation=post.organisation_id):
        return None
    people = (directory.person(account_id) for account_id in directory.holders(post.id))
    return [PersonView(id=person.id, name=person.name) for person in people if person is not None]


@router.get("/roles", summary="Roles 角色", responses=problems("identity.sign_in_needed", "identity.forbidden"))
async def roles(request: Request, actor: SignedInActor) -> RolePage:
    """All published roles in scope words, withdrawn ones too; there are as many as the city's packs declare."""
    return RolePage(items=[RoleView.of(row) for row in await service_of(request).roles.page(actor)])
