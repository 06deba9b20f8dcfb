"""Who acts and what they may reach: the records that identity fills and every engine reads.

Floors above see an :class:`Actor`; only ``identity`` makes one. The condition on rows is built in one place,
:func:`scope_condition`, so that lists, counts, exports and tiles cannot disagree.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Request

from yiwang.kernel.errors import Forbidden, SignInNeeded

ActorKind = Literal["person", "token", "system", "anonymous"]
_LABELS = {"system": "系统", "anonymous": "市民"}


@dataclass(frozen=True, slots=True)
class Grant:
    """Verbs on a kind of thing, within an area subtree and an organisation subtree.

    ``verbs`` and ``kind`` may be ``"*"``. ``area`` is an area code prefix (``""``: everywhere) or a responsibility grid code.
    ``organisations`` is the expanded subtree of organisation ids, or None for any organisation.
    """

    kind: str
    verbs: frozenset[str]
    area: str = ""
    organisations: frozenset[int] | None = None

    def covers(self, kind: str, verb: str) -> bool:
        return (self.kind in ("*", kind)) and ("*" in self.verbs or verb in self.verbs)


@dataclass(frozen=True, slots=True)
class Actor:
    """The one who asks. ``posts`` are the posts they hold now (id → post code); ``grants`` are those of all their roles."""

    kind: ActorKind
    account_id: UUID | None = None
    name: str = ""
    organisation_id: int | None = None
    posts: tuple[int, ...] = ()
    post_codes: frozenset[str] = frozenset()
    grants: tuple[Grant, ...] = ()
    address: str = ""
    session: str | None = field(default=None, repr=False)

    @property
    def label(self) -> str:
        """The name that the journal shows."""
        return self.name or _LABELS.get(self.kind, self.kind)

    @property
    def tasks_of(self) -> UUID | None:
        """Whose tasks are theirs when handed to a person: their own, nobody's for a token made without its owner's tasks."""
        return None if self.kind == "token" and not self.posts else self.account_id

    def grants_for(self, kind: str, verb: str) -> list[Grant]:
        return [grant for grant in self.grants if grant.covers(kind, verb)]

    def may(self, kind: str, verb: str) -> bool:
        return any(grant.covers(kind, verb) for grant in self.grants)

    def require(self, kind: str, verb: str) -> None:
        """Raises SignInNeeded for one who is not signed in, Forbidden when no grant covers the verb."""
        if not self.may(kind, verb):
            if self.kind == "anonymous":
                raise SignInNeeded()
            raise Forbidden(verb=f"{kind}:{verb}")

    def reaches(self, kind: str, verb: str, *, area: str, organisation: int | None, grid: str | None = None) -> bool:
        """The same question as :func:`scope_condition`, for one row already in hand."""
        return any(
            (not grant.area or area.startswith(grant.area) or (grid is not None and grid == grant.area))
            and (grant.organisations is None or organisation in grant.organisations)
            for grant in self.grants_for(kind, verb)
        )


SYSTEM = Actor(kind="system", grants=(Grant("*", frozenset({"*"})),))
ANONYMOUS = Actor(kind="anonymous")


@dataclass(slots=True)
class Sql:
    """A growing list of bound parameters: ``args.bind(value)`` returns the placeholder (``$n``) to write into the text."""

    values: list[object] = field(default_factory=list)

    def bind(self, value: object) -> str:
        self.values.append(value)
        return f"${len(self.values)}"


def scope_condition(
    actor: Actor,
    kind: str,
    verb: str,
    args: Sql,
    *,
    area: str,
    organisation: str | None = None,
    grid: str | None = None,
) -> str:
    """SQL that is true exactly for the rows of ``kind`` on which ``actor`` may do ``verb``.

    ``area``, ``organisation``, ``grid`` are the column expressions of the area code (collation "C"), the responsible
    organisation's id and the responsibility grid's code. Grants are data already loaded with the actor: no query is made.
    A kind without organisations leaves that column out; a grant limited to organisations then reaches nothing.
    """
    parts: list[str] = []
    found = actor.grants_for(kind, verb)
    if any(not grant.area and grant.organisations is None for grant in found):
        return "true"  # before anything is bound: a parameter that no condition uses would make the statement fail
    for grant in found:
        limits: list[str] = []
        if grant.area:
            low, high = args.bind(grant.area), args.bind(grant.area + "\U0010ffff")
            within = f"({area} >= {low} and {area} < {high})"
            limits.append(f"({within} or {grid} = {low})" if grid else within)
        if grant.organisations is not None:
            limits.append(
                f"{organisation} = any({args.bind(sorted(grant.organisations))}::int[])" if organisation else "false"
            )
        parts.append("(" + " and ".join(limits) + ")")
    return "(" + " or ".join(parts) + ")" if parts else "false"


def _actor_of(request: Request) -> Actor:
    actor: Actor = getattr(request.state, "actor", ANONYMOUS)
    return actor


def _signed_in(request: Request) -> Actor:
    actor = _actor_of(request)
    if actor.kind == "anonymous":
        raise SignInNeeded()
    return actor


CurrentActor = Annotated[Actor, Depends(_actor_of)]
"""Route parameter: whoever calls, possibly anonymous. The http floor's middleware has put it there."""

SignedInActor = Annotated[Actor, Depends(_signed_in)]
"""Route parameter: a signed-in person or token; otherwise the route answers 401."""
