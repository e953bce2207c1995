"""Range queries: series of a metric, a statistic a period, on one grid of timestamps."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.query.metric_math import Grid, TimeSeries
from vedette.telemetry.metrics.model import (
    DEFAULT_POINTS,
    MAX_SERIES_RETURNED,
    Across,
    MetricQuery,
    MetricType,
    RangeResult,
    RankBy,
    Resolution,
)
from vedette.telemetry.metrics.numbers_sql import of_many
from vedette.telemetry.metrics.periods import make_grid
from vedette.telemetry.metrics.plan import Plan, Request, SeriesParams, is_classic, make_plan
from vedette.telemetry.metrics.series import (
    BUCKET_LABEL,
    SeriesSet,
    resolve_series,
    series_labels,
)
from vedette.telemetry.metrics.statistics import Statistic, StatisticKind, parse_statistic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.query import QueryRunner
    from vedette.query.metric_math.values import Floats
    from vedette.store.warehouse import Columns
    from vedette.telemetry.metrics.index import Stored

MAX_VALUES = 1_000_000
"""Most values of one answer, over all its series."""

_RANKS: Mapping[RankBy, str] = {
    "avg": "avg(Value)",
    "last": "argMax(Value, Slot)",
    "max": "max(Value)",
    "min": "min(Value)",
    "sum": "sum(Value)",
}
_ACROSS: Mapping[Across, str] = {
    "avg": "avg(OfSeries)",
    "max": "max(OfSeries)",
    "min": "min(OfSeries)",
    "sum": "sum(OfSeries)",
}
_JOINED = """
SELECT Group, Slot, $across AS Value
FROM (SELECT Group, Slot, Value AS OfSeries FROM ($values))
WHERE ifNull(isFinite(OfSeries), 0)
GROUP BY Group, Slot
"""
_ANSWER = """
SELECT
    Group, groupArray(Slot) AS Slots, groupArray(assumeNotNull(Value)) AS Points,
    $rank AS Rank, count() OVER () AS Groups
FROM ($values)
WHERE ifNull(isFinite(Value), 0)
GROUP BY Group
ORDER BY Rank $order, Group
LIMIT {top:UInt32}
"""
_QUANTILES = """
SELECT arraySort(groupUniqArrayArray(100)(`ValueAtQuantiles.Quantile`)) AS Quantiles
FROM @otel_metrics_summary
WHERE MetricName = {metric:String}
    AND TimeUnix >= fromUnixTimestamp64Nano({start:Int64})
    AND TimeUnix < fromUnixTimestamp64Nano({end:Int64})
"""


@dataclass(frozen=True, slots=True)
class _Groups:
    """Series that become one, numbered from 1.

    Attributes:
        members: ids that rows carry (of series, or of classic histograms).
        numbers: number of the group of each.
        labels: labels of each group; None where they are looked up afterwards.
        examples: a series of each group.
        sizes: how many members each has.

    """

    members: Sequence[int]
    numbers: Sequence[int]
    labels: Sequence[Mapping[str, str]] | None
    examples: Sequence[int]
    largest: int


def query_range(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    query: MetricQuery,
    *,
    period: int | None = None,
    max_points: int = DEFAULT_POINTS,
    resolution: Resolution = "auto",
) -> RangeResult:
    """Return a metric's series over a range.

    Args:
        runner: runs the statements.
        account: whose metrics.
        time_range: widened at both ends to whole periods.
        query: what to read.
        period: seconds; None chooses the shortest of a minute or more with ``max_points`` periods.
        max_points: see ``period``.
        resolution: ``raw`` points, ``rollup`` tiers, or what suits the range.

    Raises:
        InvalidInputError: the query asks for something that the metric does not have.
        QueryLimitError: it would read more than it may.

    """
    grid = make_grid(time_range, period, max_points)
    return read_series(runner, account, grid, query, resolution=resolution)


def compared(query: MetricQuery, grid: Grid) -> MetricQuery:
    """Return the query for the range just before the grid's, drawn over the grid's."""
    return replace(query, shift=query.shift + timedelta(seconds=grid.period * len(grid)))


def read_series(
    runner: QueryRunner,
    account: str,
    grid: Grid,
    query: MetricQuery,
    *,
    resolution: Resolution = "auto",
) -> RangeResult:
    """Return a metric's series on a grid; see ``query_range``."""
    statistic = parse_statistic(query.statistic)
    _check(query, grid)
    window = _window(grid, query.shift)
    series = resolve_series(runner, account, window, query)
    if series.metric_type is None:
        missing = f"no series of {query.metric} match in this range"
        return RangeResult(grid, (), None, "", 0, 0, "", (missing,))
    groups = _grouped(query, series, classic=is_classic(query, series, statistic))
    ids = SeriesParams(series.ids, all_of_metric=not query.matchers)
    plan = make_plan(Request(query, statistic, series, grid, ids, resolution))
    if series.metric_type is MetricType.SUMMARY:
        _check_summary(query, statistic, groups)
    members = SeriesParams(groups.members, all_of_metric=False, name="members")
    number = members.lookup("groups", "UInt32", groups.numbers)
    sql = _statement(plan, query, statistic, number)
    params = {**plan.params, **ids.params, **members.params, "top": query.top.count}
    columns = runner.run(account, sql, params)
    if not columns.rows and statistic.kind is StatisticKind.PERCENTILE:
        _check_quantile(runner, account, series, params)
    labels = _labels(runner, account, window, query=query, groups=groups, columns=columns)
    return RangeResult(
        grid=grid,
        series=tuple(
            _series(query, grid, found, slots, points)
            for found, slots, points in zip(
                labels, columns["Slots"], columns["Points"], strict=True
            )
        ),
        metric_type=series.metric_type,
        unit=_unit(statistic, series),
        series_read=len(series.ids),
        groups=columns["Groups"][0] if columns.rows else 0,
        source=plan.source,
        warnings=plan.warnings,
    )


