"""Statements that count the events of many objectives at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.query.language import LOGS, Signal, compile_search
from vedette.query.language.parameters import Parameters
from vedette.telemetry.traces.filters import SpanFilter, in_range, typed_conditions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.experience.slo.definition import LogCounts, RequestSource

MAX_THRESHOLDS = 48
"""Different latencies of one statement."""
MAX_CONDITIONS = 20
"""Objectives with a search text of one statement."""
TOLERATED = 4
"""Apdex: up to this many times T a request is tolerated."""

_JOIN = """
SELECT Slo, Slot, $good AS Good, $tolerating AS Tolerating, toFloat64(sum(Events)) AS Total
FROM ($spans) AS spans
INNER JOIN
(
    SELECT s.1 AS Slo, s.2 AS Service, s.3 AS Operation, s.4 AS Kinds, s.5 AS Within, s.6 AS Tolerated
    FROM
    (
        SELECT arrayJoin(arrayZip(
            {slos:Array(String)}, {services:Array(String)}, {operations:Array(String)},
            {kinds:Array(String)}, {within:Array(UInt16)}, {tolerated:Array(UInt16)}
        )) AS s
    )
) AS slo ON spans.Service = slo.Service
WHERE (Operation = '' OR Operation = spans.Name) AND has(splitByChar(',', Kinds), spans.Kind)
GROUP BY Slo, Slot
"""
_SLOT = "toUInt32(intDiv(toUnixTimestamp($time), {step:UInt32}) * {step:UInt32}) AS Slot"
_ROLLUP = f"""
SELECT ServiceName AS Service, SpanName AS Name, SpanKind AS Kind, {_SLOT.replace("$time", "Minute")},
    sum(Count) AS Events, sum(Errors) AS Failed
FROM @span_metrics_1m
WHERE Minute >= toDateTime({{from:UInt32}}) AND Minute < toDateTime({{to:UInt32}})
    AND ServiceName IN {{services:Array(String)}}
GROUP BY Service, Name, Kind, Slot
"""
_SPANS = f"""
SELECT ServiceName AS Service, SpanName AS Name, SpanKind AS Kind, {_SLOT.replace("$time", "Timestamp")},
    count() AS Events,
    sumForEach(arrayMap(
        t -> toUInt64(Duration <= t AND StatusCode != 'Error'), {{thresholds:Array(UInt64)}}
    )) AS Below
FROM @otel_traces
WHERE {in_range()} AND ServiceName IN {{services:Array(String)}}
GROUP BY Service, Name, Kind, Slot
"""
ROLLUP = (
    _JOIN.replace("$spans", _ROLLUP)
    .replace("$good", "toFloat64(sum(Events - Failed))")
    .replace("$tolerating", "toFloat64(0)")
)
LATENCY = (
    _JOIN.replace("$spans", _SPANS)
    .replace("$good", "toFloat64(sum(Below[Within]))")
    .replace("$tolerating", "toFloat64(sum(Below[Tolerated] - Below[Within]))")
)
_CONDITIONS = f"""
SELECT {_SLOT.replace("$time", "Timestamp")}, [$good] AS Good, [$tolerating] AS Tolerating, [$total] AS Total
FROM @$table
WHERE $range AND ($any)
GROUP BY Slot
"""


def joined(sources: Mapping[str, RequestSource], thresholds: Sequence[int]) -> dict[str, Any]:
    """Return the parameters that name the objectives to ``ROLLUP`` and ``LATENCY``."""
    place = {threshold: number for number, threshold in enumerate(thresholds, 1)}
    latencies = [source.latency_ns or 0 for source in sources.values()]
    return {
        "slos": list(sources),
        "services": [source.service for source in sources.values()],
        "operations": [source.operation for source in sources.values()],
        "kinds": [",".join(source.kinds) for source in sources.values()],
        "within": [place.get(latency, 0) for latency in latencies],
        "tolerated": [place.get(latency * TOLERATED, 0) for latency in latencies],
    }


def of_requests(sources: Mapping[str, RequestSource]) -> tuple[str, dict[str, Any]]:
    """Return one statement for requests that a search text narrows, and its parameters."""
    bind = Parameters("f")
    rows = []
    for source in sources.values():
        chosen = SpanFilter(
            service=source.service, operation=source.operation, kinds=tuple(source.kinds)
        )
        parts = typed_conditions(chosen, bind)
        text = compile_search(source.filter, Signal.SPANS, parameters=bind)
        total = " AND ".join([*parts, f"({text.sql})"])
        good, tolerated = "StatusCode != 'Error'", "0"
        if source.latency_ns is not None:
            within, beyond = source.latency_ns, source.latency_ns * TOLERATED
            good, tolerated = (
                f"{good} AND Duration <= {bind.integer(within)}",
                f"{good} AND Duration > {bind.integer(within)} AND Duration <= {bind.integer(beyond)}",
            )
        rows.append((total, f"({total}) AND {good}", f"({total}) AND {tolerated}"))
    return _statement(rows, "otel_traces", in_range()), bind.values


def of_logs(sources: Mapping[str, LogCounts]) -> tuple[str, dict[str, Any]]:
    """Return one statement for objectives on log records, and its parameters."""
    bind = Parameters("f")
    rows = []
    for source in sources.values():
        total = compile_search(source.total, Signal.LOGS, parameters=bind).sql
        text = source.good if source.good is not None else source.bad or ""
        chosen = compile_search(text, Signal.LOGS, parameters=bind).sql
        good = chosen if source.good is not None else f"NOT ({chosen})"
        rows.append((total, f"({total}) AND ({good})", "0"))
    return _statement(rows, "otel_logs", LOGS.in_time_range()), bind.values


def _statement(rows: Sequence[tuple[str, str, str]], table: str, in_range_: str) -> str:
    def counts(number: int) -> str:
        return ", ".join(f"toFloat64(countIf({row[number]}))" for row in rows)

    return (
        _CONDITIONS.replace("$table", table)
        .replace("$range", in_range_)
        .replace("$good", counts(1))
        .replace("$tolerating", counts(2))
        .replace("$total", counts(0))
        .replace("$any", " OR ".join(f"({total})" for total, _, _ in rows))
    )
