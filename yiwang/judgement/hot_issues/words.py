"""What a letter is about, as weighted words: pairs and triples of Chinese characters, Latin words and numbers.

Rare words weigh more (tf-idf, Salton 1975); those of the title most. Words of a place's name are kept apart from the rest,
so that two matters of one estate are not taken for one. Nothing about the writer enters.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from yiwang.judgement.extraction.matching import Words
from yiwang.judgement.extraction.names import find_names
from yiwang.kernel.text import half_width

text_read = 400
"""Characters of a letter's text that are read: what it is about is said at its beginning, the rest is rhetoric."""

_PRECISE = ("road", "estate", "facility", "line")
_kept_words = 120
_title_weight = 3.0
_most_common = 0.05
_few_texts = 50
_RUN = re.compile("[\u3400-\u9fff]+|[A-Za-z]*[0-9]+[A-Za-z]*|[A-Za-z]{2,}")
_AREA_LETTERS = re.compile("^[a-z][0-9]*$")
_NOT_SPOKEN = re.compile("(?<=[\u4e00-\u9fff])[.·](?=[\u4e00-\u9fff])")
_name_share = 0.12
_shorter_stands = 3


@dataclass(frozen=True, slots=True)
class Subject:
    """Words of one letter with weights of length one. ``matter`` leaves out the words of place names, with the share of
    the whole that is left (0…1); ``places`` are the names told, ``named`` the
    precise ones in the title by kind."""

    words: Mapping[str, float]
    matter: Mapping[str, float]
    places: frozenset[str]
    named: Mapping[str, frozenset[str]]

    def contradicts(self, other: Subject) -> bool:
        """Whether the titles name different places of one kind, such as two estates; a part of a name is no other name."""
        kinds = [kind for kind in self.named if kind in other.named]
        return bool(kinds) and not any(
            one in two or two in one for kind in kinds for one in self.named[kind] for two in other.named[kind]
        )


def count_words(text: str) -> Counter[str]:
    """How often each word stands in a text."""
    found: Counter[str] = Counter()
    for run in _RUN.findall(half_width(text)):
        if run[0] >= "\u3400":
            found.update(run[at : at + 2] for at in range(len(run) - 1))
            found.update(run[at : at + 3] for at in range(len(run) - 2))
        elif not _AREA_LETTERS.match(run.lower()):
            found[run.lower()] += 1
    return found


class Rarity:
    """In how many texts each word stands, and of how many texts that was counted."""

    def __init__(self, texts: int = 0, counts: Mapping[str, int] | None = None) -> None:
        self.texts = texts
        self.counts: Counter[str] = Counter(counts or {})
        self._weights: dict[str, float] = {}

    def add(self, words: Collection[str]) -> None:
        """Count one more text, given its words, each once."""
        self.texts += 1
        self.counts.update(words)
        self._weights.clear()

    def know(self, counts: Mapping[str, int]) -> None:
        """Take over counts made elsewhere; the number of texts stays."""
        self.counts.update(counts)
        self._weights.clear()

    def weight(self, word: str) -> float:
        """Logarithm of the inverse share of texts; 0 for a word that stands in one text only, or in too many."""
        known = self._weights.get(word)
        if known is None:
            known = self._weights[word] = self._reckon(self.counts.get(word, 0))
        return known

    def information(self, word: str) -> float:
        """The same without limits, for comparing two texts: every word counts, 1 where few texts have been counted."""
        if self.texts < _few_texts:
            return 1.0
        return math.log((self.texts + 1) / max(self.counts.get(word, 0), 1))

    def _reckon(self, count: int) -> float:
        if count < 2 or (self.texts > 100 and count > self.texts * _most_common):
            return 0.0
        return math.log((self.texts + 1) / count)


