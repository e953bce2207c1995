"""The ASGI applications: everything on the main port, OTLP alone on its standard port."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from vedette import __version__
from vedette.api import routes as api_routes
from vedette.api.errors import HANDLERS as API_HANDLERS
from vedette.api.errors import add_error_schemas, operation_name
from vedette.console import Console
from vedette.core.errors import VedetteError
from vedette.receivers import (
    browser,
    elastic_bulk,
    json_logs,
    mlflow,
    openlineage,
    otlp_http,
    predictions,
    remote_write,
)
from vedette.server.audited import Audited
from vedette.server.health import routes as health_routes
from vedette.web.compression import PackedAnswers
from vedette.web.errors import on_unexpected_error, on_vedette_error
from vedette.web.route_index import RouteIndex
from vedette.web.services import Services

_HANDLERS = {VedetteError: on_vedette_error, Exception: on_unexpected_error}


def make_app(services: Services) -> FastAPI:
    """Return the main application: receivers, API, console and health."""
    app = _make_api(services.settings.base_path)
    app.state.services = services
    for routes in (
        otlp_http.routes,
        json_logs.routes,
        elastic_bulk.routes,
        remote_write.routes,
        mlflow.routes,
        predictions.routes,
        openlineage.routes,
        browser.routes,
        health_routes,
    ):
        app.router.routes.extend(routes)
    app.router.routes.insert(0, RouteIndex(app.router.routes))
    app.router.default = Console(
        services.settings.base_path,
        app.router.default,
        frame_ancestors=services.settings.frame_ancestors,
    )
    app.add_middleware(Audited, services=services, routes=app.router.routes)
    return app


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of the API, the same for every installation of a version."""
    return _make_api("").openapi()


class _Api(FastAPI):
    def openapi(self) -> dict[str, Any]:
        if self.openapi_schema is None:
            self.openapi_schema = add_error_schemas(super().openapi())
        return self.openapi_schema


def _make_api(base_path: str) -> FastAPI:
    app = _Api(
        title="Vedette",
        version=__version__,
        summary="The open lookout for data and ML.",
        root_path=base_path,
        openapi_url="/api/v1/openapi.json",
        docs_url="/api/docs",
        redoc_url=None,
        swagger_ui_oauth2_redirect_url=None,
        exception_handlers=API_HANDLERS,
        generate_unique_id_function=operation_name,
    )
    app.router.routes.extend(api_routes)
    app.add_middleware(PackedAnswers, prefix="/api/v1/")
    return app


def make_otlp_app(services: Services) -> Starlette:
    """Return the application of the standard OTLP port."""
    app = Starlette(
        routes=[*otlp_http.routes, *health_routes],
        exception_handlers={**_HANDLERS, 404: _not_found},
    )
    app.state.services = services
    app.add_middleware(Audited, services=services, routes=app.router.routes)
    return app


async def _not_found(request: Request, _: Exception) -> Response:
    text = f"{request.url.path} is not OTLP: use /v1/traces, /v1/logs or /v1/metrics\n"
    return Response(text, 404, media_type="text/plain")
