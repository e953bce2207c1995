"""The job ``history``: what the model answered before it was watched here, and what came of it.

Whoever begins with Vedette brings what they have: this sends earlier predictions with the times they
were made at, their labels, and the values of the KPIs. All of it is what the first version answers about
the live days; of all but the last hour a sample stands for the whole by its weight.
"""

from __future__ import annotations

import argparse
import logging
import math
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pandas as pd
from sqlalchemy import select

from vedette.demo.workload import model as models
from vedette.demo.workload import outcomes, profiler, service, tracking
from vedette.demo.workload.feature_store import FEATURES, features, open_store
from vedette.demo.workload.predict_api import SERVICE as ENDPOINT
from vedette.demo.workload.source import ARCHIVE_DAYS

models.limit_threads()

import numpy as np  # noqa: E402 - after the limit on its threads

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from sqlalchemy import Engine

SERVICE = "history"
SLOT_ROWS = 780
"""Answers in a period of the KPIs, as the traffic has them on the average."""
_SPREAD = 0.05
_DENSE_S = 7200
_SAMPLED_A_DAY = 1500
_LINES = 5000
_KPI_VALUES = 1000
_DAY_S = 86_400
_CLOCK_FACE = 12
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Answers:
    """Flights of the live days with what a version answers about them; arrays are one row a flight."""

    version: int
    features: list[dict[str, Any]]
    probability: NDArray[np.float64]
    delayed: NDArray[np.bool_]

    def gains(self) -> NDArray[np.float64]:
        """Return what each answer was worth, in EUR."""
        worth = np.where(self.delayed, outcomes.SAVED_EUR, outcomes.NEEDLESS_EUR)
        return np.where(self.probability >= models.LATE, worth, 0.0)


def read_answers(engine: Engine, model: models.Model, *, hours: int = 24) -> Answers:
    """Ask a model about all labelled flights of the live days; ``hours=12`` as by a wrong clock."""
    columns = [features.c[name] for name in (*FEATURES, "delayed")]
    with engine.connect() as connection:
        found = connection.execute(
            select(*columns)
            .where(features.c.delayed.is_not(None), features.c.day_number >= ARCHIVE_DAYS)
            .order_by(features.c.day_number, features.c.hour, features.c.flight, features.c.origin)
        )
        frame = pd.DataFrame(found.mappings().all())
    if hours == _CLOCK_FACE:
        frame["hour"] = frame["hour"] % _CLOCK_FACE
        frame["hour"] = frame["hour"].where(frame["hour"] > 0, _CLOCK_FACE)
    delayed = frame.pop("delayed").to_numpy() == 1
    rows = [
        {name: tracking.plain(value) for name, value in row.items()}
        for row in frame.to_dict("records")
    ]
    inputs = np.array([models.encode(row, model.features, model.categories) for row in rows])
    return Answers(model.version, rows, model.estimator.predict_proba(inputs)[:, 1], delayed)


def prediction_lines(
    answers: Answers, start: float, end: float, count: int, weight: float, dice: np.random.Generator
) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """Yield predictions made at random moments, each with its label where it is known by now."""
    chosen = dice.integers(len(answers.features), size=count)
    moments = np.sort(dice.uniform(start, end, count))
    latencies = dice.lognormal(0.6, 0.3, count)
    for row, made_at, latency in zip(chosen, moments, latencies, strict=True):
        identity = f"history-{made_at:.3f}-{row}"
        probability = float(answers.probability[row])
        line = {
            "model": models.NAME, "version": str(answers.version), "endpoint": ENDPOINT,
            "id": identity, "time": round(float(made_at), 3), "features": answers.features[row],
            "prediction": models.outcome(late=probability >= models.LATE),
            "scores": models.scores(probability), "latency_ms": round(float(latency), 2),
            "weight": round(weight, 3),
        }  # fmt: skip
        known = float(made_at) + outcomes.LABELS_AFTER_S + 20
        label = {
            "model": models.NAME, "id": identity, "time": round(known, 3),
            "label": models.outcome(late=bool(answers.delayed[row])),
        }  # fmt: skip
        yield line, label if known < time.time() else None


