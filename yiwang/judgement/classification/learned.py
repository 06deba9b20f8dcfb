"""The learned model: what training leaves behind, and all that judging a text needs. NumPy only, no I/O.

A model is immutable; any number of threads may ask it. It says "unsure" (not ``sure``) when its most probable class is
below ``threshold``, or when no word of the text speaks for it: a person then chooses, with the suggestion in sight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from yiwang.judgement.classification.calibration import Calibration, Scores
from yiwang.judgement.classification.features import Features, Rows, Vocabulary, features
from yiwang.judgement.classification.model import Circumstances, Judged, Ranked
from yiwang.judgement.classification.wording import Wording, wording

_at_once = 512
_words_told = 5
_least_speaking = 0.15
"""A word is told when it speaks at least this much of what the strongest does."""


@dataclass(frozen=True)
class LearnedModel:
    """``weights`` has a row for each feature of the vocabulary, a column for each label; ``card`` is the model card."""

    labels: tuple[str, ...]
    vocabulary: Vocabulary
    weights: NDArray[np.float16]
    bias: NDArray[np.float32]
    calibration: Calibration
    threshold: float
    card: dict[str, object] = field(default_factory=dict)

    def probabilities(self, texts: Sequence[str], circumstances: Sequence[Circumstances] = ()) -> Scores:
        """Shape (texts, labels); each row sums to 1. A text of which nothing is known gets what is usual."""
        parts = []
        around = circumstances or [Circumstances()] * len(texts)
        for start in range(0, len(texts), _at_once):
            wordings = [wording(text) for text in texts[start : start + _at_once]]
            found = features(wordings, around[start : start + _at_once])
            parts.append(self.calibration.probabilities(self._scores(self.vocabulary.counted(found, len(wordings)))))
        return np.concatenate(parts) if parts else np.zeros((0, len(self.labels)))

    def judge(
        self,
        text: str,
        circumstances: Circumstances | None = None,
        at_most: int = 3,
        *,
        threshold: float | None = None,
    ) -> Judged:
        """The most probable classes of one text, each with the words that spoke for it; ``threshold`` instead of its own."""
        said = wording(text)
        found = features([said], [circumstances or Circumstances()])
        rows = self.vocabulary.counted(found, 1)
        probability = self.calibration.probabilities(self._scores(rows))[0]
        best = np.argsort(-probability, kind="stable")[:at_most]
        ranked = tuple(
            Ranked(self.labels[place], float(probability[place]), self._speaking(said, found, rows, place))
            for place in best.tolist()
        )
        least = self.threshold if threshold is None else threshold
        return Judged(ranked, bool(ranked[0].words) and ranked[0].probability >= least)

    def _scores(self, rows: Rows) -> Scores:
        scores = np.tile(self.bias.astype(np.float64), (rows.texts, 1))
        if len(rows.text):
            spoken = self.weights[rows.feature].astype(np.float32) * rows.value[:, None]
            begins = np.flatnonzero(np.concatenate(([True], rows.text[1:] != rows.text[:-1])))
            scores[rows.text[begins]] += np.add.reduceat(spoken, begins, axis=0)
        return scores

    def _speaking(self, said: Wording, found: Features, rows: Rows, place: int) -> tuple[str, ...]:
        """The words whose features speak most for this class against the others."""
        which, known = self.vocabulary.known(found)
        telling = (
            found.end[which] - found.start[which] > 1
        )  # a single character says nothing that a person would accept
        which, known = which[telling], known[telling]
        if not len(which):
            return ()
        joined = sum(map(len, said.words))
        times = np.bincount(known, minlength=len(self.vocabulary.hashes))
        value = np.zeros(len(self.vocabulary.hashes), dtype=np.float32)
        weight = self.weights[rows.feature].astype(np.float32)
        value[rows.feature] = rows.value * (weight[:, place] - weight.mean(axis=1))
        share = value[known] / times[known] / (found.end[which] - found.start[which])
        steps = np.zeros(joined + 1)
        np.add.at(steps, found.start[which], share)
        np.add.at(steps, found.end[which], -share)
        along = np.concatenate(([0.0], np.cumsum(np.cumsum(steps)[:-1])))
        spoken: dict[str, float] = {}
        start = 0
        for word in said.words:
            end = start + len(word)
            if len(word) > 1:
                spoken[word] = spoken.get(word, 0.0) + float(along[end] - along[start])
            start = end
        best = sorted(spoken, key=lambda word: -spoken[word])[:_words_told]
        return tuple(word for word in best if spoken[word] > max(0.0, _least_speaking * spoken[best[0]]))
