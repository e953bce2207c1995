"""The history that is sent: as many answers as there were, by weight, and what they were worth."""

from __future__ import annotations

import numpy as np
import pytest

from vedette.demo.workload.history import SLOT_ROWS, Answers, kpi_values, prediction_lines
from vedette.demo.workload.outcomes import NEEDLESS_EUR, NEEDLESS_KPI, SAVED_EUR, SAVED_KPI

ANSWERS = Answers(
    version=1,
    features=[{"hour": hour} for hour in range(4)],
    probability=np.array([0.9, 0.8, 0.2, 0.1]),
    delayed=np.array([True, False, True, False]),
)
START = 1_750_000_000.0


def test_predictions_lie_in_their_time_and_have_their_outcome() -> None:
    pairs = list(prediction_lines(ANSWERS, START, START + 300, 200, 7.5, np.random.default_rng(1)))
    times = [line["time"] for line, _ in pairs]
    assert times == sorted(times)
    assert times[0] >= START
    assert times[-1] < START + 300
    assert len({line["id"] for line, _ in pairs}) == 200
    for line, label in pairs:
        hour = line["features"]["hour"]
        assert line["weight"] == 7.5
        assert line["prediction"] == ("delayed" if hour in (0, 1) else "as planned")
        assert label is not None
        assert label["id"] == line["id"]
        assert label["label"] == ("delayed" if hour in (0, 2) else "as planned")
        assert label["time"] > line["time"]


def test_kpis_are_those_of_the_same_answers() -> None:
    slots = np.arange(START, START + 300 * 50, 300, dtype=np.int64)
    found = kpi_values(ANSWERS, slots, np.random.default_rng(1))
    saved = [one["value"] for one in found[SAVED_KPI]]
    needless = [one["value"] for one in found[NEEDLESS_KPI]]
    assert len(saved) == len(needless) == 50
    assert np.mean(saved) == pytest.approx(SLOT_ROWS * (SAVED_EUR + NEEDLESS_EUR) / 4, rel=0.05)
    assert np.mean(needless) == pytest.approx(50, rel=0.05)
