"""Who sends telemetry: services and hosts."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Range, Reader
from vedette.telemetry import resources

router = APIRouter(tags=["resources"])

Signal = Annotated[
    Literal["", "logs", "traces", "metrics"], Query(description="only who sent this")
]
Rows = Annotated[int, Query(ge=1, le=resources.MAX_ROWS)]


@router.get("/services")
async def services_that_sent(
    services: AppServices,
    caller: Reader,
    time_range: Range,
    signal: Signal = "",
    limit: Rows = resources.MAX_ROWS,
) -> Response:
    """Return the services that sent something, by name."""
    found = await asyncio.to_thread(
        resources.services, services.runner, caller.account, time_range, signal=signal, limit=limit
    )
    return answer({"services": found.records()})


@router.get("/services/resources")
async def service_resources(
    services: AppServices,
    caller: Reader,
    time_range: Range,
    service: Annotated[str, Query(min_length=1, max_length=1024)],
    signal: Signal = "",
    limit: Rows = 100,
) -> Response:
    """Return the resource attributes of a service's instances, the last seen first."""
    found = await asyncio.to_thread(
        resources.service_resources, services.runner, caller.account, time_range, service,
        signal=signal, limit=limit,
    )  # fmt: skip
    return answer({"resources": found.records()})


@router.get("/hosts")
async def hosts_that_sent(
    services: AppServices,
    caller: Reader,
    time_range: Range,
    signal: Signal = "",
    limit: Rows = resources.MAX_ROWS,
) -> Response:
    """Return the hosts that sent something, by name."""
    found = await asyncio.to_thread(
        resources.hosts, services.runner, caller.account, time_range, signal=signal, limit=limit
    )
    return answer({"hosts": found.records()})
