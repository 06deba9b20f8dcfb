"""Models in service: each process holds the published model of every subject and takes over a new one while it runs.

A text is judged in the process, without network or database. The swap is one assignment: a text is judged by the old
model or by the new one, never by half of each. Keeping, publishing and rolling back are journalled.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from yiwang.judgement.classification import store
from yiwang.judgement.classification.cards import Card
from yiwang.judgement.classification.errors import ModelUnknown, ModelUnreadable, ModelWorse, NothingToRollBack
from yiwang.judgement.classification.figures import figures
from yiwang.judgement.classification.files import pack, unpack
from yiwang.judgement.classification.learned import LearnedModel
from yiwang.judgement.classification.model import Example, Figures
from yiwang.judgement.classification.store import ModelRow
from yiwang.kernel import logs
from yiwang.kernel.access import Actor
from yiwang.kernel.context import Context
from yiwang.kernel.database import Connection, Json, JsonObject
from yiwang.kernel.journal import append, entry

log = logs.get("judgement")


@dataclass(frozen=True, slots=True)
class InService:
    """The model that judges now, and which version it is."""

    version: int
    model: LearnedModel


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two models on the same held-out texts; ``old`` is None when none was in service."""

    texts: int
    new: float
    old: float | None
    current: int | None


class Classifiers:
    """One per process."""

    def __init__(self) -> None:
        self._models: dict[str, InService] = {}

    def get(self, subject: str) -> InService | None:
        """The model in service for a subject; None while none is published."""
        return self._models.get(subject)

    async def refresh(self, connection: Connection) -> None:
        """Take over what was published or rolled back since. A damaged model is refused and the present one stays."""
        wanted = await store.in_service(connection)
        fresh: dict[str, InService] = {}
        for subject, version in wanted.items():
            held = self._models.get(subject)
            if held is None or held.version != version:
                content = await store.content(connection, subject, version)
                try:
                    held = InService(version, await asyncio.to_thread(unpack, content))
                except ModelUnreadable as error:
                    log.warning(
                        "a published model is damaged", subject=subject, version=version, error=error.message("en")
                    )
            if held is not None:
                fresh[subject] = held
        self._models = fresh


class ModelKeeping:
    """Keeping models and putting them in service. One function is one transaction."""

    def __init__(self, context: Context) -> None:
        self._context = context

    async def keep(self, subject: str, model: LearnedModel, card: Card, actor: Actor) -> int:
        """Keep a trained model as the subject's next version, not in service yet; returns the version."""
        packed = await asyncio.to_thread(pack, model)
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            version = await store.add_model(
                connection,
                subject,
                packed.digest,
                packed.content,
                _json(card.content),
                examples=card.figures.texts,
                macro_f1=card.figures.macro_f1,
                trained_by=actor.label,
                at=now,
            )
            data: JsonObject = {"subject": subject, "version": version, "macro_f1": card.figures.macro_f1}
            await append(connection, entry(actor, now, "model.trained", "model", None, data=data))
        return version

    async def models(self, subject: str | None) -> list[ModelRow]:
        """Versions, newest first, at most a hundred."""
        async with self._context.database.connection() as connection:
            return await store.models(connection, subject)

    async def card(self, subject: str, version: int | None) -> ModelRow:
        """A version, or the one in service.

        Raises:
            ModelUnknown.
        """
        async with self._context.database.connection() as connection:
            wanted = version if version is not None else (await store.in_service(connection)).get(subject, 0)
            return await _row(connection, subject, wanted)

    async def loaded(self, subject: str, version: int | None = None) -> LearnedModel:
        """The model of a version, or the one in service.

        Raises:
            ModelUnknown, ModelUnreadable.
        """
        async with self._context.database.connection() as connection:
            wanted = version if version is not None else (await store.in_service(connection)).get(subject, 0)
            await _row(connection, subject, wanted)
            content = await store.content(connection, subject, wanted)
        return await asyncio.to_thread(unpack, content)

    async def publish(self, subject: str, version: int, held_out: Sequence[Example], actor: Actor) -> Comparison:
        """Put a version in service, unless it is worse than the present one on ``held_out``.

        ``held_out`` are examples that neither has learned from. With none, or no model in service, there is nothing to
        compare.

        Raises:
            ModelUnknown, ModelUnreadable. ModelWorse: with both figures.
        """
        new = await self.loaded(subject, version)
        async with self._context.database.connection() as connection:
            current = (await store.in_service(connection)).get(subject)
        old = await self.loaded(subject, current) if current not in (None, version) else None
        comparison = await asyncio.to_thread(_compare, new, old, current, held_out)
        if comparison.old is not None and comparison.new < comparison.old:
            raise ModelWorse(
                version=version,
                current=current,
                texts=comparison.texts,
                new=f"{comparison.new:.4f}",
                old=f"{comparison.old:.4f}",
            )
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            await store.lock_subject(connection, subject)
            await store.publish(connection, subject, version, now)
            data: JsonObject = {"subject": subject, "version": version, "before": current, "macro_f1": comparison.new}
            await append(connection, entry(actor, now, "model.published", "model", None, data=data))
        return comparison

    async def roll_back(self, subject: str, actor: Actor) -> int:
        """Withdraw the version in service; returns the version that is in service again.

        Raises:
            NothingToRollBack.
        """
        now = self._context.clock.now()
        async with self._context.database.transaction() as connection:
            await store.lock_subject(connection, subject)
            version = await store.roll_back(connection, subject)
            if version is None:
                raise NothingToRollBack()
            data: JsonObject = {"subject": subject, "version": version}
            await append(connection, entry(actor, now, "model.rolled_back", "model", None, data=data))
        return version


def scored(model: LearnedModel, examples: Sequence[Example]) -> Figures:
    """The figures of a model on examples that it has not learned from; at least one."""
    probabilities = model.probabilities([item.text for item in examples], [item.circumstances for item in examples])
    return figures([item.label for item in examples], model.labels, probabilities, model.threshold)


def _compare(
    new: LearnedModel, old: LearnedModel | None, current: int | None, held_out: Sequence[Example]
) -> Comparison:
    if not held_out:
        return Comparison(0, float(str(new.card.get("macro_f1", 0.0))), None, current)
    return Comparison(
        len(held_out),
        scored(new, held_out).macro_f1,
        scored(old, held_out).macro_f1 if old is not None else None,
        current,
    )


async def _row(connection: Connection, subject: str, version: int) -> ModelRow:
    row = await store.model(connection, subject, version)
    if row is None:
        raise ModelUnknown(version=version)
    return row


def _json(content: dict[str, object]) -> JsonObject:
    """A card holds JSON values only."""
    found: dict[str, Json] = {}
    for name, value in content.items():
        if isinstance(value, list):
            found[name] = [dict(item) if isinstance(item, dict) else str(item) for item in value]
        elif value is None or isinstance(value, str | int | float):
            found[name] = value
    return found
