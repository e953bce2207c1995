"""RED metrics: rate, errors and duration of services and operations.

Questions about services, operations and kinds alone are answered from per-minute rollups, whatever
the range; any other filter reads the spans themselves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.query.language import parse_search
from vedette.query.language.parameters import Parameters
from vedette.query.language.search.tree import And, Exact, FieldMatch
from vedette.telemetry.buckets import bucket_seconds
from vedette.telemetry.ranges import bound_range
from vedette.telemetry.traces.filters import SPAN_KINDS, SpanFilter, typed_conditions, where

if TYPE_CHECKING:
    from vedette.query import QueryRunner
    from vedette.store.warehouse import Columns

MAX_POINTS = 1000
MAX_SERIES = 50
MAX_SUMMARY_ROWS = 1000
QUANTILES = ("p50_ns", "p90_ns", "p95_ns", "p99_ns")

GroupBy = Literal["", "service", "operation"]

_MINUTE = 60
_GROUPS: dict[str, tuple[str, str]] = {
    "": ("''", "''"),
    "service": ("ServiceName", "''"),
    "operation": ("ServiceName", "SpanName"),
}
_ROLLUP = """
    sum(Count) AS count, sum(Errors) AS errors, sum(DurationSum) AS total_ns,
    max(DurationMax) AS max_ns, quantilesTDigestMerge(0.5, 0.9, 0.95, 0.99)(Durations) AS quantiles
"""
_RAW = """
    count() AS count, countIf(StatusCode = 'Error') AS errors, sum(Duration) AS total_ns,
    max(Duration) AS max_ns,
    quantilesTDigest(0.5, 0.9, 0.95, 0.99)(toFloat32(Duration)) AS quantiles
"""
_SERIES = """
SELECT service, operation, groupArray(bucket) AS buckets, groupArray(count) AS counts,
    groupArray(errors) AS error_counts, groupArray(quantiles) AS bucket_quantiles,
    sum(count) AS total
FROM
(
    SELECT {service} AS service, {operation} AS operation,
        toInt64(intDiv(toUnixTimestamp({time}), {{step:UInt32}})) AS bucket, {aggregates}
    FROM {table}
    WHERE {where}
    GROUP BY service, operation, bucket
)
GROUP BY service, operation
ORDER BY total DESC, service, operation
LIMIT {{series:UInt32}}
"""
_SUMMARY = """
SELECT
    now.service AS service, now.operation AS operation, now.kind AS kind,
    now.count AS count, now.errors AS errors, now.total_ns AS total_ns, now.max_ns AS max_ns,
    now.quantiles AS quantiles,
    before.count AS previous_count, before.errors AS previous_errors,
    before.total_ns AS previous_total_ns, before.quantiles AS previous_quantiles
FROM ({now}) AS now
LEFT ANY JOIN ({before}) AS before
    ON now.service = before.service AND now.operation = before.operation AND now.kind = before.kind
