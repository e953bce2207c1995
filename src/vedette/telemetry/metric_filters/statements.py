"""The statements that make metric points of an account's new log events, all filters in one.

Every matching event is a point of a gauge, so that each statistic counts events as CloudWatch's
metric filters do. The statements name the account themselves: they write rows for it, which the
query layer's scope cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vedette.query.language.parameters import Parameters
from vedette.telemetry.metric_filters.model import NAMESPACE_LABEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.telemetry.metric_filters.model import FilterDefinition, MetricFilter
    from vedette.telemetry.metric_filters.patterns import Pattern

SCOPE = "vedette.metric_filters"
LABELS = "Map(LowCardinality(String), String)"
COLUMNS = (
    "Account, SeriesId, ResourceAttributes, ServiceName, ScopeName, MetricName, MetricUnit, "
    "Attributes, StartTimeUnix, TimeUnix, Value, ReceivedTime, BatchId"
)
SERIES_ID = "cityHash64(MetricName, ResourceAttributes, ScopeName, mapSort(Attributes))"

_INSERT = f"""
INSERT INTO otel_metrics_gauge ({COLUMNS})
SELECT
    {{account:String}} AS Account, {SERIES_ID} AS SeriesId,
    CAST(if(ServiceName = '', map(), map('service.name', ServiceName)), '{LABELS}') AS ResourceAttributes,
    {{services:Array(String)}}[Filter] AS ServiceName, '{SCOPE}' AS ScopeName,
    {{metrics:Array(String)}}[Filter] AS MetricName, {{units:Array(String)}}[Filter] AS MetricUnit,
    CAST(mapFilter((k, v) -> v != '',
        mapUpdate(Labels, map('{NAMESPACE_LABEL}', {{namespaces:Array(String)}}[Filter]))), '{LABELS}')
        AS Attributes,
    fromUnixTimestamp64Nano(0) AS StartTimeUnix, Moment AS TimeUnix,
    assumeNotNull(Number) AS Value,
    fromUnixTimestamp64Milli({{received:Int64}}) AS ReceivedTime, {{batch:UInt64}} AS BatchId
FROM ($points)
WHERE isNotNull(Number) AND isFinite(Number)
    AND toUInt32(toDate(TimeUnix)) NOT IN {{stored:Array(UInt32)}}
"""

_EVENTS = """
SELECT Timestamp, ServiceName, ReceivedTime, Body
FROM otel_logs
WHERE Account = {account:String}
    AND ReceivedTime >= fromUnixTimestamp64Milli({from:Int64})
    AND ReceivedTime < fromUnixTimestamp64Milli({to:Int64})
"""

_MATCHES = f"""
SELECT Timestamp AS Moment, Found.1 AS Filter, Found.2 AS Number, Found.3 AS Labels
FROM ({_EVENTS})
ARRAY JOIN arrayConcat($found) AS Found
"""

_DEFAULTS = """
SELECT
    toDateTime64(Minute, 9) AS Moment, Found.1 AS Filter, toNullable(Found.2) AS Number,
    CAST(map(), 'Map(String, String)') AS Labels
FROM
(
    SELECT toStartOfMinute(TimestampTime) AS Minute, [$counts] AS Counts
    FROM otel_logs
    WHERE Account = {account:String}
        AND TimestampTime >= toDateTime({minute_from:Int64})
        AND TimestampTime < toDateTime({minute_to:Int64})
        AND ReceivedTime < fromUnixTimestamp64Milli({to:Int64})
    GROUP BY Minute
)
ARRAY JOIN arrayFilter(one -> one.3 > 0 AND one.4 = 0, Counts) AS Found
"""

_REJECTED = """
INSERT INTO rejected (Account, ReceivedTime, RequestId, Signal, Reason, Count, Sample)
SELECT
    {account:String}, fromUnixTimestamp64Milli({to:Int64}), 0, 'metric_filters',
    concat('the value of metric filter ', {names:Array(String)}[Filter], ' is not a number'),
    count(), left(any(Body), 1024)
