"""Metrics of binary classification over weighted points: raw rows, or a histogram of scores.

A point is a score with the weight of the positives and of the negatives that have it. Rows are
points of weight 1; the engine sends points that are grouped by score. Ties count half.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vedette.statistics.estimate import (
    Estimate,
    Floats,
    at_most,
    delta,
    effective_size,
    normal,
    proportion,
    ratio,
)

CURVE_POINTS = 200
_TINY = 1e-15


@dataclass(frozen=True, slots=True)
class Scored:
    """Points in ascending order of score, one a score.

    Attributes:
        scores: of the positive class.
        positive: weight of the positives with each score.
        negative: weight of the negatives with each score.
        effective: what they are worth in equally weighted samples.

    """

    scores: Floats
    positive: Floats
    negative: Floats
    effective: float

    @property
    def positives(self) -> float:
        """Weight of all positives."""
        return float(self.positive.sum())

    @property
    def negatives(self) -> float:
        """Weight of all negatives."""
        return float(self.negative.sum())

    @property
    def total(self) -> float:
        """Weight of all."""
        return self.positives + self.negatives


def scored(
    scores: ArrayLike,
    positive: ArrayLike,
    negative: ArrayLike | None = None,
    *,
    squares: float | None = None,
) -> Scored:
    """Return points.

    Args:
        scores: one a row or group.
        positive: weight of its positives; labels of 0 and 1 where ``negative`` is None.
        negative: weight of its negatives.
        squares: sum of squared weights of the rows behind; by default each weighs 1.

    """
    given = np.asarray(scores, dtype=np.float64)
    first = np.asarray(positive, dtype=np.float64)
    second = 1 - first if negative is None else np.asarray(negative, dtype=np.float64)
    unique, places = np.unique(given, return_inverse=True)
    p = np.bincount(places, first, unique.size).astype(np.float64)
    n = np.bincount(places, second, unique.size).astype(np.float64)
    total = float(p.sum() + n.sum())
    return Scored(unique, p, n, effective_size(total, total if squares is None else squares))


def roc_auc(points: Scored) -> Estimate:
    """Return the area under the ROC curve with DeLong's interval (1988), weighted."""
    p, n = points.positive, points.negative
    all_p, all_n = points.positives, points.negatives
    if all_p <= 0 or all_n <= 0:
        return Estimate(math.nan)
    # For each score: the share of negatives below it, and of positives above it; ties half.
    below = (np.cumsum(n) - n / 2) / all_n
    above = (all_p - np.cumsum(p) + p / 2) / all_p
    value = float(p @ below / all_p)
    share = points.effective / (all_p + all_n)
    variance = 0.0
    for weights, total, places in ((p, all_p, below), (n, all_n, above)):
        size = total * share
        if size > 1:
            variance += float(weights @ (places - value) ** 2 / total) / (size - 1)
    return normal(
        value, math.sqrt(variance), points.effective, method="DeLong", least=0.0, most=1.0
    )


def average_precision(points: Scored) -> float:
    """Return the sum of precision times the step of recall, as scikit-learn's."""
    if points.positives <= 0:
        return math.nan
    p, n = points.positive[::-1], points.negative[::-1]
    hits, misses = np.cumsum(p), np.cumsum(n)
    chosen = hits + misses
    precision = np.divide(hits, chosen, out=np.zeros_like(hits), where=chosen > 0)
    return float(p @ precision / points.positives)


def brier(points: Scored) -> Estimate:
    """Return the mean squared difference of score and label (Brier 1950)."""
    return _mean_loss(points, (1 - points.scores) ** 2, points.scores**2)


def log_loss(points: Scored) -> Estimate:
    """Return the mean negative log likelihood; scores are kept 1e-15 away from 0 and 1."""
    s = np.clip(points.scores, _TINY, 1 - _TINY)
    return _mean_loss(points, -np.log(s), -np.log1p(-s))


def _mean_loss(points: Scored, of_positives: Floats, of_negatives: Floats) -> Estimate:
    """Return the mean of a loss that each row has by its score and label, with its interval."""
    if not points.total:
        return Estimate(math.nan)
    lost = points.positive @ of_positives + points.negative @ of_negatives
    squares = points.positive @ of_positives**2 + points.negative @ of_negatives**2
    mean = float(lost) / points.total
    if points.effective <= 1:
        return Estimate(mean)
    variance = max(0.0, float(squares) / points.total - mean * mean) / (points.effective - 1)
    return normal(mean, math.sqrt(variance), points.effective, method="normal of rows", least=0.0)


def calibration_curve(points: Scored, bins: int = 10) -> dict[str, list[float]]:
    """Return mean score, share of positives and weight of equally wide bins that are not empty."""
    place = np.minimum((np.clip(points.scores, 0, 1) * bins).astype(np.int64), bins - 1)
    weight = points.positive + points.negative
    total = np.bincount(place, weight, bins)
    held = total > 0
    predicted = np.bincount(place, weight * points.scores, bins)[held] / total[held]
    observed = np.bincount(place, points.positive, bins)[held] / total[held]
    return {
        "predicted": predicted.tolist(),
        "observed": observed.tolist(),
        "weight": total[held].tolist(),
    }


def expected_calibration_error(points: Scored, bins: int = 10) -> float:
    """Return the mean distance of score and share of positives over ``calibration_curve``'s bins."""
    curve = calibration_curve(points, bins)
    weight = np.array(curve["weight"])
    if not weight.size:
        return math.nan
    apart = np.abs(np.array(curve["predicted"]) - np.array(curve["observed"]))
    return float(weight @ apart / weight.sum())


