"""Whether a KPI moves with a model's quality or a service's latency, with lag, said in words."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import Discriminator, Field

from vedette.core.bodies import Body
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.statistics.correlation import MAX_LAG, Lagged, best, cross_correlation
from vedette.telemetry.metrics.bodies import MatcherBody
from vedette.telemetry.metrics.model import MetricQuery
from vedette.telemetry.metrics.range_query import query_range
from vedette.telemetry.traces.filters import ENTRY_KINDS, SpanFilter
from vedette.telemetry.traces.red import red_metrics

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vedette.business.kpis.service import KpiService
    from vedette.business.kpis.values import KpiValues
    from vedette.query import QueryRunner

    Floats = NDArray[np.float64]

DAY, HOUR = 86_400, 3600
MAX_STEPS = 5_000
SIGNIFICANT = 0.05
CAVEAT = (
    "This does not show that one causes the other: a third thing may move both, and of many pairs "
    "that are looked at some correlate by chance."
)


class KpiReference(Body):
    """A KPI."""

    type: Literal["kpi"]
    name: str = Field(min_length=1, max_length=200)


class MetricReference(Body):
    """A metric, such as a model's quality."""

    type: Literal["metric"]
    metric: str = Field(min_length=1, max_length=1024)
    statistic: str = Field(default="Average", max_length=64)
    matchers: list[MatcherBody] = Field(default=[], max_length=50)


class ServiceReference(Body):
    """How a service answers, by its spans."""

    type: Literal["service"]
    service: str = Field(min_length=1, max_length=255)
    operation: str = Field(default="", max_length=1024)
    measure: Literal["p50", "p95", "p99", "error_rate", "requests"] = "p95"


Reference = Annotated[KpiReference | MetricReference | ServiceReference, Discriminator("type")]


class CorrelationRequest(Body):
    """Two series that are compared."""

    first: Reference
    second: Reference
    step: int = Field(default=DAY, description="seconds of a period: 60, 300, 3600 or 86400")
    max_lag: int = Field(default=14, ge=0, le=MAX_LAG, description="periods, either way")


@dataclass(frozen=True, slots=True)
class Correlation:
    """What was found.

    Attributes:
        step: seconds of a period.
        times: starts of the periods.
        first: values of the first series, NaN for gaps.
        second: values of the second.
        names: what the two are called.
        season: periods of the season that was taken out; 0 for none.
        lags: correlation by lag; positive where the first is ahead.
        best: the strongest; None where there are too few values.
        words: what that says.

    """

    step: int
    times: list[int]
    first: Floats
    second: Floats
    names: tuple[str, str]
    season: int
    lags: list[Lagged]
    best: Lagged | None
    words: str


