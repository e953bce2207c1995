"""Tests of significance, and their correction where many are made at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from vedette.statistics.samples import Sample, kolmogorov_smirnov

EXACT_SIZE = 10_000
"""Up to this size of the larger sample the p-value of KS is exact, as in scipy's ``auto``."""

_TAIL_SIZES = (10_000, 1_000_000)
"""Between these sizes scipy adds up as many terms as there are observations; beyond, it has a formula."""
_TAIL_FROM = 2.2
"""From this n d^2 on, twice the one-sided tail is the two-sided one (Simard, L'Ecuyer 2011)."""
_TAIL_TERMS = 4096
_SERIES_FROM = 100_000
"""Beyond this size scipy takes the limit's series for what is nearer than ``_TAIL_FROM``."""
_SERIES_LEAST = 0.01
_SERIES_TERMS = 10
_LARGE = 1e200
_CERTAIN = 1e-12

Floats = NDArray[np.float64]
Vector = Sequence[float] | NDArray[np.generic]


def ks_test(reference: Sample, current: Sample) -> tuple[float, float]:
    """Return the two-sample Kolmogorov-Smirnov statistic and its two-sided p-value."""
    statistic = kolmogorov_smirnov(reference, current)
    return statistic, ks_p_value(statistic, round(reference.size), round(current.size))


def ks_p_value(statistic: float, reference_size: int, current_size: int) -> float:
    """Return the probability of a statistic at least as large where the distributions are one.

    Exact up to ``EXACT_SIZE`` observations, by counting lattice paths (Hodges 1957); beyond it the
    distribution of the one-sample statistic of size nm / (n + m) (Simard, L'Ecuyer 2011), as scipy.
    """
    if math.isnan(statistic) or reference_size <= 0 or current_size <= 0:
        return math.nan
    # Counting paths of so wide a band would lose the likely ones beside the many; the bound of
    # Dvoretzky, Kiefer and Wolfowitz is below the error of the count there.
    size = reference_size * current_size / (reference_size + current_size)
    bound = 2 * math.exp(-2 * statistic * statistic * size)
    if bound < _CERTAIN:
        return bound
    if max(reference_size, current_size) <= EXACT_SIZE:
        return _ks_exact(statistic, reference_size, current_size)
    return _kolmogorov(statistic, float(np.round(size)))


def total_variation_p_value(
    reference: Vector, current: Vector, reference_rows: float, current_rows: float
) -> float:
    """Return a bound of the probability of words that differ as much where nothing changed.

    What samples of these sizes differ by is expected from the normal approximation of each word's share,
    at most twice the share. How far from that a sample may lie is bounded as a function of rows, each of
    which moves it by at most its share (McDiarmid 1989): words of one text come together.

    Args:
        reference: how often each word came in the baseline.
        current: the same of the window, of the same words in the same order.
        reference_rows: texts that the baseline's words are of.
        current_rows: texts that the window's words are of.

    """
    before, after = np.asarray(reference, dtype=float), np.asarray(current, dtype=float)
    n, m = before.sum(), after.sum()
    if not n or not m or reference_rows <= 0 or current_rows <= 0:
        return math.nan
    pooled = (before + after) / (n + m)
    noise = np.sqrt(2 / math.pi * pooled * (1 - pooled) * (1 / n + 1 / m))
    expected = float(np.minimum(noise, 2 * pooled).sum() / 2)
    beyond = max(0.0, float(np.abs(before / n - after / m).sum() / 2) - expected)
    return math.exp(-2 * beyond * beyond / (1 / reference_rows + 1 / current_rows))


def _kolmogorov(statistic: float, size: float) -> float:
    """Return P(D >= d) of the one-sample statistic of a size, as scipy.

    Of the sizes where scipy adds up a term an observation, the same sum is made of fewer terms.
    """
    scaled = size * statistic * statistic
    smallest, largest = _TAIL_SIZES
    if smallest <= size <= largest and scaled >= _TAIL_FROM:
        return min(1.0, 2 * _one_sided_tail(statistic, size))
    if size > _SERIES_FROM and _SERIES_LEAST <= scaled < _TAIL_FROM:
        return min(1.0, max(0.0, 1 - _near_limit(math.sqrt(scaled), size)))
    from scipy.stats import kstwo  # noqa: PLC0415 - slow to import, and seldom needed

    return float(np.clip(kstwo.sf(statistic, size), 0, 1))


