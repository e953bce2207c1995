"""Signing in and out of the console, links that sign a browser in, and one's own sessions."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Annotated, Self

from fastapi import Query, Request, Response
from fastapi.responses import RedirectResponse
from pydantic import BaseModel, Field, SecretStr, model_validator

from vedette.api.dependencies import AppServices, Caller, actor_of
from vedette.api.errors import error_responses
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.api.users import Login, Password
from vedette.core.errors import ConflictError, ForbiddenError, NotFoundError, UnauthenticatedError
from vedette.governance.signin.oidc import COOKIE as OIDC_COOKIE
from vedette.governance.signin.oidc import FLOW_SECONDS
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
from vedette.store.catalog.sessions import CreatedSession, OpenSession
from vedette.web import Services
from vedette.web.auth import SESSION_COOKIE
from vedette.web.origin import origin_of

router = Router(tags=["session"])

_FRAGMENT = "sign-in"
"""``#sign-in=<token>`` of a link: a fragment stays in the browser, out of every log."""
_SHORT = timedelta(minutes=1)


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


class PasswordChange(Body):
    """One's own password and the one to come."""

    password: SecretStr = Field(max_length=MAX_LENGTH)
    new_password: Password


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


class OpenSessionView(BaseModel):
    """One of the caller's sessions."""

    id: str
    current: bool
    account: str
    created: datetime
    expires: datetime
    ip: str | None
    user_agent: str | None


class OpenSessions(BaseModel):
    """The caller's sessions, newest first; nobody has more than 50."""

    sessions: list[OpenSessionView]


class LinkView(BaseModel):
    """A link that signs a browser in once, within ten minutes."""

    url: str
    expires: datetime


class SignInProvider(View):
    """An identity provider that signs people in."""

    id: str
    name: str
    start: str = Field(description="path that begins the sign-in; it takes ?return_to=")


class SignInProviders(View):
    """Identity providers beside login and password."""

    providers: list[SignInProvider]


@router.post("/session", status_code=201, operation_id="SignIn")
async def sign_in(
    request: Request, response: Response, services: AppServices, body: Credentials
) -> SessionView:
    """Open a session, kept in a cookie; wrong credentials are slowed down (429) and locked out."""
    address = origin_of(request)["ip"]
    with services.sign_in_attempts.attempt(address):
        made = await asyncio.to_thread(_open, services, request, body)
    return await _answer(request, response, services, made)


@router.get("/session")
async def get_session(response: Response, services: AppServices, caller: Caller) -> SessionView:
    """Say who is signed in, and give the CSRF token again."""
    response.headers["Cache-Control"] = "no-store"
    return await asyncio.to_thread(_view, services.catalog, caller)


@router.get("/session/providers")
async def list_providers(services: AppServices) -> SignInProviders:
    """List where else one can sign in, for the sign-in page."""
    if not services.oidc.enabled:
        return SignInProviders(providers=[])
    start = "/api/v1/session/oidc"
    provider = SignInProvider(id="oidc", name=services.settings.oidc_name, start=start)
    return SignInProviders(providers=[provider])


@router.get(
    "/session/oidc",
    status_code=303,
    response_class=RedirectResponse,
    responses=error_responses(404),
)
async def begin_oidc(
    request: Request,
    services: AppServices,
    return_to: Annotated[str, Query(max_length=2048)] = "/",
) -> RedirectResponse:
    """Send the browser to the identity provider."""
    _require_oidc(services)
    begun = await asyncio.to_thread(services.oidc.begin, _callback(request, services), return_to)
    answer = RedirectResponse(begun.url, 303)
    _set_cookie(answer, services, OIDC_COOKIE, begun.cookie, FLOW_SECONDS, https=_is_https(request))
    return answer


@router.get(
    "/session/oidc/callback",
    status_code=303,
    response_class=RedirectResponse,
    responses=error_responses(404),
)
async def finish_oidc(
    request: Request,
    services: AppServices,
    code: Annotated[str, Query(max_length=4096)] = "",
    state: Annotated[str, Query(max_length=256)] = "",
    error: Annotated[str, Query(max_length=256)] = "",
) -> RedirectResponse:
    """Take the identity provider's answer, open a session and go back to the console."""
    _require_oidc(services)
    origin = origin_of(request)
    with services.sign_in_attempts.attempt(origin["ip"]):
        if error or not code:
            raise UnauthenticatedError(
                f"the identity provider refused: {error or 'no code came back'}",
                remedy="begin to sign in again",
            )
        made, path = await asyncio.to_thread(
            services.oidc.finish,
            request.cookies.get(OIDC_COOKIE, ""),
            state,
            code,
            lifetime=_lifetime(services),
            **origin,
        )
    answer = RedirectResponse(f"{services.settings.base_path}{path}", 303)
    seconds = int(_lifetime(services).total_seconds())
    _set_cookie(answer, services, SESSION_COOKIE, made.token, seconds, https=_is_https(request))
    answer.delete_cookie(OIDC_COOKIE, path=_cookie_path(services))
    answer.headers["Cache-Control"] = "no-store"
    return answer


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
    response.delete_cookie(SESSION_COOKIE, path=_cookie_path(services))


