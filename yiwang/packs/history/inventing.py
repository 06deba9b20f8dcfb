"""Which cases came in the weeks before a demo begins, and how they ended: the same seed, city and end give the same past.

Promises: as many as asked for on an average day, more on working days and at their hours; wet days bring water; some are
reported twice, some come again after they were closed; one matter is on many lips for a while and is forgotten again. No
person stands in it: only what was said, where, when, and which office answered.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta

from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.deadline_grammar import Deadline
from yiwang.packs.history.besides import besides
from yiwang.packs.history.weather import busyness, wetness
from yiwang.packs.loaded import City
from yiwang.packs.model.city import DemoHistory
from yiwang.packs.simulation import texts
from yiwang.packs.simulation.matters import Matter, Matters, Spot
from yiwang.packs.simulation.rates import next_arrival

_WATER = ("积水", "雨水", "排水", "井盖", "泵站", "树", "路灯")
_LOUD = ("烧烤", "油烟", "施工")
_wet_share, _twice_share, _again_share, _rework_share = 0.5, 0.03, 0.015, 0.04
_hot_days, _hot_before_end, _hot_peak = 14, 38, 5.0
_tries = 400
_apart = 0.0012
"""Degrees within which those live who speak of the same thing: about a hundred metres."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Who answers for a matter at its place: area code, the office's name ('' for none), and the limit."""

    area: str
    office: str
    limit: Deadline


@dataclass(frozen=True, slots=True)
class PastMatter:
    """A closed case of the past; times are UTC."""

    number: str
    matter: Matter
    office: str
    reported_at: datetime
    due_at: datetime
    closed_at: datetime


Answering = Callable[[Matter, str], Answered | None]
"""Who answers for a matter: the office of this code, "" for whoever answers at its place; None where the city has no such
place or office."""


