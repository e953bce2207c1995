"""The return on a model: value less cost, with an interval and everything that it rests on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from vedette.business.kpis.outlook import season_of
from vedette.business.roi.attribution import (
    DRAWS,
    Assumption,
    Attributed,
    UnknownValueError,
    assumption,
    drawn,
    of_counterfactual,
    of_experiment,
    of_pairs,
)
from vedette.business.roi.definition import (
    AbKpi,
    AbTest,
    BeforeAfter,
    Cost,
    Formula,
    KpiTotal,
    RoiSpec,
)
from vedette.business.roi.formula import evaluate
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.telemetry.metrics.model import MetricQuery
from vedette.telemetry.metrics.range_query import query_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.random import Generator
    from numpy.typing import NDArray

    from vedette.business.kpis.service import Kpi, KpiService
    from vedette.business.kpis.values import KpiSeries, KpiValues
    from vedette.query import QueryRunner

    Floats = NDArray[np.float64]

DAY = 86_400
DAYS_OF_MONTH = 365.25 / 12
_INTERVAL = (0.025, 0.975)


@dataclass(frozen=True, slots=True)
class Interval:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CostResult:
    """What one cost comes to."""

    name: str
    kind: str
    amount: Interval


@dataclass(slots=True)
class Roi:
    """The return on a model.

    Attributes:
        since: first moment.
        until: the moment after the last.
        value: attributed value; None where it cannot be told.
        cost: all costs.
        net: value less cost.
        roi: (value - cost) / cost; None where there is no cost, or no value is known.
        positive: probability that value exceeds cost.
        p_value: of no effect; None where nothing is tested.
        significant: whether that is below 5 %.
        method: how value was attributed.
        costs: by cost.
        assumptions: everything that is assumed.
        notes: what a reader should know.
        times: starts of periods, for a chart.
        actual: values by period.
        expected: what they would have been without the model.

    """

    since: datetime
    until: datetime
    value: Interval | None
    cost: Interval
    net: Interval | None
    roi: Interval | None
    positive: float | None
    p_value: float | None
    method: str
    costs: list[CostResult] = field(default_factory=list)
    assumptions: list[Assumption] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    times: list[int] = field(default_factory=list)
    actual: Floats = field(default_factory=lambda: np.array([]))
    expected: Floats = field(default_factory=lambda: np.array([]))

    @property
    def significant(self) -> bool | None:
        """Whether the effect is beyond chance at 5 %; None where nothing is tested."""
        return None if self.p_value is None else self.p_value < 0.05  # noqa: PLR2004 - the usual level


class RoiComputer:
    """Computes returns. Thread-safe; every method blocks its thread."""

    def __init__(self, kpis: KpiService, values: KpiValues, runner: QueryRunner) -> None:
        self._kpis = kpis
        self._values = values
        self._runner = runner

    def compute(self, account: str, spec: RoiSpec, now: datetime) -> Roi:
        """Return the return on a model as it stands.

        Raises:
            NotFoundError: a KPI is not there.
            InvalidInputError: the period has not begun, or a metric cannot be read.

        """
        since, until = _period(spec, now)
        # The same definition always draws the same: a number that changes by itself is not believed.
        digest = hashlib.sha256(spec.model_dump_json().encode()).digest()
        random = np.random.default_rng(int.from_bytes(digest[:8]))
        notes: list[str] = []
        cost_draws, costs, assumed = self._costs(account, spec, since, until, random, notes)
        cost = _interval(cost_draws)
        try:
            found = self._attribute(account, spec, since, until, random)
        except UnknownValueError as error:
            notes.append(f"the value cannot be told: {error}")
            return _untold(since, until, cost, "", costs, assumed, notes)
        share = drawn(spec.share, random)
        value = found.draws * share
        finite = np.isfinite(value)
        if not finite.all():
            notes.append(f"{(~finite).sum()} of {DRAWS} draws divide by zero and are left out")
        if not finite.any():
            notes.append("the value cannot be told: the formula divides by zero")
            return _untold(since, until, cost, found.method, costs, assumed, notes)
        value, cost_draws = value[finite], cost_draws[finite]
        net = value - cost_draws
        roi = None
        if (cost_draws > 0).all():
            roi = _interval(net / cost_draws)
        else:
            notes.append("a cost of zero or less has no return on it: the net value counts")
        assumed = [*found.assumptions, assumption("share of the model", spec.share), *assumed]
        return Roi(
            since, until, _interval(value), cost, _interval(net), roi, float((net > 0).mean()),
            found.p_value, found.method, costs, assumed, notes + found.notes, found.times,
            found.actual, found.expected,
        )  # fmt: skip

    def _attribute(
        self, account: str, spec: RoiSpec, since: datetime, until: datetime, random: Generator
    ) -> Attributed:
        value = spec.value
        if isinstance(value, AbTest):
            return of_experiment(value, random)
        if isinstance(value, AbKpi):
            return self._groups(account, value, since, until, random)
        if isinstance(value, BeforeAfter):
            return self._counterfactual(account, value, since, until, random)
        return self._formula(account, value, since, until, random)

    def _groups(
        self, account: str, value: AbKpi, since: datetime, until: datetime, random: Generator
    ) -> Attributed:
        kpi = self._kpis.get(account, value.kpi)
        series = {one.group: one for one in self._read(kpi, since, until, group_by=value.dimension)}
        empty = np.full(_steps(kpi, since, until), np.nan)
        groups = [
            series[name].values if name in series else empty
            for name in (value.control, value.treatment)
        ]
        found = of_pairs(groups[0], groups[1], value.ratio, value.unit_value, random)
        if kpi.spec.direction == "down":
            found.draws = -found.draws
        found.times = next(iter(series.values())).times.tolist() if series else []
        return found

    def _counterfactual(
        self, account: str, value: BeforeAfter, since: datetime, until: datetime, random: Generator
    ) -> Attributed:
        kpi = self._kpis.get(account, value.kpi)
        launch = max(_midnight(value.launch), since)
        begin = _midnight(value.launch) - timedelta(days=value.before_days)
        found = self._read(kpi, begin, until, step=max(kpi.spec.step, DAY))
        if not found or launch >= until:
            raise UnknownValueError(f"{kpi.name} has no value in the period")
        series = found[0]
        split = int(np.searchsorted(series.times, _midnight(value.launch).timestamp()))
        skip = int(np.searchsorted(series.times, launch.timestamp())) - split
        after = series.values[split:].copy()
        # Between the launch and the period's first day the forecast goes on, but nothing counts.
        after[:skip] = np.nan
        result = of_counterfactual(
            series.values[:split], after, season=season_of(max(kpi.spec.step, DAY)),
            sign=1 if kpi.spec.direction == "up" else -1, worth=value.unit_value, random=random,
        )  # fmt: skip
        result.times = series.times[split:].tolist()
        return result

    def _formula(
        self, account: str, value: Formula, since: datetime, until: datetime, random: Generator
    ) -> Attributed:
        inputs: dict[str, Floats] = {}
        assumed: list[Assumption] = []
        notes: list[str] = []
        for name, one in sorted(value.inputs.items()):
            if isinstance(one, KpiTotal):
                total = self._total(account, one.kpi, since, until, notes)
                inputs[name] = np.full(DRAWS, total)
                assumed.append(Assumption(name, total, why=f"KPI {one.kpi} over the period"))
            else:
                inputs[name] = drawn(one, random)
                assumed.append(assumption(name, one))
        draws = np.broadcast_to(evaluate(value.expression, inputs), (DRAWS,)).astype(np.float64)
        return Attributed(draws, f"by the formula {value.expression}", None, notes, assumed)

    def _total(
        self, account: str, name: str, since: datetime, until: datetime, notes: list[str]
    ) -> float:
        kpi = self._kpis.get(account, name)
        found = self._read(kpi, since, until)
        known = found[0].values[np.isfinite(found[0].values)] if found else np.array([])
        if not len(known):
            raise UnknownValueError(f"{name} has no value in the period")
        if missing := _steps(kpi, since, until) - len(known):
            notes.append(f"{name}: {missing} periods have no value and add nothing")
        return float(known.sum() if kpi.spec.aggregate == "sum" else known.mean())

    def _costs(
        self,
        account: str,
        spec: RoiSpec,
        since: datetime,
        until: datetime,
        random: Generator,
        notes: list[str],
    ) -> tuple[Floats, list[CostResult], list[Assumption]]:
        total = np.zeros(DRAWS)
        results, assumed = [], []
        days = (until - since).total_seconds() / DAY
        factors: Mapping[str, float] = {"once": 1.0, "day": days, "month": days / DAYS_OF_MONTH}
        for cost in spec.costs:
            if cost.amount is not None:
                draws = drawn(cost.amount, random) * factors[cost.per]
                assumed.append(assumption(f"{cost.name}, {cost.per}", cost.amount))
            else:
                draws = self._used(account, cost, since, until, random, notes)
                if cost.price is not None:
                    assumed.append(assumption(f"price of {cost.name}", cost.price))
            total += draws
            results.append(CostResult(cost.name, cost.kind, _interval(draws)))
        return total, results, assumed

    def _used(
        self,
        account: str,
        cost: Cost,
        since: datetime,
        until: datetime,
        random: Generator,
        notes: list[str],
    ) -> Floats:
        if cost.usage is None or cost.price is None:
            raise TypeError("of usage only")
        matchers = tuple(one.parsed() for one in cost.usage.matchers)
        query = MetricQuery(cost.usage.metric, cost.usage.statistic, matchers)
        answer = query_range(
            self._runner,
            account,
            TimeRange(since, until),
            query,
            period=3600 if (until - since).days < 60 else DAY,  # noqa: PLR2004 - fewer points
        )
        used = sum(float(np.nansum(one.values)) for one in answer.series)
        if not answer.series:
            notes.append(f"{cost.name}: the metric {cost.usage.metric} has no value, so no cost")
        return used * drawn(cost.price, random)

    def _read(
        self,
        kpi: Kpi,
        since: datetime,
        until: datetime,
        *,
        step: int | None = None,
        group_by: str = "",
    ) -> list[KpiSeries]:
        return self._values.read(
            kpi.account, kpi.name, kpi.spec, since.timestamp(), until.timestamp(), step=step,
            group_by=group_by,
        )  # fmt: skip


def _steps(kpi: Kpi, since: datetime, until: datetime) -> int:
    return int((until - since).total_seconds()) // kpi.spec.step


def _interval(draws: Floats) -> Interval:
    low, high = np.quantile(draws, _INTERVAL)
    return Interval(float(draws.mean()), float(low), float(high))


def _period(spec: RoiSpec, now: datetime) -> tuple[datetime, datetime]:
    """Return the whole days that are looked at, as far as they are over."""
    since, today = _midnight(spec.since), _midnight(now.date())
    until = min(_midnight(spec.until) + timedelta(days=1), today) if spec.until else today
    if until <= since:
        raise InvalidInputError(
            "the period has no whole day yet", field="since", remedy="give an earlier day"
        )
    return since, until


def _untold(
    since: datetime,
    until: datetime,
    cost: Interval,
    method: str,
    costs: list[CostResult],
    assumed: list[Assumption],
    notes: list[str],
) -> Roi:
    """Return what is left where the value cannot be told: the cost."""
    return Roi(since, until, None, cost, None, None, None, None, method, costs, assumed, notes)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
