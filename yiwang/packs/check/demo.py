"""The demo of a city: each account works in an office that exists, and each of its posts is exactly one post there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, cached_property

from yiwang.identity.passwords import check_password
from yiwang.identity.separation import ADMINISTRATORS
from yiwang.kernel.errors import Problem
from yiwang.packs.areas import GRID_POST, GridPosts, grid_posts_declared, listed_areas
from yiwang.packs.check.flows import Offices, post_code
from yiwang.packs.check.references import post_kinds, unknown
from yiwang.packs.findings import Findings, Place, suggestion
from yiwang.packs.loaded import City
from yiwang.packs.model.city import Demo, DemoAccount, HeldPost, OrganisationEntry
from yiwang.packs.source import Trail

MOST_PAST_CASES = 50_000
ADMINISTRATOR_ROLES = frozenset(role.code for role in ADMINISTRATORS)
"""Roles that identity itself brings (三员)."""


def check_demo(city: City, findings: Findings) -> None:
    """Password, offices, posts and roles of every demo account; the length of its past; who publishes its notices."""
    demo, source = city.file.value.demo, city.file.source
    if demo is None or city.organisations is None:
        return
    if demo.history is not None:
        besides = sum(work.a_week for work in demo.history.besides) / 7
        count = round(demo.history.days * (demo.history.a_day + besides))
        if count > MOST_PAST_CASES:
            findings.add(source.place(("demo", "history")), "city.history_large", count=count, most=MOST_PAST_CASES)
    offices = Offices(city.organisations.value.organisations, city.file.value.division)
    posts = _Posts(city)
    roles = {role.code for pack in city.packs if pack.roles for role in pack.roles.value.roles} | ADMINISTRATOR_ROLES
    _check_password(city, demo, findings)
    logins = [account.login for account in demo.accounts]
    for index, notice in enumerate(demo.notices):
        if notice.by not in logins:
            unknown(
                findings,
                source.place(("demo", "notices", index, "by")),
                ("演示账号", "demo account"),
                notice.by,
                logins,
            )
    _check_entries(city, demo, logins, findings)
    _check_besides(city, demo, offices, findings)
    first: dict[str, int] = {}
    for index, account in enumerate(demo.accounts):
        trail: Trail = ("demo", "accounts", index)
        if account.login in first:
            where = f"{source.file}:{source.place(('demo', 'accounts', first[account.login])).line}"
            findings.twice(source.place(trail), "account", account.login, where)
        first.setdefault(account.login, index)
        if account.organisation not in offices.all:
            place = source.place((*trail, "organisation"))
            unknown(findings, place, ("机构", "organisation"), account.organisation, offices.all)
            continue
        _check_posts_held(city, account, trail, offices, posts, findings)
        for number, role in enumerate(account.roles):
            if role not in roles:
                unknown(findings, source.place((*trail, "roles", number)), ("角色", "role"), role, roles)


def _check_entries(city: City, demo: Demo, logins: Sequence[str], findings: Findings) -> None:
    """Who records each entry and its type exist, and so do its attributes; values are judged where they are recorded."""
    declared = [item.value for pack in filter(city.runs, city.packs) for item in pack.types]
    types = {each.id: each for each in declared if each.keys}
    for index, entry in enumerate(demo.entries):
        trail: Trail = ("demo", "entries", index)
        place = city.file.source.place
        if entry.by not in logins:
            unknown(findings, place((*trail, "by")), ("演示账号", "demo account"), entry.by, logins)
        kind = types.get(entry.type)
        if kind is None:
            unknown(
                findings,
                place((*trail, "type")),
                ("有唯一标识的登记类型", "type with a natural key"),
                entry.type,
                types,
            )
            continue
        for name in entry.attributes:
            if name not in kind.attributes:
                there = place((*trail, "attributes", name))
                unknown(findings, there, ("字段", "attribute"), name, dict(kind.attributes))


def _check_besides(city: City, demo: Demo, offices: Offices, findings: Findings) -> None:
    """Case type, channel, classes and offices of what the past had besides reports."""
    running = [*filter(city.runs, city.packs)]
    types = {case.value.id: case.value for pack in running for case in pack.cases}
    trees = {tree.value.id: tree.value for pack in city.packs for tree in pack.classes}
    for index, work in enumerate(demo.history.besides if demo.history is not None else []):
        trail: Trail = ("demo", "history", "besides", index)
        place = city.file.source.place
        for number, office in enumerate(work.offices):
            if office not in offices.all:
                unknown(findings, place((*trail, "offices", number)), ("机构", "organisation"), office, offices.all)
        kind = types.get(work.type)
        if kind is None:
            unknown(findings, place((*trail, "type")), ("案件类型", "case type"), work.type, types)
            continue
        if work.channel not in kind.channels:
            unknown(findings, place((*trail, "channel")), ("渠道", "channel"), work.channel, dict(kind.channels))
        codes = {item.code for item in trees[kind.classes].classes} if kind.classes in trees else set()
        for number, matter in enumerate(work.matters):
            if codes and matter.class_ not in codes:
                there = place((*trail, "matters", number, "class"))
                unknown(findings, there, ("分类", "class"), matter.class_, codes)


def _check_password(city: City, demo: Demo, findings: Findings) -> None:
    for account in demo.accounts:
        try:
            check_password(demo.password.get_secret_value(), account.login)
        except Problem as problem:
            reason = {"reason_zh": problem.data.get("reason_zh"), "reason_en": problem.data.get("reason_en")}
            findings.add(city.file.source.place(("demo", "password")), "city.password", login=account.login, **reason)
            return


class _Posts:
    """The posts of a city as they will stand once it is published."""

    def __init__(self, city: City) -> None:
        self._city = city
        self.declared = cache(self._declared)

    def inside(self, areas: list[str]) -> bool:
        """Whether all lie within the city; that an office does not is told at the office."""
        return all(area.startswith(self._city.file.value.division) for area in areas)

    def _declared(self, kind: str) -> GridPosts:
        return grid_posts_declared(self._city, kind)

    @cached_property
    def offices_with_grids(self) -> frozenset[str]:
        """Organisations in which publishing makes a grid worker's post for each of their responsibility grids."""
        city = self._city
        if (
            city.areas is None
            or city.areas.value.responsibility_grids is None
            or GRID_POST not in post_kinds(city.packs)
        ):
            return frozenset()
        posts = self.declared(GRID_POST)
        listed = [item.code for item in listed_areas(city, "communities", Findings())]
        # Communities of a survey are not listed: each organisation's own area stands for the grids in it.
        areas = listed or sorted(posts.areas)
        return frozenset(office for area in areas if (office := posts.office_for(area)) is not None)


