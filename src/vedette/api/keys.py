"""API keys of the caller's account."""

from __future__ import annotations

import asyncio
from datetime import datetime

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from vedette.api.dependencies import Admin, AppServices, Cursor, PageLimit, actor_of
from vedette.api.errors import error_responses
from vedette.api.models import Body, Moment
from vedette.store.catalog import Scope
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.keys import MAX_NAME, ApiKey
from vedette.store.catalog.roles import permissions_of

router = APIRouter(prefix="/keys", tags=["keys"])


class KeyRequest(Body):
    """A key to be made."""

    name: str = Field(min_length=1, max_length=MAX_NAME, description="what the key is for")
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    expires: Moment | None = Field(default=None, description="never where it is left out")


class KeyView(BaseModel):
    """A key without its secret."""

    id: str
    name: str
    scopes: list[Scope]
    created: datetime
    created_by: str
    expires: datetime | None
    revoked: datetime | None
    last_used: datetime | None = Field(description="exact to about a minute")


class NewKey(KeyView):
    """A new key, with the text that is shown only this once."""

    key: str


class KeyPage(BaseModel):
    """Keys, oldest first."""

    keys: list[KeyView]
    cursor: str | None


@router.get("")
async def list_keys(
    services: AppServices, caller: Admin, limit: PageLimit = DEFAULT_PAGE, cursor: Cursor = None
) -> KeyPage:
    """List the account's keys, revoked ones too."""
    page = await asyncio.to_thread(
        services.catalog.keys.list, caller.account, limit=limit, after=cursor
    )
    return KeyPage(keys=[_view(key) for key in page.items], cursor=page.next)


@router.post("", status_code=201, operation_id="CreateApiKey")
async def create_key(
    request: Request, services: AppServices, caller: Admin, body: KeyRequest
) -> NewKey:
    """Make a key with no more permissions than the caller has; its text is shown once."""
    caller.require_grantable(permissions_of(caller.account, scopes=body.scopes))
    made = await asyncio.to_thread(
        services.catalog.keys.create,
        actor_of(request, caller),
        caller.account,
        name=body.name,
        scopes=body.scopes,
        expires=body.expires,
    )
    return NewKey(key=made.text, **_view(made.key).model_dump())


@router.get("/{key_id}", responses=error_responses(404))
async def get_key(services: AppServices, caller: Admin, key_id: str) -> KeyView:
    """Return one key."""
    return _view(await asyncio.to_thread(services.catalog.keys.get, caller.account, key_id))


@router.delete(
    "/{key_id}", status_code=204, operation_id="RevokeApiKey", responses=error_responses(404)
)
async def revoke_key(request: Request, services: AppServices, caller: Admin, key_id: str) -> None:
    """Revoke a key; it is refused from then on, and sessions opened with it end."""
    await asyncio.to_thread(
        services.catalog.keys.revoke, actor_of(request, caller), caller.account, key_id
    )


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        id=key.id,
        name=key.name,
        scopes=sorted(key.scopes),
        created=key.created,
        created_by=key.created_by,
        expires=key.expires,
        revoked=key.revoked,
        last_used=key.last_used,
    )
