"""The service ``etl``: each round takes one day further through the pipeline.

A day comes in twice: as the schedule, from which features are made before its flights leave, and
a round later as what really happened, from which the labels come.
"""

from __future__ import annotations

import argparse
import logging
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pandas as pd
from opentelemetry import metrics, propagate, trace
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.trace import SpanKind

from vedette.demo.workload import loading, service, source, upstream, validation
from vedette.demo.workload.faults import Fault, fault_of_round, is_training_round
from vedette.demo.workload.feature_store import open_store
from vedette.demo.workload.features import (
    WEATHER_KEY,
    clean_flights,
    clean_weather,
    join_features,
)
from vedette.demo.workload.pipeline import PipelineRun, pipeline_run

if TYPE_CHECKING:
    import threading
    from pathlib import Path

    from sqlalchemy import Engine

SERVICE = "etl"
PIPELINE = "flights-daily"
BACKFILL_DAYS = 10
WEATHER_DAYS = 7
_log = logging.getLogger(__name__)
_tracer = trace.get_tracer("vedette.demo.etl")
_meter = metrics.get_meter("vedette.demo.etl")
_quality = _meter.create_gauge("vedette.model.evaluation", "1", "Quality of a model by metric")


class Etl:
    """The pipeline and what it keeps between rounds."""

    def __init__(self, *, seed: int) -> None:
        source.fill_landing_zone()
        self._seed = seed
        self._engine: Engine = open_store()
        self._days = source.days()
        self._loaded_at: float | None = None
        _meter.create_observable_gauge(
            "vedette.dataset.freshness", [self._freshness], "s", "Time since the last load"
        )

    def run_round(self, fault: Fault | None) -> None:
        """Process the next day; an empty store is filled with ``BACKFILL_DAYS`` before."""
        newest = loading.newest_day(self._engine)
        first = -1 if newest is None else newest
        for flown in range(first, BACKFILL_DAYS if newest is None else first + 1):
            with pipeline_run(PIPELINE, self._day(flown + 1)) as run:
                self._run(run, flown, fault)

    def _run(self, run: PipelineRun, flown: int, fault: Fault | None) -> None:
        """Take in the arrivals of day ``flown`` and the schedule of the day after."""
        upcoming = flown + 1
        files = self._deliver(upcoming, fault)
        with run.task("extract", "flights") as task:
            frames = {path: pd.read_csv(path) for paths in files.values() for path in paths}
            task.rows_out = sum(len(frame) for frame in frames.values())
            task.bytes_read = sum(path.stat().st_size for path in frames)
        with run.task("validate", "flights") as task:
            task.rows_in = sum(len(frame) for frame in frames.values())
            for path in files["weather"]:
                validation.check_weather(frames[path], path)
            weather = pd.concat([frames[path] for path in files["weather"]])
            flights = pd.concat(
                [validation.good_flights(frames[path], path) for path in files["flights"]]
            )
            task.rows_out = len(flights) + len(weather)
        with run.task("clean", "flights") as task:
            task.rows_in = len(flights) + len(weather)
            flights, weather = clean_flights(flights), clean_weather(weather)
            task.rows_out = len(flights) + len(weather)
        with run.task("join", "features") as task:
            schedule = flights[flights["flight_date"] == self._day(upcoming)]
            task.rows_in = len(schedule) + len(weather)
            rates = loading.carrier_delay_rates(self._engine, upcoming)
            key = ["origin"] if fault is Fault.WIDE_JOIN else WEATHER_KEY
            features = join_features(schedule, weather, rates, key)
            features = features.assign(day_number=upcoming)
            task.rows_out = len(features)
        with run.task("load", "features") as task:
            arrivals = flights[flights["flight_date"] == self._day(flown)]
            rows, labels = loading.records(features), loading.label_parameters(arrivals)
            task.rows_in = len(rows) + len(labels)
            one_by_one = fault is Fault.ROW_BY_ROW_LOAD
            loading.load(self._engine, rows, labels, day_number=upcoming, row_by_row=one_by_one)
            task.rows_out = len(rows) + len(labels)
            self._loaded_at = time.time()
        with run.task("evaluate", "predictions") as task:
            task.rows_in = self._evaluate(self._day(flown))

    def _deliver(self, upcoming: int, fault: Fault | None) -> dict[str, list[Path]]:
        """Have the providers deliver; only the newest file of a feed is ever damaged."""
        wanted = {
            "flights": range(max(0, upcoming - 1), upcoming + 1),
            "weather": range(max(0, upcoming - WEATHER_DAYS + 1), upcoming + 1),
        }
        for old in upstream.INBOX.glob("*.csv"):
            old.unlink()
        return {
            feed: [
                upstream.deliver(feed, self._day(n), fault if n == upcoming else None, self._seed)
                for n in numbers
            ]
            for feed, numbers in wanted.items()
        }

    def _evaluate(self, flight_date: str) -> int:
        count = 0
        for row in loading.live_quality(self._engine, flight_date):
            count += row["count"]
            labels = {
                "vedette.model.name": "flight-delay",
                "vedette.model.version": str(row["model_version"]),
                "vedette.dataset.name": "live",
            }
            for name in ("brier_score", "accuracy"):
                _quality.set(row[name], {**labels, "vedette.evaluation.metric": name})
            _log.info(
                "model version %d on %d flights of %s: Brier score %.3f, accuracy %.3f",
                row["model_version"],
                row["count"],
                flight_date,
                row["brier_score"],
                row["accuracy"],
                extra=labels,
            )
        return count

    def _day(self, number: int) -> str:
        return self._days[number % len(self._days)]

    def _freshness(self, _options: CallbackOptions) -> list[Observation]:
        if self._loaded_at is None:
            return []
        return [Observation(time.time() - self._loaded_at, {"vedette.dataset.name": "features"})]


