"""What the embedded engine does otherwise than one with a machine of its own."""

from __future__ import annotations

from support.python import output_of
from vedette.store.warehouse import Warehouse
from vedette.store.warehouse.base import Query


def test_little_memory_does_not_make_reading_single_threaded(warehouse: Warehouse) -> None:
    warehouse.execute("CREATE TABLE many (n UInt64) ENGINE = MergeTree ORDER BY n")
    try:
        warehouse.execute("INSERT INTO many SELECT number FROM numbers(1000000)")
        explained = Query("EXPLAIN PIPELINE SELECT sum(n) FROM many", settings={"max_threads": 2})
        assert "AggregatingTransform × 2" in warehouse.fetch(explained, "TSVRaw").decode()
    finally:
        warehouse.execute("DROP TABLE many")


def test_the_engine_is_loaded_without_pyarrow_which_others_can_still_load() -> None:
    code = (
        "import sys, vedette.store.warehouse.embedded; first = 'pyarrow' in sys.modules; "
        "import pyarrow; print(first, pyarrow.array([1, 2]).to_pylist())"
    )
    assert output_of(code) == "False [1, 2]\n"
