"""What the packs and the city declare, read here from their files and worked out anew: the matrix does not ask the code
under test who may do what.

The rules, from the packs' format: a post gives its roles; a role's grant holds in the area and organisation of the post
(``area: post``, ``organisation: own | subtree``) or everywhere (``any``); a post without an area has its organisation's, an
organisation without one its parent's.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from support.small_city import ROOT, SMALL_CITY

PACKS = (
    "urban-management",
    "hotline-12345",
    "grid-management",
    "environment-monitoring",
    "facility-monitoring",
    "hazmat-transport-supervision",
)

ADMINISTRATORS: dict[str, list[tuple[str, str]]] = {
    "system-admin": [
        *[("account", verb) for verb in ("read", "create", "update", "lock", "unlock", "disable", "restore", "reset")],
        ("organisation", "publish"),
        ("clock", "set"),
        ("metrics", "read"),
        ("role", "read"),
        ("task", "read"),
        ("task", "assign"),
        ("flow", "read"),
        *[("definition", verb) for verb in ("edit", "publish")],
        ("instance", "manage"),
        *[("device", verb) for verb in ("read", "register", "edit", "adopt", "retire")],
    ],
    "security-admin": [
        ("account", "read"),
        ("role", "read"),
        *[("role", verb) for verb in ("grant", "revoke")],
        *[("post", verb) for verb in ("appoint", "dismiss")],
        *[("token", verb) for verb in ("read", "revoke")],
    ],
    "audit-admin": [("account", "read"), ("role", "read"), ("journal", "read"), ("journal", "verify")],
}
"""三员: what every city gives the three administrators, in so far as the matrix asks for it."""


@dataclass(frozen=True, slots=True)
class Reach:
    """``verb`` on ``kind`` where the area code begins with ``area`` (or the grid is it) within these organisations."""

    kind: str
    verb: str
    area: str = ""
    organisations: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """What decides who reaches a case: where it lies and whose it is now."""

    area: str
    grid: str
    organisation: str | None


@dataclass(frozen=True, slots=True)
class Person:
    """An account as declared: the posts it holds as (kind, organisation, area), and what they grant.

    ``login`` names who calls; ``account`` is whose own tasks they have, None for a token that was made without.
    """

    login: str
    account: str | None
    posts: frozenset[tuple[str, str, str]]
    reaches: tuple[Reach, ...]

    @property
    def kinds(self) -> frozenset[str]:
        return frozenset(kind for kind, _, _ in self.posts)

    def may(self, kind: str, verb: str) -> bool:
        """Somewhere at least."""
        return any((reach.kind, reach.verb) == (kind, verb) for reach in self.reaches)

    def may_on(self, verb: str, place: Place, kind: str = "case") -> bool:
        return any(
            (reach.kind, reach.verb) == (kind, verb)
            and (place.area.startswith(reach.area) or place.grid == reach.area)
            and (reach.organisations is None or place.organisation in reach.organisations)
            for reach in self.reaches
        )

    def within(self, verbs: set[str], area: str, *, in_posts: bool) -> Person:
        """As a token of this person limited to these verbs on cases within ``area`` (which lies in the person's own)."""
        kept = tuple(
            Reach(reach.kind, reach.verb, max(area, reach.area, key=len), reach.organisations)
            for reach in self.reaches
            if reach.kind == "case" and reach.verb in verbs
        )
        account, posts = (self.account, self.posts) if in_posts else (None, frozenset[tuple[str, str, str]]())
        return Person(f"{self.login}'s token", account, posts, kept)


NOBODY = Person("anonymous", None, frozenset(), ())


def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return found


@cache
def _offices(folder: Path = SMALL_CITY) -> dict[str, tuple[str, frozenset[str]]]:
    """Organisation code → (area, codes of itself and everything below)."""
    found: dict[str, tuple[str, frozenset[str]]] = {}

    def walk(entry: dict[str, Any], area: str) -> frozenset[str]:
        own = entry.get("area") or area
        below = frozenset({entry["code"]}).union(*(walk(child, own) for child in entry.get("children", [])))
        found[entry["code"]] = own, below
        return below

    for root in _read(folder / "organisations.yaml")["organisations"]:
        walk(root, "")
    return found


@cache
def _packs(folder: Path) -> tuple[str, ...]:
    return PACKS if folder == SMALL_CITY else tuple(_read(folder / "city.yaml")["packs"])


@cache
def _roles(folder: Path = SMALL_CITY) -> dict[str, list[dict[str, Any]]]:
    return {
        role["code"]: role["grants"]
        for pack in _packs(folder)
        for role in _read(ROOT / "packs" / pack / "roles.yaml")["roles"]
    }


@cache
def _roles_of_post(kind: str, folder: Path = SMALL_CITY) -> frozenset[str]:
    return frozenset(
        role
        for pack in _packs(folder)
        for post in _read(ROOT / "packs" / pack / "roles.yaml")["posts"]
        if post["code"] == kind
        for role in post["roles"]
    )


def _reaches(kind: str, organisation: str, area: str, folder: Path) -> list[Reach]:
    if kind in ADMINISTRATORS:
        return [Reach(*what) for what in ADMINISTRATORS[kind]]
    subtree = _offices(folder)[organisation][1]
    organisations = {"any": None, "own": frozenset({organisation}), "subtree": subtree}
    return [
        Reach(
            grant["kind"],
            verb,
            area if grant.get("area", "any") == "post" else "",
            organisations[grant.get("organisation", "any")],
        )
        for role in sorted(_roles_of_post(kind, folder))
        for grant in _roles(folder)[role]
        for verb in grant["verbs"]
    ]


@cache
def people(folder: Path = SMALL_CITY) -> dict[str, Person]:
    """Every demo account of the city by login."""
    found = {}
    for account in _read(folder / "city.yaml")["demo"]["accounts"]:
        posts, reaches = set(), []
        for post in account["posts"]:
            declared = {"code": post} if isinstance(post, str) else post
            organisation = declared.get("organisation", account["organisation"])
            area = declared.get("area") or _offices(folder)[organisation][0]
            posts.add((declared["code"], organisation, area))
            reaches += _reaches(declared["code"], organisation, area, folder)
        login = account["login"]
        found[login] = Person(login, login, frozenset(posts), tuple(reaches))
    return found
