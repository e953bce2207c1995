"""Errors in MLflow's shape: ``{"error_code", "message"}`` with the status that belongs to the code."""

from __future__ import annotations

import orjson
from starlette.responses import Response

from vedette.core.errors import ConflictError, VedetteError
from vedette.web.errors import error_headers

_CODES = {
    400: "INVALID_PARAMETER_VALUE",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "RESOURCE_DOES_NOT_EXIST",
    413: "INVALID_PARAMETER_VALUE",
    415: "BAD_REQUEST",
    422: "BAD_REQUEST",
    429: "REQUEST_LIMIT_EXCEEDED",
    499: "CANCELLED",
    500: "INTERNAL_ERROR",
    501: "NOT_IMPLEMENTED",
    503: "TEMPORARILY_UNAVAILABLE",
}


class NotSupportedError(VedetteError):
    """A call that this server does not have; clients then do without it (501)."""

    code = "not_implemented"
    status = 501


class DisabledError(NotSupportedError):
    """A call of a feature that MLflow's servers have only where it is turned on."""

    code = "feature_disabled"


def error_response(error: VedetteError) -> Response:
    """Return an error as MLflow's clients read it."""
    status, code = error.status, _CODES.get(error.status, "INTERNAL_ERROR")
    if isinstance(error, ConflictError):
        # MLflow answers 400 where something exists already, and its client asks for that.
        status, code = 400, "RESOURCE_ALREADY_EXISTS"
    elif isinstance(error, DisabledError):
        code = "FEATURE_DISABLED"
    text = " - ".join(filter(None, (error.message, error.remedy)))
    body = orjson.dumps({"error_code": code, "message": text})
    return Response(body, status, error_headers(error), "application/json")
