"""What packs and cities declare about identity: organisations with posts, roles with grants, kinds of post, accounts.

A city's ``organisations.yaml`` holds :class:`OrganisationDeclaration` trees, a pack's ``roles.yaml`` holds
:class:`RoleDeclaration` and :class:`PostKindDeclaration` lists; unknown keys are refused. Publishing is idempotent: an
organisation is known by its code, a role by its code, a post by (organisation, code, area), an account by its login.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, StringConstraints, model_validator

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
"""Code of an organisation, role, kind of post or kind of department: ``water-bureau``."""
Area = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z-]*$", max_length=40)]
"""Area code (GB/T 2260 + street + community + unit grid) or responsibility grid code; ``""`` is the whole city."""
Word = Annotated[str, StringConstraints(pattern=r"^(\*|[a-z][a-z0-9_-]*)$", max_length=40)]
"""A kind of thing (``case``) or a verb (``dispatch``)."""
Login = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{1,39}$")]

RoleClass = Literal["system", "security", "audit"]
"""The three administrators (三员): system 系统管理员, security 安全保密管理员, audit 安全审计员."""
AreaScope = Literal["any", "post"]
OrganisationScope = Literal["any", "own", "subtree"]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Names(Declaration):
    """What it is called in both languages."""

    zh: str = Field(min_length=1, max_length=100)
    en: str = Field(min_length=1, max_length=200)


class GrantDeclaration(Declaration):
    """Verbs on one kind of thing, within scope words that are filled in from the post held.

    ``area: post`` reaches the post's area, ``any`` the whole city. ``organisation: own`` reaches what the post's
    organisation is responsible for, ``subtree`` also what organisations below it are, ``any`` does not ask.
    """

    kind: Word
    verbs: list[Word] = Field(min_length=1, max_length=60)
    area: AreaScope = "any"
    organisation: OrganisationScope = "any"


class RoleDeclaration(Declaration):
    """A role (角色). In YAML the class is written ``class: system``; ordinary roles have none."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    code: Code
    names: Names
    role_class: RoleClass | None = Field(None, alias="class")
    grants: list[GrantDeclaration] = Field(default_factory=list, max_length=200)


class PostKindDeclaration(Declaration):
    """A kind of post (岗位), such as ``acceptor`` 受理员, and the roles that whoever holds such a post has.

    Several packs may speak of the same kind of post: its roles are then those of all of them together.
    """

    code: Code
    names: Names
    roles: list[Code] = Field(default_factory=list, max_length=60)


class PostDeclaration(Declaration):
    """A post of an organisation. Without names it is called as its kind; without an area it has its organisation's."""

    code: Code
    names: Names | None = None
    area: Area | None = None


class OrganisationDeclaration(Declaration):
    """An organisation (机构), its posts and the organisations below it. Without an area it has its parent's.

    ``kind`` is free (government, bureau, centre, street, section, company …); ``serves`` are the kinds of department
    that it is for its area (``sanitation``, ``water``, ``centre``): cases are dispatched by them.
    """

    code: Code
    names: Names
    kind: Code
    area: Area | None = None
    serves: list[Code] = Field(default_factory=list, max_length=60)
    parent: Code | None = Field(None, description="Only for the top of a tree: the organisation above it.")
    posts: list[PostDeclaration] = Field(default_factory=list, max_length=2000)
    children: list[OrganisationDeclaration] = Field(default_factory=list, max_length=2000)

    @model_validator(mode="after")
    def _parent_only_at_the_top(self) -> OrganisationDeclaration:
        for child in self.children:
            if child.parent is not None:
                raise ValueError(
                    f"{child.code} 已在 {self.code} 之下,请删去它的 parent"
                    f" | {child.code} stands below {self.code} already; remove its parent"
                )
        return self

    def walk(self, parent: str | None = None) -> Iterator[tuple[str | None, OrganisationDeclaration]]:
        """Every organisation of this tree with its parent's code, parents first."""
        yield parent or self.parent, self
        for child in self.children:
            yield from child.walk(self.code)


class PlacedPostDeclaration(Declaration):
    """A post published apart from the tree, in bulk: one grid worker (网格员) per responsibility grid, for example."""

    organisation: Code
    code: Code
    area: Area | None = None
    names: Names | None = None


class PostReference(Declaration):
    """Names a published post by kind, organisation (default: the account's own) and, where it has several, area."""

    code: Code
    organisation: Code | None = None
    area: Area | None = None


class AccountDeclaration(Declaration):
    """An account that a demo city or an import brings. Without a password nobody can sign in to it until one is set."""

    login: Login
    name: str = Field(min_length=1, max_length=60)
    organisation: Code | None = None
    password: SecretStr | None = None
    must_change: bool = False
    posts: list[PostReference] = Field(default_factory=list, max_length=200)
    roles: list[Code] = Field(default_factory=list, max_length=60, description="Roles given directly, unnarrowed.")
