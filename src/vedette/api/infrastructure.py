"""Infrastructure: storage and when it is full, efficiency, right sizes, costs, machine types."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Annotated, Literal

from fastapi import Depends, Path, Query, Request

from vedette.api import infrastructure_views as views
from vedette.api.answers import fields_of
from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Reader,
    actor_of,
    run_query,
)
from vedette.api.errors import error_responses
from vedette.api.routing import Router
from vedette.core.time import TimeRange
from vedette.infrastructure.efficiency import Basis, Efficiency, ItemKind, hints
from vedette.infrastructure.machines import MachineSpec, machine_types
from vedette.infrastructure.rightsizing import DEFAULT_HEADROOM
from vedette.infrastructure.storage import read_stores
from vedette.infrastructure.use import DEFAULT_PERCENTILE
from vedette.infrastructure.windows import check_window
from vedette.models.context import Caller
from vedette.models.training.prices import read_prices
from vedette.store.catalog import Permission, Principal
from vedette.store.catalog.definitions import MAX_NAME
from vedette.web.services import Services

router = Router(prefix="/infrastructure", tags=["infrastructure"])

MAX_HOST = 1024
PAGE = 200


def get_window(
    start: Annotated[
        str, Query(description="begin of the history: RFC 3339, Unix time or '-14d'")
    ] = "-14d",
    end: Annotated[str, Query(description="as start")] = "now",
) -> TimeRange:
    """Return the history that trends and percentiles come from: 40 minutes to 400 days."""
    return check_window(TimeRange.parse(start, end))


def get_basis(
    percentile: Annotated[
        float, Query(description="of use: 0.5, 0.75, 0.9, 0.95, 0.99 or 0.995")
    ] = DEFAULT_PERCENTILE,
    headroom: Annotated[
        float, Query(description="above the percentile, as a share from 0 to 2")
    ] = DEFAULT_HEADROOM,
) -> Basis:
    """Return what efficiency and sizes are computed from."""
    return Basis(percentile, headroom)


Window = Annotated[TimeRange, Depends(get_window)]
HowMuch = Annotated[Basis, Depends(get_basis)]
Host = Annotated[str, Query(max_length=MAX_HOST, description="only this host")]
Name = Annotated[str, Query(max_length=MAX_HOST, description="only this one, by name or id")]
Most = Annotated[int, Query(ge=1, le=1000, description="most of them")]
TypeName = Annotated[str, Path(max_length=MAX_NAME, description="as hosts say in host.type")]


@router.get("/storage")
async def storage(
    request: Request,
    services: AppServices,
    caller: Reader,
    window: Window,
    host: Host = "",
    limit: Most = PAGE,
) -> views.StorageView:
    """Return file systems, volumes and databases with when they are full, the soonest first."""
    steps, stores = await run_query(
        request,
        services,
        caller,
        lambda _: read_stores(services.runner, caller.account, window, host=host),
    )
    counts = Counter(one.outlook.state if one.reporting else "not_reporting" for one in stores)
    return views.StorageView(
        start=window.start,
        end=window.end,
        step_seconds=steps.seconds,
        counts=dict(counts),
        total=len(stores),
        stores=[views.store_view(one) for one in stores[:limit]],
    )


@router.get("/efficiency")
async def efficiency(
    request: Request,
    services: AppServices,
    caller: Reader,
    window: Window,
    basis: HowMuch,
    kind: Annotated[ItemKind, Query(description="what is asked about")] = "host",
    name: Name = "",
    limit: Most = PAGE,
) -> views.EfficiencyList:
    """Return use against reservation, cost and idle spend, what costs most first.

    Runs need permission to read the catalog as well.
    """
    _may_read(caller, kind)
    reader = _reader(request, services, caller, window, basis)
    items = await run_query(request, services, caller, lambda _: reader.read(kind, name))
    costs = [one.cost for one in items if one.cost is not None]
    return views.EfficiencyList(
        start=window.start,
        end=window.end,
        percentile=basis.percentile,
        headroom=basis.headroom,
        currency=await _currency(request, services, caller),
        total=len(items),
        cost=sum(one.total for one in costs),
        idle=sum(one.idle or 0.0 for one in costs),
        items=[views.item_view(one) for one in items[:limit]],
    )


@router.get("/rightsizing")
async def rightsizing(
    request: Request,
    services: AppServices,
    caller: Reader,
    window: Window,
    basis: HowMuch,
    kind: Annotated[
        Literal["host", "container", "run"], Query(description="what is asked about")
    ] = "host",
    limit: Most = PAGE,
) -> views.HintList:
    """Return whether sizes are right, with the evidence, what hurts or saves most first."""
    _may_read(caller, kind)
    reader = _reader(request, services, caller, window, basis)
    items = await run_query(request, services, caller, lambda _: hints(reader.read(kind)))
    advices = [one.advice for one in items if one.advice is not None]
    return views.HintList(
        start=window.start,
        end=window.end,
        percentile=basis.percentile,
        headroom=basis.headroom,
        currency=await _currency(request, services, caller),
        counts=dict(Counter(one.finding for one in advices)),
        saving=sum(
            one.saving or 0.0
            for one in advices
            if one.finding in {"over_provisioned", "idle"} and (one.saving or 0.0) > 0
        ),
        total=len(items),
        items=[views.item_view(one) for one in items[:limit]],
    )


@router.get("/costs")
async def costs(
    request: Request,
    services: AppServices,
    caller: Reader,
    window: Window,
    kind: Annotated[ItemKind, Query(description="what is added up")] = "service",
    tag: Annotated[
        str, Query(min_length=1, max_length=128, description="key of a tag, or 'account'")
    ] = "account",
) -> views.CostGroups:
    """Return costs by the value of a tag, or by account, the dearest first."""
    _may_read(caller, kind)
    if tag != "account":
        caller.require(Permission.CATALOG_READ)
    reader = _reader(request, services, caller, window, Basis())
    groups = await run_query(request, services, caller, lambda _: reader.by_tag(kind, tag))
    return views.CostGroups(
        kind=kind,
        tag=tag,
        currency=await _currency(request, services, caller),
        groups=[views.CostGroup(**fields_of(one)) for one in groups],
    )


@router.get("/machine-types")
async def list_machine_types(
    request: Request, services: AppServices, caller: CatalogReader
) -> views.MachineTypes:
    """Return the machine types that are priced, by name."""
    found = await asyncio.to_thread(machine_types(services.catalog).all, caller.account)
    return views.MachineTypes(
        currency=await _currency(request, services, caller),
        machine_types=[views.machine_view(one) for one in found],
    )


@router.put("/machine-types/{name}", operation_id="PutMachineType")
async def put_machine_type(
    request: Request,
    services: AppServices,
    caller: CatalogWriter,
    name: TypeName,
    body: MachineSpec,
) -> views.MachineTypeView:
    """Say what a machine type costs and has."""
    put = await asyncio.to_thread(
        machine_types(services.catalog).put, actor_of(request, caller), caller.account, name, body
    )
    return views.machine_view(put)


@router.delete(
    "/machine-types/{name}",
    status_code=204,
    operation_id="DeleteMachineType",
    responses=error_responses(404),
)
async def delete_machine_type(
    request: Request, services: AppServices, caller: CatalogWriter, name: TypeName
) -> None:
    """Delete a machine type."""
    await asyncio.to_thread(
        machine_types(services.catalog).remove, actor_of(request, caller), caller.account, name
    )


def _may_read(caller: Principal, kind: str) -> None:
    if kind == "run":
        caller.require(Permission.CATALOG_READ)


def _caller(request: Request, services: Services, caller: Principal) -> Caller:
    return Caller(services.catalog, caller.account, actor_of(request, caller))


def _reader(
    request: Request, services: Services, caller: Principal, window: TimeRange, basis: Basis
) -> Efficiency:
    of = _caller(request, services, caller)
    return Efficiency(of, services.runner, services.metric_outbox, window, basis)


async def _currency(request: Request, services: Services, caller: Principal) -> str:
    prices = await asyncio.to_thread(read_prices, _caller(request, services, caller))
    return prices.currency
