"""Learning: closed cases as examples for the classifier, and the turns of cases at departments as outcomes for dispatch.

Examples are the cases themselves, read when a model is trained: the class that a case had at its closing is the right one,
so every correction by a person teaches. Nothing of the reporter is read. Cases whose text falls into the held-out share
(told by its wording, so that nearly equal texts fall together) are never learned from; they judge each new model.

Outcomes follow the journal: a dispatch begins a turn, a refusal (退回) or another dispatch ends it, the closing counts it for
the department that closed. Several workers may follow; one reads at a time, and what was read is never read twice.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from zoneinfo import ZoneInfo

from yiwang.casework.catalogue import CaseType, Catalogue
from yiwang.casework.classify import Classified
from yiwang.casework.dispatch import Advice
from yiwang.casework.errors import CaseTypeUnknown
from yiwang.casework.store import learning as store
from yiwang.identity.model import OrganisationRow
from yiwang.judgement.advice import store as turns
from yiwang.judgement.advice.model import DispatchFigures
from yiwang.judgement.advice.outcomes import Outcomes
from yiwang.judgement.classification.alikes import held_out
from yiwang.judgement.classification.cards import Card, with_card
from yiwang.judgement.classification.errors import ClassesUnknown
from yiwang.judgement.classification.model import Circumstances, Example
from yiwang.judgement.classification.service import Classifiers, Comparison, ModelKeeping
from yiwang.judgement.classification.training import Progress, Trained, default_threshold, prepare, train
from yiwang.kernel import journal
from yiwang.kernel.access import SYSTEM, Actor
from yiwang.kernel.calendar import WorkingCalendar
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection
from yiwang.kernel.journal import JournalRow

FOLLOWER = "dispatch"
most_examples = 20_000
most_of_a_class = 1_000
_entries_at_once = 500
_REFUSING = frozenset({"back", "refuse", "return"})
_DECLARED = "declared"


@dataclass(frozen=True, slots=True)
class Learned:
    """What a training brought: the version kept and its card."""

    subject: str
    version: int
    card: Card


@dataclass(frozen=True, slots=True)
class Suggested:
    """What a report would get; ``source`` says by what the department is proposed."""

    classified: Classified
    area: str
    organisation: OrganisationRow | None
    limit: str | None
    source: Literal["table", "outcomes", "class"]
    reason_zh: str
    reason_en: str


def suggested(
    case_type: CaseType, classified: Classified, area: str, organisation: OrganisationRow | None, advice: Advice | None
) -> Suggested:
    """The class and the department proposed, with the limit that then holds."""
    code = classified.code
    standard = case_type.standard(code, None).limit if code else None
    if advice is not None:
        source: Literal["table", "outcomes"] = "table" if advice.row else "outcomes"
        limit = advice.limit or standard
        return Suggested(classified, area, organisation, limit, source, advice.reason.zh, advice.reason.en)
    zh = f"“{case_type.class_name(code)}”通常由该部门负责"
    en = f"It usually handles “{case_type.class_name(code, 'en')}”"
    return Suggested(classified, area, organisation, standard, "class", zh, en)


class Learning:
    """One per process."""

    def __init__(self, context: Context, catalogue: Catalogue, classifiers: Classifiers, outcomes: Outcomes) -> None:
        self._context = context
        self._catalogue = catalogue
        self.classifiers = classifiers
        self.outcomes = outcomes
        self.models = ModelKeeping(context)
        self._outcomes_at: tuple[int, int] | None = None

    async def refresh(self, connection: Connection) -> None:
        """Take over a model published since, and outcomes counted since."""
        await self.classifiers.refresh(connection)
        newest = await turns.newest_outcome(connection)
        if newest != self._outcomes_at:
            self.outcomes.take(await turns.outcomes(connection))
            self._outcomes_at = newest

    def subject(self, type_key: str | None) -> str:
        """The case type meant; without one, the only one that there is.

        Raises:
            CaseTypeUnknown: with those that there are.
        """
        known = self._catalogue.all()
        if type_key is None and len(known) == 1:
            return known[0].declaration.id
        if type_key is None:
            raise CaseTypeUnknown(type="–", known=", ".join(item.declaration.id for item in known) or "—")
        return self._catalogue.latest(type_key).declaration.id

    async def examples(self, type_key: str) -> list[Example]:
        """The declared examples of a case type's classes and its closed cases, newest first."""
        case_type = self._catalogue.latest(type_key)
        zone = self._context.calendar.hours.timezone
        async with self._context.database.connection() as connection:
            rows = await store.closed_cases(connection, type_key, most_examples)
        found: list[Example] = declared_examples(case_type)
        count: dict[str, int] = {}
        for row in rows:
            code = row.class_code
            if code not in case_type.classes or code == case_type.declaration.default_class:
                continue
            count[code] = count.get(code, 0) + 1
            if count[code] <= most_of_a_class:
                found.append(
                    Example(row.text, code, circumstances(row.channel, row.area, row.reported_at, zone), row.number)
                )
        return found

    async def train(
        self,
        type_key: str,
        actor: Actor,
        *,
        given: Sequence[Example] | None = None,
        source: str = "",
        threshold: float = default_threshold,
        progress: Progress | None = None,
    ) -> Learned:
        """Learn from the city's closed cases (or from ``given``) and keep the model as a new version, not in service yet.

        Raises:
            CaseTypeUnknown. TooFewExamples. ClassesUnknown: given examples have classes that the tree lacks.
        """
        case_type = self._catalogue.latest(type_key)
        if given is None:
            examples = await self.examples(type_key)
            closed = sum(item.key != _DECLARED for item in examples)
            source = f"{closed} closed cases, {len(examples) - closed} declared examples"
        else:
            examples = list(given)
            unknown = [item.label for item in examples if item.label not in case_type.classes]
            if unknown:
                named = ", ".join(sorted(set(unknown))[:10])
                raise ClassesUnknown(labels=named, count=len(unknown))
        begun = time.process_time()
        learned = [item for item in examples if item.key == _DECLARED or not held_out(item.text)]
        trained = await asyncio.to_thread(_learn, learned, threshold, progress)
        model, card = with_card(trained, source, self._context.clock.now(), time.process_time() - begun)
        version = await self.models.keep(type_key, model, card, actor)
        return Learned(type_key, version, card)

    async def publish(self, type_key: str, version: int, actor: Actor) -> Comparison:
        """Put a version in service unless it is worse on the held-out cases; see :meth:`ModelKeeping.publish`."""
        kept = [item for item in await self.examples(type_key) if item.key != _DECLARED and held_out(item.text)]
        result = await self.models.publish(type_key, version, kept, actor)
        async with self._context.database.connection() as connection:
            await self.classifiers.refresh(connection)
        return result

    async def roll_back(self, type_key: str, actor: Actor) -> int:
        """Put the model published before in service again; returns its version."""
        version = await self.models.roll_back(type_key, actor)
        async with self._context.database.connection() as connection:
            await self.classifiers.refresh(connection)
        return version

    async def begin(self) -> list[Learned]:
        """Give every case type that declares examples and has no model yet a first one, learned from these, in service.

        A city thus has advice on its first day; the card says that no case has taught it yet.
        """
        found = []
        for case_type in self._catalogue.all():
            key = case_type.declaration.id
            if case_type.declaration.learning.begin and not await self.models.models(key):
                learned = await self.train(key, SYSTEM, threshold=case_type.declaration.learning.threshold)
                await self.publish(key, learned.version, SYSTEM)
                found.append(learned)
        return found

    async def figures(
        self, actor: Actor, since: datetime, until: datetime, *, type_key: str | None = None
    ) -> list[DispatchFigures]:
        """Wrong-dispatch rate and mean detour by class of the cases closed in a period, within the actor's scope."""
        async with self._context.database.connection() as connection:
            return await turns.figures(connection, actor, since, until, type_key=type_key)

    async def follow(self) -> bool:
        """Read on in the journal, a bounded stretch; true when there may be more at once."""
        async with self._context.database.transaction() as connection:
            at = await turns.follower(connection, FOLLOWER)
            if at is None:
                return False
            rows = await journal.follow(connection, after=at, limit=_entries_at_once, verb_prefix="case.")
            for row in rows:
                await _take(connection, row, self._context.calendar)
            if rows:
                await turns.move_follower(connection, FOLLOWER, rows[-1].tx, rows[-1].seq)
        return len(rows) == _entries_at_once


