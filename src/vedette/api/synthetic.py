"""Synthetic checks: definitions, runs and trials."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import Path, Query, Request
from pydantic import Field

from vedette.api.dependencies import (
    AppServices,
    CatalogWriter,
    Cursor,
    PageLimit,
    Range,
    Reader,
    WholeWriter,
    actor_of,
    run_query,
)
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.core.time import TimeRange
from vedette.experience.synthetic.definition import SyntheticSpec
from vedette.experience.synthetic.run import RunResult, run_check
from vedette.experience.synthetic.runs import SCOPE, SyntheticRunner, SyntheticRuns
from vedette.experience.synthetic.service import Synthetic, SyntheticService
from vedette.manifests.labels import Labels
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.definitions import MAX_NAME
from vedette.telemetry.buckets import bucket_seconds
from vedette.telemetry.emit import MetricEmitter, MetricPoint
from vedette.web.experience import make_synthetic

router = Router(prefix="/synthetic-checks", tags=["synthetic"])
CheckName = Annotated[str, Path(max_length=MAX_NAME, description="its name or its id")]
SUMMARY = timedelta(days=1)


class SyntheticBody(Body):
    """A new check."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    spec: SyntheticSpec
    labels: Labels = Field(default={})


class SyntheticPut(Body):
    """A check's definition."""

    spec: SyntheticSpec
    labels: Labels = Field(default={})


class SyntheticDayView(View):
    """How a check did in the last day."""

    runs: int
    passed: int
    availability: float | None = Field(description="share of runs that passed")
    p95_ms: float | None
    last_passed: bool | None
    last_time: str | None
    last_error: str
    last_ms: float | None
    certificate_days: float | None


class SyntheticView(View):
    """A check."""

    id: str
    name: str
    spec: SyntheticSpec
    labels: dict[str, str]
    owner: str
    created: datetime
    updated: datetime
    day: SyntheticDayView


class SyntheticPage(View):
    """Checks by name."""

    checks: list[SyntheticView]
    cursor: str | None


class SyntheticStepView(View):
    """How a step went."""

    name: str
    duration_ms: float
    status: int | None
    failures: list[str]
    url: str


class SyntheticRunView(View):
    """How a run went."""

    run: str
    time: str
    passed: bool
    duration_ms: float
    trace_id: str
    certificate_days: float | None
    error: str
    steps: list[SyntheticStepView]


class SyntheticSeriesView(View):
    """Runs by period."""

    step: int
    times: list[int]
    runs: list[int]
    passed: list[int]
    mean_ms: list[float]
    p95_ms: list[float]
    certificate_days: list[float | None]


class SyntheticRunsView(View):
    """A check's runs, newest first, and all of them by period."""

    runs: list[SyntheticRunView]
    series: SyntheticSeriesView


