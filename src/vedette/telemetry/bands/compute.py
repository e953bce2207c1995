"""Bands of a query without a detector of its own: trained on the history before, then walked."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np

from vedette.core.errors import QueryLimitError
from vedette.statistics.band_step import Step
from vedette.statistics.bands import Bands
from vedette.telemetry.bands.model import BandQuery, BandResult, BandSeries
from vedette.telemetry.bands.reading import SeriesKey, make_periods, read_table
from vedette.telemetry.metrics.periods import make_grid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner
    from vedette.query.metric_math import Grid

MAX_VALUES = 5_000_000
"""Most values, of training and range together, of one answer."""
STEP_FIELDS = tuple(one.name for one in fields(Step) if one.name != "sigma")


def compute_band(
    runner: QueryRunner, account: str, time_range: TimeRange, query: BandQuery, *, now: datetime
) -> BandResult:
    """Return the series of a range with the band that was known at each moment.

    Args:
        runner: runs the statements.
        account: whose metrics.
        time_range: widened at both ends to whole periods.
        query: which series.
        now: a period that is not over yet has a value and no score.

    Raises:
        InvalidInputError: the query is wrong.
        QueryLimitError: it would take more than it may.

    """
    query = query.checked()
    grid = make_grid(time_range, query.period)
    start = int(grid.timestamps[0])
    first = start - int(query.training.total_seconds()) // query.period * query.period
    whole = read_table(
        runner, account, make_periods(first, start + len(grid) * query.period, query.period), query
    )
    if whole.values.size > MAX_VALUES:
        raise QueryLimitError(
            f"a band over {whole.values.size} values is more than {MAX_VALUES}",
            field="queries",
            remedy="watch fewer series, use a longer period or a shorter history",
        )
    before = len(whole.grid) - len(grid)
    bands = Bands(len(whole.keys), query.period, query.options)
    learns = query.learns(whole.grid.timestamps)
    bands.train(whole.grid.timestamps[:before].tolist(), whole.values[:before], learns[:before])
    steps = walk(bands, grid, whole.values[before:], learns[before:], until=now.timestamp())
    return BandResult(
        grid, as_series(whole.keys, whole.values[before:], steps), whole.unit, whole.warnings
    )


def walk(
    bands: Bands,
    grid: Grid,
    values: NDArray[np.float64],
    learns: NDArray[np.bool_],
    *,
    until: float = np.inf,
) -> dict[str, NDArray[np.float64]]:
    """Score and learn periods; return each field of the steps, a row a period.

    A period that ends after ``until`` is neither scored nor learnt.
    """
    out = {name: np.full(values.shape, np.nan) for name in STEP_FIELDS}
    for row, moment in enumerate(grid.timestamps.tolist()):
        over = moment + grid.period <= until
        taught = np.full(bands.series, learns[row] and over)
        step = bands.step(moment, values[row] if over else np.full(bands.series, np.nan), taught)
        for name, table in out.items():
            table[row] = getattr(step, name)
    return out


def as_series(
    keys: Sequence[SeriesKey], values: NDArray[np.float64], steps: dict[str, NDArray[np.float64]]
) -> tuple[BandSeries, ...]:
    """Return series of what ``walk`` gave, without those that have nothing in the range."""
    return tuple(
        BandSeries(
            label=label,
            labels=dict(labels),
            values=values[:, column],
            **{name: table[:, column] for name, table in steps.items()},
        )
        for column, (label, labels) in enumerate(keys)
        if np.isfinite(values[:, column]).any()
    )
