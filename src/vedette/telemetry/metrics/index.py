"""Series of many metrics at once: read by one statement, found for each query in memory.

Regular expressions are matched by the engine, which does so in linear time: each is a column.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError, QueryLimitError
from vedette.telemetry.metrics.model import (
    MAX_SERIES_READ,
    Matcher,
    MetricQuery,
    MetricType,
)
from vedette.telemetry.metrics.selectors import check_count, check_matcher
from vedette.telemetry.metrics.series import RESOURCE, SERVICE, Conditions

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vedette.query import QueryRunner

MAX_SERIES = 200_000
"""Most series of all metrics of one call together."""
_CUMULATIVE = 2
_EXPRESSIONS = ("=~", "!~")

_READ = """
SELECT
    SeriesId, MetricName, MetricType,
    anyLast(MetricUnit) AS Unit, anyLast(IsMonotonic) AS Monotonic,
    anyLast(AggregationTemporality) AS Temporality, anyLast(Labels) AS LabelValues,
    anyLast(Tests) AS TestResults, anyLast(Bound) AS HasBound, $full
    count() OVER () AS Number
FROM
(
    SELECT
        SeriesId, MetricName, MetricType, MetricUnit, IsMonotonic, AggregationTemporality,
        CAST([$labels] AS Array(String)) AS Labels, CAST([$tests] AS Array(UInt8)) AS Tests,
        mapContains(Attributes, 'le') AS Bound,
        ServiceName AS Service, ResourceAttributes AS Resource, Attributes AS Point
    FROM @metric_series
    WHERE MetricName IN {metrics:Array(String)}
        AND Day >= toDate(toDateTime({from:Int64})) AND Day <= toDate(toDateTime({to:Int64}))
        AND LastTime >= toDateTime({from:Int64}) AND FirstTime <= toDateTime({to:Int64})
)
GROUP BY SeriesId, MetricName, MetricType
ORDER BY MetricName, SeriesId
LIMIT {most:UInt32}
"""
_FULL = """
    anyLast(Service) AS ServiceLabel, anyLast(Resource) AS ResourceLabels,
    anyLast(Point) AS PointLabels,
