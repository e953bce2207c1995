"""Calls: one row of the API each, and what makes a route of it.

A call is authenticated, its request read and checked by its schema, its work done in a thread, and
its answer or error written in MLflow's shape.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import InvalidInputError, RetryableError, TooLargeError, VedetteError
from vedette.models.context import Caller
from vedette.models.limits import MAX_REQUEST_BYTES
from vedette.receivers.mlflow.errors import error_response
from vedette.receivers.mlflow.schema import Arguments, Schema, read_members
from vedette.store.catalog import AuditEvent, Permission, Principal
from vedette.web import Services, authenticate, read_body, services_of
from vedette.web.origin import origin_of

PREFIXES = ("/api", "/ajax-api")
_SAFE = frozenset({"GET", "HEAD"})
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Context:
    """What a call works with."""

    services: Services
    caller: Caller
    principal: Principal


Handler = Callable[[Context, Arguments], Any]


@dataclass(frozen=True, slots=True)
class Call:
    """One call of the API.

    Attributes:
        method: of HTTP.
        path: below ``/api/2.0/mlflow/``, or with ``3.0/`` in front below ``/api/3.0/mlflow/``.
            Parameters in it, as ``{model_id}``, are arguments too.
        schema: what it takes.
        handler: does the work and returns the answer as JSON, or None for an empty one.
        writes: whether it changes something; else reading is permission enough.
        max_bytes: largest request.

    """

    method: str
    path: str
    schema: Schema
    handler: Handler
    writes: bool = True
    max_bytes: int = 20 * MAX_REQUEST_BYTES
    name: str = field(default="", compare=False)

    @property
    def event(self) -> str:
        """The call's name in audit records of failures."""
        return "".join(part.title() for part in self.handler.__name__.split("_"))


def reads(method: str, path: str, schema: Schema, handler: Handler) -> Call:
    """Return a call that changes nothing."""
    return Call(method, path, schema, handler, writes=False)


def routes_of(call: Call) -> list[Route]:
    """Return the routes of a call under every prefix that clients use."""
    version, path = "2.0", call.path
    if path.startswith("3.0/"):
        version, path = "3.0", path.removeprefix("3.0/")

    async def endpoint(request: Request) -> Response:
        return await _serve(request, call)

    return [
        Route(f"{prefix}/{version}/mlflow/{path}", endpoint, methods=[call.method], name=call.event)
        for prefix in PREFIXES
    ]


_ENTITIES = ("registered-models/", "model-versions/")
"""Calls that change the catalog alone, by changes that name the model: a role with a tag may make them."""


async def _serve(request: Request, call: Call) -> Response:
    principal: Principal | None = None
    try:
        permission = Permission.CATALOG_WRITE if call.writes else Permission.CATALOG_READ
        principal = await authenticate(request, permission, limited=call.path.startswith(_ENTITIES))
        arguments = read_members(call.schema, await _given(request, call))
        context = context_of(request, principal)
        answer = await asyncio.to_thread(call.handler, context, arguments)
    except VedetteError as error:
        await record_failure(request, principal, call.event if call.writes else None, error)
        return error_response(error)
    except Exception:  # noqa: BLE001 - a client gets an answer whatever happens
        _log.exception("%s failed", call.event)
        return error_response(VedetteError("something went wrong in the server"))
    return json_response({} if answer is None else answer)


def context_of(request: Request, principal: Principal) -> Context:
    """Return what a call of this request works with."""
    services = services_of(request)
    actor = principal.actor(**origin_of(request))
    return Context(services, Caller(services.catalog, principal.account, actor), principal)


def json_response(answer: Any) -> Response:  # noqa: ANN401 - JSON
    """Return an answer as JSON."""
    return Response(orjson.dumps(answer), media_type="application/json")


async def record_failure(
    request: Request, principal: Principal | None, event: str | None, error: VedetteError
) -> None:
    """Record a failed mutation of a known caller; what is asked for again later is none."""
    principal = principal or getattr(request.state, "principal", None)
    if event is None or principal is None or isinstance(error, RetryableError):
        return
    record = AuditEvent(
        actor=context_of(request, principal).caller.actor,
        name=event,
        account=principal.account,
        source="vedette.mlflow",
        request={"path": request.url.path},
        error=error,
    )
    try:
        await asyncio.to_thread(services_of(request).catalog.audit.record_event, record)
    except VedetteError:
        _log.exception("the failed call %s by %s could not be recorded", event, principal.id)


async def _given(request: Request, call: Call) -> Mapping[str, Any]:
    """Return the members of a request: of its body, or of the query string, and of its path."""
    members: dict[str, Any] = {}
    for name in request.query_params:
        values = request.query_params.getlist(name)
        members[name] = values if len(values) > 1 else values[0]
    body = b"" if call.method in _SAFE else await read_body(request, services_of(request).settings)
    if len(body) > call.max_bytes:
        raise TooLargeError(
            f"Batched logging API requests must be at most {call.max_bytes} bytes. "
            f"Got a request of size {len(body)}.",
            field="body",
            remedy="send smaller batches",
        )
    if body.strip():
        members.update(_object(body))
    members.update(request.path_params)
    return members


def _object(body: bytes) -> dict[str, Any]:
    """Return a body that is a JSON object; NaN and Infinity may stand in it as some clients do."""
    try:
        try:
            document = orjson.loads(body)
        except orjson.JSONDecodeError:
            document = json.loads(body)
            # Half of a surrogate pair is no text: neither a store nor an answer could have it.
            json.dumps(document, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise InvalidInputError(
            "Malformed request: the body is not JSON", field="body", remedy="send a JSON object"
        ) from None
    if not isinstance(document, dict):
        raise InvalidInputError("Malformed request: the body is not a JSON object", field="body")
    return document
