"""Queries end when their client hangs up or another request cancels them."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from vedette.api.dependencies import run_query
from vedette.core.errors import InvalidInputError, QueryCancelledError
from vedette.store.catalog import Actor, Principal, Scope
from vedette.web.services import Services

SLOW = "SELECT sum(sleepEachRow(0.01)) FROM numbers(1500) SETTINGS max_block_size = 1"


class HungUp:
    """A request whose client is gone after a moment."""

    def __init__(self, headers: dict[str, str] | None = None) -> None:
        self.headers = headers or {}

    async def receive(self) -> dict[str, str]:
        await asyncio.sleep(0.3)
        return {"type": "http.disconnect"}


def test_a_client_that_hangs_up_ends_its_queries(services: Services) -> None:
    """Also those that its work starts without naming them."""
    caller = Principal.unrestricted("hung-up")

    def work(_: str) -> None:
        services.runner.run("hung-up", f"SELECT * FROM ({SLOW})")

    started = time.monotonic()
    with pytest.raises(QueryCancelledError):
        asyncio.run(run_query(HungUp(), services, caller, work))  # type: ignore[arg-type]
    assert time.monotonic() - started < 10


def test_a_query_is_cancelled_by_its_account_alone(services: Services, api_of: Any) -> None:
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(
            services.runner.run, "cancels", f"SELECT * FROM ({SLOW})", query_id="slow-1"
        )
        for account in ("others", "cancels"):
            services.catalog.accounts.create(Actor.system("tests"), account)
            assert not running.done()
            while not running.done():
                api_of(account, Scope.READ).delete("/queries/slow-1")
                if account == "others":
                    break
        assert isinstance(running.exception(20), QueryCancelledError)


@pytest.mark.parametrize("name", ["a b", "x" * 65, "ü", "a/b"])
def test_a_query_id_is_checked(services: Services, name: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        asyncio.run(
            run_query(
                HungUp({"x-query-id": name}),  # type: ignore[arg-type]
                services,
                Principal.unrestricted("a"),
                lambda _: None,
            )
        )
    assert caught.value.field == "X-Query-Id"
