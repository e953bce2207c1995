"""The services behind a server process, put together once and reached from every request."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.requests import HTTPConnection

from vedette.core.settings import Settings
from vedette.core.time import now_ns
from vedette.ingest import Ingest
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.store.warehouse import Warehouse
from vedette.web.attempts import SignInAttempts


@dataclass(slots=True)
class Services:
    """Everything a receiver or an API route may use."""

    settings: Settings
    warehouse: Warehouse
    catalog: Catalog
    ingest: Ingest
    runner: QueryRunner
    started_ns: int = field(default_factory=now_ns)
    sign_in_attempts: SignInAttempts = field(default_factory=SignInAttempts)


def services_of(connection: HTTPConnection) -> Services:
    """Return the services of the process that a request came to."""
    services: Services = connection.app.state.services
    return services
