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
    """A word of a class: its beginning, and what follows after gaps; ``place`` in the list of all words."""

    beginning: str
    after_gaps: tuple[str, ...]
    code: str
    weight: float
    place: int

    def end_in(self, text: str, start: int) -> int | None:
        """Where the word whose beginning stands at ``start`` ends; None when what follows is not near."""
        end = start + len(self.beginning)
        for part in self.after_gaps:
            found = text.find(part, end, end + farthest + len(part))
            if found < 0 or _CLAUSE_END.search(text, end, found):
                return None
            end = found + len(part)
        return end


class WordIndex:
    """The words of all classes, found in one pass over the text: O(length), some tens of microseconds for a report."""

    def __init__(self, classes: list[CaseClass]) -> None:
        self._order = {item.code: place for place, item in enumerate(classes)}
        self._words: dict[str, list[_Word]] = defaultdict(list)
        """By their first two characters; by the first alone where no more stand before the gap."""
        count = 0
        for item in classes:
            for word in sorted({*item.words, *item.phrases, item.names.zh}):
                parts = [part for part in word.casefold().split(GAP) if part]
                length = sum(len(part) for part in parts)
                if length >= 2:
                    weight = length**1.5 * (_looser if len(parts) > 1 else 1.0)
                    self._words[parts[0][:2]].append(_Word(parts[0], tuple(parts[1:]), item.code, weight, count))
                    count += 1

    def propose(self, text: str, at_most: int = 3) -> list[Proposal]:
        """Up to ``at_most`` classes, best first; empty when no word is known."""
        folded = text.casefold()
        weights: dict[str, float] = defaultdict(float)
        spoken: dict[str, dict[str, None]] = defaultdict(dict)
        heard: set[int] = set()
        length = max(len(folded), 1)
        for start in range(len(folded)):
            for key in (folded[start : start + 2], folded[start]):
                for word in self._words.get(key, ()):
                    if word.place in heard or not folded.startswith(word.beginning, start):
                        continue
                    end = word.end_in(folded, start) if word.after_gaps else start + len(word.beginning)
                    if end is None:
                        continue
                    heard.add(word.place)
                    spoken[word.code][folded[start:end]] = None
                    weights[word.code] += word.weight * (1.2 - 0.4 * start / length)
        ranked = sorted(weights, key=lambda code: (-weights[code], self._order[code]))
        return [Proposal(code, _longest(spoken[code]), round(weights[code], 2)) for code in ranked[:at_most]]


def _longest(words: dict[str, None]) -> tuple[str, ...]:
    """The words that are no part of another one."""
    return tuple(word for word in words if not any(word != other and word in other for other in words))
