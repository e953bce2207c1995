"""When something that fills up will be full: a robust trend, with an interval, of what is used.

The trend is the Theil-Sen slope, the median of the slopes between all pairs of points, which up to 29 %
of outliers do not move (Sen, Estimates of the regression coefficient based on Kendall's tau, 1968). Its
interval is Sen's, from the variance of Kendall's S, widened by how much the residuals follow each other
(first-order autocorrelation), because points of a disk are not independent. A clean-up is a step down
that noise does not explain: the trend then is that of the time since, and where clean-ups come again and
again, that of the whole, unless the disk fills before the next one is due.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
State = Literal["full", "growing", "not_growing", "too_little_history", "no_limit"]
MIN_POINTS = 8
"""Fewer points than this are no trend."""
MAX_DAYS = 3650.0
"""Further ahead than this nothing is said."""
FAR = 10.0
"""A forecast further ahead than this many times the history carries a note."""
FULL_SHARE = 0.999
_Z = 1.96
_NOISE, _STEP_SHARE = 6.0, 0.02
_TO_SIGMA = 1.4826
_MOST_CORRELATED = 0.95
_RECURRING = 2
_BATCH = 128
"""Rows at once: their slopes fit the processor's cache."""


@dataclass(frozen=True, slots=True)
class Exhaustion:
    """When it is full; ``per_day`` is in the unit of the values.

    Attributes:
        state: ``growing`` has ``days`` unless that is beyond ten years; ``no_limit`` grows or not, but
            nobody knows its capacity; ``not_growing`` also where the interval of growth includes none.
        days: until full, from the last point.
        earliest: days until full at the fastest growth of the 95 % interval.
        latest: days at its slowest; None where that is beyond ten years.
        per_day: growth a day, with ``per_day_low`` and ``per_day_high``; None without a trend.
        level: the level that the trend starts from, at the last point.
        begin: position of the first point of the trend.
        cleanups: steps down that noise does not explain.
        span_days: how long the points of the trend reach.
        notes: what a reader should know.

    """

    state: State
    days: float | None = None
    earliest: float | None = None
    latest: float | None = None
    per_day: float | None = None
    per_day_low: float | None = None
    per_day_high: float | None = None
    level: float | None = None
    points: int = 0
    begin: int = 0
    cleanups: int = 0
    span_days: float = 0.0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Trend:
    slope: float
    low: float
    high: float
    level: float
    begin: int
    points: int
    span: float


def exhaustion(days: Floats, values: Floats, capacity: float | None) -> Exhaustion:
    """Return when values that grow reach a capacity.

    Args:
        days: times of the points in days, rising; from any origin.
        values: what is used, NaN where it is not known.
        capacity: at which it is full; None where nobody knows.

    """
    known = np.flatnonzero(np.isfinite(values) & np.isfinite(days))
    t, y = days[known], values[known]
    if capacity is not None and (not np.isfinite(capacity) or capacity <= 0):
        capacity = None
    if len(y) and capacity is not None and y[-1] >= FULL_SHARE * capacity:
        span = float(t[-1] - t[0])
        return Exhaustion("full", 0.0, 0.0, 0.0, level=float(y[-1]), points=len(y), span_days=span)
    if len(y) < MIN_POINTS:
        return _too_little(t, len(y), MIN_POINTS)
    drops = _cleanups(y, capacity)
    trend, notes = _chosen(t, y, drops, capacity)
    if trend is None:
        return _too_little(t, len(y), MIN_POINTS, cleanups=len(drops))
    return _result(trend, capacity, len(drops), notes, int(known[trend.begin]))


def exhaustions(days: Floats, values: Floats, capacities: Floats) -> list[Exhaustion]:
    """Return what ``exhaustion`` does for many things that have points at the same times, at once.

    Args:
        days: times of the points, rising.
        values: what is used, one thing a row.
        capacities: by row, NaN where nobody knows.

    """
    capacities = np.where(np.isfinite(capacities) & (capacities > 0), capacities, np.nan)
    limits = [None if np.isnan(one) else float(one) for one in capacities]
    found: list[Exhaustion | None] = [None] * len(values)
    rows = _plain(values, capacities) if len(days) >= MIN_POINTS else np.array([], dtype=np.int64)
    for start in range(0, len(rows), _BATCH):
        batch = rows[start : start + _BATCH]
        for row, trend in zip(batch.tolist(), _trends(days, values[batch]), strict=True):
            found[row] = _result(trend, limits[row], 0, [], 0)
    return [
        one if one is not None else exhaustion(days, values[row], limits[row])
        for row, one in enumerate(found)
    ]


def _plain(values: Floats, capacities: Floats) -> NDArray[np.int64]:
    """Return the rows without gaps and clean-ups that are not full."""
    limits = np.where(np.isnan(capacities), np.inf, capacities)
    open_ = np.isfinite(values).all(axis=1) & (values[:, -1] < FULL_SHARE * limits)
    rows = np.flatnonzero(open_)
    dropped = _drops(values[rows], capacities[rows]).any(axis=1)
    return np.asarray(rows[~dropped], dtype=np.int64)


def _result(
    trend: _Trend, capacity: float | None, cleanups: int, notes: list[str], begin: int
) -> Exhaustion:
    growing = trend.low > 0
    state: State = "growing" if growing else "not_growing"
    days = earliest = latest = None
    if capacity is None:
        state = "no_limit"
    elif growing:
        left = max(0.0, capacity - trend.level)
        days, earliest, latest = (
            _within(left / slope) for slope in (trend.slope, trend.high, trend.low)
        )
        if days is None:
            notes.append("not within ten years at this rate")
        elif days > FAR * trend.span:
            notes.append(f"further ahead than {FAR:.0f} times the history: a rough guess")
    return Exhaustion(
        state, days, earliest, latest, trend.slope, trend.low, trend.high, trend.level,
        trend.points, begin, cleanups, trend.span, tuple(notes),
    )  # fmt: skip


