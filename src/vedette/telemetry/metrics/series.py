"""Series of a metric: found by their labels first, so that only their points are read."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError, QueryLimitError
from vedette.telemetry.metrics.model import MAX_SERIES_READ, Matcher, MetricQuery, MetricType
from vedette.telemetry.metrics.selectors import check_count, check_matcher

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

SERVICE = "service"
RESOURCE = "resource."
BUCKET_LABEL = "le"
"""Label of a Prometheus classic histogram's buckets: their inclusive upper bound."""
BUCKET_SUFFIX = "_bucket"
"""What the names of its buckets' counters end with."""
MAX_GROUP_LABELS = 20
_CUMULATIVE = 2

IN_RANGE = """
MetricName = {metric:String}
AND Day >= toDate(fromUnixTimestamp64Nano({series_from:Int64}))
AND Day <= toDate(fromUnixTimestamp64Nano({series_to:Int64}))
AND LastTime >= toDateTime(fromUnixTimestamp64Nano({series_from:Int64}))
AND FirstTime <= toDateTime(fromUnixTimestamp64Nano({series_to:Int64}))
"""

_RESOLVE = """
SELECT
    SeriesId, MetricType,
    anyLast(MetricUnit) AS Unit, anyLast(IsMonotonic) AS Monotonic,
    anyLast(AggregationTemporality) AS Temporality,
    anyLast(CAST([$keys] AS Array(String))) AS Key,
    anyLast($bound) AS Bound, anyLast($histogram) AS Histogram,
    count() OVER () AS Total
FROM @metric_series
WHERE $where
GROUP BY SeriesId, MetricType
ORDER BY SeriesId, MetricType
LIMIT {most:UInt32}
"""

# Only buckets of classic histograms are joined by what they agree in.
_BOUND = "Attributes['le']"
_HISTOGRAM = (
    "cityHash64(ServiceName, ScopeName, ResourceAttributes, "
    "mapSort(mapFilter((k, v) -> k != 'le', Attributes)))"
)

_LABELS = """
SELECT
    SeriesId,
    anyLast(Service) AS ServiceLabel, anyLast(Resource) AS ResourceLabels,
    anyLast(Point) AS PointLabels
FROM
(
    SELECT
        SeriesId, ServiceName AS Service, ResourceAttributes AS Resource, Attributes AS Point
    FROM @metric_series
    WHERE $where AND SeriesId IN {ids:Array(UInt64)}
)
GROUP BY SeriesId
"""


@dataclass(slots=True)
class Conditions:
    """A WHERE clause over ``@metric_series`` and its parameters."""

    sql: str
    params: dict[str, Any] = field(default_factory=dict)

    def label(self, name: str) -> str:
        """Return the expression of a label's value, ``''`` where a series has no such label."""
        if name == SERVICE:
            return "toString(ServiceName)"
        column = "ResourceAttributes" if name.startswith(RESOURCE) else "Attributes"
        return f"{column}[{self.bind(name.removeprefix(RESOURCE))}]"

    def bind(self, value: str) -> str:
        """Bind a string."""
        name = f"label{len(self.params)}"
        self.params[name] = value
        return f"{{{name}:String}}"


@dataclass(frozen=True, slots=True)
class SeriesSet:
    """Series that a query reads, as parallel columns.

    Attributes:
        metric_type: None where there are no series.
        ids: one a series.
        keys: values of the labels that are grouped by, one list a series.
        cumulative: whether a series is a monotonic sum with cumulative temporality.
        delta: whether a series has delta temporality.
        bounds: the ``le`` labels of counters of buckets, ``""`` where there is none.
        histograms: what buckets of one classic histogram agree in; of other metrics 0.
        unit: as the sender gave it.

    """

    metric_type: MetricType | None
    ids: Sequence[int]
    keys: Sequence[Sequence[str]]
    cumulative: Sequence[bool]
    delta: Sequence[bool]
    bounds: Sequence[str]
    histograms: Sequence[int]
    unit: str


