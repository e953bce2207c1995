"""Forecasts of evenly spaced series with bands that keep what they promise.

Method: additive exponential smoothing with a damped trend and a season (Holt-Winters; Hyndman and
Athanasopoulos, Forecasting: Principles and Practice, 3rd ed., section 8), its weights chosen by the
smallest mean absolute error one step ahead, which outliers move little. The bands are not those of
a normal model: they are quantiles of the errors that the chosen method made at the same number of
steps ahead from every past moment (conformal prediction with rolling origins), widened for how few
of those there are. An outlier moves the state by no more than three times the usual error (Gelper,
Fried and Croux, Robust forecasting with exponential and Holt-Winters smoothing, 2010). Missing
values are skipped: the state goes on as predicted.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
MIN_VALUES = 8
"""Fewer values than this are no ground for a forecast."""
MAX_VALUES, MAX_HORIZON = 5_000, 1_000
LEVELS = (0.8, 0.95)
DAMPING = 0.98
_ALPHAS = (0.02, 0.05, 0.1, 0.2, 0.35, 0.55, 0.8)
_BETAS = (0.0, 0.01, 0.05, 0.15)
_GAMMAS = (0.0, 0.05, 0.15, 0.35)
_SEASONS_NEEDED = 2
_LEAST_ERRORS = 5
_CLIP, _SCALE_WEIGHT = 3.0, 0.1
_OF_MEAN = 1.2533
"""Standard deviation over mean absolute error, of normal errors."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What is expected; arrays are ``horizon`` long.

    Attributes:
        mean: the expected values.
        lower: by level, the lower end of the band.
        upper: by level, the upper end.
        season: steps of the season that was used; 0 for none.
        total_errors: errors of sums over the whole horizon that the method made in the past, actual
            less expected; for the interval of a total. Empty where there is not enough past.
        notes: what a reader should know.

    """

    mean: Floats
    lower: dict[float, Floats]
    upper: dict[float, Floats]
    season: int
    total_errors: Floats
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Fit:
    """States after each value, of one choice of weights."""

    level: Floats
    trend: Floats
    seasonal: Floats
    """``seasonal[t, p]``: effect of phase ``p`` as known after value ``t``."""


def forecast(
    values: Floats,
    horizon: int,
    *,
    season: int = 0,
    levels: tuple[float, ...] = LEVELS,
) -> Forecast:
    """Return a forecast of the steps after a series.

    Args:
        values: the series, NaN where a value is missing; the newest ``MAX_VALUES`` count.
        horizon: how many steps.
        season: steps after which the series repeats itself, such as 7 for days; left out where
            fewer than two seasons are known.
        levels: shares of future values that the bands are to hold.

    Raises:
        ValueError: there are fewer than ``MIN_VALUES`` values, or the horizon is not possible.

    """
    series = np.asarray(values, dtype=np.float64)[-MAX_VALUES:]
    known = np.isfinite(series)
    if known.sum() < MIN_VALUES:
        raise ValueError(f"a forecast needs {MIN_VALUES} values, there are {int(known.sum())}")
    if not 1 <= horizon <= MAX_HORIZON:
        raise ValueError(f"a horizon is 1 to {MAX_HORIZON} steps")
    series = series[int(np.argmax(known)) :]
    notes = []
    if season > 1 and _covered(series, season) < _SEASONS_NEEDED:
        notes.append(
            f"fewer than {_SEASONS_NEEDED} seasons of {season} steps are known: none is used"
        )
        season = 0
    season = season if season > 1 else 0
    fit, warm = _best(series, season)
    errors = _errors(series, fit, season, horizon, warm)
    mean = _ahead(fit, len(series) - 1, horizon, season)
    lower, upper = {}, {}
    widths_known = _counts(errors)
    if widths_known[-1] < _LEAST_ERRORS:
        notes.append("bands of the last steps are extrapolated: the past is short")
    for level in levels:
        low, high = _band(errors, level)
        lower[level], upper[level] = mean + low, mean + high
    if np.nanmin(series) >= 0:
        # A count or an amount that never was negative is not expected to become so.
        mean = np.maximum(mean, 0)
        lower = {level: np.maximum(one, 0) for level, one in lower.items()}
        upper = {level: np.maximum(one, 0) for level, one in upper.items()}
    totals = errors.sum(axis=1)
    return Forecast(mean, lower, upper, season, totals[np.isfinite(totals)], tuple(notes))


def _covered(series: Floats, season: int) -> float:
    """Return how many seasons the known values cover, counted by the phase that is known least."""
    phases = np.arange(len(series)) % season
    counts = np.bincount(phases[np.isfinite(series)], minlength=season)
    return float(counts.min()) if len(series) >= season else 0.0


def _best(series: Floats, season: int) -> tuple[_Fit, int]:
    """Return the states by the best weights, and how many values the method needs to warm up."""
    gammas = _GAMMAS if season else (0.0,)
    grid = np.array(list(product(_ALPHAS, _BETAS, gammas)))
    warm = min(max(season, MIN_VALUES // 2), len(series) // 2)
    one_step, _ = _smooth(series, season, grid)
    score = np.nanmean(np.abs(one_step[warm:]), axis=0)
    best = int(np.argmin(np.where(np.isfinite(score), score, np.inf)))
    # Once more with the best alone: the states of all would be large.
    _, fit = _smooth(series, season, grid[best : best + 1])
    return fit, warm


def _smooth(series: Floats, season: int, grid: Floats) -> tuple[Floats, _Fit]:
    """Run the method for all weights at once; returns one-step errors, and the first one's states."""
    alpha, beta, gamma = grid.T
    count, phases = len(series), max(season, 1)
    level, trend, effects = _begin(series, season, len(grid))
    scale = np.full(len(grid), _usual_error(series, season))
    errors = np.full((count, len(grid)), np.nan)
    levels, trends, seasonal = np.empty(count), np.empty(count), np.zeros((count, phases))
    for step, value in enumerate(series.tolist()):
        phase = step % phases
        expected = level + DAMPING * trend
        effect = effects[phase] if season else 0.0
        if value == value:  # noqa: PLR0124 - NaN is a gap
            error = value - expected - effect
            errors[step] = error
            error = np.clip(error, -_CLIP * scale, _CLIP * scale)
            scale = (1 - _SCALE_WEIGHT) * scale + _SCALE_WEIGHT * np.abs(error) * _OF_MEAN
            new = expected + alpha * error
            trend = DAMPING * trend + alpha * beta * error
            level = new
            if season:
                effects[phase] = effect + gamma * (1 - alpha) * error
        else:
            level, trend = expected, DAMPING * trend
        levels[step], trends[step], seasonal[step] = level[0], trend[0], effects[:, 0]
    return errors, _Fit(levels, trends, seasonal)


