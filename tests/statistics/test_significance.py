"""p-values equal scipy's, and so do their corrections."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from vedette.statistics import significance
from vedette.statistics.samples import Sample

TINY = 1e-9


@pytest.mark.parametrize(
    ("n", "m", "shift"),
    [
        (1, 1, 0.0),
        (3, 5, 1.0),
        (7, 7, 0.0),
        (100, 100, 0.2),
        (997, 1000, 0.1),
        (10, 2000, 0.5),
        (640, 480, 0.05),
        (9_000, 10_000, 0.02),
        (10_001, 300, 0.05),
        (50_000, 40_000, 0.01),
    ],
)
def test_ks(n: int, m: int, shift: float) -> None:
    draw = np.random.default_rng(n + m)
    first, second = draw.normal(size=n), draw.normal(shift, 1, size=m)
    expected = stats.ks_2samp(first, second)
    statistic, p_value = significance.ks_test(Sample.of(first), Sample.of(second))
    assert statistic == pytest.approx(expected.statistic, abs=TINY)
    assert p_value == pytest.approx(expected.pvalue, abs=TINY)


def test_ks_with_ties_and_the_extremes() -> None:
    draw = np.random.default_rng(0)
    first, second = draw.integers(0, 8, 300), draw.integers(0, 9, 200)
    expected = stats.ks_2samp(first, second)
    assert significance.ks_test(Sample.of(first), Sample.of(second))[1] == pytest.approx(
        expected.pvalue, abs=TINY
    )
    assert significance.ks_p_value(0.0, 5, 9) == 1
    assert significance.ks_p_value(1.0, 5, 9) == pytest.approx(
        stats.ks_2samp(range(5), range(10, 19)).pvalue, abs=TINY
    )
    assert math.isnan(significance.ks_p_value(math.nan, 5, 9))
    assert math.isnan(significance.ks_p_value(0.5, 0, 9))


@pytest.mark.parametrize("size", [20_000, 24_690, 300_000, 1_000_000])
@pytest.mark.parametrize("scaled", [0.02, 0.3, 1.0, 2.1999, 2.2, 3.7, 9.0, 13.5])
def test_ks_of_many_observations_is_the_distribution_of_scipy(size: int, scaled: float) -> None:
    statistic = math.sqrt(scaled / (size / 2))
    expected = stats.kstwo.sf(statistic, size // 2)
    assert significance.ks_p_value(statistic, size, size) == pytest.approx(
        expected, rel=TINY, abs=0
    )


def test_chi_square() -> None:
    observed, expected = [16, 18, 16, 14, 12, 12], [16, 16, 16, 16, 16, 8]
    found = significance.chi_square_fit(observed, expected)
    assert found == pytest.approx(tuple(stats.chisquare(observed, expected)), abs=TINY)
    for table in ([[10, 20, 30], [6, 9, 17]], [[10, 20], [30, 25]], [[1, 0, 5], [0, 4, 5]]):
        for correction in (True, False):
            mine = significance.chi_square_contingency(*table, correction=correction)
            theirs = stats.chi2_contingency(table, correction=correction)
            assert mine == pytest.approx((theirs.statistic, theirs.pvalue), abs=TINY)
    v = stats.contingency.association(np.array([[10, 20, 30], [6, 9, 17]]), "cramer")
    assert significance.cramers_v([10, 20, 30], [6, 9, 17]) == pytest.approx(v, abs=TINY)


def test_chi_square_without_data() -> None:
    assert significance.chi_square_fit([1, 1], [2, 0]) == (math.inf, 0)
    assert all(map(math.isnan, significance.chi_square_fit([], [])))
    assert all(map(math.isnan, significance.chi_square_contingency([0, 0], [1, 2])))
    assert significance.chi_square_contingency([5, 0], [9, 0]) == (0, 1)


def test_two_proportions() -> None:
    z, p = significance.two_proportions(30, 100, 45, 100)
    assert z == pytest.approx(-0.15 / math.sqrt(0.375 * 0.625 * 0.02))
    assert p == pytest.approx(2 * stats.norm.sf(abs(z)), abs=TINY)
    assert significance.two_proportions(5, 5, 7, 7)[1] == 1
    assert math.isnan(significance.two_proportions(0, 0, 1, 2)[1])


@pytest.mark.parametrize(
    "counts",
    [
        (0, 2, 2, 2),
        (3, 10, 9, 12),
        (5, 5, 7, 7),
        (0, 500, 3, 3),
        (250, 500, 200, 500),
        (7, 9, 1, 400),
    ],
)
def test_two_small_proportions(counts: tuple[int, int, int, int]) -> None:
    a, n, b, m = counts
    expected = stats.fisher_exact([[a, n - a], [b, m - b]]).pvalue
    assert significance.two_proportions_exact(*counts) == pytest.approx(expected, rel=1e-9)
    assert math.isnan(significance.two_proportions_exact(0, 0, 1, 2))


def test_corrections() -> None:
    p = [0.01, 0.04, 0.03, 0.5, 0.001]
    np.testing.assert_allclose(significance.benjamini_hochberg(p), stats.false_discovery_control(p))
    np.testing.assert_allclose(significance.bonferroni(p), [0.05, 0.2, 0.15, 1, 0.005])
    gaps = significance.benjamini_hochberg([math.nan, *p])
    assert math.isnan(gaps[0])
    np.testing.assert_allclose(gaps[1:], stats.false_discovery_control(p))
    assert significance.benjamini_hochberg([]).size == 0


@pytest.mark.parametrize("statistic", [0.3, 0.6, 0.99])
def test_ks_of_samples_that_are_far_apart_is_certain(statistic):
    assert 0 <= significance.ks_p_value(statistic, 4000, 3000) < 1e-10
