"""The default detector: its formulas, what it must not do, and its state."""

from __future__ import annotations

import numpy as np
import pytest

from vedette.statistics import band_state
from vedette.statistics.band_step import PAGING_SCORE, BandOptions
from vedette.statistics.bands import WARM_UP, Bands

DAY = 86_400
PERIOD = 300
A_DAY = DAY // PERIOD


def daily(
    days: int, *, level: float = 100.0, swing: float = 30.0, noise: float = 2.0
) -> np.ndarray:
    at = np.arange(days * A_DAY)
    quiet = level + swing * np.sin(2 * np.pi * at / A_DAY)
    return quiet + np.random.default_rng(3).normal(0, noise, len(at))


def moments(count: int, start: int = 0) -> list[int]:
    return [PERIOD * (start + n) for n in range(count)]


def trained(values: np.ndarray, options: BandOptions | None = None) -> Bands:
    table = values.reshape(len(values), -1)
    bands = Bands(table.shape[1], PERIOD, options)
    bands.train(moments(len(table)), table)
    return bands


def reference(values: np.ndarray, gain: float) -> tuple[list[float], list[float]]:
    """The published formulas, for one series with one level gain, a number at a time."""
    level, week = 0.0, 0.0
    season, scale, seen = [0.0] * A_DAY, [0.0] * A_DAY, [0] * A_DAY
    week_gain, scores, forecasts = PERIOD / (7 * DAY), [], []
    for count, x in enumerate(values, 1):
        j = (count - 1) % A_DAY
        f = level + season[j]
        d = scale[j] if seen[j] else week
        sigma = max(1.2533 * (d * week) ** 0.5, 0.05 * abs(f)) or 0.05 * abs(x)
        e = x - f
        scores.append(abs(e) / sigma if sigma else 0.0)
        forecasts.append(f)
        reach = sigma if count > WARM_UP else float("inf")
        old = season[j]
        level += max(gain, 1 / count) * max(-2 * reach, min(2 * reach, e))
        size = min(abs(e), 10 * reach) if count > 1 else 0.0
        week += max(week_gain, 1 / count) * (size - week)
        left = max(-6 * reach, min(6 * reach, x - level - old))
        seen[j] += 1
        if seen[j] == 1:
            scale[j] = max(size, week)
        slot_gain = max(0.1, 1 / seen[j])
        season[j] += slot_gain * left
        scale[j] += slot_gain * (size - scale[j])
    return forecasts, scores


def test_the_arrays_compute_what_the_formulas_say_number_by_number() -> None:
    values = daily(5)
    values[900:930] += 60
    bands = Bands(1, PERIOD)
    steps = [bands.step(at, [x]) for at, x in zip(moments(len(values)), values, strict=True)]
    fast, slow = reference(values, 0.1), reference(values, 0.02)
    score = np.mean([fast[1], slow[1]], axis=0)
    expected = np.mean([fast[0], slow[0]], axis=0)
    got = np.array([step.score()[0] for step in steps])
    assert np.isnan(got[:WARM_UP]).all()
    np.testing.assert_allclose(got[WARM_UP:], score[WARM_UP:], rtol=2e-2, atol=2e-2)
    np.testing.assert_allclose([s.expected[0] for s in steps][1:], expected[1:], rtol=1e-3)


def test_the_band_learns_the_time_of_day() -> None:
    bands = trained(daily(14))
    noon, midnight = A_DAY // 4, 3 * A_DAY // 4
    low = bands.arranged([0]).step(PERIOD * (14 * A_DAY + midnight), [np.nan])
    high = bands.arranged([0]).step(PERIOD * (14 * A_DAY + noon), [np.nan])
    assert high.expected[0] - low.expected[0] == pytest.approx(60, rel=0.2)