class Past:
    """One invention under way; ``until`` is when the demo begins."""

    def __init__(
        self, city: City, wanted: DemoHistory, calendar: WorkingCalendar, until: datetime, answering: Answering
    ) -> None:
        self._city, self._matters = city, Matters(city, wanted.seed)
        self._wanted, self._calendar, self._until, self._answering = wanted, calendar, until, answering
        self._zone = calendar.hours.timezone
        last = until.astimezone(self._zone).date()
        self._begin = datetime.combine(last - timedelta(days=wanted.days), time(), self._zone)
        self._sequence = 0
        self._diligence: dict[str, float] = {}

    def invent(self) -> list[PastMatter]:
        """All of it, in the order in which it was reported."""
        came = [*self._usual(), *self._wet(), *self._loud()]
        came += list(self._twice(came))
        done = [self._answered(at, matter) for at, matter in sorted(came, key=lambda item: (item[0], item[1].sequence))]
        found = [item for item in done if item is not None]
        found += list(self._again(found))
        beside = besides(self._city, self._wanted.besides, self._matters, self._wanted.seed, self._begin, self._until)
        found += [new for one in beside if (new := self._answered(one.at, one.matter, one.office)) is not None]
        found.sort(key=lambda item: (item.reported_at, item.matter.sequence))
        return self._numbered(found)

    def _next(self, fitting: tuple[str, ...] = ()) -> Matter:
        """The next matter; with words, the next whose class bears one of them, or simply the next where none does."""
        for _ in range(_tries if fitting else 1):
            self._sequence += 1
            matter = self._matters.matter(self._sequence)
            if not fitting or any(word in matter.kind.names.zh for word in fitting):
                break
        return matter

    def _arrivals(self, stream: str, per_day: Callable[[int], float]) -> Iterator[datetime]:
        """Moments of reports, day by day, along the hours of a day."""
        chance = self._chance(stream)
        for number in range(self._wanted.days + 1):
            day = self._begin + timedelta(days=number)
            at, mean = day, per_day(number)
            while mean > 0:
                at = next_arrival(chance, at, mean / 24, self._zone)
                if at >= day + timedelta(days=1):
                    break
                if at < self._until:
                    yield at.astimezone(UTC)

    def _usual(self) -> Iterator[tuple[datetime, Matter]]:
        def per_day(number: int) -> float:
            day = (self._begin + timedelta(days=number)).date()
            return self._wanted.a_day * busyness(day, working=self._calendar.is_working_day(day))

        return ((at, self._next()) for at in self._arrivals("usual", per_day))

    def _wet(self) -> Iterator[tuple[datetime, Matter]]:
        wet = wetness(self._wanted.seed, self._wanted.days + 1)
        rate = self._wanted.a_day * _wet_share
        return ((at, self._next(_WATER)) for at in self._arrivals("wet", lambda number: rate * wet[number]))

    def _loud(self) -> Iterator[tuple[datetime, Matter]]:
        """One matter of which ever more people speak, and then ever fewer."""
        first = self._wanted.days - _hot_before_end
        if first < 0:
            return
        theme = self._next(_LOUD)
        chance = self._chance("loud")

        def per_day(number: int) -> float:
            share = (number - first) / _hot_days
            return _hot_peak * (share / 0.35 if share < 0.35 else (1 - share) / 0.65) if 0 <= share < 1 else 0.0

        for at in self._arrivals("loud", per_day):
            self._sequence += 1
            spot = theme.spot
            lon, lat = (value + chance.uniform(-_apart, _apart) for value in (spot.lon, spot.lat))
            text = texts.report_text(chance, theme.kind, theme.standard, spot.name, theme.channel)
            yield at, replace(theme, sequence=self._sequence, spot=Spot(lon, lat, spot.name, spot.street), text=text)

    def _twice(self, came: list[tuple[datetime, Matter]]) -> Iterator[tuple[datetime, Matter]]:
        """What a second person reports within a day."""
        chance = self._chance("twice")
        for at, matter in came:
            later = at + timedelta(hours=chance.uniform(0.3, 20))
            if chance.random() < _twice_share and later < self._until:
                self._sequence += 1
                yield later, self._matters.repeated(matter, self._sequence)

    def _again(self, done: list[PastMatter]) -> Iterator[PastMatter]:
        """What comes again some days after it was closed."""
        chance = self._chance("again")
        for item in done:
            if chance.random() >= _again_share:
                continue
            at = item.closed_at + timedelta(days=chance.uniform(2, 9))
            if at < self._until:
                self._sequence += 1
                found = self._answered(at, self._matters.repeated(item.matter, self._sequence))
                if found is not None:
                    yield found

    def _answered(self, at: datetime, matter: Matter, office: str = "") -> PastMatter | None:
        answered = self._answering(matter, office)
        if answered is None:
            return None
        chance = self._chance(f"answer/{matter.sequence}")
        share = self._share(chance, answered.office)
        due_at, closed_at = self._after(at, answered.limit, 1.0), self._after(at, answered.limit, share)
        return PastMatter("", matter, answered.office, at, due_at, closed_at)

    def _share(self, chance: random.Random, office: str) -> float:
        """The share of its limit that handling took: offices differ in how much is late; what is reworked takes longer."""
        if office not in self._diligence:
            self._diligence[office] = self._chance(f"office/{office}").uniform(0.02, 0.13)
        if chance.random() < self._diligence[office]:
            return chance.uniform(1.03, 1.9)
        share = 0.03 + 0.9 * chance.betavariate(2.0, 3.0)
        return share + chance.uniform(0.15, 0.45) if chance.random() < _rework_share else share

    def _after(self, at: datetime, limit: Deadline, share: float) -> datetime:
        seconds = limit.seconds(self._calendar.nominal_day_seconds) * share
        return (
            self._calendar.add_working(at, seconds)
            if limit.unit.counts_working_time
            else at + timedelta(seconds=seconds)
        )

    def _numbered(self, found: list[PastMatter]) -> list[PastMatter]:
        """Numbers in order; what would be closed after the end was done sooner, so that nobody is left with it."""
        numbered = []
        for index, item in enumerate(found, 1):
            closed_at = item.closed_at
            if closed_at >= self._until:
                part = self._chance(f"sooner/{item.matter.sequence}").uniform(0.3, 0.98)
                closed_at = item.reported_at + (self._until - item.reported_at) * part
            numbered.append(replace(item, number=f"PAST-{index:06d}", closed_at=closed_at))
        return numbered

    def _chance(self, stream: str) -> random.Random:
        return random.Random(f"{self._wanted.seed}/past/{stream}")  # noqa: S311 – an invention, not a secret