def _within(days: float) -> float | None:
    return days if days <= MAX_DAYS else None


def _too_little(t: Floats, points: int, needed: int, cleanups: int = 0) -> Exhaustion:
    span = float(t[-1] - t[0]) if len(t) else 0.0
    note = f"{points} points over {span:.3g} days; a trend needs {needed}"
    return Exhaustion(
        "too_little_history", points=points, cleanups=cleanups, span_days=span, notes=(note,)
    )


def _cleanups(y: Floats, capacity: float | None) -> NDArray[np.int64]:
    """Return the positions after steps down that are no noise."""
    steps = _drops(y[None], np.array([np.nan if capacity is None else capacity]))[0]
    return np.flatnonzero(steps).astype(np.int64) + 1


def _drops(rows: Floats, capacities: Floats) -> NDArray[np.bool_]:
    """Return by row which steps to the next point go down by more than noise explains."""
    steps = np.diff(rows, axis=1)
    noise = _TO_SIGMA * _middles(np.abs(steps - _middles(steps)[:, None]))
    sizes = np.where(np.isfinite(capacities), capacities, np.abs(rows).max(axis=1, initial=0.0))
    least = np.maximum(_NOISE * noise, _STEP_SHARE * sizes)
    return np.asarray(steps < -least[:, None])


def _chosen(
    t: Floats, y: Floats, drops: NDArray[np.int64], capacity: float | None
) -> tuple[_Trend | None, list[str]]:
    """Return the trend that counts; see the module."""
    if not len(drops):
        return _theil_sen(t, y, 0), []
    last = int(drops[-1])
    since = _theil_sen(t[last:], y[last:], last) if len(y) - last >= MIN_POINTS else None
    if len(drops) < _RECURRING:
        if since is not None:
            return since, ["the trend is that since the last clean-up"]
        if last < MIN_POINTS:
            return None, []
        before = _theil_sen(t[:last], y[:last], 0)
        # The rate of before, from the level of now.
        level = _median(y[last:])
        notes = ["a clean-up was not long ago: the rate is that of before it"]
        moved = _Trend(before.slope, before.low, before.high, level, 0, before.points, before.span)
        return moved, notes
    every = _median(np.diff(t[drops]))
    if since is not None and capacity is not None and since.low > 0:
        due = every - float(t[-1] - t[last])
        if (capacity - since.level) / since.slope < due:
            return since, [f"full before the next clean-up, which comes every {every:.2g} days"]
    notes = [f"{len(drops)} clean-ups, every {every:.2g} days: the trend is that over all of them"]
    return _theil_sen(t, y, 0), notes


@lru_cache(maxsize=128)
def _pairs(count: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    first, second = np.triu_indices(count, 1)
    return first.astype(np.int64), second.astype(np.int64)


def _theil_sen(t: Floats, y: Floats, begin: int) -> _Trend:
    (trend,) = _trends(t, y[None])
    return replace(trend, begin=begin)


def _trends(t: Floats, rows: Floats) -> list[_Trend]:
    """Return the trend of each row."""
    first, second = _pairs(len(t))
    slopes = np.sort((rows[:, second] - rows[:, first]) / (t[second] - t[first]), axis=1)
    slope = _middle(slopes)
    residuals = rows - slope[:, None] * t
    residuals = residuals - _middles(residuals)[:, None]
    n, pairs = len(t), slopes.shape[1]
    spread = _Z * float(np.sqrt(n * (n - 1) * (2 * n + 5) / 18)) * _inflation(residuals)
    low = np.maximum(0, np.floor((pairs - spread) / 2)).astype(np.int64)
    high = np.minimum(pairs - 1, np.ceil((pairs + spread) / 2)).astype(np.int64)
    # From where the last points are, not where the line is: growth is seldom quite a line.
    level = _middles(rows[:, -3:] - slope[:, None] * (t[-3:] - t[-1]))
    every = np.arange(len(rows))
    lows, highs = slopes[every, low], slopes[every, high]
    span = float(t[-1] - t[0])
    return [
        _Trend(float(slope[at]), float(lows[at]), float(highs[at]), float(level[at]), 0, n, span)
        for at in every
    ]


def _median(values: Floats) -> float:
    return float(_middles(values[None])[0])


def _middles(rows: Floats) -> Floats:
    """Return the median of each row; NumPy's own takes far longer over few values."""
    return _middle(np.sort(rows, axis=1))


def _middle(ordered: Floats) -> Floats:
    half = ordered.shape[1] // 2
    if ordered.shape[1] % 2:
        return np.asarray(ordered[:, half])
    return np.asarray((ordered[:, half - 1] + ordered[:, half]) / 2)


def _inflation(residuals: Floats) -> Floats:
    """Return by how much autocorrelation widens the intervals: that of an AR(1) series' mean."""
    total = (residuals * residuals).sum(axis=1)
    shifted = (residuals[:, 1:] * residuals[:, :-1]).sum(axis=1)
    rho = np.clip(shifted / np.where(total > 0, total, 1.0), 0.0, _MOST_CORRELATED)
    return np.asarray(np.sqrt((1 + rho) / (1 - rho)))
