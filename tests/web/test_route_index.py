"""The index finds what trying every route in turn finds."""

from __future__ import annotations

import re

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import BaseRoute, Match, Route
from starlette.testclient import TestClient

from vedette.api import routes as api_routes
from vedette.receivers import elastic_bulk, mlflow, otlp_http
from vedette.web.route_index import RouteIndex

ROUTES: list[BaseRoute] = [
    *api_routes, *otlp_http.routes, *elastic_bulk.routes, *mlflow.routes
]  # fmt: skip


def _scope(method: str, path: str) -> dict:
    return {"type": "http", "method": method, "path": path, "root_path": "", "headers": []}


def _first(method: str, path: str) -> BaseRoute | None:
    for route in ROUTES:
        if route.matches(_scope(method, path))[0] is Match.FULL:
            return route
    return None


def test_every_route_is_found_as_without_the_index():
    index = RouteIndex(ROUTES)
    asked = 0
    for route in ROUTES:
        if not isinstance(route, Route):
            continue
        path = re.sub(r"{[^}:]+(:path)?}", lambda m: "x/y" if m[1] else "7", route.path)
        for method in route.methods or ():
            match, child_scope = index.matches(_scope(method, path))
            assert match is Match.FULL, (method, path)
            assert child_scope["endpoint"] is _first(method, path).endpoint, (method, path)
            asked += 1
    assert asked > 500


@pytest.fixture
def client():
    async def told(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.path_params.get("rest", "-") + request.scope["root_path"])

    routes = [
        Route("/a", told, methods=["POST"]),
        Route("/a/{rest:path}", told),
        Route("/{rest}/b", told),
    ]
    return TestClient(Starlette(routes=[RouteIndex(routes), *routes]))


def test_parameters_methods_and_what_is_not_there(client):
    assert client.post("/a").text == "-"
    assert client.get("/a/b/c").text == "b/c"
    assert client.get("/z/b").text == "z"
    assert client.get("/a").status_code == 405
    assert client.get("/nothing").status_code == 404


def test_below_a_base_path():
    async def told(request: Request) -> PlainTextResponse:
        return PlainTextResponse(request.path_params["one"])

    route = Route("/a/{one}", told)
    client = TestClient(Starlette(routes=[RouteIndex([route])]), root_path="/base")
    assert client.get("/base/a/7").text == "7"
    assert client.get("/base/b/7").status_code == 404
