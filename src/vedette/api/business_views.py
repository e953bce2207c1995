"""Answers about returns, correlations, reports and the executive overview."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import Field

from vedette.api.kpi_views import OutlookView, outlook_view, plain
from vedette.api.models import View
from vedette.business.correlation import Correlation
from vedette.business.reports.definition import ReportSpec
from vedette.business.reports.overview import Overview
from vedette.business.reports.render import every, latest
from vedette.business.reports.service import Report, ReportRun
from vedette.business.roi.compute import Interval, Roi
from vedette.business.roi.definition import RoiSpec
from vedette.business.roi.service import RoiDefinition


class IntervalView(View):
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


class CostView(View):
    """What one cost comes to."""

    name: str
    kind: str
    amount: IntervalView


class AssumptionView(View):
    """A number that the result rests on."""

    name: str
    value: float
    low: float | None
    high: float | None
    why: str


class RoiView(View):
    """The return on a model."""

    since: datetime
    until: datetime
    value: IntervalView | None = Field(description="attributed; null where it cannot be told")
    cost: IntervalView
    net: IntervalView | None
    roi: IntervalView | None = Field(description="(value - cost) / cost; null without a cost")
    positive: float | None = Field(description="probability that value exceeds cost")
    p_value: float | None
    significant: bool | None
    method: str
    costs: list[CostView]
    assumptions: list[AssumptionView]
    notes: list[str]
    times: list[int]
    actual: list[float | None]
    expected: list[float | None] = Field(description="without the model")


class ReturnView(View):
    """How a return is computed."""

    id: str
    name: str
    spec: RoiSpec
    labels: dict[str, str]
    owner: str
    created: datetime
    updated: datetime


class ReturnPage(View):
    """Returns by name."""

    returns: list[ReturnView]
    cursor: str | None


class LagView(View):
    """Correlation at one lag."""

    lag: int
    correlation: float | None
    effective: float
    p_value: float | None
    adjusted: float | None


class CorrelationView(View):
    """How two series move together."""

    step: int
    names: list[str]
    times: list[int]
    first: list[float | None]
    second: list[float | None]
    season: int
    lags: list[LagView]
    best: LagView | None
    significant: bool
    words: str


class ReportRunView(View):
    """A report that was made."""

    id: str
    created: datetime
    delivered: list[str]
    error: str


class ReportView(View):
    """A report."""

    id: str
    name: str
    spec: ReportSpec
    labels: dict[str, str]
    owner: str
    created: datetime
    updated: datetime
    runs: list[ReportRunView]


class ReportsView(View):
    """Reports by name."""

    reports: list[ReportView]
    cursor: str | None


class KpiLine(View):
    """A KPI in the overview."""

    name: str
    unit: str
    direction: str
    every: str = Field(description="length of the periods shown, an hour at least")
    owners: list[str]
    latest: float | None
    missing: int
    outlook: OutlookView | None
    error: str


class SloLineView(View):
    """An objective in the overview."""

    name: str
    state: str
    goal: float
    period: str
    sli: float | None
    budget_remaining: float | None
    exhausted_in_seconds: float | None


class ReturnLine(View):
    """A return in the overview."""

    name: str
    model: str
    currency: str
    roi: RoiView | None
    error: str


class AlarmLineView(View):
    """An alarm that fires."""

    name: str
    severity: str
    since: float
    reason: str


class BusinessOverviewView(View):
    """How everything stands."""

    at: datetime
    kpis: list[KpiLine]
    slos: list[SloLineView]
    returns: list[ReturnLine]
    alarms: list[AlarmLineView]
    left_out: dict[str, int]


def roi_view(roi: Roi) -> RoiView:
    """Return the return on a model."""
    return RoiView(
        since=roi.since, until=roi.until, value=_interval(roi.value), net=_interval(roi.net),
        cost=IntervalView(value=roi.cost.value, low=roi.cost.low, high=roi.cost.high),
        roi=_interval(roi.roi), positive=roi.positive, p_value=roi.p_value,
        significant=roi.significant, method=roi.method,
        costs=[
            CostView(
                name=one.name, kind=one.kind,
                amount=IntervalView(
                    value=one.amount.value, low=one.amount.low, high=one.amount.high
                ),
            )
            for one in roi.costs
        ],
        assumptions=[
            AssumptionView(
                name=one.name, value=one.value, low=one.low, high=one.high, why=one.why
            )
            for one in roi.assumptions
        ],
        notes=roi.notes, times=roi.times, actual=plain(roi.actual), expected=plain(roi.expected),
    )  # fmt: skip


def return_view(one: RoiDefinition) -> ReturnView:
    """Return the definition of a return."""
    return ReturnView(
        id=one.id, name=one.name, spec=one.spec, labels=dict(one.labels), owner=one.owner,
        created=one.created, updated=one.updated,
    )  # fmt: skip


def correlation_view(found: Correlation) -> CorrelationView:
    """Return a correlation."""
    lags = [
        LagView(
            lag=one.lag, correlation=one.correlation, effective=one.effective,
            p_value=one.p_value, adjusted=one.adjusted,
        )
        for one in found.lags
    ]  # fmt: skip
    strongest = None if found.best is None else next(v for v in lags if v.lag == found.best.lag)
    adjusted = strongest.adjusted if strongest else None
    return CorrelationView(
        step=found.step, names=list(found.names), times=found.times, first=plain(found.first),
        second=plain(found.second), season=found.season, lags=lags, best=strongest,
        significant=adjusted is not None and adjusted < 0.05, words=found.words,  # noqa: PLR2004 - the usual level
    )  # fmt: skip


def report_view(report: Report, runs: Sequence[ReportRun]) -> ReportView:
    """Return a report with those that were made."""
    return ReportView(
        id=report.id, name=report.name, spec=report.spec, labels=dict(report.labels),
        owner=report.owner, created=report.created, updated=report.updated,
        runs=[report_run_view(run) for run in runs],
    )  # fmt: skip


def report_run_view(run: ReportRun) -> ReportRunView:
    """Return a report that was made."""
    return ReportRunView(
        id=run.id, created=run.created, delivered=list(run.delivered), error=run.error
    )


def overview_view(found: Overview) -> BusinessOverviewView:
    """Return how everything stands."""
    return BusinessOverviewView(
        at=found.at,
        kpis=[
            KpiLine(
                name=one.kpi.name, unit=one.kpi.spec.unit, direction=one.kpi.spec.direction,
                every=every(one), owners=one.kpi.spec.owners, latest=latest(one),
                missing=one.outlook.past.missing if one.outlook and one.outlook.past else 0,
                outlook=outlook_view(one.outlook) if one.outlook else None, error=one.error,
            )
            for one in found.kpis
        ],
        slos=[
            SloLineView(
                name=one.name, state=one.state, goal=one.goal, period=one.period, sli=one.sli,
                budget_remaining=one.remaining, exhausted_in_seconds=one.exhausted_in,
            )
            for one in found.slos
        ],
        returns=[
            ReturnLine(
                name=one.definition.name, model=one.definition.spec.model,
                currency=one.definition.spec.currency,
                roi=roi_view(one.roi) if one.roi else None, error=one.error,
            )
            for one in found.returns
        ],
        alarms=[
            AlarmLineView(
                name=one.name, severity=one.severity, since=one.since, reason=one.reason
            )
            for one in found.alarms
        ],
        left_out=found.left_out,
    )  # fmt: skip


def _interval(one: Interval | None) -> IntervalView | None:
    return None if one is None else IntervalView(value=one.value, low=one.low, high=one.high)
