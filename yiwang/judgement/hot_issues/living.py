"""Hot issues of a running city: each report is compared with recent ones when it comes, so that nothing is ever recomputed
from the beginning.

The same engine as for a file (words, likeness, titles), fed one report at a time. A report joins the issue whose members it
is like on average; three that are like one another, from two people or more, become an issue when a word marks them or
they lie close together. Work for a report is bounded: sixty recent reports that share one of its rare words.

Sudden (突发): five reports or more in 24 hours when the week before promised fewer (Poisson tail below one in a thousand);
an alarm is told once in a week for an issue.
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from yiwang.judgement.hot_issues import store
from yiwang.judgement.hot_issues.finding import Pile, describe, is_marked
from yiwang.judgement.hot_issues.grouping import groups, likeness, neighbours, threshold
from yiwang.judgement.hot_issues.model import Letter
from yiwang.judgement.hot_issues.store import Kept, LivingIssue
from yiwang.judgement.hot_issues.words import Gazetteer, Rarity, Subject, count_words, subject, text_read
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM
from yiwang.kernel.database import Connection
from yiwang.kernel.identifiers import new_id
from yiwang.kernel.journal import entry

WINDOW = timedelta(days=60)
"""How far back a report is compared; an issue that is silent for so long has ended, and begins anew."""

least_letters, least_people = 3, 2
_rare_words = 16
_sudden_letters, _sudden_chance, _sudden_floor = 5, 1e-3, 0.3
_alarm_once = timedelta(days=7)
_words_kept = timedelta(days=90)
_close_by, _fades_in = 500.0, 400.0
_metres_per_degree = 111_320.0


@dataclass(frozen=True, slots=True)
class Reported:
    """A report as casework hands it over; ``person`` is whatever tells callers apart, and only a digest of it is kept."""

    case_id: UUID
    at: datetime
    text: str
    area: str
    class_code: str | None
    longitude: float | None
    latitude: float | None
    person: str

    def letter(self, salt: UUID) -> Letter:
        text = self.text.strip()[:2000]
        digest = digest_of(self.person, salt)
        return Letter(
            id=str(self.case_id),
            at=self.at,
            title=title_of(text),
            text=text,
            writer=digest.hex() if digest else "",
            area=self.area,
            longitude=self.longitude,
            latitude=self.latitude,
        )


def digest_of(person: str, salt: UUID) -> bytes | None:
    """Tells two callers apart and cannot be turned back without the salt; None for an unknown caller."""
    return hashlib.blake2b(person.encode(), key=salt.bytes, digest_size=8).digest() if person else None


def title_of(text: str) -> str:
    """The first clause of a report that has no title."""
    for at, character in enumerate(text):
        if character in "。！!？?；;\n" and at >= 4:
            return text[:at][:60]
    return text[:60]


async def take(
    connection: Connection, reports: Sequence[Reported], cursor: store.Cursor, zone: ZoneInfo, now: datetime
) -> int:
    """Take reports in, in the caller's transaction; returns how many texts were counted. A report taken before is left out."""
    known = await store.known_texts(connection, [report.case_id for report in reports])
    fresh = [report for report in reports if report.case_id not in known]
    if not fresh:
        return 0
    words = {report.case_id: frozenset(count_words(report.text.strip()[:text_read])) for report in fresh}
    told = Counter(word for found in words.values() for word in found)
    await store.count_terms(connection, told, now.astimezone(zone).date())
    reader = _Reader(connection, cursor.texts + len(fresh))
    changed: dict[UUID, None] = {}
    for report in fresh:
        issue_id = await _place(reader, report, words[report.case_id], cursor.salt)
        if issue_id is not None:
            changed[issue_id] = None
    for issue_id in changed:
        await _write(reader, issue_id, zone, now)
    return len(fresh)