def conditions(time_range: TimeRange, metric: str, matchers: tuple[Matcher, ...]) -> Conditions:
    """Return the conditions for the series of a metric with points in a range.

    Raises:
        InvalidInputError: a matcher is wrong.

    """
    if not metric:
        raise InvalidInputError(
            "the query names no metric", field="metric", remedy="give the name of a metric"
        )
    found = Conditions(IN_RANGE)
    for matcher in check_count(matchers):
        check_matcher(matcher)
        value = found.label(matcher.label)
        if matcher.operator in {"=", "!="}:
            found.sql += f"AND {value} {matcher.operator} {found.bind(matcher.value)}\n"
        else:
            test = f"match({value}, {found.bind(f'^(?s:{matcher.value})$')})"
            found.sql += f"AND {'NOT ' if matcher.operator == '!~' else ''}{test}\n"
    found.params |= {
        "metric": metric,
        "series_from": nanoseconds(time_range.start.timestamp()),
        "series_to": nanoseconds(time_range.end.timestamp()),
    }
    return found


def nanoseconds(seconds: float) -> int:
    """Return Unix seconds as whole nanoseconds."""
    fraction, whole = math.modf(seconds)
    return int(whole) * 1_000_000_000 + round(fraction * 1e6) * 1000


def resolve_series(
    runner: QueryRunner, account: str, time_range: TimeRange, query: MetricQuery
) -> SeriesSet:
    """Find the series that a query reads.

    Raises:
        QueryLimitError: there are more than ``MAX_SERIES_READ``.
        InvalidInputError: series of several types match, or a matcher is wrong.

    """
    found = conditions(time_range, query.metric, query.matchers)
    if len(query.group_by or ()) > MAX_GROUP_LABELS:
        raise InvalidInputError(
            f"group_by names more than {MAX_GROUP_LABELS} labels",
            field="group_by",
            remedy="group by fewer labels",
        )
    if query.metric_type:
        found.sql += f"AND MetricType = {found.bind(query.metric_type.value)}\n"
    keys = ", ".join(found.label(name) for name in query.group_by or ())
    most = min(MAX_SERIES_READ, runner.limits().rows)
    bucket = query.metric.endswith(BUCKET_SUFFIX)
    sql = (
        _RESOLVE.replace("$keys", keys)
        .replace("$bound", _BOUND if bucket else "''")
        .replace("$histogram", _HISTOGRAM if bucket else "toUInt64(0)")
        .replace("$where", found.sql)
    )
    columns = runner.run(account, sql, {**found.params, "most": most})
    total = columns["Total"][0] if columns.rows else 0
    if total > columns.rows:
        raise QueryLimitError(
            f"{query.metric} has {total} series that match, more than {most}",
            field="matchers",
            remedy="add label matchers, or shorten the range",
        )
    types = sorted(set(columns["MetricType"]))
    if len(types) > 1:
        raise InvalidInputError(
            f"{query.metric} is the name of several metrics, of the types {', '.join(types)}",
            field="metric_type",
            remedy="choose one of the types, or match the service that sends it",
        )
    sums = types == [MetricType.SUM.value]
    cumulative = [
        sums and monotonic and temporality == _CUMULATIVE
        for monotonic, temporality in zip(columns["Monotonic"], columns["Temporality"], strict=True)
    ]
    return SeriesSet(
        metric_type=MetricType(types[0]) if types else None,
        ids=columns["SeriesId"],
        keys=columns["Key"],
        cumulative=cumulative,
        delta=[temporality == 1 for temporality in columns["Temporality"]],
        bounds=columns["Bound"],
        histograms=columns["Histogram"],
        unit=columns["Unit"][0] if columns.rows else "",
    )


def series_labels(
    runner: QueryRunner, account: str, time_range: TimeRange, metric: str, ids: Sequence[int]
) -> dict[int, dict[str, str]]:
    """Return all labels of some series: ``service``, ``resource.``-prefixed ones and attributes."""
    if not ids:
        return {}
    found = conditions(time_range, metric, ())
    sql = _LABELS.replace("$where", found.sql)
    columns = runner.run(account, sql, {**found.params, "ids": list(ids)})
    out: dict[int, dict[str, str]] = {}
    for one, service, resource, point in zip(
        columns["SeriesId"],
        columns["ServiceLabel"],
        columns["ResourceLabels"],
        columns["PointLabels"],
        strict=True,
    ):
        labels = {**point, **{f"{RESOURCE}{name}": value for name, value in resource.items()}}
        out[one] = {**labels, SERVICE: service} if service else labels
    return out
