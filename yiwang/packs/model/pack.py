"""``pack.yaml``, ``roles.yaml`` and ``strings/*.yaml``: what a pack says of itself."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from yiwang.identity.declarations import PostKindDeclaration, RoleDeclaration
from yiwang.packs.versions import Need, read_need

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]
"""Code of a pack, city, place, case type …: ``urban-management``."""
Claim = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*(/[1-9][0-9]?)?$", max_length=80)]
"""A row of the plan catalogue (``grid-platform``) or one clause of it, counted from 1 (``grid-platform/3``)."""

LevelWord = Literal["declared", "working", "proved"]


def _readable(text: str) -> str:
    read_need(text)
    return text


NeedText = Annotated[str, StringConstraints(max_length=120), AfterValidator(_readable)]
"""A pack that is needed, with the range of its versions: ``urban-management ^0.2``."""


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=2000, description="Chinese (simplified).")
    en: str = Field(min_length=1, max_length=2000, description="English.")


class PackFile(Declaration):
    """``pack.yaml``: which application this is, what it answers, and what it needs."""

    id: Key = Field(description="The pack's code; equals its folder's name.")
    names: Words = Field(description="What people call it.")
    version: str = Field(
        pattern=r"^[0-9]+(\.[0-9]+){0,2}$",
        description="Version of the declarations, in quotes: “0.1”. Change it with them.",
    )
    level: LevelWord = Field(
        description="declared: passes `yiwang check`; working: scenarios cover every clause that it answers; "
        "proved: also checked against data or a client from outside."
    )
    answers: list[Claim] = Field(
        default_factory=list,
        description="Rows of the plan catalogue that it answers, whole (`grid-platform`) or by clause (`grid-platform/3`).",
    )
    needs: list[NeedText] = Field(
        default_factory=list,
        description="Other packs that a city must run beside it, each with a range of versions if you like: "
        "`urban-management ^0.2`, `urban-management >=0.2 <1`.",
    )
    departments: dict[Key, Words] = Field(
        default_factory=dict,
        description="Kinds of department that its classes and rules name; organisations of a city say which they serve. "
        "Two packs that name the same kind use equal words.",
    )

    @property
    def needed(self) -> list[Need]:
        """What it needs, in the order of :attr:`needs`."""
        return [read_need(text) for text in self.needs]

    @property
    def needed_ids(self) -> list[str]:
        """The packs that it needs, whatever their version."""
        return [need.pack for need in self.needed]


class RolesFile(Declaration):
    """``roles.yaml``: kinds of post (岗位) of this application, their roles (角色), and what each role may do."""

    posts: list[PostKindDeclaration] = Field(
        default_factory=list,
        description="Kinds of post. The same code in two packs is one post with the roles of both.",
    )
    roles: list[RoleDeclaration] = Field(
        default_factory=list, description="Roles with their grants; a code in two packs must be the same role."
    )


class ProofFile(Declaration):
    """``proof.yaml``: for level proved, what outside truth the pack was checked against, and by which test."""

    proofs: list[Proof] = Field(min_length=1, description="At least one check against something we did not make.")


class Proof(Declaration):
    """One check against the outside."""

    what: Words = Field(description="The data, standard or foreign client, and what was compared.")
    test: str = Field(
        pattern=r"^tests/[\w/.-]+\.py(::\w+)?$", description="The test that does it: tests/packs/test_x.py::test_name."
    )


class StringsFile(BaseModel):
    """``strings/zh.yaml``, ``strings/en.yaml``: flat ``key: text``; both files have the same keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    texts: dict[str, str]

    @model_validator(mode="before")
    @classmethod
    def _flat(cls, value: object) -> object:
        return {"texts": value}


ProofFile.model_rebuild()