def start_training() -> subprocess.Popen[bytes]:
    """Start the training job as a process of its own; its trace goes on from here.

    The context goes by environment variables, as OpenTelemetry's specification of environment
    variables as context propagation carriers has it.
    """
    carrier: dict[str, str] = {}
    with _tracer.start_as_current_span("start trainer", kind=SpanKind.PRODUCER):
        propagate.inject(carrier)
        context = {name.upper(): value for name, value in carrier.items()}
        command = [sys.executable, "-m", "vedette.demo.workload", "trainer"]
        # It takes no part in the telling of when to end: a job runs to its end.
        job = subprocess.Popen(command, env=os.environ | context, stdin=subprocess.DEVNULL)  # noqa: S603 - our own
        _log.info("training job started with process id %d", job.pid)
        return job


def _reap(job: subprocess.Popen[bytes] | None, timeout: float | None) -> None:
    if job is None:
        return
    status = job.wait(timeout)
    if status:
        _log.error("the training job ended with status %d", status)


def run(etl: Etl, options: argparse.Namespace, stopping: threading.Event) -> int:
    """Go from round to round until told to stop; returns how many of them failed."""
    job: subprocess.Popen[bytes] | None = None
    failed = 0
    number = options.first_round
    while not stopping.is_set():
        started = time.monotonic()
        planned = [Fault(name) for name in options.faults.split(",") if name]
        if options.rounds:
            index = number - options.first_round
            fault = planned[index] if index < len(planned) else None
        else:
            fault = fault_of_round(options.seed, number)
        try:
            etl.run_round(fault)
        except Exception:  # noqa: BLE001 - the run has recorded it; the next may succeed
            failed += 1
        if is_training_round(number):
            _reap(job, None)
            job = start_training()
        number += 1
        if options.rounds and number >= options.first_round + options.rounds:
            break
        stopping.wait(max(0.0, options.round_seconds - (time.monotonic() - started)))
    _reap(job, None)
    return failed


def main(arguments: list[str]) -> None:
    """Run the service."""
    parser = argparse.ArgumentParser(prog=SERVICE)
    parser.add_argument("--round-seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=13)
    parser.add_argument("--rounds", type=int, default=0, help="end after so many; 0: never")
    parser.add_argument("--first-round", type=int, default=0)
    parser.add_argument("--faults", default="", help="with --rounds: one a round, comma-separated")
    options = parser.parse_args(arguments)
    stopping = service.start(SERVICE)
    run(Etl(seed=options.seed), options, stopping)
