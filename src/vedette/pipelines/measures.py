"""Metrics of pipelines: what runs that ended moved and took, freshness and lateness.

They are gauges like any other, so that charts, bands and alarms on them need nothing special. The
window that a run is told in follows from when its end was received alone, so that telling it again
after a crash is the same batch, which is stored once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import insert, select, update

from vedette.pipelines.expectations import PipelineExpectations, standing
from vedette.pipelines.statements import ACTIVE_ACCOUNTS, ENDED_RUNS, LAST_RUNS, WRITTEN
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.store.catalog.models import AccountRow
from vedette.store.catalog.pipeline_models import PipelineProgressRow, PipelineRow
from vedette.store.warehouse import Warehouse
from vedette.telemetry.emit import MetricPoint
from vedette.telemetry.ranges import engine_time

SCOPE = "vedette.pipelines"
WINDOW = timedelta(seconds=10)
LOOKBACK = timedelta(days=30)
"""How far back the last success of a pipeline is looked for."""
MAX_RUNS = 10_000
MAX_SERIES = 1_000
_CHUNK = 500
EVERY = timedelta(seconds=60)
"""How often freshness and lateness are told."""
_PER_RUN = (
    ("duration", "seconds", "s"),
    ("rows.in", "rows_in", "{row}"),
    ("rows.out", "rows_out", "{row}"),
    ("bytes.in", "bytes_in", "By"),
    ("bytes.out", "bytes_out", "By"),
    ("throughput.rows", "rows_per_second", "{row}/s"),
    ("throughput.bytes", "bytes_per_second", "By/s"),
)

Emit = Callable[[str, Sequence[MetricPoint], str, int], None]
"""Stores points of an account under a batch's name; the last is which attempt it is."""


@dataclass(slots=True)
class _Last:
    """The newest of what an account's pipelines and datasets did, as far as it was read."""

    read_up_to: datetime | None = None
    stale: bool = True
    told: datetime | None = None
    jobs: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    datasets: dict[str, datetime] = field(default_factory=dict)


