"""Routes are built when something first asks for them, and are then as FastAPI makes them."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Match

from vedette.api.routing import LateRoute, Router


def _is_built(route: LateRoute) -> bool:
    return "dependant" in vars(route)


@pytest.fixture
def routes() -> list[LateRoute]:
    router = Router(prefix="/things", tags=["things"])

    @router.get("/{name}")
    async def get_thing(name: str, most: int = 10) -> dict[str, int]:
        return {name: most}

    @router.delete("/{name}", status_code=204)
    async def delete_thing(name: str) -> None:
        assert name

    @router.get("/count")
    async def count_things() -> int:
        return 7

    return [route for route in router.routes if isinstance(route, LateRoute)]


@pytest.fixture
def client(routes: list[LateRoute]) -> TestClient:
    app = FastAPI()
    app.router.routes.extend(routes)
    return TestClient(app)


def test_what_no_request_needs_is_not_built(routes, client):
    assert [(route.path, route.name) for route in routes] == [
        ("/api/v1/things/{name}", "get_thing"),
        ("/api/v1/things/{name}", "delete_thing"),
        ("/api/v1/things/count", "count_things"),
    ]
    assert client.get("/api/v1/other").status_code == 404
    assert not any(map(_is_built, routes))


def test_a_request_builds_its_route(routes, client):
    assert client.get("/api/v1/things/a?most=3").json() == {"a": 3}
    assert client.get("/api/v1/things/a?most=many").status_code == 422
    assert [_is_built(route) for route in routes] == [True, False, False]
    assert client.delete("/api/v1/things/a").status_code == 204
    assert client.put("/api/v1/things/a").status_code == 405


def test_the_document_holds_all(routes, client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {method for path in paths.values() for method in path} == {"get", "delete"}
    operation = paths["/api/v1/things/{name}"]["get"]
    assert operation["tags"] == ["things"]
    assert [one["name"] for one in operation["parameters"]] == ["name", "most"]
    assert all(map(_is_built, routes))


def test_below_a_prefix_the_path_is_that_of_the_route(routes):
    scope = {
        "type": "http",
        "method": "GET",
        "root_path": "/lookout",
        "path": "/lookout/api/v1/things/a",
    }
    assert routes[0].matches(scope)[0] is Match.FULL
    assert routes[0].matches({**scope, "path": "/lookout/api/v1/others/a"})[0] is Match.NONE


def test_what_a_route_lacks_is_missed(routes):
    with pytest.raises(AttributeError, match="colour"):
        _ = routes[0].colour