class Correlator:
    """Reads two series and compares them. Thread-safe; every method blocks its thread."""

    def __init__(
        self, kpis: KpiService, values: KpiValues, runner: QueryRunner, account: str
    ) -> None:
        self._kpis = kpis
        self._values = values
        self._runner = runner
        self._account = account

    def correlate(self, asked: CorrelationRequest, range_: TimeRange) -> Correlation:
        """Return how two series move together over a range, widened to whole periods."""
        step = asked.step
        if step not in {60, 300, HOUR, DAY}:
            raise InvalidInputError(
                f"a step of {step} s is not possible",
                field="step",
                remedy="use 60, 300, 3600 or 86400",
            )
        first = int(range_.start.timestamp()) // step * step
        last = int(range_.end.timestamp()) // step * step
        count = (last - first) // step
        if not 1 <= count <= MAX_STEPS:
            raise InvalidInputError(
                f"the range holds {count} whole periods",
                field="start",
                remedy=f"use a range of 1 to {MAX_STEPS} periods",
            )
        one = self._read(asked.first, first, count, step)
        other = self._read(asked.second, first, count, step)
        season = _season(step, count)
        lag = min(asked.max_lag, max(0, count // 3))
        found = cross_correlation(one, other, max_lag=lag, season=season)
        strongest = best(found)
        names = (name_of(asked.first), name_of(asked.second))
        times = [first + number * step for number in range(count)]
        words = in_words(names, strongest, step, len(found))
        return Correlation(step, times, one, other, names, season, found, strongest, words)

    def _read(self, reference: Reference, first: int, count: int, step: int) -> Floats:
        if isinstance(reference, KpiReference):
            return self._kpi(reference, first, count, step)
        range_ = _range(first, count, step)
        if isinstance(reference, MetricReference):
            matchers = tuple(one.parsed() for one in reference.matchers)
            query = MetricQuery(reference.metric, reference.statistic, matchers)
            answer = query_range(self._runner, self._account, range_, query, period=step)
            if not answer.series:
                return np.full(count, np.nan)
            return answer.series[0].values[:count]
        return self._service(reference, first, count, step)

    def _kpi(self, reference: KpiReference, first: int, count: int, step: int) -> Floats:
        kpi = self._kpis.get(self._account, reference.name)
        if step < kpi.spec.step:
            raise InvalidInputError(
                f"{kpi.name} has a value every {kpi.spec.every}",
                field="step",
                remedy="use a step that is not shorter",
            )
        end = first + count * step
        found = self._values.read(self._account, kpi.name, kpi.spec, first, end, step=step)
        return found[0].values if found else np.full(count, np.nan)

    def _service(self, reference: ServiceReference, first: int, count: int, step: int) -> Floats:
        values = np.full(count, np.nan)
        chosen = SpanFilter(
            service=reference.service, operation=reference.operation, kinds=ENTRY_KINDS
        )
        # Rates are asked in parts: one answer holds up to a thousand periods.
        for begin in range(0, count, 900):
            many = min(900, count - begin)
            part = _range(first + begin * step, many, step)
            answer = red_metrics(
                self._runner, self._account, part, chosen, group_by="", points=many
            )
            if not answer.series or answer.step != step:
                continue
            series = answer.series[0]
            for at, moment in enumerate(answer.times):
                place = (moment - first) // step
                if 0 <= place < count:
                    values[place] = _measured(reference.measure, series, at)
        return values


def _measured(measure: str, series: object, at: int) -> float:
    counts: list[int] = series.counts  # type: ignore[attr-defined]
    if measure == "requests":
        return float(counts[at])
    if not counts[at]:
        return float("nan")
    if measure == "error_rate":
        return float(series.errors[at] / counts[at])  # type: ignore[attr-defined]
    value = series.quantiles_ns[f"{measure}_ns"][at]  # type: ignore[attr-defined]
    return float("nan") if value is None else value / 1e6


def name_of(reference: Reference) -> str:
    """Return what a series is called."""
    if isinstance(reference, KpiReference):
        return reference.name
    if isinstance(reference, MetricReference):
        return f"{reference.statistic} of {reference.metric}"
    of = reference.operation or reference.service
    return f"{reference.measure} of {of}"


def in_words(names: tuple[str, str], found: Lagged | None, step: int, tried: int) -> str:
    """Return what a correlation says, with what it does not."""
    first, second = names
    if found is None or found.correlation is None:
        return (
            f"There are too few periods in which both {first} and {second} have values, or one of "
            "them does not change: nothing can be said."
        )
    evidence = (
        f"r = {found.correlation:.2f}, p = {_p(found.adjusted)} after correction for {tried} lags, "
        f"{found.effective:.0f} independent periods"
    )
    if (found.adjusted if found.adjusted is not None else 1.0) >= SIGNIFICANT:
        return (
            f"No correlation of {first} with {second} beyond chance, once season and trend are "
            f"taken out (the strongest: {evidence})."
        )
    way = "rises" if found.correlation > 0 else "falls"
    if found.lag == 0:
        when = f"When {first} rises, {second} {way} in the same period"
    elif found.lag > 0:
        when = f"When {first} rises, {second} {way} {_span(found.lag, step)} later"
    else:
        verb = "rises" if found.correlation > 0 else "falls"
        when = f"When {second} rises, {first} {verb} {_span(-found.lag, step)} later"
    return f"{when} ({evidence}). {CAVEAT}"


def _p(value: float | None) -> str:
    if value is None:
        return "unknown"
    return "under 0.0001" if value < 1e-4 else f"{value:.4f}"  # noqa: PLR2004 - four digits


def _span(lag: int, step: int) -> str:
    unit, size = ("day", DAY) if step >= DAY else ("hour", HOUR) if step >= HOUR else ("minute", 60)
    many = lag * step // size
    return f"{many} {unit}{'s' if many != 1 else ''}"


def _season(step: int, count: int) -> int:
    season = 7 if step == DAY else DAY // step
    return season if count >= 2 * season else 0


def _range(first: int, count: int, step: int) -> TimeRange:
    start = datetime.fromtimestamp(first, UTC)
    return TimeRange(start, start + timedelta(seconds=count * step))
