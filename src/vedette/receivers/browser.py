"""Telemetry of browsers: the script at ``/rum/vedette.js``, and OTLP/JSON from pages that use it.

A request names the app by its public key; its origin must be one of the app's. Bodies come as plain
text, which needs no preflight; a preflight is answered all the same.
"""

from __future__ import annotations

import asyncio
import hashlib
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import VedetteError
from vedette.experience.browser.accept import MAX_BODY, accepted
from vedette.ingest import Source
from vedette.receivers.otlp import SIGNALS
from vedette.web import services_of
from vedette.web.body import read_raw
from vedette.web.errors import error_response

_SOURCES = {"traces": Source.OTLP_TRACES, "logs": Source.OTLP_LOGS}
_SCRIPT = files("vedette.experience.browser").joinpath("vedette.js")
_PREFLIGHT_SECONDS = "7200"


def _script_answer(request: Request) -> Response:
    body = _SCRIPT.read_bytes()
    tag = f'"{hashlib.sha256(body).hexdigest()[:16]}"'
    headers = {
        "ETag": tag,
        "Cache-Control": "public, max-age=3600",
        "Access-Control-Allow-Origin": "*",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "X-Content-Type-Options": "nosniff",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, headers=headers, media_type="text/javascript")


async def _script(request: Request) -> Response:
    return await asyncio.to_thread(_script_answer, request)


async def _receive(request: Request) -> Response:
    services = services_of(request)
    origin = request.headers.get("origin", "")
    shared = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {}
    try:
        key = request.query_params.get("key", "")
        app = await asyncio.to_thread(services.browser_gate.check, key, origin)
        if request.method == "OPTIONS":
            headers = {
                **shared,
                "Access-Control-Allow-Methods": "POST",
                "Access-Control-Allow-Headers": "content-type",
                "Access-Control-Max-Age": _PREFLIGHT_SECONDS,
            }
            return Response(status_code=204, headers=headers)
        body = await read_raw(request, MAX_BODY)
        signal = request.url.path.rpartition("/")[2]
        agent = request.headers.get("user-agent", "")
        source = _SOURCES[signal]
        clean = await asyncio.to_thread(accepted, body, signal, app, agent)
        packed = await asyncio.to_thread(SIGNALS[source].protobuf_from_json, clean)
        await services.ingest.submit(source, app.account, packed)
    except VedetteError as error:
        # A page learns why, if it is one that may send; another one learns nothing of it.
        allowed = shared if error.status in {400, 413, 429, 503} else {}
        response = error_response(error)
        response.headers.update(allowed)
        return response
    return Response(status_code=204, headers=shared)


routes = [
    Route("/rum/vedette.js", _script, methods=["GET", "HEAD"], name="browser script"),
    Route("/rum/v1/traces", _receive, methods=["POST", "OPTIONS"], name="browser traces"),
    Route("/rum/v1/logs", _receive, methods=["POST", "OPTIONS"], name="browser logs"),
]
"""Routes of the server."""
