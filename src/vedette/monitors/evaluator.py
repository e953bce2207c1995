"""Running monitors: which windows are due, what they are like, and the metrics that say so."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from vedette.core.errors import NotFoundError, UnavailableError, VedetteError
from vedette.core.ids import new_id
from vedette.core.time import TimeRange, parse_duration, utc_now
from vedette.data.checks.definition import Check, Severity
from vedette.data.checks.evaluate import evaluate
from vedette.data.checks.result import VIOLATED
from vedette.data.datasets import Datasets
from vedette.data.drift.compare import DRIFT, UNKNOWN, ColumnDrift, DriftReport, compare
from vedette.data.profiles import Profiles, Selection
from vedette.data.profiling.summary import ColumnProfile
from vedette.monitors import sources
from vedette.monitors.results import NOTE, Result, Results
from vedette.monitors.service import Monitor, Monitors
from vedette.monitors.sources import SourceProfiler
from vedette.scheduler import Claim
from vedette.store.catalog import Catalog
from vedette.telemetry.emit import MetricPoint

MAX_WINDOWS = 50
"""Windows of a monitor that one run evaluates; the rest follow in the next."""
MAX_METRIC_COLUMNS = 1000
SCOPE = "vedette.monitors"
_PAGE = 1000
_log = logging.getLogger(__name__)

Emit = Callable[[str, Sequence[MetricPoint], str], None]
"""Stores an account's points; the text names them, for an attempt that is made again."""


@dataclass(frozen=True, slots=True)
class Evaluated:
    """What a run of a monitor did: a window, and its results."""

    window: TimeRange
    run: str
    results: Sequence[Result]


