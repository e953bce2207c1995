"""Traces: search, one trace with its critical path, its spans and its logs; the service map."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path, Query, Request, Response

from vedette.api import trace_views as views
from vedette.api.answers import answer, fields_of
from vedette.api.dependencies import AppServices, Cursor, Range, Reader, run_query
from vedette.api.errors import error_responses
from vedette.api.routing import Router
from vedette.api.span_filters import Filter, SortBy
from vedette.telemetry.traces import trace as one_trace
from vedette.telemetry.traces.critical_path import critical_path
from vedette.telemetry.traces.root_cause import root_causes
from vedette.telemetry.traces.search import MAX_TRACE_PAGE, search_traces
from vedette.telemetry.traces.service_map import service_map

router = Router(tags=["traces"])

TraceId = Annotated[str, Path(max_length=64, description="32 hexadecimal digits")]
SpanId = Annotated[str, Path(max_length=32, description="16 hexadecimal digits")]


@router.get("/traces", response_model=views.TracePageView)
async def search(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    spans: Filter,
    sort: SortBy = "time",
    limit: Annotated[int, Query(ge=1, le=MAX_TRACE_PAGE)] = 50,
    cursor: Cursor = None,
) -> Response:
    """Return traces with a matching span, newest or longest match first, a page at a time."""
    page = await run_query(
        request,
        services,
        caller,
        lambda query_id: search_traces(
            services.runner, caller.account, time_range, spans,
            sort=sort, limit=limit, cursor=cursor, query_id=query_id,
        ),
    )  # fmt: skip
    return answer({**fields_of(page), "traces": page.traces.records()})


@router.get("/traces/{trace_id}", response_model=views.TraceView, responses=error_responses(404))
async def get_trace(
    request: Request,
    services: AppServices,
    caller: Reader,
    trace_id: TraceId,
    max_spans: Annotated[int, Query(ge=1, le=one_trace.MAX_SPANS)] = one_trace.MAX_SPANS,
) -> Response:
    """Return the spans of a trace, column by column, and its critical path.

    Offsets are nanoseconds after the start of the trace.
    """

    def work(query_id: str) -> dict[str, Any]:
        trace = one_trace.fetch_trace(
            services.runner, caller.account, trace_id, max_spans=max_spans, query_id=query_id
        )
        path = critical_path(trace.tree())
        segments = [
            {
                "span_id": segment.span_id,
                "offset_ns": segment.start,
                "duration_ns": segment.end - segment.start,
            }
            for segment in path.segments
        ]
        return {
            **fields_of(trace),
            "start_ns": str(trace.start_ns),
            "critical_path": {**fields_of(path), "segments": segments},
        }

    return answer(await run_query(request, services, caller, work))


@router.get(
    "/traces/{trace_id}/logs", response_model=views.TraceLogs, responses=error_responses(404)
)
async def get_logs(
    request: Request,
    services: AppServices,
    caller: Reader,
    trace_id: TraceId,
    span_id: Annotated[str, Query(max_length=32, description="only this span's")] = "",
    limit: Annotated[int, Query(ge=1, le=one_trace.MAX_LOGS)] = one_trace.MAX_LOGS,
) -> Response:
    """Return log records of a trace or of one of its spans, oldest first."""
    records = await run_query(
        request,
        services,
        caller,
        lambda _: one_trace.fetch_logs(
            services.runner, caller.account, trace_id, span_id, limit=limit
        ),
    )
    return answer({"records": records.records()})


@router.get(
    "/traces/{trace_id}/spans/{span_id}",
    response_model=views.SpanView,
    responses=error_responses(404),
)
async def get_span(
    request: Request, services: AppServices, caller: Reader, trace_id: TraceId, span_id: SpanId
) -> Response:
    """Return one span with its attributes, resource, events and links."""
    span = await run_query(
        request,
        services,
        caller,
        lambda _: one_trace.fetch_span(services.runner, caller.account, trace_id, span_id),
    )
    return answer(span)


@router.get("/service-map", response_model=views.ServiceMapView)
async def get_service_map(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    symptom: Annotated[
        str | None, Query(max_length=1024, description="id of the node where a failure is seen")
    ] = None,
    threshold: Annotated[
        float, Query(ge=0, le=1, description="fault rate from which a node counts as failing")
    ] = 0.05,
) -> Response:
    """Return services and what they call, with statistics, and where failures come from."""
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: service_map(
            services.runner, caller.account, time_range, query_id=query_id
        ),
    )
    causes = root_causes(found, symptom=symptom, threshold=threshold)
    return answer({**fields_of(found), "root_causes": causes})
