"""Labelled texts (CoNLL form): a token and its label a line, a blank line after each text; labels are B-x, I-x, O, and
also E-x, S-x. The case of labels does not count.

Owns reading them, spans, and the score: a span counts when start, end and label are right (micro-averaged F1).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from yiwang.judgement.extraction.errors import LabelledTextUnreadable

Span = tuple[int, int, str]
"""First token, token behind the last, label in small letters."""

_LABEL = re.compile(r"^(?:[BIESM]-\S+|O)$", re.IGNORECASE)
_most_bytes = 200 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class LabelledText:
    """Tokens and the spans that people marked."""

    tokens: tuple[str, ...]
    spans: tuple[Span, ...]


def read_labelled(path: Path) -> list[LabelledText]:
    """The texts of a file in UTF-8; the token is the first word of a line, the label the last.

    Raises:
        LabelledTextUnreadable: names the line.
    """
    if path.stat().st_size > _most_bytes:
        raise LabelledTextUnreadable(file=path.name, line=0, reason=f"> {_most_bytes // 1024 // 1024} MB")
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise LabelledTextUnreadable(file=path.name, line=0, reason="UTF-8") from error
    texts: list[LabelledText] = []
    tokens: list[str] = []
    labels: list[str] = []
    for number, line in enumerate([*lines, ""], start=1):
        parts = line.split()
        if parts and parts[0] != "-DOCSTART-":
            if len(parts) < 2 or not _LABEL.match(parts[-1]):
                raise LabelledTextUnreadable(file=path.name, line=number, reason=line[:40])
            tokens.append(parts[0])
            labels.append(parts[-1])
        elif tokens:
            texts.append(LabelledText(tuple(tokens), tuple(spans_of(labels))))
            tokens, labels = [], []
    return texts


def spans_of(labels: Sequence[str]) -> list[Span]:
    """Spans of a sequence of labels; an I or E without its beginning begins a span."""
    found: list[Span] = []
    start, kind = -1, ""
    for place, label in enumerate([*labels, "O"]):
        mark, name = label[0].upper(), label[2:].lower()
        goes_on = mark in "IEM" and start >= 0 and name == kind
        if start >= 0 and not goes_on:
            found.append((start, place, kind))
            start = -1
        if mark != "O" and not goes_on:
            start, kind = place, name
        if start >= 0 and mark in "ES":
            found.append((start, place + 1, kind))
            start = -1
    return found


def marks_of(length: int, spans: Iterable[Span]) -> list[str]:
    """One label for each token: B, I, E of longer spans, S of one token, O outside."""
    labels = ["O"] * length
    for start, end, kind in spans:
        if end - start == 1:
            labels[start] = f"S-{kind}"
        else:
            labels[start], labels[end - 1] = f"B-{kind}", f"E-{kind}"
            labels[start + 1 : end - 1] = [f"I-{kind}"] * (end - start - 2)
    return labels


@dataclass(slots=True)
class Score:
    """Spans marked by people, found by the machine, and both, by label."""

    marked: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)
    right: Counter[str] = field(default_factory=Counter)

    def add(self, marked: Iterable[Span], found: Iterable[Span]) -> None:
        """Count one more text."""
        here, there = set(marked), set(found)
        self.marked.update(kind for *_, kind in here)
        self.found.update(kind for *_, kind in there)
        self.right.update(kind for *_, kind in here & there)

    def figures(self, kind: str | None = None) -> tuple[float, float, float]:
        """Precision, recall, F1 over all labels or of one; 0 where there is nothing."""
        right = self.right[kind] if kind else self.right.total()
        found = self.found[kind] if kind else self.found.total()
        marked = self.marked[kind] if kind else self.marked.total()
        precision, recall = right / found if found else 0.0, right / marked if marked else 0.0
        return precision, recall, 2 * right / (found + marked) if found + marked else 0.0
