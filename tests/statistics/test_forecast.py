"""Forecasts follow trend and season, and their bands hold what they say, by backtests."""

import numpy as np
import pytest

from vedette.statistics.forecast import forecast


def series(rng, length, *, season=7, trend=0.3, noise=3.0, heavy=False):
    steps = np.arange(length)
    base = 100 + trend * steps + 12 * np.sin(2 * np.pi * steps / season)
    errors = rng.standard_t(4, length) if heavy else rng.normal(size=length)
    return base + noise * errors


@pytest.mark.parametrize("heavy", [False, True])
def test_the_bands_hold_their_share_of_what_comes(heavy):
    rng, inside = np.random.default_rng(7), {0.8: [], 0.95: []}
    for _ in range(40):
        whole = series(rng, 154, heavy=heavy)
        found = forecast(whole[:140], 14, season=7)
        for level, hits in inside.items():
            hits.append((whole[140:] >= found.lower[level]) & (whole[140:] <= found.upper[level]))
    shares = {level: float(np.mean(hits)) for level, hits in inside.items()}
    assert 0.75 <= shares[0.8] <= 0.95, shares
    assert shares[0.95] >= 0.92, shares


def test_of_a_random_walk_too():
    rng, hits = np.random.default_rng(8), []
    for _ in range(40):
        whole = np.cumsum(rng.normal(size=160)) + 50
        found = forecast(whole[:150], 10)
        hits.append((whole[150:] >= found.lower[0.95]) & (whole[150:] <= found.upper[0.95]))
    assert np.mean(hits) >= 0.88


def test_season_and_trend_go_on_and_gaps_are_bridged():
    rng = np.random.default_rng(1)
    whole = series(rng, 126, noise=1.0)
    gappy = whole[:112].copy()
    gappy[[5, 17, 18, 19, 60]] = np.nan
    gappy[80] = 10_000
    found = forecast(gappy, 14, season=7)
    assert found.season == 7
    assert np.max(np.abs(found.mean - whole[112:])) < 8
    flat = forecast(np.full(30, 5.0), 3, season=7)
    assert flat.mean == pytest.approx([5, 5, 5])
    assert flat.upper[0.95] == pytest.approx([5, 5, 5])


def test_what_never_was_negative_is_not_forecast_so_and_little_data_is_said():
    rng = np.random.default_rng(2)
    found = forecast(np.abs(rng.normal(0.2, 1, 60)), 5)
    assert found.lower[0.95].min() >= 0
    short = forecast(rng.normal(size=10), 30, season=7)
    assert short.season == 0
    assert len(short.notes) == 2
    with pytest.raises(ValueError, match="needs 8 values"):
        forecast(np.array([1.0, np.nan] * 5), 3)
