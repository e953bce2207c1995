"""Distances between two frequency vectors over the same categories or bins.

Arguments are counts or shares of one length; each is scaled to sum to 1, so what was counted in
samples of different size compares. A vector without any count has no distribution: NaN comes back.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Vector = Sequence[float] | NDArray[np.generic]

ROBUST_FACTOR = 1.8
"""Model Monitor's Robust distance takes away 1.8 standard errors of two samples' difference."""
PSI_FLOOR = 1e-4
"""What stands for an empty bin in PSI, whose logarithm would be infinite."""


def shares(counts: Vector) -> Floats:
    """Return counts scaled to sum to 1; NaN throughout where they sum to 0.

    Raises:
        ValueError: a count is negative or not finite.

    """
    values = np.asarray(counts, dtype=np.float64)
    if values.ndim != 1:
        raise ValueError("frequencies are one-dimensional")
    if not np.isfinite(values).all() or (values < 0).any():
        raise ValueError("frequencies are finite and not negative")
    total = values.sum()
    return values / total if total > 0 else np.full_like(values, np.nan)


def _pair(reference: Vector, current: Vector) -> tuple[Floats, Floats]:
    p, q = shares(reference), shares(current)
    if p.shape != q.shape:
        raise ValueError(f"{p.size} frequencies do not compare with {q.size}")
    return p, q


def kullback_leibler(reference: Vector, current: Vector) -> float:
    """Return sum p ln(p / q) in nats; infinite where q lacks what p has."""
    p, q = _pair(reference, current)
    if np.isnan(p).any() or np.isnan(q).any():
        return math.nan
    held = p > 0
    if (q[held] == 0).any():
        return math.inf
    return float(np.sum(p[held] * np.log(p[held] / q[held])))


def jensen_shannon(reference: Vector, current: Vector, *, base: float | None = 2.0) -> float:
    """Return the Jensen-Shannon distance: the root of the divergence (Endres, Schindelin 2003).

    Args:
        reference: counts or shares.
        current: counts or shares.
        base: of the logarithm; with 2 the distance is within 0 and 1, with None it is e.

    """
    p, q = _pair(reference, current)
    if np.isnan(p).any() or np.isnan(q).any():
        return math.nan
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    if base is not None:
        divergence /= math.log(base)
    # Rounding may leave a divergence of equal vectors a hair below zero.
    return math.sqrt(max(divergence, 0.0))


def _relative_entropy(p: Floats, middle: Floats) -> float:
    held = p > 0
    return float(np.sum(p[held] * np.log(p[held] / middle[held])))


def hellinger(reference: Vector, current: Vector) -> float:
    """Return sqrt(1 - sum sqrt(p q)): 0 for equal, 1 for disjoint."""
    p, q = _pair(reference, current)
    # As a sum of squares: 1 - sum sqrt(p q) would leave 1e-8 of two equal vectors.
    return float(math.sqrt(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2) / 2))


def total_variation(reference: Vector, current: Vector) -> float:
    """Return half the sum of absolute differences: the share that would have to move."""
    p, q = _pair(reference, current)
    return float(np.abs(p - q).sum() / 2)


def l_infinity(reference: Vector, current: Vector) -> float:
    """Return the largest absolute difference of a share (Model Monitor's Simple, categorical)."""
    p, q = _pair(reference, current)
    return float(np.abs(p - q).max()) if p.size else math.nan


def robust(simple: float, reference_size: float, current_size: float) -> float:
    """Return Model Monitor's Robust distance: Simple less what samples of this size differ by.

    ``max(0, simple - 1.8 sqrt((n + m) / (n m)))``.
    """
    if reference_size <= 0 or current_size <= 0 or math.isnan(simple):
        return math.nan
    noise = math.sqrt((reference_size + current_size) / (reference_size * current_size))
    return max(0.0, simple - ROBUST_FACTOR * noise)


def psi(
    reference: Vector,
    current: Vector,
    *,
    fill: Callable[[Floats], Floats] | None = None,
) -> float:
    """Return the population stability index, sum (p - q) ln(p / q).

    Args:
        reference: counts or shares.
        current: counts or shares.
        fill: what replaces shares of 0; by default 0.0001.

    """
    p, q = _pair(reference, current)
    if np.isnan(p).any() or np.isnan(q).any():
        return math.nan
    replace = fill or _floor
    p, q = replace(p), replace(q)
    return float(np.sum((p - q) * np.log(p / q)))


def _floor(values: Floats) -> Floats:
    return np.where(values == 0, PSI_FLOOR, values)


def fill_like_evidently(values: Floats) -> Floats:
    """Replace zeros as Evidently does: by 0.0001, or less where the least share is less."""
    least = float(values[values != 0].min())
    return np.where(values == 0, least / 1e6 if least <= PSI_FLOOR else PSI_FLOOR, values)
