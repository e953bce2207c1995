"""Monitors of datasets, and what they found."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
    WholeWriter,
    actor_of,
    run_query,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.profile_views import MonitorResultsView
from vedette.api.routing import Router
from vedette.core.time import TimeRange
from vedette.data.checks.result import VIOLATED
from vedette.data.drift.compare import DRIFT
from vedette.monitors.definition import MonitorSpec
from vedette.monitors.evaluator import SCOPE
from vedette.monitors.results import Results
from vedette.monitors.service import Monitor
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.telemetry.emit import MetricEmitter, MetricPoint
from vedette.web.monitors import make_evaluator, make_monitors

router = Router(prefix="/monitors", tags=["monitors"])


class MonitorBody(Body):
    """A new monitor."""

    name: str = Field(min_length=1, max_length=255)
    spec: MonitorSpec


class MonitorView(View):
    """A monitor."""

    id: str
    name: str
    spec: MonitorSpec
    owner: str
    has_secret: bool = Field(description="whether its source has a secret, which never comes out")
    created: datetime
    updated: datetime


class MonitorPage(View):
    """Monitors by name."""

    monitors: list[MonitorView]
    cursor: str | None


class RunView(View):
    """What a monitor said of a window: its last run."""

    start: str
    end: str
    run: str
    time: str
    status: str = Field(description="Completed, CompletedWithViolations, NoData or Failed")
    rows: float
    violations: int
    drifted: int = Field(description="columns")
    dataset_drift: bool
    error: str = Field(description="why its source could not be read; empty where it could")
    notes: list[str] = Field(
        description="what has to be known of how its source was read, such as zero dates of MySQL"
    )


class RunRequest(Body):
    """Windows to look at again; without a range those that are due."""

    start: str | None = Field(default=None, max_length=64)
    end: str = Field(default="now", max_length=64)


class RanView(View):
    """What a run looked at."""

    windows: list[str] = Field(description="starts of the windows")
    violations: int
    drifted: int = Field(description="columns, over all windows")


class RunsView(View):
    """Windows, newest first."""

    runs: list[RunView]


@router.get("")
async def list_monitors(
    services: AppServices,
    caller: CatalogReader,
    dataset: Annotated[str | None, Query(max_length=200)] = None,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> MonitorPage:
    """Return the account's monitors, by name."""
    page = await asyncio.to_thread(
        make_monitors(services).page, caller.account, target=dataset, limit=limit, after=cursor
    )
    return MonitorPage(monitors=[_view(one) for one in page.items], cursor=page.next)


@router.post("", status_code=201, operation_id="CreateMonitor", responses=error_responses(409))
async def create_monitor(
    request: Request, services: AppServices, caller: CatalogWriter, body: MonitorBody
) -> MonitorView:
    """Make a monitor."""
    return await _put(request, services, caller, body.name, body.spec, create=True)


@router.get("/{name}", responses=error_responses(404))
async def get_monitor(services: AppServices, caller: CatalogReader, name: str) -> MonitorView:
    """Return a monitor."""
    return _view(await asyncio.to_thread(make_monitors(services).get, caller.account, name))


@router.put("/{name}", operation_id="PutMonitor")
async def put_monitor(
    request: Request, services: AppServices, caller: CatalogWriter, name: str, body: MonitorSpec
) -> MonitorView:
    """Make a monitor, or change it as a whole."""
    return await _put(request, services, caller, name, body, create=None)


@router.delete(
    "/{name}", status_code=204, operation_id="DeleteMonitor", responses=error_responses(404)
)
async def delete_monitor(
    request: Request, services: AppServices, caller: CatalogWriter, name: str
) -> None:
    """Delete a monitor; what it found stays."""
    await asyncio.to_thread(
        make_monitors(services).remove, actor_of(request, caller), caller.account, name
    )


@router.post("/{name}/run", operation_id="RunMonitor", responses=error_responses(404))
async def run_monitor(
    request: Request, services: AppServices, caller: WholeWriter, name: str, body: RunRequest
) -> RanView:
    """Look at windows now: those of a range again, or those that are due. At most 50.

    A monitor's source is profiled first, and the answer waits for it.
    """
    emitter = MetricEmitter(services.ingest, asyncio.get_running_loop())

    def emit(account: str, points: Sequence[MetricPoint], batch: str) -> None:
        emitter.emit_blocking(account, points, scope=SCOPE, batch=batch)

    def work() -> RanView:
        monitors = make_monitors(services)
        monitor = monitors.get(caller.account, name)
        monitors.note_run(actor_of(request, caller), monitor, body.start, body.end)
        evaluator = make_evaluator(services, emit)
        now = services.catalog.clock.now()
        if body.start is None:
            done = evaluator.run(monitor, now=now)
        else:
            done = evaluator.again(monitor, TimeRange.parse(body.start, body.end), now=now)
        results = [result for one in done for result in one.results]
        return RanView(
            windows=[one.window.start.isoformat() for one in done],
            violations=sum(one.status == VIOLATED for one in results),
            drifted=sum(one.family == "drift" and one.column != "" and one.status == DRIFT
                        for one in results),
        )  # fmt: skip

    return await asyncio.to_thread(work)


@router.get("/{name}/runs", responses=error_responses(404))
async def list_runs(
    request: Request,
    services: AppServices,
    caller: Reader,
    name: str,
    range_: Range,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> RunsView:
    """Return the windows that were looked at, newest first."""
    monitor = await asyncio.to_thread(make_monitors(services).get, caller.account, name)
    results = Results(services.warehouse, services.runner)
    rows = await run_query(
        request, services, caller,
        lambda _: results.runs(caller.account, monitor.id, range_, limit=limit, offset=offset),
    )  # fmt: skip
    return RunsView(runs=[RunView(**row) for row in rows])


@router.get("/{name}/results", responses=error_responses(404), response_model=MonitorResultsView)
async def list_results(
    request: Request,
    services: AppServices,
    caller: Reader,
    name: str,
    range_: Range,
    column: Annotated[str | None, Query(max_length=512)] = None,
    family: Annotated[str | None, Query(pattern="^(window|check|drift)$")] = None,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Return every result by window: checks, and drift by column with its reasons."""
    monitor = await asyncio.to_thread(make_monitors(services).get, caller.account, name)
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
    spec: MonitorSpec,
    *,
    create: bool | None,
) -> MonitorView:
    monitor = await asyncio.to_thread(
        make_monitors(services).put, actor_of(request, caller), caller.account, name, spec,
        create=create,
    )  # fmt: skip
    return _view(monitor)


def _view(monitor: Monitor) -> MonitorView:
    return MonitorView(
        id=monitor.id,
        name=monitor.name,
        spec=monitor.spec,
        owner=monitor.owner,
        has_secret=monitor.has_secret,
        created=monitor.created,
        updated=monitor.updated,
    )
