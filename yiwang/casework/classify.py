"""Classification of a report: by the words that the class tree declares, and by the model in service where they are silent.

The first rule of the house: a class chosen by a person stands; this only proposes. A longer word outweighs a shorter,
an earlier mention a later one; ties go to the class that stands first in the tree, so that the answer is stable. A model
that is unsure leaves the class to a person, with its suggestions in sight; without a model the words alone speak.

A phrase with ``…`` in it (路…坑) stands for its parts near each other in one clause, in this order: 路面有个坑, 路上一个深坑.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

from yiwang.casework.declarations import CaseClass, CaseTypeDeclaration
from yiwang.casework.model import ClassSource
from yiwang.judgement.classification.model import Circumstances
from yiwang.judgement.classification.service import InService
from yiwang.kernel.database import Json, JsonObject

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


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A class proposed for a report, by which judge, with the words that spoke; the rules give no probability."""

    code: str
    source: Literal["rule", "model"]
    probability: float | None
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Classified:
    """What became of a report's class. ``sure`` is false when a person has to choose; ``model`` is the version asked."""

    code: str | None
    source: ClassSource
    reason: str
    suggestions: tuple[Suggestion, ...] = ()
    sure: bool = True
    model: int | None = None

    def as_json(self) -> JsonObject | None:
        """What is kept beside the case; None where no model was asked."""
        if self.model is None:
            return None
        suggestions: list[Json] = [
            {
                "class": item.code,
                "source": item.source,
                "probability": None if item.probability is None else round(item.probability, 4),
                "words": list(item.words),
            }
            for item in self.suggestions
        ]
        return {"model": self.model, "sure": self.sure, "suggestions": suggestions}


def chosen(code: str) -> Classified:
    """The class that a person gave."""
    return Classified(code, "person", "")


def classify(
    words: WordIndex,
    classes: Mapping[str, CaseClass],
    declaration: CaseTypeDeclaration,
    text: str,
    around: Circumstances,
    in_service: InService | None,
    at_most: int = 3,
) -> Classified:
    """Ask the rules and the model, in the order that the case type declares; the first that is sure decides."""
    by_rule = [Suggestion(item.code, "rule", None, item.words) for item in words.propose(text, at_most)]
    if in_service is None:
        return _decided(by_rule[:1], by_rule, declaration, None)
    judged = in_service.model.judge(text, around, at_most, threshold=declaration.learning.threshold)
    by_model = [
        Suggestion(item.label, "model", item.probability, item.words)
        for item in judged.ranked
        if item.label in classes and item.label != declaration.default_class
    ]
    sure = by_model[:1] if judged.sure and by_model and by_model[0].code == judged.ranked[0].label else []
    if declaration.learning.rules == "first":
        return _decided(by_rule[:1] or sure, by_rule + by_model, declaration, in_service.version)
    return _decided(sure or by_rule[:1], by_model + by_rule, declaration, in_service.version)


def _decided(
    first: list[Suggestion], all_of_them: list[Suggestion], declaration: CaseTypeDeclaration, model: int | None
) -> Classified:
    once = {item.code: item for item in reversed([*first, *all_of_them])}
    suggestions = tuple(sorted(once.values(), key=[*first, *all_of_them].index))[:5]
    if first:
        return Classified(first[0].code, first[0].source, "、".join(first[0].words), suggestions, True, model)
    return Classified(declaration.default_class, "none", "", suggestions, False, model)
