"""Several metric queries and metric math expressions at once, on one grid."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import numpy as np

from vedette.core.errors import InvalidInputError, QueryLimitError, QuerySyntaxError
from vedette.query.metric_math import (
    CompiledExpression,
    Grid,
    Kind,
    SeriesArray,
    TimeSeries,
    Value,
    compile_expression,
    evaluation_order,
)
from vedette.telemetry.metrics.model import (
    DEFAULT_POINTS,
    MAX_SERIES_RETURNED,
    BatchResult,
    Expression,
    MetricQuery,
    QueryResult,
    RangeResult,
    Resolution,
)
from vedette.telemetry.metrics.periods import make_grid
from vedette.telemetry.metrics.range_query import read_series
from vedette.telemetry.metrics.selectors import parse_selector
from vedette.telemetry.metrics.statistics import parse_statistic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

MAX_QUERIES = 500
"""Most queries and expressions of one request, as in CloudWatch's GetMetricData."""
MAX_VALUES_OF_ALL = 2_000_000
"""Most values that the queries and expressions of one request hold together."""
MAX_ID_LENGTH = 255
_BAND_POINTS = 4_000
_LEAST_HISTORY, _MOST_HISTORY = 3 * 86_400, 28 * 86_400

_ID = re.compile(r"[a-z][A-Za-z0-9_]*")


def query_metrics(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    queries: Sequence[MetricQuery | Expression],
    *,
    period: int | None = None,
    max_points: int = DEFAULT_POINTS,
    resolution: Resolution = "auto",
) -> BatchResult:
    """Answer queries and the expressions over them.

    A metric query is a time series to expressions where it makes one group of all its series
    (``group_by=()``), and an array of time series otherwise. A hidden query that nothing refers to
    is not read.

    Args:
        runner: runs the statements.
        account: whose metrics.
        time_range: widened at both ends to whole periods.
        queries: each with an id of its own.
        period: seconds, for all of them; None chooses one for the range.
        max_points: most periods where one is chosen.
        resolution: see ``query_range``.

    Returns:
        The results of those that are not hidden, in the order of ``queries``.

    Raises:
        QuerySyntaxError: an expression does not parse, names an unknown id, or has a wrong type;
            ``field`` is the expression's id and ``position`` the column.
        InvalidInputError: ids are wrong or doubled, or expressions refer to each other in a circle.
        QueryLimitError: a query would read more than it may.

    """
    grid = make_grid(time_range, period, max_points)
    return query_grid(runner, account, grid, queries, resolution=resolution)


def query_grid(
    runner: QueryRunner,
    account: str,
    grid: Grid,
    queries: Sequence[MetricQuery | Expression],
    *,
    resolution: Resolution = "auto",
    known: Mapping[str, RangeResult] | None = None,
) -> BatchResult:
    """Do as ``query_metrics`` on a grid; ``known`` are answers of metric queries by their ids."""
    check_queries(queries)
    metrics = {query.id: query for query in queries if isinstance(query, MetricQuery)}
    expressions = {query.id: query for query in queries if isinstance(query, Expression)}
    compiled = {name: _compile(one) for name, one in expressions.items()}
    order = evaluation_order(compiled)
    source = _Source(
        runner, account, grid, metrics, resolution, results=dict(known or {}), expressions=compiled
    )
    wanted = _wanted(queries, compiled)
    for name in order:
        if name in wanted:
            source.values[name] = source.counted(_evaluate(compiled[name], name, source))
    results = tuple(
        _metric_result(query, source.read(query.id))
        if isinstance(query, MetricQuery)
        else _expression_result(query, source.values[query.id])
        for query in queries
        if not query.hidden
    )
    return BatchResult(grid, results)


def check_queries(queries: Sequence[MetricQuery | Expression]) -> None:
    """Find mistakes without reading anything.

    Raises:
        QuerySyntaxError, InvalidInputError: see ``query_metrics``.

    """
    _check_ids(queries)
    metrics = {query.id: query for query in queries if isinstance(query, MetricQuery)}
    expressions = {query.id: query for query in queries if isinstance(query, Expression)}
    compiled = {name: _compile(one) for name, one in expressions.items()}
    _check_types(metrics, expressions, compiled, evaluation_order(compiled))
    for query in metrics.values():
        parse_statistic(query.statistic)


def band_history(period: int) -> int:
    """Return how many seconds before a grid the band of an expression is trained on."""
    return min(max(period * _BAND_POINTS, _LEAST_HISTORY), _MOST_HISTORY)


