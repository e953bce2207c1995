"""Who may call what: every route of the OpenAPI document and every receiver, by one table."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from typing import Any

import pytest
from starlette.routing import Route as PlainRoute
from starlette.testclient import TestClient

from support.contract import Contract
from support.routes import ANYONE_KNOWN, NOBODY, ROUTES
from support.world import World, make_world
from vedette.store.catalog import Actor, Catalog, Permission, Role, Scope
from vedette.store.catalog.roles import permissions_of
from vedette.web.services import Services

ACTOR = Actor.system("tests")
PASSWORD = "correct horse battery"
ACCOUNT = "accessed"
HEALTH = (
    "/healthz",
    "/readyz",
    "/health",
    "/version",
    *(f"/{api}/3.0/mlflow/server-info" for api in ("api", "ajax-api")),
    # What other people's pages load: it holds no data.
    "/rum/vedette.js",
)
OPEN = {f"{method} {path}" for method in ("GET", "HEAD") for path in HEALTH}
"""What needs no credentials: health, what MLflow's clients ask before they sign in, a script."""
DOCUMENTATION = {"/api/v1/openapi.json", "/api/docs"}
CLOSED = [name for name, route in ROUTES.items() if route.permission != NOBODY]
_NUMBERS = itertools.count(1)


@pytest.fixture(scope="module")
def made(client: TestClient, services: Services, catalog: Catalog) -> World:
    """An account with something in it."""
    catalog.accounts.create(ACTOR, ACCOUNT)
    key = catalog.keys.create(ACTOR, ACCOUNT, name="sender", scopes=[Scope.ADMIN]).text

    def send(path: str, body: Any) -> Any:
        answer = client.post(path, json=body, headers={"authorization": f"Bearer {key}"})
        assert answer.is_success, answer.text
        return answer.json()

    return make_world(services, send, ACCOUNT, "gecko31")


def test_every_route_has_an_entry(client: TestClient) -> None:
    """A route without one is tested by nobody: add it to tests/support/routes.py."""
    described = {
        f"{method} {path.removeprefix('/api/v1')}"
        for method, path, _ in Contract.of(client.app).operations()
    }
    assert described - set(ROUTES) == set(), "add these routes to tests/support/routes.py"
    assert set(ROUTES) - described == set(), "these are no routes any more"


NO_CREDENTIALS = (
    {},
    {"authorization": "Bearer "},
    {"authorization": "Bearer vdt_wrong"},
    {"authorization": "Basic dXNlcjpwYXNz"},
    {"x-api-key": "'; DROP TABLE api_keys; --"},
    {"cookie": "vedette_session=forged"},
)


@pytest.mark.parametrize("name", CLOSED)
def test_nobody_gets_in_without_a_key(made: World, nobody: Any, name: str) -> None:
    for headers in NO_CREDENTIALS:
        nobody.headers = headers
        answer = nobody.ask(name, made)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"].startswith("Bearer")
        assert answer.json()["error"]["code"] == "unauthenticated"


def test_no_receiver_takes_anything_without_a_key(client: TestClient) -> None:
    """Receivers are not in the OpenAPI document; they are found among the application's routes."""
    asked = []
    for route in client.app.router.routes:
        if type(route) is not PlainRoute or route.path in DOCUMENTATION:
            continue
        path = re.sub(r"{[^}]+}", "x", route.path_format)
        for method in sorted(route.methods or ()):
            if f"{method} {path}" in OPEN:
                continue
            client.cookies.clear()
            for headers in ({}, {"authorization": "Bearer wrong"}):
                answer = client.request(method, path, content=b"{}", headers=headers)
                # 404, 501: what MLflow has and this server does not, told to anybody.
                assert answer.status_code in {401, 404, 501}, (method, path, answer.status_code)
            asked.append(path)
    assert {"/v1/traces", "/v1/logs", "/v1/metrics"} <= set(asked)


def test_health_tells_everybody(client: TestClient) -> None:
    for name in OPEN:
        assert client.request(*name.split()).status_code == 200


class _Caller:
    """The API as a key or a member calls it, and what it is allowed."""

    def __init__(self, api: Any, allowed: frozenset[Permission]) -> None:
        self.api, self.allowed = api, allowed


