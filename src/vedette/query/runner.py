"""Runs every query: scoped to an account, limited in rows, time and memory, cancellable."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import Any

import orjson

from vedette.core.settings import Settings
from vedette.query.scope import bound, scoped
from vedette.store.warehouse import Columns, QueryLimits, Warehouse
from vedette.store.warehouse.base import COLUMNS_FORMAT, Query

_query_id: ContextVar[str | None] = ContextVar("query_id", default=None)


@contextmanager
def named_queries(query_id: str) -> Iterator[None]:
    """Give every query of this context that has no name of its own this one, for ``cancel``."""
    token = _query_id.set(query_id)
    try:
        yield
    finally:
        _query_id.reset(token)


class QueryRunner:
    """The only way from a statement to the warehouse. Thread-safe; blocks its thread."""

    def __init__(self, warehouse: Warehouse, settings: Settings) -> None:
        self._warehouse = warehouse
        self._settings = settings

    def limits(self, *, rows: int | None = None, seconds: float | None = None) -> QueryLimits:
        """Return the server's limits, narrowed by what the caller asks for, never widened."""
        most = self._settings
        return QueryLimits(
            rows=min(rows or most.query_max_rows, most.query_max_rows),
            seconds=min(seconds or most.query_max_seconds, most.query_max_seconds),
            memory_bytes=most.query_max_memory_bytes,
        )

    def bulk_limits(self, rows: int, *, seconds: float | None = None) -> QueryLimits:
        """Return limits for one statement that answers many questions: many rows, no more time."""
        return replace(self.limits(seconds=seconds), rows=rows)

    def export_limits(self, rows: int) -> QueryLimits:
        """Return the limits of an export: many rows, and the time to send them."""
        most = self._settings
        return QueryLimits(rows, most.query_max_seconds * 10, most.query_max_memory_bytes)

    def run(
        self,
        account: str,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        limits: QueryLimits | None = None,
        query_id: str | None = None,
    ) -> Columns:
        """Run a statement over one account's rows and return its columns.

        Args:
            account: whose rows ``@table`` stands for.
            sql: a statement over ``@table`` names, without SETTINGS or FORMAT.
            params: values of its ``{name:Type}`` parameters.
            limits: narrower limits, from ``limits(...)``.
            query_id: the caller's name for it, for ``cancel``; else that of ``named_queries``.

        """
        query = self._query(account, sql, params, limits, query_id)
        return Columns.parse(self._warehouse.fetch(query, COLUMNS_FORMAT))

    def rows(
        self,
        account: str,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        limits: QueryLimits | None = None,
    ) -> list[list[Any]]:
        """Run a statement, such as DESCRIBE, and return its rows; names may come twice."""
        query = self._query(account, sql, params, limits, None)
        answer = self._warehouse.fetch(query, "JSONCompactEachRow")
        return [orjson.loads(line) for line in answer.splitlines() if line.strip()]

    def lines(
        self,
        account: str,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        limits: QueryLimits | None = None,
    ) -> bytes:
        """Run a statement and return its rows as the engine writes them: a JSON object a line.

        What JSON has no number for comes as one of the texts nan, inf and -inf.
        """
        query = self._query(account, sql, params, limits, None)
        query = replace(query, settings={"output_format_json_quote_denormals": 1})
        return self._warehouse.fetch(query, "JSONEachRow")

    def stream(
        self,
        account: str,
        sql: str,
        params: Mapping[str, Any] | None = None,
        *,
        output_format: str,
        limits: QueryLimits | None = None,
        query_id: str | None = None,
    ) -> Iterator[bytes]:
        """Run a statement and yield its answer in an engine format, such as ``Parquet``."""
        query = self._query(account, sql, params, limits, query_id)
        return self._warehouse.stream(query, output_format)

    def cancel(self, account: str, query_id: str) -> None:
        """Cancel a running query of this account; unknown ids are ignored."""
        self._warehouse.cancel(_qualified(account, query_id))

    def _query(
        self,
        account: str,
        sql: str,
        params: Mapping[str, Any] | None,
        limits: QueryLimits | None,
        query_id: str | None,
    ) -> Query:
        query_id = query_id or _query_id.get()
        return Query(
            scoped(sql),
            bound(account, params),
            limits or self.limits(),
            _qualified(account, query_id) if query_id else None,
        )


def _qualified(account: str, query_id: str) -> str:
    """Join account and id, so that nobody can cancel another account's query by guessing."""
    return hashlib.sha256(f"{account}/{query_id}".encode()).hexdigest()[:32]
