"""Pipelines, their tasks and runs, and what is expected of them.

A pipeline's name is a parameter, not a part of the path: names of OpenLineage hold slashes.
"""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Query, Request, Response

from vedette.api.answers import answer
from vedette.api.dependencies import (
    AppServices,
    CatalogWriter,
    Range,
    Reader,
    actor_of,
    run_query,
)
from vedette.api.errors import error_responses
from vedette.api.pipeline_views import (
    EventsView,
    PipelineDetailView,
    PipelineRunsView,
    PipelineSeriesView,
    PipelinesView,
    RunDetailView,
)
from vedette.api.routing import Router
from vedette.pipelines.expectations import Expectations, PipelineExpectations
from vedette.pipelines.service import Pipelines

router = Router(prefix="/pipelines", tags=["pipelines"])
Name = Annotated[str, Query(alias="pipeline", min_length=1, max_length=3072)]
_Limit = Annotated[int, Query(ge=1, le=1000)]
_Offset = Annotated[int, Query(ge=0, le=1_000_000)]


@router.get("", response_model=PipelinesView)
async def list_pipelines(
    request: Request,
    services: AppServices,
    caller: Reader,
    range_: Range,
    q: Annotated[str, Query(max_length=200, description="a part of the name")] = "",
    limit: _Limit = 200,
    offset: _Offset = 0,
) -> Response:
    """Return the pipelines that ran in the range or are expected to, and how they stand."""
    found = Pipelines(services.catalog, services.runner)

    def work(_: str) -> list[dict[str, Any]]:
        return found.page(caller.account, range_, search=q, limit=limit, offset=offset)

    rows = await run_query(request, services, caller, work)
    return answer({"pipelines": [_plain(row) for row in rows]})


@router.get("/detail", response_model=PipelineDetailView, responses=error_responses(404))
async def get_pipeline(
    request: Request, services: AppServices, caller: Reader, range_: Range, pipeline: Name
) -> Response:
    """Return a pipeline or task: what it is, how it stands, and its tasks over the range."""
    found = Pipelines(services.catalog, services.runner)
    one = await run_query(
        request, services, caller, lambda _: found.get(caller.account, pipeline, range_)
    )
    summary = _plain(one["summary"]) if one["summary"] else None
    return answer(_plain({**one, "summary": summary}))


@router.get("/series", response_model=PipelineSeriesView)
async def get_pipeline_series(
    request: Request, services: AppServices, caller: Reader, range_: Range, pipeline: Name
) -> Response:
    """Return runs, failures, durations and volume of a pipeline and its tasks by time."""
    found = Pipelines(services.catalog, services.runner)
    return answer(
        await run_query(
            request, services, caller, lambda _: found.series(caller.account, pipeline, range_)
        )
    )


@router.get("/runs", response_model=PipelineRunsView)
async def list_pipeline_runs(
    request: Request,
    services: AppServices,
    caller: Reader,
    range_: Range,
    pipeline: Annotated[str, Query(max_length=3072, description="runs of this one alone")] = "",
    tasks_of: Annotated[str, Query(max_length=3072, description="runs of its tasks")] = "",
    status: Annotated[str, Query(pattern="^(running|completed|failed|aborted)?$")] = "",
    limit: _Limit = 100,
    offset: _Offset = 0,
) -> Response:
    """Return runs, newest first; of every pipeline where none is named."""
    found = Pipelines(services.catalog, services.runner)

    def work(_: str) -> list[dict[str, Any]]:
        return found.runs(
            caller.account, range_, job=pipeline, parent=tasks_of, status=status, limit=limit,
            offset=offset,
        )  # fmt: skip

    return answer({"runs": await run_query(request, services, caller, work)})


@router.get("/runs/{run_id}", response_model=RunDetailView, responses=error_responses(404))
async def get_pipeline_run(
    request: Request, services: AppServices, caller: Reader, run_id: str
) -> Response:
    """Return a run with its tasks, datasets and checks, and where its time went."""
    found = Pipelines(services.catalog, services.runner)
    one = await run_query(request, services, caller, lambda _: found.run(caller.account, run_id))
    return answer({**one, "path": [asdict(step) for step in one["path"]]})


@router.get("/runs/{run_id}/events", response_model=EventsView)
async def list_run_events(
    request: Request, services: AppServices, caller: Reader, run_id: str
) -> Response:
    """Return a run's events as they came, with all their facets."""
    found = Pipelines(services.catalog, services.runner)
    rows = await run_query(
        request, services, caller, lambda _: found.events(caller.account, run_id)
    )
    return answer({"events": rows})


@router.put("/expectations", operation_id="PutPipeline")
async def put_expectations(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    pipeline: Name,
    body: Expectations,
) -> Expectations:
    """Store when a pipeline is to run, and how old its last success may be."""
    return await asyncio.to_thread(
        PipelineExpectations(services.catalog).put,
        actor_of(request, caller), caller.account, pipeline, body,
    )  # fmt: skip


@router.delete(
    "/expectations", status_code=204, operation_id="DeletePipeline", responses=error_responses(404)
)
async def delete_expectations(
    request: Request, services: AppServices, caller: CatalogWriter, pipeline: Name
) -> None:
    """Forget what is expected of a pipeline; its runs stay."""
    await asyncio.to_thread(
        PipelineExpectations(services.catalog).remove,
        actor_of(request, caller), caller.account, pipeline,
    )  # fmt: skip


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    expected = row["expected"]
    return {**row, "expected": expected.model_dump() if expected else None}
