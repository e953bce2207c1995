"""The whole application over the process's one warehouse, with a catalog for each test module."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient

from support.asgi import stream
from support.contract import Contract
from support.routes import ROUTES, TAIL
from support.world import World
from vedette.core.settings import Settings
from vedette.ingest import Ingest
from vedette.query import QueryRunner
from vedette.server.app import make_app
from vedette.store.catalog import Actor, Catalog, Role, Scope
from vedette.store.catalog.keys import CreatedKey
from vedette.store.warehouse import Warehouse
from vedette.web.attempts import SignInAttempts
from vedette.web.services import Services

ACTOR = Actor.system("tests")
PASSWORD = "correct horse battery"
_NUMBERS = itertools.count(1)


@dataclass
class Api:
    """The API, called with one key's header."""

    client: TestClient
    account: str
    headers: dict[str, str] = field(default_factory=dict)
    key_id: str = ""

    def call(self, method: str, path: str, status: int = 200, **options: Any) -> Any:
        """Call a path under /api/v1, check the status and return the JSON answer."""
        response = self.send(method, path, **options)
        assert response.status_code == status, response.text
        return response.json() if response.content else None

    def send(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {**self.headers, **options.pop("headers", {})}
        # Nobody's cookies: each call is a client of its own.
        self.client.cookies.clear()
        response = self.client.request(method, f"/api/v1{path}", headers=headers, **options)
        Contract.of(self.client.app).check(response)
        return response

    def ask(self, name: str, world: World) -> httpx.Response:
        """Call a route of ``support.routes`` with the values of a world."""
        route, (method, path) = ROUTES[name], name.split()
        path = path.format(**world.fill(route.path))
        if name == TAIL:
            return self.follow(path, bool, **route.query)
        return self.send(method, path, params=world.fill(route.query), json=world.fill(route.body))

    def follow(self, path: str, enough: Callable[[bytes], bool], **params: Any) -> httpx.Response:
        """GET an answer that does not end, and hang up once enough has come."""
        path = f"/api/v1{path}"
        streamed = self.client.portal.call(
            stream, self.client.app, path, params, self.headers, enough
        )
        request = httpx.Request("GET", f"http://testserver{path}")
        return httpx.Response(
            streamed.status, headers=streamed.headers, content=streamed.body, request=request
        )

    def get(self, path: str, status: int = 200, **params: Any) -> Any:
        return self.call("GET", path, status, params=params)

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        return self.call("POST", path, status, json=body)

    def put(self, path: str, body: Any = None, status: int = 200, **params: Any) -> Any:
        return self.call("PUT", path, status, json=body, params=params)

    def patch(self, path: str, body: Any, status: int = 200) -> Any:
        return self.call("PATCH", path, status, json=body)

    def delete(self, path: str, status: int = 204, **params: Any) -> Any:
        return self.call("DELETE", path, status, params=params)

    def records(self, event: str) -> list[dict[str, Any]]:
        """Return the account's audit records of one event, newest first."""
        services: Services = self.client.app.state.services
        page = services.catalog.audit.list(self.account, event_name=event)
        return [item.record for item in page.items]


@pytest.fixture(scope="session")
def api_settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"auth": "required", "query_max_seconds": 20.0})


@pytest.fixture(scope="module")
def catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    path = tmp_path_factory.mktemp("api") / "catalog.sqlite"
    with Catalog.open(f"sqlite:///{path}") as opened:
        opened.ensure_first_start()
        yield opened


@pytest.fixture(scope="module")
def services(
    warehouse: Warehouse, runner: QueryRunner, api_settings: Settings, catalog: Catalog
) -> Services:
    return Services(api_settings, warehouse, catalog, Ingest(warehouse, api_settings), runner)


@pytest.fixture(scope="module")
def client(services: Services) -> Iterator[TestClient]:
    with TestClient(make_app(services), raise_server_exceptions=False) as opened:
        opened.portal.call(services.ingest.start)
        yield opened
        opened.portal.call(services.ingest.stop)


@pytest.fixture(autouse=True)
def fresh_attempts(services: Services) -> None:
    """Every test begins with no failed sign-ins of its address."""
    services.sign_in_attempts = SignInAttempts()


@pytest.fixture
def account(catalog: Catalog) -> str:
    """A new account."""
    return catalog.accounts.create(ACTOR, f"acme-{next(_NUMBERS)}").name


@pytest.fixture
def api_of(client: TestClient, catalog: Catalog) -> Callable[..., Api]:
    """Make the API as a new key sees it: ``api_of(account, Scope.READ, ...)``."""

    def make(account: str, *scopes: Scope) -> Api:
        made = catalog.keys.create(ACTOR, account, name="test key", scopes=scopes)
        headers = {"authorization": f"Bearer {made.text}"}
        return Api(client, account, headers, made.key.id)

    return make


@pytest.fixture
def api_with(client: TestClient) -> Callable[..., Api]:
    """Make the API as an existing key sees it: ``api_with(account, created_key)``."""

    def make(account: str, made: CreatedKey | None) -> Api:
        if made is None:
            return Api(client, account)
        return Api(client, account, {"authorization": f"Bearer {made.text}"}, made.key.id)

    return make


@pytest.fixture
def nobody(client: TestClient) -> Api:
    """The API without credentials."""
    return Api(client, "")


@pytest.fixture
def admin(api_of: Callable[..., Api], account: str) -> Api:
    """An admin of the new account."""
    return api_of(account, Scope.ADMIN)


@pytest.fixture
def reader(api_of: Callable[..., Api], account: str) -> Api:
    return api_of(account, Scope.READ)


@pytest.fixture
def root(api_of: Callable[..., Api]) -> Api:
    """An admin of the installation."""
    return api_of("default", Scope.ADMIN)


@pytest.fixture
def stranger(api_of: Callable[..., Api], catalog: Catalog) -> Api:
    """An admin of another account."""
    other = catalog.accounts.create(ACTOR, f"other-{next(_NUMBERS)}").name
    return api_of(other, Scope.ADMIN)


@pytest.fixture
def person(catalog: Catalog, account: str) -> Callable[..., str]:
    """Make a user with roles in the account and return the login."""

    def make(*roles: Role, login: str = "") -> str:
        login = login or f"ann-{next(_NUMBERS)}"
        user = catalog.users.create(ACTOR, login, display_name="Ann", password=PASSWORD)
        for role in roles:
            catalog.memberships.grant(ACTOR, user.id, account, role)
        return login

    return make
