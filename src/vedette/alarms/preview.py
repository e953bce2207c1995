"""What a definition would have done over a range of the past, saved or not.

The same sources and the same decisions as the evaluation; only the steps differ: one a period, each
over the periods before it, where the evaluation of a long period also looks between them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vedette.alarms.decide import EXTRA_PERIODS
from vedette.alarms.definition import CompositeSource
from vedette.alarms.model import Contributor, Points, Reading, State, Transition, series_key
from vedette.alarms.series import evaluate_series, overall
from vedette.alarms.sources import Job, read_sources
from vedette.core.errors import InvalidInputError, QueryLimitError, VedetteError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vedette.alarms.definition import AlarmSpec
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

MAX_PERIODS = 5_000
MAX_VALUES = 300_000
"""Most periods times series."""
MAX_TRANSITIONS = 1_000


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of time in one state; Unix seconds."""

    start: float
    end: float
    state: State


@dataclass(frozen=True, slots=True)
class Preview:
    """What would have happened.

    Attributes:
        reading: the series over the range.
        fired: how often the alarm as a whole would have gone into ALARM.
        series_fired: how often each series would have, by its key.
        segments: states of the alarm as a whole, oldest first.
        transitions: changes of series, oldest first, at most ``MAX_TRANSITIONS``.
        notices: how many notices there would have been.

    """

    reading: Reading
    fired: int
    series_fired: Mapping[str, int]
    segments: Sequence[Segment]
    transitions: Sequence[Transition]
    notices: int


def read_range(
    runner: QueryRunner,
    account: str,
    spec: AlarmSpec,
    time_range: TimeRange,
    *,
    bands: Callable[[Sequence[Job], float], Mapping[str, Reading | VedetteError]] | None = None,
) -> Reading:
    """Return an alarm's series over whole periods of a range.

    Raises:
        InvalidInputError: it is a composite, or the range holds too many periods.

    """
    if isinstance(spec.source, CompositeSource):
        raise InvalidInputError(
            "a composite has no series of its own",
            field="spec.source",
            remedy="look at the alarms that its rule names",
        )
    end = int(time_range.end.timestamp()) // spec.period * spec.period
    start = int(time_range.start.timestamp()) // spec.period * spec.period
    count = (end - start) // spec.period
    if not EXTRA_PERIODS < count <= MAX_PERIODS:
        raise InvalidInputError(
            f"the range holds {count} periods of {spec.period} s",
            field="start",
            remedy=f"choose a range of {EXTRA_PERIODS + 1} to {MAX_PERIODS} periods",
        )
    wide = spec.model_copy(update={"periods": count - EXTRA_PERIODS, "to_alarm": 1})
    # The window ends at the interval that the slot is in.
    reading = read_sources(runner, account, [Job("", wide)], float(end), bands)[""]
    if isinstance(reading, VedetteError):
        raise reading
    return reading


def preview(
    runner: QueryRunner,
    account: str,
    spec: AlarmSpec,
    time_range: TimeRange,
    *,
    bands: Callable[[Sequence[Job], float], Mapping[str, Reading | VedetteError]] | None = None,
) -> Preview:
    """Evaluate a definition at every period of a range.

    Raises:
        InvalidInputError: see ``read_range``.
        QueryLimitError: there are too many series for the range.

    """
    reading = read_range(runner, account, spec, time_range, bands=bands)
    values = len(reading.series) * len(reading.starts)
    if values > MAX_VALUES:
        raise QueryLimitError(
            f"{len(reading.series)} series of {len(reading.starts)} periods are too many to preview",
            field="start",
            remedy="choose a shorter range",
        )
    return _replay(spec, reading)


def _replay(spec: AlarmSpec, reading: Reading) -> Preview:
    starts = list(reading.starts)
    known: dict[str, Contributor] = {}
    state, since = State.INSUFFICIENT_DATA, float(starts[0])
    segments: list[Segment] = []
    transitions: list[Transition] = []
    series_fired: Counter[str] = Counter()
    fired = notices = 0
    for end in range(1, len(starts) + 1):
        first = max(0, end - spec.periods_read)
        slot = float(starts[end - 1] + spec.period)
        window = [_cut(one, first, end) for one in reading.series]
        there = [one for one in window if series_key(one.labels) in known or _has_data(one)]
        known, changes = evaluate_series(spec, known, there, starts[first:end], slot)
        for change in changes:
            firing = change.state is State.ALARM
            series_fired[series_key(change.labels or {})] += firing
            notices += firing or change.previous is State.ALARM
        transitions += changes[: MAX_TRANSITIONS - len(transitions)]
        now = overall(one.state for one in known.values())
        if now is not state:
            fired += now is State.ALARM
            segments.append(Segment(since, slot, state))
            state, since = now, slot
    segments.append(Segment(since, float(starts[-1] + spec.period), state))
    return Preview(
        reading,
        fired,
        {key: count for key, count in series_fired.items() if count},
        [one for one in segments if one.end > one.start],
        transitions,
        notices,
    )


def _cut(points: Points, first: int, end: int) -> Points:
    return Points(
        points.labels,
        points.values[first:end],
        thresholds=points.thresholds[first:end] if points.thresholds is not None else None,
        breaching=points.breaching[first:end] if points.breaching is not None else None,
        samples=points.samples[first:end] if points.samples is not None else None,
    )


def _has_data(points: Points) -> bool:
    # As the evaluation, which knows a series from its first data point on.
    return not points.labels or any(value is not None for value in points.values)


def moment(seconds: float) -> datetime:
    """Return a Unix second as a moment."""
    return datetime.fromtimestamp(seconds, UTC)
