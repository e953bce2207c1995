"""Metrics of regression from sums by random group, which the engine or numpy makes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike

from vedette.statistics.estimate import Estimate, Floats, jackknife, ratio

GROUPS = 20
SUMS = (
    "weight",
    "error",
    "absolute",
    "squared",
    "actual",
    "actual_squared",
    "relative",
    "related",
    "scaled",
)
"""Columns: sums of w, w e, w |e|, w e^2, w y, w y^2, w |e / y| and w where y is not 0, w |e / p|."""


def sums(actual: ArrayLike, predicted: ArrayLike, weights: ArrayLike | None = None) -> Floats:
    """Return the sums of rows by group: row number modulo ``GROUPS``."""
    y, p = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    w = np.ones_like(y) if weights is None else np.asarray(weights, dtype=np.float64)
    e, held = p - y, y != 0
    relative = np.abs(np.divide(e, y, out=np.zeros_like(e), where=held))
    scale = np.abs(y) + np.abs(p)
    smape = np.divide(2 * np.abs(e), scale, out=np.zeros_like(e), where=scale > 0)
    parts = (
        w,
        w * e,
        w * np.abs(e),
        w * e * e,
        w * y,
        w * y * y,
        w * relative,
        w * held,
        w * smape,
    )
    group = np.arange(y.size) % GROUPS
    return np.stack([np.bincount(group, part, GROUPS) for part in parts], axis=1)


def metrics(groups: Floats, samples: float) -> dict[str, Estimate]:
    """Return MAE, MSE, RMSE, bias, MAPE, SMAPE and R2 with jackknife intervals.

    Args:
        groups: as ``sums`` makes them.
        samples: number of rows.

    """
    return jackknife(_metrics, groups, samples)


def _metrics(row: Floats) -> dict[str, float]:
    weight, error, absolute, squared, actual, actual_squared, relative, related, scaled = (
        row.tolist()
    )
    if weight <= 0:
        return dict.fromkeys(("mae", "mse", "rmse", "bias", "mape", "smape", "r2"), math.nan)
    spread = actual_squared - actual * actual / weight
    return {
        "mae": absolute / weight,
        "mse": squared / weight,
        "rmse": math.sqrt(max(0.0, squared / weight)),
        "bias": error / weight,
        "mape": relative / related if related > 0 else math.nan,
        "smape": scaled / weight,
        # Of a constant there is nothing to explain.
        "r2": 1 - squared / spread if spread > 1e-12 * max(1.0, actual_squared) else math.nan,
    }


def constant_predictor(groups: Floats) -> dict[str, float]:
    """Return what always saying the mean reaches: RMSE is the standard deviation, R2 0."""
    total = groups.sum(axis=0)
    weight, actual, squares = float(total[0]), float(total[4]), float(total[5])
    mean = ratio(actual, weight)
    variance = max(0.0, ratio(squares, weight) - mean * mean)
    return {"mse": variance, "rmse": math.sqrt(variance), "r2": 0.0}
