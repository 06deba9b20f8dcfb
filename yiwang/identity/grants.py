"""From roles in scope words to the effective grants of one actor. Pure: no database, no clock.

Promises: a merged list grants exactly what the given list grants, with nothing said twice, so that the SQL condition
built from it stays short; a token never reaches more than its owner.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from yiwang.identity.declarations import GrantDeclaration
from yiwang.identity.model import ScopedGrant, TokenGrant, covering_areas, is_area_code
from yiwang.kernel.access import Grant
from yiwang.kernel.database import Json

Subtree = Callable[[int], frozenset[int]]
Reaches = dict[str, frozenset[int] | None]
"""Areas, and the organisations within which something is granted there (None: any)."""


@dataclass(frozen=True, slots=True)
class HeldRole:
    """A role's grants as somebody holds them.

    ``area`` and ``organisation_id`` fill in the words ``post``, ``own`` and ``subtree``; ``within_area`` and
    ``within_organisation`` narrow the word ``any`` (for roles given directly, with a scope of their own).
    """

    grants: tuple[ScopedGrant, ...]
    area: str
    organisation_id: int | None
    within_area: str = ""
    within_organisation: int | None = None


def scoped_grants(declared: Iterable[GrantDeclaration]) -> tuple[ScopedGrant, ...]:
    """Declared grants as records."""
    return tuple(ScopedGrant(item.kind, frozenset(item.verbs), item.area, item.organisation) for item in declared)


def grants_json(grants: Iterable[ScopedGrant]) -> list[Json]:
    """As stored in ``role.grants``: the shape of :class:`GrantDeclaration`, verbs sorted."""
    return [
        {"kind": item.kind, "verbs": [*sorted(item.verbs)], "area": item.area, "organisation": item.organisation}
        for item in grants
    ]


def grants_from_json(stored: Json) -> tuple[ScopedGrant, ...]:
    """The inverse of :func:`grants_json`."""
    if not isinstance(stored, list):
        raise TypeError("role.grants must hold a list")
    return scoped_grants(GrantDeclaration.model_validate(item) for item in stored)


def limits_json(limits: Iterable[TokenGrant]) -> list[Json]:
    """As stored in ``api_token.grants``."""
    return [{"kind": item.kind, "verbs": [*sorted(item.verbs)], "area": item.area} for item in limits]


def limits_from_json(stored: Json) -> tuple[TokenGrant, ...]:
    """The inverse of :func:`limits_json`."""
    limits: list[TokenGrant] = []
    for item in stored if isinstance(stored, list) else []:
        match item:
            case {"kind": str(kind), "verbs": [*verbs], "area": str(area)}:
                limits.append(TokenGrant(kind, frozenset(str(verb) for verb in verbs), area))
            case _:
                raise TypeError("api_token.grants holds something else than limits")
    return tuple(limits)


def effective_grants(held: Iterable[HeldRole], subtree: Subtree) -> tuple[Grant, ...]:
    """What holding all these roles grants, merged. ``subtree`` gives an organisation's id with all ids below it."""
    return merge(grant for role in held for scoped in role.grants if (grant := _filled(scoped, role, subtree)))


def _filled(scoped: ScopedGrant, role: HeldRole, subtree: Subtree) -> Grant | None:
    area = role.area if scoped.area == "post" else role.within_area
    organisations: frozenset[int] | None
    if scoped.organisation == "any":
        organisations = None if role.within_organisation is None else subtree(role.within_organisation)
    elif role.organisation_id is None:
        return None  # "own" of somebody who belongs nowhere reaches nothing
    elif scoped.organisation == "own":
        organisations = frozenset({role.organisation_id})
    else:
        organisations = subtree(role.organisation_id)
    return Grant(scoped.kind, scoped.verbs, area, organisations)


def merge(grants: Iterable[Grant]) -> tuple[Grant, ...]:
    """The shortest list that grants the same: per verb only the widest reaches, verbs of one reach together."""
    found: dict[tuple[str, str], Reaches] = defaultdict(dict)
    for grant in grants:
        for verb in grant.verbs:
            reaches = found[grant.kind, verb]
            before = reaches.get(grant.area, frozenset())
            either = None if before is None or grant.organisations is None else before | grant.organisations
            reaches[grant.area] = either
    together: dict[tuple[str, str, frozenset[int] | None], set[str]] = defaultdict(set)
    for (kind, verb), reaches in found.items():
        wilder = [found[key] for key in ((kind, "*"), ("*", verb), ("*", "*")) if key in found and key != (kind, verb)]
        for area, organisations in reaches.items():
            wider = (other for other in _wider_areas(area) if other != area)
            if _covered(organisations, reaches, wider):
                continue
            if not any(_covered(organisations, others, _wider_areas(area)) for others in wilder):
                together[kind, area, organisations].add(verb)
    ordered = sorted(together.items(), key=lambda item: (item[0][0], item[0][1], sorted(item[0][2] or ())))
    return tuple(Grant(kind, frozenset(verbs), area, organisations) for (kind, area, organisations), verbs in ordered)


def _wider_areas(area: str) -> Iterable[str]:
    """Areas that contain ``area``, itself included. A responsibility grid lies only within itself and the city."""
    return covering_areas(area) if is_area_code(area) else (area, "")


def _covered(organisations: frozenset[int] | None, by: Reaches, areas: Iterable[str]) -> bool:
    """Whether ``by`` grants one of ``areas`` to at least these organisations."""
    for area in areas:
        if area in by:
            there = by[area]
            if there is None or (organisations is not None and organisations <= there):
                return True
    return False


def limited(owner: Iterable[Grant], limits: Iterable[TokenGrant]) -> tuple[Grant, ...]:
    """The part of the owner's grants that lies within an API token's limits, merged."""
    listed = list(limits)
    return merge(part for grant in owner for limit in listed if (part := _overlap(grant, limit)))


def _overlap(grant: Grant, limit: TokenGrant) -> Grant | None:
    if grant.kind != limit.kind and "*" not in (grant.kind, limit.kind):
        return None
    kind = limit.kind if grant.kind == "*" else grant.kind
    if "*" in grant.verbs:
        verbs = limit.verbs
    elif "*" in limit.verbs:
        verbs = grant.verbs
    else:
        verbs = grant.verbs & limit.verbs
    if not limit.area or limit.area == grant.area or _within(grant.area, limit.area):
        area = grant.area
    elif _within(limit.area, grant.area):
        area = limit.area
    else:
        return None
    return Grant(kind, verbs, area, grant.organisations) if verbs else None


def _within(area: str, wider: str) -> bool:
    return wider == "" or (is_area_code(area) and wider in covering_areas(area))
