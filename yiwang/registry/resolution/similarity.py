"""How alike two different values are, from 0 (nothing says that they mean the same) to 1; plain functions of two texts.

What counts as alike is what goes wrong when people write the same fact twice: a character that sounds the same, day and
month swapped, a digit mistyped, an address with other parts left out.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from functools import lru_cache
from itertools import pairwise

from yiwang.registry.declarations import Likeness
from yiwang.registry.resolution.addresses import WEIGHTS, parts_of
from yiwang.registry.resolution.pinyin import readings, sound

_NOT_WORDS = re.compile(r"[\W_]+")
_NOT_DIGITS = re.compile(r"\D+")
_longest_name = 6
_HOMOPHONE, _OTHER_LENGTH, _OTHER_ORDER = 0.8, 0.7, 0.95
_OTHER_CHARACTER = 0.3  # brothers and sisters share all characters but one
_SWAPPED, _ONE_PART, _SHORTER = 0.8, 0.6, 0.7
_SAME_END, _ONE_DIGIT = 0.95, 0.6


def name(one: str, other: str) -> float:
    """Names of people: character by character, those that sound the same for four fifths; Latin names word by word."""
    first, second = tidy(one), tidy(other)
    if first == second:
        return 1.0
    if first.isascii() or second.isascii():
        words = sorted(one.casefold().split()), sorted(other.casefold().split())
        return _OTHER_ORDER if words[0] == words[1] else text(one, other)
    if max(len(first), len(second)) > _longest_name:
        return text(one, other)
    if len(first) == len(second):
        each = [_sounds(a, b) for a, b in zip(first, second, strict=True)]
        alike = max(0.0, 2 * sum(each) / len(each) - 1)
        return alike if all(each) else alike * _OTHER_CHARACTER
    shared = 2 * _common(first, second) / (len(first) + len(second))
    return max(0.0, 2 * shared - 1) * _OTHER_LENGTH


def pinyin(one: str, other: str) -> float:
    """Whether both sound the same."""
    return 1.0 if sound(tidy(one)) == sound(tidy(other)) else 0.0


def date(one: str, other: str) -> float:
    """Days (YYYY-MM-DD): day and month swapped, one part mistaken, one of them told less exactly."""
    first, second = one.split("-"), other.split("-")
    if len(first) != len(second):
        shorter = min(len(first), len(second))
        return _SHORTER if first[:shorter] == second[:shorter] else 0.0
    if len(first) == 3 and first[0] == second[0] and first[1:] == second[:0:-1]:
        return _SWAPPED
    return _ONE_PART if sum(a != b for a, b in zip(first, second, strict=True)) == 1 and len(first) == 3 else 0.0


def phone(one: str, other: str) -> float:
    """Telephone numbers: with or without a prefix, one digit mistyped, two swapped."""
    first, second = _NOT_DIGITS.sub("", one), _NOT_DIGITS.sub("", other)
    if first == second:
        return 1.0
    if min(len(first), len(second)) >= 7 and (first.endswith(second) or second.endswith(first)):
        return _SAME_END
    if len(first) != len(second) or len(first) < 7:
        return 0.0
    wrong = [place for place, (a, b) in enumerate(zip(first, second, strict=True)) if a != b]
    if len(wrong) == 1:
        return _ONE_DIGIT
    swapped = len(wrong) == 2 and wrong[1] == wrong[0] + 1 and first[wrong[0]] == second[wrong[1]]
    return _ONE_DIGIT if swapped and first[wrong[1]] == second[wrong[0]] else 0.0


def address(one: str, other: str) -> float:
    """Addresses: by the parts that both tell; where they have none in common, by their pairs of characters."""
    first, second = asdict(parts_of(one)), asdict(parts_of(other))
    total = found = 0.0
    for part, weight in WEIGHTS.items():
        a, b = first[part], second[part]
        if not a or not b:
            continue
        total += weight
        found += weight * (1.0 if a == b else text(a, b) / 2 if part in ("road", "compound") else 0.0)
    if total < WEIGHTS["road"] + WEIGHTS["number"]:
        return text(one, other) * 0.9
    return found / total


def text(one: str, other: str) -> float:
    """Texts: the share of pairs of neighbouring characters that both have."""
    first, second = tidy(one), tidy(other)
    if first == second:
        return 1.0
    if len(first) < 2 or len(second) < 2:
        return 0.0
    pairs = Counter(pairwise(first)), Counter(pairwise(second))
    return 2 * (pairs[0] & pairs[1]).total() / (len(first) + len(second) - 2)


def number(one: str, other: str) -> float:
    """Numbers: 1 for the same, 0 from a tenth of difference on."""
    try:
        first, second = float(one), float(other)
    except ValueError:
        return 0.0
    widest = max(abs(first), abs(second))
    return 1.0 if widest == 0 else max(0.0, 1 - 10 * abs(first - second) / widest)


SOFT: dict[Likeness, Callable[[str, str], float]] = {
    "name": name,
    "pinyin": pinyin,
    "date": date,
    "phone": phone,
    "address": address,
    "text": text,
    "number": number,
}
"""By the word of the declaration; ``exact`` is not among them: unequal values are 0."""


@lru_cache(maxsize=1 << 16)
def tidy(value: str) -> str:
    """Without blanks, punctuation and case; full width as half width."""
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", value).casefold())


def _sounds(one: str, other: str) -> float:
    if one == other:
        return 1.0
    return _HOMOPHONE if not set(readings(one)).isdisjoint(readings(other)) else 0.0


def _common(one: str, other: str) -> int:
    """Length of the longest common subsequence."""
    row = [0] * (len(other) + 1)
    for a in one:
        before = 0
        for place, b in enumerate(other, start=1):
            kept = row[place]
            row[place] = before + 1 if a == b else max(row[place], row[place - 1])
            before = kept
    return row[-1]
