"""Many metric queries over one grid in few statements: one for all gauges, one for all sums.

Alarms ask thousands of small queries at the same moment. Their series are resolved together, the
points of all that read one table are aggregated by series in one statement, and numpy joins series
to groups. Percentiles and histograms, which are no sum of parts, take one statement a type and
statistic, in which the groups are the queries'.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from vedette.core.errors import VedetteError
from vedette.query.metric_math import Grid, TimeSeries
from vedette.telemetry.metrics import numbers_sql
from vedette.telemetry.metrics.index import SeriesIndex, Stored, read_index
from vedette.telemetry.metrics.model import Across, MetricQuery, MetricType, RangeResult
from vedette.telemetry.metrics.plan import LOOKBACK_SECONDS
from vedette.telemetry.metrics.range_query import read_groups, read_series
from vedette.telemetry.metrics.statistics import Statistic, StatisticKind, parse_statistic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vedette.query import QueryRunner
    from vedette.query.metric_math.values import Floats
    from vedette.store.warehouse import Columns

MAX_ROWS = 2_000_000
"""Most values of one statement: series times periods."""
_CHUNK = 20_000
"""Series of one statement, so that its parameters stay small."""
_PARTS = 4_000
_SIMPLE = frozenset(
    {
        StatisticKind.SUM,
        StatisticKind.AVERAGE,
        StatisticKind.MINIMUM,
        StatisticKind.MAXIMUM,
        StatisticKind.SAMPLE_COUNT,
        StatisticKind.LAST,
        StatisticKind.RATE,
        StatisticKind.INCREASE,
    }
)
_AGGREGATED = """
SELECT
    SeriesId, Slot, count() AS Samples, sum(Sample) AS Total, min(Sample) AS Least,
    max(Sample) AS Most, $more
