"""The caller's own password, sign-in links and open sessions."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from fastapi import Request, Response
from pydantic import BaseModel, Field, SecretStr

from vedette.api.dependencies import AppServices, Caller, actor_of
from vedette.api.errors import error_responses
from vedette.api.models import Body
from vedette.api.routing import Router
from vedette.api.session import SessionView, signed_in
from vedette.api.session_cookies import session_lifetime
from vedette.api.users import Password
from vedette.core.errors import ConflictError, ForbiddenError, NotFoundError
from vedette.store.catalog import Catalog, IdentityType, Principal
from vedette.store.catalog.passwords import MAX_LENGTH
from vedette.store.catalog.sessions import CreatedSession, OpenSession
from vedette.web import Services
from vedette.web.origin import origin_of

router = Router(tags=["session"])
_FRAGMENT = "sign-in"
"""``#sign-in=<token>`` of a link: a fragment stays in the browser, out of every log."""
_SHORT = timedelta(minutes=1)


class PasswordChange(Body):
    """One's own password and the one to come."""

    password: SecretStr = Field(max_length=MAX_LENGTH)
    new_password: Password


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
    return await signed_in(request, response, services, made)


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
        actor, caller.id, account=caller.account, lifetime=session_lifetime(services)
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
