"""Burn rates, budgets and when they will be used up; pure arithmetic.

Burn rate = share of bad events in a window / (1 - goal): at 1 the budget lasts the period exactly
(Site Reliability Workbook, chapter 5).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.experience.slo.definition import SloSpec

State = Literal["ok", "burning", "exhausted", "no data"]
_EPSILON = 1e-9


@dataclass(frozen=True, slots=True)
class Counts:
    """Events of a window; ``tolerating`` are those of Apdex, between T and 4T."""

    good: float = 0.0
    tolerating: float = 0.0
    total: float = 0.0

    @property
    def bad(self) -> float:
        """Events that were not good."""
        return max(0.0, self.total - self.good)

    @property
    def sli(self) -> float | None:
        """Share that was good; None where nothing happened."""
        return self.good / self.total if self.total > 0 else None

    @property
    def apdex(self) -> float | None:
        """(satisfied + tolerating / 2) / total, as the Apdex Alliance has it; None without events."""
        return (self.good + self.tolerating / 2) / self.total if self.total > 0 else None

    def burn_rate(self, goal: float) -> float | None:
        """Return how fast the budget burns; None where nothing happened."""
        return self.bad / self.total / (1 - goal) if self.total > 0 else None

    def __add__(self, other: Counts) -> Counts:
        """Return both together."""
        return Counts(
            self.good + other.good, self.tolerating + other.tolerating, self.total + other.total
        )


@dataclass(frozen=True, slots=True)
class Burn:
    """How an alarm's windows stand.

    Attributes:
        windows: such as ``1h/5m``.
        long: burn rate in the long window; None without events.
        short: burn rate in the short window.
        threshold: from which it breaches.

    """

    windows: str
    long: float | None
    short: float | None
    threshold: float

    @property
    def rate(self) -> float:
        """The smaller of the two: both must be above the threshold. No events burn nothing."""
        return min(self.long or 0.0, self.short or 0.0)

    @property
    def breaches(self) -> bool:
        """Whether an alarm is due."""
        return self.rate >= self.threshold - _EPSILON


@dataclass(frozen=True, slots=True)
class Status:
    """How an objective stands at a moment.

    Attributes:
        state: in one word.
        period: events of the whole period so far.
        remaining: share of the budget that is left, negative where more was burned; None without
            events.
        bad_left: events that may still go bad at the volume so far.
        burns: by alarm.
        rates: burn rate by window name.
        exhausted_in: seconds until the budget is used up if the last day goes on; None where it
            does not burn, 0 where it is used up.
        projected: share of the budget that will be left at the end of a calendar period (of a
            rolling one: a period from now) if the last day goes on.

    """

    state: State
    period: Counts
    remaining: float | None
    bad_left: float
    burns: tuple[Burn, ...] = ()
    rates: Mapping[str, float | None] = field(default_factory=dict)
    exhausted_in: float | None = None
    projected: float | None = None


def status_of(
    spec: SloSpec,
    period: Counts,
    windows: Mapping[str, Counts],
    *,
    now: float,
) -> Status:
    """Return how an objective stands.

    Args:
        spec: the objective.
        period: counts of its period.
        windows: counts by window, such as ``1h``; those of its alarms and ``1d`` are needed.
        now: Unix seconds.

    """
    burns = tuple(
        Burn(
            alarm.windows,
            windows[alarm.long].burn_rate(spec.goal),
            windows[alarm.short].burn_rate(spec.goal),
            alarm.burn_rate,
        )
        for alarm in spec.alarms
    )
    rates = {name: counts.burn_rate(spec.goal) for name, counts in windows.items()}
    if period.total <= 0:
        return Status("no data", period, None, 0.0, burns, rates)
    budget = spec.budget * period.total
    remaining = 1 - period.bad / budget
    start, length = spec.period_at(now)
    if spec.period in {"week", "month", "quarter"} and now > start:
        # The budget is of the whole period: what is counted so far stands for a part of it.
        share = min(1.0, max((now - start) / length, 1e-6))
        budget /= share
        remaining = 1 - period.bad / budget
        left = start + length - now
    else:
        left = length
    burn = rates.get("1d") or 0.0
    exhausted_in = None
    if remaining <= _EPSILON:
        exhausted_in = 0.0
    elif burn > 0:
        exhausted_in = remaining * length / burn
    burning = any(one.breaches for one in burns)
    return Status(
        state="exhausted" if remaining <= _EPSILON else "burning" if burning else "ok",
        period=period,
        remaining=remaining,
        bad_left=max(0.0, math.floor(budget - period.bad + _EPSILON)),
        burns=burns,
        rates=rates,
        exhausted_in=exhausted_in,
        projected=remaining - burn * left / length,
    )
