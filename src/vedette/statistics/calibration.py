"""Isotonic calibration of scores, only where it helps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vedette.statistics.binary import Scored, roc_auc, scored
from vedette.statistics.estimate import Floats

BINS = 10
FOLDS = 10
_PERFECT = 0.999


@dataclass(frozen=True, slots=True)
class Calibrator:
    """Turns scores into probabilities by straight lines between points; as they are without any.

    Attributes:
        scores: ascending scores.
        probabilities: what was observed at each, not descending.

    """

    scores: tuple[float, ...] = ()
    probabilities: tuple[float, ...] = ()

    @property
    def identity(self) -> bool:
        """Whether scores stay as they are."""
        return not self.scores

    def apply(self, scores: ArrayLike) -> Floats:
        """Return probabilities; beyond the ends those of the ends."""
        given = np.asarray(scores, dtype=np.float64)
        return given if self.identity else np.interp(given, self.scores, self.probabilities)


def isotonic(points: Scored) -> Calibrator:
    """Return the calibrator by isotonic regression (pool adjacent violators, Barlow 1972)."""
    from scipy.optimize import isotonic_regression  # noqa: PLC0415 - only where it is needed

    weight = points.positive + points.negative
    held = weight > 0
    if not held.any():
        return Calibrator()
    x, w = points.scores[held], weight[held]
    y = np.asarray(isotonic_regression(points.positive[held] / w, weights=w).x)
    # Within a block only its ends are needed.
    keep = np.ones(y.size, dtype=bool)
    keep[1:-1] = (y[1:-1] != y[:-2]) | (y[1:-1] != y[2:])
    return Calibrator(tuple(x[keep].tolist()), tuple(y[keep].tolist()))


def fit(
    scores: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike,
    folds: NDArray[np.int64] | None = None,
) -> Calibrator:
    """Return the isotonic calibrator if it improves the expected calibration error, else none.

    The error has 10 bins of equal weight and is the mean over held-out folds, each calibrated by the
    others. One class alone, or scores that part the classes, need no calibration.

    Args:
        scores: of rows or groups.
        positive: weight of the positives of each.
        negative: weight of the negatives.
        folds: fold of each; by default dealt in turn.

    """
    s, p, n = (np.asarray(v, dtype=np.float64) for v in (scores, positive, negative))
    every = scored(s, p, n)
    if min(every.positives, every.negatives) <= 0 or roc_auc(every).value > _PERFECT:
        return Calibrator()
    fold = np.arange(s.size) % FOLDS if folds is None else np.asarray(folds)
    gain = 0.0
    for number in np.unique(fold):
        held = fold == number
        others = scored(s[~held], p[~held], n[~held])
        if others.total <= 0:
            return Calibrator()
        # Fold by fold: over all folds together the calibrators would average to the sample's own.
        before, after = (
            equal_weight_ece(x, p[held], n[held])
            for x in (s[held], isotonic(others).apply(s[held]))
        )
        gain += before - after
    return isotonic(every) if gain > 0 else Calibrator()


def equal_weight_ece(scores: Floats, positive: Floats, negative: Floats, bins: int = BINS) -> float:
    """Return the expected calibration error over bins of equal weight (Naeini 2015)."""
    order = np.argsort(scores, kind="stable")
    s, p = scores[order], positive[order]
    w = p + negative[order]
    total = w.sum()
    place = np.minimum(((np.cumsum(w) - w / 2) / total * bins).astype(np.int64), bins - 1)
    weight = np.bincount(place, w, bins)
    apart = np.abs(np.bincount(place, p, bins) - np.bincount(place, w * s, bins))
    return float(apart[weight > 0].sum() / total)
