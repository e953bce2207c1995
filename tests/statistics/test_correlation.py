"""Correlation with lag: found where it is, and not where series only share the clock."""

import numpy as np
import pytest

from vedette.statistics.correlation import best, cross_correlation


def test_a_lag_is_found_under_season_and_trend():
    rng = np.random.default_rng(3)
    steps = np.arange(400)
    cause = rng.normal(size=400)
    first = cause + 5 * np.sin(2 * np.pi * steps / 24) + 0.01 * steps
    second = -2 * np.roll(cause, 3) + rng.normal(size=400) + 9 * np.sin(2 * np.pi * steps / 24)
    found = best(cross_correlation(first, second, max_lag=12, season=24))
    assert found.lag == 3
    assert found.correlation < -0.7
    assert found.adjusted < 1e-6


def test_series_that_share_only_the_clock_or_are_slow_do_not_correlate():
    rng = np.random.default_rng(4)
    steps, false = np.arange(300), 0
    for _ in range(60):
        season = 8 * np.sin(2 * np.pi * steps / 24)
        pair = []
        for _ in range(2):
            slow, level = [], 0.0
            for noise in rng.normal(size=300):
                level = 0.8 * level + noise
                slow.append(level)
            pair.append(np.array(slow) + season)
        false += best(cross_correlation(*pair, max_lag=6, season=24)).adjusted < 0.05
    assert false <= 6


def test_too_little_is_said_and_a_constant_has_none():
    assert best(cross_correlation(np.arange(5.0), np.arange(5.0), max_lag=1)) is None
    assert best(cross_correlation(np.ones(50), np.arange(50.0), max_lag=1)) is None
    with pytest.raises(ValueError, match="differ in length"):
        cross_correlation(np.ones(3), np.ones(4), max_lag=0)
