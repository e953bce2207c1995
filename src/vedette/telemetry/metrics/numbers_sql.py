"""Statements over gauges and sums, raw and rolled up.

Samples: a gauge's values; a delta sum's values; a cumulative monotonic sum's steps (see
``steps_sql``); a cumulative sum that can fall (an up-down counter) is read as a gauge. So ``Sum``
of a counter is its increase, whichever temporality it is sent with, and ``Last`` is always the
value as it was sent.
"""

from __future__ import annotations

from vedette.telemetry.metrics.statistics import Statistic, StatisticKind
from vedette.telemetry.metrics.steps_sql import RATE, RAW_SLOT, stepped

ROLLED_UP = frozenset(
    {
        StatisticKind.SUM,
        StatisticKind.AVERAGE,
        StatisticKind.MINIMUM,
        StatisticKind.MAXIMUM,
        StatisticKind.SAMPLE_COUNT,
        StatisticKind.LAST,
        StatisticKind.RATE,
        StatisticKind.INCREASE,
    }
)
"""Statistics that rollups can answer."""
ROLLED_UP_COUNTER = frozenset(
    {StatisticKind.SUM, StatisticKind.LAST, StatisticKind.RATE, StatisticKind.INCREASE}
)
"""Those that they can answer for cumulative counters, of which they keep no single steps."""

_POINTS = """
SELECT SeriesId, $slot AS Slot, TimeUnix AS Moment, Value AS Sample
FROM @$table
WHERE MetricName = {metric:String} AND $ids
    AND TimeUnix >= fromUnixTimestamp64Nano({start:Int64})
    AND TimeUnix < fromUnixTimestamp64Nano({end:Int64})
"""

_ROLLUP = """
SELECT
    SeriesId, Time AS Bucket,
    sum(Count) AS Samples, sum(Sum) AS Total, min(Min) AS Least, max(Max) AS Most,
    argMaxMerge(Last) AS Final
FROM @metric_rollup_$tier
WHERE MetricName = {metric:String} AND $ids
    AND Time >= toDateTime({lookback_s:Int64}) AND Time < toDateTime({end_s:Int64})
GROUP BY SeriesId, Bucket
"""

# Rows that were not merged yet are summed with the others: buckets need not be whole here.
_ROLLUP_SAMPLES = """
SELECT
    SeriesId, $slot AS Slot, Count AS Samples, Sum AS Total, Min AS Least, Max AS Most, Last
FROM @metric_rollup_$tier
WHERE MetricName = {metric:String} AND $ids
    AND Time >= toDateTime({start_s:Int64}) AND Time < toDateTime({end_s:Int64})
"""

_ROLLUP_SLOT = (
    "toInt32(intDiv(toInt64(toUnixTimestamp($bucket)) - {start_s:Int64}, {period_s:Int64}))"
)

# Within a bucket only its least, greatest and last value are known. Without a reset the step is the
# difference of last values; a fall shows as a least value below the last one before, and the rise
# before it as a greatest value above the last one. A second rise in one bucket is not seen.
_ROLLUP_STEPS = """
SELECT
    SeriesId, $slot AS Slot, Bucket AS Moment, Samples, Total, Least, Most, Final,
    $mode AS Mode,
    toUInt8(Mode = 1) AS Delta,
    multiIf(
        Mode = 1, Total,
        HasPrevious = 0, if(Mode = 2, if(Most > Final, Most - Least + Final, Final - Least), 0),
        Mode != 2 OR Least >= Previous, Final - Previous,
        Most > Final, greatest(Most - Previous, 0) + Final,
        Final) AS Step,
    if(HasPrevious = 1,
        toFloat64(toUnixTimestamp(Bucket)) - toFloat64(toUnixTimestamp(PreviousBucket)),
        {tier_s:Float64} * (Samples - 1) / Samples) AS Elapsed
FROM
(
    SELECT
        *,
        lagInFrame(Final) OVER w AS Previous,
        lagInFrame(Bucket) OVER w AS PreviousBucket,
        lagInFrame(toUInt8(1), 1, toUInt8(0)) OVER w AS HasPrevious
    FROM ($rollup)
    WINDOW w AS (PARTITION BY SeriesId ORDER BY Bucket ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
)
WHERE Bucket >= toDateTime({start_s:Int64})
"""

_SIMPLE = {
    StatisticKind.SUM: "sum(Sample)",
    StatisticKind.AVERAGE: "avg(Sample)",
    StatisticKind.MINIMUM: "min(Sample)",
    StatisticKind.MAXIMUM: "max(Sample)",
    StatisticKind.SAMPLE_COUNT: "toFloat64(count())",
    StatisticKind.LAST: "argMax(Sample, Moment)",
    StatisticKind.INCREASE: "sum(Sample)",
    StatisticKind.RATE: RATE.replace("$step", "Sample"),
}
_OF_ROLLUP_SAMPLES = {
    StatisticKind.SUM: "sum(Total)",
    StatisticKind.AVERAGE: "sum(Total) / sum(Samples)",
    StatisticKind.MINIMUM: "min(Least)",
    StatisticKind.MAXIMUM: "max(Most)",
    StatisticKind.SAMPLE_COUNT: "toFloat64(sum(Samples))",
    StatisticKind.LAST: "argMaxMerge(Last)",
}
_OF_ROLLUP_STEPS = {
    # What a counter grew by is its steps; of everything else the samples are summed.
    StatisticKind.SUM: "sum(if(Mode = 2, Step, Total))",
    StatisticKind.INCREASE: "sum(Step)",
    StatisticKind.RATE: RATE.replace("$step", "Step"),
}

