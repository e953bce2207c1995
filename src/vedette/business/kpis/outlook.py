"""How a KPI stands against its targets, and what is to be expected."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from vedette.business.kpis.definition import DAY, KpiSpec, Target
from vedette.business.kpis.values import MAX_POINTS
from vedette.statistics.forecast import LEVELS, MIN_VALUES, Forecast, forecast

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vedette.business.kpis.service import Kpi
    from vedette.business.kpis.values import KpiSeries, KpiValues

    Floats = NDArray[np.float64]

HOUR = 3600
PAST_STEPS = 400
MAX_AHEAD = 200
_BAND = LEVELS[0]
Verdict = Literal["met", "on track", "at risk", "missed", "no data"]


@dataclass(frozen=True, slots=True)
class Standing:
    """A target and how it stands.

    Attributes:
        target: the target.
        start: when its present period began.
        end: when that ends.
        actual: aggregate of the values so far; None without any.
        pace: what the target asks for so far, by the share of the period that is over; the target
            itself where values do not add up.
        projected: expected at the period's end; None where nothing can be expected yet.
        lower: lower end of what is expected with 80 %.
        upper: upper end.
        verdict: in a word.

    """

    target: Target
    start: datetime
    end: datetime
    actual: float | None
    pace: float
    projected: float | None
    lower: float | None
    upper: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Outlook:
    """A KPI's past on a grid, what is expected after it, and its targets.

    Attributes:
        past: the past; None without any value.
        step: seconds of the grid's periods.
        times: starts of the periods ahead.
        expected: the forecast; None where the past is too short.
        standings: by target.
        notes: what a reader should know.

    """

    past: KpiSeries | None
    step: int
    times: list[int]
    expected: Forecast | None
    standings: list[Standing]
    notes: tuple[str, ...]


def read_outlook(
    values: KpiValues, kpi: Kpi, now: datetime, *, ahead: int | None = None
) -> Outlook:
    """Return a KPI's outlook: one statement, and a forecast.

    Args:
        values: reads.
        kpi: which.
        now: the present; the period that it is in is not part of the past.
        ahead: periods to forecast; up to the end of the longest target's period where None.

    """
    step = max(kpi.spec.step, HOUR)
    moment = now.timestamp()
    end = int(moment) // step * step
    periods = [period_of(target, now) for target in kpi.spec.targets if _holds(target, now)]
    oldest = min([start.timestamp() for start, _ in periods], default=moment)
    first = min(end - PAST_STEPS * step, int(oldest) // step * step)
    found = values.read(kpi.account, kpi.name, kpi.spec, first, end + step, step=step)
    if not found:
        standings = [_standing(t, None, None, kpi.spec, now) for t in _held(kpi.spec, now)]
        return Outlook(None, step, [], None, standings, ("there are no values yet",))
    past = found[0]
    known = past.values.copy()
    # What is of a period that is not over is no value of a whole period.
    known[past.times >= end] = np.nan
    last = np.flatnonzero(np.isfinite(known))
    at = int(past.times[last[-1]]) + step if len(last) else end
    wanted = ahead or _wanted(periods, at, step)
    expected, notes = _expected(known[: last[-1] + 1] if len(last) else known, wanted, step)
    times = [at + number * step for number in range(wanted)] if expected else []
    standings = [
        _standing(target, past, (expected, times) if expected else None, kpi.spec, now)
        for target in _held(kpi.spec, now)
    ]
    if step > kpi.spec.step:
        past = _whole(past, end)
    return Outlook(past, step, times, expected, standings, notes)


def _whole(past: KpiSeries, end: int) -> KpiSeries:
    """Return a past without the coarse period that is not over: a part of it is no value of it."""
    over = past.times < end
    return replace(
        past, times=past.times[over], values=past.values[over], received=past.received[over]
    )


def standings_by_pace(
    values: KpiValues, kpi: Kpi, now: datetime, steps: int
) -> tuple[KpiSeries | None, list[Standing]]:
    """Return a KPI's past and how its targets stand by what was reached so far, without a forecast."""
    step = kpi.spec.step
    end = int(now.timestamp()) // step * step
    held = _held(kpi.spec, now)
    oldest = min((period_of(target, now)[0].timestamp() for target in held), default=float(end))
    first = max(min(end - steps * step, int(oldest)), end - MAX_POINTS // 2 * step)
    found = values.read(kpi.account, kpi.name, kpi.spec, first, end)
    past = found[0] if found else None
    return past, [_standing(target, past, None, kpi.spec, now) for target in held]


def season_of(step: int) -> int:
    """Return after how many steps values usually repeat: a week of days, a day of shorter steps."""
    return 7 if step >= DAY else DAY // step


def _expected(known: Floats, wanted: int, step: int) -> tuple[Forecast | None, tuple[str, ...]]:
    if np.isfinite(known).sum() < MIN_VALUES:
        return None, (f"a forecast needs {MIN_VALUES} values",)
    made = forecast(known[-PAST_STEPS:], wanted, season=season_of(step))
    return made, made.notes


def _wanted(periods: list[tuple[datetime, datetime]], at: int, step: int) -> int:
    last = max((end.timestamp() for _, end in periods), default=0.0)
    usual = 2 * season_of(step)
    return int(min(MAX_AHEAD, max(usual, -(-(last - at) // step))))


def _holds(target: Target, now: datetime) -> bool:
    day = now.astimezone(UTC).date()
    return (target.since or date.min) <= day <= (target.until or date.max)


def _held(spec: KpiSpec, now: datetime) -> list[Target]:
    return [target for target in spec.targets if _holds(target, now)]


def _standing(
    target: Target,
    past: KpiSeries | None,
    ahead: tuple[Forecast, list[int]] | None,
    spec: KpiSpec,
    now: datetime,
) -> Standing:
    start, end = period_of(target, now)
    share = min(1.0, max(0.0, (now - start) / (end - start)))
    pace = target.value * share if spec.aggregate == "sum" else target.value
    actual: float | None = None
    so_far = np.array([])
    if past is not None:
        inside = (past.times >= start.timestamp()) & (past.times < end.timestamp())
        so_far = past.values[inside & np.isfinite(past.values)]
        actual = aggregated(so_far, spec) if len(so_far) else None
    projected = lower = upper = None
    if ahead is not None:
        made, times = ahead
        within = np.array([start.timestamp() <= time < end.timestamp() for time in times])
        projected, lower, upper = _projected(so_far, made, within, spec)
    verdict = _verdict(spec, target.value, actual, pace, (projected, lower, upper))
    return Standing(target, start, end, actual, pace, projected, lower, upper, verdict)


def _projected(
    so_far: Floats, made: Forecast, within: NDArray[np.bool_], spec: KpiSpec
) -> tuple[float | None, float | None, float | None]:
    rest = made.mean[within]
    whole = np.concatenate([so_far, rest])
    if not len(whole):
        return None, None, None
    projected = aggregated(whole, spec)
    if not len(rest):
        return projected, projected, projected
    if spec.aggregate == "last":
        return projected, float(made.lower[_BAND][within][-1]), float(made.upper[_BAND][within][-1])
    if len(made.total_errors) >= MIN_VALUES and spec.aggregate in {"sum", "avg"}:
        # Errors of sums over all steps ahead; of fewer steps they are smaller in proportion to the root.
        scale = float(np.sqrt(len(rest) / len(made.mean)))
        low, high = np.quantile(made.total_errors, [(1 - _BAND) / 2, (1 + _BAND) / 2]) * scale
    else:
        low = float(np.sum(made.lower[_BAND][within] - rest))
        high = float(np.sum(made.upper[_BAND][within] - rest))
    if spec.aggregate == "avg":
        low, high = low / len(whole), high / len(whole)
    if spec.aggregate in {"min", "max"}:
        ends = [aggregated(np.concatenate([so_far, one[_BAND][within]]), spec)
                for one in (made.lower, made.upper)]  # fmt: skip
        return projected, min(ends), max(ends)
    return projected, projected + float(min(low, 0)), projected + float(max(high, 0))


def _verdict(
    spec: KpiSpec,
    goal: float,
    actual: float | None,
    pace: float,
    ahead: tuple[float | None, float | None, float | None],
) -> Verdict:
    if actual is None:
        return "no data"
    sign = 1 if spec.direction == "up" else -1
    total = spec.aggregate == "sum"
    if total and sign > 0 and actual >= goal:
        return "met"
    if total and sign < 0 and actual > goal:
        return "missed"
    projected, lower, upper = ahead
    if projected is None or lower is None or upper is None:
        return "on track" if sign * (actual - pace) >= 0 else "at risk"
    best = upper if sign > 0 else lower
    if sign * (best - goal) < 0:
        return "missed"
    return "on track" if sign * (projected - goal) >= 0 else "at risk"


def aggregated(values: Floats, spec: KpiSpec) -> float:
    """Return the values of a longer period as one."""
    match spec.aggregate:
        case "sum":
            return float(values.sum())
        case "avg":
            return float(values.mean())
        case "min":
            return float(values.min())
        case "max":
            return float(values.max())
    return float(values[-1])


def period_of(target: Target, now: datetime) -> tuple[datetime, datetime]:
    """Return the target's period that a moment is in, in UTC."""
    day = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if target.period == "day":
        return day, day + timedelta(days=1)
    if target.period == "week":
        start = day - timedelta(days=day.weekday())
        return start, start + timedelta(days=7)
    months = {"month": 1, "quarter": 3, "year": 12}[target.period]
    start = day.replace(day=1, month=(day.month - 1) // months * months + 1)
    after = start.month - 1 + months
    return start, start.replace(year=start.year + after // 12, month=after % 12 + 1)
