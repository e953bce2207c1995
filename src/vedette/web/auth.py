"""Credentials: an API key in a header, or a session cookie with its CSRF token."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from collections.abc import Mapping

from starlette.requests import Request

from vedette.core.errors import ForbiddenError, UnauthenticatedError
from vedette.core.identity import DEFAULT_ACCOUNT, check_account_name
from vedette.store.catalog import Permission, Principal
from vedette.web.services import Services, services_of

SESSION_COOKIE = "vedette_session"
CSRF_HEADER = "x-csrf-token"
ACCOUNT_HEADER = "x-vedette-account"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


async def authenticate(
    request: Request, permission: Permission | None = None, *, limited: bool = False
) -> Principal:
    """Return the caller, once it is known and has ``permission``, if one is asked for.

    From then on it is ``request.state.principal`` too, for those who record failures.

    Args:
        request: what came in.
        permission: what the caller must have.
        limited: whether it may have it for tagged resources alone; see ``Principal.admitted``.

    Raises:
        UnauthenticatedError: no credentials, or none that are valid.
        ForbiddenError: the caller lacks the permission, or the CSRF token is missing.

    """
    principal = await identify(services_of(request), request.headers, request.cookies)
    request.state.principal = principal
    if principal.session_id and request.method not in _SAFE_METHODS:
        _check_csrf(principal, request.headers.get(CSRF_HEADER, ""))
    if permission is None:
        return principal
    if limited:
        return principal.admitted(permission)
    principal.require(permission)
    return principal


async def identify(
    services: Services, headers: Mapping[str, str], cookies: Mapping[str, str]
) -> Principal:
    """Return who calls, by key or session; raises ``UnauthenticatedError`` for nobody."""
    account = headers.get(ACCOUNT_HEADER) or None
    if services.settings.auth == "off":
        return Principal.unrestricted(check_account_name(account or DEFAULT_ACCOUNT))
    if key := _key_in(headers):
        principal = services.catalog.known_key(key)
        if principal is None:
            principal = await asyncio.to_thread(services.catalog.authenticate_key, key)
        if account not in {None, principal.account}:
            raise ForbiddenError(
                f"the key belongs to another account than {account!r}",
                field=ACCOUNT_HEADER,
                remedy="leave the header out, or use a key of that account",
            )
        return principal
    if token := cookies.get(SESSION_COOKIE):
        return await asyncio.to_thread(services.catalog.authenticate_session, token, account)
    if services.settings.auth == "auto" and not await asyncio.to_thread(
        services.catalog.has_credentials
    ):
        return Principal.unrestricted(check_account_name(account or DEFAULT_ACCOUNT))
    raise UnauthenticatedError(
        "credentials are needed",
        field="Authorization",
        remedy="send 'Authorization: Bearer <API key>'; make one with 'vedette keys create'",
    )


def _key_in(headers: Mapping[str, str]) -> str | None:
    """Return the API key in the headers; Basic carries it as the password."""
    scheme, _, value = headers.get("authorization", "").strip().partition(" ")
    value = value.strip()
    if scheme.lower() in {"bearer", "apikey"} and value:
        return _unwrapped(value) if scheme.lower() == "apikey" else value
    if scheme.lower() == "basic":
        return _decoded(value).partition(":")[2] or "-"
    if scheme:
        known = scheme.lower() in {"bearer", "apikey"}
        raise UnauthenticatedError(
            "the Authorization header holds no key"
            if known
            else f"the Authorization scheme {scheme[:20]!r} is not supported",
            field="Authorization",
            remedy="send 'Authorization: Bearer <API key>'",
        )
    return headers.get("x-api-key") or headers.get("api-key") or None


def _unwrapped(value: str) -> str:
    """Elasticsearch's ApiKey scheme carries base64 of ``id:key``; a bare key is fine too."""
    decoded = _decoded(value)
    return decoded.partition(":")[2] or value


def _decoded(value: str) -> str:
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""


def _check_csrf(principal: Principal, token: str) -> None:
    if not principal.csrf_token or not secrets.compare_digest(principal.csrf_token, token):
        raise ForbiddenError(
            "the CSRF token is missing or wrong",
            field=CSRF_HEADER,
            remedy="repeat the token that sign-in returned in the X-CSRF-Token header",
        )
