"""ANOMALY_DETECTION_BAND: lower and upper edge of what is usual for a series."""

from __future__ import annotations

import numpy as np

from vedette.query.metric_math.values import Grid, SeriesArray, TimeSeries
from vedette.statistics.bands import Bands

DEFAULT_WIDTH = 2.0
"""Standard deviations between the expected value and an edge, as CloudWatch has it."""


def band(grid: Grid, series: SeriesArray, width: float, shown: int) -> SeriesArray:
    """Return the lower and the upper edge of each series, in this order.

    Args:
        grid: the periods of the series: a history, and then what is shown.
        series: all with values on the grid.
        width: standard deviations from the expected value to an edge.
        shown: how many of the last periods are returned.

    """
    if not series:
        return ()
    values = np.stack([one.values for one in series], axis=1)
    bands, first = Bands(len(series), grid.period), len(grid) - shown
    bands.train(grid.timestamps[:first].tolist(), values[:first])
    lower, upper = np.full((shown, len(series)), np.nan), np.full((shown, len(series)), np.nan)
    for row in range(shown):
        step = bands.step(int(grid.timestamps[first + row]), values[first + row])
        lower[row] = step.expected - width * step.sigma
        upper[row] = step.expected + width * step.sigma
    out: list[TimeSeries] = []
    for column, one in enumerate(series):
        for name, edge in (("lower", lower), ("upper", upper)):
            label = f"{one.label} {name}".strip()
            out.append(TimeSeries(edge[:, column], label, {**one.labels, "band": name}))
    return tuple(out)
