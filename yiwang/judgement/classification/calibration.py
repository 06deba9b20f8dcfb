"""Calibration: from the scores of separate judges, one for each class, to probabilities that keep what they promise.

Multinomial logistic regression on the scores of texts that the judges have not learned from. With few classes every
score may speak about every class (so that a habit of taking trade for town planning is corrected); with many classes one
slope and a shift for each class is all that the examples can teach. Pulled towards one common slope, so that rare classes
change little.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

most_classes_for_a_matrix = 30
_pull = 2e-4


@dataclass(frozen=True, slots=True)
class Calibration:
    """``softmax(scores @ slopes + shifts)``; ``slopes`` is a matrix, or one number for all classes."""

    slopes: Scores
    shifts: Scores

    def probabilities(self, scores: Scores) -> Scores:
        """Shape (texts, classes); each row sums to 1."""
        value = (scores @ self.slopes if self.slopes.ndim == 2 else scores * self.slopes) + self.shifts
        value = np.exp(value - value.max(axis=1, keepdims=True))
        shares: Scores = value / value.sum(axis=1, keepdims=True)
        return shares


def calibrate(scores: Scores, truth: NDArray[np.int64]) -> Calibration:
    """The calibration that makes the truth most probable; ``truth`` is the right column of each row."""
    from scipy.optimize import minimize

    texts, classes = scores.shape
    whole = classes <= most_classes_for_a_matrix
    target = np.zeros((texts, classes))
    target[np.arange(texts), truth] = 1.0

    def taken_apart(values: Scores) -> tuple[float, Scores, Scores]:
        return float(values[0]), values[1 : classes + 1], values[classes + 1 :].reshape(classes, -1)

    def cost(values: Scores) -> tuple[float, Scores]:
        slope, shifts, turn = taken_apart(values)
        slopes = slope * np.eye(classes) + turn if whole else np.array(slope)
        probabilities = Calibration(slopes, shifts).probabilities(scores)
        loss = -np.log(np.maximum(probabilities[np.arange(texts), truth], 1e-12)).mean()
        error = (probabilities - target) / texts
        loss += _pull * (float((turn**2).sum()) + 0.25 * float((shifts**2).sum()))
        gradient = [[(error * scores).sum()], error.sum(axis=0) + _pull * 0.5 * shifts]
        if whole:
            gradient.append((scores.T @ error + 2 * _pull * turn).ravel())
        return float(loss), np.concatenate(gradient)

    start = np.zeros(1 + classes + (classes * classes if whole else 0))
    start[0] = 2.0
    found = minimize(cost, start, jac=True, method="L-BFGS-B", options={"maxiter": 200})
    slope, shifts, turn = taken_apart(found.x)
    return Calibration(slope * np.eye(classes) + turn if whole else np.array(slope), shifts.copy())
