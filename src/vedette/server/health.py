"""Health: the one thing that needs no credentials."""

from __future__ import annotations

import asyncio

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette import __version__
from vedette.core.errors import VedetteError
from vedette.web.services import services_of


async def live(_: Request) -> Response:
    """Answer while the process runs (``GET /healthz``)."""
    return _answer({"status": "ok", "version": __version__})


async def ready(request: Request) -> Response:
    """Answer 200 while both stores can be used, else 503 (``GET /readyz``)."""
    services = services_of(request)
    checks: dict[str, str] = {}
    for name, check in (
        ("catalog", services.catalog.ping),
        ("warehouse", lambda: services.warehouse.query("SELECT 1 AS one")),
    ):
        try:
            await asyncio.to_thread(check)
            checks[name] = "ok"
        except VedetteError as error:
            checks[name] = error.message
    healthy = all(value == "ok" for value in checks.values())
    return _answer(
        {"status": "ok" if healthy else "failing", "checks": checks}, 200 if healthy else 503
    )


def _answer(body: dict[str, object], status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


routes = [Route("/healthz", live), Route("/readyz", ready)]
