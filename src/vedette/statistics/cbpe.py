"""Performance of a classifier before labels come: confidence-based estimation (CBPE).

Where probabilities are calibrated, a prediction of probability p that is called positive is a true
positive with probability p. The expected confusion matrix gives the metrics; with p and 1 - p as the
weights of a positive and a negative it is the ROC curve that is expected. Holds as long as the
relation of scores and labels does; a change of that relation shows only in labels. The method is
NannyML's (https://nannyml.readthedocs.io, "CBPE").
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from vedette.statistics import binary, multiclass
from vedette.statistics.calibration import Calibrator
from vedette.statistics.estimate import Estimate, Floats, effective_size

SAMPLING_ERRORS = 3.0
"""Bounds are so many standard errors of a window of this size away."""
METHOD = "3 sampling errors"


def estimate_binary(
    scores: ArrayLike,
    predicted: ArrayLike,
    weights: ArrayLike,
    calibrator: Calibrator,
    *,
    squares: float | None = None,
) -> dict[str, Estimate]:
    """Return the metrics that are expected of a window.

    Args:
        scores: of rows or groups of rows.
        predicted: whether each was called positive.
        weights: weight of each.
        calibrator: of the reference.
        squares: sum of squared weights of the rows; by default each weighs 1.

    """
    s, w = np.asarray(scores, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    called = np.asarray(predicted, dtype=bool)
    p = calibrator.apply(s)
    total = float(w.sum())
    size = effective_size(total, total if squares is None else squares)
    tp, fp = float(w[called] @ p[called]), float(w[called] @ (1 - p[called]))
    fn, tn = float(w[~called] @ p[~called]), float(w[~called] @ (1 - p[~called]))
    # Ranked by the scores: calibrated ones have ties that the model has not.
    points = binary.scored(s, w * p, w * (1 - p), squares=total * total / size if size else None)
    found = binary.confusion_metrics(binary.Confusion(tp, fp, tn, fn, size))
    found["roc_auc"] = binary.roc_auc(points)
    found["average_precision"] = Estimate(binary.average_precision(points))
    found["brier"] = Estimate(
        float(w @ (p * (1 - s) ** 2 + (1 - p) * s**2)) / total if total else math.nan
    )
    return {name: bounded(one, size, name) for name, one in found.items()}


def expected_confusion(
    scores: ArrayLike, predicted: ArrayLike, weights: ArrayLike, calibrator: Calibrator
) -> dict[str, float]:
    """Return the expected weights of the four outcomes."""
    p = calibrator.apply(scores)
    w, called = np.asarray(weights, dtype=np.float64), np.asarray(predicted, dtype=bool)
    return {
        "tp": float((w * p)[called].sum()), "fp": float((w * (1 - p))[called].sum()),
        "fn": float((w * p)[~called].sum()), "tn": float((w * (1 - p))[~called].sum()),
    }  # fmt: skip


def estimate_multiclass(
    scores: Floats, predicted: ArrayLike, weights: ArrayLike, calibrators: Sequence[Calibrator]
) -> dict[str, Estimate]:
    """Return the metrics that are expected of a window of several classes.

    Each class is calibrated against the rest, then the probabilities of a row are scaled to sum to 1.

    Args:
        scores: a row a prediction, a column a class.
        predicted: column of the class that each row was called.
        weights: of the rows.
        calibrators: one a class.

    """
    w = np.asarray(weights, dtype=np.float64)
    called = np.asarray(predicted, dtype=np.int64)
    p = calibrated(scores, calibrators)
    classes = p.shape[1]
    # Expected weight by actual class and class called.
    matrix = np.array(
        [np.bincount(called, w * p[:, k], classes) for k in range(classes)], dtype=np.float64
    )
    size = effective_size(float(w.sum()), float(w @ w))
    found = multiclass.confusion_metrics(matrix, size)
    found["roc_auc_ovr"] = one_against_rest(scores, [p[:, k] for k in range(classes)], w)
    return {name: bounded(one, size, name) for name, one in found.items()}


def calibrated(scores: Floats, calibrators: Sequence[Calibrator]) -> Floats:
    """Return calibrated probabilities, a row summing to 1; all alike where a row has none."""
    p = np.stack([one.apply(scores[:, k]) for k, one in enumerate(calibrators)], axis=1)
    total = p.sum(axis=1, keepdims=True)
    shares: Floats = np.full_like(p, 1 / p.shape[1])
    np.divide(p, total, out=shares, where=total > 0)
    return shares


def one_against_rest(scores: Floats, truth: Sequence[Floats], weights: Floats) -> Estimate:
    """Return the mean ROC AUC over classes, each against the rest; classes never seen are left out."""
    squares = float(weights @ weights)
    areas = [
        binary.roc_auc(binary.scored(scores[:, k], weights * t, weights * (1 - t), squares=squares))
        for k, t in enumerate(truth)
    ]
    held = [one for one in areas if math.isfinite(one.value)]
    if not held:
        return Estimate(math.nan)
    value = float(np.mean([one.value for one in held]))
    # Classes share their rows: the mean of their errors is an upper bound of the mean's error.
    half = float(np.mean([(one.high - one.low) / 2 for one in held]))
    std = float(np.mean([one.std for one in held]))
    return Estimate(
        value, max(0.0, value - half), min(1.0, value + half), std, "DeLong, mean over classes"
    )


def bounded(one: Estimate, size: float, name: str = "") -> Estimate:
    """Return an estimate with bounds of 3 sampling errors."""
    std = one.std
    if not math.isfinite(std):
        std = (one.high - one.low) / (2 * 1.959963984540054)
    if not math.isfinite(std) or size <= 0:
        return Estimate(one.value)
    least = -1.0 if name in {"mcc", "kappa"} else 0.0
    low = max(least, one.value - SAMPLING_ERRORS * std)
    return Estimate(one.value, low, min(1.0, one.value + SAMPLING_ERRORS * std), one.std, METHOD)
