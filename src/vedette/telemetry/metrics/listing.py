"""What metrics there are, their labels, and the values of a label."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.telemetry.metrics.model import (
    LabelInfo,
    LabelValues,
    Matcher,
    MetricInfo,
    MetricPage,
    MetricType,
)
from vedette.telemetry.metrics.periods import to_datetime
from vedette.telemetry.metrics.series import conditions, nanoseconds
from vedette.telemetry.metrics.statistics import default_statistic

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

MAX_PAGE = 1_000
MAX_LABELS = 500
MAX_OFFSET = 1_000_000

_METRICS = """
SELECT
    Name, Type, anyLast(Unit) AS Unit, anyLast(Description) AS Description,
    max(Monotonic) AS Monotonic, max(Temporality) AS Temporality,
    uniqExact(SeriesId) AS Series, max(Last) AS LastSeen, count() OVER () AS Total
FROM
(
    SELECT
        MetricName AS Name, MetricType AS Type, MetricUnit AS Unit,
        MetricDescription AS Description, IsMonotonic AS Monotonic,
        AggregationTemporality AS Temporality, SeriesId, LastTime AS Last
    FROM @metric_series
    WHERE Day >= toDate(fromUnixTimestamp64Nano({series_from:Int64}))
        AND Day <= toDate(fromUnixTimestamp64Nano({series_to:Int64}))
        AND LastTime >= toDateTime(fromUnixTimestamp64Nano({series_from:Int64}))
        AND FirstTime <= toDateTime(fromUnixTimestamp64Nano({series_to:Int64}))
        AND positionCaseInsensitiveUTF8(MetricName, {search:String}) > 0
)
GROUP BY Name, Type
ORDER BY Name, Type
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""

# A series has a row a day, so series are counted, not rows.
_LABELS = """
SELECT Label.1 AS Name, uniqExact(Label.2) AS Values, uniqExact(SeriesId) AS Series
FROM
(
    SELECT SeriesId, arrayJoin(arrayConcat(
        if(ServiceName = '', [], [('service', toString(ServiceName))]),
        arrayMap((k, v) -> (concat('resource.', k), v),
            mapKeys(ResourceAttributes), mapValues(ResourceAttributes)),
        arrayMap((k, v) -> (k, v), mapKeys(Attributes), mapValues(Attributes)))) AS Label
    FROM @metric_series
    WHERE $where
)
GROUP BY Name
ORDER BY Name
LIMIT {limit:UInt32}
"""

_VALUES = """
SELECT Value, uniqExact(SeriesId) AS Series, count() OVER () AS Total
FROM (SELECT SeriesId, $label AS Value FROM @metric_series WHERE $where)
WHERE Value != '' AND positionCaseInsensitiveUTF8(Value, {search:String}) > 0
GROUP BY Value
ORDER BY Series DESC, Value
LIMIT {limit:UInt32}
"""


def list_metrics(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    *,
    search: str = "",
    limit: int = 100,
    offset: int = 0,
) -> MetricPage:
    """Return metrics with points in a range whose name contains a text, in order of name.

    Args:
        runner: runs the statement.
        account: whose metrics.
        time_range: a metric without points in it is left out.
        search: part of the name, in any case; all where it is empty.
        limit: most metrics, 1 to ``MAX_PAGE``.
        offset: how many to pass over.

    Raises:
        InvalidInputError: the limit or offset is out of bounds.

    """
    _check("limit", limit, 1, MAX_PAGE)
    _check("offset", offset, 0, MAX_OFFSET)
    params = {
        "series_from": nanoseconds(time_range.start.timestamp()),
        "series_to": nanoseconds(time_range.end.timestamp()),
        "search": search,
        "limit": limit,
        "offset": offset,
    }
    rows = runner.run(account, _METRICS, params).records()
    metrics = []
    for row in rows:
        kind, monotonic = MetricType(row["Type"]), bool(row["Monotonic"])
        metrics.append(
            MetricInfo(
                name=row["Name"],
                type=kind,
                unit=row["Unit"],
                description=row["Description"],
                is_monotonic=monotonic,
                temporality=row["Temporality"],
                series=row["Series"],
                last_time=to_datetime(row["LastSeen"]),
                default_statistic=default_statistic(kind, is_monotonic=monotonic),
            )
        )
    if rows or not offset:
        return MetricPage(tuple(metrics), rows[0]["Total"] if rows else 0)
    # Past the end there is no row to carry the total.
    first = runner.run(account, _METRICS, {**params, "offset": 0, "limit": 1}).records()
    return MetricPage((), first[0]["Total"] if first else 0)


def list_labels(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    metric: str,
    *,
    matchers: tuple[Matcher, ...] = (),
) -> tuple[LabelInfo, ...]:
    """Return the labels of a metric's series, at most ``MAX_LABELS``, in order of name."""
    found = conditions(time_range, metric, matchers)
    params = {**found.params, "limit": MAX_LABELS}
    columns = runner.run(account, _LABELS.replace("$where", found.sql), params)
    rows = zip(columns["Name"], columns["Values"], columns["Series"], strict=True)
    return tuple(LabelInfo(name, values, series) for name, values, series in rows)


def list_label_values(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    metric: str,
    label: str,
    *,
    search: str = "",
    matchers: tuple[Matcher, ...] = (),
    limit: int = 100,
) -> LabelValues:
    """Return values of a label that contain a text, those of most series first.

    Raises:
        InvalidInputError: the label is empty, or the limit is out of 1 to ``MAX_PAGE``.

    """
    _check("limit", limit, 1, MAX_PAGE)
    if not label:
        raise InvalidInputError("no label is named", field="label", remedy="name a label")
    found = conditions(time_range, metric, matchers)
    sql = _VALUES.replace("$label", found.label(label)).replace("$where", found.sql)
    columns = runner.run(account, sql, {**found.params, "search": search, "limit": limit})
    values = dict(zip(columns["Value"], columns["Series"], strict=True))
    return LabelValues(values, columns["Total"][0] if columns.rows else 0)


def _check(field: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise InvalidInputError(
            f"{field} must be {low} to {high}, not {value}",
            field=field,
            remedy="page through the list, or search for a part of the name",
        )
