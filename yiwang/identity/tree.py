"""From declared organisation trees to a checked, flat plan: parents resolved, areas inherited, posts placed. Pure.

Promises: a plan holds no code twice, no circle, no unknown parent and at most 20 levels; parents come before children.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from yiwang.identity.declarations import Names, OrganisationDeclaration
from yiwang.identity.errors import DeclaredTwice, OrganisationCycle, OrganisationTooDeep, OrganisationUnknown

most_levels = 20


@dataclass(frozen=True, slots=True)
class PlannedOrganisation:
    """An organisation to be; ``level`` is 1 at the top, ``position`` its place among its siblings."""

    declaration: OrganisationDeclaration
    parent: str | None
    area: str
    level: int
    position: int

    @property
    def code(self) -> str:
        return self.declaration.code


@dataclass(frozen=True, slots=True)
class PlannedPost:
    """A post to be, its area settled; without names it is called as its kind."""

    organisation: str
    code: str
    area: str
    names: Names | None


def plan_organisations(trees: Iterable[OrganisationDeclaration]) -> list[PlannedOrganisation]:
    """Flatten declared trees, level by level.

    Raises:
        DeclaredTwice, OrganisationUnknown (a parent), OrganisationCycle, OrganisationTooDeep.
    """
    declared: dict[str, OrganisationDeclaration] = {}
    parents: dict[str, str | None] = {}
    for tree in trees:
        for parent, organisation in tree.walk():
            if organisation.code in declared:
                raise DeclaredTwice(what_zh="机构", what_en="Organisation", code=organisation.code)
            declared[organisation.code] = organisation
            parents[organisation.code] = parent
    for code, parent in parents.items():
        if parent is not None and parent not in declared:
            raise OrganisationUnknown(code=parent, where=code)
    positions: dict[str, int] = {}
    siblings: Counter[str | None] = Counter()
    for code, parent in parents.items():
        positions[code] = siblings[parent]
        siblings[parent] += 1
    planned: dict[str, PlannedOrganisation] = {}
    for code in declared:
        for step in reversed(_upwards(code, parents, planned)):
            above = parents[step]
            level, area = (planned[above].level + 1, planned[above].area) if above is not None else (1, "")
            if level > most_levels:
                raise OrganisationTooDeep(code=step, depth=level, limit=most_levels)
            own = declared[step].area
            area = area if own is None else own
            planned[step] = PlannedOrganisation(declared[step], above, area, level, positions[step])
    return sorted(planned.values(), key=lambda item: item.level)


def _upwards(code: str, parents: dict[str, str | None], planned: dict[str, PlannedOrganisation]) -> list[str]:
    """``code`` and the organisations above it that are not planned yet, from below.

    Raises:
        OrganisationCycle: the way up comes round again.
    """
    way: list[str] = []
    step: str | None = code
    while step is not None and step not in planned:
        if step in way:
            raise OrganisationCycle(codes=" → ".join([*way[way.index(step) :], step]))
        way.append(step)
        step = parents[step]
    return way


def plan_posts(organisations: Sequence[PlannedOrganisation]) -> list[PlannedPost]:
    """The posts declared in the tree.

    Raises:
        DeclaredTwice: the same kind of post for the same area twice in one organisation.
    """
    posts = [
        PlannedPost(organisation.code, post.code, organisation.area if post.area is None else post.area, post.names)
        for organisation in organisations
        for post in organisation.declaration.posts
    ]
    refuse_twice(posts)
    return posts


def refuse_twice(posts: Iterable[PlannedPost]) -> None:
    """Raises DeclaredTwice for a post that stands in the list twice."""
    seen: set[tuple[str, str, str]] = set()
    for post in posts:
        key = (post.organisation, post.code, post.area)
        if key in seen:
            raise DeclaredTwice(what_zh="岗位", what_en="Post", code="/".join(filter(None, key)))
        seen.add(key)
