"""Which rollup a window is read from, and in steps of which length."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.telemetry.ranges import bound_range

MIN_WINDOW, MAX_WINDOW = timedelta(minutes=40), timedelta(days=400)
FIVE_MINUTES, HOUR = 300, 3600
_STEPS = (300, 600, 900, 1800, *(HOUR * hours for hours in (1, 2, 3, 4, 6, 8, 12, 24, 48, 96, 192)))
_MOST_STEPS = 64


@dataclass(frozen=True, slots=True)
class Steps:
    """How a window is read.

    Attributes:
        rollup: table of rollups, without its account's scope.
        floor: the engine's function that gives the start of a moment's bucket there.
        seconds: length of a step, in whole buckets.

    """

    rollup: str
    floor: str
    seconds: int


def check_window(time_range: TimeRange) -> TimeRange:
    """Return a window; ``InvalidInputError`` where it is too short or too long to tell anything."""
    if not MIN_WINDOW <= time_range.end - time_range.start <= MAX_WINDOW:
        raise InvalidInputError(
            "the window is too short or too long for infrastructure",
            field="start",
            remedy="use 40 minutes to 400 days, such as -14d",
        )
    return time_range


def of_rollup(seconds: int) -> Steps:
    """Return the steps of a length, from the coarsest rollup that has them."""
    if seconds >= HOUR:
        return Steps("metric_rollup_1h", "toStartOfHour", seconds)
    return Steps("metric_rollup_5m", "toStartOfFiveMinutes", seconds)


def steps_of(time_range: TimeRange) -> Steps:
    """Return steps of which a window has at most 64."""
    length = (time_range.end - time_range.start).total_seconds()
    seconds = next((one for one in _STEPS if length / one <= _MOST_STEPS), _STEPS[-1])
    return of_rollup(seconds)


def window_params(time_range: TimeRange) -> dict[str, str]:
    """Return the parameters ``start`` and ``end`` of a window."""
    return bound_range(check_window(time_range))
