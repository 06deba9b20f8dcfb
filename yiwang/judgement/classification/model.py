"""The nouns of classification: what is learned from, what is answered, how good it is.

None of them has a field for the person who reports; the text is cleaned of names and numbers before it is counted
(:mod:`yiwang.judgement.classification.wording`).
"""

from __future__ import annotations

from dataclasses import dataclass

_BANDS = ("night", "morning", "noon", "afternoon", "evening")


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What is known around a text: the channel's key, the area's code, the city's local hour (0–23) and month (1–12)."""

    channel: str = ""
    area: str = ""
    hour: int | None = None
    month: int | None = None

    def words(self) -> list[str]:
        """The circumstances as features; what is not known gives none."""
        found = [f"channel={self.channel}"] if self.channel else []
        found += [f"area={self.area[:length]}" for length in (6, 9, 12) if len(self.area) >= length]
        if self.hour is not None:
            found.append(f"hours={_BANDS[0 if self.hour < 6 or self.hour > 21 else min(1 + (self.hour - 6) // 4, 4)]}")
        if self.month is not None:
            found.append(f"month={self.month}")
        return found


@dataclass(frozen=True, slots=True)
class Example:
    """A text whose class is known. ``key`` tells it from others (a case's number, a line of a file); it is not learned."""

    text: str
    label: str
    circumstances: Circumstances = Circumstances()
    key: str = ""


@dataclass(frozen=True, slots=True)
class Ranked:
    """A class with its probability, 0 … 1, and the words of the text that spoke for it, strongest first."""

    label: str
    probability: float
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Judged:
    """The classes of a text, most probable first. ``sure`` when the first is at or above the model's threshold."""

    ranked: tuple[Ranked, ...]
    sure: bool


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How well one class was found: ``support`` texts have it, ``found`` were called it, ``right`` both."""

    label: str
    support: int
    found: int
    right: int

    @property
    def precision(self) -> float:
        return self.right / self.found if self.found else 0.0

    @property
    def recall(self) -> float:
        return self.right / self.support if self.support else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where either has nothing to divide by."""
        return 2 * self.right / (self.support + self.found) if self.support + self.found else 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """How well texts were classified. Rates 0 … 1.

    ``macro_f1`` is the plain mean of F1 over the classes that the texts have; ``calibration_error`` the expected calibration
    error (ECE, 15 bins of equal width) of the first answer's probability; ``sure`` the share at or above the threshold and
    ``sure_right`` how many of those are right.
    """

    texts: int
    accuracy: float
    macro_f1: float
    top_three: float
    calibration_error: float
    sure: float
    sure_right: float | None
    classes: tuple[ClassFigures, ...]
    unknown_labels: tuple[str, ...] = ()
