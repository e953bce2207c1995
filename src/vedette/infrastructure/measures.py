"""When storage is full, as metrics: alarms, bands and dashboards read them like others."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from vedette.core.time import TimeRange
from vedette.infrastructure.storage import Store, read_stores
from vedette.infrastructure.storage_sql import METRICS
from vedette.statistics.exhaustion import MAX_DAYS
from vedette.store.warehouse import QueryLimits, Warehouse
from vedette.telemetry.emit import MetricPoint

if TYPE_CHECKING:
    from vedette.query import QueryRunner

DAYS = "vedette.storage.days_until_full"
"""Days until full by ``host``, ``name`` and ``kind``; 3650 where it does not fill up within ten years."""
GROWTH = "vedette.storage.growth"
"""Growth a day, in bytes or, where only shares are reported, in shares (``unit`` is a label)."""
UTILIZATION = "vedette.storage.utilization"
SIZE, LIMIT = "vedette.store.size", "vedette.store.limit"
"""What an account has in Vedette's own store, and what its quota lets it have."""
HISTORY = timedelta(days=14)
_LIMITS = QueryLimits(rows=100_000, seconds=30.0)
_ACCOUNTS = """
SELECT DISTINCT Account AS account FROM metric_series
WHERE MetricName IN {metrics:Array(String)} AND Day >= toDate({since:DateTime64(9, 'UTC')})
"""


def accounts_with_storage(warehouse: Warehouse, now: datetime) -> list[str]:
    """Return the accounts that sent metrics of storage since yesterday."""
    params = {
        "metrics": list(METRICS), "since": (now - timedelta(days=1)).strftime("%Y-%m-%d %H:%M:%S"),
    }  # fmt: skip
    found = warehouse.query(_ACCOUNTS, params, limits=_LIMITS)
    return sorted(found["account"])


def storage_points(runner: QueryRunner, account: str, now: datetime) -> list[MetricPoint]:
    """Return the points of an account's storage that reports at present."""
    _, stores = read_stores(runner, account, TimeRange(now - HISTORY, now))
    return [point for store in stores if store.reporting for point in _points(store)]


def _points(store: Store) -> list[MetricPoint]:
    labels = {"host": store.host, "name": store.name, "kind": store.kind}
    points = []
    if store.utilization is not None:
        points.append(MetricPoint(UTILIZATION, store.utilization, "1", labels))
    outlook = store.outlook
    if outlook.per_day is not None:
        points.append(MetricPoint(GROWTH, outlook.per_day, "", {**labels, "unit": store.unit}))
    if outlook.state in {"full", "growing", "not_growing"}:
        days = outlook.days if outlook.days is not None else MAX_DAYS
        points.append(MetricPoint(DAYS, days, "d", labels))
    return points


def own_points(size: int, limit: float | None) -> list[MetricPoint]:
    """Return the points of an account's part of Vedette's own store."""
    points = [MetricPoint(SIZE, float(size), "By")]
    if limit:
        points.append(MetricPoint(LIMIT, limit, "By"))
    return points
