"""Spans: search, facets, latency, RED metrics, self time, critical paths, comparison."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api import span_views as views
from vedette.api.answers import answer, fields_of
from vedette.api.dependencies import AppServices, Cursor, Range, Reader, run_query
from vedette.api.errors import READ_ONLY
from vedette.api.facets import FacetsView, Keys, Values, add_completion, facets_answer
from vedette.api.models import Body
from vedette.api.routing import Router
from vedette.api.span_filters import Filter, SortBy, SpanGroup
from vedette.query.language import Signal
from vedette.telemetry.traces import latency, red, search, self_time
from vedette.telemetry.traces.compare import MAX_DIFFERENCES, compare_spans
from vedette.telemetry.traces.facets import facets as facets_of_spans

router = Router(prefix="/spans", tags=["spans"])
add_completion(router, Signal.SPANS)


class Comparison(Body):
    """Two groups of spans to tell apart."""

    selected: SpanGroup
    baseline: SpanGroup
    limit: int = Field(default=50, ge=1, le=MAX_DIFFERENCES)


@router.get("", response_model=views.SpanPageView)
async def find(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    spans: Filter,
    sort: SortBy = "time",
    limit: Annotated[int, Query(ge=1, le=search.MAX_PAGE)] = 100,
    cursor: Cursor = None,
    columns: Annotated[
        list[str] | None,
        Query(alias="column", max_length=search.MAX_COLUMNS, description="attributes to show"),
    ] = None,
) -> Response:
    """Return matching spans, newest or longest first, a page at a time."""
    page = await run_query(
        request,
        services,
        caller,
        lambda query_id: search.search_spans(
            services.runner, caller.account, time_range, spans,
            sort=sort, limit=limit, cursor=cursor, columns=columns or (), query_id=query_id,
        ),
    )  # fmt: skip
    return answer({**fields_of(page), "spans": page.spans.records()})


@router.get("/facets", response_model=FacetsView)
async def facets(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    spans: Filter,
    keys: Keys,
    values: Values = 10,
) -> Response:
    """Return the most frequent values of the keys among matching spans."""
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: facets_of_spans(
            services.runner, caller.account, time_range, spans, keys,
            limit=values, query_id=query_id,
        ),
    )  # fmt: skip
    return facets_answer(found)


@router.get("/latency", response_model=views.LatencyHeatmap | views.LatencyScatter)
async def latency_view(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    spans: Filter,
    view: Literal["heatmap", "scatter"] = "heatmap",
    points: Annotated[int, Query(ge=1, le=latency.MAX_TIMES, description="of a heatmap")] = 60,
    limit: Annotated[int, Query(ge=2, le=latency.MAX_SCATTER, description="of a scatter")] = 1000,
) -> Response:
    """Return durations over time: counts by bucket, or single spans."""
    if view == "heatmap":
        heatmap = await run_query(
            request,
            services,
            caller,
            lambda query_id: latency.latency_heatmap(
                services.runner, caller.account, time_range, spans,
                points=points, query_id=query_id,
            ),
        )  # fmt: skip
        return answer({**fields_of(heatmap), "buckets_per_doubling": latency.BUCKETS_PER_DOUBLING})
    scatter = await run_query(
        request,
        services,
        caller,
        lambda query_id: latency.latency_scatter(
            services.runner, caller.account, time_range, spans, limit=limit, query_id=query_id
        ),
    )
    moments = [str(moment) for moment in scatter["time_ns"]]
    return answer({"points": {**scatter.data, "time_ns": moments}})


@router.get("/red", response_model=views.RedView)
async def red_metrics(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    spans: Filter,
    group_by: Literal["", "service", "operation"] = "service",
    points: Annotated[int, Query(ge=1, le=red.MAX_POINTS)] = 120,
) -> Response:
    """Return rate, errors and durations over time, by service or operation."""
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: red.red_metrics(
            services.runner, caller.account, time_range, spans,
            group_by=group_by, points=points, query_id=query_id,
        ),
    )  # fmt: skip
    return answer(found)


@router.get("/red/summary", response_model=views.RedSummary)
async def red_summary(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    spans: Filter,
    limit: Annotated[int, Query(ge=1, le=red.MAX_SUMMARY_ROWS)] = 200,
) -> Response:
    """Return one row a service, operation and kind, beside the period before."""
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: red.red_summary(
            services.runner, caller.account, time_range, spans, limit=limit, query_id=query_id
        ),
    )
    return answer({"rows": found.records()})


@router.get("/self-time", response_model=views.SelfTimeView)
async def bottlenecks(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    spans: Filter,
    limit: Annotated[int, Query(ge=1, le=self_time.MAX_ROWS)] = 100,
) -> Response:
    """Return where matching traces spend their time, by service, operation and kind."""
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: self_time.self_time(
            services.runner, caller.account, time_range, spans, limit=limit, query_id=query_id
        ),
    )
    return answer({**fields_of(found), "rows": found.rows.records()})


@router.get("/critical-path", response_model=views.PathShares)
async def critical_paths(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    spans: Filter,
    traces: Annotated[int, Query(ge=1, le=self_time.MAX_PATH_TRACES)] = 200,
) -> Response:
    """Return which operations are on the critical paths of a sample of matching traces."""
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: self_time.critical_path_shares(
            services.runner, caller.account, time_range, spans, traces=traces, query_id=query_id
        ),
    )
    return answer({"shares": found})


@router.post("/compare", response_model=views.ComparisonView, openapi_extra={READ_ONLY: True})
async def compare(
    request: Request, services: AppServices, caller: Reader, body: Comparison
) -> Response:
    """Return what sets the selected spans apart from the baseline."""
    selected, baseline = body.selected.parsed(), body.baseline.parsed()
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: compare_spans(
            services.runner, caller.account, selected, baseline,
            limit=body.limit, query_id=query_id,
        ),
    )  # fmt: skip
    return answer(found)
