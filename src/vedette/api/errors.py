"""Errors of the API: one shape for all of them, and a record of every mutation that failed.

Whatever a route or FastAPI raises goes through `on_error`, so no route can forget either.
"""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from vedette.api.dependencies import actor_of
from vedette.core.errors import (
    InvalidInputError,
    MethodNotAllowedError,
    NotFoundError,
    RetryableError,
    VedetteError,
)
from vedette.store.catalog import AuditEvent, Principal
from vedette.web import services_of
from vedette.web.errors import error_response

SOURCE = "vedette.api"
READ_ONLY = "x-read-only"
"""Mark of an operation that changes nothing though its method is not GET (``openapi_extra``)."""

_SCHEMAS = "#/components/schemas/{model}"
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_log = logging.getLogger(__name__)


class ErrorDetail(BaseModel):
    """What is wrong, which field it is about, and what to do."""

    code: str = Field(examples=["invalid_input"], description="stable name of the class of error")
    message: str
    field: str | None = Field(default=None, description="the input that the error is about")
    remedy: str | None = None
    position: int | None = Field(default=None, description="zero-based column in a query text")


class ErrorBody(BaseModel):
    """The body of every answer that is not a success."""

    error: ErrorDetail


def error_responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of answers with these statuses.

    They name the schema, which `add_error_schemas` puts into the document: given as a model, FastAPI
    would build a validator of it for each status of each route.
    """
    schema = {"$ref": _SCHEMAS.format(model=ErrorBody.__name__)}
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {"application/json": {"schema": schema}},
        }
        for status in statuses
    }


def add_error_schemas(document: dict[str, Any]) -> dict[str, Any]:
    """Add the schemas that `error_responses` names to an OpenAPI document."""
    body = ErrorBody.model_json_schema(ref_template=_SCHEMAS)
    parts = body.pop("$defs")
    for field in parts[ErrorDetail.__name__]["properties"].values():
        if field.get("default", ...) is None:  # FastAPI's documents leave it out
            del field["default"]
    schemas = {**document["components"]["schemas"], ErrorBody.__name__: body, **parts}
    document["components"]["schemas"] = dict(sorted(schemas.items()))
    return document


COMMON_ERRORS = error_responses(400, 401, 403, 422, 429, 500, 503)
"""What any operation may answer: 422 where a query goes over its limits."""


async def on_error(request: Request, error: Exception) -> Response:
    """Answer an error in our shape; a failed mutation of a known caller is recorded first."""
    told = _translate(error)
    request.state.error = told
    if told.status >= HTTPStatus.INTERNAL_SERVER_ERROR and not isinstance(told, RetryableError):
        _log.error(
            "%s %s failed: %s", request.method, request.url.path, told.message, exc_info=error
        )
    await _record_failure(request, told)
    return error_response(told)


HANDLERS: dict[Any, Any] = {
    VedetteError: on_error,
    RequestValidationError: on_error,
    HTTPException: on_error,
    Exception: on_error,
}
"""Exception handlers of an application that serves the API."""


def event_name(route: object, method: str) -> str | None:
    """Return the audit event that a call of a route is, or None where it changes nothing."""
    if not isinstance(route, APIRoute) or method in _SAFE_METHODS:
        return None
    if (route.openapi_extra or {}).get(READ_ONLY):
        return None
    return route.operation_id or _camel(route.name)


def operation_name(route: APIRoute) -> str:
    """Return the name of an operation without ``operation_id`` in the OpenAPI document."""
    return _camel(f"{route.tags[0]}_{route.name}" if route.tags else route.name)


def _camel(name: str) -> str:
    return "".join(part.title() for part in re.split(r"[_ -]", name))


async def _record_failure(request: Request, error: VedetteError) -> None:
    name = event_name(request.scope.get("route"), request.method)
    principal: Principal | None = getattr(request.state, "principal", None)
    # Nobody is known before sign-in: those failures are recorded by the sign-in itself.
    if name is None or principal is None:
        return
    event = AuditEvent(
        actor=actor_of(request, principal),
        name=name,
        source=SOURCE,
        request={**request.path_params, "method": request.method, "path": request.url.path},
        error=error,
    )
    try:
        await asyncio.to_thread(services_of(request).catalog.audit.record_event, event)
    except VedetteError:
        _log.exception("the failed call %s by %s could not be recorded", name, principal.id)


def _translate(error: Exception) -> VedetteError:
    if isinstance(error, VedetteError):
        return error
    if isinstance(error, RequestValidationError):
        return _invalid(error)
    if isinstance(error, HTTPException):
        return _http_error(error)
    return VedetteError("something went wrong in the server", remedy="see the server's log")


def _invalid(error: RequestValidationError) -> InvalidInputError:
    """Return the first thing that is wrong with a request, by the name of its field."""
    problems = error.errors()
    first = problems[0]
    place, *path = first["loc"]
    kind, reason = first["type"], re.sub(r"^Value error, ", "", first["msg"])
    if kind == "json_invalid":
        return InvalidInputError("the body is not JSON", field="body", remedy="send a JSON object")
    field = ".".join(_members(path, error.body if place == "body" else None)) or str(place)
    if kind == "missing":
        remedy = f"send a JSON {place}" if not path else f"give {field} in the {place}"
        return InvalidInputError(f"{field} is missing", field=field, remedy=remedy)
    more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
    return InvalidInputError(
        f"{field} is wrong: {reason[:1].lower()}{reason[1:]}{more}",
        field=field,
        remedy=f"correct {field}; /api/docs shows what is expected",
    )


def _members(path: Sequence[str | int], body: object) -> list[str]:
    """Return the members that a path of the library names.

    Its path also has what no member of the body is: the variant of a member with several shapes,
    which its ``type`` or its members choose, and the types that a value was tried as.
    """
    names: list[str] = []
    current = body
    for number, part in enumerate(path):
        next_ = path[number + 1] if number + 1 < len(path) else None
        if isinstance(current, dict):
            inner = current.get(part)
            variant = part not in current or part in current.values() or next_ in current
            if next_ is not None and variant and not isinstance(inner, dict | list):
                continue
            current = inner
        elif isinstance(current, list) and isinstance(part, int) and part < len(current):
            current = current[part]
        elif current is not None:
            break
        names.append(str(part))
    return names


def _http_error(error: HTTPException) -> VedetteError:
    if error.status_code == HTTPStatus.NOT_FOUND:
        return NotFoundError(
            "there is nothing at this path", remedy="see /api/docs for what there is"
        )
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "")
        return MethodNotAllowedError(
            "this path does not take this method", field="method", remedy=f"use {allowed}"
        )
    if error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return InvalidInputError(str(error.detail), field="body")
    return VedetteError(str(error.detail))