FROM ($rows)
WHERE isFinite(Sample)
GROUP BY SeriesId, Slot
"""
_OF_SAMPLES = (
    "argMax(Sample, Moment) AS Final, toUnixTimestamp64Milli(max(Moment)) / 1e3 AS FinalTime"
)
_OF_STEPS = "max(Delta) AS IsDelta, sum(Elapsed) AS Seconds"


@dataclass(slots=True)
class ManyResult:
    """Answers to many queries.

    Attributes:
        results: one a query, in order, or the error that it alone got.
        statements: how many statements it took.

    """

    results: list[RangeResult | VedetteError]
    statements: int = 0


@dataclass(slots=True)
class _Query:
    """A query with its series found and put into groups."""

    number: int
    query: MetricQuery
    statistic: Statistic
    series: list[Stored] = field(default_factory=list)
    groups: dict[tuple[str, ...], list[Stored]] = field(default_factory=dict)

    @property
    def labels(self) -> list[Mapping[str, str]]:
        """Labels of each group."""
        if self.query.group_by is None:
            return [members[0].labels for members in self.groups.values()]
        return [dict(zip(self.query.group_by, key, strict=True)) for key in self.groups]


def read_many(
    runner: QueryRunner, account: str, grid: Grid, queries: Sequence[MetricQuery]
) -> ManyResult:
    """Answer queries that share a grid; a query that is wrong does not fail the others.

    Args:
        runner: runs the statements.
        account: whose metrics.
        grid: the periods; they need not begin at multiples of the period.
        queries: what to read. Equal ones are read once. ``top`` does not limit those that are
            answered together.

    """
    distinct = {_shape(query): query for query in queries}
    reader = _Reader(runner, account, grid)
    answers = dict(zip(distinct, reader.read(list(distinct.values())), strict=True))
    return ManyResult([answers[_shape(query)] for query in queries], reader.statements)


def _shape(query: MetricQuery) -> MetricQuery:
    """Return the query without what does not change its numbers."""
    return replace(query, id="m1", label="", hidden=False)


@dataclass(slots=True)
class _Reader:
    runner: QueryRunner
    account: str
    grid: Grid
    statements: int = 0
    results: dict[int, RangeResult | VedetteError] = field(default_factory=dict)

    def read(self, queries: Sequence[MetricQuery]) -> list[RangeResult | VedetteError]:
        """Return the answers in order."""
        together: list[_Query] = []
        for number, query in enumerate(queries):
            try:
                statistic = parse_statistic(query.statistic)
            except VedetteError as error:
                self.results[number] = error
                continue
            if query.shift:
                self._alone(number, query)
            else:
                together.append(_Query(number, query, statistic))
        if together:
            self._together(together)
        return [self.results[number] for number in range(len(queries))]

    def _together(self, queries: list[_Query]) -> None:
        start = int(self.grid.timestamps[0])
        end = start + self.grid.period * len(self.grid)
        index = read_index(self.runner, self.account, start, end, [q.query for q in queries])
        self.statements += 1
        numbers: dict[tuple[str, str], list[_Query]] = defaultdict(list)
        others: dict[tuple[Any, ...], list[_Query]] = defaultdict(list)
        for one in queries:
            if self._find(one, index):
                continue
            kind = one.series[0].metric_type
            if kind in {MetricType.GAUGE, MetricType.SUM} and one.statistic.kind in _SIMPLE:
                numbers[(kind.value, self._rows_of(one))].append(one)
            elif _is_mergeable(one):
                others[kind, one.query.statistic, one.query.across].append(one)
            else:
                self._alone(one.number, one.query)
        for (kind_name, rows), group in numbers.items():
            self._numbers(f"otel_metrics_{kind_name}", rows, group)
        for group in others.values():
            self._groups(group)

    def _find(self, one: _Query, index: SeriesIndex) -> bool:
        """Find a query's series and groups; True where that answers it already."""
        query = one.query
        try:
            one.series = index.find(query)
        except VedetteError as error:
            self.results[one.number] = error
            return True
        if not one.series:
            missing = f"no series of {query.metric} match in this range"
            self.results[one.number] = RangeResult(self.grid, (), None, "", 0, 0, "", (missing,))
            return True
        for stored in one.series:
            key = stored.key(query.group_by)
            one.groups.setdefault(key, []).append(stored)
        return False

    @staticmethod
    def _rows_of(one: _Query) -> str:
        kind = one.statistic.kind
        if one.statistic.per_series:
            return "signed"
        cumulative = any(stored.cumulative for stored in one.series)
        return "steps" if cumulative and kind is not StatisticKind.LAST else "samples"

    def _alone(self, number: int, query: MetricQuery) -> None:
        try:
            self.statements += 2
            self.results[number] = read_series(
                self.runner, self.account, self.grid, query, resolution="raw"
            )
        except VedetteError as error:
            self.results[number] = error

    def _groups(self, queries: list[_Query]) -> None:
        """Answer queries of one type and statistic; a series is in one group a statement."""
        waiting = [(one, key, members) for one in queries for key, members in one.groups.items()]
        values: dict[tuple[int, tuple[str, ...]], Floats] = {}
        while waiting:
            taken: set[int] = set()
            now, later = [], []
            for item in waiting:
                ids = {stored.id for stored in item[2]}
                if taken & ids or len(taken) > _CHUNK:
                    later.append(item)
                else:
                    taken |= ids
                    now.append(item)
            try:
                self.statements += 1
                found = read_groups(
                    self.runner, self.account, self.grid, queries[0].query,
                    sorted({one.query.metric for one, _, _ in now}),
                    [[stored.id for stored in members] for _, _, members in now],
                    [stored for _, _, members in now for stored in members],
                )  # fmt: skip
            except VedetteError as error:
                for one in queries:
                    self.results[one.number] = error
                return
            for (one, key, _), series in zip(now, found, strict=True):
                values[one.number, key] = series
            waiting = later
        for one in queries:
            self._answer(one, [values[one.number, key] for key in one.groups], "")

    def _numbers(self, table: str, rows: str, queries: list[_Query]) -> None:
        try:
            points = self._read_points(table, rows, queries)
        except VedetteError as error:
            for one in queries:
                self.results[one.number] = error
            return
        for one in queries:
            values = [points.joined(one, members) for members in one.groups.values()]
            self._answer(one, values, table)

    def _answer(self, one: _Query, values: Sequence[Floats], table: str) -> None:
        series = tuple(
            TimeSeries(value, "", labels)
            for value, labels in zip(values, one.labels, strict=True)
            if not np.isnan(value).all()
        )
        self.results[one.number] = RangeResult(
            self.grid, series, one.series[0].metric_type, one.series[0].unit,
            len(one.series), len(series), table,
        )  # fmt: skip

    def _read_points(self, table: str, rows: str, queries: list[_Query]) -> _Points:
        ids = sorted({stored.id for one in queries for stored in one.series})
        names = sorted({one.query.metric for one in queries})
        points = _Points.empty(self.grid, ids)
        for start in range(0, len(ids), _CHUNK):
            chunk = ids[start : start + _CHUNK]
            params = {**self._params(), "metrics": names}
            conditions = []
            for part in range(0, len(chunk), _PARTS):
                params[f"ids{part}"] = chunk[part : part + _PARTS]
                conditions.append(f"SeriesId IN {{ids{part}:Array(UInt64)}}")
            condition = f"({' OR '.join(conditions)})"
            if rows == "samples":
                sql, more = numbers_sql.raw_samples(table, condition), _OF_SAMPLES
            else:
                sql = numbers_sql.raw_steps(table, condition, signed=rows == "signed")
                more = _OF_STEPS
            sql = _AGGREGATED.replace("$more", more).replace("$rows", numbers_sql.of_many(sql))
            self.statements += 1
            limits = self.runner.bulk_limits(MAX_ROWS)
            points.add(self.runner.run(self.account, sql, params, limits=limits))
        return points

    def _params(self) -> dict[str, Any]:
        start, period = int(self.grid.timestamps[0]), self.grid.period
        billion = 1_000_000_000
        return {
            "start": start * billion,
            "end": (start + period * len(self.grid)) * billion,
            "lookback": (start - max(period, LOOKBACK_SECONDS)) * billion,
            "period_ns": period * billion,
        }


