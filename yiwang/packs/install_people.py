"""The demo accounts of a city as its offices stand: what administrators closed stays closed, and so do appointments to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from yiwang.identity.declarations import AccountDeclaration, PostReference
from yiwang.packs.administration.overlay import Office, offices_of
from yiwang.packs.areas import GRID_POST
from yiwang.packs.loaded import City
from yiwang.packs.model.city import DemoAccount, HeldPost


def demo_accounts(city: City) -> list[AccountDeclaration]:
    """The accounts that city.yaml declares for a demo, as identity takes them."""
    demo = city.file.value.demo
    if demo is None:
        return []
    offices = offices_of(city)
    return [
        AccountDeclaration(
            login=account.login,
            name=account.name,
            organisation=account.organisation if account.organisation in offices else None,
            password=demo.password,
            posts=[post for post in _references(account) if _there(offices, account, post)],
            roles=account.roles,
        )
        for account in demo.accounts
    ]


def _there(offices: Mapping[str, Office], account: DemoAccount, post: PostReference) -> bool:
    """Whether the post is one that the office has, or that its grids give it."""
    office = offices.get(post.organisation or account.organisation)
    codes = [] if office is None else [item if isinstance(item, str) else item.code for item in office.entry.posts]
    return office is not None and (post.code in codes or post.code == GRID_POST)


def _references(account: DemoAccount) -> Iterator[PostReference]:
    for post in account.posts:
        if isinstance(post, HeldPost):
            yield PostReference(code=post.code, organisation=post.organisation, area=post.area)
        else:
            yield PostReference(code=post)
