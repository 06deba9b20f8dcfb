"""Scoring offers for a need: hard conditions leave out, terms score what is left. Arithmetic over columns; no input or output.

A :class:`Pool` holds all offers of a rule as columns and knows which lie in which cell of a grid of the rule's radius, so that
a need looks at nine cells. The hard condition in CEL is asked in the order of the score, until enough offers have passed it,
and once for all pairs that agree in what it names.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, tzinfo
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from yiwang.flow.conditions import compile_condition, holds
from yiwang.flow.errors import ConditionFailed
from yiwang.flow.model import Condition
from yiwang.kernel.database import Json, JsonObject
from yiwang.matching.declarations import MatchDeclaration, Term
from yiwang.matching.model import Candidate, Need, Offer

Numbers = NDArray[np.float64]
Places = NDArray[np.int64]
Bits = NDArray[np.uint8]

METRES_OF_DEGREE = 111_320.0
"""Of latitude, and of longitude at the equator (WGS-84, to a third of a percent)."""
PRIOR_MARK, PRIOR_COUNT = 4.0, 2.0
"""An offer without marks counts as if it had two of 4: a newcomer is neither best nor worst."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PARTS = ("morning", "afternoon", "evening")
_PART_WORDS = {"上午": "morning", "下午": "afternoon", "晚上": "evening"} | {part: part for part in PARTS}
_DAY_WORDS = {f"周{sign}": day for sign, day in zip("一二三四五六日", DAYS, strict=True)}
_SEPARATORS = re.compile(r"[,，、;；|/\s]+")
_NAMED = re.compile(r"\b(need|offer)\s*(?:\.\s*([A-Za-z_][A-Za-z0-9_]*)|\[\s*[\"']([^\"']+)[\"']\s*\])")


def words_of(value: Json) -> tuple[str, ...]:
    """The words of a value: of a list its texts, of a text what stands between commas or blanks."""
    if isinstance(value, str):
        return tuple(dict.fromkeys(word for word in _SEPARATORS.split(value) if word))
    if isinstance(value, list):
        return tuple(dict.fromkeys(item for item in value if isinstance(item, str) and item))
    return ()


def time_word(value: Json, part: Json, zone: tzinfo) -> str | None:
    """``sat-morning`` of a date (with the part of the day given apart) or a moment; None where neither says it."""
    if not isinstance(value, str) or not value:
        return None
    try:
        if len(value) == 10:
            day, hour = date.fromisoformat(value), None
        else:
            moment = datetime.fromisoformat(value)
            local = moment.astimezone(zone) if moment.tzinfo is not None else moment
            day, hour = local.date(), local.hour
    except ValueError:
        return None
    named = _PART_WORDS.get(part) if isinstance(part, str) else None
    if named is None and hour is not None:
        named = PARTS[0] if hour < 12 else PARTS[1] if hour < 18 else PARTS[2]
    return f"{DAYS[day.weekday()]}-{named}" if named else None


def times_of(value: Json) -> tuple[str, ...]:
    """Times that are offered, as ``sat-morning``; 周六上午 is the same."""
    return tuple(
        f"{_DAY_WORDS[word[:2]]}-{_PART_WORDS[word[2:]]}"
        if word[:2] in _DAY_WORDS and word[2:] in _PART_WORDS
        else word
        for word in words_of(value)
    )


def names_in(expression: str) -> tuple[set[str], set[str]]:
    """What a condition names of the need and of the offer."""
    found = _NAMED.findall(expression)
    return (
        {plain or quoted for side, plain, quoted in found if side == "need"},
        {plain or quoted for side, plain, quoted in found if side == "offer"},
    )


