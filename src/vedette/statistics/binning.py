"""Edges of histogram bins, by the rules that numpy's ``histogram_bin_edges`` knows by name.

They are computed from a few numbers of a column (count, range, moments), which a profile keeps, so
that no row has to be read again.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

MAX_BINS = 10_000


def doane_edges(size: float, low: float, high: float, skewness: float) -> NDArray[np.float64]:
    """Return Doane's edges (1976): Sturges' with more bins for skewed data.

    Args:
        size: number of observations.
        low: least value.
        high: greatest value.
        skewness: the population's third standardised moment.

    """
    bins = 1
    if size > 2 and high > low and math.isfinite(skewness):  # noqa: PLR2004 - below it is undefined
        spread = math.sqrt(6.0 * (size - 2) / ((size + 1.0) * (size + 3)))
        width = (high - low) / (1.0 + math.log2(size) + math.log2(1.0 + abs(skewness) / spread))
        bins = _bins(low, high, width)
    return equal_edges(low, high, bins)


def sturges_edges(size: float, low: float, high: float) -> NDArray[np.float64]:
    """Return Sturges' edges (1926)."""
    bins = 1
    if size > 0 and high > low:
        bins = _bins(low, high, (high - low) / (math.log2(size) + 1.0))
    return equal_edges(low, high, bins)


def equal_edges(low: float, high: float, bins: int) -> NDArray[np.float64]:
    """Return edges of bins of one width; a constant's bin is one wide, as numpy's."""
    if low == high:
        low, high = low - 0.5, high + 0.5
    if math.isfinite(high - low):
        return np.linspace(low, high, bins + 1)
    # Numbers at both ends of what floats hold are farther apart than any float.
    shares = np.linspace(0.0, 1.0, bins + 1)
    return low * (1.0 - shares) + high * shares


def _bins(low: float, high: float, width: float) -> int:
    bins = (high - low) / width if width > 0 else 1.0
    return min(MAX_BINS, max(1, math.ceil(bins))) if math.isfinite(bins) else 1
