"""Distances between two samples of numbers, given as values with weights.

A sample is exact (every distinct value with its count) or stands for a sketch (quantiles with equal
weights); the formulas are the same, and `Sample.rank_error` says how far its ranks may be off.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sample:
    """A weighted sample.

    Attributes:
        values: distinct values, ascending, finite.
        weights: how much each weighs, above 0; counts where the sample is exact.
        size: number of observations that it stands for.
        rank_error: most that the share of observations at or below a value may be off; 0 if exact.

    """

    values: Floats
    weights: Floats
    size: float
    rank_error: float = 0.0

    @classmethod
    def of(cls, observations: Sequence[float] | NDArray[np.generic]) -> Sample:
        """Make an exact sample; NaN and infinities are left out."""
        array = np.asarray(observations, dtype=np.float64)
        values, counts = np.unique(array[np.isfinite(array)], return_counts=True)
        return cls(values, counts.astype(np.float64), float(counts.sum()))

    @classmethod
    def weighted(
        cls,
        values: Sequence[float] | NDArray[np.generic],
        weights: Sequence[float] | NDArray[np.generic],
        *,
        size: float | None = None,
        rank_error: float = 0.0,
    ) -> Sample:
        """Make a sample of values that may repeat, in any order; weights of 0 are left out."""
        array = np.asarray(values, dtype=np.float64)
        held = np.asarray(weights, dtype=np.float64)
        kept = np.isfinite(array) & (held > 0)
        distinct, place = np.unique(array[kept], return_inverse=True)
        summed = np.bincount(place, weights=held[kept], minlength=distinct.size).astype(np.float64)
        total = float(summed.sum())
        return cls(distinct, summed, total if size is None else size, rank_error)

    @property
    def is_empty(self) -> bool:
        """Whether there is no observation."""
        return self.values.size == 0

    @property
    def is_exact(self) -> bool:
        """Whether it holds every observation."""
        return self.rank_error == 0

    def cdf(self, at: Floats) -> Floats:
        """Return the share of weight at or below each of ``at``."""
        cumulative = np.concatenate(([0.0], np.cumsum(self.weights)))
        below: Floats = cumulative[np.searchsorted(self.values, at, side="right")]
        return below / float(cumulative[-1])

    def histogram(self, edges: Floats) -> Floats:
        """Return the weight in each bin, half-open but for the last, as ``numpy.histogram``."""
        return np.histogram(self.values, bins=edges, weights=self.weights)[0].astype(np.float64)

    def mean(self) -> float:
        """Return the weighted mean; NaN where it is empty."""
        return math.nan if self.is_empty else float(np.average(self.values, weights=self.weights))

    def std(self) -> float:
        """Return the standard deviation of the population (ddof 0); NaN where it is empty."""
        if self.is_empty:
            return math.nan
        centred = (self.values - self.mean()) ** 2
        return math.sqrt(float(np.average(centred, weights=self.weights)))


def kolmogorov_smirnov(reference: Sample, current: Sample) -> float:
    """Return the two-sample statistic: the largest absolute difference of the two CDFs."""
    if reference.is_empty or current.is_empty:
        return math.nan
    support = np.union1d(reference.values, current.values)
    return float(np.abs(reference.cdf(support) - current.cdf(support)).max())


def _between(reference: Sample, current: Sample) -> tuple[Floats, Floats]:
    """Return the CDFs' differences between neighbouring values, and the neighbours' distances."""
    support = np.union1d(reference.values, current.values)
    difference = reference.cdf(support[:-1]) - current.cdf(support[:-1])
    return difference, np.diff(support)


def wasserstein(reference: Sample, current: Sample) -> float:
    """Return the first Wasserstein (earth mover's) distance, in the unit of the values."""
    if reference.is_empty or current.is_empty:
        return math.nan
    difference, widths = _between(reference, current)
    return float(np.sum(np.abs(difference) * widths))


def energy(reference: Sample, current: Sample) -> float:
    """Return the energy distance, sqrt(2 integral (F - G)^2) (Szekely, Rizzo 2013)."""
    if reference.is_empty or current.is_empty:
        return math.nan
    difference, widths = _between(reference, current)
    return math.sqrt(2 * float(np.sum(difference**2 * widths)))


def cohens_d(
    reference_mean: float, reference_std: float, current_mean: float, current_std: float
) -> float:
    """Return the difference of means in standard deviations pooled with equal weight.

    The sizes of the samples do not enter, so the effect does not depend on them. Constant columns
    that differ are infinitely far apart; equal ones are 0.
    """
    pooled = math.sqrt((reference_std**2 + current_std**2) / 2)
    difference = current_mean - reference_mean
    if pooled == 0:
        return 0.0 if difference == 0 else math.copysign(math.inf, difference)
    return difference / pooled