def circumstances(channel: str, area: str, reported_at: datetime, zone: ZoneInfo) -> Circumstances:
    """What is learned around a text; hour and month in the city's own time."""
    local = reported_at.astimezone(zone)
    return Circumstances(channel, area, local.hour, local.month)


def declared_examples(case_type: CaseType) -> list[Example]:
    """The examples that the class tree declares: example sentences, and the names, words and filing conditions of a class."""
    found = []
    for item in case_type.tree.classes:
        if item.code == case_type.declaration.default_class:
            continue
        sentences = [*item.examples, item.names.zh, *item.words]
        sentences += [f"{item.names.zh} {standard.filing.zh}" for standard in item.standards]
        found += [Example(text, item.code, key=_DECLARED) for text in dict.fromkeys(sentences)]
    return found


def _learn(examples: Sequence[Example], threshold: float, progress: Progress | None) -> Trained:
    return train(prepare(examples, progress), threshold=threshold, progress=progress)


async def _take(connection: Connection, row: JournalRow, calendar: WorkingCalendar) -> None:
    """Bring the turns of a case after one entry of its story."""
    entry, data = row.entry, row.entry.data
    case_id = entry.subject_id
    if case_id is None:
        return
    outcome, organisation = data.get("outcome"), data.get("organisation")
    code, type_key = str(data.get("class") or ""), str(data.get("type") or "")
    if entry.verb == "case.step" and data.get("department") is not None and isinstance(organisation, int):
        turn = await turns.open_turn(connection, case_id)
        if turn is not None and turn.department_id == organisation:
            return
        if turn is not None:
            await turns.end_turn(connection, turn, "moved", entry.at, reason=str(data.get("note") or "")[:200])
        await turns.begin_turn(connection, case_id, type_key, code, entry.area, organisation, entry.at)
    elif data.get("stage") == "receive" and (outcome in _REFUSING or entry.verb.startswith("case.send_back")):
        turn = await turns.open_turn(connection, case_id)
        if turn is not None:
            reason = str(data.get("note") or "")[:200]
            await turns.end_turn(connection, turn, "refused", entry.at, reason=reason)
            await turns.count_outcome(
                connection, turn.type, turn.class_code, turn.area, turn.department_id, refused=True, reason=reason
            )
    elif entry.verb == "case.closed" and "head" not in data:
        turn = await turns.open_turn(connection, case_id)
        if turn is None:
            return
        detour = None
        if turn.department_id != turn.first_department_id:
            detour = calendar.working_seconds(turn.first_at, turn.began_at) / 3600
        await turns.end_turn(connection, turn, "closed", entry.at, class_code=code or None, detour_hours=detour)
        await turns.count_outcome(
            connection, turn.type, code or turn.class_code, turn.area, turn.department_id, refused=False
        )
    elif entry.verb in ("case.voided", "case.force_closed"):
        turn = await turns.open_turn(connection, case_id)
        if turn is not None:
            await turns.end_turn(connection, turn, "moved", entry.at)
