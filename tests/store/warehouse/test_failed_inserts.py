"""An insert that fails anywhere, a view included, says so and stores nothing."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from vedette.core.errors import VedetteError
from vedette.store.warehouse import Warehouse

_SETUP = (
    "CREATE TABLE failing_in (n UInt64) ENGINE = Null",
    "CREATE TABLE failing_out (n UInt64) ENGINE = MergeTree ORDER BY n",
    "CREATE MATERIALIZED VIEW failing_mv TO failing_out AS "
    "SELECT n FROM failing_in WHERE throwIf(n = 3) = 0",
)


@pytest.fixture
def failing(warehouse: Warehouse) -> Iterator[Warehouse]:
    for statement in _SETUP:
        warehouse.execute(statement)
    yield warehouse
    for name in ("failing_mv", "failing_in", "failing_out"):
        warehouse.execute(f"DROP TABLE {name}")


def test_a_view_that_fails_fails_the_insert(failing: Warehouse) -> None:
    failing.insert("failing_in", [b"1\n", b"2\n"], "CSV", {})
    with pytest.raises(VedetteError):
        failing.insert("failing_in", [b"4\n3\n"], "CSV", {})
    assert failing.query("SELECT n FROM failing_out ORDER BY n")["n"] == [1, 2]


def test_memory_that_runs_out_in_a_view_fails_the_insert(failing: Warehouse) -> None:
    failing.execute("CREATE TABLE failing_wide (t String) ENGINE = MergeTree ORDER BY t")
    failing.execute(
        "CREATE MATERIALIZED VIEW failing_wide_mv TO failing_wide AS "
        "SELECT arrayStringConcat(arrayMap(x -> repeat('x', 1000), range(n))) AS t FROM failing_in"
    )
    try:
        with pytest.raises(VedetteError):
            failing.insert("failing_in", [b"900000\n"], "CSV", {"max_memory_usage": 100_000_000})
        assert failing.query("SELECT count() AS n FROM failing_wide").scalar() == 0
    finally:
        failing.execute("DROP TABLE failing_wide_mv")
        failing.execute("DROP TABLE failing_wide")
