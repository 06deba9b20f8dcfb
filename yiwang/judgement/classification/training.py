"""Training: from examples to a learned model, on the CPU, in seconds.

One judge for each class: a linear support vector machine with squared hinge loss (L2-regularised), whose features are
scaled by how much more often they stand in texts of the class than in others (the log count ratio of NBSVM, Wang and
Manning 2012, mixed with the plain feature). Five turns of cross-validation, with texts that say nearly the same in one
part, give scores on unseen texts: from these come the calibration and the held-out figures of the model card; the model
itself then learns from all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from yiwang.judgement.classification.alikes import Groups, group_alikes, spread
from yiwang.judgement.classification.calibration import Scores, calibrate
from yiwang.judgement.classification.errors import TooFewExamples
from yiwang.judgement.classification.features import Features, Vocabulary, features, learn_vocabulary
from yiwang.judgement.classification.figures import figures
from yiwang.judgement.classification.learned import LearnedModel
from yiwang.judgement.classification.model import Example, Figures
from yiwang.judgement.classification.parting import judge
from yiwang.judgement.classification.wording import Wording, wording

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Labels = NDArray[np.int64]
Progress = Callable[[str, float], None]
"""Told the stage and the share that is done, 0 … 1."""

turns = 5
default_threshold = 0.5
_cost = 0.1
_ratio_share = 0.7
_ratio_most = 4.0
_smoothing = 0.5
_model_bytes = 40_000_000
_least_of_a_class = 2


@dataclass(frozen=True, slots=True)
class Prepared:
    """Examples cleaned, counted and grouped, ready to be learned from in any division."""

    examples: tuple[Example, ...]
    labels: tuple[str, ...]
    truth: Labels
    wordings: tuple[Wording, ...]
    found: Features
    groups: Groups
    left_out: tuple[str, ...]
    """Labels with too few examples to learn."""
    repeated: int
    """How many examples had the same words as another one and were put aside."""


def prepare(examples: Sequence[Example], progress: Progress | None = None) -> Prepared:
    """Clean and count examples: one of each text (with the label that most of its copies have), no empty ones.

    Raises:
        TooFewExamples: fewer than two classes with at least two texts each.
    """
    told = progress or _silent
    told("words", 0.0)
    once: dict[tuple[str, ...], list[int]] = {}
    wordings = [wording(item.text) for item in examples]
    for place, said in enumerate(wordings):
        if said.words:
            once.setdefault(said.words, []).append(place)
    chosen = [_agreed(examples, places) for places in once.values()]
    count = Counter(examples[place].label for place in chosen)
    labels = tuple(sorted(label for label, number in count.items() if number >= _least_of_a_class))
    if len(labels) < 2:
        counted = ", ".join(f"{label} {number}" for label, number in count.most_common(3)) or "0"
        raise TooFewExamples(why=f"{len(labels)} < 2 ({counted})")
    kept = [place for place in chosen if count[examples[place].label] >= _least_of_a_class]
    told("words", 0.5)
    column = {label: index for index, label in enumerate(labels)}
    said_kept = tuple(wordings[place] for place in kept)
    return Prepared(
        examples=tuple(examples[place] for place in kept),
        labels=labels,
        truth=np.array([column[examples[place].label] for place in kept], dtype=np.int64),
        wordings=said_kept,
        found=features(said_kept, [examples[place].circumstances for place in kept]),
        groups=group_alikes(said_kept),
        left_out=tuple(sorted(set(count) - set(labels))),
        repeated=sum(len(places) - 1 for places in once.values()),
    )


def _agreed(examples: Sequence[Example], places: list[int]) -> int:
    """The first of several examples with the same words that has the label of most of them."""
    if len(places) == 1:
        return places[0]
    label = Counter(examples[place].label for place in places).most_common(1)[0][0]
    return next(place for place in places if examples[place].label == label)


def _silent(stage: str, share: float) -> None:
    """For those who do not watch."""


@dataclass(frozen=True, slots=True)
class Trained:
    """A model and its figures on texts that its judges had not learned from."""

    model: LearnedModel
    held_out: Figures
    turns: tuple[Figures, ...]


def train(prepared: Prepared, *, threshold: float = default_threshold, progress: Progress | None = None) -> Trained:
    """Learn a model from all examples; its figures come from cross-validation, calibration included."""
    told = progress or _silent
    parts = spread(prepared.groups, prepared.truth, turns)
    unseen = unseen_scores(prepared, parts, told)
    probabilities = np.zeros_like(unseen)
    for part in range(turns):
        here = parts == part
        if here.any():
            probabilities[here] = calibrate(unseen[~here], prepared.truth[~here]).probabilities(unseen[here])
    truth = [prepared.labels[index] for index in prepared.truth.tolist()]
    held_out = figures(truth, prepared.labels, probabilities, threshold)
    by_turn = tuple(
        figures([truth[place] for place in here.tolist()], prepared.labels, probabilities[here], threshold)
        for here in (np.flatnonzero(parts == part) for part in range(turns))
        if len(here)
    )
    told("model", 0.9)
    vocabulary, weights, bias = _learn(prepared, np.ones(len(truth), dtype=bool))
    model = LearnedModel(
        prepared.labels,
        vocabulary,
        weights.astype(np.float16),
        bias.astype(np.float32),
        calibrate(unseen, prepared.truth),
        threshold,
    )
    told("model", 1.0)
    return Trained(model, held_out, by_turn)


def unseen_scores(prepared: Prepared, parts: Labels, told: Progress = _silent) -> Scores:
    """Scores of every example by judges that learned from the other parts only; shape (examples, labels)."""
    scores = np.zeros((len(prepared.truth), len(prepared.labels)))
    for part in range(turns):
        told("turns", 0.1 + 0.15 * part)
        here = parts == part
        if here.any():
            vocabulary, weights, bias = _learn(prepared, ~here)
            scores[here] = _matrix(prepared.found, vocabulary, len(here))[here] @ weights + bias
    return scores


def _learn(prepared: Prepared, use: NDArray[np.bool_]) -> tuple[Vocabulary, NDArray[np.float64], NDArray[np.float64]]:
    """The vocabulary of the examples in use, and the judges' weights (features, labels) and biases."""
    most = min(400_000, _model_bytes // (2 * len(prepared.labels) + 13))
    some = prepared.found.of(use)
    vocabulary = learn_vocabulary(some, int(use.sum()), most)
    matrix = _matrix(prepared.found, vocabulary, len(use))[use]
    truth = prepared.truth[use]
    weights = np.zeros((matrix.shape[1], len(prepared.labels)))
    bias = np.zeros(len(prepared.labels))
    present = (matrix > 0).astype(np.float32)
    everywhere = np.asarray(present.sum(axis=0)).ravel()
    turned = matrix.T.tocsr()
    for label in range(len(prepared.labels)):
        of_class = truth == label
        if not of_class.any():
            bias[label] = -1.0
            continue
        scale = _count_ratio(present, everywhere, of_class).astype(np.float32)
        weights[:, label], bias[label] = judge(matrix, turned, scale, of_class, _cost)
    return vocabulary, weights, bias


def _matrix(found: Features, vocabulary: Vocabulary, texts: int) -> csr_matrix:
    from scipy.sparse import csr_matrix

    rows = vocabulary.counted(found, texts)
    return csr_matrix((rows.value, (rows.text, rows.feature)), shape=(texts, len(vocabulary.hashes)))


def _count_ratio(present: csr_matrix, everywhere: Scores, of_class: NDArray[np.bool_]) -> Scores:
    """How much a feature tells about a class: |log ratio of its share of the class's counts to its share elsewhere|, on
    average 1, at most 4, mixed with 1."""
    here = np.asarray(present[of_class].sum(axis=0)).ravel()
    inside, outside = here + _smoothing, everywhere - here + _smoothing
    ratio = np.abs(np.log(inside / inside.sum()) - np.log(outside / outside.sum()))
    mean = float(ratio.mean()) or 1.0
    mixed: Scores = (1 - _ratio_share) + _ratio_share * np.minimum(ratio / mean, _ratio_most)
    return mixed