ORDER BY total_ns DESC, service, operation, kind
LIMIT {{limit:UInt32}}
"""
_SUMMARY_PART = """
SELECT ServiceName AS service, SpanName AS operation, SpanKind AS kind, {aggregates}
FROM {table} WHERE {where} GROUP BY service, operation, kind
"""


@dataclass(frozen=True, slots=True)
class RedSeries:
    """One service's or operation's series; all lists are as long as the answer's ``times``.

    Attributes:
        service: '' where not grouped.
        operation: '' where not grouped by operation.
        counts: spans.
        errors: spans with status Error.
        rates: spans a second.
        quantiles_ns: durations by ``p50_ns``, ``p90_ns``, ``p95_ns`` and ``p99_ns``; None where
            there was no span.

    """

    service: str
    operation: str
    counts: list[int]
    errors: list[int]
    rates: list[float]
    quantiles_ns: dict[str, list[float | None]]


@dataclass(frozen=True, slots=True)
class RedAnswer:
    """RED metrics over time.

    Attributes:
        step: width of a bucket in seconds.
        times: starts of the buckets, Unix seconds, multiples of ``step`` that cover the range.
        series: the busiest ``MAX_SERIES``, busiest first.
        source: ``rollup`` or ``spans``.
        truncated: whether there are more series than are given.

    """

    step: int
    times: list[int]
    series: list[RedSeries]
    source: str
    truncated: bool


def red_metrics(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter | None = None,
    *,
    group_by: GroupBy = "service",
    points: int = 120,
    query_id: str | None = None,
) -> RedAnswer:
    """Return rate, errors and durations over time, zero where nothing happened.

    The range is widened to whole buckets, so that the first and the last one are complete.

    Args:
        runner: runs the query.
        account: whose spans.
        time_range: of the spans' starts.
        span_filter: what to keep; of the kinds Server and Consumer to count requests.
        group_by: ``service``, ``operation`` (service and operation) or '' for one series.
        points: buckets wanted at most, up to ``MAX_POINTS``.
        query_id: name for cancelling.

    """
    if group_by not in _GROUPS:
        raise InvalidInputError(
            f"{group_by!r} is not a grouping",
            field="group_by",
            remedy="use service, operation or nothing",
        )
    if not 1 <= points <= MAX_POINTS:
        raise InvalidInputError(
            f"{points} is not a number of points", field="points", remedy=f"give 1 to {MAX_POINTS}"
        )
    asked = simplified(span_filter or SpanFilter())
    step = bucket_seconds(time_range, points)
    rollup = _is_simple(asked)
    if rollup:
        step = max(step, _MINUTE)
    whole = _widened(time_range, step)
    service, operation = _GROUPS[group_by]
    source, params = _source(asked, whole, rollup=rollup)
    statement = _SERIES.format(service=service, operation=operation, **source)
    params |= {"step": step, "series": MAX_SERIES + 1}
    answer = runner.run(account, statement, params, query_id=query_id)
    first = int(whole.start.timestamp()) // step
    times = list(range(first * step, int(whole.end.timestamp()), step))
    series = [_one_series(row, first, len(times), step) for row in answer.records()[:MAX_SERIES]]
    return RedAnswer(step, times, series, "rollup" if rollup else "spans", answer.rows > MAX_SERIES)


def red_summary(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    span_filter: SpanFilter | None = None,
    *,
    limit: int = 200,
    query_id: str | None = None,
) -> Columns:
    """Return one row a service, operation and kind, beside the period of same length before.

    Columns: ``service``, ``operation``, ``kind``, ``count``, ``errors``, ``total_ns``, ``max_ns``,
    ``quantiles`` (p50, p90, p95, p99 in ns), and ``previous_count``, ``previous_errors``,
    ``previous_total_ns``, ``previous_quantiles`` (0 and empty where there was nothing). Where only
    services, operations and kinds are asked for, the range is widened to whole minutes.
    """
    if not 1 <= limit <= MAX_SUMMARY_ROWS:
        raise InvalidInputError(
            f"{limit} is not a number of rows",
            field="limit",
            remedy=f"give 1 to {MAX_SUMMARY_ROWS}",
        )
    asked = simplified(span_filter or SpanFilter())
    rollup = _is_simple(asked)
    now = _widened(time_range, _MINUTE) if rollup else time_range
    before = TimeRange(now.start - (now.end - now.start), now.start)
    parts, params = {}, {"limit": limit}
    for name, span in (("now", now), ("before", before)):
        source, bound = _source(asked, span, rollup=rollup, prefix=f"{name}_")
        parts[name] = _SUMMARY_PART.format(**source)
        params |= bound
    return runner.run(account, _SUMMARY.format(**parts), params, query_id=query_id)


def simplified(span_filter: SpanFilter) -> SpanFilter:
    """Return a filter with what its text says of service, operation and kind as typed fields.

    The text is left where it says anything else, so that the filter means the same.
    """
    tree = parse_search(span_filter.text)
    items = tree.items if isinstance(tree, And) else (tree,)
    fields = {"service": span_filter.service, "operation": span_filter.operation}
    kinds = span_filter.kinds
    spelled = {kind.lower(): kind for kind in SPAN_KINDS}
    names = {"service": "service", "service.name": "service", "name": "operation"}
    names["operation"] = "operation"
    for item in items:
        if not (isinstance(item, FieldMatch) and isinstance(item.match, Exact) and item.match.text):
            return span_filter
        text, field = item.match.text, names.get(item.field)
        if field and fields[field] in {"", text}:
            fields[field] = text
        elif item.field == "kind" and not kinds and text.lower() in spelled:
            kinds = (spelled[text.lower()],)
        else:
            return span_filter
    return replace(
        span_filter,
        text="",
        service=fields["service"],
        operation=fields["operation"],
        kinds=kinds,
    )


def _is_simple(span_filter: SpanFilter) -> bool:
    return span_filter == SpanFilter(
        service=span_filter.service, operation=span_filter.operation, kinds=span_filter.kinds
    )


def _source(
    span_filter: SpanFilter, time_range: TimeRange, *, rollup: bool, prefix: str = ""
) -> tuple[dict[str, str], dict[str, Any]]:
    """Return table, time column, aggregates and condition for a filter, with its parameters."""
    condition = where(span_filter, time_range, prefix=prefix)
    if not rollup:
        names = {"table": "@otel_traces", "time": "Timestamp", "aggregates": _RAW}
        return {**names, "where": condition.sql}, condition.params
    # A minute of the rollup begins in the range where its spans do: the range has whole minutes.
    in_minutes = (
        f"Minute >= toDateTime({{{prefix}start:DateTime64(9, 'UTC')}})"
        f" AND Minute < toDateTime({{{prefix}end:DateTime64(9, 'UTC')}})"
    )
    bind = Parameters(f"{prefix}q")
    parts = [in_minutes, *typed_conditions(span_filter, bind)]
    names = {"table": "@span_metrics_1m", "time": "Minute", "aggregates": _ROLLUP}
    return {**names, "where": " AND ".join(parts)}, bind.values | bound_range(time_range, prefix)


def _widened(time_range: TimeRange, step: int) -> TimeRange:
    """Return the range widened to whole multiples of ``step`` seconds."""
    start = int(time_range.start.timestamp()) // step * step
    end = time_range.end + timedelta(seconds=step) - timedelta(microseconds=1)
    return TimeRange(
        datetime.fromtimestamp(start, UTC),
        datetime.fromtimestamp(int(end.timestamp()) // step * step, UTC),
    )


def _one_series(row: dict[str, Any], first: int, length: int, step: int) -> RedSeries:
    counts, errors = [0] * length, [0] * length
    quantiles: dict[str, list[float | None]] = {name: [None] * length for name in QUANTILES}
    for bucket, count, failed, values in zip(
        row["buckets"], row["counts"], row["error_counts"], row["bucket_quantiles"], strict=True
    ):
        place = bucket - first
        counts[place], errors[place] = count, failed
        for name, value in zip(QUANTILES, values, strict=True):
            quantiles[name][place] = value
    rates = [count / step for count in counts]
    return RedSeries(row["service"], row["operation"], counts, errors, rates, quantiles)
