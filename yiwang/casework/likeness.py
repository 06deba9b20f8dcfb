"""Same or new (同件识别) among the city's cases: while a report is typed, at the desk, and what follows from folding.

Looking is bounded (``store/likeness.py``), judging is :mod:`yiwang.judgement.likeness`: evidence in bits, each feature with
its reason. Whether the caller is the same is a fact of intake: compared only for a reader who may see callers, shown as a
reason, kept nowhere. The head of a matter tells everybody who reported it when it is filed and when it ends.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import asyncpg

from yiwang.casework import rules, store
from yiwang.casework.errors import SearchTooBroad
from yiwang.casework.intake.drafting import project
from yiwang.casework.model import CaseFile
from yiwang.casework.notes import case_entry
from yiwang.casework.parts import Parts
from yiwang.casework.search import month_number, month_query
from yiwang.casework.store import likeness as looking
from yiwang.casework.store.likeness import Candidate, Looked, Sample
from yiwang.judgement.likeness import SAME_MATTER, Likeness, Rarity, compare, telling
from yiwang.kernel.access import Actor
from yiwang.kernel.database import Connection
from yiwang.kernel.errors import NotFound
from yiwang.kernel.journal import Entry
from yiwang.kernel.text import SearchQuery, clean_line

REACH = 300.0
"""Metres around a place within which open cases are compared."""

WINDOW = timedelta(days=30)
TOLD: Final[Mapping[str, tuple[str, str]]] = {
    "filed": ("您反映的问题已立案办理", "The matter you reported has been filed and is being handled"),
    "closed": ("您反映的问题已办结", "The matter you reported has been closed"),
    "ended": ("您反映的问题已有结论,请查看进度", "There is an answer to the matter you reported; look at its progress"),
}
"""What reporters are told, by occasion."""

_LEAST = 0.02
_TERMS = 12
_TOGETHER = 6
_ENOUGH_HITS = 200.0
_SAMPLE_GROWS = 0.1
_SAMPLE_LEAST = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known of a report so far; coordinates in degrees CGCS2000, ``at`` aware UTC."""

    text: str
    at: datetime
    class_code: str | None = None
    lon: float | None = None
    lat: float | None = None
    address: str = ""
    phone: str = ""
    window: timedelta = WINDOW
    finished: bool = False
    """Whether this is all the report says, or it is still being typed."""

    leave_out: UUID | None = None


@dataclass(frozen=True, slots=True)
class Alike:
    """A case that may be the same matter, with what speaks for and against it. ``metres`` and ``hours`` where known."""

    case: Candidate
    likeness: Likeness
    metres: float | None
    hours: float

    @property
    def same(self) -> bool:
        return self.likeness.probability >= SAME_MATTER

    @property
    def foldable(self) -> bool:
        """Whether a report can be folded under it."""
        return self.case.state == "open" and self.case.readable


