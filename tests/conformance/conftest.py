"""One real server for all conformance tests; each test sends to an account of its own."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from support.server import Server
from vedette.store.catalog import Scope

_NUMBERS = itertools.count(1)


@dataclass
class Tenant:
    """An account with a key that may do everything in it."""

    server: Server
    account: str
    key: str

    @property
    def headers(self) -> dict[str, str]:
        return self.server.headers(self.key)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Run read-only SQL as the account, over the API."""
        answer = httpx.post(
            f"{self.server.url}/api/v1/sql", json={"sql": sql}, headers=self.headers, timeout=60
        )
        assert answer.status_code == 200, answer.text
        body = answer.json()
        names = [column["name"] for column in body["columns"]]
        return [dict(zip(names, row, strict=True)) for row in zip(*body["data"], strict=True)]

    def row(self, sql: str) -> dict[str, Any]:
        """Return the only row of an answer."""
        (only,) = self.rows(sql)
        return only

    def post(self, path: str, content: bytes, content_type: str, **headers: str) -> httpx.Response:
        """Post a body to the OTLP port as the account."""
        return httpx.post(
            f"{self.server.otlp}{path}",
            content=content,
            headers={**self.headers, "content-type": content_type, **headers},
            timeout=60,
        )

    def rejected(self) -> list[dict[str, Any]]:
        """Return what the API shows of rejected records."""
        answer = httpx.get(f"{self.server.url}/api/v1/ingest/rejected", headers=self.headers)
        assert answer.status_code == 200, answer.text
        return list(answer.json()["rejected"])


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with Server(tmp_path_factory.mktemp("conformance") / "data", max_body_bytes=4 << 20) as running:
        yield running
        status, log = running.stop(), running.log
    assert (status, "Traceback" in log) == (0, False), log


@pytest.fixture
def tenant(server: Server) -> Tenant:
    account = server.new_account(f"tenant-{next(_NUMBERS)}")
    return Tenant(server, account, server.new_key([Scope.ADMIN], account)[1])


@pytest.fixture
def new_tenant(server: Server) -> Callable[[], Tenant]:
    def make() -> Tenant:
        account = server.new_account(f"tenant-{next(_NUMBERS)}")
        return Tenant(server, account, server.new_key([Scope.ADMIN], account)[1])

    return make
