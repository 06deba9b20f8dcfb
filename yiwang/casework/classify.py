"""Classification by words: which class of the tree does a report's text speak for, and by which words.

The first rule of the house: a class chosen by a person stands; this only proposes. A longer word outweighs a shorter,
an earlier mention a later one; ties go to the class that stands first in the tree, so that the answer is stable.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from yiwang.casework.declarations import CaseClass


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed class and the words of the text that spoke for it."""

    code: str
    words: tuple[str, ...]
    weight: float


class WordIndex:
    """The words of all classes, found in one pass over the text: O(length), a few microseconds for a report."""

    def __init__(self, classes: list[CaseClass]) -> None:
        self._order = {item.code: place for place, item in enumerate(classes)}
        self._words: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for item in classes:
            for word in {*item.words, item.names.zh}:
                folded = word.casefold()
                if len(folded) >= 2:
                    self._words[folded[:2]].append((folded, item.code))

    def propose(self, text: str, at_most: int = 3) -> list[Proposal]:
        """Up to ``at_most`` classes, best first; empty when no word is known."""
        folded = text.casefold()
        weights: dict[str, float] = defaultdict(float)
        spoken: dict[str, dict[str, None]] = defaultdict(dict)
        length = max(len(folded), 1)
        for place in range(len(folded) - 1):
            for word, code in self._words.get(folded[place : place + 2], ()):
                if word in spoken[code] or not folded.startswith(word, place):
                    continue
                spoken[code][word] = None
                weights[code] += len(word) ** 1.5 * (1.2 - 0.4 * place / length)
        ranked = sorted(weights, key=lambda code: (-weights[code], self._order[code]))
        return [Proposal(code, tuple(spoken[code]), round(weights[code], 2)) for code in ranked[:at_most]]
