"""Statements over exponential histograms.

Bucket k of scale s holds values in (2^(k w), 2^((k + 1) w)] with w = 2^-s. At a scale lower by d it
is part of bucket floor(k / 2^d), so histograms of different scales are joined at the lowest of them
(OpenTelemetry metrics data model, "Exponential Scale" and "Merging and combining").

The step of a cumulative histogram is its buckets less those of the point before, each at its own
scale; the two are simply added up with their signs. Of several zero thresholds the largest counts.
"""

from __future__ import annotations

from vedette.telemetry.metrics.statistics import Statistic, StatisticKind
from vedette.telemetry.metrics.steps_sql import stepped

_COLUMNS = (
    "Count",
    "Sum",
    "Scale",
    "ZeroCount",
    "ZeroThreshold",
    "PositiveOffset",
    "PositiveBucketCounts",
    "NegativeOffset",
    "NegativeBucketCounts",
    "AggregationTemporality",
)
_COUNTED = """
SELECT
    SeriesId, Slot, Delta, Elapsed,
    toFloat64(Count) - if(Step = 2, toFloat64(PreviousCount), 0) AS Counted,
    Sum - if(Step = 2, PreviousSum, 0) AS Summed
FROM ($steps)
"""
_SIGNED = """
SELECT
    SeriesId, Slot,
    arrayJoin(if(Step = 2, [1., -1.], [1.])) AS Sign,
    if(Sign > 0, Scale, PreviousScale) AS BucketScale,
    Sign * if(Sign > 0, ZeroCount, PreviousZeroCount) AS Zeros,
    if(Sign > 0, ZeroThreshold, PreviousZeroThreshold) AS ZeroEdge,
    if(Sign > 0, PositiveOffset, PreviousPositiveOffset) AS UpOffset,
    if(Sign > 0, NegativeOffset, PreviousNegativeOffset) AS DownOffset,
    arrayMap(n -> Sign * n, if(Sign > 0, PositiveBucketCounts, PreviousPositiveBucketCounts))
        AS UpCounts,
    arrayMap(n -> Sign * n, if(Sign > 0, NegativeBucketCounts, PreviousNegativeBucketCounts))
        AS DownCounts,
    arrayMap(n -> toInt64(UpOffset) + n - 1, arrayEnumerate(UpCounts)) AS UpKeys,
    arrayMap(n -> toInt64(DownOffset) + n - 1, arrayEnumerate(DownCounts)) AS DownKeys
FROM ($steps)
"""

BY_SCALE = """
sumMap(UpKeys, UpCounts) AS UpMap,
sumMap(DownKeys, DownCounts) AS DownMap,
sum(Zeros) AS ZeroSum,
max(ZeroEdge) AS ZeroMost
"""
"""Aggregates by scale."""

_ALL_SCALES = """
min(BucketScale) AS Coarsest,
groupArray(BucketScale) AS Scales,
groupArray(UpMap) AS UpMaps,
groupArray(DownMap) AS DownMaps,
sum(ZeroSum) AS Zero,
max(ZeroMost) AS ZeroWidth
"""
_SCALED = """
arrayReduce('sumMap',
    [arrayFlatten(arrayMap((s, m) -> arrayMap(
        k -> toInt64(floor(k / exp2(s - Coarsest))), m.1), Scales, $maps))],
    [arrayFlatten(arrayMap(m -> m.2, $maps))])
"""
# Buckets from the lowest values to the highest: negative ones, zero, positive ones.
_ORDERED = f"""
exp2(-Coarsest) AS Width,
{_SCALED.replace("$maps", "UpMaps")} AS Up,
{_SCALED.replace("$maps", "DownMaps")} AS Down,
length(Down.1) AS DownLength,
arrayConcat(arrayReverse(Down.2), [Zero], Up.2) AS Counts,
arrayCumSum(Counts) AS AtMost,
AtMost[-1] AS Observed,
if(DownLength = 0 AND notEmpty(Up.1), 0, -ZeroWidth) AS ZeroLow,
if(notEmpty(Down.1) AND empty(Up.1), 0, ZeroWidth) AS ZeroHigh
"""
_PLACE = """
multiIf(
    Observed <= 0, NULL,
    $at <= DownLength, -exp2((Down.1[DownLength - $at + 1] + 1 - $part) * Width),
    $at = DownLength + 1, ZeroLow + (ZeroHigh - ZeroLow) * $part,
    exp2((Up.1[$at - DownLength - 1] + $part) * Width))
"""
_AT = "arrayFirstIndex(c -> c >= {quantile:Float64} * Observed AND c > 0, AtMost)"
_PART = (
    "(({quantile:Float64} * Observed - if($at > 1, AtMost[greatest($at - 1, 1)], 0)) / Counts[$at])"
)
_LEAST_AT = "arrayFirstIndex(c -> c > 0, AtMost)"
# Observations at or below a value: whole buckets and the part of the one that the value is in.
_RANK = """
multiIf(
    {$x:Float64} = inf, Observed,
    {$x:Float64} = -inf, 0,
    arraySum((k, n) -> n * if({$x:Float64} >= 0, 1,
            least(greatest(k + 1 - log2(-{$x:Float64}) / Width, 0), 1)), Down.1, Down.2)
        + Zero * multiIf({$x:Float64} >= ZeroHigh, 1, {$x:Float64} <= ZeroLow, 0,
            ({$x:Float64} - ZeroLow) / (ZeroHigh - ZeroLow))
        + arraySum((k, n) -> n * if({$x:Float64} <= 0, 0,
            least(greatest(log2({$x:Float64}) / Width - k, 0), 1)), Up.1, Up.2))
"""


def _steps(ids: str) -> str:
    return stepped(
        "otel_metrics_exponential_histogram",
        _COLUMNS,
        ids,
        delta="AggregationTemporality = 1",
        monotonic="1",
        drop="Count < PreviousCount",
    )


def counted_rows(ids: str) -> str:
    """Return a subquery of SeriesId, Slot, Counted, Summed, Delta, Elapsed."""
    return _COUNTED.replace("$steps", _steps(ids))


def bucket_rows(ids: str) -> str:
    """Return a subquery of SeriesId, Slot, BucketScale and signed bucket counts."""
    return _SIGNED.replace("$steps", _steps(ids))


def merged_scales(statistic: Statistic) -> tuple[str, str, str]:
    """Return aggregates over ``BY_SCALE``, what is derived from them, and the estimate."""
    if statistic.kind is StatisticKind.MINIMUM:
        value = _PLACE.replace("$part", "0").replace("$at", _LEAST_AT)
    elif statistic.kind is StatisticKind.PERCENTILE_RANK:
        low, high = (_RANK.replace("$x", name) for name in ("low", "high"))
        value = f"if(Observed <= 0, NULL, 100 * ({high} - {low}) / Observed)"
    else:
        value = _PLACE.replace("$part", _PART).replace("$at", _AT)
    return _ALL_SCALES, _ORDERED, value
