"""Saved views of the console's pages, shared within the caller's account."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import Query, Request
from pydantic import Field

from vedette.api.dependencies import (
    AppServices,
    CatalogReader,
    CatalogWriter,
    Cursor,
    PageLimit,
    actor_of,
)
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.saved_views import MAX_NAME, MAX_SEARCH, SavedView

router = Router(prefix="/views", tags=["views"])

Name = Annotated[str, Field(min_length=1, max_length=MAX_NAME)]
Search = Annotated[
    str, Field(max_length=MAX_SEARCH, description="search part of the page's address")
]


class ViewRequest(Body):
    """A view to be saved."""

    name: Name
    page: str = Field(max_length=101, examples=["/logs"], description="path within the console")
    search: Search


class ViewChange(Body):
    """What is to be changed about a view; what is left out stays."""

    name: Name | None = None
    search: Search | None = None


class SavedViewView(View):
    """A page of the console in a certain state."""

    id: str
    name: str
    page: str
    search: str
    created_by: str
    created: datetime
    updated: datetime


class SavedViewPage(View):
    """Views, oldest first."""

    views: list[SavedViewView]
    cursor: str | None


@router.get("")
async def list_views(
    services: AppServices,
    caller: CatalogReader,
    page: Annotated[str | None, Query(max_length=101, description="only of this page")] = None,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> SavedViewPage:
    """List the account's saved views."""
    found = await asyncio.to_thread(
        services.catalog.saved_views.list, caller.account, page=page, limit=limit, after=cursor
    )
    return SavedViewPage(views=[_view(item) for item in found.items], cursor=found.next)


@router.post("", status_code=201, operation_id="CreateSavedView", responses=error_responses(409))
async def create_view(
    request: Request, services: AppServices, caller: CatalogWriter, body: ViewRequest
) -> SavedViewView:
    """Save what a page shows under a name."""
    made = await asyncio.to_thread(
        services.catalog.saved_views.create,
        actor_of(request, caller),
        caller.account,
        name=body.name,
        page=body.page,
        search=body.search,
    )
    return _view(made)


@router.patch("/{view_id}", operation_id="UpdateSavedView", responses=error_responses(404, 409))
async def update_view(
    request: Request, services: AppServices, caller: CatalogWriter, view_id: str, body: ViewChange
) -> SavedViewView:
    """Change a view's name, or what it shows."""
    if body.name is None and body.search is None:
        raise InvalidInputError(
            "nothing is to be changed", field="body", remedy="give name or search"
        )
    changed = await asyncio.to_thread(
        services.catalog.saved_views.update,
        actor_of(request, caller),
        caller.account,
        view_id,
        name=body.name,
        search=body.search,
    )
    return _view(changed)


@router.delete(
    "/{view_id}", status_code=204, operation_id="DeleteSavedView", responses=error_responses(404)
)
async def delete_view(
    request: Request, services: AppServices, caller: CatalogWriter, view_id: str
) -> None:
    """Delete a view."""
    await asyncio.to_thread(
        services.catalog.saved_views.delete, actor_of(request, caller), caller.account, view_id
    )


def _view(item: SavedView) -> SavedViewView:
    return SavedViewView(
        id=item.id,
        name=item.name,
        page=item.page,
        search=item.search,
        created_by=item.created_by,
        created=item.created,
        updated=item.updated,
    )