class _Reader:
    """Subjects of reports, with the rarity of their words as the database knows it."""

    def __init__(self, connection: Connection, texts: int) -> None:
        self.connection = connection
        self.rarity = Rarity(texts)
        self._asked: set[str] = set()
        self._subjects: dict[str, Subject] = {}

    async def learn(self, letters: Sequence[Letter]) -> None:
        """Ask for the counts of all words of these letters at once."""
        words = {word for letter in letters for word in _words(letter)} - self._asked
        if words:
            self._asked |= words
            self.rarity.know(await store.term_counts(self.connection, words))

    def subject(self, letter: Letter) -> Subject:
        found = self._subjects.get(letter.id)
        if found is None:
            names = Gazetteer.of_names(f"{letter.title}\n{letter.text[:text_read]}")
            found = self._subjects[letter.id] = subject(letter.title, letter.text, self.rarity, names)
        return found


def _words(letter: Letter) -> set[str]:
    return {*count_words(letter.title), *count_words(letter.text[:text_read])}


async def _place(reader: _Reader, report: Reported, words: frozenset[str], salt: UUID) -> UUID | None:
    """Keep a report and find its issue, or make one; None where it stands alone."""
    letter = report.letter(salt)
    await reader.learn([letter])
    counts = reader.rarity.counts
    rare = sorted((word for word in words if counts[word] > 1), key=lambda word: (counts[word], word))[:_rare_words]
    near = (
        await store.texts_with(reader.connection, rare, report.at - WINDOW, report.at + timedelta(days=1))
        if rare
        else []
    )
    await reader.learn([kept.letter for kept in near])
    own = reader.subject(letter)
    alike = [(kept, agreement(letter, own, kept.letter, reader.subject(kept.letter))) for kept in near]
    issue_id = _best_issue(alike)
    mine = Kept(letter, report.case_id, issue_id, report.class_code)
    await store.keep_text(reader.connection, mine, words, digest_of(report.person, salt))
    if issue_id is None:
        group = _group(reader, mine, [kept for kept, value in alike if kept.issue_id is None and value >= threshold])
        if group:
            issue_id = new_id()
            await _begin(reader, issue_id, group)
    return issue_id


def agreement(letter: Letter, own: Subject, other: Letter, theirs: Subject) -> float:
    """The likeness of two reports, less the farther apart they lie: a street lamp here is not a street lamp there."""
    value = likeness(own, theirs)
    metres = distance(letter, other)
    if metres is None or own.places & theirs.places:
        return value
    return value * max(0.1, min(1.0, math.exp((_close_by - metres) / _fades_in)))


def distance(one: Letter, other: Letter) -> float | None:
    """Metres between two reports, near enough for a city; None where a place is missing."""
    if one.longitude is None or one.latitude is None or other.longitude is None or other.latitude is None:
        return None
    east = (one.longitude - other.longitude) * math.cos(math.radians(one.latitude))
    return _metres_per_degree * math.hypot(east, one.latitude - other.latitude)


def _best_issue(alike: Sequence[tuple[Kept, float]]) -> UUID | None:
    values: dict[UUID, list[float]] = {}
    for kept, value in alike:
        if kept.issue_id is not None:
            values.setdefault(kept.issue_id, []).append(value)
    means = {issue_id: sum(found) / len(found) for issue_id, found in values.items()}
    best = max(means, key=lambda issue_id: (means[issue_id], issue_id.int), default=None)
    return best if best is not None and means[best] >= threshold else None


def _group(reader: _Reader, mine: Kept, others: Sequence[Kept]) -> list[Kept]:
    """The reports that form an issue with this one, this one included; empty when they do not suffice."""
    if len(others) < least_letters - 1:
        return []
    kept = [mine, *others]
    subjects = [reader.subject(item.letter) for item in kept]
    near: list[dict[int, float]] = [{} for _ in kept]
    for one in range(len(kept)):
        for other in range(one + 1, len(kept)):
            value = agreement(kept[one].letter, subjects[one], kept[other].letter, subjects[other])
            near[one][other] = near[other][one] = value
    found = next((members for members in groups(near) if 0 in members), [])
    letters = [kept[member].letter for member in found]
    people = {letter.writer or letter.id for letter in letters}
    if len(found) < least_letters or len(people) < least_people:
        return []
    return [kept[member] for member in found] if _is_one(letters, reader.rarity) else []