class Pool:
    """All offers of a rule, as columns."""

    def __init__(self, rule: MatchDeclaration, offers: Sequence[Offer], zone: tzinfo) -> None:
        self.rule = rule
        self.offers = offers
        self.zone = zone
        self.place_of = {offer.id: place for place, offer in enumerate(offers)}
        lat = np.array([math.nan if each.lat is None else each.lat for each in offers])
        lon = np.array([math.nan if each.lon is None else each.lon for each in offers])
        known = lat[~np.isnan(lat)]
        self._scale = math.cos(math.radians(float(known.mean()))) if known.size else 1.0
        self.x, self.y = lon * METRES_OF_DEGREE * self._scale, lat * METRES_OF_DEGREE
        self.capacity = np.array([each.capacity for each in offers], dtype=np.int64)
        self.used = np.array([each.used for each in offers], dtype=np.int64)
        marks = np.array([each.marks for each in offers])
        marked = np.array([each.marked for each in offers], dtype=np.float64)
        self.satisfaction = ((marks + PRIOR_MARK * PRIOR_COUNT) / (marked + PRIOR_COUNT) - 1) / 4
        self._words = {
            term.id: _Words(offers, term.offer, words_of if term.kind == "overlap" else times_of)
            for term in rule.terms
            if term.kind in ("overlap", "times") and term.offer
        }
        self._cells = _Cells(self.x, self.y, rule.radius) if rule.radius is not None else None
        self._condition = _Asked(rule.when, offers) if rule.when is not None else None
        self._weights = sum(term.weight for term in rule.terms)

    def take(self, place: int) -> None:
        """One more need for this offer."""
        self.used[place] += 1

    def best(self, need: Need, limit: int) -> list[Candidate]:
        """The offers that fit the need, best first. Equal scores: as the offers stand."""
        places, metres = self._near(need)
        free = self.used[places] < self.capacity[places]
        for asked in need.asked:
            if asked in self.place_of:
                free &= places != self.place_of[asked]
        places, metres = places[free], metres[free]
        worth: dict[str, Numbers] = {}
        for term in self.rule.terms:
            value = self._worth(term, need, places, metres)
            if term.must > 0:
                kept = value >= term.must - 1e-9
                if not kept.all():
                    places, metres, value = places[kept], metres[kept], value[kept]
                    worth = {id: each[kept] for id, each in worth.items()}
            worth[term.id] = value
        total = np.zeros(len(places))
        for term in self.rule.terms:
            total += term.weight * worth[term.id]
        total *= 100 / self._weights
        found: list[Candidate] = []
        for at in _in_order(total, limit if self._condition is None else len(total), limit):
            place = int(places[at])
            if self._condition is not None and not self._condition.holds(need.values, place):
                continue
            away = float(metres[at])
            terms = {id: round(float(each[at]), 4) for id, each in worth.items()}
            found.append(
                Candidate(
                    self.offers[place], place, round(float(total[at]), 2), None if math.isnan(away) else away, terms
                )
            )
            if len(found) == limit:
                break
        return found

    def _near(self, need: Need) -> tuple[Places, Numbers]:
        if need.lon is None or need.lat is None:
            if self._cells is not None:  # a radius around nowhere holds nothing
                return np.empty(0, np.int64), np.empty(0)
            return np.arange(len(self.offers)), np.full(len(self.offers), math.nan)
        x, y = need.lon * METRES_OF_DEGREE * self._scale, need.lat * METRES_OF_DEGREE
        places = self._cells.around(x, y) if self._cells is not None else np.arange(len(self.offers))
        metres = np.hypot(self.x[places] - x, self.y[places] - y)
        if self.rule.radius is not None:
            within = metres <= self.rule.radius
            places, metres = places[within], metres[within]
        return places, metres

    def _worth(self, term: Term, need: Need, places: Places, metres: Numbers) -> Numbers:
        if term.kind == "distance":
            return 1 - metres / (self.rule.radius or 1)
        if term.kind == "load":
            return 1 - self.used[places] / np.maximum(self.capacity[places], 1)
        if term.kind == "satisfaction":
            return self.satisfaction[places]
        given = need.values.get(term.need or "")
        if term.kind == "times":
            word = time_word(given, need.values.get(term.part or ""), self.zone)
            wanted: tuple[str, ...] = (word,) if word else ()
        else:
            wanted = words_of(given)
        if not wanted:  # who asks for nothing in particular is served by everybody
            return np.ones(len(places))
        return self._words[term.id].share(wanted, places)