class Alikeness:
    """One per process; holds how rare words are, taken over when the background worker has counted anew."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._rarity = Rarity()
        self._sample: Sample | None = None

    async def refresh(self, connection: Connection) -> None:
        """Take over a newer count of words."""
        found = await looking.sample(connection)
        if found is not None and found != self._sample:
            shares = await looking.shares(connection)
            self._rarity = Rarity(shares, max(1e-6, 0.5 / max(found.reports, 1_000)))
            self._sample = found

    async def take_sample(self) -> bool:
        """Count words anew when a tenth more has been reported since; whether it was done. For the background worker."""
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            before = await looking.sample(connection)
            if before is not None:
                fresh = await looking.grown(connection, before.until)
                if fresh < max(_SAMPLE_LEAST, _SAMPLE_GROWS * before.reports):
                    return False
            await looking.take_sample(connection, now)
            await self.refresh(connection)
        return True

    async def alike(self, asked: Asked, actor: Actor, *, limit: int = 10) -> list[Alike]:
        """Cases that this may be, the likeliest first.

        One who may not read cases is shown open ones of the place, without their words.

        Raises:
            SearchTooBroad: the database did not answer in time.
        """
        public = not actor.may("case", "read")
        looked = self._looked(asked, actor)
        async with self._parts.context.database.transaction() as connection:
            try:
                found = await looking.candidates(connection, actor, looked, public=public)
            except asyncpg.QueryCanceledError as error:
                raise SearchTooBroad() from error
        return self._judged(asked, found)[:limit]

    async def alike_case(self, case_id: UUID, actor: Actor, *, limit: int = 10) -> list[Alike]:
        """The same for a case that is there already: what it may be folded under.

        Raises:
            NotFound: there is none, or the actor may not read it.
        """
        async with self._parts.context.database.connection() as connection:
            case = await store.find_case(connection, case_id)
            if case is None or not rules.may_read(actor, case):
                raise NotFound(what="案件 the case")
            reporter = await store.reporter_of(connection, case.id) if _may_see_caller(actor, case) else None
        asked = Asked(
            case.text, case.reported_at, case.class_code, case.lon, case.lat, case.address,
            reporter[0].phone if reporter else "", finished=True, leave_out=case.id,
        )  # fmt: skip
        return await self.alike(asked, actor, limit=limit)

    def _looked(self, asked: Asked, actor: Actor) -> Looked:
        x, y, reach = None, None, 0.0
        if asked.lon is not None and asked.lat is not None:
            x, y = project(asked.lon, asked.lat)
            reach = REACH / max(0.05, math.cos(math.radians(asked.lat)))
        since = asked.at - asked.window
        until = asked.at + (asked.window if asked.finished else timedelta(minutes=10))
        words = self._words(telling(asked.text).terms, since, until)
        phone = asked.phone if actor.may("case", "read_personal") else ""
        return Looked(since, until, x, y, reach, words, phone, asked.leave_out)

    def _words(self, terms: Iterable[str], since: datetime, until: datetime) -> str:
        """The question to the index: the rarest words, so many that a few hundred cases are to be expected."""
        order = self._rarity.rarest((term for term in sorted(terms) if len(term) > 1), _TERMS)
        if not order:
            return ""
        newest, oldest = month_number(until), month_number(since)
        reports = self._reports_a_day() * 30.5 * (newest - oldest + 1)
        chosen: list[str] = []
        hits = 0.0
        for term in order:
            hits += reports * self._rarity.share(term)
            if hits > _ENOUGH_HITS:
                break
            chosen.append(month_query(SearchQuery((term,), ()), newest, oldest))
        if chosen:
            return " | ".join(chosen)
        hits, together = reports, []
        for term in order[:_TOGETHER]:
            together.append(term)
            hits *= self._rarity.share(term) if len(together) == 1 else math.sqrt(self._rarity.share(term))
            if hits <= _ENOUGH_HITS:
                break
        return month_query(SearchQuery(tuple(together), ()), newest, oldest)

    def _reports_a_day(self) -> float:
        sample = self._sample
        if sample is None or sample.since is None or sample.until is None:
            return 100.0
        newest = min(sample.reports, looking.NEWEST_OF_SAMPLE)
        return newest / max(1.0, (sample.until - sample.since).total_seconds() / 86_400)

    def _judged(self, asked: Asked, found: list[Candidate]) -> list[Alike]:
        mine = telling(
            asked.text, address=clean_line(asked.address), lon=asked.lon, lat=asked.lat, class_code=asked.class_code,
            at=asked.at, caller="caller",
        )  # fmt: skip
        judged: list[Alike] = []
        for case in found:
            theirs = telling(
                case.text, address=case.address, lon=case.lon, lat=case.lat, class_code=case.class_code,
                at=case.reported_at, caller="caller" if case.same_caller else "",
            )  # fmt: skip
            likeness = compare(mine, theirs, self._rarity, unfinished=not asked.finished)
            if likeness.probability >= _LEAST:
                hours = abs((asked.at - case.reported_at).total_seconds()) / 3600
                judged.append(Alike(case, likeness, _metres(likeness), round(hours, 2)))
        return sorted(judged, key=lambda item: (-item.likeness.bits, item.hours, item.case.number))


async def tell_reporters(
    connection: Connection, actor: Actor, head: CaseFile, occasion: str, status: str, now: datetime
) -> list[Entry]:
    """Journal entries ``case.told`` for everybody who reported this matter: the head's own reporter and its followers'.

    Call it before followers are closed with their head; nothing is told of a case that has none.
    """
    if head.followers == 0:
        return []
    zh, en = TOLD[occasion]
    waiting = [
        case
        for case in await store.followers_of(connection, head.id, limit=10_000)
        if case.state == "folded" and case.closed_at is None
    ]
    return [
        case_entry(
            actor, now, "case.told", case,
            {"head": head.number, "occasion": occasion, "zh": zh, "en": en}, status=status,
        )
        for case in (head, *waiting)
    ]  # fmt: skip


def _may_see_caller(actor: Actor, case: CaseFile) -> bool:
    return rules.reaches(actor, "read_personal", case)


def _metres(likeness: Likeness) -> float | None:
    return next((reason.value for reason in likeness.reasons if reason.feature == "place"), None)
