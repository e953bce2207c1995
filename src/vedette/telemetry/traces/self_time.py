"""Where traces spend their time: the bottleneck question.

A span's self time is its duration without the time in which at least one of its children ran: the
exact length of the union of the children's intervals, cut to the span's own, is taken off.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.store.warehouse import Columns
from vedette.telemetry.ranges import bound_range
from vedette.telemetry.traces.critical_path import critical_path
from vedette.telemetry.traces.filters import SpanFilter, in_range, where
from vedette.telemetry.traces.sampling import Sampling, matching_spans, stored_spans
from vedette.telemetry.traces.span_tree import SpanTree
from vedette.telemetry.traces.trace import spans_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vedette.query import QueryRunner

SPAN_BOUND = 300_000
"""More spans than about this many are looked at by a sample of whole traces."""

CHILDREN_AFTER = timedelta(minutes=15)
"""How much later than the range a child of a span may begin and still be taken off."""

MAX_ROWS = 1000
_SPANS_A_TRACE = 100
MAX_PATH_SPANS = 20_000
MAX_PATH_TRACES = 500

_MATCHING_TRACES = "AND TraceId IN (SELECT TraceId FROM @otel_traces WHERE {where} AND {sample})"
_SELF_TIME = f"""
SELECT
    service, operation, kind,
    count() AS count,
    countIf(failed) AS errors,
    sum(duration) AS total_ns,
    sum(self) AS self_ns,
    sum(self) / greatest(sum(sum(self)) OVER (), 1) AS share,
    quantilesTDigest(0.5, 0.95)(self) AS quantiles,
    quantiles[1] AS p50_self_ns, quantiles[2] AS p95_self_ns,
    sum(count()) OVER () AS spans
FROM
(
    SELECT
        span.ServiceName AS service, span.SpanName AS operation, span.SpanKind AS kind,
        span.StatusCode = 'Error' AS failed, span.Duration AS duration,
        span.Duration - least(span.Duration, covered.time) AS self
    FROM
    (
        SELECT SpanHash, ServiceName, SpanName, SpanKind, StatusCode, Duration
        FROM @otel_traces
        WHERE {in_range()} AND {{sample}} {{traces}}
        LIMIT 1 BY SpanHash
    ) AS span
    LEFT ANY JOIN
    (
        SELECT
            child.ParentHash AS hash,
            toUInt64(intervalLengthSum(
                greatest(child.start_ns, parent.start_ns), least(child.end_ns, parent.end_ns)
            )) AS time
        FROM
        (
            SELECT ParentHash, toUnixTimestamp64Nano(Timestamp) AS start_ns,
                start_ns + toInt64(Duration) AS end_ns
            FROM @otel_traces
            WHERE {in_range("child_")} AND {{sample}} {{traces}} AND ParentHash != 0
        ) AS child
        INNER JOIN
        (
            SELECT SpanHash, toUnixTimestamp64Nano(Timestamp) AS start_ns,
                start_ns + toInt64(Duration) AS end_ns
            FROM @otel_traces
            WHERE {in_range()} AND {{sample}} {{traces}}
        ) AS parent ON child.ParentHash = parent.SpanHash
        WHERE child.start_ns < parent.end_ns AND child.end_ns > parent.start_ns
        GROUP BY hash
    ) AS covered ON span.SpanHash = covered.hash
)
GROUP BY service, operation, kind
ORDER BY self_ns DESC, service, operation, kind
LIMIT {{limit:UInt32}}
"""
_PATH_SPANS = f"""
SELECT
    TraceId AS trace_id, SpanId AS span_id, ParentSpanId AS parent_span_id,
    ServiceName AS service_name, SpanName AS name, SpanKind AS kind,
    ResourceAttributes['host.name'] AS host,
    toUnixTimestamp64Nano(Timestamp) AS start_ns, Duration AS duration_ns
FROM @otel_traces
WHERE {in_range("child_")} AND TraceId IN (
    SELECT TraceId FROM @otel_traces WHERE {{where}}
    GROUP BY TraceId ORDER BY cityHash64(TraceId) LIMIT {{traces:UInt32}})
