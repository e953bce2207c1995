"""Latency over time: counts by time and duration, and single spans to click on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.telemetry.buckets import bucket_seconds
from vedette.telemetry.traces.filters import SpanFilter, where

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner
    from vedette.store.warehouse import Columns

MAX_TIMES = 300
BUCKETS_PER_DOUBLING = 2
MAX_SCATTER = 2000

_HEATMAP = """
SELECT
    toInt64(intDiv(toUnixTimestamp(Timestamp), {{step:UInt32}})) * {{step:UInt32}} AS time,
    toUInt16(log2(Duration + 1) * {{fine:UInt8}}) AS bucket,
    count() AS count,
    countIf(StatusCode = 'Error') AS errors
FROM @otel_traces
WHERE {where}
GROUP BY time, bucket
ORDER BY time, bucket
"""
# Half of the points are the longest spans, which one looks for; the other half, by the hash of the
# span, is a fair and repeatable sample of the rest.
_SCATTER = """
SELECT toUnixTimestamp64Nano(Timestamp) AS time_ns, Duration AS duration_ns, TraceId AS trace_id,
    SpanId AS span_id, ServiceName AS service_name, SpanName AS name, StatusCode AS status
FROM @otel_traces
WHERE {where} AND SpanHash IN (
    SELECT arrayJoin(arrayConcat(longest, sampled)) FROM (
        SELECT groupArraySorted({half})((-toInt64(Duration), SpanHash)).2 AS longest,
            groupArraySorted({half})((cityHash64(SpanHash), SpanHash)).2 AS sampled
        FROM @otel_traces WHERE {where}))
ORDER BY Timestamp, SpanHash
LIMIT {{limit:UInt32}}
"""


@dataclass(frozen=True, slots=True)
class Heatmap:
    """Counts by time and duration; cells without spans are left out.

    Attributes:
        step: width of a time bucket in seconds.
        cells: ``time`` (Unix seconds), ``bucket``, ``count``, ``errors``; bucket ``b`` holds
            durations from ``2**(b/2) - 1`` ns to the next one's.

    """

    step: int
    cells: Columns


def latency_heatmap(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter,
    *,
    points: int = 60,
    query_id: str | None = None,
) -> Heatmap:
    """Return how many spans took how long when; at most ``MAX_TIMES`` by 128 cells."""
    if not 1 <= points <= MAX_TIMES:
        raise InvalidInputError(
            f"{points} is not a number of points", field="points", remedy=f"give 1 to {MAX_TIMES}"
        )
    condition = where(span_filter, time_range)
    step = bucket_seconds(time_range, points)
    params = {**condition.params, "step": step, "fine": BUCKETS_PER_DOUBLING}
    cells = runner.run(account, _HEATMAP.format(where=condition.sql), params, query_id=query_id)
    return Heatmap(step, cells)


def latency_scatter(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter,
    *,
    limit: int = 1000,
    query_id: str | None = None,
) -> Columns:
    """Return single spans as points: all, or of many the longest ones and a sample of the rest.

    Columns: ``time_ns`` (Unix), ``duration_ns``, ``trace_id``, ``span_id``, ``service_name``,
    ``name``, ``status``. At most ``limit`` points, up to ``MAX_SCATTER``.
    """
    if not 2 <= limit <= MAX_SCATTER:  # noqa: PLR2004 - one of each half at least
        raise InvalidInputError(
            f"{limit} is not a number of points", field="limit", remedy=f"give 2 to {MAX_SCATTER}"
        )
    condition = where(span_filter, time_range)
    statement = _SCATTER.format(where=condition.sql, half=limit // 2)
    return runner.run(account, statement, {**condition.params, "limit": limit}, query_id=query_id)
