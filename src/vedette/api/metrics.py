"""Metrics: what there is, their labels, series and math over them, exemplars."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api import metric_views as views
from vedette.api.answers import answer, fields_of
from vedette.api.dependencies import AppServices, Range, Reader, run_query
from vedette.api.errors import READ_ONLY
from vedette.api.models import Body, Moment
from vedette.api.routing import Router
from vedette.core.time import TimeRange, parse_duration, utc_now
from vedette.statistics.band_step import PAGING_SCORE, BandOptions, Side
from vedette.telemetry import metrics
from vedette.telemetry.bands import BandQuery, compute_band
from vedette.telemetry.metrics.batch import MAX_QUERIES
from vedette.telemetry.metrics.bodies import QueryBody
from vedette.telemetry.metrics.exemplars import MAX_EXEMPLARS
from vedette.telemetry.metrics.listing import MAX_OFFSET, MAX_PAGE
from vedette.telemetry.metrics.model import DEFAULT_POINTS, MAX_POINTS, Resolution

router = Router(prefix="/metrics", tags=["metrics"])

_MAX_NAME = 1024
_MAX_EXPRESSION = 16_384
Name = Annotated[
    str,
    Query(
        min_length=1,
        max_length=_MAX_EXPRESSION,
        description='a metric, or a selector such as name{label="value"}',
    ),
]
Search = Annotated[str, Query(max_length=_MAX_NAME, description="part of the name, in any case")]
PageSize = Annotated[int, Query(ge=1, le=MAX_PAGE)]


class BatchBody(Body):
    """Queries and expressions over one range."""

    queries: list[QueryBody] = Field(min_length=1, max_length=MAX_QUERIES)
    start: str = Field(default="-1h", max_length=64)
    end: str = Field(default="now", max_length=64)
    period: int | None = Field(default=None, ge=1, description="seconds; null chooses one")
    max_points: int = Field(default=DEFAULT_POINTS, ge=1, le=MAX_POINTS)
    resolution: Resolution = "auto"


class WindowBody(Body):
    """A window of time."""

    start: Moment
    end: Moment


class BandBody(Body):
    """Series and what is known of them."""

    queries: list[QueryBody] = Field(min_length=1, max_length=MAX_QUERIES)
    of: str = Field(
        default="", max_length=255, description="id of the watched query; empty: the last"
    )
    start: str = Field(default="-1d", max_length=64)
    end: str = Field(default="now", max_length=64)
    period: int = Field(default=300, ge=1, description="seconds")
    direction: Side = "outside"
    threshold: float = Field(
        default=PAGING_SCORE, ge=0, le=1000, description="score that breaches; 0: outside the band"
    )
    minimum: float | None = Field(default=None, description="no value lies below")
    maximum: float | None = Field(default=None, description="no value lies above")
    min_sigma: float = Field(default=0.0, ge=0, description="smallest standard deviation to assume")
    miss_rate: float = Field(default=0.01, gt=0, le=0.5, description="quiet points outside")
    exclusions: list[WindowBody] = Field(default=[], max_length=50, description="not learnt")
    history: str = Field(
        default="", max_length=32, description="trained on so much; empty: as fits"
    )

    def query(self) -> BandQuery:
        """Return the query."""
        queries = tuple(one.parsed() for one in self.queries)
        return BandQuery(
            queries=queries,
            of=self.of or queries[-1].id,
            period=self.period,
            options=BandOptions(self.minimum, self.maximum, self.min_sigma, self.miss_rate),
            exclusions=tuple((one.start, one.end) for one in self.exclusions),
            history=parse_duration(self.history, field="history") if self.history else None,
        )


@router.get("", response_model=views.MetricPageView)
async def list_metrics(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    search: Search = "",
    limit: PageSize = 100,
    offset: Annotated[int, Query(ge=0, le=MAX_OFFSET)] = 0,
) -> Response:
    """Return metrics that have points in the range, by name."""
    page = await run_query(
        request,
        services,
        caller,
        lambda _: metrics.list_metrics(
            services.runner, caller.account, time_range, search=search, limit=limit, offset=offset
        ),
    )
    return answer(page)


@router.get("/labels", response_model=views.LabelsView)
async def labels(
    request: Request, services: AppServices, caller: Reader, time_range: Range, name: Name
) -> Response:
    """Return the labels of a metric."""
    chosen = metrics.parse_selector(name, field="name")
    found = await run_query(
        request,
        services,
        caller,
        lambda _: metrics.list_labels(
            services.runner, caller.account, time_range, chosen.metric, matchers=chosen.matchers
        ),
    )
    return answer({"labels": found})


@router.get("/labels/values", response_model=views.LabelValuesView)
async def label_values(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    name: Name,
    label: Annotated[str, Query(min_length=1, max_length=_MAX_NAME)],
    search: Search = "",
    limit: PageSize = 100,
) -> Response:
    """Return the values of a metric's label, those of most series first."""
    chosen = metrics.parse_selector(name, field="name")
    found = await run_query(
        request,
        services,
        caller,
        lambda _: metrics.list_label_values(
            services.runner,
            caller.account,
            time_range,
            chosen.metric,
            label,
            search=search,
            matchers=chosen.matchers,
            limit=limit,
        ),
    )
    values = [{"value": value, "series": series} for value, series in found.values.items()]
    return answer({"values": values, "total": found.total})