@router.get("")
async def list_synthetic_checks(
    request: Request,
    services: AppServices,
    caller: Reader,
    search: Annotated[str, Query(max_length=MAX_NAME, description="part of the name")] = "",
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> SyntheticPage:
    """List checks by name, each with how it did in the last day."""
    page = await asyncio.to_thread(
        make_synthetic(services).page, caller.account, search=search, limit=limit, after=cursor
    )
    checks = await _views(request, services, caller.account, page.items)
    return SyntheticPage(checks=checks, cursor=page.next)


@router.post(
    "", status_code=201, operation_id="CreateSyntheticCheck", responses=error_responses(409)
)
async def create_synthetic_check(
    request: Request, services: AppServices, caller: CatalogWriter, body: SyntheticBody
) -> SyntheticView:
    """Make a check, and its alarms."""
    return await _put(request, services, caller, body.name, body, create=True)


@router.post("/try", openapi_extra={READ_ONLY: True})
async def try_synthetic_check(
    services: AppServices, caller: CatalogWriter, body: SyntheticSpec
) -> SyntheticRunView:
    """Run a check once without storing anything of it."""
    del caller
    result = await asyncio.to_thread(run_check, body, services.synthetic_guard)
    return _run_view(result, "")


@router.get("/{name}", responses=error_responses(404))
async def get_synthetic_check(
    request: Request, services: AppServices, caller: Reader, name: CheckName
) -> SyntheticView:
    """Return a check."""
    check = await _find(services, caller.account, name)
    (view,) = await _views(request, services, caller.account, [check])
    return view


@router.put("/{name}", operation_id="PutSyntheticCheck")
async def put_synthetic_check(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: CheckName,
    body: SyntheticPut,
) -> SyntheticView:
    """Make a check, or change it as a whole, with its alarms."""
    return await _put(request, services, caller, name, body, create=None)


@router.delete(
    "/{name}", status_code=204, operation_id="DeleteSyntheticCheck", responses=error_responses(404)
)
async def delete_synthetic_check(
    request: Request, services: AppServices, caller: CatalogWriter, name: CheckName
) -> None:
    """Delete a check and its alarms; its runs stay."""
    await asyncio.to_thread(
        make_synthetic(services).remove, actor_of(request, caller), caller.account, name
    )


@router.post("/{name}/run", operation_id="RunSyntheticCheck", responses=error_responses(404))
async def run_synthetic_check(
    services: AppServices, caller: WholeWriter, name: CheckName
) -> SyntheticRunView:
    """Run a check now; the run is stored as any other."""
    check = await _find(services, caller.account, name)
    emitter = MetricEmitter(services.ingest, asyncio.get_running_loop())

    def emit(account: str, points: Sequence[MetricPoint], batch: str) -> None:
        emitter.emit_blocking(account, points, scope=SCOPE, batch=batch)

    runner = SyntheticRunner(
        make_synthetic(services),
        SyntheticRuns(services.warehouse, services.runner),
        services.synthetic_guard,
        emit,
    )
    result, run = await asyncio.to_thread(runner.run, check)
    return _run_view(result, run)


@router.get("/{name}/runs", responses=error_responses(404))
async def list_synthetic_runs(
    request: Request,
    services: AppServices,
    caller: Reader,
    name: CheckName,
    range_: Range,
    failed: Annotated[bool, Query(description="only runs that failed")] = False,  # noqa: FBT002 - a parameter of the route
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> SyntheticRunsView:
    """Return a check's runs, newest first, and by period."""
    check = await _find(services, caller.account, name)
    runs = SyntheticRuns(services.warehouse, services.runner)
    step = max(bucket_seconds(range_, 120), 60)

    def work(_: str) -> SyntheticRunsView:
        rows = runs.rows(caller.account, check.id, range_, failed=failed, limit=limit)
        slots = runs.series(caller.account, check.id, range_, step)
        return SyntheticRunsView(
            runs=[SyntheticRunView(**row) for row in rows],
            series=SyntheticSeriesView(
                step=step,
                times=[one.slot for one in slots],
                runs=[one.runs for one in slots],
                passed=[one.passed for one in slots],
                mean_ms=[one.mean_ms for one in slots],
                p95_ms=[one.p95_ms for one in slots],
                certificate_days=[one.certificate_days for one in slots],
            ),
        )

    return await run_query(request, services, caller, work)


async def _find(services: AppServices, account: str, name: str) -> Synthetic:
    return await asyncio.to_thread(make_synthetic(services).get, account, name)


async def _put(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: str,
    body: SyntheticBody | SyntheticPut,
    *,
    create: bool | None,
) -> SyntheticView:
    service: SyntheticService = make_synthetic(services)
    check = await asyncio.to_thread(
        service.put, actor_of(request, caller), caller.account, name, body.spec,
        labels=body.labels, create=create,
    )  # fmt: skip
    (view,) = await _views(request, services, caller.account, [check])
    return view


async def _views(
    request: Request, services: AppServices, account: str, checks: list[Synthetic]
) -> list[SyntheticView]:
    del request
    now = services.catalog.clock.now()
    runs = SyntheticRuns(services.warehouse, services.runner)
    found: dict[str, dict[str, Any]] = {}
    if checks:
        range_ = TimeRange(now - SUMMARY, now + timedelta(minutes=1))
        ids = [one.id for one in checks]
        found = await asyncio.to_thread(runs.summaries, account, ids, range_)
    return [
        SyntheticView(
            id=one.id, name=one.name, spec=one.spec, labels=dict(one.labels), owner=one.owner,
            created=one.created, updated=one.updated, day=_summary(found.get(one.id)),
        )
        for one in checks
    ]  # fmt: skip


def _summary(row: dict[str, Any] | None) -> SyntheticDayView:
    if row is None:
        return SyntheticDayView(
            runs=0, passed=0, availability=None, p95_ms=None, last_passed=None, last_time=None,
            last_error="", last_ms=None, certificate_days=None,
        )  # fmt: skip
    return SyntheticDayView(
        runs=row["runs"], passed=row["passed"], availability=row["passed"] / row["runs"],
        p95_ms=row["p95_ms"], last_passed=bool(row["last_passed"]), last_time=row["last_time"],
        last_error=row["last_error"], last_ms=row["last_ms"],
        certificate_days=row["certificate_days"],
    )  # fmt: skip


def _run_view(result: RunResult, run: str) -> SyntheticRunView:
    return SyntheticRunView(
        run=run, time=result.time.isoformat(), passed=result.passed,
        duration_ms=result.duration_ms, trace_id=result.trace_id,
        certificate_days=result.certificate_days, error=result.error,
        steps=[SyntheticStepView(**one.as_dict()) for one in result.steps],
    )  # fmt: skip