class Evaluator:
    """Evaluates monitors. Thread-safe; every method blocks its thread."""

    def __init__(
        self,
        catalog: Catalog,
        profiles: Profiles,
        results: Results,
        emit: Emit | None = None,
        sources: SourceProfiler | None = None,
    ) -> None:
        self._catalog = catalog
        self._sources = sources
        self._monitors = Monitors(catalog)
        self._datasets = Datasets(catalog)
        self._profiles = profiles
        self._results = results
        self._emit = emit

    def handle(self, claims: Sequence[Claim]) -> None:
        """Run monitors that are due; the scheduler's handler."""
        self._monitors.run_due(
            claims, lambda monitor: self.run(monitor, now=self._catalog.clock.now())
        )

    def run(self, monitor: Monitor, *, now: datetime) -> list[Evaluated]:
        """Evaluate the windows that have profiles which no run has seen, oldest first.

        A window is due once it is over, with ``arrival`` at once; and again when profiles of it
        come late, up to ``late`` after its end.
        """
        if monitor.spec.source is None:
            windows = self._due(monitor, now)[:MAX_WINDOWS]
            return [self.evaluate(monitor, window, now=now) for window in windows]
        fresh = self._profiled(monitor, sources.reach(monitor, now), now)
        due = set(fresh)
        if monitor.spec.source.time_column:
            due.update(window.start for window in self._due(monitor, now))
        return [
            self.evaluate(
                monitor, sources.window_of(monitor, start), now=now, more=fresh.get(start, ())
            )
            for start in sorted(due)[:MAX_WINDOWS]
        ]  # fmt: skip

    def _profiled(
        self, monitor: Monitor, range_: TimeRange, now: datetime, *, again: bool = False
    ) -> sources.Fresh:
        """Profile the source and return the windows that are new; where it fails, say so and raise."""
        if self._sources is None:
            raise UnavailableError("this process profiles no sources")
        try:
            fresh = self._sources.profile(monitor, range_, again=again)
        except VedetteError as error:
            window = sources.newest(monitor, now)
            failed = Result("window", "rows", "failed", description=error.message[:2000])
            self._results.store(
                monitor.account, monitor.spec.dataset, monitor.id, new_id(), window, [failed],
                time=utc_now(),
            )  # fmt: skip
            self._say_failed(monitor, window, 1.0)
            raise
        self._say_failed(monitor, sources.newest(monitor, now), 0.0)
        return fresh

    def _say_failed(self, monitor: Monitor, window: TimeRange, value: float) -> None:
        if self._emit:
            labels = {"dataset": monitor.spec.dataset, "monitor": monitor.name}
            point = MetricPoint("vedette.monitor.failed", value, "1", labels, window.start)
            self._emit(monitor.account, [point], f"{monitor.id}/{new_id()}")

    def again(self, monitor: Monitor, range_: TimeRange, *, now: datetime) -> list[Evaluated]:
        """Evaluate the windows that begin in a range once more, newest first: at most 50.

        Windows without profiles are left out. Where the monitor has a source whose rows have times,
        they are profiled anew first.
        """
        fresh: sources.Fresh = {}
        if monitor.spec.source and monitor.spec.source.time_column:
            fresh = self._profiled(monitor, range_, now, again=True)
        seconds = monitor.spec.window_seconds()
        selection = Selection(monitor.spec.dataset, range_)
        starts = {
            math.floor(datetime.fromisoformat(row["start"]).timestamp() / seconds) * seconds
            for row in self._windows(monitor.account, selection)
        }
        length = timedelta(seconds=seconds)
        windows = [_moment(start) for start in sorted(starts, reverse=True)[:MAX_WINDOWS]]
        return [
            self.evaluate(
                monitor, TimeRange(start, start + length), now=now, more=fresh.get(start, ())
            )
            for start in windows
        ]

    def evaluate(
        self,
        monitor: Monitor,
        window: TimeRange,
        *,
        now: datetime,
        more: Sequence[Result] = (),
    ) -> Evaluated:
        """Evaluate one window, store the results and emit them as metrics.

        Args:
            monitor: the monitor.
            window: what is looked at.
            now: when it is.
            more: notes, and results of checks that looked at the rows, where the source was read
                for it.

        """
        # By the clock of the store's profiles: what comes from now on is looked at again.
        run, started = new_id(), utc_now()
        results: list[Result] = []
        points: list[MetricPoint] = []
        checks = self._checks(monitor)
        for segment in ({}, *monitor.spec.segments):
            current = self._read(monitor, window, segment)
            baseline = self._baseline(monitor, window, segment)
            report = None
            if monitor.spec.drift and baseline is not None and current:
                report = compare(baseline, current, monitor.spec.drift.settings())
            found = list(_results(current, checks, baseline, report, segment, now))
            found += [one for one in more if one.segment == segment]
            results += found
            points += _points(monitor, window, segment, current, found)
        self._results.store(
            monitor.account, monitor.spec.dataset, monitor.id, run, window, results, time=started
        )
        if self._emit:
            self._emit(monitor.account, points, f"{monitor.id}/{run}")
        return Evaluated(window, run, results)

    def _due(self, monitor: Monitor, now: datetime) -> list[TimeRange]:
        seconds = monitor.spec.window_seconds()
        late = parse_duration(monitor.spec.late).total_seconds()
        last = math.floor(now.timestamp() / seconds) * seconds
        end = last + seconds if monitor.spec.on_arrival else last
        first = math.floor((now.timestamp() - late - seconds) / seconds) * seconds
        if end <= first:
            return []
        range_ = TimeRange(_moment(first), _moment(end))
        arrived: dict[datetime, datetime] = {}
        selection = Selection(monitor.spec.dataset, range_)
        for row in self._windows(monitor.account, selection):
            start = datetime.fromisoformat(row["start"]).timestamp()
            window = _moment(math.floor(start / seconds) * seconds)
            received = datetime.fromisoformat(row["received"])
            arrived[window] = max(received, arrived.get(window, received))
        evaluated = self._results.evaluated(monitor.account, monitor.id, range_)
        due = {
            start
            for start, at in arrived.items()
            if start not in evaluated or evaluated[start] < at
        }
        newest = _moment(last - seconds)
        if not monitor.spec.on_arrival and newest not in evaluated and newest >= range_.start:
            # A window without data is a result, too: nobody sent anything.
            due.add(newest)
        length = timedelta(seconds=seconds)
        return [TimeRange(start, start + length) for start in sorted(due)]

    def _windows(self, account: str, selection: Selection) -> Iterator[dict[str, Any]]:
        offset = 0
        while rows := self._profiles.windows(account, selection, limit=_PAGE, offset=offset):
            yield from rows
            offset += len(rows)
            if len(rows) < _PAGE:
                return

    def _read(
        self, monitor: Monitor, range_: TimeRange, segment: Mapping[str, str]
    ) -> list[ColumnProfile]:
        spec = monitor.spec
        selection = Selection(spec.dataset, range_, segment, spec.columns)
        return self._profiles.read(monitor.account, selection)

    def _baseline(
        self, monitor: Monitor, window: TimeRange, segment: Mapping[str, str]
    ) -> list[ColumnProfile] | None:
        """Return the baseline's profiles; None where there is none yet."""
        spec = monitor.spec
        if spec.baseline is None:
            return None
        if spec.baseline.kind == "frozen":
            named = self._datasets.baseline(monitor.account, spec.dataset, spec.baseline.name)
            selection = Selection(spec.dataset, window, segment, spec.columns, baseline=named.id)
            return self._profiles.read(monitor.account, selection) or None
        # The window itself never is part of what it is compared with.
        end = window.start - parse_duration(spec.baseline.gap)
        range_ = TimeRange(end - parse_duration(spec.baseline.over), end)
        masked = [one.range() for one in spec.baseline.masked]
        selection = Selection(spec.dataset, range_, segment, spec.columns, masked=masked)
        return self._profiles.read(monitor.account, selection) or None

    def _checks(self, monitor: Monitor) -> list[Check]:
        """Return its checks, and the dataset's latest; those that need rows run beside the data."""
        checks = monitor.spec.parsed_checks()
        if monitor.spec.dataset_checks:
            try:
                latest = self._datasets.checks(monitor.account, monitor.spec.dataset)
            except NotFoundError:
                return [check for check in checks if not check.needs_rows]
            checks = [*checks, *latest.checks]
        return [check for check in checks if not check.needs_rows]


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _results(
    current: Sequence[ColumnProfile],
    checks: Sequence[Check],
    baseline: Sequence[ColumnProfile] | None,
    report: DriftReport | None,
    segment: Mapping[str, str],
    now: datetime,
) -> Iterator[Result]:
    rows = max((profile.rows for profile in current), default=0)
    status = "ok" if rows else "no data"
    yield Result("window", "rows", status, segment=segment, value=float(rows))
    wanted = [c for c in checks if c.segment == segment or not c.segment]
    for one in evaluate(wanted, current, baseline=baseline, now=now):
        yield Result(
            "check", one.check.kind, one.status, one.check.column, segment,
            one.check.severity.value, _finite(one.observed), _finite(one.expected),
            description=f"{one.check.title}: {one.description}",
        )  # fmt: skip
    if report is not None:
        yield from drift_results(report, segment)


