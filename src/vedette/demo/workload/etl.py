"""The service ``etl``: each round takes one day further through the pipeline.

A day comes in twice: as the schedule, from which features are made before its flights leave, and
a round later as what really happened, from which the labels come.
"""

from __future__ import annotations

import argparse
import logging
import math
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pandas as pd
from opentelemetry import metrics, propagate, trace
from opentelemetry.trace import SpanKind

import vedette
from vedette.demo.workload import loading, service, source, upstream, validation
from vedette.demo.workload.faults import Fault, fault_of_round, hours_of_round, is_training_round
from vedette.demo.workload.feature_store import DATASET, open_store
from vedette.demo.workload.features import (
    MADE_OF,
    WEATHER_KEY,
    clean_flights,
    clean_weather,
    join_features,
)
from vedette.demo.workload.outcomes import LABELS_AFTER_S, Outcomes

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

    from vedette.sdk.activities import Activity

SERVICE = "etl"
PIPELINE = "flights-daily"
WEATHER_DAYS = 7
PROFILE_PERIOD = 10
"""Rounds from one profile of the features to the next."""
FEEDS = ("airports.flights", "airports.weather")
INBOX = ("inbox.flights", "inbox.weather")
_log = logging.getLogger(__name__)
_tracer = trace.get_tracer("vedette.demo.etl")
_meter = metrics.get_meter("vedette.demo.etl")
_quality = _meter.create_gauge("vedette.model.evaluation", "1", "Quality of a model by metric")


@contextmanager
def _task(
    name: str, reads: tuple[str, ...] = (), writes: tuple[str, ...] = ()
) -> Iterator[Activity]:
    """Open a task of the run that is going on, and log what it moved."""
    started = time.perf_counter()
    with vedette.task(name, reads=reads, writes=writes) as task:
        yield task
        taken = time.perf_counter() - started
        rows = [
            sum(moved.rows or 0 for moved in side.values()) if told is None else told
            for told, side in ((task.rows_in, task.inputs), (task.rows_out, task.outputs))
        ]
        _log.info("%s: %d rows in, %d rows out, %.2f s", name, *rows, taken)


class Etl:
    """The pipeline and what it keeps between rounds."""

    def __init__(self, *, seed: int, labels_after: float = LABELS_AFTER_S) -> None:
        source.fill_landing_zone()
        self._seed = seed
        self._engine: Engine = open_store()
        self._season = source.season()
        self._outcomes = Outcomes(self._engine, labels_after)

    def run_round(self, fault: Fault | None, *, hours: int = 24) -> None:
        """Process the next day; an empty store is filled with the archive and all live days before.

        Args:
            fault: what goes wrong with the newest day.
            hours: on how many hours the provider's clock goes around on it.

        """
        newest = loading.newest_day(self._engine)
        first = -1 if newest is None else newest
        filled = len(self._season.archive) + len(self._season.live)
        last = filled - 1 if newest is None else first
        for flown in range(first, last + 1):
            day = self._season.day(flown + 1)
            with vedette.pipeline(
                PIPELINE, partition=day, owners=["grace"], tags={"team": "data"},
                description="Takes a day of flights and weather into the feature store.",
            ):  # fmt: skip
                try:
                    newest_day = flown == last
                    self._run(flown, fault if newest_day else None, hours if newest_day else 24)
                except Exception:
                    # Here and not in the caller, so that the record carries the run's trace.
                    _log.exception("run of %s for %s failed", PIPELINE, day)
                    raise

    def _run(self, flown: int, fault: Fault | None, hours: int) -> None:
        """Take in the arrivals of day ``flown`` and the schedule of the day after."""
        upcoming = flown + 1
        files = self._deliver(upcoming, fault, hours)
        with _task("extract", reads=FEEDS, writes=INBOX) as task:
            frames = {path: pd.read_csv(path) for paths in files.values() for path in paths}
            for feed, name in zip(FEEDS, INBOX, strict=True):
                paths = files[feed.partition(".")[2]]
                count, size = sum(len(frames[path]) for path in paths), sum(map(_size, paths))
                task.read(feed, rows=count, bytes=size, files=len(paths))
                task.write(name, frames[paths[-1]], rows=count, bytes=size)
        with _task("validate", writes=("valid.flights",)) as task:
            for path in files["weather"]:
                validation.check_weather(frames[path], path)
            weather = pd.concat([frames[path] for path in files["weather"]])
            task.read(INBOX[0], rows=sum(len(frames[path]) for path in files["flights"]))
            flights = pd.concat(
                [validation.good_flights(frames[path], path) for path in files["flights"]]
            )
            task.write("valid.flights", flights)
        # What goes from task to task within the run is no dataset that anybody else could read.
        with _task("clean") as task:
            task.rows_in = len(flights) + len(weather)
            flights, weather = clean_flights(flights), clean_weather(weather)
            task.rows_out = len(flights) + len(weather)
        with _task("join") as task:
            schedule = flights[flights["flight_date"] == self._season.day(upcoming)]
            task.rows_in = len(schedule) + len(weather)
            rates = loading.carrier_delay_rates(self._engine, upcoming)
            key = ["origin"] if fault is Fault.WIDE_JOIN else WEATHER_KEY
            features = join_features(schedule, weather, rates, key)
            task.rows_out = len(features)
            features = features.assign(day_number=upcoming)
        with _task("load", reads=("faa.planes",), writes=(DATASET,)) as task:
            arrivals = flights[flights["flight_date"] == self._season.day(flown)]
            rows, labels = loading.records(features), loading.label_parameters(arrivals)
            task.read("valid.flights", rows=len(rows) + len(labels))
            task.read(INBOX[1], rows=len(weather))
            loading.load(self._engine, rows, labels, row_by_row=fault is Fault.ROW_BY_ROW_LOAD)
            task.write(DATASET, features, rows=len(rows) + len(labels), columns=MADE_OF)
        with _task("evaluate", reads=(DATASET,)) as task:
            task.rows_in = self._evaluate(self._season.day(max(flown, 0)))
            task.rows_out = self._outcomes.tell()

    def _deliver(self, upcoming: int, fault: Fault | None, hours: int) -> dict[str, list[Path]]:
        """Have the providers deliver; only the newest file of a feed is ever damaged."""
        wanted = {
            "flights": range(max(0, upcoming - 1), upcoming + 1),
            "weather": range(max(0, upcoming - WEATHER_DAYS + 1), upcoming + 1),
        }
        for old in upstream.INBOX.glob("*.csv"):
            old.unlink()
        delivered = {
            feed: [
                upstream.deliver(
                    feed, self._season.day(n), fault if n == upcoming else None, self._seed,
                    hours=hours if n == upcoming else 24,
                )
                for n in numbers
            ]
            for feed, numbers in wanted.items()
        }  # fmt: skip
        upstream.tell_delivered(paths[-1] for paths in delivered.values())
        return delivered

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


