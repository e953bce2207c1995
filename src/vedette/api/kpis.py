"""KPIs: definitions, values, how they stand and what is expected of them."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query, Request
from pydantic import Field

from vedette.api import kpi_views as views
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    Range,
    Reader,
    WholeWriter,
    actor_of,
    run_query,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body, Moment
from vedette.api.routing import Router
from vedette.business.kpis.compute import KpiComputer
from vedette.business.kpis.definition import KpiSpec, Pushed
from vedette.business.kpis.outlook import read_outlook
from vedette.business.kpis.service import Kpi
from vedette.business.kpis.values import KpiValue
from vedette.core.errors import InvalidInputError
from vedette.core.ids import new_id
from vedette.manifests.labels import Labels, LabelValue
from vedette.store.catalog import Permission, Principal
from vedette.store.catalog.definitions import MAX_NAME
from vedette.telemetry.emit import MetricEmitter, MetricPoint
from vedette.web.business import SCOPE, make_kpi_values, make_kpis

router = Router(prefix="/kpis", tags=["business"])

KpiName = Annotated[str, Path(max_length=MAX_NAME, description="its name or its id")]
MAX_PUSHED = 1_000
LIST_STEPS = 30
LIST_PAGE = 50


class KpiBody(Body):
    """A new KPI."""

    name: str = Field(min_length=1, max_length=100, examples=["orders.revenue"])
    spec: KpiSpec
    labels: Labels = Field(default={})


class KpiPut(Body):
    """A KPI's definition."""

    spec: KpiSpec
    labels: Labels = Field(default={})


class PushedValue(Body):
    """One value; of an earlier one of the same moment and dimensions it is the correction."""

    value: float = Field(allow_inf_nan=False)
    time: Moment | None = Field(default=None, description="start of its period; now where null")
    dimensions: dict[str, LabelValue] = Field(default={}, max_length=10)


class PushBody(Body):
    """Values of a KPI."""

    values: list[PushedValue] = Field(min_length=1, max_length=MAX_PUSHED)


def require_kpi_sources(caller: Principal, spec: KpiSpec) -> None:
    """Require what the caller needs for the data that a KPI is computed from."""
    if not isinstance(spec.source, Pushed):
        caller.require(Permission.TELEMETRY_READ)
    if spec.source.type == "sql":
        caller.require(Permission.SQL_READ)


@router.get("")
async def list_kpis(
    request: Request,
    services: AppServices,
    caller: Reader,
    search: Annotated[str, Query(max_length=MAX_NAME, description="part of the name")] = "",
    limit: Annotated[int, Query(ge=1, le=LIST_PAGE)] = LIST_PAGE,
    cursor: Cursor = None,
) -> views.KpiPage:
    """List KPIs by name, each with its newest values and how its targets stand by pace."""
    page = await asyncio.to_thread(
        make_kpis(services).page, caller.account, search=search, limit=limit, after=cursor
    )
    values, now = make_kpi_values(services), services.catalog.clock.now()

    def work(_: str) -> list[views.KpiSummary]:
        return [views.summary(values, kpi, now, LIST_STEPS) for kpi in page.items]

    return views.KpiPage(kpis=await run_query(request, services, caller, work), cursor=page.next)


@router.post("", status_code=201, operation_id="CreateKpi", responses=error_responses(409))
async def create_kpi(
    request: Request, services: AppServices, caller: CatalogWriter, body: KpiBody
) -> views.KpiView:
    """Make a KPI."""
    return await _put(request, services, caller, body.name, body, create=True)


@router.get("/{name}", responses=error_responses(404))
async def get_kpi(services: AppServices, caller: CatalogReader, name: KpiName) -> views.KpiView:
    """Return a KPI's definition, and what it depends on."""
    return views.view(await _find(services, caller, name))


@router.put("/{name}", operation_id="PutKpi")
async def put_kpi(
    request: Request, services: AppServices, caller: CatalogWriter, name: KpiName, body: KpiPut
) -> views.KpiView:
    """Make a KPI, or change it as a whole."""
    return await _put(request, services, caller, name, body, create=None)


@router.delete("/{name}", status_code=204, operation_id="DeleteKpi", responses=error_responses(404))
async def delete_kpi(
    request: Request, services: AppServices, caller: CatalogWriter, name: KpiName
) -> None:
    """Delete a KPI; its values stay."""
    await asyncio.to_thread(
        make_kpis(services).remove, actor_of(request, caller), caller.account, name
    )


@router.post(
    "/{name}/values", status_code=201, operation_id="PushKpiValues", responses=error_responses(404)
)
async def push_values(
    services: AppServices, caller: WholeWriter, name: KpiName, body: PushBody
) -> views.PushedView:
    """Store values; they are metric points too, of the metric ``vedette.kpi.NAME``."""
    kpi = await _find(services, caller, name)
    now = services.catalog.clock.now()
    values = [_checked(kpi, one, now) for one in body.values]
    emitter = MetricEmitter(services.ingest, asyncio.get_running_loop())

    def emit(account: str, points: Sequence[MetricPoint], batch: str) -> None:
        emitter.emit_blocking(account, points, scope=SCOPE, batch=batch)

    await asyncio.to_thread(
        make_kpi_values(services, emit).store, caller.account, kpi.name, kpi.spec.unit, values,
        batch=f"kpi/{new_id()}", now=now,
    )  # fmt: skip
    return views.PushedView(stored=len(values))