# Bounds as ranks: so many of the lowest are left out, and all above rank Upto. A trillionth keeps
# 0.07 * 100 from counting as more than 7.
_SORTED = "arraySort(groupArray(Sample)) AS Sorted, length(Sorted) AS Number"
_SKIPPED = "toUInt64(floor({low:Float64} * Number + 1e-9))"
_UPTO = "toUInt64(ceil({high:Float64} * Number - 1e-9))"
_KEPT_BY_RANK = f"arraySlice(Sorted, {_SKIPPED} + 1, {_UPTO} - {_SKIPPED})"
_KEPT_BY_VALUE = "arrayFilter(v -> v > {low:Float64} AND v <= {high:Float64}, Sorted)"
_WINSOR_BY_RANK = (
    f"arrayMap(v -> least(greatest(v, Sorted[{_SKIPPED} + 1]), "
    f"Sorted[greatest({_UPTO}, 1)]), Sorted)"
)
_WINSOR_BY_VALUE = "arrayMap(v -> least(greatest(v, {low:Float64}), {high:Float64}), Sorted)"


def raw_samples(table: str, ids: str) -> str:
    """Return a subquery of SeriesId, Slot, Moment, Sample over points as they were sent."""
    return _POINTS.replace("$slot", RAW_SLOT).replace("$table", table).replace("$ids", ids)


def raw_steps(table: str, ids: str, *, signed: bool) -> str:
    """Return a subquery of SeriesId, Slot, Sample, Delta, Elapsed over steps.

    Args:
        table: the gauges or the sums.
        ids: condition on SeriesId.
        signed: steps of streams that can fall, too, are wanted (``rate``, ``increase``); otherwise
            the values of such streams are.

    """
    if table == "otel_metrics_gauge":
        # A gauge has neither; who asks for its rate takes it for a counter.
        columns: tuple[str, ...] = ("Value",)
        delta, monotonic = "0", "1"
    else:
        columns = ("Value", "AggregationTemporality", "IsMonotonic")
        delta, monotonic = "AggregationTemporality = 1", "IsMonotonic"
    if not signed:
        delta = f"({delta} OR NOT {monotonic})"
    steps = stepped(
        table, columns, ids, delta=delta, monotonic=monotonic, drop="Value < PreviousValue"
    )
    return f"""
SELECT SeriesId, Slot, Delta, Elapsed, if(Step = 2, Value - PreviousValue, Value) AS Sample
FROM ({steps})
"""


def rollup_samples(tier: str, ids: str, statistic: Statistic) -> tuple[str, str]:
    """Return a subquery over a rollup tier, and the aggregate of a statistic over its rows.

    For statistics of samples: what needs no step from one bucket to the next.
    """
    rows = _ROLLUP_SAMPLES.replace("$tier", tier).replace("$ids", ids)
    slot = _ROLLUP_SLOT.replace("$bucket", "Time")
    return rows.replace("$slot", slot), _OF_ROLLUP_SAMPLES[statistic.kind]


def rollup_steps(tier: str, ids: str, mode: str, statistic: Statistic) -> tuple[str, str]:
    """Return the same for statistics of steps: sums of counters, increases and rates.

    Args:
        tier: ``1m``, ``5m`` or ``1h``.
        ids: condition on SeriesId.
        mode: expression of 0 (read as a gauge), 1 (delta) or 2 (cumulative counter) for a series.
        statistic: what is asked for.

    """
    rollup = _ROLLUP.replace("$tier", tier).replace("$ids", ids)
    rows = (
        _ROLLUP_STEPS.replace("$slot", _ROLLUP_SLOT.replace("$bucket", "Bucket"))
        .replace("$mode", mode)
        .replace("$rollup", rollup)
    )
    return rows, _OF_ROLLUP_STEPS[statistic.kind]


def raw_value(statistic: Statistic) -> tuple[str, str]:
    """Return the columns to aggregate samples to, and the statistic's expression over them."""
    if not statistic.needs_values:
        return f"{_SIMPLE[statistic.kind]} AS Simple", "Simple"
    return _SORTED, _of_sorted(statistic)


def _of_sorted(statistic: Statistic) -> str:
    kept = _KEPT_BY_RANK if statistic.percent else _KEPT_BY_VALUE
    if statistic.kind is StatisticKind.PERCENTILE:
        return f"Sorted[greatest({_UPTO}, 1)]"
    if statistic.kind is StatisticKind.TRIMMED_MEAN:
        return f"if(empty({kept}), NULL, arrayAvg({kept}))"
    if statistic.kind is StatisticKind.TRIMMED_COUNT:
        return f"toFloat64(length({kept}))"
    if statistic.kind is StatisticKind.TRIMMED_SUM:
        return f"arraySum({kept})"
    if statistic.kind is StatisticKind.WINSORIZED_MEAN:
        return f"arrayAvg({_WINSOR_BY_RANK if statistic.percent else _WINSOR_BY_VALUE})"
    return f"100 * length({kept}) / Number"


def of_many(rows: str) -> str:
    """Return a subquery of one metric's rows as that of all metrics in ``{metrics}``."""
    return rows.replace("MetricName = {metric:String}", "MetricName IN {metrics:Array(String)}")