def read_groups(
    runner: QueryRunner,
    account: str,
    grid: Grid,
    query: MetricQuery,
    metrics: Sequence[str],
    groups: Sequence[Sequence[int]],
    stored: Sequence[Stored],
) -> list[Floats]:
    """Return the statistic of groups of series of one type, by one statement.

    Args:
        runner: runs the statement.
        account: whose metrics.
        grid: the periods.
        query: the statistic and ``across``; its metric, matchers and labels are not used.
        metrics: the series' metrics.
        groups: ids of the series in each; a series is in one at most.
        stored: the series.

    """
    statistic = parse_statistic(query.statistic)
    numbers = {one: n for n, members in enumerate(groups, 1) for one in members}
    known = {one.id: one for one in stored}
    chosen = [known[one] for one in sorted(numbers)]
    series = SeriesSet(
        metric_type=chosen[0].metric_type,
        ids=[one.id for one in chosen],
        keys=[],
        cumulative=[one.cumulative for one in chosen],
        delta=[one.delta for one in chosen],
        bounds=[""] * len(chosen),  # classic histograms are read one by one
        histograms=[],
        unit=chosen[0].unit,
    )
    ids = SeriesParams(series.ids, all_of_metric=False)
    plan = make_plan(Request(query, statistic, series, grid, ids, "raw"))
    members = SeriesParams(series.ids, all_of_metric=False, name="members")
    number = members.lookup("groups", "UInt32", [numbers[one] for one in series.ids])
    sql = of_many(_statement(plan, query, statistic, number))
    params = {
        **plan.params,
        "metrics": list(metrics),
        **ids.params,
        **members.params,
        "top": len(groups),
    }
    limits = runner.bulk_limits(len(groups))
    columns = runner.run(account, sql, params, limits=limits)
    values = [np.full(len(grid), np.nan) for _ in groups]
    for group, slots, points in zip(
        columns["Group"], columns["Slots"], columns["Points"], strict=True
    ):
        values[group - 1][np.array(slots, dtype=np.int64)] = points
    return values


def _window(grid: Grid, shift: timedelta) -> TimeRange:
    start = datetime.fromtimestamp(int(grid.timestamps[0]), UTC) - shift
    return TimeRange(start, start + timedelta(seconds=grid.period * len(grid)))


def _check(query: MetricQuery, grid: Grid) -> None:
    top = query.top
    if not 1 <= top.count <= MAX_SERIES_RETURNED:
        raise InvalidInputError(
            f"top must be 1 to {MAX_SERIES_RETURNED} series, not {top.count}",
            field="top",
            remedy="ask for fewer series, or group by fewer labels",
        )
    if top.by not in _RANKS or query.across not in (None, *get_args(Across)):
        raise InvalidInputError(
            f"series are not ranked by {top.by!r} or joined by {query.across!r}",
            field="top" if top.by not in _RANKS else "across",
            remedy="use avg, max, min or sum; series are also ranked by last",
        )
    if top.count * len(grid) > MAX_VALUES and query.group_by != ():
        raise InvalidInputError(
            f"{top.count} series of {len(grid)} periods are more than {MAX_VALUES} values",
            field="period",
            remedy="use a longer period, a shorter range or a smaller top",
        )
    if query.shift < timedelta() or query.shift.microseconds:
        raise InvalidInputError(
            "shift must be whole seconds, into the past", field="shift", remedy="use 0 or more"
        )


