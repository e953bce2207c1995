"""Series of metrics and metric math, of all alarms of one grid together."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vedette.alarms.definition import AbsenceSource, AlarmSpec, MetricSource
from vedette.alarms.model import Points, Reading, series_key
from vedette.alarms.series import absent
from vedette.core.errors import VedetteError
from vedette.query.metric_math import Grid, TimeSeries
from vedette.telemetry.metrics.batch import query_grid
from vedette.telemetry.metrics.index import read_index
from vedette.telemetry.metrics.many import read_many
from vedette.telemetry.metrics.model import Expression, MetricQuery, RangeResult

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.query import QueryRunner
    from vedette.query.metric_math.values import Floats

MAX_SERIES = 1_000
"""Most series of one alarm; more is PARTIAL_DATA."""


def read_metrics(
    runner: QueryRunner, account: str, grid: Grid, specs: Sequence[AlarmSpec]
) -> list[Reading | VedetteError]:
    """Return the readings of alarms whose sources are metrics, over the grid's last periods.

    An alarm that is wrong gets its error; the others are read.
    """
    asked = [_queries(spec) for spec in specs]
    flat = [query for queries in asked for query in queries.values()]
    many = iter(read_many(runner, account, grid, flat).results)
    answers = [{name: next(many) for name in queries} for queries in asked]
    readings: list[Reading | VedetteError] = []
    for spec, known in zip(specs, answers, strict=True):
        try:
            readings.append(_reading(runner, account, grid, spec, known))
        except VedetteError as error:
            readings.append(error)
    return readings


_SAMPLES = "samples"


def _awaited(
    runner: QueryRunner, account: str, grid: Grid, spec: AlarmSpec, query: MetricQuery
) -> list[Points]:
    """Return series of an absence alarm that sent within its lookback, as silent ones."""
    if not isinstance(spec.source, AbsenceSource) or not spec.source.group_by:
        return []
    end = int(grid.timestamps[-1]) + grid.period
    index = read_index(runner, account, end - int(spec.forget_seconds), end, [query])
    groups = {stored.key(query.group_by) for stored in index.find(query)}
    names = spec.source.group_by
    return [
        absent({n: v for n, v in zip(names, key, strict=True) if v}, spec.periods_read)
        for key in sorted(groups)[:MAX_SERIES]
    ]


def _queries(spec: AlarmSpec) -> dict[str, MetricQuery]:
    """Return what an alarm reads, by id."""
    source = spec.source
    if isinstance(source, AbsenceSource):
        matchers = tuple(matcher.parsed() for matcher in source.matchers)
        return {
            _SAMPLES: MetricQuery(source.metric, "SampleCount", matchers, tuple(source.group_by))
        }
    if not isinstance(source, MetricSource):
        raise TypeError("metrics only")
    parsed = [query.parsed() for query in source.queries]
    queries = {query.id: query for query in parsed if isinstance(query, MetricQuery)}
    if spec.low_samples == "ignore":
        (query,) = queries.values()
        queries[_SAMPLES] = replace(query, statistic="SampleCount", id=_SAMPLES, across=None)
    return queries


def _reading(
    runner: QueryRunner,
    account: str,
    grid: Grid,
    spec: AlarmSpec,
    known: Mapping[str, RangeResult | VedetteError],
) -> Reading:
    results: dict[str, RangeResult] = {}
    for name, result in known.items():
        if isinstance(result, VedetteError):
            raise result
        results[name] = result
    warnings = tuple(text for result in results.values() for text in result.warnings)
    samples = results.pop(_SAMPLES, None)
    if isinstance(spec.source, AbsenceSource):
        reading = _made(grid, spec, samples.series if samples else (), None, warnings)
        sending = {series_key(one.labels) for one in reading.series}
        awaited = _awaited(runner, account, grid, spec, _queries(spec)[_SAMPLES])
        silent = [one for one in awaited if series_key(one.labels) not in sending]
        return replace(reading, series=[*reading.series, *silent])
    if not isinstance(spec.source, MetricSource):
        raise TypeError("metrics only")
    watched, hidden = spec.source.watched, 0
    series: Sequence[TimeSeries]
    if watched in results and len(spec.source.queries) == 1:
        series = results[watched].series
    else:
        queries: list[MetricQuery | Expression] = [
            replace(query.parsed(), hidden=query.id != watched) for query in spec.source.queries
        ]
        answer = query_grid(
            runner, account, grid, queries, resolution="raw", known=results
        ).results[0]
        series, hidden = answer.series, answer.hidden
    reading = _made(grid, spec, series, samples, warnings)
    return replace(reading, partial=f"{hidden} series are left out") if hidden else reading


def _made(
    grid: Grid,
    spec: AlarmSpec,
    series: Sequence[TimeSeries],
    samples: RangeResult | None,
    warnings: tuple[str, ...],
) -> Reading:
    wanted = spec.periods_read
    counts = {_key(one): one.values for one in samples.series} if samples else {}
    points = [
        Points(
            {name: value for name, value in one.labels.items() if value},
            _values(one.values[-wanted:]),
            samples=[float(n) for n in np.nan_to_num(counts[_key(one)][-wanted:])]
            if _key(one) in counts
            else None,
        )
        for one in series[:MAX_SERIES]
    ]
    left_out = len(series) - len(points)
    return Reading(
        starts=[int(start) for start in grid.timestamps[-wanted:]],
        series=points,
        partial=f"{left_out} of {len(series)} series are left out" if left_out else None,
        warnings=warnings,
    )


def _key(series: TimeSeries) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(series.labels.items()))


def _values(values: Floats) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN
