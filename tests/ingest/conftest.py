"""Ingest over the process's warehouse, for bodies of several accounts in one group."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from vedette.core.settings import Settings
from vedette.ingest import Ingest, Receipt, Source
from vedette.store.warehouse import Warehouse


@pytest.fixture
def submit_group(
    warehouse: Warehouse, settings: Settings
) -> Callable[..., list[Receipt | BaseException]]:
    """Store bodies that arrive together: ``submit_group(source, [(account, body), ...])``."""

    def run(source: Source, bodies: Sequence[tuple[str, bytes]]) -> list[Receipt | BaseException]:
        async def main() -> list[Receipt | BaseException]:
            ingest = Ingest(warehouse, settings)
            await ingest.start()
            jobs = (ingest.submit(source, account, body) for account, body in bodies)
            results = await asyncio.gather(*jobs, return_exceptions=True)
            await ingest.stop()
            return results

        return asyncio.run(main())

    return run