@router.put("/session/password", operation_id="ChangePassword")
async def change_password(
    request: Request,
    response: Response,
    services: AppServices,
    caller: Caller,
    body: PasswordChange,
) -> SessionView:
    """Change one's own password: all one's sessions end, and a new one begins."""
    if caller.type is not IdentityType.USER:
        raise ForbiddenError("only a user has a password", remedy="sign in as the user")
    address = origin_of(request)["ip"]
    with services.sign_in_attempts.attempt(address):
        made = await asyncio.to_thread(_change_password, services, request, caller, body)
    return await _answer(request, response, services, made)


@router.post(
    "/session/links",
    status_code=201,
    operation_id="CreateSignInLink",
    responses=error_responses(409),
)
async def create_link(
    request: Request, response: Response, services: AppServices, caller: Caller
) -> LinkView:
    """Make a link that signs a browser in as the API key that asks; it works once."""
    if caller.type is IdentityType.ANONYMOUS:
        raise ConflictError(
            "authentication is off: nobody needs to sign in", remedy="open the console itself"
        )
    # A session cannot make one: a stolen cookie must not outlive its session.
    if caller.type is not IdentityType.API_KEY or caller.session_id is not None:
        raise ForbiddenError(
            "a sign-in link is made with an API key", remedy="send it as 'Authorization: Bearer'"
        )
    link = await asyncio.to_thread(
        services.catalog.sign_in_links.create,
        actor_of(request, caller),
        caller.account,
        caller.id,
    )
    response.headers["Cache-Control"] = "no-store"
    return LinkView(url=link_url(str(request.base_url), link.token), expires=link.expires)


@router.get("/sessions")
async def list_sessions(services: AppServices, caller: Caller) -> OpenSessions:
    """List the caller's own open sessions."""
    found = await asyncio.to_thread(_sessions_of, services.catalog, caller)
    return OpenSessions(sessions=[_open_view(item, caller) for item in found])


@router.delete(
    "/sessions/{session_id}",
    status_code=204,
    operation_id="RevokeSession",
    responses=error_responses(404),
)
async def revoke_session(
    request: Request, services: AppServices, caller: Caller, session_id: str
) -> None:
    """End one of the caller's own sessions."""

    def revoke() -> None:
        if session_id not in {item.id for item in _sessions_of(services.catalog, caller)}:
            raise NotFoundError("the caller has no such session", field="session_id")
        services.catalog.sessions.revoke(actor_of(request, caller), session_id)

    await asyncio.to_thread(revoke)


def link_url(base: str, token: str) -> str:
    """Return the address that a browser opens to be signed in."""
    return f"{base.rstrip('/')}/#{_FRAGMENT}={token}"


def _open(services: Services, request: Request, body: Credentials) -> CreatedSession:
    catalog, lifetime = services.catalog, _lifetime(services)
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


def _change_password(
    services: Services, request: Request, caller: Principal, body: PasswordChange
) -> CreatedSession:
    catalog, actor = services.catalog, actor_of(request, caller)
    # Signing in checks the password with the same lock-out; that session ends with the others.
    catalog.sign_in.with_password(
        caller.name,
        body.password.get_secret_value(),
        account=caller.account,
        lifetime=_SHORT,
        **origin_of(request),
    )
    catalog.users.set_password(actor, caller.id, body.new_password.get_secret_value())
    return catalog.sessions.create_for_user(
        actor, caller.id, account=caller.account, lifetime=_lifetime(services)
    )


async def _answer(
    request: Request, response: Response, services: Services, made: CreatedSession
) -> SessionView:
    """Set the cookie and say who is signed in."""
    catalog = services.catalog
    principal = await asyncio.to_thread(catalog.authenticate_session, made.token)
    response.set_cookie(
        SESSION_COOKIE,
        made.token,
        max_age=int(_lifetime(services).total_seconds()),
        path=_cookie_path(services),
        secure=_is_https(request),
        httponly=True,
        samesite="lax",
    )
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


def _sessions_of(catalog: Catalog, caller: Principal) -> list[OpenSession]:
    if caller.type is IdentityType.USER:
        return catalog.sessions.of_user(caller.id)
    return catalog.sessions.of_key(caller.id)


def _open_view(item: OpenSession, caller: Principal) -> OpenSessionView:
    return OpenSessionView(
        id=item.id,
        current=item.id == caller.session_id,
        account=item.account,
        created=item.created,
        expires=item.expires,
        ip=item.ip,
        user_agent=item.user_agent,
    )


def _lifetime(services: Services) -> timedelta:
    return timedelta(hours=services.settings.session_hours)


def _require_oidc(services: Services) -> None:
    if not services.oidc.enabled:
        raise NotFoundError(
            "no identity provider is set",
            remedy="set VEDETTE_OIDC_ISSUER and VEDETTE_OIDC_CLIENT_ID",
        )


def _callback(request: Request, services: Services) -> str:
    base = services.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/api/v1/session/oidc/callback"


def _set_cookie(
    answer: Response, services: Services, name: str, value: str, seconds: int, *, https: bool
) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=_cookie_path(services),
        secure=https,
        httponly=True,
        samesite="lax",
    )


def _cookie_path(services: Services) -> str:
    return services.settings.base_path or "/"


def _is_https(request: Request) -> bool:
    # Whoever forges the header only makes its own cookie stricter.
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return request.url.scheme == "https" or forwarded == "https"
