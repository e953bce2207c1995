"""The statistics of a metric query, in CloudWatch's names, and ``Last``, ``rate``, ``increase``.

Definitions follow "CloudWatch statistics definitions" of the Amazon CloudWatch User Guide. Of n
values in ascending order, a percentile bound p stands at rank p/100 * n:

- ``pNN``: nearest rank, the value at rank ceil(p n), the largest of the lowest NN percent.
- ``TM TC TS (a%:b%)``: mean, count, sum of ranks floor(a n) + 1 to ceil(b n); ``tm90`` is
  ``TM(:90%)``.
- ``TM TC TS (a:b)``: of the values v with a < v <= b.
- ``WM``: as TM, but what is outside takes the value at the bound instead of being left out.
- ``IQM``: ``TM(25%:75%)``.
- ``PR(a:b)``: percentage of the values v with a < v <= b.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from math import inf

from vedette.core.errors import InvalidInputError
from vedette.telemetry.metrics.model import MetricType


class StatisticKind(Enum):
    """What a statistic computes, apart from its bounds."""

    SUM = "Sum"
    AVERAGE = "Average"
    MINIMUM = "Minimum"
    MAXIMUM = "Maximum"
    SAMPLE_COUNT = "SampleCount"
    LAST = "Last"
    RATE = "rate"
    INCREASE = "increase"
    PERCENTILE = "p"
    TRIMMED_MEAN = "TM"
    TRIMMED_COUNT = "TC"
    TRIMMED_SUM = "TS"
    WINSORIZED_MEAN = "WM"
    PERCENTILE_RANK = "PR"


@dataclass(frozen=True, slots=True)
class Statistic:
    """A statistic with its bounds.

    Attributes:
        kind: what it computes.
        low: lower bound; a fraction of 1 where ``percent``.
        high: upper bound, or the percentile as a fraction of 1.
        percent: the bounds are ranks, not values.

    """

    kind: StatisticKind
    low: float = -inf
    high: float = inf
    percent: bool = False

    @property
    def per_series(self) -> bool:
        """Whether it has a meaning only for one series at a time."""
        return self.kind in {StatisticKind.RATE, StatisticKind.INCREASE}

    @property
    def needs_values(self) -> bool:
        """Whether it needs every single value, in order."""
        return self.kind.value in {"p", "TM", "TC", "TS", "WM", "PR"}


_NAMED = {
    kind.value.lower(): kind
    for kind in StatisticKind
    if kind.value not in {"p", "TM", "TC", "TS", "WM", "PR"}
}
_NUMBER = r"\d+(?:\.\d{1,10})?"
_SIGNED = rf"-?{_NUMBER}"
_SHORT = re.compile(rf"(p|tm|tc|ts|wm)({_NUMBER})")
_RANGE = re.compile(rf"(TM|TC|TS|WM|PR)\(\s*({_SIGNED})?(%)?\s*:\s*({_SIGNED})?(%)?\s*\)")
_REMEDY = (
    "use Sum, Average, Minimum, Maximum, SampleCount, Last, rate, increase, p95, tm99, TM(2%:98%), "
    "TC(:10), TS(80%:), WM(5%:95%), IQM or PR(:300)"
)


def parse_statistic(text: str) -> Statistic:
    """Parse the name of a statistic.

    Raises:
        InvalidInputError: there is no such statistic, or its bounds are wrong.

    """
    text = text.strip()
    if named := _NAMED.get(text.lower()):
        return Statistic(named)
    if text.upper() == "IQM":
        return Statistic(StatisticKind.TRIMMED_MEAN, 0.25, 0.75, percent=True)
    if short := _SHORT.fullmatch(text):
        return _short(text, short[1], float(short[2]))
    if found := _RANGE.fullmatch(text):
        return _ranged(text, found)
    raise InvalidInputError(f"{text!r} is no statistic", field="statistic", remedy=_REMEDY)


def _short(text: str, name: str, percent: float) -> Statistic:
    if not 0 < percent <= 100:  # noqa: PLR2004 - percent
        raise InvalidInputError(
            f"{text} is outside of 0 to 100 percent",
            field="statistic",
            remedy="write a number above 0 and up to 100",
        )
    kind = StatisticKind(name if name == "p" else name.upper())
    return Statistic(kind, 0.0, percent / 100, percent=True)


def _ranged(text: str, found: re.Match[str]) -> Statistic:
    name, low, low_percent, high, high_percent = found.groups()
    percent = bool(low_percent or high_percent)
    mixed = (low and bool(low_percent) != percent) or (high and bool(high_percent) != percent)
    stray = (low_percent and not low) or (high_percent and not high)
    if not (low or high) or mixed or stray or (name == "PR" and percent):
        raise InvalidInputError(
            f"the bounds of {text} are not understood",
            field="statistic",
            remedy="give one or two bounds, both values or both with %; PR takes values",
        )
    scale, least, most = (100.0, 0.0, 1.0) if percent else (1.0, -inf, inf)
    start = float(low) / scale if low else least
    end = float(high) / scale if high else most
    if start >= end or (percent and not (start >= 0 and end <= 1)):
        raise InvalidInputError(
            f"the bounds of {text} are empty or outside of 0 to 100 percent",
            field="statistic",
            remedy="give a lower bound that is below the upper one",
        )
    return Statistic(StatisticKind(name), start, end, percent)


def default_statistic(metric_type: MetricType, *, is_monotonic: bool) -> str:
    """Return the statistic to show a metric of this type with."""
    if metric_type is MetricType.SUM and is_monotonic:
        return "rate"
    if metric_type in {MetricType.HISTOGRAM, MetricType.EXPONENTIAL_HISTOGRAM}:
        return "p95"
    return "Average"
