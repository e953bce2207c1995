"""What every back end promises, asked of both."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest

from vedette.core.errors import (
    InvalidInputError,
    QueryCancelledError,
    QueryLimitError,
    VedetteError,
)
from vedette.store.warehouse import QueryLimits, Warehouse
from vedette.store.warehouse.base import Query
from vedette.store.warehouse.migrate import migrate, migrations

ENDLESS = "SELECT sum(cityHash64(number)) AS x FROM numbers(1000000000000)"
DEADLINE_SECONDS = 30.0


def wait_until(condition: Callable[[], Any]) -> None:
    """Ask until the condition holds; fail after a time that no working system needs."""
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.01)


def running(warehouse: Warehouse, mark: str) -> int:
    found = warehouse.query(
        "SELECT count() AS n FROM system.processes "
        "WHERE position(query, {mark:String}) > 0 AND position(query, 'system.processes') = 0",
        {"mark": mark},
    )
    return int(found.scalar())


def test_every_migration_is_applied_once(either: Warehouse) -> None:
    applied = either.query("SELECT Version, Name FROM schema_migrations ORDER BY Version").records()
    expected = [{"Version": m.version, "Name": m.name} for m in migrations()]
    assert applied == expected
    assert migrate(either) == []
    again = either.query("SELECT count() AS n FROM schema_migrations").scalar()
    assert again == len(expected)


@pytest.mark.parametrize(
    ("input_format", "chunks"),
    [
        ("JSONEachRow", [b'{"n":1,"s":"a', b'\\nb"}\n{"n":2}\n']),
        ("TabSeparated", [b"1\ta\\nb\t1970-01-01 00:00:00\n", b"2\t\t1970-01-01 00:00:00\n"]),
        (
            "RowBinary",
            [
                (1).to_bytes(8, "little") + b"\x03a\nb" + bytes(8),
                (2).to_bytes(8, "little") + b"\x00" + bytes(8),
            ],
        ),
    ],
)
def test_chunks_are_inserted_as_one(
    either: Warehouse, table: str, input_format: str, chunks: list[bytes]
) -> None:
    either.insert(table, chunks, input_format, {})
    rows = either.query(f"SELECT n, s FROM {table} ORDER BY n").records()
    assert rows == [{"n": 1, "s": "a\nb"}, {"n": 2, "s": ""}]


def test_an_insert_takes_settings(either: Warehouse, table: str) -> None:
    row = [b'{"n":1,"surplus":"it\'s"}\n']
    either.insert(table, row, "JSONEachRow", {"input_format_skip_unknown_fields": 1})
    assert either.query(f"SELECT count() AS n FROM {table}").scalar() == 1
    with pytest.raises(InvalidInputError):
        either.insert(table, row, "JSONEachRow", {"input_format_skip_unknown_fields": 0})
    assert either.query(f"SELECT count() AS n FROM {table}").scalar() == 1


def test_a_bad_insert_stores_nothing(either: Warehouse, table: str) -> None:
    with pytest.raises(InvalidInputError):
        either.insert(table, [b'{"n":1}\n{"n":"x"}\n'], "JSONEachRow", {})
    with pytest.raises(InvalidInputError):
        either.insert("no_such_table", [b"{}\n"], "JSONEachRow", {})
    assert either.query(f"SELECT count() AS n FROM {table}").scalar() == 0


def test_columns_have_names_types_and_values(either: Warehouse) -> None:
    answer = either.query(
        "SELECT number AS n, number % 2 = 0 AS even, toString(number) AS s, [number] AS list, "
        "map('k', number) AS m, toDateTime64(number, 9, 'UTC') AS t, "
        "if(number = 1, NULL, number) AS maybe, bitNot(number) AS big, "
        "CAST((1, 'x'), 'Tuple(a UInt8, b String)') AS named FROM numbers(2)"
    )
    assert list(answer.names) == ["n", "even", "s", "list", "m", "t", "maybe", "big", "named"]
    assert answer.types[0] == "UInt64"
    assert answer.rows == 2
    assert answer.rows_read == 2
    assert answer.records()[1] == {
        "n": 1,
        "even": 0,
        "s": "1",
        "list": [1],
        "m": {"k": 1},
        "t": "1970-01-01T00:00:01.000000000Z",
        "maybe": None,
        "big": 18446744073709551614,
        "named": {"a": 1, "b": "x"},
    }


def test_an_answer_without_rows_has_its_columns(either: Warehouse) -> None:
    answer = either.query("SELECT number AS n, 'x' AS s FROM numbers(0)")
    assert (list(answer.names), answer.rows, answer.records()) == (["n", "s"], 0, [])
    assert answer.data == {"n": [], "s": []}
    assert answer.scalar() is None


TEXTS = [
    "",
    "it's",
    'a "b"',
    "line\nbreak\ttab",
    "back\\slash\\n",
    "nul\x00byte",
    "żółć 😀",
    "%s {x:String}",
]


@pytest.mark.parametrize("text", TEXTS)
def test_text_parameters_arrive_as_they_are(either: Warehouse, text: str) -> None:
    assert either.query("SELECT {p:String} AS p", {"p": text}).scalar() == text
    assert either.query("SELECT {p:Array(String)} AS p", {"p": [text, text]}).scalar() == [text] * 2


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("UInt64", 2**64 - 1, 2**64 - 1),
        ("Int64", -(2**63), -(2**63)),
        ("Float64", 0.1, 0.1),
        ("Bool", True, True),
        ("Nullable(String)", None, None),
        ("Array(UInt64)", [], []),
        ("Array(UInt64)", [1, 2**64 - 1], [1, 2**64 - 1]),
        ("Array(Array(String))", [["a'b"], []], [["a'b"], []]),
        ("Date", datetime(2026, 2, 3, tzinfo=UTC).date(), "2026-02-03"),
        ("DateTime('UTC')", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), "2026-02-03T04:05:06Z"),
        (
            "DateTime64(9, 'UTC')",
            datetime(2026, 2, 3, 4, 5, 6, 789123, tzinfo=UTC),
            "2026-02-03T04:05:06.789123000Z",
        ),
        (
            "DateTime64(9, 'UTC')",
            datetime(2026, 2, 3, 4, 5, 6, tzinfo=timezone(timedelta(hours=2))),
            "2026-02-03T02:05:06.000000000Z",
        ),
        (
            "DateTime64(9, 'UTC')",
            datetime(2026, 2, 3, 4, 5, 6),  # noqa: DTZ001 - one without a zone is UTC
            "2026-02-03T04:05:06.000000000Z",
        ),
        ("DateTime64(9, 'UTC')", "2026-02-03 04:05:06.123456789", "2026-02-03T04:05:06.123456789Z"),
        (
            "Array(DateTime64(3, 'UTC'))",
            [datetime(2026, 2, 3, 4, 5, 6, 7000, tzinfo=UTC)],
            ["2026-02-03T04:05:06.007Z"],
        ),
    ],
)
def test_parameters_of_every_type(
    either: Warehouse, kind: str, value: object, expected: object
) -> None:
    assert either.query(f"SELECT {{p:{kind}}} AS p", {"p": value}).scalar() == expected


def test_a_long_parameter_arrives_whole(either: Warehouse) -> None:
    text = "x'\n" * 100_000
    assert either.query("SELECT length({p:String}) AS n", {"p": text}).scalar() == len(text)


def test_percent_signs_in_a_statement_are_its_own(either: Warehouse) -> None:
    sql = "SELECT 'a%b' LIKE '%\\%b' AS x, {p:String} AS p, formatDateTime(toDate(0), '%Y') AS y"
    assert either.query(sql, {"p": "%s"}).records() == [{"x": 1, "p": "%s", "y": "1970"}]


def test_a_parameter_is_never_part_of_the_statement(either: Warehouse) -> None:
    text = "' UNION ALL SELECT 'other"
    answer = either.query("SELECT {p:String} AS p WHERE 1 = 1", {"p": text})
    assert answer.data == {"p": [text]}


@pytest.mark.parametrize("rows", [1, 10, 70_000])
def test_rows_are_cut_where_asked(either: Warehouse, rows: int) -> None:
    limits = QueryLimits(rows=rows)
    for sql in (
        "SELECT number AS n FROM numbers(200000)",
        "SELECT number AS n FROM numbers(200000) ORDER BY n DESC LIMIT 100000",
        "SELECT number AS n FROM numbers(100000) UNION ALL SELECT number AS n FROM numbers(100000)",
    ):
        assert either.query(sql, limits=limits).rows == rows
    inner = "SELECT count() AS n FROM (SELECT number FROM numbers(100000))"
    assert either.query(inner, limits=limits).scalar() == 100_000


def test_time_is_limited(either: Warehouse) -> None:
    with pytest.raises(QueryLimitError, match="longer"):
        either.query(ENDLESS, limits=QueryLimits(seconds=0.2))


def test_memory_is_limited(either: Warehouse) -> None:
    sql = "SELECT length(groupArray(number)) AS x FROM numbers(100000000)"
    with pytest.raises(QueryLimitError, match="more than it may use"):
        either.query(sql, limits=QueryLimits(memory_bytes=50 << 20))


def test_a_running_query_is_cancelled_by_its_id(either: Warehouse) -> None:
    name = f"cancel{time.monotonic_ns()}"
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(either.query, ENDLESS, query_id=name)
        wait_until(lambda: running(either, name))
        either.cancel("someoneelse")
        assert running(either, name) == 1
        either.cancel(name)
        with pytest.raises(QueryCancelledError):
            future.result(DEADLINE_SECONDS)
    wait_until(lambda: not running(either, name))


def test_a_query_id_cannot_leave_its_comment(either: Warehouse) -> None:
    with pytest.raises(ValueError, match="letters and digits"):
        either.query("SELECT 1", query_id="x */ DROP")


def test_an_answer_is_streamed_in_pieces(either: Warehouse) -> None:
    sql = "SELECT number AS n FROM numbers(300000)"
    query = Query(sql, limits=QueryLimits(rows=300_000))
    pieces = list(either.stream(query, "JSONEachRow"))
    assert len(pieces) > 1
    lines = b"".join(pieces).splitlines()
    assert len(lines) == 300_000
    assert orjson.loads(lines[-1]) == {"n": 299_999}


def test_a_short_answer_is_streamed_whole(either: Warehouse) -> None:
    query = Query("SELECT {p:String} AS p", {"p": "it's"})
    assert b"".join(either.stream(query, "CSV")) == b'"it\'s"\n'


def test_closing_a_stream_ends_its_query(either: Warehouse) -> None:
    name = f"stream{time.monotonic_ns()}"
    sql = "SELECT number, repeat('x', 1000) AS s FROM numbers(1000000000)"
    query = Query(sql, limits=QueryLimits(rows=10**9), query_id=name)
    stream = either.stream(query, "JSONEachRow")
    assert next(stream)
    assert running(either, name) == 1
    stream.close()  # type: ignore[attr-defined] - both are generators
    wait_until(lambda: not running(either, name))


def test_a_stream_that_fails_half_way_says_so(either: Warehouse) -> None:
    sql = "SELECT throwIf(number = 5000000, 'half way') AS x FROM numbers(10000000)"
    query = Query(sql, limits=QueryLimits(rows=10**8))
    pieces: list[bytes] = []
    with pytest.raises(VedetteError, match="half way"):
        pieces.extend(either.stream(query, "TabSeparated"))
    assert pieces
    assert b"Exception" not in b"".join(pieces)


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELEC 1", "Syntax error"),
        ("SELECT nothing", "nothing"),
        ("SELECT 1 FROM no_such_table", "no_such_table"),
        ("SELECT no_function(1)", "no_function"),
        ("SELECT toUInt8('x')", "Cannot parse"),
        ("SELECT 1 + 'x'", "Illegal types"),
        ("SELECT {p:UInt8}", "p"),
    ],
)
def test_a_wrong_statement_is_the_callers_mistake(either: Warehouse, sql: str, words: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        either.query(sql, query_id="errors1")
    message = caught.value.message
    assert words in message
    for detail in ("DB::Exception", "(version", "127.0.0.1", "vedette:", "Code:", "Stack trace"):
        assert detail not in message


def test_a_parameter_of_the_wrong_type_is_the_callers_mistake(either: Warehouse) -> None:
    with pytest.raises(InvalidInputError):
        either.query("SELECT {p:UInt8} AS p", {"p": "x"})


def test_statements_run_at_the_same_time(either: Warehouse) -> None:
    """Two queries are seen running together, which one connection could not do."""
    names = [f"both{n}x{time.monotonic_ns()}" for n in range(2)]
    with ThreadPoolExecutor(2) as pool:
        futures = [pool.submit(either.query, ENDLESS, query_id=name) for name in names]
        wait_until(lambda: all(running(either, name) for name in names))
        for name in names:
            either.cancel(name)
        for future in futures:
            with pytest.raises(QueryCancelledError):
                future.result(DEADLINE_SECONDS)


def test_many_threads_share_a_warehouse(either: Warehouse) -> None:
    barrier = threading.Barrier(12)

    def ask(number: int) -> Any:
        barrier.wait(DEADLINE_SECONDS)
        return either.query("SELECT {n:UInt64} * 2 AS x", {"n": number}).scalar()

    with ThreadPoolExecutor(12) as pool:
        assert list(pool.map(ask, range(12))) == [n * 2 for n in range(12)]


def test_free_space_is_measured(either: Warehouse) -> None:
    assert either.free_disk_bytes() > 1 << 20
