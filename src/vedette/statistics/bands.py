"""Anomaly bands: a robust streaming Holt-Winters detector, one numpy step a tick for all series.

The additive seasonal model of Winters (1960) with its level and season kept robust by clipped
residuals, as in Gelper, Fried and Croux, "Robust forecasting with exponential and Holt-Winters
smoothing" (2010). Each series has a profile of the day in slots and a scale for each slot:

    f  = L + S[j];  e = x - f
    sigma = max(1.2533 sqrt(D[j] G), 0.05 |f|)
    L += 0.1 clip(e, +-2 sigma)
    S[j] += (0.1 / q) clip(x - L - S[j], +-6 sigma)
    D[j] += (0.1 / q) (min(|e|, 10 sigma) - D[j]);  G the same over 7 days
    z = |e| / sigma

L is the level, S[j] the season and D[j] the mean absolute residual of slot j of the day, G that of
the last 7 days, q the points a slot has in a day; 1.2533 (the square root of pi/2) makes a standard
deviation of a mean absolute one. Between slots S and D are interpolated. Gains begin at 1/n. Clipping
keeps an incident from being taught to the band. A second model with a slower level (0.02) runs
beside the first, and the score is the average of both.

The band that is shown is f +- k sigma, where k follows the series by online conformal calibration
(Gibbs and Candes, "Adaptive conformal inference under distribution shift", 2021), so that a share of
``miss_rate`` of quiet points lies outside.
"""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from vedette.statistics.band_step import PAGING_SCORE, Array, BandOptions, Mask, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WARM_UP = 30
"""Points that a series must have before it is scored."""
MAX_SCORE = 1e6

_DAY = 86_400
_WEEK = 7 * _DAY
_HOUR = 3_600
_SLOTS, _SLOTS_HOURLY = 288, 24
_LEVEL_GAINS = np.array([[0.1], [0.02]], dtype=np.float32)
_SLOT_GAIN = 0.1
_MAD = 1.2533
_MEAN_OF_MEDIAN = 1.183
_SEED_DAYS = 2
_FLOOR = 0.05
_LEVEL_CLIP, _SEASON_CLIP, _SCALE_CLIP, _SHIFT_CLIP = 2.0, 6.0, 10.0, 4.0
_HOLD = 0.9
_FIRST_K, _LEAST_K, _RATE_K = 3.0, 1.0, 0.05
_SHIFT_FAST, _SHIFT_SLOW = _HOUR // 2, _WEEK


