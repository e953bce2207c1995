"""When traces were, by their ids."""

from __future__ import annotations

FRESH_SECONDS = 60
"""Spans that came within so many seconds are looked for among the spans themselves: the index of
trace ids is derived some seconds after a span is stored (``ingest/derive.py``)."""


def extents(condition: str) -> str:
    """Return SQL for a subquery of ``Start`` and ``End``, second by second, of some traces.

    Args:
        condition: a condition on ``TraceId``.

    """
    return f"""(
    SELECT Start, End FROM @otel_traces_trace_id_ts WHERE {condition}
    UNION ALL
    SELECT toDateTime(Timestamp) AS Start, toDateTime(Timestamp) AS End
    FROM @otel_traces
    WHERE {condition} AND ReceivedTime >= now64(3) - toIntervalSecond({FRESH_SECONDS})
)"""