def test_what_is_usual_at_noon_pages_at_midnight() -> None:
    values = daily(15, level=100, swing=60, noise=1)
    bands = trained(values[: 14 * A_DAY])
    steps = [
        bands.step(at, [x])
        for at, x in zip(moments(A_DAY, 14 * A_DAY), values[14 * A_DAY :], strict=True)
    ]
    assert max(step.score()[0] for step in steps) < PAGING_SCORE
    bands.train(moments(3 * A_DAY // 4, 15 * A_DAY), values[: 3 * A_DAY // 4, None])
    at_midnight = bands.step(PERIOD * (15 * A_DAY + 3 * A_DAY // 4), [160.0])
    assert at_midnight.above[0] > PAGING_SCORE
    assert at_midnight.below[0] == 0


def test_an_incident_is_not_taught_to_the_band() -> None:
    values = np.full((14 * A_DAY, 1), 100.0) + np.random.default_rng(1).normal(
        0, 2, (14 * A_DAY, 1)
    )
    bands = trained(values)
    before = bands.arranged([0]).step(PERIOD * 14 * A_DAY, [np.nan])
    scores = [bands.step(at, [1000.0]).score()[0] for at in moments(6, 14 * A_DAY)]
    after = bands.step(PERIOD * (14 * A_DAY + 6), [np.nan])
    assert min(scores) > PAGING_SCORE
    assert after.upper[0] < 130
    assert after.upper[0] - before.upper[0] < 20


def test_a_new_level_is_learnt_in_the_end() -> None:
    bands = trained(np.full((3 * A_DAY, 1), 100.0))
    scores = [bands.step(at, [160.0]).score()[0] for at in moments(2 * A_DAY, 3 * A_DAY)]
    assert scores[0] >= PAGING_SCORE
    assert scores[-1] < 2


@pytest.mark.parametrize("constant", [0.0, 5.0, -3.0, 1e-6, 1e9])
def test_a_constant_series_is_quiet_and_its_first_change_is_not(constant: float) -> None:
    bands = trained(np.full((A_DAY, 1), constant))
    quiet = bands.step(PERIOD * A_DAY, [constant])
    assert quiet.score()[0] == pytest.approx(0, abs=1e-3)
    changed = bands.step(PERIOD * (A_DAY + 1), [constant * 3 + 1])
    assert np.isfinite(changed.score()[0])
    assert changed.score()[0] >= PAGING_SCORE
    # It is no dead end: the band follows.
    scores = [bands.step(at, [constant * 3 + 1]).score()[0] for at in moments(4 * A_DAY, A_DAY + 2)]
    assert scores[-1] < 3


def test_missing_points_are_neither_scored_nor_learnt() -> None:
    values = daily(4)
    gaps = values.copy()
    gaps[500:600] = np.nan
    gaps[700] = np.inf
    bands, twin = Bands(1, PERIOD), Bands(1, PERIOD)
    for n, x in enumerate(gaps):
        step = bands.step(PERIOD * n, [x])
        if not np.isfinite(x):
            assert np.isnan(step.score()[0])
            assert np.isfinite(step.expected[0])
        else:
            twin.step(PERIOD * n, [x])
    assert bands.step(PERIOD * len(gaps), [1.0]).score() == pytest.approx(
        twin.step(PERIOD * len(gaps), [1.0]).score()
    )


def test_an_excluded_window_is_scored_and_not_learnt() -> None:
    bands = trained(daily(7))
    level = bands.arranged([0]).step(PERIOD * 8 * A_DAY, [np.nan]).expected[0]
    for at in moments(A_DAY, 7 * A_DAY):
        step = bands.step(at, [500.0], np.array([False]))
        assert step.score()[0] > PAGING_SCORE
    assert bands.step(PERIOD * 8 * A_DAY, [np.nan]).expected[0] == level


def test_bounds_hold_the_band() -> None:
    rng = np.random.default_rng(2)
    values = rng.poisson(1.0, (7 * A_DAY, 1)).astype(float)
    bands = trained(values, BandOptions(minimum=0, maximum=3))
    step = bands.step(PERIOD * 7 * A_DAY, [1.0])
    assert step.lower[0] == 0
    assert step.upper[0] <= 3
    free = trained(values).step(PERIOD * 7 * A_DAY, [1.0])
    assert free.lower[0] < 0


def test_the_shown_band_leaves_out_about_its_miss_rate() -> None:
    rng = np.random.default_rng(5)
    values = 100 + rng.standard_t(4, (21 * A_DAY, 20)) * 10
    bands = Bands(20, PERIOD, BandOptions(miss_rate=0.02))
    outside = 0
    for n, row in enumerate(values):
        step = bands.step(PERIOD * n, row)
        if n >= 14 * A_DAY:
            outside += int(((row > step.upper) | (row < step.lower)).sum())
    assert outside / (7 * A_DAY * 20) == pytest.approx(0.02, abs=0.01)


def test_min_sigma_says_what_is_too_small_to_matter() -> None:
    values = np.zeros((A_DAY, 1))
    assert trained(values).step(PERIOD * A_DAY, [1.0]).score()[0] >= PAGING_SCORE
    careful = trained(values, BandOptions(min_sigma=0.5))
    assert careful.step(PERIOD * A_DAY, [1.0]).score()[0] == pytest.approx(2)


def test_severity_falls_slowly() -> None:
    bands = trained(
        np.full((2 * A_DAY, 1), 100.0) + np.random.default_rng(1).normal(0, 2, (2 * A_DAY, 1))
    )
    peak = bands.step(PERIOD * 2 * A_DAY, [1000.0]).held[0]
    after = bands.step(PERIOD * (2 * A_DAY + 1), [100.0]).held[0]
    assert after == pytest.approx(0.9 * peak)


def test_a_slow_shift_shows_in_the_shift_and_hardly_in_the_score() -> None:
    values = daily(14, noise=3)
    bands = trained(values)
    drift = daily(1, noise=3) + np.linspace(0, 60, A_DAY)
    steps = [bands.step(at, [x]) for at, x in zip(moments(A_DAY, 14 * A_DAY), drift, strict=True)]
    assert max(step.score()[0] for step in steps) < PAGING_SCORE
    assert steps[-1].shift[0] > 5
    assert steps[-1].severity("above")[0] >= PAGING_SCORE
    assert steps[-1].severity("below")[0] < PAGING_SCORE


def test_series_do_not_touch_each_other_and_can_come_and_go() -> None:
    values = np.column_stack([daily(3), daily(3, level=5, swing=1, noise=0.1)])
    both = trained(values)
    alone = trained(values[:, 1])
    moved = both.arranged([1, -1])
    at = PERIOD * 3 * A_DAY
    step = moved.step(at, [9.0, 1.0])
    assert step.score()[0] == pytest.approx(alone.step(at, [9.0]).score()[0], rel=1e-5)
    assert np.isnan(step.score()[1])
    both.reset(np.array([True, False]))
    assert list(both.warm) == [False, True]


def test_minutes_share_the_slots_of_five_minutes() -> None:
    at = np.arange(3 * 1440)
    values = 100 + 30 * np.sin(2 * np.pi * at / 1440)
    bands = Bands(1, 60)
    bands.train([60 * n for n in at], values[:, None])
    step = bands.step(60 * len(at) + 150 * 60, [np.nan])
    assert step.expected[0] == pytest.approx(100 + 30 * np.sin(2 * np.pi * 150 / 1440), abs=6)


def test_state_survives_to_the_last_bit() -> None:
    bands = trained(
        np.column_stack([daily(3), daily(3, level=7)]), BandOptions(minimum=0, miss_rate=0.05)
    )
    again = band_state.load(band_state.dump(bands))
    assert again.options == bands.options
    for at in moments(50, 3 * A_DAY):
        one, other = bands.step(at, [50.0, 9.0]), again.step(at, [50.0, 9.0])
        assert (one.score() == other.score()).all()
        assert (one.upper == other.upper).all()


def test_a_damaged_or_newer_state_is_refused() -> None:
    data = band_state.dump(Bands(3, PERIOD))
    newer = data[:4] + bytes([99]) + data[5:]
    for wrong in (b"", data[:20], b"nope" + data[4:], newer, data[:-30]):
        with pytest.raises(ValueError, match="state"):
            band_state.load(wrong)


def test_what_pages_for_a_day_is_learnt_anew() -> None:
    bands = trained(daily(3))
    for at in moments(A_DAY - 1, 3 * A_DAY):
        assert bands.step(at, [1e6]).score()[0] >= PAGING_SCORE
    bands.step(PERIOD * (4 * A_DAY - 1), [1e6])
    assert not bands.warm[0]
    bands.train(moments(WARM_UP, 4 * A_DAY), np.full((WARM_UP, 1), 1e6))
    assert bands.step(PERIOD * (4 * A_DAY + WARM_UP), [1e6]).score()[0] < 1
