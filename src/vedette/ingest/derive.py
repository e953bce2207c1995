"""Derives rollups, indexes and facets from committed facts, each record exactly once.

Windows of the time of receipt follow one another. A window is written down before it is derived,
and each derived row names its window, so that what a crash interrupted is finished afterwards: a
table's partition either holds a window's rows or none of them. See ADR 0012.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from vedette.core.errors import StoreError
from vedette.core.time import now_ns
from vedette.ingest.derivations import DERIVATIONS, FACTS, Derivation, Window
from vedette.store.warehouse import QueryLimits, Warehouse

MOST_RECORDS = 1_000_000
"""A window is halved while it holds more, which bounds the memory of deriving it."""
_LIMITS = QueryLimits(rows=10_000, seconds=60.0)
_COUNTS = " UNION ALL ".join(
    f"SELECT '{table}' AS name, toUInt64(count()) AS records, "
    f"toUnixTimestamp64Milli(min(ReceivedTime)) AS oldest FROM {table} WHERE {{window}}"
    for table in FACTS
)
_STATE = """
SELECT toUnixTimestamp64Milli(FromTime) AS start, toUnixTimestamp64Milli(UpTo) AS to, Version AS version
FROM derivation
ORDER BY Version DESC
LIMIT 1
"""
# One block, so that a partition's share of a window is one part, which is there or not.
_INSERT = (
    "SETTINGS max_threads = 1, max_insert_threads = 1, max_block_size = 8192, "
    "min_insert_block_size_rows = 1000000000, min_insert_block_size_bytes = 0, "
    "max_partitions_per_insert_block = 0, max_execution_time = 100, "
    "optimize_on_insert = 1, insert_distributed_sync = 1"
)
_one_at_a_time = threading.Lock()
_log = logging.getLogger(__name__)


@contextmanager
def deriving_paused() -> Iterator[None]:
    """Let this process derive nothing meanwhile: so that a backup's tables fit one another."""
    with _one_at_a_time:
        yield


class CommitClock:
    """Stamps commits, and knows before which time all that was stamped is committed.

    Stamps never lie before a time that ``settled`` has named, whatever the system's clock does.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running: dict[int, int] = {}
        self._next = 0
        self._floor = 0

    def begin(self) -> tuple[int, int]:
        """Return a commit's number, to end it by, and its stamp in nanoseconds since the epoch."""
        with self._lock:
            self._next += 1
            stamp = max(now_ns(), self._floor)
            self._running[self._next] = stamp
            return self._next, stamp

    def end(self, number: int) -> None:
        """Say that a commit has returned."""
        with self._lock:
            del self._running[number]

    def settled(self) -> int:
        """Return the time in ms before which no commit is running and none will be stamped."""
        with self._lock:
            oldest = min(self._running.values(), default=max(now_ns(), self._floor))
            settled = oldest // 1_000_000
            self._floor = max(self._floor, settled * 1_000_000)
            return settled

    def not_before(self, milliseconds: int) -> None:
        """Stamp nothing before this time."""
        with self._lock:
            self._floor = max(self._floor, milliseconds * 1_000_000)


class Deriver:
    """Keeps the derived tables up to date; blocks its thread, one run at a time in a process.

    Args:
        warehouse: the store.
        clock: which of this process's commits have returned.
        lag_seconds: how old a record must be at least where others write to the store as well.
        lead: whether this process is the one to derive; asked before every statement.

    """

    def __init__(
        self,
        warehouse: Warehouse,
        clock: CommitClock,
        *,
        lag_seconds: float = 0.0,
        lead: Callable[[], bool] = lambda: True,
    ) -> None:
        self._warehouse = warehouse
        self._clock = clock
        self._lag_ms = int(lag_seconds * 1000)
        self._lead = lead
        self._local = "_local" if warehouse.cluster else ""

    def run(self) -> int:
        """Derive everything that is committed; return the number of records it was.

        Raises:
            VedetteError: the store failed; the next run begins with what is left half done.

        """
        with _one_at_a_time:
            if not self._lead():
                return 0
            to = self._clock.settled() - self._lag_ms
            start, version = self._finish_interrupted()
            self._clock.not_before(start)
            done = 0
            while start < to:
                window, counts = self._next(start, to)
                records = sum(counts.values())
                if records:
                    version += 1
                    self._write_state(window.start, window.to, version)
                    self._derive(window, counts)
                    done += records
                start = window.to
            if done:
                self._write_state(start, start, version + 1)
            return done

    def _finish_interrupted(self) -> tuple[int, int]:
        """Finish the window that a crash or an error cut short; return where to go on."""
        found = self._warehouse.query(_STATE, limits=_LIMITS).records()
        if not found:
            return 0, 0
        start, to, version = (int(found[0][name]) for name in ("start", "to", "version"))
        if start < to:
            _log.info("deriving again what was interrupted: %d ms from %d", to - start, start)
            window = Window(start, to)
            self._derive(window, self._counts(window)[0], again=True)
            version += 1
            self._write_state(to, to, version)
        return to, version

    def _next(self, start: int, to: int) -> tuple[Window, dict[str, int]]:
        """Return the next window and its records by table."""
        window = Window(start, to)
        counts, oldest = self._counts(window)
        while sum(counts.values()) > MOST_RECORDS and window.to - max(oldest, window.start) > 1:
            middle = max(oldest, window.start) + (window.to - max(oldest, window.start)) // 2
            window = Window(start, middle)
            counts, oldest = self._counts(window)
        return window, counts

    def _counts(self, window: Window) -> tuple[dict[str, int], int]:
        rows = self._warehouse.query(
            _COUNTS.format(window=window.condition), limits=_LIMITS
        ).records()
        counts = {row["name"]: int(row["records"]) for row in rows}
        oldest = [int(row["oldest"]) for row in rows if row["records"]]
        return counts, min(oldest, default=window.to)

    def _derive(self, window: Window, counts: dict[str, int], *, again: bool = False) -> None:
        for derivation in DERIVATIONS:
            if not any(counts.get(source) for source in derivation.sources):
                continue
            without = self._partitions_with(derivation, window) if again else []
            sql = derivation.statement(window, counts=counts, local=self._local, without=without)
            if not self._lead():
                raise StoreError("another process derives now")
            self._warehouse.execute(f"{sql} {_INSERT}")

    def _partitions_with(self, derivation: Derivation, window: Window) -> list[str]:
        """Return the partitions of a derived table that hold the window already."""
        found = self._warehouse.query(
            f"SELECT DISTINCT toString({derivation.partition}) AS name FROM {derivation.target} "
            f"WHERE DerivedUpTo >= fromUnixTimestamp64Milli({window.to})",
            limits=_LIMITS,
        )
        return list(found["name"])

    def _write_state(self, start: int, to: int, version: int) -> None:
        self._warehouse.execute(
            "INSERT INTO derivation (Id, FromTime, UpTo, Version) "
            f"SELECT 0, fromUnixTimestamp64Milli({start}), fromUnixTimestamp64Milli({to}), {version} "
            "SETTINGS insert_distributed_sync = 1"
        )
