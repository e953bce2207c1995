"""Exemplars: sample measurements of a metric with the traces that they were made in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.telemetry.metrics.model import Exemplar, MetricQuery, MetricType
from vedette.telemetry.metrics.periods import to_datetime
from vedette.telemetry.metrics.plan import SeriesParams
from vedette.telemetry.metrics.series import nanoseconds, resolve_series

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

MAX_EXEMPLARS = 1_000

# The largest of each of as many slices of the range as are wanted: outliers, spread over time.
_EXEMPLARS = """
SELECT Moment, Sample, Trace, Span, Labels, SeriesId
FROM
(
    SELECT
        SeriesId, ExemplarTime AS Moment, ExemplarValue AS Sample, ExemplarTrace AS Trace,
        ExemplarSpan AS Span, ExemplarLabels AS Labels,
        intDiv(toUnixTimestamp64Nano(ExemplarTime) - {start:Int64}, {slice:Int64}) AS Slice
    FROM @$table
    ARRAY JOIN
        `Exemplars.TimeUnix` AS ExemplarTime, `Exemplars.Value` AS ExemplarValue,
        `Exemplars.TraceId` AS ExemplarTrace, `Exemplars.SpanId` AS ExemplarSpan,
        `Exemplars.FilteredAttributes` AS ExemplarLabels
    WHERE MetricName = {metric:String} AND $ids
        AND TimeUnix >= fromUnixTimestamp64Nano({start:Int64})
        AND TimeUnix < fromUnixTimestamp64Nano({end:Int64})
        AND ExemplarTime >= fromUnixTimestamp64Nano({start:Int64})
        AND ExemplarTime < fromUnixTimestamp64Nano({end:Int64})
        AND ExemplarTrace != ''
    ORDER BY Slice, Sample DESC, Trace
    LIMIT 1 BY Slice
)
ORDER BY Moment
LIMIT {limit:UInt32}
"""


def find_exemplars(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    query: MetricQuery,
    *,
    limit: int = 100,
) -> tuple[Exemplar, ...]:
    """Return exemplars that carry a trace id, oldest first.

    The range is cut into ``limit`` slices, and the largest exemplar of each is taken. Of the query
    only the metric, its type and the matchers count. Summaries have no exemplars.

    Raises:
        InvalidInputError: the limit is out of 1 to ``MAX_EXEMPLARS``, or the query is wrong.
        QueryLimitError: too many series match.

    """
    if not 1 <= limit <= MAX_EXEMPLARS:
        raise InvalidInputError(
            f"limit must be 1 to {MAX_EXEMPLARS}, not {limit}",
            field="limit",
            remedy="ask for fewer exemplars",
        )
    series = resolve_series(runner, account, time_range, query)
    if series.metric_type in {None, MetricType.SUMMARY}:
        return ()
    ids = SeriesParams(series.ids, all_of_metric=not query.matchers)
    start = nanoseconds(time_range.start.timestamp())
    end = nanoseconds(time_range.end.timestamp())
    kind = series.metric_type.value if series.metric_type else ""
    sql = _EXEMPLARS.replace("$table", f"otel_metrics_{kind}").replace("$ids", ids.condition())
    params = {
        **ids.params,
        "metric": query.metric,
        "start": start,
        "end": end,
        "slice": max(-(-(end - start) // limit), 1),
        "limit": limit,
    }
    columns = runner.run(account, sql, params)
    rows = zip(*(columns[name] for name in columns.names), strict=True)
    return tuple(
        Exemplar(to_datetime(moment), value, trace, span, labels, series_id)
        for moment, value, trace, span, labels, series_id in rows
    )