def drift_results(report: DriftReport, segment: Mapping[str, str]) -> Iterator[Result]:
    """Yield a report's results: the dataset first, then its columns."""
    yield Result(
        "drift", "share", report.status, segment=segment, value=report.share,
        description=f"{report.drifted} of {report.compared} columns drifted",
        details={"preset": report.preset, "reference_rows": report.reference_rows},
    )  # fmt: skip
    for column in report.columns:
        yield _drift_result(column, segment)


def _drift_result(column: ColumnDrift, segment: Mapping[str, str]) -> Result:
    return Result(
        "drift",
        column.measure or "columns",
        column.status,
        column.name,
        segment,
        value=_finite(column.value),
        threshold=column.threshold,
        p_value=column.p_value,
        adjusted=column.adjusted,
        description=column.why,
        details={"measures": column.measures, "exact": column.exact, **column.details},
    )


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _points(
    monitor: Monitor,
    window: TimeRange,
    segment: Mapping[str, str],
    current: Sequence[ColumnProfile],
    results: Sequence[Result],
) -> Iterator[MetricPoint]:
    shared = {"dataset": monitor.spec.dataset, "monitor": monitor.name}
    shared |= {f"segment.{name}": value for name, value in segment.items()}
    named = (
        *(value for profile in current[:MAX_METRIC_COLUMNS] for value in _of_profile(profile)),
        *(value for result in results for value in _of_result(result)),
        *_of_checks(results),
    )
    for name, value, unit, labels in named:
        if value is not None:
            # Labelled by the window's beginning: its end may still be ahead.
            yield MetricPoint(f"vedette.{name}", value, unit, {**shared, **labels}, window.start)


_Named = tuple[str, float | None, str, Mapping[str, str]]


def _of_profile(profile: ColumnProfile) -> Iterator[_Named]:
    column = {"column": profile.name}
    yield "data.count", float(profile.present), "{row}", column
    yield "data.completeness", profile.completeness, "1", column
    yield "data.distinct", float(profile.distinct), "{value}", column
    for name in ("minimum", "maximum", "mean", "sum", "std"):
        yield f"data.{name}", getattr(profile, name), "1", column


def _of_result(result: Result) -> Iterator[_Named]:
    if result.family == "window" and result.measure != NOTE:
        yield "data.rows", result.value, "{row}", {}
    elif result.family == "drift" and not result.column:
        yield "drift.share", result.value, "1", {}
    elif result.family == "drift" and result.status != UNKNOWN:
        column = {"column": result.column}
        yield "drift.value", result.value, "1", {**column, "measure": result.measure}
        yield "drift.detected", float(result.status == DRIFT), "1", column


def _of_checks(results: Sequence[Result]) -> Iterator[_Named]:
    violated = [result.severity for result in results if result.status == VIOLATED]
    for severity in Severity:
        count = float(violated.count(severity.value))
        yield "checks.violated", count, "{check}", {"severity": severity.value}