def _begin(series: Floats, season: int, many: int) -> tuple[Floats, Floats, Floats]:
    """Return first states: the level and effects of the first two seasons, by medians."""
    if not season:
        first = float(np.nanmedian(series[: max(MIN_VALUES // 2, 3)]))
        return np.full(many, first), np.zeros(many), np.zeros((1, many))
    head = series[: min(len(series), 3 * season)]
    centre = float(np.nanmedian(head))
    phases = np.arange(len(head)) % season
    effects = np.array(
        [
            float(np.nanmedian(part)) - centre if np.isfinite(part).any() else 0.0
            for part in (head[phases == phase] for phase in range(season))
        ]
    )
    effects -= effects.mean()
    first = float(np.nanmedian(series[:season] - effects[: len(series[:season])]))
    return np.full(many, first), np.zeros(many), np.repeat(effects[:, None], many, axis=1)


def _usual_error(series: Floats, season: int) -> float:
    """Return a first scale of errors: from differences to a season, or a step, before."""
    step = season or 1
    differences = np.abs(series[step:] - series[:-step])
    differences = differences[np.isfinite(differences)]
    usual = float(np.median(differences)) * 1.05 if len(differences) else 0.0
    # A series that hardly ever moves has no usual error: nothing is drawn in then.
    return usual if usual > 0 else float("inf")


def _ahead(fit: _Fit, origin: int, horizon: int, season: int) -> Floats:
    steps = np.arange(1, horizon + 1)
    damped = DAMPING * (1 - DAMPING**steps) / (1 - DAMPING)
    mean = fit.level[origin] + damped * fit.trend[origin]
    if season:
        mean = mean + fit.seasonal[origin, (origin + steps) % season]
    return np.asarray(mean, dtype=np.float64)


def _errors(series: Floats, fit: _Fit, season: int, horizon: int, warm: int) -> Floats:
    """Return actual less expected by origin and steps ahead; NaN where there is no actual value."""
    origins = np.arange(warm, len(series) - 1)
    errors = np.full((len(origins), horizon), np.nan)
    for row, origin in enumerate(origins.tolist()):
        reach = min(horizon, len(series) - 1 - origin)
        errors[row, :reach] = series[origin + 1 : origin + 1 + reach] - _ahead(
            fit, origin, reach, season
        )
    return errors


def _counts(errors: Floats) -> NDArray[np.int64]:
    return np.asarray(np.isfinite(errors).sum(axis=0), dtype=np.int64)


def _band(errors: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the ends of the band by steps ahead, from the errors of the past."""
    horizon = errors.shape[1]
    counts = _counts(errors)
    low, high = np.full(horizon, np.nan), np.full(horizon, np.nan)
    for step in range(horizon):
        one = errors[np.isfinite(errors[:, step]), step]
        if len(one) < _LEAST_ERRORS:
            continue
        # Conformal: of n errors the quantile at ceil((n + 1) * share) / n holds the share. Origins
        # that follow each other err alike, so only each steps-th counts as one of its own.
        own = max(_LEAST_ERRORS, len(one) / (1 + step / 4))
        share = min(1.0, np.ceil((own + 1) * level) / own)
        tail = (1 - share) / 2
        low[step], high[step] = np.quantile(one, [tail, 1 - tail])
    known = np.flatnonzero(np.isfinite(low))
    if not len(known):
        spread = np.nanstd(errors) if np.isfinite(errors).any() else 0.0
        steps = np.sqrt(np.arange(1, horizon + 1))
        return -2 * spread * steps, 2 * spread * steps
    last = int(known[-1])
    # Beyond what the past can tell, errors grow as those of a random walk.
    growth = np.sqrt((np.arange(horizon) + 1) / (last + 1))
    beyond = np.arange(horizon) > last
    low = np.where(beyond, low[last] * growth, low)
    high = np.where(beyond, high[last] * growth, high)
    # Further ahead is never surer; a small sample alone would make it look so.
    del counts
    return np.minimum.accumulate(low), np.maximum.accumulate(high)
