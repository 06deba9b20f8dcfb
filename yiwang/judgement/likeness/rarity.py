"""How much a term tells: a word that stands in every second report tells one bit, one in a thousand ten (idf).

The terms are those of search (:func:`yiwang.kernel.text.search_terms`): pairs of Chinese characters, Latin words.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

_FEWEST = 500
"""Reports below which a list cannot show how common anything is: what stands in both of two reports is not common."""

FLOOR = 0.3
"""Bits of a term that stands in nearly every report: never nothing, so that texts of common words still compare."""


@dataclass(frozen=True, slots=True)
class Rarity:
    """``shares``: in what share of reports (0 < share ≤ 1) a term stands; a term left out is ``rare``.

    A rarity without shares takes every term for one of a report in a thousand. ``texts``: the share of reports that say
    exactly this text and nothing else, where several do: a phrase chosen from a list tells no more than that.
    """

    shares: Mapping[str, float] = field(default_factory=dict)
    rare: float = 0.001
    texts: Mapping[str, float] = field(default_factory=dict)
    _weights: Mapping[str, float] = field(init=False, repr=False, compare=False)
    _most: float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        weights = {term: max(FLOOR, -math.log2(share)) for term, share in self.shares.items()}
        object.__setattr__(self, "_weights", weights)
        object.__setattr__(self, "_most", max(FLOOR, -math.log2(self.rare)))

    @classmethod
    def of(cls, reports: Iterable[tuple[str, Iterable[str]]]) -> Rarity:
        """Counted in reports themselves: (the whole text, its terms) of each."""
        counts: Counter[str] = Counter()
        texts: Counter[str] = Counter()
        number = 0
        for text, terms in reports:
            counts.update(set(terms))
            texts[text] += 1
            number += 1
        whole = max(number, _FEWEST)
        return cls(
            {term: count / whole for term, count in counts.items() if count > 1},
            max(0.5 / whole, 1e-6),
            {text: (count - 2) / whole for text, count in texts.items() if count > 2},  # two may well be one matter
        )

    def share(self, term: str) -> float:
        return self.shares.get(term, self.rare)

    def bits(self, term: str) -> float:
        """What it tells that two reports share the term."""
        return self._weights.get(term, self._most)

    def weight(self, terms: Iterable[str]) -> float:
        """The bits of all these terms together."""
        known, most = self._weights.get, self._most
        return sum([known(term, most) for term in terms])

    def most(self, text: str) -> float:
        """The most bits that the repetition of a whole text can tell."""
        share = self.texts.get(text)
        return math.inf if share is None else -math.log2(share)

    def rarest(self, terms: Iterable[str], count: int) -> list[str]:
        """The ``count`` terms that tell most, the most telling first; ties in the order given."""
        unique = list(dict.fromkeys(terms))
        return sorted(unique, key=self.share)[:count]
