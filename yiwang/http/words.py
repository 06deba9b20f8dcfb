"""A name in both languages, as the desk's answers give it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Words(BaseModel):
    model_config = ConfigDict(extra="forbid", from_attributes=True)

    zh: str
    en: str


def words(pair: tuple[str, str]) -> Words:
    """From (Chinese, English)."""
    return Words(zh=pair[0], en=pair[1])