def _near_limit(z: float, size: float) -> float:
    """Return P(D < d), z = d sqrt(n), by the limit's first four terms in 1 / sqrt(n) (Pelz, Good 1976)."""
    k = np.arange(-_SERIES_TERMS, _SERIES_TERMS + 1)
    half, whole = (math.pi * (k + 0.5)) ** 2, (math.pi * k) ** 2
    at_half, at_whole = np.exp(-half / (2 * z * z)), np.exp(-whole / (2 * z * z))
    z2, z4, z6 = z**2, z**4, z**6
    second = 6 * z6 + 2 * z4 + half * (2 * z4 - 5 * z2) + half**2 * (1 - 2 * z2)
    third = (
        half**3 * (5 - 30 * z2)
        + half**2 * (212 * z4 - 60 * z2)
        + half * (135 * z4 - 96 * z6)
        - (30 * z6 + 90 * z4 * z4)
    )
    terms = (
        at_half / z,
        at_half * (half - z2) / (6 * z4),
        at_half * second / (72 * z6 * z) - at_whole * whole / (36 * z2 * z),
        at_half * third / (6480 * z6 * z4) + at_whole * whole * (3 * z2 - whole) / (216 * z6),
    )
    sums = [float(term.sum()) / size ** (order / 2) for order, term in enumerate(terms)]
    return math.sqrt(math.pi / 2) * math.fsum(sums)


def _one_sided_tail(statistic: float, size: float) -> float:
    """Return P(D+ >= d): d times a sum of n (1 - d) terms (Birnbaum, Tingey 1951), by every k-th.

    The terms are a smooth function of their number that vanishes with all its derivatives at both
    ends, so that the trapezoidal rule over 4,096 of them is as good as their sum: 1e-11 of it.
    """
    reach = size * statistic
    step = (size - reach) / _TAIL_TERMS
    v: Floats = (np.arange(_TAIL_TERMS, dtype=np.float64) + 0.5) * step
    rest: Floats = size - v
    # Of C(n, v) p^v q^(n - v) by Loader (2000): no large logarithms are taken from each other.
    deviance = v * np.log1p(-reach / (v + reach)) + rest * np.log1p(reach / (rest - reach))
    roots = np.log(size / (2 * math.pi * v * rest)) / 2
    logs = float(_stirling(np.array(size))) - _stirling(v) - _stirling(rest) - deviance + roots
    terms = np.exp(logs) * size / (v + reach)
    return float(statistic * step * terms.sum())


def _stirling(n: Floats) -> Floats:
    """Return log n! less Stirling's formula."""
    square = n * n
    series: Floats = (1 / 12 - (1 / 360 - 1 / (1260 * square)) / square) / n
    return series


