"""Signing in and out of the console, and who is signed in."""

from __future__ import annotations

import asyncio
from datetime import datetime
from typing import Self

from fastapi import Request, Response
from pydantic import BaseModel, Field, SecretStr, model_validator

from vedette.api.dependencies import AppServices, Caller, actor_of
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.api.session_cookies import forget_cookie, session_lifetime, set_session_cookie
from vedette.api.users import Login
from vedette.core.errors import NotFoundError, UnauthenticatedError
from vedette.store.catalog import (
    Actor,
    AuditEvent,
    Catalog,
    IdentityType,
    Permission,
    Principal,
    Role,
)
from vedette.store.catalog.passwords import MAX_LENGTH
from vedette.store.catalog.sessions import CreatedSession
from vedette.web import Services
from vedette.web.auth import SESSION_COOKIE
from vedette.web.origin import origin_of

router = Router(tags=["session"])


class Credentials(Body):
    """One of: login and password, an API key, or the token of a sign-in link."""

    login: Login | None = None
    password: SecretStr | None = Field(default=None, max_length=MAX_LENGTH)
    account: str | None = Field(
        default=None, max_length=63, description="account to open, with login and password"
    )
    api_key: SecretStr | None = Field(default=None, max_length=256)
    link_token: SecretStr | None = Field(
        default=None, max_length=256, description="what follows '#sign-in=' in the link"
    )

    @model_validator(mode="after")
    def _are_one_kind(self) -> Self:
        with_password = self.login is not None and self.password is not None
        half = (self.login is None) != (self.password is None)
        kinds = [with_password, self.api_key is not None, self.link_token is not None]
        if half or sum(kinds) != 1 or (self.account is not None and not with_password):
            raise ValueError(
                "give login and password (and account), or api_key, or link_token, and nothing else"
            )
        return self


class Identity(BaseModel):
    """Who is signed in."""

    type: IdentityType
    id: str
    name: str
    display_name: str


class AccountChoice(BaseModel):
    """An account that the caller can act in, by the header ``X-Vedette-Account``."""

    name: str
    display_name: str
    roles: list[Role]


class LimitedPermission(View):
    """What the caller may do with resources that carry a tag."""

    permission: Permission
    key: str
    value: str


class SessionView(BaseModel):
    """Who calls, in which account, and what it may do there."""

    identity: Identity
    account: str
    accounts: list[AccountChoice]
    permissions: list[Permission]
    limited: list[LimitedPermission] = Field(
        description="what the caller may do with resources that carry a tag, and with no others"
    )
    csrf_token: str | None = Field(
        description="to be repeated in X-CSRF-Token by requests that change something; "
        "none where the caller sent an API key"
    )
    expires: datetime | None = Field(description="end of the session or key")


@router.post("/session", status_code=201, operation_id="SignIn")
async def sign_in(
    request: Request, response: Response, services: AppServices, body: Credentials
) -> SessionView:
    """Open a session, kept in a cookie; wrong credentials are slowed down (429) and locked out."""
    address = origin_of(request)["ip"]
    with services.sign_in_attempts.attempt(address):
        made = await asyncio.to_thread(_open, services, request, body)
    return await signed_in(request, response, services, made)


@router.get("/session")
async def get_session(response: Response, services: AppServices, caller: Caller) -> SessionView:
    """Say who is signed in, and give the CSRF token again."""
    response.headers["Cache-Control"] = "no-store"
    return await asyncio.to_thread(_view, services.catalog, caller)


@router.delete("/session", status_code=204, operation_id="SignOut", responses=error_responses(404))
async def sign_out(
    request: Request, response: Response, services: AppServices, caller: Caller
) -> None:
    """End the session and forget its cookie."""
    if caller.session_id is None:
        raise NotFoundError(
            "the request came without a session", remedy="an API key is revoked, not signed out"
        )
    await asyncio.to_thread(
        services.catalog.sessions.revoke, actor_of(request, caller), caller.session_id
    )
    forget_cookie(response, services, SESSION_COOKIE)


def _open(services: Services, request: Request, body: Credentials) -> CreatedSession:
    catalog, lifetime = services.catalog, session_lifetime(services)
    origin = origin_of(request)
    if body.login is not None and body.password is not None:
        return catalog.sign_in.with_password(
            body.login,
            body.password.get_secret_value(),
            account=body.account,
            lifetime=lifetime,
            **origin,
        )
    if body.link_token is not None:
        return catalog.sign_in_links.use(
            body.link_token.get_secret_value(), lifetime=lifetime, **origin
        )
    key = body.api_key.get_secret_value() if body.api_key else ""
    try:
        principal = catalog.authenticate_key(key)
    except UnauthenticatedError as error:
        caller = Actor.anonymous(**origin)
        catalog.audit.record_event(AuditEvent(actor=caller, name="SignIn", error=error))
        raise
    return catalog.sessions.create_for_key(
        actor_of(request, principal), principal.id, account=principal.account, lifetime=lifetime
    )


async def signed_in(
    request: Request, response: Response, services: Services, made: CreatedSession
) -> SessionView:
    """Set the cookie and say who is signed in."""
    catalog = services.catalog
    principal = await asyncio.to_thread(catalog.authenticate_session, made.token)
    set_session_cookie(request, response, services, made.token)
    response.headers["Cache-Control"] = "no-store"
    return await asyncio.to_thread(_view, catalog, principal)


def _view(catalog: Catalog, caller: Principal) -> SessionView:
    name = caller.name
    roles = {caller.account: caller.roles}
    if caller.type is IdentityType.USER:
        name = catalog.users.get(caller.id).display_name
        roles = catalog.memberships.of_user(caller.id)
    accounts = [catalog.accounts.get(account) for account in roles]
    return SessionView(
        identity=Identity(type=caller.type, id=caller.id, name=caller.name, display_name=name),
        account=caller.account,
        accounts=[
            AccountChoice(
                name=account.name,
                display_name=account.display_name,
                roles=sorted(roles[account.name]),
            )
            for account in accounts
            if not account.disabled
        ],
        permissions=sorted(caller.permissions),
        limited=[
            LimitedPermission(permission=permission, key=tag.key, value=tag.value)
            for permission, tags in sorted(caller.limited.items())
            for tag in tags
        ],
        csrf_token=caller.csrf_token,
        expires=caller.expires,
    )
