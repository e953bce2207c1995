"""Batches that clients resend: a batch id that was stored is acknowledged and not stored again.

The id of a stored batch is a column of its rows, so knowing it needs nothing but the rows
themselves; the memory of recent ids only saves the query.
"""

from __future__ import annotations

from collections import OrderedDict

from vedette.ingest.sources import SourceSpec
from vedette.store.warehouse import QueryLimits, Warehouse

REMEMBERED = 65_536
_LIMITS = QueryLimits(rows=1000, seconds=10.0)


class BatchMemory:
    """The most recent stored batches, by account, signal and id; used from one thread."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, str, int], None] = OrderedDict()

    def add(self, account: str, signal: str, batch_id: int) -> None:
        """Remember a batch, forgetting the oldest over the limit."""
        self._seen[account, signal, batch_id] = None
        if len(self._seen) > REMEMBERED:
            self._seen.popitem(last=False)

    def __contains__(self, key: tuple[str, str, int]) -> bool:
        return key in self._seen


def stored_days(
    warehouse: Warehouse, spec: SourceSpec, account: str, batch_id: int
) -> tuple[int, ...]:
    """Return which days of which fact tables hold rows of a batch, as ``Body.stored`` has them.

    A crash may come between two tables of a metrics batch, or between two days of any batch: each
    is written for itself.
    """
    stored: list[int] = []
    for number, table in enumerate(spec.stored):
        found = warehouse.query(
            f"SELECT DISTINCT toUInt32(toDate({_time_column(table)})) AS day FROM {table} "
            "WHERE Account = {account:String} AND BatchId = {batch_id:UInt64}",
            {"account": account, "batch_id": batch_id},
            limits=_LIMITS,
        )
        stored.extend((number << 32) + day for day in found["day"])
    return tuple(stored)


def _time_column(table: str) -> str:
    """Return the column that a fact table is partitioned by the day of."""
    return "TimeUnix" if table.startswith("otel_metrics") else "Timestamp"
