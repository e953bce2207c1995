"""Every call leaves a trace: what the catalog did not record itself is noted for the trail of calls.

An ASGI middleware around the whole application. A call of ingest is one addition to a counter; any
other call that left no record is noted with its parameters, and written some seconds later.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

import orjson
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from vedette.api.errors import SOURCE, event_name, operation_name
from vedette.core.errors import VedetteError
from vedette.governance.accounts.quotas import Quotas
from vedette.governance.audit.trail import (
    FLUSH_SECONDS,
    INGEST_SOURCE,
    CallTrail,
    told_error,
)
from vedette.store.catalog import Actor, AuditEvent, Principal
from vedette.store.catalog.calls import begin_call
from vedette.web.origin import origin_of
from vedette.web.services import Services

INGEST = frozenset(
    {
        "otlp traces", "otlp logs", "otlp metrics", "log lines", "remote write",
        "elasticsearch bulk", "predictions", "labels", "LogMetric", "LogBatch", "LogParam",
        "LogParameter", "LogInputs", "LogOutputs", "SetTag",
    }
)  # fmt: skip
"""Routes whose calls are counted by key, outcome and minute: there may be thousands a second."""
UNSEEN = frozenset({"live", "ready", "openapi", "swagger_ui_html"})
"""What balancers ask all the time, and nobody's data is in."""
KEYLESS = frozenset({"health", "version", "server_info"})
"""What MLflow's clients ask before they sign in: counted, as ingest is."""
_CODES = {
    400: "invalid_input", 401: "unauthenticated", 403: "forbidden", 404: "not_found",
    405: "method_not_allowed", 409: "conflict", 413: "too_large", 415: "unsupported_media_type",
    422: "query_limit", 429: "overloaded", 499: "query_cancelled", 501: "not_supported",
    503: "unavailable",
}  # fmt: skip
USAGE_SECONDS = 5.0
_BODY_BYTES = 8192
_MOST_PARAMETERS = 50
_SIGN_IN_PATH = "/api/v1/session"
_log = logging.getLogger(__name__)


class Audited:
    """ASGI middleware; see the module.

    Args:
        app: the application.
        services: of the process.
        routes: of the application, whose names are those of events.

    """

    def __init__(self, app: ASGIApp, services: Services, routes: Iterable[BaseRoute]) -> None:
        self._app = app
        self._trail = services.audit.trail
        self._names = {
            id(route.endpoint): route.name for route in routes if isinstance(route, Route)
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request and note it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        call = begin_call()
        status = 500
        body: list[bytes] = []
        receiving = _copying(scope, receive, body)

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receiving, sending)
        finally:
            # An error here would hide the answer.
            try:
                self._note(scope, status, body, recorded=call.recorded)
            except Exception:  # noqa: BLE001
                _log.exception("a call could not be noted for the audit trail")

    def _note(self, scope: Scope, status: int, body: list[bytes], *, recorded: bool) -> None:
        route = scope.get("route")
        if isinstance(route, APIRoute):
            name = event_name(route, scope["method"])
            source, read_only = SOURCE, name is None
            name = name or operation_name(route)
        else:
            endpoint = scope.get("endpoint")
            found = self._names.get(id(endpoint)) if endpoint is not None else None
            if found is None or found in UNSEEN:
                return
            if found in INGEST or found in KEYLESS:
                if not recorded:
                    self._count(scope, status, found)
                return
            name, source, read_only = _camel(found), _source(found), _is_read(scope, found)
        if recorded:
            return
        self._trail.note(_event(scope, status, body, name, source, read_only=read_only))

    def _count(self, scope: Scope, status: int, name: str) -> None:
        principal: Principal | None = scope.get("state", {}).get("principal")
        client = scope.get("client")
        source = INGEST_SOURCE if name in INGEST else _source(name)
        ip = client[0] if client else None
        self._trail.count_call(principal, source, _camel(name), _code(status), ip)


def _copying(scope: Scope, receive: Receive, body: list[bytes]) -> Receive:
    """Return a ``receive`` that keeps small JSON bodies, where they may be worth recording."""
    if scope["method"] in {"GET", "HEAD", "OPTIONS"} or "/api/v1/" not in scope["path"]:
        return receive
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"")
    if not length.isdigit() or int(length) > _BODY_BYTES:
        return receive
    if not headers.get(b"content-type", b"").startswith(b"application/json"):
        return receive

    async def copying() -> Message:
        message = await receive()
        if message["type"] == "http.request":
            body.append(message.get("body", b""))
        return message

    return copying


def _event(
    scope: Scope, status: int, body: list[bytes], name: str, source: str, *, read_only: bool
) -> AuditEvent:
    state: dict[str, Any] = scope.get("state", {})
    principal: Principal | None = state.get("principal")
    origin = origin_of(HTTPConnection(scope))
    actor = principal.actor(**origin) if principal else Actor.anonymous(**origin)
    told: VedetteError | None = state.get("error")
    code = _code(status)
    error = told or (told_error(code, f"answered {status}") if code else None)
    return AuditEvent(
        actor=actor,
        name=name,
        source=source,
        read_only=read_only,
        request=_parameters(scope, body),
        error=error,
    )


def _parameters(scope: Scope, body: list[bytes]) -> dict[str, Any]:
    """Return what was asked for; secrets in it are hidden when the record is made."""
    found: dict[str, Any] = {"method": scope["method"], "path": scope["path"]}
    found.update(scope.get("path_params", {}))
    if _SIGN_IN_PATH in scope["path"]:
        return found
    query = parse_qs(scope["query_string"].decode("latin-1"), max_num_fields=None)
    for key, values in list(query.items())[:_MOST_PARAMETERS]:
        found[key] = values[0] if len(values) == 1 else values
    if body:
        with contextlib.suppress(orjson.JSONDecodeError):
            found["body"] = orjson.loads(b"".join(body))
    return found


def _is_read(scope: Scope, name: str) -> bool:
    if scope["method"] in {"GET", "HEAD", "OPTIONS"}:
        return True
    return name.startswith(("Search", "Get", "List", "search", "get", "list"))


def _source(name: str) -> str:
    return "vedette.elastic" if name.startswith("elasticsearch") else "vedette.mlflow"


def _code(status: int) -> str | None:
    if status < 400:  # noqa: PLR2004 - no error
        return None
    return _CODES.get(status, "internal" if status >= 500 else "invalid_input")  # noqa: PLR2004


def _camel(name: str) -> str:
    if "_" not in name and " " not in name:
        return name
    return "".join(part[:1].upper() + part[1:] for part in name.replace("_", " ").split())


async def write_usage(quotas: Quotas) -> None:
    """Write what accounts used, and read what they used elsewhere, until cancelled."""
    while True:
        await asyncio.sleep(USAGE_SECONDS)
        try:
            await asyncio.to_thread(quotas.flush)
        except VedetteError as error:
            _log.warning("usage waits: %s", error.message)


async def write_calls(trail: CallTrail) -> None:
    """Write what waits in the trail, every two seconds, until cancelled."""
    while True:
        await asyncio.sleep(FLUSH_SECONDS)
        try:
            await asyncio.to_thread(trail.flush)
        except VedetteError as error:
            _log.warning("calls wait for the audit trail: %s", error.message)
