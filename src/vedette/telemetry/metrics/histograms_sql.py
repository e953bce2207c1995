"""Statements over histograms and summaries.

Quantiles of explicit buckets follow Prometheus' ``histogram_quantile`` for classic histograms:
linear within a bucket; the lowest bucket starts at 0 if its bound is above 0, otherwise its bound
is the answer; in the bucket up to infinity the highest finite bound is the answer. Those of
exponential histograms follow the same function for native ones: within a bucket the logarithm is
linear, within the zero bucket the value is. ``Minimum`` and ``Maximum`` are the ends of the
outermost buckets with observations, in all cases: estimates, as the recorded ones of a cumulative
stream cover its whole life.

Histograms with different bounds are joined at the bounds that all of them have, which is exact;
exponential ones at the lowest scale among them, as their specification says.
"""

from __future__ import annotations

from vedette.telemetry.metrics.statistics import Statistic, StatisticKind
from vedette.telemetry.metrics.steps_sql import RATE, RAW_SLOT, stepped

_EXPLICIT_DROP = """
(Count < PreviousCount OR ExplicitBounds != PreviousExplicitBounds
    OR arrayExists((now, before) -> now < before,
        BucketCounts, arrayResize(PreviousBucketCounts, length(BucketCounts))))
"""
_EXPLICIT = """
SELECT
    SeriesId, Slot, Delta, Elapsed,
    toFloat64(Count) - if(Step = 2, toFloat64(PreviousCount), 0) AS Counted,
    Sum - if(Step = 2, PreviousSum, 0) AS Summed,
    ExplicitBounds AS Bounds,
    if(length(BucketCounts) = length(ExplicitBounds) + 1,
        arrayCumSum((now, before) -> toFloat64(now) - if(Step = 2, toFloat64(before), 0),
            BucketCounts, arrayResize(PreviousBucketCounts, length(BucketCounts))),
        []) AS Cumulated
FROM ($steps)
"""
_SUMMARY = """
SELECT
    SeriesId, Slot, Delta, Elapsed,
    toFloat64(Count) - if(Step = 2, toFloat64(PreviousCount), 0) AS Counted,
    Sum - if(Step = 2, PreviousSum, 0) AS Summed
FROM ($steps)
"""
_SUMMARY_QUANTILE = """
SELECT
    SeriesId, $slot AS Slot, TimeUnix AS Moment,
    arrayFirstIndex(q -> abs(q - {quantile:Float64}) < 1e-9, `ValueAtQuantiles.Quantile`) AS At,
    `ValueAtQuantiles.Value`[greatest(At, 1)] AS Sample
FROM @otel_metrics_summary
WHERE MetricName = {metric:String} AND $ids
    AND TimeUnix >= fromUnixTimestamp64Nano({start:Int64})
    AND TimeUnix < fromUnixTimestamp64Nano({end:Int64})
    AND At > 0
"""

# A classic histogram arrives as one counter a bucket; its cumulative counts are put together first.
_CLASSIC = """
SELECT
    Histogram AS SeriesId, Slot,
    arraySort(groupArray((Bound, Grown))) AS Buckets,
    arrayFilter(b -> isFinite(b), Buckets.1) AS Bounds,
    arrayMap(n -> arrayMax(arraySlice(Buckets.2, 1, n)), arrayEnumerate(Buckets)) AS Cumulated,
    maxIf(Grown, NOT isFinite(Bound)) AS Counted
FROM
(
    SELECT
        $histogram AS Histogram, $bound AS Bound, Slot, sum(Sample) AS Grown
    FROM ($steps)
    GROUP BY Histogram, Bound, Slot
)
GROUP BY SeriesId, Slot
HAVING countIf(NOT isFinite(Bound)) > 0
"""

# Bounds (Edges) with the observations at or below each; only bounds that every histogram of the
# period has are kept.
_MERGED = """
sumMap(arrayResize(Bounds, length(Cumulated) > 0 ? length(Bounds) : 0),
    arrayResize(Cumulated, length(Cumulated) > 0 ? length(Bounds) : 0),
    arrayMap(b -> toUInt32(1), arrayResize(Bounds, length(Cumulated) > 0 ? length(Bounds) : 0))
) AS Merged,
count() AS Histograms,
sum(Counted) AS Observed
"""
_EDGES = """
arrayFilter((b, n) -> n = Histograms, Merged.1, Merged.3) AS Edges,
arrayFilter((c, n) -> n = Histograms, Merged.2, Merged.3) AS AtMost
"""

