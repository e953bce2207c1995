"""API keys of the caller's account."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from fastapi import Request
from pydantic import BaseModel, Field

from vedette.api.dependencies import Admin, AppServices, Cursor, PageLimit, actor_of
from vedette.api.errors import error_responses
from vedette.api.models import Body, Moment
from vedette.api.routing import Router
from vedette.governance.accounts.quotas import Quota
from vedette.store.catalog import Scope
from vedette.store.catalog.checks import DEFAULT_PAGE
from vedette.store.catalog.keys import MAX_NAME, ApiKey
from vedette.store.catalog.roles import permissions_of

router = Router(prefix="/keys", tags=["keys"])


class KeyRequest(Body):
    """A key to be made."""

    name: str = Field(min_length=1, max_length=MAX_NAME, description="what the key is for")
    scopes: list[Scope] = Field(min_length=1, max_length=len(Scope))
    expires: Moment | None = Field(default=None, description="never where it is left out")


class Rotation(Body):
    """How a key is replaced by a new one."""

    overlap_hours: float = Field(
        default=24.0, ge=0, le=24 * 90, description="how long the old key still works"
    )
    expires: Moment | None = Field(default=None, description="of the new key")


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
    service_account_id: str | None = Field(description="the service account that owns it")


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
    return KeyPage(keys=[key_view(key) for key in page.items], cursor=page.next)


@router.post("", status_code=201, operation_id="CreateApiKey")
async def create_key(
    request: Request, services: AppServices, caller: Admin, body: KeyRequest
) -> NewKey:
    """Make a key with no more permissions than the caller has; its text is shown once."""
    caller.require_grantable(permissions_of(caller.account, scopes=body.scopes))
    most = (await asyncio.to_thread(services.quotas.of, caller.account)).get(Quota.KEYS)
    made = await asyncio.to_thread(
        services.catalog.keys.create,
        actor_of(request, caller),
        caller.account,
        name=body.name,
        scopes=body.scopes,
        expires=body.expires,
        most=None if most is None else int(most),
    )
    return NewKey(key=made.text, **key_view(made.key).model_dump())


@router.post(
    "/{key_id}/rotation",
    status_code=201,
    operation_id="RotateApiKey",
    responses=error_responses(404),
)
async def rotate_key(
    request: Request, services: AppServices, caller: Admin, key_id: str, body: Rotation
) -> NewKey:
    """Make a key with the same name and scopes; the old one works for a while longer, then no more."""
    old = await asyncio.to_thread(services.catalog.keys.get, caller.account, key_id)
    caller.require_grantable(permissions_of(caller.account, scopes=old.scopes))
    made = await asyncio.to_thread(
        services.catalog.keys.rotate,
        actor_of(request, caller),
        caller.account,
        key_id,
        overlap=timedelta(hours=body.overlap_hours),
        expires=body.expires,
    )
    return NewKey(key=made.text, **key_view(made.key).model_dump())


@router.get("/{key_id}", responses=error_responses(404))
async def get_key(services: AppServices, caller: Admin, key_id: str) -> KeyView:
    """Return one key."""
    return key_view(await asyncio.to_thread(services.catalog.keys.get, caller.account, key_id))


@router.delete(
    "/{key_id}", status_code=204, operation_id="RevokeApiKey", responses=error_responses(404)
)
async def revoke_key(request: Request, services: AppServices, caller: Admin, key_id: str) -> None:
    """Revoke a key; it is refused from then on, and sessions opened with it end."""
    await asyncio.to_thread(
        services.catalog.keys.revoke, actor_of(request, caller), caller.account, key_id
    )


def key_view(key: ApiKey) -> KeyView:
    """Return a key as the API shows it."""
    return KeyView(
        id=key.id,
        name=key.name,
        scopes=sorted(key.scopes),
        created=key.created,
        created_by=key.created_by,
        expires=key.expires,
        revoked=key.revoked,
        last_used=key.last_used,
        service_account_id=key.service_account_id,
    )
