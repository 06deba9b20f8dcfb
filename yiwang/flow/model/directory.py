"""What flow asks about organisations, posts and people; ``yiwang.identity.directory.Directory`` answers from memory."""

from __future__ import annotations

from collections.abc import Sequence
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


class Organisation(Protocol):
    @property
    def id(self) -> int: ...


class Person(Protocol):
    """A person with an account; ``organisation_id`` is where they belong."""

    @property
    def organisation_id(self) -> int | None: ...
    @property
    def active(self) -> bool: ...


class Directory(Protocol):
    """Posts, their holders and organisations; every answer comes from memory."""

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

    def organisation_by_code(self, code: str) -> Organisation | None: ...

    def person(self, account_id: UUID) -> Person | None:
        """The person, out of service too; None when there is no such account."""
        ...
