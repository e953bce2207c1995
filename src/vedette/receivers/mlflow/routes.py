"""All routes of MLflow's API."""

from __future__ import annotations

import orjson
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from vedette.core.errors import VedetteError
from vedette.receivers.mlflow import (
    artifact_lists,
    artifacts,
    assessments,
    evaluation,
    experiments,
    issues,
    logged_models,
    metrics,
    registry,
    reviews,
    runs,
    traces,
    webhooks,
)
from vedette.receivers.mlflow.calls import PREFIXES, routes_of
from vedette.receivers.mlflow.errors import DisabledError, NotSupportedError, error_response
from vedette.web import authenticate

API_VERSION = "3.17.0"
"""The version of MLflow whose API this is; clients choose by it what they ask for."""
CALLS = (
    *experiments.CALLS,
    *runs.CALLS,
    *metrics.CALLS,
    *artifact_lists.CALLS,
    *logged_models.CALLS,
    *registry.CALLS,
    *traces.CALLS,
    *assessments.CALLS,
    *evaluation.CALLS,
    *reviews.CALLS,
    *issues.CALLS,
    *webhooks.CALLS,
)


_FEATURES = {
    "/mlflow/workspaces": "accounts keep teams apart here: use a key of another account",
}
"""What to do instead, where MLflow has a feature that its servers turn on."""


async def health(_: Request) -> Response:
    """``GET /health``."""
    return PlainTextResponse("OK")


async def version(_: Request) -> Response:
    """``GET /version``."""
    return PlainTextResponse(API_VERSION)


async def server_info(_: Request) -> Response:
    """``GET /api/3.0/mlflow/server-info``: what clients ask before they sign in."""
    answer = {
        "store_type": "SqlStore",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": True,
    }
    return Response(orjson.dumps(answer), media_type="application/json")


async def not_supported(request: Request) -> Response:
    """Answer what MLflow has and this server does not, as clients expect it."""
    try:
        await authenticate(request)
    except VedetteError as error:
        return error_response(error)
    path = request.url.path
    told = f"{request.method} {path[:200]} is not a call that this server has"
    feature = next((text for part, text in _FEATURES.items() if part in path), None)
    if feature is not None:
        return error_response(DisabledError(told, remedy=feature))
    return error_response(NotSupportedError(told, remedy="see docs/mlflow.md for those it has"))


routes = [
    Route("/health", health),
    Route("/version", version),
    *(Route(f"{prefix}/3.0/mlflow/server-info", server_info) for prefix in PREFIXES),
    *(route for call in CALLS for route in routes_of(call)),
    *artifacts.routes,
    *(
        Route(f"{prefix}/{number}/{{rest:path}}", not_supported, methods=[method])
        for prefix in PREFIXES
        for number in ("2.0", "3.0")
        for method in ("GET", "POST", "PUT", "PATCH", "DELETE")
    ),
]