@lru_cache(maxsize=256)
def _ks_exact(statistic: float, n: int, m: int) -> float:
    """Return 1 - P(every lattice path from (0, 0) to (n, m) stays nearer than the statistic).

    A path's point (i, j) is inside while |i m - j n| < d n m; ``paths[j]`` counts the paths to
    (i, j) that were inside all along, over ``exp(scale)``. Absolute error is about 1e-10.
    """
    if n < m:
        n, m = m, n
    # The statistic is a multiple of 1 / lcm(n, m); rounding takes the float's last bit away.
    common = math.lcm(n, m)
    reach = round(statistic * common) * (n * m // common)
    if reach == 0:
        return 1.0
    columns = np.arange(m + 1)
    paths = np.where(columns * n < reach, 1.0, 0.0)
    scale = 0.0
    for i in range(1, n + 1):
        first = max(0, (i * m - reach) // n + 1)
        last = min(m, -((-i * m - reach) // n) - 1)
        if first > last:
            return 1.0
        paths[:first] = 0.0
        paths[last + 1 :] = 0.0
        band = paths[first : last + 1]
        np.cumsum(band, out=band)
        # The last one is the greatest.
        if band[-1] > _LARGE:
            band /= _LARGE
            scale += math.log(_LARGE)
    if paths[m] == 0:
        return 1.0
    every = math.lgamma(n + m + 1) - math.lgamma(n + 1) - math.lgamma(m + 1)
    return float(min(1.0, max(0.0, -math.expm1(math.log(paths[m]) + scale - every))))


def chi_square_fit(observed: Vector, expected: Vector) -> tuple[float, float]:
    """Return the statistic and p-value that counts are as expected (Pearson; k - 1 degrees).

    A category that is expected never and observed makes the statistic infinite and p 0.
    """
    seen, wanted = (np.asarray(v, dtype=np.float64) for v in (observed, expected))
    if seen.shape != wanted.shape:
        raise ValueError(f"{seen.size} counts do not compare with {wanted.size}")
    if seen.size == 0 or seen.sum() == 0 or wanted.sum() == 0:
        return math.nan, math.nan
    if ((wanted == 0) & (seen > 0)).any():
        return math.inf, 0.0
    held = wanted > 0
    statistic = float(np.sum((seen[held] - wanted[held]) ** 2 / wanted[held]))
    return statistic, _chi_square_sf(statistic, seen.size - 1)


def chi_square_contingency(
    reference: Vector, current: Vector, *, correction: bool = True
) -> tuple[float, float]:
    """Return the statistic and p-value that two rows of counts have one distribution.

    Args:
        reference: counts by category.
        current: counts by the same categories.
        correction: Yates' correction where there are two categories, as scipy by default.

    """
    table = np.array([np.asarray(reference), np.asarray(current)], dtype=np.float64)
    table = table[:, table.sum(axis=0) > 0]
    if table.size == 0 or (table.sum(axis=1) == 0).any():
        return math.nan, math.nan
    degrees = table.shape[1] - 1
    if degrees == 0:
        return 0.0, 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    difference = np.abs(table - expected)
    if degrees == 1 and correction:
        difference = difference - np.minimum(0.5, difference)
    statistic = float(np.sum(difference**2 / expected))
    return statistic, _chi_square_sf(statistic, degrees)


def _chi_square_sf(statistic: float, degrees: int) -> float:
    if degrees <= 0:
        return 1.0
    from scipy.special import chdtrc  # noqa: PLC0415 - only where it is needed

    return float(chdtrc(degrees, statistic))


def cramers_v(reference: Vector, current: Vector) -> float:
    """Return the effect size of ``chi_square_contingency`` without correction, 0 to 1."""
    total = float(np.sum(reference)) + float(np.sum(current))
    statistic, _ = chi_square_contingency(reference, current, correction=False)
    return math.sqrt(statistic / total) if total else math.nan


def two_proportions(
    reference_hits: float, reference_size: float, current_hits: float, current_size: float
) -> tuple[float, float]:
    """Return the pooled Z statistic of two shares and its two-sided p-value.

    Where neither sample varies the statistic is NaN and p is 1: they are the same.
    """
    if reference_size <= 0 or current_size <= 0:
        return math.nan, math.nan
    first, second = reference_hits / reference_size, current_hits / current_size
    pooled = (reference_hits + current_hits) / (reference_size + current_size)
    variance = pooled * (1 - pooled) * (1 / reference_size + 1 / current_size)
    if variance <= 0:
        return math.nan, 1.0
    z = (first - second) / math.sqrt(variance)
    return z, math.erfc(abs(z) / math.sqrt(2))


def two_proportions_exact(
    reference_hits: int, reference_size: int, current_hits: int, current_size: int
) -> float:
    """Return Fisher's two-sided p-value of two shares (1935), for samples that are small together.

    It is NaN where one of them is empty. The work grows with the sizes.
    """
    if reference_size <= 0 or current_size <= 0:
        return math.nan
    hits, size = reference_hits + current_hits, reference_size + current_size
    least, most = max(0, hits - current_size), min(hits, reference_size)
    ways = [
        math.comb(reference_size, n) * math.comb(current_size, hits - n)
        for n in range(least, most + 1)
    ]
    as_rare = ways[reference_hits - least]
    return sum(way for way in ways if way <= as_rare) / math.comb(size, hits)


def bonferroni(p_values: Vector) -> NDArray[np.float64]:
    """Return p-values times their number, at most 1; NaN stays and does not count."""
    values = np.asarray(p_values, dtype=np.float64)
    return np.minimum(values * np.count_nonzero(~np.isnan(values)), 1.0)


def benjamini_hochberg(p_values: Vector) -> NDArray[np.float64]:
    """Return p-values adjusted to control the false discovery rate (1995); NaN stays."""
    values = np.asarray(p_values, dtype=np.float64)
    adjusted = values.copy()
    known = np.flatnonzero(~np.isnan(values))
    if known.size == 0:
        return adjusted
    order = known[np.argsort(values[known])[::-1]]
    ranks = np.arange(known.size, 0, -1)
    scaled = values[order] * known.size / ranks
    adjusted[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    return adjusted
