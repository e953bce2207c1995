"""Both back ends: the process's embedded store, and the server's client against the shim."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from vedette.core.settings import Settings
from vedette.store.warehouse import Warehouse, open_warehouse

SHIM = Path(__file__).parents[2] / "support" / "clickhouse_shim.py"
_NUMBERS = count()


@pytest.fixture(scope="session")
def clickhouse_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A ClickHouse that speaks HTTP, as far as the shim does."""
    folder = tmp_path_factory.mktemp("clickhouse") / "store"
    with subprocess.Popen(
        [sys.executable, str(SHIM), str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdin is not None
        yield f"clickhouse://default:@127.0.0.1:{int(process.stdout.readline())}/default"
        process.stdin.close()
        process.wait(60)


@pytest.fixture(scope="session")
def server_warehouse(clickhouse_url: str) -> Iterator[Warehouse]:
    opened = open_warehouse(Settings(warehouse_url=clickhouse_url))
    yield opened
    opened.close()


@pytest.fixture(params=["embedded", "server"])
def either(request: pytest.FixtureRequest) -> Warehouse:
    """Each back end in turn."""
    name = {"embedded": "warehouse", "server": "server_warehouse"}[request.param]
    opened: Warehouse = request.getfixturevalue(name)
    return opened


@pytest.fixture
def table(either: Warehouse) -> Iterator[str]:
    """A table of the test's own with columns of some types, dropped in the end."""
    name = f"contract_{next(_NUMBERS)}"
    either.execute(
        f"CREATE TABLE {name} (n UInt64, s String, t DateTime64(9, 'UTC')) "
        "ENGINE = MergeTree ORDER BY n"
    )
    yield name
    either.execute(f"DROP TABLE {name}")
