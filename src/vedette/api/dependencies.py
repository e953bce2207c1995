"""What routes ask for: the caller with a permission, the services, a time range."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request

from vedette.core.time import TimeRange
from vedette.store.catalog import Actor, Permission, Principal
from vedette.web import Services, authenticate, services_of

T = TypeVar("T")


def get_services(request: Request) -> Services:
    """Return the services of this process."""
    return services_of(request)


def _caller(permission: Permission) -> Callable[[Request], Awaitable[Principal]]:
    async def authenticated(request: Request) -> Principal:
        return await authenticate(request, permission)

    return authenticated


def get_range(
    start: Annotated[str, Query(description="RFC 3339, Unix time, 'now' or '-15m'")] = "-1h",
    end: Annotated[str, Query(description="as start")] = "now",
) -> TimeRange:
    """Return the half-open time range that a query is about."""
    return TimeRange.parse(start, end)


AppServices = Annotated[Services, Depends(get_services)]
Reader = Annotated[Principal, Depends(_caller(Permission.TELEMETRY_READ))]
SqlReader = Annotated[Principal, Depends(_caller(Permission.SQL_READ))]
CatalogReader = Annotated[Principal, Depends(_caller(Permission.CATALOG_READ))]
CatalogWriter = Annotated[Principal, Depends(_caller(Permission.CATALOG_WRITE))]
Admin = Annotated[Principal, Depends(_caller(Permission.ADMIN))]
InstallationAdmin = Annotated[Principal, Depends(_caller(Permission.INSTALLATION_ADMIN))]
Auditor = Annotated[Principal, Depends(_caller(Permission.AUDIT_READ))]
Range = Annotated[TimeRange, Depends(get_range)]
QueryId = Annotated[
    str | None,
    Query(pattern="^[A-Za-z0-9-]{1,64}$", description="name it, to cancel it by DELETE /queries/{id}"),
]
Limit = Annotated[int, Query(ge=1, le=10_000)]


def actor_of(request: Request, principal: Principal) -> Actor:
    """Return who acts, from where, for audit records."""
    return principal.actor(
        ip=request.client.host if request.client else None,
        user_agent=request.headers.get("user-agent"),
        request_id=request.headers.get("x-request-id"),
    )


async def cancellable(
    request: Request, services: Services, principal: Principal, query_id: str, work: Callable[[], T]
) -> T:
    """Run blocking work in a thread; where the client hangs up, cancel its query in the engine."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    watcher = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.to_thread(services.runner.cancel, principal.account, query_id)
        return await task
    finally:
        watcher.cancel()


async def _disconnected(request: Request) -> None:
    while True:
        message: Any = await request.receive()
        if message["type"] == "http.disconnect":
            return
