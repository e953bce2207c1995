"""Distances equal scipy's, hold their bounds, and have stated answers where nothing is there."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from scipy.spatial import distance

from vedette.statistics import binning, frequencies, samples
from vedette.statistics.samples import Sample

TINY = 1e-9
COUNTS = st.lists(st.integers(0, 1000), min_size=2, max_size=12)


@pytest.fixture
def draw() -> np.random.Generator:
    return np.random.default_rng(7)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(2, 12).flatmap(
        lambda n: st.tuples(*[st.lists(st.integers(0, 999), min_size=n, max_size=n)] * 2)
    )
)
def test_frequency_distances(pair: tuple[list[int], list[int]]) -> None:
    p, q = pair
    if not (sum(p) and sum(q)):
        assert math.isnan(frequencies.jensen_shannon(p, q))
        assert math.isnan(frequencies.psi(p, q))
        return
    assert frequencies.jensen_shannon(p, q) == pytest.approx(
        float(np.nan_to_num(distance.jensenshannon(p, q, 2))), abs=1e-7
    )
    for measure in (frequencies.hellinger, frequencies.total_variation, frequencies.l_infinity):
        assert 0 <= measure(p, q) <= 1 + TINY
        assert measure(p, p) == 0
        assert measure(p, q) == pytest.approx(measure(q, p), abs=TINY)
    assert frequencies.psi(p, q) >= -TINY


def test_known_frequency_distances() -> None:
    p, q = [50, 50], [90, 10]
    assert frequencies.jensen_shannon(p, q, base=None) == pytest.approx(
        distance.jensenshannon(p, q), abs=TINY
    )
    assert frequencies.total_variation(p, q) == pytest.approx(0.4)
    assert frequencies.l_infinity(p, q) == pytest.approx(0.4)
    assert frequencies.hellinger(p, q) == pytest.approx(
        math.sqrt(1 - math.sqrt(0.45) - math.sqrt(0.05)), abs=TINY
    )
    assert frequencies.psi(p, q) == pytest.approx(
        -0.4 * math.log(0.5 / 0.9) + 0.4 * math.log(0.5 / 0.1), abs=TINY
    )
    assert frequencies.kullback_leibler(p, q) == pytest.approx(stats.entropy(p, q), abs=TINY)
    assert frequencies.kullback_leibler([1, 1], [1, 0]) == math.inf
    # 100 and 400 rows: 1.8 sqrt(500 / 40000) = 0.2012...
    assert frequencies.robust(0.3, 100, 400) == pytest.approx(0.3 - 1.8 * math.sqrt(0.0125))
    assert frequencies.robust(0.1, 100, 400) == 0


def test_wrong_frequencies_are_refused() -> None:
    with pytest.raises(ValueError, match="not negative"):
        frequencies.psi([1, -1], [1, 1])
    with pytest.raises(ValueError, match="finite"):
        frequencies.hellinger([1, math.nan], [1, 1])
    with pytest.raises(ValueError, match="do not compare"):
        frequencies.total_variation([1, 2, 3], [1, 2])


def test_sample_distances_equal_scipys(draw: np.random.Generator) -> None:
    for first, second in (
        (draw.normal(size=400), draw.normal(0.3, 2, 700)),
        (draw.integers(0, 5, 300), draw.integers(1, 9, 100)),
        (np.array([3.0]), draw.exponential(size=50)),
        (draw.normal(1e9, 1e-3, 200), draw.normal(1e9, 1e-3, 200)),
    ):
        a, b = Sample.of(first), Sample.of(second)
        assert samples.wasserstein(a, b) == pytest.approx(
            stats.wasserstein_distance(first, second), rel=TINY, abs=TINY
        )
        assert samples.energy(a, b) == pytest.approx(
            stats.energy_distance(first, second), rel=TINY, abs=TINY
        )
        assert samples.kolmogorov_smirnov(a, b) == pytest.approx(
            stats.ks_2samp(first, second).statistic, abs=TINY
        )


def test_weights_stand_for_repeats(draw: np.random.Generator) -> None:
    values, counts = draw.normal(size=30), draw.integers(1, 9, 30)
    repeated, weighted = Sample.of(np.repeat(values, counts)), Sample.weighted(values, counts)
    np.testing.assert_allclose(repeated.weights, weighted.weights)
    assert weighted.mean() == pytest.approx(np.repeat(values, counts).mean())
    assert weighted.std() == pytest.approx(np.repeat(values, counts).std())
    edges = np.linspace(-2, 2, 9)
    expected = np.histogram(np.repeat(values, counts), edges)[0]
    np.testing.assert_allclose(weighted.histogram(edges), expected)


def test_samples_of_nothing_have_no_distance() -> None:
    nothing, something = Sample.of([math.nan, math.inf]), Sample.of([1.0, 2.0])
    assert nothing.is_empty
    for measure in (samples.wasserstein, samples.energy, samples.kolmogorov_smirnov):
        assert math.isnan(measure(nothing, something))
        assert measure(something, something) == 0


@pytest.mark.parametrize("size", [1, 2, 3, 50, 5000])
def test_bin_edges_are_numpys(size: int, draw: np.random.Generator) -> None:
    data = draw.exponential(size=size)
    skewness = float(stats.skew(data)) if size > 2 else 0.0
    for edges, rule in (
        (binning.sturges_edges(size, data.min(), data.max()), "sturges"),
        (binning.doane_edges(size, data.min(), data.max(), skewness), "doane"),
    ):
        np.testing.assert_allclose(edges, np.histogram_bin_edges(data, rule), rtol=1e-12)
    constant = np.full(size, 4.0)
    np.testing.assert_allclose(
        binning.sturges_edges(size, 4.0, 4.0), np.histogram_bin_edges(constant, "sturges")
    )


def test_cohens_d() -> None:
    assert samples.cohens_d(0, 1, 1, 1) == 1
    assert samples.cohens_d(3, 0, 3, 0) == 0
    assert samples.cohens_d(3, 0, 2, 0) == -math.inf