def _grouped(query: MetricQuery, series: SeriesSet, *, classic: bool) -> _Groups:
    """Return the groups, numbered in the order in which their keys sort."""
    if classic and BUCKET_LABEL in (query.group_by or ()):
        raise InvalidInputError(
            "quantiles are computed over the le label, so they cannot be grouped by it",
            field="group_by",
            remedy="leave le out",
        )
    rows: Mapping[int, tuple[Sequence[str], int]] = {
        (series.histograms[n] if classic else one): (series.keys[n], one)
        for n, one in reversed(list(enumerate(series.ids)))
    }
    members = sorted(rows)
    if query.group_by is None:
        numbers = list(range(1, len(members) + 1))
        return _Groups(members, numbers, None, [rows[one][1] for one in members], 1)
    keys = sorted({tuple(rows[one][0]) for one in members})
    of_key = {key: number for number, key in enumerate(keys, 1)}
    numbers = [of_key[tuple(rows[one][0])] for one in members]
    labels = [dict(zip(query.group_by, key, strict=True)) for key in keys]
    largest = max(np.bincount(numbers)) if numbers else 0
    return _Groups(members, numbers, labels, [], int(largest))


def _statement(plan: Plan, query: MetricQuery, statistic: Statistic, number: str) -> str:
    across = query.across
    if across is None and statistic.kind is StatisticKind.RATE:
        across = "sum"
    key = "Group, SeriesId" if across else "Group"
    sql = f"SELECT *, {number} AS Group FROM ({plan.rows})"
    for step in plan.aggregations:
        keys = ", ".join((key, "Slot", *step.keys))
        sql = f"SELECT {keys}, {step.columns} FROM ({sql}) GROUP BY {keys}"
    if plan.derived:
        sql = f"SELECT *, {plan.derived} FROM ({sql})"
    sql = f"SELECT {key}, Slot, {plan.value} AS Value FROM ({sql})"
    if across:
        sql = _JOINED.replace("$across", _ACROSS[across]).replace("$values", sql)
    return (
        _ANSWER.replace("$rank", _RANKS[query.top.by])
        .replace("$order", "ASC" if query.top.bottom else "DESC")
        .replace("$values", sql)
    )


def _check_summary(query: MetricQuery, statistic: Statistic, groups: _Groups) -> None:
    if statistic.kind is StatisticKind.PERCENTILE and groups.largest > 1 and not query.across:
        raise InvalidInputError(
            "quantiles of several summaries cannot be joined into one",
            field="group_by",
            remedy="keep every series apart, or choose across=max for the worst of them",
        )


def _check_quantile(
    runner: QueryRunner, account: str, series: SeriesSet, params: Mapping[str, Any]
) -> None:
    if series.metric_type is not MetricType.SUMMARY:
        return
    found = runner.run(account, _QUANTILES, params).scalar() or []
    there = any(math.isclose(one, params["quantile"], abs_tol=1e-9) for one in found)
    if found and not there:
        raise InvalidInputError(
            f"the summary does not have the quantile {params['quantile']:g}",
            field="statistic",
            remedy=f"use one of {', '.join(f'p{one * 100:g}' for one in found)}",
        )


def _labels(
    runner: QueryRunner,
    account: str,
    window: TimeRange,
    *,
    query: MetricQuery,
    groups: _Groups,
    columns: Columns,
) -> list[Mapping[str, str]]:
    chosen = [number - 1 for number in columns["Group"]]
    if groups.labels is not None:
        return [groups.labels[number] for number in chosen]
    examples = [groups.examples[number] for number in chosen]
    known = series_labels(runner, account, window, query.metric, examples)
    out: list[Mapping[str, str]] = [known.get(one, {}) for one in examples]
    if groups.members and set(groups.members) != set(groups.examples):
        # Members are classic histograms, whose series differ in nothing but le.
        out = [{k: v for k, v in labels.items() if k != BUCKET_LABEL} for labels in out]
    return out


def _series(
    query: MetricQuery,
    grid: Grid,
    labels: Mapping[str, str],
    slots: Sequence[int],
    points: Sequence[float],
) -> TimeSeries:
    values = np.full(len(grid), np.nan)
    values[np.array(slots, dtype=np.int64)] = points
    shown = ", ".join(f"{name}={value}" for name, value in labels.items() if value)
    return TimeSeries(values, shown or query.label or query.metric, labels)


def _unit(statistic: Statistic, series: SeriesSet) -> str:
    counts = {StatisticKind.SAMPLE_COUNT, StatisticKind.TRIMMED_COUNT}
    unit = series.unit
    if series.metric_type not in {MetricType.GAUGE, MetricType.SUM} and statistic.per_series:
        # They rate and count observations, whatever these are measured in.
        unit = "1"
    if statistic.kind in counts:
        return "1"
    if statistic.kind is StatisticKind.PERCENTILE_RANK:
        return "%"
    return f"{unit or '1'}/s" if statistic.kind is StatisticKind.RATE else unit
