"""Retention that deletes: days kept by account and signal, and what is really there.

Whole days that no account keeps any longer are dropped as partitions, which costs nothing. Days
that some accounts keep longer than others lose the rows of the others by a lightweight delete.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from vedette.core.identity import check_account_name
from vedette.core.settings import Settings
from vedette.core.time import utc_now
from vedette.store.catalog import Catalog, Signal
from vedette.store.warehouse import QueryLimits, Warehouse

LEASE = "retention"
LEASE_TIME = timedelta(minutes=30)
_log = logging.getLogger(__name__)
_LIMITS = QueryLimits(rows=100_000, seconds=120.0)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A table that a signal's retention governs, its time column and the days of a partition."""

    table: str
    time: str
    partition_days: int = 1


_TABLES: Mapping[Signal, tuple[_Kept, ...]] = {
    Signal.LOGS: (_Kept("otel_logs", "TimestampTime"),),
    Signal.TRACES: (
        _Kept("otel_traces", "Timestamp"),
        _Kept("otel_traces_trace_id_ts", "Start"),
        _Kept("span_metrics_1m", "Minute"),
    ),
    Signal.METRICS: (
        _Kept("otel_metrics_gauge", "TimeUnix"),
        _Kept("otel_metrics_sum", "TimeUnix"),
        _Kept("otel_metrics_histogram", "TimeUnix"),
        _Kept("otel_metrics_exponential_histogram", "TimeUnix"),
        _Kept("otel_metrics_summary", "TimeUnix"),
        _Kept("metric_rollup_1m", "Time"),
        _Kept("metric_rollup_5m", "Time", 7),
        _Kept("slo_minutes", "Time"),
    ),
    Signal.ROLLUPS: (
        _Kept("metric_rollup_1h", "Time", 31),
        _Kept("data_profiles", "Start", 31),
        _Kept("data_results", "Start", 31),
        _Kept("kpi_values", "Time", 31),
        _Kept("slo_hours", "Time", 31),
        _Kept("synthetic_runs", "Time", 31),
        _Kept("lineage_events", "Timestamp"),
        _Kept("lineage_datasets", "Timestamp"),
        _Kept("metric_series", "Day", 31),
        _Kept("resources", "Hour", 31),
    ),
    Signal.PREDICTIONS: (
        _Kept("predictions", "Timestamp"),
        _Kept("prediction_labels", "Timestamp"),
        _Kept("data_samples", "Start", 31),
    ),
}
_FACETS = _Kept("attribute_values", "Bucket")
"""Keys and values of logs and traces: kept as long as the longer of the two."""

_PARTITIONS = """
SELECT DISTINCT partition
FROM system.parts
WHERE active AND database = currentDatabase() AND table = {table:String}
"""
_ACCOUNTS = "SELECT DISTINCT Account FROM {table} WHERE {time} < {{cutoff:DateTime64(9)}}"
_ACCOUNTS_AMONG = _ACCOUNTS + " AND Account IN {{accounts:Array(String)}}"
_HELD = """
SELECT Account AS account, count() AS records, min({time}) AS oldest, max({time}) AS newest
FROM {table}
WHERE Account = {{account:String}}
GROUP BY Account
"""
_BYTES = """
SELECT sum(bytes_on_disk) AS bytes, sum(rows) AS records
FROM system.parts
WHERE active AND database = currentDatabase() AND table IN {tables:Array(String)}
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What the store holds of one signal of one account.

    Attributes:
        signal: logs, traces, metrics or rollups.
        days: how long it is to be kept.
        records: rows there now, in the signal's first table.
        oldest: time of the oldest row, or None where there is none.
        newest: time of the newest row, or None.

    """

    signal: Signal
    days: float
    records: int
    oldest: str | None
    newest: str | None


