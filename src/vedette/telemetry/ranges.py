"""Time ranges as the engine takes them: parameters, and conditions on columns of buckets."""

from __future__ import annotations

from datetime import UTC, datetime

from vedette.core.time import TimeRange


def engine_time(moment: datetime) -> str:
    """Return a moment for a ``DateTime64`` parameter, with its microseconds, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def bound_range(time_range: TimeRange, prefix: str = "") -> dict[str, str]:
    """Return the parameters ``start`` and ``end`` of a range."""
    return {
        f"{prefix}start": engine_time(time_range.start),
        f"{prefix}end": engine_time(time_range.end),
    }


def in_coarse_range(column: str, start_of: str) -> str:
    """Return the condition that keeps the buckets, named by their start, that a range touches.

    Args:
        column: a ``DateTime`` column, compared with ``DateTime`` only: where the types of a key
            and a constant differ, the engine leaves out parts that it should read.
        start_of: function that gives the start of a moment's bucket, such as ``toStartOfHour``.

    """
    return (
        f"{column} >= {start_of}(toDateTime({{start:DateTime64(9, 'UTC')}}))"
        f" AND {column} <= toDateTime({{end:DateTime64(9, 'UTC')}} - toIntervalNanosecond(1))"
    )
