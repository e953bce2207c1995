"""An objective over time: share of good events, and the budget as it burned down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vedette.experience.slo.counts import HOUR, MINUTE, settled_hour
from vedette.experience.slo.definition import CALENDAR
from vedette.experience.slo.service import key_of

if TYPE_CHECKING:
    from vedette.experience.slo.counts import SloCounts
    from vedette.experience.slo.service import Slo

MAX_HOURS = 400 * 24


@dataclass(frozen=True, slots=True)
class History:
    """Series by hour; all lists are as long as ``times``.

    Attributes:
        times: starts of the hours, Unix seconds.
        good: good events.
        total: all events.
        sli: share of good ones; None without events.
        budget_remaining: what is left at the hour's end of the period's budget; None without
            events. A calendar period begins with all of it.
        burn_rate: burn rate of the hour.

    """

    times: list[int]
    good: list[float]
    total: list[float]
    sli: list[float | None]
    budget_remaining: list[float | None]
    burn_rate: list[float | None]


def read_history(counts: SloCounts, slo: Slo, start: int, end: int) -> History:
    """Return an objective's series over ``[start, end)``, widened to whole hours."""
    first = start // HOUR * HOUR
    last = max(first + HOUR, -(-end // HOUR) * HOUR)
    first = max(first, last - MAX_HOURS * HOUR)
    begin = int(slo.spec.period_at(first)[0]) // HOUR * HOUR
    hours = np.arange(begin, last, HOUR)
    good, total = np.zeros(len(hours)), np.zeros(len(hours))
    boundary = settled_hour(end)
    slots = counts.history(slo.account, key_of(slo), HOUR, begin, min(boundary, last))
    slots += counts.history(slo.account, key_of(slo), MINUTE, max(boundary, begin), last)
    for slot in slots:
        place = (slot.start - begin) // HOUR
        good[place] += slot.counts.good
        total[place] += slot.counts.total
    remaining = _remaining(slo, hours, good, total)
    bad = total - good
    with np.errstate(invalid="ignore", divide="ignore"):
        sli = np.where(total > 0, good / total, np.nan)
        burn = np.where(total > 0, bad / total / slo.spec.budget, np.nan)
    at = (first - begin) // HOUR
    return History(
        hours[at:].tolist(), good[at:].tolist(), total[at:].tolist(), _plain(sli[at:]),
        _plain(remaining[at:]), _plain(burn[at:]),
    )  # fmt: skip


def _remaining(slo: Slo, hours: np.ndarray, good: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return the share of the budget that is left at the end of each hour."""
    all_total = np.concatenate([[0.0], np.cumsum(total)])
    all_bad = np.concatenate([[0.0], np.cumsum(total - good)])
    out = np.full(len(hours), np.nan)
    for number, hour in enumerate(hours.tolist()):
        # A moment before the hour's end: at the end itself a calendar period may be the next one.
        start, length = slo.spec.period_at(hour + HOUR - 1)
        begin = max(0, (int(start) - int(hours[0])) // HOUR)
        events = all_total[number + 1] - all_total[begin]
        if events <= 0:
            continue
        budget = slo.spec.budget * events
        if slo.spec.period in CALENDAR:
            budget /= max(min(1.0, (hour + HOUR - start) / length), 1e-6)
        out[number] = 1 - (all_bad[number + 1] - all_bad[begin]) / budget
    return out


def _plain(values: np.ndarray) -> list[float | None]:
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN
