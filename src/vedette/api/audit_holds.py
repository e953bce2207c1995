"""Legal holds: records of the account that are kept, however old they get."""

from __future__ import annotations

import asyncio

from fastapi import Request

from vedette.api.audit_views import HoldList, HoldRequest, HoldView
from vedette.api.dependencies import Admin, AppServices, Auditor, actor_of
from vedette.api.errors import error_responses
from vedette.api.routing import Router
from vedette.governance.audit.holds import Hold

router = Router(prefix="/audit", tags=["audit"])


@router.get("/holds")
async def list_holds(services: AppServices, caller: Auditor) -> HoldList:
    """List the account's legal holds."""
    found = await asyncio.to_thread(services.audit.holds.list, caller.account)
    days = services.settings.audit_retention_days
    return HoldList(holds=[_hold(item) for item in found], retention_days=days)


@router.post("/holds", status_code=201, operation_id="CreateLegalHold")
async def create_hold(
    request: Request, services: AppServices, caller: Admin, body: HoldRequest
) -> HoldView:
    """Keep the account's records, however old they get."""
    made = await asyncio.to_thread(
        services.audit.holds.create,
        actor_of(request, caller),
        caller.account,
        body.reason,
        since=body.since,
    )
    return _hold(made)


@router.delete("/holds/{hold_id}", operation_id="ReleaseLegalHold", responses=error_responses(404))
async def release_hold(
    request: Request, services: AppServices, caller: Admin, hold_id: str
) -> HoldView:
    """Release a hold: what is past its time is removed from then on."""
    actor = actor_of(request, caller)
    return _hold(
        await asyncio.to_thread(services.audit.holds.release, actor, caller.account, hold_id)
    )


def _hold(item: Hold) -> HoldView:
    return HoldView(
        id=item.id,
        reason=item.reason,
        since=item.since,
        created=item.created,
        created_by=item.created_by,
        released=item.released,
    )
