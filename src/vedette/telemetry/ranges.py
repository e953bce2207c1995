"""Time ranges as the engine takes them: parameters, and conditions on columns of buckets."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from vedette.core.time import TimeRange

_FIRST_SLICE = 64
_GROWTH = 8
_SHORTEST_SLICE = timedelta(minutes=5)


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


def slices(time_range: TimeRange, *, newest_first: bool) -> Iterator[TimeRange]:
    """Yield the range in pieces, each eight times as long as the one before, beginning at one end.

    The engine begins to read every part of a range at once, however few rows are wanted; who asks
    for the newest of many matching rows finds them in the first pieces.
    """
    length = max((time_range.end - time_range.start) / _FIRST_SLICE, _SHORTEST_SLICE)
    start, end = time_range.start, time_range.end
    while start < end:
        if newest_first:
            cut = max(end - length, start)
            yield TimeRange(cut, end)
            end = cut
        else:
            cut = min(start + length, end)
            yield TimeRange(start, cut)
            start = cut
        length *= _GROWTH
