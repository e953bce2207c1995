"""Periods and the grid of timestamps that a request's series share."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from vedette.core.errors import InvalidInputError
from vedette.query.metric_math import Grid
from vedette.telemetry.metrics.model import DEFAULT_POINTS, MAX_POINTS

if TYPE_CHECKING:
    from vedette.core.time import TimeRange

SHORT_PERIODS = (1, 5, 10, 30)
"""Periods below a minute, in seconds; all others are whole minutes, as in CloudWatch."""
_LADDER = (60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 604800)
"""Periods that are chosen for a caller: never below a minute, which most exporters send at."""
_MINUTE = 60


def check_period(period: int) -> int:
    """Return a period in seconds if it is one that can be asked for.

    Raises:
        InvalidInputError: it is not 1, 5, 10, 30 or a multiple of 60.

    """
    if period in SHORT_PERIODS or (period > 0 and period % _MINUTE == 0):
        return period
    raise InvalidInputError(
        f"a period of {period} s is not possible",
        field="period",
        remedy="use 1, 5, 10, 30 or a multiple of 60 seconds",
    )


def choose_period(time_range: TimeRange, max_points: int = DEFAULT_POINTS) -> int:
    """Return the shortest usual period with at most ``max_points`` periods over the range."""
    if not 1 <= max_points <= MAX_POINTS:
        raise InvalidInputError(
            f"max_points must be 1 to {MAX_POINTS}, not {max_points}",
            field="max_points",
            remedy="leave it out for a usual chart",
        )
    for period in _LADDER:
        if len(_starts(time_range, period)) <= max_points:
            return period
    week = _LADDER[-1]
    period = week
    while len(_starts(time_range, period)) > max_points:
        period += week
    return period


def make_grid(
    time_range: TimeRange, period: int | None = None, max_points: int = DEFAULT_POINTS
) -> Grid:
    """Return the periods that a range touches; both its ends are widened to whole periods.

    Raises:
        InvalidInputError: the period is not possible, or too short for the range.

    """
    period = choose_period(time_range, max_points) if period is None else check_period(period)
    starts = _starts(time_range, period)
    if len(starts) > MAX_POINTS:
        raise InvalidInputError(
            f"the range holds {len(starts)} periods of {period} s, more than {MAX_POINTS}",
            field="period",
            remedy="use a longer period or a shorter range",
        )
    return Grid(np.array(starts, dtype=np.int64), period)


def _starts(time_range: TimeRange, period: int) -> range:
    first = math.floor(time_range.start.timestamp() / period) * period
    last = math.ceil(time_range.end.timestamp() / period) * period
    return range(first, last, period)


def to_datetime(text: str) -> datetime:
    """Read the engine's RFC 3339 time, whose nanoseconds are cut to microseconds."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