FROM (SELECT Body, arrayJoin(arrayConcat($found)) AS Found FROM ($events))
WHERE isNull(Found.2) OR NOT isFinite(Found.2)
GROUP BY Found.1 AS Filter
"""


@dataclass(frozen=True, slots=True)
class Window:
    """What one run is about; Unix milliseconds and, of minutes, Unix seconds.

    Attributes:
        start: events received from here on.
        end: events received before.
        minute_start: minutes from here on are closed by this run: their defaults are due.
        minute_end: minutes before.
        batch: id of the points that are written.
        stored: days since the epoch of which an earlier attempt has written the points.

    """

    start: int
    end: int
    minute_start: int
    minute_end: int
    batch: int
    stored: tuple[int, ...] = ()


class Statements:
    """The statements of some filters of one account.

    Args:
        account: whose filters.
        filters: each with a definition that was checked.

    """

    def __init__(self, account: str, filters: Sequence[MetricFilter]) -> None:
        self._account = account
        self._filters = filters
        self._parameters = Parameters("f")
        self._patterns = [one.definition.checked() for one in filters]
        self._conditions = [self._condition(n) for n in range(len(filters))]
        # All texts are made here, so that the parameters of all are bound.
        self._found = [self._found_by(n) for n in range(len(filters))]
        self._counts = self._counts_of_defaults()

    @property
    def has_defaults(self) -> bool:
        """Whether a filter has a default value."""
        return any(one.definition.default_value is not None for one in self._filters)

    @property
    def has_fields(self) -> bool:
        """Whether a filter's value comes from the event, and so may be no number."""
        return any(one.definition.constant is None for one in self._filters)

    def points(self, *, defaults: bool) -> str:
        """Return the statement that writes the points of a window."""
        found = ", ".join(self._found)
        points = _MATCHES.replace("$found", found)
        if defaults and self.has_defaults:
            points += f"UNION ALL {_DEFAULTS.replace('$counts', self._counts)}"
        return _INSERT.replace("$points", points)

    def rejected(self) -> str:
        """Return the statement that writes which events matched and had no number as the value."""
        found = ", ".join(
            found
            for found, one in zip(self._found, self._filters, strict=True)
            if one.definition.constant is None
        )
        return _REJECTED.replace("$found", found).replace("$events", _EVENTS)

    def parameters(self, window: Window) -> dict[str, Any]:
        """Return the values of a statement's parameters."""
        definitions = [one.definition for one in self._filters]
        return {
            **self._parameters.values,
            "account": self._account,
            "names": [one.name for one in self._filters],
            "metrics": [one.metric for one in definitions],
            "namespaces": [one.namespace for one in definitions],
            "services": [one.service for one in definitions],
            "units": [one.unit for one in definitions],
            "from": window.start,
            "to": window.end,
            "minute_from": window.minute_start,
            "minute_to": window.minute_end,
            "batch": window.batch,
            "stored": list(window.stored),
        }

    def _scope(self, number: int) -> str:
        one = self._filters[number]
        since = self._parameters.integer(int(one.since.timestamp() * 1000))
        scope = f"ReceivedTime >= fromUnixTimestamp64Milli({since})"
        if one.definition.service:
            scope += f" AND ServiceName = {self._parameters.text(one.definition.service)}"
        return scope

    def _condition(self, number: int) -> str:
        condition = self._patterns[number].condition(self._parameters)
        return f"({self._scope(number)} AND ({condition}))"

    def _found_by(self, number: int) -> str:
        definition = self._filters[number].definition
        value, labels = extraction(definition, self._patterns[number], self._parameters)
        return f"if({self._conditions[number]}, [(toUInt16({number + 1}), {value}, {labels})], [])"

    def _counts_of_defaults(self) -> str:
        parts = (
            f"(toUInt16({n + 1}), {self._parameters.number(one.definition.default_value)}, "
            f"countIf({self._scope(n)}), countIf({self._conditions[n]}))"
            for n, one in enumerate(self._filters)
            if one.definition.default_value is not None
        )
        return ", ".join(parts)


def extraction(
    definition: FilterDefinition, pattern: Pattern, parameters: Parameters
) -> tuple[str, str]:
    """Return the expressions of an event's value, ``Nullable(Float64)``, and of its labels, a map."""
    constant = definition.constant
    number = (
        f"toNullable({parameters.number(constant)})"
        if constant is not None
        else pattern.number(definition.value, parameters, field="value")
    )
    pairs = (
        f"{parameters.text(name)}, {pattern.label(selector, parameters, field='dimensions')}"
        for name, selector in definition.dimensions.items()
    )
    labels = f"map({', '.join(pairs)})"
    return number, f"CAST({labels}, 'Map(String, String)')"
