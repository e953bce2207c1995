"""Monitors of models in production, and what they found."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    Range,
    Reader,
    actor_of,
    run_query,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.profile_views import MonitorResultsView
from vedette.api.routing import Router
from vedette.monitors.models.definition import ModelMonitorSpec
from vedette.monitors.models.service import ModelMonitor, ModelMonitors
from vedette.monitors.results import Results
from vedette.store.catalog.checks import DEFAULT_PAGE

router = Router(prefix="/model-monitors", tags=["model_monitors"])


class ModelMonitorBody(Body):
    """A new monitor."""

    name: str = Field(min_length=1, max_length=255)
    spec: ModelMonitorSpec


class ModelMonitorView(View):
    """A monitor."""

    id: str
    name: str
    spec: ModelMonitorSpec
    owner: str
    created: datetime
    updated: datetime


class ModelMonitorPage(View):
    """Monitors by name."""

    monitors: list[ModelMonitorView]
    cursor: str | None


class ModelRunView(View):
    """What a monitor said of a window: its last run."""

    start: str
    end: str
    run: str
    time: str
    status: str = Field(description="Completed, CompletedWithViolations or NoData")
    rows: float
    violations: int
    drifted: int = Field(description="columns")
    dataset_drift: bool


class ModelRunsView(View):
    """Windows, newest first."""

    runs: list[ModelRunView]


@router.get("")
async def list_model_monitors(
    services: AppServices,
    caller: CatalogReader,
    model: Annotated[str | None, Query(max_length=190)] = None,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> ModelMonitorPage:
    """Return the account's monitors, by name."""
    page = await asyncio.to_thread(
        ModelMonitors(services.catalog).page,
        caller.account,
        target=model,
        limit=limit,
        after=cursor,
    )
    return ModelMonitorPage(monitors=[_view(one) for one in page.items], cursor=page.next)


@router.post("", status_code=201, operation_id="CreateModelMonitor", responses=error_responses(409))
async def create_model_monitor(
    request: Request, services: AppServices, caller: CatalogWriter, body: ModelMonitorBody
) -> ModelMonitorView:
    """Make a monitor."""
    return await _put(request, services, caller, body.name, body.spec, create=True)


@router.get("/{name}", responses=error_responses(404))
async def get_model_monitor(
    services: AppServices, caller: CatalogReader, name: str
) -> ModelMonitorView:
    """Return a monitor."""
    return _view(await asyncio.to_thread(ModelMonitors(services.catalog).get, caller.account, name))


@router.put("/{name}", operation_id="PutModelMonitor")
async def put_model_monitor(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: str,
    body: ModelMonitorSpec,
) -> ModelMonitorView:
    """Make a monitor, or change it as a whole."""
    return await _put(request, services, caller, name, body, create=None)


@router.delete(
    "/{name}", status_code=204, operation_id="DeleteModelMonitor", responses=error_responses(404)
)
async def delete_model_monitor(
    request: Request, services: AppServices, caller: CatalogWriter, name: str
) -> None:
    """Delete a monitor; what it found stays."""
    await asyncio.to_thread(
        ModelMonitors(services.catalog).remove, actor_of(request, caller), caller.account, name
    )


@router.get("/{name}/runs", responses=error_responses(404))
async def list_model_monitor_runs(
    request: Request,
    services: AppServices,
    caller: Reader,
    name: str,
    range_: Range,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> ModelRunsView:
    """Return the windows that were looked at, newest first."""
    monitor = await asyncio.to_thread(ModelMonitors(services.catalog).get, caller.account, name)
    results = Results(services.warehouse, services.runner)
    rows = await run_query(
        request, services, caller,
        lambda _: results.runs(caller.account, monitor.id, range_, limit=limit, offset=offset),
    )  # fmt: skip
    for row in rows:
        for of_sources in ("error", "notes"):  # which monitors of models have none of
            row.pop(of_sources)
    return ModelRunsView(runs=[ModelRunView(**row) for row in rows])


@router.get("/{name}/results", responses=error_responses(404), response_model=MonitorResultsView)
async def list_model_monitor_results(
    request: Request,
    services: AppServices,
    caller: Reader,
    name: str,
    range_: Range,
    column: Annotated[str | None, Query(max_length=512)] = None,
    family: Annotated[
        str | None, Query(pattern="^(window|drift|quality|estimate|bias|attribution|slices|alert)$")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Return every result by window: quality, estimates, drift, bias, attributions, segments."""
    monitor = await asyncio.to_thread(ModelMonitors(services.catalog).get, caller.account, name)
    results = Results(services.warehouse, services.runner)

    def work(_: str) -> list[dict[str, Any]]:
        return results.rows(
            caller.account, monitor.id, range_, column=column, family=family, limit=limit,
            offset=offset,
        )  # fmt: skip

    return answer({"results": await run_query(request, services, caller, work)})


async def _put(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: str,
    spec: ModelMonitorSpec,
    *,
    create: bool | None,
) -> ModelMonitorView:
    monitor = await asyncio.to_thread(
        ModelMonitors(services.catalog).put, actor_of(request, caller), caller.account, name, spec,
        create=create,
    )  # fmt: skip
    return _view(monitor)


def _view(monitor: ModelMonitor) -> ModelMonitorView:
    return ModelMonitorView(
        id=monitor.id,
        name=monitor.name,
        spec=monitor.spec,
        owner=monitor.owner,
        created=monitor.created,
        updated=monitor.updated,
    )
