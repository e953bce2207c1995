"""What the metric math functions compute, on whole arrays at once.

Semantics of Amazon CloudWatch, "Using math expressions with CloudWatch metrics". Where that page is
silent: STDDEV is the population's over the data points that are there; AVG takes missing data as 0,
as the page says, so AVG(m1) divides by the number of periods and SUM(m1) / DATAPOINT_COUNT(m1) is
the average of a sparse series; DATAPOINT_COUNT of an array is 0 where no series has a data point.
MIN, MAX and STDDEV of a series without data points have no value, and what is computed from it has
no data points.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vedette.query.metric_math.values import (
    Floats,
    Grid,
    SeriesArray,
    TimeSeries,
    Value,
    finite,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

ELEMENTWISE: Mapping[str, Callable[[Floats], Floats]] = {
    "ABS": np.abs,
    "CEIL": np.ceil,
    "FLOOR": np.floor,
    "LOG": np.log,
    "LOG10": np.log10,
}
"""Functions of each data point by itself; a logarithm of 0 or less is dropped."""


def elementwise(name: str, value: Value) -> Value:
    """Apply one of ``ELEMENTWISE`` to a scalar, a series or each series of an array."""
    operation = ELEMENTWISE[name]
    with np.errstate(all="ignore"):
        if isinstance(value, TimeSeries):
            return value.with_values(finite(operation(value.values)))
        if isinstance(value, tuple):
            return tuple(one.with_values(finite(operation(one.values))) for one in value)
        return float(finite(operation(np.array([value])))[0])


def _previous(grid: Grid, values: Floats) -> tuple[NDArray[np.intp], Floats, Floats]:
    """Return where data points with a predecessor are, and the steps in value and in seconds."""
    at = np.flatnonzero(~np.isnan(values))
    with np.errstate(over="ignore"):
        return at[1:], np.diff(values[at]), np.diff(grid.timestamps[at]).astype(np.float64)


def _placed(size: int, at: NDArray[np.intp], values: Floats) -> Floats:
    out = np.full(size, np.nan)
    out[at] = values
    return finite(out)


def diff(grid: Grid, values: Floats) -> Floats:
    """Difference to the preceding data point; the first data point has none."""
    at, steps, _ = _previous(grid, values)
    return _placed(len(values), at, steps)


def diff_time(grid: Grid, values: Floats) -> Floats:
    """Seconds since the preceding data point."""
    at, _, seconds = _previous(grid, values)
    return _placed(len(values), at, seconds)


def rate(grid: Grid, values: Floats) -> Floats:
    """Difference to the preceding data point, divided by the seconds between the two."""
    at, steps, seconds = _previous(grid, values)
    return _placed(len(values), at, steps / seconds)


def running_sum(grid: Grid, values: Floats) -> Floats:  # noqa: ARG001 - the shape of all of these
    """Sum of this and all earlier data points, where there is a data point."""
    at = np.flatnonzero(~np.isnan(values))
    with np.errstate(all="ignore"):
        return _placed(len(values), at, np.cumsum(values[at]))


STEPWISE: Mapping[str, Callable[[Grid, Floats], Floats]] = {
    "DIFF": diff,
    "DIFF_TIME": diff_time,
    "RATE": rate,
    "RUNNING_SUM": running_sum,
}
"""Functions of a data point and those before it."""


def stepwise(name: str, grid: Grid, value: TimeSeries | SeriesArray) -> TimeSeries | SeriesArray:
    """Apply one of ``STEPWISE`` to a series or to each series of an array."""
    operation = STEPWISE[name]
    if isinstance(value, TimeSeries):
        return value.with_values(operation(grid, value.values))
    return tuple(series.with_values(operation(grid, series.values)) for series in value)


def _average(values: Floats) -> Floats:
    # Missing data points count as 0; where nothing is there at all, nothing comes out.
    total = np.nansum(values, axis=0) / values.shape[0]
    return np.where(np.isnan(values).all(axis=0), np.nan, total)


def _sum(values: Floats) -> Floats:
    return np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))


def _extreme(operation: np.ufunc) -> Callable[[Floats], Floats]:
    # fmin and fmax pass over NaN and answer NaN only where there is nothing else.
    return lambda values: np.asarray(operation.reduce(values, axis=0), dtype=np.float64)


def _deviation(values: Floats) -> Floats:
    there = ~np.isnan(values)
    count = there.sum(axis=0)
    mean = np.nansum(values, axis=0) / count
    squares = np.where(there, (values - mean) ** 2, 0.0).sum(axis=0)
    deviation: Floats = np.sqrt(squares / count)
    return deviation


def _count(values: Floats) -> Floats:
    count: Floats = (~np.isnan(values)).sum(axis=0).astype(np.float64)
    return count


REDUCERS: Mapping[str, Callable[[Floats], Floats]] = {
    "AVG": _average,
    "DATAPOINT_COUNT": _count,
    "MAX": _extreme(np.fmax),
    "MIN": _extreme(np.fmin),
    "STDDEV": _deviation,
    "SUM": _sum,
}
"""Functions that fold the first axis away: of a series to a scalar, of an array to a series."""


def reduce(name: str, grid: Grid, value: TimeSeries | SeriesArray) -> float | TimeSeries:
    """Fold a series to a scalar or an array of series to one series."""
    with np.errstate(all="ignore"):
        if isinstance(value, tuple):
            if not value:
                return TimeSeries(np.full(len(grid), np.nan))
            return TimeSeries(finite(REDUCERS[name](np.stack([one.values for one in value]))))
        column = value.values.reshape(-1, 1)
        result = float(REDUCERS[name](column)[0])
    if name in {"AVG", "SUM"} and np.isnan(column).all():
        return 0.0
    return result if np.isfinite(result) else float("nan")


def fill(grid: Grid, values: Floats, filler: float | TimeSeries | str) -> Floats:
    """Fill missing data points with a scalar, another series' values, REPEAT or LINEAR.

    REPEAT takes the last data point before the gap, LINEAR the line between the data points around
    it; a gap that REPEAT or LINEAR has no data point for stays.
    """
    missing = np.isnan(values)
    if isinstance(filler, TimeSeries):
        return np.where(missing, filler.values, values)
    if not isinstance(filler, str):
        return np.where(missing, filler, values)
    at = np.flatnonzero(~missing)
    if not len(at):
        return values
    if filler == "REPEAT":
        last = np.maximum.accumulate(np.where(missing, -1, np.arange(len(values))))
        return np.where(last >= 0, values[last], np.nan)
    line = np.interp(grid.timestamps, grid.timestamps[at], values[at])
    inside = (np.arange(len(values)) >= at[0]) & (np.arange(len(values)) <= at[-1])
    return finite(np.where(missing, np.where(inside, line, np.nan), values))


def choose(
    grid: Grid,
    condition: float | TimeSeries,
    true: float | TimeSeries,
    false: float | TimeSeries | None,
) -> float | TimeSeries:
    """IF: ``true`` where the condition is not 0, else ``false``.

    With a series as condition, a data point of ``true`` that is missing counts as 0, one of
    ``false`` is dropped, and a missing condition drops the data point. All scalars give a scalar.
    """
    size = len(grid)
    if not isinstance(condition, TimeSeries):
        chosen = true if condition and not np.isnan(condition) else false
        if np.isnan(condition) or chosen is None:
            return TimeSeries(np.full(size, np.nan))
        if isinstance(chosen, TimeSeries) or not (
            isinstance(true, TimeSeries) or isinstance(false, TimeSeries) or false is None
        ):
            return chosen
        return TimeSeries(np.full(size, chosen))
    there = ~np.isnan(condition.values)
    yes = there & (condition.values != 0)
    out = np.full(size, np.nan)
    when_true = true.values if isinstance(true, TimeSeries) else np.full(size, true)
    if isinstance(true, TimeSeries):
        when_true = np.where(np.isnan(when_true), 0.0, when_true)
    out[yes] = when_true[yes]
    if false is not None:
        no = there & ~yes
        when_false = false.values if isinstance(false, TimeSeries) else np.full(size, false)
        out[no] = when_false[no]
    kept = true if isinstance(true, TimeSeries) else condition
    return kept.with_values(out)


def sort(
    grid: Grid, series: SeriesArray, by: str, *, descending: bool, limit: int | None
) -> SeriesArray:
    """Sort an array by AVG, MIN, MAX or SUM of each series; series without data come last."""

    def key(one: TimeSeries) -> tuple[bool, float]:
        value = reduce(by, grid, one)
        number = float(value) if not isinstance(value, TimeSeries) else float("nan")
        return bool(np.isnan(one.values).all()), -number if descending else number

    return tuple(sorted(series, key=key)[:limit])


def remove_empty(series: SeriesArray) -> SeriesArray:
    """Leave out series without a data point."""
    return tuple(one for one in series if not np.isnan(one.values).all())
