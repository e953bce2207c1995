"""Signing in at an identity provider, by OpenID Connect."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import Query, Request
from fastapi.responses import RedirectResponse
from pydantic import Field

from vedette.api.dependencies import AppServices
from vedette.api.errors import error_responses
from vedette.api.models import View
from vedette.api.routing import Router
from vedette.api.session_cookies import (
    forget_cookie,
    session_lifetime,
    set_cookie,
    set_session_cookie,
)
from vedette.core.errors import NotFoundError, UnauthenticatedError
from vedette.governance.signin.oidc import COOKIE as OIDC_COOKIE
from vedette.governance.signin.oidc import FLOW_SECONDS
from vedette.web import Services
from vedette.web.origin import origin_of

router = Router(tags=["session"])


class SignInProvider(View):
    """An identity provider that signs people in."""

    id: str
    name: str
    start: str = Field(description="path that begins the sign-in; it takes ?return_to=")


class SignInProviders(View):
    """Identity providers beside login and password."""

    providers: list[SignInProvider]


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
    set_cookie(request, answer, services, OIDC_COOKIE, begun.cookie, FLOW_SECONDS)
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
            lifetime=session_lifetime(services),
            **origin,
        )
    answer = RedirectResponse(f"{services.settings.base_path}{path}", 303)
    set_session_cookie(request, answer, services, made.token)
    forget_cookie(answer, services, OIDC_COOKIE)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _require_oidc(services: Services) -> None:
    if not services.oidc.enabled:
        raise NotFoundError(
            "no identity provider is set",
            remedy="set VEDETTE_OIDC_ISSUER and VEDETTE_OIDC_CLIENT_ID",
        )


def _callback(request: Request, services: Services) -> str:
    base = services.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}/api/v1/session/oidc/callback"
