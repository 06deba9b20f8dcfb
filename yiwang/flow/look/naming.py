"""Names of people, posts and organisations for drawings and logs, from the city's directory."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from yiwang.flow.model import Directory
from yiwang.identity.directory import Directory as CityDirectory


@dataclass(frozen=True, slots=True)
class Naming:
    """Looks names up in memory. A directory that knows no names (another city's) is answered by codes."""

    directory: Directory
    language: str

    def person(self, account_id: UUID | None) -> str:
        """The person's name, or ""."""
        if account_id is None or not isinstance(self.directory, CityDirectory):
            return ""
        found = self.directory.person(account_id)
        return found.name if found is not None else ""

    def post(self, post_id: int | None) -> str:
        """The name of a post, its code where it has none, or ""."""
        if post_id is None:
            return ""
        if isinstance(self.directory, CityDirectory):
            named = self.directory.post(post_id)
            return named.name(self.language) or named.code if named is not None else ""
        found = self.directory.post(post_id)
        return found.code if found is not None else ""

    def post_code(self, post_id: int | None) -> str:
        """The kind of a post (acceptor, handler), or ""."""
        found = self.directory.post(post_id) if post_id is not None else None
        return found.code if found is not None else ""

    def organisation(self, organisation_id: int | None) -> str:
        """The name of an organisation, or ""."""
        if organisation_id is None or not isinstance(self.directory, CityDirectory):
            return ""
        found = self.directory.organisation(organisation_id)
        return found.name(self.language) if found is not None else ""
