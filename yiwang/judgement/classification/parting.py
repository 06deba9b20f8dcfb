"""Parting one class from all others: a linear support vector machine with squared hinge loss, solved by Newton's method.

The minimum of ``½‖w‖² + cost · Σ max(0, 1 − y·(x·(scale∘w) + b))²`` (the bias regularised too), each Newton step by
conjugate gradients on the texts inside the margin, as LIBLINEAR's primal solver does (Lin, Weng and Keerthi 2008). Single
precision; sums by NumPy's own loops, so that no thread pool is woken for vectors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

Vector = NDArray[np.float32]

_steps = 30
_inner_steps = 60
_precision = 0.01
_inner_precision = 0.1


def judge(
    matrix: csr_matrix, turned: csr_matrix, scale: Vector, of_class: NDArray[np.bool_], cost: float
) -> tuple[Vector, float]:
    """The weights (already times ``scale``) and the bias.

    Args:
        matrix: texts × features. turned: the same, features × texts.
        scale: a factor for each feature. of_class: which texts are of the class.
    """
    forward, backward = matrix.copy(), turned.copy()
    forward.data = forward.data * scale[forward.indices]
    backward.data = backward.data * np.repeat(scale, np.diff(backward.indptr))
    sign = np.where(of_class, 1.0, -1.0).astype(np.float32)

    def out(weights: Vector) -> Vector:
        spoken: Vector = forward @ weights[:-1] + weights[-1]
        return spoken

    def back(texts: Vector) -> Vector:
        return np.append(backward @ texts, texts.sum()).astype(np.float32)

    weights = np.zeros(matrix.shape[1] + 1, dtype=np.float32)
    spoken = np.zeros(len(sign), dtype=np.float32)
    rare = min(int(of_class.sum()), int((~of_class).sum())) / len(sign)
    goal = 0.0
    for step in range(_steps):
        inside = sign * spoken < 1
        gradient = weights + back((2 * cost * inside * (spoken - sign)).astype(np.float32))
        size = _length(gradient)
        goal = goal or _precision * max(rare, 1e-3) * size
        if step and size <= goal:
            break
        direction = _newton_step(gradient, _curvature(inside, out, back, cost))
        moved = out(direction)
        share = _far(weights, direction, spoken, moved, sign, cost, _dot(gradient, direction))
        if share == 0.0:
            break
        weights = weights + share * direction
        spoken = spoken + share * moved
    return scale * weights[:-1], float(weights[-1])


def _curvature(
    inside: NDArray[np.bool_], out: Callable[[Vector], Vector], back: Callable[[Vector], Vector], cost: float
) -> Callable[[Vector], Vector]:
    """The second derivative at a place where these texts are inside the margin, times a vector."""
    return lambda vector: vector + back((2 * cost * inside * out(vector)).astype(np.float32))


def _newton_step(gradient: Vector, curvature: Callable[[Vector], Vector]) -> Vector:
    """Conjugate gradients for ``curvature(d) = -gradient``."""
    direction = np.zeros_like(gradient)
    rest = -gradient
    along = rest.copy()
    size = _dot(rest, rest)
    enough = _inner_precision**2 * size
    for _ in range(_inner_steps):
        bent = curvature(along)
        far = np.float32(size / _dot(along, bent))
        direction += far * along
        rest -= far * bent
        before, size = size, _dot(rest, rest)
        if size <= enough:
            break
        along = rest + np.float32(size / before) * along
    return direction


def _far(
    weights: Vector, direction: Vector, spoken: Vector, moved: Vector, sign: Vector, cost: float, slope: float
) -> np.float32:
    """How far to go along a direction: the first of 1, ½, ¼ … that lowers the cost enough; 0 when none does."""
    own, mixed, square = _dot(weights, weights), _dot(weights, direction), _dot(direction, direction)

    def value(share: float) -> float:
        short = np.maximum(0, 1 - sign * (spoken + np.float32(share) * moved)).astype(np.float64)
        return 0.5 * (own + 2 * share * mixed + share * share * square) + cost * float((short * short).sum())

    here, share = value(0.0), 1.0
    for _ in range(20):
        if value(share) <= here + 0.01 * share * slope:
            return np.float32(share)
        share /= 2
    return np.float32(0)


def _dot(one: Vector, other: Vector) -> float:
    return float(np.einsum("i,i->", one, other, dtype=np.float64))


def _length(vector: Vector) -> float:
    return float(np.sqrt(_dot(vector, vector)))