def _is_mergeable(one: _Query) -> bool:
    kind = one.series[0].metric_type
    bucket = one.query.metric.endswith("_bucket") and all(s.has_bound for s in one.series)
    return kind is not MetricType.SUMMARY and not bucket


@dataclass(slots=True)
class _Points:
    """What every series has in each period: arrays of series times periods, NaN for none."""

    ids: NDArray[np.uint64]
    period: int
    arrays: dict[str, Floats]

    @classmethod
    def empty(cls, grid: Grid, ids: list[int]) -> _Points:
        names = (
            "Samples", "Total", "Least", "Most", "Final", "FinalTime", "IsDelta", "Seconds",
        )  # fmt: skip
        shape = (len(ids), len(grid))
        arrays = {name: np.full(shape, np.nan) for name in names}
        return cls(np.array(ids, dtype=np.uint64), grid.period, arrays)

    def add(self, columns: Columns) -> None:
        """Put an answer's values in their places."""
        if not columns.rows:
            return
        rows = np.searchsorted(self.ids, np.array(columns["SeriesId"], dtype=np.uint64))
        slots = np.array(columns["Slot"], dtype=np.int64)
        for name in columns.names:
            if name in self.arrays:
                self.arrays[name][rows, slots] = np.array(columns[name], dtype=np.float64)

    def joined(self, one: _Query, members: Sequence[Stored]) -> Floats:
        """Return the statistic of a group of series."""
        rows = np.searchsorted(self.ids, np.array([m.id for m in members], dtype=np.uint64))
        kind, across = one.statistic.kind, one.query.across
        if across is None and kind is StatisticKind.RATE:
            across = "sum"
        with np.errstate(all="ignore"):
            if across is None or len(rows) == 1:
                return self._pooled(kind, rows)
            each = np.stack([self._pooled(kind, rows[n : n + 1]) for n in range(len(rows))])
            return _joined(across, each)

    def _pooled(self, kind: StatisticKind, rows: NDArray[np.intp]) -> Floats:  # noqa: PLR0911 - a table
        """Return the statistic of all samples of some series together."""
        a = self.arrays
        if kind in {StatisticKind.SUM, StatisticKind.INCREASE}:
            return _sum(a["Total"][rows])
        if kind is StatisticKind.AVERAGE:
            return _sum(a["Total"][rows]) / _sum(a["Samples"][rows])
        if kind is StatisticKind.MINIMUM:
            return _least(a["Least"][rows])
        if kind is StatisticKind.MAXIMUM:
            return _most(a["Most"][rows])
        if kind is StatisticKind.SAMPLE_COUNT:
            return _sum(a["Samples"][rows])
        if kind is StatisticKind.LAST:
            times = np.where(np.isnan(a["FinalTime"][rows]), -np.inf, a["FinalTime"][rows])
            newest = times.argmax(axis=0)
            return np.asarray(a["Final"][rows][newest, np.arange(times.shape[1])], np.float64)
        delta = a["IsDelta"][rows].max(axis=0) == 1
        elapsed = _sum(a["Seconds"][rows])
        seconds = np.where(delta, float(self.period), np.where(elapsed == 0, np.nan, elapsed))
        return _sum(a["Total"][rows]) / seconds


def _sum(values: Floats) -> Floats:
    if values.shape[0] == 1:
        return np.asarray(values[0], dtype=np.float64)
    return np.where(np.isnan(values).all(axis=0), np.nan, np.nansum(values, axis=0))


def _least(values: Floats) -> Floats:
    return np.asarray(np.fmin.reduce(values, axis=0), dtype=np.float64)


def _most(values: Floats) -> Floats:
    return np.asarray(np.fmax.reduce(values, axis=0), dtype=np.float64)


def _joined(across: Across, values: Floats) -> Floats:
    if across == "max":
        return _most(values)
    if across == "min":
        return _least(values)
    total = _sum(values)
    return total / np.maximum((~np.isnan(values)).sum(axis=0), 1) if across == "avg" else total
