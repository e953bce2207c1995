"""The audit trail of the caller's account: searching it, and what is unusual in it."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Query, Request
from fastapi.responses import Response

from vedette.api.answers import answer
from vedette.api.audit_views import Activity, AuditPage, AuditView, UnusualActivity
from vedette.api.dependencies import AppServices, Auditor, Cursor, PageLimit, run_query
from vedette.api.routing import Router
from vedette.core.time import TimeRange
from vedette.governance.audit.search import AuditSearch, Filters
from vedette.governance.audit.unusual import Measure, unusual_activity
from vedette.store.catalog.checks import DEFAULT_PAGE

router = Router(prefix="/audit", tags=["audit"])
_STEPS = 120
Name = Annotated[str | None, Query(max_length=256)]
Start = Annotated[str, Query(description="RFC 3339, Unix time, 'now' or '-7d'")]
End = Annotated[str, Query(description="as start")]


@router.get("")
async def list_records(
    services: AppServices,
    caller: Auditor,
    trail: Annotated[
        Literal["changes", "calls"],
        Query(description="changes and refused changes, or calls that changed nothing"),
    ] = "changes",
    start: Start = "-7d",
    end: End = "now",
    event_name: Annotated[
        Name, Query(examples=["CreateApiKey"], description="a * may end it")
    ] = None,
    event_source: Annotated[Name, Query(examples=["vedette.api"])] = None,
    actor_id: Annotated[Name, Query(description="id or name of a user or key")] = None,
    resource: Annotated[Name, Query(description="identity, or a part of one")] = None,
    source_ip: Name = None,
    error_code: Annotated[Name, Query(examples=["forbidden"])] = None,
    text: Annotated[Name, Query(description="anywhere in the record, case aside")] = None,
    read_only: Annotated[bool | None, Query(description="only reads, or only changes")] = None,
    failed: Annotated[bool | None, Query(description="only refused calls, or only others")] = None,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> AuditPage:
    """List what happened in the account, also calls that were refused."""
    filters = Filters(
        event_name=event_name,
        event_source=event_source,
        actor=actor_id,
        resource=resource,
        source_ip=source_ip,
        error_code=error_code,
        text=text,
        read_only=read_only,
        failed=failed,
    )
    within = TimeRange.parse(start, end)
    read = _changes if trail == "changes" else _calls
    return await asyncio.to_thread(
        read, services.audit.search, caller.account, within, filters, limit, cursor
    )


@router.get("/activity")
async def get_activity(
    services: AppServices, caller: Auditor, start: Start = "-24h", end: End = "now"
) -> Activity:
    """Count the account's calls over time, those that were done and those that were refused."""
    within = TimeRange.parse(start, end)
    step = max(60, -(-int((within.end - within.start).total_seconds()) // _STEPS // 60) * 60)
    found = await asyncio.to_thread(services.audit.search.activity, caller.account, within, step)
    return Activity(
        step_seconds=step, times=found["time"], done=found["done"], refused=found["refused"]
    )


@router.get("/unusual", response_model=UnusualActivity)
async def get_unusual_activity(
    request: Request,
    services: AppServices,
    caller: Auditor,
    measure: Annotated[
        Measure, Query(description="all calls, refused ones, or those of one kind")
    ] = "all",
    start: Start = "-24h",
    end: End = "now",
) -> Response:
    """Compare the account's calls with what is usual at that time; an alarm can watch the same metric."""
    within = TimeRange.parse(start, end)
    now = services.catalog.clock.now()
    found = await run_query(
        request,
        services,
        caller,
        lambda _: unusual_activity(services.runner, caller.account, within, measure, now=now),
    )
    return answer(
        {
            "step_seconds": found.period,
            "times": found.timestamps,
            "calls": found.calls,
            "expected": found.expected,
            "lower": found.lower,
            "upper": found.upper,
            "unusual": found.unusual,
        }
    )


def _changes(
    search: AuditSearch,
    account: str,
    within: TimeRange,
    filters: Filters,
    limit: int,
    after: str | None,
) -> AuditPage:
    page = search.changes(account, within, filters, limit=limit, after=after)
    views = [
        AuditView(sequence=item.sequence, chain="catalog", hash=item.hash, record=item.record)
        for item in page.items
    ]
    return AuditPage(records=views, cursor=page.next)


def _calls(
    search: AuditSearch,
    account: str,
    within: TimeRange,
    filters: Filters,
    limit: int,
    after: str | None,
) -> AuditPage:
    page = search.calls(account, within, filters, limit=limit, after=after)
    views = [
        AuditView(sequence=item.sequence, chain=item.chain, hash=item.hash, record=item.record)
        for item in page.items
    ]
    return AuditPage(records=views, cursor=page.next)
