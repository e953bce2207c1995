"""Service level objectives: how they stand, their definitions and history; Apdex of services."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from pydantic import Field

from vedette.alarms.service import AlarmService
from vedette.api.dependencies import (
    AppServices,
    CatalogWriter,
    Cursor,
    PageLimit,
    Range,
    Reader,
    actor_of,
    run_query,
)
from vedette.api.errors import READ_ONLY, error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.core.time import parse_duration
from vedette.experience.slo.apdex import Apdex, read_apdex
from vedette.experience.slo.burn import Status
from vedette.experience.slo.definition import SloSpec
from vedette.experience.slo.evaluator import read_statuses
from vedette.experience.slo.history import read_history
from vedette.experience.slo.preview import preview
from vedette.experience.slo.service import Slo, SloService
from vedette.manifests.labels import Labels
from vedette.store.catalog import Permission, Principal
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.definitions import MAX_NAME
from vedette.web.experience import make_slo_counts, make_slos

router = Router(tags=["slos"])

SloName = Annotated[str, Path(max_length=MAX_NAME, description="its name or its id")]


class SloBody(Body):
    """A new objective."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    spec: SloSpec
    labels: Labels = Field(default={})


class SloPut(Body):
    """An objective's definition."""

    spec: SloSpec
    labels: Labels = Field(default={})


class BurnView(View):
    """How the windows of an alarm stand."""

    windows: str
    long: float | None = Field(description="burn rate in the long window; null without events")
    short: float | None
    rate: float = Field(description="the smaller of the two, which the alarm compares")
    threshold: float
    breaches: bool


class SloStatusView(View):
    """How an objective stands."""

    state: str = Field(description="ok, burning, exhausted or no data")
    at: datetime
    good: float
    bad: float
    total: float
    sli: float | None = Field(description="share of good events in the period")
    apdex: float | None
    budget_remaining: float | None = Field(description="share; negative where more was burned")
    bad_left: float = Field(description="events that may still go bad")
    burns: list[BurnView]
    burn_rates: dict[str, float | None] = Field(description="by window")
    exhausted_in_seconds: float | None = Field(description="if the last day goes on; 0: used up")
    projected_remaining: float | None = Field(description="budget at the period's end, likewise")


class SloView(View):
    """An objective and how it stands."""

    id: str
    name: str
    spec: SloSpec
    labels: dict[str, str]
    owner: str
    created: datetime
    updated: datetime
    status: SloStatusView


class SloPage(View):
    """Objectives by name."""

    slos: list[SloView]
    cursor: str | None


class SloAlarmView(View):
    """An alarm that an objective made."""

    id: str
    name: str
    state: str
    severity: str
    reason: str


class SloDetail(SloView):
    """An objective with its alarms."""

    alarms: list[SloAlarmView]


class SloHistoryView(View):
    """Series by hour."""

    times: list[int]
    good: list[float]
    total: list[float]
    sli: list[float | None]
    budget_remaining: list[float | None]
    burn_rate: list[float | None]


class SloPreviewView(View):
    """What an objective would have counted."""

    good: float
    bad: float
    total: float
    sli: float | None
    apdex: float | None
    days: float
    met: bool | None = Field(description="whether the goal was met; null without events")
    warning: str


class ApdexRow(View):
    """Apdex of a service, or of an operation."""

    service: str
    operation: str
    satisfied: int
    tolerating: int
    frustrated: int
    apdex: float
    rating: str = Field(description="Excellent, Good, Fair, Poor or Unacceptable")


class ApdexView(View):
    """Apdex of services in a range."""

    threshold_ms: float
    rows: list[ApdexRow]


def get_slos(services: AppServices) -> SloService:
    """Return the service of objectives."""
    return make_slos(services)


Slos = Annotated[SloService, Depends(get_slos)]


def require_slo_sources(caller: Principal, spec: SloSpec) -> None:
    """Require what the caller needs for the data that an objective reads."""
    del spec
    caller.require(Permission.TELEMETRY_READ)


