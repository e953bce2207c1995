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
from vedette.query.runner import named_queries
from vedette.query.scope import read_also
from vedette.store.catalog import Actor, Permission, Principal
from vedette.store.catalog.checks import MAX_PAGE
from vedette.web import Services, authenticate, services_of
from vedette.web.origin import origin_of

T = TypeVar("T")
MAX_TAILS = 50
"""Followers of live tails at the same time in one process."""
_tails = asyncio.Semaphore(MAX_TAILS)
CANCEL_SECONDS = 0.5
_QUERY_ID = re.compile(r"[A-Za-z0-9-]{1,64}")


def get_services(request: Request) -> Services:
    """Return the services of this process."""
    return services_of(request)


def _caller(
    permission: Permission | None = None, *, limited: bool = False
) -> Callable[[Request], Awaitable[Principal]]:
    async def authenticated(request: Request) -> Principal:
        principal = await authenticate(request, permission, limited=limited)
        if wanted := request.headers.get(READ_ALSO):
            await _read_also(request, principal, permission, wanted)
        return principal

    return authenticated


def _caller_with_any(*permissions: Permission) -> Callable[[Request], Awaitable[Principal]]:
    async def authenticated(request: Request) -> Principal:
        caller = await authenticate(request)
        if caller.permissions.intersection(permissions):
            return caller
        held = [one for one in permissions if one in caller.limited]
        return caller.admitted(held[0] if held else permissions[0])

    return authenticated


READ_ALSO = "x-vedette-accounts"
"""Header of a monitoring account's request: accounts whose shared telemetry is read too, or ``*``."""
_ACROSS = frozenset({Permission.TELEMETRY_READ, Permission.SQL_READ})


async def _read_also(
    request: Request, principal: Principal, permission: Permission | None, wanted: str
) -> None:
    if permission not in _ACROSS:
        raise InvalidInputError(
            "this route reads one account",
            field="X-Vedette-Accounts",
            remedy="leave the header out; /api/v1/organisation shows entities of other accounts",
        )
    links = services_of(request).links
    # For the rest of this request's context: its queries copy it.
    read_also(await asyncio.to_thread(links.choose, principal.account, wanted))


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
CatalogWriter = Annotated[Principal, Depends(_caller(Permission.CATALOG_WRITE, limited=True))]
"""Who changes entities, all of them or those with a tag: for routes that change the catalog by
``Catalog.change`` and nothing else, which holds the limit."""
WholeWriter = Annotated[Principal, Depends(_caller(Permission.CATALOG_WRITE))]
"""Who may change every entity: for routes that also write or send what no tag limits."""
Approver = Annotated[Principal, Depends(_caller(Permission.APPROVALS_DECIDE, limited=True))]
Reviewer = Annotated[
    Principal, Depends(_caller_with_any(Permission.APPROVALS_DECIDE, Permission.CATALOG_WRITE))
]
"""Who decides requests, or makes them."""
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


async def run_query(
    request: Request, services: Services, caller: Principal, work: Callable[[str], T]
) -> T:
    """Run blocking work in a thread; where the client hangs up, cancel its queries in the engine.

    Args:
        request: a header ``X-Query-Id`` names the query, for cancelling it by another request.
        services: the services.
        caller: whose query.
        work: takes the id, which its queries have, and returns the answer.

    """
    query_id = request.headers.get("x-query-id") or new_id()
    if not _QUERY_ID.fullmatch(query_id):
        raise InvalidInputError(
            "the query id is not one",
            field="X-Query-Id",
            remedy="use up to 64 letters, digits and hyphens",
        )

    def named() -> T:
        with named_queries(query_id):
            return work(query_id)

    task = asyncio.ensure_future(asyncio.to_thread(named))
    watcher = asyncio.ensure_future(_disconnected(request))
    try:
        await asyncio.wait({task, watcher}, return_when=asyncio.FIRST_COMPLETED)
        while not task.done():
            # More than once: the work may be between two queries.
            await asyncio.to_thread(services.runner.cancel, caller.account, query_id)
            await asyncio.wait({task}, timeout=CANCEL_SECONDS)
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