"""


@dataclass(frozen=True, slots=True)
class Stored:
    """One stored series.

    Attributes:
        id: its number.
        metric_type: its type.
        unit: as the sender gave it.
        cumulative: whether it is a monotonic sum with cumulative temporality.
        delta: whether it has delta temporality.
        has_bound: whether it has the label ``le``.
        values: its labels that some query names.
        full: all its labels, where some query keeps every series apart.

    """

    id: int
    metric_type: MetricType
    unit: str
    cumulative: bool
    delta: bool
    has_bound: bool
    values: Mapping[str, str]
    tests: Mapping[tuple[str, str], bool]
    full: Mapping[str, str]

    def key(self, group_by: Sequence[str] | None) -> tuple[str, ...]:
        """Return what it has in common with the others of its group."""
        if group_by is None:
            return (str(self.id),)
        return tuple(self.values[name] for name in group_by)

    @property
    def labels(self) -> Mapping[str, str]:
        """All its labels."""
        return self.full

    def matches(self, matcher: Matcher) -> bool:
        """Tell whether a matcher holds."""
        if matcher.operator in _EXPRESSIONS:
            found = self.tests[matcher.label, matcher.value]
            return found == (matcher.operator == "=~")
        return (self.values[matcher.label] == matcher.value) == (matcher.operator == "=")


@dataclass(slots=True)
class SeriesIndex:
    """Series of some metrics, to be found by labels."""

    of_metric: dict[str, list[Stored]] = field(default_factory=lambda: defaultdict(list))
    _by_value: dict[tuple[str, str], dict[str, list[Stored]]] = field(default_factory=dict)

    def find(self, query: MetricQuery) -> list[Stored]:
        """Return the series of a query.

        Raises:
            QueryLimitError: there are more than one query may read.
            InvalidInputError: series of several types match.

        """
        equal = next((m for m in query.matchers if m.operator == "=" and m.value), None)
        candidates = (
            self._with(query.metric, equal) if equal else self.of_metric.get(query.metric, [])
        )
        found = [
            stored
            for stored in candidates
            if (query.metric_type is None or stored.metric_type is query.metric_type)
            and all(stored.matches(matcher) for matcher in query.matchers)
        ]
        if len(found) > MAX_SERIES_READ:
            raise QueryLimitError(
                f"{query.metric} has {len(found)} series that match, more than {MAX_SERIES_READ}",
                field="matchers",
                remedy="add label matchers",
            )
        types = {stored.metric_type for stored in found}
        if len(types) > 1:
            names = ", ".join(sorted(one.value for one in types))
            raise InvalidInputError(
                f"{query.metric} is the name of several metrics, of the types {names}",
                field="type",
                remedy="choose one of the types, or match the service that sends it",
            )
        return found

    def _with(self, metric: str, matcher: Matcher) -> list[Stored]:
        of_value = self._by_value.get((metric, matcher.label))
        if of_value is None:
            of_value = self._by_value[metric, matcher.label] = defaultdict(list)
            for stored in self.of_metric.get(metric, []):
                of_value[stored.values[matcher.label]].append(stored)
        return of_value.get(matcher.value, [])


def read_index(
    runner: QueryRunner, account: str, start: int, end: int, queries: Sequence[MetricQuery]
) -> SeriesIndex:
    """Read the series of all metrics of some queries with points in a range (Unix seconds).

    Raises:
        QueryLimitError: there are more than ``MAX_SERIES``.

    """
    labels = sorted({name for query in queries for name in _names(query)})
    tests = sorted({(m.label, m.value) for q in queries for m in _expressions(q)})
    full = any(query.group_by is None for query in queries)
    found = Conditions("")
    sql = (
        _READ.replace("$labels", ", ".join(found.label(name) for name in labels))
        .replace("$tests", ", ".join(_test(found, label, value) for label, value in tests))
        .replace("$full", _FULL if full else "")
    )
    params: dict[str, Any] = {
        **found.params,
        "metrics": sorted({query.metric for query in queries}),
        "from": start,
        "to": end,
        "most": MAX_SERIES,
    }
    columns = runner.run(account, sql, params, limits=runner.bulk_limits(MAX_SERIES))
    if columns.rows and columns["Number"][0] > columns.rows:
        raise QueryLimitError(
            f"the metrics have {columns['Number'][0]} series, more than {MAX_SERIES}",
            remedy="send fewer series, or watch fewer metrics",
        )
    index = SeriesIndex()
    for row in _rows(columns.data, columns.rows):
        index.of_metric[row["MetricName"]].append(_stored(row, labels, tests, full=full))
    return index


def _rows(data: Mapping[str, list[Any]], count: int) -> Iterable[dict[str, Any]]:
    names = list(data)
    for number in range(count):
        yield {name: data[name][number] for name in names}


def _stored(
    row: Mapping[str, Any], labels: list[str], tests: list[tuple[str, str]], *, full: bool
) -> Stored:
    everything: dict[str, str] = {}
    if full:
        resource = {f"{RESOURCE}{name}": value for name, value in row["ResourceLabels"].items()}
        everything = {**row["PointLabels"], **resource}
        if row["ServiceLabel"]:
            everything[SERVICE] = row["ServiceLabel"]
    is_sum = row["MetricType"] == MetricType.SUM.value
    return Stored(
        id=row["SeriesId"],
        metric_type=MetricType(row["MetricType"]),
        unit=row["Unit"],
        cumulative=bool(is_sum and row["Monotonic"] and row["Temporality"] == _CUMULATIVE),
        delta=row["Temporality"] == 1,
        has_bound=bool(row["HasBound"]),
        values=dict(zip(labels, row["LabelValues"], strict=True)),
        tests=dict(zip(tests, map(bool, row["TestResults"]), strict=True)),
        full=everything,
    )


def _names(query: MetricQuery) -> Iterable[str]:
    yield from query.group_by or ()
    for matcher in check_count(query.matchers):
        check_matcher(matcher)
        if matcher.operator not in _EXPRESSIONS:
            yield matcher.label


def _expressions(query: MetricQuery) -> Iterable[Matcher]:
    return (matcher for matcher in query.matchers if matcher.operator in _EXPRESSIONS)


def _test(found: Conditions, label: str, value: str) -> str:
    return f"match({found.label(label)}, {found.bind(f'^(?s:{value})$')})"