_AT = "arrayFirstIndex(c -> c >= {quantile:Float64} * Observed, AtMost)"
_QUANTILE = """
multiIf(
    Observed <= 0 OR empty(Edges), NULL,
    $at = 0, Edges[-1],
    $at = 1 AND Edges[1] <= 0, Edges[1],
    $lower + (Edges[$at] - $lower)
        * ({quantile:Float64} * Observed - $before) / (AtMost[$at] - $before))
"""
_LEAST = """
multiIf(
    Observed <= 0 OR empty(Edges), NULL,
    $at = 0, Edges[-1],
    $at = 1, least(Edges[1], 0),
    Edges[greatest($at - 1, 1)])
"""
_LEAST_AT = "arrayFirstIndex(c -> c > 0, AtMost)"
# Observations at or below a value, by the same interpolation as quantiles.
_RANK = """
multiIf(
    {$x:Float64} = inf, Observed,
    {$x:Float64} = -inf, 0,
    $at = 0, AtMost[-1],
    $at = 1 AND Edges[1] <= 0, if(Edges[1] = {$x:Float64}, AtMost[1], 0),
    $at = 1 AND {$x:Float64} <= 0, 0,
    $before + (AtMost[$at] - $before) * ({$x:Float64} - $lower) / (Edges[$at] - $lower))
"""
_RANK_AT = "arrayFirstIndex(e -> e >= {$x:Float64}, Edges)"

SIMPLE = {
    StatisticKind.SUM: "sum(Summed)",
    StatisticKind.AVERAGE: "sum(Summed) / nullIf(sum(Counted), 0)",
    StatisticKind.SAMPLE_COUNT: "sum(Counted)",
    StatisticKind.INCREASE: "sum(Counted)",
    StatisticKind.RATE: RATE.replace("$step", "Counted"),
}
"""Statistics that need no buckets; ``rate`` and ``increase`` are of the number of observations."""
FROM_BUCKETS = frozenset(
    {
        StatisticKind.PERCENTILE,
        StatisticKind.MINIMUM,
        StatisticKind.MAXIMUM,
        StatisticKind.PERCENTILE_RANK,
    }
)
"""Statistics that are estimated from buckets."""


def _located(template: str, at: str) -> str:
    return (
        template.replace("$before", "if($at > 1, AtMost[greatest($at - 1, 1)], 0)")
        .replace("$lower", "if($at > 1, Edges[greatest($at - 1, 1)], 0)")
        .replace("$at", at)
    )


def explicit_rows(ids: str) -> str:
    """Return a subquery of SeriesId, Slot, Counted, Summed, Bounds, Cumulated, Delta, Elapsed."""
    steps = stepped(
        "otel_metrics_histogram",
        ("Count", "Sum", "BucketCounts", "ExplicitBounds", "AggregationTemporality"),
        ids,
        delta="AggregationTemporality = 1",
        monotonic="1",
        drop=_EXPLICIT_DROP,
    )
    return _EXPLICIT.replace("$steps", steps)


def classic_rows(steps: str, histogram: str, bound: str) -> str:
    """Return the same of Prometheus classic histograms, without Summed, Delta and Elapsed.

    Args:
        steps: subquery of the steps of the bucket counters.
        histogram: expression of the number of the histogram that a series belongs to.
        bound: expression of the series' ``le``.

    """
    return (
        _CLASSIC.replace("$steps", steps).replace("$histogram", histogram).replace("$bound", bound)
    )


def summary_rows(ids: str) -> str:
    """Return a subquery of SeriesId, Slot, Counted, Summed, Delta, Elapsed of summaries."""
    steps = stepped(
        "otel_metrics_summary",
        ("Count", "Sum"),
        ids,
        delta="0",
        monotonic="1",
        drop="Count < PreviousCount",
    )
    return _SUMMARY.replace("$steps", steps)


def summary_quantile_rows(ids: str) -> str:
    """Return a subquery of SeriesId, Slot, Moment, Sample: a quantile as the client sent it."""
    return _SUMMARY_QUANTILE.replace("$ids", ids).replace("$slot", RAW_SLOT)


def merged_buckets(statistic: Statistic) -> tuple[str, str, str]:
    """Return aggregates of ``explicit_rows``, what is derived from them, and the estimate."""
    if statistic.kind is StatisticKind.MINIMUM:
        value = _located(_LEAST, _LEAST_AT)
    elif statistic.kind is StatisticKind.PERCENTILE_RANK:
        low, high = (_located(_RANK, _RANK_AT).replace("$x", x) for x in ("low", "high"))
        value = f"if(Observed <= 0 OR empty(Edges), NULL, 100 * ({high} - {low}) / Observed)"
    else:
        value = _located(_QUANTILE, _AT)
    return _MERGED, _EDGES, value
