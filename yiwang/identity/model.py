"""The nouns of identity as typed records. Times are aware UTC; areas are area codes or responsibility grid codes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from yiwang.identity.declarations import RoleClass
from yiwang.kernel.access import Actor

AccountState: TypeAlias = Literal["active", "locked", "disabled"]

_AREA_LENGTHS = (2, 4, 6, 9, 12, 15)
_AREA_CODE = re.compile(r"[0-9]+")


def is_area_code(code: str) -> bool:
    """Whether ``code`` is a place of the division tree: 2, 4, 6 (GB/T 2260), 9, 12 digits or a unit grid of 15.

    Anything else is a responsibility grid code: local, equal or not, never a prefix of another.
    """
    return code == "" or (len(code) in _AREA_LENGTHS and _AREA_CODE.fullmatch(code) is not None)


def covering_areas(code: str) -> Iterator[str]:
    """``code`` itself, then every area code that begins it, finest first, at last ``""`` (the whole city)."""
    yield code
    for length in reversed(_AREA_LENGTHS):
        if length < len(code) and code[:length].isdigit():
            yield code[:length]
    if code:
        yield ""


@dataclass(frozen=True, slots=True)
class OrganisationRow:
    """An organisation (机构). ``path`` are the ids from the root down to itself; ``serves`` kinds of department."""

    id: int
    code: str
    parent_id: int | None
    name_zh: str
    name_en: str
    kind: str
    area: str
    serves: tuple[str, ...]
    path: tuple[int, ...]
    active: bool = True

    def name(self, language: str = "zh") -> str:
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class PostRow:
    """A post (岗位): ``code`` is its kind (``dispatcher``), ``area`` what it looks after (``""``: the whole city)."""

    id: int
    organisation_id: int
    code: str
    name_zh: str
    name_en: str
    area: str
    active: bool = True

    def name(self, language: str = "zh") -> str:
        return self.name_zh if language.startswith("zh") else self.name_en


@dataclass(frozen=True, slots=True)
class PersonRow:
    """Whoever an account belongs to. ``active`` is false while it is locked by an administrator or disabled."""

    id: UUID
    login: str
    name: str
    organisation_id: int | None
    active: bool = True


@dataclass(frozen=True, slots=True)
class Appointment:
    """Who holds which post from when until when (exclusive; None: until dismissed)."""

    account_id: UUID
    post_id: int
    starts_at: datetime
    ends_at: datetime | None = None

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at and (self.ends_at is None or at < self.ends_at)


@dataclass(frozen=True, slots=True)
class AbsenceRow:
    """Somebody is away (请假、外出) from ``starts_at`` until ``ends_at`` (exclusive), and a deputy (代理人) does their tasks.

    ``kinds``: only business of these definitions or case types; empty: all business.
    """

    id: UUID
    account_id: UUID
    deputy_id: UUID
    starts_at: datetime
    ends_at: datetime
    kinds: frozenset[str]
    reason: str
    declared_at: datetime

    def holds(self, at: datetime) -> bool:
        return self.starts_at <= at < self.ends_at


@dataclass(frozen=True, slots=True)
class StandIn:
    """For whom a deputy acts now, with the posts that they see meanwhile."""

    person: PersonRow
    post_ids: tuple[int, ...]
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class RoleRow:
    """A published role (角色) in scope words, as it was declared."""

    code: str
    name_zh: str
    name_en: str
    role_class: RoleClass | None
    grants: tuple[ScopedGrant, ...]
    source: str
    active: bool = True


@dataclass(frozen=True, slots=True)
class PostRole:
    """A kind of post brings an active role; ``role_class`` is set for those of the three administrators."""

    post_code: str
    role_code: str
    role_class: RoleClass | None = None


@dataclass(frozen=True, slots=True)
class ScopedGrant:
    """A role's grant before a post fills in its scope words."""

    kind: str
    verbs: frozenset[str]
    area: Literal["any", "post"] = "any"
    organisation: Literal["any", "own", "subtree"] = "any"


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as administrators see it."""

    id: UUID
    login: str
    name: str
    organisation_id: int | None
    state: AccountState
    must_change: bool
    created_at: datetime
    area: str = ""


@dataclass(frozen=True, slots=True)
class RoleGrantRow:
    """A role given to one account directly; ``area`` and ``organisation_id`` narrow it, "" and None do not."""

    id: UUID
    role_code: str
    area: str
    organisation_id: int | None
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class AccountDetail:
    """An account with what it holds; ``classes`` are the administrator classes among its roles (at most one)."""

    account: AccountRow
    appointments: tuple[Appointment, ...]
    roles: tuple[RoleGrantRow, ...]
    classes: frozenset[RoleClass]


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A sign-in that has not ended. Times are machine time, not city time."""

    id: UUID
    account_id: UUID
    created_at: datetime
    expires_at: datetime
    must_change: bool = False


@dataclass(frozen=True, slots=True)
class SignedIn:
    """The answer to a good sign-in: ``token`` is the cookie's value and is kept nowhere else."""

    session: SessionRow
    token: str
    actor: Actor


@dataclass(frozen=True, slots=True)
class TokenGrant:
    """One limit of an API token: verbs on a kind, within an area ("" for all that its owner reaches)."""

    kind: str
    verbs: frozenset[str]
    area: str = ""


@dataclass(frozen=True, slots=True)
class TokenRow:
    """An API token as its owner sees it; ``last_used_at`` is coarse (a minute). Times are machine time."""

    id: UUID
    name: str
    grants: tuple[TokenGrant, ...]
    in_posts: bool
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
