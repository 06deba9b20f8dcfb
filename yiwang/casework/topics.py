"""What the city's cases are about (热点问题), and how well they were answered (答复质量): the glue between cases and judgement.

Following: the journal tells which cases were opened; each is handed to the hot issues once, by one process at a time, and the
cursor commits with what was read. Cheap when nothing happened: one small statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from yiwang.casework import rules
from yiwang.casework.model import CaseFile
from yiwang.casework.parts import Parts
from yiwang.casework.store import find_case
from yiwang.casework.store import topics as store
from yiwang.judgement.hot_issues import living
from yiwang.judgement.hot_issues import store as issues
from yiwang.judgement.hot_issues.errors import HotIssueUnknown
from yiwang.judgement.hot_issues.store import LivingIssue
from yiwang.judgement.hot_issues.words import Rarity
from yiwang.judgement.replies.quality import Quality, judge, words_of
from yiwang.kernel import journal
from yiwang.kernel.access import Actor
from yiwang.kernel.errors import NotFound
from yiwang.kernel.journal import JournalRow

_OPENED: Final = frozenset({"case.opened", "case.imported"})
_entries_at_once = 1000
_reports_at_once = 100
_story_read = 500
_ANSWERING: Final = frozenset({"handle", "confirm", "answer", "reply"})
_short_note = 8


@dataclass(frozen=True, slots=True)
class History:
    """Reports of an issue by month (first day) since it began, and by day of the last ninety days."""

    months: tuple[tuple[date, int], ...]
    days: tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an office answered to a case: its note, when, and how good it is."""

    text: str
    at: datetime
    by: str
    quality: Quality


class Topics:
    """One per process."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    async def follow(self) -> bool:
        """Take in what was reported since the last time, at most a hundred reports; whether there may be more."""
        now = self._parts.context.clock.now()
        async with self._parts.context.database.transaction() as connection:
            cursor = await issues.lock_cursor(connection)
            if cursor is None:
                return False
            rows = await journal.follow(
                connection, after=(cursor.tx, cursor.seq), limit=_entries_at_once, verb_prefix="case."
            )
            if not rows:
                return False
            rows = _first_reports(rows)
            wanted = [row.entry.subject_id for row in rows if row.entry.verb in _OPENED and row.entry.subject_id]
            reports = await store.reports(connection, wanted, now - living.WINDOW) if wanted else []
            counted = await living.take(
                connection,
                [
                    living.Reported(r.case_id, r.at, r.text, r.area, r.class_code, r.lon, r.lat, r.person)
                    for r in reports
                ],
                cursor,
                self._parts.context.calendar.hours.timezone,
                now,
            )
            await issues.move_cursor(connection, rows[-1].tx, rows[-1].seq, cursor.texts + counted)
        return True

    async def tidy(self) -> int:
        """Drop reports that are no more compared; returns how many."""
        async with self._parts.context.database.transaction() as connection:
            return await living.tidy(connection, self._parts.context.clock.now())

    async def hottest(
        self,
        actor: Actor,
        *,
        area: str = "",
        days: int = 30,
        sudden: bool = False,
        after: tuple[float, UUID] | None = None,
        limit: int = 20,
    ) -> list[LivingIssue]:
        """Issues with a report in the last ``days`` days that the actor may see, the hottest first."""
        now = self._parts.context.clock.now()
        async with self._parts.context.database.connection() as connection:
            return await issues.list_issues(
                connection,
                actor,
                area=area,
                since=now - timedelta(days=days),
                today=self._today(now),
                sudden=sudden,
                after=after,
                limit=limit,
            )

    async def one(self, actor: Actor, issue_id: UUID) -> LivingIssue:
        """An issue.

        Raises:
            HotIssueUnknown: none such, or it is not the actor's to see.
        """
        async with self._parts.context.database.connection() as connection:
            today = self._today(self._parts.context.clock.now())
            found = await issues.one_issue(connection, actor, issue_id, today)
        if found is None:
            raise HotIssueUnknown()
        return found

    async def cases(
        self, actor: Actor, issue_id: UUID, *, before: tuple[datetime, UUID] | None, limit: int
    ) -> list[CaseFile]:
        """The cases of an issue that the actor may read, newest first."""
        await self.one(actor, issue_id)
        async with self._parts.context.database.connection() as connection:
            return await store.cases_of_issue(connection, actor, issue_id, before=before, limit=limit)

    async def history(self, actor: Actor, issue_id: UUID) -> History:
        """How an issue rose and faded."""
        await self.one(actor, issue_id)
        today = self._today(self._parts.context.clock.now())
        async with self._parts.context.database.connection() as connection:
            return History(
                tuple(await issues.months_of(connection, issue_id)),
                tuple(await issues.days_of(connection, issue_id, today - timedelta(days=90))),
            )

    async def answer(self, actor: Actor, case_id: UUID) -> Answer | None:
        """The newest answer of an office to a case with its quality, None when there is none yet.

        Raises:
            NotFound: none such, or not the actor's to read.
        """
        async with self._parts.context.database.connection() as connection:
            case = await find_case(connection, case_id)
            if case is None or not rules.may_read(actor, case):
                raise NotFound(what="案件 the case")
            story = await journal.story(connection, case_id, limit=_story_read)
            told = _answer_of(story)
            if told is None:
                return None
            note = str(told.entry.data["note"])
            words = words_of(f"{case.text}\n{note}")
            rarity = Rarity(await issues.texts_counted(connection), await issues.term_counts(connection, words))
        quality = judge(
            living.title_of(case.text), case.text, note, rarity, asked_at=case.reported_at, answered_at=told.entry.at
        )
        return Answer(note, told.entry.at, told.entry.actor_name, quality)

    def _today(self, now: datetime) -> date:
        return now.astimezone(self._parts.context.calendar.hours.timezone).date()


def _first_reports(rows: list[JournalRow]) -> list[JournalRow]:
    """The entries up to the hundredth report, so that a round stays short."""
    count = 0
    for place, row in enumerate(rows):
        count += row.entry.verb in _OPENED
        if count == _reports_at_once:
            return rows[: place + 1]
    return rows


def _answer_of(story: list[JournalRow]) -> JournalRow | None:
    """The newest finished step with a note, of those that handle rather than accept, dispatch or check."""
    noted = [
        row
        for row in story
        if row.entry.verb == "case.step" and len(str(row.entry.data.get("note") or "")) >= _short_note
    ]
    handled = [row for row in noted if row.entry.data.get("stage") in _ANSWERING]
    return handled[-1] if handled else None
