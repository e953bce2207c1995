"""Runs of checks as facts, and the handler that makes them."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from vedette.core.ids import new_id
from vedette.experience.synthetic.run import RunResult, run_check, steps_json
from vedette.telemetry.emit import MetricPoint
from vedette.telemetry.ranges import bound_range

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vedette.core.time import TimeRange
    from vedette.experience.synthetic.service import Synthetic, SyntheticService
    from vedette.notifications.guard import Guard
    from vedette.query import QueryRunner
    from vedette.scheduler import Claim
    from vedette.store.warehouse import Warehouse

    Emit = Callable[[str, Sequence[MetricPoint], str], None]

SCOPE = "vedette.synthetic"
THREADS = 8
_IN_RANGE = """
CheckId = {check:String} AND Time >= {start:DateTime64(3, 'UTC')} AND Time < {end:DateTime64(3, 'UTC')}
"""
_RUNS = f"""
SELECT Time AS time, RunId AS run, Passed AS passed, DurationMs AS duration_ms, TraceId AS trace_id,
    CertificateDays AS certificate_days, Error AS error, Steps AS steps
FROM @synthetic_runs
WHERE {_IN_RANGE} $failed
ORDER BY Time DESC
LIMIT {{limit:UInt32}}
"""
_SERIES = f"""
SELECT toInt64(intDiv(toUnixTimestamp(Time), {{step:UInt32}}) * {{step:UInt32}}) AS slot,
    count() AS runs, countIf(Passed) AS passed, avg(DurationMs) AS mean_ms,
    quantile(0.95)(DurationMs) AS p95_ms, min(CertificateDays) AS certificate_days
FROM @synthetic_runs WHERE {_IN_RANGE}
GROUP BY slot ORDER BY slot
"""
_SUMMARY = """
SELECT CheckId AS check, count() AS runs, countIf(Passed) AS passed, quantile(0.95)(DurationMs) AS p95_ms,
    argMax(Passed, Time) AS last_passed, max(Time) AS last_time, argMax(Error, Time) AS last_error,
    argMax(DurationMs, Time) AS last_ms, argMax(CertificateDays, Time) AS certificate_days
FROM @synthetic_runs
WHERE CheckId IN {checks:Array(String)} AND Time >= {start:DateTime64(3, 'UTC')}
    AND Time < {end:DateTime64(3, 'UTC')}
GROUP BY check
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Slot:
    """Runs of a period."""

    slot: int
    runs: int
    passed: int
    mean_ms: float
    p95_ms: float
    certificate_days: float | None


class SyntheticRuns:
    """Reads and writes runs. Thread-safe; every method blocks its thread."""

    def __init__(self, warehouse: Warehouse, runner: QueryRunner) -> None:
        self._warehouse = warehouse
        self._runner = runner

    def store(self, check: Synthetic, result: RunResult) -> str:
        """Store a run and return its id."""
        run = new_id()
        row = {
            "Account": check.account, "CheckId": check.id, "RunId": run, "Passed": result.passed,
            "Time": result.time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
            "DurationMs": result.duration_ms, "TraceId": result.trace_id,
            "CertificateDays": result.certificate_days, "Error": result.error,
            "Steps": steps_json(result),
        }  # fmt: skip
        self._warehouse.insert("synthetic_runs", [orjson.dumps(row)], "JSONEachRow", {})
        return run

    def rows(
        self, account: str, check_id: str, range_: TimeRange, *, failed: bool, limit: int
    ) -> list[dict[str, Any]]:
        """Return runs, newest first; only those that failed if asked for."""
        sql = _RUNS.replace("$failed", "AND NOT Passed" if failed else "")
        params = {**bound_range(range_), "check": check_id, "limit": limit}
        rows = self._runner.run(account, sql, params).records()
        for row in rows:
            row["steps"] = orjson.loads(row["steps"] or "[]")
            row["passed"] = bool(row["passed"])
        return rows

    def series(self, account: str, check_id: str, range_: TimeRange, step: int) -> list[Slot]:
        """Return runs by period, oldest first; periods without runs are not there."""
        params = {**bound_range(range_), "check": check_id, "step": step}
        rows = self._runner.run(account, _SERIES, params).records()
        return [Slot(**row) for row in rows]

    def summaries(
        self, account: str, checks: Sequence[str], range_: TimeRange
    ) -> dict[str, dict[str, Any]]:
        """Return how checks did in a range, by id; one statement."""
        params = {**bound_range(range_), "checks": list(checks)}
        rows = self._runner.run(account, _SUMMARY, params).records()
        return {row.pop("check"): row for row in rows}


class SyntheticRunner:
    """Runs checks; the handler of their kind of scheduled work."""

    def __init__(
        self,
        service: SyntheticService,
        runs: SyntheticRuns,
        guard: Guard,
        emit: Emit | None = None,
    ) -> None:
        self._service = service
        self._runs = runs
        self._guard = guard
        self._emit = emit

    def handle(self, claims: Sequence[Claim]) -> None:
        """Run the checks that are due, some at a time: a slow one holds up no other."""
        with ThreadPoolExecutor(min(THREADS, len(claims))) as pool:
            list(pool.map(self._work, claims))

    def run(self, check: Synthetic) -> tuple[RunResult, str]:
        """Run a check now; store the run and its metrics."""
        result = run_check(check.spec, self._guard)
        run = self._runs.store(check, result)
        if self._emit:
            self._emit(check.account, points_of(check, result), f"synthetic/{run}")
        return result, run

    def _work(self, claim: Claim) -> None:
        account, _, check_id = claim.tick.key.partition("/")
        check = self._service.by_id(account, check_id)
        if check is None or not check.enabled:
            return
        try:
            self.run(check)
        except Exception as error:  # noqa: BLE001 - stored with the work, and tried again
            _log.warning("check %s of %s was not stored", check.name, account, exc_info=error)
            claim.fail(error)


def points_of(check: Synthetic, result: RunResult) -> list[MetricPoint]:
    """Return the metric points that tell of a run."""
    labels = {"check": check.name}
    if check.spec.service:
        labels["service"] = check.spec.service
    moment: datetime = result.time
    points = [
        MetricPoint("vedette.synthetic.success", float(result.passed), "1", labels, moment),
        MetricPoint("vedette.synthetic.duration", result.duration_ms, "ms", labels, moment),
    ]
    if result.certificate_days is not None:
        days = result.certificate_days
        points.append(MetricPoint("vedette.synthetic.tls_days", days, "d", labels, moment))
    return points
