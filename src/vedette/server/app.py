"""The ASGI applications: everything on the main port, OTLP alone on its standard port."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from vedette import __version__
from vedette.api import router as api_router
from vedette.api.errors import HANDLERS as API_HANDLERS
from vedette.core.errors import VedetteError
from vedette.receivers import elastic_bulk, json_logs, otlp_http, remote_write
from vedette.server.health import routes as health_routes
from vedette.web.errors import on_unexpected_error, on_vedette_error
from vedette.web.services import Services

_HANDLERS = {VedetteError: on_vedette_error, Exception: on_unexpected_error}


def make_app(services: Services) -> FastAPI:
    """Return the main application: receivers, API and health."""
    app = FastAPI(
        title="Vedette",
        version=__version__,
        summary="The open lookout for data and ML.",
        root_path=services.settings.base_path,
        openapi_url="/api/v1/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        exception_handlers=API_HANDLERS,
    )
    app.state.services = services
    for routes in (
        otlp_http.routes,
        json_logs.routes,
        elastic_bulk.routes,
        remote_write.routes,
        health_routes,
    ):
        app.router.routes.extend(routes)
    app.include_router(api_router)
    return app


def make_otlp_app(services: Services) -> Starlette:
    """Return the application of the standard OTLP port."""
    app = Starlette(
        routes=[*otlp_http.routes, *health_routes],
        exception_handlers={**_HANDLERS, 404: _not_found},
    )
    app.state.services = services
    return app


async def _not_found(request: Request, _: Exception) -> Response:
    text = f"{request.url.path} is not OTLP: use /v1/traces, /v1/logs or /v1/metrics\n"
    return Response(text, 404, media_type="text/plain")
