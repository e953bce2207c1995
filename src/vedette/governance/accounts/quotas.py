"""Quotas, and the usage that they are compared with.

Ingest asks for every body whether its account may send more: two look-ups in memory. What was used goes
to the catalog every few seconds, and what other processes used comes back with it, so a quota may be
exceeded by what all processes take in between.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import isfinite

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from vedette.core.errors import InvalidInputError, OverloadedError
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.accounts import find_account
from vedette.store.catalog.organisation_models import QuotaRow, UsageRow
from vedette.store.warehouse import QueryLimits, Warehouse

_SERIES = """
SELECT Account AS account, uniq(SeriesId) AS series
FROM metric_series WHERE Day = toDate({day:String}) GROUP BY account
"""
_ROWS = "SELECT Account AS account, count() AS records FROM {table} GROUP BY account"
_SIZES = """
SELECT table, sum(bytes_on_disk) AS bytes FROM system.parts
WHERE active AND database = currentDatabase() AND table IN {tables:Array(String)} GROUP BY table
"""
STORED = (
    "otel_logs", "otel_traces", "otel_metrics_gauge", "otel_metrics_sum", "otel_metrics_histogram",
    "metric_rollup_1m", "metric_rollup_1h", "predictions",
)  # fmt: skip
"""Tables whose size is shared out: together nearly everything that is stored."""
_LIMITS = QueryLimits(rows=100_000, seconds=60.0)


class Quota(StrEnum):
    """What can be limited."""

    INGEST_BYTES = "ingest_bytes_per_day"
    INGEST_REQUESTS = "ingest_requests_per_day"
    SERIES = "series"
    STORAGE_BYTES = "storage_bytes"
    KEYS = "keys"


@dataclass(slots=True)
class Used:
    """What an account used today."""

    bytes: int = 0
    requests: int = 0
    refused: int = 0
    series: int = 0
    storage: int = 0


@dataclass(frozen=True, slots=True)
class DayUsage:
    """What an account used on one day."""

    account: str
    day: str
    ingest_bytes: int
    ingest_requests: int
    refused_requests: int
    series: int
    storage_bytes: int


class Quotas:
    """Repository of quotas and usage, and the guard that ingest asks. Thread-safe."""

    def __init__(self, catalog: Catalog, warehouse: Warehouse) -> None:
        self._catalog = catalog
        self._warehouse = warehouse
        self._lock = threading.Lock()
        self._limits: dict[str, dict[Quota, float]] = {}
        self._used: dict[str, Used] = {}
        self._new: dict[str, Used] = {}
        self._day = _day(catalog.clock.now())

    def set(self, actor: Actor, account: str, limits: Mapping[Quota, float | None]) -> None:
        """Set limits of an account; None takes one away."""
        for quota, limit in limits.items():
            if limit is not None and not (isfinite(limit) and limit >= 0):
                raise InvalidInputError(
                    f"{limit} is no limit", field=quota, remedy="give a number from 0, or null"
                )
        with self._catalog.change(
            actor,
            "SetQuotas",
            account=account,
            request={str(name): limit for name, limit in limits.items()},
            source="vedette.organisation",
        ) as change:
            find_account(change.session, account)
            for quota, limit in limits.items():
                row = change.session.get(QuotaRow, (account, quota.value))
                if limit is None and row is not None:
                    change.session.delete(row)
                elif limit is not None:
                    change.session.merge(QuotaRow(account=account, name=quota.value, limit=limit))
        self._load()

    def of(self, account: str) -> dict[Quota, float]:
        """Return an account's limits."""
        query = select(QuotaRow).where(QuotaRow.account == account)
        with self._catalog.read() as session:
            return {Quota(row.name): row.limit for row in session.scalars(query)}

    def check(self, account: str, size: int) -> None:
        """Admit a body of ``size`` bytes, or raise ``OverloadedError`` (429)."""
        new = self._new.get(account)
        if new is None:
            with self._lock:
                new = self._new.setdefault(account, Used())
        limits = self._limits.get(account)
        if limits:
            self._refuse(limits, self._used.get(account) or Used(), new, size)
        new.bytes += size
        new.requests += 1

    def _refuse(self, limits: Mapping[Quota, float], used: Used, new: Used, size: int) -> None:
        values = {
            Quota.INGEST_BYTES: used.bytes + new.bytes + size,
            Quota.INGEST_REQUESTS: used.requests + new.requests + 1,
            Quota.SERIES: used.series,
            Quota.STORAGE_BYTES: used.storage,
        }
        for quota, value in values.items():
            limit = limits.get(quota)
            if limit is None or value <= limit:
                continue
            new.refused += 1
            daily = quota in {Quota.INGEST_BYTES, Quota.INGEST_REQUESTS}
            raise OverloadedError(
                f"the account has used up its quota {quota}: {limit:,.0f}",
                retry_after=self._until_tomorrow() if daily else 3600,
                remedy="send less, or ask an admin of the installation for more",
            )

    def _until_tomorrow(self) -> int:
        now = self._catalog.clock.now().astimezone(UTC)
        tomorrow = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        return max(1, int((tomorrow - now).total_seconds()))

    def flush(self) -> None:
        """Add what was used since to the catalog, and read what everyone used today."""
        day = _day(self._catalog.clock.now())
        with self._lock:
            new, self._new = self._new, {}
        rows = [
            {
                "account": account, "day": self._day, "ingest_bytes": used.bytes,
                "ingest_requests": used.requests, "refused_requests": used.refused,
                "series": 0, "storage_bytes": 0,
            }
            for account, used in new.items()
            if used.requests or used.refused
        ]  # fmt: skip
        if rows:
            self._add(rows)
        self._day = day
        self._load()

    def _add(self, rows: list[dict[str, object]]) -> None:
        insert = sqlite.insert if self._catalog.dialect == "sqlite" else postgresql.insert
        with self._catalog.operate() as connection:
            for row in rows:
                statement = insert(UsageRow).values(row)
                added = {
                    name: getattr(UsageRow, name) + statement.excluded[name]
                    for name in ("ingest_bytes", "ingest_requests", "refused_requests")
                }
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=[UsageRow.account, UsageRow.day], set_=added
                    )
                )

    def _load(self) -> None:
        with self._catalog.read() as session:
            quotas = session.scalars(select(QuotaRow)).all()
            usage = session.scalars(select(UsageRow).where(UsageRow.day == self._day)).all()
        limits: dict[str, dict[Quota, float]] = {}
        for row in quotas:
            limits.setdefault(row.account, {})[Quota(row.name)] = row.limit
        self._limits = limits
        self._used = {
            row.account: Used(
                row.ingest_bytes, row.ingest_requests, 0, row.series, row.storage_bytes
            )
            for row in usage
        }

    def measure(self) -> None:
        """Measure series and storage of every account, which no request tells."""
        day = _day(self._catalog.clock.now())
        series = self._warehouse.query(_SERIES, {"day": day}, limits=_LIMITS)
        storage = self._shared_out()
        found = dict(zip(series["account"], series["series"], strict=True))
        insert = sqlite.insert if self._catalog.dialect == "sqlite" else postgresql.insert
        with self._catalog.operate() as connection:
            for account in sorted(found.keys() | storage.keys()):
                measured = {
                    "series": found.get(account, 0), "storage_bytes": storage.get(account, 0),
                }  # fmt: skip
                statement = insert(UsageRow).values(
                    account=account, day=day, ingest_bytes=0, ingest_requests=0,
                    refused_requests=0, **measured,
                )  # fmt: skip
                connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=[UsageRow.account, UsageRow.day], set_=measured
                    )
                )
        self._load()

    def _shared_out(self) -> dict[str, int]:
        """Return each account's part of the bytes on disk: by its part of each table's rows."""
        local = {f"{name}_local" if self._warehouse.cluster else name: name for name in STORED}
        sizes = self._warehouse.query(_SIZES, {"tables": sorted(local)}, limits=_LIMITS)
        parts: dict[str, float] = {}
        for name, size in zip(sizes["table"], sizes["bytes"], strict=True):
            rows = self._warehouse.query(_ROWS.format(table=local[name]), limits=_LIMITS)
            total = sum(rows["records"]) or 1
            for account, count in zip(rows["account"], rows["records"], strict=True):
                parts[account] = parts.get(account, 0.0) + size * count / total
        return {account: round(size) for account, size in parts.items()}

    def usage(self, accounts: list[str] | None, *, since: str, until: str) -> list[DayUsage]:
        """Return usage by account and day, of days from ``since`` to ``until``, both included."""
        query = select(UsageRow).where(UsageRow.day >= since, UsageRow.day <= until)
        if accounts is not None:
            query = query.where(UsageRow.account.in_(accounts))
        query = query.order_by(UsageRow.account, UsageRow.day).limit(100_000)
        with self._catalog.read() as session:
            return [
                DayUsage(
                    row.account, row.day, row.ingest_bytes, row.ingest_requests,
                    row.refused_requests, row.series, row.storage_bytes,
                )
                for row in session.scalars(query)
            ]  # fmt: skip


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()
