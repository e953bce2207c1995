"""A few records with known answers, in the real tables, and ways to ask for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vedette.query import QueryRunner
from vedette.query.language import Signal, compile_pipe, compile_search, dialect_for
from vedette.store.warehouse import Warehouse

ACCOUNT = "languages"
START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
END = START + timedelta(hours=1)

Row = dict[str, Any]


def log(minute: float, body: str, number: int = 9, service: str = "shop", **more: Any) -> Row:
    """Make a log record ``minute`` minutes after START; ``attributes`` and ``resource`` are maps."""
    moment = START + timedelta(minutes=minute)
    return {
        "Account": more.pop("account", ACCOUNT),
        "Timestamp": moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "SeverityNumber": number,
        "SeverityText": more.pop("severity", ""),
        "ServiceName": service,
        "Body": body,
        "LogAttributes": more.pop("attributes", {}),
        "ResourceAttributes": more.pop("resource", {}),
        **more,
    }


def span(minute: float, name: str, milliseconds: float, **more: Any) -> Row:
    """Make a span that starts ``minute`` minutes after START."""
    moment = START + timedelta(minutes=minute)
    return {
        "Account": ACCOUNT,
        "Timestamp": moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
        "SpanName": name,
        "Duration": int(milliseconds * 1e6),
        "ServiceName": more.pop("service", "shop"),
        "SpanKind": more.pop("kind", "Internal"),
        "StatusCode": more.pop("status", "Unset"),
        "SpanAttributes": more.pop("attributes", {}),
        "ResourceAttributes": more.pop("resource", {}),
        **more,
    }


@pytest.fixture(scope="module")
def insert(warehouse: Warehouse) -> Callable[[str, list[Row]], None]:
    """Insert rows straight into a fact table."""

    def run(table: str, rows: list[Row]) -> None:
        lines = "\n".join(json.dumps(row) for row in rows).encode()
        warehouse.insert(table, [lines], "JSONEachRow", {})

    return run


@pytest.fixture(scope="module")
def clean(warehouse: Warehouse) -> Iterator[None]:
    """Leave the session's warehouse without this module's rows."""
    yield
    for table in ("otel_logs", "otel_traces"):
        warehouse.execute(f"DELETE FROM {table} WHERE startsWith(Account, '{ACCOUNT}')")


@pytest.fixture(scope="module")
def found(runner: QueryRunner) -> Callable[..., list[str]]:
    """Search and return the bodies (or span names) that match, in order of time."""

    def run(text: str, signal: Signal = Signal.LOGS, account: str = ACCOUNT) -> list[str]:
        dialect = dialect_for(signal)
        condition = compile_search(text, signal)
        sql = (
            f"SELECT {'Body' if signal is Signal.LOGS else 'SpanName'} AS found"
            f" FROM {dialect.table} WHERE {condition.sql} ORDER BY Timestamp"
        )
        return runner.run(account, sql, condition.params)["found"]

    return run


@pytest.fixture(scope="module")
def ask(runner: QueryRunner) -> Callable[..., list[list[Any]]]:
    """Run a pipe query over the hour of the records and return its rows."""

    def run(
        text: str,
        *,
        start: datetime = START,
        end: datetime = END,
        account: str = ACCOUNT,
        **options: Any,
    ) -> list[list[Any]]:
        query = compile_pipe(text, **options)
        params = {
            **query.params,
            "start": start.strftime("%Y-%m-%d %H:%M:%S"),
            "end": end.strftime("%Y-%m-%d %H:%M:%S"),
        }
        answer = runner.run(account, query.sql, params)
        assert list(answer.names) == [column.key for column in query.columns]
        return [list(row) for row in zip(*(answer[name] for name in answer.names), strict=True)]

    return run
