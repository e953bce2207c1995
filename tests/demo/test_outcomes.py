"""What came of predictions: told once each, as labels and as the KPIs of periods that are over."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert

import vedette
from vedette.demo.workload.feature_store import NUMBERS, features, open_store, predictions
from vedette.demo.workload.loading import take_outcomes
from vedette.demo.workload.outcomes import (
    NEEDLESS_EUR,
    NEEDLESS_KPI,
    SAVED_EUR,
    SAVED_KPI,
    SLOT_S,
    Outcomes,
)

NOW = 1_750_000_000.0
SLOT = NOW // SLOT_S * SLOT_S


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Engine:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(time, "time", lambda: NOW)
    return open_store()


def _flight(engine: Engine, number: int, *, delayed: int | None, arrived_at: float | None) -> None:
    row = {
        "flight_date": "2013-06-02", "carrier": "AA", "flight": number, "origin": "JFK",
        "dest": "LAX", "day_number": 20, "delayed": delayed, "arrived_at": arrived_at,
        **dict.fromkeys(NUMBERS, 1.0),
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(features), row)


def _predicted(engine: Engine, number: int, probability: float, made_at: float) -> None:
    row = {
        "flight_date": "2013-06-02", "carrier": "AA", "flight": number, "origin": "JFK",
        "model_version": 1, "probability": probability, "made_at": made_at,
        "prediction_id": f"p-{number}",
    }  # fmt: skip
    with engine.begin() as connection:
        connection.execute(insert(predictions), row)


def test_outcomes_are_told_once_and_only_of_flights_that_arrived_after(engine: Engine) -> None:
    _flight(engine, 1, delayed=1, arrived_at=NOW - 10)
    _flight(engine, 2, delayed=0, arrived_at=NOW - 1000)  # an earlier time that the day was played
    _flight(engine, 3, delayed=None, arrived_at=None)
    for number in (1, 2, 3):
        _predicted(engine, number, 0.7, NOW - 100)
    found = take_outcomes(engine, older_than=90)
    assert [row["prediction_id"] for row in found] == ["p-1"]
    assert take_outcomes(engine, older_than=90) == []


def test_young_predictions_wait_for_their_labels(engine: Engine) -> None:
    _flight(engine, 1, delayed=1, arrived_at=NOW - 1)
    _predicted(engine, 1, 0.7, NOW - 20)
    assert take_outcomes(engine, older_than=90) == []
    assert len(take_outcomes(engine, older_than=10)) == 1


def test_a_period_that_is_over_is_worth_what_its_warnings_were(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    labels: dict[str, str] = {}
    values: dict[str, float] = {}

    def keep_labels(model: str, ids: list[str], outcomes: list[str]) -> None:
        assert model == "flight-delay"
        labels.update(zip(ids, outcomes, strict=True))

    def keep_value(name: str, value: float, **options: Any) -> None:
        assert options["time"].timestamp() == SLOT + SLOT_S
        values[name] = value

    monkeypatch.setattr(vedette, "log_labels", keep_labels)
    monkeypatch.setattr(vedette, "kpi", keep_value)
    told = Outcomes(engine, labels_after=0)
    _flight(engine, 9, delayed=1, arrived_at=NOW)
    _predicted(engine, 9, 0.9, SLOT + 1)  # of a period that had begun before
    monkeypatch.setattr(time, "time", lambda: SLOT + 100)
    assert told.tell() == 1
    labels.clear()
    made_at = SLOT + SLOT_S + 10
    for number, delayed, probability in ((1, 1, 0.9), (2, 0, 0.8), (3, 1, 0.6), (4, 1, 0.1)):
        _flight(engine, number, delayed=delayed, arrived_at=made_at + 20)
        _predicted(engine, number, probability, made_at)
    monkeypatch.setattr(time, "time", lambda: made_at + 60)
    assert told.tell() == 4
    assert labels == {
        "p-1": "delayed", "p-2": "as planned", "p-3": "delayed", "p-4": "delayed",
    }  # fmt: skip
    assert values == {}
    monkeypatch.setattr(time, "time", lambda: made_at + 2 * SLOT_S)
    assert told.tell() == 0
    assert values[SAVED_KPI] == 2 * SAVED_EUR + NEEDLESS_EUR
    assert values[NEEDLESS_KPI] == pytest.approx(100 / 3)
