"""When a disk is full: known answers."""

from __future__ import annotations

import numpy as np
import pytest

from vedette.statistics.exhaustion import exhaustion, exhaustions

DAYS = np.arange(56) / 4.0


def test_linear_growth_is_full_on_the_day_that_the_line_says() -> None:
    found = exhaustion(DAYS, 100 + 2 * DAYS, 200.0)
    assert found.state == "growing"
    assert found.per_day == pytest.approx(2.0)
    assert found.days == pytest.approx((200 - (100 + 2 * DAYS[-1])) / 2)
    assert found.earliest == pytest.approx(found.days)
    assert found.latest == pytest.approx(found.days)
    assert found.notes == ()


def test_noise_widens_the_interval_which_holds_the_truth() -> None:
    held = 0
    for seed in range(60):
        noise = np.random.default_rng(seed).normal(0, 4, len(DAYS))
        found = exhaustion(DAYS, 100 + 2 * DAYS + noise, 200.0)
        assert found.state == "growing"
        assert found.per_day_low is not None
        assert found.per_day_high is not None
        held += found.per_day_low <= 2.0 <= found.per_day_high
        assert found.cleanups == 0
    assert held >= 54  # 95 % of 60 is 57


def test_outliers_move_it_little() -> None:
    values = 100 + 2 * DAYS
    values[[5, 20, 33, 40]] += 60
    found = exhaustion(DAYS, values, 300.0)
    assert found.per_day == pytest.approx(2.0, rel=0.1)


def test_what_does_not_grow_is_said_not_to() -> None:
    growing = 0
    for seed in range(40):
        flat = 100 + np.random.default_rng(seed).normal(0, 3, len(DAYS))
        found = exhaustion(DAYS, flat, 200.0)
        growing += found.state == "growing"
    assert growing <= 3  # 2.5 % of 40 is 1
    shrinking = exhaustion(DAYS, 100 - DAYS, 200.0)
    assert shrinking.state == "not_growing"
    assert shrinking.per_day == pytest.approx(-1.0)
    assert exhaustion(DAYS, np.full(56, 50.0), 200.0).state == "not_growing"


def test_a_cycle_of_a_day_is_no_growth() -> None:
    found = exhaustion(DAYS, 100 + 5 * np.sin(2 * np.pi * DAYS + 0.3), 200.0)
    assert found.state == "not_growing"


def test_after_a_clean_up_the_trend_is_that_since() -> None:
    values = 100 + 2 * DAYS
    values[30:] -= 50
    found = exhaustion(DAYS, values, 200.0)
    assert (found.state, found.cleanups, found.begin) == ("growing", 1, 30)
    assert found.per_day == pytest.approx(2.0)
    assert found.days == pytest.approx((200 - values[-1]) / 2)
    short = 100 + 2 * DAYS
    short[-3:] -= 50
    found = exhaustion(DAYS, short, 200.0)
    assert found.per_day == pytest.approx(2.0)
    assert "before it" in found.notes[0]


def test_clean_ups_that_come_again_keep_it_from_growing() -> None:
    tooth = 100 + 20 * (DAYS % 2)
    found = exhaustion(DAYS, tooth, 200.0)
    assert found.state == "not_growing"
    assert found.cleanups == 6
    # Growth so fast that it does not last until the next clean-up.
    daily = np.arange(120) / 12.0
    weekly = 100 + 10 * (daily % 4)
    weekly[daily >= 8] = 100 + 45 * (daily[daily >= 8] - 8)
    soon = exhaustion(daily, weekly, 200.0)
    assert soon.cleanups == 2
    assert soon.state == "growing"
    assert soon.days == pytest.approx((200 - weekly[-1]) / 45)


def test_too_little_history_and_no_limit_are_said() -> None:
    few = exhaustion(DAYS[:7], 100 + DAYS[:7], 200.0)
    assert few.state == "too_little_history"
    assert (few.days, few.per_day, few.points) == (None, None, 7)
    assert exhaustion(np.array([]), np.array([]), 200.0).state == "too_little_history"
    gaps = np.where(np.arange(56) % 8 == 0, 100 + DAYS, np.nan)
    assert exhaustion(DAYS, gaps, 200.0).state == "too_little_history"
    free = exhaustion(DAYS, 100 + 2 * DAYS, None)
    assert free.state == "no_limit"
    assert free.per_day == pytest.approx(2.0)
    assert exhaustion(DAYS, 100 + 2 * DAYS, 0.0).state == "no_limit"


def test_full_is_full_and_far_is_far() -> None:
    assert exhaustion(DAYS, np.full(56, 200.0), 200.0).state == "full"
    far = exhaustion(DAYS, 100 + 0.5 * DAYS, 300.0)
    assert far.days == pytest.approx(386.25)
    assert "rough" in far.notes[0]
    never = exhaustion(DAYS, 100 + 0.01 * DAYS, 200.0)
    assert (never.state, never.days) == ("growing", None)


def test_many_at_once_are_what_each_is_alone() -> None:
    random = np.random.default_rng(7)
    rows = [
        100 + slope * DAYS + random.normal(0, 2, len(DAYS)) for slope in np.linspace(-2, 4, 200)
    ]
    rows[3] = np.where(DAYS > 7, rows[3] - 60, rows[3])  # a clean-up
    rows[4] = np.where(np.arange(56) == 5, np.nan, rows[4])  # a gap
    rows[5] = np.full(56, 250.0)  # full
    capacities = np.full(200, 240.0)
    capacities[[6, 7]] = np.nan, 0.0
    found = exhaustions(DAYS, np.array(rows), capacities)
    for row, capacity, one in zip(rows, capacities.tolist(), found, strict=True):
        assert one == exhaustion(DAYS, row, capacity)
    assert {one.state for one in found} == {"full", "growing", "not_growing", "no_limit"}
    few = exhaustions(DAYS[:3], np.array(rows)[:2, :3], capacities[:2])
    assert [one.state for one in few] == ["too_little_history"] * 2