class PipelineMetrics:
    """Tells the metrics of every account. Used by one thread at a time.

    Args:
        catalog: the accounts, what is expected, how far it was told.
        warehouse: tells whose runs sent anything, so that nothing is asked for all others.
        runner: reads runs.
        emit: stores points.
        settled: milliseconds since the epoch before which everything received is stored.

    """

    def __init__(
        self,
        catalog: Catalog,
        warehouse: Warehouse,
        runner: QueryRunner,
        emit: Emit,
        settled: Callable[[], int],
    ) -> None:
        self._catalog = catalog
        self._warehouse = warehouse
        self._runner = runner
        self._emit = emit
        self._settled = settled
        self._last: dict[str, _Last] = {}
        self._known: set[str] | None = None

    def update(self) -> int:
        """Tell what ended since the last time; return the number of points."""
        settled = datetime.fromtimestamp(self._settled() / 1000, UTC)
        up_to = _floor(settled)
        with self._catalog.read() as session:
            accounts = list(session.scalars(select(AccountRow.name).order_by(AccountRow.name)))
            progress = {
                row.account: row.up_to for row in session.scalars(select(PipelineProgressRow))
            }
            expecting = set(session.scalars(select(PipelineRow.account).distinct()))
        moved, known = self._moved(up_to, progress)
        self._begin([one for one in accounts if one not in progress], up_to)
        told, quiet = 0, []
        for account in accounts:
            start = progress.get(account, up_to)
            if account in moved and start < up_to:
                told += self._ended(account, start, up_to)
                self._keep([account], up_to)
            elif start < up_to:
                quiet.append(account)
            if account in known or account in expecting:
                told += self._standing(account, up_to, moved=account in moved)
        self._keep(quiet, up_to)
        return told

    def _moved(
        self, up_to: datetime, progress: Mapping[str, datetime]
    ) -> tuple[set[str], set[str]]:
        """Return whose runs sent anything since the last time, and whose ever did."""
        start = min(progress.values(), default=up_to)
        if self._known is None:
            self._known = self._accounts(up_to - LOOKBACK)
        moved = self._accounts(start)
        self._known |= moved
        return moved, self._known

    def _accounts(self, start: datetime) -> set[str]:
        rows = self._warehouse.query(ACTIVE_ACCOUNTS, {"start": engine_time(start)}).records()
        return {row["account"] for row in rows}

    def _ended(self, account: str, start: datetime, up_to: datetime) -> int:
        rows = self._runner.run(
            account,
            ENDED_RUNS,
            {
                "start": engine_time(start - LOOKBACK),
                "end": engine_time(up_to + timedelta(days=1)),
                "from": engine_time(start),
                "to": engine_time(up_to),
                "limit": MAX_RUNS,
            },
            limits=self._runner.bulk_limits(MAX_RUNS),
        ).records()
        windows: dict[datetime, list[MetricPoint]] = {}
        for row in rows:
            points = windows.setdefault(_floor(_moment(row["received"])), [])
            points.extend(_points(row))
        first = account not in self._last
        for window, points in windows.items():
            # A process before this one may have told the window and ended before it said so.
            self._emit(account, points, f"pipelines {window.timestamp():.0f}", 2 if first else 1)
        return sum(len(points) for points in windows.values())

    def _standing(self, account: str, now: datetime, *, moved: bool) -> int:
        last = self._last.setdefault(account, _Last())
        last.stale = last.stale or moved
        if last.told is not None and now - last.told < EVERY:
            return 0
        if last.stale:
            self._read(account, last, now)
            last.stale = False
        expected = PipelineExpectations(self._catalog).of(account)
        names = [*expected, *(job for job in last.jobs if job not in expected)][:MAX_SERIES]
        points: list[MetricPoint] = []
        for name in names:
            known = last.jobs.get(name, {})
            found = standing(
                expected.get(name),
                last_status="",
                last_started=known.get("last_start"),
                last_success=known.get("last_success"),
                now=now,
            )
            labels = {"vedette.pipeline.name": name}
            if found.age is not None:
                points.append(
                    MetricPoint("vedette.pipeline.freshness", found.age, "s", labels, now)
                )
            if found.due is not None:
                late = found.lateness
                points.append(MetricPoint("vedette.pipeline.lateness", late, "s", labels, now))
        for dataset, written in list(last.datasets.items())[:MAX_SERIES]:
            labels = {"vedette.dataset.name": dataset}
            age = (now - written).total_seconds()
            points.append(MetricPoint("vedette.dataset.freshness", age, "s", labels, now))
        if points:
            self._emit(account, points, f"pipelines standing {now.timestamp():.0f}", 1)
        last.told = now
        return len(points)

    def _read(self, account: str, last: _Last, now: datetime) -> None:
        start = engine_time(last.read_up_to or now - LOOKBACK)
        params = {"start": start, "limit": MAX_SERIES}
        for row in self._runner.run(account, LAST_RUNS, params).records():
            before = last.jobs.get(row["job"], {})
            last.jobs[row["job"]] = {
                "last_success": _moment(row["last_success"])
                if int(row["successes"])
                else before.get("last_success"),
                "last_start": _moment(row["last_start"]) or before.get("last_start"),
            }
        for row in self._runner.run(account, WRITTEN, params).records():
            last.datasets[row["dataset"]] = _moment(row["last_written"])
        last.read_up_to = now - WINDOW

    def _begin(self, accounts: Sequence[str], up_to: datetime) -> None:
        if accounts:
            rows = [{"account": account, "up_to": up_to} for account in accounts]
            with self._catalog.operate() as connection:
                connection.execute(insert(PipelineProgressRow), rows)

    def _keep(self, accounts: Sequence[str], up_to: datetime) -> None:
        row = PipelineProgressRow
        for start in range(0, len(accounts), _CHUNK):
            chosen = row.account.in_(accounts[start : start + _CHUNK])
            with self._catalog.operate() as connection:
                connection.execute(update(row).where(chosen).values(up_to=up_to))


def _points(run: Mapping[str, Any]) -> Iterator[MetricPoint]:
    kind, labels = "pipeline", {"vedette.pipeline.name": run["job"]}
    if run["parent"]:
        kind = "task"
        labels = {"vedette.pipeline.name": run["parent"], "vedette.task.name": run["job"]}
    time = _moment(run["ended"])
    for name, column, unit in _PER_RUN:
        if run[column] is not None:
            yield MetricPoint(f"vedette.{kind}.{name}", float(run[column]), unit, labels, time)
    failed = float(run["status"] != "completed")
    yield MetricPoint(f"vedette.{kind}.failed", failed, "1", labels, time)
    retries = int(run["retries"] or 0) if kind == "pipeline" else int(run["attempt"] > 1)
    yield MetricPoint(f"vedette.{kind}.retries", float(retries), "{retry}", labels, time)


def _floor(moment: datetime) -> datetime:
    seconds = WINDOW.total_seconds()
    return datetime.fromtimestamp(moment.timestamp() // seconds * seconds, UTC)


def _moment(text: Any) -> Any:  # noqa: ANN401 - a moment of the engine, or none
    if text is None:
        return None
    found = datetime.fromisoformat(str(text)).replace(tzinfo=UTC)
    return found if found.timestamp() > 0 else None
