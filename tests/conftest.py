"""Fixtures for all tests: one embedded warehouse a test process, since chDB holds one path."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as examples

from vedette.core.settings import Settings
from vedette.ingest import Ingest, Receipt, Source
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse, open_warehouse

# How long an example takes says how busy the machine is, not whether the code is right.
examples.register_profile("vedette", deadline=None, suppress_health_check=[HealthCheck.too_slow])
examples.load_profile("vedette")


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(data_dir=tmp_path_factory.mktemp("store"), min_free_disk_bytes=0)


@pytest.fixture(scope="session")
def warehouse(settings: Settings) -> Iterator[Warehouse]:
    opened = open_warehouse(settings)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def runner(warehouse: Warehouse, settings: Settings) -> QueryRunner:
    return QueryRunner(warehouse, settings)


@pytest.fixture
def submit(warehouse: Warehouse, settings: Settings) -> Callable[..., list[Receipt | Exception]]:
    """Store bodies through the real ingest: ``submit(source, account, *bodies)``."""

    def run(source: Source, account: str, *bodies: bytes) -> list[Receipt | Exception]:
        async def main() -> list[Receipt | Exception]:
            ingest = Ingest(warehouse, settings)
            await ingest.start()
            jobs = (ingest.submit(source, account, body) for body in bodies)
            results = await asyncio.gather(*jobs, return_exceptions=True)
            await ingest.stop()
            return results

        return asyncio.run(main())

    return run
