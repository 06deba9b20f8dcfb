"""All issues of a pile of letters at once: for a file, and for a city that begins.

The pile tells everything itself: which words are rare, which names are places. A group of letters is an issue when some
word marks it: stands in most of its letters and in few others. A group without one is a subject (话题) that people write
about for many reasons, such as housing loans in general; it is no matter that an office could settle, and is left out.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from yiwang.judgement.hot_issues.grouping import Neighbours, centre, consolidate, groups, likeness, neighbours
from yiwang.judgement.hot_issues.model import Heat, Issue, Letter
from yiwang.judgement.hot_issues.words import Gazetteer, Rarity, Subject, count_words, subject, text_read

backed = 100
"""So many clicks for a letter make it an issue without a second letter."""

_marked = 0.76
_together = 0.7
_title_share = 0.6
_one_story = 0.15
_longest_phrase = 10
_nearly_always = 0.8
_shown_words = 6
_shown_places = 2
_AREA = re.compile("[A-Z][0-9]{1,2}[区县]|(?<=[市省])[\u4e00-\u9fff]{2,3}[区县]|^[\u4e00-\u9fff]{2}[区县]")


@dataclass(frozen=True, slots=True)
class Pile:
    """Letters with what was read from them. ``words`` are those of title and beginning, ``titles`` those of the title."""

    letters: Sequence[Letter]
    subjects: Sequence[Subject]
    words: Sequence[frozenset[str]]
    titles: Sequence[frozenset[str]]
    rarity: Rarity


def read_pile(letters: Sequence[Letter], known_places: Mapping[str, str] | None = None) -> Pile:
    """Learn rarity and place names from the letters, then read each."""
    gazetteer = Gazetteer.of_texts(
        (f"{letter.title}\n{letter.text.strip()[:text_read]}" for letter in letters), known_places
    )
    titles = [frozenset(count_words(letter.title)) for letter in letters]
    words = [
        title | frozenset(count_words(letter.text.strip()[:text_read]))
        for title, letter in zip(titles, letters, strict=True)
    ]
    rarity = Rarity()
    for found in words:
        rarity.add(found)
    subjects = [subject(letter.title, letter.text, rarity, gazetteer) for letter in letters]
    return Pile(letters, subjects, words, titles, rarity)


def find_issues(
    letters: Sequence[Letter], known_places: Mapping[str, str] | None = None, least_people: int = 2
) -> list[Issue]:
    """The issues of these letters, the hottest first: each is told by ``least_people`` people, or by one letter that
    :data:`backed` people stand behind. ``known_places`` are names with their kind (estate, road …)."""
    pile = read_pile(letters, known_places)
    near = neighbours(pile.subjects)
    found = _join_by_mark(consolidate(groups(near), pile.subjects), pile)
    grouped = {member for members in found for member in members}
    alone = [index for index, letter in enumerate(letters) if letter.support >= backed and index not in grouped]
    issues = [_issue([index], pile, near, heat_of([letters[index]]), marking_words([index], pile)) for index in alone]
    for members in found:
        marks = marking_words(members, pile)
        heat = heat_of([letters[member] for member in members])
        if heat.people >= least_people and marks and marks[0][1] >= _marked:
            issues.append(_issue(members, pile, near, heat, marks))
    return sorted(issues, key=lambda issue: (-issue.heat.value, issue.began, issue.title))


def is_marked(pile: Pile) -> bool:
    """Whether a word tells all letters of this pile from the others that ``rarity`` has counted."""
    marks = marking_words(range(len(pile.letters)), pile)
    return bool(marks) and marks[0][1] >= _marked


def describe(pile: Pile, near: Neighbours) -> Issue:
    """The whole pile as one issue."""
    members = list(range(len(pile.letters)))
    return _issue(members, pile, near, heat_of(pile.letters), marking_words(members, pile))


def heat_of(letters: Sequence[Letter]) -> Heat:
    """Letters without a writer count as one person each."""
    people = {letter.writer or f"\0{letter.id}" for letter in letters}
    return Heat(
        len(letters),
        len(people),
        sum(letter.support for letter in letters),
        sum(letter.against for letter in letters),
    )


def marking_words(members: Sequence[int], pile: Pile) -> list[tuple[str, float]]:
    """The words that mark a group, best first, with the F-measure of telling its letters from all others by that word;
    words that stand in titles go before others that mark as well."""
    titled = Counter(word for member in members for word in pile.titles[member])
    counts = Counter(word for member in members for word in pile.words[member])
    marks = [
        (word, 2 * count / (len(members) + pile.rarity.counts[word]))
        for word, count in counts.items()
        if count >= min(2, len(members))
    ]
    return sorted(
        marks, key=lambda mark: (-mark[1] if titled[mark[0]] else 1 - mark[1], -titled[mark[0]], -len(mark[0]), mark[0])
    )[:_shown_words]


def _join_by_mark(found: list[list[int]], pile: Pile) -> list[list[int]]:
    """Join groups whose titles share a word that marks them better together than apart: one fraud, told in two ways.

    A place alone does not join: the groups must speak of one matter also without it.
    """
    members = dict(enumerate(found))
    by_word: dict[str, set[int]] = {}
    for index, group in members.items():
        for word in _title_words(group, pile):
            by_word.setdefault(word, set()).add(index)
    waiting = sorted(
        (word for word, groups_ in by_word.items() if len(groups_) > 1), key=lambda w: (pile.rarity.counts[w], w)
    )
    for word in waiting:
        while True:
            pair = _pair_by_mark(word, sorted(by_word[word]), members, pile)
            if pair is None:
                break
            one, other = pair
            members[one] = sorted(members[one] + members.pop(other))
            for groups_ in by_word.values():
                if other in groups_:
                    groups_.discard(other)
                    groups_.add(one)
    return list(members.values())


def _title_words(group: Sequence[int], pile: Pile) -> list[str]:
    told = Counter(word for member in group for word in pile.titles[member])
    return [word for word, count in told.items() if count >= len(group) * _title_share and len(word) > 1]


def _pair_by_mark(
    word: str, candidates: list[int], members: dict[int, list[int]], pile: Pile
) -> tuple[int, int] | None:
    total = pile.rarity.counts[word]
    counts = {index: sum(word in pile.words[member] for member in members[index]) for index in candidates}
    most = sum(sorted(counts.values())[-2:])
    if 2 * most < _together * (most + total):
        return None  # too common a word for any two of these groups
    best: tuple[float, int, int] | None = None
    for at, one in enumerate(candidates):
        for other in candidates[at + 1 :]:
            sizes = len(members[one]), len(members[other])
            apart = max(2 * counts[one] / (sizes[0] + total), 2 * counts[other] / (sizes[1] + total))
            together = 2 * (counts[one] + counts[other]) / (sum(sizes) + total)
            better = together >= _together and together > apart and (best is None or together > best[0])
            if better and _one_matter(members[one], members[other], pile):
                best = (together, one, other)
    return (best[1], best[2]) if best else None


def _one_matter(one: Sequence[int], other: Sequence[int], pile: Pile) -> bool:
    return likeness(centre(one, pile.subjects), centre(other, pile.subjects)) >= _one_story


def _issue(members: list[int], pile: Pile, near: Neighbours, heat: Heat, marks: list[tuple[str, float]]) -> Issue:
    close = sum(near[member].get(other, 0.0) for member in members for other in members)
    letters = [pile.letters[member] for member in members]
    return Issue(
        title=_title(members, pile),
        places=(*_areas(letters), *_places(members, pile)),
        letters=tuple(sorted(letters, key=lambda letter: (letter.at, letter.id))),
        heat=heat,
        words=tuple(phrases([word for word, _ in marks], letters)) if len(letters) > 1 else (),
        closeness=close / (len(members) * (len(members) - 1)) if len(members) > 1 else 1.0,
    )


def _areas(letters: Sequence[Letter]) -> list[str]:
    """The area that most titles with an area name, as 区 or 县."""
    told = Counter(area for letter in letters for area in set(_AREA.findall(letter.title)))
    return [area for area, count in told.most_common(1) if count * 3 >= len(letters)]


def _places(members: Sequence[int], pile: Pile) -> list[str]:
    """Places that half of the letters name; those of the titles first."""
    told = Counter(place for member in members for place in pile.subjects[member].places)
    titles = [pile.letters[member].title for member in members]
    ranked = sorted(told, key=lambda place: (-sum(place in title for title in titles), -told[place], len(place), place))
    return _outer([place for place in ranked if told[place] * 2 >= len(members)])[:_shown_places]


def _title(members: Sequence[int], pile: Pile) -> str:
    """Of all titles the one whose words the other letters use most; what more people back weighs more; of equals the shorter."""
    told = Counter(word for member in members for word in pile.words[member])

    def common(member: int) -> tuple[float, int]:
        words = pile.titles[member]
        backing = 1 + math.log1p(pile.letters[member].support) / 4
        return (
            backing * sum(told[word] for word in words) / max(len(words), 1) ** 0.5,
            -len(pile.letters[member].title),
        )

    return pile.letters[max(members, key=common)].title


def phrases(marks: Sequence[str], letters: Sequence[Letter]) -> list[str]:
    """The marking words, each grown to the phrase in which it stands nearly always: 五矿 → 五矿万境."""
    texts = [f"{letter.title}\n{letter.text[:text_read]}" for letter in letters]
    found: list[str] = []
    for mark in marks:
        phrase = _grown(mark, texts)
        if not any(phrase in other for other in found):
            found = [other for other in found if other not in phrase] + [phrase]
    return found


def _grown(phrase: str, texts: Sequence[str]) -> str:
    while len(phrase) < _longest_phrase:
        holding = sum(phrase in text for text in texts)
        ways: Counter[str] = Counter()
        for text in texts:
            ways.update(_longer(phrase, text))
        best = max(sorted(ways), key=lambda way: ways[way], default="")
        if not best or ways[best] < holding * _nearly_always:
            break
        phrase = best
    return phrase


def _longer(phrase: str, text: str) -> set[str]:
    """The phrase with one more letter or digit before or behind, wherever it stands in the text."""
    found: set[str] = set()
    at = text.find(phrase)
    while at >= 0:
        before, behind = text[at - 1 : at] if at else "", text[at + len(phrase) : at + len(phrase) + 1]
        found.update(way for part, way in ((before, before + phrase), (behind, phrase + behind)) if part.isalnum())
        at = text.find(phrase, at + 1)
    return found


def _outer(places: list[str]) -> list[str]:
    """Without names that are a part of another one told here."""
    return [place for place in places if not any(place != other and place in other for other in places)]
