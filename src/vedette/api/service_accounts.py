"""Service accounts: programs that own API keys of the caller's account."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field

from vedette.api.dependencies import Admin, AppServices, actor_of
from vedette.api.errors import error_responses
from vedette.api.keys import NewKey, key_view
from vedette.api.models import Body, Moment, View
from vedette.api.routing import Router
from vedette.core.errors import InvalidInputError
from vedette.governance.accounts.quotas import Quota
from vedette.store.catalog import Permission, Principal, Role, Scope, TagCondition
from vedette.store.catalog.keys import MAX_NAME as MAX_KEY_NAME
from vedette.store.catalog.roles import permissions_of
from vedette.store.catalog.service_accounts import MAX_DESCRIPTION, MAX_NAME, ServiceAccount
from vedette.store.catalog.tags import MAX_KEY, MAX_VALUE
from vedette.web import Services

router = Router(prefix="/service-accounts", tags=["service accounts"])
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]


class TagBody(Body):
    """A tag that a resource must carry to be changed."""

    key: str = Field(min_length=1, max_length=MAX_KEY, examples=["team"])
    value: str = Field(max_length=MAX_VALUE, examples=["fraud"])

    def condition(self) -> TagCondition:
        """Return it as the catalog has it."""
        return TagCondition(self.key, self.value)


class TagView(View):
    """As ``TagBody``."""

    key: str
    value: str


class ServiceAccountRequest(Body):
    """A service account to be made."""

    name: str = Field(min_length=1, max_length=MAX_NAME)
    roles: Roles
    description: str = Field(default="", max_length=MAX_DESCRIPTION)
    tag: TagBody | None = Field(
        default=None, description="limits the role editor to resources with this tag"
    )
    expires: Moment | None = Field(default=None, description="its keys end then")


class ServiceAccountChange(Body):
    """What is to be changed; what is left out stays, and null takes tag or end away."""

    roles: Roles | None = None
    description: str | None = Field(default=None, max_length=MAX_DESCRIPTION)
    tag: TagBody | None = None
    expires: Moment | None = None
    disabled: bool | None = Field(default=None, description="true stops all of its keys")


class ServiceAccountView(View):
    """A program that owns keys."""

    id: str
    name: str
    description: str
    roles: list[Role]
    tag: TagView | None
    created: datetime
    created_by: str
    expires: datetime | None
    disabled: bool


class ServiceAccountList(View):
    """Service accounts by name; an account has at most 1,000."""

    service_accounts: list[ServiceAccountView]


class ServiceKeyRequest(Body):
    """A key of a service account to be made."""

    name: str = Field(min_length=1, max_length=MAX_KEY_NAME)
    scopes: list[Scope] = Field(
        min_length=1, max_length=len(Scope), description="it may do these, of what the roles allow"
    )
    expires: Moment | None = None


@router.get("")
async def list_service_accounts(services: AppServices, caller: Admin) -> ServiceAccountList:
    """List the account's service accounts."""
    found = await asyncio.to_thread(services.catalog.service_accounts.list, caller.account)
    return ServiceAccountList(service_accounts=[_view(item) for item in found])


@router.post(
    "", status_code=201, operation_id="CreateServiceAccount", responses=error_responses(409)
)
async def create_service_account(
    request: Request, services: AppServices, caller: Admin, body: ServiceAccountRequest
) -> ServiceAccountView:
    """Make a service account with no more than the caller may do itself; it has no key yet."""
    _require_grantable(caller, body.roles)
    made = await asyncio.to_thread(
        services.catalog.service_accounts.create,
        actor_of(request, caller),
        caller.account,
        name=body.name,
        roles=body.roles,
        description=body.description,
        tag=body.tag.condition() if body.tag else None,
        expires=body.expires,
    )
    return _view(made)


@router.get("/{service_account_id}", responses=error_responses(404))
async def get_service_account(
    services: AppServices, caller: Admin, service_account_id: str
) -> ServiceAccountView:
    """Return one service account."""
    return _view(
        await asyncio.to_thread(
            services.catalog.service_accounts.get, caller.account, service_account_id
        )
    )


@router.patch(
    "/{service_account_id}", operation_id="UpdateServiceAccount", responses=error_responses(404)
)
async def update_service_account(
    request: Request,
    services: AppServices,
    caller: Admin,
    service_account_id: str,
    body: ServiceAccountChange,
) -> ServiceAccountView:
    """Change roles, tag, end or description; disabling it stops all of its keys at once."""
    given: dict[str, Any] = {
        name: getattr(body, name)
        for name in body.model_fields_set
        # Only a tag and an end can be taken away.
        if name in {"tag", "expires"} or getattr(body, name) is not None
    }
    if not given:
        raise InvalidInputError("nothing is to be changed", field="body", remedy="give a member")
    if body.roles:
        _require_grantable(caller, body.roles)
    if body.tag is not None:
        given["tag"] = body.tag.condition()
    changed = await asyncio.to_thread(
        services.catalog.service_accounts.update,
        actor_of(request, caller),
        caller.account,
        service_account_id,
        **given,
    )
    return _view(changed)


@router.post(
    "/{service_account_id}/keys",
    status_code=201,
    operation_id="CreateServiceAccountKey",
    responses=error_responses(404),
)
async def create_service_account_key(
    request: Request,
    services: AppServices,
    caller: Admin,
    service_account_id: str,
    body: ServiceKeyRequest,
) -> NewKey:
    """Make a key that the service account owns; its text is shown once. It is revoked as others are."""

    def make() -> NewKey:
        owner = services.catalog.service_accounts.get(caller.account, service_account_id)
        _require_grantable(caller, owner.roles)
        made = services.catalog.keys.create(
            actor_of(request, caller),
            caller.account,
            name=body.name,
            scopes=body.scopes,
            expires=body.expires,
            most=_most_keys(services, caller.account),
            service_account_id=owner.id,
        )
        return NewKey(key=made.text, **key_view(made.key).model_dump())

    return await asyncio.to_thread(make)


def _most_keys(services: Services, account: str) -> int | None:
    most = services.quotas.of(account).get(Quota.KEYS)
    return None if most is None else int(most)


def _require_grantable(caller: Principal, roles: list[Role] | frozenset[Role]) -> None:
    granted = permissions_of(caller.account, roles=roles) - {Permission.APPROVALS_DECIDE}
    caller.require_grantable(granted)


def _view(item: ServiceAccount) -> ServiceAccountView:
    return ServiceAccountView(
        id=item.id,
        name=item.name,
        description=item.description,
        roles=sorted(item.roles),
        tag=TagView(key=item.tag.key, value=item.tag.value) if item.tag else None,
        created=item.created,
        created_by=item.created_by,
        expires=item.expires,
        disabled=item.disabled,
    )