def roc_curve(points: Scored, most: int = CURVE_POINTS) -> dict[str, list[float]]:
    """Return false and true positive rates from (0, 0) to (1, 1) by descending threshold."""
    tpr = np.concatenate(([0], np.cumsum(points.positive[::-1]))) / max(points.positives, _TINY)
    fpr = np.concatenate(([0], np.cumsum(points.negative[::-1]))) / max(points.negatives, _TINY)
    keep = at_most(tpr, most)
    thresholds = np.concatenate((points.scores[-1:], points.scores[::-1]))
    return {
        "fpr": fpr[keep].tolist(),
        "tpr": tpr[keep].tolist(),
        "threshold": thresholds[keep].tolist(),
    }


def precision_recall_curve(points: Scored, most: int = CURVE_POINTS) -> dict[str, list[float]]:
    """Return precision and recall by descending threshold."""
    hits, misses = np.cumsum(points.positive[::-1]), np.cumsum(points.negative[::-1])
    chosen = hits + misses
    precision = np.divide(hits, chosen, out=np.ones_like(hits), where=chosen > 0)
    recall = hits / max(points.positives, _TINY)
    keep = at_most(recall, most)
    return {
        "precision": precision[keep].tolist(),
        "recall": recall[keep].tolist(),
        "threshold": points.scores[::-1][keep].tolist(),
    }


def lift(points: Scored, bins: int = 10) -> dict[str, list[float]]:
    """Return gain and lift by share of the population, highest scores first.

    ``gain`` is the share of all positives among the first ``share`` of predictions, ``lift`` that
    over the share itself. A score that lies on an edge is shared out evenly.
    """
    weight = (points.positive + points.negative)[::-1]
    chosen = np.concatenate(([0], np.cumsum(weight))) / max(points.total, _TINY)
    gained = np.concatenate(([0], np.cumsum(points.positive[::-1]))) / max(points.positives, _TINY)
    shares = np.arange(1, bins + 1) / bins
    gain = np.interp(shares, chosen, gained)
    return {"share": shares.tolist(), "gain": gain.tolist(), "lift": (gain / shares).tolist()}


@dataclass(frozen=True, slots=True)
class Confusion:
    """Weights of the four outcomes; ``effective`` is what they are worth in equal samples."""

    tp: float
    fp: float
    tn: float
    fn: float
    effective: float

    @property
    def total(self) -> float:
        """Weight of all."""
        return self.tp + self.fp + self.tn + self.fn


def confusion_at(points: Scored, threshold: float) -> Confusion:
    """Return the outcomes where scores from the threshold on are predicted positive."""
    chosen = points.scores >= threshold
    tp, fp = float(points.positive[chosen].sum()), float(points.negative[chosen].sum())
    return Confusion(tp, fp, points.negatives - fp, points.positives - tp, points.effective)


def confusion_metrics(c: Confusion) -> dict[str, Estimate]:
    """Return accuracy, precision, recall, specificity, F1, balanced accuracy and MCC.

    Shares have Wilson's interval; F1 has it through the Jaccard index J, F1 = 2 J / (1 + J); the
    rest has the delta method over the four multinomial cells. Source of names: scikit-learn.
    """
    total = c.total
    share = c.effective / total if total else 0.0
    found = {
        "accuracy": proportion(c.tp + c.tn, total, c.effective),
        "precision": proportion(c.tp, c.tp + c.fp, (c.tp + c.fp) * share),
        "recall": proportion(c.tp, c.tp + c.fn, (c.tp + c.fn) * share),
        "specificity": proportion(c.tn, c.tn + c.fp, (c.tn + c.fp) * share),
        "f1": _f1(c, share),
    }
    cells = np.array([c.tp, c.fp, c.tn, c.fn])
    for name, function, least in (("balanced_accuracy", _balanced, 0.0), ("mcc", _mcc, -1.0)):
        found[name] = normal(
            function(cells), delta(function, cells, c.effective), c.effective,
            method="delta", least=least, most=1.0,
        )  # fmt: skip
    return found


def _f1(c: Confusion, share: float) -> Estimate:
    union = c.tp + c.fp + c.fn
    jaccard = proportion(c.tp, union, union * share)
    value, low, high = (2 * j / (1 + j) for j in (jaccard.value, jaccard.low, jaccard.high))
    return Estimate(
        value, low, high, jaccard.std * 2 / (1 + jaccard.value) ** 2, "Wilson of Jaccard"
    )


def _balanced(cells: Floats) -> float:
    tp, fp, tn, fn = cells
    return (ratio(tp, tp + fn) + ratio(tn, tn + fp)) / 2


def _mcc(cells: Floats) -> float:
    tp, fp, tn, fn = cells
    return ratio(tp * tn - fp * fn, math.sqrt((tp + fp) * (tp + fn) * (tn + fp) * (tn + fn)))


def score_metrics(points: Scored) -> dict[str, Estimate]:
    """Return what needs scores alone: ROC AUC, average precision, Brier score, log loss, ECE."""
    return {
        "roc_auc": roc_auc(points),
        "average_precision": Estimate(average_precision(points)),
        "brier": brier(points),
        "log_loss": log_loss(points),
        "ece": Estimate(expected_calibration_error(points)),
    }


def constant_classifier(positives: float, total: float) -> Mapping[str, Any]:
    """Return what always saying the more frequent class reaches: what a model must beat."""
    share = ratio(positives, total)
    always = share >= 0.5  # noqa: PLR2004 - the more frequent one
    return {
        "accuracy": max(share, 1 - share),
        "precision": share if always else 0.0,
        "recall": 1.0 if always else 0.0,
        "f1": 2 * share / (1 + share) if always else 0.0,
        "roc_auc": 0.5,
        "average_precision": share,
        "brier": share * (1 - share),
    }
