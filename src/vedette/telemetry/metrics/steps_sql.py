"""Points of cumulative streams as the steps between them.

One rule for sums, histograms and summaries, after "Resets and Gaps" of the OpenTelemetry metrics
data model and Prometheus' ``increase``, without extrapolation:

- A point with delta temporality is a step by itself.
- A point of a cumulative stream makes the step from the point before it, which may lie up to the
  lookback before the range. The step belongs to the period of the later point, so that steps over
  periods add up to the whole.
- A value lower than before, or a start time that is later than the point before, is a reset: the
  step is the value itself, unless the start time is the point's own time, which says "unknown
  start". - The first point of a stream is a step only if its start time lies within what is read;
  otherwise its value grew before and it is only what the next step counts from.
"""

from __future__ import annotations

_WINDOW = """
SELECT
    SeriesId, TimeUnix, StartTimeUnix, $columns,
    $lagged,
    lagInFrame(TimeUnix) OVER w AS PreviousTime,
    lagInFrame(StartTimeUnix) OVER w AS PreviousStart,
    lagInFrame(toUInt8(1), 1, toUInt8(0)) OVER w AS HasPrevious
FROM @$table
WHERE MetricName = {metric:String} AND $ids
    AND TimeUnix >= fromUnixTimestamp64Nano({lookback:Int64})
    AND TimeUnix < fromUnixTimestamp64Nano({end:Int64})
WINDOW w AS (PARTITION BY SeriesId ORDER BY TimeUnix ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)
"""

# 0: nothing, 1: the value itself, 2: its difference to the previous one.
_STEP = """
multiIf(
    $delta, 1,
    HasPrevious = 0,
        ($monotonic) AND StartTimeUnix >= fromUnixTimestamp64Nano({lookback:Int64})
            AND StartTimeUnix < TimeUnix,
    NOT ($monotonic), 2,
    $drop OR (StartTimeUnix > PreviousStart AND StartTimeUnix >= PreviousTime),
        StartTimeUnix != TimeUnix,
    2)
"""

_ELAPSED = """
(toUnixTimestamp64Nano(TimeUnix)
    - toUnixTimestamp64Nano(if(HasPrevious = 1, PreviousTime, StartTimeUnix))) / 1e9
"""

_SLOT = "toInt32(intDiv(toUnixTimestamp64Nano(TimeUnix) - {start:Int64}, {period_ns:Int64}))"

RAW_SLOT = _SLOT
"""The number of the period that a raw point is in."""


def stepped(
    table: str, columns: tuple[str, ...], ids: str, *, delta: str, monotonic: str, drop: str
) -> str:
    """Return a subquery of the points that make a step, within the range.

    Its columns: SeriesId, Slot (number of the period), ``columns``, ``Previous<column>`` of each,
    Step (1: the value itself, 2: its difference to the previous), Delta (0 or 1) and
    Elapsed (seconds that the step took).

    Args:
        table: table of points.
        columns: what to carry along.
        ids: condition on SeriesId.
        delta: expression that tells a point with delta temporality.
        monotonic: expression that tells whether values of the stream can only grow.
        drop: expression that tells a value that is lower than the previous one.

    """
    lagged = ", ".join(f"lagInFrame({name}) OVER w AS Previous{name}" for name in columns)
    window = (
        _WINDOW.replace("$columns", ", ".join(columns))
        .replace("$lagged", lagged)
        .replace("$table", table)
        .replace("$ids", ids)
    )
    step = _STEP.replace("$delta", delta).replace("$monotonic", monotonic).replace("$drop", drop)
    carried = ", ".join(f"{name}, Previous{name}" for name in columns)
    return f"""
SELECT
    SeriesId, {_SLOT} AS Slot, {carried},
    {step} AS Step, toUInt8({delta}) AS Delta, {_ELAPSED} AS Elapsed
FROM ({window})
WHERE TimeUnix >= fromUnixTimestamp64Nano({{start:Int64}}) AND Step > 0
"""


RATE = """
if(any(Delta) = 1, sum($step) / {period:Float64}, sum($step) / nullIf(sum(Elapsed), 0))
"""
"""Rate of one series in a period: what it grew by, over the seconds in which it did.

A cumulative stream's steps are divided by the time between its points, so that points that come
more seldom than the period do not look like bursts; a delta stream without points did not grow,
and its steps are divided by the period.
"""
