"""Nouns of hot issues (热点问题): the letter as any source gives it, and the issue with its heat."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Letter:
    """One report or letter (来信). ``at`` is aware; ``writer`` only tells two people apart and is no feature of anything;
    ``support`` and ``against`` are the clicks for and against it; degrees are CGCS2000 or None."""

    id: str
    at: datetime
    title: str
    text: str
    writer: str = ""
    support: int = 0
    against: int = 0
    area: str = ""
    longitude: float | None = None
    latitude: float | None = None


@dataclass(frozen=True, slots=True)
class Heat:
    """How hot (热度): each person counts once, those who clicked count by the square root of their number, since a click
    is cheap and a list of clicks is often one campaign. Clicks against are shown and not counted."""

    letters: int
    people: int
    support: int
    against: int

    @property
    def value(self) -> float:
        return self.people + math.sqrt(self.support)


@dataclass(frozen=True, slots=True)
class Issue:
    """One real-world matter: its letters in order of time, the names of places that most of them tell, its title (that of
    the letter closest to all others), and the words that mark it."""

    title: str
    places: tuple[str, ...]
    letters: tuple[Letter, ...]
    heat: Heat
    words: tuple[str, ...]
    closeness: float = field(metadata={"unit": "mean likeness of two of its letters, 0…1"})

    @property
    def began(self) -> date:
        """Day of the first letter, in the zone of the letters."""
        return self.letters[0].at.date()

    @property
    def ended(self) -> date:
        """Day of the last letter."""
        return self.letters[-1].at.date()

    def months(self) -> dict[str, int]:
        """Letters by month (``2019-11``), without the months that have none."""
        found: dict[str, int] = {}
        for letter in self.letters:
            month = f"{letter.at:%Y-%m}"
            found[month] = found.get(month, 0) + 1
        return found
