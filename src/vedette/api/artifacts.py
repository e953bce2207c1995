"""Artifacts of runs and logged models: folders, previews, files."""

from __future__ import annotations

import asyncio
import mimetypes
from typing import Annotated, Literal

from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, CatalogReader
from vedette.api.errors import error_responses
from vedette.api.registered_models import caller_of
from vedette.api.routing import Router
from vedette.api.training_views import ArtifactPreviewView, FolderView
from vedette.models.artifacts import MAX_PATH, safe_path
from vedette.models.training.previews import list_folder, preview, root_of

router = Router(prefix="/artifacts", tags=["artifacts"], responses=error_responses(404))
Owner = Annotated[Literal["run", "logged_model"], Query(description="whose they are")]
Identity = Annotated[str, Query(alias="id", min_length=1, max_length=256, description="its id")]
Path = Annotated[str, Query(max_length=MAX_PATH, description="below the owner's root")]
_FILE_HEADERS = {
    # A browser must not run what somebody uploaded.
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}


@router.get("", response_model=FolderView)
async def folder(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    owner: Owner,
    identity: Identity,
    path: Path = "",
) -> Response:
    """Return what a folder holds, by name; nothing where there is none."""
    of = caller_of(request, services, caller)
    return answer(
        await asyncio.to_thread(list_folder, of, services.artifacts, owner, identity, path)
    )


@router.get("/preview", response_model=ArtifactPreviewView)
async def show(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    owner: Owner,
    identity: Identity,
    path: Path,
) -> Response:
    """Return a file as a page can show it: text, JSON, a table, or what kind it is."""
    of = caller_of(request, services, caller)
    return answer(await asyncio.to_thread(preview, of, services.artifacts, owner, identity, path))


@router.get(
    "/content",
    response_class=Response,
    responses={
        200: {
            "description": "the file",
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def content(
    request: Request,
    services: AppServices,
    caller: CatalogReader,
    owner: Owner,
    identity: Identity,
    path: Path,
) -> Response:
    """Return a file's bytes, to be kept; nothing in it runs."""
    of = caller_of(request, services, caller)
    _, root = await asyncio.to_thread(root_of, of, owner, identity)
    at = f"{root}/{safe_path(path)}"
    size, pieces = await asyncio.to_thread(services.artifacts.read, caller.account, at)
    headers = {
        **_FILE_HEADERS,
        "Content-Disposition": "attachment",
        "Content-Length": str(size),
        "X-Content-Kind": mimetypes.guess_type(path)[0] or "application/octet-stream",
    }
    return StreamingResponse(pieces, headers=headers, media_type="application/octet-stream")
