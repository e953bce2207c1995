"""Widths of time buckets that people read easily."""

from __future__ import annotations

import math

from vedette.core.time import TimeRange

NICE_SECONDS = (
    1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
)  # fmt: skip
_DAY = 86_400


def bucket_seconds(time_range: TimeRange, points: int) -> int:
    """Return the narrowest easy width, in seconds, that cuts a range into at most ``points``."""
    wanted = time_range.seconds / max(points, 1)
    for seconds in NICE_SECONDS:
        if seconds >= wanted:
            return seconds
    return math.ceil(wanted / _DAY) * _DAY
