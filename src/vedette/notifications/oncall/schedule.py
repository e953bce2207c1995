"""Schedules of who is on call when; pure.

A schedule has layers. In each, people take turns; a layer stands over those before it wherever it has
someone, and an override over all of them. Turns of days and weeks change hands at a time of the wall
clock, so a night on which the clock is changed is an hour shorter or longer; turns of hours are hours.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo, available_timezones

from pydantic import Field, model_validator

from vedette.core.bodies import Body

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_RANGE = timedelta(days=100)
"""Longest range that shifts are asked for."""
Person = Annotated[str, Field(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]+$")]
Clock = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", examples=["09:00"])]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: tuple[Day, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class Restriction(Body):
    """Hours of the wall clock in which a layer counts; past midnight where the end is not later."""

    days: list[Day] = Field(
        default=list(DAYS), min_length=1, max_length=7, description="on which it begins"
    )
    start: Clock = "00:00"
    end: Clock = "00:00"


class Layer(Body):
    """People who take turns."""

    name: str = Field(default="", max_length=128)
    people: list[Person] = Field(min_length=1, max_length=100)
    start: date = Field(description="the day of the first handover")
    handover: Clock = Field(default="09:00", description="by the schedule's clock")
    every: int = Field(default=1, ge=1, le=1000)
    unit: Literal["hours", "days", "weeks"] = "weeks"
    restrictions: list[Restriction] = Field(default=[], max_length=20)


class OnCallSpec(Body):
    """Who is on call when, and by which channels each of them is told."""

    description: str = Field(default="", max_length=4096)
    time_zone: str = Field(default="UTC", max_length=64, examples=["Europe/Berlin"])
    layers: list[Layer] = Field(min_length=1, max_length=20)
    people: dict[Person, list[Annotated[str, Field(min_length=1, max_length=255)]]] = Field(
        max_length=200, description="the channels by which a person is told"
    )

    @model_validator(mode="after")
    def _knows_everyone(self) -> OnCallSpec:
        if self.time_zone not in available_timezones():
            raise ValueError(f"time_zone: there is no time zone {self.time_zone!r}")
        for layer in self.layers:
            for person in layer.people:
                if not self.people.get(person):
                    raise ValueError(f"people: name a channel by which {person} is told")
        return self


@dataclass(frozen=True, slots=True)
class Override:
    """Someone takes over for a while, whatever the layers say."""

    id: str
    person: str
    start: datetime
    end: datetime
    by: str = ""
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """A stretch of time with the same person; ``layer`` is its place from 0, or -1 by an override."""

    start: datetime
    end: datetime
    person: str
    layer: int


def on_call(
    spec: OnCallSpec, overrides: Sequence[Override], at: datetime
) -> tuple[str, int] | None:
    """Return who is on call at a moment and by which layer (-1 by an override), or None."""
    # The newest override stands over those before it.
    for override in reversed(overrides):
        if override.start <= at < override.end:
            return override.person, -1
    zone = ZoneInfo(spec.time_zone)
    for number in range(len(spec.layers) - 1, -1, -1):
        person = turn(spec.layers[number], zone, at)
        if person is not None:
            return person, number
    return None


def turn(layer: Layer, zone: ZoneInfo, at: datetime) -> str | None:
    """Return whose turn it is in one layer, or None before it starts and outside of its hours."""
    number = _turn_number(layer, zone, at)
    if number < 0 or not _counts(layer, zone, at):
        return None
    return layer.people[number % len(layer.people)]


def shifts(
    spec: OnCallSpec,
    overrides: Sequence[Override],
    start: datetime,
    end: datetime,
    *,
    layer: int | None = None,
) -> list[Shift]:
    """Return who is on call over a range, oldest first; stretches with nobody are left out.

    Args:
        spec: the schedule.
        overrides: oldest first.
        start: of the range.
        end: of the range, at most ``MAX_RANGE`` later.
        layer: only this layer, as if it stood alone.

    """
    zone = ZoneInfo(spec.time_zone)
    layers = spec.layers if layer is None else [spec.layers[layer]]
    edges = {start, end}
    if layer is None:
        edges |= {moment for one in overrides for moment in (one.start, one.end)}
    for one in layers:
        edges |= set(_edges(one, zone, start, end))
    ordered = sorted(moment for moment in edges if start <= moment <= end)
    found: list[Shift] = []
    for left, right in pairwise(ordered):
        if layer is None:
            who = on_call(spec, overrides, left)
        else:
            person = turn(layers[0], zone, left)
            who = None if person is None else (person, layer)
        if who is None:
            continue
        last = found[-1] if found else None
        if last and last.end == left and (last.person, last.layer) == who:
            found[-1] = Shift(last.start, right, *who)
        else:
            found.append(Shift(left, right, *who))
    return found


def _turn_number(layer: Layer, zone: ZoneInfo, at: datetime) -> int:
    first = datetime.combine(layer.start, _clock(layer.handover))
    if layer.unit == "hours":
        began = first.replace(tzinfo=zone).astimezone(UTC)
        return (at - began) // timedelta(hours=layer.every)
    days = layer.every * (7 if layer.unit == "weeks" else 1)
    # By the wall clock: an hour more or less in a night changes nothing.
    return (at.astimezone(zone).replace(tzinfo=None) - first) // timedelta(days=days)


def _counts(layer: Layer, zone: ZoneInfo, at: datetime) -> bool:
    if not layer.restrictions:
        return True
    wall = at.astimezone(zone).replace(tzinfo=None)
    return any(
        begin <= wall < end
        for one in layer.restrictions
        for begin, end in _windows(one, wall.date() - timedelta(days=1), wall.date())
    )


def _windows(one: Restriction, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
    begin, end = _clock(one.start), _clock(one.end)
    day = first
    while day <= last:
        if DAYS[day.weekday()] in one.days:
            over = timedelta(days=1) if end <= begin else timedelta()
            yield datetime.combine(day, begin), datetime.combine(day + over, end)
        day += timedelta(days=1)


def _edges(layer: Layer, zone: ZoneInfo, start: datetime, end: datetime) -> Iterator[datetime]:
    """Return the moments at which whose turn it is can change."""
    first = datetime.combine(layer.start, _clock(layer.handover))
    number = max(0, _turn_number(layer, zone, start))
    if layer.unit == "hours":
        began = first.replace(tzinfo=zone).astimezone(UTC)
        step = timedelta(hours=layer.every)
        while (moment := began + number * step) < end:
            yield moment
            number += 1
    else:
        step = timedelta(days=layer.every * (7 if layer.unit == "weeks" else 1))
        while (moment := _instant(first + number * step, zone)) < end:
            yield moment
            number += 1
    days = start.astimezone(zone).date() - timedelta(days=1), end.astimezone(zone).date()
    for one in layer.restrictions:
        for edge in _windows(one, *days):
            yield from (_instant(wall, zone) for wall in edge)


def _instant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the moment of a wall clock; one that a change of the clock skips is the next there is."""
    return wall.replace(tzinfo=zone).astimezone(UTC)


def _clock(text: str) -> time:
    return time.fromisoformat(text)
