"""Errors as the JSON API shows them; protocols with a shape of their own make it themselves."""

from __future__ import annotations

import logging

import orjson
from starlette.requests import Request
from starlette.responses import Response

from vedette.core.errors import RetryableError, UnauthenticatedError, VedetteError

_log = logging.getLogger(__name__)


def error_headers(error: VedetteError) -> dict[str, str]:
    """Return the headers that go with an error: when to retry, how to authenticate."""
    headers = {}
    if isinstance(error, RetryableError):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, UnauthenticatedError):
        headers["WWW-Authenticate"] = 'Bearer realm="vedette"'
    return headers


def error_response(error: VedetteError) -> Response:
    """Return ``{"error": {"code", "message", "field", "remedy", "position"}}``."""
    return Response(
        orjson.dumps({"error": error.as_dict()}),
        error.status,
        error_headers(error),
        "application/json",
    )


async def on_vedette_error(_: Request, error: Exception) -> Response:
    """Handle our own errors; a 5xx is logged with its cause."""
    assert isinstance(error, VedetteError)  # noqa: S101 - registered for this type alone
    if error.status >= 500 and not isinstance(error, RetryableError):  # noqa: PLR2004
        _log.error("%s", error.message, exc_info=error)
    return error_response(error)


async def on_unexpected_error(request: Request, error: Exception) -> Response:
    """Handle what nobody foresaw: logged whole, answered without details."""
    _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return error_response(
        VedetteError("something went wrong in the server", remedy="see the server's log")
    )