def _check_posts_held(
    city: City, account: DemoAccount, trail: Trail, offices: Offices, posts: _Posts, findings: Findings
) -> None:
    for number, held in enumerate(account.posts):
        code = held if isinstance(held, str) else held.code
        organisation = account.organisation
        if isinstance(held, HeldPost) and held.organisation is not None:
            organisation = held.organisation
        place = city.file.source.place((*trail, "posts", number))
        if organisation not in offices.all:
            unknown(findings, place, ("机构", "organisation"), organisation, offices.all)
        elif not offices.has_post(organisation, code):
            names = offices.all[organisation].names
            known = [post_code(post) for post in offices.all[organisation].posts]
            zh, en = suggestion(code, known)
            findings.add(
                place, "city.post_unlisted", post=code, organisation_zh=names.zh, organisation_en=names.en,
                hint_zh=zh, hint_en=en,
            )  # fmt: skip
        else:
            area = held.area if isinstance(held, HeldPost) else None
            _check_which_post(offices.all[organisation], code, area, posts, place, findings)


def _check_which_post(
    office: OrganisationEntry, code: str, area: str | None, posts: _Posts, place: Place, findings: Findings
) -> None:
    """The account's post is one post: of several of its kind its area says which."""
    names = {"post": code, "organisation_zh": office.names.zh, "organisation_en": office.names.en}
    areas = sorted(own for owner, own in posts.declared(code).declared if owner == office.code)
    for_each_grid = code == GRID_POST and office.code in posts.offices_with_grids
    if area is None and (len(areas) > 1 or for_each_grid):
        zh = en = ", ".join(areas)
        if for_each_grid:
            zh, en = f"{zh},以及每个责任网格", f"{en} and each responsibility grid"
        example = f'{{code: {code}, area: "{areas[0]}"}}'
        findings.add(place, "city.post_ambiguous", areas_zh=zh, areas_en=en, example=example, **names)
    elif area is not None and area not in areas and not for_each_grid and posts.inside(areas):
        zh, en = suggestion(area, areas)
        findings.add(place, "city.post_area", area=area, hint_zh=zh, hint_en=en, **names)
