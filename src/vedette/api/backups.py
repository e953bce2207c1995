"""Backups of both stores together, written while the server runs."""

from __future__ import annotations

import asyncio
from pathlib import Path

from fastapi import Request
from pydantic import BaseModel, Field

from vedette.api.dependencies import AppServices, InstallationAdmin, actor_of
from vedette.api.errors import SOURCE, error_responses
from vedette.api.models import Body
from vedette.api.routing import Router
from vedette.ingest.derive import deriving_paused
from vedette.store import backup
from vedette.store.catalog import AuditEvent

router = Router(prefix="/backups", tags=["backups"])


class BackupRequest(Body):
    """A backup to be written."""

    name: str = Field(default="", max_length=100, description="the time where it is left out")


class NewBackup(BaseModel):
    """A backup that was written."""

    name: str
    folder: str = Field(description="where it lies on the server")


class BackupView(BaseModel):
    """A whole backup."""

    name: str
    created: str = Field(description="RFC 3339")
    version: str = Field(description="version of Vedette that wrote it")


class Backups(BaseModel):
    """Backups, newest first, up to 1000."""

    backups: list[BackupView]


@router.get("")
async def list_backups(services: AppServices, _: InstallationAdmin) -> Backups:
    """List the whole backups in the server's backup folder."""
    found = await asyncio.to_thread(backup.list_backups, services.settings)
    return Backups(backups=[BackupView(**entry) for entry in found])


@router.post("", status_code=201, operation_id="CreateBackup", responses=error_responses(409))
async def create_backup(
    request: Request, services: AppServices, caller: InstallationAdmin, body: BackupRequest
) -> NewBackup:
    """Write a consistent copy of both stores, every account's data, on the server."""

    def write() -> Path:
        # Facts that come meanwhile are derived from after a restore, none twice.
        with deriving_paused():
            return backup.backup(services.settings, services.warehouse, services.catalog, body.name)

    folder = await asyncio.to_thread(write)
    event = AuditEvent(
        actor=actor_of(request, caller),
        name="CreateBackup",
        source=SOURCE,
        request={"name": folder.name},
    )
    await asyncio.to_thread(services.catalog.audit.record_event, event)
    return NewBackup(name=folder.name, folder=str(folder))
