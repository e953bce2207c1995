"""Batches that clients resend: a batch id that was stored is acknowledged and not stored again.

The id of a stored batch is a column of its rows, so knowing it needs nothing but the rows
themselves; the memory of recent ids only saves the query.
"""

from __future__ import annotations

from collections import OrderedDict

from vedette.ingest.sources import SourceSpec
from vedette.store.warehouse import QueryLimits, Warehouse

REMEMBERED = 65_536
_LIMITS = QueryLimits(rows=1, seconds=10.0)


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


def stored_tables(warehouse: Warehouse, spec: SourceSpec, account: str, batch_id: int) -> int:
    """Return which of the source's fact tables hold rows of a batch, as a bit set."""
    stored = 0
    for bit, table in enumerate(spec.stored):
        found = warehouse.query(
            f"SELECT 1 AS found FROM {table} WHERE Account = {{account:String}} "
            "AND BatchId = {batch_id:UInt64} LIMIT 1",
            {"account": account, "batch_id": batch_id},
            limits=_LIMITS,
        )
        stored |= bool(found.rows) << bit
    return stored
