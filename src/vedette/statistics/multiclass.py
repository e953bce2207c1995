"""Metrics of multiclass classification, from a confusion matrix and one-against-rest scores."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from vedette.statistics.estimate import Estimate, Floats, delta, normal, proportion, ratio

MAX_CLASSES = 50


def confusion_metrics(matrix: Floats, effective: float) -> dict[str, Estimate]:
    """Return accuracy, macro and weighted precision, recall and F1, kappa and MCC.

    Args:
        matrix: weights; a row an actual class, a column a predicted class.
        effective: what they are worth in equally weighted samples.

    Intervals: Wilson for accuracy, else the delta method over the multinomial cells. A class that
    is never predicted has precision 0, as scikit-learn with ``zero_division=0``.

    """
    found = {"accuracy": proportion(float(np.trace(matrix)), float(matrix.sum()), effective)}
    for name, function in _METRICS.items():
        least = -1.0 if name in {"kappa", "mcc"} else 0.0
        std = delta(function, matrix, effective) if len(matrix) <= MAX_CLASSES else math.nan
        found[name] = normal(
            function(matrix), std, effective, method="delta", least=least, most=1.0
        )
    return found


def by_class(matrix: Floats, classes: Sequence[str]) -> list[dict[str, Any]]:
    """Return precision, recall, F1 and support of each class."""
    precision, recall, f1, support = _parts(matrix)
    return [
        {"class": name, "precision": p, "recall": r, "f1": f, "support": s}
        for name, p, r, f, s in zip(
            classes, precision.tolist(), recall.tolist(), f1.tolist(), support.tolist(), strict=True
        )
    ]


def constant_classifier(support: Floats) -> dict[str, float]:
    """Return what always saying the most frequent class reaches."""
    total = float(support.sum())
    return {"accuracy": ratio(float(support.max(initial=0)), total)}


def _divided(a: Floats, b: Floats) -> Floats:
    return np.divide(a, b, out=np.zeros_like(a, dtype=np.float64), where=b > 0)


def _parts(matrix: Floats) -> tuple[Floats, Floats, Floats, Floats]:
    hits, support, predicted = np.diag(matrix), matrix.sum(axis=1), matrix.sum(axis=0)
    f1 = _divided(2 * hits, support + predicted)
    return _divided(hits, predicted), _divided(hits, support), f1, support


def _mean(which: int, *, weighted: bool) -> Callable[[Floats], float]:
    def metric(matrix: Floats) -> float:
        parts = _parts(matrix)
        held = (parts[3] > 0) | (matrix.sum(axis=0) > 0)
        if not held.any():
            return math.nan
        if weighted:
            return float(parts[which] @ parts[3] / max(parts[3].sum(), 1e-300))
        return float(parts[which][held].mean())

    return metric


def _kappa(matrix: Floats) -> float:
    total = matrix.sum()
    if total <= 0:
        return math.nan
    chance = float(matrix.sum(axis=1) @ matrix.sum(axis=0)) / total**2
    return ratio(float(np.trace(matrix)) / total - chance, 1 - chance)


def _mcc(matrix: Floats) -> float:
    """Return the R_K statistic (Gorodkin 2004), which is MCC of any number of classes."""
    total, hits = matrix.sum(), np.trace(matrix)
    actual, predicted = matrix.sum(axis=1), matrix.sum(axis=0)
    above = float(hits * total - actual @ predicted)
    below = math.sqrt(
        max(0.0, float((total**2 - predicted @ predicted) * (total**2 - actual @ actual)))
    )
    return ratio(above, below) if below else 0.0


_METRICS: dict[str, Callable[[Floats], float]] = {
    "precision_macro": _mean(0, weighted=False),
    "recall_macro": _mean(1, weighted=False),
    "f1_macro": _mean(2, weighted=False),
    "precision_weighted": _mean(0, weighted=True),
    "f1_weighted": _mean(2, weighted=True),
    "kappa": _kappa,
    "mcc": _mcc,
}
