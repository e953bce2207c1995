"""One series of an alarm from one evaluation to the next: pending, firing, recovering, gone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from vedette.alarms.decide import Decision, decide
from vedette.alarms.definition import AlarmSpec, breaches, samples_needed, seconds
from vedette.alarms.model import Contributor, Points, State, Transition, series_key

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_EVIDENCE_POINTS = 60


def advance(
    spec: AlarmSpec, before: Contributor, points: Points, starts: list[int], slot: float
) -> tuple[Contributor, Transition | None]:
    """Return a series after an evaluation, and its change of state if there was one.

    Pure: the same arguments give the same answer.
    """
    breaching = _breaching(spec, before, points)
    decision = _guarded(spec, points) or decide(breaching, spec.rule)
    after = replace(before, labels=points.labels)
    known = [n for n, value in enumerate(points.values) if value is not None]
    if known:
        after.value = points.values[known[-1]]
        after.seen = max(before.seen or 0.0, float(starts[known[-1]] + spec.period))
    elif before.seen is None:
        after.seen = slot  # a series is waited for from when it is first looked for
    state, reason = _held(spec, after, decision, slot)
    after.reason = reason
    if state is not State.ALARM and after.pending_since is None:
        after.onset = None
    elif after.onset is None:
        after.onset = _onset(spec, starts, breaching)
    if state is before.state:
        after.since = before.since or slot
        return after, None
    after.state, after.since = state, slot
    evidence = _evidence(spec, points, starts, breaching)
    return after, Transition(points.labels, before.state, state, slot, reason, evidence)


def gone(spec: AlarmSpec, contributor: Contributor, slot: float) -> bool:
    """Tell whether a series had no data for so long that it is closed."""
    return contributor.seen is not None and slot - contributor.seen >= spec.forget_seconds


def absent(labels: Mapping[str, str], periods: int) -> Points:
    """Return the points of a series that was there before and is not any more."""
    return Points(labels, [None] * periods)


def overall(states: Iterable[State]) -> State:
    """Return the state of an alarm from those of its series."""
    there = set(states)
    if State.ALARM in there:
        return State.ALARM
    return State.OK if State.OK in there else State.INSUFFICIENT_DATA


def _held(
    spec: AlarmSpec, after: Contributor, decision: Decision, slot: float
) -> tuple[State, str]:
    """Apply ``for`` and ``keep_firing_for`` to a decision; updates when they began."""
    wanted = decision.state or after.state
    if wanted is State.ALARM:
        after.breached = slot
        if after.state is State.ALARM:
            return State.ALARM, decision.reason
        if after.pending_since is None:
            after.pending_since = slot
        waited = slot - after.pending_since
        if waited >= seconds(spec.for_):
            after.pending_since = None
            return State.ALARM, decision.reason
        quiet = State.OK if after.state is State.OK else after.state
        return quiet, f"pending since {waited:.0f} s of {spec.for_}: {decision.reason}"
    if decision.state is not None:
        # A decision that leaves the state as it is does not end what is pending.
        after.pending_since = None
    if after.state is State.ALARM and after.breached is not None:
        quiet_for = slot - after.breached
        if quiet_for < seconds(spec.keep_firing_for):
            kept = f"kept in ALARM {quiet_for:.0f} s of {spec.keep_firing_for}: {decision.reason}"
            return State.ALARM, kept
        after.breached = None
    return wanted, decision.reason


def _breaching(spec: AlarmSpec, before: Contributor, points: Points) -> list[bool | None]:
    if points.breaching is not None:
        return list(points.breaching)
    if spec.source.type == "absence":
        # For absence a period without data is what is watched for, not a gap.
        return [value is None or value <= 0 for value in points.values]
    condition = spec.condition.threshold if spec.condition else None
    if condition is None:
        raise TypeError("a series is compared with a threshold, or comes compared with a band")
    in_alarm = before.state is State.ALARM
    return [
        None if value is None else breaches(condition, value, in_alarm=in_alarm)
        for value in points.values
    ]


def _onset(spec: AlarmSpec, starts: list[int], breaching: list[bool | None]) -> float | None:
    """Return when the first breaching one of the newest N known periods began.

    Periods before those count that breach without a gap up to it: an alarm that is new, or whose
    data came late, was put off by what began earlier.
    """
    known = [
        (start, breach)
        for start, breach in zip(starts, breaching, strict=True)
        if breach is not None
    ]
    newest = len(known) - min(spec.rule.n, len(known))
    first = next((n for n in range(newest, len(known)) if known[n][1]), None)
    if first is None:
        return None
    while first > 0 and known[first - 1][1] and _adjoin(known, first, spec.period):
        first -= 1
    return float(known[first][0])


def _adjoin(known: list[tuple[int, bool]], number: int, period: int) -> bool:
    """Tell whether a known period follows the one before it at once."""
    return known[number][0] - known[number - 1][0] == period


def _guarded(spec: AlarmSpec, points: Points) -> Decision | None:
    """Keep the state where the newest data point of a percentile has too few samples."""
    if spec.low_samples != "ignore" or points.samples is None or spec.percentile is None:
        return None
    needed = samples_needed(spec.percentile)
    known = [n for n, value in enumerate(points.values) if value is not None]
    if not known or points.samples[known[-1]] >= needed:
        return None
    count = points.samples[known[-1]]
    return Decision(
        None, f"{count:.0f} samples are too few for this percentile: {needed:.0f} needed"
    )


def _evidence(
    spec: AlarmSpec, points: Points, starts: list[int], breaching: list[bool | None]
) -> dict[str, Any]:
    """Return what a decision was made from, for the history."""
    evidence: dict[str, Any] = {
        "starts": list(starts[-MAX_EVIDENCE_POINTS:]),
        "values": list(points.values[-MAX_EVIDENCE_POINTS:]),
        "breaching": breaching[-MAX_EVIDENCE_POINTS:],
        "period": spec.period,
    }
    if points.thresholds is not None:
        evidence["band"] = list(points.thresholds[-MAX_EVIDENCE_POINTS:])
    elif spec.condition and spec.condition.threshold:
        evidence["threshold"] = spec.condition.threshold.threshold
        evidence["comparison"] = spec.condition.threshold.comparison
    if points.samples is not None:
        evidence["samples"] = list(points.samples[-MAX_EVIDENCE_POINTS:])
    return evidence


def evaluate_series(
    spec: AlarmSpec,
    known: Mapping[str, Contributor],
    series: Iterable[Points],
    starts: list[int],
    slot: float,
) -> tuple[dict[str, Contributor], list[Transition]]:
    """Evaluate all series of an alarm, those that are not there any more too.

    Args:
        spec: the alarm.
        known: its series after the evaluation before, by key.
        series: what the source gave.
        starts: of the periods.
        slot: Unix second of the evaluation.

    Returns:
        Its series now, and every change of state. A series that was closed is not among the former.

    """
    found = {series_key(one.labels): one for one in series}
    for key, contributor in known.items():
        # The series that stands for "no series yet" goes when a real one comes.
        if key not in found and (contributor.labels or not found):
            found[key] = absent(contributor.labels, len(starts))
    if not found:
        found[""] = absent({}, len(starts))
    after: dict[str, Contributor] = {}
    transitions = []
    for key, points in found.items():
        contributor, transition = advance(spec, known.get(key, Contributor()), points, starts, slot)
        closed = bool(points.labels) and gone(spec, contributor, slot)
        if closed:
            transition = _closed(known.get(key, Contributor()), contributor, slot)
        else:
            after[key] = contributor
        if transition:
            transitions.append(transition)
    transitions += _superseded(known, found, slot)
    return after, transitions


def _closed(before: Contributor, contributor: Contributor, slot: float) -> Transition | None:
    if not before.since or before.state is State.INSUFFICIENT_DATA:
        return None
    silent = slot - (contributor.seen or slot)
    reason = f"the series had no data for {silent:.0f} s and is closed"
    return Transition(
        contributor.labels, before.state, State.INSUFFICIENT_DATA, slot, reason, {"closed": True}
    )


def _superseded(
    known: Mapping[str, Contributor], found: Mapping[str, Points], slot: float
) -> list[Transition]:
    """Close the series that stood for "no series yet", where it was in ALARM."""
    placeholder = known.get("")
    if placeholder is None or "" in found or placeholder.state is not State.ALARM:
        return []
    reason = "series came"
    return [Transition({}, State.ALARM, State.INSUFFICIENT_DATA, slot, reason, {"closed": True})]
