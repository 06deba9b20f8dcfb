"""Classification by words: which class of the tree does a report's text speak for, and by which words.

The first rule of the house: a class chosen by a person stands; this only proposes. A longer word outweighs a shorter,
an earlier mention a later one; ties go to the class that stands first in the tree, so that the answer is stable.

A phrase with ``…`` in it (路…坑) stands for its parts near each other in one clause, in this order: 路面有个坑, 路上一个深坑.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import NamedTuple

from yiwang.casework.declarations import CaseClass

GAP = "…"
farthest = 8
"""Characters that may stand between two parts of a word with a gap."""
_looser = 0.75
"""What a word with a gap weighs against one of the same length without."""

_CLAUSE_END = re.compile(r"[,.;:!?,。;:!?、\n]")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A proposed class and the words of the text that spoke for it."""

    code: str
    words: tuple[str, ...]
    weight: float


class _Word(NamedTuple):
    """A word of a class: its parts, in order; one where it has no gap."""

    parts: tuple[str, ...]
    code: str

    @property
    def weight(self) -> float:
        weight: float = sum(len(part) for part in self.parts) ** 1.5
        return weight if len(self.parts) == 1 else weight * _looser

    def end_in(self, text: str, place: int) -> int | None:
        """Where the word that begins at ``place`` ends in the text; None when it does not stand there."""
        if not text.startswith(self.parts[0], place):
            return None
        end = place + len(self.parts[0])
        for part in self.parts[1:]:
            found = text.find(part, end, end + farthest + len(part))
            if found < 0 or _CLAUSE_END.search(text, end, found):
                return None
            end = found + len(part)
        return end


class WordIndex:
    """The words of all classes, found in one pass over the text: O(length), a few microseconds for a report."""

    def __init__(self, classes: list[CaseClass]) -> None:
        self._order = {item.code: place for place, item in enumerate(classes)}
        self._words: dict[str, list[_Word]] = defaultdict(list)
        """By their first two characters; by the first alone where the first part is no longer."""
        for item in classes:
            for word in sorted({*item.words, *item.phrases, item.names.zh}):
                parts = tuple(part for part in word.casefold().split(GAP) if part)
                if sum(len(part) for part in parts) >= 2:
                    self._words[parts[0][:2]].append(_Word(parts, item.code))

    def propose(self, text: str, at_most: int = 3) -> list[Proposal]:
        """Up to ``at_most`` classes, best first; empty when no word is known."""
        folded = text.casefold()
        weights: dict[str, float] = defaultdict(float)
        spoken: dict[str, dict[str, None]] = defaultdict(dict)
        heard: set[_Word] = set()
        length = max(len(folded), 1)
        for place in range(len(folded)):
            start = folded[place : place + 2]
            for word in (*self._words.get(start, ()), *self._words.get(start[:1], ())):
                if word in heard:
                    continue
                end = word.end_in(folded, place)
                if end is None:
                    continue
                heard.add(word)
                spoken[word.code][folded[place:end]] = None
                weights[word.code] += word.weight * (1.2 - 0.4 * place / length)
        ranked = sorted(weights, key=lambda code: (-weights[code], self._order[code]))
        return [Proposal(code, _longest(spoken[code]), round(weights[code], 2)) for code in ranked[:at_most]]


def _longest(words: dict[str, None]) -> tuple[str, ...]:
    """The words that are no part of another one."""
    return tuple(word for word in words if not any(word != other and word in other for other in words))
