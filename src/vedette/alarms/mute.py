"""Mute windows: when which alarms do not tell. They are evaluated all the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from vedette.alarms.definition import Duration, Name, seconds
from vedette.core.bodies import Body
from vedette.core.time import parse_moment
from vedette.scheduler import parse_schedule
from vedette.telemetry.metrics.bodies import MatcherBody
from vedette.telemetry.metrics.matching import compile_matcher, matches

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.telemetry.metrics.model import Matcher

MAX_LENGTH_S = 366 * 86_400


class MuteSpec(Body):
    """One range of time, or one that comes again by a schedule, and the alarms that it is for."""

    comment: str = Field(default="", max_length=4096)
    alarms: list[Name] = Field(default=[], max_length=500, description="by name")
    matchers: list[MatcherBody] = Field(
        default=[],
        max_length=20,
        description="on labels of the alarm or series, and on 'alarm' and 'severity'",
    )
    start: str = Field(default="", max_length=64, description="RFC 3339; with end")
    end: str = Field(default="", max_length=64)
    schedule: str = Field(
        default="", max_length=256, description="cron expression, after CRON_TZ=Zone if not UTC"
    )
    duration: Duration = Field(default="1h", description="of each window of the schedule")

    @model_validator(mode="after")
    def _is_one_window(self) -> MuteSpec:
        if bool(self.schedule) == bool(self.start or self.end):
            raise ValueError("schedule: give start and end, or a schedule and a duration")
        if self.schedule:
            parse_schedule(self.schedule)
            if not 0 < seconds(self.duration) <= MAX_LENGTH_S:
                raise ValueError("duration: above 0 and up to a year")
        elif parse_moment(self.start, field="start") >= parse_moment(self.end, field="end"):
            raise ValueError("end: is not after start")
        for matcher in self.matchers:
            if matcher.parsed().operator in {"=~", "!~"}:
                compile_matcher(matcher.value)
        if not self.alarms and not self.matchers:
            raise ValueError("alarms: name alarms, or give matchers; alarm=~.* is all of them")
        return self

    def active(self, now: datetime) -> bool:
        """Tell whether the window is open at a moment."""
        if self.schedule:
            began = parse_schedule(self.schedule).latest(now)
            return now < began + timedelta(seconds=seconds(self.duration))
        return parse_moment(self.start) <= now < parse_moment(self.end)


@dataclass(frozen=True, slots=True)
class MuteWindow:
    """A window that is open."""

    name: str
    alarms: frozenset[str]
    matchers: tuple[Matcher, ...]

    def covers(self, alarm: str, labels: Mapping[str, str]) -> bool:
        """Tell whether an alarm, or a series of it with these labels, is muted."""
        if self.alarms and alarm not in self.alarms:
            return False
        return all(matches(matcher, labels) for matcher in self.matchers)


def open_windows(windows: Sequence[tuple[str, MuteSpec]], slot: float) -> list[MuteWindow]:
    """Return those of some windows that are open at a Unix second."""
    now = datetime.fromtimestamp(slot, UTC)
    return [
        MuteWindow(name, frozenset(spec.alarms), tuple(m.parsed() for m in spec.matchers))
        for name, spec in windows
        if spec.active(now)
    ]
