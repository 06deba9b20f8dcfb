"""What flow asks about organisations, posts and people; ``yiwang.identity.directory.Directory`` answers from memory."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID


class Post(Protocol):
    """A post (岗位): ``code`` is its kind (dispatcher), ``area`` an area or responsibility grid code, "": all."""

    @property
    def id(self) -> int: ...
    @property
    def code(self) -> str: ...
    @property
    def organisation_id(self) -> int: ...
    @property
    def area(self) -> str: ...
    @property
    def active(self) -> bool: ...


class Organisation(Protocol):
    """An organisation (机构); ``path`` are the ids from the root down to itself."""

    @property
    def id(self) -> int: ...
    @property
    def path(self) -> Sequence[int]: ...


class Person(Protocol):
    """A person with an account; ``organisation_id`` is where they belong."""

    @property
    def organisation_id(self) -> int | None: ...
    @property
    def active(self) -> bool: ...


class Directory(Protocol):
    """Posts, their holders and organisations; every answer comes from memory.

    ``kinds`` are the names by which an absence may be limited to a business: the definition's key, the case type; ``at``
    is city time, None: now.
    """

    @property
    def snapshot(self) -> object:
        """Another object as soon as any answer may be another."""
        ...

    def posts(self, code: str, organisation_id: int | None = None) -> Sequence[Post]:
        """The active posts of a kind, of one organisation or of all."""
        ...

    def posts_of_area(self, code: str, area: str, grid: str | None = None) -> Sequence[Post]:
        """The posts of a kind whose area covers the place (area code, responsibility grid code), the finest first."""
        ...

    def post(self, post_id: int) -> Post | None: ...

    def holders(self, post_id: int) -> Sequence[UUID]:
        """The accounts that hold the post now."""
        ...

    def kinds_of_role(self, role: str) -> Sequence[str]:
        """The kinds of post that bring a role."""
        ...

    def attending(self, post_id: int, kinds: Collection[str] = (), at: datetime | None = None) -> Sequence[UUID]:
        """Who sees the post's queue and is there for such business: holders, and whoever acts for one who is away."""
        ...

    def substitute(
        self, post_id: int, kinds: Collection[str] = (), at: datetime | None = None
    ) -> tuple[UUID, UUID] | None:
        """A holder of the post with whoever acts for them in such business."""
        ...

    def acting(self, account_id: UUID, kinds: Collection[str] = (), at: datetime | None = None) -> UUID | None:
        """Who acts for an account in such business: itself, its deputy while it is away (代理), or nobody."""
        ...

    def organisation(self, organisation_id: int) -> Organisation | None:
        """The organisation, closed too."""
        ...

    def organisation_by_code(self, code: str) -> Organisation | None: ...

    def person(self, account_id: UUID) -> Person | None:
        """The person, out of service too; None when there is no such account."""
        ...
