"""A linear-chain conditional random field (条件随机场; Lafferty, McCallum, Pereira 2001) over features that are words.

Owns the mathematics only: training by AdaGrad on small batches with dropped features and averaged weights, and the best
labelling (Viterbi). Knows nothing of addresses. Arrays: tokens of all sequences one after another, features of all tokens
one after another. Training is deterministic: the same sequences and options give the same weights on the same machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int64]
FeatureRows = Sequence[Sequence[str]]
"""The features of one sequence: for each token its names."""

_tiny = 1e-30


@dataclass(frozen=True, slots=True)
class Options:
    """How to learn. ``dropped`` is the share of features left out at random in each step; a feature counts when it was
    seen ``least_seen`` times; weights are averaged over the last ``averaged`` rounds; ``margin`` is what a wrong label costs
    while learning (softmax-margin, Gimpel and Smith 2010)."""

    rounds: int = 14
    averaged: int = 7
    step: float = 0.25
    shrink: float = 0.02
    dropped: float = 0.25
    least_seen: int = 2
    margin: float = 0.0
    batch: int = 48
    seed: int = 20200601


@dataclass(frozen=True, slots=True)
class SequenceModel:
    """What was learned. ``weights`` is features × labels, ``moves`` is label before × label, ``begin`` and ``end`` hold the
    scores of the first and last label. ``places`` finds a feature's row."""

    labels: tuple[str, ...]
    places: dict[str, int]
    weights: Floats
    moves: Floats
    begin: Floats
    end: Floats

    def scores(self, rows: FeatureRows) -> Floats:
        """Tokens × labels: the sum of the weights of each token's features."""
        found = np.zeros((len(rows), len(self.labels)), dtype=np.float32)
        get = self.places.get
        for token, names in enumerate(rows):
            known = [place for place in map(get, names) if place is not None]
            if known:
                found[token] = self.weights[known].sum(axis=0, dtype=np.float32)
        return found

    def label(self, rows: FeatureRows) -> list[str]:
        """The most probable labels of one sequence."""
        if not rows:
            return []
        scores = self.scores(rows)
        best = scores[0] + self.begin
        back = np.zeros(scores.shape, dtype=np.int64)
        columns = np.arange(len(self.labels))
        for token in range(1, len(rows)):
            ways = best[:, None] + self.moves
            back[token] = ways.argmax(axis=0)
            best = ways[back[token], columns] + scores[token]
        at = int((best + self.end).argmax())
        path = [at]
        for token in range(len(rows) - 1, 0, -1):
            at = int(back[token, at])
            path.append(at)
        return [self.labels[place] for place in reversed(path)]


@dataclass(frozen=True, slots=True)
class _Batch:
    """Sequences of similar length. ``sizes``: tokens in each; ``token``/``feature``: the pairs, sorted by feature."""

    sizes: Integers
    token: Integers
    feature: Integers
    gold: Integers


def learn(
    sequences: Sequence[FeatureRows],
    labellings: Sequence[Sequence[str]],
    options: Options,
    progress: Callable[[int, float], None] = lambda round_, loss: None,
) -> SequenceModel:
    """Learn from labelled sequences, each with as many labels as tokens; ``progress`` hears (round, mean loss of a token).

    Raises:
        ValueError: no sequence, or one whose labels do not fit its tokens.
    """
    if not sequences or any(len(rows) != len(labels) for rows, labels in zip(sequences, labellings, strict=True)):
        raise ValueError("each sequence needs as many labels as tokens, and there must be one")
    labels = tuple(sorted({label for labelling in labellings for label in labelling}))
    seen = Counter(name for rows in sequences for names in rows for name in names)
    kept = sorted(name for name, count in seen.items() if count >= options.least_seen)
    places = {name: place for place, name in enumerate(kept)}
    random = np.random.default_rng(options.seed)
    batches = _batches(sequences, labellings, labels, places, options.batch)
    state = _State(len(kept), len(labels))
    tokens = sum(len(batch.gold) for batch in batches)
    for round_ in range(1, options.rounds + 1):
        loss = 0.0
        for index in random.permutation(len(batches)):
            loss += state.step(batches[index], options, random)
        if round_ > options.rounds - options.averaged:
            state.keep()
        progress(round_, loss / tokens)
    return SequenceModel(labels, places, *state.averages())


def _batches(
    sequences: Sequence[FeatureRows],
    labellings: Sequence[Sequence[str]],
    labels: tuple[str, ...],
    places: dict[str, int],
    size: int,
) -> list[_Batch]:
    number = {label: place for place, label in enumerate(labels)}
    order = sorted((index for index in range(len(sequences)) if sequences[index]), key=lambda i: (len(sequences[i]), i))
    found: list[_Batch] = []
    for start in range(0, len(order), size):
        token: list[int] = []
        feature: list[int] = []
        gold: list[int] = []
        for index in order[start : start + size]:
            for names, label in zip(sequences[index], labellings[index], strict=True):
                known = [places[name] for name in names if name in places]
                token += [len(gold)] * len(known)
                feature += known
                gold.append(number[label])
        features, tokens = np.array(feature, dtype=np.int32), np.array(token, dtype=np.int32)
        sorting = np.argsort(features, kind="stable")
        sizes = np.array([len(sequences[index]) for index in order[start : start + size]])
        found.append(_Batch(sizes, tokens[sorting], features[sorting], np.array(gold)))  # type: ignore[arg-type]
    return found


