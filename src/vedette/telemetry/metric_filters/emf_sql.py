"""Log events in the embedded metric format: JSON that says which of its members are metrics.

Amazon CloudWatch's "Specification: Embedded metric format". Every value is a point of a gauge with
each of its directive's dimension sets; what breaks a rule of the specification is written to
``rejected`` with the reason.
"""

from __future__ import annotations

from vedette.telemetry.metric_filters.model import NAMESPACE_LABEL
from vedette.telemetry.metric_filters.statements import COLUMNS, LABELS, SERIES_ID

SCOPE = "vedette.emf"
MAX_VALUES = 100
"""Most values of one metric in one event, and most metrics of one directive."""
MAX_DIMENSIONS = 30
"""Most dimensions of one set."""

_NUMBERS = "('Int64', 'UInt64', 'Double')"
_DIRECTIVE = (
    "Tuple(Namespace String, Dimensions Array(Array(String)), "
    "Metrics Array(Tuple(Name String, Unit String, StorageResolution Int64)))"
)

ANY = """
SELECT 1 AS there FROM otel_logs
WHERE ReceivedTime >= fromUnixTimestamp64Milli({from:Int64})
    AND ReceivedTime < fromUnixTimestamp64Milli({to:Int64}) AND position(Body, '"_aws"') > 0
LIMIT 1
"""
"""Whether there is any; most windows have none, and this is a hundredth of the work."""

# One row a metric of a directive, with what is wrong with it; an event without a directive, or a
# directive without a metric, is a row, too.
_METRICS = f"""
SELECT
    Account, ReceivedTime, ServiceName, Body, Millis, Directive, Metric,
    toString(JSONType(Body, Metric.Name)) AS Kind,
    if(Kind = 'Array', JSONExtractArrayRaw(Body, Metric.Name), [JSONExtractRaw(Body, Metric.Name)]) AS Raw,
    arrayFirst(
        set -> length(set) > {MAX_DIMENSIONS} OR arrayExists(d -> JSONType(Body, d) != 'String', set),
        Directive.Dimensions) AS Wrong,
    multiIf(
        TimeKind NOT IN {_NUMBERS}, '_aws.Timestamp is not a number of milliseconds',
        Millis < {{oldest:Int64}}, '_aws.Timestamp is too far in the past',
        Millis > {{newest:Int64}}, '_aws.Timestamp is too far in the future',
        empty(Directives), '_aws.CloudWatchMetrics holds no metric directive',
        Directive.Namespace = '', 'a metric directive has no Namespace',
        length(Directive.Metrics) > {MAX_VALUES}, 'a metric directive has more than {MAX_VALUES} metrics',
        Metric.Name = '', 'a metric has no Name',
        Metric.StorageResolution NOT IN (0, 1, 60), 'StorageResolution is neither 1 nor 60',
        Kind NOT IN {_NUMBERS} AND Kind != 'Array', 'a metric names no root member that is a number',
        length(Raw) > {MAX_VALUES}, 'a metric has more than {MAX_VALUES} values',
        empty(Raw) OR arrayExists(one -> JSONType(one) NOT IN {_NUMBERS}, Raw),
            'a metric has a value that is not a number',
        length(Wrong) > {MAX_DIMENSIONS}, 'a dimension set has more than {MAX_DIMENSIONS} dimensions',
        notEmpty(Wrong), 'a dimension names no root member that is a string',
        '') AS Reason
FROM
(
    SELECT
        Account, ReceivedTime, ServiceName, Body,
        toString(JSONType(Body, '_aws', 'Timestamp')) AS TimeKind,
        JSONExtractInt(Body, '_aws', 'Timestamp') AS Millis,
        JSONExtract(Body, '_aws', 'CloudWatchMetrics', 'Array({_DIRECTIVE})') AS Directives,
        if(empty(Directives), [CAST(('', [], []), '{_DIRECTIVE}')], Directives) AS Each
    FROM otel_logs
    WHERE ReceivedTime >= fromUnixTimestamp64Milli({{from:Int64}})
        AND ReceivedTime < fromUnixTimestamp64Milli({{to:Int64}})
        AND position(Body, '"_aws"') > 0 AND JSONType(Body, '_aws') = 'Object'
)
ARRAY JOIN Each AS Directive
LEFT ARRAY JOIN arraySlice(Directive.Metrics, 1, {MAX_VALUES + 1}) AS Metric
"""

POINTS = f"""
INSERT INTO otel_metrics_gauge ({COLUMNS})
SELECT
    Account, {SERIES_ID} AS SeriesId,
    CAST(if(ServiceName = '', map(), map('service.name', ServiceName)), '{LABELS}') AS ResourceAttributes,
    ServiceName, '{SCOPE}' AS ScopeName, Metric.Name AS MetricName, Metric.Unit AS MetricUnit,
    CAST(mapUpdate(
        mapFromArrays(Labels, arrayMap(d -> JSONExtractString(Body, d), Labels)),
        map('{NAMESPACE_LABEL}', Directive.Namespace)), '{LABELS}') AS Attributes,
    fromUnixTimestamp64Nano(0) AS StartTimeUnix, toDateTime64(fromUnixTimestamp64Milli(Millis), 9) AS TimeUnix,
    JSONExtractFloat(One) AS Value,
    fromUnixTimestamp64Milli({{received:Int64}}) AS ReceivedTime, {{batch:UInt64}} AS BatchId
FROM
(
    SELECT
        Account, ServiceName, Body, Millis, Directive, Metric, One,
        arrayDistinct(arraySort(Set)) AS Labels
    FROM
    (
        SELECT
            *, if(empty(Directive.Dimensions), [CAST([], 'Array(String)')], Directive.Dimensions) AS Sets
        FROM ({_METRICS})
        WHERE Reason = ''
    )
    ARRAY JOIN Sets AS Set
    ARRAY JOIN Raw AS One
)
WHERE toUInt32(toDate(TimeUnix)) NOT IN {{stored:Array(UInt32)}}
"""

REJECTED = f"""
INSERT INTO rejected (Account, ReceivedTime, RequestId, Signal, Reason, Count, Sample)
SELECT
    Account, fromUnixTimestamp64Milli({{to:Int64}}), 0, 'emf', Reason, count(), left(any(Body), 1024)
FROM ({_METRICS})
WHERE Reason != ''
GROUP BY Account, Reason
"""
