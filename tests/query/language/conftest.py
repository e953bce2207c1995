"""A few records with known answers, in the real tables, and ways to ask for them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zlib import crc32

import pytest

from vedette.query.language import Signal, compile_pipe, compile_search, dialect_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vedette.query import QueryRunner
    from vedette.store.warehouse import Warehouse

START = datetime(2026, 3, 2, 10, 0, tzinfo=UTC)
END = START + timedelta(hours=1)

Row = dict[str, Any]


class Language:
    """Puts records into an account of its own and asks for them in both languages."""

    START = START
    END = END

    def __init__(self, warehouse: Warehouse, runner: QueryRunner, account: str) -> None:
        self.warehouse = warehouse
        self.runner = runner
        self.account = account

    @staticmethod
    def log(minute: float, body: str, number: int = 9, service: str = "shop", **more: Any) -> Row:
        """Make a log record that is ``minute`` minutes after START."""
        moment = START + timedelta(minutes=minute)
        return {
            "Timestamp": moment.strftime("%Y-%m-%d %H:%M:%S.%f"),
            "SeverityNumber": number,
            "SeverityText": more.pop("severity", ""),
            "ServiceName": service,
            "Body": body,
            "LogAttributes": more.pop("attributes", {}),
            "ResourceAttributes": more.pop("resource", {}),
            **more,
        }

    @staticmethod
    def span(minute: float, name: str, milliseconds: float, **more: Any) -> Row:
        """Make a span that starts ``minute`` minutes after START."""
        moment = START + timedelta(minutes=minute)
        return {
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

    def insert(self, table: str, rows: list[Row]) -> None:
        """Insert rows straight into a fact table."""
        lines = "\n".join(json.dumps({"Account": self.account, **row}) for row in rows).encode()
        self.warehouse.insert(table, [lines], "JSONEachRow", {})

    def find(self, text: str, signal: Signal = Signal.LOGS) -> list[str]:
        """Search and return the bodies (or span names) that match, in order of time."""
        column = "Body" if signal is Signal.LOGS else "SpanName"
        condition = compile_search(text, signal)
        sql = (
            f"SELECT {column} AS found FROM {dialect_for(signal).table}"
            f" WHERE {condition.sql} ORDER BY Timestamp"
        )
        return self.runner.run(self.account, sql, condition.params)["found"]

    def ask(
        self,
        text: str,
        signal: Signal = Signal.LOGS,
        *,
        start: datetime = START,
        end: datetime = END,
    ) -> list[list[Any]]:
        """Run a pipe query over the hour of the records and return its rows."""
        query = compile_pipe(text, default_signal=signal)
        bounds = {"start": f"{start:%Y-%m-%d %H:%M:%S}", "end": f"{end:%Y-%m-%d %H:%M:%S}"}
        answer = self.runner.run(self.account, query.sql, {**query.params, **bounds})
        assert list(answer.names) == [column.key for column in query.columns]
        return [list(row) for row in zip(*(answer[name] for name in answer.names), strict=True)]


@pytest.fixture(scope="module")
def language(
    warehouse: Warehouse, runner: QueryRunner, request: pytest.FixtureRequest
) -> Iterator[Language]:
    """An account that only the module's records are in."""
    account = f"language-{crc32(request.node.nodeid.encode()):x}"
    yield Language(warehouse, runner, account)
    for table in ("otel_logs", "otel_traces"):
        warehouse.execute(f"DELETE FROM {table} WHERE Account = '{account}'")
