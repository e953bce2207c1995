"""What metric math computes with: scalars, time series and arrays of them, on one grid of time."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

Floats = NDArray[np.float64]
Seconds = NDArray[np.int64]


class Kind(Enum):
    """The type of a value, known before anything is evaluated."""

    SCALAR = "a scalar"
    SERIES = "a time series"
    ARRAY = "an array of time series"


@dataclass(frozen=True, slots=True)
class Grid:
    """The timestamps that all series of a request share.

    Attributes:
        timestamps: starts of the periods, Unix seconds, ascending, one period apart.
        period: length of a period in seconds.

    """

    timestamps: Seconds
    period: int

    def __len__(self) -> int:
        return len(self.timestamps)


@dataclass(frozen=True, slots=True, eq=False)
class TimeSeries:
    """Values on a grid.

    Attributes:
        values: one a timestamp of the grid; NaN where there is no data point.
        label: what a legend calls it.
        labels: the labels it was selected or grouped by.

    """

    values: Floats
    label: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)

    def with_values(self, values: Floats) -> TimeSeries:
        """Return the same series with other values."""
        return TimeSeries(values, self.label, self.labels)


SeriesArray = tuple[TimeSeries, ...]
Value = float | TimeSeries | SeriesArray


def kind_of(value: Value) -> Kind:
    """Return the type of a value."""
    if isinstance(value, TimeSeries):
        return Kind.SERIES
    return Kind.ARRAY if isinstance(value, tuple) else Kind.SCALAR


def finite(values: Floats) -> Floats:
    """Return the values with what is infinite dropped: a data point is a finite number."""
    return np.where(np.isfinite(values), values, np.nan)