def kpi_values(
    answers: Answers, slots: NDArray[np.int64], dice: np.random.Generator
) -> dict[str, list[dict[str, Any]]]:
    """Return the KPIs' values of each period: sums and shares over as many answers as it had."""
    gains, warned = answers.gains(), answers.probability >= models.LATE
    found: dict[str, list[dict[str, Any]]] = {outcomes.SAVED_KPI: [], outcomes.NEEDLESS_KPI: []}
    for slot in slots:
        rows = dice.integers(len(gains), size=round(SLOT_ROWS * dice.normal(1, _SPREAD)))
        at = datetime.fromtimestamp(int(slot), UTC).isoformat()
        found[outcomes.SAVED_KPI].append({"time": at, "value": round(float(gains[rows].sum()), 2)})
        needless = (~answers.delayed)[rows[warned[rows]]]
        if len(needless):
            value = round(100 * float(needless.mean()), 2)
            found[outcomes.NEEDLESS_KPI].append({"time": at, "value": value})
    return found


def send(engine: Engine, model: models.Model, *, days: int, end: float, hours: int) -> int:
    """Send the history up to a moment; returns how many predictions.

    Args:
        engine: the feature store.
        model: the version that answered.
        days: how far back it goes.
        end: Unix seconds; live predictions begin there.
        hours: of the provider's clock since the beginning of the last whole period.

    """
    dice = np.random.default_rng(13)
    before, after = read_answers(engine, model), read_answers(engine, model, hours=hours)
    now = math.floor(end / outcomes.SLOT_S) * outcomes.SLOT_S
    # A whole period with the wrong clock, so that there is something to be found at once.
    turn = now - (outcomes.SLOT_S if hours == _CLOCK_FACE else 0)
    start, dense = now - days * _DAY_S, now - _DENSE_S
    sampled = _SAMPLED_A_DAY * days
    weight = SLOT_ROWS * (dense - start) / outcomes.SLOT_S / sampled
    parts = [
        (before, start, dense, sampled, weight),
        (before, dense, turn, round(SLOT_ROWS * (turn - dense) / outcomes.SLOT_S), 1.0),
        (after, turn, end, round(SLOT_ROWS * (end - turn) / outcomes.SLOT_S), 1.0),
    ]  # fmt: skip
    pairs = [pair for part in parts for pair in prediction_lines(*part, dice)]
    labels = [label for _, label in pairs if label]
    with tracking.open_api() as api:
        for path, lines in (("predictions", [line for line, _ in pairs]), ("labels", labels)):
            for first in range(0, len(lines), _LINES):
                tracking.send_lines(api, f"/api/v1/{path}", lines[first : first + _LINES])
        for answers, first_slot, last in ((before, start, turn), (after, turn, now)):
            slots = np.arange(first_slot, last, outcomes.SLOT_S, dtype=np.int64)
            for name, values in kpi_values(answers, slots, dice).items():
                for first in range(0, len(values), _KPI_VALUES):
                    body = {"values": values[first : first + _KPI_VALUES]}
                    api.post(f"/api/v1/kpis/{name}/values", json=body).raise_for_status()
    return len(pairs)


def main(arguments: list[str]) -> None:
    """Run the job once."""
    parser = argparse.ArgumentParser(prog=SERVICE)
    parser.add_argument("--days", type=int, default=14)
    parser.add_argument("--hours", type=int, default=24, help="12: the provider's clock is wrong")
    options = parser.parse_args(arguments)
    service.start(SERVICE, is_job=True)
    [version, *_] = models.versions()
    model = models.load(version)
    engine = open_store()
    profiler.tell_past(engine, options.days)
    count = send(engine, model, days=options.days, end=models.made_at(version), hours=options.hours)
    _log.info("%d earlier predictions of version %d are sent", count, version)