ORDER BY cityHash64(TraceId), TraceId, Timestamp
LIMIT {{limit:UInt32}}
"""


@dataclass(frozen=True, slots=True)
class SelfTime:
    """Where time is spent.

    Attributes:
        rows: by self time: ``service``, ``operation``, ``kind``, ``count``, ``errors``,
            ``total_ns``, ``self_ns``, ``share`` (of all self time, 0 to 1), ``p50_self_ns``,
            ``p95_self_ns``. Counts and times are scaled up from the sample.
        spans: spans that were looked at.
        sampled_every: 1 where all traces were looked at, else one in so many.

    """

    rows: Columns
    spans: int
    sampled_every: int


@dataclass(frozen=True, slots=True)
class PathShare:
    """An operation's part of the critical paths of some traces.

    Attributes:
        service: service name.
        operation: span name.
        kind: span kind.
        time_ns: time on critical paths.
        share: of all critical paths' time, 0 to 1.
        traces: traces on whose path it is.

    """

    service: str
    operation: str
    kind: str
    time_ns: int
    share: float
    traces: int


def self_time(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter | None = None,
    *,
    limit: int = 100,
    span_bound: int = SPAN_BOUND,
    query_id: str | None = None,
) -> SelfTime:
    """Return self time by service, operation and kind, most first.

    Args:
        runner: runs the queries.
        account: whose spans.
        time_range: of the spans' starts.
        span_filter: only traces in which a span matches it; all their spans count.
        limit: rows, at most ``MAX_ROWS``.
        span_bound: sample traces where more spans than this may be concerned.
        query_id: name for cancelling.

    """
    if not 1 <= limit <= MAX_ROWS:
        raise InvalidInputError(
            f"{limit} is not a number of rows", field="limit", remedy=f"give 1 to {MAX_ROWS}"
        )
    sampling = Sampling.of(stored_spans(runner, account, time_range), span_bound)
    traces, params = "", _params(time_range)
    if span_filter is not None and span_filter != SpanFilter():
        matching = matching_spans(runner, account, time_range, span_filter)
        # Every trace has a match at least, so so many traces at most are concerned.
        sampling = min(
            sampling, Sampling.of(matching * _SPANS_A_TRACE, span_bound), key=lambda s: s.every
        )
        condition = where(span_filter, time_range, prefix="f_")
        traces = _MATCHING_TRACES.format(where=condition.sql, sample=sampling.condition())
        params |= condition.params
    statement = _SELF_TIME.replace("{sample}", sampling.condition()).replace("{traces}", traces)
    answer = runner.run(
        account,
        statement,
        {**params, "limit": limit},
        query_id=query_id,
    )
    spans = answer["spans"][0] if answer.rows else 0
    return SelfTime(_scaled(answer, sampling.every), spans, sampling.every)


_SCALED = ("count", "errors", "total_ns", "self_ns")


def critical_path_shares(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter | None = None,
    *,
    traces: int = 200,
    query_id: str | None = None,
) -> list[PathShare]:
    """Return which operations the critical paths of a sample of matching traces go through.

    At most ``traces`` (``MAX_PATH_TRACES``) traces and ``MAX_PATH_SPANS`` spans are looked at, the
    same ones each time.
    """
    condition = where(span_filter or SpanFilter(), time_range)
    params = {
        **condition.params,
        **_params(time_range),
        "traces": min(max(traces, 1), MAX_PATH_TRACES),
        "limit": MAX_PATH_SPANS + 1,
    }
    statement = _PATH_SPANS.replace("{where}", condition.sql)
    limits = replace(runner.limits(), rows=MAX_PATH_SPANS + 1)
    answer = runner.run(
        account,
        statement,
        params,
        limits=limits,
        query_id=query_id,
    )
    return _shares(answer)


def _params(time_range: TimeRange) -> dict[str, Any]:
    children = TimeRange(time_range.start, time_range.end + CHILDREN_AFTER)
    return {**bound_range(time_range), **bound_range(children, "child_")}


def _scaled(answer: Columns, every: int) -> Columns:
    names = [name for name in answer.names if name not in {"quantiles", "spans"}]
    types = dict(zip(answer.names, answer.types, strict=True))
    data = dict(answer.data)
    for name in _SCALED:
        data[name] = [value * every for value in data[name]]
    return Columns(names, [types[name] for name in names], {n: data[n] for n in names}, answer.rows)


def _shares(answer: Columns) -> list[PathShare]:
    operations = {
        (trace, span): operation
        for trace, span, *operation in zip(
            answer["trace_id"],
            answer["span_id"],
            answer["service_name"],
            answer["name"],
            answer["kind"],
            strict=True,
        )
    }
    times: dict[tuple[str, ...], int] = {}
    seen: dict[tuple[str, ...], set[str]] = {}
    for trace_id, tree in _trees(answer):
        for segment in critical_path(tree).segments:
            operation = tuple(operations[trace_id, segment.span_id])
            times[operation] = times.get(operation, 0) + segment.end - segment.start
            seen.setdefault(operation, set()).add(trace_id)
    total = sum(times.values()) or 1
    shares = [
        PathShare(service, name, kind, time, time / total, len(seen[service, name, kind]))
        for (service, name, kind), time in times.items()
    ]
    return sorted(shares, key=lambda share: (-share.time_ns, share.service, share.operation))


def _trees(answer: Columns) -> Iterable[tuple[str, SpanTree]]:
    """Yield each complete trace of an answer that is ordered by trace."""
    spans, ids = spans_of(answer), answer["trace_id"]
    first = 0
    for index in range(1, len(ids) + 1):
        if index < len(ids) and ids[index] == ids[first]:
            continue
        # The last trace of a full answer may have been cut off.
        if index < len(ids) or len(ids) <= MAX_PATH_SPANS or first == 0:
            yield ids[first], SpanTree(spans[first:index])
        first = index
