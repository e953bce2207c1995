"""Cookies of signing in: for the API's path only, unseen by scripts, encrypted where the page is."""

from __future__ import annotations

from datetime import timedelta

from fastapi import Request, Response

from vedette.web import Services
from vedette.web.auth import SESSION_COOKIE


def session_lifetime(services: Services) -> timedelta:
    """Return how long a session is open."""
    return timedelta(hours=services.settings.session_hours)


def set_session_cookie(request: Request, answer: Response, services: Services, token: str) -> None:
    """Keep a session in the browser for as long as it is open."""
    seconds = int(session_lifetime(services).total_seconds())
    set_cookie(request, answer, services, SESSION_COOKIE, token, seconds)


def set_cookie(
    request: Request, answer: Response, services: Services, name: str, value: str, seconds: int
) -> None:
    """Set a cookie that no script can read."""
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        path=_path(services),
        secure=_is_https(request),
        httponly=True,
        samesite="lax",
    )


def forget_cookie(answer: Response, services: Services, name: str) -> None:
    """Take a cookie back."""
    answer.delete_cookie(name, path=_path(services))


def _path(services: Services) -> str:
    return services.settings.base_path or "/"


def _is_https(request: Request) -> bool:
    # Whoever forges the header only makes its own cookie stricter.
    forwarded = request.headers.get("x-forwarded-proto", "").partition(",")[0].strip().lower()
    return request.url.scheme == "https" or forwarded == "https"
