"""A statement that fails leaves nothing behind for the next one."""

from __future__ import annotations

import pytest

from vedette.core.errors import QueryLimitError, VedetteError
from vedette.store.warehouse import QueryLimits, Warehouse
from vedette.store.warehouse.base import Query

FAILS_MIDWAY = "SELECT number, throwIf(number = 5) FROM numbers(10)"
TOO_SLOW = "SELECT number, sleepEachRow(0.05) FROM numbers(100)"
ROW_BY_ROW = {"max_block_size": 1}


@pytest.mark.parametrize("attempt", range(6))
def test_rows_of_a_failed_query_are_in_no_later_answer(warehouse: Warehouse, attempt: int) -> None:
    with pytest.raises(VedetteError):
        warehouse.fetch(Query(FAILS_MIDWAY, settings=ROW_BY_ROW), "TSV")
    assert warehouse.query(f"SELECT {attempt} AS n").records() == [{"n": attempt}]


def test_rows_of_a_query_that_ran_out_of_time_are_in_no_later_answer(warehouse: Warehouse) -> None:
    with pytest.raises(QueryLimitError):
        limits = QueryLimits(seconds=0.3)
        warehouse.fetch(Query(TOO_SLOW, limits=limits, settings=ROW_BY_ROW), "TSV")
    assert warehouse.query("SELECT 2 AS n").records() == [{"n": 2}]


def test_rows_of_an_abandoned_stream_are_in_no_later_answer(warehouse: Warehouse) -> None:
    stream = warehouse.stream(Query("SELECT number FROM numbers(10000000)"), "CSV")
    next(stream)
    stream.close()
    for number in range(6):
        assert warehouse.query(f"SELECT {number} AS n").scalar() == number
