"""Mute windows: when alarms are not told of."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Depends, Path, Request

from vedette.alarms.definition import MAX_NAME, Name
from vedette.alarms.mute import MuteSpec
from vedette.alarms.mute_service import MuteService
from vedette.api import alarm_views as views
from vedette.api.dependencies import AppServices, CatalogReader, CatalogWriter, actor_of
from vedette.api.errors import error_responses
from vedette.api.models import Body
from vedette.api.routing import Router

router = Router(tags=["alarms"], responses=error_responses(404))

WindowName = Annotated[str, Path(max_length=MAX_NAME)]


def get_windows(services: AppServices) -> MuteService:
    """Return the service of mute windows."""
    return MuteService(services.catalog)


Windows = Annotated[MuteService, Depends(get_windows)]


class MuteRequest(Body):
    """A mute window."""

    name: Name
    spec: MuteSpec


@router.get("/mute-windows")
async def list_windows(windows: Windows, caller: CatalogReader) -> views.MuteWindows:
    """List mute windows by name."""
    found = await asyncio.to_thread(windows.all, caller.account)
    return views.MuteWindows(windows=[views.MuteWindowView.of(one) for one in found])


@router.get("/mute-windows/{name}")
async def get_window(
    windows: Windows, caller: CatalogReader, name: WindowName
) -> views.MuteWindowView:
    """Return one mute window."""
    return views.MuteWindowView.of(await asyncio.to_thread(windows.get, caller.account, name))


@router.post("/mute-windows", operation_id="PutMuteWindow")
async def put_window(
    request: Request, windows: Windows, caller: CatalogWriter, body: MuteRequest
) -> views.MuteWindowView:
    """Create a mute window, or change the one of this name."""
    made = await asyncio.to_thread(
        windows.put, actor_of(request, caller), caller.account, body.name, body.spec
    )
    return views.MuteWindowView.of(made)


@router.delete("/mute-windows/{name}", status_code=204, operation_id="DeleteMuteWindow")
async def delete_window(
    request: Request, windows: Windows, caller: CatalogWriter, name: WindowName
) -> None:
    """Delete a mute window."""
    await asyncio.to_thread(windows.delete, actor_of(request, caller), caller.account, name)
