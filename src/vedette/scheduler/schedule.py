"""Schedules: at which moments something is to run.

A schedule is a fixed set of moments, its *slots*, that depends on nothing but its text. So every
process that computes them gets the same ones, and a slot is a name for one run.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.core.time import parse_duration

MAX_COUNT = 1_000
"""Slots are counted up to this many; more is not worth counting."""
MAX_SECONDS = 366 * 86_400
MAX_LENGTH = 256

_EVERY = re.compile(r"every\s+(\S+?)(?:\s*\+\s*(\S+))?")
_ZONED = re.compile(r"(?:CRON_TZ|TZ)=(\S+)\s+(.*)", re.DOTALL)
_CRON_FIELDS = 5
_FIELD_NAMES = ("minute", "hour", "day-of-month", "month", "day-of-week")
_REMEDY = "write 'every 5m', or a cron expression such as '0 9 * * MON-FRI' with CRON_TZ=Zone first"


class Schedule(Protocol):
    """Moments at which something is to run."""

    @property
    def text(self) -> str:
        """What `parse_schedule` reads as the same schedule."""

    def next_after(self, moment: datetime) -> datetime:
        """Return the first slot after a moment."""

    def latest(self, moment: datetime) -> datetime:
        """Return the last slot that is not after a moment."""


@dataclass(frozen=True, slots=True)
class Every:
    """A slot each ``seconds``, counted from the epoch, ``offset`` seconds later."""

    seconds: int
    offset: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.seconds <= MAX_SECONDS or not 0 <= self.offset < self.seconds:
            raise InvalidInputError(
                "the schedule's interval is not possible",
                field="schedule",
                remedy="use whole seconds up to a year, and an offset below the interval",
            )

    @property
    def text(self) -> str:
        """See ``Schedule.text``."""
        return f"every {self.seconds}s" + (f"+{self.offset}s" if self.offset else "")

    def next_after(self, moment: datetime) -> datetime:
        """See ``Schedule.next_after``."""
        return self._slot(self._number(moment) + 1)

    def latest(self, moment: datetime) -> datetime:
        """See ``Schedule.latest``."""
        return self._slot(self._number(moment))

    def _number(self, moment: datetime) -> int:
        return math.floor((moment.timestamp() - self.offset) / self.seconds)

    def _slot(self, number: int) -> datetime:
        return datetime.fromtimestamp(number * self.seconds + self.offset, UTC)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression of five fields in a time zone, read as Debian's cron reads it.

    Where clocks go forward, a run of the missing hour comes right after it; where they go back, a
    run at a fixed hour comes once.
    """

    expression: str
    zone: str = "UTC"

    def __post_init__(self) -> None:
        fields = self.expression.split()
        if len(fields) != _CRON_FIELDS:
            raise QuerySyntaxError(
                f"a cron expression has 5 fields, not {len(fields)}",
                field="schedule",
                position=0,
                remedy=_REMEDY,
            )
        try:
            ZoneInfo(self.zone)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise InvalidInputError(
                f"{self.zone!r} is no time zone",
                field="schedule",
                remedy="use a name of the IANA database, such as Europe/Berlin",
            ) from error
        try:
            next(CronSim(self.expression, datetime(2024, 1, 1, tzinfo=UTC)))
        except CronSimError as error:
            raise _bad_field(self.expression, str(error)) from error
        except (StopIteration, AssertionError) as error:
            raise InvalidInputError(
                f"{self.expression!r} never comes", field="schedule", remedy=_REMEDY
            ) from error

    @property
    def text(self) -> str:
        """See ``Schedule.text``."""
        return f"CRON_TZ={self.zone} {self.expression}"

    def next_after(self, moment: datetime) -> datetime:
        """See ``Schedule.next_after``."""
        return self._first(moment, reverse=False)

    def latest(self, moment: datetime) -> datetime:
        """See ``Schedule.latest``."""
        found = self._first(moment.replace(microsecond=0) + timedelta(seconds=1), reverse=True)
        # Around a change of clocks the library's two directions differ; forward is what runs.
        while (later := self.next_after(found)) <= moment:
            found = later
        return found

    def _first(self, moment: datetime, *, reverse: bool) -> datetime:
        start = moment.astimezone(ZoneInfo(self.zone))
        found: datetime = next(CronSim(self.expression, start, reverse=reverse))
        return found.astimezone(UTC)


def count_between(schedule: Schedule, first: datetime, last: datetime) -> int:
    """Return how many slots lie between two others, both left out; at most ``MAX_COUNT``."""
    if isinstance(schedule, Every):
        between = round((last - first).total_seconds() / schedule.seconds) - 1
        return max(0, min(between, MAX_COUNT))
    count = 0
    moment = schedule.next_after(first)
    while moment < last and count < MAX_COUNT:
        count += 1
        moment = schedule.next_after(moment)
    return count


@lru_cache(maxsize=1024)
def parse_schedule(text: str) -> Schedule:
    """Parse ``every 5m``, ``every 1h+90s``, a cron expression, or one after ``CRON_TZ=Zone``.

    Raises:
        InvalidInputError: it is none of these; ``position`` says where where it can.

    """
    if len(text) > MAX_LENGTH:
        raise InvalidInputError("the schedule is too long", field="schedule", remedy=_REMEDY)
    text = text.strip()
    if every := _EVERY.fullmatch(text):
        return Every(_whole(every[1]), _whole(every[2]) if every[2] else 0)
    if zoned := _ZONED.fullmatch(text):
        return Cron(" ".join(zoned[2].split()), zoned[1])
    return Cron(" ".join(text.split()))


def _whole(text: str) -> int:
    seconds = parse_duration(text, field="schedule").total_seconds()
    if seconds != int(seconds):
        raise InvalidInputError(
            f"{text!r} is not whole seconds", field="schedule", remedy="use whole seconds"
        )
    return int(seconds)


def _bad_field(expression: str, message: str) -> QuerySyntaxError:
    """Return the error with the position of the field that the library names."""
    name = message.removeprefix("Bad ")
    position = 0
    if name in _FIELD_NAMES:
        fields = expression.split(" ")
        position = sum(len(field) + 1 for field in fields[: _FIELD_NAMES.index(name)])
    return QuerySyntaxError(
        f"the {name} of {expression!r} is wrong",
        field="schedule",
        position=position,
        remedy=_REMEDY,
    )
