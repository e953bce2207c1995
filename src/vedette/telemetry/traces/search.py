"""Search of spans and of traces, by time or by duration, page by page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from vedette.core.errors import InvalidInputError
from vedette.store.warehouse import Columns
from vedette.telemetry.traces.extent import extents
from vedette.telemetry.traces.filters import SpanFilter, Where, where

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

MAX_PAGE = 1000
MAX_TRACE_PAGE = 200
MAX_COLUMNS = 20

Sort = Literal["time", "duration"]

# Ordering by the sort key's coarse time first lets the engine read backwards and stop early; the
# order is that of Timestamp alone. SpanHash breaks ties, so that pages neither repeat nor skip.
_ORDER = {
    "time": "toStartOfFiveMinutes(toDateTime(Timestamp)) DESC, Timestamp DESC, SpanHash DESC",
    "duration": "Duration DESC, SpanHash DESC",
}
_AFTER = {
    "time": (
        "Timestamp <= fromUnixTimestamp64Nano({cursor:Int64}, 'UTC') AND "
        "(toUnixTimestamp64Nano(Timestamp), SpanHash) < ({cursor:Int64}, {tie:UInt64})"
    ),
    "duration": "(Duration, SpanHash) < ({cursor:Int64}, {tie:UInt64})",
}
_SPANS = """
SELECT
    Timestamp AS timestamp, TraceId AS trace_id, SpanId AS span_id,
    ParentSpanId AS parent_span_id, ServiceName AS service_name, SpanName AS name,
    SpanKind AS kind, Duration AS duration_ns, StatusCode AS status,
    StatusMessage AS status_message,
    arrayMap(k -> if(startsWith(k, 'resource.'), ResourceAttributes[substring(k, 10)],
        if(mapContains(SpanAttributes, k), SpanAttributes[k], ResourceAttributes[k])),
        {{columns:Array(String)}}) AS columns,
    toUnixTimestamp64Nano(Timestamp) AS time_ns, SpanHash AS tie
FROM @otel_traces
WHERE {where} AND {after}
ORDER BY {order}
LIMIT {{limit:UInt32}}
"""
_MATCHES_BY_TIME = """
SELECT TraceId AS trace_id, SpanId AS span_id, toUnixTimestamp64Nano(Timestamp) AS value,
    SpanHash AS tie
FROM @otel_traces
WHERE {where} AND {after}
ORDER BY {order}
LIMIT 1 BY TraceId
LIMIT {{limit:UInt32}}
"""
# A trace belongs to the page of its newest match: later pages leave out what an earlier one had.
_SEEN = """
TraceId NOT IN (
    SELECT TraceId FROM @otel_traces
    WHERE {where}
        AND (toUnixTimestamp64Nano(Timestamp), SpanHash) >= ({{cursor:Int64}}, {{tie:UInt64}}))
"""
_MATCHES_BY_DURATION = """
SELECT TraceId AS trace_id, argMax(SpanId, (Duration, SpanHash)) AS span_id,
    max((Duration, SpanHash)).1 AS value, max((Duration, SpanHash)).2 AS tie
FROM @otel_traces
WHERE {where}
GROUP BY TraceId
HAVING {after}
ORDER BY value DESC, tie DESC
LIMIT {{limit:UInt32}}
"""
_EXTENT = f"""
SELECT toString(min(Start), 'UTC') AS first, toString(max(End) + 1, 'UTC') AS last, count() AS found
FROM {extents("TraceId IN {ids:Array(String)}")}
"""
_SUMMARIES = """
SELECT
    TraceId AS trace_id,
    min(Timestamp) AS timestamp,
    toUInt64(max(toUnixTimestamp64Nano(Timestamp) + Duration)
        - min(toUnixTimestamp64Nano(Timestamp))) AS duration_ns,
    uniqExact(SpanId) AS spans,
    uniqExactIf(SpanId, StatusCode = 'Error') AS errors,
    groupUniqArray(64)(ServiceName) AS services,
    toBool(countIf(ParentSpanId = '') > 0) AS has_root,
    argMin((ServiceName, SpanName, SpanKind, StatusCode), (ParentSpanId != '', Timestamp)) AS root,
    root.1 AS root_service, root.2 AS root_name, root.3 AS root_kind, root.4 AS root_status
FROM @otel_traces
WHERE TraceId IN {ids:Array(String)}
    AND Timestamp >= {first:DateTime64(9, 'UTC')} AND Timestamp < {last:DateTime64(9, 'UTC')}
