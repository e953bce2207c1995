"""Running model monitors: windows that are due, what is found in them, results and metrics.

A window is due when it is over (with ``arrival`` at once), and again when predictions or labels of it
came since it was last looked at, up to ``late`` after its end.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from vedette.core.ids import new_id
from vedette.core.time import TimeRange, parse_duration, utc_now
from vedette.data.profiles import Profiles
from vedette.models.production.estimator import Estimators
from vedette.models.production.profile import dataset_of
from vedette.models.production.relation import relation
from vedette.models.production.task import find_task
from vedette.models.production.windows import Windows, count_windows
from vedette.monitors.evaluator import Emit, Evaluated
from vedette.monitors.models.judge import Judge
from vedette.monitors.models.service import ModelMonitor, ModelMonitors
from vedette.monitors.results import Result, Results
from vedette.query import QueryRunner
from vedette.scheduler import Claim
from vedette.store.catalog import Catalog
from vedette.telemetry.emit import MetricPoint

MAX_WINDOWS = 50
_MAX_LOOKED_AT = 500
SCOPE = "vedette.monitors.models"
BAD = frozenset({"violated", "drift"})
_log = logging.getLogger(__name__)


class Evaluator:
    """Evaluates model monitors. Thread-safe; every method blocks its thread."""

    def __init__(
        self,
        catalog: Catalog,
        profiles: Profiles,
        results: Results,
        runner: QueryRunner,
        emit: Emit | None = None,
    ) -> None:
        self._catalog = catalog
        self._monitors = ModelMonitors(catalog)
        self._results = results
        self._runner = runner
        self._emit = emit
        self._judge = Judge(runner, profiles, Estimators(runner))

    def handle(self, claims: Sequence[Claim]) -> None:
        """Run monitors that are due; the scheduler's handler."""
        self._monitors.run_due(
            claims, lambda monitor: self.run(monitor, now=self._catalog.clock.now())
        )

    def run(self, monitor: ModelMonitor, *, now: datetime) -> list[Evaluated]:
        """Evaluate the windows that are due, oldest first."""
        windows = self._due(monitor, now)[:MAX_WINDOWS]
        return [self.evaluate(monitor, window, now=now) for window in windows]

    def evaluate(self, monitor: ModelMonitor, window: TimeRange, *, now: datetime) -> Evaluated:
        """Evaluate one window, store the results and emit them as metrics."""
        del now
        run, started = new_id(), utc_now()
        spec = monitor.spec
        task = find_task(self._runner, monitor.account, spec.scope(window), spec.task)
        results = list(self._judge.window(monitor, window, task))
        bad = any(one.status in BAD for one in results)
        results.append(self._alert(monitor, window, bad=bad))
        self._results.store(
            monitor.account, dataset_of(spec.model), monitor.id, run, window, results, time=started
        )
        if self._emit:
            self._emit(monitor.account, points(monitor, window, results), f"{monitor.id}/{run}")
        return Evaluated(window, run, results)

    def _alert(self, monitor: ModelMonitor, window: TimeRange, *, bad: bool) -> Result:
        """Return whether m of the last windows violate, this one among them."""
        rule, seconds = monitor.spec.violations, monitor.spec.window_seconds()
        count = int(bad)
        if rule.of > 1:
            before = TimeRange(
                window.start - timedelta(seconds=seconds * (rule.of - 1)), window.start
            )
            runs = self._results.runs(monitor.account, monitor.id, before, limit=rule.of)
            count += sum(1 for one in runs if one["violations"] or one["dataset_drift"])
        return Result(
            "alert", "violations", "alert" if count >= rule.m else "ok", value=float(count),
            threshold=float(rule.m), description=f"{count} of the last {rule.of} windows violate",
        )  # fmt: skip

    def _due(self, monitor: ModelMonitor, now: datetime) -> list[TimeRange]:
        spec = monitor.spec
        seconds = spec.window_seconds()
        late = parse_duration(spec.late).total_seconds()
        last = math.floor(now.timestamp() / seconds) * seconds
        end = last + seconds if spec.on_arrival else last
        first = max(
            math.floor((now.timestamp() - late - seconds) / seconds) * seconds,
            end - _MAX_LOOKED_AT * seconds,
        )
        if end <= first:
            return []
        range_ = TimeRange(_moment(first), _moment(end))
        rule = Windows(seconds=seconds)
        sql, params = relation(spec.scope(range_))
        found = count_windows(self._runner, monitor.account, rule.keyed(sql, params), params, rule)
        evaluated = self._results.evaluated(monitor.account, monitor.id, range_)
        due = {
            one.start for one in found.values()
            if one.start not in evaluated or (one.newest and evaluated[one.start] <= one.newest)
        }  # fmt: skip
        newest = _moment(last - seconds)
        if not spec.on_arrival and newest not in evaluated and newest >= range_.start:
            due.add(newest)
        length = timedelta(seconds=seconds)
        return [TimeRange(start, start + length) for start in sorted(due)]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def points(
    monitor: ModelMonitor, window: TimeRange, results: Sequence[Result]
) -> list[MetricPoint]:
    """Return results as metrics, labelled by the window's beginning."""
    shared = {"model": monitor.spec.model, "monitor": monitor.name}
    if monitor.spec.version:
        shared["version"] = monitor.spec.version
    found = []
    for one in results:
        if one.value is None:
            continue
        labels = {**shared, **{f"segment.{name}": value for name, value in one.segment.items()}}
        if one.column:
            labels["column"] = one.column
        name, unit = f"vedette.model.{one.family}", "1"
        if one.family == "window":
            name, unit = (
                f"vedette.model.{one.measure}",
                "1" if one.measure == "coverage" else "{prediction}",
            )
        else:
            labels["metric"] = one.measure
        found.append(MetricPoint(name, one.value, unit, labels, window.start))
    bad = float(sum(one.status in BAD for one in results))
    found.append(MetricPoint("vedette.model.violations", bad, "{violation}", shared, window.start))
    return found