@router.get("/{name}/values", responses=error_responses(404))
async def read_values(
    request: Request,
    services: AppServices,
    caller: Reader,
    name: KpiName,
    range_: Range,
    step: Annotated[
        int | None, Query(ge=60, le=31 * 86_400, description="seconds; its own where not given")
    ] = None,
    group_by: Annotated[str, Query(max_length=128, description="a dimension")] = "",
    where: Annotated[list[str], Query(max_length=10, description="dimension=value")] = [],  # noqa: B006 - the framework copies it
) -> views.ValuesView:
    """Return a KPI's values by period: null where there is none, and each gap by its ends."""
    kpi = await _find(services, caller, name)
    values = make_kpi_values(services)
    if step is not None and step % 60:
        raise InvalidInputError(
            "a step is whole minutes", field="step", remedy="use a multiple of 60"
        )

    def work(_: str) -> views.ValuesView:
        found = values.read(
            caller.account, kpi.name, kpi.spec, range_.start.timestamp(), range_.end.timestamp(),
            step=step, where=_pairs(where), group_by=group_by,
        )  # fmt: skip
        dimensions = values.dimensions(caller.account, kpi.name, range_.start.timestamp())
        return views.values_view(found, step or kpi.spec.step, dimensions)

    return await run_query(request, services, caller, work)


@router.get("/{name}/outlook", responses=error_responses(404))
async def read_kpi_outlook(
    request: Request,
    services: AppServices,
    caller: Reader,
    name: KpiName,
    ahead: Annotated[int | None, Query(ge=1, le=200, description="periods to forecast")] = None,
) -> views.OutlookView:
    """Return a KPI's forecast with its bands, and how its targets stand."""
    kpi = await _find(services, caller, name)
    values, now = make_kpi_values(services), services.catalog.clock.now()
    found = await run_query(
        request, services, caller, lambda _: read_outlook(values, kpi, now, ahead=ahead)
    )
    return views.outlook_view(found)


@router.post("/{name}/compute", operation_id="ComputeKpi", responses=error_responses(404))
async def compute_kpi(
    services: AppServices, caller: WholeWriter, name: KpiName
) -> views.ComputedView:
    """Compute what is due now, without waiting for the schedule."""
    kpi = await _find(services, caller, name)
    require_kpi_sources(caller, kpi.spec)
    emitter = MetricEmitter(services.ingest, asyncio.get_running_loop())

    def emit(account: str, points: Sequence[MetricPoint], batch: str) -> None:
        emitter.emit_blocking(account, points, scope=SCOPE, batch=batch)

    computer = KpiComputer(
        services.catalog, make_kpis(services), make_kpi_values(services, emit), services.runner
    )
    if not kpi.spec.is_computed:
        raise InvalidInputError(
            "the KPI's values are pushed", field="name", remedy="give it a source to compute it"
        )
    done = await asyncio.to_thread(computer.compute, kpi, services.catalog.clock.now())
    return views.ComputedView(values=done.values, stored=done.stored)


async def _find(services: AppServices, caller: Principal, name: str) -> Kpi:
    return await asyncio.to_thread(make_kpis(services).get, caller.account, name)


async def _put(
    request: Request,
    services: AppServices,
    caller: Principal,
    name: str,
    body: KpiBody | KpiPut,
    *,
    create: bool | None,
) -> views.KpiView:
    require_kpi_sources(caller, body.spec)
    kpi = await asyncio.to_thread(
        make_kpis(services).put, actor_of(request, caller), caller.account, name, body.spec,
        labels=body.labels, create=create,
    )  # fmt: skip
    return views.view(kpi)


def _checked(kpi: Kpi, one: PushedValue, now: datetime) -> KpiValue:
    unknown = sorted(one.dimensions.keys() - set(kpi.spec.dimensions))
    if unknown:
        raise InvalidInputError(
            f"{kpi.name} has no dimension {unknown[0][:100]!r}",
            field="dimensions",
            remedy="name it in the KPI's definition first",
        )
    moment = one.time or now
    if moment.timestamp() > now.timestamp() + 86_400 or moment.year < 1990:  # noqa: PLR2004 - a plausible year
        raise InvalidInputError(
            "a value is of a moment between 1990 and a day ahead",
            field="time",
            remedy="give the start of its period",
        )
    seconds = math.floor(moment.timestamp() / kpi.spec.step) * kpi.spec.step
    return KpiValue(datetime.fromtimestamp(seconds, UTC), one.value, one.dimensions)


def _pairs(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise InvalidInputError(
                f"{text[:100]!r} is no dimension=value", field="where", remedy="write region=eu"
            )
        found[name] = value
    return found
