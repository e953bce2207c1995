"""Metrics made from log events as these arrive: exactly once, in windows of the time they came in.

A window is first noted in the catalog, then written, then noted as done. A run that was cut off is
repeated with the same window: its points carry an id, and a day of which there are points of that id
is left out, as a day's points of one statement are written whole or not at all.
"""

from __future__ import annotations

import hashlib
import logging
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from vedette.core.errors import InvalidInputError, QueryLimitError
from vedette.core.time import now_ns
from vedette.store.catalog.models import DerivationRow
from vedette.store.warehouse import QueryLimits
from vedette.store.warehouse.base import Query
from vedette.telemetry.metric_filters import emf_sql
from vedette.telemetry.metric_filters.repository import MetricFilters
from vedette.telemetry.metric_filters.statements import Statements, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from typing import Any

    from vedette.core.settings import Settings
    from vedette.store.catalog import Catalog
    from vedette.store.warehouse import Warehouse
    from vedette.telemetry.metric_filters.model import MetricFilter

NAME = "log-metrics"
LONGEST_WINDOW = timedelta(minutes=5)
"""After a pause, what came in meanwhile is worked through in windows of this length."""
MINUTE_GRACE_MS = 5_000
"""A minute's default value is due so long after its end."""
SHORTEST_WINDOW_MS = 1_000
MAX_WINDOWS = 1_000
_MINUTE_MS = 60_000
_LIMITS = QueryLimits(rows=1_000_000_000, seconds=300.0, memory_bytes=1 << 30)
_SETTINGS = {
    "limit": 0,
    "max_result_rows": 0,
    # One block, and so one part a day and table: written whole or not at all.
    "max_threads": 1,
    "max_insert_threads": 1,
    "min_insert_block_size_rows": 1_000_000_000,
    "min_insert_block_size_bytes": 0,
    "max_partitions_per_insert_block": 0,
}
_STORED = """
SELECT DISTINCT toUInt32(toDate(TimeUnix)) AS Day FROM otel_metrics_gauge
WHERE BatchId = {batch:UInt64} AND ReceivedTime >= fromUnixTimestamp64Milli({to:Int64})
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run did.

    Attributes:
        windows: how many windows it worked through.
        through: events received before this moment are done, Unix milliseconds.
        failed: filters (account and name) that the engine refused, with the reason.

    """

    windows: int
    through: int
    failed: Mapping[str, str]


def _present() -> int:
    return now_ns() // 1_000_000


@contextmanager
def _writing() -> Iterator[int]:
    yield _present()


