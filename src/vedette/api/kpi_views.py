"""Answers about KPIs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
from pydantic import Field

from vedette.api.models import View
from vedette.business.kpis.definition import KpiSpec, Target
from vedette.business.kpis.outlook import Outlook, Standing, standings_by_pace
from vedette.business.kpis.service import Kpi, dependencies_of
from vedette.business.kpis.values import KpiSeries, KpiValues


class DependenciesView(View):
    """What a KPI is made of and what moves it, as resource identities and metric names."""

    metric: str = Field(description="metric that holds its values")
    metrics: list[str]
    models: list[str]
    services: list[str]
    reads: str


class KpiView(View):
    """A KPI."""

    id: str
    name: str
    resource: str
    spec: KpiSpec
    labels: dict[str, str]
    owner: str = Field(description="who keeps it as code")
    created: datetime
    updated: datetime
    dependencies: DependenciesView


class StandingView(View):
    """How a target stands."""

    period: str
    target: float
    warn: float | None
    start: datetime
    end: datetime
    actual: float | None
    pace: float
    projected: float | None
    lower: float | None = Field(description="of what is expected, 80 %")
    upper: float | None
    verdict: str = Field(description="met, on track, at risk, missed or no data")


class KpiSummary(View):
    """A KPI in a list."""

    id: str
    name: str
    description: str
    unit: str
    direction: str
    every: str
    owners: list[str]
    labels: dict[str, str]
    latest: float | None = Field(description="value of the newest whole period")
    latest_time: datetime | None
    change: float | None = Field(description="against the period before, as a share of it")
    missing: int = Field(description="periods without a value between the first and the last")
    times: list[int]
    values: list[float | None]
    standings: list[StandingView]


class KpiPage(View):
    """KPIs by name."""

    kpis: list[KpiSummary]
    cursor: str | None


class KpiSeriesView(View):
    """Values by period."""

    group: str
    values: list[float | None]
    received: list[float | None] = Field(description="when the newest value came, Unix seconds")
    missing: int
    gaps: list[tuple[int, int]] = Field(description="starts of first and last missing period")


class ValuesView(View):
    """Series of a KPI on one grid."""

    step: int
    times: list[int]
    series: list[KpiSeriesView]
    dimensions: dict[str, list[str]]


class BandView(View):
    """The ends of a band."""

    level: float
    lower: list[float]
    upper: list[float]


class OutlookView(View):
    """What is expected of a KPI."""

    step: int
    past_times: list[int]
    past: list[float | None]
    gaps: list[tuple[int, int]]
    times: list[int]
    expected: list[float]
    bands: list[BandView]
    season: int = Field(description="periods of the season that was used; 0: none")
    standings: list[StandingView]
    notes: list[str]


class PushedView(View):
    """What was stored."""

    stored: int


class ComputedView(View):
    """What a computation did."""

    values: int
    stored: int = Field(description="new or corrected")


def view(kpi: Kpi) -> KpiView:
    """Return a KPI's definition."""
    depends = dependencies_of(kpi)
    return KpiView(
        id=kpi.id, name=kpi.name, resource=str(depends.kpi), spec=kpi.spec,
        labels=dict(kpi.labels), owner=kpi.owner, created=kpi.created, updated=kpi.updated,
        dependencies=DependenciesView(
            metric=depends.metric,
            metrics=list(depends.metrics),
            models=[str(one) for one in depends.models],
            services=[str(one) for one in depends.services],
            reads=depends.reads,
        ),
    )  # fmt: skip


def summary(values: KpiValues, kpi: Kpi, now: datetime, steps: int) -> KpiSummary:
    """Return a KPI as a list shows it; one statement."""
    past, standings = standings_by_pace(values, kpi, now, steps)
    times: list[int] = []
    shown: list[float | None] = []
    latest = change = None
    latest_time = None
    if past is not None:
        recent = slice(max(0, len(past.times) - steps), None)
        times, shown = past.times[recent].tolist(), plain(past.values[recent])
        known = np.flatnonzero(np.isfinite(past.values))
        if len(known):
            latest = float(past.values[known[-1]])
            latest_time = datetime.fromtimestamp(int(past.times[known[-1]]), UTC)
            before = past.values[known[-1] - 1] if known[-1] else np.nan
            change = float((latest - before) / abs(before)) if before and before == before else None  # noqa: PLR0124 - NaN
    return KpiSummary(
        id=kpi.id, name=kpi.name, description=kpi.spec.description, unit=kpi.spec.unit,
        direction=kpi.spec.direction, every=kpi.spec.every, owners=kpi.spec.owners,
        labels=dict(kpi.labels), latest=latest, latest_time=latest_time, change=change,
        missing=past.missing if past is not None else 0, times=times, values=shown,
        standings=[standing_view(one) for one in standings],
    )  # fmt: skip


def values_view(found: list[KpiSeries], step: int, dimensions: dict[str, list[str]]) -> ValuesView:
    """Return series of a KPI."""
    return ValuesView(
        step=step,
        times=found[0].times.tolist() if found else [],
        series=[
            KpiSeriesView(
                group=one.group, values=plain(one.values), received=plain(one.received),
                missing=one.missing, gaps=list(one.gaps),
            )
            for one in found
        ],
        dimensions=dimensions,
    )  # fmt: skip


def outlook_view(found: Outlook) -> OutlookView:
    """Return an outlook."""
    made = found.expected
    return OutlookView(
        step=found.step,
        past_times=found.past.times.tolist() if found.past else [],
        past=plain(found.past.values) if found.past else [],
        gaps=list(found.past.gaps) if found.past else [],
        times=found.times,
        expected=made.mean.tolist() if made else [],
        bands=[
            BandView(
                level=level, lower=made.lower[level].tolist(), upper=made.upper[level].tolist()
            )
            for level in made.lower
        ]
        if made
        else [],
        season=made.season if made else 0,
        standings=[standing_view(one) for one in found.standings],
        notes=list(found.notes),
    )


def standing_view(one: Standing) -> StandingView:
    """Return how a target stands."""
    target: Target = one.target
    return StandingView(
        period=target.period, target=target.value, warn=target.warn, start=one.start, end=one.end,
        actual=one.actual, pace=one.pace, projected=one.projected, lower=one.lower,
        upper=one.upper, verdict=one.verdict,
    )  # fmt: skip


def plain(values: Any) -> list[float | None]:  # noqa: ANN401 - an array
    """Return an array as JSON has it: null for NaN."""
    return [None if value != value else value for value in values.tolist()]  # noqa: PLR0124 - NaN