def _in_order(total: Numbers, most: int, limit: int) -> Places:
    """Places of the greatest, first come first; only the first ``limit`` are sorted out where no more are asked for."""
    if most <= limit < len(total):
        edge = np.partition(total, len(total) - limit)[len(total) - limit]
        head = np.flatnonzero(total >= edge)
        return head[np.argsort(-total[head], kind="stable")]
    return np.argsort(-total, kind="stable")


class _Words:
    """Which words each offer has, a column for each word."""

    def __init__(self, offers: Sequence[Offer], attribute: str, read: Callable[[Json], tuple[str, ...]]) -> None:
        columns: dict[str, int] = {}
        rows: list[int] = []
        cells: list[int] = []
        for place, offer in enumerate(offers):
            for word in read(offer.values.get(attribute)):
                rows.append(place)
                cells.append(columns.setdefault(word, len(columns)))
        self._columns = columns
        self._has: Bits = np.zeros((len(columns), len(offers)), np.uint8)
        self._has[cells, rows] = 1

    def share(self, wanted: Sequence[str], places: Places) -> Numbers:
        """Of the words wanted, the share that each offer has."""
        total = np.zeros(len(places))
        for word in wanted:
            column = self._columns.get(word)
            if column is not None:
                total += self._has[column, places]
        return total / len(wanted)


class _Cells:
    """Offers by the cell of a grid; a cell is as wide as the radius, so that nine of them hold all that are near."""

    def __init__(self, x: Numbers, y: Numbers, size: float) -> None:
        self._size = size
        placed = np.flatnonzero(~(np.isnan(x) | np.isnan(y)))
        column, row = np.floor(x[placed] / size).astype(np.int64), np.floor(y[placed] / size).astype(np.int64)
        order = np.lexsort((placed, column, row))
        self._places = placed[order]
        key = row[order] * (1 << 32) + column[order]
        self._keys = key

    def around(self, x: float, y: float) -> Places:
        column, row = math.floor(x / self._size), math.floor(y / self._size)
        parts = []
        for line in (row - 1, row, row + 1):
            low = np.searchsorted(self._keys, line * (1 << 32) + column - 1, "left")
            high = np.searchsorted(self._keys, line * (1 << 32) + column + 1, "right")
            parts.append(self._places[low:high])
        found = np.concatenate(parts)
        found.sort()  # equal scores are told apart by the offers' order, wherever their cells lie
        return found


class _Asked:
    """The hard condition, asked once for all pairs that agree in what it names."""

    def __init__(self, text: str, offers: Sequence[Offer]) -> None:
        self._condition: Condition = compile_condition(text)
        of_need, of_offer = names_in(text)
        self._of_need = sorted(of_need)
        kinds: dict[str, int] = {}
        self._samples: list[JsonObject] = []
        self._kind: list[int] = []
        for offer in offers:
            sample: JsonObject = {name: offer.values[name] for name in sorted(of_offer) if name in offer.values}
            kind = kinds.setdefault(repr(sample), len(kinds))
            if kind == len(self._samples):
                self._samples.append(sample)
            self._kind.append(kind)
        self._known: dict[tuple[str, int], bool] = {}

    def holds(self, values: JsonObject, place: int) -> bool:
        """Whether it holds; what cannot be asked, since a value is missing, does not hold."""
        asked: JsonObject = {name: values[name] for name in self._of_need if name in values}
        key = (repr(asked), self._kind[place])
        if key not in self._known:
            try:
                self._known[key] = holds(self._condition, {"need": asked, "offer": self._samples[key[1]]}, "")
            except ConditionFailed:
                self._known[key] = False
        return self._known[key]


def fits(pool: Pool, need: Need, offer: UUID) -> Candidate | None:
    """The offer as a candidate, wherever it stands; None where it does not fit."""
    return next((each for each in pool.best(need, len(pool.offers)) if each.offer.id == offer), None)
