"""Many words found in a text in one pass (Aho and Corasick 1975): the city's own names, as many as there are.

Owns the automaton. Promises: time grows with the text and the finds, not with the number of words; the longest of
overlapping finds wins, the earlier of two equally long ones.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Find:
    """A word at ``text[start:end]``; ``word`` is its number in the order given."""

    start: int
    end: int
    word: int


class Words:
    """An automaton over words; empty words and repetitions of an earlier word are left out."""

    def __init__(self, words: Iterable[str]) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._word: list[int] = [-1]
        self._length: list[int] = [0]
        for number, word in enumerate(words):
            if word:
                self._add(word, number)
        self._back: list[int] = [0] * len(self._next)
        self._ends: list[int] = [0] * len(self._next)
        self._link()

    def _add(self, word: str, number: int) -> None:
        at = 0
        for character in word:
            following = self._next[at].get(character)
            if following is None:
                following = len(self._next)
                self._next[at][character] = following
                self._next.append({})
                self._word.append(-1)
                self._length.append(self._length[at] + 1)
            at = following
        if self._word[at] < 0:
            self._word[at] = number

    def _link(self) -> None:
        """For each state: where to go on when no character fits (``_back``), and the nearest shorter word (``_ends``)."""
        waiting = deque(self._next[0].values())
        while waiting:
            state = waiting.popleft()
            back = self._back[state]
            self._ends[state] = back if self._word[back] >= 0 else self._ends[back]
            for character, following in self._next[state].items():
                at = back
                while at and character not in self._next[at]:
                    at = self._back[at]
                self._back[following] = self._next[at].get(character, 0)
                waiting.append(following)

    def every(self, text: str) -> Iterator[Find]:
        """All finds, also overlapping ones, by their end."""
        at = 0
        for position, character in enumerate(text):
            while at and character not in self._next[at]:
                at = self._back[at]
            at = self._next[at].get(character, 0)
            state = at if self._word[at] >= 0 else self._ends[at]
            while state:
                yield Find(position + 1 - self._length[state], position + 1, self._word[state])
                state = self._ends[state]

    def longest(self, text: str) -> list[Find]:
        """Finds that do not overlap, the longest first served, in the order of the text."""
        kept: list[Find] = []
        taken = bytearray(len(text))
        for find in sorted(self.every(text), key=lambda f: (f.start - f.end, f.start)):
            if not any(taken[find.start : find.end]):
                taken[find.start : find.end] = b"\x01" * (find.end - find.start)
                kept.append(find)
        return sorted(kept, key=lambda find: find.start)