class RetentionService:
    """Deletes what is past its time and says what is kept."""

    def __init__(self, warehouse: Warehouse, settings: Settings) -> None:
        self._warehouse = warehouse
        self._defaults = {
            Signal.LOGS: settings.retention_logs_days,
            Signal.TRACES: settings.retention_traces_days,
            Signal.METRICS: settings.retention_metrics_days,
            Signal.ROLLUPS: settings.retention_rollups_days,
            Signal.PREDICTIONS: settings.retention_predictions_days,
        }

    def enforce(
        self, by_account: Mapping[str, Mapping[Signal, float]], *, now: datetime | None = None
    ) -> int:
        """Delete what is past its time; return the number of statements that deleted something.

        Args:
            by_account: days by account and signal, where they differ from the defaults.
            now: another moment than the present, for tests.

        """
        now = now or utc_now()
        done = 0
        for signal, tables in _TABLES.items():
            days = {account: set_[signal] for account, set_ in by_account.items() if signal in set_}
            for table in tables:
                done += self._enforce_table(table, self._defaults[signal], days, now)
        longest = {
            account: max(self._days(set_, Signal.LOGS), self._days(set_, Signal.TRACES))
            for account, set_ in by_account.items()
        }
        default = max(self._defaults[Signal.LOGS], self._defaults[Signal.TRACES])
        return done + self._enforce_table(_FACETS, default, longest, now)

    def enforce_once(self, catalog: Catalog, holder: str) -> int | None:
        """Enforce every account's settings, unless another process is at it; then return None.

        Args:
            catalog: holds the settings and the lease.
            holder: who does it, unique over all processes.

        """
        if not catalog.leases.acquire(LEASE, holder, LEASE_TIME):
            return None
        try:
            return self.enforce(catalog.retention.all())
        finally:
            catalog.leases.release(LEASE, holder)

    def default(self, signal: Signal) -> float:
        """Return the days that a signal is kept where an account has not set its own."""
        return self._defaults[signal]

    def held(self, account: str, set_: Mapping[Signal, float]) -> list[Held]:
        """Return what the store really holds of an account, signal by signal."""
        report = []
        for signal, tables in _TABLES.items():
            first = tables[0]
            rows = self._warehouse.query(
                _HELD.format(table=first.table, time=first.time),
                {"account": account},
                limits=_LIMITS,
            ).records()
            row: dict[str, Any] = (
                rows[0] if rows else {"records": 0, "oldest": None, "newest": None}
            )
            report.append(
                Held(signal, self._days(set_, signal), row["records"], row["oldest"], row["newest"])
            )
        return report

    def disk_usage(self) -> dict[Signal, dict[str, int]]:
        """Return compressed bytes and rows on disk by signal, over all accounts."""
        usage = {}
        for signal, tables in _TABLES.items():
            names = [table.table for table in tables]
            usage[signal] = self._warehouse.query(_BYTES, {"tables": names}).records()[0]
        return usage

    def _days(self, set_: Mapping[Signal, float], signal: Signal) -> float:
        return set_.get(signal, self._defaults[signal])

    def _enforce_table(
        self, kept: _Kept, default: float, by_account: Mapping[str, float], now: datetime
    ) -> int:
        longest = now - timedelta(days=max([default, *by_account.values()]))
        done = self._drop_partitions(kept, longest)
        shortest = min([default, *by_account.values()])
        candidates = self._warehouse.query(
            _ACCOUNTS.format(table=kept.table, time=kept.time),
            {"cutoff": now - timedelta(days=shortest)},
            limits=_LIMITS,
        )
        cutoffs: dict[float, list[str]] = {}
        for account in candidates["Account"]:
            cutoffs.setdefault(by_account.get(account, default), []).append(account)
        for days, accounts in cutoffs.items():
            done += self._delete_rows(kept, accounts, now - timedelta(days=days))
        return done

    def _drop_partitions(self, kept: _Kept, before: datetime) -> int:
        """Drop partitions whose newest possible row is older than ``before``."""
        partitions = self._warehouse.query(
            _PARTITIONS, {"table": self._local(kept.table)}, limits=_LIMITS
        )
        done = 0
        for partition in partitions["partition"]:
            first_day = datetime.fromisoformat(partition).replace(tzinfo=before.tzinfo)
            if first_day + timedelta(days=kept.partition_days) <= before:
                self._warehouse.execute(
                    f"ALTER TABLE {self._local(kept.table)} {self._on_cluster()} "
                    f"DROP PARTITION '{first_day.date().isoformat()}'"
                )
                _log.info("retention dropped %s of %s", partition, kept.table)
                done += 1
        return done

    def _delete_rows(self, kept: _Kept, accounts: Sequence[str], before: datetime) -> int:
        """Delete what these accounts have from before then, by one statement."""
        found = self._warehouse.query(
            _ACCOUNTS_AMONG.format(table=kept.table, time=kept.time),
            {"accounts": accounts, "cutoff": before},
            limits=_LIMITS,
        )["Account"]
        if not found:
            return 0
        # Account names are checked to be letters, digits and hyphens; a DELETE takes no parameters
        # over every transport.
        names = ", ".join(f"'{check_account_name(account)}'" for account in sorted(found))
        self._warehouse.execute(
            f"DELETE FROM {self._local(kept.table)} {self._on_cluster()} "
            f"WHERE Account IN ({names}) "
            f"AND {kept.time} < fromUnixTimestamp64Micro({int(before.timestamp() * 1_000_000)})"
        )
        _log.info("retention deleted rows of %s in %s before %s", names, kept.table, before)
        return 1

    def _local(self, table: str) -> str:
        return f"{table}_local" if self._warehouse.cluster else table

    def _on_cluster(self) -> str:
        return f"ON CLUSTER '{self._warehouse.cluster}'" if self._warehouse.cluster else ""
