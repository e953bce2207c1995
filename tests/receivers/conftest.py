"""An application with the receivers under test, over the process's one warehouse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from vedette.core.errors import VedetteError
from vedette.core.settings import Settings
from vedette.ingest import Ingest
from vedette.query import QueryRunner
from vedette.receivers import (
    elastic_bulk,
    json_logs,
    mlflow,
    openlineage,
    otlp_http,
    predictions,
    remote_write,
)
from vedette.store.catalog import Actor, Catalog, Scope
from vedette.store.warehouse import Warehouse
from vedette.web.errors import on_unexpected_error, on_vedette_error
from vedette.web.services import Services

_NUMBERS = count()
MAX_BODY, MAX_UNPACKED = 64 * 1024, 256 * 1024


@pytest.fixture(scope="session")
def receivers_catalog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalog]:
    path = tmp_path_factory.mktemp("receivers") / "catalog.sqlite"
    with Catalog.open(f"sqlite:///{path}") as catalog:
        catalog.ensure_first_start()
        yield catalog


@pytest.fixture(scope="session")
def client(
    warehouse: Warehouse,
    runner: QueryRunner,
    settings: Settings,
    receivers_catalog: Catalog,
) -> Iterator[TestClient]:
    changed = settings.model_copy(
        update={
            "auth": "required",
            "max_body_bytes": MAX_BODY,
            "max_unpacked_bytes": MAX_UNPACKED,
        }
    )
    ingest = Ingest(warehouse, changed)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await ingest.start()
        yield
        await ingest.stop()

    app = Starlette(
        routes=[
            *otlp_http.routes,
            *json_logs.routes,
            *elastic_bulk.routes,
            *remote_write.routes,
            *mlflow.routes,
            *predictions.routes,
            *openlineage.routes,
        ],
        exception_handlers={VedetteError: on_vedette_error, Exception: on_unexpected_error},
        lifespan=lifespan,
    )
    app.state.services = Services(changed, warehouse, receivers_catalog, ingest, runner)
    with TestClient(app, raise_server_exceptions=False) as opened:
        yield opened


@pytest.fixture(scope="session")
def new_key(receivers_catalog: Catalog) -> Callable[..., dict[str, str]]:
    """Make the headers of a new key: ``new_key(account, scope)``."""
    actor = Actor.system("tests")

    def make(account: str, scope: Scope = Scope.INGEST) -> dict[str, str]:
        receivers_catalog.accounts.create(actor, account)
        created = receivers_catalog.keys.create(actor, account, name="test", scopes={scope})
        return {"authorization": f"Bearer {created.text}"}

    return make


@pytest.fixture
def account() -> str:
    """An account name of the test's own."""
    return f"receivers-{next(_NUMBERS)}"


@pytest.fixture
def headers(account: str, new_key: Callable[..., dict[str, str]]) -> dict[str, str]:
    """The headers of a key that may send telemetry to ``account``."""
    return new_key(account)
