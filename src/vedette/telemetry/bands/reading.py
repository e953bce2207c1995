"""The series of band queries, as tables of periods by series."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from vedette.core.errors import VedetteError
from vedette.query.metric_math import Grid
from vedette.telemetry.metrics import MetricQuery
from vedette.telemetry.metrics.batch import query_grid
from vedette.telemetry.metrics.many import read_many

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vedette.query import QueryRunner
    from vedette.telemetry.bands.model import BandQuery
    from vedette.telemetry.metrics import QueryResult, RangeResult

MAX_CHUNK = 2_000
"""Most periods of one statement over many series."""

SeriesKey = tuple[str, tuple[tuple[str, str], ...]]


@dataclass(slots=True)
class Table:
    """Values of series.

    Attributes:
        grid: the periods.
        keys: the series: label and labels.
        values: a row a period, a column a series; NaN where there is no data.
        unit: of the values.
        warnings: what a reader should know.

    """

    grid: Grid
    keys: list[SeriesKey]
    values: NDArray[np.float64]
    unit: str = ""
    warnings: tuple[str, ...] = ()

    def arranged(self, keys: Sequence[SeriesKey]) -> NDArray[np.float64]:
        """Return the columns of these series; one that is not there is all NaN."""
        places = {key: place for place, key in enumerate(self.keys)}
        out = np.full((len(self.grid), len(keys)), np.nan)
        for column, key in enumerate(keys):
            if (place := places.get(key)) is not None:
                out[:, column] = self.values[:, place]
        return out


def make_periods(start: int, end: int, period: int) -> Grid:
    """Return the periods from ``start`` up to before ``end``, Unix seconds."""
    return Grid(np.arange(start, max(end, start), period, dtype=np.int64), period)


def read_table(runner: QueryRunner, account: str, grid: Grid, query: BandQuery) -> Table:
    """Read the series of a query over any number of periods."""
    parts = [
        _table(grid_part, _shown(runner, account, grid_part, query, {}))
        for at in range(0, len(grid), MAX_CHUNK)
        if len(grid_part := Grid(grid.timestamps[at : at + MAX_CHUNK], grid.period))
    ]
    if not parts:
        return Table(grid, [], np.empty((0, 0)))
    keys = list(dict.fromkeys(key for part in parts for key in part.keys))
    values = np.concatenate([part.arranged(keys) for part in parts])
    return Table(grid, keys, values, parts[-1].unit, parts[-1].warnings)


@dataclass(slots=True)
class Wanted:
    """One query to be read over a range; ``table`` or ``error`` is what came of it."""

    query: BandQuery
    grid: Grid
    table: Table | None = None
    error: VedetteError | None = None
    _known: dict[str, RangeResult] = field(default_factory=dict)


def read_tables(runner: QueryRunner, account: str, wanted: Sequence[Wanted]) -> None:
    """Read many queries; those over the same periods share their statements."""
    together: dict[tuple[int, int, int], list[Wanted]] = defaultdict(list)
    for one in wanted:
        if 0 < len(one.grid) <= MAX_CHUNK:
            first = int(one.grid.timestamps[0])
            together[one.grid.period, first, len(one.grid)].append(one)
        else:
            _read_alone(runner, account, one)
    for group in together.values():
        asked = [
            (one, query)
            for one in group
            for query in one.query.queries
            if isinstance(query, MetricQuery)
        ]
        many = read_many(runner, account, group[0].grid, [query for _, query in asked])
        for (one, query), result in zip(asked, many.results, strict=True):
            if isinstance(result, VedetteError):
                one.error = result
            else:
                one._known[query.id] = result  # noqa: SLF001 - this module's own
        for one in group:
            if one.error is None:
                _finish(runner, account, one)


def _read_alone(runner: QueryRunner, account: str, one: Wanted) -> None:
    try:
        one.table = read_table(runner, account, one.grid, one.query)
    except VedetteError as error:
        one.error = error


def _finish(runner: QueryRunner, account: str, one: Wanted) -> None:
    try:
        one.table = _table(one.grid, _shown(runner, account, one.grid, one.query, one._known))  # noqa: SLF001
    except VedetteError as error:
        one.error = error


def _shown(
    runner: QueryRunner,
    account: str,
    grid: Grid,
    query: BandQuery,
    known: Mapping[str, RangeResult],
) -> QueryResult:
    return query_grid(runner, account, grid, query.queries, known=known).results[0]


def _table(grid: Grid, result: QueryResult) -> Table:
    # Labels tell series apart; what has none is called as the query, and twins are numbered.
    keys: list[SeriesKey] = []
    seen: dict[SeriesKey, int] = {}
    for one in result.series:
        labels = tuple(sorted(one.labels.items()))
        shown = ", ".join(f"{name}={value}" for name, value in labels if value)
        key = (shown or result.label, labels)
        seen[key] = seen.get(key, 0) + 1
        keys.append(key if seen[key] == 1 else (f"{key[0]} ({seen[key]})", labels))
    columns = [one.values for one in result.series]
    values = np.column_stack(columns) if columns else np.empty((len(grid), 0))
    return Table(grid, keys, values, result.unit, result.warnings)
