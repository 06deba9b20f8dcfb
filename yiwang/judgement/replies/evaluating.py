"""Whether the scores mean something: a real answer must score above the same answer under another letter.

AUC (Mann and Whitney 1947): the share of pairs (letter with its answer, letter with somebody else's) that are told apart,
one half being chance. The shuffle moves every answer and is the same in every run.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np

from yiwang.judgement.hot_issues.errors import LetterColumnsUnknown, LettersUnreadable
from yiwang.judgement.hot_issues.letters import COLUMNS, columns, read_text, read_time
from yiwang.judgement.hot_issues.words import Rarity
from yiwang.judgement.replies.quality import Quality, alikeness, judge, words_of
from yiwang.kernel.text import clean, clean_line

_REPLY_COLUMNS: Mapping[str, tuple[str, ...]] = {
    **COLUMNS,
    "reply": ("答复意见", "答复", "回复", "答复内容", "办理结果", "reply", "answer"),
    "answered": ("答复时间", "回复时间", "办结时间", "replied_at", "answered_at"),
}
_required = ("text", "reply")
_seed = 20200601


@dataclass(frozen=True, slots=True)
class Answered:
    """A letter with its answer."""

    id: str
    title: str
    text: str
    reply: str
    asked_at: datetime | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The AUC of relevance, the one score that a shuffle changes, and all scores in the order of the letters."""

    auc: float
    qualities: tuple[Quality, ...]


def read_answered(path: Path) -> list[Answered]:
    """Letters with answers from a CSV file; rows without an answer are left out.

    Raises:
        LettersUnreadable, LetterColumnsUnknown: as for letters.
    """
    try:
        rows = list(csv.reader(io.StringIO(read_text(path), newline="")))
    except csv.Error as error:
        raise LettersUnreadable(file=path.name, reason=str(error)) from error
    places = columns([cell.strip().lower() for cell in rows[0]], _REPLY_COLUMNS) if rows else {}
    missing = [name for name in _required if name not in places]
    if missing:
        raise LetterColumnsUnknown(
            file=path.name, missing=", ".join(f"{name} ({'/'.join(_REPLY_COLUMNS[name][:3])})" for name in missing)
        )
    found = [_answered(row, places, number) for number, row in enumerate(rows[1:], start=2)]
    return [letter for letter in found if letter.reply]


def _answered(row: Sequence[str], places: Mapping[str, int], number: int) -> Answered:
    def cell(name: str) -> str:
        at = places.get(name)
        return row[at] if at is not None and at < len(row) else ""

    return Answered(
        id=clean_line(cell("id")) or str(number),
        title=clean_line(cell("title")),
        text=clean(cell("text")),
        reply=clean(cell("reply")),
        asked_at=read_time(cell("at")),
        answered_at=read_time(cell("answered")),
    )


def evaluate(letters: Sequence[Answered]) -> Evaluation:
    """Judge every answer under its own letter and under another."""
    rarity = learn_rarity(letters)
    order = _shuffled(len(letters))
    real = [alikeness(letter.title, letter.text, letter.reply, rarity) for letter in letters]
    wrong = [alikeness(one.title, one.text, letters[order[at]].reply, rarity) for at, one in enumerate(letters)]
    qualities = [
        judge(one.title, one.text, one.reply, rarity, asked_at=one.asked_at, answered_at=one.answered_at)
        for one in letters
    ]
    return Evaluation(auc(real, wrong), tuple(qualities))


def learn_rarity(letters: Sequence[Answered]) -> Rarity:
    """How usual words are in letters and in answers."""
    rarity = Rarity()
    for letter in letters:
        rarity.add(words_of(f"{letter.title}\n{letter.text}"))
        rarity.add(words_of(letter.reply))
    return rarity


def auc(better: Sequence[float], worse: Sequence[float]) -> float:
    """The share of pairs in which a value of ``better`` is above one of ``worse``; equal ones count half."""
    if not better or not worse:
        return 0.5
    ordered = np.sort(np.array(worse))
    values = np.array(better)
    below, not_above = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return float((below + not_above).sum() / 2 / len(values) / len(ordered))


def _shuffled(count: int) -> list[int]:
    """A cyclic shift of a random order: nobody keeps their own place."""
    order = np.random.default_rng(_seed).permutation(count)
    found = np.empty(count, dtype=np.int64)
    found[order] = np.roll(order, 1)
    return [int(place) for place in found]
