"""How a dataset changed: its schema, its drift by window, results of its checks, rows that were kept."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response
from fastapi.responses import HTMLResponse
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dataset_views import CheckResultsBody, DriftSeriesRequest
from vedette.api.datasets import Segment, no_profile, profiles_of, read_profiles, segment_of
from vedette.api.dependencies import AppServices, Range, Reader, run_query
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.models import View
from vedette.api.profile_views import (
    DriftSeriesView,
    KeptRowsView,
    MonitorResultsView,
    SchemaChangesView,
)
from vedette.api.routing import Router
from vedette.core.time import TimeRange
from vedette.data.drift.over_time import drift_over_time
from vedette.data.overview import Overview
from vedette.data.profile_rows import check_dataset
from vedette.data.profiles import MAX_READ_COLUMNS, Selection
from vedette.data.profiling.report import profile_html
from vedette.data.samples import Samples
from vedette.monitors.gates import gate_id, gate_results
from vedette.monitors.results import Results
from vedette.store.catalog import Permission
from vedette.web import authenticate

router = Router(prefix="/datasets", tags=["datasets"])


class StoredResultsView(View):
    """Results that were stored."""

    run: str
    results: int
    known: bool = Field(description="whether the run was there already, so that nothing was stored")


@router.post(
    "/{dataset:path}/drift/series",
    openapi_extra={READ_ONLY: True},
    responses=error_responses(404),
    response_model=DriftSeriesView,
)
async def compare_series(
    request: Request, services: AppServices, caller: Reader, dataset: str, body: DriftSeriesRequest
) -> Response:
    """Compare every window of a range with a baseline, or with the window before it."""

    def work(_: str) -> dict[str, Any]:
        range_ = TimeRange.parse(body.start, body.end)
        selection = Selection(dataset, range_, body.segment, body.only)
        windows = profiles_of(services).series(caller.account, selection, body.period)
        reference = None
        if body.reference:
            reference = read_profiles(services, caller.account, dataset, body.reference, body.only)
        return drift_over_time(windows, reference, body.settings())

    return answer({"dataset": dataset, **await run_query(request, services, caller, work)})


@router.get("/{dataset:path}/schema-changes")
async def list_schema_changes(
    request: Request, services: AppServices, caller: Reader, dataset: str, range_: Range
) -> SchemaChangesView:
    """Return columns that came, went or changed their type in a range, newest first."""
    overview = Overview(services.runner)
    changes = await run_query(
        request,
        services,
        caller,
        lambda _: overview.schema_changes(caller.account, dataset, range_),
    )
    return SchemaChangesView.model_validate({"changes": changes})


@router.get("/{dataset:path}/rows", response_model=KeptRowsView)
async def list_kept_rows(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: str,
    range_: Range,
    column: Annotated[str | None, Query(max_length=512)] = None,
    low: Annotated[float | None, Query(description="least value of the column")] = None,
    high: Annotated[float | None, Query(description="what its values are below")] = None,
    value: Annotated[str | None, Query(max_length=1024, description="its value as text")] = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> Response:
    """Return rows that were kept beside profiles; most profiles keep none."""
    samples = Samples(services.warehouse, services.runner)

    def work(_: str) -> list[dict[str, Any]]:
        return samples.read(
            caller.account, dataset, range_, column=column, bounds=(low, high), value=value,
            limit=limit,
        )  # fmt: skip

    return answer({"rows": await run_query(request, services, caller, work)})


@router.get("/{dataset:path}/results", response_model=MonitorResultsView)
async def list_dataset_results(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: str,
    range_: Range,
    family: Annotated[str | None, Query(pattern="^(window|check|drift)$")] = None,
    column: Annotated[str | None, Query(max_length=512)] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Return what all monitors and gates said of a dataset, newest first."""
    results = Results(services.warehouse, services.runner)

    def work(_: str) -> list[dict[str, Any]]:
        return results.of_dataset(
            caller.account, dataset, range_, column=column, family=family, limit=limit,
            offset=offset,
        )  # fmt: skip

    return answer({"results": await run_query(request, services, caller, work)})


@router.post("/{dataset:path}/results", status_code=201, operation_id="PutCheckResults")
async def put_results(
    request: Request, services: AppServices, dataset: str, body: CheckResultsBody
) -> StoredResultsView:
    """Store what a gate found beside the data, failing rows among it where the gate sends them."""
    caller = await authenticate(request, Permission.TELEMETRY_WRITE)
    check_dataset(dataset)

    def work() -> StoredResultsView:
        run, window, found = gate_results(body.time, body.rows, body.results, body.source)
        run = body.run or run
        results = Results(services.warehouse, services.runner)
        gate = gate_id(body.gate)
        known = body.run is not None and results.known(caller.account, dataset, gate, run, window)
        if not known:
            results.store(caller.account, dataset, gate, run, window, found, time=body.time)
        return StoredResultsView(run=run, results=len(found), known=known)

    return await asyncio.to_thread(work)


@router.get(
    "/{dataset:path}/profile/report",
    response_class=Response,  # a class with a media type would give its errors that type too
    responses={
        **error_responses(404),
        200: {
            "description": "one HTML file",
            "content": {"text/html": {"schema": {"type": "string"}}},
        },
    },
)
async def get_profile_report(
    request: Request,
    services: AppServices,
    caller: Reader,
    dataset: str,
    range_: Range,
    segment: Segment = [],  # noqa: B006 - FastAPI copies it
) -> HTMLResponse:
    """Return the merged profile as one HTML file that loads nothing and runs no script.

    Of a dataset of more than 1,000 columns it shows the first 1,000, and says so.
    """
    selection = Selection(dataset, range_, segment_of(segment))

    def work(_: str) -> str:
        found, total = profiles_of(services).page(caller.account, selection, limit=MAX_READ_COLUMNS)
        if not found:
            raise no_profile(dataset)
        return profile_html(found, title=f"Profile of {dataset}", total=total)

    return HTMLResponse(await run_query(request, services, caller, work))