class LogMetrics:
    """Applies metric filters and the embedded metric format to new log events.

    One process at a time may run it; the scheduler's lease sees to that.

    Args:
        catalog: holds the filters and how far they were applied.
        warehouse: holds the events.
        settings: limits of event times.
        settled: returns the time of receipt, Unix milliseconds, before which everything is stored.
        writing: opens a commit of facts and yields their time of receipt, Unix milliseconds; both
            of ``Ingest``, where it runs in this process.
        lag: events received so short a time ago are left to the next run, where other processes
            store events, too.

    """

    def __init__(
        self,
        catalog: Catalog,
        warehouse: Warehouse,
        settings: Settings,
        *,
        settled: Callable[[], int] = _present,
        writing: Callable[[], AbstractContextManager[int]] = _writing,
        lag: timedelta = timedelta(0),
    ) -> None:
        self._catalog = catalog
        self._warehouse = warehouse
        self._settings = settings
        self._settled = settled
        self._lag = lag
        self._writing = writing
        self._filters = MetricFilters(catalog)

    def begin(self, now: datetime) -> None:
        """Note where an installation begins, if it is its first start; nothing is retroactive."""
        self._noted(self._end(now))

    def update(self, now: datetime) -> Progress:
        """Apply all filters to the events that came in since the last run, or since ``begin``."""
        end = self._end(now)
        through, pending = self._noted(end)
        windows = 0
        failed: dict[str, str] = {}
        if pending is not None:
            failed |= self._derive(through, pending, again=True)
            through, windows = self._done(pending), 1
        longest = int(LONGEST_WINDOW.total_seconds() * 1000)
        while through < end and windows < MAX_WINDOWS:
            until = min(through + longest, end)
            self._note(until)
            failed |= self._derive(through, until, again=False)
            through, windows = self._done(until), windows + 1
        return Progress(windows, through, failed)

    def _end(self, now: datetime) -> int:
        end = now - self._lag
        milliseconds = int(end.timestamp() * 1000)
        return min(milliseconds, self._settled())

    def _derive(self, start: int, end: int, *, again: bool) -> dict[str, str]:
        failed: dict[str, str] = {}
        self._write_emf(start, end, again=again)
        for account, filters in self._filters.enabled().items():
            try:
                self._write(account, filters, start, end, again=again)
            except InvalidInputError:
                failed |= self._write_each(account, filters, start, end, again=again)
        return failed

    def _write_each(
        self, account: str, filters: list[MetricFilter], start: int, end: int, *, again: bool
    ) -> dict[str, str]:
        """Apply filters one by one, where the engine refuses one of them after all."""
        failed: dict[str, str] = {}
        for one in filters:
            try:
                self._write(account, [one], start, end, again=again, part=one.id)
            except InvalidInputError as error:
                failed[f"{account}/{one.name}"] = error.message
                _log.warning("metric filter %s/%s failed: %s", account, one.name, error.message)
        return failed

    def _write(
        self,
        account: str,
        filters: list[MetricFilter],
        start: int,
        end: int,
        *,
        again: bool,
        part: str = "",
    ) -> None:
        statements = Statements(account, filters)
        grace = MINUTE_GRACE_MS
        window = Window(
            start=start,
            end=end,
            minute_start=(start - grace) // _MINUTE_MS * 60,
            minute_end=(end - grace) // _MINUTE_MS * 60,
            batch=_batch(account + part, start, end),
        )
        if again:
            window = replace(window, stored=self._stored(window.batch, end))
        closes = window.minute_end > window.minute_start
        parameters = statements.parameters(window)
        try:
            self._execute(statements.points(defaults=closes), parameters)
        except QueryLimitError:
            if end - start <= SHORTEST_WINDOW_MS:
                raise
            middle = (start + end) // 2
            self._write(account, filters, start, middle, again=True, part=part)
            self._write(account, filters, middle, end, again=True, part=part)
            return
        if statements.has_fields:
            self._execute(statements.rejected(), parameters)

    def _write_emf(self, start: int, end: int, *, again: bool) -> None:
        window = {"from": start, "to": end}
        if not self._warehouse.query(emf_sql.ANY, window, limits=_LIMITS).rows:
            return
        batch = _batch("", start, end)
        parameters = {
            **window,
            "oldest": end - int(self._settings.ingest_max_age_days * 86_400_000),
            "newest": end + int(self._settings.ingest_max_ahead_hours * 3_600_000),
            "batch": batch,
            "stored": list(self._stored(batch, end)) if again else [],
        }
        self._execute(emf_sql.POINTS, parameters)
        self._execute(emf_sql.REJECTED, parameters)

    def _execute(self, sql: str, parameters: Mapping[str, Any]) -> None:
        # What is written is derived from in its turn: rollups and the index of series.
        with self._writing() as received:
            stamped = {**parameters, "received": received}
            self._warehouse.fetch(Query(sql, stamped, _LIMITS, None, _SETTINGS), "Null")

    def _stored(self, batch: int, end: int) -> tuple[int, ...]:
        found = self._warehouse.query(_STORED, {"batch": batch, "to": end})
        return tuple(found["Day"])

    def _noted(self, end: int) -> tuple[int, int | None]:
        with self._catalog.operate() as connection:
            row = connection.execute(
                select(DerivationRow.through, DerivationRow.pending).where(
                    DerivationRow.name == NAME
                )
            ).first()
            if row is not None:
                return row.through, row.pending
            connection.execute(insert(DerivationRow).values(name=NAME, through=end, pending=None))
            return end, None

    def _note(self, until: int) -> None:
        with self._catalog.operate() as connection:
            connection.execute(
                update(DerivationRow).where(DerivationRow.name == NAME).values(pending=until)
            )

    def _done(self, until: int) -> int:
        with self._catalog.operate() as connection:
            connection.execute(
                update(DerivationRow)
                .where(DerivationRow.name == NAME)
                .values(through=until, pending=None)
            )
        return until


def _batch(account: str, start: int, end: int) -> int:
    digest = hashlib.blake2b(f"{NAME}\n{account}\n{start}\n{end}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1 or 1
