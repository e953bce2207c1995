"""Retention: how long each signal is kept, what is really there, and deleting now."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Request
from pydantic import BaseModel, Field

from vedette.api.dependencies import Admin, AppServices, InstallationAdmin, Reader, actor_of
from vedette.api.errors import SOURCE, error_responses
from vedette.api.models import Body
from vedette.api.routing import Router
from vedette.core.errors import ConflictError
from vedette.core.ids import new_id
from vedette.store.catalog import AuditEvent, Permission, Signal
from vedette.store.catalog.retention import MAX_DAYS
from vedette.telemetry.retention import RetentionService
from vedette.web import Services

router = Router(prefix="/retention", tags=["retention"])

Days = Annotated[float, Field(gt=0, le=MAX_DAYS, allow_inf_nan=False)]


class RetentionRequest(Body):
    """How long a signal is to be kept."""

    days: Days


class SignalRetention(BaseModel):
    """How long a signal of the account is kept, and what the store holds of it now."""

    signal: Signal
    days: float = Field(description="what holds: the account's own or the default")
    default_days: float = Field(description="what the installation keeps unless an account differs")
    own_days: float | None = Field(description="what the account has set")
    records: int
    oldest: str | None = Field(description="time of the oldest record, RFC 3339")
    newest: str | None = Field(description="time of the newest record, RFC 3339")


class DiskUsage(BaseModel):
    """What a signal takes on disk, over all accounts."""

    signal: Signal
    bytes: int = Field(description="compressed")
    records: int = Field(description="rows, those of derived tables too")


class RetentionReport(BaseModel):
    """What is to be kept and what is."""

    signals: list[SignalRetention]
    disk: list[DiskUsage] | None = Field(description="only for an admin of the installation")


class OwnRetention(BaseModel):
    """What an account has set."""

    signal: Signal
    days: float


class Enforcement(BaseModel):
    """What a run of the retention did."""

    deletions: int = Field(description="statements that deleted something")


@router.get("")
async def get_retention(services: AppServices, caller: Reader) -> RetentionReport:
    """Say how long each signal is kept, and what the store really holds."""
    see_disk = Permission.INSTALLATION_ADMIN in caller.permissions
    return await asyncio.to_thread(_report, services, caller.account, see_disk=see_disk)


@router.put("/{signal}", operation_id="SetRetention")
async def set_retention(
    request: Request, services: AppServices, caller: Admin, signal: Signal, body: RetentionRequest
) -> OwnRetention:
    """Keep a signal of the account for so many days; older records are deleted within the hour."""
    await asyncio.to_thread(
        services.catalog.retention.set, actor_of(request, caller), caller.account, signal, body.days
    )
    return OwnRetention(signal=signal, days=body.days)


@router.delete("/{signal}", status_code=204, operation_id="ClearRetention")
async def clear_retention(
    request: Request, services: AppServices, caller: Admin, signal: Signal
) -> None:
    """Go back to the installation's default."""
    await asyncio.to_thread(
        services.catalog.retention.clear, actor_of(request, caller), caller.account, signal
    )


@router.post("/enforce", operation_id="EnforceRetention", responses=error_responses(409))
async def enforce_retention(
    request: Request, services: AppServices, caller: InstallationAdmin
) -> Enforcement:
    """Delete now what is past its time, in every account."""
    service = RetentionService(services.warehouse, services.settings)
    deletions = await asyncio.to_thread(
        service.enforce_once, services.catalog, f"{caller.id}/{new_id()}"
    )
    if deletions is None:
        raise ConflictError(
            "the retention is being enforced already", remedy="wait until that run is over"
        )
    event = AuditEvent(
        actor=actor_of(request, caller),
        name="EnforceRetention",
        source=SOURCE,
        response={"deletions": deletions},
    )
    await asyncio.to_thread(services.catalog.audit.record_event, event)
    return Enforcement(deletions=deletions)


def _report(services: Services, account: str, *, see_disk: bool) -> RetentionReport:
    service = RetentionService(services.warehouse, services.settings)
    own = services.catalog.retention.get(account)
    signals = [
        SignalRetention(
            signal=held.signal,
            days=held.days,
            default_days=service.default(held.signal),
            own_days=own.get(held.signal),
            records=held.records,
            oldest=held.oldest,
            newest=held.newest,
        )
        for held in service.held(account, own)
    ]
    if not see_disk:
        return RetentionReport(signals=signals, disk=None)
    disk = [
        DiskUsage(signal=signal, bytes=usage["bytes"], records=usage["records"])
        for signal, usage in service.disk_usage().items()
    ]
    return RetentionReport(signals=signals, disk=disk)
