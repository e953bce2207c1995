"""Who sends telemetry: services and hosts."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Range, Reader, run_query
from vedette.api.models import View
from vedette.api.routing import Router
from vedette.telemetry import resources

router = Router(tags=["resources"])

Signal = Annotated[
    Literal["", "logs", "traces", "metrics"], Query(description="only who sent this")
]
Rows = Annotated[int, Query(ge=1, le=resources.MAX_ROWS)]


class ServiceView(View):
    """A service that sent something; counts are by whole hours."""

    service: str
    signals: list[str]
    spans: int
    log_records: int
    metric_points: int
    last_seen: str
    hosts: int = Field(description="how many")
    version: str
    namespace: str
    environment: str
    language: str


class ServicesView(View):
    """Services by name."""

    services: list[ServiceView]


class ServiceResource(View):
    """What an instance of a service says of itself."""

    attributes: dict[str, str]
    signals: list[str]
    count: int = Field(description="records")
    last_seen: str


class ServiceResources(View):
    """Resources of a service, the last seen first."""

    resources: list[ServiceResource]


class HostView(View):
    """A host that sent something."""

    host: str
    signals: list[str]
    services: list[str]
    last_seen: str
    host_id: str
    arch: str
    os_type: str
    os_description: str
    region: str


class HostsView(View):
    """Hosts by name."""

    hosts: list[HostView]


@router.get("/services", response_model=ServicesView)
async def services_that_sent(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    signal: Signal = "",
    limit: Rows = resources.MAX_ROWS,
) -> Response:
    """Return the services that sent something, by name."""
    found = await run_query(
        request,
        services,
        caller,
        lambda _: resources.services(
            services.runner, caller.account, time_range, signal=signal, limit=limit
        ),
    )
    return answer({"services": found.records()})


@router.get("/services/resources", response_model=ServiceResources)
async def service_resources(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    service: Annotated[str, Query(min_length=1, max_length=1024)],
    signal: Signal = "",
    limit: Rows = 100,
) -> Response:
    """Return the resource attributes of a service's instances, the last seen first."""
    found = await run_query(
        request,
        services,
        caller,
        lambda _: resources.service_resources(
            services.runner, caller.account, time_range, service, signal=signal, limit=limit
        ),
    )
    return answer({"resources": found.records()})


@router.get("/hosts", response_model=HostsView)
async def hosts_that_sent(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    signal: Signal = "",
    limit: Rows = resources.MAX_ROWS,
) -> Response:
    """Return the hosts that sent something, by name."""
    found = await run_query(
        request,
        services,
        caller,
        lambda _: resources.hosts(
            services.runner, caller.account, time_range, signal=signal, limit=limit
        ),
    )
    return answer({"hosts": found.records()})