class Bands:
    """The state of the detectors of some series with one period.

    Not thread-safe. Memory is about 6 kB a series (0.6 kB with periods of an hour and more).

    Args:
        series: how many.
        period: seconds between two points of a series.
        options: what is known of them.

    """

    def __init__(self, series: int, period: int, options: BandOptions | None = None) -> None:
        if period < 1:
            raise ValueError("a period is at least a second")
        self.series = series
        self.period = period
        self.options = options or BandOptions()
        self.slots = _SLOTS_HOURLY if period >= _HOUR else _SLOTS
        self._slot_seconds = _DAY // self.slots
        self._slot_gain = _SLOT_GAIN / max(1.0, self._slot_seconds / period)
        self._week_gain = period / _WEEK
        # At least six points make a level.
        self._shift_gains = np.minimum(
            np.array([[period / _SHIFT_FAST], [period / _SHIFT_SLOW]], dtype=np.float32),
            np.array([[1 / 6], [1]], dtype=np.float32),
        )
        # What is read and written together lies together: a slot's row holds all series.
        self._level: Array = np.zeros((2, series), np.float32)
        self._week: Array = np.zeros((2, series), np.float32)
        self._points: Array = np.zeros(series, np.float32)
        self._k: Array = np.full(series, _FIRST_K, np.float32)
        self._held: Array = np.zeros(series, np.float32)
        self._shift: Array = np.zeros((3, series), np.float32)
        self._paging: Array = np.zeros(series, np.float32)
        self._season: Array = np.zeros((self.slots, 2, series), np.float32)
        self._scale: Array = np.zeros((self.slots, 2, series), np.float32)
        self._seen: Array = np.zeros((self.slots, series), np.float32)

    _STATE = ("level", "week", "points", "k", "held", "shift", "paging", "season", "scale", "seen")

    def arrays(self) -> dict[str, Array]:
        """Return the whole state by name; the last axis of each array is the series."""
        return {name: getattr(self, f"_{name}") for name in self._STATE}

    def restore(self, arrays: Mapping[str, Array]) -> None:
        """Take a state that ``arrays`` of as many series gave.

        Raises:
            ValueError: the arrays are not those of this many series.

        """
        for name, empty in self.arrays().items():
            if name not in arrays or arrays[name].shape != empty.shape:
                raise ValueError("a band state is of another size than its series need")
            setattr(self, f"_{name}", arrays[name].astype(np.float32))

    @property
    def warm(self) -> Mask:
        """Which series have enough points to be scored."""
        return np.asarray(self._points >= WARM_UP)

    def step(
        self, moment: int, values: Sequence[float] | NDArray[np.floating], learn: Mask | None = None
    ) -> Step:
        """Score the values of a moment, then learn from them.

        Args:
            moment: start of the period, Unix seconds.
            values: one a series; NaN and infinities are missing: neither scored nor learnt.
            learn: False where a value is scored but not learnt, as in an exclusion window; None
                learns all.

        """
        with np.errstate(all="ignore"):
            return self._step(moment, np.asarray(values, dtype=np.float32), learn)

    def train(
        self, moments: Sequence[int], values: NDArray[np.floating], learn: Mask | None = None
    ) -> None:
        """Learn a history at once.

        The profile of the day is taken from all of it first: the level of a model that starts
        without one follows the day's course, and it learns the season only over weeks.

        Args:
            moments: Unix seconds, ascending.
            values: a row a moment, a column a series; NaN is missing.
            learn: one a moment; False in exclusion windows. None learns all.

        """
        at = np.asarray(moments, np.int64)
        table = np.asarray(values, np.float32)
        if learn is not None:
            at, table = at[learn], table[learn]
        table = np.where(np.isfinite(table), table, np.float32(np.nan))
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # slots of NaN alone have no median
            self._seed(at, table)
            for moment, row in zip(at.tolist(), table, strict=True):
                self._step(moment, row, None)

    def _seed(self, moments: NDArray[np.int64], table: Array) -> None:
        """Set season and scale of new series to medians over the days of a history."""
        days = np.unique(moments // _DAY)
        fresh = self._points == 0
        if len(days) < _SEED_DAYS or not fresh.any():
            return
        left = np.full_like(table, np.nan)
        for day in days:
            rows = moments // _DAY == day
            left[rows] = table[rows] - np.nanmedian(table[rows], axis=0)
        slots = (moments % _DAY) // self._slot_seconds
        for slot in np.unique(slots):
            rows = left[slots == slot]
            middle = np.nan_to_num(np.nanmedian(rows, axis=0))
            spread = np.nan_to_num(np.nanmedian(np.abs(rows - middle), axis=0)) * _MEAN_OF_MEDIAN
            count = np.isfinite(rows).sum(axis=0)
            taken = fresh & (count > 0)
            self._season[slot][:, taken] = middle[taken]
            self._scale[slot][:, taken] = spread[taken]
            self._seen[slot][taken] = count[taken]

    def reset(self, which: Mask) -> None:
        """Forget some series, as after a change that made their past meaningless."""
        fresh = Bands(int(which.sum()), self.period, self.options)
        for name in self._STATE:
            # A copy: what was handed out with an earlier step stays as it was.
            state = getattr(self, f"_{name}").copy()
            state[..., which] = getattr(fresh, f"_{name}")
            setattr(self, f"_{name}", state)

    def arranged(self, sources: Sequence[int]) -> Bands:
        """Return detectors of other series: each that of one of these, or a new one for -1."""
        out = Bands(len(sources), self.period, self.options)
        chosen = np.asarray(sources, dtype=np.int64)
        known = chosen >= 0
        for name in self._STATE:
            getattr(out, f"_{name}")[..., known] = getattr(self, f"_{name}")[..., chosen[known]]
        return out

    def _step(self, moment: int, x: Array, learn: Mask | None) -> Step:
        low, high, part = self._position(moment)
        points = self._points
        season, scale = self._of_slot(low, high, part)
        forecast = self._level + season
        sigma = np.maximum(
            np.float32(_MAD) * np.sqrt(scale * self._week), np.float32(_FLOOR) * np.abs(forecast)
        )
        sigma = np.maximum(sigma, np.float32(self.options.min_sigma))
        there = np.isfinite(x)
        x = np.where(there, x, np.float32(0))
        # A series that never left 0 has no scale: its first other value lends it one.
        sigma = np.where(sigma > 0, sigma, np.float32(_FLOOR) * np.abs(x) * there)
        error = x - forecast
        above, below = self._scores(error, sigma, there & (points >= WARM_UP))
        score = above + below
        k, known = self._k, points > 0
        taught = there if learn is None else there & learn
        calm = ~((score >= PAGING_SCORE) | (self._held >= PAGING_SCORE))
        self._calibrate(score, taught & calm)
        self._learn(x, error, sigma, taught, (low, high, part), season)
        expected, width, lower, upper = self._shown(forecast, sigma, k, known)
        shift = np.where(there, self._shift_score(forecast), np.float32(np.nan))
        out = Step(expected, width, lower, upper, above, below, shift, self._held)
        self._held = np.fmax(out.severity(), np.float32(_HOLD) * self._held)
        self._relearn(score, taught)
        return replace(out, held=self._held)

    def _relearn(self, score: Array, taught: Mask) -> None:
        self._paging = np.where(taught, (self._paging + 1) * (score >= PAGING_SCORE), self._paging)
        most = max(self.options.relearn_after // self.period, WARM_UP)
        stuck = self._paging >= most
        if stuck.any():
            held = self._held
            self.reset(stuck)
            self._held = held

    def _position(self, moment: int) -> tuple[int, int, float]:
        """Return the slots before and after a moment and how far it lies between them."""
        place = (moment % _DAY) / self._slot_seconds
        low = int(place)
        return low, (low + 1) % self.slots, place - low

    def _of_slot(self, low: int, high: int, part: float) -> tuple[Array, Array]:
        # Slots that nothing was seen in yet have no season, and the scale of the week.
        seen = self._seen[low] > 0
        season, scale = self._season[low], self._scale[low]
        scale = np.where(seen, scale, self._week)
        if part:
            after = self._seen[high] > 0
            weight = np.float32(part) * after
            weight = np.where(seen, weight, after)
            season = season + weight * (self._season[high] - season)
            scale = scale + weight * (self._scale[high] - scale)
        return season, scale

    @staticmethod
    def _scores(error: Array, sigma: Array, scored: Mask) -> tuple[Array, Array]:
        ratio = np.divide(error, sigma, out=np.zeros_like(error), where=sigma > 0)
        np.clip(ratio, -MAX_SCORE, MAX_SCORE, out=ratio)
        above = np.where(scored, np.maximum(ratio, 0).mean(axis=0), np.float32(np.nan))
        below = np.where(scored, np.maximum(-ratio, 0).mean(axis=0), np.float32(np.nan))
        return above, below

    def _calibrate(self, score: Array, taught: Mask) -> None:
        miss = np.float32(self.options.miss_rate)
        step = np.exp(np.float32(_RATE_K) * ((score > self._k) - miss)).astype(np.float32)
        self._k = np.where(
            taught & np.isfinite(score), np.clip(self._k * step, _LEAST_K, PAGING_SCORE), self._k
        ).astype(np.float32)

    def _learn(
        self,
        x: Array,
        error: Array,
        sigma: Array,
        taught: Mask,
        position: tuple[int, int, float],
        season: Array,
    ) -> None:
        self._points = self._points + taught
        early = np.float32(1) / np.maximum(self._points, np.float32(1))
        # Before the scale is known, nothing can be told to be too far away.
        reach = np.where(self._points > WARM_UP, sigma, np.float32(np.inf))
        gain: Array = np.maximum(_LEVEL_GAINS, early) * taught
        moved = np.clip(error, -_LEVEL_CLIP * reach, _LEVEL_CLIP * reach)
        self._level = self._level + gain * np.where(taught, moved, 0)
        size = np.minimum(np.abs(error), _SCALE_CLIP * reach)
        size = np.where(self._points > 1, size, 0)
        of_week = np.maximum(np.float32(self._week_gain), early) * taught
        self._week = (self._week + of_week * (size - self._week)).astype(np.float32)
        left = np.clip(x - self._level - season, -_SEASON_CLIP * reach, _SEASON_CLIP * reach)
        low, high, part = position
        self._learn_slot(low, 1 - part, left, size, taught)
        if part:
            self._learn_slot(high, part, left, size, taught)
        # One point, however far away, is no shift.
        near = np.clip(error, -_SHIFT_CLIP * reach, _SHIFT_CLIP * reach)
        self._learn_shift((x - error + near - season).mean(axis=0), taught)

    def _learn_slot(self, slot: int, part: float, left: Array, size: Array, taught: Mask) -> None:
        weight = np.float32(part) * taught
        seen = self._seen[slot]
        first = seen == 0
        seen += weight
        gain = np.maximum(np.float32(self._slot_gain), 1 / np.maximum(seen, 1)) * weight
        self._season[slot] += gain * np.where(taught, left, 0)
        scale = self._scale[slot]
        scale[:] = np.where(first & taught, np.maximum(size, self._week), scale)
        scale += gain * (size - scale)

    def _learn_shift(self, value: Array, taught: Mask) -> None:
        """Follow the level of the last hours, that of the week, and how far they usually part."""
        early = np.float32(1) / np.maximum(self._points, np.float32(1))
        gains = np.maximum(self._shift_gains, early) * taught
        apart, usual = self._shift[0] - self._shift[1], self._shift[2]
        self._shift[0] += gains[0] * (value - self._shift[0])
        self._shift[1] += gains[1] * (value - self._shift[1])
        reach = np.where(usual > 0, np.minimum(np.abs(apart), 3 * usual), np.abs(apart))
        self._shift[2] += gains[1] * (reach - usual)

    def _shift_score(self, forecast: Array) -> Array:
        floor = np.maximum(_FLOOR * np.abs(forecast).mean(axis=0), self.options.min_sigma)
        usual = np.maximum(_MAD * self._shift[2], floor)
        apart = self._shift[0] - self._shift[1]
        known = (self._points * self.period >= _DAY) & (self._points >= WARM_UP)
        score = np.divide(apart, usual, out=np.zeros_like(apart), where=usual > 0)
        return np.where(known, np.clip(score, -MAX_SCORE, MAX_SCORE), 0).astype(np.float32)

    def _shown(
        self, forecast: Array, sigma: Array, k: Array, known: Mask
    ) -> tuple[Array, Array, Array, Array]:
        options = self.options
        expected = np.where(known, forecast.mean(axis=0), np.float32(np.nan))
        width = sigma.mean(axis=0)
        lower, upper = expected - k * width, expected + k * width
        if options.minimum is not None or options.maximum is not None:
            expected, lower, upper = (
                np.clip(one, options.minimum, options.maximum).astype(np.float32)
                for one in (expected, lower, upper)
            )
        return expected, width, lower, upper
