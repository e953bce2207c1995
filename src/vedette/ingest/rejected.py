"""Bodies that were refused whole, kept with the reason; bounded, and never in the way of ingest."""

from __future__ import annotations

import logging
from collections import deque
from dataclasses import dataclass, field

import orjson

from vedette.core.errors import VedetteError
from vedette.ingest.envelope import Body
from vedette.store.warehouse import QueryLimits, Warehouse

KEPT = 256
SAMPLE_BYTES = 4096
_LIMITS = QueryLimits(rows=10_000, seconds=5.0)
_COUNTS = """
SELECT
    RequestId, Reason, sum(rejected.Count) AS Count,
    arraySort(groupArrayArray(rejected.Lines)) AS Lines
FROM rejected
WHERE ReceivedTime >= fromUnixTimestamp64Milli({oldest:Int64}) AND RequestId IN {ids:Array(UInt64)}
GROUP BY RequestId, Reason
ORDER BY RequestId, Reason
"""
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Rejections:
    """The rejected records of one request.

    Attributes:
        counts: reason to number of records.
        lines: reason to the numbers of the lines they stood in, from 1, where the body is lines.

    """

    counts: dict[str, int] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)


class RejectedBodies:
    """Collects refused bodies until the next flush; over ``KEPT`` the oldest are only counted."""

    def __init__(self, warehouse: Warehouse) -> None:
        self._warehouse = warehouse
        self._rows: deque[bytes] = deque(maxlen=KEPT)
        self.total = 0

    def add(self, body: Body, signal: str, reason: str) -> None:
        """Keep a refused body's beginning and why it was refused."""
        self.total += 1
        sample = body.data[:SAMPLE_BYTES].decode("utf-8", errors="backslashreplace")
        row = {
            "Account": body.account,
            "ReceivedTime": body.received // 1_000_000 / 1000,
            "RequestId": body.request_id,
            "Signal": signal,
            "Reason": reason,
            "Count": 1,
            "Sample": sample,
        }
        self._rows.append(orjson.dumps(row) + b"\n")

    def flush(self) -> None:
        """Write what was collected; a failure is logged, the rows are given up."""
        rows = []
        while self._rows:
            rows.append(self._rows.popleft())
        if not rows:
            return
        try:
            self._warehouse.insert("rejected", rows, "JSONEachRow", {})
        except VedetteError as error:
            _log.warning("%d rejected bodies were not kept: %s", len(rows), error)


def rejected_records(warehouse: Warehouse, bodies: list[Body]) -> dict[int, Rejections]:
    """Return, by request id, which records of a committed group were rejected for which reason."""
    answer = warehouse.query(
        _COUNTS,
        {
            "oldest": min(body.received for body in bodies) // 1_000_000,
            "ids": [body.request_id for body in bodies],
        },
        limits=_LIMITS,
    )
    found: dict[int, Rejections] = {}
    for record in answer.records():
        rejections = found.setdefault(record["RequestId"], Rejections())
        rejections.counts[record["Reason"]] = record["Count"]
        if record["Lines"]:
            rejections.lines[record["Reason"]] = record["Lines"]
    return found
