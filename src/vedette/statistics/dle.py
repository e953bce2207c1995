"""Performance of a regressor before labels come: direct loss estimation (DLE).

A second model learns from labelled rows how far the first is off, given its features and its answer;
the mean of what it expects of a window is the window's expected error. The method is NannyML's
(https://nannyml.readthedocs.io, "DLE"); the second model is scikit-learn's gradient boosting.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from vedette.core.errors import UnavailableError
from vedette.statistics.cbpe import METHOD, SAMPLING_ERRORS
from vedette.statistics.estimate import Estimate, Floats, effective_size, told
from vedette.statistics.one_thread import one_thread

SEED = 13
MIN_ROWS = 50


@dataclass(frozen=True, slots=True)
class ErrorModel:
    """What is expected of a row's errors; ``fit`` makes it."""

    absolute: Any
    squared: Any
    spread_absolute: float
    spread_squared: float

    def estimate(
        self, features: Floats, predicted: ArrayLike, weights: ArrayLike
    ) -> dict[str, Estimate]:
        """Return the MAE, MSE and RMSE that are expected of a window.

        Args:
            features: a row a prediction; NaN is a missing value.
            predicted: the regressor's answers.
            weights: of the rows.

        """
        x, w = _inputs(features, predicted), np.asarray(weights, dtype=np.float64)
        total = float(w.sum())
        if total <= 0:
            return {name: Estimate(math.nan) for name in ("mae", "mse", "rmse")}
        size = effective_size(total, float(w @ w))
        absolute = float(w @ np.maximum(0, self.absolute.predict(x))) / total
        squared = float(w @ np.maximum(0, self.squared.predict(x))) / total
        # The error of rows, not of what is expected of them, is what a window of this size varies by.
        mae, mse = (
            _bounded(value, spread / math.sqrt(size), size)
            for value, spread in ((absolute, self.spread_absolute), (squared, self.spread_squared))
        )
        root = math.sqrt(squared)
        rmse = Estimate(
            root,
            math.sqrt(mse.low),
            math.sqrt(mse.high),
            mse.std / (2 * root) if root else 0.0,
            METHOD,
        )
        return {"mae": mae, "mse": mse, "rmse": rmse}


def fit(
    features: Floats, predicted: ArrayLike, actual: ArrayLike, weights: ArrayLike
) -> ErrorModel:
    """Return the error model of labelled rows.

    Raises:
        UnavailableError: scikit-learn is not installed.
        ValueError: there are fewer than 50 rows.

    """
    try:
        from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UnavailableError(
            "estimating the error of a regressor needs scikit-learn",
            remedy="pip install 'vedette[multivariate]'",
        ) from error
    y, p = np.asarray(actual, dtype=np.float64), np.asarray(predicted, dtype=np.float64)
    if y.size < MIN_ROWS:
        raise ValueError(f"{y.size} labelled rows are too few to learn errors from")
    x, w, off = _inputs(features, p), np.asarray(weights, dtype=np.float64), np.abs(p - y)
    with one_thread():
        absolute, squared = (
            HistGradientBoostingRegressor(max_iter=100, random_state=SEED).fit(
                x, target, sample_weight=w
            )
            for target in (off, off**2)
        )
    return ErrorModel(absolute, squared, _std(off, w), _std(off**2, w))


def _inputs(features: Floats, predicted: ArrayLike) -> Floats:
    answers = np.asarray(predicted, dtype=np.float64)[:, None]
    return np.hstack([features, answers]) if features.size else answers


def _std(values: Floats, weights: Floats) -> float:
    total = weights.sum()
    mean = float(weights @ values / total)
    return math.sqrt(float(weights @ (values - mean) ** 2 / total))


def _bounded(value: float, std: float, size: float) -> Estimate:
    reach = SAMPLING_ERRORS * std
    return Estimate(value, max(0.0, value - reach), value + reach, told(std, size), METHOD)