def _is_one(letters: Sequence[Letter], rarity: Rarity) -> bool:
    """Marked by a word, or within a walk of one another."""
    away = [distance(letters[0], letter) for letter in letters]
    return all(metres is not None and metres <= _close_by for metres in away) or is_marked(_pile(letters, rarity))


def _pile(letters: Sequence[Letter], rarity: Rarity, subjects: Sequence[Subject] = ()) -> Pile:
    titles = [frozenset(count_words(letter.title)) for letter in letters]
    words = [frozenset(_words(letter)) for letter in letters]
    return Pile(letters, subjects, words, titles, rarity)


async def _begin(reader: _Reader, issue_id: UUID, group: Sequence[Kept]) -> None:
    first = group[0].letter
    row = LivingIssue(
        issue_id, first.title, (), (), "", None, None, None, first.at, first.at, len(group), 1, 0, 0, 0.0, 0.0, None
    )
    await store.write_issue(reader.connection, row)
    await store.join(reader.connection, issue_id, [kept.case_id for kept in group])


async def _write(reader: _Reader, issue_id: UUID, zone: ZoneInfo, now: datetime) -> None:
    """Describe an issue anew from its newest reports, count it, and tell when it is sudden."""
    connection = reader.connection
    letters = [kept.letter for kept in await store.members(connection, issue_id)]
    await reader.learn(letters)
    subjects = [reader.subject(letter) for letter in letters]
    told = describe(_pile(letters, reader.rarity, subjects), neighbours(subjects))
    total = await store.totals(connection, issue_id)
    issue = LivingIssue(
        id=issue_id,
        title=told.title,
        places=told.places,
        words=told.words,
        area=_common(total["low"], total["high"]),
        class_code=total["class_code"],
        lon=total["lon"],
        lat=total["lat"],
        began_at=total["began_at"],
        last_at=total["last_at"],
        letters=total["letters"],
        people=total["people"],
        support=0,
        against=0,
        heat=float(total["people"]),
        closeness=told.closeness,
        alarmed_at=None,
    )
    await store.write_issue(connection, issue)
    await store.write_days(connection, issue_id, zone.key)
    day, week = await store.recent_rate(connection, issue_id, now)
    if is_sudden(day, week) and await store.set_alarm(connection, issue_id, now, now - _alarm_once):
        await journal.append(
            connection,
            entry(
                SYSTEM,
                now,
                "hot_issue.sudden",
                "hot_issue",
                issue_id,
                area=issue.area,
                data={
                    "title": issue.title,
                    "letters": issue.letters,
                    "day": day,
                    "week_before": week,
                    "lon": issue.lon,
                    "lat": issue.lat,
                    "class": issue.class_code,
                },
            ),
        )


def is_sudden(day: int, week_before: int) -> bool:
    """Whether so many reports in a day are too many for chance, after so many in the seven days before."""
    if day < _sudden_letters:
        return False
    rate = max(week_before / 7, _sudden_floor)
    below = sum(math.exp(-rate + count * math.log(rate) - math.lgamma(count + 1)) for count in range(day))
    return 1 - below < _sudden_chance


def _common(low: str, high: str) -> str:
    """What two area codes have in common, at the levels of the division tree."""
    for length in (15, 12, 9, 6, 4, 2):
        if len(low) >= length and low[:length] == high[:length]:
            return low[:length]
    return ""


async def merge(connection: Connection, kept: UUID, gone: UUID, zone: ZoneInfo, now: datetime) -> int:
    """Make two issues one that people see as the same matter: the reports of ``gone`` become those of ``kept``, which is
    described anew. In the caller's transaction; returns how many reports went over."""
    texts = await store.lock_reading(connection)
    moved = await store.hand_over(connection, gone, kept)
    await _write(_Reader(connection, texts), kept, zone, now)
    return moved


async def tidy(connection: Connection, now: datetime) -> int:
    """Drop what is no more compared."""
    return await store.drop_old(connection, now - WINDOW, (now - _words_kept).date())
