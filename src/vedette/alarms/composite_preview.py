"""What a composite would have done over a range of the past: its alarms replayed, then its rule."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vedette.alarms.definition import INTERVAL, CompositeSource, seconds
from vedette.alarms.model import Points, Reading, State, Transition
from vedette.alarms.preview import MAX_PERIODS, MAX_TRANSITIONS, Preview, Segment
from vedette.alarms.rule import parse_rule
from vedette.alarms.suppression import Suppression
from vedette.core.errors import InvalidInputError, VedetteError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vedette.alarms.definition import AlarmSpec
    from vedette.core.time import TimeRange

MAX_REPLAYED = 30
"""Most alarms that one preview replays, those below other composites too."""


def preview_composite(
    spec: AlarmSpec,
    time_range: TimeRange,
    *,
    find: Callable[[str], AlarmSpec | None],
    replay: Callable[[AlarmSpec], Preview],
) -> Preview:
    """Evaluate a composite at every minute of a range, with its alarms as they are defined now.

    The series of the reading are its alarms: 1 where one is in ALARM, 0 where not.

    Args:
        spec: the composite.
        time_range: at most ``MAX_PERIODS`` minutes.
        find: returns the definition of an alarm by name.
        replay: returns what an alarm that is no composite would have done.

    Raises:
        InvalidInputError: the range is too long, or there are too many alarms below it.

    """
    return _Replayed(time_range, find, replay).composite(spec)


@dataclass(slots=True)
class _Replayed:
    """The alarms that were replayed, each once."""

    time_range: TimeRange
    find: Callable[[str], AlarmSpec | None]
    replay: Callable[[AlarmSpec], Preview]
    done: dict[str, Sequence[Segment]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def composite(self, spec: AlarmSpec) -> Preview:
        source = spec.source
        if not isinstance(source, CompositeSource):
            raise TypeError("composites only")
        rule = parse_rule(source.rule)
        suppressor = source.suppressor
        names = (*rule.children, *([suppressor.alarm] if suppressor else []))
        segments = {name: self._segments(name) for name in dict.fromkeys(names)}
        starts = self._starts()
        states = {name: _sampled(one, starts) for name, one in segments.items()}
        told = Suppression()
        quiet: list[bool] = []
        own: list[State] = []
        for index, start in enumerate(starts):
            now = {name: states[name][index] for name in rule.children}
            own.append(rule.state(now))
            before = own[index - 1] if index else State.INSUFFICIENT_DATA
            if suppressor:
                told = told.step(
                    now=start + INTERVAL,
                    changed=own[index] is not before,
                    suppressor_in_alarm=states[suppressor.alarm][index] is State.ALARM,
                    wait=seconds(suppressor.wait),
                    extension=seconds(suppressor.extension),
                )
            quiet.append(told.reason is not None)
        return _told(starts, own, quiet, self._reading(starts, states))

    def _starts(self) -> list[int]:
        start = int(self.time_range.start.timestamp()) // INTERVAL * INTERVAL
        end = int(self.time_range.end.timestamp()) // INTERVAL * INTERVAL
        count = (end - start) // INTERVAL
        if not 0 < count <= MAX_PERIODS:
            raise InvalidInputError(
                f"the range holds {count} minutes",
                field="start",
                remedy=f"choose a range of 1 to {MAX_PERIODS} minutes",
            )
        return list(range(start, end, INTERVAL))

    def _segments(self, name: str) -> Sequence[Segment]:
        if name in self.done:
            return self.done[name]
        if len(self.done) >= MAX_REPLAYED:
            raise InvalidInputError(
                f"more than {MAX_REPLAYED} alarms are below this one",
                field="spec.source.rule",
                remedy="look at the composites that it names, one by one",
            )
        self.done[name] = ()  # counts already
        spec = self.find(name)
        if spec is None:
            self.warnings.append(f"no alarm is called {name}")
            return ()
        try:
            again = isinstance(spec.source, CompositeSource)
            found = self.composite(spec) if again else self.replay(spec)
        except VedetteError as error:
            self.warnings.append(f"{name} could not be replayed: {error.message}")
            return ()
        self.done[name] = found.segments
        return found.segments

    def _reading(self, starts: Sequence[int], states: dict[str, list[State]]) -> Reading:
        series = [
            Points({"alarm": name}, [float(one is State.ALARM) for one in found])
            for name, found in states.items()
        ]
        return Reading(starts, series, warnings=tuple(self.warnings))


def _sampled(segments: Sequence[Segment], starts: Sequence[int]) -> list[State]:
    """Return the state at the end of each minute; an alarm that tells nothing has no data."""
    states, index = [], 0
    for start in starts:
        end = start + INTERVAL
        while index + 1 < len(segments) and segments[index + 1].start <= end:
            index += 1
        there = index < len(segments) and segments[index].start <= end
        states.append(segments[index].state if there else State.INSUFFICIENT_DATA)
    return states


def _told(
    starts: Sequence[int], own: Sequence[State], quiet: Sequence[bool], reading: Reading
) -> Preview:
    """Return the stretches, the changes and how many of them would have been told."""
    segments: list[Segment] = []
    transitions: list[Transition] = []
    state, since, last_told, notices, fired = State.INSUFFICIENT_DATA, float(starts[0]), "", 0, 0
    for index, now in enumerate(own):
        slot = float(starts[index] + INTERVAL)
        if now is not state:
            firing = [dict(one.labels)["alarm"] for one in reading.series if one.values[index]]
            reason = f"in ALARM: {', '.join(firing[:10]) or 'none'}"
            if len(transitions) < MAX_TRANSITIONS:
                transitions.append(Transition({}, state, now, slot, reason, {}))
            segments.append(Segment(since, slot, state))
            fired += now is State.ALARM
            state, since = now, slot
        if not quiet[index] and str(state) != last_told:
            notices += state is State.ALARM or last_told == str(State.ALARM)
            last_told = str(state)
    segments.append(Segment(since, float(starts[-1] + INTERVAL), state))
    return Preview(
        reading,
        fired,
        {},
        [one for one in segments if one.end > one.start],
        transitions,
        notices,
    )
