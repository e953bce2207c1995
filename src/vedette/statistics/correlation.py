"""Correlation of two series with lag, once what they only share by the clock is taken out.

Two series that both rise by day and fall by night correlate without having to do with each other.
So season and trend are taken out first; and as values that follow each other are alike, the number
of values that count is corrected by both autocorrelations (Bartlett 1935; Pyper and Peterman 1998),
and the p-values by the number of lags that were tried (Holm 1979).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MIN_PAIRS = 12
MAX_LAG = 200
_BIG_MEDIAN = 1.4826


@dataclass(frozen=True, slots=True)
class Lagged:
    """Correlation at one lag.

    Attributes:
        lag: steps by which the first series is ahead of the second; negative where it follows.
        correlation: Pearson's, -1 to 1; None with too few pairs.
        effective: number of pairs that count, after autocorrelation.
        p_value: of no correlation, two-sided; None with too few pairs.
        adjusted: corrected for all lags that were tried.

    """

    lag: int
    correlation: float | None
    effective: float
    p_value: float | None
    adjusted: float | None


def residuals(values: Floats, season: int = 0) -> Floats:
    """Return a series without its season (medians by phase) and its linear trend (Theil-Sen)."""
    from scipy.stats import theilslopes  # noqa: PLC0415 - slow to import, and seldom needed

    series = np.asarray(values, dtype=np.float64).copy()
    known = np.isfinite(series)
    if known.sum() < MIN_PAIRS:
        return series
    at = np.flatnonzero(known)
    chosen = at[:: max(1, len(at) // 400)]
    slope, intercept, _, _ = theilslopes(series[chosen], chosen)
    series -= intercept + slope * np.arange(len(series))
    if season > 1 and len(series) >= 2 * season:
        phases = np.arange(len(series)) % season
        for phase in range(season):
            part = series[phases == phase]
            if np.isfinite(part).any():
                series[phases == phase] -= np.nanmedian(part)
    return _calmed(series)


def _calmed(series: Floats) -> Floats:
    """Draw outliers in to six robust standard deviations: one of them could make a correlation."""
    centre = np.nanmedian(series)
    scale = _BIG_MEDIAN * np.nanmedian(np.abs(series - centre))
    if not scale > 0:
        return series
    return np.clip(series, centre - 6 * scale, centre + 6 * scale)


def cross_correlation(
    first: Floats, second: Floats, *, max_lag: int, season: int = 0
) -> list[Lagged]:
    """Return the correlations of two evenly spaced series at lags of ``-max_lag`` to ``max_lag``.

    Raises:
        ValueError: the series differ in length, or the lag is not possible.

    """
    if len(first) != len(second):
        raise ValueError("the series differ in length")
    if not 0 <= max_lag <= MAX_LAG:
        raise ValueError(f"a lag is 0 to {MAX_LAG} steps")
    one, other = residuals(first, season), residuals(second, season)
    own, others = _autocorrelation(one), _autocorrelation(other)
    found = [_at(one, other, lag, own, others) for lag in range(-max_lag, max_lag + 1)]
    return _adjusted(found)


def best(found: list[Lagged]) -> Lagged | None:
    """Return the strongest correlation, the one nearer to lag 0 of equals; None without any."""
    known = [one for one in found if one.correlation is not None]
    if not known:
        return None
    return max(known, key=lambda one: (round(abs(one.correlation or 0.0), 9), -abs(one.lag)))


def _at(one: Floats, other: Floats, lag: int, own: Floats, others: Floats) -> Lagged:
    length = len(one) - abs(lag)
    if length < MIN_PAIRS:
        return Lagged(lag, None, 0.0, None, None)
    early, late = (one[:length], other[lag:]) if lag >= 0 else (one[-lag:], other[:length])
    both = np.isfinite(early) & np.isfinite(late)
    count = int(both.sum())
    if count < MIN_PAIRS or np.std(early[both]) == 0 or np.std(late[both]) == 0:
        return Lagged(lag, None, float(count), None, None)
    correlation = float(np.clip(np.corrcoef(early[both], late[both])[0, 1], -1.0, 1.0))
    effective = _effective(count, own, others)
    return Lagged(lag, correlation, effective, _p_value(correlation, effective), None)


def _autocorrelation(series: Floats) -> Floats:
    """Return autocorrelations at lags of 1 up to a fifth of the length, gaps left out."""
    length = len(series)
    centred = (
        np.nan_to_num(series - np.nanmean(series)) if np.isfinite(series).any() else series * 0
    )
    variance = float(np.dot(centred, centred))
    if variance == 0:
        return np.zeros(0)
    lags = range(1, max(2, length // 5))
    return np.array([float(np.dot(centred[:-lag], centred[lag:])) / variance for lag in lags])


def _effective(count: int, own: Floats, others: Floats) -> float:
    """Return how many independent pairs ``count`` pairs are worth: Pyper and Peterman's N*."""
    reach = min(len(own), len(others), count - 1)
    lags = np.arange(1, reach + 1)
    shared = float(np.sum((count - lags) / count * own[:reach] * others[:reach]))
    inverse = 1 / count + 2 / count * shared
    return float(min(count, max(3.0, 1 / inverse))) if inverse > 0 else float(count)


def _p_value(correlation: float, effective: float) -> float:
    from scipy.special import stdtr  # noqa: PLC0415 - only where it is needed

    freedom = effective - 2
    if freedom <= 0:
        return 1.0
    if abs(correlation) >= 1:
        return 0.0
    statistic = abs(correlation) * math.sqrt(freedom / (1 - correlation**2))
    return float(2 * stdtr(freedom, -statistic))


def _adjusted(found: list[Lagged]) -> list[Lagged]:
    """Correct the p-values for the number of lags, step-down (Holm)."""
    tried = sorted(
        (number for number, one in enumerate(found) if one.p_value is not None),
        key=lambda number: found[number].p_value or 0.0,
    )
    out, worst = list(found), 0.0
    for rank, number in enumerate(tried):
        one = found[number]
        worst = max(worst, min(1.0, (one.p_value or 0.0) * (len(tried) - rank)))
        out[number] = Lagged(one.lag, one.correlation, one.effective, one.p_value, worst)
    return out
