"""Figures: how good a classifier's answers are, worked out in one place for training, evaluation and comparison."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from yiwang.judgement.classification.model import ClassFigures, Figures

bins = 15


def figures(
    truth: Sequence[str], labels: Sequence[str], probabilities: NDArray[np.float64], threshold: float
) -> Figures:
    """Compare answers with the truth.

    Args:
        truth: the right label of each text.
        labels: the model's labels, in the order of the columns.
        probabilities: shape (texts, labels), rows sum to 1.
        threshold: the probability from which the model says that it is sure.

    A label that the model does not know counts as a class never found.
    """
    order = np.argsort(-probabilities, axis=1, kind="stable")
    first = order[:, 0]
    place = {label: index for index, label in enumerate(labels)}
    right_place = np.array([place.get(label, -1) for label in truth], dtype=np.int64)
    right = first == right_place
    best = probabilities[np.arange(len(first)), first]
    sure = best >= threshold
    unknown = sorted({label for label in truth if label not in place})
    found = np.bincount(first, minlength=len(labels))
    rows = [
        ClassFigures(
            label,
            int((right_place == index).sum()),
            int(found[index]),
            int((right & (right_place == index)).sum()),
        )
        for index, label in enumerate(labels)
    ]
    rows += [ClassFigures(label, sum(label == item for item in truth), 0, 0) for label in unknown]
    asked = [row.f1 for row in rows if row.support]
    return Figures(
        texts=len(truth),
        accuracy=float(right.mean()),
        macro_f1=float(np.mean(asked)),
        top_three=float((order[:, :3] == right_place[:, None]).any(axis=1).mean()),
        calibration_error=calibration_error(best, right),
        sure=float(sure.mean()),
        sure_right=float(right[sure].mean()) if sure.any() else None,
        classes=tuple(rows),
        unknown_labels=tuple(unknown),
    )


def calibration_error(probability: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error: the mean gap between what was promised and what came true, over bins of equal width
    (Guo et al., On Calibration of Modern Neural Networks, 2017)."""
    group = np.minimum((probability * bins).astype(np.int64), bins - 1)
    count = np.bincount(group, minlength=bins)
    promised = np.bincount(group, weights=probability, minlength=bins)
    true = np.bincount(group, weights=right.astype(np.float64), minlength=bins)
    return float(np.abs(promised - true).sum() / max(count.sum(), 1))