@dataclass(slots=True)
class _Source:
    """The environment of the expressions: reads a metric query when it is first needed."""

    runner: QueryRunner
    account: str
    grid: Grid
    queries: Mapping[str, MetricQuery]
    resolution: Resolution
    values: dict[str, Value] = field(default_factory=dict)
    results: dict[str, RangeResult] = field(default_factory=dict)
    searches: dict[tuple[str, str], SeriesArray] = field(default_factory=dict)
    expressions: Mapping[str, CompiledExpression] = field(default_factory=dict)
    wide: _Source | None = None
    held: int = 0

    def earlier(self) -> _Source:
        """See ``Environment.earlier``; expressions are evaluated anew over the longer grid."""
        if self.wide is None:
            period = self.grid.period
            start = int(self.grid.timestamps[0])
            end = start + period * len(self.grid)
            first = start - band_history(period) // period * period
            grid = Grid(np.arange(first, end, period, dtype=np.int64), period)
            self.wide = _Source(
                self.runner, self.account, grid, self.queries, self.resolution,
                expressions=self.expressions,
            )  # fmt: skip
        return self.wide

    def counted(self, value: Value) -> Value:
        """Count the values of a result, so that all results together stay bounded."""
        series = len(value) if isinstance(value, tuple) else 1
        self.held += series * len(self.grid)
        if self.held > MAX_VALUES_OF_ALL:
            raise QueryLimitError(
                f"the queries make more than {MAX_VALUES_OF_ALL} values together",
                field="queries",
                remedy="ask for a longer period, a shorter range, fewer series or fewer queries",
            )
        return value

    def read(self, name: str) -> RangeResult:
        """Return the series of a metric query."""
        if name not in self.results:
            self.results[name] = self._series(self.queries[name])
        return self.results[name]

    def value(self, name: str) -> Value:
        """See ``Environment.value``."""
        if name not in self.queries:
            if name not in self.values:
                self.values[name] = self.expressions[name].evaluate(self)
            return self.values[name]
        series = self.read(name).series
        if self.queries[name].group_by != ():
            return series
        return series[0] if series else _empty(self.grid, self.queries[name])

    def metrics(self, part: str) -> SeriesArray:
        """See ``Environment.metrics``."""
        found: list[TimeSeries] = []
        for name in self.queries:
            if part in name:
                value = self.value(name)
                found += [value] if isinstance(value, TimeSeries) else cast("SeriesArray", value)
        return tuple(found)

    def search(self, selector: str, statistic: str) -> SeriesArray:
        """See ``Environment.search``."""
        key = (selector, statistic)
        if key not in self.searches:
            chosen = parse_selector(selector)
            query = MetricQuery(chosen.metric, statistic, matchers=chosen.matchers, group_by=None)
            self.searches[key] = self._series(query).series
        return self.searches[key]

    def _series(self, query: MetricQuery) -> RangeResult:
        found = read_series(self.runner, self.account, self.grid, query, resolution=self.resolution)
        self.counted(found.series)
        return found


def _empty(grid: Grid, query: MetricQuery) -> TimeSeries:
    missing = grid.timestamps.astype(float) * float("nan")
    return TimeSeries(missing, query.label or query.metric)


def _check_ids(queries: Sequence[MetricQuery | Expression]) -> None:
    if not 1 <= len(queries) <= MAX_QUERIES:
        raise InvalidInputError(
            f"a request holds 1 to {MAX_QUERIES} queries, not {len(queries)}",
            field="queries",
            remedy="split the request",
        )
    seen: set[str] = set()
    for query in queries:
        if not _ID.fullmatch(query.id) or len(query.id) > MAX_ID_LENGTH:
            raise InvalidInputError(
                f"{query.id!r} is no id",
                field="id",
                remedy="start with a lower-case letter; go on with letters, digits and _",
            )
        if query.id in seen:
            raise InvalidInputError(
                f"the id {query.id} is there twice", field="id", remedy="rename one of them"
            )
        seen.add(query.id)


def _compile(expression: Expression) -> CompiledExpression:
    try:
        return compile_expression(expression.expression)
    except QuerySyntaxError as error:
        error.field = expression.id
        raise


def _check_types(
    metrics: Mapping[str, MetricQuery],
    expressions: Mapping[str, Expression],
    compiled: Mapping[str, CompiledExpression],
    order: Sequence[str],
) -> None:
    kinds = {
        name: Kind.SERIES if query.group_by == () else Kind.ARRAY for name, query in metrics.items()
    }
    # Those that come later in the order may be named, too: evaluation_order found no circle.
    for name in order:
        try:
            kinds[name] = compiled[name].kind(kinds)
        except QuerySyntaxError as error:
            error.field = name
            raise
        if kinds[name] is Kind.SCALAR and not expressions[name].hidden:
            raise QuerySyntaxError(
                f"{name} is a scalar, and a result must be time series",
                field=name,
                position=0,
                remedy=f"write TIME_SERIES({compiled[name].text}), or hide it",
            )


def _wanted(
    queries: Sequence[MetricQuery | Expression], compiled: Mapping[str, CompiledExpression]
) -> set[str]:
    """Return the ids that are shown, and those that these need."""
    wanted: set[str] = set()
    waiting = [query.id for query in queries if not query.hidden]
    while waiting:
        name = waiting.pop()
        if name not in wanted:
            wanted.add(name)
            waiting += compiled[name].references if name in compiled else ()
    return wanted


def _evaluate(compiled: CompiledExpression, name: str, source: _Source) -> Value:
    try:
        return compiled.evaluate(source)
    except QuerySyntaxError as error:
        # A selector's position is inside of its quoted text, which the message shows.
        error.field = name
        raise


def _metric_result(query: MetricQuery, result: RangeResult) -> QueryResult:
    label = query.label or query.id
    return QueryResult(query.id, label, result.series, result.hidden, result.unit, result.warnings)


def _expression_result(query: Expression, value: Value) -> QueryResult:
    label = query.label or query.expression
    if isinstance(value, TimeSeries):
        return QueryResult(query.id, label, (TimeSeries(value.values, label, value.labels),))
    if isinstance(value, float):
        raise TypeError("the type check lets no scalar through")
    # As CloudWatch's legends: the expression's label, then the series' own.
    named = (f"{query.label} {one.label}".strip() for one in value)
    series = tuple(
        TimeSeries(one.values, name, one.labels) for one, name in zip(value, named, strict=True)
    )
    return QueryResult(
        query.id,
        label,
        series[:MAX_SERIES_RETURNED],
        max(len(series) - MAX_SERIES_RETURNED, 0),
    )