class _State:
    """Weights on their way, with the sums of squared gradients that AdaGrad (Duchi 2011) divides by."""

    def __init__(self, features: int, labels: int) -> None:
        self.weights = np.zeros((features, labels), dtype=np.float32)
        self.squares = np.full((features, labels), 1e-2, dtype=np.float32)
        self.chain = [
            np.zeros((labels, labels), np.float32),
            np.zeros(labels, np.float32),
            np.zeros(labels, np.float32),
        ]
        self.chain_squares = [np.full_like(part, 1e-2) for part in self.chain]
        self.kept = 0
        self.sums: list[Floats] = []

    def step(self, batch: _Batch, options: Options, random: np.random.Generator) -> float:
        """One gradient step; returns the summed loss before it."""
        token, feature = batch.token, batch.feature
        if options.dropped:
            kept = random.random(len(token), dtype=np.float32) >= options.dropped
            token, feature = token[kept], feature[kept]
        scale = np.float32(1 / (1 - options.dropped))
        by_token = np.argsort(token, kind="stable")
        count = len(batch.gold)
        scores = np.zeros((count, self.weights.shape[1]), dtype=np.float32)
        if len(token):
            first, groups = _groups(token[by_token])
            scores[groups] = np.add.reduceat(self.weights[feature[by_token]], first, axis=0) * scale
        if options.margin:
            scores += np.float32(options.margin)
            scores[np.arange(count), batch.gold] -= np.float32(options.margin)
        loss, of_scores, of_chain = gradients(scores, batch.sizes, batch.gold, *self.chain)
        if len(token):
            first, rows = _groups(feature)
            gradient = np.add.reduceat(of_scores[token], first, axis=0) * scale
            gradient += options.shrink * self.weights[rows]
            self.squares[rows] += gradient**2
            self.weights[rows] -= options.step * gradient / np.sqrt(self.squares[rows])
        for place, of_part in enumerate(of_chain):
            self.chain_squares[place] += of_part**2
            self.chain[place] -= options.step * of_part / np.sqrt(self.chain_squares[place])
        return loss

    def keep(self) -> None:
        """Add the present weights to the average."""
        parts = [self.weights, *self.chain]
        self.sums = [a + b for a, b in zip(self.sums, parts, strict=True)] if self.sums else [p.copy() for p in parts]
        self.kept += 1

    def averages(self) -> tuple[Floats, Floats, Floats, Floats]:
        weights, moves, begin, end = (part / np.float32(self.kept) for part in self.sums)
        return weights, moves, begin, end


def _groups(sorted_values: Integers) -> tuple[Integers, Integers]:
    """Where each run of equal values begins, and its value."""
    first = np.flatnonzero(np.r_[True, sorted_values[1:] != sorted_values[:-1]])
    return first, sorted_values[first]


def gradients(
    scores: Floats, sizes: Integers, gold: Integers, moves: Floats, begin: Floats, end: Floats
) -> tuple[float, Floats, list[Floats]]:
    """Negative log-likelihood of the gold labels and its gradients by scores and by (moves, begin, end).

    ``scores`` holds the tokens of all sequences in turn (tokens × labels), ``sizes`` the length of each, in ascending
    order. Forward–backward with scaling (Rabiner 1989): probabilities, not logarithms, so that steps are matrix products.
    """
    starts = np.r_[0, np.cumsum(sizes)[:-1]]
    count, longest, labels = len(sizes), int(sizes[-1]), scores.shape[1]
    at = starts[:, None] + np.minimum(np.arange(longest), sizes[:, None] - 1)
    within = np.arange(longest) < sizes[:, None]
    padded = scores[at]
    tops = padded.max(axis=2, keepdims=True)
    emit = np.exp(padded - tops)
    step, first, last = np.exp(moves), np.exp(begin), np.exp(end)
    forward = np.zeros((count, longest, labels), dtype=np.float32)
    scales = np.ones((count, longest), dtype=np.float32)
    for t in range(longest):
        value = emit[:, 0] * first if t == 0 else (forward[:, t - 1] @ step) * emit[:, t]
        scales[:, t] = np.maximum(value.sum(axis=1), _tiny)
        forward[:, t] = value / scales[:, t, None]
    rows = np.arange(count)
    finals = forward[rows, sizes - 1] @ last
    log_all = (np.where(within, np.log(scales) + tops[:, :, 0], 0)).sum(axis=1) + np.log(np.maximum(finals, _tiny))
    backward = np.zeros_like(forward)
    of_moves = np.zeros_like(moves)
    for t in range(longest - 1, -1, -1):
        ending = (sizes - 1 == t)[:, None]
        value = np.broadcast_to(last / np.maximum(finals, _tiny)[:, None], (count, labels))
        if t < longest - 1:
            ahead = emit[:, t + 1] * backward[:, t + 1] / scales[:, t + 1, None]
            goes_on = (sizes - 1 > t)[:, None]
            of_moves += (forward[:, t] * goes_on).T @ ahead
            value = np.where(ending, value, np.where(goes_on, ahead @ step.T, 0))
        else:
            value = np.where(ending, value, 0)
        backward[:, t] = value
    of_moves *= step
    marginals = (forward * backward)[within].astype(np.float32)
    of_begin, of_end = (
        (forward[:, 0] * backward[:, 0]).sum(axis=0),
        (forward[rows, sizes - 1] * backward[rows, sizes - 1]).sum(axis=0),
    )
    lasts = starts + sizes - 1
    same = np.ones(len(gold), dtype=bool)
    same[starts] = False
    inner = np.flatnonzero(same)
    gold_score = scores[np.arange(len(gold)), gold].sum() + moves[gold[inner - 1], gold[inner]].sum()
    gold_score += begin[gold[starts]].sum() + end[gold[lasts]].sum()
    marginals[np.arange(len(gold)), gold] -= 1
    np.add.at(of_moves, (gold[inner - 1], gold[inner]), -1)
    np.add.at(of_begin, gold[starts], -1)
    np.add.at(of_end, gold[lasts], -1)
    return float(log_all.sum() - gold_score), marginals, [of_moves, of_begin, of_end]
