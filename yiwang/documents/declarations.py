"""The format of ``packs/*/documents/*.yaml``: what is printed for a case, how it is numbered, who issues and seals it.

The words stand in a template beside the declaration (``NAME.md``), see :mod:`yiwang.documents.template`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Key = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]*$", max_length=60)]


class Declaration(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Declaration):
    """A text in both languages."""

    zh: str = Field(min_length=1, max_length=100)
    en: str = Field(min_length=1, max_length=100)


class Seal(Declaration):
    """The round seal (电子印章), drawn with the office's name around a star; no picture of a real seal."""

    foot: str = Field("", max_length=20, description="Words below the star, such as 行政审批专用章.")


class DocumentDeclaration(Declaration):
    """One kind of document (文书) that is issued for cases of one type."""

    id: Key
    names: Words = Field(description="The title as printed (zh) and as shown to readers of English.")
    case: Key = Field(description="Id of the case type for which it is issued.")
    template: str = Field(
        pattern=r"^[a-z0-9][a-z0-9-]{0,58}\.md$", description="File beside this one that holds the words."
    )
    number: str = Field(
        max_length=60,
        description="Pattern of the number (文号): literal text with {office}, {year} and {serial} or {serial:4}; the serial "
        "restarts each year and has no gaps for each office: {office}罚字〔{year}〕第{serial}号.",
    )
    office: Key = Field(
        "department",
        description="Who issues: department (whoever handles the case), an organisation's code, or a kind of department.",
    )
    seal: Seal | None = Field(None, description="The seal over the date; left out: none.")
    deliver: bool = Field(
        True, description="Whether the reporter reads it on the page where the case is followed with number and code."
    )
    after_closing: bool = Field(
        True,
        description="Whether it may be issued or replaced once the case is closed; false: a closed file stays as it is.",
    )
    personal: bool = Field(
        False,
        description="Whether it prints personal fields: staff then need case: read_personal, and each reading is journalled.",
    )