@router.get("/slos")
async def list_slos(
    request: Request,
    services: AppServices,
    slos: Slos,
    caller: Reader,
    search: Annotated[str, Query(max_length=MAX_NAME, description="part of the name")] = "",
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> SloPage:
    """List objectives by name, each with how it stands."""
    page = await asyncio.to_thread(
        slos.page, caller.account, search=search, limit=limit, after=cursor
    )
    views = await _views(request, services, caller, page.items)
    return SloPage(slos=views, cursor=page.next)


@router.post("/slos", status_code=201, operation_id="CreateSlo", responses=error_responses(409))
async def create_slo(
    request: Request, services: AppServices, slos: Slos, caller: CatalogWriter, body: SloBody
) -> SloView:
    """Make an objective, and its alarms."""
    return await _put(request, services, slos, caller, body.name, body, create=True)


@router.post("/slo-previews", openapi_extra={READ_ONLY: True})
async def preview_slo(
    request: Request, services: AppServices, caller: Reader, body: SloSpec
) -> SloPreviewView:
    """Count what an objective would have counted; nothing is stored."""
    found = await run_query(
        request, services, caller, lambda _: preview(services.runner, caller.account, body)
    )
    counts = found.counts
    return SloPreviewView(
        good=counts.good, bad=counts.bad, total=counts.total, sli=counts.sli,
        apdex=counts.apdex if getattr(body.source, "latency", None) else None,
        days=found.days, met=None if counts.sli is None else counts.sli >= body.goal,
        warning=found.warning,
    )  # fmt: skip


@router.get("/slos/{name}", responses=error_responses(404))
async def get_slo(
    request: Request, services: AppServices, slos: Slos, caller: Reader, name: SloName
) -> SloDetail:
    """Return an objective with how it stands and its alarms."""
    slo = await asyncio.to_thread(slos.get, caller.account, name)
    (view,) = await _views(request, services, caller, [slo])
    names = await asyncio.to_thread(slos.alarms_of, slo)
    alarms = AlarmService(services.catalog, services.warehouse, services.runner)
    found = [await asyncio.to_thread(alarms.get, caller.account, one) for one in names]
    return SloDetail(
        **view.model_dump(exclude={"spec", "status"}), spec=view.spec, status=view.status,
        alarms=[
            SloAlarmView(
                id=one.alarm.id, name=one.alarm.name, state=one.status.state.value,
                severity=one.alarm.spec.severity, reason=one.status.reason,
            )
            for one in found
        ],
    )  # fmt: skip


@router.put("/slos/{name}", operation_id="PutSlo")
async def put_slo(
    request: Request,
    services: AppServices,
    slos: Slos,
    caller: CatalogWriter,
    name: SloName,
    body: SloPut,
) -> SloView:
    """Make an objective, or change it as a whole, with its alarms."""
    return await _put(request, services, slos, caller, name, body, create=None)


@router.delete(
    "/slos/{name}", status_code=204, operation_id="DeleteSlo", responses=error_responses(404)
)
async def delete_slo(request: Request, slos: Slos, caller: CatalogWriter, name: SloName) -> None:
    """Delete an objective and its alarms; what was counted stays."""
    await asyncio.to_thread(slos.remove, actor_of(request, caller), caller.account, name)


@router.get("/slos/{name}/history", responses=error_responses(404))
async def get_slo_history(
    request: Request,
    services: AppServices,
    slos: Slos,
    caller: Reader,
    name: SloName,
    range_: Range,
) -> SloHistoryView:
    """Return an objective by hour: good and total events, and what was left of its budget."""
    slo = await asyncio.to_thread(slos.get, caller.account, name)
    counts = make_slo_counts(services)
    start, end = int(range_.start.timestamp()), int(range_.end.timestamp())
    found = await run_query(
        request, services, caller, lambda _: read_history(counts, slo, start, end)
    )
    return SloHistoryView(
        times=found.times, good=found.good, total=found.total, sli=found.sli,
        budget_remaining=found.budget_remaining, burn_rate=found.burn_rate,
    )  # fmt: skip


@router.get("/apdex")
async def get_apdex(
    request: Request,
    services: AppServices,
    caller: Reader,
    range_: Range,
    threshold: Annotated[str, Query(max_length=16, description="T, such as 300ms")] = "500ms",
    service: Annotated[str, Query(max_length=255)] = "",
) -> ApdexView:
    """Return the Apdex of services, or of one service's operations; failed requests frustrate."""
    seconds = parse_duration(threshold, field="threshold").total_seconds()
    rows: list[Apdex] = await run_query(
        request, services, caller,
        lambda _: read_apdex(services.runner, caller.account, range_, seconds, service=service),
    )  # fmt: skip
    return ApdexView(
        threshold_ms=seconds * 1e3,
        rows=[
            ApdexRow(
                service=one.service, operation=one.operation, satisfied=one.satisfied,
                tolerating=one.tolerating, frustrated=one.frustrated, apdex=one.score,
                rating=one.rating,
            )
            for one in rows
        ],
    )  # fmt: skip


async def _put(
    request: Request,
    services: AppServices,
    slos: SloService,
    caller: Principal,
    name: str,
    body: SloPut | SloBody,
    *,
    create: bool | None,
) -> SloView:
    require_slo_sources(caller, body.spec)
    slo = await asyncio.to_thread(
        slos.put, actor_of(request, caller), caller.account, name, body.spec, labels=body.labels,
        create=create,
    )  # fmt: skip
    (view,) = await _views(request, services, caller, [slo])
    return view


async def _views(
    request: Request, services: AppServices, caller: Principal, slos: list[Slo]
) -> list[SloView]:
    end = int(services.catalog.clock.now().timestamp()) // 60 * 60
    counts = make_slo_counts(services)
    statuses = await run_query(
        request, services, caller, lambda _: read_statuses(counts, caller.account, slos, end)
    )
    return [_view(slo, statuses[slo.id], end) for slo in slos]


def _view(slo: Slo, status: Status, end: int) -> SloView:
    has_apdex = getattr(slo.spec.source, "latency", None) is not None
    values: dict[str, Any] = {
        name: getattr(status.period, name) for name in ("good", "bad", "total", "sli")
    }
    return SloView(
        id=slo.id,
        name=slo.name,
        spec=slo.spec,
        labels=dict(slo.labels),
        owner=slo.owner,
        created=slo.created,
        updated=slo.updated,
        status=SloStatusView(
            **values,
            state=status.state,
            at=datetime.fromtimestamp(end, UTC),
            apdex=status.period.apdex if has_apdex else None,
            budget_remaining=status.remaining,
            bad_left=status.bad_left,
            burns=[
                BurnView(
                    windows=one.windows, long=one.long, short=one.short, rate=one.rate,
                    threshold=one.threshold, breaches=one.breaches,
                )
                for one in status.burns
            ],
            burn_rates=dict(status.rates),
            exhausted_in_seconds=status.exhausted_in,
            projected_remaining=status.projected,
        ),
    )  # fmt: skip