def _by_scope(scope: Scope, account: str = ACCOUNT) -> Callable[..., _Caller]:
    def make(catalog: Catalog, api_with: Any, client: TestClient) -> _Caller:
        key = catalog.keys.create(ACTOR, account, name="key", scopes=[scope])
        return _Caller(api_with(account, key), permissions_of(account, scopes=[scope]))

    return make


def _by_role(role: Role) -> Callable[..., _Caller]:
    def make(catalog: Catalog, api_with: Any, client: TestClient) -> _Caller:
        login = f"{role}-{next(_NUMBERS)}"
        user = catalog.users.create(ACTOR, login, display_name=role, password=PASSWORD)
        catalog.memberships.grant(ACTOR, user.id, ACCOUNT, role)
        opened = client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert opened.status_code == 201, opened.text
        api = api_with(ACCOUNT, None)
        api.headers = {
            "cookie": opened.headers["set-cookie"].partition(";")[0],
            "x-csrf-token": opened.json()["csrf_token"],
        }
        return _Caller(api, permissions_of(ACCOUNT, roles=[role]))

    return make


CALLERS = {
    **{f"key-{scope}": _by_scope(scope) for scope in Scope},
    **{f"member-{role}": _by_role(role) for role in Role},
    "key-of-the-installation": _by_scope(Scope.ADMIN, "default"),
}
MAY = {
    **{f"key-{scope}": permissions_of(ACCOUNT, scopes=[scope]) for scope in Scope},
    **{f"member-{role}": permissions_of(ACCOUNT, roles=[role]) for role in Role},
    "key-of-the-installation": permissions_of("default", scopes=[Scope.ADMIN]),
}
KEYS_ONLY = "POST /session/links"
ENDS_THE_SESSION = {"DELETE /session", "PUT /session/password"}


def _is_allowed(name: str, allowed: frozenset[Permission]) -> bool:
    needed = ROUTES[name].permission
    any_of = needed if isinstance(needed, tuple) else (needed,)
    return needed is ANYONE_KNOWN or not allowed.isdisjoint(any_of)


def _calls(name: str, kind: str) -> bool:
    """Whether a caller who may is to call: of the keys, and of the members, who may least.

    Who may not always calls; who may more would only do the same work once more.
    """
    sort = [one for one in MAY if one.split("-")[0] == kind.split("-", maxsplit=1)[0]]
    able = [one for one in sort if _is_allowed(name, MAY[one])]
    return min(able, key=lambda one: len(MAY[one])) == kind


def _names_a_resource(name: str) -> bool:
    return "resource" in ROUTES[name].query or "resources" in (ROUTES[name].body or ())


@pytest.mark.parametrize("kind", CALLERS)
def test_a_caller_may_what_its_role_or_scope_says(
    catalog: Catalog, api_with: Any, client: TestClient, made: World, kind: str
) -> None:
    caller = CALLERS[kind](catalog, api_with, client)
    assert caller.allowed == MAY[kind]
    wrong = []
    for name in CLOSED:
        if name in ENDS_THE_SESSION or (name == KEYS_ONLY and caller.api.key_id == ""):
            continue
        expected = _is_allowed(name, caller.allowed)
        if expected and not _calls(name, kind):
            continue
        if caller.api.account == "default" and _names_a_resource(name):
            continue  # the resource is another account's
        answer = caller.api.ask(name, made)
        if (answer.status_code not in {401, 403}) is not expected:
            wrong.append((name, answer.status_code, answer.text[:200]))
        if not expected:
            assert answer.json()["error"]["code"] == "forbidden"
    assert wrong == []


def test_a_session_changes_nothing_without_its_csrf_token(
    catalog: Catalog, api_with: Any, client: TestClient, made: World
) -> None:
    caller = _by_role(Role.ADMIN)(catalog, api_with, client)
    del caller.api.headers["x-csrf-token"]
    asked = 0
    for name in CLOSED:
        if name.startswith("GET ") or ROUTES[name].permission is Permission.INSTALLATION_ADMIN:
            continue
        answer = caller.api.ask(name, made)
        assert answer.status_code == 403, name
        assert answer.json()["error"]["field"] == "x-csrf-token"
        asked += 1
    assert asked > 10
