"""Accounts of the installation."""

from __future__ import annotations

import asyncio
from datetime import datetime

from fastapi import Request
from pydantic import BaseModel, Field

from vedette.api.dependencies import AppServices, Cursor, InstallationAdmin, PageLimit, actor_of
from vedette.api.errors import error_responses
from vedette.api.models import Body
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.accounts import MAX_DISPLAY_NAME, Account
from vedette.store.catalog.checks import DEFAULT_PAGE

router = Router(prefix="/accounts", tags=["accounts"])


class AccountRequest(Body):
    """An account to be made."""

    name: str = Field(
        max_length=63, description="lower-case letters, digits, inner hyphens; it never changes"
    )
    display_name: str | None = Field(default=None, min_length=1, max_length=MAX_DISPLAY_NAME)


class AccountChange(Body):
    """What is to be changed about an account; what is left out stays."""

    display_name: str | None = Field(default=None, min_length=1, max_length=MAX_DISPLAY_NAME)
    disabled: bool | None = Field(default=None, description="nobody can use a disabled account")


class AccountView(BaseModel):
    """The unit of isolation: its data is seen only from within."""

    name: str
    display_name: str
    created: datetime
    disabled: bool


class AccountPage(BaseModel):
    """Accounts by name."""

    accounts: list[AccountView]
    cursor: str | None


@router.get("")
async def list_accounts(
    services: AppServices,
    _: InstallationAdmin,
    limit: PageLimit = DEFAULT_PAGE,
    cursor: Cursor = None,
) -> AccountPage:
    """List all accounts."""
    page = await asyncio.to_thread(services.catalog.accounts.list, limit=limit, after=cursor)
    return AccountPage(accounts=[_view(item) for item in page.items], cursor=page.next)


@router.post("", status_code=201, operation_id="CreateAccount", responses=error_responses(409))
async def create_account(
    request: Request, services: AppServices, caller: InstallationAdmin, body: AccountRequest
) -> AccountView:
    """Make an account."""
    account = await asyncio.to_thread(
        services.catalog.accounts.create,
        actor_of(request, caller),
        body.name,
        display_name=body.display_name,
    )
    return _view(account)


@router.get("/{name}", responses=error_responses(404))
async def get_account(services: AppServices, _: InstallationAdmin, name: str) -> AccountView:
    """Return one account."""
    return _view(await asyncio.to_thread(services.catalog.accounts.get, name))


@router.patch("/{name}", operation_id="UpdateAccount", responses=error_responses(404))
async def update_account(
    request: Request,
    services: AppServices,
    caller: InstallationAdmin,
    name: str,
    body: AccountChange,
) -> AccountView:
    """Change the name that people see, or disable or enable an account; its data stays."""
    if not body.model_fields_set:
        raise InvalidInputError(
            "nothing is to be changed", field="body", remedy="give display_name or disabled"
        )
    actor = actor_of(request, caller)
    return _view(await asyncio.to_thread(_update, services.catalog, actor, name, body))


def _update(catalog: Catalog, actor: Actor, name: str, body: AccountChange) -> Account:
    account = catalog.accounts.get(name)
    if body.display_name is not None:
        account = catalog.accounts.rename(actor, name, body.display_name)
    if body.disabled is not None:
        account = catalog.accounts.set_disabled(actor, name, disabled=body.disabled)
    return account


def _view(account: Account) -> AccountView:
    return AccountView(
        name=account.name,
        display_name=account.display_name,
        created=account.created,
        disabled=account.disabled,
    )
