"""States of alarms and of their series, and what a series' points are."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import orjson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class State(StrEnum):
    """What an alarm, or one series of it, is in."""

    OK = "OK"
    ALARM = "ALARM"
    INSUFFICIENT_DATA = "INSUFFICIENT_DATA"


class Evaluation(StrEnum):
    """How the last evaluation of an alarm went; anything but OK is shown with its reason."""

    OK = "OK"
    NONE = "NONE"
    """It was not evaluated yet."""
    PARTIAL_DATA = "PARTIAL_DATA"
    """There was more to read than may be read: some series were left out."""
    EVALUATION_ERROR = "EVALUATION_ERROR"
    """It could not be evaluated; states are as they were before."""


class Missing(StrEnum):
    """How periods without a data point count."""

    MISSING = "missing"
    IGNORE = "ignore"
    BREACHING = "breaching"
    NOT_BREACHING = "notBreaching"


@dataclass(frozen=True, slots=True)
class Points:
    """The latest periods of one series, oldest first.

    Attributes:
        labels: which series it is.
        values: one a period; None where there is no data point.
        thresholds: the bounds of each period where they differ (bands), as ``(lower, upper)``.
        breaching: whether each period breaches, where the source decides it (bands).
        samples: samples behind each value, where that was asked for.

    """

    labels: Mapping[str, str]
    values: Sequence[float | None]
    thresholds: Sequence[tuple[float, float] | None] | None = None
    breaching: Sequence[bool | None] | None = None
    samples: Sequence[float] | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source gave for one alarm.

    Attributes:
        starts: Unix seconds at which the periods start, oldest first.
        series: one entry a series.
        partial: why series are left out, or None.
        warnings: what a reader should know, such as a metric that does not exist yet.

    """

    starts: Sequence[int]
    series: Sequence[Points]
    partial: str | None = None
    warnings: Sequence[str] = ()


@dataclass(slots=True)
class Contributor:
    """One series of an alarm, as it is remembered between evaluations; moments are Unix seconds.

    Attributes:
        labels: which series it is.
        state: what it is in.
        since: when that began.
        pending_since: when it began to breach, while that is not yet an alarm.
        breached: when it breached last, while it is in alarm.
        onset: when the first of the periods began by which it is pending or in alarm: with late
            data or a long ``for`` that is long before ``since``.
        seen: when it last had a data point.
        told: the state that notifications were last sent for.
        told_at: when that was.
        value: the newest data point.
        reason: why it is in its state.

    """

    labels: Mapping[str, str] = field(default_factory=dict)
    state: State = State.INSUFFICIENT_DATA
    since: float = 0.0
    pending_since: float | None = None
    breached: float | None = None
    onset: float | None = None
    seen: float | None = None
    told: State | None = None
    told_at: float | None = None
    value: float | None = None
    reason: str = ""

    @property
    def key(self) -> str:
        """The series as one text, the same whatever the order of its labels."""
        return series_key(self.labels)


@dataclass(frozen=True, slots=True)
class Transition:
    """A change of state of one series, or of an alarm as a whole (``labels`` is None then).

    Attributes:
        labels: which series, or None.
        previous: the state before.
        state: the state now.
        slot: Unix second of the evaluation.
        reason: why, in a sentence.
        evidence: points, thresholds and whatever else the decision was made from.

    """

    labels: Mapping[str, str] | None
    previous: State
    state: State
    slot: float
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)


def series_key(labels: Mapping[str, str]) -> str:
    """Return labels as one text, the same whatever their order; empty for no labels."""
    return orjson.dumps(dict(labels), option=orjson.OPT_SORT_KEYS).decode() if labels else ""


def shown(labels: Mapping[str, str]) -> str:
    """Return labels as people read them."""
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()) if value)
