"""Time: everything inside is UTC; ranges are half-open."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from vedette.core.errors import InvalidInputError

_UNITS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)")
_MAX_DURATION_S = 100 * 366 * 86400
_EPOCH_MS = 1e11
_EPOCH_US = 1e14
_EPOCH_NS = 1e17


def utc_now() -> datetime:
    """Return the present moment, aware, in UTC."""
    return datetime.now(UTC)


def now_ns() -> int:
    """Return the present moment in nanoseconds since the epoch."""
    return time.time_ns()


def epoch_of(value: object, *, field: str) -> int:
    """Return the Unix second of a value that a statement gave as ``time``: a DateTime or seconds."""
    if isinstance(value, int | float):
        return int(value)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError as error:
        raise InvalidInputError(
            f"the column 'time' holds {str(value)[:60]!r}", field=field, remedy="make it a DateTime"
        ) from error
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def parse_duration(text: str, *, field: str = "duration") -> timedelta:
    """Parse ``30s``, ``5m``, ``1h30m``, ``2d`` or ``250ms``."""
    position, seconds = 0, 0.0
    for match in _DURATION.finditer(text):
        if match.start() != position:
            break
        seconds += float(match[1]) * _UNITS[match[2]]
        position = match.end()
    if not text or position != len(text) or seconds > _MAX_DURATION_S:
        raise InvalidInputError(
            f"{text!r} is not a duration",
            field=field,
            remedy="write a number and a unit of ms, s, m, h, d or w, such as 5m or 1h30m",
        )
    return timedelta(seconds=seconds)


def parse_moment(text: str, *, now: datetime | None = None, field: str = "time") -> datetime:
    """Parse ``now``, ``-15m`` or ``now-15m``, RFC 3339, or a Unix time in s, ms, us or ns."""
    now = now or utc_now()
    text = text.strip()
    if text == "now":
        return now
    relative = text.removeprefix("now")
    if relative.startswith("-") and not relative[1:].isdigit():
        return now - parse_duration(relative[1:], field=field)
    try:
        if re.fullmatch(r"\d+(\.\d+)?", text):
            return datetime.fromtimestamp(_seconds(float(text)), UTC)
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError) as error:
        raise InvalidInputError(
            f"{text!r} is not a time",
            field=field,
            remedy="write RFC 3339 (2026-01-31T12:00:00Z), a Unix time, 'now' or '-15m'",
        ) from error
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _seconds(number: float) -> float:
    """Scale a Unix time whose unit is guessed from its size to seconds."""
    if number >= _EPOCH_NS:
        return number / 1e9
    if number >= _EPOCH_US:
        return number / 1e6
    if number >= _EPOCH_MS:
        return number / 1e3
    return number


@dataclass(frozen=True, slots=True)
class TimeRange:
    """A half-open range ``[start, end)`` of aware UTC moments; every query has one."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise InvalidInputError(
                "the time range is empty: its start is not before its end",
                field="start",
                remedy="give a start that is before the end",
            )

    @classmethod
    def parse(cls, start: str = "-1h", end: str = "now") -> TimeRange:
        """Parse two moments; both relative ones count from the same ``now``."""
        now = utc_now()
        return cls(
            parse_moment(start, now=now, field="start"), parse_moment(end, now=now, field="end")
        )

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return (self.end - self.start).total_seconds()
