"""The nouns of the journal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from yiwang.kernel.access import Actor
from yiwang.kernel.database import JsonObject


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened: who (``actor_*``) did what (``verb``: ``case.opened``) to what (``subject_*``), when, where.

    ``at`` is city time, aware. ``area`` is an area code or "" for matters of no place. ``data`` holds what changed and
    never a secret; personal facts only where the verb is about them.
    """

    at: datetime
    verb: str
    subject_kind: str
    subject_id: UUID | None
    actor_kind: str
    actor_id: UUID | None
    actor_name: str
    area: str
    data: JsonObject


@dataclass(frozen=True, slots=True)
class JournalRow:
    """An entry as stored: ``(tx, seq)`` orders entries by commit visibility and is the cursor of followers."""

    tx: int
    seq: int
    entry: Entry


def entry(
    actor: Actor,
    at: datetime,
    verb: str,
    subject_kind: str,
    subject_id: UUID | None,
    *,
    area: str = "",
    data: JsonObject | None = None,
) -> Entry:
    """The entry for an act of ``actor``."""
    return Entry(
        at, verb, subject_kind, subject_id, actor.kind, actor.account_id, actor.label, area, data if data else {}
    )
