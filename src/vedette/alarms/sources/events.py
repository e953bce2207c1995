"""Series of statistics over log records and spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.alarms.definition import AbsenceSource, AlarmSpec, EventSource
from vedette.alarms.model import Points, Reading
from vedette.query.language import Signal, compile_search
from vedette.query.language.dialect import dialect_for
from vedette.query.language.parameters import Parameters
from vedette.telemetry.facets import value_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.query import QueryRunner

MAX_SERIES = 1_000
MAX_SECONDS = 10.0
"""Longest that one alarm's statement runs: others wait for it."""

_TABLES = {Signal.LOGS: "otel_logs", Signal.SPANS: "otel_traces"}
_READ = """
SELECT Labels, groupArray(Slot) AS Slots, groupArray(Value) AS Points, count() OVER () AS Number
FROM
(
    SELECT
        CAST([$labels] AS Array(String)) AS Labels,
        toInt32(intDiv(toUnixTimestamp64Nano(Timestamp) - {first:Int64}, {period_ns:Int64})) AS Slot,
        toFloat64($value) AS Value
    FROM @$table
    WHERE $range AND ($condition)
    GROUP BY Labels, Slot
    HAVING isFinite(Value)
)
GROUP BY Labels
ORDER BY max(Value) DESC, Labels
LIMIT {most:UInt32}
"""


def read_events(runner: QueryRunner, account: str, spec: AlarmSpec, end: int) -> Reading:
    """Return the series of an alarm on logs or traces, up to ``end`` (Unix seconds).

    A period without a matching record counts 0 where the statistic is a count or a rate: the
    records are what is counted, not what might have been sent.
    """
    source = spec.source
    if not isinstance(source, EventSource | AbsenceSource):
        raise TypeError("logs and traces only")
    kind = source.signal if isinstance(source, AbsenceSource) else source.type
    signal = Signal.LOGS if kind == "logs" else Signal.SPANS
    statistic = source.statistic if isinstance(source, EventSource) else "count"
    length = spec.periods_read
    first = end - spec.period * length
    bind = Parameters()
    condition = compile_search(source.query, signal, parameters=bind)
    dialect = dialect_for(signal)
    labels = [f"toString({value_of(dialect, name, bind)})" for name in source.group_by]
    sql = (
        _READ.replace("$labels", ", ".join(labels))
        .replace("$value", _value(source, statistic, signal, bind, spec.period))
        .replace("$table", _TABLES[signal])
        .replace("$range", dialect.in_time_range())
        .replace("$condition", condition.sql)
    )
    params = {
        **bind.values,
        "start": f"{first}.000000000",
        "end": f"{end}.000000000",
        "first": first * 1_000_000_000,
        "period_ns": spec.period * 1_000_000_000,
        "most": MAX_SERIES,
    }
    columns = runner.run(account, sql, params, limits=runner.limits(seconds=MAX_SECONDS))
    counted = statistic in {"count", "rate"}
    series = []
    for names, slots, points in zip(
        columns["Labels"], columns["Slots"], columns["Points"], strict=True
    ):
        values: list[float | None] = [0.0 if counted else None] * length
        for slot, point in zip(slots, points, strict=True):
            values[slot] = point
        found = dict(zip(source.group_by, names, strict=True))
        series.append(Points({name: value for name, value in found.items() if value}, values))
    if not series and not source.group_by and counted:
        series.append(Points({}, [0.0] * length))
    total = columns["Number"][0] if columns.rows else 0
    left_out = total - columns.rows
    return Reading(
        starts=list(range(first, end, spec.period)),
        series=series,
        partial=f"{left_out} of {total} series are left out" if left_out > 0 else None,
    )


def _value(
    source: EventSource | AbsenceSource,
    statistic: str,
    signal: Signal,
    bind: Parameters,
    period: int,
) -> str:
    if statistic == "count":
        return "count()"
    if statistic == "rate":
        return f"count() / {period}"
    if statistic == "error_rate":
        return "countIf(StatusCode = 'Error') / count()"
    field = source.field if isinstance(source, EventSource) else ""
    if not field or (signal is Signal.SPANS and field in {"duration", "duration_ms"}):
        number = "Duration / 1e6"  # milliseconds
    else:
        text = value_of(dialect_for(signal), field, bind)
        if statistic == "count_distinct":
            return f"uniq({text})"
        number = f"toFloat64OrNull({text})"
    if statistic.startswith("p"):
        return f"ifNull(quantile({float(statistic[1:]) / 100})({number}), nan)"
    functions: Sequence[str] = ("avg", "min", "max", "sum")
    if statistic not in functions:
        raise TypeError(statistic)
    return f"ifNull({statistic}({number}), nan)"
