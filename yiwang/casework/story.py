"""The story of a case as people read it: what each entry of its journal says, each thing said once."""

from __future__ import annotations

from collections.abc import Iterable

from yiwang.casework.catalogue import CaseType
from yiwang.casework.notes import VERBS
from yiwang.kernel.journal import JournalRow


def headline(case_type: CaseType, row: JournalRow) -> tuple[str, str]:
    """What happened, in Chinese and English: for a finished step its name and how it ended, else the verb's words."""
    stage, outcome = row.entry.data.get("stage"), row.entry.data.get("outcome")
    if row.entry.verb == "case.step" and isinstance(outcome, str):
        for task in case_type.definition.graph.tasks:
            if task.stage == stage and outcome in task.outcomes:
                names = task.outcomes[outcome].names
                return _joined(task.names.zh, names.zh, ":"), _joined(task.names.en, names.en, ": ")
    zh, en = VERBS.get(row.entry.verb, (row.entry.verb, row.entry.verb))
    return zh, en[:1].upper() + en[1:]


def _joined(step: str, outcome: str, colon: str) -> str:
    return step if step == outcome else f"{step}{colon}{outcome}"


def said_once(rows: Iterable[JournalRow]) -> list[JournalRow]:
    """The rows without the closing that the step before it has told already: 结案 follows from the step that ended it."""
    told: list[JournalRow] = []
    for row in rows:
        before = told[-1].entry if told else None
        ended = (
            row.entry.verb == "case.closed"
            and before is not None
            and before.verb == "case.step"
            and before.at == row.entry.at
        )
        if not ended:
            told.append(row)
    return told