GROUP BY TraceId
ORDER BY indexOf({ids:Array(String)}, TraceId)
"""
_CURSOR = re.compile(r"(time|duration):(\d{1,19}):(\d{1,20})")
_UINT64 = 1 << 64
_INT64 = 1 << 63


@dataclass(frozen=True, slots=True)
class SpanPage:
    """One page of spans.

    Attributes:
        spans: ``timestamp`` (RFC 3339), ``trace_id``, ``span_id``, ``parent_span_id``,
            ``service_name``, ``name``, ``kind``, ``duration_ns``, ``status``, ``status_message``
            and ``columns``: the values of the asked attributes, '' where there is none.
        cursor: where the next page begins; None where there is none.
        terms: words of the search, for highlighting.

    """

    spans: Columns
    cursor: str | None
    terms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TracePage:
    """One page of traces.

    Attributes:
        traces: ``trace_id``, ``timestamp`` (start, RFC 3339), ``duration_ns`` (first start to last
            end), ``spans``, ``errors`` (spans with status Error), ``services`` (at most 64),
            ``has_root``, and ``root_service``, ``root_name``, ``root_kind``, ``root_status`` of the
            root span, or of the earliest span where the root is missing.
        matches: by trace, the span that the filter found: the newest or the longest one.
        cursor: where the next page begins; None where there is none.
        terms: words of the search, for highlighting.

    """

    traces: Columns
    matches: dict[str, str]
    cursor: str | None
    terms: tuple[str, ...]


def search_spans(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter,
    *,
    sort: Sort = "time",
    limit: int = 100,
    cursor: str | None = None,
    columns: Sequence[str] = (),
    query_id: str | None = None,
) -> SpanPage:
    """Return spans, newest or longest first.

    Args:
        runner: runs the query.
        account: whose spans.
        time_range: of the spans' starts.
        span_filter: what to keep.
        sort: ``time`` or ``duration``.
        limit: spans a page, at most ``MAX_PAGE``.
        cursor: from the page before.
        columns: attributes to show; ``resource.`` before a name means the resource's.
        query_id: name for cancelling.

    """
    if len(columns) > MAX_COLUMNS:
        raise InvalidInputError(
            f"{len(columns)} columns are too many",
            field="columns",
            remedy=f"ask for at most {MAX_COLUMNS}",
        )
    condition = where(span_filter, time_range)
    position = _position(cursor, sort)
    limit = _checked_limit(limit, MAX_PAGE)
    sql = _SPANS.format(
        where=condition.sql, after=_AFTER[sort] if position else "1", order=_ORDER[sort]
    )
    params = {**condition.params, **position, "limit": limit + 1, "columns": list(columns)}
    answer = runner.run(account, sql, params, query_id=query_id)
    values = answer["time_ns"] if sort == "time" else answer["duration_ns"]
    following = _next_cursor(sort, values, answer["tie"], limit)
    spans = _cut(answer, limit, hidden=("time_ns", "tie"))
    return SpanPage(spans, following, condition.terms)


def search_traces(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter,
    *,
    sort: Sort = "time",
    limit: int = 50,
    cursor: str | None = None,
    query_id: str | None = None,
) -> TracePage:
    """Return traces that have a matching span, by their newest or their longest match.

    Args:
        runner: runs the query.
        account: whose traces.
        time_range: of the matching spans' starts.
        span_filter: what a span of the trace must match.
        sort: ``time`` or ``duration`` (of the longest matching span).
        limit: traces a page, at most ``MAX_TRACE_PAGE``.
        cursor: from the page before.
        query_id: name for cancelling.

    """
    condition = where(span_filter, time_range)
    position = _position(cursor, sort)
    limit = _checked_limit(limit, MAX_TRACE_PAGE)
    params = {**condition.params, **position, "limit": limit + 1}
    found = runner.run(
        account, _matches_sql(sort, condition, paged=bool(position)), params, query_id=query_id
    )
    following = _next_cursor(sort, found["value"], found["tie"], limit)
    matches = dict(zip(found["trace_id"][:limit], found["span_id"][:limit], strict=True))
    ids = list(matches)
    traces = trace_summaries(runner, account, ids, query_id=query_id)
    return TracePage(traces, matches, following, condition.terms)


def trace_summaries(
    runner: QueryRunner, account: str, ids: Sequence[str], *, query_id: str | None = None
) -> Columns:
    """Return the summaries of traces, in the order of their ids; see ``TracePage.traces``."""
    extent = runner.run(account, _EXTENT, {"ids": list(ids)}).records()[0]
    params = {"ids": list(ids), "first": extent["first"], "last": extent["last"]}
    answer = runner.run(account, _SUMMARIES, params, query_id=query_id)
    return _cut(answer, len(ids), hidden=("root",))


def _matches_sql(sort: Sort, condition: Where, *, paged: bool) -> str:
    if sort == "duration":
        after = "(value, tie) < ({cursor:Int64}, {tie:UInt64})" if paged else "1"
        return _MATCHES_BY_DURATION.format(where=condition.sql, after=after)
    after = "1"
    if paged:
        after = f"{_AFTER[sort]} AND {_SEEN.format(where=condition.sql)}"
    return _MATCHES_BY_TIME.format(where=condition.sql, after=after, order=_ORDER[sort])


def _checked_limit(limit: int, most: int) -> int:
    if not 1 <= limit <= most:
        raise InvalidInputError(
            f"{limit} is not a page size", field="limit", remedy=f"give a number from 1 to {most}"
        )
    return limit


def _position(cursor: str | None, sort: Sort) -> dict[str, int]:
    """Return the parameters of a cursor, none for the first page."""
    if sort not in _ORDER:
        raise InvalidInputError(
            f"{sort!r} is not a sort", field="sort", remedy="use time or duration"
        )
    if cursor is None:
        return {}
    match = _CURSOR.fullmatch(cursor)
    if not match or match[1] != sort or int(match[2]) >= _INT64 or int(match[3]) >= _UINT64:
        raise InvalidInputError(
            "the cursor is not one of this search",
            field="cursor",
            remedy="pass the cursor of the page before, with the same sort",
        )
    return {"cursor": int(match[2]), "tie": int(match[3])}


def _next_cursor(sort: Sort, values: Sequence[int], ties: Sequence[int], limit: int) -> str | None:
    if len(values) <= limit:
        return None
    return f"{sort}:{values[limit - 1]}:{ties[limit - 1]}"


def _cut(answer: Columns, rows: int, *, hidden: Sequence[str]) -> Columns:
    """Return the first rows, without helper columns."""
    kept = [index for index, name in enumerate(answer.names) if name not in hidden]
    names = [answer.names[index] for index in kept]
    data: dict[str, list[Any]] = {name: answer[name][:rows] for name in names}
    return Columns(
        names,
        [answer.types[index] for index in kept],
        data,
        min(answer.rows, rows),
        answer.rows_read,
        answer.seconds,
    )