def _size(path: Path) -> int:
    return path.stat().st_size


def start_job(name: str) -> subprocess.Popen[bytes]:
    """Start a job as a process of its own; its trace goes on from here.

    The context goes by environment variables, as OpenTelemetry's specification of environment
    variables as context propagation carriers has it.
    """
    carrier: dict[str, str] = {}
    with _tracer.start_as_current_span(f"start {name}", kind=SpanKind.PRODUCER):
        propagate.inject(carrier)
        context = {name.upper(): value for name, value in carrier.items()}
        command = [sys.executable, "-m", "vedette.demo.workload", name]
        # It takes no part in the telling of when to end: a job runs to its end.
        job = subprocess.Popen(command, env=os.environ | context, stdin=subprocess.DEVNULL)  # noqa: S603 - our own
        _log.info("%s started with process id %d", name, job.pid)
        return job


def _reap(job: subprocess.Popen[bytes] | None, timeout: float | None) -> None:
    if job is None:
        return
    status = job.wait(timeout)
    if status:
        _log.error("a job ended with status %d: %s", status, job.args)


def run(etl: Etl, options: argparse.Namespace, stopping: threading.Event) -> int:
    """Go from round to round until told to stop; returns how many of them failed."""
    jobs: dict[str, subprocess.Popen[bytes]] = {}
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
        hours = 24 if options.rounds else hours_of_round(number)
        try:
            etl.run_round(fault, hours=hours)
        except Exception:  # noqa: BLE001 - the run has recorded it; the next may succeed
            failed += 1
        due = {"trainer": is_training_round(number), "profiler": number % PROFILE_PERIOD == 1}
        for name in (name for name, is_due in due.items() if is_due):
            _reap(jobs.get(name), None)
            jobs[name] = start_job(name)
        if number == 0:
            # Nothing can be asked before there is a model; then the next day comes at once.
            _reap(jobs.pop("trainer"), None)
            started = -math.inf
        number += 1
        if options.rounds and number >= options.first_round + options.rounds:
            break
        stopping.wait(max(0.0, options.round_seconds - (time.monotonic() - started)))
    for job in jobs.values():
        if stopping.is_set():
            job.terminate()
        _reap(job, None)
    return failed


def main(arguments: list[str]) -> None:
    """Run the service."""
    parser = argparse.ArgumentParser(prog=SERVICE)
    parser.add_argument("--round-seconds", type=float, default=30.0)
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=0, help="end after so many; 0: never")
    parser.add_argument("--first-round", type=int, default=0)
    parser.add_argument("--faults", default="", help="with --rounds: one a round, comma-separated")
    parser.add_argument("--labels-after", type=float, default=LABELS_AFTER_S, help="seconds")
    options = parser.parse_args(arguments)
    stopping = service.start(SERVICE)
    run(Etl(seed=options.seed, labels_after=options.labels_after), options, stopping)