class Gazetteer:
    """Names of places (roads, estates, schools, villages) known from the texts themselves and from a list."""

    def __init__(self, kinds: Mapping[str, str]) -> None:
        self.kinds = {name: kind for name, kind in sorted(kinds.items()) if len(name) >= 2}
        self.names = list(self.kinds)
        self._words = Words(self.names)

    @classmethod
    def of_texts(cls, texts: Iterable[str], known: Mapping[str, str] | None = None) -> Gazetteer:
        """The names that the texts tell in two different surroundings (a text that was copied proves nothing), and the
        known ones (name → kind)."""
        read = list(texts)
        seen: Counter[str] = Counter()
        around: dict[str, set[str]] = {}
        kinds: dict[str, str] = {}
        for text in read:
            for found in find_names(text):
                name = _NOT_SPOKEN.sub("", found.stem)
                seen[name] += 1
                kinds.setdefault(name, found.kind)
                around.setdefault(name, set()).add(
                    text[max(found.start - 2, 0) : found.start] + text[found.end : found.end + 2]
                )
        told = sorted(name for name, surroundings in around.items() if len(surroundings) > 1)
        anywhere: Counter[int] = Counter()
        words = Words(told)
        for text in read:
            anywhere.update(find.word for find in words.every(text))
        standing = {name: anywhere[at] for at, name in enumerate(told)}
        # 发现小区 does not make a place of 发现: a name stands mostly where a name can stand.
        names = {name for name, count in standing.items() if seen[name] >= count * _name_share}
        kept = {name: kinds[name] for name in names if not _has_a_word_before(name, standing, names)}
        return cls({**kept, **(known or {})})

    @classmethod
    def of_names(cls, text: str) -> Gazetteer:
        """The names that one text tells by their form."""
        return cls({_NOT_SPOKEN.sub("", found.stem): found.kind for found in find_names(text)})

    def split(self, text: str) -> tuple[str, list[str]]:
        """The text with a blank for each place name, and the names."""
        text = _NOT_SPOKEN.sub("", text)
        finds = self._words.longest(text)
        parts, at = [], 0
        for find in finds:
            parts.append(text[at : find.start])
            at = find.end
        parts.append(text[at:])
        return " ".join(parts), [self.names[find.word] for find in finds]


def _has_a_word_before(name: str, standing: Mapping[str, int], names: Collection[str]) -> bool:
    """而凉塘路 is 凉塘路 with a word before it: the shorter name stands much more often."""
    return any(
        shorter in names and standing[shorter] >= _shorter_stands * standing[name]
        for shorter in (name[at:] for at in range(1, len(name) - 2))
    )


def subject(title: str, text: str, rarity: Rarity, gazetteer: Gazetteer) -> Subject:
    """What a letter is about; words unknown to ``rarity`` weigh nothing."""
    beginning = text.strip()[:text_read]
    title_rest, title_names = gazetteer.split(title)
    text_rest, text_names = gazetteer.split(beginning)
    whole = _weigh(count_words(title), count_words(beginning), rarity)
    matter = _weigh(count_words(title_rest), count_words(text_rest), rarity)
    named: dict[str, set[str]] = {}
    for name in title_names:
        kind = gazetteer.kinds[name]
        if kind in _PRECISE:
            named.setdefault(kind, set()).add(name)
    return Subject(
        whole, matter, frozenset(title_names + text_names), {kind: frozenset(names) for kind, names in named.items()}
    )


def _weigh(title: Counter[str], text: Counter[str], rarity: Rarity) -> dict[str, float]:
    weights: dict[str, float] = {}
    for word in title.keys() | text.keys():
        rare = rarity.weight(word)
        if rare:
            often = 1 + math.log(text[word]) if word in text else 0.0
            weights[word] = rare * (often + (_title_weight if word in title else 0.0))
    best = sorted(weights.items(), key=lambda item: (-item[1], item[0]))[:_kept_words]
    length = math.sqrt(sum(weight * weight for _, weight in best)) or 1.0
    return {word: weight / length for word, weight in best}