@router.post("/query", response_model=views.BatchView, openapi_extra={READ_ONLY: True})
async def query(
    request: Request, services: AppServices, caller: Reader, body: BatchBody
) -> Response:
    """Return series of metrics and of expressions over them, all on the same timestamps.

    A value is null where a series has none.
    """
    queries = [one.parsed() for one in body.queries]
    time_range = TimeRange.parse(body.start, body.end)
    found = await run_query(
        request,
        services,
        caller,
        lambda _: metrics.query_metrics(
            services.runner,
            caller.account,
            time_range,
            queries,
            period=body.period,
            max_points=body.max_points,
            resolution=body.resolution,
        ),
    )
    return answer(
        {
            "timestamps": found.grid.timestamps,
            "period": found.grid.period,
            "results": found.results,
        }
    )


@router.post("/band", openapi_extra={READ_ONLY: True}, response_model=views.MetricBandView)
async def band(request: Request, services: AppServices, caller: Reader, body: BandBody) -> Response:
    """Return series with the band that was known at each moment, trained on the history before.

    A value is null where a series has none, and a score before the series is warm.
    """
    query = body.query()
    time_range = TimeRange.parse(body.start, body.end)
    found = await run_query(
        request,
        services,
        caller,
        lambda _: compute_band(services.runner, caller.account, time_range, query, now=utc_now()),
    )
    series = [
        {
            "label": one.label,
            "labels": one.labels,
            "values": one.values,
            "expected": one.expected,
            "lower": one.lower,
            "upper": one.upper,
            "score": one.above + one.below,
            "shift": one.shift,
            "severity": one.severity(body.direction),
            "breaching": one.breaching(body.direction, body.threshold),
        }
        for one in found.series
    ]
    return answer(
        {
            "timestamps": found.grid.timestamps,
            "period": found.grid.period,
            "unit": found.unit,
            "warnings": found.warnings,
            "series": series,
        }
    )


@router.get("/exemplars", response_model=views.ExemplarsView)
async def exemplars(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    name: Name,
    metric_type: Annotated[metrics.MetricType | None, Query(alias="type")] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_EXEMPLARS)] = 100,
) -> Response:
    """Return measurements with the traces that they were made in, oldest first."""
    chosen = metrics.parse_selector(name, field="name")
    asked = metrics.MetricQuery(
        chosen.metric, matchers=chosen.matchers, group_by=None, metric_type=metric_type
    )
    found = await run_query(
        request,
        services,
        caller,
        lambda _: metrics.find_exemplars(
            services.runner, caller.account, time_range, asked, limit=limit
        ),
    )
    # A series id has 64 bits; a number in JSON is safe up to 53.
    shown = [{**fields_of(one), "series_id": str(one.series_id)} for one in found]
    return answer({"exemplars": shown})
