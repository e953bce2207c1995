"""What routes ask for: the caller with a permission, the services, a time range."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, TypeVar

from fastapi import Depends, Query, Request

from vedette.core.errors import InvalidInputError, OverloadedError
from vedette.core.ids import new_id
from vedette.core.time import TimeRange
from vedette.store.catalog import Actor, Permission, Principal
from vedette.store.catalog.checks import MAX_PAGE
from vedette.web import Services, authenticate, services_of

T = TypeVar("T")
MAX_TAILS = 50
"""Followers of live tails at the same time in one process."""
_tails = asyncio.Semaphore(MAX_TAILS)
_QUERY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def get_services(request: Request) -> Services:
    """Return the services of this process."""
    return services_of(request)


def _caller(permission: Permission | None = None) -> Callable[[Request], Awaitable[Principal]]:
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
Caller = Annotated[Principal, Depends(_caller())]
"""Whoever is known, whatever it may do."""
Reader = Annotated[Principal, Depends(_caller(Permission.TELEMETRY_READ))]
SqlReader = Annotated[Principal, Depends(_caller(Permission.SQL_READ))]
CatalogReader = Annotated[Principal, Depends(_caller(Permission.CATALOG_READ))]
CatalogWriter = Annotated[Principal, Depends(_caller(Permission.CATALOG_WRITE))]
Admin = Annotated[Principal, Depends(_caller(Permission.ADMIN))]
InstallationAdmin = Annotated[Principal, Depends(_caller(Permission.INSTALLATION_ADMIN))]
Auditor = Annotated[Principal, Depends(_caller(Permission.AUDIT_READ))]
Range = Annotated[TimeRange, Depends(get_range)]
Limit = Annotated[int, Query(ge=1, le=10_000)]
PageLimit = Annotated[int, Query(alias="limit", ge=1, le=MAX_PAGE, description="most items")]
Cursor = Annotated[
    str | None,
    Query(max_length=1024, description="'cursor' of the page before; none for the first"),
]


def actor_of(request: Request, principal: Principal) -> Actor:
    """Return who acts, from where, for audit records."""
    return principal.actor(**origin_of(request))


def origin_of(request: Request) -> dict[str, str | None]:
    """Return where a request came from, as audit records and sessions tell it."""
    return {
        "ip": request.client.host if request.client else None,
        "user_agent": request.headers.get("user-agent"),
        "request_id": request.headers.get("x-request-id"),
    }


async def run_query(
    request: Request, services: Services, caller: Principal, work: Callable[[str], T]
) -> T:
    """Run blocking work in a thread; where the client hangs up, cancel its query in the engine.

    Args:
        request: a header ``X-Query-Id`` names the query, for cancelling it by another request.
        services: the services.
        caller: whose query.
        work: takes the query's id and returns the answer.

    """
    query_id = request.headers.get("x-query-id") or new_id()
    if not _QUERY_ID.fullmatch(query_id):
        raise InvalidInputError(
            "the query id is not one",
            field="X-Query-Id",
            remedy="use up to 64 letters, digits and hyphens",
        )
    task = asyncio.ensure_future(asyncio.to_thread(work, query_id))
    watcher = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, watcher}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            await asyncio.to_thread(services.runner.cancel, caller.account, query_id)
        return await task
    finally:
        watcher.cancel()


async def _disconnected(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass


async def take_tail_slot() -> AsyncIterator[None]:
    """Hold one of the places for followers, as long as the response lasts."""
    if _tails.locked():
        raise OverloadedError(f"{MAX_TAILS} followers are at it already", retry_after=30)
    async with _tails:
        yield


TailSlot = Annotated[None, Depends(take_tail_slot)]
